//! The candidates of a chunk: those with one model and the same options are answered together.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{RecordBatch, UInt32Array};
use arrow_schema::Schema;
use arrow_select::take::take_record_batch;

use super::read_covariates;
use crate::{
    error::Error,
    functions::{arguments::Blobs, prelude::*, query::Decoded},
    launch::LaunchModel,
    panel::{Candidates, Covariates, Series, unusable},
};

type Model = Arc<Decoded<LaunchModel>>;

/// What a chunk says of each candidate.
pub struct Asked {
    models: Blobs,
    days: Vec<Option<i32>>,
    attributes: RecordBatch,
    own_units: Vec<Vec<Option<f64>>>,
    own_at_least: Vec<Vec<Option<bool>>>,
    series: Vec<Vec<Series>>,
    infinite_attributes: bool,
}

/// Candidates that are answered together.
pub struct Batch<'a> {
    /// Their model.
    pub model: &'a Decoded<LaunchModel>,
    /// The candidates.
    pub candidates: Candidates,
    /// What each sold so far, by step.
    pub own_units: Vec<Vec<Option<f64>>>,
    /// Their rows in the chunk.
    pub rows: &'a [usize],
}

/// Why there is no answer for a row.
pub enum Refused<'a> {
    /// There is no model.
    NoModel,
    /// The row says nothing that the model can answer.
    Row(&'a str, String),
    /// The model cannot answer.
    Model(&'a str, String),
}

impl Refused<'_> {
    /// The model's id, if there is a model, and the reason.
    pub fn into_parts(self) -> (Option<String>, String) {
        match self {
            Self::NoModel => (
                None,
                "the model is NULL: train one with launch_train, whose reason says why if it gives none".to_owned(),
            ),
            Self::Row(id, reason) | Self::Model(id, reason) => (Some(id.to_owned()), reason),
        }
    }
}

impl Asked {
    /// The arguments `model`, `launch_date` and `attributes`, which are the first three.
    ///
    /// # Errors
    /// As the readings of [`Arguments`].
    pub fn read(arguments: &mut Arguments) -> Result<Self, Failure> {
        let rows = arguments.rows();
        Ok(Self {
            models: arguments.blobs()?,
            days: arguments.days()?,
            attributes: arguments.attributes()?,
            own_units: vec![Vec::new(); rows],
            own_at_least: vec![Vec::new(); rows],
            series: vec![Vec::new(); rows],
            infinite_attributes: false,
        })
    }

    /// Candidates that are rows of a list and have one model: the arguments `launch_date` and `attributes`, which are the first two.
    ///
    /// # Errors
    /// As the readings of [`Arguments`].
    pub fn of_model(model: Option<&[u8]>, arguments: &mut Arguments) -> Result<Self, Failure> {
        let rows = arguments.rows();
        Ok(Self {
            models: Blobs::alike(model, rows)?,
            days: arguments.days()?,
            attributes: arguments.attributes()?,
            own_units: vec![Vec::new(); rows],
            own_at_least: vec![Vec::new(); rows],
            series: vec![Vec::new(); rows],
            infinite_attributes: false,
        })
    }

    /// Steps of a candidate up to the last one whose units are known.
    pub fn steps_sold(&self, row: usize) -> usize {
        let units = self.own_units.get(row).map_or(&[][..], Vec::as_slice);
        units.iter().rposition(Option::is_some).map_or(0, |last| last + 1)
    }

    /// Attributes that are infinite count as missing, and do not refuse the row.
    pub fn with_infinite_attributes(mut self) -> Self {
        self.infinite_attributes = true;
        self
    }

    /// With the argument `units`.
    ///
    /// # Errors
    /// As the readings of [`Arguments`].
    pub fn with_own_units(mut self, arguments: &mut Arguments) -> Result<Self, Failure> {
        let lists = arguments.lists::<f64>()?;
        self.own_units = lists.into_iter().map(Option::unwrap_or_default).collect();
        Ok(self)
    }

