//! Plans: how many to order, when and at what price.

pub mod channel_curves;
pub mod channels;
pub mod plan;
pub mod stock;

mod drawn;
mod options;

use duckdb_neo::extension::Extension;

use super::scalar;

const FAMILY: &str = "strategy";

/// Registers the family.
///
/// # Errors
/// One of DuckDB.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    scalar::register::<stock::Stock>(extension, FAMILY)?;
    scalar::register::<plan::Planned>(extension, FAMILY)?;
    scalar::register::<channels::ChannelSplit>(extension, FAMILY)?;
    scalar::register::<channel_curves::ChannelCurves>(extension, FAMILY)
}
