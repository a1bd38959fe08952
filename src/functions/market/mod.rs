//! The primitives under the macros of `sql/market`.

use duckdb_neo::extension::Extension;

/// Registers the family.
pub fn register(_extension: &Extension) -> duckdb_neo::Result<()> {
    Ok(())
}
