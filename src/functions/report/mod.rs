//! The report of a plan, its charts, and curves in a SQL prompt.

pub mod bar;
pub mod charts;
pub mod page;
pub mod sparkline;

mod given;

use duckdb_neo::extension::Extension;

use super::scalar;

const FAMILY: &str = "report";

/// Registers the family.
///
/// # Errors
/// One of DuckDB.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    scalar::register::<page::Page>(extension, FAMILY)?;
    scalar::register::<charts::Charts>(extension, FAMILY)?;
    scalar::register::<sparkline::Sparkline>(extension, FAMILY)?;
    scalar::register::<bar::Bar>(extension, FAMILY)
}
