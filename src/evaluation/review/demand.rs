//! The demand of a period in which a product was not always on sale.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{ContinuousCDF, Normal};

use super::{
    FEW, Seen,
    level::{Level, own_variance},
    observed::Actual,
};
use crate::statistics::normal_place;

/// Variance of the pace within a period, in logarithms.
const WITHIN: f64 = 0.02;

/// How demand is drawn.
#[derive(Debug)]
pub enum Demand {
    /// It is what was sold.
    Known(f64),
    /// Units sold, and the pace of the rest: its logarithm with mean and deviation, in units per period; the share it is of.
    Paced { sold: f64, pace: (f64, f64), off: f64 },
    /// It is no less than what was sold: mean and deviation of its logarithm.
    AtLeast { sold: f64, of: (f64, f64) },
}

impl Demand {
    /// The demand of a period, at a level and an elasticity.
    pub fn of(seen: &Seen, place: usize, level: Level, elasticity: f64) -> Self {
        let none = Actual::default();
        let actual = seen.actual.get(place).unwrap_or(&none);
        let sold = actual.units.unwrap_or_default();
        let Some(share) = actual.share.filter(|share| *share < 1.0) else {
            return Self::Known(sold);
        };
        let expected = seen.expected(place, elasticity);
        let spread = seen.spreads.get(place).copied().unwrap_or_default();
        let curve = (
            (expected + FEW).ln() + level.mean,
            level.variance + own_variance(spread),
        );
        if actual.bound {
            return Self::AtLeast {
                sold,
                of: (curve.0, curve.1.sqrt()),
            };
        }
        let (mean, variance) = match share > 0.0 {
            true => {
                let own = ((sold + FEW) / share).ln();
                let variance = 1.0 / (sold + FEW) + WITHIN * (1.0 - share) / share;
                let weight = curve.1 / (curve.1 + variance);
                (curve.0 + weight * (own - curve.0), weight * variance)
            }
            false => curve,
        };
        // Nothing was to be expected of a product that was not launched.
        if expected <= 0.0 {
            return Self::Known(sold);
        }
        Self::Paced {
            sold,
            pace: (mean, variance.sqrt()),
            off: 1.0 - share,
        }
    }

    /// A demand, drawn; `sign` is 1, or -1 for the opposite of the draw before.
    pub fn draw(&self, random: &mut ChaCha8Rng, sign: f64) -> f64 {
        let (first, second) = (random.random::<f64>(), random.random::<f64>());
        let turned = |u: f64| if sign > 0.0 { u } else { 1.0 - u };
        match *self {
            Self::Known(units) => units,
            Self::Paced { sold, pace, off } => {
                let missed = (pace.0 + pace.1 * normal_place(turned(first))).exp() * off;
                sold + (missed + missed.sqrt() * normal_place(turned(second))).max(0.0)
            }
            Self::AtLeast { sold, of } => {
                let deviation = of.1.max(1e-9);
                let below = Normal::standard().cdf((sold.max(FEW).ln() - of.0) / deviation);
                let place = below + (1.0 - below) * turned(first);
                (of.0 + deviation * normal_place(place)).exp().max(sold)
            }
        }
    }

    /// What to tell of a period.
    pub fn told(actual: &Actual) -> String {
        match actual.share {
            _ if actual.bound => "; stock ran out: units are a lower bound of the demand".to_owned(),
            Some(share) if share < 1.0 => format!("; on sale for {:.0} % of the period", 100.0 * share),
            _ => String::new(),
        }
    }
}
