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

    /// Read labels. Where all of them are true and false, or 1 and 0 with 0 below the scale, they are no ratings.
    ///
    /// # Errors
    /// [`Error::Argument`] for texts that are neither, and for ratings of another scale, if there are more than a few.
    pub fn read<'a>(&self, labels: impl Iterator<Item = Option<&'a str>> + Clone) -> Result<Read> {
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|v| v.is_finite());
        let flag = |text: &str| match text.trim().to_lowercase().as_str() {
            "true" | "t" => Some(true),
            "false" | "f" => Some(false),
            other => number(other).filter(|v| *v == 0.0 || *v == 1.0).map(|v| v == 1.0),
        };
        let known = || labels.clone().flatten();
        let is_plain = |text: &str| number(text).is_none() || number(text) == Some(0.0) && self.lowest > 0.0;
        if known().all(|text| flag(text).is_some()) && known().any(is_plain) {
            let positive = labels.map(|text| text.and_then(flag)).collect();
            return Ok(Read {
                positive,
                notes: Vec::new(),
            });
        }
        let all = known().count();
        let other = || known().filter(|text| number(text).is_none());
        let others = other().count();
        if others as f64 > STRAY * all as f64 {
            return Err(Error::argument(format!(
                "{others} of {all} labels are no boolean, 0 or 1, or rating, such as '{}': make NULL of them, nullif(label, '...'), or derive a boolean, such as (label = 'positive') AS label",
                other().min().unwrap_or_default()
            )));
        }
        let inside = |v: &f64| (self.lowest..=self.highest).contains(v);
        let stray = known().filter_map(number).filter(|v| !inside(v));
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
            positive: labels.clone().map(positive).collect(),
            notes: [
                (count > 0).then(|| format!("{count} ratings outside {scale} left out ({told})")),
                (others > 0).then(|| {
                    let first = other().min().unwrap_or_default();
                    format!("{others} labels that are no ratings left out, such as '{first}'")
                }),
            ]
            .into_iter()
            .flatten()
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
        // One star is no flag.
        assert_eq!(flags(&["1", "1"]), [Some(false), Some(false)]);
        let of_ten = Rating::try_new(0.0, 10.0, 8.0).unwrap();
        assert_eq!(
            of_ten.read(["0", "1"].map(Some).into_iter()).unwrap().positive,
            [Some(false); 2]
        );
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
        assert!(told(&["good", "bad"]).contains("2 of 2 labels are no boolean, 0 or 1, or rating, such as 'bad'"));
        assert!(told(&["8", "10", "2"]).contains("2 of 3 ratings are outside 1 to 5, they are 8 to 10"));
        for (lowest, highest, positive) in [(1.0, 5.0, 1.0), (1.0, 5.0, 6.0), (5.0, 1.0, 4.0), (f64::NAN, 1.0, 1.0)] {
            assert!(Rating::try_new(lowest, highest, positive).is_err());
        }
    }
}
