//! In how many texts each term stands, and in how many of the positive ones.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU8, Ordering};

use rayon::prelude::*;

use super::function_words::{self, Part};
use super::tokens::{Kind, clean, tokens};

/// Words of a term at most.
pub(super) const LONGEST: usize = 3;

/// No further word.
pub(super) const NONE: u32 = u32::MAX;

/// The end of a phrase, in place of a word.
pub(super) const BREAK: u32 = u32::MAX;

/// Marks letters of scripts without spaces, so that they are other words than the same letter alone.
const LETTER: char = '\u{1}';

/// Counters of the sieve at most: what is kept of all terms that there may be, in bytes.
const MOST_COUNTERS: usize = 1 << 26;

/// Texts that a thread takes at a time.
const BLOCK: usize = 4096;

/// A word sequence: numbers of words, then [`NONE`].
pub(super) type Gram = [u32; LONGEST];

/// Mixes the numbers of a [`Gram`]: they are counted from 0, so nobody chooses them.
#[derive(Default)]
pub(super) struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(4) {
            self.write_u32(part.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0.rotate_left(23) ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u32(number as u32);
    }
}

type Table<V> = HashMap<Gram, V, BuildHasherDefault<Mixer>>;

/// Texts as numbers of words.
pub(super) struct Corpus {
    /// Words by number.
    pub words: Vec<String>,
    /// All tokens, text by text.
    tokens: Vec<u32>,
    /// Where each text begins, and where the last one ends.
    starts: Vec<usize>,
    /// Whether each text is positive.
    pub positive: Vec<bool>,
    /// How many are.
    pub positives: usize,
    /// The number of each text among those given.
    origins: Vec<u32>,
}

/// In how many texts a term stands, and in how many positive ones.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Count {
    pub texts: u32,
    pub positive: u32,
}

/// The words of some texts, numbered among themselves.
#[derive(Default)]
struct Block {
    numbers: HashMap<String, u32>,
    words: Vec<String>,
    tokens: Vec<u32>,
    ends: Vec<usize>,
    positive: Vec<bool>,
    origins: Vec<u32>,
}

impl Block {
    fn add(&mut self, origin: usize, text: &str, positive: bool) {
        let cleaned = clean(text);
        let begin = self.tokens.len();
        let mut typed = String::new();
        let mut last = Kind::Break;
        tokens(&cleaned, |word, _, kind| {
            let after_break = last == Kind::Break;
            // Letters and words are no phrase together.
            if (kind == Kind::Break || kind != last) && !after_break {
                self.tokens.push(BREAK);
            }
            last = kind;
            if kind == Kind::Break {
                return;
            }
            typed.clear();
            if kind == Kind::Letter {
                typed.push(LETTER);
            }
            typed.push_str(word);
            let number = match self.numbers.get(typed.as_str()) {
                Some(number) => *number,
                None => {
                    let number = self.words.len() as u32;
                    self.numbers.insert(typed.clone(), number);
                    self.words.push(typed.clone());
                    number
                }
            };
            self.tokens.push(number);
        });
        // Texts without words are no texts.
        if self.tokens.len() > begin {
            self.ends.push(self.tokens.len());
            self.positive.push(positive);
            self.origins.push(origin as u32);
        }
    }
}

impl Corpus {
    /// The texts that hold words.
    pub fn of(texts: &[(&str, bool)]) -> Self {
        let blocks: Vec<Block> = texts
            .par_chunks(BLOCK)
            .enumerate()
            .map(|(number, texts)| {
                let mut block = Block::default();
                for (place, (text, positive)) in texts.iter().enumerate() {
                    block.add(number * BLOCK + place, text, *positive);
                }
                block.numbers = HashMap::new();
                block
            })
            .collect();
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let mut corpus = Self {
            words: Vec::new(),
            // Growing would hold them twice.
            tokens: Vec::with_capacity(blocks.iter().map(|block| block.tokens.len()).sum()),
            starts: vec![0],
            positive: Vec::new(),
            positives: 0,
            origins: Vec::new(),
        };
        for block in blocks {
            let known: Vec<u32> = block
                .words
                .into_iter()
                .map(|word| {
                    *numbers.entry(word).or_insert_with_key(|word| {
                        corpus.words.push(word.clone());
                        corpus.words.len() as u32 - 1
                    })
                })
                .collect();
            let begin = corpus.tokens.len();
            corpus.tokens.extend(
                block
                    .tokens
                    .iter()
                    .map(|&token| known.get(token as usize).copied().unwrap_or(BREAK)),
            );
            corpus.starts.extend(block.ends.into_iter().map(|end| begin + end));
            corpus.positive.extend(block.positive);
            corpus.origins.extend(block.origins);
        }
        corpus.positives = corpus.positive.iter().filter(|positive| **positive).count();
        corpus
    }

    pub fn len(&self) -> usize {
        self.positive.len()
    }

