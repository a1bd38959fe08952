//! What is registered on `LOAD launchpad`; table.rs has the entrypoint DuckDB calls.
// The entrypoint macro expands to an `unsafe extern "C"` function.
#![allow(unsafe_code)]

use duckdb_loadable_macros::duckdb_entrypoint_c_api_v2;
use duckdb_neo::extension::Extension;

#[duckdb_entrypoint_c_api_v2(extension_name = "launchpad_inner", api_version = "v2.0.0")]
fn entrypoint(extension: &Extension) -> duckdb_neo::Result<()> {
    crate::functions::guard::silence_panics();
    crate::functions::guard::guard("launchpad", || crate::functions::register(extension))
}
