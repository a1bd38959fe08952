//! Numbers as people write them: `__launch_text_amount(amount)` reads what has one reading alone;
//! `__launch_decimal_comma(amount)` tells what one text says of the decimal separator of all, and
//! `__launch_plain_amount(amount, decimal_comma)` reads by it what has two readings; `__launch_currency(amount)` tells the money.

use crate::functions::prelude::*;

/// See [`Function::ABOUT`].
pub struct TextAmount;

impl Function for TextAmount {
    const NAME: &'static str = "__launch_text_amount";
    const ABOUT: &'static str = "
        A text as a number, where one reading alone is possible: as SQL reads it, or with a sign or code of money before or
        after it, blanks, and separators of thousands and decimals. '1,234' and '1.234' may be one and a bit or over a thousand,
        and are none; '1.2340' is one.

        @param amount: VARCHAR  the text
        @returns DOUBLE  the number; NULL when it is none
        @example SELECT __launch_text_amount('$1,234.50')
    ";

    type Answer = Option<f64>;
}

impl PerChunk for TextAmount {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let amounts = arguments.text_array()?;
        Ok(amounts.iter().map(|amount| number(amount?)).collect())
    }
}

/// See [`Function::ABOUT`].
pub struct DecimalComma;

impl Function for DecimalComma {
    const NAME: &'static str = "__launch_decimal_comma";
    const ABOUT: &'static str = "
        Whether decimals stand behind a comma in a text such as 1.234,5, and so in the whole table. 1,234 does not tell.

        @param amount: VARCHAR  the text
        @returns BOOLEAN  true for 1.234,5 and 3,15, false for 1,234.5 and 3.15; NULL for all that does not tell
        @example SELECT __launch_decimal_comma('3,15')
    ";

    type Answer = Option<bool>;
}

impl PerChunk for DecimalComma {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let amounts = arguments.text_array()?;
        Ok(amounts.iter().map(|amount| decimal_comma(amount?)).collect())
    }
}

/// See [`Function::ABOUT`].
pub struct Currency;

impl Function for Currency {
    const NAME: &'static str = "__launch_currency";
    const ABOUT: &'static str = "
        The money that a text such as '€ 3,15' is in, by the sign or code that stands before or after the number.

        @param amount: VARCHAR  the text
        @returns VARCHAR  its code, such as EUR; the dollar sign is USD, the yen sign JPY; NULL when none is named
        @example SELECT __launch_currency('€ 3,15')
    ";

    type Answer = Option<&'static str>;
}

impl PerChunk for Currency {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let amounts = arguments.text_array()?;
        Ok(amounts.iter().map(|amount| currency(amount?)).collect())
    }
}

/// See [`Currency::ABOUT`].
fn currency(text: &str) -> Option<&'static str> {
    let text = text.trim_matches(AROUND);
    let named = MONEY
        .iter()
        .find(|money| text.starts_with(**money) || text.ends_with(**money))?;
    Some(match *named {
        "$" => "USD",
        "€" => "EUR",
        "£" => "GBP",
        "¥" => "JPY",
        code => code,
    })
}

/// See [`Function::ABOUT`].
pub struct PlainAmount;

impl Function for PlainAmount {
    const NAME: &'static str = "__launch_plain_amount";
    const ABOUT: &'static str = "
        A text such as 1,234, which may be one and a bit or over a thousand, as a plain number, when the decimal separator of
        its table is known. Where it is not, 1.234 is made no number either, though SQL would read it.

        @param amount: VARCHAR  the text
        @param decimal_comma: BOOLEAN  whether decimals stand behind a comma; NULL when it is not known
        @returns VARCHAR  the number; both where they are in doubt; the text itself when it has one reading alone, or none
        @example SELECT __launch_plain_amount('1,234', false)
    ";

    type Answer = Option<String>;
}

