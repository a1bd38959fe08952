//! What ratings and labels mean: the scale of ratings, which of them are positive, and what is none of the scale.

use crate::error::{Error, Result};

/// Share of ratings that may lie outside the scale: where there are more, it is another one.
const STRAY: f64 = 0.05;
/// Where scales end.
const ENDS: [f64; 3] = [5.0, 10.0, 100.0];

/// The scale of ratings, and which of them are positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rating {
    lowest: f64,
    highest: f64,
    positive: f64,
}

/// Ratings outside the scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strays {
    /// How many they are.
    pub count: usize,
    all: usize,
    least: f64,
    most: f64,
}

/// Labels as they were read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Read {
    /// Whether each is positive; none where there is no label that can be read.
    pub positive: Vec<Option<bool>>,
    /// What was left out, and how many.
    pub notes: Vec<String>,
}

impl Strays {
    /// Where they are.
    fn range(&self) -> String {
        match self.count {
            1 => format!("{}", self.least),
            _ => format!("{} to {}", self.least, self.most),
        }
    }

    /// Whether there are more than by accident.
    fn are_many(&self) -> bool {
        self.count as f64 > STRAY * self.all as f64
    }
}

impl Rating {
    /// Ratings from `lowest` to `highest`, positive from `positive` on.
    ///
    /// # Errors
    /// [`Error::Argument`] where these are no numbers in this order.
    pub fn try_new(lowest: f64, highest: f64, positive: f64) -> Result<Self> {
        if !(lowest.is_finite() && highest.is_finite() && lowest < highest) {
            return Err(Error::argument(format!(
                "lowest must be below highest, got {lowest} and {highest}"
            )));
        }
        // Above the lowest: else no rating would not be positive.
        if !(positive > lowest && positive <= highest) {
            return Err(Error::argument(format!(
                "positive must be above lowest = {lowest} and at most highest = {highest}, got {positive}"
            )));
        }
        Ok(Self {
            lowest,
            highest,
            positive,
        })
    }

    /// The scale that `positive` alone tells of: it ends at 5, 10 or 100, whichever is the first that is not below.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is no number.
    pub fn up_to_an_end(positive: f64) -> Result<Self> {
        if !positive.is_finite() {
            return Err(Error::argument(format!("positive must be a number, got {positive}")));
        }
        Ok(Self {
            lowest: f64::NEG_INFINITY,
            highest: ENDS.into_iter().find(|end| positive <= *end).unwrap_or(f64::INFINITY),
            positive,
        })
    }

    /// The lowest rating.
    pub fn lowest(&self) -> f64 {
        self.lowest
    }

    /// The highest rating.
    pub fn highest(&self) -> f64 {
        self.highest
    }

    /// The lowest positive rating.
    pub fn positive(&self) -> f64 {
        self.positive
    }

    /// Whether a rating is one of the scale.
    pub fn includes(&self, rating: f64) -> bool {
        (self.lowest..=self.highest).contains(&rating)
    }

    /// Whether a rating is positive.
    pub fn is_positive(&self, rating: f64) -> bool {
        rating >= self.positive
    }

    /// Those of some ratings that are outside the scale.
    fn strays(&self, ratings: impl Iterator<Item = f64>) -> Strays {
        let none = Strays {
            count: 0,
            all: 0,
            least: f64::INFINITY,
            most: f64::NEG_INFINITY,
        };
        ratings.fold(none, |mut strays, rating| {
            strays.all += 1;
            if !self.includes(rating) {
                strays.count += 1;
                strays.least = strays.least.min(rating);
                strays.most = strays.most.max(rating);
            }
            strays
        })
    }

    /// The ratings outside the scale, where they are few.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the scale they have, if there are more than a few.
    pub fn check(&self, ratings: impl Iterator<Item = f64>) -> Result<Strays> {
        let strays = self.strays(ratings);
        if !strays.are_many() {
            return Ok(strays);
        }
        Err(Error::argument(format!(
            "{} of {} ratings are outside {} to {}, they are {}: name the scale, such as lowest := {}, highest := {}, and with it \
             the lowest positive rating, positive",
            strays.count,
            strays.all,
            self.lowest,
            self.highest,
            strays.range(),
            strays.least.min(self.lowest),
            strays.most.max(self.highest),
        )))
    }

    /// Why labels are of another scale than the one of [`Rating::up_to_an_end`]: beyond its end, or from 0 to where positive ones begin.
    pub fn other_scale(&self, labels: impl Iterator<Item = f64>) -> Option<String> {
        let labels: Vec<f64> = labels.collect();
        let strays = self.strays(labels.iter().copied());
        let most = labels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let zeros = labels.iter().filter(|label| **label == 0.0).count();
        if self.positive > 1.0 && most <= self.positive && zeros as f64 > STRAY * labels.len() as f64 {
            return Some(format!(
                "labels go from 0 to {most}, of which positive = {} leaves the highest alone: give the number from which a review is \
                 positive on that scale, or a boolean as label",
                self.positive
            ));
        }
        strays.are_many().then(|| {
            format!(
                "{} of {} labels are above {}, up to {}, and positive is {}: give the number from which a review is positive on that \
                 scale, or a boolean as label",
                strays.count, strays.all, self.highest, strays.most, self.positive
            )
        })
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
        let strays = self.check(known().filter_map(number))?;
        let positive = |text: Option<&str>| {
            let rating = number(text?).filter(|rating| self.includes(*rating))?;
            Some(self.is_positive(rating))
        };
        Ok(Read {
            positive: labels.clone().map(positive).collect(),
            notes: [
                (strays.count > 0).then(|| {
                    let (count, range) = (strays.count, strays.range());
                    format!(
                        "{count} ratings outside {} to {} left out ({range})",
                        self.lowest, self.highest
                    )
                }),
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

    /// A threshold of five stars would call six of ten points praise.
    #[test]
    fn a_threshold_of_another_scale_is_told() {
        let told = |positive: f64, labels: &[f64]| {
            let rating = Rating::up_to_an_end(positive).unwrap();
            rating.other_scale(labels.iter().copied())
        };
        let of_ten: Vec<f64> = (0..=10).map(f64::from).collect();
        let said = told(4.0, &of_ten).unwrap();
        assert!(
            said.starts_with("5 of 11 labels are above 5, up to 10, and positive is 4:"),
            "{said}"
        );
        assert_eq!(told(8.0, &of_ten), None);
        assert!(told(8.0, &[70.0, 90.0]).is_some() && told(70.0, &[70.0, 90.0]).is_none());
        assert_eq!(told(4.0, &[0.0, 1.0, 5.0]), None);
        let said = told(4.0, &[0.0, 3.0, 4.0]).unwrap();
        assert!(
            said.starts_with("labels go from 0 to 4, of which positive = 4 leaves the highest alone"),
            "{said}"
        );
        assert_eq!(told(3.0, &[0.0, 3.0, 4.0]), None);
        assert_eq!(told(1.0, &[0.0, 1.0]), None);
        // One slip of the pen is no scale.
        let mut many = vec![5.0; 40];
        many.push(44.0);
        assert_eq!(told(4.0, &many), None);
        assert!(Rating::up_to_an_end(f64::NAN).is_err());
    }
}
