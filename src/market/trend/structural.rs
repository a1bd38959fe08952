//! A level that wanders, with the effects of the calendar and of what is known ahead: the member that can look into a known
//! future.

use std::collections::BTreeMap;

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::regressors::{Ahead, Regressor};
use super::rolling::RARE;
use crate::error::{Error, Result};
use crate::statistics::{dot, lower_median, sorted};

/// How far the level moves in a period, in variances of the noise; the likeliest counts.
const WANDERINGS: [f64; 4] = [0.0003, 0.003, 0.03, 0.2];
/// What is added to values before the logarithm, as a share of their median.
const OFFSET: f64 = 0.1;
/// Variance of the noise to begin with, least, and how often it is estimated anew.
const NOISE: f64 = 0.02;
const LEAST_NOISE: f64 = 1e-6;
const ROUNDS: usize = 4;
/// Nothing is forecast beyond so many times the most that was seen.
const BEYOND: f64 = 3.0;
/// Where values are mostly above zero, and nine of ten of these are at least this, a zero is a closed day or a gap.
const MOSTLY: f64 = 0.6;
const ALWAYS: f64 = 5.0;
/// Fewest values to learn from.
const MIN_VALUES: usize = 8;

/// Forecasts from several origins, by number of periods before each.
#[derive(Debug, Clone, Default)]
pub struct Structural {
    fits: BTreeMap<usize, Fit>,
    offset: f64,
}

/// What was known at one origin.
#[derive(Debug, Clone)]
struct Fit {
    forecast: Vec<f64>,
    effects: Vec<(String, f64)>,
    seen: Vec<Seen>,
    /// Effect by step, on the log scale, of what the series never saw but others did.
    new: Vec<f64>,
}

/// The effect of a column as a series alone tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// What is known ahead.
    pub name: String,
    /// Periods after the event itself.
    pub lag: i64,
    /// On the log scale.
    pub effect: f64,
    /// Variance of its error.
    pub variance: f64,
}

/// Zeros of periods that are not known to be closed.
struct Zeros {
    share: f64,
}

impl Zeros {
    /// `None` after a row of them that is more than twice as long as any before: the series has ended.
    fn of(values: &[f64], closed: &[bool]) -> Option<Self> {
        let open: Vec<bool> = values
            .iter()
            .zip(closed)
            .filter(|(_, c)| !**c)
            .map(|(v, _)| *v <= 0.0)
            .collect();
        let rows = open.chunk_by(|a, b| a == b).filter(|row| row[0]).map(<[_]>::len);
        let latest = open.iter().rev().take_while(|zero| **zero).count();
        let mut rows: Vec<usize> = rows.collect();
        if latest > 0 {
            rows.pop();
        }
        let longest = rows.into_iter().max().unwrap_or(0);
        let zeros = open.iter().filter(|zero| **zero).count();
        (latest <= 2 * longest.max(1)).then(|| Self {
            share: zeros as f64 / open.len().max(1) as f64,
        })
    }
}

/// What least squares found.
struct Solution {
    effects: Vec<f64>,
    used: Vec<usize>,
    precision: Cholesky<f64, Dyn>,
    noise: f64,
    likelihood: f64,
}

/// Running sums of a filter: what least squares needs.
#[derive(Debug, Clone)]
struct Filter {
    wandering: f64,
    variance: f64,
    /// Level of each column, that of the values last.
    level: Vec<f64>,
    seen: usize,
    /// Of the log likelihood, what does not hang on the effects.
    log_variances: f64,
    cross: DMatrix<f64>,
    product: DVector<f64>,
    square: f64,
}

