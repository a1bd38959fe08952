//! Measures of how good a forecast or a probability was. Most are macros: see `sql/evaluation`.

pub mod auc;
pub mod drift;
pub mod refit;

use duckdb_neo::extension::Extension;

use super::{aggregate, scalar};

const FAMILY: &str = "evaluation";

/// Registers the family.
///
/// # Errors
/// One of DuckDB.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    aggregate::register_fold::<auc::Auc>(extension, FAMILY)?;
    scalar::register::<refit::Refit>(extension, FAMILY)?;
    scalar::register::<drift::Drifts>(extension, FAMILY)
}
