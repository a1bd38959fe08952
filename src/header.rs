//! The text that says what a SQL function is: its parameters, what it returns, and how it is called.
//!
//! ```text
//! One or more sentences.
//!
//! @param sales: VARCHAR                 the sales table
//! @param horizon: BIGINT = 13           periods to forecast
//! @named cutoffs: DATE[]                origins
//! @returns product_id: same as input    the product
//! @example FROM launch_x('sales')
//! ```
//!
//! In a file of `sql/` each line is a comment. A line that starts with no `@` continues the line before it. A function in
//! Rust takes parameters with a default, and those behind `@named`, by name only. `@returns TYPE  text`, without a name,
//! is for one value; `@scalar` marks a scalar macro, whose body is an expression. Two spaces separate a type of several
//! words from its text. Whole numbers are best declared BIGINT: DuckDB passes an INTEGER to it, but no BIGINT to an
//! INTEGER parameter.

/// What a function says of itself.
#[derive(Debug, PartialEq, Default)]
pub struct Header {
    /// Whether it is a scalar macro.
    pub scalar: bool,
    /// The sentences on top; the first one is the line in the README's table.
    pub description: String,
    /// In the order of the signature.
    pub parameters: Vec<Parameter>,
    /// Columns, or one value.
    pub returns: Vec<Returned>,
    /// Calls that run on the tables of `tests/fixtures/example_tables.sql`.
    pub examples: Vec<String>,
}

/// One `@param` or `@named` line.
#[derive(Debug, PartialEq)]
pub struct Parameter {
    /// The name, as used in `name := value`.
    pub name: String,
    /// The SQL type.
    pub sql_type: String,
    /// The SQL literal taken when the caller gives none.
    pub default: Option<String>,
    /// Whether it is behind `@named`.
    pub named: bool,
    /// What it is.
    pub text: String,
}

/// One `@returns` line; `name` is empty for one value.
#[derive(Debug, PartialEq)]
pub struct Returned {
    /// The column's name.
    pub name: String,
    /// The SQL type.
    pub sql_type: String,
    /// What it is.
    pub text: String,
}

impl Header {
    /// Read a header.
    ///
    /// # Errors
    /// The line of a mistake, from 1, and what it is.
    pub fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut header = Self::default();
        for tag in tags(text) {
            header.take(&tag).map_err(|message| (tag.line, message))?;
        }
        let lacking = [
            ("a description before the first @ line", header.description.is_empty()),
            ("an @returns line", header.returns.is_empty()),
            ("an @example line", header.examples.is_empty()),
        ];
        match lacking.iter().find(|(_, lacks)| *lacks) {
            Some((what, _)) => Err((1, format!("{what} is missing"))),
            None => Ok(header),
        }
    }

    fn take(&mut self, tag: &Tag<'_>) -> Result<(), String> {
        match tag.name {
            "" => self.description.clone_from(&tag.text),
            "scalar" => self.scalar = true,
            "param" | "named" => self.parameters.push(parameter(&tag.text, tag.name == "named")?),
            "returns" => self.returns.push(returned(&tag.text)?),
            "example" => self.examples.push(tag.text.clone()),
            other => {
                return Err(format!(
                    "@{other} is not known; there are @param, @named, @returns, @example and @scalar"
                ));
            }
        }
        Ok(())
    }
}

struct Tag<'a> {
    line: usize,
    /// Empty for the description.
    name: &'a str,
    text: String,
}

/// The lines by the tag they belong to.
fn tags(text: &str) -> Vec<Tag<'_>> {
    let mut tags: Vec<Tag<'_>> = Vec::new();
    for (index, line) in text.lines().map(str::trim).enumerate() {
        let (name, text) = match line.strip_prefix('@') {
            Some(tag) => tag.split_once(char::is_whitespace).unwrap_or((tag, "")),
            None if line.is_empty() => continue,
            None => ("", line),
        };
        match tags.last_mut() {
            Some(tag) if name.is_empty() => {
                tag.text.push(' ');
                tag.text.push_str(text);
            }
            _ => tags.push(Tag {
                line: index + 1,
                name,
                text: text.trim().to_owned(),
            }),
        }
    }
    tags
}

