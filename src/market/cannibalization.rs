//! What a launch took from its neighbours: a comparison before and after, beside products of other keys.

use std::collections::BTreeMap;

use crate::{
    error::{Error, Result},
    statistics::{check_level, normal_quantile, t_quantile},
};

/// Stretches before the launch that an interval needs.
pub const MIN_BLOCKS: usize = 3;

/// Periods that there may be.
const MAX_PERIODS: i64 = 100_000;

/// The change of one affected product, or of several together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// Relative change of units against those expected without the launch; -1 is all of them.
    pub change: f64,
    /// Lower end of its interval, at least -1.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Units sold less units expected; negative for a loss.
    pub units_change: f64,
    /// Units expected without the launch.
    pub expected: f64,
    /// Standard error of the change.
    pub error: f64,
}

impl Effect {
    /// Difference in differences of counts.
    ///
    /// *Model*: time is cut into stretches as long as the one after the launch: q before it, one after it. y_b are the
    /// units of the affected product in stretch b, c_b those of the control. Without the launch y_b = r c_b but for
    /// errors: what moves both, such as the season, cancels. r = sum y_b / sum c_b before the launch, the expected
    /// units are e = r c_(q+1), and change = share (y_(q+1) / e - 1). It is a ratio of sums, the Poisson pseudo maximum
    /// likelihood estimate with effects of product and stretch, so zeros are fine and big stretches count more.
    ///
    /// The error rests on the stretches before the launch, where the same comparison shows what happens without one.
    /// A stretch is as long as what is measured, so errors that hang together from period to period are in it as they
    /// are in the measured one. u_b = y_b / (r c_b) - 1 are taken as a level that drifts, with variance d from stretch
    /// to stretch, and independent errors of variance s. Their mean square v (weighted by r c_b, divided by q - 1)
    /// expects s + d (q + 1) / 6, half the mean square of their successive differences s + d / 2: that gives d, at
    /// least 0, and s. With m the mean of r c_b and ratio = y_(q+1) / e, the variance of the ratio is
    ///
    /// v max(1, m / e) max(ratio, 1/2) + ratio^2 v / q + max(ratio, 1/2) x,
    ///
    /// where x is what drift adds: s (1 + 1 / q) + d (q + 1) (2 q + 1) / (6 q) less v (1 + 1 / q), at least 0. So the
    /// variance of units falls with them as that of counts does, and relative errors do not fall when units rise. The
    /// interval takes Student's t with q - 1 degrees of freedom. Counts in whole numbers are never taken as more
    /// certain than Poisson counts.
    ///
    /// *Parameters*: `share` is the part of the change that is put down to this launch, above 0; `level` the
    /// probability of the interval, in (0, 1).
    ///
    /// *Shapes*: q + 1 stretches each, the last one after the launch.
    ///
    /// *Missing data*: a stretch without sales has 0 units.
    ///
    /// # Errors
    /// [`Error::Refused`] for a level or a share that is not allowed, when there are fewer than [`MIN_BLOCKS`]
    /// stretches before the launch, when the affected product sold nothing in them, when the control sold nothing in
    /// any one of them, or when numbers are out of range.
    ///
    /// *References*: Santos Silva, Tenreyro 2006, The log of gravity; Wooldridge 2023, Simple approaches to nonlinear
    /// difference-in-differences with panel data; Bertrand, Duflo, Mullainathan 2004, How much should we trust
    /// differences-in-differences estimates?; Abadie, Diamond, Hainmueller 2010, Synthetic control methods for
    /// comparative case studies (placebos); Brodersen et al. 2015, Inferring causal impact using Bayesian structural
    /// time-series models (the drifting level); Ibragimov, Mueller 2010, t-statistic based correlation and
    /// heterogeneity robust inference (the t of a few long stretches).
    pub fn measure(affected: &[f64], control: &[f64], share: f64, level: f64) -> Result<Self> {
        let (Some((&after, before)), Some((&control_after, control_before))) =
            (affected.split_last(), control.split_last())
        else {
            return Err(Error::refused("there are no periods to compare"));
        };
        let blocks = before.len();
        if blocks < MIN_BLOCKS || control_before.len() != blocks {
            return Err(Error::refused(format!(
                "at least {MIN_BLOCKS} stretches before the launch are needed, got {blocks}"
            )));
        }
        let sum = |values: &[f64]| values.iter().sum::<f64>();
        known_level(level)?;
        if !(share > 0.0 && share.is_finite()) {
            return Err(Error::refused(format!("the share must be above 0, got {share}")));
        }
        if sum(before) <= 0.0 {
            return Err(Error::refused("it sold nothing in the periods before the launch"));
        }
        if control.iter().any(|&units| units <= 0.0) {
            return Err(Error::refused(
                "products of other keys sold nothing in some of the periods compared: there is no control",
            ));
        }
        let rate = sum(before) / sum(control_before);
        let expected = rate * control_after;
        let mean = sum(before) / blocks as f64;
        let apart: Vec<f64> = before
            .iter()
            .zip(control_before)
            .map(|(y, c)| y / (rate * c) - 1.0)
            .collect();
        let weighted = control_before.iter().zip(&apart).map(|(c, u)| rate * c / mean * u * u);
        let student = t_quantile(level, blocks - 1);
        let q = blocks as f64;
        let measured = weighted.sum::<f64>() / (q - 1.0);
        let steps = apart.windows(2).map(|pair| (pair[1] - pair[0]).powi(2));
        let half_steps = steps.sum::<f64>() / (2.0 * (q - 1.0));
        let drift = ((measured - half_steps) / ((q + 1.0) / 6.0 - 0.5)).max(0.0);
        let still = (measured - drift * (q + 1.0) / 6.0).max(0.0);
        let drifted = still * (1.0 + 1.0 / q) + drift * (q + 1.0) * (2.0 * q + 1.0) / (6.0 * q);
        let normal = normal_quantile(level);
        let spread = if affected.iter().all(|units| units.fract() == 0.0) {
            measured.max((normal / student).powi(2) / mean)
        } else {
            measured
        };
        let added = (drifted - spread * (1.0 + 1.0 / q)).max(0.0);
        let ratio = after / expected;
        let sold = ratio.max(0.5);
        let variance = spread * (mean / expected).max(1.0) * sold + ratio * ratio * spread / q + sold * added;
        // More than all of it cannot be lost, whatever the share.
        let (change, error) = ((share * (ratio - 1.0)).max(-1.0), share * variance.sqrt());
        let effect = Self {
            change,
            lower: (change - student * error).max(-1.0),
            upper: change + student * error,
            units_change: (share * (after - expected)).max(-expected),
            expected,
            error,
        };
        effect.is_finite().then_some(effect).ok_or_else(|| {
            Error::refused("the units are too large or too small for a comparison: check them for errors")
        })
    }

