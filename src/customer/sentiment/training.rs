//! Training: the penalty and the calibration from folds, then a regression on all texts.

use rayon::prelude::*;

use super::{Facts, Sentiment, TOLD, Term, Weights, weight};
use crate::calibration::{Calibrator, logistic};
use crate::customer::finish::{Finish, HeldOut};
use crate::customer::scores::{Scores, log_loss};
use crate::error::{Error, Result};
use crate::features::{ngrams::Ngrams, tokens::is_copied};
use crate::statistics::ridge::{Sparse, dot};
use crate::statistics::{SparseLogistic, count, folds, mix};

/// Texts learned from at most.
pub(super) const MAX_TEXTS: usize = 200_000;
/// Words, pairs and triples at most, each.
const MAX_TERMS: usize = 400_000;
/// Texts of each outcome that are needed.
const ENOUGH: usize = 10;
/// Texts that are no copies, at least.
const UNITS: usize = 20;
/// Penalties that are tried, from the strongest one on.
const PENALTIES: [f64; 5] = [2.0, 0.5, 0.25, 0.125, 0.0625];

/// Share of the loss by which a weaker penalty must be better for a still weaker one to be tried.
const GAIN: f64 = 0.01;

/// A text and whether it is positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Review<'a> {
    /// The text.
    pub text: &'a str,
    /// What it was labelled.
    pub positive: bool,
}

/// How a model is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Parts that are held out one after the other.
    pub folds: usize,
    /// Seed of the folds.
    pub seed: i64,
}

/// The columns of each text with what came of it.
struct Lesson<'a> {
    documents: &'a [Vec<u32>],
    positive: &'a [bool],
    columns: usize,
}

/// A fold: what is learned without it, and what that says of it.
struct Part {
    /// Its rows.
    rows: Vec<usize>,
    asked: Vec<Sparse>,
    problem: SparseLogistic,
    odds: Vec<f64>,
}

impl Part {
    fn new(lesson: &Lesson<'_>, is_inside: impl Fn(usize) -> bool) -> Self {
        let (rows, learned): (Vec<usize>, Vec<usize>) = (0..lesson.documents.len()).partition(|row| is_inside(*row));
        let frequency = lesson.frequency(&learned);
        Self {
            asked: lesson.rows(&frequency, learned.len(), &rows),
            problem: lesson.problem(&learned, &frequency),
            odds: Vec::new(),
            rows,
        }
    }

    fn ask(&mut self, penalty: f64) {
        let slopes = self.problem.solve(penalty);
        self.odds = self.asked.iter().map(|row| dot(row, &slopes)).collect();
    }
}

