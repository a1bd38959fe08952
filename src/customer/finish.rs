//! The last steps from what members say to a probability.

use serde::{Deserialize, Serialize};

use super::scores::{EDGE, log_loss};
use crate::calibration::{Calibrator, logistic};

/// Rows of the rarer outcome from which a line of pieces is tried.
const ENOUGH: usize = 500;
/// Prior precision of weights around equal ones.
const PULL: f64 = 1.0;
const ROUNDS: usize = 30;
/// A level is missed by at most so much, in log-odds.
const LEVEL: f64 = 10.0;

/// A calibration from log-odds, outcomes and weights.
type Kind = fn(&[f64], &[f64], &[f64]) -> Calibrator;

/// Weights of the members' log-odds, and their calibration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finish {
    weights: Vec<f64>,
    calibrator: Calibrator,
    /// What is added at last, see [`Finish::centred`].
    shift: f64,
}

/// What members say of rows that they had not learned from.
#[derive(Debug, Clone, Copy)]
pub struct HeldOut<'a> {
    /// Log-odds by member and row.
    pub odds: &'a [Vec<f64>],
    /// Outcomes by row.
    pub label: &'a [f64],
    /// Weights by row.
    pub weight: &'a [f64],
    /// Fold by row.
    pub fold: &'a [usize],
}

impl Finish {
    /// As many weights that are equal, and log-odds as they are.
    pub fn equal(members: usize) -> Self {
        Self {
            weights: vec![1.0 / members.max(1) as f64; members],
            calibrator: Calibrator::Identity,
            shift: 0.0,
        }
    }

    /// Of rows that lie before those that are asked: weights by which the order and the spread of log-odds are right, at the
    /// level that the members say. A level that was missed then is no longer missed by members that have seen it: so each
    /// fold has a constant of its own, which is thrown away.
    pub fn mixture(held: HeldOut<'_>, rows: &[usize]) -> Self {
        let weights = weights(held, rows, true);
        let equal = Self::equal(held.odds.len());
        let sum = |finish: &Self| -> f64 {
            let each = rows
                .iter()
                .map(|row| held.weight[*row] * logistic(finish.apply(held.odds, *row)));
            each.sum()
        };
        let said = sum(&equal);
        let mut found = Self { weights, ..equal };
        // By halves, as the sum rises with the constant.
        let (mut low, mut high) = (-LEVEL, LEVEL);
        for _ in 0..2 * ROUNDS {
            found.calibrator = Calibrator::Platt {
                intercept: (low + high) / 2.0,
                slope: 1.0,
            };
            match sum(&found) < said {
                true => low = (low + high) / 2.0,
                false => high = (low + high) / 2.0,
            }
        }
        found
    }

    /// With what has to be added so that probabilities of the rows learned from sum to the positives among them, as those of a
    /// regression with a constant do: networks and trees that stop early miss rare outcomes a little.
    pub fn centred(mut self, odds: &[Vec<f64>], label: &[f64], weight: &[f64]) -> Self {
        for _ in 0..ROUNDS {
            let (mut missing, mut curvature) = (0.0, 1e-12);
            for row in 0..label.len() {
                let p = logistic(self.apply(odds, row));
                missing += weight[row] * (label[row] - p);
                curvature += weight[row] * p * (1.0 - p);
            }
            self.shift = (self.shift + (missing / curvature).clamp(-1.0, 1.0)).clamp(-5.0, 5.0);
        }
        self
    }

