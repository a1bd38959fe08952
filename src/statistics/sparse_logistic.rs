//! Logistic regression on sparse rows, of as many columns as there are words.

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::ridge::Sparse;

/// Passes over the rows at most.
const PASSES: usize = 200;
/// Log-odds by which no row is off at the end.
const TOLERANCE: f64 = 0.1;
/// Newton's steps for one row at most.
const STEPS: usize = 30;
/// Log-odds of a share that is as good as none: where rows start.
const NOTHING: f64 = -12.0;

/// Slopes that minimise the weighted log loss plus `penalty` / 2 times their squares, and what is behind them, from which
/// the next penalty starts.
///
/// *Model*: ln(p / (1 - p)) = x' b. In the dual each row has a share a in (0, 1), b = sum of s C a x, with s = 1 for positives and -1
/// for the others and C = weight / penalty; at the optimum a is the probability that the row is *not* what it is. One row
/// after the other is solved for u = ln(a / (1 - a)) exactly: s x' b + u + C x' x (a - a before) = 0 rises in u by at least 1, so
/// that its root lies between u and u less its value there. Rows come in an order drawn anew for each pass.
///
/// *Determinism*: depends on the order of the rows and nothing else.
///
/// *Reference*: Yu, Huang, Lin 2011, Dual coordinate descent methods for logistic regression and maximum entropy models
/// (whose subproblem is solved for a, here for its log-odds).
pub struct SparseLogistic {
    /// Columns and values of all rows, one after the other, as near to each other as can be: passes wait for memory.
    entries: Vec<(u32, f32)>,
    rows: Vec<Row>,
    columns: usize,
}

struct Row {
    /// Where its entries end.
    end: usize,
    /// Its weight, below zero where it is not positive.
    signed: f64,
    /// Squared length.
    square: f64,
    /// Log-odds of its share.
    odds: f64,
}

impl SparseLogistic {
    /// Of rows, each with the columns that are not zero, whether it is positive, and its weight, which is above 0. A constant is
    /// a column of ones and is penalised as the others; a column is penalised less by making it larger. Column numbers are
    /// below `columns`.
    pub fn new<'a>(rows: impl Iterator<Item = (&'a Sparse, bool, f64)>, columns: usize) -> Self {
        let mut entries = Vec::new();
        let mut read = |(row, positive, weight): (&'a Sparse, bool, f64)| {
            entries.extend(row.iter().map(|&(column, value)| (column, value as f32)));
            Row {
                end: entries.len(),
                signed: if positive { weight } else { -weight },
                square: row.iter().map(|(_, v)| v * v).sum(),
                odds: NOTHING,
            }
        };
        Self {
            rows: rows.map(&mut read).collect(),
            entries,
            columns,
        }
    }

    /// The entries of a row.
    fn entries(&self, row: usize) -> &[(u32, f32)] {
        let start = row.checked_sub(1).map_or(0, |before| self.rows[before].end);
        &self.entries[start..self.rows[row].end]
    }

    /// The slopes for a penalty above 0, in units of the squared slope. Where the last one was is where it starts.
    pub fn solve(&mut self, penalty: f64) -> Vec<f64> {
        let mut slopes = vec![0.0; self.columns];
        for (k, row) in self.rows.iter().enumerate() {
            add(&mut slopes, self.entries(k), row.signed / penalty * logistic(row.odds));
        }
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        let mut random = ChaCha8Rng::seed_from_u64(0);
        for _ in 0..PASSES {
            order.shuffle(&mut random);
            let mut most = 0.0_f64;
            for &k in &order {
                let (row, entries) = (&self.rows[k], self.entries(k));
                let largest = row.signed / penalty;
                let (before, scale) = (row.odds, largest.abs() * row.square);
                let margin = largest.signum() * dot(entries, &slopes);
                most = most.max((margin + before).abs());
                let share = logistic(before);
                let after = root(before, |odds| {
                    let now = logistic(odds);
                    (margin + odds + scale * (now - share), 1.0 + scale * now * (1.0 - now))
                });
                add(&mut slopes, entries, largest * (logistic(after) - share));
                self.rows[k].odds = after;
            }
            if most < TOLERANCE {
                break;
            }
        }
        slopes
    }
}

