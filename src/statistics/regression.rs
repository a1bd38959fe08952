//! Least squares on panels: many fixed effects taken out, errors that hang together within clusters.

use nalgebra::{DMatrix, DVector};

use super::{Overlap, absorb, dot, t_quantile, variance};
use crate::error::Error;

/// A regressor of which the fixed effects leave a smaller share of its variance does not vary.
const MIN_VARIATION: f64 = 1e-9;

/// Why rows do not carry a regression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Fewer than two clusters.
    #[error("an interval needs at least two groups of independent rows, got {0}")]
    FewClusters(usize),
    /// No more rows than slopes and effects.
    #[error("{slopes} slopes beside {effects} fixed effects need more than {} rows, got {rows}", .slopes + .effects)]
    FewRows {
        /// Regressors.
        slopes: usize,
        /// Fixed effects that can be told apart.
        effects: usize,
        /// Rows given.
        rows: usize,
    },
    /// A number is NaN or infinite.
    #[error("a number of the regression is not finite")]
    NotFinite,
    /// The regressor of this number, from 0, does not vary beside the fixed effects.
    #[error("regressor {} does not vary", .0 + 1)]
    Constant(usize),
    /// One regressor follows from the others.
    #[error("regressors are collinear: one follows from the others")]
    Collinear,
    /// The fixed effects cannot be told apart.
    #[error(transparent)]
    Overlap(#[from] Overlap),
}

impl From<Unfit> for Error {
    fn from(unfit: Unfit) -> Self {
        Self::refused(unfit.to_string())
    }
}

/// Rows of a panel, column by column, all of the same length.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// What is explained.
    pub target: &'a [f64],
    /// What explains it, one column per regressor, without a constant.
    pub regressors: &'a [Vec<f64>],
    /// Fixed effects, such as products and periods: a column of group numbers from 0 for each. Without any, a constant
    /// is taken out.
    pub effects: &'a [Vec<u32>],
    /// Groups whose rows have errors that may hang together.
    pub clusters: &'a [u32],
}

/// Slopes with their covariance.
#[derive(Debug, Clone, PartialEq)]
pub struct Regression {
    /// One slope per regressor.
    pub slopes: Vec<f64>,
    /// Standard error of each slope.
    pub errors: Vec<f64>,
    /// Covariance of the slopes, row by row.
    pub covariance: Vec<f64>,
    /// Rows.
    pub observations: usize,
    /// Clusters; their number less 1 is the degrees of freedom of the intervals.
    pub clusters: usize,
    /// Standard deviation of the residuals.
    pub residual_deviation: f64,
    /// Share of each regressor's variance that the fixed effects leave, 0 to 1.
    pub variation: Vec<f64>,
    /// Residuals by row.
    pub residuals: Vec<f64>,
}

impl Regression {
    /// Least squares with absorbed fixed effects.
    ///
    /// *Model*: y = x' b + sum of one effect per group of each column of effects + error. Effects are taken out of y
    /// and of each x by conjugate gradients (see [`absorb`]), then b is ordinary least squares. The covariance is
    /// robust to any correlation of errors within a cluster, with the factor G / (G - 1) (n - 1) / (n - k - 1) for G
    /// clusters, n rows and k regressors (CR1); intervals take quantiles of Student's t with G - 1 degrees of freedom.
    ///
    /// *Shapes*: n rows, k regressors.
    ///
    /// *References*: Guimaraes, Portugal 2010, A simple feasible procedure to fit models with high-dimensional fixed
    /// effects; Cameron, Miller 2015, A practitioner's guide to cluster-robust inference.
    ///
    /// The factor does not know of effects that lie across the clusters, nor of groups of one row: the caller leaves
    /// such rows out and widens the intervals if these are many. With few clusters intervals are too narrow.
    ///
    /// # Errors
    /// [`Unfit`], which becomes [`Error::Refused`] where it is not looked at.
    pub fn fit(rows: Rows<'_>) -> Result<Self, Unfit> {
        let (n, k) = (rows.target.len(), rows.regressors.len());
        let clusters = groups(rows.clusters);
        if clusters < 2 {
            return Err(Unfit::FewClusters(clusters));
        }
        // All but one group of each further column of effects may be told apart; an exact fit has no error to measure.
        let all: usize = rows.effects.iter().map(|codes| groups(codes)).sum();
        let taken = (all + 1).saturating_sub(rows.effects.len()).max(1);
        if n <= k + taken {
            return Err(Unfit::FewRows {
                slopes: k,
                effects: taken,
                rows: n,
            });
        }
        let mut columns: Vec<Vec<f64>> = rows.regressors.to_vec();
        columns.push(rows.target.to_vec());
        if columns.iter().flatten().any(|v| !v.is_finite()) {
            return Err(Unfit::NotFinite);
        }
        let constant = [vec![0; n]];
        let effects = if rows.effects.is_empty() {
            &constant[..]
        } else {
            rows.effects
        };
        let spread = |column: &[f64]| variance(column).unwrap_or_default();
        let before: Vec<f64> = columns.iter().map(|c| spread(c)).collect();
        for column in &mut columns {
            absorb(column, effects)?;
        }
        let variation: Vec<f64> = columns[..k]
            .iter()
            .zip(&before)
            .map(|(c, &all)| if all > 0.0 { (spread(c) / all).min(1.0) } else { 0.0 })
            .collect();
        if let Some(column) = variation.iter().position(|&v| v < MIN_VARIATION) {
            return Err(Unfit::Constant(column));
        }
        let target = columns.pop().unwrap_or_default();
        Self::solve(&columns, &target, rows.clusters, clusters, variation)
    }

