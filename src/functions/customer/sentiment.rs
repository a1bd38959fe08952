//! `launch_sentiment(model, text)`: a text to the probability that it is positive.

use std::sync::Arc;

use arrow_array::Array;

use crate::{
    customer::sentiment::Sentiment,
    functions::{prelude::*, query::Decoded},
};

/// See [`Function::ABOUT`].
pub struct OfText;

impl Function for OfText {
    const NAME: &'static str = "launch_sentiment";
    const ABOUT: &'static str = "
        The probability that a text speaks well of what it is about, from a model of launch_train_sentiment.

        @param model: BLOB  the model column of launch_train_sentiment
        @param text: VARCHAR  the text
        @returns DOUBLE  above 0 and below 1; that of all texts where no word is known; NULL without a model, and for a text that is
            NULL or blank
        @example SELECT review_id, launch_sentiment((SELECT model FROM review_model), text) FROM reviews
    ";

    type Answer = Option<f64>;
}

impl PerChunk for OfText {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Option<f64>>, Failure> {
        let (models, texts) = (arguments.blobs()?, arguments.text_array()?);
        let mut answers = vec![None; texts.len()];
        let text = |row: usize| texts.is_valid(row).then(|| texts.value(row));
        let models: Vec<Option<&[u8]>> = models.iter().collect();
        let mut last: Option<(&[u8], Arc<Decoded<Sentiment>>)> = None;
        let mut start = 0;
        // Rows mostly share one value, which then has one address.
        let same = |a: &Option<&[u8]>, b: &Option<&[u8]>| match (a, b) {
            (Some(a), Some(b)) => std::ptr::eq(*a, *b),
            (None, None) => true,
            _ => false,
        };
        for run in models.chunk_by(same) {
            let rows = start..start + run.len();
            start = rows.end;
            let Some(bytes) = run.first().copied().flatten() else {
                continue;
            };
            let model = match &last {
                Some((known, model)) if std::ptr::eq(*known, bytes) => model.clone(),
                _ => query.model::<Sentiment>(bytes)?,
            };
            last = Some((bytes, model.clone()));
            let asked: Vec<Option<&str>> = rows.clone().map(text).collect();
            let found = query.run(|| model.model.probability(&asked))?;
            answers[rows].copy_from_slice(&found);
        }
        Ok(answers)
    }
}
