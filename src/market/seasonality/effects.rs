//! Effects of seasons and events beside a trend, shrunk by how noisy they are.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

use super::panel::Panel;
use crate::market::regression::t_quantile;

/// Passes of the quasi-likelihood at most.
const MAX_PASSES: usize = 60;
/// Passes with weights of their own at most, and the step from which on weights stay as they are.
const WEIGHTED_PASSES: usize = 20;
const WEIGHTED_STEP: f64 = 0.02;
/// A pass that moves no period by more than this is the last one.
const TOLERANCE: f64 = 1e-9;
/// The common shock of a period taken for its weight: a coefficient of variation of 5 %.
const SHOCK: f64 = 0.0025;
/// Residual variance of data without any noise.
const MIN_VARIANCE: f64 = 1e-12;
/// A rate stays within exp(-10) and exp(10) of its mean.
const MAX_LOG: f64 = 10.0;
/// Steps of the decomposition at most; a hundred are enough.
const MAX_TURNS: usize = 10_000;

/// What explains the rates of a panel.
#[derive(Debug, Clone)]
pub struct Design {
    /// Class of each period of the panel, from 0.
    pub class: Vec<usize>,
    /// Events of each period of the panel, from 0.
    pub events: Vec<Vec<usize>>,
    /// Classes.
    pub classes: usize,
    /// Events.
    pub event_count: usize,
    /// Columns of the trend by period: one level per stretch, then slopes.
    pub trend: Vec<Vec<f64>>,
    /// How neighbouring classes hang together: ways among which the likelihood decides.
    pub neighbours: &'static [Neighbours],
}

/// Correlation of the deviations of two classes: share * exp(-distance / length), around the year.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbours {
    /// What classes have in common with others; the rest is their own, such as the spike of a holiday.
    pub share: f64,
    /// In classes.
    pub length: f64,
}

/// Effects of classes, then of events.
#[derive(Debug, Clone, PartialEq)]
pub struct Effects {
    /// Mean on the log scale.
    pub mean: Vec<f64>,
    /// Index of each class against the mean of the classes counted, then ratio of each event.
    pub ratio: Vec<f64>,
    /// Standard error of the logarithm of each ratio.
    pub error: Vec<f64>,
    /// Share of the prior in each ratio, 0 to 1.
    pub shrinkage: Vec<f64>,
    /// Degrees of freedom of the errors.
    pub freedom: usize,
}

impl Effects {
    /// Central interval of a ratio.
    pub fn interval(&self, effect: usize, level: f64) -> (f64, f64) {
        let width = t_quantile(level, self.freedom) * self.error[effect];
        (self.ratio[effect] * (-width).exp(), self.ratio[effect] * width.exp())
    }
}

