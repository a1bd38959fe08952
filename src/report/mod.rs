//! The report: one page of a launch plan, and its charts as specifications for other tools.
//!
//! *Path.* The tables come as texts ([`rows::Rows`]) and are read once ([`contents::Contents`]). Each chart is made as data
//! ([`chart::Chart`]), from which the page draws SVG and other tools get Vega-Lite, so the two cannot differ. Templates escape
//! whatever a table holds.
//!
//! *Determinism.* Rows are put into the order of their contents; there is no clock, no random number and no host in the page.

pub mod accuracy;
pub mod actions;
pub mod chart;
pub mod contents;
pub mod forecast;
pub mod offers;
pub mod page;
pub mod plan;
pub mod rows;
pub mod supply;
pub mod table;
pub mod tables;
pub mod terminal;
#[cfg(test)]
mod tests;
pub mod words;

pub use contents::Contents;
pub use rows::Rows;
pub use tables::{Options, Tables};

/// The page of a plan.
///
/// # Errors
/// A table is not what it should be.
pub fn write(tables: &Tables, options: &Options) -> crate::error::Result<String> {
    let contents = Contents::read(tables, options)?;
    Ok(words::readable(&page::page(&contents, options).into_string()))
}
