//! The primitives under the macros of `sql/market`.

pub mod cannibalization;
pub mod cross_elasticity;
pub mod elasticity;
pub mod price_position;
pub mod seasonality;
pub mod signal;
pub mod trend;
pub mod trend_effects;
pub mod trend_network;

use duckdb_neo::extension::Extension;

use super::{aggregate, scalar};

const FAMILY: &str = "market";

/// Registers the family.
///
/// # Errors
/// One of DuckDB.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    scalar::register::<cannibalization::Measure>(extension, FAMILY)?;
    scalar::register::<cannibalization::Pool>(extension, FAMILY)?;
    aggregate::register_gather::<cross_elasticity::Estimate>(extension, FAMILY)?;
    aggregate::register_gather::<elasticity::Elasticity>(extension, FAMILY)?;
    aggregate::register_gather::<price_position::PricePosition>(extension, FAMILY)?;
    scalar::register::<seasonality::Seasonality>(extension, FAMILY)?;
    scalar::register::<signal::Signal>(extension, FAMILY)?;
    scalar::register::<trend::OfSeries>(extension, FAMILY)?;
    scalar::register::<trend_effects::OfSeries>(extension, FAMILY)?;
    scalar::register::<trend_effects::Common>(extension, FAMILY)?;
    aggregate::register_gather::<trend_network::OfAllSeries>(extension, FAMILY)
}
