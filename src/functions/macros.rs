//! Registers the macros under `sql/`, which are part of the library.

mod copies;
mod header;
mod literal;

use duckdb_neo::{
    Error, Parameters, ToValue,
    connection::FFILink,
    extension::Extension,
    logical_type::LogicalType,
    macro_function::{MacroBody, MacroFunctionBuilder},
    signature::{FunctionDocumentationBuilder, FunctionParameter, SignatureBuilder},
    types::Any,
    value::Value,
};

use self::header::{MacroFile, Parameter};
use self::literal::Literal;
use super::documentation::{Documentation, ParameterText, ReturnText};
use super::guard::Failure;

/// Path and text of every macro file, helpers first.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/macro_files.rs"));

/// Registers all macros, the public ones with inner table macros of their own.
pub fn register(extension: &Extension) -> Result<(), Failure> {
    let files = FILES
        .iter()
        .map(|(path, source)| header::parse(path, source))
        .collect::<Result<Vec<_>, _>>()?;
    for file in &files {
        let failed = |error: Error| Failure::new(format!("sql/{}/{}.sql: {}", file.family, file.name, error.message));
        if file.scalar || file.family == "internal" {
            register_macro(extension, file, file.name, file.body, true).map_err(failed)?;
            continue;
        }
        for own in copies::own(file, &files) {
            register_macro(extension, own.file, &own.name, &own.body, own.name == file.name).map_err(failed)?;
        }
    }
    Ok(())
}

/// Registers the macro of a file under a name. Copies are not documented: they would fill the catalog with the same.
fn register_macro(
    extension: &Extension,
    file: &MacroFile<'_>,
    name: &str,
    body: &str,
    documented: bool,
) -> duckdb_neo::Result<()> {
    let signature = file
        .parameters
        .iter()
        .try_fold(SignatureBuilder::new(), |signature, parameter| {
            Ok::<_, Error>(signature.param(declare(extension, parameter)?))
        })?;
    let signature = if documented {
        signature.documentation(document(file))
    } else {
        signature
    };
    let body = body.to_owned();
    let body = if file.scalar {
        MacroBody::Scalar(body)
    } else {
        MacroBody::Table(body)
    };
    MacroFunctionBuilder::new(name, signature, body).register(extension)
}

fn document(file: &MacroFile<'_>) -> FunctionDocumentationBuilder {
    let parameters: Vec<_> = file
        .parameters
        .iter()
        .map(|parameter| ParameterText {
            name: &parameter.name,
            sql_type: &parameter.sql_type,
            default: parameter.default.as_ref().map(|(written, _)| written.as_str()),
            text: &parameter.text,
        })
        .collect();
    let returns: Vec<_> = file
        .returns
        .iter()
        .map(|returned| ReturnText {
            name: &returned.name,
            sql_type: &returned.sql_type,
            text: &returned.text,
        })
        .collect();
    let examples: Vec<_> = file.examples.iter().map(String::as_str).collect();
    Documentation {
        description: &file.description,
        parameters: &parameters,
        returns: &returns,
        examples: &examples,
        category: file.family,
    }
    .build()
}

fn declare(extension: &Extension, parameter: &Parameter) -> duckdb_neo::Result<FunctionParameter> {
    // DuckDB casts no text to a typed macro parameter, but a date is usually written as '2026-01-31': dates stay
    // untyped, and bodies cast them.
    let untyped = matches!(
        parameter.sql_type.to_ascii_uppercase().as_str(),
        "ANY" | "DATE" | "DATE[]" | "TIMESTAMP"
    );
    let declared = if untyped {
        FunctionParameter::new::<Any>(&parameter.name)
    } else {
        FunctionParameter::with_type(&parameter.name, logical_type(extension, &parameter.sql_type)?)
    };
    Ok(match &parameter.default {
        Some((_, literal)) => declared.default_value(TypedLiteral {
            literal: literal.clone(),
            sql_type: parameter.sql_type.clone(),
        }),
        None => declared,
    })
}

/// A default in the declared type of its parameter, so that `DOUBLE = 1` is a double.
struct TypedLiteral {
    literal: Literal,
    sql_type: String,
}

impl ToValue for TypedLiteral {
    fn value<C: FFILink + ?Sized>(&self, link: &C) -> duckdb_neo::Result<Value> {
        if self.sql_type.eq_ignore_ascii_case("any") {
            return self.literal.value(link);
        }
        let sql_type = logical_type(link, &self.sql_type)?;
        match &self.literal {
            Literal::Null => Value::null(link, &sql_type),
            literal => literal.value(link)?.cast(link, &sql_type),
        }
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
    fn every_macro_file_can_be_read() -> Result<(), header::HeaderError> {
        FILES
            .iter()
            .try_for_each(|(path, source)| header::parse(path, source).map(|_| ()))
    }
}
