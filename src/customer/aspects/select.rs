//! Which of the terms that go with the label say something of their own.

use std::collections::HashMap;

use rayon::prelude::*;

use super::association::{Evidence, Factorials, Layer};
use super::count::{Corpus, Count, Gram, NONE, Word};
use super::function_words::Part;
use crate::statistics::accepted_up_to;

/// Share of the mentions of a term from which on a longer one that holds it stands for it.
const MOSTLY: f64 = 0.5;

/// Layers of texts by their length.
const LENGTHS: usize = 10;

/// Share of what all texts tell of a term that layers must tell too: where the length of a text says which term it holds, one cannot be
/// told from the other.
const TOLD: f64 = 0.5;

/// A term that goes with the label.
pub(super) struct Term {
    pub gram: Gram,
    pub count: Count,
    /// Of all texts.
    pub evidence: Evidence,
    /// ln p of the weakest of its tests: of all texts, and beside each term that it shares words with.
    weakest: f64,
    /// Numbers of the texts that hold it.
    pub texts: Vec<u32>,
    name: String,
}

impl Term {
    fn holds(&self, other: &Self) -> bool {
        holds(words(&self.gram), words(&other.gram))
    }
}

fn words(gram: &Gram) -> &[u32] {
    let length = gram.iter().take_while(|number| **number != NONE).count();
    gram.get(..length).unwrap_or_default()
}

/// Whether a phrase stands within another, longer one.
fn holds(long: &[u32], short: &[u32]) -> bool {
    long.len() > short.len() && long.windows(short.len()).any(|part| part == short)
}

/// The terms that go with the label and do not merely stand within or beside others that do.
///
/// *Rule*: all terms are tested; those that pass at the false discovery rate must do so among texts of about the same length too
/// (ten layers): people who are unhappy may write more, and any word rather stands in a long text. They are taken from the
/// strongest on. A term that shares a word with one taken before must go with the label, in the same direction, also among the texts
/// that hold that one and those that do not (two layers). Then each must do so in the texts that hold none of the others it shares
/// words with, the weakest first. Where a longer term makes up most of the mentions of a shorter one that says nothing without
/// it, the longer one stands. A term counts at the weakest of its tests, and the false discovery rate is asked for again among those
/// left, of all tested: what merely rides along makes no room for others.
pub(super) fn select(
    corpus: &Corpus,
    parts: &[Word],
    counts: Vec<(Gram, Count)>,
    factorials: &Factorials,
    rate: f64,
) -> Vec<Term> {
    let all = corpus.len() as u32;
    let positive = corpus.positives as u32;
    let tested = counts.len();
    let evidence: Vec<Evidence> = counts
        .par_iter()
        .map(|(_, count)| {
            factorials.test(&Layer {
                texts: all,
                positive,
                mentions: count.texts,
                positive_mentions: count.positive,
            })
        })
        .collect();
    let Some(cut) = accepted_up_to(evidence.iter().map(|e| e.ln_p), tested, rate) else {
        return Vec::new();
    };
    let passing = counts
        .into_iter()
        .zip(evidence)
        .filter(|(_, evidence)| evidence.ln_p <= cut);
    let mut terms: Vec<Term> = passing
        .map(|((gram, count), evidence)| Term {
            gram,
            count,
            evidence,
            weakest: evidence.ln_p,
            texts: Vec::new(),
            name: corpus.term(&gram),
        })
        .collect();
    terms.sort_unstable_by(stronger);
    let grams: Vec<Gram> = terms.iter().map(|term| term.gram).collect();
    for (term, texts) in terms.iter_mut().zip(corpus.postings(&grams, parts)) {
        term.texts = texts;
    }
    let mut selection = Selection {
        corpus,
        parts,
        factorials,
        cut,
        all,
        positive,
    };
    let terms = selection.within_lengths(terms);
    let terms = selection.without_parts(terms);
    let terms = selection.forward(terms);
    let mut terms = selection.backward(terms);
    let last = accepted_up_to(terms.iter().map(|term| term.weakest), tested, rate).unwrap_or(f64::NEG_INFINITY);
    terms.retain(|term| term.weakest <= last);
    terms
}

/// The stronger term first; of equal ones the longer.
fn stronger(a: &Term, b: &Term) -> std::cmp::Ordering {
    let by_p = a.evidence.ln_p.total_cmp(&b.evidence.ln_p);
    by_p.then_with(|| words(&b.gram).len().cmp(&words(&a.gram).len()))
        .then_with(|| a.name.cmp(&b.name))
}

struct Selection<'a> {
    corpus: &'a Corpus,
    parts: &'a [Word],
    factorials: &'a Factorials,
    cut: f64,
    all: u32,
    positive: u32,
}

