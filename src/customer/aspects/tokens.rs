//! Texts of people as words, and the places where a phrase ends.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::{IsNormalized, UnicodeNormalization, char::is_combining_mark, is_nfkc_quick};
use unicode_segmentation::UnicodeSegmentation;

use crate::features::{
    text::{is_emoji, is_part},
    tokens::is_apostrophe,
};

/// The longest tag that is taken for one, in bytes: `a < b` and a lone `<` are text.
const LONGEST_TAG: usize = 500;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word of a script with spaces.
    Word,
    /// A letter of a script without spaces that touches another one.
    Letter,
    /// Where a phrase ends: punctuation, a line, a tag, before and behind an emoji, which is a word.
    Break,
}

/// Entities that stand in texts taken from web pages.
const ENTITIES: [(&str, &str); 12] = [
    ("&amp;", " & "),
    ("&quot;", "\""),
    ("&#34;", "\""),
    ("&apos;", "'"),
    ("&#39;", "'"),
    ("&#039;", "'"),
    ("&#x27;", "'"),
    ("&rsquo;", "'"),
    ("&#8217;", "'"),
    ("&nbsp;", " "),
    ("&lt;", " < "),
    ("&gt;", " > "),
];

/// A text without tags, addresses of pages, entities and typesetting, in compatibility form (NFKC), so that its parts can be
/// shown to people. Tags and addresses become line ends.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    let plain = is_nfkc_quick(text.chars()) == IsNormalized::Yes && !text.contains(is_hidden);
    let mut cleaned = match plain {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.nfkc().filter(|&c| !is_hidden(c)).collect()),
    };
    if cleaned.contains(['<', '&']) {
        cleaned = Cow::Owned(without_tags(&cleaned));
    }
    if cleaned.contains("://") || cleaned.contains("www.") {
        let parts = cleaned.split_inclusive(char::is_whitespace);
        let address = |part: &&str| part.contains("://") || part.starts_with("www.");
        let kept = parts.map(|part| if address(&part) { "\n" } else { part });
        cleaned = Cow::Owned(kept.collect());
    }
    cleaned
}

fn without_tags(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, from) = rest.split_at(at);
        kept.push_str(before);
        if let Some((entity, meaning)) = ENTITIES.iter().find(|(entity, _)| from.starts_with(entity)) {
            kept.push_str(meaning);
            rest = from.get(entity.len()..).unwrap_or_default();
        } else if let Some(length) = tag_length(from) {
            kept.push('\n');
            rest = from.get(length..).unwrap_or_default();
        } else {
            let (sign, after) = from.split_at(1);
            kept.push_str(sign);
            rest = after;
        }
    }
    kept.push_str(rest);
    kept
}

/// The bytes of a tag that a text begins with.
fn tag_length(text: &str) -> Option<usize> {
    let named = text
        .chars()
        .nth(1)
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '/' || c == '!');
    let end = text.bytes().take(LONGEST_TAG).position(|byte| byte == b'>')?;
    (text.starts_with('<') && named).then_some(end + 1)
}

/// Soft hyphens, joiners and the like are typesetting, not text.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// The tokens of a cleaned text, in order: the word in lower case, where it stands, and what it is.
///
/// *Rule*: the text is cut at the word boundaries of Unicode and, within words, at all that is neither letter nor digit but an
/// apostrophe within a word and the point of a number: `don't` and `3.5` are one word. What follows an apostrophe is a word
/// of its own from three letters on: `l'été` has two. A hyphen joins words to a phrase, all other signs end one. An emoji is a
/// word between two ends.
///
/// *References*: Unicode Standard Annex 29, Text segmentation.
pub(super) fn tokens(text: &str, mut take: impl FnMut(&str, Range<usize>, Kind)) {
    let mut word = String::new();
    // A lone letter is looked at when it is known whether the next one touches it.
    let mut lone: Option<(Range<usize>, bool)> = None;
    for (start, segment) in text.split_word_bound_indices() {
        let end = start + segment.len();
        if is_lone(segment) {
            let touches = lone.as_ref().is_some_and(|(last, _)| last.end == start);
            if let Some((last, touched)) = lone.take() {
                let kind = if touches || touched { Kind::Letter } else { Kind::Word };
                give(text, last, kind, &mut word, &mut take);
            }
            lone = Some((start..end, touches));
            continue;
        }
        if let Some((last, touched)) = lone.take() {
            let kind = if touched { Kind::Letter } else { Kind::Word };
            give(text, last, kind, &mut word, &mut take);
        }
        if segment.chars().all(char::is_whitespace) {
            if segment.contains(['\n', '\r']) {
                take("", start..end, Kind::Break);
            }
            continue;
        }
        if matches!(segment, "-" | "\u{2010}") && joins(text, start, end) {
            continue;
        }
        pieces(text, start..end, &mut word, &mut take);
    }
    if let Some((last, touched)) = lone {
        let kind = if touched { Kind::Letter } else { Kind::Word };
        give(text, last, kind, &mut word, &mut take);
    }
}