    fn solve(x: &[Vec<f64>], y: &[f64], cluster: &[u32], clusters: usize, variation: Vec<f64>) -> Result<Self, Unfit> {
        let (n, k) = (y.len(), x.len());
        // Scaled to unit length, so that what counts as collinear does not depend on units.
        let length: Vec<f64> = x.iter().map(|c| dot(c, c).sqrt()).collect();
        let gram = DMatrix::from_fn(k, k, |a, b| dot(&x[a], &x[b]) / (length[a] * length[b]));
        let moments = DVector::from_fn(k, |a, _| dot(&x[a], y) / length[a]);
        let factor = gram.cholesky().ok_or(Unfit::Collinear)?;
        if factor.l().diagonal().iter().any(|d| *d < 1e-6) {
            return Err(Unfit::Collinear);
        }
        let slopes: Vec<f64> = factor.solve(&moments).iter().zip(&length).map(|(b, l)| b / l).collect();
        let residuals: Vec<f64> = (0..n)
            .map(|row| y[row] - (0..k).map(|a| x[a][row] * slopes[a]).sum::<f64>())
            .collect();
        let mut scores = DMatrix::<f64>::zeros(cluster.iter().max().map_or(0, |&c| c as usize + 1), k);
        for (row, &c) in cluster.iter().enumerate() {
            for a in 0..k {
                scores[(c as usize, a)] += x[a][row] * residuals[row] / length[a];
            }
        }
        let inverse = factor.inverse();
        let (g, n_) = (clusters as f64, n as f64);
        let correction = g / (g - 1.0) * (n_ - 1.0) / (n_ - k as f64 - 1.0);
        let middle = scores.transpose() * &scores;
        let covariance = &inverse * middle * &inverse * correction;
        let covariance: Vec<f64> = (0..k * k)
            .map(|i| covariance[(i / k, i % k)] / (length[i / k] * length[i % k]))
            .collect();
        let regression = Self {
            errors: (0..k).map(|a| covariance[a * k + a].max(0.0).sqrt()).collect(),
            residual_deviation: (dot(&residuals, &residuals) / (n_ - k as f64 - 1.0)).sqrt(),
            slopes,
            covariance,
            observations: n,
            clusters,
            variation,
            residuals,
        };
        let finite = regression
            .slopes
            .iter()
            .chain(&regression.errors)
            .all(|v| v.is_finite());
        finite.then_some(regression).ok_or(Unfit::Collinear)
    }

    /// Central interval of a slope.
    ///
    /// `level` is its probability, in (0, 1).
    pub fn interval(&self, regressor: usize, level: f64) -> (f64, f64) {
        let width = t_quantile(level, self.clusters - 1) * self.errors[regressor];
        (self.slopes[regressor] - width, self.slopes[regressor] + width)
    }
}

