//! How good probabilities are.

use serde::{Deserialize, Serialize};

use crate::statistics::ClassScores;

/// Probabilities are taken as no nearer to 0 and 1.
pub(super) const EDGE: f64 = 1e-6;
/// Bins of equal weight that calibration is looked at in.
const BINS: usize = 10;

/// What is said of probabilities of rows that were not learned from.
///
/// | field | formula |
/// | --- | --- |
/// | auc | probability that a positive row is above a negative one |
/// | average_precision | mean precision at the positive rows, from the most probable on |
/// | log_loss | mean of -ln of the probability of what happened |
/// | brier | mean squared difference of probability and outcome |
/// | calibration_error | mean absolute difference of mean probability and share of positives in ten bins of equal weight |
///
/// Means are weighted but for `auc`.
///
/// *References*: Hanley, McNeil 1982 (AUC); Naeini, Cooper, Hauskrecht 2015, Obtaining well calibrated probabilities using
/// Bayesian binning (expected calibration error).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Scores {
    pub auc: f64,
    pub average_precision: f64,
    pub log_loss: f64,
    pub brier: f64,
    pub calibration_error: f64,
}

impl Scores {
    /// Of probabilities, outcomes and weights; `None` without both outcomes.
    pub fn of(probability: &[f64], label: &[f64], weight: &[f64]) -> Option<Self> {
        let mut classes = ClassScores::default();
        probability
            .iter()
            .zip(label)
            .for_each(|(p, y)| classes.add(*y == 1.0, *p));
        let total: f64 = weight.iter().sum();
        let mean = |value: &dyn Fn(f64, f64) -> f64| {
            let rows = probability.iter().zip(label).zip(weight);
            rows.map(|((p, y), w)| w * value(*p, *y)).sum::<f64>() / total
        };
        Some(Self {
            auc: classes.auc()?,
            average_precision: average_precision(probability, label, weight),
            log_loss: mean(&log_loss),
            brier: mean(&|p, y| (p - y).powi(2)),
            calibration_error: calibration_error(probability, label, weight, total),
        })
    }
}

/// -ln of the probability of what happened.
pub(super) fn log_loss(probability: f64, label: f64) -> f64 {
    let p = probability.clamp(EDGE, 1.0 - EDGE);
    if label == 1.0 { -p.ln() } else { -(1.0 - p).ln() }
}

fn by_probability(probability: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..probability.len()).collect();
    order.sort_by(|a, b| probability[*a].total_cmp(&probability[*b]));
    order
}

/// Mean precision at the positive rows, weighted. Rows of one probability are taken together, as no order is in them.
pub(crate) fn average_precision(probability: &[f64], label: &[f64], weight: &[f64]) -> f64 {
    let (mut hits, mut all, mut sum) = (0.0, 0.0, 0.0);
    let order = by_probability(probability);
    for tied in order.chunk_by(|a, b| probability[*a] == probability[*b]).rev() {
        let found: f64 = tied.iter().map(|row| weight[*row] * label[*row]).sum();
        all += tied.iter().map(|row| weight[*row]).sum::<f64>();
        hits += found;
        sum += found * hits / all;
    }
    sum / hits
}

fn calibration_error(probability: &[f64], label: &[f64], weight: &[f64], total: f64) -> f64 {
    let (mut error, mut before) = (0.0, 0.0);
    let (mut bin, mut said, mut seen) = (0, 0.0, 0.0);
    for row in by_probability(probability) {
        let place = ((before / total * BINS as f64) as usize).min(BINS - 1);
        if place != bin {
            error += f64::abs(said - seen);
            (bin, said, seen) = (place, 0.0, 0.0);
        }
        said += weight[row] * probability[row];
        seen += weight[row] * label[row];
        before += weight[row];
    }
    (error + f64::abs(said - seen)) / total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agree_with_scikit_learn() {
        // roc_auc_score 0.8333, average_precision_score 0.8056 (scikit-learn 1.7; ties are one step in both).
        let y = [0.0, 0.0, 1.0, 1.0, 1.0, 0.0];
        let p = [0.1, 0.4, 0.35, 0.8, 0.4, 0.2];
        let found = Scores::of(&p, &y, &[1.0; 6]).unwrap();
        let by_hand = (0.9_f64.ln() + 0.6_f64.ln() + 0.35_f64.ln() + 0.8_f64.ln() + 0.4_f64.ln() + 0.8_f64.ln()) / -6.0;
        assert!((found.log_loss - by_hand).abs() < 1e-12);
        assert!((found.auc - 7.5 / 9.0).abs() < 1e-12, "{found:?}");
        let precision = (1.0 + 2.0 / 3.0 + 3.0 / 4.0) / 3.0;
        assert!((found.average_precision - precision).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn calibration_error_is_the_mean_gap_of_ten_bins() {
        // 200 rows at 0.2 of which 30 % are positive, 200 at 0.6 of which 60 % are.
        let p: Vec<f64> = (0..400).map(|i| if i < 200 { 0.2 } else { 0.6 }).collect();
        let y: Vec<f64> = (0..400)
            .map(|i| f64::from(u8::from(i % 10 < if i < 200 { 3 } else { 6 })))
            .collect();
        let found = Scores::of(&p, &y, &[1.0; 400]).unwrap();
        assert!((found.calibration_error - 0.05).abs() < 1e-9, "{found:?}");
        assert!(Scores::of(&[0.5], &[1.0], &[1.0]).is_none());
    }
}
