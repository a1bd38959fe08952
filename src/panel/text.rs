//! Free text as TF-IDF vectors, so that similar descriptions are near each other.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Words kept at most; the most frequent ones.
const MAX_WORDS: usize = 512;

/// Lower-case words of two characters or more.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|w| w.chars().count() >= 2)
        .map(str::to_lowercase)
}

/// Inverse document frequencies of the words that at least two texts share.
///
/// *Model*: weight of word w in a text = ln(n / df_w), once per text; vectors are scaled to length 1.
///
/// *References*: Salton, Buckley 1988, Term-weighting approaches in automatic text retrieval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vocabulary {
    /// Word to (column, inverse document frequency).
    words: BTreeMap<String, (u32, f64)>,
}

/// A sparse vector of length 1 (or empty): sorted (column, weight).
pub type TextVector = Vec<(u32, f64)>;

impl Vocabulary {
    /// Learn the words of a set of texts.
    pub fn fit<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut frequency: BTreeMap<String, usize> = BTreeMap::new();
        let mut n = 0usize;
        for text in texts {
            n += 1;
            for word in words(text).collect::<BTreeSet<_>>() {
                *frequency.entry(word).or_default() += 1;
            }
        }
        let mut shared: Vec<(String, usize)> = frequency.into_iter().filter(|&(_, df)| df >= 2 && df < n).collect();
        shared.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        shared.truncate(MAX_WORDS);
        let words = shared
            .into_iter()
            .enumerate()
            .map(|(column, (word, df))| (word, (column as u32, (n as f64 / df as f64).ln())))
            .collect();
        Self { words }
    }

    /// Whether no word is shared, so the column tells nothing.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Number of words, which are numbered from the most frequent one on.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether it is what [`Vocabulary::fit`] makes: columns counted from 0, weights above zero.
    pub fn is_valid(&self) -> bool {
        let mut columns: Vec<u32> = self.words.values().map(|(column, _)| *column).collect();
        columns.sort_unstable();
        columns.into_iter().map(u64::from).eq(0..self.words.len() as u64)
            && self
                .words
                .values()
                .all(|(_, weight)| weight.is_finite() && *weight > 0.0)
    }

    /// Whether a vector may have come from it: sorted columns that it knows, weights up to 1.
    pub fn fits(&self, vector: &TextVector) -> bool {
        vector.windows(2).all(|w| w[0].0 < w[1].0)
            && vector
                .last()
                .is_none_or(|(column, _)| (*column as usize) < self.words.len())
            && vector.iter().all(|(_, weight)| (0.0..=1.0 + 1e-9).contains(weight))
    }

    /// The vector of one text; empty when it has no known word.
    pub fn encode(&self, text: &str) -> TextVector {
        let weights: BTreeMap<u32, f64> = words(text).filter_map(|w| self.words.get(&w).copied()).collect();
        let norm = weights.values().map(|w| w * w).sum::<f64>().sqrt();
        if norm > 0.0 {
            weights.into_iter().map(|(c, w)| (c, w / norm)).collect()
        } else {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_texts_are_near() {
        let texts = [
            "red cotton shirt",
            "blue cotton shirt",
            "steel frying pan",
            "large frying pan",
        ];
        let vocabulary = Vocabulary::fit(texts.iter().copied());
        let code = |t: &str| vocabulary.encode(t);
        let shared = |a: &str, b: &str| {
            code(a)
                .iter()
                .filter(|(c, _)| code(b).iter().any(|(d, _)| c == d))
                .count()
        };
        // "red" and "blue" stand in one text each, so they are not words to compare by.
        assert_eq!(code("green cotton shirt"), code(texts[0]));
        assert_eq!(shared("green cotton shirt", texts[2]), 0);
        assert!((code(texts[3]).iter().map(|(_, w)| w * w).sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(code("nothing known").is_empty());
    }
}
