//! Learning the weights of the distances and the slopes of the level correction.

use std::sync::Mutex;

use argmin::core::{CostFunction, Executor, Gradient, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use rayon::prelude::*;

use super::similarity::{Eligibility, Points, attention, gap_days};
use crate::error::{Error, Result};
use crate::panel::LaunchPanel;
use crate::statistics::{mean, spread_evenly};

/// Launches the forecasts rest on while learning, and launches forecast while learning, at most.
const MAX_REFERENCES: usize = 2_000;
const MAX_QUERIES: usize = 1_000;
/// Steps are averaged into at most this many blocks while learning; the weights are shared by all steps anyway.
const MAX_BLOCKS: usize = 8;
/// A launch with fewer eligible past launches is not forecast while learning.
const MIN_REFERENCES: usize = 50;
/// Strength of the pull of the weights to their start, and of the slopes to zero, in launches.
const WEIGHT_PRIOR: f64 = 8.0;
const SLOPE_PRIOR: f64 = 80.0;
const ITERATIONS: u64 = 60;
/// The priors are weighed by the variance of the errors, which is known only after a first search.
const ROUNDS: usize = 2;
/// A round that leaves at least this share of the variance is the last one.
const SETTLED: f64 = 0.9;
const MIN_VARIANCE: f64 = 1e-6;
const LOG_WEIGHT_BOUND: f64 = 7.0;

/// What learning yields.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// Weight of each distance, above zero.
    pub weights: Vec<f64>,
    /// Change of ln(1 + units) per unit of each linear feature.
    pub slopes: Vec<f64>,
    /// Root mean square error of the leave-out forecasts by step, `None` where none was possible.
    pub errors: Vec<Option<f64>>,
}

/// Learn weights and slopes by leaving each launch out.
///
/// *Model*: the launches in order of launch date; launch i is forecast from its eligible launches j (see
/// [`Eligibility`]) with attention w_ij proportional to exp(-sum_k theta_k d_k(i, j)) as
/// sum_j w_ij (y_j + beta . (z_i - z_j)), where y is ln(1 + units) in blocks of steps and z the linear features. The
/// mean squared error plus Gaussian priors on ln theta and beta is minimised by L-BFGS with exact gradients. The priors
/// count for a number of launches with errors of the variance that is left (empirical Bayes): where attributes say it
/// all, a few launches are enough to learn that.
///
/// *Shapes*: `features` is row-major, launches x linear features.
///
/// *References*: Nadaraya 1964, On estimating regression; Weinberger, Tesauro 2007, Metric learning for kernel
/// regression (leave-one-out gradient); Abadie, Imbens 2011, Bias-corrected matching estimators (the slopes).
///
/// # Errors
/// [`Error::Refused`] if the search fails.
pub fn learn(panel: &LaunchPanel, points: &Points, features: &[f64], feature_count: usize) -> Result<Learned> {
    let mut order: Vec<usize> = (0..panel.len()).collect();
    order.sort_by_key(|&i| (panel.launch_days()[i], i));
    let references = spread_evenly(&order, MAX_REFERENCES);
    let mut problem = Problem::new(panel, &points.select(&references), features, feature_count, &references);
    let start = [vec![problem.start; problem.distances], vec![0.0; feature_count]].concat();
    let mut best = start;
    if problem.count > 0.0 {
        for _ in 0..ROUNDS {
            best = problem.minimise(best)?;
            let variance = problem.mean_square(&best).max(MIN_VARIANCE);
            if variance > SETTLED * problem.variance {
                break;
            }
            problem.variance = variance;
            problem.last = Mutex::new(None);
        }
    }
    let (weights, slopes) = problem.unpack(&best);
    let errors = problem.step_errors(panel, &references, &weights, &slopes);
    Ok(Learned {
        weights,
        slopes,
        errors,
    })
}

/// A point with its cost and gradient.
struct Evaluation {
    point: Vec<f64>,
    cost: f64,
    gradient: Vec<f64>,
}

/// One launch to forecast: its number, the launches it may be forecast from and its distances to them.
struct Query {
    row: usize,
    others: Vec<u32>,
    distances: Vec<f32>,
}

