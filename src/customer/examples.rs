//! Rows with labels, in an order and in folds that do not depend on how they came.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::{Array, BooleanArray, Date32Array, Float64Array, ListArray, RecordBatch, StringArray, UInt32Array};
use arrow_schema::Schema;
use arrow_select::take::take_record_batch;

use super::table::Columns;
use crate::error::{Error, Result};
use crate::statistics::{folds, mix};

/// Fewest rows of either outcome.
const MIN_OUTCOME: usize = 10;
/// Share of the positive rows that a part is predicted from at least, where outcomes are known only after some time.
const ENOUGH: f64 = 1.0 / 3.0;

/// Rows as they were given.
#[derive(Debug)]
pub struct Given {
    /// What is to be said of them.
    pub notes: Vec<String>,
    /// Features.
    pub attributes: RecordBatch,
    /// 1, 0, or none.
    pub labels: Vec<Option<f64>>,
    /// Weights; none counts as 1.
    pub weights: Vec<Option<f64>>,
    /// Values that are held out one after the other, in their order; none without.
    pub fold: Vec<Option<String>>,
    /// What is held out together, such as users; none without.
    pub grouping: Vec<Option<String>>,
    /// Where an outcome is known only after some time.
    pub embargo: Option<Embargo>,
}

/// Outcomes that are known only after some time.
#[derive(Debug, Clone)]
pub struct Embargo {
    /// How much later than the value of `fold`, which is a number, an outcome is known: a part is not predicted from rows whose
    /// outcome was not known at its first value.
    pub until: f64,
    /// What a row counts in learning, not in figures.
    pub emphasis: Vec<f64>,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            notes: Vec::new(),
            attributes: RecordBatch::new_empty(Arc::new(Schema::empty())),
            labels: Vec::new(),
            weights: Vec::new(),
            fold: Vec::new(),
            grouping: Vec::new(),
            embargo: None,
        }
    }
}

/// How rows are held out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Each fold is predicted from all others.
    Shuffled,
    /// Each fold but the first is predicted from those before it.
    Ordered,
}

/// Rows to learn from.
#[derive(Debug)]
pub struct Examples {
    /// What the columns of the table hold.
    pub columns: Columns,
    /// Features.
    pub attributes: RecordBatch,
    /// 1 and 0.
    pub label: Vec<f64>,
    /// Weights, 1 on average.
    pub weight: Vec<f64>,
    /// What rows belong together, from 0.
    pub unit: Vec<u32>,
    /// Fold of each row, from 0.
    pub fold: Vec<usize>,
    /// Number of folds.
    pub folds: usize,
    /// How they are held out.
    pub split: Split,
    /// The first fold that is held out, of ordered ones.
    first_held: usize,
    /// What rows count in learning alone.
    pub emphasis: Vec<f64>,
    /// First value of each fold, and when the outcome of each row is known; empty where it is at once.
    starts: Vec<f64>,
    known_from: Vec<f64>,
    /// What was left out, in words.
    pub notes: Vec<String>,
}

