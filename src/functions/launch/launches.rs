//! The state shared by the aggregates over launches: columns as they arrive, put in order at the end.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::{concat::concat_batches, take::take_record_batch};
use duckdb_neo::{FromValue, aggregate::States, bind_arguments::BindArguments, data_chunk::VectorCollection};

use crate::{
    functions::{guard::Failure, vectors},
    panel::{Covariates, Frequency, LaunchPanel, Series},
};

/// Columns of one vector's rows, shared by all groups that have rows in it.
pub struct Chunk {
    ids: Vec<String>,
    launch_days: Vec<i32>,
    units: Vec<Vec<Option<f64>>>,
    attributes: RecordBatch,
    covariates: Vec<Vec<Series>>,
}

/// Launches of one group, and its options `O`, which are the same in all its rows.
pub struct Launches<O> {
    pub options: Option<O>,
    chunks: Vec<(Arc<Chunk>, Vec<u32>)>,
}

impl<O> Default for Launches<O> {
    fn default() -> Self {
        Self {
            options: None,
            chunks: Vec::new(),
        }
    }
}

impl<O: Clone + PartialEq> Launches<O> {
    /// Take in rows; arguments 0 to 3 are product id, launch date, units and attributes, the last one covariates.
    ///
    /// `options` reads the options of a row. Options are read at run time, not when binding, so that a prepared
    /// statement may leave them open and a group may have its own.
    pub fn update(
        vectors: &mut VectorCollection,
        mut states: States<'_, Self>,
        options: impl Fn(&mut VectorCollection, usize) -> Result<Vec<O>, Failure>,
    ) -> Result<(), Failure> {
        let rows = states.len();
        if rows == 0 {
            return Ok(());
        }
        let ids = vectors::texts(vectors, 0, rows)?;
        let days = vectors::days(vectors, 1, rows)?;
        let units = vectors::number_lists(vectors, 2, rows)?;
        let chunk = Arc::new(Chunk {
            ids: ids
                .into_iter()
                .map(|v| required(v, "product_id"))
                .collect::<Result<_, _>>()?,
            launch_days: days
                .into_iter()
                .map(|v| required(v, "launch_date"))
                .collect::<Result<_, _>>()?,
            units: units
                .into_iter()
                .map(|v| required(v, "units"))
                .collect::<Result<_, _>>()?,
            attributes: vectors::attributes(vectors, 3, rows)?,
            covariates: vectors::covariates(vectors, rows)?,
        });
        let options = options(vectors, rows)?;
        for (row, option) in options.into_iter().enumerate() {
            let state = &mut states[row];
            match &state.options {
                None => state.options = Some(option),
                Some(known) if *known == option => {}
                Some(_) => return Err(Failure::new("the options must be the same in all rows of a group")),
            }
            match state.chunks.last_mut() {
                Some((last, rows)) if Arc::ptr_eq(last, &chunk) => rows.push(row as u32),
                _ => state.chunks.push((chunk.clone(), vec![row as u32])),
            }
        }
        Ok(())
    }

    /// Merge partial groups.
    pub fn combine(sources: &States<'_, Self>, mut targets: States<'_, Self>) -> Result<(), Failure> {
        for i in 0..sources.len() {
            let source = &sources[i];
            let target = &mut targets[i];
            match (&target.options, &source.options) {
                (Some(a), Some(b)) if a != b => {
                    return Err(Failure::new("the options must be the same in all rows of a group"));
                }
                (None, Some(_)) => target.options = source.options.clone(),
                _ => {}
            }
            target.chunks.extend(source.chunks.iter().cloned());
        }
        Ok(())
    }

    /// The launches in canonical order.
    pub fn panel(&self, frequency: Frequency, horizon: usize) -> Result<LaunchPanel, Failure> {
        let (mut ids, mut days, mut units, mut batches) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut series = BTreeMap::new();
        for (chunk, rows) in &self.chunks {
            for &row in rows {
                let row = row as usize;
                ids.push(chunk.ids[row].clone());
                days.push(chunk.launch_days[row]);
                units.push(chunk.units[row].clone());
                series.insert(chunk.ids[row].as_str(), chunk.covariates[row].as_slice());
            }
            batches.push(take_record_batch(&chunk.attributes, &UInt32Array::from(rows.clone()))?);
        }
        let schema = batches
            .first()
            .map(RecordBatch::schema)
            .ok_or_else(|| Failure::new("there are no launches"))?;
        let attributes = concat_batches(&schema, &batches)?;
        let panel = LaunchPanel::try_new(frequency, horizon, ids, days, &units, attributes)?;
        let of_launch = |id: &String| series.get(id.as_str()).map_or_else(Vec::new, |s| s.to_vec());
        let rows: Vec<Vec<Series>> = panel.ids().iter().map(of_launch).collect();
        Ok(panel.with_covariates(&Covariates::try_new(horizon, &rows)?)?)
    }
}

/// An option that must be given.
pub fn required<T>(option: Option<T>, name: &str) -> Result<T, Failure> {
    option.ok_or_else(|| Failure::new(format!("{name} must not be NULL")))
}

/// The value of a named argument, where it is known when a query is bound: without rows there is no later.
pub fn constant<T: FromValue>(arguments: &BindArguments<'_>, name: &str) -> Result<Option<T>, Failure> {
    let Some(index) = arguments.index(name)? else {
        return Ok(None);
    };
    Ok(match arguments.value(index)? {
        Some(value) => value.get::<T>()?,
        None => None,
    })
}
