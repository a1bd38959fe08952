//! The primitives under the macros of `sql/market`.

mod cross_elasticity;
mod price_position;

use duckdb_neo::extension::Extension;

/// Registers the family.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    cross_elasticity::register(extension)?;
    price_position::register(extension)
}
