//! One declaration of a parameter: its place in the signature, its default, and what the catalog says of it.

use duckdb_neo::{
    DuckDBType, ToValue,
    connection::FFILink,
    extension::Extension,
    signature::{FunctionParameter, FunctionParameterKind},
    types::List,
};

use super::documentation::ParameterText;

/// A parameter of a function in Rust. [`super::arguments::Arguments`] reads them in the order of their declaration:
/// those by position first, then those by name.
pub struct Parameter {
    name: &'static str,
    text: &'static str,
    /// The default as a SQL literal.
    default: Option<String>,
    sql_type: fn(&dyn FFILink) -> duckdb_neo::Result<String>,
    /// What stands in the signature.
    pub declared: FunctionParameter,
}

/// A default, as it is written in SQL.
pub trait Literal {
    /// The SQL literal.
    fn literal(&self) -> String;
}

macro_rules! literal {
    ($type:ty, $write:expr) => {
        impl Literal for $type {
            fn literal(&self) -> String {
                #[allow(clippy::redundant_closure_call)]
                $write(self)
            }
        }
    };
}

literal!(i64, |value: &i64| value.to_string());
literal!(f64, |value: &f64| value.to_string());
literal!(bool, |value: &bool| value.to_string());
literal!(String, |value: &String| format!("'{}'", value.replace('\'', "''")));

impl<T: Literal> Literal for Option<T> {
    fn literal(&self) -> String {
        self.as_ref().map_or_else(|| "NULL".to_owned(), Literal::literal)
    }
}

impl<T: Literal> Literal for List<T> {
    fn literal(&self) -> String {
        let items: Vec<String> = self.0.iter().map(Literal::literal).collect();
        format!("[{}]", items.join(", "))
    }
}

impl Parameter {
    /// One that must be given.
    pub fn new<T: DuckDBType>(name: &'static str, text: &'static str) -> Self {
        Self {
            name,
            text,
            default: None,
            sql_type: |link| T::logical_type(link)?.to_text(),
            declared: FunctionParameter::new::<T>(name),
        }
    }

    /// One that is given by name, or else has a default.
    pub fn option<T>(name: &'static str, default: T, text: &'static str) -> Self
    where
        T: DuckDBType + ToValue + Literal + 'static,
    {
        let literal = default.literal();
        Self {
            default: Some(literal),
            declared: FunctionParameter::with_default(name, default).kind(FunctionParameterKind::Named),
            ..Self::new::<T>(name, text)
        }
    }

    /// One that must be given, and by name.
    pub fn named<T: DuckDBType>(name: &'static str, text: &'static str) -> Self {
        Self {
            declared: FunctionParameter::new::<T>(name).kind(FunctionParameterKind::Named),
            ..Self::new::<T>(name, text)
        }
    }

    /// What the catalog says of it.
    ///
    /// # Errors
    /// One of DuckDB.
    pub fn documented(&self, extension: &Extension) -> duckdb_neo::Result<ParameterText> {
        Ok(ParameterText {
            name: self.name.to_owned(),
            sql_type: (self.sql_type)(extension)?,
            default: self.default.clone(),
            text: self.text.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_written_as_sql() {
        assert_eq!(13_i64.literal(), "13");
        assert_eq!(0.8_f64.literal(), "0.8");
        assert_eq!("it's".to_owned().literal(), "'it''s'");
        assert_eq!(None::<bool>.literal(), "NULL");
        assert_eq!(List(vec![Some(128_i64), None]).literal(), "[128, NULL]");
        assert_eq!(Parameter::option("k", 10_i64, "").default.as_deref(), Some("10"));
        assert_eq!(Parameter::new::<f64>("k", "").default, None);
    }
}
