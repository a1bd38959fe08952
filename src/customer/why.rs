//! What an answer is made of.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, ListArray, RecordBatch, StringArray, types::Float64Type,
};
use arrow_schema::{Field, Schema};
use arrow_select::concat::concat;
use arrow_select::take::take;
use serde::{Deserialize, Serialize};

use super::architecture::Fitted;
use super::classifier::Classifier;
use super::examples::{Examples, indices};
use super::table::text;
use crate::error::{Error, Result};
use crate::features::find_column;
use crate::statistics::places;

/// Rows that answers are compared with.
const ROWS: usize = 24;

/// Rows that stand for all.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Background {
    columns: Vec<(String, Values)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Values {
    Number(Vec<Option<f64>>),
    Flag(Vec<Option<bool>>),
    Day(Vec<Option<i32>>),
    Text(Vec<Option<String>>),
    Vector(Vec<Option<Vec<Option<f64>>>>),
}

/// What a feature adds to the log-odds of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// Its name; of the first entry `(average)`, the mean log-odds of the rows compared with.
    pub feature: String,
    /// Its value.
    pub value: Option<String>,
    /// On the log-odds scale.
    pub contribution: f64,
}

impl Background {
    /// Rows spread over the examples, with the features that some model looks at.
    pub(super) fn of(examples: &Examples, members: &[Fitted]) -> Result<Self> {
        let count = examples.label.len();
        // Rows are in an order that says nothing, so any are drawn at random.
        let rows: Vec<usize> = (0..ROWS.min(count)).map(|k| k * count / ROWS.min(count)).collect();
        let batch = examples.select(&rows)?;
        let schema = batch.schema();
        let fields = schema.fields().iter().zip(batch.columns());
        let looked_at = |name: &str| {
            members
                .iter()
                .any(|m| m.encoder().columns.iter().any(|(own, _)| own == name))
        };
        let known = fields.filter(|(field, _)| looked_at(field.name()));
        let columns = known.filter_map(|(field, array)| Some((field.name().clone(), Values::of(array)?)));
        Ok(Self {
            columns: columns.collect(),
        })
    }

    pub(super) fn features(&self) -> Vec<String> {
        self.columns.iter().map(|(name, _)| name.clone()).collect()
    }

    fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, values)| values.array().len())
    }

    /// Whether all columns have as many rows.
    pub(super) fn is_valid(&self) -> bool {
        self.rows() <= ROWS
            && self
                .columns
                .iter()
                .all(|(_, values)| values.array().len() == self.rows())
    }
}

impl Values {
    fn of(array: &ArrayRef) -> Option<Self> {
        let any = array.as_any();
        if let Some(a) = any.downcast_ref::<Float64Array>() {
            // JSON knows no infinite numbers, and features do not either.
            return Some(Self::Number(a.iter().map(|v| v.filter(|v| v.is_finite())).collect()));
        }
        if let Some(a) = any.downcast_ref::<BooleanArray>() {
            return Some(Self::Flag(a.iter().collect()));
        }
        if let Some(a) = any.downcast_ref::<Date32Array>() {
            return Some(Self::Day(a.iter().collect()));
        }
        if let Some(a) = any.downcast_ref::<ListArray>() {
            let row = |row: usize| {
                let entries = a.is_valid(row).then(|| a.value(row))?;
                let numbers = entries.as_any().downcast_ref::<Float64Array>()?;
                Some(numbers.iter().map(|v| v.filter(|v| v.is_finite())).collect())
            };
            return Some(Self::Vector((0..a.len()).map(row).collect()));
        }
        let a = any.downcast_ref::<StringArray>()?;
        Some(Self::Text(a.iter().map(|v| v.map(str::to_owned)).collect()))
    }

    fn array(&self) -> ArrayRef {
        match self {
            Self::Number(v) => Arc::new(Float64Array::from(v.clone())),
            Self::Flag(v) => Arc::new(BooleanArray::from(v.clone())),
            Self::Day(v) => Arc::new(Date32Array::from(v.clone())),
            Self::Text(v) => Arc::new(StringArray::from(v.clone())),
            Self::Vector(v) => Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(v.clone())),
        }
    }
}

impl Classifier {
    /// What the features of each row add to its log-odds, the largest first, after the mean of the rows compared with; together
    /// they are the log-odds that [`Classifier::log_odds`] says.
    ///
    /// *Model*: Shapley values by sampling: for each of 24 rows learned from, its features are replaced by those of the row in an
    /// order drawn anew, and each change goes to the feature that made it.
    ///
    /// *Determinism*: orders hang on the number of the row compared with alone.
    ///
    /// *References*: Shapley 1953, A value for n-person games; Strumbelj, Kononenko 2014, Explaining prediction models and
    /// individual predictions with feature contributions.
    ///
    /// # Errors
    /// As [`Classifier::log_odds`].
    pub fn why(&self, attributes: &RecordBatch) -> Result<Vec<Vec<Contribution>>> {
        (0..attributes.num_rows())
            .map(|row| self.why_row(attributes, row))
            .collect()
    }

    fn why_row(&self, attributes: &RecordBatch, row: usize) -> Result<Vec<Contribution>> {
        if let Some(reason) = &self.refusal {
            return Err(Error::argument(format!("the model cannot answer: {reason}")));
        }
        let attributes = &self.columns.read(&attributes.slice(row, 1))?;
        let names = self.background.features();
        let (count, rows) = (names.len(), self.background.rows());
        let orders: Vec<Vec<usize>> = (0..rows).map(|k| places(count, k as u64)).collect();
        let (mut fields, mut columns, mut own) = (Vec::new(), Vec::new(), Vec::new());
        for (feature, (name, values)) in self.background.columns.iter().enumerate() {
            let known = values.array();
            let asked = find_column(attributes, name).filter(|a| a.data_type() == known.data_type());
            let asked = match asked {
                Some(array) => array.clone(),
                None => arrow_array::new_null_array(known.data_type(), 1),
            };
            own.push(text(&asked, 0));
            // The row asked about is the last one; after step s of an order the first s features are its own.
            let from = |k: usize, step: usize| if orders[k][feature] < step { rows } else { k };
            let picked: Vec<usize> = (0..rows)
                .flat_map(|k| (0..=count).map(move |s| (k, s)))
                .map(|(k, s)| from(k, s))
                .collect();
            let both = concat(&[known.as_ref(), asked.as_ref()])?;
            columns.push(take(&both, &indices(&picked), None)?);
            fields.push(Field::new(name, known.data_type().clone(), true));
        }
        if count == 0 {
            return Ok(Vec::new());
        }
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
        let odds = self.log_odds_of(&batch)?;
        let mut contribution = vec![0.0; count];
        let mut average = 0.0;
        for (k, path) in odds.chunks(count + 1).enumerate() {
            average += path[0] / rows as f64;
            for (feature, place) in orders[k].iter().enumerate() {
                contribution[feature] += (path[place + 1] - path[*place]) / rows as f64;
            }
        }
        let mut out: Vec<Contribution> = (0..count)
            .map(|f| Contribution {
                feature: names[f].clone(),
                value: own[f].clone(),
                contribution: contribution[f],
            })
            .collect();
        out.sort_by(|a, b| {
            b.contribution
                .abs()
                .total_cmp(&a.contribution.abs())
                .then_with(|| a.feature.cmp(&b.feature))
        });
        out.insert(
            0,
            Contribution {
                feature: "(average)".to_owned(),
                value: None,
                contribution: average,
            },
        );
        Ok(out)
    }
}
