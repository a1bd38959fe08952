//! Rows as they are gathered, and those drawn of them where there are more than are learned from.

use arrow_array::{Array, Float64Array, RecordBatch, StringArray, UInt32Array};
use arrow_select::{concat::concat_batches, take::take_record_batch};
use rayon::prelude::*;

use super::examples::{Given, contents, of_text};
use super::label::Outcomes;
use crate::error::Result;
use crate::statistics::mix;

/// Rows that are learned from at most.
const MOST: usize = 500_000;

/// Some rows of one batch.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Features.
    pub attributes: &'a RecordBatch,
    /// What happened.
    pub labels: &'a StringArray,
    /// Weights.
    pub weights: &'a Float64Array,
    /// What is held out one after the other.
    pub fold: &'a StringArray,
    /// What is held out together.
    pub grouping: &'a StringArray,
    /// The rows that count.
    pub rows: &'a [u32],
}

/// All rows together; of more than half a million as many of the rarer outcome as are half of them, and of the other one the rest.
///
/// *Model*: a row is drawn with the same probability as all others of its outcome, and weighs as many times more, so that sums are
/// those of all rows (case-control sampling with known shares).
///
/// *Determinism*: a row is drawn by its content and, of rows that are the same, by its number among them: their order says nothing.
///
/// *Reference*: King, Zeng 2001, Logistic regression in rare events data.
///
/// # Errors
/// As [`Outcomes::of`]; texts too large for an array.
pub fn gather(parts: &[Part<'_>], positive: Option<&str>) -> Result<Option<Given>> {
    gather_at_most(parts, positive, MOST)
}

fn gather_at_most(parts: &[Part<'_>], positive: Option<&str>, most: usize) -> Result<Option<Given>> {
    let Some(schema) = parts.first().map(|part| part.attributes.schema()) else {
        return Ok(None);
    };
    let each = parts
        .iter()
        .flat_map(|part| part.rows.iter().map(move |row| text(part.labels, *row)));
    let outcomes = Outcomes::of(each.flatten(), positive)?;
    let of = |part: &Part<'_>, row: u32| outcomes.read(text(part.labels, row));
    let mut counts = [0usize; 2];
    for part in parts {
        part.rows
            .iter()
            .filter_map(|row| of(part, *row))
            .for_each(|y| counts[usize::from(y == 1.0)] += 1);
    }
    let all: usize = parts.iter().map(|part| part.rows.len()).sum();
    let shares = shares(counts, most);
    let chosen: Vec<Vec<u32>> = match shares {
        None => parts.iter().map(|part| part.rows.to_vec()).collect(),
        Some(shares) => chosen(parts, &of, shares),
    };
    let mut given = Given::default();
    let mut batches = Vec::with_capacity(parts.len());
    for (part, rows) in parts.iter().zip(&chosen).filter(|(_, rows)| !rows.is_empty()) {
        for &row in rows {
            let label = of(part, row);
            let weight = part
                .weights
                .is_valid(row as usize)
                .then(|| part.weights.value(row as usize));
            given.weights.push(match (shares, label) {
                (Some(shares), Some(y)) => Some(weight.unwrap_or(1.0) / shares[usize::from(y == 1.0)]),
                _ => weight,
            });
            given.labels.push(label);
            given.fold.push(text(part.fold, row).map(str::to_owned));
            given.grouping.push(text(part.grouping, row).map(str::to_owned));
        }
        batches.push(take_record_batch(part.attributes, &UInt32Array::from(rows.clone()))?);
    }
    given.attributes = concat_batches(&schema, &batches)?;
    if shares.is_some() {
        given.notes.push(format!(
            "learned from {} of {all} rows, drawn by outcome and weighted",
            given.labels.len()
        ));
    }
    Ok(Some(given))
}

fn text(array: &StringArray, row: u32) -> Option<&str> {
    array.is_valid(row as usize).then(|| array.value(row as usize))
}

/// The share of the rows of either outcome that is drawn; none where all are.
fn shares(counts: [usize; 2], most: usize) -> Option<[f64; 2]> {
    if counts[0] + counts[1] <= most {
        return None;
    }
    let rarer = usize::from(counts[1] <= counts[0]);
    let mut shares = [0.0; 2];
    let kept = counts[rarer].min(most / 2);
    shares[rarer] = kept as f64 / counts[rarer] as f64;
    shares[1 - rarer] = (most - kept) as f64 / counts[1 - rarer] as f64;
    Some(shares)
}

/// The rows drawn of each part.
fn chosen(parts: &[Part<'_>], of: &(impl Fn(&Part<'_>, u32) -> Option<f64> + Sync), shares: [f64; 2]) -> Vec<Vec<u32>> {
    // Content, part, row, and whether it is positive.
    let keyed = |(place, part): (usize, &Part<'_>)| -> Vec<(u64, u32, u32, bool)> {
        let keys = contents(part.attributes);
        let keyed = |&row: &u32| {
            let y = of(part, row)?;
            let mut key = mix(keys[row as usize] ^ y.to_bits());
            for own in [text(part.fold, row), text(part.grouping, row)].into_iter().flatten() {
                key = mix(key ^ of_text(own));
            }
            if part.weights.is_valid(row as usize) {
                key = mix(key ^ part.weights.value(row as usize).to_bits());
            }
            Some((key, place as u32, row, y == 1.0))
        };
        part.rows.iter().filter_map(keyed).collect()
    };
    let mut keys: Vec<(u64, u32, u32, bool)> = parts.par_iter().enumerate().flat_map_iter(keyed).collect();
    keys.par_sort_unstable_by_key(|k| k.0);
    let mut chosen = vec![Vec::new(); parts.len()];
    for same in keys.chunk_by(|a, b| a.0 == b.0) {
        for (number, (key, place, row, is_positive)) in same.iter().enumerate() {
            let drawn = (mix(key ^ mix(number as u64)) >> 11) as f64 / (1u64 << 53) as f64;
            if drawn < shares[usize::from(*is_positive)] {
                chosen[*place as usize].push(*row);
            }
        }
    }
    chosen.par_iter_mut().for_each(|rows| rows.sort_unstable());
    chosen
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Rows `i` of which one in fifty is positive; every third is the same as its neighbour.
    fn rows(order: &[usize]) -> (RecordBatch, StringArray, Float64Array, StringArray) {
        let x = Float64Array::from_iter_values(order.iter().map(|i| (i / 3) as f64));
        let attributes = RecordBatch::try_from_iter([("x", Arc::new(x) as Arc<dyn Array>)]).unwrap();
        let labels = StringArray::from_iter_values(order.iter().map(|i| if i % 50 == 0 { "yes" } else { "no" }));
        (
            attributes,
            labels,
            Float64Array::new_null(order.len()),
            StringArray::new_null(order.len()),
        )
    }

    #[test]
    fn sums_of_those_drawn_are_those_of_all_and_order_says_nothing() {
        let drawn = |order: Vec<usize>, most: usize| {
            let (attributes, labels, weights, none) = rows(&order);
            let all: Vec<u32> = (0..order.len() as u32).collect();
            let part = |rows: std::ops::Range<usize>| Part {
                attributes: &attributes,
                labels: &labels,
                weights: &weights,
                fold: &none,
                grouping: &none,
                rows: &all[rows],
            };
            let half = order.len() / 3;
            gather_at_most(&[part(0..half), part(half..order.len())], Some("yes"), most)
                .unwrap()
                .unwrap()
        };
        let given = drawn((0..30_000).collect(), 5_000);
        let sum = |given: &Given, y: f64| -> f64 {
            let own = given
                .labels
                .iter()
                .zip(&given.weights)
                .filter(|(label, _)| **label == Some(y));
            own.map(|(_, w)| w.unwrap()).sum()
        };
        assert!(
            (given.labels.len() as f64 - 5_000.0).abs() < 200.0,
            "{}",
            given.labels.len()
        );
        // All of the rarer outcome, and as much weight of the other as there are rows.
        assert_eq!(sum(&given, 1.0), 600.0);
        assert!((sum(&given, 0.0) / 29_400.0 - 1.0).abs() < 0.05);
        assert_eq!(given.notes.len(), 1);
        let mut other = drawn((0..30_000).rev().collect(), 5_000);
        let column = |given: &Given| -> Vec<u64> {
            let x = given
                .attributes
                .column(0)
                .as_any()
                .downcast_ref::<Float64Array>()
                .unwrap()
                .clone();
            let mut keys: Vec<u64> = x
                .iter()
                .zip(&given.labels)
                .map(|(x, y)| mix(x.unwrap().to_bits()) ^ y.unwrap().to_bits())
                .collect();
            keys.sort_unstable();
            keys
        };
        assert_eq!(column(&given), column(&other));
        other = drawn((0..1_000).collect(), 5_000);
        assert_eq!(
            (other.labels.len(), other.notes.len(), other.weights[0]),
            (1_000, 0, None)
        );
    }
}
