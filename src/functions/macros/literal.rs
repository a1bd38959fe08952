//! The SQL literals a macro parameter may have as its default.

use duckdb_neo::{
    DuckDBType, Parameters, Result, ToValue,
    connection::FFILink,
    logical_type::LogicalType,
    value::{Value, ValueInput},
};

/// A parsed literal.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `NULL`
    Null,
    /// `true`, `false`
    Boolean(bool),
    /// `13`
    Integer(i64),
    /// `0.8`
    Double(f64),
    /// `'week'`, quotes doubled inside
    Text(String),
    /// `[0.9, 1.0]`
    List(Vec<Literal>),
}

impl Literal {
    /// Reads a literal at the start of `text`; returns it and what follows it.
    pub fn parse(text: &str) -> std::result::Result<(Literal, &str), String> {
        let text = text.trim_start();
        match text.chars().next() {
            Some('\'') => parse_text(text),
            Some('[') => parse_list(text),
            Some(_) => parse_word(text),
            None => Err("a default value is missing after '='".into()),
        }
    }
}

fn parse_text(text: &str) -> std::result::Result<(Literal, &str), String> {
    let mut value = String::new();
    let mut rest = text.get(1..).unwrap_or_default();
    loop {
        let Some((before, after)) = rest.split_once('\'') else {
            return Err(format!("the text {text} has no closing quote"));
        };
        value.push_str(before);
        match after.strip_prefix('\'') {
            Some(after) => {
                value.push('\'');
                rest = after;
            }
            None => return Ok((Literal::Text(value), after)),
        }
    }
}

fn parse_list(text: &str) -> std::result::Result<(Literal, &str), String> {
    let mut items = Vec::new();
    let mut rest = text.get(1..).unwrap_or_default().trim_start();
    if let Some(rest) = rest.strip_prefix(']') {
        return Ok((Literal::List(items), rest));
    }
    loop {
        let (item, after) = Literal::parse(rest)?;
        items.push(item);
        let after = after.trim_start();
        if let Some(after) = after.strip_prefix(']') {
            return Ok((Literal::List(items), after));
        }
        let Some(after) = after.strip_prefix(',') else {
            return Err(format!("the list {text} needs ',' or ']' before {after:?}"));
        };
        rest = after;
    }
}

fn parse_word(text: &str) -> std::result::Result<(Literal, &str), String> {
    let end = text
        .find(|c: char| c.is_whitespace() || c == ',' || c == ']')
        .unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let literal = match word.to_ascii_lowercase().as_str() {
        "null" => Literal::Null,
        "true" => Literal::Boolean(true),
        "false" => Literal::Boolean(false),
        _ => match (word.parse::<i64>(), word.parse::<f64>()) {
            (Ok(number), _) => Literal::Integer(number),
            (_, Ok(number)) if number.is_finite() => Literal::Double(number),
            _ => {
                return Err(format!(
                    "{word:?} is no literal: write NULL, true, false, a number, a 'text' or a [list]"
                ));
            }
        },
    };
    Ok((literal, rest))
}

impl ToValue for Literal {
    fn value<C: FFILink + ?Sized>(&self, link: &C) -> Result<Value> {
        match self {
            Literal::Null => Value::null(link, &null_type(link)?),
            Literal::Boolean(value) => value.value(link),
            // What a number written in a query would be.
            Literal::Integer(value) => match i32::try_from(*value) {
                Ok(value) => value.value(link),
                Err(_) => value.value(link),
            },
            Literal::Double(value) => value.value(link),
            Literal::Text(value) => value.value(link),
            Literal::List(items) => list_value(items, link),
        }
    }
}

fn null_type<C: FFILink + ?Sized>(link: &C) -> Result<LogicalType> {
    link.logical_type_create("\"NULL\"", Parameters::None)
}

fn list_value<C: FFILink + ?Sized>(items: &[Literal], link: &C) -> Result<Value> {
    // Of the items' types the widest one, so that [1, 2.5] is a list of doubles.
    let child_type = match items {
        [] => null_type(link)?,
        _ if items.iter().any(|item| matches!(item, Literal::Text(_))) => String::logical_type(link)?,
        _ if items.iter().any(|item| matches!(item, Literal::Double(_))) => f64::logical_type(link)?,
        [first, ..] => first.value(link)?.logical_type()?,
    };
    let children = items
        .iter()
        .map(|item| item.value(link)?.cast(link, &child_type))
        .collect::<Result<Vec<_>>>()?;
    link.create_value(ValueInput::List {
        child_type: &child_type,
        children: &children,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> std::result::Result<(Literal, &str), String> {
        Literal::parse(text)
    }

    #[test]
    fn every_kind_of_literal_and_what_follows() {
        let cases = [
            ("NULL  text", Literal::Null, "  text"),
            ("true", Literal::Boolean(true), ""),
            ("13 periods", Literal::Integer(13), " periods"),
            ("-1.5  text", Literal::Double(-1.5), "  text"),
            ("'week'  text", Literal::Text("week".into()), "  text"),
            ("'it''s'", Literal::Text("it's".into()), ""),
            (
                "[0.9, 1]  text",
                Literal::List(vec![Literal::Double(0.9), Literal::Integer(1)]),
                "  text",
            ),
            ("[]", Literal::List(vec![]), ""),
            (
                "['a', 'b']",
                Literal::List(vec![Literal::Text("a".into()), Literal::Text("b".into())]),
                "",
            ),
        ];
        for (text, literal, rest) in cases {
            assert_eq!(parsed(text), Ok((literal, rest)), "{text}");
        }
    }

    #[test]
    fn what_is_no_literal_is_named() {
        for text in ["week", "", "'open", "[1, 2", "[1 2]", "inf", "now()"] {
            assert!(parsed(text).is_err(), "{text}");
        }
    }
}
