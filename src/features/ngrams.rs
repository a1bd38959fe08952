//! Texts as the words, pairs and triples of words in them.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use rayon::prelude::*;

use super::tokens::{each_token, tokens};

/// A word that is not known.
const UNKNOWN: u32 = u32::MAX;

/// Between words, none of which has it.
const BREAK: char = '\n';
/// The same in each run.
const HASH: FixedState = FixedState::with_seed(0);

/// The words, pairs and triples of neighbouring words that several texts share, each with a column.
///
/// A pair is known only if both words are, a triple only if both its pairs are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ngrams {
    /// Words, from the most frequent one on. Their columns are counted from 0.
    words: Words,
    /// Numbers of two words. Their columns come next.
    pairs: Vec<[u32; 2]>,
    /// Number of a pair and of a word. Their columns come last.
    triples: Vec<[u32; 2]>,
    of_word: Places,
    of_pair: Places,
    of_triple: Places,
}

impl Ngrams {
    /// Those that at least `shared` texts have, of each length the `most` frequent ones.
    pub fn learn(texts: &[&str], shared: u32, most: usize) -> Self {
        let mut known = Self::default();
        let mut words: HashMap<String, u32, FixedState> = HashMap::default();
        let parts: Vec<Vec<String>> = texts.par_iter().map(|text| distinct(tokens(text))).collect();
        for token in parts.into_iter().flatten() {
            *words.entry(token).or_default() += 1;
        }
        known.words = Words::of(frequent(words, shared, most).join(&BREAK.to_string()));
        known.of_word = known.words.places().unwrap_or_default();
        let pairs = |known: &Self, text: &str| known.pairs_of(&known.numbers(text)).collect();
        known.pairs = known.count(texts, shared, most, pairs);
        known.of_pair = places(&known.pairs).unwrap_or_default();
        let triples = |known: &Self, text: &str| known.triples_of(&known.numbers(text)).collect();
        known.triples = known.count(texts, shared, most, triples);
        known.of_triple = places(&known.triples).unwrap_or_default();
        known
    }

    /// From what [`Ngrams::parts`] gave; none of parts that do not fit each other.
    pub fn of_parts(words: String, pairs: Vec<[u32; 2]>, triples: Vec<[u32; 2]>) -> Option<Self> {
        let words = Words::of(words);
        let below = |number: u32, count: usize| (number as usize) < count;
        let fits = pairs.iter().flatten().all(|word| below(*word, words.len()))
            && triples
                .iter()
                .all(|[pair, word]| below(*pair, pairs.len()) && below(*word, words.len()));
        let of = || (words.places(), places(&pairs), places(&triples));
        let (of_word, of_pair, of_triple) = fits.then(of)?;
        Some(Self {
            of_word: of_word?,
            of_pair: of_pair?,
            of_triple: of_triple?,
            words,
            pairs,
            triples,
        })
    }

    /// Words, a line each, pairs as the numbers of two words, and triples as those of a pair and a word.
    pub fn parts(&self) -> (&str, &[[u32; 2]], &[[u32; 2]]) {
        (&self.words.text, &self.pairs, &self.triples)
    }

    /// Number of columns.
    pub fn len(&self) -> usize {
        self.words.len() + self.pairs.len() + self.triples.len()
    }

    /// Whether nothing is shared.
    pub fn is_empty(&self) -> bool {
        self.words.len() == 0
    }

    /// What a column stands for.
    pub fn name(&self, column: u32) -> String {
        let column = column as usize;
        let pair = |[a, b]: [u32; 2]| format!("{} {}", self.words.get(a), self.words.get(b));
        let (words, pairs) = (self.words.len(), self.pairs.len());
        if column < words {
            self.words.get(column as u32).to_owned()
        } else if column < words + pairs {
            pair(self.pairs[column - words])
        } else {
            let [first, last] = self.triples[column - words - pairs];
            format!("{} {}", pair(self.pairs[first as usize]), self.words.get(last))
        }
    }

    /// The columns of a text, each once and in order.
    pub fn columns(&self, text: &str) -> Vec<u32> {
        let (first, second) = (self.words.len() as u32, (self.words.len() + self.pairs.len()) as u32);
        let mut columns = Vec::with_capacity(text.len() / 2);
        let (mut last_word, mut last_pair) = (UNKNOWN, UNKNOWN);
        each_token(text, |token| {
            let (word, mut pair) = (self.number(token), UNKNOWN);
            if word != UNKNOWN {
                columns.push(word);
                if last_word != UNKNOWN {
                    pair = find(&self.of_pair, &self.pairs, [last_word, word]);
                }
            }
            if pair != UNKNOWN {
                columns.push(first + pair);
                if last_pair != UNKNOWN {
                    let triple = find(&self.of_triple, &self.triples, [last_pair, word]);
                    columns.extend((triple != UNKNOWN).then(|| second + triple));
                }
            }
            (last_word, last_pair) = (word, pair);
        });
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    #[inline]
    fn number(&self, token: &str) -> u32 {
        self.of_word
            .find(HASH.hash_one(token), |number| self.words.get(number) == token)
    }

    /// The number of each word.
    fn numbers(&self, text: &str) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(text.len() / 4);
        each_token(text, |token| numbers.push(self.number(token)));
        numbers
    }

