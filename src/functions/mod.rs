//! The DuckDB side: every SQL function is registered here, and only here.
//!
//! A function is a type: [`function::Function`] has its name, header and result, [`scalar::PerChunk`],
//! [`aggregate::Gather`] or [`aggregate::Fold`] the call of its maths. All else that DuckDB asks for stands once, beside
//! this file.

pub mod aggregate;
pub mod answer;
pub mod arguments;
pub mod customer;
pub mod evaluation;
pub mod function;
pub mod guard;
pub mod internal;
pub mod launch;
pub mod macros;
pub mod market;
pub mod prelude;
pub mod query;
pub mod report;
pub mod scalar;
pub mod signature;
pub mod strategy;
#[cfg(test)]
mod tester;
pub mod utility;
pub mod vectors;

use duckdb_neo::extension::Extension;

/// Registers all functions, then the macros, which may call them.
///
/// # Errors
/// One of DuckDB, or a mistake in a macro file.
pub fn register(extension: &Extension) -> Result<(), guard::Failure> {
    query::register(extension)?;
    utility::register(extension)?;
    internal::register(extension)?;
    evaluation::register(extension)?;
    launch::register(extension)?;
    customer::register(extension)?;
    market::register(extension)?;
    strategy::register(extension)?;
    report::register(extension)?;
    macros::register(extension)
}