struct Problem {
    distances: usize,
    features: Vec<f64>,
    feature_count: usize,
    blocks: usize,
    /// Mean ln(1 + units) by launch and block, and whether the block is observed (1 or 0).
    targets: Vec<f64>,
    observed: Vec<f64>,
    queries: Vec<Query>,
    /// Observed blocks over all queries.
    count: f64,
    variance: f64,
    /// Start of ln theta.
    start: f64,
    /// The last point and its cost and gradient: L-BFGS asks for both separately.
    last: Mutex<Option<Evaluation>>,
}

impl Problem {
    fn new(panel: &LaunchPanel, points: &Points, all_features: &[f64], feature_count: usize, rows: &[usize]) -> Self {
        let (n, horizon) = (rows.len(), panel.horizon());
        let blocks = horizon.min(MAX_BLOCKS);
        let (mut targets, mut observed) = (vec![0.0; n * blocks], vec![0.0; n * blocks]);
        for (r, &i) in rows.iter().enumerate() {
            for b in 0..blocks {
                let steps = &panel.log_units(i)[b * horizon / blocks..(b + 1) * horizon / blocks];
                if let Some(seen) = mean(steps.iter().copied().filter(|v| !v.is_nan())) {
                    targets[r * blocks + b] = seen;
                    observed[r * blocks + b] = 1.0;
                }
            }
        }
        let features = rows
            .iter()
            .flat_map(|&i| all_features[i * feature_count..(i + 1) * feature_count].iter().copied())
            .collect();
        let queries = queries(points, gap_days(panel.frequency(), horizon));
        let values: Vec<f64> = queries
            .iter()
            .flat_map(|q| q.row * blocks..(q.row + 1) * blocks)
            .filter(|&t| observed[t] > 0.0)
            .map(|t| targets[t])
            .collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count.max(1.0);
        let variance = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count.max(1.0)).max(MIN_VARIANCE);
        let distances = points.distances();
        Self {
            distances,
            features,
            feature_count,
            blocks,
            queries,
            count,
            variance,
            start: (6.0 / distances as f64).min(1.0).ln(),
            targets,
            observed,
            last: Mutex::new(None),
        }
    }

    fn unpack(&self, point: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (weights, slopes) = point.split_at(self.distances);
        (
            weights
                .iter()
                .map(|w| w.clamp(-LOG_WEIGHT_BOUND, LOG_WEIGHT_BOUND).exp())
                .collect(),
            slopes.to_vec(),
        )
    }

    /// beta . z of every launch.
    fn linear(&self, slopes: &[f64]) -> Vec<f64> {
        if self.feature_count == 0 {
            return vec![0.0; self.targets.len() / self.blocks];
        }
        self.features
            .chunks(self.feature_count)
            .map(|z| z.iter().zip(slopes).map(|(z, b)| z * b).sum())
            .collect()
    }

    /// Cost and gradient at a point; each query adds its own part, and the parts are added up in order.
    fn evaluate(&self, point: &[f64]) -> (f64, Vec<f64>) {
        let (weights, slopes) = self.unpack(point);
        let linear = self.linear(&slopes);
        let parts: Vec<(f64, Vec<f64>)> = self
            .queries
            .par_iter()
            .map(|q| self.evaluate_query(q, &weights, &linear))
            .collect();
        let (mut cost, mut gradient) = (0.0, vec![0.0; point.len()]);
        for (part, slope) in parts {
            cost += part;
            gradient.iter_mut().zip(slope).for_each(|(g, s)| *g += s);
        }
        cost /= self.count;
        gradient.iter_mut().for_each(|g| *g /= self.count);
        let launches = self.queries.len() as f64;
        for (p, value) in point.iter().enumerate() {
            let (prior, center) = if p < self.distances {
                (WEIGHT_PRIOR, self.start)
            } else {
                (SLOPE_PRIOR, 0.0)
            };
            let strength = prior * self.variance / launches;
            cost += strength * (value - center).powi(2);
            gradient[p] += 2.0 * strength * (value - center);
        }
        (cost, gradient)
    }

    fn evaluate_query(&self, query: &Query, weights: &[f64], linear: &[f64]) -> (f64, Vec<f64>) {
        pulp::Arch::new().dispatch(|| self.evaluate_one(query, weights, linear))
    }

    /// Blocks of a launch.
    #[inline(always)]
    fn of_launch<'a>(&self, values: &'a [f64], launch: usize) -> &'a [f64] {
        &values[launch * self.blocks..(launch + 1) * self.blocks]
    }

    /// Inlined, so that it runs with the instructions that were found.
    #[inline(always)]
    fn evaluate_one(&self, query: &Query, weights: &[f64], linear: &[f64]) -> (f64, Vec<f64>) {
        let (others, blocks) = (query.others.len(), self.blocks);
        let attention = attention(weights, &query.distances, others);
        let (mut total, mut sum) = (vec![0.0; blocks], vec![0.0; blocks]);
        for (w, &j) in attention.iter().zip(&query.others) {
            let j = j as usize;
            let (observed, targets) = (self.of_launch(&self.observed, j), self.of_launch(&self.targets, j));
            let (total, sum) = (&mut total[..blocks], &mut sum[..blocks]);
            for b in 0..blocks {
                let seen = w * observed[b];
                total[b] += seen;
                sum[b] += seen * (targets[b] - linear[j]);
            }
        }
        let mut cost = 0.0;
        let mut slope_total = 0.0;
        let (mut predicted, mut pull) = (vec![0.0; blocks], vec![0.0; blocks]);
        for b in 0..blocks {
            let target = query.row * blocks + b;
            if total[b] <= 1e-12 || self.observed[target] == 0.0 {
                continue;
            }
            predicted[b] = sum[b] / total[b];
            let error = predicted[b] + linear[query.row] - self.targets[target];
            cost += error * error;
            slope_total += 2.0 * error;
            pull[b] = 2.0 * error / total[b];
        }
        let mut gradient = vec![0.0; self.distances + self.feature_count];
        let (to_weights, to_slopes) = gradient.split_at_mut(self.distances);
        let mut by_logit = vec![0.0f64; others];
        for ((g, w), &j) in by_logit.iter_mut().zip(&attention).zip(&query.others) {
            let j = j as usize;
            let (mut logit, mut share) = (0.0, 0.0);
            let (observed, targets) = (self.of_launch(&self.observed, j), self.of_launch(&self.targets, j));
            let (pull, predicted) = (&pull[..blocks], &predicted[..blocks]);
            for b in 0..blocks {
                let p = pull[b] * observed[b];
                share += p;
                logit += p * (targets[b] - linear[j] - predicted[b]);
            }
            *g = w * logit;
            let share = w * share;
            let z = &self.features[j * self.feature_count..(j + 1) * self.feature_count];
            to_slopes.iter_mut().zip(z).for_each(|(s, z)| *s -= share * z);
        }
        let z = &self.features[query.row * self.feature_count..(query.row + 1) * self.feature_count];
        to_slopes.iter_mut().zip(z).for_each(|(s, z)| *s += slope_total * z);
        for (k, (slope, weight)) in to_weights.iter_mut().zip(weights).enumerate() {
            let along: f64 = by_logit
                .iter()
                .zip(&query.distances[k * others..(k + 1) * others])
                .map(|(g, d)| g * f64::from(*d))
                .sum();
            *slope = -weight * along;
        }
        (cost, gradient)
    }

    /// Root mean square error by step of the leave-out forecasts.
    fn step_errors(&self, panel: &LaunchPanel, rows: &[usize], weights: &[f64], slopes: &[f64]) -> Vec<Option<f64>> {
        let linear = self.linear(slopes);
        let squares: Vec<Vec<f64>> = self
            .queries
            .par_iter()
            .map(|q| {
                let attention = attention(weights, &q.distances, q.others.len());
                let actual = panel.log_units(rows[q.row]);
                (0..panel.horizon())
                    .map(|step| {
                        let (mut total, mut sum) = (0.0, 0.0);
                        for (w, &j) in attention.iter().zip(&q.others) {
                            let y = panel.log_units(rows[j as usize])[step];
                            if !y.is_nan() {
                                total += w;
                                sum += w * (y - linear[j as usize]);
                            }
                        }
                        (sum / total + linear[q.row] - actual[step]).powi(2)
                    })
                    .collect()
            })
            .collect();
        (0..panel.horizon())
            .map(|step| mean(squares.iter().map(|s| s[step]).filter(|v| v.is_finite())).map(f64::sqrt))
            .collect()
    }
}

