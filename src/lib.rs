//! New-product launch planning in SQL: clean the sales, learn from past launches, forecast a product without
//! history, plan its launch.
//!
//! The models know nothing of DuckDB; `functions` is the only module that does, and nothing imports it.

#[cfg(feature = "duckdb")]
mod extension;
#[cfg(feature = "duckdb")]
pub mod functions;
#[cfg(any(feature = "duckdb", test))]
mod header;
#[cfg(feature = "duckdb")]
mod table;

pub mod boosting;
pub mod calibration;
pub mod customer;
pub mod error;
pub mod evaluation;
pub mod features;
pub mod forecast;
pub mod launch;
// The build script compiles it for itself.
#[cfg(test)]
mod macro_files;
pub mod market;
pub mod model;
pub mod neural;
pub mod panel;
pub mod progress;
pub mod statistics;
pub mod strategy;
