//! Encoded columns, and the levels of a category that are worth telling apart.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::TextVector;

/// Code of a NULL category.
pub const MISSING: i32 = -1;
/// Code of a category that no row learned from had.
pub const UNSEEN: i32 = -2;

/// One encoded column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EncodedColumn {
    /// Standardised numbers, `None` where missing.
    Number(Vec<Option<f64>>),
    /// Codes of [`super::Encoding::Category`], [`MISSING`] or [`UNSEEN`].
    Category(Vec<i32>),
    /// Sparse vectors of length 1, empty where missing.
    Text(Vec<TextVector>),
    /// Embeddings.
    Embedding {
        /// Scores along the direction in which a target grows, `None` where missing or without one.
        along: Vec<Option<f64>>,
        /// [`super::embedding::unit`] vectors, empty where missing.
        units: Vec<Vec<i16>>,
    },
}

impl EncodedColumn {
    /// The rows with the given numbers.
    pub fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Number(v) => Self::Number(rows.iter().map(|&i| v[i]).collect()),
            Self::Category(v) => Self::Category(rows.iter().map(|&i| v[i]).collect()),
            Self::Text(v) => Self::Text(rows.iter().map(|&i| v[i].clone()).collect()),
            Self::Embedding { along, units } => Self::Embedding {
                along: rows.iter().map(|&i| along[i]).collect(),
                units: rows.iter().map(|&i| units[i].clone()).collect(),
            },
        }
    }

    /// Whether nothing is known in a row.
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Number(v) => v[row].is_none(),
            Self::Category(v) => v[row] == MISSING,
            Self::Text(v) => v[row].is_empty(),
            Self::Embedding { units, .. } => units[row].is_empty(),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Number(v) => v.len(),
            Self::Category(v) => v.len(),
            Self::Text(v) => v.len(),
            Self::Embedding { units, .. } => units.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The `most` levels with the most rows, each with `at_least` so many, the largest first; of equal ones those that come
/// first in the alphabet. With each, its number of rows.
///
/// A level of few rows says little, and what it says is the chance of these rows.
pub fn frequent_levels(codes: &[i32], most: usize, at_least: usize) -> Vec<(i32, usize)> {
    let mut counts: BTreeMap<i32, usize> = BTreeMap::new();
    for &code in codes.iter().filter(|code| **code >= 0) {
        *counts.entry(code).or_default() += 1;
    }
    let mut levels: Vec<(i32, usize)> = counts.into_iter().filter(|&(_, n)| n >= at_least).collect();
    levels.sort_by_key(|&(code, n)| (std::cmp::Reverse(n), code));
    levels.truncate(most);
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_levels_come_first() {
        let codes = [2, 0, 2, MISSING, 1, 1, UNSEEN, 2, 3, UNSEEN, UNSEEN];
        assert_eq!(frequent_levels(&codes, 9, 1), [(2, 3), (1, 2), (0, 1), (3, 1)]);
        assert_eq!(frequent_levels(&codes, 9, 2), [(2, 3), (1, 2)]);
        assert_eq!(frequent_levels(&codes, 1, 0), [(2, 3)]);
        assert_eq!(frequent_levels(&[MISSING, UNSEEN], 9, 0), []);
        assert_eq!(frequent_levels(&[], 9, 0), []);
    }
}
