//! Registers the macros under `sql/`, which are part of the library.

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

use super::documentation::{Documentation, ParameterText, ReturnText};
use super::guard::Failure;

/// A macro as its file describes it; `src/macro_files` reads the files when the crate is built.
struct MacroFile {
    name: &'static str,
    family: &'static str,
    /// Whether the body is an expression, not a query.
    scalar: bool,
    description: &'static str,
    parameters: &'static [Parameter],
    returns: &'static [Returned],
    examples: &'static [&'static str],
    /// SQL, cut behind the name of each inner table macro that it calls.
    body: &'static [&'static str],
    /// The inner table macros that it uses, by their numbers in [`FILES`].
    inner: &'static [usize],
}

struct Parameter {
    name: &'static str,
    sql_type: &'static str,
    /// A SQL literal.
    default: Option<&'static str>,
    text: &'static str,
}

struct Returned {
    /// Empty for a scalar macro.
    name: &'static str,
    sql_type: &'static str,
    text: &'static str,
}

/// All macros, helpers first.
const FILES: &[MacroFile] = include!(concat!(env!("OUT_DIR"), "/macro_files.rs"));

/// Registers all macros, the public ones with inner table macros of their own.
///
/// # Errors
/// One of DuckDB, with the file.
pub fn register(extension: &Extension) -> Result<(), Failure> {
    for file in FILES {
        let failed = |error: Error| Failure::new(format!("sql/{}/{}.sql: {}", file.family, file.name, error.message));
        if file.scalar || file.family == "internal" {
            register_macro(extension, file, "").map_err(failed)?;
            continue;
        }
        let suffix = format!("__{}", file.name);
        let inner = file.inner.iter().filter_map(|&number| FILES.get(number));
        for file in inner.chain([file]) {
            register_macro(extension, file, &suffix).map_err(failed)?;
        }
    }
    Ok(())
}

/// Registers a macro that calls inner macros with a suffix to their names, which it has itself if it is one. Such
/// copies are not documented: they would fill the catalog with the same.
fn register_macro(extension: &Extension, file: &MacroFile, suffix: &str) -> duckdb_neo::Result<()> {
    let copy = file.family == "internal" && !suffix.is_empty();
    let signature = file
        .parameters
        .iter()
        .try_fold(SignatureBuilder::new(), |signature, parameter| {
            Ok::<_, Error>(signature.param(declare(extension, parameter)?))
        })?;
    let signature = if copy {
        signature
    } else {
        signature.documentation(document(file))
    };
    let body = file.body.join(suffix);
    let body = if file.scalar {
        MacroBody::Scalar(body)
    } else {
        MacroBody::Table(body)
    };
    let name = format!("{}{}", file.name, if copy { suffix } else { "" });
    MacroFunctionBuilder::new(name, signature, body).register(extension)
}

fn document(file: &MacroFile) -> FunctionDocumentationBuilder {
    let parameters = file.parameters.iter().map(|parameter| ParameterText {
        name: parameter.name.to_owned(),
        sql_type: parameter.sql_type.to_owned(),
        default: parameter.default.map(str::to_owned),
        text: parameter.text.to_owned(),
    });
    let returns = file.returns.iter().map(|returned| ReturnText {
        name: returned.name.to_owned(),
        sql_type: returned.sql_type.to_owned(),
        text: returned.text.to_owned(),
    });
    Documentation {
        description: file.description.to_owned(),
        parameters: parameters.collect(),
        returns: returns.collect(),
        examples: file.examples.iter().map(|example| (*example).to_owned()).collect(),
        category: file.family.to_owned(),
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
        FunctionParameter::new::<Any>(parameter.name)
    } else {
        FunctionParameter::with_type(parameter.name, logical_type(extension, parameter.sql_type)?)
    };
    Ok(match parameter.default {
        Some(literal) => declared.default_value(Default {
            literal,
            sql_type: parameter.sql_type,
        }),
        None => declared,
    })
}

/// A default in the declared type of its parameter, so that `DOUBLE = 1` is a double.
struct Default {
    literal: &'static str,
    sql_type: &'static str,
}

impl ToValue for Default {
    fn value<C: FFILink + ?Sized>(&self, link: &C) -> duckdb_neo::Result<Value> {
        let untyped = self.sql_type.eq_ignore_ascii_case("any");
        let sql_type = logical_type(link, if untyped { "\"NULL\"" } else { self.sql_type })?;
        if self.literal == "NULL" {
            return Value::null(link, &sql_type);
        }
        let quoted = self.literal.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        let text = quoted.map_or_else(|| self.literal.to_owned(), |text| text.replace("''", "'"));
        // DuckDB reads numbers, booleans and lists from text.
        text.value(link)?.cast(link, &sql_type)
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
