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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};

    use super::*;
    use crate::launch::Architecture;
    use crate::launch::tests::uniform;
    use crate::neural::Recipe;
    use crate::panel::Frequency;
    use crate::progress::Progress;

    const PAST: usize = 300;

    /// Three hundred launches of a year and a hundred new ones, of which the units are multiplied by `factor` and the share
    /// of category a is `share`; each in so many variants that sell alike.
    fn panel(seed: u64, factor: f64, share: f64, variants: usize) -> LaunchPanel {
        let n = PAST + 100;
        let is_new = |i: usize| i >= PAST;
        let noise = |i: usize| 2.0 * uniform(3 * i, seed) - 1.0;
        let of_all = |i: usize| if is_new(i) { share } else { 0.5 };
        let category = |i: usize| if uniform(3 * i + 1, seed) < of_all(i) { "a" } else { "b" };
        let price = |i: usize| 5.0 + 10.0 * uniform(3 * i + 2, seed);
        let rows: Vec<usize> = (0..n).flat_map(|i| vec![i; variants]).collect();
        let units = |i: usize| {
            let level = if category(i) == "a" { 200.0 } else { 100.0 } * noise(i).exp();
            vec![Some(level * if is_new(i) { factor } else { 1.0 }); 3]
        };
        let attributes = RecordBatch::try_from_iter([
            (
                "category",
                Arc::new(rows.iter().map(|&i| Some(category(i))).collect::<StringArray>()) as ArrayRef,
            ),
            (
                "price",
                Arc::new(rows.iter().map(|&i| Some(price(i))).collect::<Float64Array>()) as ArrayRef,
            ),
        ])
        .unwrap();
        let ids = rows
            .iter()
            .enumerate()
            .map(|(row, i)| format!("p{i:03} | {row:04}"))
            .collect();
        let days = rows.iter().map(|&i| 18_000 + i as i32).collect();
        let units: Vec<_> = rows.iter().map(|&i| units(i)).collect();
        LaunchPanel::try_new(Frequency::Day, 3, ids, days, &units, attributes).unwrap()
    }

    fn found(panel: &LaunchPanel) -> Vec<Drift> {
        let known = panel.known_at(18_000 + PAST as i32).unwrap();
        let model = LaunchModel::train(Architecture::Gbm, &known, &Recipe::default(), &Progress::silent()).unwrap();
        let options = Options::try_new(Batches::All, 0.05, 0.2).unwrap();
        drift(&model, panel, &options).unwrap()
    }

    fn drifting(rows: &[Drift]) -> Vec<&str> {
        rows.iter()
            .filter(|row| row.drifts)
            .map(|row| row.feature.as_str())
            .collect()
    }

    #[test]
    fn what_has_changed_is_told_and_what_has_not_is_not() {
        assert!(drifting(&found(&panel(1, 1.0, 0.5, 1))).is_empty());
        assert_eq!(drifting(&found(&panel(2, 1.0, 0.8, 1))), ["category"]);
        let rows = found(&panel(3, 1.6, 0.5, 1));
        assert_eq!(drifting(&rows), ["level"], "{rows:?}");
        // ln 1.6 of a noise with standard deviation 1 / root 3.
        let level = rows
            .iter()
            .find(|row| row.feature == "level")
            .and_then(|row| row.found)
            .unwrap();
        assert!((level.effect - 1.6f64.ln() * 3f64.sqrt()).abs() < 0.3, "{level:?}");
    }

    #[test]
    fn variants_of_a_product_count_once() {
        let (single, variants) = (found(&panel(4, 1.2, 0.6, 1)), found(&panel(4, 1.2, 0.6, 5)));
        let of = |rows: &[Drift], feature: &str| {
            rows.iter()
                .find(|r| r.feature == feature)
                .and_then(|r| r.found)
                .unwrap()
        };
        for feature in ["category", "price"] {
            let (one, five) = (of(&single, feature), of(&variants, feature));
            assert!(
                (one.statistic - five.statistic).abs() < 1e-9,
                "{feature} {one:?} {five:?}"
            );
        }
        // A model of the variants is another one; five times the launches are no root five of the evidence.
        let (one, five) = (of(&single, "level"), of(&variants, "level"));
        assert!((one.statistic - five.statistic).abs() < 1.0, "{one:?} {five:?}");
    }

    #[test]
    fn options_are_checked() {
        let says = |share, effect| Options::try_new(Batches::All, share, effect).unwrap_err().to_string();
        assert_eq!(says(1.0, 0.2), "false_discovery must be above 0 and below 1, got 1");
        assert_eq!(says(0.05, f64::NAN), "least_effect must be between 0 and 10, got NaN");
    }
}