    fn is_finite(&self) -> bool {
        let numbers = [
            self.change,
            self.lower,
            self.upper,
            self.units_change,
            self.expected,
            self.error,
        ];
        numbers.iter().all(|number| number.is_finite())
    }
}

/// Check the level of one comparison: as the others of a table may have another one, it is refused alone.
fn known_level(level: f64) -> Result<()> {
    check_level(level).map_err(|error| Error::refused(error.to_string()))
}

/// One launch's effect on its key, and the periods it was measured in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// The period of the launch.
    pub start: i64,
    /// Periods from the launch on.
    pub after: i64,
    /// Stretches of that length before it.
    pub blocks: i64,
    /// Units of the launched product.
    pub gross: f64,
    /// Units expected of the others without the launch.
    pub expected: f64,
    /// Units they sold less units expected.
    pub units_change: f64,
    /// Standard error of the relative change.
    pub error: f64,
}

/// All launches of a key together.
///
/// *Model*: units_change = p gross + error, the same p for all launches: each takes the same part of its own units from
/// the others. p is least squares with weights 1 / expected, so launches that sold much count more; a sum of the
/// launches' changes would be mostly noise, as a launch is small beside its key. The result is p times all their gross
/// units. Launches that lie close together are measured on the same periods, so their errors hang together: the
/// correlation of two is that of their contrasts (mean of the periods after less mean of those before) of independent
/// periods, and 0 where it is negative. The interval takes Student's t with the degrees of freedom of the launch that
/// has the fewest.
///
/// *Determinism*: the order of the launches does not matter.
///
/// # Errors
/// [`Error::Refused`] without launches, for a level that is not allowed, or when numbers are out of range.
///
/// *References*: Hansen, Hodrick 1980, Forward exchange rates as optimal predictors of future spot rates (errors of
/// overlapping periods).
pub fn pooled(launches: &[Measured], level: f64) -> Result<Effect> {
    known_level(level)?;
    // As many periods as there are days in the dates that sales may have: beyond them a quantile of t takes for ever.
    let known = |m: &Measured| {
        let range = 1..=MAX_PERIODS;
        range.contains(&m.after)
            && range.contains(&m.blocks)
            && m.blocks >= MIN_BLOCKS as i64
            && (-MAX_PERIODS..=MAX_PERIODS).contains(&m.start)
    };
    if !launches.iter().all(known) {
        return Err(Error::refused("the periods of a launch are out of range"));
    }
    let mut launches = launches.to_vec();
    launches.sort_by(|a, b| {
        let numbers = |m: &Measured| [m.gross, m.expected, m.units_change, m.error];
        let ties = numbers(a).into_iter().zip(numbers(b)).map(|(x, y)| x.total_cmp(&y));
        (a.start, a.after, a.blocks)
            .cmp(&(b.start, b.after, b.blocks))
            .then_with(|| ties.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then))
    });
    let Some(blocks) = launches.iter().map(|launch| launch.blocks).min() else {
        return Err(Error::refused("the effect of no launch of this key could be measured"));
    };
    let precision: f64 = launches.iter().map(|m| m.gross * (m.gross / m.expected)).sum();
    let weight = |m: &Measured| m.gross / m.expected / precision;
    // Launches of one period have the same contrast: their errors add up.
    let mut errors: BTreeMap<(i64, i64, i64), f64> = BTreeMap::new();
    for m in &launches {
        *errors.entry((m.start, m.after, m.blocks)).or_default() += weight(m) * (m.error * m.expected);
    }
    let errors: Vec<(Contrast, f64)> = errors
        .into_iter()
        .map(|(key, error)| (Contrast::new(key), error))
        .collect();
    let mut variance = 0.0;
    for (i, (a, x)) in errors.iter().enumerate() {
        variance += x * x;
        for (b, y) in &errors[i + 1..] {
            variance += 2.0 * x * y * a.correlation(b).max(0.0);
        }
    }
    let sum = |value: fn(&Measured) -> f64| launches.iter().map(value).sum::<f64>();
    let (gross, expected) = (sum(|m| m.gross), sum(|m| m.expected));
    let units_change = gross * launches.iter().map(|m| weight(m) * m.units_change).sum::<f64>();
    let (change, error) = (units_change / expected, gross * variance.sqrt() / expected);
    let width = t_quantile(level, usize::try_from(blocks - 1).unwrap_or(1)) * error;
    let effect = Effect {
        change,
        lower: (change - width).max(-1.0),
        upper: change + width,
        units_change,
        expected,
        error,
    };
    let refused = || Error::refused("the effect of no launch of this key could be measured");
    effect.is_finite().then_some(effect).ok_or_else(refused)
}