impl Structural {
    /// Forecasts of `horizon` steps after each of `cuts`, numbers of periods in rising order.
    ///
    /// *Model*: the local level model with regressors, on z = ln(y + c), c a tenth of the median of values above 0:
    ///
    /// ```text
    /// z_t = level_t + x_t' b + e_t,   level_(t+1) = level_t + u_t,   e ~ N(0, s2),   u ~ N(0, q s2),   b_j ~ N(m_j, s_j^2)
    /// ```
    ///
    /// For a given q the filter of the level is one linear map for values and regressors alike, so b is the ridge regression
    /// of their innovations; s2 is the mean square that is left. q is, of four, the one of the largest marginal likelihood.
    /// The forecast is the mean exp(level + x' b + s2 / 2) - c, at most three times the largest value. Where nearly all values
    /// are far from zero, zeros of open periods are passed over and the forecast is multiplied by the share of the others; where
    /// they are not and more than a tenth is zero, there is none: a logarithm knows no means of rare sales. Nor is there one
    /// after zeros in a row more than twice as long as any before, as of a shop that has closed.
    ///
    /// *Arguments*: `closed` says by cut which periods are known to be zero.
    ///
    /// *Look-ahead*: a forecast hangs on nothing behind its cut but the regressors; one pass serves all cuts.
    ///
    /// *References*: Harvey 1989, Forecasting, structural time series models and the Kalman filter; de Jong 1991, The
    /// diffuse Kalman filter (regression on innovations).
    pub fn run(values: &[f64], regressors: &[Regressor], cuts: &[usize], closed: &[Vec<bool>], horizon: usize) -> Self {
        let Some(&first) = cuts.first() else {
            return Self::default();
        };
        let positive = sorted(values[..first].iter().copied().filter(|v| *v > 0.0));
        let negative = values[..first].iter().filter(|v| **v < 0.0).count();
        if positive.is_empty() || negative * 20 > first {
            return Self::default();
        }
        let offset = OFFSET * lower_median(&positive);
        let mostly = positive.len() as f64 >= MOSTLY * first as f64;
        let always = mostly && positive[positive.len() / 10] >= ALWAYS;
        let columns = regressors.len();
        let mut filters: Vec<Filter> = WANDERINGS.iter().map(|q| Filter::new(*q, columns)).collect();
        let mut fits = BTreeMap::new();
        let mut most = 0.0_f64;
        let mut row = vec![0.0; columns + 1];
        let mut from = 0;
        for (&cut, closed) in cuts.iter().zip(closed) {
            for (t, value) in values.iter().enumerate().take(cut).skip(from) {
                most = most.max(*value);
                let known = *value > 0.0 || !always;
                if known {
                    row.iter_mut().zip(regressors).for_each(|(cell, r)| *cell = r.values[t]);
                    row[columns] = (value.max(0.0) + offset).ln();
                }
                filters.iter_mut().for_each(|f| f.step(known.then_some(&row)));
            }
            from = cut;
            let priors: Vec<(f64, f64)> = regressors.iter().map(|r| r.prior(cut)).collect();
            let solved = filters.iter().filter_map(|f| Some((f, f.solved(&priors)?)));
            let solved = solved.max_by(|a, b| a.1.likelihood.total_cmp(&b.1.likelihood));
            let (Some(zeros), Some((filter, found))) = (Zeros::of(&values[..cut], closed), solved) else {
                continue;
            };
            if !always && zeros.share > RARE {
                continue;
            }
            let seen = found.seen(regressors, &priors, cut);
            let effects = found.effects;
            let kept = if always { 1.0 - zeros.share } else { 1.0 };
            let own = filter.level[columns] - dot(&filter.level[..columns], &effects);
            // What numbers do beyond those that were there is not known: they count as the nearest one.
            let bounds = regressors.iter().map(|r| {
                let known = r.ahead.as_ref().is_some_and(|ahead| ahead.range.is_some());
                known.then(|| range(&r.values[..cut]))
            });
            let bounds: Vec<Option<(f64, f64)>> = bounds.collect();
            let value = |j: usize, t: usize| {
                let value: f64 = regressors[j].values[t];
                bounds[j].map_or(value, |(least, most)| value.max(least).min(most))
            };
            let at = |t: usize| {
                let effect: f64 = effects.iter().enumerate().map(|(j, b)| value(j, t) * b).sum();
                (kept * ((own + effect + found.noise / 2.0).exp() - offset)).clamp(0.0, BEYOND * most)
            };
            let steps = horizon.min(regressors.first().map_or(horizon, |r| r.values.len() - cut));
            let named = regressors.iter().zip(&effects);
            let new = (0..columns).filter(|j| regressors[*j].values[..cut].iter().all(|v| *v == 0.0));
            let new: Vec<usize> = new.collect();
            let new = |t: usize| new.iter().map(|j| value(*j, t) * effects[*j]).sum();
            fits.insert(
                cut,
                Fit {
                    forecast: (cut..cut + steps).map(at).collect(),
                    effects: named.filter_map(|(r, b)| told(r, *b, cut)).collect(),
                    seen,
                    new: (cut..cut + steps).map(new).collect(),
                },
            );
        }
        Self { fits, offset }
    }

