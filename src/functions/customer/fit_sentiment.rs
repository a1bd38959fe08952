//! `launch_fit_sentiment(text, label, ...)`: texts with labels to a model.

use arrow_array::{Array, StringArray};

use crate::{
    customer::{
        Rating,
        sentiment::{Options as TrainOptions, Review, Sentiment},
    },
    error::{self, Error},
    functions::prelude::*,
    model,
};

use super::fit::folds;

/// See [`Function::ABOUT`].
pub struct FitSentiment;

/// The options as the caller gave them; numbers as their bits, as one that is none would not be the same as itself.
#[derive(Clone, PartialEq)]
pub struct Options {
    positive: Option<u64>,
    lowest: Option<u64>,
    highest: Option<u64>,
    folds: Option<i64>,
    seed: Option<i64>,
}

/// The rows of one vector.
pub struct Batch {
    texts: StringArray,
    labels: StringArray,
}

impl Function for FitSentiment {
    const NAME: &'static str = "launch_fit_sentiment";
    const ASKED: &'static str = "launch_train_sentiment";
    const ABOUT: &'static str = "
        Trains a model of what texts say on texts with labels and returns it as a value. launch_train_sentiment does this for a table;
        this is the aggregate beneath it. Rows that cannot carry a model give one that only holds the reason (see
        launch_model_info); no rows give NULL. Row order and threads do not change the bytes.

        @param text: VARCHAR  the text
        @param label: VARCHAR  true or false, 1 or 0, or a rating; NULL where it is not known
        @param positive: DOUBLE = 4  the rating from which a text is positive
        @param lowest: DOUBLE = 1  the lowest rating there can be
        @param highest: DOUBLE = 5  the highest one
        @param folds: BIGINT = 5  folds, 2 to 20
        @param seed: BIGINT = 42  seed of the folds
        @returns BLOB  the model
        @example SELECT launch_fit_sentiment(text, rating::VARCHAR) FROM reviews
    ";

    type Answer = Option<BlobValue>;
}

impl Gather for FitSentiment {
    type Batch = Batch;
    type Options = Options;

    fn check(known: &Known<'_>) -> Result<(), Failure> {
        folds(known.value::<i64>("folds")?.or(Some(2)))?;
        Ok(())
    }

    fn read(arguments: &mut Arguments) -> Result<(Batch, Vec<Options>), Failure> {
        let batch = Batch {
            texts: arguments.text_array()?,
            labels: arguments.text_array()?,
        };
        let (positive, lowest, highest) = (arguments.numbers()?, arguments.numbers()?, arguments.numbers()?);
        let (folds, seed) = (arguments.whole()?, arguments.whole()?);
        let options = |row: usize| Options {
            positive: positive[row].map(f64::to_bits),
            lowest: lowest[row].map(f64::to_bits),
            highest: highest[row].map(f64::to_bits),
            folds: folds[row],
            seed: seed[row],
        };
        Ok((batch, (0..arguments.rows()).map(options).collect()))
    }

    fn answer(query: &Query, rows: &Rows<Batch>, options: &Options) -> Result<Self::Answer, Failure> {
        let number = |bits: Option<u64>, name: &str| required(bits.map(f64::from_bits), name);
        let rating = Rating::try_new(
            number(options.lowest, "lowest")?,
            number(options.highest, "highest")?,
            number(options.positive, "positive")?,
        )?;
        let how = TrainOptions {
            folds: folds(options.folds)?,
            seed: required(options.seed, "seed")?,
        };
        let pairs: Vec<(Option<&str>, Option<&str>)> = rows
            .batches()
            .flat_map(|(batch, rows)| {
                let value = |of: &'_ StringArray, row: usize| of.is_valid(row).then_some(row);
                rows.iter().map(move |row| {
                    let row = *row as usize;
                    (
                        value(&batch.texts, row).map(|row| batch.texts.value(row)),
                        value(&batch.labels, row).map(|row| batch.labels.value(row)),
                    )
                })
            })
            .collect();
        let train = || -> error::Result<Sentiment> {
            let read = rating.read(pairs.iter().map(|(_, label)| *label))?;
            let (mut reviews, mut blank, mut open) = (Vec::with_capacity(pairs.len()), 0, 0);
            for ((text, label), positive) in pairs.iter().zip(read.positive) {
                match (text.filter(|text| !text.trim().is_empty()), positive) {
                    (Some(text), Some(positive)) => reviews.push(Review { text, positive }),
                    (None, _) => blank += 1,
                    (Some(_), None) => open += usize::from(label.is_none()),
                }
            }
            let counted = [(blank, "without text"), (open, "without label")];
            let left = counted.iter().filter(|(count, _)| *count > 0);
            let left = left.map(|(count, what)| format!("{count} rows {what} left out"));
            let notes: Vec<String> = left.chain(read.notes).collect();
            match Sentiment::train(&reviews, notes.clone(), &how) {
                Err(Error::Refused(reason)) => {
                    let told: Vec<String> = [reason].into_iter().chain(notes).collect();
                    Err(Error::refused(told.join("; ")))
                }
                other => other,
            }
        };
        let trained = match query.run(train)? {
            Err(Error::Refused(reason)) => Sentiment::refused(reason),
            other => other?,
        };
        Ok(Some(BlobValue(model::encode(&trained)?)))
    }
}
