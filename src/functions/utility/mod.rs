//! Functions about the extension itself.

pub mod version;

use duckdb_neo::extension::Extension;

use super::scalar;

/// Registers the family.
///
/// # Errors
/// One of DuckDB.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    scalar::register::<version::Version>(extension, "utility")
}
