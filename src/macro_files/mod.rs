//! Turns the files under `sql/` into the list that `functions/macros.rs` registers; called when the crate is built.

mod copies;
mod header;

use std::fmt::Write as _;

use header::{MacroFile, Parameter, Returned};

/// The Rust expression of a list of `MacroFile`s, from the path and the text of each.
///
/// # Errors
/// A mistake in the header of a file, with its place.
pub fn list(sources: &[(String, String)]) -> Result<String, String> {
    let files = sources.iter().map(|(path, source)| header::parse(path, source));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let mut list = String::from("&[\n");
    for file in &files {
        list.push_str(&written(file, &files));
    }
    list.push_str("]\n");
    Ok(list)
}

fn written(file: &MacroFile<'_>, files: &[MacroFile<'_>]) -> String {
    let MacroFile {
        name,
        family,
        scalar,
        description,
        examples,
        ..
    } = file;
    let parameter = |Parameter { name, sql_type, default, text }: &Parameter| {
        format!("Parameter {{ name: {name:?}, sql_type: {sql_type:?}, default: {default:?}, text: {text:?} }}, ")
    };
    let returned = |Returned { name, sql_type, text }: &Returned| {
        format!("Returned {{ name: {name:?}, sql_type: {sql_type:?}, text: {text:?} }}, ")
    };
    let parameters: String = file.parameters.iter().map(parameter).collect();
    let returns: String = file.returns.iter().map(returned).collect();
    let mut text = format!("MacroFile {{ name: {name:?}, family: {family:?}, scalar: {scalar}, ");
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "description: {description:?}, parameters: &[{parameters}], returns: &[{returns}], examples: &{examples:?}, \
         body: &{:?}, inner: &{:?} }},",
        copies::parts(file, files),
        Vec::from_iter(copies::inner(file, files)),
    );
    text
}
