//! Reads a macro file: the comment header that documents it, and its body.
//!
//! ```sql
//! -- One or more sentences.
//! --
//! -- @param sales: VARCHAR                 the sales table
//! -- @param horizon: INTEGER = 13          periods to forecast
//! -- @returns product_id: same as input    the product
//! -- @example FROM launch_x('sales')
//! SELECT ...
//! ```
//!
//! `-- @scalar` marks a scalar macro, whose body is an expression and whose `@returns` is `TYPE text`. A line that
//! starts with no `@` continues the line before it. Two spaces separate a type of several words from its text.
//! Whole numbers are best declared BIGINT: DuckDB passes an INTEGER to it, but no BIGINT to an INTEGER parameter.

/// A macro as its file describes it.
#[derive(Debug, PartialEq)]
pub struct MacroFile<'a> {
    /// The file's name.
    pub name: &'a str,
    /// The folder's name.
    pub family: &'a str,
    /// Whether the body is an expression, not a query.
    pub scalar: bool,
    /// The sentences on top.
    pub description: String,
    /// In the order of the file.
    pub parameters: Vec<Parameter>,
    /// Columns, or the one value of a scalar macro.
    pub returns: Vec<Returned>,
    /// Calls that can be run.
    pub examples: Vec<String>,
    /// SQL.
    pub body: &'a str,
}

/// One `@param` line.
#[derive(Debug, PartialEq)]
pub struct Parameter {
    /// The name.
    pub name: String,
    /// The SQL type.
    pub sql_type: String,
    /// The default, a SQL literal.
    pub default: Option<String>,
    /// What it is.
    pub text: String,
}

/// One `@returns` line; `name` is empty for a scalar macro.
#[derive(Debug, PartialEq)]
pub struct Returned {
    /// The column's name.
    pub name: String,
    /// The SQL type.
    pub sql_type: String,
    /// What it is.
    pub text: String,
}

/// Reads the file at `path`, which is `sql/<family>/<name>.sql`.
///
/// # Errors
/// A mistake in it, with the file and the line.
pub fn parse<'a>(path: &'a str, source: &'a str) -> Result<MacroFile<'a>, String> {
    let fail = |line: usize, message: String| format!("{path}:{line}: {message}");
    let (family, name) = family_and_name(path).map_err(|message| fail(1, message))?;
    let (tags, body) = split(source);
    let mut file = MacroFile {
        name,
        family,
        scalar: tags.iter().any(|tag| tag.name == "scalar"),
        description: String::new(),
        parameters: Vec::new(),
        returns: Vec::new(),
        examples: Vec::new(),
        body,
    };
    for tag in tags {
        let read = match tag.name {
            "" => {
                file.description = tag.text;
                Ok(())
            }
            "scalar" => Ok(()),
            "param" => parameter(&tag.text).map(|parameter| file.parameters.push(parameter)),
            "returns" => returned(&tag.text, file.scalar).map(|returned| file.returns.push(returned)),
            "example" => {
                file.examples.push(tag.text);
                Ok(())
            }
            other => Err(format!(
                "@{other} is not known; there are @param, @returns, @example and @scalar"
            )),
        };
        read.map_err(|message| fail(tag.line, message))?;
    }
    let lacking = [
        ("a description before the first @ line", file.description.is_empty()),
        ("an @returns line", file.returns.is_empty()),
        ("an @example line", file.examples.is_empty()),
        ("a body", file.body.is_empty()),
    ];
    match lacking.iter().find(|(_, lacks)| *lacks) {
        Some((what, _)) => Err(fail(1, format!("{what} is missing"))),
        None => Ok(file),
    }
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

struct Tag<'a> {
    line: usize,
    /// Empty for the description.
    name: &'a str,
    text: String,
}