    /// The number that a text had among those given.
    pub fn origin(&self, number: u32) -> usize {
        self.origins.get(number as usize).map_or(0, |origin| *origin as usize)
    }

    /// The words of a text.
    pub fn text(&self, number: usize) -> &[u32] {
        let place = self
            .starts
            .get(number)
            .copied()
            .zip(self.starts.get(number + 1).copied());
        place
            .and_then(|(from, to)| self.tokens.get(from..to))
            .unwrap_or_default()
    }

    /// The texts in layers of about the same number, by how many words they have: the layer of each text.
    pub fn by_length(&self, layers: usize) -> Vec<usize> {
        let lengths: Vec<usize> = (0..self.len()).map(|number| self.text(number).len()).collect();
        let mut sorted = lengths.clone();
        sorted.sort_unstable();
        let cuts: Vec<usize> = (1..layers)
            .filter_map(|layer| sorted.get(layer * sorted.len() / layers).copied())
            .collect();
        lengths
            .into_iter()
            .map(|length| cuts.iter().filter(|cut| **cut <= length).count())
            .collect()
    }

    /// The texts that stand in a block, with their numbers.
    fn texts(&self, block: usize) -> impl Iterator<Item = (usize, &[u32], bool)> {
        let to = ((block + 1) * BLOCK).min(self.len());
        (block * BLOCK..to).map(|number| {
            (
                number,
                self.text(number),
                self.positive.get(number).copied().unwrap_or(false),
            )
        })
    }

    fn blocks(&self) -> usize {
        self.len().div_ceil(BLOCK)
    }

    /// A term as people write it.
    pub fn term(&self, gram: &Gram) -> String {
        let words = gram.iter().filter_map(|&number| self.words.get(number as usize));
        let mut term = String::new();
        for word in words {
            match word.strip_prefix(LETTER) {
                Some(letter) => term.push_str(letter),
                None => {
                    if !term.is_empty() {
                        term.push(' ');
                    }
                    term.push_str(word);
                }
            }
        }
        term
    }

    /// What each word is to a term.
    pub fn parts(&self) -> Vec<Word> {
        let masks: Vec<u128> = self
            .words
            .iter()
            .map(|word| function_words::languages(plain(word)))
            .collect();
        let mut seen = vec![0u64; self.words.len()];
        for &token in &self.tokens {
            if let Some(count) = seen.get_mut(token as usize) {
                *count += 1;
            }
        }
        let mask = |token: &u32| masks.get(*token as usize).copied().unwrap_or(0);
        let texts = (0..self.len()).map(|number| self.text(number).iter().map(mask));
        let spoken = function_words::spoken(texts, masks.iter().copied().zip(&seen));
        let word = |word: &String| Word {
            part: function_words::part(plain(word), spoken),
            letter: word.starts_with(LETTER),
        };
        self.words.iter().map(word).collect()
    }

    /// The terms that stand in at least `least` texts, with their counts.
    pub fn count(&self, least: u32, parts: &[Word]) -> Vec<(Gram, Count)> {
        let single = self.count_words();
        let frequent: Vec<bool> = single.iter().map(|count| count.texts >= least).collect();
        let sieve = self.sieve(&frequent, parts);
        let enough = least.min(u32::from(u8::MAX)) as u8;
        let passes = |gram: &Gram| {
            sieve
                .get(slot(gram, sieve.len()))
                .is_some_and(|seen| seen.load(Ordering::Relaxed) >= enough)
        };
        let counted: Table<Count> = (0..self.blocks())
            .into_par_iter()
            .fold(Table::<Count>::default, |mut counted, block| {
                let mut grams: HashSet<Gram, BuildHasherDefault<Mixer>> = HashSet::default();
                for (_, text, positive) in self.texts(block) {
                    grams.clear();
                    each_gram(text, &frequent, parts, |gram| {
                        if gram[1] != NONE && passes(&gram) && grams.insert(gram) {
                            let count = counted.entry(gram).or_default();
                            count.texts += 1;
                            count.positive += u32::from(positive);
                        }
                    });
                }
                counted
            })
            .reduce(Table::default, |a, b| {
                let (mut more, less) = if a.len() >= b.len() { (a, b) } else { (b, a) };
                for (gram, count) in less {
                    let sum = more.entry(gram).or_default();
                    sum.texts += count.texts;
                    sum.positive += count.positive;
                }
                more
            });
        let mut found: Vec<(Gram, Count)> = counted.into_iter().filter(|(_, count)| count.texts >= least).collect();
        for (number, count) in single.into_iter().enumerate() {
            let alone = parts
                .get(number)
                .is_some_and(|word| word.part == Part::Content && !word.letter);
            if alone && count.texts >= least {
                found.push(([number as u32, NONE, NONE], count));
            }
        }
        found
    }

