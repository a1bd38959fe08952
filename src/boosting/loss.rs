//! What boosting makes small.

use crate::error::{Error, Result};

/// A loss of a prediction f, the sum of the trees, and a target y.
///
/// | loss | formula | the sum of the trees is |
/// | --- | --- | --- |
/// | `Squared` | (y - f)^2 | the mean |
/// | `Absolute` | abs(y - f) | the median |
/// | `Quantile` | q (y - f) above, (1 - q) (f - y) below | the quantile q |
/// | `Poisson` | exp(f) - y f | ln of the mean |
/// | `Logistic` | ln(1 + exp(f)) - y f | ln of the odds |
///
/// *References*: Koenker, Bassett 1978, Regression quantiles; Friedman 2001, Greedy function approximation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    /// Squares.
    Squared,
    /// Absolute differences.
    Absolute,
    /// The pinball loss of a level between 0 and 1.
    Quantile(f64),
    /// Of counts, 0 or more.
    Poisson,
    /// Of outcomes 0 and 1.
    Logistic,
}

/// Predictions of counts and odds before the first tree stay within exp of this.
const MAX_START: f64 = 20.0;

impl Loss {
    /// Refuse a level outside 0 and 1.
    pub(super) fn check_level(self) -> Result<()> {
        match self {
            Self::Quantile(level) if !(level > 0.0 && level < 1.0) => Err(Error::refused(format!(
                "the level of a quantile must be above 0 and below 1, got {level}"
            ))),
            _ => Ok(()),
        }
    }

    /// Refuse targets that are not such as the loss is for.
    pub(super) fn check(self, mut target: impl Iterator<Item = f64>) -> Result<()> {
        let (what, wrong) = match self {
            Self::Squared | Self::Absolute | Self::Quantile(_) => ("finite", target.find(|y| !y.is_finite())),
            Self::Poisson => ("0 or more", target.find(|y| !(y.is_finite() && *y >= 0.0))),
            Self::Logistic => ("0 or 1", target.find(|y| *y != 0.0 && *y != 1.0)),
        };
        match wrong {
            None => Ok(()),
            Some(wrong) => Err(Error::refused(format!(
                "what is to be predicted must be {what}, got {wrong}"
            ))),
        }
    }

    /// The best constant for targets with weights.
    pub(super) fn start(self, rows: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
        let mean = || {
            let total: f64 = rows.clone().map(|(_, weight)| weight).sum();
            let sum: f64 = rows.clone().map(|(y, weight)| weight * y).sum();
            if total > 0.0 { sum / total } else { 0.0 }
        };
        match self {
            Self::Squared => mean(),
            Self::Absolute => quantile(rows.collect(), 0.5),
            Self::Quantile(level) => quantile(rows.collect(), level),
            Self::Poisson => mean().ln().clamp(-MAX_START, MAX_START),
            Self::Logistic => (mean() / (1.0 - mean())).ln().clamp(-MAX_START, MAX_START),
        }
    }

    /// The loss of a prediction; of `Squared` half of it, so that its curvature is 1.
    pub(super) fn value(self, y: f64, f: f64) -> f64 {
        match self {
            Self::Squared => 0.5 * (y - f).powi(2),
            Self::Absolute => (y - f).abs(),
            Self::Quantile(level) => (y - f) * if y > f { level } else { level - 1.0 },
            Self::Poisson => f.min(MAX_START).exp() - y * f,
            // ln(1 + exp(f)) without overflow.
            Self::Logistic => f.max(0.0) + (-f.abs()).exp().ln_1p() - y * f,
        }
    }

    /// First and second derivative of the loss at a prediction. Losses without curvature count rows instead.
    pub(super) fn derivatives(self, y: f64, f: f64) -> (f64, f64) {
        match self {
            Self::Squared => (f - y, 1.0),
            Self::Absolute => (if y > f { -1.0 } else { f64::from(u8::from(y < f)) }, 1.0),
            Self::Quantile(level) => (if y > f { -level } else { 1.0 - level }, 1.0),
            Self::Poisson => {
                let mean = f.min(MAX_START).exp();
                (mean - y, mean)
            }
            Self::Logistic => {
                let p = self.predicted(f);
                (p - y, p * (1.0 - p))
            }
        }
    }

    /// The level that leaves are quantiles of, for losses without curvature.
    pub(super) fn level(self) -> Option<f64> {
        match self {
            Self::Absolute => Some(0.5),
            Self::Quantile(level) => Some(level),
            Self::Squared | Self::Poisson | Self::Logistic => None,
        }
    }

    /// What a sum of trees says on the scale of the target.
    pub fn predicted(self, sum: f64) -> f64 {
        match self {
            Self::Squared | Self::Absolute | Self::Quantile(_) => sum,
            Self::Poisson => sum.exp(),
            Self::Logistic => 1.0 / (1.0 + (-sum).exp()),
        }
    }
}

/// The smallest value with at least a share `level` of the weight at or below it; 0 without any.
pub(super) fn quantile(mut rows: Vec<(f64, f64)>, level: f64) -> f64 {
    rows.retain(|(_, weight)| *weight > 0.0);
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = rows.iter().map(|(_, weight)| weight).sum();
    let mut below = 0.0;
    let found = rows.iter().find(|(_, weight)| {
        below += weight;
        below >= level * total
    });
    found.or(rows.last()).map_or(0.0, |(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_those_of_theory() {
        let rows = [(1.0, 1.0), (0.0, 1.0), (0.0, 2.0), (9.0, 0.0)];
        let start = |loss: Loss| loss.start(rows.into_iter());
        assert_eq!(start(Loss::Squared), 0.25);
        assert_eq!(start(Loss::Absolute), 0.0);
        assert_eq!(start(Loss::Quantile(0.9)), 1.0);
        assert!((Loss::Poisson.predicted(start(Loss::Poisson)) - 0.25).abs() < 1e-12);
        assert!((Loss::Logistic.predicted(start(Loss::Logistic)) - 0.25).abs() < 1e-12);
        // Nobody bought: the odds are as small as can be, not minus infinity.
        assert_eq!(Loss::Logistic.start([(0.0, 1.0)].into_iter()), -MAX_START);
        assert_eq!(Loss::Logistic.start([(1.0, 1.0)].into_iter()), MAX_START);
        assert_eq!(Loss::Absolute.start(std::iter::empty()), 0.0);
    }

    #[test]
    fn targets_a_loss_is_not_for_are_refused() {
        let refused = |loss: Loss, y: f64| loss.check([1.0, y].into_iter()).unwrap_err().to_string();
        assert_eq!(
            refused(Loss::Squared, f64::NAN),
            "what is to be predicted must be finite, got NaN"
        );
        assert_eq!(
            refused(Loss::Poisson, -1.0),
            "what is to be predicted must be 0 or more, got -1"
        );
        assert_eq!(
            refused(Loss::Logistic, 0.5),
            "what is to be predicted must be 0 or 1, got 0.5"
        );
        let level = Loss::Quantile(1.0).check_level().unwrap_err().to_string();
        assert_eq!(level, "the level of a quantile must be above 0 and below 1, got 1");
        assert!(Loss::Logistic.check([0.0, 1.0].into_iter()).is_ok());
    }
}
