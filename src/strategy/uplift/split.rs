//! Shares of money by the probability that a treatment returns most.

use super::effect::Effect;
use crate::{
    statistics::normal_place,
    strategy::allocate::{Posterior, best},
};

/// Points of the control's mean, of equal probability.
const POINTS: usize = 41;
/// Least degrees of freedom, so that there is a variance.
const LEAST_FREEDOM: f64 = 3.0;
const MOST_FREEDOM: f64 = 1e7;

/// What a treatment changes, and what it costs.
#[derive(Debug, Clone, Copy)]
pub struct Return {
    /// The change of the outcome of a customer.
    pub effect: Effect,
    /// Money for a customer, above 0.
    pub cost: f64,
}

/// For each treatment the probability that it brings most for its money, and more than nothing; they add up to less than 1 where it
/// may be that none does.
///
/// All are compared with one control, whose mean is integrated over: a control that is low by chance makes all look good.
pub fn split(returns: &[Return]) -> Vec<f64> {
    let mut shares = vec![0.0; returns.len()];
    for point in 0..POINTS {
        let control = normal_place((point as f64 + 0.5) / POINTS as f64);
        let arms: Vec<Posterior> = returns.iter().map(|given| given.beside(control)).collect();
        for (share, p) in shares.iter_mut().zip(best(&arms, Some(0.0)).probability) {
            *share += p / POINTS as f64;
        }
    }
    shares
}

impl Return {
    /// What one unit of money brings, where the control's mean is so many of its errors above what was seen.
    fn beside(&self, control: f64) -> Posterior {
        let Effect { estimate, common, .. } = self.effect;
        let variance = estimate.variance.max(0.0);
        let centre = estimate.value - control * (common * variance).sqrt();
        // What is certain has a density too.
        let least = 1e-9 * estimate.value.abs().max(1e-9);
        Posterior::Student {
            freedom: estimate.freedom.clamp(LEAST_FREEDOM, MOST_FREEDOM),
            centre: centre / self.cost,
            scale: ((1.0 - common) * variance).sqrt().max(least) / self.cost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::shrinkage::Estimate;

    fn given(value: f64, variance: f64, cost: f64) -> Return {
        let estimate = Estimate {
            value,
            variance,
            freedom: f64::INFINITY,
        };
        Return {
            effect: Effect {
                estimate,
                common: 0.5,
                lower: 0.0,
                upper: 0.0,
            },
            cost,
        }
    }

    #[test]
    fn money_goes_where_it_returns_most() {
        let clear = split(&[given(0.1, 1e-6, 1.0), given(0.05, 1e-6, 1.0)]);
        assert!(clear[0] > 0.999 && clear[1] < 1e-6, "{clear:?}");
        // At a third of its cost the other one is better.
        let cheap = split(&[given(0.1, 1e-6, 3.0), given(0.05, 1e-6, 1.0)]);
        assert!(cheap[1] > 0.999, "{cheap:?}");
        // What may do harm leaves money over: P(Z > 1) of it is spent.
        let harm = split(&[given(-0.1, 0.01, 1.0)]);
        assert!((harm[0] - 0.158_655).abs() < 2e-3, "{harm:?}");
    }

    #[test]
    fn the_control_is_common_to_all() {
        // Both effects have an error of 1, of which half is the control's: their difference has a variance of 1, not of 2.
        let found = split(&[given(6.0, 1.0, 1.0), given(5.0, 1.0, 1.0)]);
        assert!(
            (found[0] - 0.841_345).abs() < 1e-3 && (found[1] - 0.158_655).abs() < 1e-3,
            "{found:?}"
        );
    }
}
