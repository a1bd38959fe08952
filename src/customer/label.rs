//! What is to be predicted, read from texts.

use std::collections::BTreeSet;

use crate::error::{Error, Result};

/// Values told in an error at most.
const TOLD: usize = 5;

/// Labels as 1 and 0; `None` where there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels(pub Vec<Option<f64>>);

impl Labels {
    /// Read labels: true and false, 1 and 0, or any two values of which `positive` names one. Case and surrounding blanks do
    /// not count.
    ///
    /// # Errors
    /// [`Error::Argument`] for other values, naming them; [`Error::Refused`] where there is one value alone.
    pub fn read(texts: &[Option<String>], positive: Option<&str>) -> Result<Self> {
        let normal = |text: &str| {
            let text = text.trim().to_lowercase();
            // 1 and 1.0 are one value.
            text.parse::<f64>().map_or(text, |number| number.to_string())
        };
        let mut values = BTreeSet::new();
        for text in texts.iter().flatten() {
            values.insert(normal(text));
            // The first ones of the alphabet, in whatever order they come.
            if values.len() > TOLD + 1 {
                values.pop_last();
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
        let read = |text: &Option<String>| {
            let value = normal(text.as_deref()?);
            match &wanted {
                Some(wanted) => Some(f64::from(u8::from(value == *wanted))),
                None => number(&value),
            }
        };
        Ok(Self(texts.iter().map(read).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str], positive: Option<&str>) -> Result<Labels> {
        let texts: Vec<Option<String>> = texts.iter().map(|t| (*t != "-").then(|| (*t).to_owned())).collect();
        Labels::read(&texts, positive)
    }

    #[test]
    fn labels_of_every_kind_are_read() {
        assert_eq!(
            read(&["true", "-", "false"], None).unwrap().0,
            [Some(1.0), None, Some(0.0)]
        );
        assert_eq!(
            read(&["1", "0.0", "1.0"], None).unwrap().0,
            [Some(1.0), Some(0.0), Some(1.0)]
        );
        assert_eq!(
            read(&["Yes", "no ", "yes"], Some("yes")).unwrap().0,
            [Some(1.0), Some(0.0), Some(1.0)]
        );
        assert_eq!(read(&["1", "0"], Some("0")).unwrap().0, [Some(0.0), Some(1.0)]);
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
