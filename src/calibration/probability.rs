//! Scores to probabilities.

use serde::{Deserialize, Serialize};

/// Steps of Newton's method at most.
const ROUNDS: usize = 50;
/// Change of the log-odds that is none.
const TOLERANCE: f64 = 1e-10;

/// How the log-odds that a model gives become those of true probabilities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Calibrator {
    /// As they are.
    Identity,
    /// A straight line.
    Platt {
        /// At log-odds of 0.
        intercept: f64,
        /// Per unit of log-odds.
        slope: f64,
    },
    /// A line of pieces that rises: log-odds of the model and true ones at its corners, in order.
    Isotonic {
        /// Corners.
        corners: Vec<(f64, f64)>,
    },
}

impl Calibrator {
    /// A straight line from log-odds, outcomes 0 and 1, and weights.
    ///
    /// *Model*: logistic regression of the outcomes on the log-odds by Newton's method; the slope is not below 0.
    ///
    /// *Reference*: Platt 1999, Probabilistic outputs for support vector machines.
    pub fn platt(odds: &[f64], label: &[f64], weight: &[f64]) -> Self {
        let (mut intercept, mut slope) = (0.0, 1.0);
        for _ in 0..ROUNDS {
            let (mut g0, mut g1, mut h00, mut h01, mut h11) = (0.0, 0.0, 1e-9, 0.0, 1e-9);
            for ((z, y), w) in odds.iter().zip(label).zip(weight) {
                let p = logistic(intercept + slope * z);
                let (e, c) = (w * (y - p), w * p * (1.0 - p));
                g0 += e;
                g1 += e * z;
                h00 += c;
                h01 += c * z;
                h11 += c * z * z;
            }
            let determinant = h00 * h11 - h01 * h01;
            if determinant.is_nan() || determinant <= 0.0 {
                break;
            }
            let step = ((h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant);
            // Outcomes that a line tells apart would take it without end.
            let step = (step.0.clamp(-1.0, 1.0), step.1.clamp(-0.5, 0.5));
            intercept += step.0;
            slope = (slope + step.1).clamp(0.0, 10.0);
            if step.0.abs().max(step.1.abs()) < TOLERANCE {
                break;
            }
        }
        Self::Platt { intercept, slope }
    }

    /// A rising line of pieces.
    ///
    /// *Model*: neighbours that do not rise are pooled; each pool stands at its mean log-odds, with the share (positives + 1 / 2)
    /// / (rows + 1), so that no pool is certain; between pools the line is straight, beyond them level.
    ///
    /// *References*: Ayer, Brunk, Ewing, Reid, Silverman 1955, An empirical distribution function for sampling with
    /// incomplete information (pool adjacent violators); Zadrozny, Elkan 2002, Transforming classifier scores into accurate
    /// multiclass probability estimates.
    pub fn isotonic(odds: &[f64], label: &[f64], weight: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..odds.len()).collect();
        order.sort_by(|a, b| odds[*a].total_cmp(&odds[*b]));
        // Weight, positives, and weighted log-odds of each pool.
        let mut pools: Vec<(f64, f64, f64)> = Vec::new();
        for row in order {
            let mut pool = (weight[row], weight[row] * label[row], weight[row] * odds[row]);
            // Equal log-odds are one pool, whatever came of them.
            let tied = |last: &(f64, f64, f64)| last.2 / last.0 >= odds[row];
            while let Some(last) = pools
                .last()
                .filter(|last| tied(last) || last.1 / last.0 >= pool.1 / pool.0)
            {
                pool = (pool.0 + last.0, pool.1 + last.1, pool.2 + last.2);
                pools.pop();
            }
            pools.push(pool);
        }
        let corner = |(weight, positives, sum): &(f64, f64, f64)| {
            let share = (positives + 0.5) / (weight + 1.0);
            (sum / weight, (share / (1.0 - share)).ln())
        };
        let mut corners: Vec<(f64, f64)> = pools.iter().map(corner).collect();
        corners.dedup_by(|b, a| b.0 <= a.0);
        // The half rows that were added may turn the order of small pools.
        let mut most = f64::NEG_INFINITY;
        for (_, value) in &mut corners {
            most = most.max(*value);
            *value = most;
        }
        Self::Isotonic { corners }
    }

