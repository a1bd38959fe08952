//! Words that say nothing of a product, in the languages that texts are written in.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::features::text::is_emoji;

/// Share of the texts from which on a language is spoken in them: a few names and quotes make none.
const SPOKEN: f64 = 0.05;

/// A list that holds most of another language.
const MIXED: &str = "hinglish";

/// Negations and measures: function words that turn what follows them.
const TURNING: &[&str] = &[
    "not",
    "no",
    "never",
    "without",
    "too",
    "nicht",
    "kein",
    "keine",
    "keinen",
    "keiner",
    "nie",
    "ohne",
    "zu",
    "pas",
    "sans",
    "jamais",
    "trop",
    "non",
    "sin",
    "nunca",
    "demasiado",
    "muy",
    "senza",
    "troppo",
    "niet",
    "geen",
    "nooit",
    "zonder",
    "não",
    "nao",
    "nem",
    "sem",
    "demais",
    "inte",
    "ej",
    "ikke",
    "aldrig",
    "aldri",
    "uden",
    "uten",
    "utan",
    "ingen",
    "ei",
    "eivät",
    "liian",
    "ilman",
    "не",
    "нет",
    "без",
    "ни",
    "слишком",
    "bez",
    "zbyt",
    "není",
    "nincs",
    "túl",
    "nélkül",
    "fără",
    "prea",
    "değil",
    "yok",
    "çok",
    "tidak",
    "tanpa",
    "terlalu",
    "不",
    "没",
    "沒",
    "太",
    "没有",
    "không",
    "quá",
    "안",
    "못",
    "너무",
    "لا",
    "غير",
    "بدون",
    "לא",
    "בלי",
    "δεν",
    "πολύ",
];

/// Those that may follow what they turn.
const FOLLOWING: [&str; 9] = ["nicht", "niet", "inte", "ikke", "pas", "değil", "nie", "nem", "ej"];

/// What the English list lacks.
const MORE: (&str, &[&str]) = (
    "en",
    &[
        "would",
        "could",
        "also",
        "however",
        "though",
        "although",
        "cannot",
        "may",
        "might",
        "must",
        "yet",
        "else",
        "every",
        "another",
        "many",
        "much",
        "lot",
        "get",
        "gets",
        "got",
        "getting",
        "one",
        "ones",
        "anything",
        "something",
        "everything",
        "nothing",
        "im",
        "ive",
        "theyre",
        "thats",
        "youre",
        "there's",
        "that's",
        "what's",
        "let",
        "us",
        "since",
        "thing",
        "things",
        "even",
        "already",
        "someone",
        "anyone",
        "everyone",
        "maybe",
        "still",
        "always",
        "ever",
        "almost",
        "actually",
        "probably",
        "definitely",
        "really",
        "bit",
        "way",
        "upon",
    ],
);

struct Lists {
    codes: Vec<&'static str>,
    /// By word, a bit for each language that it is a function word of.
    words: HashMap<String, u128>,
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let spoken = stop_words::available_languages()
        .iter()
        .copied()
        .filter(|code| *code != MIXED);
    let codes: Vec<&'static str> = spoken.take(128).collect();
    let mut words: HashMap<String, u128> = HashMap::new();
    for (bit, code) in codes.iter().enumerate() {
        let more = if *code == MORE.0 { MORE.1 } else { &[] };
        let listed = stop_words::lookup(code).unwrap_or_default();
        for word in listed.iter().chain(more) {
            let word = word.to_lowercase().replace('\u{2019}', "'");
            // As it is often typed.
            if word.contains("n't") {
                *words.entry(word.replace('\'', "")).or_default() |= 1 << bit;
            }
            *words.entry(word).or_default() |= 1 << bit;
        }
    }
    Lists { codes, words }
});

/// The languages that a word is a function word of, a bit each.
pub(super) fn languages(word: &str) -> u128 {
    LISTS.words.get(word).copied().unwrap_or(0)
}

/// What a word is to a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// It may be a term.
    Content,
    /// It turns the next word, or the one before it: within terms and at their ends, but not alone.
    Turning { follows: bool },
    /// A number: as [`Part::Turning`].
    Number,
    /// A function word: only within terms.
    Function,
}