impl PerChunk for PlainAmount {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let (amounts, commas) = (arguments.text_array()?, arguments.flags()?);
        let plain = |text: &str, comma: Option<bool>| {
            let number = match comma {
                Some(decimal_comma) => of_two(text, decimal_comma),
                None => in_doubt(text),
            };
            number.unwrap_or_else(|| text.to_owned())
        };
        Ok(amounts
            .iter()
            .zip(commas)
            .map(|(text, comma)| Some(plain(text?, comma)))
            .collect())
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

/// The number that a text stands for, if it has one reading alone.
fn number(text: &str) -> Option<f64> {
    match in_doubt(text) {
        Some(_) => None,
        None => read(text).or_else(|| text.trim_matches(AROUND).parse().ok()),
    }
}

/// The number that a text with separators stands for.
fn read(text: &str) -> Option<f64> {
    let (sign, digits) = bare(text);
    let (whole, decimals) = parts(digits)?;
    format!("{sign}{whole}.{decimals}").parse().ok()
}

/// See [`DecimalComma::ABOUT`].
fn decimal_comma(text: &str) -> Option<bool> {
    if !text.contains(['.', ',']) {
        return None;
    }
    let (_, digits) = bare(text);
    let (whole, _) = parts(digits)?;
    let last = digits.rfind(['.', ','])?;
    let mark = digits.get(last..)?.chars().next()?;
    let several = digits.matches(mark).count() > 1;
    let alone = digits.chars().all(|c| c.is_ascii_digit() || c == mark);
    let thousands = several || alone && digits.len() - last == 4 && whole.len() <= 3 && !whole.starts_with('0');
    match (several, thousands) {
        (false, true) => None,
        (several, _) => Some((mark == ',') != several),
    }
}

/// Both readings of a text with one point before three digits, but for those that begin with 0.
fn in_doubt(text: &str) -> Option<String> {
    if !text.contains('.') || decimal_comma(text).is_some() {
        return None;
    }
    let (decimals, thousands) = (of_two(text, false)?, of_two(text, true)?);
    Some(format!(
        "{} or {thousands}",
        decimals.strip_suffix('0').unwrap_or(&decimals)
    ))
}

/// The plain number of a text with one separator before three digits, which is one of thousands or of decimals.
fn of_two(text: &str, decimal_comma: bool) -> Option<String> {
    if !text.contains(['.', ',']) {
        return None;
    }
    let (sign, digits) = bare(text);
    let mark = if digits.contains(',') { ',' } else { '.' };
    let (whole, rest) = digits.split_once(mark)?;
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let two = (1..=3).contains(&whole.len()) && rest.len() == 3 && plain(whole) && plain(rest);
    // Another digit behind decimals, so that they are not in doubt again.
    two.then(|| match (mark == ',') == decimal_comma {
        true => format!("{sign}{whole}.{rest}0"),
        false => format!("{sign}{whole}{rest}"),
    })
}

/// The sign and the rest of a number without signs of money and blanks around it.
fn bare(text: &str) -> (&'static str, &str) {
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
    (if bare.starts_with('-') { "-" } else { "" }, digits)
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
        (0, [',']) if groups[1].len() != 3 || groups[0].len() > 3 || groups[0] == "0" => {
            return Some((groups[0].to_owned(), groups[1]));
        }
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
            ("0,123", 0.123),
            ("1234,567", 1_234.567),
        ] {
            assert_eq!(read(text), Some(number), "{text}");
        }
    }

    #[test]
    fn money_is_named_before_or_after_the_number() {
        for (text, money) in [
            ("€ 3,15", Some("EUR")),
            ("3.15 USD", Some("USD")),
            ("$3", Some("USD")),
            ("3.15", None),
        ] {
            assert_eq!(currency(text), money, "{text}");
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

    #[test]
    fn what_has_two_readings_is_no_number() {
        for (text, expected) in [
            ("1.234", None),
            ("$ 12.000", None),
            ("1,234", None),
            ("0.234", Some(0.234)),
            ("1.2340", Some(1.234)),
            ("1234.567", Some(1_234.567)),
            ("1e3", Some(1_000.0)),
            (" .5 ", Some(0.5)),
            ("inf", Some(f64::INFINITY)),
            ("many", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn a_text_tells_the_decimal_separator_when_one_alone_is_possible() {
        for (text, comma) in [
            ("1.234,5", Some(true)),
            ("€ 3,15", Some(true)),
            ("1.234.567", Some(true)),
            ("0,123", Some(true)),
            ("1234,567", Some(true)),
            ("1,234.5", Some(false)),
            ("-3.15", Some(false)),
            ("1,234,567", Some(false)),
            ("0.123", Some(false)),
            ("1234.567", Some(false)),
            ("1 234,5", Some(true)),
            ("1,234", None),
            ("1.234", None),
            ("1234", None),
            ("12 pcs", None),
            ("", None),
        ] {
            assert_eq!(decimal_comma(text), comma, "{text}");
        }
    }

    #[test]
    fn the_separator_of_the_table_settles_what_has_two_readings() {
        for (text, comma, number) in [
            ("1,234", false, Some("1234")),
            ("1,234", true, Some("1.2340")),
            ("-$ 1", true, None),
            ("$1.234", true, Some("1234")),
            ("-1.234", false, Some("-1.2340")),
            ("1,234.5", false, None),
            ("1234", true, None),
            ("1,23", true, None),
        ] {
            assert_eq!(of_two(text, comma).as_deref(), number, "{text}");
        }
        assert_eq!(in_doubt("1.234").as_deref(), Some("1.234 or 1234"));
        assert_eq!(in_doubt("$-12.000").as_deref(), Some("-12.000 or -12000"));
        assert!(
            ["0.375", "3.5", "1234.567", "1,234", "12"]
                .iter()
                .all(|text| in_doubt(text).is_none())
        );
    }
}
