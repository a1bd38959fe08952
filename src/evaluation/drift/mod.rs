//! Whether launches and the errors of their forecasts are still those that a model was trained on.

mod attributes;
mod batches;
mod errors;

pub use batches::Batches;

use super::Since;
use crate::error::{Error, Result};
use crate::launch::LaunchModel;
use crate::panel::LaunchPanel;
use crate::statistics::{Difference, ln_q_values};

/// Fewest products of a batch, and of what it is compared with, that are tested.
const MIN_PRODUCTS: usize = 10;
/// Products of the same season from which on a batch is compared with these alone.
const MIN_SEASON: usize = 30;

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How new launches are taken together.
    pub batches: Batches,
    /// Share of false ones among the drifts told of, on average.
    pub false_discovery: f64,
    /// Smaller effects are no drift, however certain.
    pub least_effect: f64,
}

impl Options {
    /// Check them.
    ///
    /// # Errors
    /// [`Error::Argument`] for a share outside 0 to 1 or a negative effect.
    pub fn try_new(batches: Batches, false_discovery: f64, least_effect: f64) -> Result<Self> {
        if !(false_discovery > 0.0 && false_discovery < 1.0) {
            return Err(Error::argument(format!(
                "false_discovery must be above 0 and below 1, got {false_discovery}"
            )));
        }
        if !(0.0..=10.0).contains(&least_effect) {
            return Err(Error::argument(format!(
                "least_effect must be between 0 and 10, got {least_effect}"
            )));
        }
        Ok(Self {
            batches,
            false_discovery,
            least_effect,
        })
    }
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// The distribution of an attribute.
    Attribute,
    /// The errors of forecasts.
    Error,
}

impl Of {
    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Attribute => "attribute",
            Self::Error => "error",
        }
    }
}

/// One test: a feature of a batch of launches beside those of training.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// What is compared.
    pub of: Of,
    /// The attribute; of errors level or spread.
    pub feature: String,
    /// First and last launch date of the batch.
    pub days: (i32, i32),
    /// Launches of the batch.
    pub launches: usize,
    /// What the test came to; none where it could not be made.
    pub found: Option<Difference>,
    /// The smallest share of false ones among the drifts told of at which this is one of them.
    pub q: Option<f64>,
    /// Whether it drifts.
    pub drifts: bool,
    /// What changed, or why there was no test.
    pub reason: String,
}

/// A test that was made, or why it could not be, and what it rests on.
type Tested = (Option<Difference>, String);

/// Compare the launches that came after the last one a model learned from with those of training, batch by batch.
///
/// *Attributes* that the model looks at: categories, and numbers of at most ten values, by chi-square; other numbers, and along
/// its direction an embedding, by Kolmogorov-Smirnov; of a text the number of words that the model knows. They are compared with the
/// launches of training in the same season where these are 30 products or more, else with all of training. A value that is
/// missing is a value.
///
/// *Errors*: the model's forecasts of the new launches before their launch, on the scale ln(1 + units) in units of the spread, beside
/// those of the launches held out in training ([`crate::forecast::ErrorRecord`]). `level` is the mean error of products (Student's t,
/// with how much origins differed in training as a part of the variance), `spread` half the ln of the ratio of mean
/// squares, of which an increase alone is drift.
///
/// *Clusters*: variants of a product, launched on one day, share one weight in attributes and are one error.
///
/// *Decision*: q-values of all tests of the call (Benjamini-Hochberg); drift is a q-value of at most `false_discovery` with an
/// effect of at least `least_effect`, on the scale of Cohen: w of categories, the shift in standard deviations of numbers
/// and of errors.
///
/// *References*: Rabanser, Guennemann, Lipton 2019, Failing loudly: an empirical study of methods for detecting dataset shift;
/// Benjamini, Hochberg 1995, Controlling the false discovery rate.
///
/// # Errors
/// What [`Since::of`] says; [`Error::Internal`].
pub fn drift(model: &LaunchModel, panel: &LaunchPanel, options: &Options) -> Result<Vec<Drift>> {
    let since = Since::of(model, panel)?;
    let batches = options.batches.of(&since)?;
    let attributes = attributes::Attributes::of(model, &since);
    let errors = errors::Errors::of(model, &since)?;
    let mut rows = Vec::new();
    for batch in &batches {
        let days = batch.days(&since);
        let mut add = |of: Of, feature: &str, (found, reason): Tested| {
            rows.push(Drift {
                of,
                feature: feature.to_owned(),
                days,
                launches: batch.rows.len(),
                found,
                q: None,
                drifts: false,
                reason: [Some(reason), since.lost()]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join("; "),
            });
        };
        for (name, tested) in attributes.compare(&since, batch) {
            add(Of::Attribute, &name, tested);
        }
        for (name, tested) in errors.compare(&since, batch) {
            add(Of::Error, name, tested);
        }
    }
    let tested: Vec<usize> = (0..rows.len()).filter(|&row| rows[row].found.is_some()).collect();
    let ln_p: Vec<f64> = tested
        .iter()
        .filter_map(|&row| rows[row].found.map(|found| found.p.max(f64::MIN_POSITIVE).ln()))
        .collect();
    for (&row, ln_q) in tested.iter().zip(ln_q_values(&ln_p, ln_p.len())) {
        let q = ln_q.exp();
        let effect = rows[row].found.map_or(0.0, |found| found.effect);
        rows[row].q = Some(q);
        // Errors that come out lower or higher both are drift; smaller ones than in training are not.
        let size = if rows[row].feature == errors::SPREAD && rows[row].of == Of::Error {
            effect
        } else {
            effect.abs()
        };
        rows[row].drifts = q <= options.false_discovery && size >= options.least_effect;
    }
    Ok(rows)
}

/// Why a test is not made.
fn too_few(products: usize, what: &str) -> Tested {
    let told = format!("{products} products {what}: {MIN_PRODUCTS} are needed");
    (None, told)
}
