//! The primitives under the macros of `sql/market`.

pub mod cannibalization;
pub mod cross_elasticity;
pub mod elasticity;
pub mod price_position;
pub mod seasonality;
pub mod signal;
pub mod trend;
pub mod trend_network;

use duckdb_neo::extension::Extension;

/// Registers the family.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    cannibalization::register(extension)?;
    cross_elasticity::register(extension)?;
    elasticity::register(extension)?;
    price_position::register(extension)?;
    seasonality::register(extension)?;
    signal::register(extension)?;
    trend::register(extension)?;
    trend_network::register(extension)
}
