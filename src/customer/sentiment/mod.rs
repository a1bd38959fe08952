//! Whether a text speaks well of what it is about: a regression on the words, pairs and triples of words in it.
//!
//! [`super::Rating`] says what labels mean, [`Sentiment::train`] learns from texts with labels, [`Sentiment::probability`] answers.

mod stored;
mod training;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::finish::Finish;
use super::scores::Scores;
use crate::calibration::logistic;
use crate::features::ngrams::Ngrams;
use crate::statistics::ridge::Sparse;

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
    terms: Vec<Term>,
    constant: f32,
    weights: Weights,
    finish: Option<Finish>,
    /// What is said of it; none of one that was refused.
    pub facts: Option<Facts>,
    /// Why it cannot answer.
    pub refusal: Option<String>,
}

/// What is known of a word, pair or triple: together, as a text looks at both.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Term {
    /// Texts that have it; 0 and 1 for one that is not looked at.
    frequency: u32,
    slope: f32,
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
            terms: Vec::new(),
            constant: 0.0,
            weights: Weights::default(),
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
            let (mut squares, mut sum) = (0.0, 0.0);
            for column in self.ngrams.columns(text) {
                let term = self.terms.get(column as usize).copied().unwrap_or_default();
                let x = self.weights.of(term.frequency);
                squares += x * x;
                sum += x * f64::from(term.slope);
            }
            let odds = || f64::from(self.constant) + sum / squares.sqrt();
            Some(match squares {
                0.0 => facts.base_rate(),
                _ => logistic(finish.apply(&[vec![odds()]], 0)),
            })
        };
        texts.par_iter().map(of).collect()
    }
}

/// What a term counts, by the number of texts that have it; 0 for those that fewer than two have.
#[derive(Debug, Clone, PartialEq, Default)]
struct Weights {
    texts: usize,
    /// Those of the first numbers, which most terms have: a logarithm for each would take longer than all else.
    first: Vec<f64>,
}

/// Numbers of texts whose weights are kept.
const KEPT: u32 = 1 << 12;

impl Weights {
    /// Of terms of so many texts.
    fn new(texts: usize) -> Self {
        let weight = |frequency: u32| match frequency {
            0 | 1 => 0.0,
            _ => weight(frequency, texts),
        };
        Self {
            texts,
            first: (0..KEPT).map(weight).collect(),
        }
    }

    fn of(&self, frequency: u32) -> f64 {
        let kept = self.first.get(frequency as usize).copied();
        kept.unwrap_or_else(|| weight(frequency, self.texts))
    }

    /// The weights of the columns of a text, of length 1.
    fn row(&self, columns: &[u32], frequency: &[u32]) -> Sparse {
        let weight = |&column: &u32| (column, self.of(frequency.get(column as usize).copied().unwrap_or(0)));
        let mut row: Sparse = columns.iter().map(weight).filter(|(_, x)| *x > 0.0).collect();
        let length = row.iter().map(|(_, x)| x * x).sum::<f64>().sqrt();
        row.iter_mut().for_each(|(_, x)| *x /= length);
        row
    }
}

fn weight(frequency: u32, texts: usize) -> f64 {
    1.0 + ((1.0 + texts as f64) / (1.0 + f64::from(frequency))).ln()
}

#[cfg(test)]
mod tests;
