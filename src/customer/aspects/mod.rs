//! What people praise and complain about: the terms of reviews that go with the label.

mod association;
mod count;
mod example;
mod function_words;
mod select;
#[cfg(test)]
mod tests;
mod tokens;

use rayon::prelude::*;
use statrs::distribution::{Beta, ContinuousCDF};

use crate::error::{Error, Result};
use crate::statistics::check_level;

use association::Factorials;
use count::Corpus;
use example::Near;
use select::Term;

/// Texts as positive as all texts that a term is given in addition.
const PRIOR: f64 = 4.0;

/// Texts at most: they are numbered by 32 bits.
const MOST_TEXTS: usize = 1 << 31;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Texts that must mention a term.
    pub min_mentions: u32,
    /// Share of the terms that may be false.
    pub false_discovery_rate: f64,
    /// Probability of the intervals.
    pub level: f64,
    /// Praises at most, and complaints at most.
    pub top: Option<usize>,
}

impl Options {
    /// Checks the options.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the one that is not allowed.
    pub fn check(&self) -> Result<()> {
        check_level(self.level)?;
        let rate = self.false_discovery_rate;
        if !(rate > 0.0 && rate < 1.0) {
            return Err(Error::argument(format!(
                "false_discovery_rate must be above 0 and below 1, got {rate}"
            )));
        }
        Ok(())
    }
}

/// A term that people praise or complain about.
#[derive(Debug, Clone, PartialEq)]
pub struct Aspect {
    /// One to three words, or two to three letters of a script without spaces.
    pub term: String,
    /// Texts that mention it.
    pub mentions: usize,
    /// Share of positive texts among them, drawn to that of all texts.
    pub sentiment: f64,
    /// `sentiment` less the share of positive texts among those that do not mention it.
    pub lift: f64,
    /// Lower end of its interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// A few words of a text.
    pub example: String,
}

/// The aspects of the texts of a key, the strongest first.
///
/// *Model*: a term counts once per text. Its positive mentions are tested against chance (two-sided, by the hypergeometric
/// distribution) at the false discovery rate over all terms of `min_mentions` texts; of terms that share words those are kept that
/// say something of their own (see `select`). sentiment = (k + 4 s) / (n + 4) of k positive among n mentions, s being the share of all
/// texts. lift = sentiment - share of the texts that do not mention the term: of 100 texts that do, so many more are positive.
/// A ratio could not show praise where most texts are positive. The interval is that of a difference of two shares, each with
/// the quantiles of its beta distribution.
///
/// *Missing data*: texts without words are no texts.
///
/// *Determinism*: counts do not depend on the order of texts; ties are broken by the alphabet.
///
/// *Errors*: [`Error::Argument`] for options that are not allowed; [`Error::Refused`] where there are too few texts, one
/// class only, or no term that goes with the label.
///
/// *References*: Monroe, Colaresi, Quinn 2008, Fightin' words; Benjamini, Hochberg 1995, Controlling the false discovery rate;
/// Newcombe 1998, Interval estimation for the difference between independent proportions.
pub fn aspects(texts: &[(&str, bool)], options: &Options) -> Result<Vec<Aspect>> {
    options.check()?;
    if texts.len() > MOST_TEXTS {
        return Err(Error::argument(format!(
            "a key has {} texts, at most {MOST_TEXTS} are read",
            texts.len()
        )));
    }
    let corpus = Corpus::of(texts);
    let (n, k) = (corpus.len(), corpus.positives);
    if n < options.min_mentions as usize || n < 2 {
        return Err(Error::refused(format!(
            "there are {n} texts with a label, and a term must stand in {}: give more, or lower min_mentions",
            options.min_mentions
        )));
    }
    if k == 0 || k == n {
        let class = if k == 0 { "negative" } else { "positive" };
        return Err(Error::refused(format!(
            "all {n} texts are {class}: there is nothing to tell apart"
        )));
    }
    let parts = corpus.parts();
    let counts = corpus.count(options.min_mentions, &parts);
    let tested = counts.len();
    let factorials = Factorials::up_to(n);
    let near = Near::new(&corpus, &parts, &counts);
    let terms = select::select(&corpus, &parts, counts, &factorials, options.false_discovery_rate);
    if terms.is_empty() {
        return Err(Error::refused(match tested {
            0 => format!(
                "no term stands in {} of {n} texts: lower min_mentions",
                options.min_mentions
            ),
            _ => format!("none of {tested} terms in {n} texts goes with the label at this false_discovery_rate"),
        }));
    }
    let measured: Result<Vec<(f64, Aspect, &Term)>> = terms
        .iter()
        .map(|term| measured(term, &corpus, options.level).map(|(strength, aspect)| (strength, aspect, term)))
        .collect();
    let mut measured = measured?;
    measured.sort_by(|(a, left, _), (b, right, _)| b.total_cmp(a).then_with(|| left.term.cmp(&right.term)));
    let mut left = [options.top.unwrap_or(usize::MAX); 2];
    measured.retain(|(_, _, term)| {
        let left = &mut left[usize::from(term.evidence.praise)];
        let taken = *left > 0;
        *left = left.saturating_sub(1);
        taken
    });
    let found = measured.into_par_iter().map(|(_, aspect, term)| {
        let leaning = |text: &u32| corpus.positive.get(*text as usize) == Some(&term.evidence.praise);
        let numbers: Vec<u32> = term.texts.iter().copied().filter(leaning).collect();
        let text = near.typical(term, &numbers, texts);
        let example = text
            .map(|text| example::snippet(&corpus, &term.gram, text))
            .unwrap_or_default();
        Aspect { example, ..aspect }
    });
    Ok(found.collect())
}

