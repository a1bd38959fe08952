//! Training, forecasts and their explanation: the primitives under the macros of `sql/launch`.

pub mod backtest;
pub mod compare;
pub mod explain;
pub mod fit;
pub mod info;
pub mod predict;
pub mod scenarios;
pub mod training_log;

mod candidates;
mod launches;
mod recipe;

use duckdb_neo::{
    AsDuckDB,
    extension::Extension,
    types::{Any, BlobValue, DateValue, List},
};

use super::{
    aggregate,
    arguments::Arguments,
    guard::Failure,
    parameter::{Literal, Parameter},
    scalar,
};
use crate::panel::Series;

const FAMILY: &str = "launch";

/// Registers the family.
///
/// # Errors
/// One of DuckDB.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    aggregate::register_gather::<fit::Fit>(extension, FAMILY)?;
    aggregate::register_gather::<backtest::Backtest>(extension, FAMILY)?;
    scalar::register::<predict::Predict>(extension, FAMILY)?;
    scalar::register::<compare::Compare>(extension, FAMILY)?;
    scalar::register::<scenarios::Draw>(extension, FAMILY)?;
    scalar::register::<explain::Explain>(extension, FAMILY)?;
    scalar::register::<info::Info>(extension, FAMILY)?;
    scalar::register::<training_log::TrainingLog>(extension, FAMILY)
}

/// A model, as every function that reads one takes it.
fn model() -> Parameter {
    Parameter::new::<BlobValue>("model", "the model column of launch_train, or the result of launch_fit")
}

fn launch_date() -> Parameter {
    Parameter::new::<DateValue>("launch_date", "its launch date")
}

fn attributes() -> Parameter {
    Parameter::new::<Any>(
        "attributes",
        "a STRUCT of what was known at launch, one field per attribute: number, text, boolean or date",
    )
}

fn own_units() -> Parameter {
    Parameter::option(
        "units",
        None::<List<f64>>,
        "what the product sold so far, by step; NULL for nothing known",
    )
}

/// One series of `covariates`, as SQL hands it over.
#[derive(AsDuckDB)]
struct Covariate {
    name: String,
    planned: bool,
    values: List<f64>,
}

impl Literal for Covariate {
    fn literal(&self) -> String {
        format!(
            "{{'name': {}, 'planned': {}, 'values': {}}}",
            self.name.literal(),
            self.planned,
            self.values.literal()
        )
    }
}

/// The last parameter of every function that takes covariates.
fn covariates() -> Parameter {
    Parameter::option(
        "covariates",
        None::<List<Covariate>>,
        "series beside the sales by period: from that of the launch on if planned, else from eight periods before it; \
         NULL, NaN and infinite values are unknown",
    )
}

/// The covariates of each row.
fn read_covariates(arguments: &mut Arguments) -> Result<Vec<Vec<Series>>, Failure> {
    let of_row = |table: Option<Arguments>| {
        let Some(mut table) = table else { return Ok(Vec::new()) };
        let rows = table.texts()?.into_iter().zip(table.flags()?).zip(table.lists()?);
        let series = rows.map(|((name, planned), values)| {
            Some(Series {
                name: name?,
                planned: planned?,
                values: values?,
            })
        });
        series
            .collect::<Option<Vec<Series>>>()
            .ok_or_else(|| Failure::new("name, planned and values of a covariate must not be NULL"))
    };
    arguments.tables()?.into_iter().map(of_row).collect()
}
