//! The primitives under the macros of `sql/market`.

pub mod elasticity;

use duckdb_neo::extension::Extension;

/// Registers the family.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    elasticity::register(extension)
}
