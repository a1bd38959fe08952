//! What a function file needs of the border.

pub use duckdb_neo::{
    AsDuckDB,
    types::{BlobValue, DateValue, List},
};

pub use super::{
    aggregate::{Fold, Gather, Rows},
    answer::Answer,
    arguments::{Arguments, Known, required},
    function::{Function, Shared},
    guard::Failure,
    query::Query,
    scalar::PerChunk,
};
