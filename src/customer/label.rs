//! What is to be predicted, read from texts.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};

/// Values told in an error at most.
const TOLD: usize = 5;

/// Ways of writing the two values at most.
const WRITTEN: usize = 64;

/// What labels stand for: 1 and 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcomes(BTreeMap<String, f64>);

impl Outcomes {
    /// Learn how labels are written: true and false, 1 and 0, or any two values of which `positive` names one. Case and surrounding
    /// blanks do not count.
    ///
    /// # Errors
    /// [`Error::Argument`] for other values, naming them; [`Error::Refused`] where there is one value alone.
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>, positive: Option<&str>) -> Result<Self> {
        let normal = |text: &str| {
            let text = text.trim().to_lowercase();
            // 1 and 1.0 are one value.
            text.parse::<f64>().map_or(text, |number| number.to_string())
        };
        let (mut written, mut values) = (BTreeSet::new(), BTreeSet::new());
        for text in texts {
            // Most texts are those before.
            if written.contains(text) {
                continue;
            }
            values.insert(normal(text));
            // The first ones of the alphabet, in whatever order they come.
            if values.len() > TOLD + 1 {
                values.pop_last();
            }
            if written.len() < WRITTEN {
                written.insert(text);
            }
        }
        let told: Vec<&str> = values.iter().map(String::as_str).take(TOLD).collect();
        let told = told.join(", ");
        let number = |value: &str| match value {
            "true" => Some(1.0),
            "false" => Some(0.0),
            other => other.parse().ok().filter(|v| *v == 0.0 || *v == 1.0),
        };
        let wanted = positive.map(normal);
        if let Some(wanted) = wanted
            .as_ref()
            .filter(|wanted| (1..=2).contains(&values.len()) && !values.contains(*wanted))
        {
            return Err(Error::argument(format!(
                "positive is '{wanted}', but label has the values {told}"
            )));
        }
        match values.len() {
            0 => return Err(Error::refused("label is NULL in all rows")),
            1 => {
                return Err(Error::refused(format!(
                    "label is {told} in all rows: both outcomes are needed"
                )));
            }
            2 => {}
            _ => {
                return Err(Error::argument(format!(
                    "label must have two values, got {told}{}: derive a boolean from it",
                    if values.len() > TOLD { ", ..." } else { "" }
                )));
            }
        }
        let plain = values.iter().all(|value| number(value).is_some());
        if wanted.is_none() && !plain {
            return Err(Error::argument(format!(
                "label has the values {told}: name the one that is predicted, positive := '{}'",
                values.last().map_or("", String::as_str)
            )));
        }
        let read = |text: &&str| {
            let value = normal(text);
            let outcome = match &wanted {
                Some(wanted) => Some(f64::from(u8::from(value == *wanted))),
                None => number(&value),
            };
            outcome.map(|outcome| ((*text).to_owned(), outcome))
        };
        if written.len() == WRITTEN {
            return Err(Error::argument(format!(
                "label is written in {WRITTEN} ways: derive a boolean from it"
            )));
        }
        Ok(Self(written.iter().filter_map(read).collect()))
    }

    /// 1, 0, or none.
    pub fn read(&self, text: Option<&str>) -> Option<f64> {
        self.0.get(text?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str], positive: Option<&str>) -> Result<Vec<Option<f64>>> {
        let outcomes = Outcomes::of(texts.iter().copied().filter(|t| *t != "-"), positive)?;
        Ok(texts
            .iter()
            .map(|text| outcomes.read(Some(text).filter(|t| **t != "-").copied()))
            .collect())
    }

    #[test]
    fn labels_of_every_kind_are_read() {
        assert_eq!(
            read(&["true", "-", "false"], None).unwrap(),
            [Some(1.0), None, Some(0.0)]
        );
        assert_eq!(
            read(&["1", "0.0", "1.0"], None).unwrap(),
            [Some(1.0), Some(0.0), Some(1.0)]
        );
        assert_eq!(
            read(&["Yes", "no ", "yes"], Some("yes")).unwrap(),
            [Some(1.0), Some(0.0), Some(1.0)]
        );
        assert_eq!(read(&["1", "0"], Some("0")).unwrap(), [Some(0.0), Some(1.0)]);
    }

    #[test]
    fn others_are_named() {
        let told = |texts: &[&str], positive| read(texts, positive).unwrap_err().to_string();
        assert!(told(&["yes", "no"], None).contains("positive := 'yes'"));
        assert!(told(&["a", "b", "c"], None).contains("two values, got a, b, c"));
        assert!(told(&["a", "b"], Some("x")).contains("positive is 'x'"));
        assert!(told(&["1", "1"], None).contains("label is 1 in all rows"));
        assert!(told(&["-"], None).contains("NULL in all rows"));
        assert!(told(&["1.5", "0"], None).contains("positive :="));
    }
}