/// What is said of a term, without an example, and how strong it is at least: the log-odds of the end of its interval that is nearest
/// to the texts that do not mention it, less theirs. On this scale praise and complaints compare, however positive most texts are.
fn measured(term: &Term, corpus: &Corpus, level: f64) -> Result<(f64, Aspect)> {
    let (all, positive) = (corpus.len() as f64, corpus.positives as f64);
    let share = positive / all;
    let (n, k) = (f64::from(term.count.texts), f64::from(term.count.positive));
    let mentioned = Share::of(k, n, share, level)?;
    let other = Share::of(positive - k, all - n, share, level)?;
    let lift = mentioned.mean - other.mean;
    let width = |a: f64, b: f64| (a * a + b * b).sqrt();
    let log_odds = |p: f64| (p / (1.0 - p)).ln();
    let strength = match term.evidence.praise {
        true => log_odds(mentioned.lower) - log_odds(other.mean),
        false => log_odds(other.mean) - log_odds(mentioned.upper),
    };
    let aspect = Aspect {
        term: corpus.term(&term.gram),
        mentions: term.count.texts as usize,
        sentiment: mentioned.mean,
        lift,
        lower: lift - width(mentioned.mean - mentioned.lower, other.upper - other.mean),
        upper: lift + width(mentioned.upper - mentioned.mean, other.mean - other.lower),
        example: String::new(),
    };
    Ok((strength, aspect))
}

/// A share and its central interval.
struct Share {
    mean: f64,
    lower: f64,
    upper: f64,
}

impl Share {
    fn of(k: f64, n: f64, prior: f64, level: f64) -> Result<Self> {
        let (yes, no) = (k + PRIOR * prior, n - k + PRIOR * (1.0 - prior));
        let beta = Beta::new(yes, no).map_err(|e| Error::internal(e.to_string()))?;
        Ok(Self {
            mean: yes / (yes + no),
            lower: beta.inverse_cdf((1.0 - level) / 2.0),
            upper: beta.inverse_cdf((1.0 + level) / 2.0),
        })
    }
}