impl Examples {
    /// Put rows in order and into folds.
    ///
    /// *Determinism*: rows are ordered by their content, so the order in which they came says nothing; folds are drawn by the
    /// seed, each outcome by itself, and a value of `grouping` is in one fold.
    ///
    /// # Errors
    /// [`Error::Refused`] for too few rows of either outcome or too few folds; [`Error::Argument`] for weights below 0.
    pub fn try_new(given: Given, number: usize, seed: i64) -> Result<Self> {
        let Given {
            attributes,
            labels,
            weights,
            fold,
            grouping,
            embargo,
            mut notes,
        } = given;
        if let Some(wrong) = weights.iter().flatten().find(|w| !(w.is_finite() && **w >= 0.0)) {
            return Err(Error::argument(format!(
                "weight must be finite and not below 0, got {wrong}"
            )));
        }
        let ordered = fold.iter().any(Option::is_some);
        let grouped = grouping.iter().any(Option::is_some);
        let all = labels.len();
        let mut told = |count: usize, what: &str| {
            if count > 0 {
                notes.push(format!("{count} of {all} rows {what} and are left out"));
            }
        };
        told(labels.iter().filter(|l| l.is_none()).count(), "have no label");
        let usable = |row: &usize| labels[*row].is_some();
        told(
            (0..all).filter(|r| usable(r) && weights[*r] == Some(0.0)).count(),
            "have a weight of 0",
        );
        let usable = |row: &usize| usable(row) && weights[*row] != Some(0.0);
        told(
            (0..all).filter(|r| usable(r) && ordered && fold[*r].is_none()).count(),
            "have no fold",
        );
        let without = weights.iter().filter(|w| w.is_none()).count();
        if without > 0 && without < all {
            notes.push(format!("{without} of {all} rows have no weight and count as 1"));
        }
        let alone = grouping.iter().filter(|g| g.is_none()).count();
        if alone > 0 && grouped {
            notes.push(format!(
                "{alone} of {all} rows have no grouping and are held out each by itself"
            ));
        }
        if ordered && !is_sorted_as_text(&fold) {
            notes.push("fold is in the order of the alphabet: give dates or numbers for that of time".to_owned());
        }
        let usable = |row: &usize| usable(row) && (!ordered || fold[*row].is_some());
        let columns = Columns::of(&attributes);
        let attributes = columns.read(&attributes)?;
        let mut keys = contents(&attributes);
        for (row, key) in keys.iter_mut().enumerate() {
            for text in [&fold[row], &grouping[row]].into_iter().flatten() {
                *key = mix(*key ^ of_text(text));
            }
            *key = mix(*key ^ labels[row].unwrap_or(-1.0).to_bits() ^ mix(weights[row].unwrap_or(1.0).to_bits()));
        }
        let mut rows: Vec<usize> = (0..all).filter(usable).collect();
        rows.sort_by_key(|row| keys[*row]);
        let label: Vec<f64> = rows.iter().filter_map(|row| labels[*row]).collect();
        for (outcome, name) in [(1.0, "positive"), (0.0, "negative")] {
            let count = label.iter().filter(|l| **l == outcome).count();
            if count < MIN_OUTCOME {
                return Err(Error::refused(format!(
                    "{count} rows are {name}: at least {MIN_OUTCOME} are needed"
                )));
            }
        }
        let unit: Vec<u32> = match grouped {
            true => {
                // Of those without one each is alone; its place is that of its content, not that in which it came.
                let own =
                    |(place, row): (usize, &usize)| grouping[*row].clone().unwrap_or_else(|| format!("\u{0}{place}"));
                codes_of(rows.iter().enumerate().map(own).collect())
            }
            false => (0..rows.len() as u32).collect(),
        };
        let times: Vec<f64> = match &embargo {
            None => Vec::new(),
            Some(_) => {
                let number = |row: &usize| fold[*row].as_deref().and_then(|text| text.trim().parse().ok());
                let times = rows
                    .iter()
                    .map(|row| number(row).ok_or_else(|| Error::internal("a time that is no number")));
                times.collect::<Result<_>>()?
            }
        };
        let (fold, folds) = match ordered {
            true => blocks(
                rows.iter().map(|row| fold[*row].clone().unwrap_or_default()).collect(),
                number,
            )?,
            false => (dealt(&unit, &label, grouped, number, seed)?, number),
        };
        let mut weight: Vec<f64> = rows.iter().map(|row| weights[*row].unwrap_or(1.0)).collect();
        let mean = weight.iter().sum::<f64>() / weight.len() as f64;
        weight.iter_mut().for_each(|w| *w /= mean);
        let mut starts = vec![f64::INFINITY; if times.is_empty() { 0 } else { folds }];
        times
            .iter()
            .zip(&fold)
            .for_each(|(time, fold)| starts[*fold] = starts[*fold].min(*time));
        let until = embargo.as_ref().map_or(0.0, |e| e.until);
        let mut emphasis = vec![1.0; rows.len()];
        if let Some(embargo) = &embargo {
            let own = rows.iter().map(|row| embargo.emphasis[*row]);
            let mean = own.clone().zip(&weight).map(|(e, w)| e * w).sum::<f64>() / weight.iter().sum::<f64>();
            emphasis = own.map(|e| e / mean).collect();
        }
        let mut found = Self {
            starts,
            first_held: 1,
            known_from: times.iter().map(|time| time + until).collect(),
            emphasis,
            columns,
            attributes: take_record_batch(&attributes, &indices(&rows))?,
            label,
            weight,
            unit,
            fold,
            folds,
            split: if ordered { Split::Ordered } else { Split::Shuffled },
            notes,
        };
        if !found.starts.is_empty() {
            let positives = |rows: &[usize]| rows.iter().filter(|row| found.label[**row] == 1.0).count();
            let all: Vec<usize> = (0..found.label.len()).collect();
            // Models of a few rows say little of one of all.
            let enough = MIN_OUTCOME.max((ENOUGH * positives(&all) as f64) as usize);
            let known: Vec<usize> = (0..folds).map(|fold| positives(&found.learned(fold))).collect();
            found.first_held = (1..folds).find(|fold| known[*fold] >= enough).unwrap_or(folds - 1);
            if known[found.first_held] < MIN_OUTCOME {
                return Err(Error::refused(format!(
                    "{} positive rows were known when the last part began: at least {MIN_OUTCOME} are needed",
                    known[found.first_held]
                )));
            }
        }
        for fold in found.held_out() {
            let both = |rows: &[usize]| [0.0, 1.0].iter().all(|o| rows.iter().any(|r| found.label[*r] == *o));
            if !both(&found.learned(fold)) {
                return Err(Error::refused(format!(
                    "the rows learned from where fold {} is held out have one outcome alone",
                    fold + 1
                )));
            }
        }
        Ok(found)
    }

