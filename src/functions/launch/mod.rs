//! Training, forecasts and their explanation: the primitives under the macros of `sql/launch`.

pub mod backtest;
pub mod compare;
pub mod explain;
pub mod fit;
pub mod info;
pub mod predict;
pub mod scenarios;
pub mod training_log;

mod cache;
mod launches;
mod recipe;

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::take::take_record_batch;
use duckdb_neo::{
    extension::Extension,
    signature::{FunctionParameter, FunctionParameterKind},
    types::List,
};

use super::{documentation::ParameterText, guard::Failure, vectors::Covariate};
use crate::panel::{Candidates, Covariates, Series};

/// Registers the family.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    fit::register(extension)?;
    predict::register(extension)?;
    compare::register(extension)?;
    scenarios::register(extension)?;
    explain::register(extension)?;
    info::register(extension)?;
    training_log::register(extension)?;
    backtest::register(extension)
}

const PRODUCT_ID: ParameterText = ParameterText {
    name: "product_id",
    sql_type: "VARCHAR",
    default: None,
    text: "the product",
};
const LAUNCH_DATE: ParameterText = ParameterText {
    name: "launch_date",
    sql_type: "DATE",
    default: None,
    text: "its launch date",
};
const UNITS: ParameterText = ParameterText {
    name: "units",
    sql_type: "DOUBLE[]",
    default: None,
    text: "units by step, the launch period first; NULL where not observed yet",
};
const ATTRIBUTES: ParameterText = ParameterText {
    name: "attributes",
    sql_type: "STRUCT",
    default: None,
    text: "what was known at launch, one field per attribute: number, text, boolean or date",
};
const COVARIATES: ParameterText = ParameterText {
    name: "covariates",
    sql_type: "STRUCT(name VARCHAR, planned BOOLEAN, \"values\" DOUBLE[])[]",
    default: Some("NULL"),
    text: "series beside the sales by period: from that of the launch on if planned, else from eight periods before it; \
           NULL, NaN and infinite values are unknown",
};
const MODEL: ParameterText = ParameterText {
    name: "model",
    sql_type: "BLOB",
    default: None,
    text: "the model column of launch_train, or the result of launch_fit",
};

/// The candidates in some rows of a chunk, with their series as long as a model's horizon.
fn candidates(
    rows: &[usize],
    days: &[Option<i32>],
    attributes: &RecordBatch,
    series: &[Vec<Series>],
    horizon: usize,
) -> Result<Candidates, Failure> {
    let indices = UInt32Array::from_iter_values(rows.iter().map(|&r| r as u32));
    let series: Vec<Vec<Series>> = rows.iter().map(|&r| series[r].clone()).collect();
    let candidates = Candidates::new(
        rows.iter().filter_map(|&r| days[r]).collect(),
        take_record_batch(attributes, &indices)?,
    );
    Ok(candidates.with_covariates(Covariates::try_new(horizon, &series)?)?)
}

/// The last parameter of every function that takes covariates.
fn covariates() -> FunctionParameter {
    FunctionParameter::with_default("covariates", None::<List<Covariate>>).kind(FunctionParameterKind::Named)
}