/// Splits off the comment lines on top, and groups them by the tag they belong to.
fn split(source: &str) -> (Vec<Tag<'_>>, &str) {
    let mut tags: Vec<Tag<'_>> = Vec::new();
    let mut header_bytes = 0;
    for (index, line) in source.split_inclusive('\n').enumerate() {
        let Some(comment) = line.trim().strip_prefix("--") else {
            if line.trim().is_empty() {
                header_bytes += line.len();
                continue;
            }
            break;
        };
        header_bytes += line.len();
        let comment = comment.trim();
        if let Some(tag) = comment.strip_prefix('@') {
            let (name, text) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
            tags.push(Tag {
                line: index + 1,
                name,
                text: text.trim().to_owned(),
            });
        } else if !comment.is_empty() {
            match tags.last_mut() {
                Some(tag) => {
                    tag.text.push(' ');
                    tag.text.push_str(comment);
                }
                None => tags.push(Tag {
                    line: index + 1,
                    name: "",
                    text: comment.to_owned(),
                }),
            }
        }
    }
    // A semicolon at the end is fine in a file, but not in a macro's body.
    let body = source
        .get(header_bytes..)
        .unwrap_or_default()
        .trim()
        .trim_end_matches(';')
        .trim_end();
    (tags, body)
}

fn parameter(text: &str) -> Result<Parameter, String> {
    let (name, rest) = named(text, "@param name: TYPE = default  text")?;
    let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
    let (sql_type, rest) = rest.split_at(end);
    let rest = rest.trim_start();
    let (default, text) = match rest.strip_prefix('=') {
        None => (None, rest),
        Some(after) => {
            let (literal, text) = literal(after.trim_start())?;
            (Some(literal.to_owned()), text)
        }
    };
    described(name, sql_type, text)?;
    Ok(Parameter {
        name: name.to_owned(),
        sql_type: sql_type.to_owned(),
        default,
        text: text.trim().to_owned(),
    })
}

/// A SQL literal and what follows it: `NULL`, `true`, `false`, a number, a `'text'` or a `[list]` of such.
fn literal(text: &str) -> Result<(&str, &str), String> {
    let unclosed = || format!("{text:?} has no end");
    let end = match text.chars().next() {
        // A quote that is doubled belongs to the text: two texts that touch each other.
        Some('\'') => {
            let mut end = 0;
            while text.get(end..).is_some_and(|rest| rest.starts_with('\'')) {
                end += 2 + text
                    .get(end + 1..)
                    .and_then(|rest| rest.find('\''))
                    .ok_or_else(unclosed)?;
            }
            end
        }
        Some('[') => text.find(']').ok_or_else(unclosed)? + 1,
        _ => text.find(char::is_whitespace).unwrap_or(text.len()),
    };
    let (literal, rest) = text.split_at(end);
    let plain = |word: &str| matches!(word.trim(), "NULL" | "true" | "false") || word.trim().parse::<f64>().is_ok();
    let items = literal.strip_prefix('[').and_then(|list| list.strip_suffix(']'));
    let quoted = |item: &str| item.trim().starts_with('\'') && item.trim().ends_with('\'') && item.trim().len() > 1;
    let known = match items {
        Some(list) => list.trim().is_empty() || list.split(',').all(|item| plain(item) || quoted(item)),
        None => plain(literal) || quoted(literal),
    };
    if known {
        Ok((literal, rest))
    } else {
        Err(format!(
            "{literal:?} is no literal: write NULL, true, false, a number, a 'text' or a [list]"
        ))
    }
}

fn returned(text: &str, scalar: bool) -> Result<Returned, String> {
    let (name, rest) = if scalar {
        ("", text)
    } else {
        named(text, "@returns column: TYPE  text")?
    };
    let (sql_type, text) = rest
        .split_once("  ")
        .or_else(|| rest.split_once(char::is_whitespace))
        .unwrap_or((rest, ""));
    described(if scalar { "the value" } else { name }, sql_type, text)?;
    Ok(Returned {
        name: name.to_owned(),
        sql_type: sql_type.to_owned(),
        text: text.trim().to_owned(),
    })
}

