//! Measures of how good a forecast or a probability was, launches against their plans, and models refitted. Most are macros: see
//! `sql/evaluation`.

pub mod auc;
pub mod drift;
pub mod refit;
pub mod review;

use duckdb_neo::extension::Extension;

use super::{aggregate, scalar};

const FAMILY: &str = "evaluation";

/// Registers the family.
///
/// # Errors
/// One of DuckDB.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    scalar::register::<review::Review>(extension, FAMILY)?;
    scalar::register::<review::ReviewDrivers>(extension, FAMILY)?;
    aggregate::register_fold::<auc::Auc>(extension, FAMILY)?;
    scalar::register::<refit::Refit>(extension, FAMILY)?;
    scalar::register::<drift::Drifts>(extension, FAMILY)
}