/// The launches to forecast while learning, under the strictest rule that leaves at least a third of them.
fn queries(points: &Points, gap: f64) -> Vec<Query> {
    let n = points.len();
    let minimum = MIN_REFERENCES.min((n / 10).max(5)).min(n.saturating_sub(1)).max(1);
    let rows = spread_evenly(&(0..n).collect::<Vec<_>>(), MAX_QUERIES);
    for rule in [Eligibility::Earlier, Eligibility::Apart, Eligibility::Others] {
        let eligible: Vec<(usize, Vec<u32>)> = rows
            .iter()
            .map(|&row| (row, rule.of(points.launch_days(), row, gap)))
            .filter(|(_, others)| others.len() >= minimum)
            .collect();
        if 3 * eligible.len() < rows.len() && rule != Eligibility::Others {
            continue;
        }
        return eligible
            .into_par_iter()
            .map(|(row, others)| {
                let mut distances = vec![0f32; points.distances() * others.len()];
                for (k, out) in distances.chunks_mut(others.len()).enumerate() {
                    points.distance(k, points, row, &others, out);
                }
                Query { row, others, distances }
            })
            .collect();
    }
    Vec::new()
}

impl CostFunction for &Problem {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, point: &Vec<f64>) -> std::result::Result<f64, argmin::core::Error> {
        Ok(self.cached(point).0)
    }
}

