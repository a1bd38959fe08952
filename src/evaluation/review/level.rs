//! How far the demand of a launch is from its plan, at all steps alike.

use super::{FEW, Launch, SHARED, Seen, observed::LITTLE};
use crate::statistics::normal_quantile;

/// Demand over plan, in logarithms: a normal distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Its mean.
    pub mean: f64,
    /// Its variance.
    pub variance: f64,
}

/// Variance of what a period has of its own.
pub fn own_variance(spread: f64) -> f64 {
    (1.0 - SHARED) * spread * spread
}

impl Level {
    /// The level that the first periods tell.
    pub fn of(seen: &Seen, periods: usize, elasticity: f64) -> Self {
        let count = seen.spreads.len().max(1) as f64;
        let prior = SHARED * seen.spreads.iter().map(|spread| spread * spread).sum::<f64>() / count;
        // Without spread there is nothing to learn: the plan is certain.
        let mut precision = 1.0 / prior.max(1e-6);
        let mut sum = 0.0;
        for (place, actual) in seen.actual.iter().enumerate().take(periods) {
            let (share, expected) = (actual.share.unwrap_or(1.0), seen.expected(place, elasticity));
            let Some(units) = actual.units.filter(|_| share >= LITTLE && expected > 0.0) else {
                continue;
            };
            let spread = seen.spreads.get(place).copied().unwrap_or_default();
            let weight = 1.0 / (own_variance(spread) + 1.0 / (units + 1.0));
            sum += weight * ((units / share + FEW) / (expected + FEW)).ln();
            precision += weight;
        }
        Self {
            mean: sum / precision,
            variance: 1.0 / precision,
        }
    }

    /// Demand over plan at the prices paid, had it been launched as planned and on sale throughout: the middle and the upper end.
    pub fn pace(self, launch: &Launch, seen: &Seen, elasticity: f64) -> (f64, f64) {
        let planned: f64 = launch.periods.iter().map(|period| period.planned).sum();
        if planned <= 0.0 {
            return (1.0, 1.0);
        }
        let priced = launch.periods.iter().enumerate();
        let priced: f64 = priced
            .map(|(place, period)| period.planned * seen.factor(place, elasticity))
            .sum();
        let at = |place: f64| priced / planned * (self.mean + place * self.variance.sqrt()).exp();
        (at(0.0), at(normal_quantile(launch.level)))
    }

    /// Units of the whole horizon: those sold in the first periods, and those to be expected of the others.
    pub fn project(self, seen: &Seen, periods: usize, sold: f64, elasticity: f64, level: f64) -> (f64, f64, f64) {
        let ahead: Vec<(f64, f64)> = (periods..seen.aged.len())
            .map(|place| {
                let spread = seen.spreads.get(place).copied().unwrap_or_default();
                (seen.expected(place, elasticity), own_variance(spread))
            })
            .collect();
        let planned: f64 = ahead.iter().map(|(units, _)| units).sum();
        if planned <= 0.0 {
            return (sold, sold, sold);
        }
        // What steps have of their own evens out as far as there are many.
        let own: f64 = ahead.iter().map(|(units, own)| own * (units / planned).powi(2)).sum();
        let spread = (self.variance + own + 1.0 / (planned + 1.0)).sqrt();
        let to = |place: f64| sold + planned * (self.mean + place * spread).exp();
        let z = normal_quantile(level);
        (to(0.0), to(-z), to(z))
    }
}