impl Effects {
    /// Effects of a group, beside a prior: those of the products that are not of the group, or an index of 1 throughout.
    ///
    /// *Model*: rate_p = exp(trend_p + prior_c + d_c + sum of prior_e + d_e over the events of p) (1 + error), for class
    /// c of period p. The trend has a flat prior. The deviations d of all classes and events are normal with variance
    /// w^2, those of classes correlated as [`Neighbours`] says. The error has variance s^2 (1 + f / (0.0025 m_p)),
    /// where m_p are the units expected and f is the dispersion of products' units: the share of chance in few units,
    /// and shocks that all products share. Estimation is penalised quasi-likelihood: least squares on the working
    /// response (rate - fit) / fit, repeated, which averages ratios to trend as classical decomposition does and takes
    /// a period without sales as it is.
    ///
    /// *Shrinkage*: with one observation per class, an effect would be pulled to the prior by B = s^2 / (s^2 + w^2).
    /// B has a uniform prior, over which and over the kinds of neighbours all results are averaged by marginal likelihood, with
    /// s^2 integrated out. So one year of data counts half, years that agree count nearly in full, and years that
    /// contradict each other little. The errors hold what is not known of s and w; the prior's own error is a part of
    /// the deviations, and so of w.
    ///
    /// *Index*: exp(effect) over its mean of the classes counted; its error is that of the difference (delta method).
    ///
    /// *Determinism*: no random numbers, fixed order of sums.
    ///
    /// *References*: Breslow, Clayton 1993, Approximate inference in generalized linear mixed models; Christiansen,
    /// Morris 1997, Hierarchical Poisson regression modeling (uniform prior of the shrinkage); Patterson, Thompson 1971,
    /// Recovery of inter-block information when block sizes are unequal; Hyndman, Athanasopoulos 2021, Forecasting:
    /// principles and practice, 3.4 (classical decomposition).
    pub fn fit(panel: &Panel, design: &Design, prior: &[f64], counted: &[bool]) -> Self {
        let n = panel.rate.len();
        let size = design.classes + design.event_count;
        let mean_size = panel.size.iter().sum::<f64>() / n as f64;
        // Of a single product nothing is known; a mean period then has as much noise from chance as from shocks.
        let chance = panel.dispersion.unwrap_or(SHOCK * mean_size).max(0.0);
        let x = DMatrix::from_fn(n, design.trend.len(), |row, column| design.trend[column][row]);
        let z = DMatrix::from_fn(n, size, |row, column| {
            let hit = if column < design.classes {
                design.class[row] == column
            } else {
                design.events[row].contains(&(column - design.classes))
            };
            f64::from(u8::from(hit))
        });
        let base: Vec<f64> = (0..n)
            .map(|row| (0..size).map(|effect| z[(row, effect)] * prior[effect]).sum())
            .collect();
        let kernels: Vec<DMatrix<f64>> = design.neighbours.iter().map(|n| kernel(design, n)).collect();
        let mut fit = DVector::from_column_slice(&base);
        let mut solved = Vec::new();
        let mut average = Average::empty(size);
        let mut moving = f64::INFINITY;
        for pass in 0..MAX_PASSES {
            let ratio: Vec<f64> = (0..n).map(|row| panel.rate[row] / fit[row].exp()).collect();
            let response = DVector::from_fn(n, |row, _| fit[row] + ratio[row] - 1.0 - base[row]);
            if pass < WEIGHTED_PASSES && moving > WEIGHTED_STEP {
                let weights = weights(panel, &fit, chance);
                solved = kernels.iter().map(|k| Solver::new(&x, &z, k, &weights)).collect();
            }
            average = Average::of(&solved, &x, &response);
            let fresh = DVector::from_column_slice(&base) + average.fitted(&x, &z, &solved, &response);
            let step = (&fresh - &fit).amax();
            let damped = if step > 1.0 { 1.0 / step } else { 1.0 };
            for row in 0..n {
                fit[row] = (fit[row] + damped * (fresh[row] - fit[row])).clamp(-MAX_LOG, MAX_LOG);
            }
            moving = moving.min(step);
            if step <= TOLERANCE {
                break;
            }
        }
        let mean: Vec<f64> = (0..size)
            .map(|effect| prior[effect] + average.deviation[effect])
            .collect();
        let level = mean[..design.classes]
            .iter()
            .zip(counted)
            .filter(|(_, c)| **c)
            .map(|(m, _)| m.exp());
        let classes = counted.iter().filter(|c| **c).count().max(1) as f64;
        let total: f64 = level.sum();
        let ratio = |effect: usize| {
            let against = if effect < design.classes { total / classes } else { 1.0 };
            mean[effect].exp() / against
        };
        let mut effects = Self {
            ratio: (0..size).map(ratio).collect(),
            error: Vec::with_capacity(size),
            shrinkage: Vec::with_capacity(size),
            freedom: n.saturating_sub(design.trend.len()).max(1),
            mean: mean.clone(),
        };
        for effect in 0..size {
            let mut contrast = DVector::zeros(size);
            contrast[effect] = 1.0;
            if effect < design.classes {
                for class in (0..design.classes).filter(|&c| counted[c]) {
                    contrast[class] -= mean[class].exp() / total;
                }
            }
            let (variance, share) = average.contrast(&contrast, &solved);
            effects.error.push(variance.sqrt());
            effects.shrinkage.push(share);
        }
        effects
    }
}