/// The periods of a launch: from `before` to `start` with weights below 0, from there to `end` with weights above 0.
struct Contrast {
    before: i64,
    start: i64,
    end: i64,
}

impl Contrast {
    fn new((start, after, blocks): (i64, i64, i64)) -> Self {
        Self {
            before: start.saturating_sub(after.saturating_mul(blocks)),
            start,
            end: start.saturating_add(after),
        }
    }

    fn product(&self, other: &Self) -> f64 {
        let parts = |c: &Self| [(c.before, c.start, -1.0), (c.start, c.end, 1.0)];
        let mut sum = 0.0;
        for (from, to, sign) in parts(self) {
            for (other_from, other_to, other_sign) in parts(other) {
                let shared = to.min(other_to).saturating_sub(from.max(other_from)).max(0) as f64;
                let lengths = to.saturating_sub(from) as f64 * other_to.saturating_sub(other_from) as f64;
                sum += sign * other_sign * shared / lengths;
            }
        }
        sum
    }

    fn correlation(&self, other: &Self) -> f64 {
        self.product(other) / (self.product(self) * other.product(other)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, Normal as Gauss, Poisson};

    const PERIODS: usize = 8;
    const BLOCKS: usize = 6;

    /// Units by stretch: counts with errors that hang together from period to period, and a season.
    fn series(random: &mut ChaCha8Rng, level: f64, correlation: f64, spread: f64, change: f64, phase: f64) -> Vec<f64> {
        let normal = Gauss::new(0.0, spread).unwrap();
        let mut state = normal.sample(random);
        let mut stretches = vec![0.0; BLOCKS + 1];
        for period in 0..PERIODS * (BLOCKS + 1) {
            state = correlation * state + (1.0 - correlation * correlation).sqrt() * normal.sample(random);
            let season = 1.0 + 0.5 * ((period as f64 + phase) / 52.0 * std::f64::consts::TAU).sin();
            let launched = if period / PERIODS == BLOCKS { 1.0 + change } else { 1.0 };
            let mean = level * season * launched * state.exp();
            stretches[period / PERIODS] += Poisson::new(mean).unwrap().sample(random);
        }
        stretches
    }

    /// Share of 400 generated launches whose interval covers the planted change, and the mean estimate.
    fn coverage(level: f64, correlation: f64, spread: f64, change: f64) -> (f64, f64) {
        let (mut inside, mut sum) = (0, 0.0);
        for seed in 0..400 {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let phase = 52.0 * random.random::<f64>();
            let affected = series(&mut random, level, correlation, spread, change, phase);
            let mut control = vec![0.0; BLOCKS + 1];
            for _ in 0..10 {
                let one = series(&mut random, level, correlation, spread, 0.0, phase);
                control.iter_mut().zip(one).for_each(|(c, units)| *c += units);
            }
            let effect = Effect::measure(&affected, &control, 1.0, 0.9).unwrap();
            inside += usize::from((effect.lower..=effect.upper).contains(&change));
            sum += effect.change;
        }
        (inside as f64 / 400.0, sum / 400.0)
    }

    #[test]
    fn planted_changes_are_covered_as_often_as_they_should_be() {
        for change in [0.0, -0.2] {
            for correlation in [0.0, 0.5, 0.8] {
                let (covered, mean) = coverage(100.0, correlation, 0.3, change);
                assert!((0.85..=0.95).contains(&covered), "{change} {correlation}: {covered}");
                assert!((mean - change).abs() < 0.05, "{change} {correlation}: {mean}");
            }
        }
    }

    #[test]
    fn a_level_that_drifts_is_not_taken_for_an_effect() {
        let walk = Gauss::new(0.0, 0.1).unwrap();
        let inside = (0..400).filter(|&seed| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let mut level = 0.0;
            let mut next = || {
                level += walk.sample(&mut random);
                1000.5 * f64::exp(level)
            };
            let affected: Vec<f64> = (0..=BLOCKS).map(|_| next()).collect();
            let effect = Effect::measure(&affected, &[1.0; BLOCKS + 1], 1.0, 0.9).unwrap();
            (effect.lower..=effect.upper).contains(&0.0)
        });
        let share = inside.count() as f64 / 400.0;
        // Without the drift it is 0.78.
        assert!((0.83..=0.95).contains(&share), "{share}");
    }

