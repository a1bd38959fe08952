//! Statistics that several rooms need: means, exact sums, ranks, folds, codes, quantiles of Student's t, least squares
//! on panels, ridge regression, estimates of many groups drawn together, tests of two samples. It knows nothing of launches or markets.

mod absorb;
mod auc;
mod codes;
mod exact_sum;
mod false_discovery;
mod folds;
mod level;
mod moments;
mod ranks;
pub mod regression;
pub mod ridge;
pub mod shrinkage;
mod sparse_logistic;
mod two_samples;

pub use absorb::{Overlap, absorb};
pub use auc::ClassScores;
pub use codes::{codes, count};
pub use exact_sum::ExactSum;
pub use false_discovery::{accepted_up_to, ln_q_values};
pub use folds::{folds, mix, places};
pub use level::{check_level, normal_place, normal_quantile, t_place, t_quantile, t_quantile_real};
pub use moments::{deviation, dot, mean, shrunk_mean, variance, weighted_mean};
pub use ranks::{
    conformal_quantile, conformal_quantile_of_blocks, lower_median, median, ranks, share_below, sorted, spread_evenly,
};
pub use sparse_logistic::SparseLogistic;
pub use two_samples::{Difference, chi_square, kolmogorov_smirnov, t_two_sided};
