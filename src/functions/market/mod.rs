//! The primitives under the macros of `sql/market`.

mod seasonality;

use duckdb_neo::extension::Extension;

/// Registers the family.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    seasonality::register(extension)
}
