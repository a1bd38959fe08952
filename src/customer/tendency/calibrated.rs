//! What effects are worth for products that were not learned from.

use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, Normal};

use super::{
    crossed::{Columns, Crossed},
    effect::{Family, Part, effect},
    rows::Rows,
};
use crate::statistics::{places, ridge::dot, sorted};

/// Folds of products, and below how many products there are more.
const FOLDS: usize = 5;
const FOLDS_OF_FEW: usize = 10;
const FEW: usize = 200;
/// Reviews that the constants are learned from, about.
const ENOUGH: f64 = 200_000.0;
/// Rounds over the constants, and the step by which each is tried.
const ROUNDS: usize = 4;
const STEP: f64 = 0.05;
/// What is believed of the constants, and its standard deviation: level, logarithm of the factor of standard deviations,
/// factor of attributes, factor of users.
const BEFORE: [f64; 4] = [0.0, 0.0, 1.0, 1.0];
const BELIEF: [f64; 4] = [0.3, 0.5, 0.3, 0.2];
/// Variances that stand for those of all products.
const VARIANCES: usize = 48;
const SEED: u64 = 42;

/// Effects, with what was learned on products held out.
///
/// *Model*: products are dealt into folds; the effects without a fold (variances as of all) give for its reviews
/// constant + x_p b + u_user + l_time. Level k_0, a factor of standard deviations e^k_1, and factors of attributes k_2 and
/// users k_3 maximise the probability of the held-out reviews, the effect of each product integrated out, with normal
/// beliefs around 0, 0, 1 and 1. What is not known of a user is allowed for by the factor 1 / sqrt(1 + pi v / 8) of log-odds.
///
/// *References*: MacKay 1992, The evidence framework applied to classification networks (the factor).
#[derive(Debug, Clone)]
pub(super) struct Calibrated {
    pub effects: Crossed,
    constants: [f64; 4],
    /// Variances of products, by the number of their reviews, spread evenly over products; and their mean over reviews.
    scatter: Vec<f64>,
    of_reviews: f64,
}

/// What is known of a product: log-odds and their variance, beside the scatter of products unless it has reviews itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub mean: f64,
    pub variance: f64,
    pub is_new: bool,
}

impl Calibrated {
    pub fn fit(rows: &Rows, columns: &Columns) -> Self {
        let effects = Crossed::fit(false, rows, columns, None);
        let counts = rows.counts();
        let known = || (0..counts.len()).filter(|p| counts[*p] > 0.0);
        let all: Vec<f64> = sorted(known().map(|p| effects.scatter[p]));
        let points = VARIANCES.min(all.len());
        let scatter = (0..points)
            .map(|i| all[(2 * i + 1) * all.len() / (2 * points)])
            .collect();
        let reviews: f64 = counts.iter().sum();
        let of_reviews = known().map(|p| counts[p] * effects.scatter[p]).sum::<f64>() / reviews.max(1.0);
        let constants = constants(&effects, rows, columns, &counts);
        Self {
            effects,
            constants,
            scatter,
            of_reviews,
        }
    }

    fn widening(&self) -> f64 {
        (2.0 * self.constants[1]).exp()
    }

    /// A product at the end of the time that was learned from; `further` is the variance of attributes that are not known.
    pub fn place(&self, columns: &Columns, product: usize, reviews: f64, further: f64) -> Place {
        let effects = &self.effects;
        let x = &columns.rows[product];
        let [level, _, slope, _] = self.constants;
        let constant = effects.slopes[0];
        let plain = dot(x, &effects.slopes);
        let end = effects.levels.last().copied().unwrap_or_default();
        let drift = if effects.levels.len() > 1 {
            effects.of_steps
        } else {
            0.0
        };
        let moved = level + (slope - 1.0) * (plain - constant);
        if reviews > 0.0 {
            let own = effects.products[product];
            let left = (own.variance / effects.scatter[product]).clamp(0.0, 1.0);
            return Place {
                mean: plain + own.mean + left * moved + end,
                variance: own.variance * self.widening() + drift,
                is_new: false,
            };
        }
        Place {
            mean: plain + moved + end,
            variance: (effects.error(x) + further) * self.widening() + drift,
            is_new: true,
        }
    }

    /// A place, for a user: the effect and its variance that were found for the user, or those of one who is not known.
    pub fn for_user(&self, place: Place, user: Option<usize>) -> Place {
        let factor = self.constants[3];
        let known = user.and_then(|user| self.effects.users.get(user));
        let (mean, variance) = known.map_or((0.0, self.effects.of_users), |effect| (effect.mean, effect.variance));
        Place {
            mean: place.mean + factor * mean,
            variance: place.variance + factor * factor * variance,
            ..place
        }
    }

    /// Probability that a review is positive.
    pub fn probability(&self, place: Place) -> f64 {
        let scatter = if place.is_new {
            self.of_reviews * self.widening()
        } else {
            0.0
        };
        super::effect::expected(place.mean, place.variance + scatter)
    }

