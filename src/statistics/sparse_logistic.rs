//! Logistic regression on sparse rows, of as many columns as there are words.

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::ridge::{Sparse, dot};

/// Passes over the rows at most.
const PASSES: usize = 200;
/// Log-odds by which no row is off at the end.
const TOLERANCE: f64 = 0.01;
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
/// | Parameter | Purpose |
/// |---|---|
/// | `rows` | columns that are not zero; a constant is a column of ones, and is penalised as the others |
/// | `positive` | outcomes, by row |
/// | `weight` | above 0, by row |
/// | `members` | rows that are learned from |
/// | `penalty` | above 0, in units of the squared slope; one column is penalised less by making it larger |
///
/// *Determinism*: depends on the order of `members` and nothing else.
///
/// *Reference*: Yu, Huang, Lin 2011, Dual coordinate descent methods for logistic regression and maximum entropy models
/// (whose subproblem is solved for a, here for its log-odds).
pub struct SparseLogistic<'a> {
    rows: &'a [Sparse],
    positive: &'a [bool],
    weight: &'a [f64],
    members: &'a [usize],
    columns: usize,
    /// Squared length of each member.
    squares: Vec<f64>,
    /// Log-odds of the share of each member.
    odds: Vec<f64>,
}

impl<'a> SparseLogistic<'a> {
    /// Of rows with column numbers below `columns`, from zero slopes.
    pub fn new(
        rows: &'a [Sparse],
        positive: &'a [bool],
        weight: &'a [f64],
        members: &'a [usize],
        columns: usize,
    ) -> Self {
        let square = |row: &usize| rows[*row].iter().map(|(_, v)| v * v).sum();
        Self {
            squares: members.iter().map(square).collect(),
            odds: vec![NOTHING; members.len()],
            rows,
            positive,
            weight,
            members,
            columns,
        }
    }

    /// The slopes for a penalty. Where the last one was is where it starts.
    pub fn solve(&mut self, penalty: f64) -> Vec<f64> {
        let mut slopes = vec![0.0; self.columns];
        let signed = |row: usize| if self.positive[row] { 1.0 } else { -1.0 };
        for (&row, odds) in self.members.iter().zip(&self.odds) {
            let share = signed(row) * self.weight[row] / penalty * logistic(*odds);
            add(&mut slopes, &self.rows[row], share);
        }
        let mut order: Vec<usize> = (0..self.members.len()).collect();
        let mut random = ChaCha8Rng::seed_from_u64(0);
        for _ in 0..PASSES {
            order.shuffle(&mut random);
            let mut most = 0.0_f64;
            for &k in &order {
                let row = self.members[k];
                let (sign, most_share) = (signed(row), self.weight[row] / penalty);
                let (before, scale) = (self.odds[k], most_share * self.squares[k]);
                let margin = sign * dot(&self.rows[row], &slopes);
                most = most.max((margin + before).abs());
                let share = logistic(before);
                let after = root(before, |odds| {
                    let now = logistic(odds);
                    (margin + odds + scale * (now - share), 1.0 + scale * now * (1.0 - now))
                });
                self.odds[k] = after;
                add(
                    &mut slopes,
                    &self.rows[row],
                    sign * most_share * (logistic(after) - share),
                );
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

fn add(slopes: &mut [f64], row: &Sparse, times: f64) {
    row.iter()
        .for_each(|&(column, value)| slopes[column as usize] += times * value);
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

    /// The gradient of the penalised log loss is zero.
    #[test]
    fn the_gradient_is_zero_at_the_solution() {
        let (rows, positive) = world(400);
        let weight: Vec<f64> = (0..400).map(|i| 0.5 + f64::from(i % 3)).collect();
        let members: Vec<usize> = (0..400).filter(|i| i % 5 != 0).collect();
        let mut problem = SparseLogistic::new(&rows, &positive, &weight, &members, 22);
        for penalty in [100.0, 1.0, 0.05] {
            let slopes = problem.solve(penalty);
            let mut gradient: Vec<f64> = slopes.iter().map(|b| penalty * b).collect();
            for &row in &members {
                let p = logistic(dot(&rows[row], &slopes));
                add(
                    &mut gradient,
                    &rows[row],
                    weight[row] * (p - f64::from(u8::from(positive[row]))),
                );
            }
            let largest = gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
            assert!(largest < 0.5, "penalty {penalty}: {largest}");
        }
    }

    #[test]
    fn a_start_near_by_leads_to_the_same_place() {
        let (rows, positive) = world(300);
        let (weight, members) = (vec![1.0; 300], (0..300).collect::<Vec<_>>());
        let mut once = SparseLogistic::new(&rows, &positive, &weight, &members, 22);
        let mut twice = SparseLogistic::new(&rows, &positive, &weight, &members, 22);
        twice.solve(10.0);
        for (a, b) in once.solve(1.0).iter().zip(twice.solve(1.0)) {
            assert!((a - b).abs() < 0.01, "{a} {b}");
        }
    }

    #[test]
    fn one_outcome_and_empty_rows_are_no_trouble() {
        let rows: Vec<Sparse> = vec![vec![], vec![(0, 1.0)], vec![(0, 1e6)]];
        for positive in [[true; 3], [false; 3], [true, false, true]] {
            let found = SparseLogistic::new(&rows, &positive, &[1.0; 3], &[0, 1, 2], 1).solve(1.0);
            assert!(found[0].is_finite(), "{found:?}");
        }
        assert_eq!(SparseLogistic::new(&[], &[], &[], &[], 2).solve(1.0), [0.0; 2]);
    }
}
