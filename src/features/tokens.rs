//! What a text says: its words in order, as a model of texts reads them.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};
use unicode_segmentation::UnicodeSegmentation;

use super::text::{is_hidden, is_lone, is_part};

/// Bytes of a word at most: what is longer is an address or no text.
const MAX_BYTES: usize = 64;

/// Words up to which equal texts were written by different people; longer ones are copies.
const SHORT: usize = 4;

/// Whether a text that is equal to another one is a copy of it.
pub fn is_copied(text: &str) -> bool {
    tokens(text).len() > SHORT
}

/// What a text says, in order and in lower case.
///
/// *Rule*: words as in [`super::text::words`], but with the apostrophes within them (`don't` is one word, however the apostrophe is
/// typed), exclamation and question marks, and symbols such as emoji as words of their own. Scripts without spaces give
/// single characters, of which pairs and triples are made like those of words.
pub fn tokens(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    each_token(text, |token| out.push(token.to_owned()));
    out
}

/// Calls a function for each of the [`tokens`].
pub(super) fn each_token(text: &str, mut take: impl FnMut(&str)) {
    let mut buffer = String::new();
    if text.is_ascii() {
        plain(text, &mut buffer, &mut take);
        return;
    }
    // No word and no rule of Unicode goes beyond a space, and most of a text that is not ASCII is.
    for piece in text.split_ascii_whitespace() {
        if piece.is_ascii() {
            plain(piece, &mut buffer, &mut take);
        } else {
            segments(piece, &mut buffer, &mut take);
        }
    }
}

/// The tokens of a text of ASCII: what the rule gives there, without its cost.
fn plain(text: &str, buffer: &mut String, take: &mut impl FnMut(&str)) {
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
        if at == start {
            if matches!(bytes[at], b'!' | b'?') {
                take(&text[at..=at]);
            }
            at += 1;
        } else if at - start <= MAX_BYTES {
            buffer.clear();
            buffer.push_str(&text[start..at]);
            buffer.make_ascii_lowercase();
            take(buffer);
        }
    }
}

/// The tokens of any text, by the rule.
fn segments(text: &str, buffer: &mut String, take: &mut impl FnMut(&str)) {
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
            word(&segment.to_lowercase(), take);
            continue;
        }
        if !segment.contains(char::is_alphanumeric) {
            mark(segment, take);
            continue;
        }
        for part in segment.split(|c: char| !(is_part(c) || is_hidden(c) || is_apostrophe(c))) {
            buffer.clear();
            let plain = part.trim_matches(is_apostrophe).chars().filter(|c| !is_hidden(*c));
            buffer.extend(plain.map(|c| if is_apostrophe(c) { '\'' } else { c }));
            word(&buffer.to_lowercase(), take);
        }
    }
}

/// Apostrophes, however they are typed.
pub(crate) fn is_apostrophe(c: char) -> bool {
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

    fn by_the_rule(text: &str) -> Vec<String> {
        let mut out = Vec::new();
        segments(text, &mut String::new(), &mut |token: &str| out.push(token.to_owned()));
        out
    }

    proptest! {
        #[test]
        fn the_way_for_ascii_is_the_rule(text in "[ -~\\t\\n]{0,60}") {
            prop_assert_eq!(tokens(&text), by_the_rule(&text));
        }

        #[test]
        fn pieces_between_spaces_are_the_rule(text in "(\\PC|[ \\t\\n'’!aA1é\u{301}\u{ad}\u{200d}´🇩🇪手]){0,60}") {
            prop_assert_eq!(tokens(&text), by_the_rule(&text));
        }

        #[test]
        fn how_accents_are_typed_does_not_matter(text in "[a-zà-ÿ가-힣'!? ]{0,30}") {
            prop_assert_eq!(tokens(&text.nfd().collect::<String>()), tokens(&text));
        }
    }
}
