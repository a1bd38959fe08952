//! Regression with normal deviations whose variance is not known: averaged over what it may be.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// Residual variance of data without any noise.
const MIN_VARIANCE: f64 = 1e-12;
/// Steps of the decomposition at most; a hundred are enough.
const MAX_TURNS: usize = 10_000;
/// The ratio of variances runs over exp(-18) to exp(18), in steps of exp(0.5).
const STEPS: i32 = 36;
/// A ratio with less weight than this is left out.
const NEGLIGIBLE: f64 = 1e-6;

/// What explains a response: y = x b + z d + error.
pub struct Regressors {
    /// Columns with a slope each; those from `slopes` on have a normal prior.
    pub x: DMatrix<f64>,
    /// Slopes with a flat prior.
    pub slopes: usize,
    /// Columns with a deviation each.
    pub z: DMatrix<f64>,
}

/// Covariance of the deviations, over a variance that is not known.
pub struct Kernel {
    root: DMatrix<f64>,
    /// What of it is each deviation's own.
    own: f64,
}

impl Kernel {
    /// Of a covariance, of which `own` times the spread of each deviation is its own.
    pub fn new(covariance: DMatrix<f64>, own: f64) -> Self {
        let size = covariance.nrows();
        let root = covariance
            .cholesky()
            .map_or_else(|| DMatrix::identity(size, size), |c| c.l());
        Self { root, own }
    }
}

/// Everything about one correlation of deviations that does not depend on the response.
pub struct Solver {
    /// Deviations = turn * coordinates, which the data tell apart from each other.
    turn: DMatrix<f64>,
    /// Information on each coordinate.
    information: DVector<f64>,
    /// Takes a response to the moments of the coordinates.
    moments: DMatrix<f64>,
    /// Takes a response without deviations to the slopes.
    slopes: DMatrix<f64>,
    /// What a coordinate takes from the slopes.
    taken: DMatrix<f64>,
    /// Variance of each slope, over that of the error, if the deviations were known.
    slope_variance: DVector<f64>,
    weights: DVector<f64>,
    freedom: f64,
    /// The inverse of the covariance, times the deviations that a coordinate has; its squares; the inverse's diagonal.
    dual: DMatrix<f64>,
    squares: DMatrix<f64>,
    inverse: DVector<f64>,
    own: f64,
    odds: f64,
}

impl Solver {
    /// `weights` are inverse variances of the rows, `ridge` is the variance of the error over that of the slopes with a
    /// normal prior, and `odds` is the logarithm of what speaks for the kernel before anything is seen.
    pub fn new(regressors: &Regressors, kernel: Kernel, weights: &DVector<f64>, ridge: f64, odds: f64) -> Self {
        let Kernel { root, own } = kernel;
        let Regressors { x, slopes, z } = regressors;
        let weighted = |m: &DMatrix<f64>| DMatrix::from_fn(m.nrows(), m.ncols(), |r, c| m[(r, c)] * weights[r]);
        let wx = weighted(x);
        let mut gram = x.transpose() * &wx;
        for d in 0..gram.nrows() {
            // Slopes over few periods may be collinear with each other.
            gram[(d, d)] = gram[(d, d)] * (1.0 + 1e-9) + if d < *slopes { f64::MIN_POSITIVE } else { ridge };
        }
        let (to_slopes, slope_variance) = gram.cholesky().map_or_else(
            || (DMatrix::zeros(x.ncols(), x.nrows()), DVector::zeros(x.ncols())),
            |c| (c.solve(&wx.transpose()), c.inverse().diagonal()),
        );
        let effects = z * &root;
        let taken = &to_slopes * &effects;
        let free = weighted(&(&effects - x * &taken));
        let information = effects.transpose() * &free;
        let size = information.nrows();
        // Rounding must not leave it unsymmetric.
        let information = (&information + information.transpose()) * 0.5;
        let (information, turn) = SymmetricEigen::try_new(information, f64::EPSILON, MAX_TURNS).map_or_else(
            || (DVector::zeros(size), DMatrix::identity(size, size)),
            |eigen| (eigen.eigenvalues.map(|v| v.max(0.0)), eigen.eigenvectors),
        );
        let roots = root.transpose().solve_upper_triangular(&DMatrix::identity(size, size));
        let roots = roots.unwrap_or_else(|| DMatrix::identity(size, size));
        let dual = &roots * &turn;
        Self {
            squares: dual.map(|d| d * d),
            dual,
            inverse: DVector::from_fn(size, |c, _| roots.row(c).norm_squared()),
            own,
            odds,
            moments: (free * &turn).transpose(),
            taken: taken * &turn,
            turn: root * turn,
            information,
            slopes: to_slopes,
            slope_variance,
            weights: weights.clone(),
            freedom: x.nrows().saturating_sub(*slopes).max(1) as f64,
        }
    }
}

/// One ratio of variances with one correlation, and how likely both are.
struct Node {
    solver: usize,
    /// Variance of the deviations over that of the error.
    ratio: f64,
    weight: f64,
    /// Variance of the error.
    variance: f64,
}

/// Slopes and deviations, averaged over ratios of variances and correlations.
#[derive(Default)]
pub struct Average {
    nodes: Vec<Node>,
    moments: Vec<DVector<f64>>,
    /// Mean of the deviations.
    pub deviation: DVector<f64>,
    /// Mean of the slopes.
    pub slopes: DVector<f64>,
}

