//! Effects of seasons and events beside a trend, shrunk by how noisy they are.

use nalgebra::{DMatrix, DVector};

use super::{
    mixed::{Average, Kernel, Regressors, Solver},
    panel::Panel,
};
use crate::statistics::{mean, t_quantile};

/// Passes of the quasi-likelihood at most.
const MAX_PASSES: usize = 60;
/// A relative change of a weight, or of the variance of the error, that is worth a new decomposition. Weights must follow
/// the fit: where nothing is sold they fall with it, which keeps it from falling for ever.
const CHANGE: f64 = 0.1;
/// A pass that moves no period by more than this is the last one.
const TOLERANCE: f64 = 1e-9;
/// Degrees of freedom of Student's t of the errors: a single strange period, such as a bulk order, is no season.
const ERRORS: f64 = 5.0;
/// Degrees of freedom of Student's t which classes may have for what is their own: a single high month in a level year
/// is no sign of noise.
const TAILS: f64 = 3.0;
/// The common shock of a period taken for its weight: a coefficient of variation of 5 %.
const SHOCK: f64 = 0.0025;
/// A rate stays within exp(-10) and exp(10) of its mean.
const MAX_LOG: f64 = 10.0;
/// Deviation on the log scale that an event's effect is expected to have from none, and from that of other products.
const EVENT_DEVIATION: f64 = 1.0;
const EVENT_DIFFERENCE: f64 = 0.5;

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
    /// Effects of a group, beside a prior: those of the products that are not of the group, or `None` for an index of 1
    /// throughout.
    ///
    /// *Model*: rate_p = exp(trend_p + prior_c + d_c + sum of prior_e + d_e over the events of p) (1 + error), for class
    /// c of period p. The trend has a flat prior. The deviations d of classes are normal with variance w^2 and correlated
    /// as [`Neighbours`] says; those of events are normal with deviation 1, or 0.5 beside other products. The error has
    /// variance s^2 (1 + f / (0.0025 m_p)) and the tails of Student's t with 5 degrees of freedom, where m_p are the
    /// units expected and f is the dispersion of products' units: the share of chance in few units, and shocks that all
    /// products share. Estimation is penalised quasi-likelihood:
    /// least squares on the working response (rate - fit) / fit, repeated, which averages ratios to trend as classical
    /// decomposition does and takes a period without sales as it is.
    ///
    /// *Shrinkage*: with one observation per class, an effect would be pulled to the prior by B = s^2 / (s^2 + w^2).
    /// B has a uniform prior, over which and over the kinds of neighbours all results are averaged by marginal
    /// likelihood, with s^2 integrated out. So one year of data counts half, years that agree count nearly in full, and
    /// years that contradict each other little. Half of the prior goes to deviations whose own part has the tails of
    /// Student's t with 3 degrees of freedom: a month far above the others keeps its height. The spread of each class is
    /// then the one that is most likely. The errors hold what is not known of s and w; the prior's own error is a
    /// part of the deviations, and so of w.
    ///
    /// *Index*: exp(effect) over its mean of the classes counted; its error is that of the difference (delta method).
    ///
    /// *Determinism*: no random numbers, fixed order of sums.
    ///
    /// *References*: Breslow, Clayton 1993, Approximate inference in generalized linear mixed models; Christiansen,
    /// Morris 1997, Hierarchical Poisson regression modeling (uniform prior of the shrinkage); Patterson, Thompson 1971,
    /// Recovery of inter-block information when block sizes are unequal; Lange, Little, Taylor 1989, Robust statistical
    /// modeling using the t distribution; Hyndman, Athanasopoulos 2021, Forecasting:
    /// principles and practice, 3.4 (classical decomposition).
    pub fn fit(panel: &Panel, design: &Design, prior: Option<&[f64]>, counted: &[bool]) -> Self {
        let n = panel.rate.len();
        let (classes, slopes) = (design.classes, design.trend.len());
        let size = classes + design.event_count;
        let expected = if prior.is_some() {
            EVENT_DIFFERENCE
        } else {
            EVENT_DEVIATION
        };
        let flat = vec![0.0; size];
        let prior = prior.unwrap_or(&flat);
        let mean_size = mean(panel.size.iter().copied()).unwrap_or_default();
        // Of a single product nothing is known; a mean period then has as much noise from chance as from shocks.
        let chance = panel.dispersion.unwrap_or(SHOCK * mean_size).max(0.0);
        let hit = |yes: bool| f64::from(u8::from(yes));
        let regressors = Regressors {
            slopes,
            x: DMatrix::from_fn(n, slopes + design.event_count, |row, column| {
                match column.checked_sub(slopes) {
                    None => design.trend[column][row],
                    Some(event) => hit(design.events[row].contains(&event)),
                }
            }),
            z: DMatrix::from_fn(n, classes, |row, class| hit(design.class[row] == class)),
        };
        let base = DVector::from_fn(n, |row, _| {
            let events: f64 = design.events[row].iter().map(|event| prior[classes + event]).sum();
            prior[design.class[row]] + events
        });
        // Of a single season nothing says whether what is far above the others is season or error.
        let periods = |class: usize| design.class.iter().filter(|c| **c == class).count();
        let seen = |times: usize| (0..classes).filter(|&class| periods(class) >= times).count();
        let repeated = 2 * seen(2) > seen(1);
        let level = DVector::from_element(classes, 1.0);
        let mut fit = base.map(|b| b.clamp(-MAX_LOG, MAX_LOG));
        let mut solved = Vec::new();
        let mut used = DVector::zeros(n);
        let mut trust = DVector::from_element(n, 1.0);
        let mut average = Average::default();
        let (mut variance, mut assumed) = (SHOCK, SHOCK);
        let (mut spread, mut supposed) = (level.clone(), level.clone());
        for _ in 0..MAX_PASSES {
            let response = DVector::from_fn(n, |row, _| {
                fit[row] + panel.rate[row] / fit[row].exp() - 1.0 - base[row]
            });
            let expected_weights = weights(panel, &fit, chance);
            let fresh = scaled(expected_weights.component_mul(&trust));
            let changed = |old: f64, new: f64| (new - old).abs() > CHANGE * old;
            let learned = design.event_count > 0 && changed(assumed, variance);
            let any = |old: &DVector<f64>, new: &DVector<f64>| old.iter().zip(new.iter()).any(|(o, n)| changed(*o, *n));
            if solved.is_empty() || learned || any(&used, &fresh) || any(&supposed, &spread) {
                let ridge = variance / (expected * expected);
                let odds: f64 = spread.iter().map(|s| 0.5 * TAILS * (1.0 - s.ln() - 1.0 / s)).sum();
                let solver = |neighbours: &Neighbours, spread: &DVector<f64>, odds: f64| {
                    Solver::new(&regressors, kernel(neighbours, spread), &fresh, ridge, odds)
                };
                let normal = design.neighbours.iter().map(|n| solver(n, &level, 0.0));
                let own = design.neighbours.iter().filter(|n| repeated && n.share < 1.0);
                let tailed = own.map(|n| solver(n, &spread, odds));
                solved = normal.chain(tailed).collect();
                (used, assumed, supposed) = (fresh, variance, spread.clone());
            }
            average = Average::of(&solved, &regressors, &response);
            variance = average.variance();
            if let Some(own) = average.own(&solved, design.neighbours.len(), &supposed) {
                spread = own.map(|square| (TAILS + square) / (TAILS + 1.0));
            }
            let explained = &regressors.x * &average.slopes + &regressors.z * &average.deviation;
            trust = DVector::from_fn(n, |row, _| {
                if !repeated {
                    return 1.0;
                }
                let square = (response[row] - explained[row]).powi(2) * expected_weights[row] / variance;
                (ERRORS + 1.0) / (ERRORS + square)
            });
            let fresh = &base + explained;
            let step = (&fresh - &fit).amax();
            let damped = if step > 1.0 { 1.0 / step } else { 1.0 };
            fit = fit.zip_map(&fresh, |old, new| (old + damped * (new - old)).clamp(-MAX_LOG, MAX_LOG));
            if step <= TOLERANCE {
                break;
            }
        }
        let class_means = (0..classes).map(|c| prior[c] + average.deviation[c]);
        let event_means = (0..design.event_count).map(|e| prior[classes + e] + average.slopes[slopes + e]);
        let mean: Vec<f64> = class_means.chain(event_means).collect();
        let known = counted.iter().filter(|c| **c).count().max(1) as f64;
        let total: f64 = mean
            .iter()
            .zip(counted)
            .filter(|(_, c)| **c)
            .map(|(m, _)| m.exp())
            .sum();
        let mut effects = Self {
            ratio: Vec::with_capacity(size),
            error: Vec::with_capacity(size),
            shrinkage: Vec::with_capacity(size),
            freedom: n.saturating_sub(slopes).max(1),
            mean,
        };
        // A period of which the error has tails tells less than its weight says.
        let wider = if repeated { (ERRORS + 3.0) / (ERRORS + 1.0) } else { 1.0 };
        for effect in 0..size {
            let (variance, share, against) = if effect < classes {
                let mut contrast = DVector::zeros(classes);
                contrast[effect] = 1.0;
                for class in (0..classes).filter(|&c| counted[c]) {
                    contrast[class] -= effects.mean[class].exp() / total;
                }
                let (variance, share) = average.contrast(&solved, &contrast);
                (variance, share, total / known)
            } else {
                let variance = average.slope_variance(&solved, slopes + effect - classes);
                (variance, variance / (expected * expected), 1.0)
            };
            effects.ratio.push(effects.mean[effect].exp() / against);
            effects.error.push((variance * wider).sqrt());
            effects.shrinkage.push(share.clamp(0.0, 1.0));
        }
        effects
    }
}

/// Weights with mean 1: the inverse of each period's variance.
fn weights(panel: &Panel, fit: &DVector<f64>, chance: f64) -> DVector<f64> {
    let weight = |row: usize| 1.0 / (SHOCK + chance / (panel.size[row] * fit[row].exp()).max(f64::MIN_POSITIVE));
    scaled(DVector::from_fn(panel.rate.len(), |row, _| weight(row)))
}

fn scaled(weights: DVector<f64>) -> DVector<f64> {
    let mean = weights.mean();
    if mean > 0.0 {
        weights / mean
    } else {
        weights.map(|_| 1.0)
    }
}

/// The covariance of classes, of which `spread` is what is their own.
fn kernel(neighbours: &Neighbours, spread: &DVector<f64>) -> Kernel {
    let classes = spread.len();
    let own = 1.0 - neighbours.share;
    let covariance = DMatrix::from_fn(classes, classes, |a, b| {
        let apart = a.abs_diff(b);
        let common = neighbours.share * (-(apart.min(classes - apart) as f64) / neighbours.length).exp();
        if a == b { common + own * spread[a] } else { common }
    });
    Kernel::new(covariance, own)
}
