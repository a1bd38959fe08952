//! Days as people write them, `12/31/2024`: `__launch_day_first(text)` tells what one text says of the order of all,
//! `__launch_plain_day(text, day_first)` reads it by that order.

use chrono::NaiveDate;

use crate::functions::prelude::*;

/// See [`Function::ABOUT`].
pub struct DayFirst;

impl Function for DayFirst {
    const NAME: &'static str = "__launch_day_first";
    const ABOUT: &'static str = "
        Whether the day stands before the month in a text such as 31/12/2024, and so in the whole column. 12/05/2024 does not
        tell.

        @param day: VARCHAR  the text
        @returns BOOLEAN  true for 31/12/2024, false for 12/31/2024; NULL when both orders or none make a day
        @example SELECT __launch_day_first('31/12/2024')
    ";

    type Answer = Option<bool>;
}

impl PerChunk for DayFirst {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let texts = arguments.text_array()?;
        Ok(texts.iter().map(|text| day_first(text?)).collect())
    }
}

/// See [`Function::ABOUT`].
pub struct PlainDay;

impl Function for PlainDay {
    const NAME: &'static str = "__launch_plain_day";
    const ABOUT: &'static str = "
        A text such as 12/31/2024, 12-31-2024 or 12/31/2024 14:05 as 2024-12-31, when the order of its column is known.

        @param day: VARCHAR  the text
        @param day_first: BOOLEAN  whether the day stands before the month; NULL when it is not known
        @returns VARCHAR  the day; the text itself when it is none in that order
        @example SELECT __launch_plain_day('12/31/2024', false)
    ";

    type Answer = Option<String>;
}

impl PerChunk for PlainDay {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let (texts, orders) = (arguments.text_array()?, arguments.flags()?);
        let plain = |text: &str, order: Option<bool>| {
            let day = order.and_then(|day_first| read(text, day_first));
            day.map_or(text.to_owned(), |day| day.to_string())
        };
        Ok(texts
            .iter()
            .zip(orders)
            .map(|(text, order)| Some(plain(text?, order)))
            .collect())
    }
}

/// Whether the day is the first number: one order alone makes a day of the calendar.
fn day_first(text: &str) -> Option<bool> {
    match (read(text, true), read(text, false)) {
        (Some(_), None) => Some(true),
        (None, Some(_)) => Some(false),
        _ => None,
    }
}

/// The day that a text stands for; a time of day behind it does not count.
fn read(text: &str, day_first: bool) -> Option<NaiveDate> {
    // Most texts are written in the plain way, with the year first.
    if text.trim_start().bytes().take_while(u8::is_ascii_digit).count() > 2 {
        return None;
    }
    let mut words = text.split_whitespace();
    let numbers = words.next()?;
    let time_follows = |word: &str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains(':');
    if words.next().is_some_and(|word| !time_follows(word)) {
        return None;
    }
    let mark = numbers
        .chars()
        .find(|c| !c.is_ascii_digit())
        .filter(|mark| "/-".contains(*mark))?;
    let parts: Vec<&str> = numbers.split(mark).collect();
    let [first, second, year] = parts[..] else {
        return None;
    };
    let number = |digits: &str, most: usize| {
        let plain = (1..=most).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse::<u32>().ok()).flatten()
    };
    let (first, second) = (number(first, 2)?, number(second, 2)?);
    let year = number(year, 4).filter(|&year| year >= 1000)?;
    let (day, month) = if day_first { (first, second) } else { (second, first) };
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_tells_the_order_when_one_alone_makes_a_day() {
        for (text, order) in [
            ("31/12/2024", Some(true)),
            ("12/31/2024", Some(false)),
            (" 31-12-2024 ", Some(true)),
            ("2/29/2024 9:05 PM", Some(false)),
            ("12/05/2024", None),
            ("30/02/2024", None),
            ("2024/12/31", None),
            ("12/31/24", None),
            ("12/31-2024", None),
            ("12/31/2024 noon", None),
            ("31.12.2024", None),
            ("/12/2024", None),
            ("", None),
        ] {
            assert_eq!(day_first(text), order, "{text}");
        }
    }

    #[test]
    fn a_text_is_read_in_the_order_of_its_column() {
        let day = |text, day_first| read(text, day_first).map(|day| day.to_string());
        assert_eq!(day("12/5/2024 14:05", true).as_deref(), Some("2024-05-12"));
        assert_eq!(day("12/5/2024", false).as_deref(), Some("2024-12-05"));
        assert_eq!(day("31/12/2024", false), None);
    }
}
