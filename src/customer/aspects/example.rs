//! A few words of a real text around a term.

use std::collections::HashMap;
use std::ops::Range;

use super::count::{Corpus, Count, Gram, NONE, Word, plain};
use super::function_words::Part;
use super::select::Term;
use super::tokens::{Kind, clean, tokens};

/// Words on either side by which texts are compared.
const NEAR: usize = 4;

/// Words shown before and behind a term at most.
const BEFORE: usize = 7;
const BEHIND: usize = 8;

/// What is needed to compare the texts of a term.
pub(super) struct Near<'a> {
    corpus: &'a Corpus,
    parts: &'a [Word],
    /// By word that may be a term, the share of positive texts among its own less that of all.
    leanings: HashMap<u32, f64>,
}

impl<'a> Near<'a> {
    /// From the counts of terms.
    pub fn new(corpus: &'a Corpus, parts: &'a [Word], counts: &[(Gram, Count)]) -> Self {
        let share = corpus.positives as f64 / corpus.len().max(1) as f64;
        let single = counts.iter().filter(|(gram, _)| gram[1] == NONE);
        let leaning = |count: &Count| f64::from(count.positive) / f64::from(count.texts.max(1)) - share;
        Self {
            corpus,
            parts,
            leanings: single.map(|(gram, count)| (gram[0], leaning(count))).collect(),
        }
    }

    /// The text that is most like the others of a term: what stands near the term in it stands there in many, and leans the same way.
    /// Of equal ones the shortest, then the first in the alphabet.
    pub fn typical<'t>(&self, term: &Term, numbers: &[u32], given: &[(&'t str, bool)]) -> Option<&'t str> {
        let length = term.gram.iter().take_while(|number| **number != NONE).count();
        let whole = term.gram.get(..length)?;
        let mut seen: HashMap<u32, u32> = HashMap::new();
        for word in numbers.iter().flat_map(|number| self.words(*number, whole)) {
            *seen.entry(word).or_default() += 1;
        }
        let sign = if term.evidence.praise { 1.0 } else { -1.0 };
        let score = |number: u32| -> f64 {
            let of_word = |word: &u32| Some(f64::from(*seen.get(word)?).sqrt() * sign * self.leanings.get(word)?);
            self.words(number, whole).iter().filter_map(of_word).sum()
        };
        let texts = numbers
            .iter()
            .filter_map(|number| Some((score(*number), given.get(self.corpus.origin(*number))?.0)));
        let better = texts.max_by(|(a, left), (b, right)| {
            a.total_cmp(b)
                .then_with(|| right.len().cmp(&left.len()))
                .then_with(|| right.cmp(left))
        });
        better.map(|(_, text)| text)
    }

    /// The words near the first place of a term in a text, each once, in the order of their texts.
    fn words(&self, number: u32, whole: &[u32]) -> Vec<u32> {
        let text = self.corpus.text(number as usize);
        let at = text.windows(whole.len()).position(|part| part == whole).unwrap_or(0);
        let from = at + whole.len();
        let before = text.get(at.saturating_sub(NEAR)..at).unwrap_or_default();
        let behind = text.get(from..(from + NEAR).min(text.len())).unwrap_or_default();
        let is_content = |word: &u32| self.parts.get(*word as usize).is_some_and(|w| w.part == Part::Content);
        let mut words: Vec<u32> = Vec::with_capacity(2 * NEAR);
        for word in before.iter().chain(behind).copied().filter(is_content) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words
    }
}

/// The words around the first place of a term in a text, whole and as they were typed.
pub(super) fn snippet(corpus: &Corpus, gram: &Gram, text: &str) -> String {
    let cleaned = clean(text);
    let wanted: Vec<&str> = gram
        .iter()
        .filter_map(|number| corpus.words.get(*number as usize))
        .map(|word| plain(word))
        .collect();
    let mut words: Vec<(String, Range<usize>)> = Vec::new();
    // Before which word a sentence begins.
    let mut begins: Vec<usize> = Vec::new();
    tokens(&cleaned, |word, place, kind| match kind {
        Kind::Break => {
            if cleaned
                .get(place)
                .is_some_and(|sign| sign.contains(['.', '!', '?', '\n', '\r', '。', '！', '？']))
            {
                begins.push(words.len());
            }
        }
        _ => words.push((word.to_owned(), place)),
    });
    let same = |part: &[(String, Range<usize>)]| part.iter().map(|(word, _)| word.as_str()).eq(wanted.iter().copied());
    let length = wanted.len().max(1);
    let at = words.windows(length).position(same).unwrap_or(0);
    let first = begins.iter().copied().filter(|begin| *begin <= at).max().unwrap_or(0);
    let last = begins
        .iter()
        .copied()
        .filter(|begin| *begin >= at + length)
        .min()
        .unwrap_or(words.len());
    let (from, to) = (first.max(at.saturating_sub(BEFORE)), last.min(at + length + BEHIND));
    let start = words.get(from).map_or(0, |(_, place)| place.start);
    let end = words
        .get(to.saturating_sub(1))
        .map_or(cleaned.len(), |(_, place)| place.end);
    let shown: Vec<&str> = cleaned.get(start..end).unwrap_or_default().split_whitespace().collect();
    let more = |cut: bool| if cut { "…" } else { "" };
    format!("{}{}{}", more(from > first), shown.join(" "), more(to < last))
}
