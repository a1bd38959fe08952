//! Classifiers of rows: the primitives under the macros of `sql/customer`.

pub mod aspects;
pub mod audience;
pub mod classify;
pub mod fit;
pub mod fit_purchase;
pub mod fit_sentiment;
pub mod importance;
pub mod market;
pub mod probability;
pub mod purchase_features;
pub mod recommend;
pub mod review_tendency;
pub mod segments;
pub mod sentiment;
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

/// The rows that [`market::Batch`] reads: those of users, and those of products.
const MARKET: &[Shared] = &[(
    "@market",
    "@param user: VARCHAR  a user; NULL in rows of products
        @param events: ANY  what the user did: code, day, units, price, channel and bought, as a list of structs
        @param asked: BOOLEAN  whether something is asked of the user
        @param excluded: VARCHAR[]  products the user is not told of; NULL among them for all
        @param code: BIGINT  number of a product, by which events name it; NULL in rows of users
        @param product: VARCHAR  its id
        @param launch: DATE  its launch
        @param price: DOUBLE  its price
        @param category: VARCHAR  its category
        @param brand: VARCHAR  its brand
        @param attributes: ANY  a STRUCT of its attributes
        @param candidate: BOOLEAN  whether it is asked about
        @param unread: VARCHAR  what was given as its launch, if that is no date
        @param model: BLOB  the model; NULL in all rows but one",
)];

/// Registers the family.
///
/// # Errors
/// One of DuckDB.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    aggregate::register_gather::<fit::Fit>(extension, FAMILY)?;
    scalar::register::<probability::Probability>(extension, FAMILY)?;
    scalar::register::<importance::OfModel>(extension, FAMILY)?;
    scalar::register::<why::Why>(extension, FAMILY)?;
    aggregate::register_gather::<fit_purchase::Fit>(extension, FAMILY)?;
    aggregate::register_gather::<fit_sentiment::FitSentiment>(extension, FAMILY)?;
    scalar::register::<sentiment::OfText>(extension, FAMILY)?;
    aggregate::register_gather::<purchase_features::OfPairs>(extension, FAMILY)?;
    aggregate::register_gather::<audience::Drawn>(extension, FAMILY)?;
    aggregate::register_gather::<recommend::Chosen>(extension, FAMILY)?;
    aggregate::register_gather::<aspects::OfTexts>(extension, FAMILY)?;
    aggregate::register_gather::<review_tendency::OfReviews>(extension, FAMILY)?;
    aggregate::register_gather::<segments::Segments>(extension, FAMILY)
}
