//! Plans: how many to order, when and at what price; what to try next; policies for the weeks after a launch.

pub mod action;
pub mod allocate;
pub mod channel_curves;
pub mod channel_rates;
pub mod channels;
pub mod plan;
pub mod stock;
pub mod train_policy;
pub mod uplift;

mod drawn;
mod options;
mod policy_options;

use duckdb_neo::extension::Extension;

use super::scalar;

const FAMILY: &str = "strategy";

/// Registers the family.
///
/// # Errors
/// One of DuckDB.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    scalar::register::<allocate::Allocate>(extension, FAMILY)?;
    scalar::register::<channel_rates::Proportion>(extension, FAMILY)?;
    scalar::register::<channel_rates::Rates>(extension, FAMILY)?;
    scalar::register::<uplift::Uplift>(extension, FAMILY)?;
    scalar::register::<stock::Stock>(extension, FAMILY)?;
    scalar::register::<plan::Planned>(extension, FAMILY)?;
    scalar::register::<channels::ChannelSplit>(extension, FAMILY)?;
    scalar::register::<channel_curves::ChannelCurves>(extension, FAMILY)?;
    scalar::register::<train_policy::TrainPolicy>(extension, FAMILY)?;
    scalar::register::<action::ActionOf>(extension, FAMILY)
}
