//! Rows as inputs of a network: numbers in pieces, categories and words as they are.

use serde::{Deserialize, Serialize};

use crate::features::{AttributeEncoder, Design, EncodedColumn, Flag, Levels, Plan, Source, Words};
use crate::statistics::sorted;

/// Numbers, levels and words.
const PLAN: Plan = Plan {
    missing: Flag::WhereSeen,
    bounded: true,
    levels: Levels::Frequent { most: 40, at_least: 20 },
    words: Words::Weight(100),
    ..Plan::NUMBERS
};
/// Pieces of a number at most.
const PIECES: usize = 8;

/// Inputs of a network.
///
/// *Model*: a number is itself and its place in up to eight pieces between its quantiles: 0 before a piece, 1 behind it, and
/// in between how far it has come. A network learns bends from these that it hardly learns from the number alone.
///
/// *Reference*: Gorishniy, Rubachev, Babenko 2022, On embeddings for numerical features in tabular deep learning
/// (piecewise linear encoding).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    design: Design,
    /// Ends of the pieces by column; none of columns that are no numbers.
    ends: Vec<Vec<f64>>,
}

impl Inputs {
    /// Learn from rows; returns them encoded as well.
    pub fn fit(attributes: &arrow_array::RecordBatch, label: &[f64]) -> (Self, Vec<EncodedColumn>) {
        let encoder = AttributeEncoder::fit_to(attributes, label);
        let columns = encoder.encode(attributes);
        let design = Design::fit(encoder, &columns, &PLAN);
        let ends = (0..design.columns()).map(|c| ends(&design, &columns, c, attributes.num_rows()));
        let ends = ends.collect();
        (Self { design, ends }, columns)
    }

    /// Number of inputs.
    pub fn width(&self) -> usize {
        self.ends.iter().map(|ends| 1 + ends.len().saturating_sub(1)).sum()
    }

    /// The inputs of one row.
    pub fn row(&self, columns: &[EncodedColumn], row: usize, out: &mut Vec<f32>) {
        for (value, ends) in self.design.dense(columns, row, f64::NAN).zip(&self.ends) {
            let known = if value.is_nan() { 0.0 } else { value };
            out.push(known as f32);
            out.extend(ends.windows(2).map(|piece| match value.is_nan() {
                true => 0.0,
                false => ((value - piece[0]) / (piece[1] - piece[0])).clamp(0.0, 1.0) as f32,
            }));
        }
    }

    /// The features they are made from.
    pub fn encoder(&self) -> &AttributeEncoder {
        self.design.encoder()
    }

    /// Whether it is what [`Inputs::fit`] makes.
    pub fn is_valid(&self) -> bool {
        let rising = |ends: &Vec<f64>| ends.iter().all(|e| e.is_finite()) && ends.windows(2).all(|p| p[0] < p[1]);
        self.design.is_valid() && self.ends.len() == self.design.columns() && self.ends.iter().all(rising)
    }
}

/// Quantiles of a number, those that are equal once.
fn ends(design: &Design, columns: &[EncodedColumn], column: usize, rows: usize) -> Vec<f64> {
    if !matches!(design.sources().get(column), Some(Source::Number(_))) {
        return Vec::new();
    }
    let values = sorted((0..rows).filter_map(|row| design.value(column, columns, row)));
    let Some(last) = values.len().checked_sub(1) else {
        return Vec::new();
    };
    let mut ends: Vec<f64> = (0..=PIECES).map(|k| values[last * k / PIECES]).collect();
    ends.dedup();
    if ends.len() < 3 { Vec::new() } else { ends }
}