    fn pairs_of(&self, words: &[u32]) -> impl Iterator<Item = [u32; 2]> {
        let pairs = words.windows(2).map(|pair| [pair[0], pair[1]]);
        pairs.filter(|pair| !pair.contains(&UNKNOWN))
    }

    /// The number of each pair of neighbours.
    fn known_pairs(&self, words: &[u32]) -> Vec<u32> {
        let number = |pair: &[u32]| match *pair {
            [a, b] if a != UNKNOWN && b != UNKNOWN => find(&self.of_pair, &self.pairs, [a, b]),
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
        let mut counts: HashMap<[u32; 2], u32, FixedState> = HashMap::default();
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
fn frequent<K: Ord>(counts: HashMap<K, u32, FixedState>, shared: u32, most: usize) -> Vec<K> {
    let mut kept: Vec<(K, u32)> = counts.into_iter().filter(|(_, count)| *count >= shared).collect();
    kept.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    kept.truncate(most);
    kept.into_iter().map(|(key, _)| key).collect()
}

/// Words one after the other, so that reading a million of them is reading one text.
#[derive(Debug, Clone, PartialEq, Default)]
struct Words {
    /// A line each.
    text: String,
    /// Where each ends.
    ends: Vec<u32>,
}

impl Words {
    fn of(text: String) -> Self {
        let breaks = text.match_indices(BREAK).map(|(at, _)| at as u32);
        let last = (!text.is_empty()).then_some(text.len() as u32);
        Self {
            ends: breaks.chain(last).collect(),
            text,
        }
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    #[inline]
    fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let start = if number == 0 {
            0
        } else {
            self.ends[number - 1] as usize + 1
        };
        &self.text[start..self.ends[number] as usize]
    }

    fn places(&self) -> Option<Places> {
        let hash = |number: u32| HASH.hash_one(self.get(number));
        Places::of(self.len(), hash, |a, b| self.get(a) == self.get(b))
    }
}

fn places(keys: &[[u32; 2]]) -> Option<Places> {
    let key = |number: u32| keys[number as usize];
    Places::of(keys.len(), |number| hash_of(key(number)), |a, b| key(a) == key(b))
}

#[inline]
fn find(places: &Places, keys: &[[u32; 2]], key: [u32; 2]) -> u32 {
    places.find(hash_of(key), |number| keys[number as usize] == key)
}

#[inline]
fn hash_of([first, last]: [u32; 2]) -> u64 {
    HASH.hash_one(u64::from(first) << 32 | u64::from(last))
}

/// Where keys stand that are kept elsewhere, by number: a table of open addressing, made in one pass without an allocation for each.
#[derive(Debug, Clone, PartialEq, Default)]
struct Places {
    /// Half of the hash of a key and its number, or [`FREE`]. At least half are free, and their number is a power of two.
    slots: Vec<u64>,
}

/// No key.
const FREE: u64 = u64::MAX;

impl Places {
    /// Of `count` keys with these hashes; none where two of them are the same.
    fn of(count: usize, hash: impl Fn(u32) -> u64, same: impl Fn(u32, u32) -> bool) -> Option<Self> {
        let mut slots = vec![FREE; (2 * count).next_power_of_two()];
        for number in 0..u32::try_from(count).ok()? {
            let hash = hash(number);
            let mut at = hash as usize & (slots.len() - 1);
            while slots[at] != FREE {
                if slots[at] >> 32 == hash >> 32 && same(slots[at] as u32, number) {
                    return None;
                }
                at = (at + 1) & (slots.len() - 1);
            }
            slots[at] = hash >> 32 << 32 | u64::from(number);
        }
        Some(Self { slots })
    }

    /// The number of the key of a hash, or [`UNKNOWN`].
    #[inline]
    fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> u32 {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        while let Some(&slot) = self.slots.get(at).filter(|slot| **slot != FREE) {
            if slot >> 32 == hash >> 32 && is(slot as u32) {
                return slot as u32;
            }
            at = (at + 1) & mask;
        }
        UNKNOWN
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
        let again = Ngrams::of_parts(words.to_owned(), pairs.to_vec(), triples.to_vec()).unwrap();
        assert_eq!(again, known);
        assert!(Ngrams::of_parts("a".into(), vec![[0, 1]], vec![]).is_none());
        assert!(Ngrams::of_parts("a\na".into(), vec![], vec![]).is_none());
        // The most frequent ones: all that a kept pair is made of is kept before it.
        assert_eq!(Ngrams::learn(&texts, 2, 1).len(), 1);
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "\\PC{0,60}") {
            let known = Ngrams::learn(&[&text, &text], 2, 1_000);
            prop_assert!(known.columns(&text).iter().all(|c| (*c as usize) < known.len()));
        }
    }
}