    #[test]
    fn pure_counts_are_never_told_too_certainly() {
        for (level, change) in [(0.3, 0.0), (2.0, -0.2), (20.0, 0.0), (200.0, -0.2)] {
            let (covered, _) = coverage(level, 0.0, 0.0, change);
            assert!(covered >= 0.88, "{level}: {covered}");
        }
    }

    #[test]
    fn a_change_by_hand() {
        // r = 300 / 600, e = 0.5 * 400 = 200, change = 150 / 200 - 1. u = 0.1, -0.1, 0: v = 0.02 / 2, as is half the
        // mean square (0.04 + 0.01) / 2 of the steps, 0.0125, which leaves no drift. Variance v 0.75 + 0.75^2 v / 3.
        let effect = Effect::measure(&[110.0, 90.0, 100.0, 150.0], &[200.0, 200.0, 200.0, 400.0], 1.0, 0.9).unwrap();
        assert!((effect.change + 0.25).abs() < 1e-12 && (effect.units_change + 50.0).abs() < 1e-9);
        assert!(
            (effect.error - (0.0075f64 + 0.005625 / 3.0).sqrt()).abs() < 1e-12,
            "{effect:?}"
        );
        // 2.919986: quantile of t with 2 degrees of freedom.
        assert!((effect.upper - (-0.25 + 2.919_985_580 * effect.error)).abs() < 1e-6);
        let half = Effect::measure(&[110.0, 90.0, 100.0, 150.0], &[200.0, 200.0, 200.0, 400.0], 0.5, 0.9).unwrap();
        assert_eq!((half.change, half.units_change, half.expected), (-0.125, -25.0, 200.0));
        let all = Effect::measure(&[110.0, 90.0, 100.0, 40.0], &[200.0, 200.0, 200.0, 400.0], 2.0, 0.9).unwrap();
        assert_eq!((all.change, all.units_change), (-1.0, -200.0));
    }