/// Weights with mean 1: the inverse of each period's variance.
fn weights(panel: &Panel, fit: &DVector<f64>, chance: f64) -> DVector<f64> {
    let weight = |row: usize| 1.0 / (SHOCK + chance / (panel.size[row] * fit[row].exp()).max(f64::MIN_POSITIVE));
    let weights = DVector::from_fn(panel.rate.len(), |row, _| weight(row));
    let mean = weights.mean();
    if mean > 0.0 {
        weights / mean
    } else {
        weights.map(|_| 1.0)
    }
}

/// A root of the correlation of effects.
fn kernel(design: &Design, neighbours: &Neighbours) -> DMatrix<f64> {
    let (classes, size) = (design.classes, design.classes + design.event_count);
    let correlation = DMatrix::from_fn(size, size, |a, b| {
        if a == b {
            1.0
        } else if a < classes && b < classes && neighbours.share > 0.0 {
            let apart = a.abs_diff(b);
            neighbours.share * (-(apart.min(classes - apart) as f64) / neighbours.length).exp()
        } else {
            0.0
        }
    });
    correlation
        .cholesky()
        .map_or_else(|| DMatrix::identity(size, size), |c| c.l())
}

/// Everything about one correlation that does not depend on the response.
struct Solver {
    /// Root of the correlation, turned to the directions of the data: deviations = turn * coordinates.
    turn: DMatrix<f64>,
    /// Information on each coordinate.
    information: DVector<f64>,
    /// Takes a response to the coordinates' moments.
    moments: DMatrix<f64>,
    /// Takes a response to the trend that is left when the effects are known.
    trend: DMatrix<f64>,
    weights: DVector<f64>,
    freedom: f64,
}

impl Solver {
    fn new(x: &DMatrix<f64>, z: &DMatrix<f64>, root: &DMatrix<f64>, weights: &DVector<f64>) -> Self {
        let weighted = |m: &DMatrix<f64>| DMatrix::from_fn(m.nrows(), m.ncols(), |r, c| m[(r, c)] * weights[r]);
        let wx = weighted(x);
        let mut gram = x.transpose() * &wx;
        // Slopes over few periods may be collinear with each other.
        for d in 0..gram.nrows() {
            gram[(d, d)] = gram[(d, d)] * (1.0 + 1e-9) + f64::MIN_POSITIVE;
        }
        let trend = gram
            .cholesky()
            .map_or_else(|| DMatrix::zeros(x.ncols(), x.nrows()), |c| c.solve(&wx.transpose()));
        // Effects free of the trend.
        let effects = z * root;
        let free = &effects - x * (&trend * &effects);
        let free_weighted = weighted(&free);
        let gram = free.transpose() * &free_weighted;
        let size = gram.nrows();
        let (information, turn) = SymmetricEigen::try_new(gram, f64::EPSILON, MAX_TURNS).map_or_else(
            || (DVector::zeros(size), DMatrix::identity(size, size)),
            |eigen| (eigen.eigenvalues.map(|v| v.max(0.0)), eigen.eigenvectors),
        );
        Self {
            moments: (free_weighted * &turn).transpose(),
            turn: root * turn,
            information,
            trend,
            weights: weights.clone(),
            freedom: (x.nrows().saturating_sub(x.ncols())).max(1) as f64,
        }
    }
}

/// One ratio of variances with one correlation, and how likely both are.
struct Node {
    solver: usize,
    /// w^2 / s^2.
    ratio: f64,
    weight: f64,
    /// s^2.
    variance: f64,
}

struct Average {
    nodes: Vec<Node>,
    moments: Vec<DVector<f64>>,
    deviation: DVector<f64>,
}

impl Average {
    fn empty(size: usize) -> Self {
        Self {
            nodes: vec![],
            moments: vec![],
            deviation: DVector::zeros(size),
        }
    }