/// What a word is where some languages are spoken.
pub(super) fn part(word: &str, spoken: u128) -> Part {
    if TURNING.contains(&word) && (languages(word) & spoken != 0 || languages(word) == 0) {
        return Part::Turning {
            follows: FOLLOWING.contains(&word),
        };
    }
    if languages(word) & spoken != 0 {
        return match is_contracted(word) {
            true => Part::Turning { follows: false },
            false => Part::Function,
        };
    }
    match word.contains(|c: char| c.is_alphabetic() || is_emoji(c)) {
        true => Part::Content,
        false => Part::Number,
    }
}

/// `don't`, also typed as `dont`.
fn is_contracted(word: &str) -> bool {
    let typed = word.strip_suffix("nt").map(|verb| format!("{verb}n't"));
    word.ends_with("n't") || typed.is_some_and(|typed| languages(&typed) != 0)
}

/// The languages of texts, from the sets of languages of their words.
///
/// *Rule*: a text is in the language of which it holds most function words, two at least; of equal ones that of most function
/// words in all texts. A language counts where at least 5 % of the texts are in it, so that what is a function word in one language
/// (`bra`, `hat`) stays a term in texts of another.
pub(super) fn spoken<'a, T: Iterator<Item = u128>>(
    texts: impl Iterator<Item = T>,
    all: impl Iterator<Item = (u128, &'a u64)>,
) -> u128 {
    let mut total = [0u64; 128];
    for (mask, count) in all {
        for_each_bit(mask, |bit| total[bit] += count);
    }
    let mut in_language = [0u64; 128];
    let mut known = 0u64;
    for text in texts {
        let mut hits = [0u32; 128];
        let mut any = 0u128;
        for mask in text {
            any |= mask;
            for_each_bit(mask, |bit| hits[bit] += 1);
        }
        let mut best: Option<usize> = None;
        for_each_bit(any, |bit| {
            if best.is_none_or(|other| (hits[bit], total[bit]) > (hits[other], total[other])) {
                best = Some(bit);
            }
        });
        // One such word may be a name or a word of another language.
        if let Some(best) = best.filter(|best| hits[*best] > 1) {
            in_language[best] += 1;
            known += 1;
        }
    }
    let enough = SPOKEN * known as f64;
    let codes = 0..LISTS.codes.len();
    codes
        .filter(|&bit| in_language[bit] > 0 && in_language[bit] as f64 >= enough)
        .fold(0, |mask, bit| mask | 1 << bit)
}

fn for_each_bit(mut mask: u128, mut take: impl FnMut(usize)) {
    while mask != 0 {
        take(mask.trailing_zeros() as usize);
        mask &= mask - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken_in(texts: &[&str]) -> u128 {
        let masks = |text: &&str| text.split(' ').map(languages).collect::<Vec<_>>();
        let sets: Vec<Vec<u128>> = texts.iter().map(masks).collect();
        let one = 1u64;
        let all: Vec<u128> = sets.iter().flatten().copied().collect();
        spoken(
            sets.iter().map(|set| set.iter().copied()),
            all.into_iter().map(|mask| (mask, &one)),
        )
    }

    #[test]
    fn a_word_is_what_it_is_in_the_language_of_the_texts() {
        let english = spoken_in(&["the hat is too small and it was not for me", "i do not like the bra"]);
        let german = spoken_in(&[
            "der hut ist zu klein und er hat mir nicht gepasst",
            "die hose ist nicht gut",
        ]);
        assert!(english != 0 && german != 0 && english & german == 0);
        assert_eq!(part("hat", english), Part::Content);
        assert_eq!(part("hat", german), Part::Function);
        assert_eq!(part("nicht", german), Part::Turning { follows: true });
        assert_eq!(part("didnt", english), Part::Turning { follows: false });
        assert_eq!(part("3.5", english), Part::Number);
        assert_eq!(part("the", english), Part::Function);
        assert_eq!(part("fit", english), Part::Content);
    }

    #[test]
    fn there_are_lists() {
        assert!(
            LISTS.codes.len() > 50 && LISTS.codes.len() <= 128,
            "{}",
            LISTS.codes.len()
        );
    }
}
