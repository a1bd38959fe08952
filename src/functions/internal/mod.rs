//! Functions that only the macros call.

pub mod column;
pub mod exact_mean;
pub mod exact_mean_square;
pub mod exact_ratio;
pub mod exact_sum;

use duckdb_neo::extension::Extension;

use super::{aggregate, scalar};

/// Registers the family.
///
/// # Errors
/// One of DuckDB.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    scalar::register::<column::Column>(extension, "internal")?;
    aggregate::register_fold::<exact_sum::ExactSum>(extension, "internal")?;
    aggregate::register_fold::<exact_ratio::ExactRatio>(extension, "internal")?;
    aggregate::register_fold::<exact_mean::ExactMean>(extension, "internal")?;
    aggregate::register_fold::<exact_mean_square::ExactMeanSquare>(extension, "internal")
}