fn parameter(text: &str, by_name: bool) -> Result<Parameter, String> {
    let (name, rest) =
        named(text).ok_or_else(|| format!("expected \"@param name: TYPE = default  text\", found {text:?}"))?;
    let mut depth = 0_i32;
    let ends = |c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0 && (c.is_whitespace() || c == '=')
    };
    let end = rest.find(ends).unwrap_or(rest.len());
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
        named: by_name,
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

fn returned(text: &str) -> Result<Returned, String> {
    let (name, rest) = named(text).unwrap_or(("", text));
    let (sql_type, text) = rest
        .split_once("  ")
        .or_else(|| rest.split_once(char::is_whitespace))
        .unwrap_or((rest, ""));
    described(if name.is_empty() { "the value" } else { name }, sql_type, text)?;
    Ok(Returned {
        name: name.to_owned(),
        sql_type: sql_type.to_owned(),
        text: text.trim().to_owned(),
    })
}

fn named(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once(':')?;
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(word)).then(|| (name, rest.trim()))
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

    const TEXT: &str = "\
Looks for problems. One row per check,
worst first.

@param sales: VARCHAR                       the sales table
@param products: VARCHAR = NULL             the products table,
                                            if there is one
@param prices: DOUBLE[] = [0.9, 1.0, 1.1]   price factors
@named shape: STRUCT(a BIGINT, b DOUBLE)[]  two numbers
@returns product_id: same as input          the product
@returns affected: BIGINT rows concerned
@example FROM launch_doctor('sales')
";

    #[test]
    fn a_header_is_read() {
        let header = Header::parse(TEXT).unwrap();
        assert_eq!(
            header.description,
            "Looks for problems. One row per check, worst first."
        );
        assert_eq!(header.parameters.len(), 4);
        assert_eq!(header.parameters[0].default, None);
        assert_eq!(header.parameters[1].default, Some("NULL".into()));
        assert_eq!(header.parameters[1].text, "the products table, if there is one");
        assert_eq!(header.parameters[2].sql_type, "DOUBLE[]");
        assert_eq!(header.parameters[2].default.as_deref(), Some("[0.9, 1.0, 1.1]"));
        assert_eq!(header.parameters[3].sql_type, "STRUCT(a BIGINT, b DOUBLE)[]");
        assert!(header.parameters[3].named && !header.parameters[2].named);
        assert_eq!(header.returns[0].sql_type, "same as input");
        assert_eq!(header.returns[1].text, "rows concerned");
        assert_eq!(header.examples, ["FROM launch_doctor('sales')"]);
    }

    #[test]
    fn one_value_has_no_name() {
        let header =
            Header::parse("Doubles.\n@scalar\n@returns DOUBLE[]  twice: as much\n@example launch_twice(2)").unwrap();
        let returned = &header.returns[0];
        assert!(header.scalar && returned.name.is_empty());
        assert_eq!(
            (returned.sql_type.as_str(), returned.text.as_str()),
            ("DOUBLE[]", "twice: as much")
        );
    }

    #[test]
    fn a_mistake_has_a_line() {
        let cases = [
            ("@param sales:", "@param sales", 4, "expected \"@param name: TYPE"),
            ("= NULL", "= none", 5, "\"none\" is no literal"),
            ("@example", "@exmaple", 11, "@exmaple is not known"),
            ("rows concerned", "", 10, "affected has no text"),
        ];
        for (right, wrong, line, expected) in cases {
            let (found, message) = Header::parse(&TEXT.replace(right, wrong)).unwrap_err();
            assert!(found == line && message.starts_with(expected), "{found}: {message}");
        }
        assert_eq!(
            Header::parse("Text."),
            Err((1, "an @returns line is missing".to_owned()))
        );
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
