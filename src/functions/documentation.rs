//! What the catalog says of a function, in the one text format that the docs are generated from.

use std::fmt::Write as _;

use duckdb_neo::{
    Error,
    extension::Extension,
    signature::{FunctionDocumentationBuilder, SignatureBuilder},
};

use super::{answer::Answer, parameter::Parameter};

/// What a function in Rust says of itself.
pub struct About {
    /// Sentences; the first one is the line in the README's table.
    pub description: &'static str,
    /// By position first, then by name.
    pub parameters: Vec<Parameter>,
    /// What it returns.
    pub returns: Returns,
    /// Calls that run on the tables of `tests/fixtures/example_tables.sql`.
    pub examples: &'static [&'static str],
}

/// What a function returns.
pub enum Returns {
    /// One value.
    Value(&'static str),
    /// A list of structs, which make the columns of a table: a text for each field.
    Columns(&'static [(&'static str, &'static str)]),
}

impl About {
    /// The signature of the function, with its documentation.
    ///
    /// # Errors
    /// Columns that are not those of the answer; one of DuckDB.
    pub fn signature<A: Answer>(self, extension: &Extension, category: &str) -> duckdb_neo::Result<SignatureBuilder> {
        let sql_type = A::sql_type(extension)?;
        let parameters = self
            .parameters
            .iter()
            .map(|parameter| parameter.documented(extension))
            .collect::<duckdb_neo::Result<Vec<_>>>()?;
        let returns = match self.returns {
            Returns::Value(text) => vec![ReturnText {
                name: String::new(),
                sql_type: sql_type.to_text()?,
                text: text.to_owned(),
            }],
            Returns::Columns(texts) => described(A::columns(extension)?, texts)?,
        };
        let documentation = Documentation {
            description: self.description.to_owned(),
            parameters,
            returns,
            examples: self.examples.iter().map(|example| (*example).to_owned()).collect(),
            category: category.to_owned(),
        };
        let signature = SignatureBuilder::new()
            .return_type(sql_type)
            .documentation(documentation.build());
        let declare = |signature: SignatureBuilder, parameter: Parameter| signature.param(parameter.declared);
        Ok(self.parameters.into_iter().fold(signature, declare))
    }
}

/// Each column with its text.
fn described(columns: Vec<(String, String)>, texts: &[(&str, &str)]) -> duckdb_neo::Result<Vec<ReturnText>> {
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    if !names.iter().eq(texts.iter().map(|(name, _)| name)) {
        return Err(Error::api_error(format!(
            "the columns {names:?} are not those described"
        )));
    }
    let returned = |((name, sql_type), (_, text)): ((String, String), &(&str, &str))| ReturnText {
        name,
        sql_type,
        text: (*text).to_owned(),
    };
    Ok(columns.into_iter().zip(texts).map(returned).collect())
}

/// What the catalog says about a parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterText {
    /// The name, as used in `name := value`.
    pub name: String,
    /// The SQL type.
    pub sql_type: String,
    /// The SQL literal taken when the caller gives none.
    pub default: Option<String>,
    /// What it is.
    pub text: String,
}

/// What the catalog says about an output column, or (with an empty name) about the value of a scalar or aggregate.
#[derive(Debug, Clone, PartialEq)]
pub struct ReturnText {
    /// The column's name, empty for a single value.
    pub name: String,
    /// The SQL type.
    pub sql_type: String,
    /// What it is.
    pub text: String,
}

/// The documentation of one function or macro.
#[derive(Debug, Clone)]
pub struct Documentation {
    /// Sentences; the first one is the line in the README's table.
    pub description: String,
    /// In the order of the signature.
    pub parameters: Vec<ParameterText>,
    /// In the order of the output.
    pub returns: Vec<ReturnText>,
    /// Calls that can be run.
    pub examples: Vec<String>,
    /// The family: the folder of its source and of its tests.
    pub category: String,
}

impl Documentation {
    /// The description with the parameters and the output, one per line.
    pub fn text(&self) -> String {
        let mut text = self.description.clone();
        if !self.parameters.is_empty() {
            text.push_str("\nParameters:");
        }
        for parameter in &self.parameters {
            let default = parameter.default.as_ref().map(|value| format!(" = {value}"));
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "\n- {} {}{}: {}",
                parameter.name,
                parameter.sql_type,
                default.unwrap_or_default(),
                parameter.text
            );
        }
        match &self.returns[..] {
            [] => {}
            [value] if value.name.is_empty() => {
                let _ = write!(text, "\nReturns {}: {}", value.sql_type, value.text);
            }
            columns => {
                text.push_str("\nColumns:");
                for column in columns {
                    let _ = write!(text, "\n- {} {}: {}", column.name, column.sql_type, column.text);
                }
            }
        }
        text
    }

    /// The form in which a signature takes it.
    pub fn build(&self) -> FunctionDocumentationBuilder {
        let documentation = FunctionDocumentationBuilder::new()
            .description(self.text())
            .add_category(&self.category);
        let add =
            |documentation: FunctionDocumentationBuilder, example: &String| documentation.add_example("", example);
        self.examples.iter().fold(documentation, add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(name: &str, sql_type: &str, default: Option<&str>, text: &str) -> ParameterText {
        ParameterText {
            name: name.into(),
            sql_type: sql_type.into(),
            default: default.map(Into::into),
            text: text.into(),
        }
    }

    #[test]
    fn the_text_lists_parameters_and_columns() -> duckdb_neo::Result<()> {
        let columns = vec![("check".to_owned(), "VARCHAR".to_owned())];
        let documentation = Documentation {
            description: "Looks at sales.".into(),
            parameters: vec![
                parameter("sales", "VARCHAR", None, "the sales table"),
                parameter("horizon", "INTEGER", Some("13"), "periods"),
            ],
            returns: described(columns, &[("check", "what was looked at")])?,
            examples: vec![],
            category: "data".into(),
        };
        assert_eq!(
            documentation.text(),
            "Looks at sales.\nParameters:\n- sales VARCHAR: the sales table\n- horizon INTEGER = 13: periods\n\
             Columns:\n- check VARCHAR: what was looked at"
        );
        Ok(())
    }

    #[test]
    fn columns_that_are_not_those_of_the_answer_are_told() {
        let columns = vec![("check".to_owned(), "VARCHAR".to_owned())];
        assert!(described(columns, &[("checks", "what was looked at")]).is_err());
    }
}
