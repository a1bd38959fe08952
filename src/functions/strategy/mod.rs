//! Plans: how many to order, when and at what price; policies for the weeks after a launch.

pub mod action;
pub mod plan;
pub mod stock;
pub mod train_policy;

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
    scalar::register::<stock::Stock>(extension, FAMILY)?;
    scalar::register::<plan::Planned>(extension, FAMILY)?;
    scalar::register::<train_policy::TrainPolicy>(extension, FAMILY)?;
    scalar::register::<action::ActionOf>(extension, FAMILY)
}