fn named<'t>(text: &'t str, form: &str) -> Result<(&'t str, &'t str), String> {
    match text.split_once(':') {
        Some((name, rest)) if is_identifier(name) => Ok((name, rest.trim())),
        _ => Err(format!("expected {form:?}, found {text:?}")),
    }
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn described(name: &str, sql_type: &str, text: &str) -> Result<(), String> {
    if sql_type.is_empty() {
        Err(format!("{name} has no type"))
    } else if text.trim().is_empty() {
        Err(format!("{name} has no text that says what it is"))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "sql/data/launch_doctor.sql";
    const SOURCE: &str = "\
-- Looks for problems. One row per check,
-- worst first.
--
-- @param sales: VARCHAR                       the sales table
-- @param products: VARCHAR = NULL             the products table,
--                                             if there is one
-- @param prices: DOUBLE[] = [0.9, 1.0, 1.1]   price factors
-- @returns product_id: same as input          the product
-- @returns affected: BIGINT rows concerned
-- @example FROM launch_doctor('sales')
SELECT 1 AS affected -- a comment in the body
FROM query_table(sales);
";

    #[test]
    fn a_table_macro() -> Result<(), String> {
        let file = parse(PATH, SOURCE)?;
        assert_eq!((file.family, file.name, file.scalar), ("data", "launch_doctor", false));
        assert_eq!(file.description, "Looks for problems. One row per check, worst first.");
        assert_eq!(file.parameters.len(), 3);
        assert_eq!(file.parameters[0].default, None);
        assert_eq!(file.parameters[1].default, Some("NULL".into()));
        assert_eq!(file.parameters[1].text, "the products table, if there is one");
        assert_eq!(file.parameters[2].sql_type, "DOUBLE[]");
        assert_eq!(file.parameters[2].default.as_deref(), Some("[0.9, 1.0, 1.1]"));
        assert_eq!(file.returns[0].sql_type, "same as input");
        assert_eq!(file.returns[1].text, "rows concerned");
        assert_eq!(file.examples, ["FROM launch_doctor('sales')"]);
        assert_eq!(
            file.body,
            "SELECT 1 AS affected -- a comment in the body\nFROM query_table(sales)"
        );
        Ok(())
    }

    #[test]
    fn a_scalar_macro() -> Result<(), String> {
        let source = "-- Doubles.\n-- @scalar\n-- @param x: DOUBLE  a number\n-- @returns DOUBLE twice as much\n\
                      -- @example launch_twice(2)\nx * 2\n";
        let file = parse("sql/utility/launch_twice.sql", source)?;
        assert!(file.scalar);
        assert_eq!(file.body, "x * 2");
        assert_eq!(
            (file.returns[0].name.as_str(), file.returns[0].sql_type.as_str()),
            ("", "DOUBLE")
        );
        Ok(())
    }

    #[test]
    fn a_mistake_names_file_and_line() {
        let cases = [
            (
                PATH,
                SOURCE.replace("@param sales:", "@param sales"),
                ":4: expected \"@param name: TYPE",
            ),
            (PATH, SOURCE.replace("= NULL", "= none"), ":5: \"none\" is no literal"),
            (
                PATH,
                SOURCE.replace("@example", "@exmaple"),
                ":10: @exmaple is not known",
            ),
            (PATH, SOURCE.replace("rows concerned", ""), ":9: affected has no text"),
            (PATH, "-- Text.\nSELECT 1".into(), ":1: an @returns line is missing"),
            (
                "sql/data/doctor.sql",
                SOURCE.into(),
                ":1: the name of a macro in sql/data starts with launch_",
            ),
            (
                "sql/internal/launch_x.sql",
                SOURCE.into(),
                ":1: the name of a macro in sql/internal starts with __launch_",
            ),
        ];
        for (path, source, expected) in cases {
            let message = match parse(path, &source) {
                Ok(_) => "no error".into(),
                Err(error) => error,
            };
            assert!(message.starts_with(&format!("{path}{expected}")), "{message}");
        }
    }

    #[test]
    fn every_kind_of_literal_and_what_follows() {
        let cases = [
            "NULL|  text",
            "true|",
            "13| periods",
            "-1.5|  text",
            "'week'|  text",
            "'it''s'|",
            "''| none",
            "[0.9, 1]|  text",
            "[]|",
            "['a', 'b']|",
        ];
        for case in cases {
            let (expected, rest) = case.split_once('|').unwrap();
            assert_eq!(literal(&case.replace('|', "")), Ok((expected, rest)), "{case}");
        }
        for text in ["week", "", "'open", "[1, 2", "[1 2]", "[a]", "now()"] {
            assert!(literal(text).is_err(), "{text}");
        }
    }
}