impl Average {
    /// The average for a response.
    pub fn of(solvers: &[Solver], regressors: &Regressors, response: &DVector<f64>) -> Self {
        let mut nodes = Vec::new();
        let mut moments = Vec::new();
        for (index, solver) in solvers.iter().enumerate() {
            let moment = &solver.moments * response;
            let free = response - &regressors.x * (&solver.slopes * response);
            let rows = response.iter().zip(free.iter()).zip(solver.weights.iter());
            let total: f64 = rows.map(|((r, f), w)| w * r * f).sum();
            for step in -STEPS..=STEPS {
                // The uniform prior of B = 1 / (1 + ratio) has the density B (1 - B) over its logit.
                let ratio = (f64::from(step) / 2.0).exp();
                let directions = moment.iter().zip(solver.information.iter());
                let explained: f64 = directions.map(|(m, i)| m * m / (i + 1.0 / ratio)).sum();
                let variance = ((total - explained) / solver.freedom).max(MIN_VARIANCE);
                let spread: f64 = solver.information.iter().map(|i| (i * ratio).ln_1p()).sum();
                let prior = (ratio / (1.0 + ratio).powi(2)).ln();
                nodes.push(Node {
                    solver: index,
                    ratio,
                    weight: solver.odds + prior - 0.5 * spread - 0.5 * solver.freedom * variance.ln(),
                    variance,
                });
            }
            moments.push(moment);
        }
        let best = nodes.iter().map(|n| n.weight).fold(f64::NEG_INFINITY, f64::max);
        nodes.iter_mut().for_each(|n| n.weight = (n.weight - best).exp());
        let sum: f64 = nodes.iter().map(|n| n.weight).sum();
        nodes.iter_mut().for_each(|n| n.weight /= sum);
        nodes.retain(|n| n.weight > NEGLIGIBLE);
        let mut average = Self {
            deviation: DVector::zeros(regressors.z.ncols()),
            slopes: DVector::zeros(regressors.x.ncols()),
            nodes,
            moments,
        };
        for (index, solver) in solvers.iter().enumerate() {
            average.deviation += &solver.turn * average.coordinates(index, solver);
        }
        // Without deviations the slopes do not depend on the correlation.
        if let Some(solver) = solvers.first() {
            average.slopes = &solver.slopes * (response - &regressors.z * &average.deviation);
        }
        average
    }

    /// The mean of the coordinates over the nodes of one correlation, times the weight of these.
    fn coordinates(&self, index: usize, solver: &Solver) -> DVector<f64> {
        DVector::from_fn(solver.information.len(), |k, _| {
            let nodes = self.nodes.iter().filter(|n| n.solver == index);
            let mean = |n: &Node| n.weight * self.moments[index][k] / (solver.information[k] + 1.0 / n.ratio);
            nodes.map(mean).sum()
        })
    }

    /// Mean variance of the error.
    pub fn variance(&self) -> f64 {
        self.nodes.iter().map(|n| n.weight * n.variance).sum()
    }

    /// Mean square of what is each deviation's own, over the variance that it shares with the others, by the solvers from
    /// one on, which assume a spread.
    pub fn own(&self, solvers: &[Solver], from: usize, spread: &DVector<f64>) -> Option<DVector<f64>> {
        let mut squares = DVector::zeros(self.deviation.len());
        let mut weight = 0.0;
        for node in self.nodes.iter().filter(|node| node.solver >= from) {
            let (solver, moments) = (&solvers[node.solver], &self.moments[node.solver]);
            let precision = solver.information.map(|i| i + 1.0 / node.ratio);
            let value = &solver.dual * moments.component_div(&precision);
            let variance = &solver.squares * precision.map(|p| 1.0 / p);
            for (c, square) in squares.iter_mut().enumerate() {
                let found = (value[c] * value[c] / node.variance + variance[c]) / node.ratio;
                let own = spread[c] + solver.own * spread[c] * spread[c] * (found - solver.inverse[c]);
                *square += node.weight * own.max(0.0);
            }
            weight += node.weight;
        }
        (weight > 0.0).then(|| squares / weight)
    }

    /// Variance of a contrast of deviations, and the share that the prior has in it.
    pub fn contrast(&self, solvers: &[Solver], contrast: &DVector<f64>) -> (f64, f64) {
        let turned: Vec<DVector<f64>> = solvers.iter().map(|s| s.turn.transpose() * contrast).collect();
        self.combination(solvers, &turned, 0.0)
    }

    /// Variance of a slope.
    pub fn slope_variance(&self, solvers: &[Solver], slope: usize) -> f64 {
        let taken: Vec<DVector<f64>> = solvers.iter().map(|s| s.taken.row(slope).transpose()).collect();
        let own = solvers.first().map_or(0.0, |s| s.slope_variance[slope]);
        self.combination(solvers, &taken, own).0
    }

    /// Variance of a combination of coordinates and of something that varies by itself `own` times as much as the error;
    /// the prior's share.
    fn combination(&self, solvers: &[Solver], turned: &[DVector<f64>], own: f64) -> (f64, f64) {
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
            within += node.weight * node.variance * (own + spread);
            share += node.weight * if prior > 0.0 { spread / prior } else { 0.0 };
        }
        ((within + (square - mean * mean).max(0.0)).max(0.0), share)
    }
}
