//! Functions that only the macros call.

pub mod column;
pub mod exact;
pub mod exact_mean;
pub mod exact_mean_square;
pub mod exact_ratio;
pub mod exact_sum;
pub mod list_sum;
pub mod part;

use duckdb_neo::extension::Extension;

use self::exact::Exact;
use super::{aggregate, scalar};

/// Registers the family.
///
/// # Errors
/// One of DuckDB.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    scalar::register::<column::Column>(extension, "internal")?;
    scalar::register::<part::Part>(extension, "internal")?;
    aggregate::register_fold::<Exact<exact_sum::Sum>>(extension, "internal")?;
    aggregate::register_gather::<list_sum::ListSum>(extension, "internal")?;
    aggregate::register_fold::<exact_ratio::ExactRatio>(extension, "internal")?;
    aggregate::register_fold::<Exact<exact_mean::Mean>>(extension, "internal")?;
    aggregate::register_fold::<Exact<exact_mean_square::MeanSquare>>(extension, "internal")
}
