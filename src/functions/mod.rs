//! The DuckDB side: every SQL function is registered here, and only here.

pub mod documentation;
pub mod evaluation;
pub mod guard;
pub mod internal;
pub mod launch;
pub mod macros;
pub mod market;
pub mod settings;
pub mod utility;
pub mod vectors;

use duckdb_neo::extension::Extension;

/// Registers all functions, then the macros, which may call them.
pub fn register(extension: &Extension) -> Result<(), guard::Failure> {
    settings::register(extension)?;
    utility::version::register(extension)?;
    internal::column::register(extension)?;
    evaluation::auc::register(extension)?;
    launch::register(extension)?;
    market::register(extension)?;
    macros::register(extension)
}