    /// True log-odds.
    pub fn apply(&self, odds: f64) -> f64 {
        match self {
            Self::Identity => odds,
            Self::Platt { intercept, slope } => intercept + slope * odds,
            Self::Isotonic { corners } => {
                let after = corners.partition_point(|corner| corner.0 <= odds);
                match (
                    after.checked_sub(1).and_then(|before| corners.get(before)),
                    corners.get(after),
                ) {
                    (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (odds - a.0) / (b.0 - a.0),
                    (Some(one), None) | (None, Some(one)) => one.1,
                    (None, None) => odds,
                }
            }
        }
    }

    /// Whether it is what the constructors make; asked of models that were read from bytes.
    pub fn is_valid(&self) -> bool {
        match self {
            Self::Identity => true,
            Self::Platt { intercept, slope } => intercept.is_finite() && slope.is_finite() && *slope >= 0.0,
            Self::Isotonic { corners } => {
                corners.iter().all(|(a, b)| a.is_finite() && b.is_finite())
                    && corners
                        .windows(2)
                        .all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1)
            }
        }
    }
}

/// The probability of log-odds.
pub fn logistic(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::mix;

    /// Log-odds of a model that is too sure of itself by half: true ones are 0.5 z - 1.
    fn planted(count: u64) -> (Vec<f64>, Vec<f64>) {
        let uniform = |x: u64| mix(x) as f64 / u64::MAX as f64;
        let odds: Vec<f64> = (0..count).map(|i| 8.0 * uniform(i) - 4.0).collect();
        let label = odds
            .iter()
            .zip(0..)
            .map(|(z, i)| f64::from(u8::from(uniform(i + 1_000_000) < logistic(0.5 * z - 1.0))));
        let label = label.collect();
        (odds, label)
    }

    #[test]
    fn a_line_is_found_again() {
        let (odds, label) = planted(40_000);
        let Calibrator::Platt { intercept, slope } = Calibrator::platt(&odds, &label, &vec![1.0; 40_000]) else {
            panic!();
        };
        assert!(
            (intercept + 1.0).abs() < 0.05 && (slope - 0.5).abs() < 0.03,
            "{intercept} {slope}"
        );
    }

    #[test]
    fn pieces_rise_and_are_near_the_truth() {
        let (odds, label) = planted(40_000);
        let found = Calibrator::isotonic(&odds, &label, &vec![1.0; 40_000]);
        assert!(found.is_valid());
        let mut before = f64::NEG_INFINITY;
        for z in -30..=30 {
            let z = f64::from(z) / 10.0;
            let value = found.apply(z);
            assert!(value >= before);
            before = value;
            assert!((logistic(value) - logistic(0.5 * z - 1.0)).abs() < 0.06, "{z} {value}");
        }
    }

    #[test]
    fn outcomes_that_are_told_apart_stay_finite() {
        let odds = [-1.0, -1.0, 1.0, 1.0];
        let label = [0.0, 0.0, 1.0, 1.0];
        let tied = Calibrator::isotonic(&[0.1, 0.1, 0.1, 0.7, 0.7], &[0.0, 1.0, 0.0, 1.0, 0.0], &[1.0; 5]);
        assert!(tied.is_valid(), "{tied:?}");
        for found in [
            Calibrator::platt(&odds, &label, &[1.0; 4]),
            Calibrator::isotonic(&odds, &label, &[1.0; 4]),
        ] {
            assert!(
                found.is_valid() && found.apply(1.0).is_finite() && found.apply(-9.0) < 0.0,
                "{found:?}"
            );
        }
    }
}
