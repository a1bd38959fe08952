//! The DuckDB side: every SQL function is registered here, and only here.

pub mod documentation;
pub mod guard;
pub mod launch;
pub mod macros;
pub mod utility;
pub mod vectors;

use duckdb_neo::extension::Extension;

/// Registers all functions, then the macros, which may call them.
pub fn register(extension: &Extension) -> Result<(), guard::Failure> {
    utility::version::register(extension)?;
    launch::register(extension)?;
    macros::register(extension)
}