    /// The forecast after so many periods.
    ///
    /// # Errors
    /// [`Error::Refused`] where the values do not carry it.
    pub fn forecast(&self, cut: usize, horizon: usize) -> Result<Vec<f64>> {
        let fit = self.fits.get(&cut).filter(|fit| fit.forecast.len() >= horizon);
        fit.map(|fit| fit.forecast[..horizon].to_vec()).ok_or_else(|| {
            Error::refused(format!(
                "structural needs {MIN_VALUES} values, nearly all of them above 0, the latest too"
            ))
        })
    }

    /// A forecast after a cut with what is new then, from one of a method that cannot know it.
    pub fn with_new(&self, cut: usize, forecast: &mut [f64]) {
        let new = self.fits.get(&cut).map_or(&[][..], |fit| &fit.new);
        for (value, effect) in forecast.iter_mut().zip(new).filter(|(_, effect)| **effect != 0.0) {
            *value = ((*value + self.offset) * effect.exp() - self.offset).max(0.0);
        }
    }

    /// What the series alone says of the effects of what is known ahead, as seen after so many periods.
    pub fn seen(&self, cut: usize) -> &[Seen] {
        self.fits.get(&cut).map_or(&[], |fit| &fit.seen)
    }

    /// What multiplies a median value where it is there, by name of what is known ahead, as seen after so many periods.
    pub fn effects(&self, cut: usize) -> &[(String, f64)] {
        self.fits.get(&cut).map_or(&[], |fit| &fit.effects)
    }
}

/// The least and the largest value.
fn range(values: &[f64]) -> (f64, f64) {
    let ends = (f64::INFINITY, f64::NEG_INFINITY);
    values
        .iter()
        .fold(ends, |(least, most), v| (least.min(*v), most.max(*v)))
}

/// The effect on a median value of what was there before, of numbers from the least to the largest.
fn told(regressor: &Regressor, effect: f64, cut: usize) -> Option<(String, f64)> {
    let ahead = regressor
        .ahead
        .as_ref()
        .filter(|ahead| ahead.lag == 0 && regressor.is_seen(cut))?;
    let (name, apart) = match ahead.range {
        Some((least, most)) => {
            let (lowest, highest) = range(&regressor.values);
            (format!("{} from {least} to {most}", ahead.name), highest - lowest)
        }
        None => (ahead.name.clone(), 1.0),
    };
    Some((name, (effect * apart).exp() * (1.0 + OFFSET) - OFFSET))
}

impl Solution {
    /// Effects of what is known ahead without what was expected of them: the normal distribution that makes the posterior one
    /// of the prior.
    fn seen(&self, regressors: &[Regressor], priors: &[(f64, f64)], cut: usize) -> Vec<Seen> {
        let known = self.used.iter().enumerate().filter_map(|(i, &j)| {
            let ahead = regressors[j].ahead.as_ref()?;
            regressors[j].values[..cut]
                .iter()
                .any(|v| *v != 0.0)
                .then_some((i, j, ahead))
        });
        let one = |(i, j, ahead): (usize, usize, &Ahead)| {
            let unit = DVector::from_fn(self.used.len(), |row, _| f64::from(u8::from(row == i)));
            let variance = self.precision.solve(&unit)[i];
            let (expected, scale) = priors[j];
            let own = 1.0 / variance - scale.powi(-2);
            // Where the series says nearly nothing, it is all rounding.
            (own * scale * scale > 1e-6).then(|| Seen {
                name: ahead.name.clone(),
                lag: ahead.lag,
                effect: (self.effects[j] / variance - expected / (scale * scale)) / own,
                variance: 1.0 / own,
            })
        };
        known.filter_map(one).collect()
    }
}

