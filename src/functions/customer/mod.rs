//! Classifiers of rows: the primitives under the macros of `sql/customer`.

pub mod classify;
pub mod fit;
pub mod importance;
pub mod probability;
pub mod why;

use duckdb_neo::extension::Extension;

use super::{aggregate, function::Shared, scalar};

const FAMILY: &str = "customer";

/// What the headers of the family share.
const SHARED: &[Shared] = &[(
    "@asked",
    "@param model: BLOB  the model column of launch_train_classifier
        @param row: ANY  a STRUCT with the features, or the alias of a table: fields are found by name in any case, those that
            are not there are missing, others are not looked at",
)];

/// Registers the family.
///
/// # Errors
/// One of DuckDB.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    aggregate::register_gather::<fit::Fit>(extension, FAMILY)?;
    scalar::register::<probability::Probability>(extension, FAMILY)?;
    scalar::register::<importance::OfModel>(extension, FAMILY)?;
    scalar::register::<why::Why>(extension, FAMILY)
}
