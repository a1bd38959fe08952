//! Copies of the inner table macros, one for each public macro that uses them.
//!
//! DuckDB refuses a table macro inside itself, at any depth. `launch_clean` and `launch_train` both read
//! `__launch_sales`, so a view over the one could not be given to the other. Each public macro therefore gets inner
//! macros of its own: `__launch_sales` becomes `__launch_sales__launch_clean` for `launch_clean`. The files stay single.

use std::collections::BTreeSet;

use super::MacroFile;

/// How the names of inner macros begin.
const PREFIX: &str = "__launch_";

/// The inner table macros that a macro uses, itself or through others: their numbers among the files, in order.
pub fn inner(file: &MacroFile<'_>, files: &[MacroFile<'_>]) -> BTreeSet<usize> {
    let mut used = BTreeSet::new();
    let mut open = vec![file];
    while let Some(file) = open.pop() {
        for (_, name) in calls(file.body) {
            if let Some(callee) = table_macro(name, files)
                && used.insert(callee)
            {
                open.push(&files[callee]);
            }
        }
    }
    used
}

/// A body, cut behind the name of each inner table macro that it calls: there the name of a copy goes on.
pub fn parts<'f>(file: &MacroFile<'f>, files: &[MacroFile<'_>]) -> Vec<&'f str> {
    let mut parts = Vec::new();
    let mut written = 0;
    for (end, name) in calls(file.body) {
        if table_macro(name, files).is_some() {
            parts.extend(file.body.get(written..end));
            written = end;
        }
    }
    parts.extend(file.body.get(written..));
    parts
}

fn table_macro(name: &str, files: &[MacroFile<'_>]) -> Option<usize> {
    let called = |file: &MacroFile<'_>| file.name == name && !file.scalar;
    files.iter().position(called).filter(|_| name.starts_with(PREFIX))
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
    use crate::macro_files::read;

    #[test]
    fn each_public_macro_has_inner_macros_of_its_own() -> Result<(), String> {
        let files = [
            (
                "sql/internal/__launch_a.sql",
                "-- A.\n-- @returns x: BIGINT  x\n-- @example FROM __launch_a()\nFROM query('FROM __launch_b()')",
            ),
            (
                "sql/internal/__launch_b.sql",
                "-- B.\n-- @returns x: BIGINT  x\n-- @example FROM __launch_b()\nSELECT __launch_s(1) AS __launch_a",
            ),
            (
                "sql/internal/__launch_s.sql",
                "-- S.\n-- @scalar\n-- @returns BIGINT  x\n-- @example __launch_s(1)\n1",
            ),
            (
                "sql/data/launch_x.sql",
                "-- X.\n-- @returns x: BIGINT  x\n-- @example FROM launch_x()\nFROM __launch_a() JOIN not__launch_a() USING (x)",
            ),
        ];
        let files = files.map(|(path, source)| read(path, source));
        let files = files.into_iter().collect::<Result<Vec<_>, _>>()?;
        assert_eq!(inner(&files[3], &files), BTreeSet::from([0, 1]));
        let written: Vec<String> = files
            .iter()
            .map(|file| parts(file, &files).join("__launch_x"))
            .collect();
        assert_eq!(written[0], "FROM query('FROM __launch_b__launch_x()')");
        assert_eq!(written[1], "SELECT __launch_s(1) AS __launch_a");
        assert_eq!(written[3], "FROM __launch_a__launch_x() JOIN not__launch_a() USING (x)");
        Ok(())
    }
}