    /// Folds that are held out.
    pub fn held_out(&self) -> std::ops::Range<usize> {
        match self.split {
            Split::Shuffled => 0..self.folds,
            Split::Ordered => self.first_held..self.folds,
        }
    }

    /// Rows that a fold is predicted from.
    pub fn learned(&self, fold: usize) -> Vec<usize> {
        let learned = |row: &usize| match self.split {
            Split::Shuffled => self.fold[*row] != fold,
            Split::Ordered => self.fold[*row] < fold && self.is_known(*row, fold),
        };
        (0..self.fold.len()).filter(learned).collect()
    }

    /// The fold of a time, where outcomes are known only after some.
    pub fn fold_of(&self, time: f64) -> usize {
        self.starts.partition_point(|start| *start <= time).saturating_sub(1)
    }

    /// Whether the outcome of a row was known when a fold began.
    pub fn is_known(&self, row: usize, fold: usize) -> bool {
        self.starts.is_empty() || self.known_from[row] <= self.starts[fold]
    }

    /// Rows of a fold.
    pub fn of_fold(&self, fold: usize) -> Vec<usize> {
        (0..self.fold.len()).filter(|row| self.fold[*row] == fold).collect()
    }

    /// The features of some rows.
    ///
    /// # Errors
    /// Texts too large for an array.
    pub fn select(&self, rows: &[usize]) -> Result<RecordBatch> {
        Ok(take_record_batch(&self.attributes, &indices(rows))?)
    }
}

pub(super) fn indices(rows: &[usize]) -> UInt32Array {
    UInt32Array::from_iter_values(rows.iter().map(|row| *row as u32))
}

fn codes_of(texts: Vec<String>) -> Vec<u32> {
    let known: BTreeMap<&String, u32> = texts.iter().collect::<BTreeSet<_>>().into_iter().zip(0..).collect();
    texts.iter().map(|text| known[text]).collect()
}

/// Folds drawn at random: units of each outcome by themselves, so that each fold has its share of rare outcomes.
fn dealt(unit: &[u32], label: &[f64], grouped: bool, number: usize, seed: i64) -> Result<Vec<usize>> {
    let count = unit.iter().copied().max().map_or(0, |most| most as usize + 1);
    if count < number {
        return Err(Error::refused(format!(
            "grouping has {count} values, {number} folds need as many"
        )));
    }
    if grouped {
        return Ok(folds(unit, number, seed as u64));
    }
    let mut fold = vec![0; label.len()];
    for outcome in [0.0, 1.0] {
        let rows: Vec<usize> = (0..label.len()).filter(|row| label[*row] == outcome).collect();
        let units: Vec<u32> = (0..rows.len() as u32).collect();
        let dealt = folds(&units, number, mix(seed as u64 ^ outcome.to_bits()));
        rows.iter().zip(dealt).for_each(|(row, f)| fold[*row] = f);
    }
    Ok(fold)
}

