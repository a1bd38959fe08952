//! Covariates on the scale that networks learn on.

use serde::{Deserialize, Serialize};

use super::covariates::{Covariates, SeriesName};
use super::launches::mean;
use crate::features::CLIP;

/// Series that are looked at, at most.
const MAX_SERIES: usize = 256;
/// Skewness from which the logarithm is taken: that of the exponential distribution is 2.
const SKEWED: f64 = 1.0;

/// The scale of one series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Scale {
    name: String,
    planned: bool,
    /// Whether ln(1 + value) is taken first.
    log: bool,
    mean: f64,
    deviation: f64,
}

/// How series of covariates become numbers near 0; learned from past launches alone.
///
/// *Model*: (x - m) / d with mean m and standard deviation d of all that is known of the past launches, cut at 6. Where
/// no value is negative and the skewness is above 1, as of mentions, x is ln(1 + value).
///
/// *Missing data*: `None`, also for a series that candidates do not have. Series that never change are left out, and those beyond 256.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CovariateScales {
    scales: Vec<Scale>,
}

impl CovariateScales {
    /// Learn the scales.
    pub fn fit(covariates: &Covariates) -> Self {
        let fit = |(series, name): (usize, &SeriesName)| {
            let rows = (0..covariates.len()).flat_map(|row| covariates.row(row, series));
            let known: Vec<f64> = rows.copied().filter(|v| !v.is_nan()).collect();
            scale(&known, name)
        };
        let scales = covariates
            .names()
            .iter()
            .enumerate()
            .filter_map(fit)
            .take(MAX_SERIES)
            .collect();
        Self { scales }
    }

    /// Number of series.
    pub fn len(&self) -> usize {
        self.scales.len()
    }

    /// Whether there is no series.
    pub fn is_empty(&self) -> bool {
        self.scales.is_empty()
    }

    /// Whether the parts fit each other; asked of models that were read from bytes.
    pub fn is_valid(&self) -> bool {
        let fits = |s: &Scale| s.mean.is_finite() && s.deviation.is_finite() && s.deviation > 0.0;
        self.scales.len() <= MAX_SERIES && self.scales.iter().all(fits)
    }

    /// The series of launches or candidates on these scales.
    pub fn encode<'a>(&'a self, covariates: &'a Covariates) -> ScaledCovariates<'a> {
        let column = |scale: &Scale| {
            let is_it = |name: &SeriesName| name.planned == scale.planned && name.name == scale.name;
            covariates.names().iter().position(is_it)
        };
        ScaledCovariates {
            scales: &self.scales,
            columns: self.scales.iter().map(column).collect(),
            covariates,
        }
    }
}

/// Encoded series of launches or candidates, in the order of the scales.
pub struct ScaledCovariates<'a> {
    scales: &'a [Scale],
    columns: Vec<Option<usize>>,
    covariates: &'a Covariates,
}

impl ScaledCovariates<'_> {
    /// A series at a step for a forecast made when `age` steps had ended: the planned value, or the latest that was
    /// known of a signal.
    pub fn at(&self, row: usize, series: usize, step: usize, age: usize) -> Option<f64> {
        let (scale, column) = (&self.scales[series], self.columns[series]?);
        let value = match scale.planned {
            true => self.covariates.planned(row, column, step),
            false => self.covariates.signal_at(row, column, step, age),
        };
        if value.is_nan() {
            return None;
        }
        let value = if scale.log { value.max(0.0).ln_1p() } else { value };
        Some(((value - scale.mean) / scale.deviation).clamp(-CLIP, CLIP))
    }
}

fn scale(known: &[f64], name: &SeriesName) -> Option<Scale> {
    let (middle, deviation) = moments(known.iter().copied())?;
    let skewness = mean(known.iter().map(|v| ((v - middle) / deviation).powi(3)))?;
    let log = skewness > SKEWED && known.iter().all(|v| *v >= 0.0);
    let (mean, deviation) = match log {
        true => moments(known.iter().map(|v| v.ln_1p()))?,
        false => (middle, deviation),
    };
    Some(Scale {
        name: name.name.clone(),
        planned: name.planned,
        log,
        mean,
        deviation,
    })
}

/// Mean and standard deviation; `None` of values that are all alike.
fn moments(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let center = mean(values.clone())?;
    let deviation = mean(values.map(|v| (v - center).powi(2)))?.sqrt();
    (deviation.is_finite() && deviation > 1e-9 * (1.0 + center.abs())).then_some((center, deviation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::Series;

    fn covariates(name: &str, planned: bool, rows: &[f64]) -> Covariates {
        let row = |v: &f64| {
            vec![Series {
                name: name.to_owned(),
                planned,
                values: vec![Some(*v)],
            }]
        };
        Covariates::try_new(1, &rows.iter().map(row).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn counts_are_scaled_by_their_logarithm() {
        // e - 1 and e^3 - 1 are 1 and 3 on the log scale, the zeros 0.
        let rows = [0.0, 0.0, 0.0, 0.0, 0.0, 1f64.exp_m1(), 3f64.exp_m1()];
        let past = covariates("mentions", false, &rows);
        let scales = CovariateScales::fit(&past);
        let (mean, deviation) = (4.0 / 7.0, (10.0 / 7.0 - (4f64 / 7.0).powi(2)).sqrt());
        let expected = (3.0 - mean) / deviation;
        let found = scales.encode(&past).at(6, 0, 0, 0).unwrap();
        assert!((found - expected).abs() < 1e-12);
        // Far beyond what was seen, below zero (which no past value was), and not known.
        let new = covariates("mentions", false, &[1e29, -5.0, f64::NAN]);
        let new = scales.encode(&new);
        assert_eq!(new.at(0, 0, 0, 0), Some(CLIP));
        assert!((new.at(1, 0, 0, 0).unwrap() + mean / deviation).abs() < 1e-12);
        assert_eq!(new.at(2, 0, 0, 0), None);
    }

    #[test]
    fn numbers_spread_evenly_are_scaled_as_they_are() {
        let past = covariates("price", true, &[1.0, 2.0, 3.0]);
        let scales = CovariateScales::fit(&past);
        let deviation = (2f64 / 3.0).sqrt();
        assert!((scales.encode(&past).at(2, 0, 0, 0).unwrap() - 1.0 / deviation).abs() < 1e-12);
        // A series of that name that is no plan is another one.
        let other = covariates("price", false, &[2.0]);
        assert_eq!(scales.encode(&other).at(0, 0, 0, 0), None);
        assert!(scales.is_valid() && scales.len() == 1);
    }

    #[test]
    fn a_series_that_never_changes_is_left_out() {
        assert!(CovariateScales::fit(&covariates("x", true, &[4.0; 9])).is_empty());
        assert!(CovariateScales::fit(&Covariates::default()).is_empty());
    }
}
