//! Training, forecasts and their explanation: the primitives under the macros of `sql/launch`.

pub mod backtest;
pub mod compare;
pub mod explain;
pub mod fit;
pub mod info;
pub mod predict;
pub mod scenarios;
pub mod total;
pub mod training_log;

pub(super) mod candidates;
pub(super) mod launches;
mod recipe;

use duckdb_neo::extension::Extension;

use super::{aggregate, arguments::Arguments, function::Shared, guard::Failure, scalar};
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
    scalar::register::<total::Sums>(extension, FAMILY)?;
    scalar::register::<explain::Explain>(extension, FAMILY)?;
    scalar::register::<info::Info>(extension, FAMILY)?;
    scalar::register::<training_log::TrainingLog>(extension, FAMILY)
}

/// What the headers of the family share.
const SHARED: &[Shared] = &[
    (
        "@candidate",
        "@param model: BLOB  the model column of launch_train, or the result of launch_fit
        @param launch_date: DATE  its launch date
        @param attributes: ANY  a STRUCT of what was known at launch, one field per attribute: number, text, boolean
            or date",
    ),
    (
        "@launches",
        "@param product_id: VARCHAR  the product
        @param launch_date: DATE  its launch date
        @param units: DOUBLE[]  units by step, the launch period first; NULL where not observed yet, or not known
        @param attributes: ANY  a STRUCT of what was known at launch, one field per attribute: number, text, boolean
            or date",
    ),
    (
        "@covariates",
        "@param covariates: STRUCT(name VARCHAR, planned BOOLEAN, \"values\" DOUBLE[])[] = NULL  series beside the sales
            by period: from that of the launch on if planned, else from eight periods before it; NULL, NaN and infinite
            values are unknown",
    ),
    (
        "@at_least",
        "@param at_least: BOOLEAN[] = NULL  by step, whether stock ran out: units are a lower bound of the demand then",
    ),
    ("@recipe", recipe::HEADER),
];

/// The covariates of each row.
fn read_covariates(arguments: &mut Arguments) -> Result<Vec<Vec<Series>>, Failure> {
    let of_row = |table: Option<Arguments>| {
        let Some(mut table) = table else { return Ok(Vec::new()) };
        let rows = table.texts()?.into_iter().zip(table.flags()?).zip(table.lists()?);
        // A series that is NULL as a whole is none.
        let rows = rows.filter(|((name, planned), values)| name.is_some() || planned.is_some() || values.is_some());
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
