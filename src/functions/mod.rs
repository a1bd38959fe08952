//! The DuckDB side: every SQL function is registered here, and only here.
//!
//! A function is a type that implements [`scalar::PerChunk`], [`aggregate::Gather`] or [`aggregate::Fold`]: its name,
//! its parameters and the call of its maths. All else that DuckDB asks for stands once, beside this file.

pub mod aggregate;
pub mod answer;
pub mod arguments;
pub mod evaluation;
pub mod guard;
pub mod internal;
pub mod launch;
pub mod macros;
pub mod market;
pub mod prelude;
pub mod query;
pub mod scalar;
pub mod signature;
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
    market::register(extension)?;
    macros::register(extension)
}

/// What the names of functions begin with that only macros call.
const INTERNAL: &str = "__";

/// The macro that users call, which has the name of the function beneath it without the underscores.
const fn asked(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'_', b'_', ..] => name.split_at(INTERNAL.len()).1,
        _ => name,
    }
}

/// The category in the catalog.
fn category<'a>(name: &str, family: &'a str) -> &'a str {
    if name.starts_with(INTERNAL) { "internal" } else { family }
}