    fn count_words(&self) -> Vec<Count> {
        let none = || vec![Count::default(); self.words.len()];
        // Each thread has a table of all words: few large parts rather than one per block.
        let share = self.blocks().div_ceil(rayon::current_num_threads()).max(1);
        let parts: Vec<usize> = (0..self.blocks()).step_by(share).collect();
        parts
            .into_par_iter()
            .map(|first| {
                let mut counts = none();
                let mut last = vec![usize::MAX; self.words.len()];
                for block in first..(first + share).min(self.blocks()) {
                    for (number, text, positive) in self.texts(block) {
                        for &token in text {
                            let Some((count, last)) = counts.get_mut(token as usize).zip(last.get_mut(token as usize))
                            else {
                                continue;
                            };
                            if *last != number {
                                *last = number;
                                count.texts += 1;
                                count.positive += u32::from(positive);
                            }
                        }
                    }
                }
                counts
            })
            .reduce(none, |mut a, b| {
                for (a, b) in a.iter_mut().zip(b) {
                    a.texts += b.texts;
                    a.positive += b.positive;
                }
                a
            })
    }

    /// An upper bound of how often each term of two words or more is used, by a number that several share.
    ///
    /// Most terms stand in a text or two: a table of all of them would grow with the texts, this does not.
    fn sieve(&self, frequent: &[bool], parts: &[Word]) -> Vec<AtomicU8> {
        let counters = self.tokens.len().next_power_of_two().clamp(1 << 10, MOST_COUNTERS);
        let seen: Vec<AtomicU8> = std::iter::repeat_with(|| AtomicU8::new(0)).take(counters).collect();
        (0..self.blocks()).into_par_iter().for_each(|block| {
            for (_, text, _) in self.texts(block) {
                each_gram(text, frequent, parts, |gram| {
                    if let Some(seen) = seen.get(slot(&gram, counters))
                        && seen.load(Ordering::Relaxed) < u8::MAX
                    {
                        // Two threads may lose one of two uses only at the top, where the bound is met anyhow.
                        let _ = seen.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_add(1));
                    }
                });
            }
        });
        seen
    }

    /// The numbers of the texts that hold each of some terms, in order.
    pub fn postings(&self, grams: &[Gram], parts: &[Word]) -> Vec<Vec<u32>> {
        let places: Table<u32> = grams
            .iter()
            .enumerate()
            .map(|(place, gram)| (*gram, place as u32))
            .collect();
        let mut frequent = vec![false; self.words.len()];
        for number in grams.iter().flatten() {
            if let Some(frequent) = frequent.get_mut(*number as usize) {
                *frequent = true;
            }
        }
        let blocks: Vec<Vec<(u32, u32)>> = (0..self.blocks())
            .into_par_iter()
            .map(|block| {
                let mut found = Vec::new();
                for (number, text, _) in self.texts(block) {
                    let begin = found.len();
                    each_gram(text, &frequent, parts, |gram| {
                        if let Some(place) = places.get(&gram) {
                            found.push((*place, number as u32));
                        }
                    });
                    if let Some(of_text) = found.get_mut(begin..) {
                        of_text.sort_unstable();
                    }
                }
                found
            })
            .collect();
        let mut postings: Vec<Vec<u32>> = vec![Vec::new(); grams.len()];
        for (place, number) in blocks.into_iter().flatten() {
            if let Some(list) = postings
                .get_mut(place as usize)
                .filter(|list| list.last() != Some(&number))
            {
                list.push(number);
            }
        }
        postings
    }
}

/// What a word is to a term.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub part: Part,
    /// Whether it is a letter of a script without spaces.
    pub letter: bool,
}

/// A word without its mark.
pub(super) fn plain(word: &str) -> &str {
    word.strip_prefix(LETTER).unwrap_or(word)
}

fn slot(gram: &Gram, counters: usize) -> usize {
    let mut mixer = Mixer::default();
    gram.iter().for_each(|number| mixer.write_u32(*number));
    mixer.finish() as usize & (counters - 1)
}

/// The terms of a text of frequent words: phrases of one to three words that begin and end with a word that may stand there.
fn each_gram(text: &[u32], frequent: &[bool], parts: &[Word], mut take: impl FnMut(Gram)) {
    for (at, first) in text.iter().enumerate() {
        let Some(word) = parts.get(*first as usize) else {
            continue;
        };
        if word.part == Part::Function || !frequent.get(*first as usize).copied().unwrap_or(false) {
            continue;
        }
        let mut gram = [*first, NONE, NONE];
        let mut content = word.part == Part::Content;
        if content && !word.letter {
            take(gram);
        }
        for (place, next) in (1..LONGEST).zip(text.iter().skip(at + 1)) {
            let Some(word) = parts.get(*next as usize) else { break };
            if !frequent.get(*next as usize).copied().unwrap_or(false) {
                break;
            }
            if let Some(number) = gram.get_mut(place) {
                *number = *next;
            }
            content |= word.part == Part::Content;
            let ends = !matches!(word.part, Part::Function | Part::Turning { follows: false });
            if content && ends {
                take(gram);
            }
        }
    }
}
