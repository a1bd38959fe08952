//! `__launch_aspects(...)`: the aspects of the texts of a key, for the macro `launch_aspects`.

use std::collections::HashSet;

use arrow_array::{Array, StringArray};
use foldhash::fast::FixedState;

use super::fit_purchase::between;
use crate::{
    customer::{
        Rating,
        aspects::{Aspect, Options as Asked, aspects},
    },
    error::Error,
    features::{text::is_emoji, tokens::is_copied},
    functions::prelude::*,
};

/// See [`Function::ABOUT`].
pub struct OfTexts;

/// The options as the caller gave them; numbers by their bits, as one that is none would not be the same as itself.
#[derive(Clone, PartialEq)]
pub struct Options {
    positive: Option<u64>,
    min_mentions: Option<i64>,
    rate: Option<u64>,
    level: Option<u64>,
    top: Option<i64>,
}

/// The rows of one vector.
pub struct Batch {
    texts: StringArray,
    labels: Vec<Option<f64>>,
    users: StringArray,
}

/// An aspect, or why there is none.
#[derive(AsDuckDB, Debug, Default)]
pub struct Row {
    term: Option<String>,
    mentions: Option<i64>,
    sentiment: Option<f64>,
    lift: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    example: Option<String>,
    rank: Option<i64>,
    status: String,
    reason: Option<String>,
}

impl Function for OfTexts {
    const NAME: &'static str = "__launch_aspects";
    const ABOUT: &'static str = "
        What people praise and complain about; launch_aspects shows it as a table.

        @param text: VARCHAR  the text
        @param label: DOUBLE  its label; NULL where it is not known
        @param user: VARCHAR  who wrote it; NULL where that is not known
        @param positive: DOUBLE = 4.0  the label from which on a text is positive
        @param min_mentions: BIGINT = 20  texts that must mention a term
        @param false_discovery_rate: DOUBLE = 0.05  share of the terms that may be false
        @param level: DOUBLE = 0.8  probability of the intervals
        @param top: BIGINT = NULL  praises at most, and complaints at most; NULL for all
        @returns term: VARCHAR  the term
        @returns mentions: BIGINT  texts that mention it
        @returns sentiment: DOUBLE  share of positive texts among them
        @returns lift: DOUBLE  less that of the other texts
        @returns lower: DOUBLE  lower end of its interval
        @returns upper: DOUBLE  upper end
        @returns example: VARCHAR  a few words of a text
        @returns rank: BIGINT  from 1
        @returns status: VARCHAR  ok or refused
        @returns reason: VARCHAR  what was left out, or why there is none
        @example SELECT __launch_aspects(text, rating, NULL) FROM reviews
    ";

    type Answer = Vec<Row>;
}

impl Gather for OfTexts {
    type Batch = Batch;
    type Options = Options;

    fn read(arguments: &mut Arguments) -> Result<(Batch, Vec<Options>), Failure> {
        let batch = Batch {
            texts: arguments.text_array()?,
            labels: arguments.numbers()?,
            users: arguments.text_array()?,
        };
        let (positive, min_mentions) = (arguments.numbers()?, arguments.whole()?);
        let (rate, level, top) = (arguments.numbers()?, arguments.numbers()?, arguments.whole()?);
        let options = |row: usize| Options {
            positive: positive[row].map(f64::to_bits),
            min_mentions: min_mentions[row],
            rate: rate[row].map(f64::to_bits),
            level: level[row].map(f64::to_bits),
            top: top[row],
        };
        Ok((batch, (0..arguments.rows()).map(options).collect()))
    }

