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
    let parameter = |Parameter {
                         name,
                         sql_type,
                         default,
                         text,
                     }: &Parameter| {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> (String, String) {
        (path.to_owned(), text.to_owned())
    }

    #[test]
    fn a_file_becomes_a_rust_expression() {
        let text = "-- A \"b\".\n-- @param x: DOUBLE = 1  a number\n-- @returns y: DOUBLE  twice\n-- @example FROM launch_a()\nSELECT x";
        let list = list(&[source("sql/data/launch_a.sql", text)]).unwrap();
        let expected = "MacroFile { name: \"launch_a\", family: \"data\", scalar: false, description: \"A \\\"b\\\".\", \
                        parameters: &[Parameter { name: \"x\", sql_type: \"DOUBLE\", default: Some(\"1\"), text: \"a number\" }, ], ";
        assert!(list.contains(expected), "{list}");
        assert!(list.ends_with("body: &[\"SELECT x\"], inner: &[] },\n]\n"), "{list}");
    }

    #[test]
    fn a_mistake_ends_it() {
        let mistake = list(&[source("sql/data/launch_a.sql", "SELECT 1")]).unwrap_err();
        assert!(
            mistake.starts_with("sql/data/launch_a.sql:1: a description"),
            "{mistake}"
        );
    }
}
