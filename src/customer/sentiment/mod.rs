//! Whether a text speaks well of what it is about: a regression on the words, pairs and triples of words in it.
//!
//! [`Rating`] says what labels mean, [`Sentiment::train`] learns from texts with labels, [`Sentiment::probability`] answers.

mod rating;
mod stored;
mod training;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::finish::Finish;
use super::scores::Scores;
use crate::calibration::logistic;
use crate::features::ngrams::Ngrams;
use crate::statistics::ridge::Sparse;

pub use rating::{Rating, Read};
pub use training::{Options, Review};

/// Words told of each leaning.
const TOLD: usize = 20;

/// A trained model.
///
/// *Model*: ln(p / (1 - p)) = calibrated(b0 + sum of b_g x_g), over the words, pairs and triples g of the text that are known. x_g is
/// idf_g = 1 + ln((1 + n) / (1 + df_g)), however often g occurs, and the x of a text have length 1. n texts were learned from, df_g of
/// them have g.
///
/// *Missing data*: a text without a word that is known has the share of positives among all.
///
/// *References*: Salton, Buckley 1988, Term-weighting approaches in automatic text retrieval; Wang, Manning 2012, Baselines and
/// bigrams: simple, good sentiment and topic classification.
#[derive(Debug, Clone, PartialEq)]
pub struct Sentiment {
    ngrams: Ngrams,
    /// Texts that have each of them; 0 and 1 for those that are not looked at.
    frequency: Vec<u32>,
    weights: Weights,
    /// By column, and the constant at last.
    slopes: Vec<f32>,
    finish: Option<Finish>,
    /// What is said of it; none of one that was refused.
    pub facts: Option<Facts>,
    /// Why it cannot answer.
    pub refusal: Option<String>,
}

/// What a model was learned from, and how it did out of fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Texts learned from.
    pub rows: usize,
    /// Positive ones.
    pub positives: usize,
    /// Out of fold, with a calibration learned from the other folds.
    pub scores: Scores,
    /// Share of texts on the right side of a half, out of fold.
    pub accuracy: f64,
    /// Penalty of squared slopes.
    pub penalty: f64,
    /// Words, pairs and triples that speak most for positive.
    pub positive_terms: Vec<String>,
    /// Those that speak most against.
    pub negative_terms: Vec<String>,
    /// What is to be known of the data.
    pub notes: Vec<String>,
    /// Seed of folds.
    pub seed: i64,
}

impl Facts {
    /// Share of positives.
    pub fn base_rate(&self) -> f64 {
        self.positives as f64 / self.rows.max(1) as f64
    }
}

impl Sentiment {
    /// One that only says why there is none.
    pub fn refused(reason: String) -> Self {
        Self {
            ngrams: Ngrams::default(),
            frequency: Vec::new(),
            weights: Weights::default(),
            slopes: Vec::new(),
            finish: None,
            facts: None,
            refusal: Some(reason),
        }
    }

    /// The probability that each text is positive; `None` for a text without a word or symbol.
    pub fn probability(&self, texts: &[Option<&str>]) -> Vec<Option<f64>> {
        let of = |text: &Option<&str>| {
            let text = text.filter(|text| text.contains(|c: char| !c.is_whitespace()))?;
            let (finish, facts) = (self.finish.as_ref()?, self.facts.as_ref()?);
            let columns = self.ngrams.columns(text);
            Some(match self.weights.row(&columns) {
                row if row.is_empty() => facts.base_rate(),
                row => {
                    let slope = |column: usize| f64::from(self.slopes.get(column).copied().unwrap_or(0.0));
                    let sum: f64 = row.iter().map(|&(column, x)| x * slope(column as usize)).sum();
                    logistic(finish.apply(&[vec![sum + slope(self.ngrams.len())]], 0))
                }
            })
        };
        texts.par_iter().map(of).collect()
    }
}

/// What the words of a text count, by column; 0 for those that fewer than two texts had.
#[derive(Debug, Clone, PartialEq, Default)]
struct Weights(Vec<f64>);

impl Weights {
    /// From how many of how many texts have each.
    fn new(frequency: &[u32], texts: usize) -> Self {
        let weight = |frequency: &u32| match frequency {
            0 | 1 => 0.0,
            _ => 1.0 + ((1.0 + texts as f64) / (1.0 + f64::from(*frequency))).ln(),
        };
        Self(frequency.iter().map(weight).collect())
    }

    /// The weights of the columns of a text, of length 1.
    fn row(&self, columns: &[u32]) -> Sparse {
        let weight = |&column: &u32| Some((column, *self.0.get(column as usize).filter(|weight| **weight > 0.0)?));
        let mut row: Sparse = columns.iter().filter_map(weight).collect();
        let length = row.iter().map(|(_, x)| x * x).sum::<f64>().sqrt();
        row.iter_mut().for_each(|(_, x)| *x /= length);
        row
    }
}

#[cfg(test)]
mod tests;
