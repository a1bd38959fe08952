//! The one text format of all entries in `duckdb_functions()`, which the docs are generated from.

use std::fmt::Write as _;

use duckdb_neo::signature::FunctionDocumentationBuilder;

/// What the catalog says about a parameter. `default` is a SQL literal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParameterText<'a> {
    /// The name, as used in `name := value`.
    pub name: &'a str,
    /// The SQL type.
    pub sql_type: &'a str,
    /// The SQL literal taken when the caller gives none.
    pub default: Option<&'a str>,
    /// What it is.
    pub text: &'a str,
}

/// What the catalog says about an output column, or (with an empty name) about the value of a scalar or aggregate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReturnText<'a> {
    /// The column's name, empty for a single value.
    pub name: &'a str,
    /// The SQL type.
    pub sql_type: &'a str,
    /// What it is.
    pub text: &'a str,
}

/// The documentation of one function.
#[derive(Debug, Clone, Copy)]
pub struct Documentation<'a> {
    /// Sentences; the first one is the line in the README's table.
    pub description: &'a str,
    /// In the order of the signature.
    pub parameters: &'a [ParameterText<'a>],
    /// In the order of the output.
    pub returns: &'a [ReturnText<'a>],
    /// Calls that run on the tables of `tests/fixtures/example_tables.sql`.
    pub examples: &'a [&'a str],
    /// The family: the folder of its source and of its tests.
    pub category: &'a str,
}

impl Documentation<'_> {
    /// The description with the parameters and the output, one per line.
    pub fn text(&self) -> String {
        let mut text = self.description.to_owned();
        if !self.parameters.is_empty() {
            text.push_str("\nParameters:");
        }
        for parameter in self.parameters {
            let default = parameter.default.map(|value| format!(" = {value}")).unwrap_or_default();
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "\n- {} {}{default}: {}",
                parameter.name, parameter.sql_type, parameter.text
            );
        }
        match self.returns {
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
            .add_category(self.category);
        self.examples.iter().fold(documentation, |documentation, example| {
            documentation.add_example("", *example)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_lists_parameters_and_columns() {
        let documentation = Documentation {
            description: "Looks at sales.",
            parameters: &[
                ParameterText {
                    name: "sales",
                    sql_type: "VARCHAR",
                    default: None,
                    text: "the sales table",
                },
                ParameterText {
                    name: "horizon",
                    sql_type: "INTEGER",
                    default: Some("13"),
                    text: "periods",
                },
            ],
            returns: &[ReturnText {
                name: "check",
                sql_type: "VARCHAR",
                text: "what was looked at",
            }],
            examples: &[],
            category: "data",
        };
        assert_eq!(
            documentation.text(),
            "Looks at sales.\nParameters:\n- sales VARCHAR: the sales table\n- horizon INTEGER = 13: periods\n\
             Columns:\n- check VARCHAR: what was looked at"
        );
    }
}