    #[test]
    fn counts_without_any_deviation_are_not_certain() {
        let even = Effect::measure(&[4.0; 4], &[40.0; 4], 1.0, 0.9).unwrap();
        // 1.644854 standard errors of Poisson counts.
        assert!(
            (even.upper - 1.644_853_6 * (0.25f64 + 1.0 / 12.0).sqrt()).abs() < 1e-6,
            "{even:?}"
        );
        // Measures are no counts.
        let measures = Effect::measure(&[4.5; 4], &[40.0; 4], 1.0, 0.9).unwrap();
        assert_eq!((measures.lower, measures.upper), (0.0, 0.0));
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let refuse =
            |affected: &[f64], control: &[f64]| Effect::measure(affected, control, 1.0, 0.9).unwrap_err().to_string();
        assert!(refuse(&[], &[]).contains("no periods"));
        assert!(refuse(&[1.0; 3], &[1.0; 3]).contains("at least 3"));
        assert!(refuse(&[1.0; 4], &[1.0; 5]).contains("at least 3"));
        assert!(refuse(&[0.0, 0.0, 0.0, 9.0], &[1.0; 4]).contains("sold nothing"));
        assert!(refuse(&[1.0; 4], &[1.0, 0.0, 1.0, 1.0]).contains("no control"));
        assert!(refuse(&[1.0; 4], &[1.0, 1.0, 1.0, f64::NAN]).contains("too large"));
        assert!(refuse(&[1e300; 4], &[1e-300, 1e300, 1.0, 1.0]).contains("too large"));
        assert!(Effect::measure(&[1.0; 4], &[1.0; 4], 1.0, f64::NAN).is_err());
        assert!(Effect::measure(&[1.0; 4], &[1.0; 4], 0.0, 0.9).is_err());
        assert!(pooled(&[measured(1, 1.0)], 1.0).is_err());
        assert!(pooled(&[measured(i64::MIN, 1.0)], 0.9).is_err());
        assert!(pooled(&[], 0.9).unwrap_err().to_string().contains("no launch"));
    }

    fn measured(start: i64, units_change: f64) -> Measured {
        Measured {
            start,
            after: 8,
            blocks: 6,
            gross: 10.0,
            expected: 100.0,
            units_change,
            error: 0.1,
        }
    }

    #[test]
    fn launches_on_the_same_periods_are_one_observation() {
        let error = |starts: &[i64]| {
            pooled(&starts.iter().map(|&s| measured(s, -10.0)).collect::<Vec<_>>(), 0.9)
                .unwrap()
                .error
        };
        assert!((error(&[100, 100]) - 0.1).abs() < 1e-12);
        // Far apart: independent.
        assert!((error(&[100, 300]) - 0.1 / 2f64.sqrt()).abs() < 1e-12);
        // Half the periods after are shared, 4 / 64, and 4 of them lie in the other's periods before, which share 44.
        let shared = 4.0f64 / 64.0 - 4.0 / (8.0 * 48.0) + 44.0 / (48.0 * 48.0);
        let correlation = shared / (1.0 / 8.0 + 1.0 / 48.0);
        assert!((error(&[100, 104]) - 0.1 * ((1.0 + correlation) / 2.0).sqrt()).abs() < 1e-12);
        // The periods after the first are among those before the second: that would be a correlation below 0.
        assert!(error(&[100, 108]) >= 0.1 / 2f64.sqrt());
    }

    #[test]
    fn launches_that_sold_much_count_more() {
        // p = -(100 * 50 / 100 + 10 * -30 / 100) / (100^2 / 100 + 10^2 / 100) = -47 / 101.
        let big = Measured {
            gross: 100.0,
            ..measured(100, -50.0)
        };
        let effect = pooled(&[big, measured(300, 30.0)], 0.9).unwrap();
        assert!((effect.units_change + 110.0 * 47.0 / 101.0).abs() < 1e-9, "{effect:?}");
        assert!((effect.change - effect.units_change / 200.0).abs() < 1e-12);
    }

    #[test]
    fn the_order_of_launches_does_not_matter() {
        let mut launches: Vec<_> = (0..20).map(|i| measured(100 + i * 7 % 13, -0.1 * i as f64)).collect();
        let first = pooled(&launches, 0.9).unwrap();
        launches.reverse();
        assert_eq!(pooled(&launches, 0.9).unwrap(), first);
        assert!((first.units_change + 19.0).abs() < 1e-9 && (first.change + 19.0 / 2000.0).abs() < 1e-12);
    }
}