/// The root of a function that rises by at least 1, by Newton's method between bounds that close in.
fn root(start: f64, value_and_slope: impl Fn(f64) -> (f64, f64)) -> f64 {
    let (mut at, mut low, mut high) = (start, f64::NEG_INFINITY, f64::INFINITY);
    for _ in 0..STEPS {
        let (value, slope) = value_and_slope(at);
        if value.abs() < 1e-9 || value.is_nan() {
            break;
        }
        if value > 0.0 {
            (high, low) = (at, low.max(at - value));
        } else {
            (low, high) = (at, high.min(at - value));
        }
        let next = at - value / slope;
        at = if next > low && next < high {
            next
        } else {
            (low + high) / 2.0
        };
    }
    at
}

/// In four sums, as each would wait for the one before.
fn dot(row: &[(u32, f32)], slopes: &[f64]) -> f64 {
    let product = |&(column, value): &(u32, f32)| f64::from(value) * slopes[column as usize];
    let mut sums = [0.0; 4];
    let fours = row.chunks_exact(4);
    let rest: f64 = fours.remainder().iter().map(product).sum();
    for four in fours {
        sums.iter_mut()
            .zip(four)
            .for_each(|(sum, entry)| *sum += product(entry));
    }
    sums.iter().sum::<f64>() + rest
}

fn add(slopes: &mut [f64], row: &[(u32, f32)], times: f64) {
    row.iter()
        .for_each(|&(column, value)| slopes[column as usize] += times * f64::from(value));
}

fn logistic(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::mix;

    fn world(count: u64) -> (Vec<Sparse>, Vec<bool>) {
        let uniform = |x: u64| mix(x) as f64 / u64::MAX as f64;
        let row = |i: u64| vec![(0, 1.0), (1 + (mix(i) % 20) as u32, 1.0), (21, 2.0 * uniform(i) - 1.0)];
        let rows: Vec<Sparse> = (0..count).map(row).collect();
        let odds = |row: &Sparse| -1.0 + f64::from(row[1].0) / 10.0 + row[2].1;
        let outcome = |(i, row): (usize, &Sparse)| uniform(i as u64 + (1 << 40)) < logistic(odds(row));
        let positive = rows.iter().enumerate().map(outcome).collect();
        (rows, positive)
    }

    /// The gradient of the penalised log loss is as good as zero.
    #[test]
    fn the_gradient_is_zero_at_the_solution() {
        let (rows, positive) = world(400);
        let weight: Vec<f64> = (0..400).map(|i| 0.5 + f64::from(i % 3)).collect();
        let members: Vec<usize> = (0..400).filter(|i| i % 5 != 0).collect();
        let learned = members.iter().map(|row| (&rows[*row], positive[*row], weight[*row]));
        let mut problem = SparseLogistic::new(learned, 22);
        for penalty in [100.0, 1.0, 0.05] {
            let slopes = problem.solve(penalty);
            let mut gradient: Vec<f64> = slopes.iter().map(|b| penalty * b).collect();
            let mut at_zero = vec![0.0; slopes.len()];
            for &row in &members {
                let p = logistic(crate::statistics::ridge::dot(&rows[row], &slopes));
                let label = f64::from(u8::from(positive[row]));
                for &(column, value) in &rows[row] {
                    gradient[column as usize] += weight[row] * (p - label) * value;
                    at_zero[column as usize] += weight[row] * (0.5 - label) * value;
                }
            }
            let largest = |of: &[f64]| of.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
            assert!(
                largest(&gradient) < 0.02 * largest(&at_zero),
                "penalty {penalty}: {gradient:?}"
            );
        }
    }

    #[test]
    fn a_start_near_by_leads_to_the_same_place() {
        let (rows, positive) = world(300);
        let learned = || rows.iter().zip(&positive).map(|(row, positive)| (row, *positive, 1.0));
        let mut once = SparseLogistic::new(learned(), 22);
        let mut twice = SparseLogistic::new(learned(), 22);
        twice.solve(10.0);
        for (a, b) in once.solve(1.0).iter().zip(twice.solve(1.0)) {
            assert!((a - b).abs() < 0.1, "{a} {b}");
        }
    }

    #[test]
    fn one_outcome_and_empty_rows_are_no_trouble() {
        let rows: Vec<Sparse> = vec![vec![], vec![(0, 1.0)], vec![(0, 1e6)]];
        for positive in [[true; 3], [false; 3], [true, false, true]] {
            let learned = rows.iter().zip(positive).map(|(row, positive)| (row, positive, 1.0));
            let found = SparseLogistic::new(learned, 1).solve(1.0);
            assert!(found[0].is_finite(), "{found:?}");
        }
        assert_eq!(SparseLogistic::new(std::iter::empty(), 2).solve(1.0), [0.0; 2]);
    }
}
