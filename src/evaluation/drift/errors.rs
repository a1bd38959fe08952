//! The errors of forecasts of new launches beside those of training.

use super::batches::Batch;
use super::{MIN_PRODUCTS, Since, Tested, too_few};
use crate::error::Result;
use crate::forecast::{ErrorRecord, ProductError};
use crate::launch::LaunchModel;
use crate::statistics::{Difference, mean, t_two_sided};

/// Whether launches sell more or less than forecast.
pub(super) const LEVEL: &str = "level";
/// Whether they are further from their forecasts.
pub(super) const SPREAD: &str = "spread";

/// The errors of all launches that the model did not know.
pub(super) struct Errors {
    record: Option<ErrorRecord>,
    clusters: Vec<usize>,
    /// Scores by row of the panel, empty of those learned from.
    scores: Vec<Vec<f64>>,
}

impl Errors {
    pub(super) fn of(model: &LaunchModel, since: &Since) -> Result<Self> {
        let mut scores = vec![Vec::new(); since.panel.len()];
        let record = model.training().errors.clone();
        if record.is_some() {
            let found = model.scores(&since.panel.select(&since.new)?)?;
            for (&row, of_row) in since.new.iter().zip(found) {
                scores[row] = of_row;
            }
        }
        Ok(Self {
            record,
            clusters: since.panel.clusters(),
            scores,
        })
    }

    /// Level and spread of a batch.
    pub(super) fn compare(&self, _: &Since, batch: &Batch) -> [(&'static str, Tested); 2] {
        let alike = |told: Tested| [(LEVEL, told.clone()), (SPREAD, told)];
        let Some(record) = &self.record else {
            let told = "the model, of an earlier version, does not hold the errors of its training: train it again";
            return alike((None, told.to_owned()));
        };
        let rows = batch
            .rows
            .iter()
            .map(|&row| (self.clusters[row], self.scores[row].as_slice()));
        let products = record.products(rows);
        if products.len() < MIN_PRODUCTS {
            return alike(too_few(products.len(), "with sales in the batch"));
        }
        if record.products < MIN_PRODUCTS {
            return alike(too_few(record.products, "were held out in training"));
        }
        [(LEVEL, level(record, &products)), (SPREAD, spread(record, &products))]
    }
}

/// Mean and variance of the mean.
fn centre(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let centre = mean(values.clone()).unwrap_or(0.0);
    let count = values.clone().count() as f64;
    let squares: f64 = values.map(|v| (v - centre).powi(2)).sum();
    (centre, squares / (count - 1.0).max(1.0) / count)
}

fn level(record: &ErrorRecord, products: &[ProductError]) -> Tested {
    let (mean, of_new) = centre(products.iter().map(|p| p.error));
    let (held_out, origins) = (record.products as f64, record.origins as f64);
    let of_old = record.deviation.powi(2) / held_out;
    let of_origins = record.between.powi(2) * (1.0 + 1.0 / origins);
    let variance = of_new + of_old + of_origins;
    if !(variance > 0.0 && record.deviation > 0.0) {
        return (None, "the errors are all alike".to_owned());
    }
    // Satterthwaite's degrees of freedom of a sum of variances.
    let freedom = variance.powi(2)
        / (of_new.powi(2) / (products.len() as f64 - 1.0)
            + of_old.powi(2) / (held_out - 1.0)
            + of_origins.powi(2) / (origins - 1.0).max(1.0));
    let t = mean / variance.sqrt();
    let found = Difference {
        statistic: t,
        p: t_two_sided(t, freedom),
        effect: mean / record.deviation,
    };
    let way = if mean > 0.0 { "more" } else { "less" };
    let told = format!(
        "launches sell {way} than forecast, by {:.2} standard deviations of a launch",
        found.effect.abs()
    );
    (Some(found), told)
}

fn spread(record: &ErrorRecord, products: &[ProductError]) -> Tested {
    // Around their own mean: that it has moved is told by the level.
    let moved = mean(products.iter().map(|p| p.error)).unwrap_or(0.0);
    let around = |p: &ProductError| p.square - 2.0 * moved * p.error + moved * moved;
    let (square, of_new) = centre(products.iter().map(around));
    if !(square > 0.0 && record.square > 0.0) {
        return (None, "the errors are all 0".to_owned());
    }
    let of_old = record.square_deviation.powi(2) / record.products as f64;
    // Of ln of the mean squares, by the delta method.
    let variance = of_new / square.powi(2) + of_old / record.square.powi(2);
    if variance <= 0.0 {
        return (None, "the errors are all alike".to_owned());
    }
    let ratio = (square / record.square).ln();
    let t = ratio / variance.sqrt();
    let two_sided = t_two_sided(t, (products.len() - 1) as f64);
    let found = Difference {
        statistic: t,
        // An increase alone is looked for.
        p: if t > 0.0 {
            two_sided / 2.0
        } else {
            1.0 - two_sided / 2.0
        },
        effect: ratio / 2.0,
    };
    let told = format!(
        "errors are {:.2} times as large as those of training",
        found.effect.exp()
    );
    (Some(found), told)
}
