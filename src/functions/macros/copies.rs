//! Copies of the inner table macros, one for each public macro that uses them.
//!
//! DuckDB refuses a table macro inside itself, at any depth. `launch_clean` and `launch_train` both read
//! `__launch_sales`, so a view over the one could not be given to the other. Each public macro therefore gets inner
//! macros of its own: `__launch_sales` becomes `__launch_sales__launch_clean` for `launch_clean`. The files stay single.

use std::collections::BTreeSet;

use super::header::MacroFile;

/// How the names of inner macros begin.
const PREFIX: &str = "__launch_";

/// A public macro, or an inner macro made for it.
#[derive(Debug, PartialEq)]
pub struct Own<'f> {
    /// The file it comes from.
    pub file: &'f MacroFile<'f>,
    /// Its name: that of the file, for an inner macro followed by `__` and the public macro.
    pub name: String,
    /// Its body, in which inner table macros have the names of the copies.
    pub body: String,
}

/// A public macro after the copies of all inner table macros that it uses, itself or through others.
pub fn own<'f>(public: &'f MacroFile<'f>, files: &'f [MacroFile<'f>]) -> Vec<Own<'f>> {
    let inner = |name: &str| {
        files
            .iter()
            .find(|file| file.name == name && file.name.starts_with(PREFIX) && !file.scalar)
    };
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let mut open = vec![public];
    while let Some(file) = open.pop() {
        for callee in calls(file.body).filter_map(|(_, name)| inner(name)) {
            if used.insert(callee.name) {
                open.push(callee);
            }
        }
    }
    let renamed = |body: &str| {
        let mut text = String::with_capacity(body.len() + 256);
        let mut written = 0;
        for (end, _) in calls(body).filter(|(_, name)| used.contains(name)) {
            text.push_str(body.get(written..end).unwrap_or_default());
            text.push_str("__");
            text.push_str(public.name);
            written = end;
        }
        text.push_str(body.get(written..).unwrap_or_default());
        text
    };
    let copies = files.iter().filter(|file| used.contains(file.name)).map(|file| Own {
        file,
        name: format!("{}__{}", file.name, public.name),
        body: renamed(file.body),
    });
    copies
        .chain([Own {
            file: public,
            name: public.name.to_owned(),
            body: renamed(public.body),
        }])
        .collect()
}

/// The inner macros that a body calls, with the place behind each name. Texts count: some bodies are put together of
/// them.
fn calls(body: &str) -> impl Iterator<Item = (usize, &str)> {
    body.match_indices(PREFIX).filter_map(move |(start, _)| {
        let within = body.get(..start)?.chars().next_back().is_some_and(is_word);
        let rest = body.get(start..)?;
        let length = rest.find(|c| !is_word(c))?;
        let name = rest.get(..length)?;
        (!within && rest.get(length..)?.starts_with('(')).then_some((start + length, name))
    })
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::macros::header::{HeaderError, parse};

    fn file(path: &'static str, source: &'static str) -> Result<MacroFile<'static>, HeaderError> {
        parse(path, source)
    }

    #[test]
    fn each_public_macro_has_inner_macros_of_its_own() -> Result<(), HeaderError> {
        let files = [
            file(
                "sql/internal/__launch_a.sql",
                "-- A.\n-- @returns x: BIGINT  x\n-- @example FROM __launch_a()\nFROM query('FROM __launch_b()')",
            )?,
            file(
                "sql/internal/__launch_b.sql",
                "-- B.\n-- @returns x: BIGINT  x\n-- @example FROM __launch_b()\nSELECT __launch_s(1) AS __launch_a",
            )?,
            file(
                "sql/internal/__launch_s.sql",
                "-- S.\n-- @scalar\n-- @returns BIGINT  x\n-- @example __launch_s(1)\n1",
            )?,
            file(
                "sql/data/launch_x.sql",
                "-- X.\n-- @returns x: BIGINT  x\n-- @example FROM launch_x()\nFROM __launch_a() JOIN not__launch_a() USING (x)",
            )?,
        ];
        let own = own(&files[3], &files);
        let written: Vec<_> = own.iter().map(|own| (own.name.as_str(), own.body.as_str())).collect();
        assert_eq!(
            written,
            [
                ("__launch_a__launch_x", "FROM query('FROM __launch_b__launch_x()')"),
                ("__launch_b__launch_x", "SELECT __launch_s(1) AS __launch_a"),
                ("launch_x", "FROM __launch_a__launch_x() JOIN not__launch_a() USING (x)"),
            ]
        );
        Ok(())
    }
}
