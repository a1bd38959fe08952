//! `__launch_text_amount(amount)`: a number as people write it.

use crate::functions::prelude::*;

/// See [`Function::ABOUT`].
pub struct TextAmount;

impl Function for TextAmount {
    const NAME: &'static str = "__launch_text_amount";
    const ABOUT: &'static str = "
        A text as a number, where one reading alone is possible: with a sign or code of money before or after it, blanks, and
        separators of thousands and decimals. '1,234' may be one and a bit or over a thousand, and is none.

        @param amount: VARCHAR  the text
        @returns DOUBLE  the number; NULL when it is none
        @example SELECT __launch_text_amount('$1,234.50')
    ";

    type Answer = Option<f64>;
}

impl PerChunk for TextAmount {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let amounts = arguments.text_array()?;
        Ok(amounts.iter().map(|amount| read(amount?)).collect())
    }
}

/// Signs and codes of money that are left out at either end.
const MONEY: [&str; 19] = [
    "$", "€", "£", "¥", "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "INR",
    "BRL", "MXN",
];

/// Blanks around a number.
const AROUND: [char; 6] = [' ', '\t', '\n', '\r', '\u{c}', '\u{a0}'];

/// Blanks between thousands.
const BETWEEN: [char; 3] = [' ', '\u{a0}', '\u{202f}'];

/// The number that a text stands for.
fn read(text: &str) -> Option<f64> {
    let mut bare = text.trim_matches(AROUND);
    bare = MONEY
        .iter()
        .find_map(|money| bare.strip_prefix(money))
        .unwrap_or(bare)
        .trim_start_matches(AROUND);
    bare = MONEY
        .iter()
        .find_map(|money| bare.strip_suffix(money))
        .unwrap_or(bare)
        .trim_end_matches(AROUND);
    let digits = bare.strip_prefix(['-', '+']).unwrap_or(bare);
    let sign = if bare.starts_with('-') { "-" } else { "" };
    let (whole, decimals) = parts(digits)?;
    format!("{sign}{whole}.{decimals}").parse().ok()
}

/// The digits before and after the decimal separator, the latter at least "0".
fn parts(text: &str) -> Option<(String, &str)> {
    let separators: Vec<char> = text.chars().filter(|c| !c.is_ascii_digit()).collect();
    let groups: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).collect();
    if groups.iter().any(|group| group.is_empty()) {
        return None;
    }
    let blanks = separators.iter().take_while(|c| BETWEEN.contains(c)).count();
    let (thousands, decimals) = match (blanks, &separators[blanks..]) {
        (0, []) => return Some((text.to_owned(), "0")),
        (0, ['.']) => return Some((groups[0].to_owned(), groups[1])),
        (0, [',']) if groups[1].len() != 3 => return Some((groups[0].to_owned(), groups[1])),
        (0, [',']) => return None,
        (0, [mark @ ('.' | ','), between @ .., last]) if between.iter().all(|c| c == mark) => match (mark, last) {
            (',', ',') | ('.', '.') => (groups.len(), "0"),
            (',', '.') | ('.', ',') => (groups.len() - 1, groups[groups.len() - 1]),
            _ => return None,
        },
        (1.., []) => (groups.len(), "0"),
        (1.., ['.']) => (blanks + 1, groups[blanks + 1]),
        (1.., [',']) if groups[blanks + 1].len() != 3 => (blanks + 1, groups[blanks + 1]),
        _ => return None,
    };
    let whole = &groups[..thousands];
    let in_thousands = whole[0].len() <= 3 && whole[1..].iter().all(|group| group.len() == 3);
    in_thousands.then(|| (whole.concat(), decimals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_reading_alone_is_a_number() {
        for (text, number) in [
            ("12", 12.0),
            ("-3.5", -3.5),
            ("€ 3,15", 3.15),
            ("3,15\u{a0}€", 3.15),
            ("EUR 12", 12.0),
            ("1,234.50", 1_234.5),
            ("1.234,50", 1_234.5),
            ("1,234,567", 1_234_567.0),
            ("1.234.567,8", 1_234_567.8),
            ("1 234,5", 1_234.5),
            ("1 234\u{202f}567", 1_234_567.0),
            ("+0,1234", 0.1234),
        ] {
            assert_eq!(read(text), Some(number), "{text}");
        }
    }

    #[test]
    fn all_else_is_none() {
        for text in [
            "",
            "-",
            "$",
            "1,234",
            "-1,234",
            "1 234,567",
            "1,23,4",
            "1,234.567.8",
            "1.234,567,8",
            "12 34",
            "1234 567",
            "12/3",
            "SKU12",
            "-$3.50",
            "1e3",
            ".5",
            "5.",
            "١٢",
            "1,2345,678",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
