//! Logistic regression with a ridge penalty.

use arrow_array::RecordBatch;
use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use super::architecture::Lesson;
use super::scores::log_loss;
use crate::calibration::logistic;
use crate::error::{Error, Result};
use crate::features::{AttributeEncoder, Design, Flag, Levels, Plan, Words};
use crate::statistics::mix;
use crate::statistics::ridge::{Sparse, dot};

/// Numbers with their squares, levels and words.
const PLAN: Plan = Plan {
    square: true,
    missing: Flag::WhereSeen,
    bounded: true,
    levels: Levels::Frequent {
        most: 100,
        at_least: 10,
    },
    words: Words::Weight(200),
    ..Plan::NUMBERS
};
/// Columns at most: the matrix of their products is kept.
const MAX_COLUMNS: usize = 1_000;
/// Penalties that are tried, in units of the squared slope.
const PENALTIES: [f64; 4] = [0.3, 3.0, 30.0, 300.0];
/// Watched positive rows from which they choose the penalty; with fewer all rows do, in parts.
const ENOUGH: usize = 30;
const PARTS: u64 = 5;
const ROUNDS: usize = 25;
/// Change of the penalised log likelihood, as a share of it, that is none.
const TOLERANCE: f64 = 1e-9;

/// A fitted regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Logistic {
    design: Design,
    /// The constant first.
    slopes: Vec<f64>,
}

impl Logistic {
    /// Fit to the rows of a lesson. The penalty is the one of least loss on the rows that are watched, or, where
    /// few of these are positive, out of fold in five parts.
    ///
    /// *Model*: ln(p / (1 - p)) = a + x' b, minimising the weighted log loss plus penalty / 2 times the squares of b, by
    /// Newton's method. Numbers are standardised and end at the range learned from; what is missing is at the mean, with a
    /// column that says so.
    ///
    /// # Errors
    /// [`Error::Internal`] where the matrix is not positive definite.
    pub fn fit(lesson: &Lesson<'_>) -> Result<Self> {
        let encoder = AttributeEncoder::fit_to(lesson.attributes, lesson.label);
        let columns = encoder.encode(lesson.attributes);
        let design = Design::fit(encoder, &columns, &PLAN);
        let first: Vec<usize> = (0..design.columns().min(MAX_COLUMNS)).collect();
        let design = design.keep(&first);
        let rows = design.sparse(&columns);
        let all: Vec<usize> = (0..rows.len()).collect();
        let positives = |rows: &[usize]| rows.iter().filter(|row| lesson.label[**row] == 1.0).count();
        let parts =
            |part: &dyn Fn(usize) -> bool| -> (Vec<usize>, Vec<usize>) { all.iter().partition(|row| part(**row)) };
        let watched = parts(&|row| lesson.watched[row]);
        // A few outcomes would choose by chance.
        let parts: Vec<(Vec<usize>, Vec<usize>)> = match positives(&watched.0) {
            ENOUGH.. => vec![watched],
            _ => (0..PARTS)
                .map(|k| parts(&|row| mix(u64::from(lesson.unit[row])) % PARTS == k))
                .collect(),
        };
        let mut losses = [0.0; PENALTIES.len()];
        let mut start = vec![0.0; design.columns() + 1];
        for (held, learned) in parts
            .iter()
            .filter(|(held, learned)| !held.is_empty() && positives(learned) > 0)
        {
            for (penalty, loss) in PENALTIES.iter().zip(&mut losses).rev() {
                start = newton(&rows, lesson, learned, *penalty, start)?;
                let of = |row: &usize| {
                    lesson.weight[*row] * log_loss(logistic(value(&rows[*row], &start)), lesson.label[*row])
                };
                *loss += held.iter().map(of).sum::<f64>();
            }
        }
        let best = (0..losses.len())
            .min_by(|a, b| losses[*a].total_cmp(&losses[*b]))
            .unwrap_or(1);
        let slopes = newton(&rows, lesson, &all, PENALTIES[best], start)?;
        Ok(Self { design, slopes })
    }

    /// Log-odds of rows.
    pub fn log_odds(&self, attributes: &RecordBatch) -> Vec<f64> {
        if self.design.columns() == 0 {
            return vec![self.slopes[0]; attributes.num_rows()];
        }
        let columns = self.design.encoder().encode(attributes);
        let rows = self.design.sparse(&columns);
        rows.iter().map(|row| value(row, &self.slopes)).collect()
    }

    /// Whether it is what [`Logistic::fit`] makes.
    pub fn is_valid(&self) -> bool {
        self.design.is_valid()
            && self.slopes.len() == self.design.columns() + 1
            && self.slopes.iter().all(|b| b.is_finite())
    }

    /// Names of the features it looks at.
    pub fn encoder(&self) -> &AttributeEncoder {
        self.design.encoder()
    }
}

fn value(row: &Sparse, slopes: &[f64]) -> f64 {
    slopes[0] + dot(row, &slopes[1..])
}

fn newton(rows: &[Sparse], lesson: &Lesson<'_>, members: &[usize], penalty: f64, start: Vec<f64>) -> Result<Vec<f64>> {
    let size = start.len();
    let loss = |slopes: &[f64]| -> f64 {
        let of = |row: &usize| {
            let z = value(&rows[*row], slopes);
            lesson.weight[*row] * (z.max(0.0) + (-z.abs()).exp().ln_1p() - lesson.label[*row] * z)
        };
        let squares: f64 = slopes[1..].iter().map(|b| b * b).sum();
        members.iter().map(of).sum::<f64>() + penalty / 2.0 * squares
    };
    let mut slopes = start;
    let mut now = loss(&slopes);
    for _ in 0..ROUNDS {
        let mut matrix = DMatrix::<f64>::zeros(size, size);
        let mut gradient = DVector::from_fn(size, |j, _| if j == 0 { 0.0 } else { -penalty * slopes[j] });
        for j in 0..size {
            matrix[(j, j)] = if j == 0 { 1e-9 } else { penalty };
        }
        for &row in members {
            let p = logistic(value(&rows[row], &slopes));
            let error = lesson.weight[row] * (lesson.label[row] - p);
            let curvature = lesson.weight[row] * p * (1.0 - p);
            gradient[0] += error;
            matrix[(0, 0)] += curvature;
            for (k, &(column, v)) in rows[row].iter().enumerate() {
                let column = column as usize + 1;
                gradient[column] += error * v;
                matrix[(column, 0)] += curvature * v;
                // The lower half of a symmetric matrix: columns of a row are in order.
                for &(other, w) in &rows[row][..=k] {
                    matrix[(column, other as usize + 1)] += curvature * v * w;
                }
            }
        }
        let factor = matrix
            .cholesky()
            .ok_or_else(|| Error::internal("a ridge matrix is not positive definite"))?;
        let step = factor.solve(&gradient);
        let mut size = 1.0;
        let next = loop {
            let tried: Vec<f64> = slopes.iter().zip(step.iter()).map(|(b, s)| b + size * s).collect();
            let loss = loss(&tried);
            if loss <= now || size < 1e-4 {
                break (tried, loss);
            }
            size /= 2.0;
        };
        let done = now - next.1 <= TOLERANCE * now.abs();
        if next.1 <= now {
            (slopes, now) = next;
        }
        if done {
            break;
        }
    }
    Ok(slopes)
}
