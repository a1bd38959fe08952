//! Texts as the words, pairs and triples of words in them.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use rayon::prelude::*;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};
use unicode_segmentation::UnicodeSegmentation;

use super::text::{is_hidden, is_lone, is_part};

/// Bytes of a word at most: what is longer is an address or no text.
const MAX_BYTES: usize = 64;
/// A word that is not known.
const UNKNOWN: u32 = u32::MAX;

type Map<K> = HashMap<K, u32, FixedState>;

/// What a text says, in order and in lower case.
///
/// *Rule*: words as in [`super::words`], but with the apostrophes within them (`don't` is one word, however the apostrophe is
/// typed), exclamation and question marks, and symbols such as emoji as words of their own. Scripts without spaces give
/// single characters, of which pairs and triples are made like those of words.
pub fn tokens(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    each_token(text, |token| out.push(token.to_owned()));
    out
}

/// Calls a function for each of the [`tokens`].
fn each_token(text: &str, mut take: impl FnMut(&str)) {
    let mut buffer = String::new();
    if text.is_ascii() {
        let bytes = text.as_bytes();
        let is_word = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
        // Between two letters or two digits, as the standard has it.
        let joins = |at: usize| match (bytes[at - 1], bytes.get(at), bytes.get(at + 1)) {
            (before, Some(b'\''), Some(after)) => {
                before.is_ascii_alphabetic() && after.is_ascii_alphabetic()
                    || before.is_ascii_digit() && after.is_ascii_digit()
            }
            _ => false,
        };
        let mut at = 0;
        while at < bytes.len() {
            let start = at;
            while is_word(at) || at > start && joins(at) {
                at += 1;
            }
            if at > start {
                buffer.clear();
                buffer.push_str(&text[start..at]);
                buffer.make_ascii_lowercase();
                word(&buffer, &mut take);
            } else {
                mark(&text[at..=at], &mut take);
                at += 1;
            }
        }
        return;
    }
    let normal: String;
    let text = match is_nfkc_quick(text.chars()) {
        IsNormalized::Yes => text,
        _ => {
            normal = text.nfkc().collect();
            &normal
        }
    };
    for segment in text.split_word_bounds() {
        if is_lone(segment) {
            word(&segment.to_lowercase(), &mut take);
            continue;
        }
        if !segment.contains(char::is_alphanumeric) {
            mark(segment, &mut take);
            continue;
        }
        for part in segment.split(|c: char| !(is_part(c) || is_hidden(c) || is_apostrophe(c))) {
            buffer.clear();
            let plain = part.trim_matches(is_apostrophe).chars().filter(|c| !is_hidden(*c));
            buffer.extend(plain.map(|c| if is_apostrophe(c) { '\'' } else { c }));
            word(&buffer.to_lowercase(), &mut take);
        }
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2bc}')
}

fn word(word: &str, take: &mut impl FnMut(&str)) {
    if word.len() <= MAX_BYTES && word.contains(char::is_alphanumeric) {
        take(word);
    }
}

/// What stands between words, if it says something.
fn mark(segment: &str, take: &mut impl FnMut(&str)) {
    let says = |c: char| matches!(c, '!' | '?' | '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}');
    if segment.len() <= MAX_BYTES && segment.contains(says) {
        take(segment);
    }
}

/// The words, pairs and triples of neighbouring words that several texts share, each with a column.
///
/// A pair is known only if both words are, a triple only if both its pairs are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ngrams {
    /// Words, from the most frequent one on. Their columns are counted from 0.
    words: Vec<String>,
    /// Numbers of two words. Their columns come next.
    pairs: Vec<[u32; 2]>,
    /// Number of a pair and of a word. Their columns come last.
    triples: Vec<[u32; 2]>,
    of_word: Map<String>,
    of_pair: Map<u64>,
    of_triple: Map<u64>,
}

impl Ngrams {
    /// Those that at least `shared` texts have, of each length the `most` frequent ones.
    pub fn learn(texts: &[&str], shared: u32, most: usize) -> Self {
        let mut known = Self::default();
        let mut words: Map<String> = Map::default();
        let parts: Vec<Vec<String>> = texts.par_iter().map(|text| distinct(tokens(text))).collect();
        for token in parts.into_iter().flatten() {
            *words.entry(token).or_default() += 1;
        }
        known.words = frequent(words, shared, most);
        known.of_word = numbered(&known.words);
        let pairs = |known: &Self, text: &str| known.pairs_of(&known.numbers(text)).collect();
        known.pairs = known.count(texts, shared, most, pairs);
        known.of_pair = numbered_pairs(&known.pairs);
        let triples = |known: &Self, text: &str| known.triples_of(&known.numbers(text)).collect();
        known.triples = known.count(texts, shared, most, triples);
        known.of_triple = numbered_pairs(&known.triples);
        known
    }

