//! What labels of texts mean: booleans, 0 and 1, or ratings on a scale.

use crate::error::{Error, Result};

/// Share of ratings that may lie outside the scale.
const STRAY: f64 = 0.05;

/// The scale of ratings, and which of them are positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rating {
    lowest: f64,
    highest: f64,
    positive: f64,
}

/// Labels as they were read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Read {
    /// Whether each is positive; none where there is no label that can be read.
    pub positive: Vec<Option<bool>>,
    /// What was left out, and how many.
    pub notes: Vec<String>,
}

impl Rating {
    /// Ratings from `lowest` to `highest`, positive from `positive` on.
    ///
    /// # Errors
    /// [`Error::Argument`] where these are no numbers in this order.
    pub fn try_new(lowest: f64, highest: f64, positive: f64) -> Result<Self> {
        if lowest.is_finite() && highest.is_finite() && lowest < highest {
            // Above the lowest: else no rating would not be positive.
            if positive > lowest && positive <= highest {
                return Ok(Self {
                    lowest,
                    highest,
                    positive,
                });
            }
            return Err(Error::argument(format!(
                "positive must be above lowest and at most highest ({lowest} to {highest}), got {positive}"
            )));
        }
        Err(Error::argument(format!(
            "lowest must be below highest, got {lowest} and {highest}"
        )))
    }

    /// Read labels. Where all of them are true and false, or 1 and 0, they are no ratings.
    ///
    /// # Errors
    /// [`Error::Argument`] for texts that are neither, and for ratings of another scale.
    pub fn read<'a>(&self, labels: impl Iterator<Item = Option<&'a str>> + Clone) -> Result<Read> {
        let flag = |text: &str| match text.trim().to_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            other => other
                .parse()
                .ok()
                .filter(|v: &f64| *v == 0.0 || *v == 1.0)
                .map(|v| v == 1.0),
        };
        let known = || labels.clone().flatten();
        if known().all(|text| flag(text).is_some()) {
            let positive = labels.map(|text| text.and_then(flag)).collect();
            return Ok(Read {
                positive,
                notes: Vec::new(),
            });
        }
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|v| v.is_finite());
        if let Some(other) = known().filter(|text| number(text).is_none()).min() {
            return Err(Error::argument(format!(
                "label must be a boolean, 0 or 1, or a rating, got '{other}': derive a boolean from it, such as (label = 'the good one') AS label"
            )));
        }
        let inside = |v: &f64| (self.lowest..=self.highest).contains(v);
        let (all, stray) = (known().count(), known().filter_map(number).filter(|v| !inside(v)));
        let count = stray.clone().count();
        let ends = |least: f64, most: f64| match count {
            1 => format!("{least}"),
            _ => format!("{least} to {most}"),
        };
        let told = ends(
            stray.clone().fold(f64::INFINITY, f64::min),
            stray.clone().fold(f64::NEG_INFINITY, f64::max),
        );
        let scale = format!("{} to {}", self.lowest, self.highest);
        if count as f64 > STRAY * all as f64 {
            return Err(Error::argument(format!(
                "{count} of {all} ratings are outside {scale}, they are {told}: give the scale they have, lowest and highest, and positive, from which they are positive"
            )));
        }
        let positive = |text: Option<&str>| Some(number(text?).filter(inside)? >= self.positive);
        Ok(Read {
            positive: labels.map(positive).collect(),
            notes: (count > 0)
                .then(|| format!("{count} ratings outside {scale} left out ({told})"))
                .into_iter()
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(labels: &[&str]) -> Result<Read> {
        Rating::try_new(1.0, 5.0, 4.0)?.read(labels.iter().map(|label| Some(*label).filter(|l| *l != "-")))
    }

    #[test]
    fn labels_of_every_kind_are_read() {
        let flags = |labels: &[&str]| read(labels).unwrap().positive;
        assert_eq!(flags(&["true", "False", "-"]), [Some(true), Some(false), None]);
        assert_eq!(flags(&["1", "0"]), [Some(true), Some(false)]);
        assert_eq!(
            flags(&["1", "4", "3.5", "5.0"]),
            [Some(false), Some(true), Some(false), Some(true)]
        );
        let mut many = vec!["4"; 40];
        many.push("99");
        let found = read(&many).unwrap();
        assert_eq!(found.positive[40], None);
        assert_eq!(found.notes, ["1 ratings outside 1 to 5 left out (99)"]);
    }

    #[test]
    fn others_are_named() {
        let told = |labels: &[&str]| read(labels).unwrap_err().to_string();
        assert!(told(&["good", "bad"]).contains("got 'bad': derive a boolean"));
        assert!(told(&["8", "10", "2"]).contains("2 of 3 ratings are outside 1 to 5, they are 8 to 10"));
        for (lowest, highest, positive) in [(1.0, 5.0, 1.0), (1.0, 5.0, 6.0), (5.0, 1.0, 4.0), (f64::NAN, 1.0, 1.0)] {
            assert!(Rating::try_new(lowest, highest, positive).is_err());
        }
    }
}
