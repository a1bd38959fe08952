//! New-product launch planning in SQL: clean the sales, learn from past launches, forecast a product without
//! history, plan its launch.
//!
//! The models know nothing of DuckDB; `functions` is the only module that does, and nothing imports it.

#[cfg(feature = "duckdb")]
mod extension;
#[cfg(feature = "duckdb")]
pub mod functions;
#[cfg(feature = "duckdb")]
mod table;

pub mod boosting;
pub mod error;
pub mod evaluation;
pub mod forecast;
pub mod launch;
pub mod market;
pub mod model;
pub mod neural;
pub mod panel;
pub mod progress;
