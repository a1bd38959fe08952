//! Functions that only the macros call.

pub mod column;
pub mod exact;
pub mod exact_mean;
pub mod exact_mean_square;
pub mod exact_ratio;
pub mod exact_sum;
pub mod from;
pub mod joined;
pub mod list_sum;
pub mod option;
pub mod part;
pub mod read;
pub mod text_amount;
pub mod text_day;

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
    scalar::register::<option::OneOf>(extension, "internal")?;
    scalar::register::<joined::Joined>(extension, "internal")?;
    scalar::register::<from::From>(extension, "internal")?;
    scalar::register::<read::Read>(extension, "internal")?;
    scalar::register::<text_amount::TextAmount>(extension, "internal")?;
    scalar::register::<text_amount::DecimalComma>(extension, "internal")?;
    scalar::register::<text_amount::PlainAmount>(extension, "internal")?;
    scalar::register::<text_amount::Currency>(extension, "internal")?;
    scalar::register::<text_day::DayFirst>(extension, "internal")?;
    scalar::register::<text_day::PlainDay>(extension, "internal")?;
    aggregate::register_fold::<Exact<exact_sum::Sum>>(extension, "internal")?;
    aggregate::register_gather::<list_sum::ListSum>(extension, "internal")?;
    aggregate::register_fold::<exact_ratio::ExactRatio>(extension, "internal")?;
    aggregate::register_fold::<Exact<exact_mean::Mean>>(extension, "internal")?;
    aggregate::register_fold::<Exact<exact_mean_square::MeanSquare>>(extension, "internal")
}