/// Whether a hyphen stands between letters or digits.
fn joins(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).and_then(|before| before.chars().next_back());
    let after = text.get(end..).and_then(|after| after.chars().next());
    before.is_some_and(is_part) && after.is_some_and(is_part)
}

/// The words of a segment between two word boundaries.
fn pieces(text: &str, segment: Range<usize>, word: &mut String, take: &mut impl FnMut(&str, Range<usize>, Kind)) {
    let letters = text.get(segment.clone()).unwrap_or_default();
    let mut begin: Option<usize> = None;
    let mut before = ' ';
    let mut signs = letters.char_indices().peekable();
    while let Some((offset, c)) = signs.next() {
        let next = signs.peek().map_or(' ', |(_, next)| *next);
        let inner = is_apostrophe(c) && before.is_alphanumeric() && next.is_alphanumeric();
        let point = (c == '.' || c == ',') && before.is_ascii_digit() && next.is_ascii_digit();
        let rest = letters.get(offset + c.len_utf8()..).unwrap_or_default();
        let elision = inner && rest.chars().take_while(|c| c.is_alphabetic()).nth(2).is_some();
        if (is_part(c) || inner || point) && !elision {
            begin = begin.or(Some(offset));
        } else {
            if let Some(from) = begin.take() {
                give(
                    text,
                    segment.start + from..segment.start + offset,
                    Kind::Word,
                    word,
                    take,
                );
            }
            if !elision {
                let (at, end) = (segment.start + offset, segment.start + offset + c.len_utf8());
                if is_emoji(c) {
                    // A term of its own.
                    take("", at..at, Kind::Break);
                    take(text.get(at..end).unwrap_or_default(), at..end, Kind::Word);
                }
                take("", if is_emoji(c) { end..end } else { at..end }, Kind::Break);
            }
        }
        before = c;
    }
    if let Some(from) = begin {
        give(text, segment.start + from..segment.end, Kind::Word, word, take);
    }
}

/// Hands over a word in lower case.
fn give(
    text: &str,
    place: Range<usize>,
    kind: Kind,
    word: &mut String,
    take: &mut impl FnMut(&str, Range<usize>, Kind),
) {
    let typed = text.get(place.clone()).unwrap_or_default();
    word.clear();
    if typed.is_ascii() {
        word.push_str(typed);
        word.make_ascii_lowercase();
    } else {
        word.extend(
            typed
                .to_lowercase()
                .chars()
                .map(|c| if is_apostrophe(c) { '\'' } else { c }),
        );
    }
    if word.contains(char::is_alphanumeric) {
        take(word, place, kind);
    }
}

/// A single letter that is not ASCII, with its marks: where several stand together, the script has no spaces.
fn is_lone(segment: &str) -> bool {
    let mut letters = segment.chars().filter(|&c| !is_combining_mark(c));
    letters.next().is_some_and(|c| !c.is_ascii() && c.is_alphabetic()) && letters.next().is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_has_words_where_they_stand(text in "(\\PC|[<>&;'’\\-\n. 手ไо]|&amp;|<b|www\\.|://){0,40}") {
            let cleaned = clean(&text);
            let mut last = 0;
            tokens(&cleaned, |word, place, kind| {
                assert!(place.start >= last && cleaned.get(place.clone()).is_some(), "{text:?}");
                assert_eq!(kind == Kind::Break, word.is_empty(), "{text:?}");
                last = place.end;
            });
        }
    }

    /// Words with a bar where a phrase ends; letters are marked.
    fn shown(text: &str) -> String {
        let cleaned = clean(text);
        let mut out: Vec<String> = Vec::new();
        tokens(&cleaned, |word, place, kind| {
            assert!(cleaned.get(place).is_some(), "{text}");
            out.push(match kind {
                Kind::Word => word.to_owned(),
                Kind::Letter => format!("~{word}"),
                Kind::Break => "|".to_owned(),
            });
        });
        out.dedup_by(|a, b| a == "|" && b == "|");
        out.join(" ")
    }

    #[test]
    fn words_and_the_ends_of_phrases() {
        for (text, expected) in [
            ("Don\u{2019}t use snake_case: 3.5 l", "don't use snake | case | 3.5 l"),
            ("True to size.The fabric", "true to size | the fabric"),
            ("well-made -- soft", "well made | soft"),
            ("L'été, qu\u{2019}elle j'ai", "l été | qu elle j'ai"),
            ("Ｆｕｌｌ ﬁne", "full fine"),
            ("soft 😍 warm", "soft | 😍 | warm"),
            ("love it👍🏽👍! 🇩🇪", "love it | 👍 | 👍 |"),
            ("iPhone手机壳、好", "iphone ~手 ~机 ~壳 | 好"),
            ("it&#39;s <br/>a <b>gem</b> &amp; more", "it's | a | gem | more"),
            ("see https://x.example/a?b=<c> now", "see | now"),
            ("a < b and c > d", "a | b and c | d"),
            ("я купил", "я купил"),
            ("\u{301} — ''", "|"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
