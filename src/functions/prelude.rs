//! What a function file needs of the border.

pub use duckdb_neo::{
    AsDuckDB,
    types::{Any, BlobValue, DateValue, List},
};

pub use super::{
    aggregate::{Fold, Gather, Rows},
    answer::Answer,
    arguments::{Arguments, Known, required},
    documentation::{About, Returns},
    guard::Failure,
    parameter::Parameter,
    query::Query,
    scalar::PerChunk,
};