    fn of(solvers: &[Solver], x: &DMatrix<f64>, response: &DVector<f64>) -> Self {
        let mut nodes = Vec::new();
        let mut moments = Vec::new();
        for (index, solver) in solvers.iter().enumerate() {
            let moment = &solver.moments * response;
            let free = response - x * (&solver.trend * response);
            let total: f64 = free.iter().zip(solver.weights.iter()).map(|(r, w)| w * r * r).sum();
            for step in -36..=36 {
                // B = 1 / (1 + ratio) over its logit: the uniform prior has the density B (1 - B).
                let ratio = (f64::from(step) / 2.0).exp();
                let explained: f64 = moment
                    .iter()
                    .zip(solver.information.iter())
                    .map(|(m, i)| m * m / (i + 1.0 / ratio))
                    .sum();
                let variance = ((total - explained) / solver.freedom).max(MIN_VARIANCE);
                let spread: f64 = solver.information.iter().map(|i| (i * ratio).ln_1p()).sum();
                let prior = (ratio / (1.0 + ratio).powi(2)).ln();
                nodes.push(Node {
                    solver: index,
                    ratio,
                    weight: prior - 0.5 * spread - 0.5 * solver.freedom * variance.ln(),
                    variance,
                });
            }
            moments.push(moment);
        }
        let best = nodes.iter().map(|n| n.weight).fold(f64::NEG_INFINITY, f64::max);
        nodes.iter_mut().for_each(|n| n.weight = (n.weight - best).exp());
        let sum: f64 = nodes.iter().map(|n| n.weight).sum();
        nodes.iter_mut().for_each(|n| n.weight /= sum);
        let mut average = Self {
            deviation: DVector::zeros(solvers.first().map_or(0, |s| s.turn.nrows())),
            nodes,
            moments,
        };
        for (index, solver) in solvers.iter().enumerate() {
            let mean = average.coordinates(index, solver);
            average.deviation += &solver.turn * mean;
        }
        average
    }

    /// The mean of the coordinates over the nodes of one correlation, times the weight of these.
    fn coordinates(&self, index: usize, solver: &Solver) -> DVector<f64> {
        DVector::from_fn(solver.information.len(), |k, _| {
            let nodes = self.nodes.iter().filter(|n| n.solver == index);
            nodes
                .map(|n| n.weight * self.moments[index][k] / (solver.information[k] + 1.0 / n.ratio))
                .sum()
        })
    }

    fn fitted(&self, x: &DMatrix<f64>, z: &DMatrix<f64>, solvers: &[Solver], response: &DVector<f64>) -> DVector<f64> {
        let season = z * &self.deviation;
        // The trend does not depend on the correlation.
        match solvers.first() {
            Some(solver) => x * (&solver.trend * (response - &season)) + season,
            None => season,
        }
    }

    /// Variance of a contrast of effects, and the share that the prior has in it.
    fn contrast(&self, contrast: &DVector<f64>, solvers: &[Solver]) -> (f64, f64) {
        let turned: Vec<DVector<f64>> = solvers.iter().map(|s| s.turn.transpose() * contrast).collect();
        let (mut mean, mut square, mut within, mut share) = (0.0, 0.0, 0.0, 0.0);
        for node in &self.nodes {
            let (information, moments) = (&solvers[node.solver].information, &self.moments[node.solver]);
            let (mut value, mut spread, mut prior) = (0.0, 0.0, 0.0);
            for (k, c) in turned[node.solver].iter().enumerate() {
                let precision = information[k] + 1.0 / node.ratio;
                value += c * moments[k] / precision;
                spread += c * c / precision;
                prior += c * c * node.ratio;
            }
            mean += node.weight * value;
            square += node.weight * value * value;
            within += node.weight * node.variance * spread;
            share += node.weight * if prior > 0.0 { spread / prior } else { 0.0 };
        }
        (
            (within + (square - mean * mean).max(0.0)).max(0.0),
            share.clamp(0.0, 1.0),
        )
    }
}