/// Whether values sort as texts as they do in time: numbers do by another rule, and dates of ISO 8601 begin with the year.
fn is_sorted_as_text(values: &[Option<String>]) -> bool {
    let begins = |v: &str| v.len() >= 10 && v.as_bytes()[..4].iter().all(u8::is_ascii_digit) && v.as_bytes()[4] == b'-';
    values
        .iter()
        .flatten()
        .all(|v| v.trim().parse::<f64>().is_ok() || begins(v.trim()))
}

/// Values in their order, cut into one more block than folds of about equally many rows; the first is learned from alone.
fn blocks(values: Vec<String>, number: usize) -> Result<(Vec<usize>, usize)> {
    let as_numbers: Option<Vec<f64>> = values.iter().map(|v| v.trim().parse().ok()).collect();
    let order = |a: &usize, b: &usize| match &as_numbers {
        Some(numbers) => numbers[*a].total_cmp(&numbers[*b]),
        None => values[*a].cmp(&values[*b]),
    };
    let mut rows: Vec<usize> = (0..values.len()).collect();
    rows.sort_by(order);
    let runs: Vec<&[usize]> = rows.chunk_by(|a, b| order(a, b).is_eq()).collect();
    if runs.len() < 2 {
        return Err(Error::refused("fold has one value alone: at least two are needed"));
    }
    let most = (number + 1).min(runs.len());
    let mut fold = vec![0; values.len()];
    let (mut block, mut before) = (0, 0);
    for (i, run) in runs.iter().enumerate() {
        // So many values are left that each block still to come has one.
        let must = most - block > runs.len() - i;
        let full = before * most >= (block + 1) * values.len();
        if i > 0 && block + 1 < most && (must || full) {
            block += 1;
        }
        run.iter().for_each(|row| fold[*row] = block);
        before += run.len();
    }
    Ok((fold, block + 1))
}

/// A number for the content of each row.
pub(super) fn contents(attributes: &RecordBatch) -> Vec<u64> {
    let mut keys = vec![0x5EED; attributes.num_rows()];
    for (column, array) in attributes.columns().iter().enumerate() {
        let any = array.as_any();
        let place = mix(column as u64);
        for (row, key) in keys.iter_mut().enumerate() {
            let value = if array.is_null(row) {
                1
            } else if let Some(a) = any.downcast_ref::<Float64Array>() {
                // Adding zero turns -0.0 into 0.0.
                (a.value(row) + 0.0).to_bits()
            } else if let Some(a) = any.downcast_ref::<BooleanArray>() {
                2 + u64::from(a.value(row))
            } else if let Some(a) = any.downcast_ref::<Date32Array>() {
                4 ^ a.value(row) as u64
            } else if let Some(a) = any.downcast_ref::<StringArray>() {
                of_text(a.value(row))
            } else if let Some(a) = any.downcast_ref::<ListArray>() {
                let entries = a.value(row);
                let numbers = entries.as_any().downcast_ref::<Float64Array>();
                let numbers = numbers.into_iter().flat_map(|numbers| numbers.iter());
                numbers.fold(7, |key, v| mix(key ^ (v.unwrap_or(f64::NAN) + 0.0).to_bits()))
            } else {
                0
            };
            *key = mix(*key ^ mix(value ^ place));
        }
    }
    keys
}

pub(super) fn of_text(text: &str) -> u64 {
    let chunks = text.as_bytes().chunks(8);
    chunks.fold(mix(text.len() as u64), |key, chunk| {
        let word = chunk.iter().fold(0, |word: u64, byte| word << 8 | u64::from(*byte));
        mix(key ^ word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_follow_time_and_none_is_empty() {
        let days: Vec<String> = (0..100).map(|i| format!("2024-01-{:02}", 1 + i % 20)).collect();
        let (fold, count) = blocks(days.clone(), 4).unwrap();
        assert_eq!(count, 5);
        for a in 0..100 {
            for b in 0..100 {
                assert!(days[a] >= days[b] || fold[a] <= fold[b]);
            }
        }
        let sizes: Vec<usize> = (0..5).map(|f| fold.iter().filter(|x| **x == f).count()).collect();
        assert_eq!(sizes, [20; 5]);
        // Numbers are ordered as such, and few values are folds each.
        let (fold, count) = blocks(["10", "9", "10", "9"].map(str::to_owned).to_vec(), 5).unwrap();
        assert_eq!((fold, count), (vec![1, 0, 1, 0], 2));
        assert!(blocks(vec!["a".to_owned(); 3], 5).is_err());
    }
}
