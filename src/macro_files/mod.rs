//! Turns the files under `sql/` into the list that `functions/macros.rs` registers; called when the crate is built.

mod copies;

use std::fmt::Write as _;

use crate::header::Header;

/// A file `sql/<family>/<name>.sql`.
struct MacroFile<'a> {
    family: &'a str,
    name: &'a str,
    /// The comment lines on top, without the dashes.
    header: String,
    scalar: bool,
    body: &'a str,
}

/// The Rust expression of a list of `MacroFile`s, from the path and the text of each.
///
/// # Errors
/// A mistake in a file, with its place.
pub fn list(sources: &[(String, String)]) -> Result<String, String> {
    let files = sources.iter().map(|(path, source)| read(path, source));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let mut list = String::from("&[\n");
    for file in &files {
        // Writing to a string cannot fail.
        let _ = writeln!(
            list,
            "MacroFile {{ family: {:?}, name: {:?}, header: {:?}, body: &{:?}, inner: &{:?} }},",
            file.family,
            file.name,
            file.header,
            copies::parts(file, &files),
            Vec::from_iter(copies::inner(file, &files)),
        );
    }
    list.push_str("]\n");
    Ok(list)
}

fn read<'a>(path: &'a str, source: &'a str) -> Result<MacroFile<'a>, String> {
    let fail = |line: usize, message: &str| format!("{path}:{line}: {message}");
    let (family, name) = family_and_name(path).map_err(|message| fail(1, &message))?;
    let (header, body) = split(source);
    let read = Header::parse(&header).map_err(|(line, message)| fail(line, &message))?;
    if body.is_empty() {
        return Err(fail(1, "a body is missing"));
    }
    if read
        .returns
        .iter()
        .any(|returned| returned.name.is_empty() != read.scalar)
    {
        return Err(fail(
            1,
            "a table macro returns columns (@returns column: TYPE  text), a scalar one a value",
        ));
    }
    Ok(MacroFile {
        family,
        name,
        scalar: read.scalar,
        header,
        body,
    })
}

fn family_and_name(path: &str) -> Result<(&str, &str), String> {
    let parts = path
        .strip_prefix("sql/")
        .and_then(|path| path.strip_suffix(".sql"))
        .and_then(|path| path.split_once('/'));
    let Some((family, name)) = parts else {
        return Err("a macro's path is sql/<family>/<name>.sql".into());
    };
    let prefix = if family == "internal" { "__launch_" } else { "launch_" };
    if name.starts_with(prefix) {
        Ok((family, name))
    } else {
        Err(format!("the name of a macro in sql/{family} starts with {prefix}"))
    }
}

/// The comment lines on top, and the body behind them.
fn split(source: &str) -> (String, &str) {
    let mut header = String::new();
    let mut bytes = 0;
    for line in source.split_inclusive('\n') {
        match line.trim().strip_prefix("--") {
            Some(comment) => header.push_str(comment.trim()),
            None if line.trim().is_empty() => {}
            None => break,
        }
        header.push('\n');
        bytes += line.len();
    }
    // A semicolon at the end is fine in a file, but not in a macro's body.
    let body = source.get(bytes..).unwrap_or_default().trim();
    (header, body.trim_end_matches(';').trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
-- A \"b\".
--
-- @param x: DOUBLE = 1  a number
-- @returns y: DOUBLE  twice
-- @example FROM launch_a()
SELECT x -- a comment in the body
FROM t;
";

    fn listed(path: &str, text: &str) -> Result<String, String> {
        list(&[(path.to_owned(), text.to_owned())])
    }

    #[test]
    fn a_file_becomes_a_rust_expression() {
        let list = listed("sql/data/launch_a.sql", TEXT).unwrap();
        let begin = "&[\nMacroFile { family: \"data\", name: \"launch_a\", header: \"A \\\"b\\\".\\n\\n@param x";
        assert!(list.starts_with(begin), "{list}");
        let end = "body: &[\"SELECT x -- a comment in the body\\nFROM t\"], inner: &[] },\n]\n";
        assert!(list.ends_with(end), "{list}");
    }

    #[test]
    fn a_mistake_names_file_and_line() {
        let path = "sql/data/launch_a.sql";
        let cases = [
            (path, "-- Text.\nSELECT 1", ":1: an @returns line is missing"),
            (path, &TEXT.replace("twice", ""), ":4: y has no text"),
            (path, &TEXT.replace("y: ", ""), ":1: a table macro returns columns"),
            (
                path,
                &TEXT.replace("SELECT x -- a comment in the body\nFROM t;", ""),
                ":1: a body is missing",
            ),
            (
                "sql/data/doctor.sql",
                TEXT,
                ":1: the name of a macro in sql/data starts with launch_",
            ),
            (
                "sql/internal/launch_x.sql",
                TEXT,
                ":1: the name of a macro in sql/internal starts with __launch_",
            ),
        ];
        for (path, text, expected) in cases {
            let message = listed(path, text).unwrap_err();
            assert!(message.starts_with(&format!("{path}{expected}")), "{message}");
        }
    }
}
