//! Registers the macros under `sql/`, which are part of the library.

use duckdb_neo::{
    Error,
    extension::Extension,
    macro_function::{MacroBody, MacroFunctionBuilder},
};

use super::{guard::Failure, signature};
use crate::header::Header;

/// A macro; `src/macro_files` reads and checks the files when the crate is built.
struct MacroFile {
    family: &'static str,
    name: &'static str,
    header: &'static str,
    /// SQL, cut behind the name of each inner table macro that it calls.
    body: &'static [&'static str],
    /// The inner table macros that it uses, by their numbers in [`FILES`].
    inner: &'static [usize],
}

/// All macros, helpers first.
const FILES: &[MacroFile] = include!(concat!(env!("OUT_DIR"), "/macro_files.rs"));

const INTERNAL: &str = "internal";

/// Registers all macros, the public ones with inner table macros of their own: DuckDB refuses a table macro inside
/// itself, at any depth, so a view over one public macro could not be given to another one that shares an inner macro.
///
/// # Errors
/// One of DuckDB, with the file.
pub fn register(extension: &Extension) -> Result<(), Failure> {
    for file in FILES {
        let failed = |error: Error| Failure::new(format!("sql/{}/{}.sql: {}", file.family, file.name, error.message));
        let suffix = format!("__{}", file.name);
        if file.family == INTERNAL || file.inner.is_empty() {
            register_macro(extension, file, "").map_err(failed)?;
            continue;
        }
        let inner = file.inner.iter().filter_map(|&number| FILES.get(number));
        for file in inner.chain([file]) {
            register_macro(extension, file, &suffix).map_err(failed)?;
        }
    }
    Ok(())
}

/// Registers a macro that calls inner macros with a suffix to their names, which it has itself if it is one. Such
/// copies are not documented: they would fill the catalog with the same.
fn register_macro(extension: &Extension, file: &MacroFile, suffix: &str) -> duckdb_neo::Result<()> {
    let header = Header::parse(file.header).map_err(|(_, message)| Error::api_error(message))?;
    let is_copy = file.family == INTERNAL && !suffix.is_empty();
    let mut signature = signature::of_macro(extension, &header)?;
    if !is_copy {
        signature = signature.documentation(signature::documentation(&header, file.family));
    }
    let body = file.body.join(suffix);
    let body = if header.scalar {
        MacroBody::Scalar(body)
    } else {
        MacroBody::Table(body)
    };
    let name = format!("{}{}", file.name, if is_copy { suffix } else { "" });
    MacroFunctionBuilder::new(name, signature, body).register(extension)
}
