//! What features are worth.

use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_select::take::take;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::architecture::Fitted;
use super::examples::{Examples, indices};
use super::finish::Finish;
use super::scores::log_loss;
use crate::calibration::logistic;
use crate::error::Result;
use crate::features::numbers;
use crate::statistics::{ClassScores, places};

/// Rows of a fold that are looked at.
const ROWS: usize = 2_000;
/// Correlation below which a feature has no direction.
const STRAIGHT: f64 = 0.3;

/// By row the loss that is added; by row with a number how the value and the log-odds moved.
type Shuffled = (Vec<f64>, Vec<(f64, f64)>);

/// What a feature is worth on rows that were not learned from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// Its name.
    pub feature: String,
    /// Log loss that is added where its values are shuffled.
    pub importance: f64,
    /// Standard error of that.
    pub error: f64,
    /// up, down or mixed: what more of it does to the probability; none of texts.
    pub direction: Option<String>,
    /// Its part of all that is above 0.
    pub share: f64,
}

/// Shuffle one feature after the other in rows that were held out.
///
/// *Model*: importance is the weighted mean over rows of the log loss with the feature's values dealt anew within the fold, less that
/// without. Features that say the same share it: one stands in for the other.
///
/// *References*: Breiman 2001, Random forests; Fisher, Rudin, Dominici 2019, All models are wrong, but many are useful.
///
/// # Errors
/// Those of candle.
pub(super) fn permuted(
    examples: &Examples,
    models: &[(usize, Vec<Fitted>)],
    finish: &Finish,
) -> Result<Vec<Importance>> {
    let count = examples.attributes.num_columns();
    let mut losses: Vec<Vec<f64>> = vec![Vec::new(); count];
    let mut moves: Vec<Vec<(f64, f64)>> = vec![Vec::new(); count];
    for (fold, members) in models {
        let mut rows = examples.of_fold(*fold);
        rows.truncate(ROWS);
        let batch = examples.select(&rows)?;
        let odds = |batch: &RecordBatch| -> Result<Vec<f64>> {
            let each = members.iter().map(|m| m.log_odds(batch)).collect::<Result<Vec<_>>>()?;
            Ok((0..rows.len()).map(|row| finish.apply(&each, row)).collect())
        };
        let own = odds(&batch)?;
        let order = places(rows.len(), 0x1D ^ *fold as u64);
        let loss = |row: usize, z: f64| examples.weight[rows[row]] * log_loss(logistic(z), examples.label[rows[row]]);
        let of = |column: usize| -> Result<Shuffled> {
            let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
            columns[column] = take(&columns[column], &indices(&order), None)?;
            let other = odds(&RecordBatch::try_new(batch.schema(), columns)?)?;
            let added = (0..rows.len())
                .map(|row| loss(row, other[row]) - loss(row, own[row]))
                .collect();
            // How the log-odds moved with the value, between what it was and what it was dealt.
            let moves = numbers(batch.column(column)).map_or_else(Vec::new, |values| {
                let pair = |row: usize| Some((values[row]? - values[order[row]]?, own[row] - other[row]));
                (0..rows.len()).filter_map(pair).collect()
            });
            Ok((added, moves))
        };
        let found: Vec<_> = (0..count).into_par_iter().map(of).collect::<Result<_>>()?;
        for (column, (added, moved)) in found.into_iter().enumerate() {
            losses[column].extend(added);
            moves[column].extend(moved);
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let total: f64 = losses.iter().map(|l| mean(l).max(0.0)).sum();
    let schema = examples.attributes.schema();
    let mut out: Vec<Importance> = (0..count)
        .map(|column| {
            let importance = mean(&losses[column]);
            let n = losses[column].len().max(2) as f64;
            let squares: f64 = losses[column].iter().map(|l| (l - importance).powi(2)).sum();
            Importance {
                feature: schema.field(column).name().clone(),
                importance,
                error: (squares / (n - 1.0) / n).sqrt(),
                direction: direction(&moves[column]),
                share: if total > 0.0 { importance.max(0.0) / total } else { 0.0 },
            }
        })
        .collect();
    out.sort_by(|a, b| {
        b.importance
            .total_cmp(&a.importance)
            .then_with(|| a.feature.cmp(&b.feature))
    });
    Ok(out)
}

fn direction(moves: &[(f64, f64)]) -> Option<String> {
    let product: f64 = moves.iter().map(|(x, z)| x * z).sum();
    let squares = moves.iter().fold((0.0, 0.0), |(a, b), (x, z)| (a + x * x, b + z * z));
    if moves.is_empty() {
        return None;
    }
    let correlation = product / (squares.0 * squares.1).sqrt();
    let name = match correlation {
        c if c > STRAIGHT => "up",
        c if c < -STRAIGHT => "down",
        _ => "mixed",
    };
    Some(name.to_owned())
}

/// Features that alone tell the label nearly without error, in words.
pub(super) fn leak(examples: &Examples, auc: f64) -> Option<String> {
    let schema = examples.attributes.schema();
    let rows: Vec<usize> = (0..examples.label.len())
        .step_by((examples.label.len() / 20_000).max(1))
        .collect();
    let alone = |column: usize| {
        let array = examples.attributes.column(column);
        let texts = array.as_any().downcast_ref::<StringArray>();
        let values: Vec<Option<f64>> = match (numbers(array), texts) {
            (Some(values), _) => rows.iter().map(|row| values[*row]).collect(),
            (None, Some(texts)) => by_level(texts, &rows, &examples.label),
            _ => return None,
        };
        let mut classes = ClassScores::default();
        let known = rows.iter().zip(&values);
        known.for_each(|(row, v)| classes.add(examples.label[*row] == 1.0, v.unwrap_or(f64::MIN)));
        let found = classes.auc()?;
        // Shares of a level's other rows point up alone: those of a constant point down by what is left out.
        let found = if texts.is_some() { found } else { found.max(1.0 - found) };
        (found >= auc).then(|| schema.field(column).name().clone())
    };
    let names: Vec<String> = (0..schema.fields().len()).filter_map(alone).collect();
    (!names.is_empty()).then(|| {
        format!(
            "possible leak: {} alone tells the label; leave it out if it is not known beforehand, ignore := ['{}']",
            names.join(", "),
            names.join("', '")
        )
    })
}

/// Share of positives of a level in the other rows; none of levels that are there once.
fn by_level(texts: &StringArray, rows: &[usize], label: &[f64]) -> Vec<Option<f64>> {
    let mut counts: std::collections::HashMap<&str, (f64, f64)> = std::collections::HashMap::new();
    let known = |row: &usize| (!texts.is_null(*row)).then(|| texts.value(*row));
    for row in rows {
        if let Some(text) = known(row) {
            let count = counts.entry(text).or_default();
            *count = (count.0 + label[*row], count.1 + 1.0);
        }
    }
    let of = |row: &usize| {
        let (positives, all) = counts.get(known(row)?)?;
        (*all > 1.0).then(|| (positives - label[*row]) / (all - 1.0))
    };
    rows.iter().map(of).collect()
}