    /// From what [`Ngrams::parts`] gave.
    pub fn of_parts(words: Vec<String>, pairs: Vec<[u32; 2]>, triples: Vec<[u32; 2]>) -> Option<Self> {
        let below = |number: u32, count: usize| (number as usize) < count;
        let fits = pairs.iter().flatten().all(|word| below(*word, words.len()))
            && triples
                .iter()
                .all(|[pair, word]| below(*pair, pairs.len()) && below(*word, words.len()));
        let known = Self {
            of_word: numbered(&words),
            of_pair: numbered_pairs(&pairs),
            of_triple: numbered_pairs(&triples),
            words,
            pairs,
            triples,
        };
        let distinct = known.of_word.len() == known.words.len()
            && known.of_pair.len() == known.pairs.len()
            && known.of_triple.len() == known.triples.len();
        (fits && distinct).then_some(known)
    }

    /// Words, pairs as the numbers of two words, and triples as those of a pair and a word.
    pub fn parts(&self) -> (&[String], &[[u32; 2]], &[[u32; 2]]) {
        (&self.words, &self.pairs, &self.triples)
    }

    /// Number of columns.
    pub fn len(&self) -> usize {
        self.words.len() + self.pairs.len() + self.triples.len()
    }

    /// Whether nothing is shared.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// What a column stands for.
    pub fn name(&self, column: u32) -> String {
        let column = column as usize;
        let word = |number: u32| self.words[number as usize].as_str();
        let pair = |[a, b]: [u32; 2]| format!("{} {}", word(a), word(b));
        let (words, pairs) = (self.words.len(), self.pairs.len());
        if column < words {
            self.words[column].clone()
        } else if column < words + pairs {
            pair(self.pairs[column - words])
        } else {
            let [first, last] = self.triples[column - words - pairs];
            format!("{} {}", pair(self.pairs[first as usize]), word(last))
        }
    }

    /// The columns of a text, each once and in order.
    pub fn columns(&self, text: &str) -> Vec<u32> {
        let words = self.numbers(text);
        let (first, second) = (self.words.len() as u32, (self.words.len() + self.pairs.len()) as u32);
        let mut columns: Vec<u32> = words.iter().copied().filter(|word| *word != UNKNOWN).collect();
        let pairs = self.known_pairs(&words);
        columns.extend(pairs.iter().filter(|pair| **pair != UNKNOWN).map(|pair| first + pair));
        for (at, pair) in pairs.windows(2).enumerate() {
            if let [a, b] = *pair
                && a != UNKNOWN
                && b != UNKNOWN
                && let Some(triple) = self.of_triple.get(&key([a, words[at + 2]]))
            {
                columns.push(second + triple);
            }
        }
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// The number of each word.
    fn numbers(&self, text: &str) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(text.len() / 4);
        each_token(text, |token| {
            numbers.push(self.of_word.get(token).copied().unwrap_or(UNKNOWN))
        });
        numbers
    }

    fn pairs_of(&self, words: &[u32]) -> impl Iterator<Item = [u32; 2]> {
        let pairs = words.windows(2).map(|pair| [pair[0], pair[1]]);
        pairs.filter(|pair| !pair.contains(&UNKNOWN))
    }

    /// The number of each pair of neighbours.
    fn known_pairs(&self, words: &[u32]) -> Vec<u32> {
        let number = |pair: &[u32]| match *pair {
            [a, b] if a != UNKNOWN && b != UNKNOWN => self.of_pair.get(&key([a, b])).copied().unwrap_or(UNKNOWN),
            _ => UNKNOWN,
        };
        words.windows(2).map(number).collect()
    }

    fn triples_of(&self, words: &[u32]) -> impl Iterator<Item = [u32; 2]> {
        let pairs = self.known_pairs(words);
        let triple = |at: usize| (pairs[at + 1] != UNKNOWN).then(|| [pairs[at], words[at + 2]]);
        let found: Vec<[u32; 2]> = (0..pairs.len().saturating_sub(1)).filter_map(triple).collect();
        found.into_iter().filter(|[pair, _]| *pair != UNKNOWN)
    }