    fn answer(query: &Query, rows: &Rows<Batch>, options: &Options) -> Result<Self::Answer, Failure> {
        let number = |bits: Option<u64>, name: &str| required(bits.map(f64::from_bits), name);
        let rating = Rating::up_to_an_end(number(options.positive, "positive")?)?;
        let top = options.top.map(|top| between(Some(top), "top", 1, i64::from(u32::MAX)));
        let asked = Asked {
            min_mentions: between(options.min_mentions, "min_mentions", 1, i64::from(u32::MAX))? as u32,
            false_discovery_rate: number(options.rate, "false_discovery_rate")?,
            level: number(options.level, "level")?,
            top: top.transpose()?.map(|top| top as usize),
        };
        asked.check()?;
        let read = Read::of(rows, rating);
        let found = match rating.other_scale(read.labels.iter().copied()) {
            Some(reason) => Err(Error::Refused(reason)),
            None => query.run(|| aspects(&read.texts, &asked))?,
        };
        Ok(match found {
            Ok(found) => {
                let reason = read.left_out();
                (1..)
                    .zip(found)
                    .map(|(rank, aspect)| Row::of(aspect, rank, reason.clone()))
                    .collect()
            }
            Err(Error::Refused(reason)) => vec![Row {
                status: "refused".to_owned(),
                reason: Some(
                    [Some(reason), read.hint(rating.positive()), read.left_out()]
                        .into_iter()
                        .flatten()
                        .collect::<Vec<_>>()
                        .join("; "),
                ),
                ..Row::default()
            }],
            Err(other) => return Err(other.into()),
        })
    }
}

impl Row {
    fn of(aspect: Aspect, rank: i64, reason: Option<String>) -> Self {
        Self {
            term: Some(aspect.term),
            mentions: Some(aspect.mentions as i64),
            sentiment: Some(aspect.sentiment),
            lift: Some(aspect.lift),
            lower: Some(aspect.lower),
            upper: Some(aspect.upper),
            example: Some(aspect.example),
            rank: Some(rank),
            status: "ok".to_owned(),
            reason,
        }
    }
}

/// The rows that can be read, and how many cannot.
struct Read<'a> {
    texts: Vec<(&'a str, bool)>,
    /// The label of each.
    labels: Vec<f64>,
    without_text: usize,
    without_label: usize,
    copies: usize,
}

/// What makes a review: one with the same is a copy.
type Review<'a> = (&'a str, bool, Option<&'a str>);

impl<'a> Read<'a> {
    fn of(rows: &'a Rows<Batch>, rating: Rating) -> Self {
        let mut read = Self {
            texts: Vec::new(),
            labels: Vec::new(),
            without_text: 0,
            without_label: 0,
            copies: 0,
        };
        let mut known: HashSet<Review<'a>, FixedState> = HashSet::default();
        for (batch, rows) in rows.batches() {
            for &row in rows {
                let row = row as usize;
                let text = batch.texts.is_valid(row).then(|| batch.texts.value(row));
                let text = text.filter(|text| text.contains(|c: char| c.is_alphanumeric() || is_emoji(c)));
                let user = batch.users.is_valid(row).then(|| batch.users.value(row));
                let label = batch.labels.get(row).copied().flatten().filter(|label| !label.is_nan());
                match (text, label) {
                    (None, _) => read.without_text += 1,
                    (_, None) => read.without_label += 1,
                    (Some(text), Some(label)) => {
                        let positive = rating.is_positive(label);
                        let again = !known.insert((text, positive, user));
                        if again && (user.is_some() || is_copied(text)) {
                            read.copies += 1;
                        } else {
                            read.texts.push((text, positive));
                            read.labels.push(label);
                        }
                    }
                }
            }
        }
        read
    }

    fn left_out(&self) -> Option<String> {
        let told = |count: usize, what: &str| match count {
            0 => None,
            1 => Some(format!("1 row without {what} is left out")),
            _ => Some(format!("{count} rows without {what} are left out")),
        };
        let copies = match self.copies {
            0 => None,
            1 => Some("1 copy of a review is left out".to_owned()),
            copies => Some(format!("{copies} copies of reviews are left out")),
        };
        let parts = [
            told(self.without_text, "words"),
            told(self.without_label, "a label"),
            copies,
        ];
        let told: Vec<String> = parts.into_iter().flatten().collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    /// What to do where no label is positive.
    fn hint(&self, positive: f64) -> Option<String> {
        let largest = self.labels.iter().copied().reduce(f64::max);
        let largest = largest.filter(|largest| *largest < positive)?;
        Some(format!(
            "the largest label is {largest}, and positive is {positive}: set positive"
        ))
    }
}
