//! Functions that only the macros call.

pub mod column;

use duckdb_neo::extension::Extension;

use super::scalar;

/// Registers the family.
///
/// # Errors
/// One of DuckDB.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    scalar::register::<column::Column>(extension, "internal")
}
