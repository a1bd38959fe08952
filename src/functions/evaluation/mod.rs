//! Measures of how good a forecast or a probability was. Most are macros: see `sql/evaluation`.

pub mod auc;

use duckdb_neo::extension::Extension;

use super::aggregate;

/// Registers the family.
///
/// # Errors
/// One of DuckDB.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    aggregate::register_fold::<auc::Auc>(extension, "evaluation")
}