impl Gradient for &Problem {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, point: &Vec<f64>) -> std::result::Result<Vec<f64>, argmin::core::Error> {
        Ok(self.cached(point).1)
    }
}

impl Problem {
    /// The best point found from a start.
    fn minimise(&self, start: Vec<f64>) -> Result<Vec<f64>> {
        let failed = |e: argmin::core::Error| Error::refused(format!("the similarity could not be learned: {e}"));
        let solver = LBFGS::new(MoreThuenteLineSearch::new(), 8)
            .with_tolerance_grad(1e-5)
            .and_then(|s| s.with_tolerance_cost(1e-8))
            .map_err(failed)?;
        let result = Executor::new(self, solver)
            .configure(|s| s.param(start.clone()).max_iters(ITERATIONS))
            .run();
        // A line search that cannot go on has still found the best point so far; without one the start stands.
        Ok(result
            .ok()
            .and_then(|r| r.state.get_best_param().cloned())
            .unwrap_or(start))
    }

    /// Mean squared error of the leave-out forecasts.
    fn mean_square(&self, point: &[f64]) -> f64 {
        let (weights, slopes) = self.unpack(point);
        let linear = self.linear(&slopes);
        let parts: Vec<f64> = self
            .queries
            .par_iter()
            .map(|q| self.evaluate_query(q, &weights, &linear).0)
            .collect();
        parts.into_iter().sum::<f64>() / self.count
    }

    fn cached(&self, point: &[f64]) -> (f64, Vec<f64>) {
        let Ok(mut last) = self.last.lock() else {
            return self.evaluate(point);
        };
        if let Some(known) = last.as_ref().filter(|known| known.point == point) {
            return (known.cost, known.gradient.clone());
        }
        let (cost, gradient) = self.evaluate(point);
        *last = Some(Evaluation {
            point: point.to_vec(),
            cost,
            gradient: gradient.clone(),
        });
        (cost, gradient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::tests::planted_panel;

    #[test]
    fn gradient_equals_finite_differences() {
        let panel = planted_panel(60, 6, 1);
        let (points, features, count, _) = super::super::inputs(&panel);
        let mut order: Vec<usize> = (0..panel.len()).collect();
        order.sort_by_key(|&i| (panel.launch_days()[i], i));
        let problem = Problem::new(&panel, &points.select(&order), &features, count, &order);
        let point: Vec<f64> = (0..problem.distances + count).map(|p| 0.1 * (p as f64) - 0.2).collect();
        let (_, gradient) = problem.evaluate(&point);
        for p in 0..point.len() {
            let shifted = |h: f64| {
                let mut q = point.clone();
                q[p] += h;
                problem.evaluate(&q).0
            };
            let numeric = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
            assert!(
                (numeric - gradient[p]).abs() < 1e-5 * (1.0 + numeric.abs()),
                "{p}: {numeric} {}",
                gradient[p]
            );
        }
    }
}
