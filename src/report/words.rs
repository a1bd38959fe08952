//! Numbers, dates and lists as a reader expects them.

use chrono::{Datelike, NaiveDate};
use unicode_segmentation::UnicodeSegmentation;

/// What stands for a number that is not known.
pub const NONE: &str = "–";

/// A number with thousands separators and so many decimals.
pub fn fixed(number: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", number.abs());
    let (whole, rest) = text
        .split_once('.')
        .map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::with_capacity(text.len() + whole.len() / 3);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if let Some(rest) = rest {
        grouped.push('.');
        grouped.push_str(rest);
    }
    let is_zero = text.chars().all(|c| c == '0' || c == '.');
    if number < 0.0 && !is_zero {
        format!("−{grouped}")
    } else {
        grouped
    }
}

/// Units: whole ones from ten on.
pub fn units(number: f64) -> String {
    fixed(
        number,
        if number.abs() >= 10.0 || number.fract() == 0.0 {
            0
        } else {
            1
        },
    )
}

/// A price, without a currency: whole from a thousand on.
pub fn price(number: f64) -> String {
    fixed(number, if number.abs() >= 1_000.0 { 0 } else { 2 })
}

/// Sums of money, without a currency: whole from a hundred on.
pub fn money(number: f64) -> String {
    fixed(number, if number.abs() >= 100.0 { 0 } else { 2 })
}

/// A share as per cent.
pub fn percent(share: f64) -> String {
    let decimals = if share.abs() < 0.1 && (share * 100.0).fract().abs() > 1e-9 {
        1
    } else {
        0
    };
    format!("{}\u{a0}%", fixed(share * 100.0, decimals))
}

/// A plain number, such as an error measure.
pub fn plain(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 || number.fract() == 0.0 => fixed(number, 0),
        size if size >= 10.0 => fixed(number, 1),
        _ => fixed(number, 2),
    }
}

/// A number or a dash.
pub fn or_none(number: Option<f64>, write: fn(f64) -> String) -> String {
    number.map_or_else(|| NONE.to_owned(), write)
}

/// An interval.
pub fn between(lower: Option<f64>, upper: Option<f64>, write: fn(f64) -> String) -> String {
    match (lower, upper) {
        (Some(lower), Some(upper)) => format!("{} to {}", write(lower), write(upper)),
        _ => NONE.to_owned(),
    }
}

/// A day, such as 7 Oct 2024.
pub fn day(day: NaiveDate) -> String {
    format!("{} {} {}", day.day(), month(day), day.year())
}

/// A day without its year.
pub fn short_day(day: NaiveDate) -> String {
    format!("{} {}", day.day(), month(day))
}

/// The month of a day, in three letters.
pub fn month(day: NaiveDate) -> &'static str {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    MONTHS.get(day.month0() as usize).copied().unwrap_or(NONE)
}

/// A day or a dash.
pub fn day_or_none(of: Option<NaiveDate>) -> String {
    of.map_or_else(|| NONE.to_owned(), day)
}

/// A number of things: `1 launch`, `2 launches`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", fixed(number as f64, 0), if number == 1 { one } else { many })
}

/// A text of at most so many characters as readers see them, with an ellipsis where it was longer.
pub fn short(text: &str, most: usize) -> String {
    let mut places = text.grapheme_indices(true).map(|(place, _)| place);
    match places.nth(most) {
        None => text.to_owned(),
        Some(_) => {
            let end = text
                .grapheme_indices(true)
                .nth(most.saturating_sub(1))
                .map_or(0, |(place, _)| place);
            format!("{}…", text.get(..end).unwrap_or_default())
        }
    }
}

/// The same text without what no HTML page may hold: control characters and others that are none.
pub fn readable(text: &str) -> String {
    let allowed = |c: char| {
        !c.is_control() && !matches!(u32::from(c) & 0xFFFF, 0xFFFE | 0xFFFF) && !('\u{FDD0}'..='\u{FDEF}').contains(&c)
    };
    text.chars()
        .map(|c| if allowed(c) || c == '\n' { c } else { '\u{FFFD}' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_separators_and_few_decimals() {
        assert_eq!(fixed(1_234_567.891, 2), "1,234,567.89");
        assert_eq!(fixed(-999.6, 0), "−1,000");
        assert_eq!(fixed(-0.001, 1), "0.0");
        assert_eq!(
            (units(9.96).as_str(), units(12.5).as_str(), units(3.0).as_str()),
            ("10.0", "12", "3")
        );
        assert_eq!(
            (price(129.9).as_str(), money(129.9).as_str(), price(12_345.6).as_str()),
            ("129.90", "130", "12,346")
        );
        assert_eq!(
            (percent(0.5).as_str(), percent(0.035).as_str(), percent(0.05).as_str()),
            ("50\u{a0}%", "3.5\u{a0}%", "5\u{a0}%")
        );
        assert_eq!(
            (plain(0.456).as_str(), plain(45.67).as_str(), plain(456.7).as_str()),
            ("0.46", "45.7", "457")
        );
        assert_eq!(or_none(None, units), NONE);
        assert_eq!(between(Some(1.0), Some(2_000.0), units), "1 to 2,000");
        assert_eq!(
            (count(1, "launch", "launches"), count(0, "launch", "launches")),
            ("1 launch".into(), "0 launches".into())
        );
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(short("abc", 3), "abc");
        assert_eq!(short("abcd", 3), "ab…");
        assert_eq!(short("👨‍👩‍👧‍👦👨‍👩‍👧‍👦x", 2), "👨‍👩‍👧‍👦…");
        assert_eq!(readable("a\u{0}\u{8}b\nc\u{ffff}"), "a\u{fffd}\u{fffd}b\nc\u{fffd}");
    }
}