impl Sentiment {
    /// Train on reviews.
    ///
    /// *Model*: a ridge-penalised logistic regression. The penalty is the one whose held-out probabilities, each calibrated
    /// by a straight line, have the least log loss; of no calibration, a straight line and a line of pieces the best one out
    /// of fold is taken ([`Finish::fit`]). Equal texts of more than four words are in one fold; what counts as shared by texts, and how much, is
    /// learned without the fold.
    ///
    /// *Determinism*: neither threads nor the order of reviews matter. Above 200,000 reviews as many are drawn by their text.
    ///
    /// # Errors
    /// [`Error::Refused`] with fewer than ten texts of either outcome, or where they share no word.
    pub fn train(reviews: &[Review<'_>], notes: Vec<String>, options: &Options) -> Result<Self> {
        let mut notes = notes;
        let seed = options.seed.cast_unsigned();
        let place = |text: &str| mix(u64::from(crc32fast::hash(text.as_bytes())) ^ mix(seed));
        let mut drawn: Vec<(u64, Review<'_>)> = reviews.iter().map(|review| (place(review.text), *review)).collect();
        drawn.par_sort_unstable();
        if drawn.len() > MAX_TEXTS {
            notes.push(format!("{MAX_TEXTS} of {} texts were drawn to learn from", drawn.len()));
            drawn.truncate(MAX_TEXTS);
        }
        let positive: Vec<bool> = drawn.iter().map(|(_, review)| review.positive).collect();
        let positives = positive.iter().filter(|positive| **positive).count();
        if positives.min(drawn.len() - positives) < ENOUGH {
            return Err(Error::refused(format!(
                "{} texts are positive and {} are not: at least {ENOUGH} of each are needed",
                positives,
                drawn.len() - positives
            )));
        }
        let texts: Vec<&str> = drawn.iter().map(|(_, review)| review.text).collect();
        let ngrams = Ngrams::learn(&texts, 2, MAX_TERMS);
        if ngrams.is_empty() {
            return Err(Error::refused("no two texts share a word"));
        }
        let documents: Vec<Vec<u32>> = texts.par_iter().map(|text| ngrams.columns(text)).collect();
        let mut unit = 0_u32;
        let number = |row: usize| {
            let is_copy = row > 0 && texts[row] == texts[row - 1] && is_copied(texts[row]);
            unit += u32::from(row > 0 && !is_copy);
            unit
        };
        let units: Vec<u32> = (0..texts.len()).map(number).collect();
        if count(&units) < UNITS {
            return Err(Error::refused(format!(
                "there are {} texts that differ: at least {UNITS} are needed",
                count(&units)
            )));
        }
        let fold = folds(&units, options.folds, seed);
        let ones = vec![1.0; texts.len()];
        let label: Vec<f64> = positive.iter().map(|positive| f64::from(u8::from(*positive))).collect();
        let lesson = Lesson {
            documents: &documents,
            positive: &positive,
            columns: ngrams.len(),
        };
        let mut parts: Vec<Part> = (0..options.folds)
            .into_par_iter()
            .map(|out| Part::new(&lesson, |row| fold[row] == out))
            .collect();
        let mut best: Option<(f64, f64, Vec<f64>)> = None;
        for penalty in PENALTIES {
            let mut odds = vec![0.0; texts.len()];
            parts.par_iter_mut().for_each(|part| part.ask(penalty));
            for part in &parts {
                let said = part.rows.iter().zip(&part.odds);
                said.for_each(|(row, z)| odds[*row] = *z);
            }
            let line = Calibrator::platt(&odds, &label, &ones);
            let cases = odds.iter().zip(&label);
            let loss: f64 = cases.map(|(z, y)| log_loss(logistic(line.apply(*z)), *y)).sum();
            // The loss falls, then rises.
            let gain = best.as_ref().map_or(f64::INFINITY, |best| 1.0 - loss / best.0);
            if gain > 0.0 {
                best = Some((loss, penalty, odds));
            }
            if gain < GAIN {
                break;
            }
        }
        let (_, penalty, odds) = best.ok_or_else(|| Error::internal("no penalty was tried"))?;
        let odds = [odds];
        let seen = HeldOut {
            odds: &odds,
            label: &label,
            weight: &ones,
            fold: &fold,
        };
        let mut probability = vec![0.0; texts.len()];
        for (out, part) in parts.iter().enumerate() {
            let others: Vec<usize> = (0..fold.len()).filter(|row| fold[*row] != out).collect();
            let finish = Finish::fit(seen, &others);
            let rows = &part.rows;
            rows.iter()
                .for_each(|row| probability[*row] = logistic(finish.apply(&odds, *row)));
        }
        let scores = Scores::of(&probability, &label, &ones).ok_or_else(|| Error::internal("one outcome alone"))?;
        let share = positives as f64 / texts.len() as f64;
        if scores.log_loss >= log_loss(share, 1.0) * share + log_loss(share, 0.0) * (1.0 - share) {
            notes.push(
                "the texts tell nothing of the label: the probabilities are no better than the share of positives"
                    .to_owned(),
            );
        }
        let right = probability
            .iter()
            .zip(&positive)
            .filter(|(p, y)| (**p > 0.5) == **y)
            .count();
        let all: Vec<usize> = (0..texts.len()).collect();
        let frequency = lesson.frequency(&all);
        let slopes: Vec<f32> = lesson
            .problem(&all, &frequency)
            .solve(penalty)
            .iter()
            .map(|slope| *slope as f32)
            .collect();
        let term = |(&frequency, &slope): (&u32, &f32)| Term { frequency, slope };
        let (positive_terms, negative_terms) = leaning(&ngrams, &frequency, &slopes, texts.len());
        Ok(Self {
            finish: Some(Finish::fit(seen, &all)),
            facts: Some(Facts {
                rows: texts.len(),
                positives,
                scores,
                accuracy: right as f64 / texts.len() as f64,
                penalty,
                positive_terms,
                negative_terms,
                notes,
                seed: options.seed,
            }),
            weights: Weights::new(texts.len()),
            constant: slopes.last().copied().unwrap_or(0.0),
            terms: frequency.iter().zip(&slopes).map(term).collect(),
            ngrams,
            refusal: None,
        })
    }
}

impl Lesson<'_> {
    /// Texts of some rows that have each column.
    fn frequency(&self, rows: &[usize]) -> Vec<u32> {
        let mut frequency = vec![0; self.columns];
        for column in rows.iter().flat_map(|row| &self.documents[*row]) {
            frequency[*column as usize] += 1;
        }
        frequency
    }

    /// Rows with the weights of their words, and a constant.
    fn rows(&self, frequency: &[u32], texts: usize, rows: &[usize]) -> Vec<Sparse> {
        let weights = Weights::new(texts);
        let of = |row: &usize| {
            let mut row = weights.row(&self.documents[*row], frequency);
            row.push((self.columns as u32, 1.0));
            row
        };
        rows.iter().map(of).collect()
    }

    /// What is to be learned from rows.
    fn problem(&self, rows: &[usize], frequency: &[u32]) -> SparseLogistic {
        let weighted = self.rows(frequency, rows.len(), rows);
        let learned = weighted
            .iter()
            .zip(rows)
            .map(|(row, of)| (row, self.positive[*of], 1.0));
        SparseLogistic::new(learned, self.columns + 1)
    }
}

/// What speaks most for and against: slope times weight times the root of the texts that have it, as rare words say little
/// of all texts.
fn leaning(ngrams: &Ngrams, frequency: &[u32], slopes: &[f32], texts: usize) -> (Vec<String>, Vec<String>) {
    let strength =
        |(slope, frequency): (&f32, &u32)| f64::from(*slope) * weight(*frequency, texts) * f64::from(*frequency).sqrt();
    let mut by_strength: Vec<(f64, u32)> = slopes.iter().zip(frequency).map(strength).zip(0..).collect();
    by_strength.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let name = |(_, column): &(f64, u32)| ngrams.name(*column);
    let against = by_strength.iter().take_while(|(s, _)| *s < 0.0).take(TOLD).map(name);
    let speaking = by_strength
        .iter()
        .rev()
        .take_while(|(s, _)| *s > 0.0)
        .take(TOLD)
        .map(name);
    (speaking.collect(), against.collect())
}
