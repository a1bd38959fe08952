//! Words, and free texts as TF-IDF vectors, so that similar descriptions are near each other.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use unicode_normalization::{IsNormalized, UnicodeNormalization, char::is_combining_mark, is_nfkc_quick};
use unicode_segmentation::UnicodeSegmentation;

/// Words of a text in order, in lower case.
///
/// *Rule*: the text is brought to compatibility form (NFKC: full-width letters, ligatures, `m²` and accents set apart
/// are as if typed plainly) and cut at the word boundaries of Unicode and, within words, at all that is neither letter
/// nor digit: `don't` has two words, `snake_case` and `3.5` too. Scripts without spaces, of which the standard knows no
/// words, give pairs of neighbouring characters: `手机壳` is `手机` and `机壳`.
///
/// *References*: Unicode Standard Annex 15, Normalization forms; Unicode Standard Annex 29, Text segmentation; Nie,
/// Gao, Zhang, Zhou 2000, On the use of words and n-grams for Chinese information retrieval.
pub fn words(text: &str) -> Vec<String> {
    if text.is_ascii() {
        // What the rule gives here, without its cost.
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        return words.filter(|w| !w.is_empty()).map(str::to_ascii_lowercase).collect();
    }
    match is_nfkc_quick(text.chars()) {
        IsNormalized::Yes => broken(text),
        _ => broken(&text.nfkc().collect::<String>()),
    }
}

/// The words of a text in compatibility form.
fn broken(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut run = Run::default();
    for (start, segment) in text.split_word_bound_indices() {
        if is_lone(segment) {
            run.push(segment, start, &mut words);
            continue;
        }
        run.end(&mut words);
        for word in segment.split(|c: char| !(is_part(c) || is_hidden(c))) {
            let word: String = word.chars().filter(|&c| !is_hidden(c)).collect();
            // Marks alone are no word.
            if word.contains(char::is_alphanumeric) {
                words.push(word.to_lowercase());
            }
        }
    }
    run.end(&mut words);
    words
}

/// Whether a sign is a part of a word.
pub(crate) fn is_part(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// Whether a sign is a picture that says something; those that give another one a colour, and flags, are not.
pub fn is_emoji(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27bf}' | '\u{2b50}' | '\u{1f300}'..='\u{1f3fa}' | '\u{1f400}'..='\u{1faff}')
}

/// Soft hyphens and joiners are typesetting, not text.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200c}' | '\u{200d}')
}

/// A single letter that is not ASCII, with its marks: where several stand together, the script has no spaces.
pub(super) fn is_lone(segment: &str) -> bool {
    let mut letters = segment.chars().filter(|&c| !is_combining_mark(c) && !is_hidden(c));
    letters.next().is_some_and(|c| !c.is_ascii() && c.is_alphanumeric()) && letters.next().is_none()
}

/// Neighbouring letters of a script without spaces.
#[derive(Default)]
struct Run<'a> {
    last: Option<&'a str>,
    /// Where the last one ends.
    end: usize,
    paired: bool,
}

impl<'a> Run<'a> {
    fn push(&mut self, letter: &'a str, start: usize, words: &mut Vec<String>) {
        if start != self.end {
            self.end(words);
        }
        if let Some(last) = self.last {
            words.push(format!("{last}{letter}").to_lowercase());
            self.paired = true;
        }
        self.last = Some(letter);
        self.end = start + letter.len();
    }

    /// A letter that stands alone is a word of its own.
    fn end(&mut self, words: &mut Vec<String>) {
        if let Some(alone) = self.last.take().filter(|_| !self.paired) {
            words.push(alone.to_lowercase());
        }
        self.paired = false;
    }
}

/// The words that texts are compared by: those of two characters or more.
pub fn terms(text: &str) -> impl Iterator<Item = String> {
    words(text).into_iter().filter(|word| word.chars().nth(1).is_some())
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
    /// Learn the words of a set of texts, the `most` frequent ones of them.
    pub fn fit<'a>(texts: impl Iterator<Item = &'a str>, most: usize) -> Self {
        let mut frequency: BTreeMap<String, usize> = BTreeMap::new();
        let mut n = 0usize;
        for text in texts {
            n += 1;
            for word in terms(text).collect::<BTreeSet<_>>() {
                *frequency.entry(word).or_default() += 1;
            }
        }
        let mut shared: Vec<(String, usize)> = frequency.into_iter().filter(|&(_, df)| df >= 2 && df < n).collect();
        shared.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        shared.truncate(most);
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

    /// The word of a column.
    pub fn word(&self, column: u32) -> Option<&str> {
        let found = self.words.iter().find(|(_, (known, _))| *known == column);
        found.map(|(word, _)| word.as_str())
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
        let weights: BTreeMap<u32, f64> = terms(text).filter_map(|w| self.words.get(&w).copied()).collect();
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_in_many_scripts() {
        for (text, expected) in [
            ("Don't use snake_case: 3.5 l", "don t use snake case 3 5 l"),
            ("Ｆｕｌｌ ﬁne m²", "full fine m2"),
            // Accents set apart, a typographic apostrophe, a soft hyphen.
            (
                "Cre\u{300}me l\u{2019}été Donau\u{ad}dampfer",
                "crème l été donaudampfer",
            ),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("смартфон 5G", "смартфон 5g"),
            // Scripts without spaces; a run ends at anything else.
            ("iPhone手机壳、黑", "iphone 手机 机壳 黑"),
            ("カメラのレンズ", "カメラ の レンズ"),
            ("कमीज़ सूती", "कमीज़ सूती"),
            ("갤럭시 케이스", "갤럭시 케이스"),
            ("é \u{301} 👍🏽 —", "é"),
        ] {
            let expected: String = expected.nfkc().collect();
            assert_eq!(words(text).join(" "), expected, "{text}");
        }
        assert_eq!(words("ไทย"), ["ไท", "ทย"]);
        assert_eq!(terms("a 5G 黑").collect::<Vec<_>>(), ["5g"]);
    }

    proptest! {
        #[test]
        fn the_short_way_for_ascii_is_the_rule(text in "[ -~\\t\\n]{0,60}") {
            prop_assert_eq!(words(&text), broken(&text));
        }

        #[test]
        fn any_text_has_words_that_are_not_empty(text in "\\PC{0,60}") {
            for word in words(&text) {
                prop_assert!(word.contains(char::is_alphanumeric), "{:?} of {:?}", word, text);
            }
        }

        #[test]
        fn how_accents_are_typed_does_not_matter(text in "[a-zà-ÿ가-힣 ]{0,30}") {
            prop_assert_eq!(words(&text.nfd().collect::<String>()), words(&text));
        }
    }

    #[test]
    fn alike_texts_are_near() {
        let texts = [
            "red cotton shirt",
            "blue cotton shirt",
            "steel frying pan",
            "large frying pan",
        ];
        let vocabulary = Vocabulary::fit(texts.iter().copied(), 100);
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
        // The most frequent ones are kept, of equal ones the first in the alphabet.
        assert_eq!(Vocabulary::fit(texts.iter().copied(), 2).encode(texts[0]).len(), 1);
    }
}
