//! Signatures from headers: of macros and of functions in Rust.

use duckdb_neo::{
    Error, Parameters, ToValue,
    connection::FFILink,
    extension::Extension,
    logical_type::LogicalType,
    signature::{FunctionDocumentationBuilder, FunctionParameter, FunctionParameterKind, SignatureBuilder},
    types::Any,
    value::Value,
};

use super::{
    answer::Answer,
    function::{Function, Shared, category},
};
use crate::header::{Header, Parameter};

/// The signature of a function in Rust that belongs to a family.
///
/// # Errors
/// A mistake in its header, among them columns that are not those of the answer; one of DuckDB.
pub fn of_function<F: Function>(extension: &Extension, family: &str) -> duckdb_neo::Result<SignatureBuilder> {
    let shared = |about: String, (tag, lines): &Shared| about.replace(tag, lines);
    let about = F::SHARED.iter().fold(F::ABOUT.to_owned(), shared);
    let header = Header::parse(&about)
        .map_err(|(line, message)| Error::api_error(format!("line {line} of its header: {message}")))?;
    let found = F::Answer::columns(extension)?;
    let columns = header.returns.iter().filter(|returned| !returned.name.is_empty());
    let columns: Vec<_> = columns.map(|c| (c.name.clone(), c.sql_type.clone())).collect();
    if !columns.is_empty() && columns != found {
        return Err(Error::api_error(format!(
            "its header has columns {columns:?}, its answer {found:?}"
        )));
    }
    let signature = SignatureBuilder::new()
        .return_type(F::Answer::sql_type(extension)?)
        .documentation(documentation(&header, category(F::NAME, family)));
    header.parameters.iter().try_fold(signature, |signature, parameter| {
        let declared = match parameter.sql_type.as_str() {
            "ANY" => FunctionParameter::new::<Any>(&parameter.name),
            sql_type => FunctionParameter::with_type(&parameter.name, LogicalType::from_text(extension, sql_type)?),
        };
        let by_name = parameter.named || parameter.default.is_some();
        let declared = if by_name {
            declared.kind(FunctionParameterKind::Named)
        } else {
            declared
        };
        Ok(signature.param(with_default(declared, parameter)))
    })
}

/// The parameters of a macro.
///
/// # Errors
/// One of DuckDB, such as a type that it does not know.
pub fn of_macro(extension: &Extension, header: &Header) -> duckdb_neo::Result<SignatureBuilder> {
    header
        .parameters
        .iter()
        .try_fold(SignatureBuilder::new(), |signature, parameter| {
            // DuckDB casts no text to a typed macro parameter, but a date is usually written as '2026-01-31': dates stay
            // untyped, and bodies cast them.
            let declared = match parameter.sql_type.to_ascii_uppercase().as_str() {
                "ANY" | "DATE" | "DATE[]" | "TIMESTAMP" => FunctionParameter::new::<Any>(&parameter.name),
                sql_type => FunctionParameter::with_type(&parameter.name, logical_type(extension, sql_type)?),
            };
            Ok(signature.param(with_default(declared, parameter)))
        })
}

/// What the catalog says, in the one text format that the docs are generated from: parameters and output, one a line.
pub fn documentation(header: &Header, category: &str) -> FunctionDocumentationBuilder {
    let documentation = FunctionDocumentationBuilder::new()
        .description(text(header))
        .add_category(category);
    let add = |documentation: FunctionDocumentationBuilder, example: &String| documentation.add_example("", example);
    header.examples.iter().fold(documentation, add)
}

fn text(header: &Header) -> String {
    let mut lines = vec![header.description.clone()];
    if !header.parameters.is_empty() {
        lines.push("Parameters:".to_owned());
    }
    lines.extend(header.parameters.iter().map(|p| {
        let default = p
            .default
            .as_ref()
            .map_or_else(String::new, |value| format!(" = {value}"));
        format!("- {} {}{default}: {}", p.name, p.sql_type, p.text)
    }));
    match &header.returns[..] {
        [value] if value.name.is_empty() => lines.push(format!("Returns {}: {}", value.sql_type, value.text)),
        columns => {
            lines.push("Columns:".to_owned());
            lines.extend(
                columns
                    .iter()
                    .map(|c| format!("- {} {}: {}", c.name, c.sql_type, c.text)),
            );
        }
    }
    lines.join("\n")
}

fn with_default(declared: FunctionParameter, parameter: &Parameter) -> FunctionParameter {
    match &parameter.default {
        Some(literal) => declared.default_value(Default {
            literal: literal.clone(),
            sql_type: parameter.sql_type.clone(),
        }),
        None => declared,
    }
}

/// A default in the declared type of its parameter, so that `DOUBLE = 1` is a double.
struct Default {
    literal: String,
    sql_type: String,
}

impl ToValue for Default {
    fn value<C: FFILink + ?Sized>(&self, link: &C) -> duckdb_neo::Result<Value> {
        if self.literal == "NULL" {
            // NULL of any type becomes that of the parameter.
            return Value::null(link, &logical_type(link, "\"NULL\"")?);
        }
        let quoted = self.literal.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        let text = quoted.map_or_else(|| self.literal.clone(), |text| text.replace("''", "'"));
        if self.sql_type.eq_ignore_ascii_case("ANY") {
            return text.value(link);
        }
        // DuckDB reads numbers, booleans and lists from text.
        text.value(link)?.cast(link, &logical_type(link, &self.sql_type)?)
    }
}

/// The type that `name` stands for; `[]` at its end makes a list.
fn logical_type<C: FFILink + ?Sized>(link: &C, name: &str) -> duckdb_neo::Result<LogicalType> {
    match name.strip_suffix("[]") {
        Some(item) => {
            let item = Value::from_logical_type(link, &logical_type(link, item)?)?;
            link.logical_type_create("LIST", Parameters::positional(&[&item]))
        }
        None => link.logical_type_create(name, Parameters::None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_lists_parameters_and_columns() {
        let about = "Looks at sales.\n@param sales: VARCHAR  the sales table\n@param horizon: INTEGER = 13  periods\n\
                     @returns check: VARCHAR  what was looked at\n@example FROM x";
        assert_eq!(
            text(&Header::parse(about).unwrap()),
            "Looks at sales.\nParameters:\n- sales VARCHAR: the sales table\n- horizon INTEGER = 13: periods\n\
             Columns:\n- check VARCHAR: what was looked at"
        );
    }
}