impl Filter {
    fn new(wandering: f64, columns: usize) -> Self {
        Self {
            wandering,
            variance: 1.0,
            level: Vec::new(),
            seen: 0,
            log_variances: 0.0,
            cross: DMatrix::zeros(columns, columns),
            product: DVector::zeros(columns),
            square: 0.0,
        }
    }

    /// One period on; without a row nothing was seen.
    fn step(&mut self, row: Option<&Vec<f64>>) {
        let Some(row) = row else {
            if self.seen > 0 {
                self.variance += self.wandering;
            }
            return;
        };
        self.seen += 1;
        if self.seen == 1 {
            // The first value is the level, as known as a value is.
            self.level.clone_from(row);
            return;
        }
        let before = self.variance + self.wandering;
        let total = before + 1.0;
        let gain = before / total;
        self.variance = before * (1.0 - gain);
        self.log_variances += total.ln();
        let weight = 1.0 / total;
        let innovations: Vec<f64> = row.iter().zip(&self.level).map(|(v, l)| v - l).collect();
        self.level
            .iter_mut()
            .zip(&innovations)
            .for_each(|(l, v)| *l += gain * v);
        let columns = self.product.len();
        let own = innovations[columns];
        self.square += weight * own * own;
        for j in 0..columns {
            let scaled = weight * innovations[j];
            if scaled == 0.0 {
                continue;
            }
            self.product[j] += scaled * own;
            // The lower half of a symmetric matrix.
            let cells = &mut self.cross.column_mut(j);
            for (i, v) in innovations.iter().enumerate().take(columns).skip(j) {
                cells[i] += scaled * v;
            }
        }
    }

    /// Effects and their log marginal likelihood, with mean and standard deviation that are expected; `None` with too few
    /// values. A deviation of 0 leaves a column out.
    fn solved(&self, priors: &[(f64, f64)]) -> Option<Solution> {
        if self.seen < MIN_VALUES {
            return None;
        }
        let used: Vec<usize> = (0..priors.len()).filter(|j| priors[*j].1 > 0.0).collect();
        let m = used.len();
        let cell = |i: usize, j: usize| self.cross[(used[i.max(j)], used[i.min(j)])];
        let cross = DMatrix::from_fn(m, m, cell);
        let product = DVector::from_fn(m, |i, _| self.product[used[i]]);
        let count = (self.seen - 1) as f64;
        let (mut noise, mut found) = (NOISE, None);
        for _ in 0..ROUNDS {
            let mut precision = &cross / noise;
            for (i, j) in used.iter().enumerate() {
                precision[(i, i)] += priors[*j].1.powi(-2);
            }
            let factor = precision.cholesky()?;
            let expected = DVector::from_fn(m, |i, _| priors[used[i]].0 / priors[used[i]].1.powi(2));
            let effects = factor.solve(&(&product / noise + expected));
            let left = self.square - 2.0 * effects.dot(&product) + effects.dot(&(&cross * &effects));
            noise = (left / count).max(LEAST_NOISE);
            let prior: f64 = used
                .iter()
                .zip(effects.iter())
                .map(|(j, b)| ((b - priors[*j].0) / priors[*j].1).powi(2))
                .sum();
            let determinant: f64 = factor.l_dirty().diagonal().iter().map(|d| d.ln()).sum();
            let likelihood = -0.5 * (count * noise.ln() + self.log_variances + prior) - determinant;
            found = Some((effects, likelihood, factor));
        }
        let (effects, likelihood, precision) = found?;
        let mut all = vec![0.0; priors.len()];
        used.iter().zip(effects.iter()).for_each(|(j, b)| all[*j] = *b);
        (likelihood.is_finite() && all.iter().all(|b| b.is_finite())).then_some(Solution {
            effects: all,
            used,
            precision,
            noise,
            likelihood,
        })
    }
}
