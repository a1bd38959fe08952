//! The rows of a chunk, those of one model together.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::take::take_record_batch;

use crate::{
    customer::Classifier,
    error,
    functions::{arguments::Blobs, prelude::*, query::Decoded},
};

/// The first two arguments of a chunk.
pub struct Asked {
    models: Blobs,
    rows: RecordBatch,
    is_null: Vec<bool>,
}

impl Asked {
    /// The arguments `model` and `row`.
    ///
    /// # Errors
    /// As the readings of [`Arguments`].
    pub fn read(arguments: &mut Arguments) -> Result<Self, Failure> {
        Ok(Self {
            models: arguments.blobs()?,
            is_null: arguments.is_null(),
            rows: arguments.known_attributes()?,
        })
    }

    /// An answer for each row; the default one without a model or a row.
    ///
    /// # Errors
    /// Bytes that are no classifier, and one that cannot answer.
    pub fn answer<A: Default + Clone + Send>(
        &self,
        query: &Query,
        answer: impl Fn(&Classifier, &RecordBatch) -> error::Result<Vec<A>> + Sync,
    ) -> Result<Vec<A>, Failure> {
        let mut answers = vec![A::default(); self.rows.num_rows()];
        let mut groups: BTreeMap<String, (Arc<Decoded<Classifier>>, Vec<usize>)> = BTreeMap::new();
        let mut last: Option<(&[u8], Arc<Decoded<Classifier>>)> = None;
        for (row, bytes) in self.models.iter().enumerate() {
            let Some(bytes) = bytes.filter(|_| !self.is_null[row]) else {
                continue;
            };
            // Rows mostly share one value, which then has one address.
            let model = match &last {
                Some((known, model)) if std::ptr::eq(*known, bytes) => model.clone(),
                _ => query.model(bytes)?,
            };
            last = Some((bytes, model.clone()));
            groups
                .entry(model.id().to_owned())
                .or_insert_with(|| (model, Vec::new()))
                .1
                .push(row);
        }
        for (model, rows) in groups.into_values() {
            let indices = UInt32Array::from_iter_values(rows.iter().map(|&row| row as u32));
            let batch = take_record_batch(&self.rows, &indices)?;
            let found = query.run(|| answer(&model.model, &batch))??;
            rows.iter().zip(found).for_each(|(&row, found)| answers[row] = found);
        }
        Ok(answers)
    }
}
