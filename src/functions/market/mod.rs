//! The primitives under the macros of `sql/market`.

pub mod elasticity;
pub mod signal;

use duckdb_neo::extension::Extension;

/// Registers the family.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    elasticity::register(extension)?;
    signal::register(extension)
}