fn groups(codes: &[u32]) -> usize {
    let mut codes = codes.to_vec();
    codes.sort_unstable();
    codes.dedup();
    codes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// A panel of products and periods with two slopes, effects of both, and errors shared within products.
    fn panel(seed: u64) -> (Vec<f64>, Vec<Vec<f64>>, Vec<Vec<u32>>) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut normal = move || (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
        let (mut y, mut x, mut effects) = (vec![], vec![vec![], vec![]], vec![vec![], vec![]]);
        let period: Vec<f64> = (0..20).map(|_| normal()).collect();
        for product in 0..40 {
            let (level, taste) = (3.0 * normal(), normal());
            for (p, period) in period.iter().enumerate() {
                if (product + p as u32).is_multiple_of(7) {
                    continue;
                }
                // Correlated with the effects: without them the slopes would be biased.
                let (a, b) = (normal() + level + period, normal());
                let shared = 0.5 * taste * b;
                y.push(-2.0 * a + 0.5 * b + level + period + 0.3 * normal() + shared);
                x[0].push(a);
                x[1].push(b);
                effects[0].push(product);
                effects[1].push(p as u32);
            }
        }
        (y, x, effects)
    }

    fn fit(seed: u64) -> Regression {
        let (target, regressors, effects) = panel(seed);
        Regression::fit(Rows {
            target: &target,
            regressors: &regressors,
            effects: &effects,
            clusters: &effects[0],
        })
        .unwrap()
    }

    #[test]
    fn slopes_beside_correlated_effects_are_found() {
        let fitted = fit(1);
        assert!((fitted.slopes[0] + 2.0).abs() < 0.05, "{:?}", fitted.slopes);
        assert_eq!((fitted.observations, fitted.clusters), (panel(1).0.len(), 40));
    }

    #[test]
    fn intervals_cover_as_often_as_they_say() {
        // The second slope has an error shared by each product's rows: without clusters its interval is far too narrow.
        let inside = (0..200).filter(|&seed| {
            let (lower, upper) = fit(seed).interval(1, 0.9);
            (lower..=upper).contains(&0.5)
        });
        let share = inside.count() as f64 / 200.0;
        assert!((0.85..=0.95).contains(&share), "{share}");
    }

    #[test]
    fn agrees_with_least_squares_on_dummies() {
        // numpy: X = [x, dummies of group]; lstsq of y = [1, 2, 4, 3, 5, 9] on x = [0, 1, 2, 1, 2, 4], groups 000111.
        let fitted = Regression::fit(Rows {
            target: &[1.0, 2.0, 4.0, 3.0, 5.0, 9.0],
            regressors: &[vec![0.0, 1.0, 2.0, 1.0, 2.0, 4.0]],
            effects: &[vec![0, 0, 0, 1, 1, 1]],
            clusters: &[0, 1, 2, 3, 4, 5],
        })
        .unwrap();
        assert!((fitted.slopes[0] - 1.85).abs() < 1e-9, "{:?}", fitted.slopes);
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        let refuse = |regressors: Vec<Vec<f64>>, target: &[f64], clusters: &[u32]| {
            let effects = vec![vec![0; target.len()]];
            let rows = Rows {
                target,
                regressors: &regressors,
                effects: &effects,
                clusters,
            };
            Regression::fit(rows).unwrap_err()
        };
        let y = [1.0, 2.0, 4.0, 3.0];
        let x = vec![0.0, 1.0, 3.0, 1.0];
        let constant = refuse(vec![vec![2.0; 4]], &y, &[0, 1, 2, 3]);
        assert_eq!(
            (constant, constant.to_string().as_str()),
            (Unfit::Constant(0), "regressor 1 does not vary")
        );
        assert_eq!(refuse(vec![x.clone(), x.clone()], &y, &[0, 1, 2, 3]), Unfit::Collinear);
        assert_eq!(refuse(vec![x.clone()], &y, &[0; 4]), Unfit::FewClusters(1));
        assert_eq!(refuse(vec![x.clone()], &[f64::NAN; 4], &[0, 1, 2, 3]), Unfit::NotFinite);
        let few = refuse(vec![vec![0.0, 1.0]], &y[..2], &[0, 1]);
        assert_eq!(
            Error::from(few),
            Error::refused("1 slopes beside 1 fixed effects need more than 2 rows, got 2")
        );
    }

    #[test]
    fn effects_that_fit_exactly_are_refused() {
        // Two products in two periods: with both effects nothing is left to measure an error by.
        let rows = Rows {
            target: &[1.0, 2.0, 4.0, 9.0],
            regressors: &[vec![0.0, 1.0, 3.0, 1.0]],
            effects: &[vec![0, 0, 1, 1], vec![0, 1, 0, 1]],
            clusters: &[0, 1, 2, 3],
        };
        assert!(matches!(Regression::fit(rows), Err(Unfit::FewRows { rows: 4, .. })));
    }

    #[test]
    fn effects_in_long_chains_are_taken_out() {
        // Products that live for two periods each, as launches do: plain alternating projections would need some
        // hundred thousand passes.
        let n = 600;
        let product: Vec<u32> = (0..n).flat_map(|p| [p, p, p]).collect();
        let period: Vec<u32> = (0..n).flat_map(|p| [p, p + 1, p + 1]).collect();
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let levels: Vec<f64> = (0..=n).map(|_| 10.0 * random.random::<f64>()).collect();
        let x: Vec<f64> = product.iter().map(|_| random.random::<f64>()).collect();
        let level = |row: usize| levels[product[row] as usize] + 3.0 * levels[period[row] as usize];
        let y: Vec<f64> = (0..x.len()).map(|row| 2.0 * x[row] + level(row)).collect();
        let mut alone: Vec<f64> = (0..x.len()).map(level).collect();
        absorb(&mut alone, &[product.clone(), period.clone()]).unwrap();
        assert!(
            alone.iter().all(|v| v.abs() < 1e-6),
            "{:?}",
            alone.iter().fold(0.0f64, |a, b| a.max(b.abs()))
        );
        let effects = [product.clone(), period];
        let fitted = Regression::fit(Rows {
            target: &y,
            regressors: &[x],
            effects: &effects,
            clusters: &product,
        })
        .unwrap();
        assert!((fitted.slopes[0] - 2.0).abs() < 1e-6, "{:?}", fitted.slopes);
    }
}
