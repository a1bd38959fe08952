//! What a history lets expect.

use rayon::prelude::*;

use super::{
    History,
    chain::{LEVELS, Levels},
    fit::Fitted,
    leaving::{CLASSES, Class, Silences, stayed},
};

/// A share of users below which a class is not looked at.
const MIN_SHARE: f64 = 1e-12;
/// What rounding may take from a probability.
const ROUNDING: f64 = 1e-12;
/// Histories that one thread takes at once.
const PIECE: usize = 1024;

/// What is to be expected of a user.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Outlook {
    /// Probability that the user has not left.
    pub alive: f64,
    /// Probability of a purchase in the days ahead.
    pub any: f64,
    /// Expected purchase days in the days ahead.
    pub expected: f64,
    /// Central interval of their number.
    pub lower: u32,
    /// Its upper end.
    pub upper: u32,
}

/// What follows for those who have not left, by class.
struct Ahead {
    expected: Levels,
    /// By number of purchases, the probability of as many at most.
    at_most: Vec<Levels>,
}

/// The number of purchases in `days` of a user who is there on the eve of them.
///
/// With f(m) the probability of m purchases in the days that are left, by level: before each day the user leaves (then
/// there are none), moves, buys or not, and leaves after the purchase or not.
fn ahead(fitted: &Fitted, class: &Class, days: u32, change: f64) -> Ahead {
    let buys = fitted.chain.buys.map(|buys| (buys * change).min(1.0));
    let mut exactly: Vec<Levels> = vec![[1.0; LEVELS]];
    for day in 1..=days as usize {
        exactly.push([0.0; LEVELS]);
        for m in (0..=day).rev() {
            let none = exactly[m];
            let mut value: Levels = std::array::from_fn(|level| (1.0 - buys[level]) * none[level]);
            if m > 0 {
                let gone = if m == 1 { class.at_purchase } else { 0.0 };
                let stays = 1.0 - class.at_purchase;
                let fewer = exactly[m - 1];
                for level in 0..LEVELS {
                    value[level] += buys[level] * (stays * fewer[level] + gone);
                }
            }
            let mut value = fitted.chain.before(&value).map(|v| v * (1.0 - class.daily));
            if m == 0 {
                value.iter_mut().for_each(|v| *v += class.daily);
            }
            exactly[m] = value;
        }
    }
    let mut expected = [0.0; LEVELS];
    for (m, row) in exactly.iter().enumerate() {
        expected.iter_mut().zip(row).for_each(|(sum, v)| *sum += m as f64 * v);
    }
    let mut sum = [0.0; LEVELS];
    let at_most = exactly.iter().map(|row| {
        sum.iter_mut().zip(row).for_each(|(sum, v)| *sum += v);
        sum
    });
    Ahead {
        at_most: at_most.collect(),
        expected,
    }
}

/// What is to be expected of each history in so many days, with intervals of that level. Histories must be sorted:
/// equal ones are answered once.
pub fn outlooks(fitted: &Fitted, histories: &[History], days: u32, level: f64, change: f64) -> Vec<Outlook> {
    let classes: Vec<(usize, &Class)> = fitted
        .classes
        .iter()
        .enumerate()
        .filter(|(c, _)| fitted.shares[*c] > MIN_SHARE)
        .collect();
    let aheads: Vec<Ahead> = classes
        .par_iter()
        .map(|(_, class)| ahead(fitted, class, days, change))
        .collect();
    let silent = histories.iter().map(|history| history.silent);
    let silences = Silences::new(&fitted.chain, &fitted.classes, silent);
    let telling = Telling {
        fitted,
        classes,
        aheads,
        silences,
        tail: (1.0 - level) / 2.0,
    };
    let piece = |piece: &[History]| {
        let mut found: Vec<Outlook> = Vec::with_capacity(piece.len());
        let mut last: Option<&History> = None;
        for history in piece {
            let known = found.last().filter(|_| last == Some(history)).copied();
            found.push(known.unwrap_or_else(|| telling.of(history)));
            last = Some(history);
        }
        found
    };
    let pieces: Vec<Vec<Outlook>> = histories.par_chunks(PIECE).map(piece).collect();
    pieces.concat()
}

struct Telling<'a> {
    fitted: &'a Fitted,
    classes: Vec<(usize, &'a Class)>,
    aheads: Vec<Ahead>,
    silences: Silences,
    tail: f64,
}

impl Telling<'_> {
    fn of(&self, history: &History) -> Outlook {
        let Fitted {
            chain, shares, paces, ..
        } = self.fitted;
        // Where the pace is on the day of the last purchase: the same for all classes, as leaving does not depend on it.
        let mut at = *paces;
        for gap in &history.gaps {
            at = chain.purchase(&at, *gap);
            let sum: f64 = at.iter().sum();
            at.iter_mut().for_each(|value| *value /= sum);
        }
        let now = chain.silence(&at, history.silent);
        let still: f64 = now.iter().sum();
        let logs = stayed(&self.fitted.classes, history.gaps.len(), history.span());
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let silences = self.silences.of(history.silent);
        let mut total = 0.0;
        let mut alive = [0.0; CLASSES];
        for (c, class) in &self.classes {
            let stays = shares[*c] * (logs[*c] - most).exp();
            let silent = silences.map_or(0.0, |of| at.iter().zip(of).map(|(at, of)| at * of[*c]).sum::<f64>());
            total += stays * silent;
            let days = f64::from(history.silent);
            alive[*c] = stays * (1.0 - class.at_purchase) * ((-class.daily).ln_1p() * days).exp();
        }
        let weights: Vec<f64> = self.classes.iter().map(|(c, _)| alive[*c] / total).collect();
        let probability = (weights.iter().sum::<f64>() * still).clamp(0.0, 1.0);
        let weighed = |of: &dyn Fn(&Ahead) -> Levels| -> f64 {
            let each = weights.iter().zip(&self.aheads);
            let sum =
                |(weight, ahead): (&f64, &Ahead)| weight * of(ahead).iter().zip(&now).map(|(v, n)| v * n).sum::<f64>();
            each.map(sum).sum()
        };
        let expected = weighed(&|ahead| ahead.expected);
        let last = self
            .aheads
            .first()
            .map_or(0, |ahead| ahead.at_most.len().saturating_sub(1));
        let (mut lower, mut upper) = (None, last as u32);
        for m in 0..=last {
            let at_most = 1.0 - probability + weighed(&|ahead| ahead.at_most[m]);
            if lower.is_none() && at_most >= self.tail - ROUNDING {
                lower = Some(m as u32);
            }
            if at_most >= 1.0 - self.tail - ROUNDING {
                upper = m as u32;
                break;
            }
        }
        let none = 1.0 - probability + weighed(&|ahead| ahead.at_most.first().copied().unwrap_or([0.0; LEVELS]));
        Outlook {
            alive: probability,
            any: (1.0 - none).clamp(0.0, 1.0),
            expected,
            lower: lower.unwrap_or(upper),
            upper,
        }
    }
}