impl Selection<'_> {
    fn content(&self, gram: &Gram) -> Vec<u32> {
        let is_content = |number: &u32| {
            self.parts
                .get(*number as usize)
                .is_some_and(|word| word.part == Part::Content)
        };
        words(gram).iter().copied().filter(is_content).collect()
    }

    fn is_positive(&self, text: u32) -> u32 {
        u32::from(self.corpus.positive.get(text as usize).copied().unwrap_or(false))
    }

    fn stands(&self, term: &Term, evidence: Evidence) -> bool {
        evidence.ln_p <= self.cut && evidence.praise == term.evidence.praise
    }

    /// All texts as one layer.
    fn layer_of(&self, term: &Term) -> Layer {
        Layer {
            texts: self.all,
            positive: self.positive,
            mentions: term.count.texts,
            positive_mentions: term.count.positive,
        }
    }

    /// Those that stand among texts of about the same length.
    fn within_lengths(&self, mut terms: Vec<Term>) -> Vec<Term> {
        let layer_of = self.corpus.by_length(LENGTHS);
        let mut empty = vec![Layer::default(); LENGTHS];
        for (text, layer) in (0u32..).zip(&layer_of) {
            if let Some(layer) = empty.get_mut(*layer) {
                layer.texts += 1;
                layer.positive += self.is_positive(text);
            }
        }
        let evidence = |term: &Term| {
            let mut layers = empty.clone();
            for text in &term.texts {
                if let Some(layer) = layer_of.get(*text as usize).and_then(|layer| layers.get_mut(*layer)) {
                    layer.mentions += 1;
                    layer.positive_mentions += self.is_positive(*text);
                }
            }
            let within: f64 = layers.iter().map(Layer::variance).sum();
            if within < TOLD * self.layer_of(term).variance() {
                return term.evidence;
            }
            self.factorials.test_layers(&layers)
        };
        let found: Vec<Evidence> = terms.par_iter().map(evidence).collect();
        for (term, evidence) in terms.iter_mut().zip(&found) {
            term.weakest = term.weakest.max(evidence.ln_p);
        }
        let both = terms.into_iter().zip(found);
        both.filter(|(term, evidence)| self.stands(term, *evidence))
            .map(|(term, _)| term)
            .collect()
    }

    /// Without terms of which a longer one makes up most, and that say nothing without it.
    fn without_parts(&self, terms: Vec<Term>) -> Vec<Term> {
        let places: HashMap<Gram, usize> = terms
            .iter()
            .enumerate()
            .map(|(place, term)| (term.gram, place))
            .collect();
        let mut absorbed = vec![false; terms.len()];
        for long in &terms {
            let whole = words(&long.gram);
            for length in 1..whole.len() {
                for part in whole.windows(length) {
                    let mut gram = [NONE; 3];
                    gram.iter_mut().zip(part).for_each(|(place, number)| *place = *number);
                    let Some((place, short)) = places.get(&gram).and_then(|at| Some((*at, terms.get(*at)?))) else {
                        continue;
                    };
                    let rest = Layer {
                        texts: self.all - long.count.texts,
                        positive: self.positive - long.count.positive,
                        mentions: short.count.texts - long.count.texts,
                        positive_mentions: short.count.positive - long.count.positive,
                    };
                    let mostly = f64::from(long.count.texts) >= MOSTLY * f64::from(short.count.texts);
                    if mostly
                        && long.evidence.praise == short.evidence.praise
                        && !self.stands(short, self.factorials.test_layers(&[rest]))
                        && let Some(absorbed) = absorbed.get_mut(place)
                    {
                        *absorbed = true;
                    }
                }
            }
        }
        terms
            .into_iter()
            .zip(absorbed)
            .filter(|(_, absorbed)| !absorbed)
            .map(|(term, _)| term)
            .collect()
    }

    /// From the strongest term on those that stand beside each one taken before.
    fn forward(&self, terms: Vec<Term>) -> Vec<Term> {
        let mut kept: Vec<Term> = Vec::new();
        let mut by_text: Vec<Vec<u32>> = vec![Vec::new(); self.corpus.len()];
        let mut by_word: HashMap<u32, Vec<u32>> = HashMap::new();
        for mut term in terms {
            let mut related: HashMap<u32, (u32, u32)> = HashMap::new();
            for word in self.content(&term.gram) {
                for other in by_word.get(&word).into_iter().flatten() {
                    related.entry(*other).or_default();
                }
            }
            if !related.is_empty() {
                for text in &term.texts {
                    for other in by_text.get(*text as usize).into_iter().flatten() {
                        if let Some(both) = related.get_mut(other) {
                            both.0 += 1;
                            both.1 += self.is_positive(*text);
                        }
                    }
                }
            }
            let mut stands = true;
            for (other, (both, both_positive)) in related {
                let Some(other) = kept.get(other as usize).filter(|_| both > 0) else {
                    continue;
                };
                let evidence = self.beside(&term, &other.count, both, both_positive);
                stands &= self.stands(&term, evidence);
                term.weakest = term.weakest.max(evidence.ln_p);
                if !stands {
                    break;
                }
            }
            if stands {
                let number = kept.len() as u32;
                for word in self.content(&term.gram) {
                    let list = by_word.entry(word).or_default();
                    if list.last() != Some(&number) {
                        list.push(number);
                    }
                }
                for text in &term.texts {
                    if let Some(list) = by_text.get_mut(*text as usize) {
                        list.push(number);
                    }
                }
                kept.push(term);
            }
        }
        kept
    }

    /// The test of a term among the texts that hold another one, and those that do not.
    fn beside(&self, term: &Term, other: &Count, both: u32, both_positive: u32) -> Evidence {
        let within = Layer {
            texts: other.texts,
            positive: other.positive,
            mentions: both,
            positive_mentions: both_positive,
        };
        let outside = Layer {
            texts: self.all - other.texts,
            positive: self.positive - other.positive,
            mentions: term.count.texts - both,
            positive_mentions: term.count.positive - both_positive,
        };
        self.factorials.test_layers(&[within, outside])
    }

    /// Those that stand in the texts that hold none of the others, the weakest being looked at first.
    fn backward(&mut self, terms: Vec<Term>) -> Vec<Term> {
        let mut order: Vec<usize> = (0..terms.len()).collect();
        order.sort_by(|a, b| {
            let weakest = |place: &usize| terms.get(*place).map_or(0.0, |term| term.weakest);
            weakest(b).total_cmp(&weakest(a)).then(b.cmp(a))
        });
        let mut by_word: HashMap<u32, Vec<usize>> = HashMap::new();
        for (place, term) in terms.iter().enumerate() {
            self.content(&term.gram)
                .into_iter()
                .for_each(|word| by_word.entry(word).or_default().push(place));
        }
        let mut dropped = vec![false; terms.len()];
        let mut weakest: Vec<f64> = terms.iter().map(|term| term.weakest).collect();
        // Texts that hold one of the others carry the number of the turn.
        let mut marks = vec![0u32; self.corpus.len()];
        for (turn, place) in (1u32..).zip(order) {
            let Some(term) = terms.get(place) else { continue };
            let mut others: Vec<usize> = self
                .content(&term.gram)
                .iter()
                .filter_map(|w| by_word.get(w))
                .flatten()
                .copied()
                .collect();
            others.sort_unstable();
            others.dedup();
            others.retain(|other| *other != place && !dropped.get(*other).copied().unwrap_or(true));
            let others: Vec<&Term> = others.into_iter().filter_map(|other| terms.get(other)).collect();
            let (parents, others): (Vec<&Term>, Vec<&Term>) = others.into_iter().partition(|other| term.holds(other));
            let mut outside = (self.all, self.positive);
            for text in others.iter().flat_map(|other| &other.texts) {
                if let Some(mark) = marks.get_mut(*text as usize).filter(|mark| **mark != turn) {
                    *mark = turn;
                    outside.0 -= 1;
                    outside.1 -= self.is_positive(*text);
                }
            }
            let free = |texts: &[u32]| {
                let left = texts.iter().filter(|text| marks.get(**text as usize) != Some(&turn));
                left.fold((0, 0), |(n, k), text| (n + 1, k + self.is_positive(*text)))
            };
            let own = free(&term.texts);
            if parents.is_empty() && own.0 == term.count.texts {
                continue;
            }
            let bases = if parents.is_empty() {
                vec![outside]
            } else {
                parents.iter().map(|parent| free(&parent.texts)).collect()
            };
            for (texts, positive) in bases {
                let layer = Layer {
                    texts,
                    positive,
                    mentions: own.0,
                    positive_mentions: own.1,
                };
                let evidence = self.factorials.test_layers(&[layer]);
                if let Some((weakest, dropped)) = weakest.get_mut(place).zip(dropped.get_mut(place)) {
                    *weakest = weakest.max(evidence.ln_p);
                    *dropped |= !self.stands(term, evidence);
                }
            }
        }
        let kept = terms
            .into_iter()
            .zip(weakest)
            .zip(dropped)
            .filter(|(_, dropped)| !dropped);
        kept.map(|((term, weakest), _)| Term { weakest, ..term }).collect()
    }
}
