//! Numbers that are written as texts, with decimals or a unit: `13,2`, `13.2 cm`.

use arrow_array::StringArray;

/// Letters of a unit at most.
const MAX_UNIT: usize = 10;

/// The numbers of a column of texts, and the unit they are all in, none if there is none.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Numbers {
    pub values: Vec<f64>,
    pub unit: Option<String>,
}

/// The numbers of a column of texts that are all numbers in one unit, or all without: with decimals in one of them, as
/// codes have none. Whole numbers that all end in one capital, such as `1001X`, are codes too.
pub(crate) fn numeric(texts: &StringArray) -> Option<Numbers> {
    let known = || texts.iter().flatten().filter(|text| !text.trim().is_empty());
    let read: Option<Vec<(f64, String)>> = known().map(measured).collect();
    let (values, units): (Vec<f64>, Vec<String>) = read?.into_iter().unzip();
    let unit = units.first()?.clone();
    let has_decimals = || known().any(|text| text.contains(['.', ',']));
    let is_number = !(unit.is_empty() || known().all(is_lettered)) || has_decimals();
    (is_number && units.iter().all(|other| *other == unit)).then_some(Numbers {
        values,
        unit: Some(unit).filter(|unit| !unit.is_empty()),
    })
}

/// The number that a text is, in a unit or without.
pub(super) fn number(text: &str, unit: Option<&str>) -> Option<f64> {
    let (value, written) = measured(text)?;
    (written.is_empty() || unit == Some(&written)).then_some(value)
}

/// Whether a text ends in one capital right behind a digit.
fn is_lettered(text: &str) -> bool {
    let mut ends = text.trim().chars().rev();
    ends.next().is_some_and(char::is_uppercase) && ends.next().is_some_and(|c| c.is_ascii_digit())
}

/// A number and its unit in lower case, empty where there is none.
fn measured(text: &str) -> Option<(f64, String)> {
    let text = text.trim();
    if let Some(value) = decimal(text) {
        return Some((value, String::new()));
    }
    let begins = text.find(|c: char| !(c.is_ascii_digit() || ".,+-".contains(c)))?;
    let (value, unit) = text.split_at(begins);
    let unit = unit.trim().to_lowercase();
    let is_unit =
        unit.chars().count() <= MAX_UNIT && unit.chars().all(|c| c.is_alphabetic() || "%°\"'/²³ ".contains(c));
    Some((decimal(value)?, unit)).filter(|_| is_unit)
}

/// The number that a text is, with a point or a comma before its decimals; none where a comma may stand before thousands.
fn decimal(text: &str) -> Option<f64> {
    let number: f64 = match text.split_once(',') {
        Some((whole, decimals)) if decimals.len() != 3 && !text.contains('.') => format!("{whole}.{decimals}").parse(),
        Some(_) => return None,
        None => text.parse(),
    }
    .ok()?;
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Option<(Vec<f64>, Option<String>)> {
        numeric(&StringArray::from(texts.to_vec())).map(|found| (found.values, found.unit))
    }

    #[test]
    fn numbers_are_read_with_one_unit_or_none() {
        assert_eq!(read(&["13,2", " 10 ", ""]), Some((vec![13.2, 10.0], None)));
        let cm = Some("cm".to_owned());
        assert_eq!(read(&["13,2 cm", "10cm", " 7 CM "]), Some((vec![13.2, 10.0, 7.0], cm)));
        assert_eq!(
            read(&["-5 °C", "40 °c"]),
            Some((vec![-5.0, 40.0], Some("°c".to_owned())))
        );
        assert_eq!(read(&["80%", "100 %"]), Some((vec![80.0, 100.0], Some("%".to_owned()))));
        assert_eq!(
            read(&["500g", "250g"]),
            Some((vec![500.0, 250.0], Some("g".to_owned())))
        );
        assert_eq!(read(&["1.5L", "2L"]), Some((vec![1.5, 2.0], Some("l".to_owned()))));
        assert_eq!(read(&["1e3", "2.5"]), Some((vec![1000.0, 2.5], None)));
        // Codes, several units, a number without one beside those with, thousands, words.
        for texts in [
            vec!["13", "10"],
            vec!["500 g", "1 kg"],
            vec!["10", "12 cm"],
            vec!["1,234 g", "2 g"],
            vec!["about 11", "10"],
            vec!["12A4", "13A4"],
            vec!["1001X", "1002X"],
            vec!["3 of the largest sort", "4 of the largest sort"],
            vec!["inf", "nan"],
            vec!["cm", "cm"],
            vec!["", " "],
        ] {
            assert_eq!(read(&texts), None, "{texts:?}");
        }
    }

    #[test]
    fn a_number_in_another_unit_is_none() {
        assert_eq!(number("13.2 CM", Some("cm")), Some(13.2));
        assert_eq!(number("13.2", Some("cm")), Some(13.2));
        assert_eq!((number("13.2 in", Some("cm")), number("13.2 cm", None)), (None, None));
    }
}