    /// Half of the central interval of log-odds.
    ///
    /// The variance of a new product is that of any product before, each as likely.
    pub fn width(&self, place: Place, level: f64) -> f64 {
        let normal = Normal::standard();
        let end = normal.inverse_cdf((1.0 + level) / 2.0);
        if !place.is_new || self.scatter.is_empty() {
            return end * place.variance.sqrt();
        }
        let widths: Vec<f64> = self
            .scatter
            .iter()
            .map(|v| (v * self.widening() + place.variance).sqrt())
            .collect();
        let (mut low, mut high) = widths
            .iter()
            .fold((f64::INFINITY, 0.0f64), |(l, h), w| (l.min(w * end), h.max(w * end)));
        for _ in 0..40 {
            let middle = (low + high) / 2.0;
            let inside: f64 = widths.iter().map(|w| 2.0 * normal.cdf(middle / w) - 1.0).sum();
            if inside < level * widths.len() as f64 {
                low = middle;
            } else {
                high = middle;
            }
        }
        (low + high) / 2.0
    }
}

/// What effects without its fold say of each product, and of each review.
struct HeldOut {
    constant: Vec<f64>,
    slopes: Vec<f64>,
    error: Vec<f64>,
    level: Vec<f64>,
    user: Vec<f64>,
    unsure: Vec<f64>,
}

fn constants(effects: &Crossed, rows: &Rows, columns: &Columns, counts: &[f64]) -> [f64; 4] {
    let known: Vec<usize> = (0..counts.len()).filter(|p| counts[*p] > 0.0).collect();
    if known.len() < 3 {
        return BEFORE;
    }
    let held = held_out(effects, rows, columns, &known);
    // Products in an order of chance until there are enough reviews.
    let mut order = vec![0; known.len()];
    for (product, place) in known.iter().zip(places(known.len(), SEED + 1)) {
        order[place] = *product;
    }
    let mut sum = 0.0;
    order.retain(|product| {
        let is_in = sum < ENOUGH;
        sum += counts[*product];
        is_in
    });
    let loss = |k: [f64; 4]| -> f64 {
        let of = |parts: &mut Vec<Part>, &product: &usize| {
            let own = k[0] + held.constant[product] + k[2] * held.slopes[product];
            parts.clear();
            for &row in rows.of_product(product) {
                let row = row as usize;
                let narrow = (1.0 + std::f64::consts::PI / 8.0 * k[3] * k[3] * held.unsure[row]).sqrt();
                parts.push(rows.part(row, (own + held.level[row] + k[3] * held.user[row]) / narrow));
            }
            let variance = (2.0 * k[1]).exp() * (effects.scatter[product] + held.error[product]);
            effect(Family::Binary, parts, variance, 0.0).log
        };
        let logs: Vec<f64> = order.par_iter().map_init(Vec::new, of).collect();
        let belief: f64 = (0..4).map(|i| ((k[i] - BEFORE[i]) / BELIEF[i]).powi(2) / 2.0).sum();
        belief - logs.iter().sum::<f64>()
    };
    let mut best = BEFORE;
    let mut least = loss(best);
    let used = if rows.users() > 0 { 4 } else { 3 };
    for _ in 0..ROUNDS {
        let before = least;
        for i in 0..used {
            let at = |value: f64| {
                let mut k = best;
                k[i] = value;
                k
            };
            let (left, right) = (loss(at(best[i] - STEP)), loss(at(best[i] + STEP)));
            let curve = left + right - 2.0 * least;
            let move_ = if curve > 0.0 {
                STEP * (left - right) / (2.0 * curve)
            } else {
                (left - right).signum() * STEP
            };
            let next = at(best[i] + move_.clamp(-BELIEF[i], BELIEF[i]));
            let found = loss(next);
            if found < least {
                (best, least) = (next, found);
            }
        }
        if before - least < 0.02 {
            break;
        }
    }
    best
}

fn held_out(effects: &Crossed, rows: &Rows, columns: &Columns, known: &[usize]) -> HeldOut {
    let folds = if known.len() < FEW { FOLDS_OF_FEW } else { FOLDS }.min(known.len());
    let mut fold = vec![usize::MAX; rows.products()];
    for (product, place) in known.iter().zip(places(known.len(), SEED)) {
        fold[*product] = place % folds;
    }
    let (products, all) = (rows.products(), rows.len());
    let mut held = HeldOut {
        constant: vec![0.0; products],
        slopes: vec![0.0; products],
        error: vec![0.0; products],
        level: vec![0.0; all],
        user: vec![0.0; all],
        unsure: vec![0.0; all],
    };
    for one in 0..folds {
        let rest = rows.without(|product| fold[product] == one);
        let found = Crossed::fit(false, &rest, columns, Some(effects));
        for product in known.iter().copied().filter(|p| fold[*p] == one) {
            let x = &columns.rows[product];
            held.constant[product] = found.slopes[0];
            held.slopes[product] = dot(x, &found.slopes) - found.slopes[0];
            held.error[product] = found.error(x);
            for &row in rows.of_product(product) {
                let row = row as usize;
                held.level[row] = found.levels[rows.bin[row] as usize];
                if let Some(user) = rows.user.get(row) {
                    held.user[row] = found.users[*user as usize].mean;
                    held.unsure[row] = found.users[*user as usize].variance;
                }
            }
        }
    }
    held
}