    /// With the argument `at_least`.
    ///
    /// # Errors
    /// As the readings of [`Arguments`].
    pub fn with_lower_bounds(mut self, arguments: &mut Arguments) -> Result<Self, Failure> {
        let lists = arguments.lists::<bool>()?;
        self.own_at_least = lists.into_iter().map(Option::unwrap_or_default).collect();
        Ok(self)
    }

    /// With the argument `covariates`.
    ///
    /// # Errors
    /// As the readings of [`Arguments`].
    pub fn with_covariates(mut self, arguments: &mut Arguments) -> Result<Self, Failure> {
        self.series = read_covariates(arguments)?;
        Ok(self)
    }

    /// The answer to each row: `options` are its options, `refuse` makes the answer to a row that is refused, and
    /// `answer` those to rows with equal options.
    ///
    /// # Errors
    /// What ends the query: wrong arguments.
    pub fn answer<K: Ord + Sync, A: Default + Send>(
        &self,
        query: &Query,
        options: impl Fn(usize) -> Result<K, Failure>,
        refuse: impl Fn(Refused<'_>) -> Result<A, Failure>,
        answer: impl Fn(&Batch<'_>, &K) -> crate::error::Result<Vec<A>> + Sync,
    ) -> Result<Vec<A>, Failure> {
        let mut answers: Vec<A> = Vec::new();
        answers.resize_with(self.days.len(), A::default);
        let mut groups: BTreeMap<(String, K), (Model, Vec<usize>)> = BTreeMap::new();
        let none = RecordBatch::new_empty(Arc::new(Schema::empty()));
        let checked = if self.infinite_attributes {
            &none
        } else {
            &self.attributes
        };
        let mut last: Option<(&[u8], Model)> = None;
        for (row, bytes) in self.models.iter().enumerate() {
            let options = options(row)?;
            let Some(bytes) = bytes else {
                answers[row] = refuse(Refused::NoModel)?;
                continue;
            };
            // Rows mostly share one value, which then has one address.
            let model = match &last {
                Some((known, model)) if std::ptr::eq(*known, bytes) => model.clone(),
                _ => query.model(bytes)?,
            };
            last = Some((bytes, model.clone()));
            match unusable(&self.own_units[row], self.days[row], checked, row) {
                Some(reason) => answers[row] = refuse(Refused::Row(model.id(), reason))?,
                None => {
                    let group = groups.entry((model.id().to_owned(), options));
                    group.or_insert_with(|| (model, Vec::new())).1.push(row);
                }
            }
        }
        for ((_, options), (model, rows)) in &groups {
            let batch = self.batch(model, rows)?;
            match query.run(|| answer(&batch, options))? {
                Ok(found) => rows.iter().zip(found).for_each(|(&row, found)| answers[row] = found),
                Err(Error::Refused(reason)) => {
                    for &row in rows {
                        answers[row] = refuse(Refused::Model(model.id(), reason.clone()))?;
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(answers)
    }

    fn batch<'a>(&self, model: &'a Decoded<LaunchModel>, rows: &'a [usize]) -> Result<Batch<'a>, Failure> {
        let indices = UInt32Array::from_iter_values(rows.iter().map(|&row| row as u32));
        let series: Vec<Vec<Series>> = rows.iter().map(|&row| self.series[row].clone()).collect();
        let candidates = Candidates::new(
            rows.iter().filter_map(|&row| self.days[row]).collect(),
            take_record_batch(&self.attributes, &indices)?,
        );
        let mut candidates = candidates.with_covariates(Covariates::try_new(model.model.horizon(), &series)?)?;
        let at_least = |&row: &usize| self.own_at_least[row].iter().map(|flag| *flag == Some(true)).collect();
        candidates.own_at_least = rows.iter().map(at_least).collect();
        Ok(Batch {
            model,
            candidates,
            own_units: rows.iter().map(|&row| self.own_units[row].clone()).collect(),
            rows,
        })
    }
}

/// An option that is a whole number from `least` on.
///
/// # Errors
/// Another number, or NULL.
pub fn whole_from(least: usize, given: Option<i64>, name: &str) -> Result<usize, Failure> {
    let given = given.and_then(|given| usize::try_from(given).ok());
    let refused = || Failure::new(format!("{name} must be a whole number from {least}"));
    given.filter(|given| *given >= least).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        sync::{
            Arc, Mutex,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use arrow_array::{Array, ArrayRef, BinaryViewArray, Date32Array, Float64Array, StructArray};
    use arrow_schema::{DataType, Field};

    use super::*;
    use crate::functions::{
        launch::predict::Predict,
        tester::{self, Columns},
    };

    const DAY: i32 = 20_000;

    /// Candidates of one model: launch dates and prices.
    fn candidates(days: Vec<Option<i32>>, attribute: ArrayRef) -> Columns {
        let path = format!(
            "{}/tests/fixtures/models/launch_v2_naive.bin",
            env!("CARGO_MANIFEST_DIR")
        );
        let model = fs::read(path).unwrap();
        let models = BinaryViewArray::from_iter_values(vec![model; days.len()]);
        let field = Arc::new(Field::new("price", attribute.data_type().clone(), true));
        vec![
            Arc::new(models),
            Arc::new(Date32Array::from(days)),
            Arc::new(StructArray::from(vec![(field, attribute)])),
        ]
    }

    fn prices(rows: usize) -> ArrayRef {
        Arc::new(Float64Array::from(vec![9.5; rows]))
    }

    #[test]
    fn rows_of_one_model_are_answered_together_on_the_threads_of_the_query() -> Result<(), Failure> {
        let columns = candidates(vec![Some(DAY); 500], prices(500));
        let asked = Asked::read(&mut Arguments::new(&columns, 500))?;
        let (calls, threads) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let answers = asked.answer(
            &Query::new(3, None),
            |_| Ok(()),
            |_| Ok(0),
            |batch, ()| {
                calls.fetch_add(1, Ordering::Relaxed);
                threads.lock().unwrap().push(rayon::current_num_threads());
                Ok(vec![1; batch.rows.len()])
            },
        )?;
        assert_eq!(answers, [1; 500]);
        assert_eq!(calls.into_inner(), 1);
        assert_eq!(threads.into_inner().unwrap(), [3]);
        Ok(())
    }

    #[test]
    fn what_cannot_be_asked_is_refused_by_row() {
        let refusal = |days, attribute| {
            let mut columns = candidates(days, attribute);
            let null = || Arc::new(arrow_array::NullArray::new(1)) as ArrayRef;
            columns.extend([prices(1), null(), null(), null(), null()]);
            // The level.
            columns[3] = Arc::new(Float64Array::from(vec![0.8]));
            let answers = tester::call::<Predict>(&Query::new(1, None), &columns).unwrap();
            format!("{:?}", answers[0][0])
        };
        for (day, told) in [
            (None, "launch_date is NULL"),
            (Some(i32::MAX), "launch_date must be between"),
        ] {
            let text = refusal(vec![day], prices(1));
            assert!(text.contains(told) && text.contains("refused"), "{text}");
        }
        let infinite: [(ArrayRef, &str); 2] = [
            (Arc::new(Float64Array::from(vec![f64::INFINITY])), "price is inf"),
            (
                Arc::new(Date32Array::from(vec![-i32::MAX])),
                "price is an infinite date",
            ),
        ];
        for (attribute, told) in infinite {
            assert_ne!(*attribute.data_type(), DataType::Utf8);
            let text = refusal(vec![Some(DAY)], attribute);
            assert!(text.contains(told) && text.contains("refused"), "{text}");
        }
    }

    #[test]
    fn bytes_that_are_no_model_end_the_query_with_the_name_of_the_function() {
        let mut columns = candidates(vec![Some(DAY)], prices(1));
        columns[0] = Arc::new(BinaryViewArray::from_iter_values([b"no model"]));
        let null = || Arc::new(arrow_array::NullArray::new(1)) as ArrayRef;
        columns.extend([prices(1), null(), null(), null(), null()]);
        let error = tester::call::<Predict>(&Query::new(1, None), &columns).unwrap_err();
        assert!(
            error.starts_with("launch_predict: the 8 bytes given are not"),
            "{error}"
        );
    }
}
