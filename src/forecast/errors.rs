//! How far off forecasts of held-out launches were, launch by launch: what later errors are compared with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::calibrated::scores;
use super::{HeldOut, LogForecast, Scheme, bounded_spread};
use crate::calibration::Form;
use crate::statistics::mean;

/// An origin with fewer products tells nothing of how origins differ.
const MIN_PRODUCTS: usize = 5;

/// Scores (y - L) / S' (see [`super::calibrated`]) of held-out launches before their launch, as they were: no calibration has
/// moved them.
///
/// The error of a product is the mean over its launches and their observed steps of the score less the mean score of the
/// step, its square the same of the squares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorRecord {
    /// Mean score by step.
    pub by_step: Vec<f64>,
    /// Products held out.
    pub products: usize,
    /// Origins they were held out at, 1 of folds.
    pub origins: usize,
    /// Standard deviation of the errors of products of one origin.
    pub deviation: f64,
    /// Standard deviation of the means of k origins beyond that of chance, its square times (k - 1) / (k + 1); 0 of folds.
    pub between: f64,
    /// Mean square of products.
    pub square: f64,
    /// Standard deviation of their squares.
    pub square_deviation: f64,
}

/// What a product came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProductError {
    /// See [`ErrorRecord`].
    pub error: f64,
    /// See [`ErrorRecord`].
    pub square: f64,
}

impl ErrorRecord {
    /// Of held-out launches; none of fewer than two products.
    pub fn fit(held_out: &[HeldOut], form: &Form, scheme: Scheme, clusters: &[usize]) -> Option<Self> {
        let rows: Vec<Vec<f64>> = held_out.iter().map(|h| scores(h, form)).collect();
        let all = mean(rows.iter().flatten().copied().filter(|z| z.is_finite()))?;
        let of_step = |step: usize| {
            let at_step = rows.iter().filter_map(|row| row.get(step).copied());
            mean(at_step.filter(|z| z.is_finite())).unwrap_or(all)
        };
        let steps = rows.iter().map(Vec::len).max().unwrap_or(0);
        let by_step: Vec<f64> = (0..steps).map(of_step).collect();
        let origin = |h: &HeldOut| match scheme {
            Scheme::RollingOrigins => h.split,
            Scheme::Folds => 0,
        };
        let keyed = held_out.iter().zip(&rows).map(|(h, row)| {
            let product = clusters.get(h.launch).copied().unwrap_or(h.launch);
            ((origin(h), product), row.as_slice())
        });
        let products = products(&by_step, keyed);
        let count = products.len();
        let mut origins: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for ((origin, _), product) in &products {
            origins.entry(*origin).or_default().push(product.error);
        }
        let centre = |errors: &Vec<f64>| mean(errors.iter().copied()).unwrap_or(0.0);
        let within: f64 = origins
            .values()
            .map(|errors| errors.iter().map(|e| (e - centre(errors)).powi(2)).sum::<f64>())
            .sum();
        let freedom = count.saturating_sub(origins.len());
        if freedom == 0 {
            return None;
        }
        let variance = within / freedom as f64;
        let told: Vec<&Vec<f64>> = origins.values().filter(|e| e.len() >= MIN_PRODUCTS).collect();
        let between = match told.len() {
            0 | 1 => 0.0,
            k => {
                let middle = mean(told.iter().map(|e| centre(e)))?;
                let apart = told.iter().map(|e| (centre(e) - middle).powi(2)).sum::<f64>() / (k - 1) as f64;
                let chance = mean(told.iter().map(|e| variance / e.len() as f64))?;
                // Few origins say little of how they differ: drawn to 0.
                (apart - chance).max(0.0) * (k - 1) as f64 / (k + 1) as f64
            }
        };
        let square = mean(products.values().map(|p| p.square))?;
        let spread = products.values().map(|p| (p.square - square).powi(2)).sum::<f64>() / (count - 1).max(1) as f64;
        Some(Self {
            by_step,
            products: count,
            origins: told.len().max(1),
            deviation: variance.sqrt(),
            between: between.sqrt(),
            square,
            square_deviation: spread.sqrt(),
        })
    }

    /// The errors of products, by a number, from the scores of their launches, NaN where not observed.
    pub fn products<'a>(&self, rows: impl Iterator<Item = (usize, &'a [f64])>) -> Vec<ProductError> {
        products(&self.by_step, rows).into_values().collect()
    }

    /// Whether it is what [`ErrorRecord::fit`] makes; asked of models that were read from bytes.
    pub fn is_valid(&self, horizon: usize) -> bool {
        let numbers = [self.deviation, self.between, self.square, self.square_deviation];
        self.by_step.len() == horizon
            && self.by_step.iter().all(|z| z.is_finite())
            && numbers.iter().all(|v| v.is_finite() && *v >= 0.0)
            && self.products > 1
            && self.origins > 0
    }
}

/// The products of launches, by their keys.
fn products<'a, K: Ord + Copy>(
    by_step: &[f64],
    rows: impl Iterator<Item = (K, &'a [f64])>,
) -> BTreeMap<K, ProductError> {
    let mut launches: BTreeMap<K, Vec<ProductError>> = BTreeMap::new();
    for (key, row) in rows {
        let centred = || row.iter().zip(by_step).map(|(z, m)| z - m).filter(|z| z.is_finite());
        if let (Some(error), Some(square)) = (mean(centred()), mean(centred().map(|z| z * z))) {
            launches.entry(key).or_default().push(ProductError { error, square });
        }
    }
    let of_product = |launches: Vec<ProductError>| ProductError {
        error: mean(launches.iter().map(|l| l.error)).unwrap_or(0.0),
        square: mean(launches.iter().map(|l| l.square)).unwrap_or(0.0),
    };
    launches
        .into_iter()
        .map(|(key, launches)| (key, of_product(launches)))
        .collect()
}

impl LogForecast {
    /// Scores with a form, as [`ErrorRecord`] has them: NaN where not observed or not forecast.
    pub fn scores_with(&self, form: &Form, actual: &[f64]) -> Vec<f64> {
        let steps = self.location.iter().zip(&self.spread).zip(actual);
        let score = |(step, ((location, spread), y)): (usize, ((&f64, &f64), &f64))| {
            (y - location) / form.spread(step, bounded_spread(*spread))
        };
        steps.enumerate().map(score).collect()
    }
}
