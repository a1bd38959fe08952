//! What a function returns for a row or a group: one value, or a list of rows.

use duckdb_neo::{
    DuckDBType,
    extension::Extension,
    logical_type::LogicalType,
    types::List,
    value::Value,
    vector::{OwnedVectorElement, Unknown, Vector},
};

use super::{guard::Failure, vectors};

/// An answer that DuckDB can be given. The default one is that of no rows.
pub trait Answer: Default + Send {
    /// The SQL type.
    ///
    /// # Errors
    /// One of DuckDB.
    fn sql_type(extension: &Extension) -> duckdb_neo::Result<LogicalType>;

    /// The columns that `unnest(..., recursive := true)` makes of it, with their SQL types; none of a plain value.
    ///
    /// # Errors
    /// One of DuckDB.
    fn columns(extension: &Extension) -> duckdb_neo::Result<Vec<(String, String)>>;

    /// Write answers to the rows from `offset` on.
    ///
    /// # Errors
    /// One of DuckDB.
    fn write(answers: Vec<Self>, output: Vector<'_, Unknown>, offset: usize) -> Result<(), Failure>;
}

/// One value, or NULL.
impl<T: DuckDBType + OwnedVectorElement + Send> Answer for Option<T> {
    fn sql_type(extension: &Extension) -> duckdb_neo::Result<LogicalType> {
        T::logical_type(extension)
    }

    fn columns(extension: &Extension) -> duckdb_neo::Result<Vec<(String, String)>> {
        fields::<T>(extension)
    }

    fn write(answers: Vec<Self>, output: Vector<'_, Unknown>, offset: usize) -> Result<(), Failure> {
        vectors::write_values(output, offset, &answers)
    }
}

/// A list.
impl<T: DuckDBType + OwnedVectorElement + Send> Answer for Vec<T> {
    fn sql_type(extension: &Extension) -> duckdb_neo::Result<LogicalType> {
        List::<T>::logical_type(extension)
    }

    fn columns(extension: &Extension) -> duckdb_neo::Result<Vec<(String, String)>> {
        fields::<T>(extension)
    }

    fn write(answers: Vec<Self>, output: Vector<'_, Unknown>, offset: usize) -> Result<(), Failure> {
        vectors::write_lists(output, offset, answers)
    }
}

/// A text that is JSON.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Json(pub Option<String>);

impl Answer for Json {
    fn sql_type(extension: &Extension) -> duckdb_neo::Result<LogicalType> {
        // The type belongs to an extension that may be missing.
        LogicalType::from_text(extension, "JSON").or_else(|_| String::logical_type(extension))
    }

    fn columns(_: &Extension) -> duckdb_neo::Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    fn write(answers: Vec<Self>, output: Vector<'_, Unknown>, offset: usize) -> Result<(), Failure> {
        let texts: Vec<Option<String>> = answers.into_iter().map(|json| json.0).collect();
        vectors::write_values(output, offset, &texts)
    }
}

fn fields<T: DuckDBType>(extension: &Extension) -> duckdb_neo::Result<Vec<(String, String)>> {
    use duckdb_neo::logical_type::LogicalTypeID::Struct;
    let sql_type = T::logical_type(extension)?;
    if sql_type.id()? != Struct {
        return Ok(Vec::new());
    }
    let of_field = |(name, value): (String, Value)| {
        let sql_type = value.get::<LogicalType>()?.map(|of| of.to_text()).transpose()?;
        Ok((name, sql_type.unwrap_or_default()))
    };
    sql_type.get_params()?.into_iter().map(of_field).collect()
}