    fn count(
        &self,
        texts: &[&str],
        shared: u32,
        most: usize,
        of: impl Fn(&Self, &str) -> Vec<[u32; 2]> + Sync,
    ) -> Vec<[u32; 2]> {
        let mut counts: Map<[u32; 2]> = Map::default();
        for part in texts.chunks(PART) {
            let found: Vec<Vec<[u32; 2]>> = part.par_iter().map(|text| distinct(of(self, text))).collect();
            for key in found.into_iter().flatten() {
                *counts.entry(key).or_default() += 1;
            }
        }
        frequent(counts, shared, most)
    }
}

/// Texts whose parts are in memory at once.
const PART: usize = 8_192;

fn distinct<K: Ord>(mut keys: Vec<K>) -> Vec<K> {
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// From the most frequent one on, those as frequent in their own order.
fn frequent<K: Ord>(counts: Map<K>, shared: u32, most: usize) -> Vec<K> {
    let mut kept: Vec<(K, u32)> = counts.into_iter().filter(|(_, count)| *count >= shared).collect();
    kept.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    kept.truncate(most);
    kept.into_iter().map(|(key, _)| key).collect()
}

fn numbered(words: &[String]) -> Map<String> {
    words.iter().cloned().zip(0..).collect()
}

fn numbered_pairs(pairs: &[[u32; 2]]) -> Map<u64> {
    pairs.iter().map(|pair| key(*pair)).zip(0..).collect()
}

/// Two numbers as one, which is faster to look for.
fn key([first, last]: [u32; 2]) -> u64 {
    u64::from(first) << 32 | u64::from(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tokens_in_many_scripts() {
        for (text, expected) in [
            ("Don't buy!! It's 3.5 'ok'?", "don't buy ! ! it's 3 5 ok ?"),
            ("Don\u{2019}t \u{2018}buy\u{2019}", "don't buy"),
            ("Crème, l\u{2019}été 👍🏽 ok", "crème l'été 👍🏽 ok"),
            ("质量好！不喜欢", "质 量 好 ! 不 喜 欢"),
            ("ไทย カメラの", "ไ ท ย カメラ の"),
            ("smart\u{ad}phone — ´", "smartphone"),
            ("", ""),
        ] {
            assert_eq!(tokens(text).join(" "), expected, "{text}");
        }
        assert_eq!(tokens(&"x".repeat(1 << 20)), [""; 0]);
    }

    #[test]
    fn pairs_and_triples_need_their_parts() {
        let texts = ["not so good", "not so bad", "not so good at all", "good"];
        let known = Ngrams::learn(&texts, 2, 100);
        let names = |text: &str| -> Vec<String> { known.columns(text).iter().map(|c| known.name(*c)).collect() };
        assert_eq!(known.len(), 6);
        assert_eq!(
            names("NOT so good"),
            ["good", "not", "so", "not so", "so good", "not so good"]
        );
        assert_eq!(names("so not good, not new so"), ["good", "not", "so"]);
        assert_eq!(names("all"), [""; 0]);
        let (words, pairs, triples) = known.parts();
        let again = Ngrams::of_parts(words.to_vec(), pairs.to_vec(), triples.to_vec()).unwrap();
        assert_eq!(again, known);
        assert!(Ngrams::of_parts(vec!["a".into()], vec![[0, 1]], vec![]).is_none());
        assert!(Ngrams::of_parts(vec!["a".into(), "a".into()], vec![], vec![]).is_none());
        // The most frequent ones: all that a kept pair is made of is kept before it.
        assert_eq!(Ngrams::learn(&texts, 2, 1).len(), 1);
    }

    proptest! {
        #[test]
        fn the_way_for_ascii_is_the_rule(text in "[ -~\\t\\n]{0,60}") {
            // One character that is not ASCII sends it the other way.
            let with = tokens(&format!("{text} é"));
            prop_assert_eq!(tokens(&text), with[..with.len() - 1].to_vec());
        }

        #[test]
        fn how_accents_are_typed_does_not_matter(text in "[a-zà-ÿ가-힣'!? ]{0,30}") {
            prop_assert_eq!(tokens(&text.nfd().collect::<String>()), tokens(&text));
        }

        #[test]
        fn any_text_can_be_read(text in "\\PC{0,60}") {
            let known = Ngrams::learn(&[&text, &text], 2, 1_000);
            prop_assert!(known.columns(&text).iter().all(|c| (*c as usize) < known.len()));
        }
    }
}