    /// Learn from some rows.
    ///
    /// *Model*: the weights are a logistic regression of the outcomes on the members' log-odds, none below 0, drawn a little
    /// to equal ones; a single member has the weight 1. Of no calibration, a straight line, and, with 500 rows of the rarer
    /// outcome, a line of pieces, the one is taken that has the least log loss in the folds that it was not learned from.
    ///
    /// *Reference*: Wolpert 1992, Stacked generalization; Breiman 1996, Stacked regressions (weights not below 0).
    pub fn fit(held: HeldOut<'_>, rows: &[usize]) -> Self {
        let weights = weights(held, rows, false);
        let odds: Vec<f64> = rows.iter().map(|row| mixed(held.odds, &weights, *row)).collect();
        let label: Vec<f64> = rows.iter().map(|row| held.label[*row]).collect();
        let weight: Vec<f64> = rows.iter().map(|row| held.weight[*row]).collect();
        let fold: Vec<usize> = rows.iter().map(|row| held.fold[*row]).collect();
        let positives = label.iter().filter(|y| **y == 1.0).count();
        let rarer = positives.min(label.len() - positives);
        let mut kinds: Vec<Kind> = vec![|_, _, _| Calibrator::Identity, Calibrator::platt];
        if rarer >= ENOUGH {
            kinds.push(Calibrator::isotonic);
        }
        let mut folds = fold.clone();
        folds.sort_unstable();
        folds.dedup();
        let loss = |kind: &Kind| -> f64 {
            let mut sum = 0.0;
            for &out in &folds {
                let part = |of: &[f64], inside: bool| -> Vec<f64> {
                    let rows = of.iter().zip(&fold).filter(|(_, f)| (**f == out) == inside);
                    rows.map(|(v, _)| *v).collect()
                };
                let learned = kind(&part(&odds, false), &part(&label, false), &part(&weight, false));
                let inside = part(&odds, true)
                    .into_iter()
                    .zip(part(&label, true))
                    .zip(part(&weight, true));
                sum += inside
                    .map(|((z, y), w)| w * log_loss(logistic(learned.apply(z)), y))
                    .sum::<f64>();
            }
            sum
        };
        let best = match folds.len() {
            0 | 1 => 1,
            _ => (0..kinds.len())
                .min_by(|a, b| loss(&kinds[*a]).total_cmp(&loss(&kinds[*b])))
                .unwrap_or(0),
        };
        Self {
            calibrator: kinds[best](&odds, &label, &weight),
            weights,
            shift: 0.0,
        }
    }

    /// True log-odds of a row from those of the members.
    pub fn apply(&self, odds: &[Vec<f64>], row: usize) -> f64 {
        let edge = (1.0 / EDGE).ln();
        let mixed = mixed(odds, &self.weights, row);
        (self.calibrator.apply(mixed) + self.shift).clamp(-edge, edge)
    }

    /// Weight of each member.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// How log-odds are calibrated.
    pub fn calibrator(&self) -> &Calibrator {
        &self.calibrator
    }

    /// Whether it is what [`Finish::fit`] makes of so many members.
    pub fn is_valid(&self, members: usize) -> bool {
        self.weights.len() == members
            && self.weights.iter().all(|w| w.is_finite() && *w >= 0.0)
            && self.calibrator.is_valid()
            && self.shift.is_finite()
    }
}

fn mixed(odds: &[Vec<f64>], weights: &[f64], row: usize) -> f64 {
    odds.iter().zip(weights).map(|(member, w)| w * member[row]).sum()
}

/// With a constant of its own for each fold, or without one.
fn weights(held: HeldOut<'_>, rows: &[usize], has_constants: bool) -> Vec<f64> {
    let members = held.odds.len();
    let equal = 1.0 / members.max(1) as f64;
    let mut found = vec![equal; members];
    if members < 2 && !has_constants {
        return found;
    }
    let folds = rows.iter().map(|row| held.fold[*row] + 1).max().unwrap_or(0);
    let mut constants = vec![0.0; folds];
    // One member after the other by Newton's step, as the bound is easy to keep then; constants and spread are nearly the same
    // where outcomes are rare, and need more of them.
    for _ in 0..if has_constants { 10 * ROUNDS } else { ROUNDS } {
        for m in 0..members {
            let (mut slope, mut curvature) = (-PULL * (found[m] - equal), PULL);
            for &row in rows {
                let p = logistic(mixed(held.odds, &found, row) + constants[held.fold[row]]);
                let (z, w) = (held.odds[m][row], held.weight[row]);
                slope += w * z * (held.label[row] - p);
                curvature += w * z * z * p * (1.0 - p);
            }
            found[m] = (found[m] + slope / curvature).clamp(0.0, 2.0);
        }
        if has_constants {
            let mut steps = vec![(0.0, PULL); folds];
            for &row in rows {
                let p = logistic(mixed(held.odds, &found, row) + constants[held.fold[row]]);
                let step = &mut steps[held.fold[row]];
                step.0 += held.weight[row] * (held.label[row] - p);
                step.1 += held.weight[row] * p * (1.0 - p);
            }
            let bounded = |(gap, curvature): &(f64, f64)| (gap / curvature).clamp(-1.0, 1.0);
            constants
                .iter_mut()
                .zip(&steps)
                .for_each(|(c, step)| *c += bounded(step));
        }
    }
    found
}
