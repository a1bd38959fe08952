//! What the aggregates over launches share: launches as they arrive, put in order at the end.

use std::collections::BTreeMap;

use super::read_covariates;
use crate::{
    functions::prelude::*,
    panel::{Covariates, Frequency, LaunchPanel, Series},
};
use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::{concat::concat_batches, take::take_record_batch};

/// The launches of one vector.
pub struct Launches {
    ids: Vec<String>,
    days: Vec<i32>,
    units: Vec<Vec<Option<f64>>>,
    attributes: RecordBatch,
    covariates: Vec<Vec<Series>>,
    at_least: Vec<Option<Vec<Option<bool>>>>,
}

impl Launches {
    /// The arguments behind `@launches`.
    ///
    /// # Errors
    /// NULL where a launch needs a value.
    pub fn read(arguments: &mut Arguments) -> Result<Self, Failure> {
        Ok(Self {
            ids: all(arguments.texts()?, "product_id")?,
            days: all(arguments.days()?, "launch_date")?,
            units: all(arguments.lists()?, "units")?,
            attributes: arguments.attributes()?,
            covariates: Vec::new(),
            at_least: Vec::new(),
        })
    }

    /// With the arguments `covariates` and `at_least`, which are the last ones.
    ///
    /// # Errors
    /// As the readings of [`Arguments`].
    pub fn with_series(mut self, arguments: &mut Arguments) -> Result<Self, Failure> {
        self.covariates = read_covariates(arguments)?;
        self.at_least = arguments.lists()?;
        Ok(self)
    }
}

fn all<T>(given: Vec<Option<T>>, name: &str) -> Result<Vec<T>, Failure> {
    given.into_iter().map(|value| required(value, name)).collect()
}

/// The launches of a group in canonical order.
///
/// # Errors
/// What [`LaunchPanel::try_new`] refuses.
pub fn panel(rows: &Rows<Launches>, frequency: Frequency, horizon: usize) -> Result<LaunchPanel, Failure> {
    of_batches(rows.batches(), frequency, horizon)
}

/// The launches of a list in canonical order.
///
/// # Errors
/// As [`panel`].
pub fn panel_of_list(list: &Launches, frequency: Frequency, horizon: usize) -> Result<LaunchPanel, Failure> {
    let rows: Vec<u32> = (0..u32::try_from(list.ids.len())?).collect();
    of_batches(std::iter::once((list, rows.as_slice())), frequency, horizon)
}

fn of_batches<'a>(
    given: impl Iterator<Item = (&'a Launches, &'a [u32])>,
    frequency: Frequency,
    horizon: usize,
) -> Result<LaunchPanel, Failure> {
    let (mut ids, mut days, mut units, mut batches) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut series, mut at_least) = (BTreeMap::new(), BTreeMap::new());
    for (batch, rows) in given {
        for &row in rows {
            let row = row as usize;
            ids.push(batch.ids[row].clone());
            days.push(batch.days[row]);
            units.push(batch.units[row].clone());
            series.insert(batch.ids[row].as_str(), batch.covariates[row].as_slice());
            if let Some(steps) = &batch.at_least[row] {
                at_least.insert(batch.ids[row].as_str(), steps.as_slice());
            }
        }
        batches.push(take_record_batch(&batch.attributes, &UInt32Array::from(rows.to_vec()))?);
    }
    let schema = batches.first().map(RecordBatch::schema);
    let schema = schema.ok_or_else(|| Failure::new("there are no launches"))?;
    let attributes = concat_batches(&schema, &batches)?;
    let panel = LaunchPanel::try_new(frequency, horizon, ids, days, &units, attributes)?;
    let bounds = |id: &String| at_least.get(id.as_str()).map_or_else(Vec::new, |steps| steps.to_vec());
    let bounds: Vec<Vec<Option<bool>>> = panel.ids().iter().map(bounds).collect();
    let panel = panel.with_lower_bounds(&bounds)?;
    let of_launch = |id: &String| series.get(id.as_str()).map_or_else(Vec::new, |s| s.to_vec());
    let rows: Vec<Vec<Series>> = panel.ids().iter().map(of_launch).collect();
    Ok(panel.with_covariates(&Covariates::try_new(horizon, &rows)?)?)
}
