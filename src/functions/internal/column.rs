//! `__launch_column(column, wanted, source)`: picks a column whose name is given as a string.
//!
//! Macros call it in `COLUMNS(lambda c: __launch_column(c, units, sales))`. DuckDB hands over all column names of the
//! table as one vector while it binds the query, so the function knows when none of them matches, and can say which
//! ones there are. DuckDB's own error would only be `resulted in an empty set of columns`.
//!
//! A column named `__launch_<name>` is a stand-in, which makes the conventional column `<name>` optional:
//! `FROM sales UNION ALL BY NAME SELECT NULL::DOUBLE AS __launch_price WHERE false`. It is picked when `<name>` is
//! wanted and no other column matches; another name given by the caller must exist.

use duckdb_neo::{
    DuckDBType, Error,
    connection::Context,
    data_chunk::VectorCollection,
    enums::FunctionProperty,
    extension::Extension,
    scalar::{ScalarCallbacks, ScalarFunctionBuilder},
    signature::{FunctionParameter, SignatureBuilder},
    vector::{Unknown, Vector},
};

use crate::functions::{
    documentation::{Documentation, ParameterText, ReturnText},
    guard::guard,
};

const NAME: &str = "__launch_column";

/// The prefix of stand-ins.
const STAND_IN: &str = "__launch_";

/// DuckDB's vector size: names in a full vector may go on in the next one.
const VECTOR_SIZE: usize = 2048;

/// For each name, whether it is the wanted column.
fn pick(columns: &[Option<&str>], wanted: Option<&str>, source: &str) -> Result<Vec<bool>, String> {
    let matches = |column: &Option<&str>, name: &str| column.is_some_and(|column| column.eq_ignore_ascii_case(name));
    if let Some(wanted) = wanted {
        let stand_in = format!("{STAND_IN}{wanted}");
        for name in [wanted, &stand_in] {
            if columns.iter().any(|column| matches(column, name)) {
                return Ok(columns.iter().map(|column| matches(column, name)).collect());
            }
        }
    }
    if columns.len() >= VECTOR_SIZE {
        return Ok(vec![false; columns.len()]);
    }
    let there_are: Vec<_> = columns
        .iter()
        .flatten()
        .copied()
        .filter(|column| !column.starts_with(STAND_IN))
        .collect();
    let wanted = wanted.map_or("NULL".to_owned(), |wanted| format!("{wanted:?}"));
    Err(format!(
        "column {wanted} not found in {source}; its columns are: {}",
        there_are.join(", ")
    ))
}

struct Column;

impl ScalarCallbacks for Column {
    type BindData = ();
    type InitData = ();

    fn exec(
        &self,
        _bind_data: Option<&Self::BindData>,
        _init_data: Option<&mut Self::InitData>,
        _context: &Context,
        vectors: &mut VectorCollection,
        output: Vector<'_, Unknown>,
    ) -> duckdb_neo::Result<()> {
        let picked = guard(NAME, || {
            let rows = vectors.row_count()?;
            let names = vectors.get_vector_at::<String>(0)?.reader()?;
            let wanted = vectors.get_vector_at::<String>(1)?.reader()?;
            let source = vectors.get_vector_at::<String>(2)?.reader()?;
            let columns = (0..rows)
                .map(|row| names.get(row))
                .collect::<duckdb_neo::Result<Vec<_>>>()?;
            if rows == 0 {
                return Ok(Ok(()));
            }
            let picked = match pick(&columns, wanted.get(0)?, source.get(0)?.unwrap_or("the table")) {
                Ok(picked) => picked,
                Err(message) => return Ok(Err(message)),
            };
            let mut output = output.cast::<bool>()?;
            output.set_size(rows)?;
            let mut writer = output.writer()?;
            for (row, picked) in picked.into_iter().enumerate() {
                writer.set(row, Some(picked))?;
            }
            Ok(Ok(()))
        })?;
        // Outside of the guard: the caller knows another function, so the message must not begin with this one.
        picked.map_err(Error::invalid_input)
    }
}

/// Registers `__launch_column`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let documentation = Documentation {
        description: "Whether a column is the wanted one, ignoring case. An error when none of a table's columns is.",
        parameters: &[
            ParameterText {
                name: "column_name",
                sql_type: "VARCHAR",
                default: None,
                text: "the names of all columns of the table",
            },
            ParameterText {
                name: "wanted",
                sql_type: "VARCHAR",
                default: None,
                text: "the name to look for",
            },
            ParameterText {
                name: "source",
                sql_type: "VARCHAR",
                default: None,
                text: "the table's name, for the error",
            },
        ],
        returns: &[ReturnText {
            name: "",
            sql_type: "BOOLEAN",
            text: "true for the wanted column",
        }],
        examples: &["SELECT COLUMNS(lambda c: __launch_column(c, 'Units', 'sales')) FROM sales"],
        category: "internal",
    };
    let signature = SignatureBuilder::new()
        .param(FunctionParameter::new::<String>("column_name"))
        .param(FunctionParameter::new::<String>("wanted"))
        .param(FunctionParameter::new::<String>("source"))
        .return_type(bool::logical_type(extension)?)
        .documentation(documentation.build());
    ScalarFunctionBuilder::new(NAME, signature, Column)
        .set_property(FunctionProperty::HasSpecialNullHandling(true))
        .register(extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALES: &[Option<&str>] = &[Some("Product_ID"), Some("units"), Some("__launch_price")];

    #[test]
    fn a_name_matches_in_any_case() {
        assert_eq!(pick(SALES, Some("product_id"), "sales"), Ok(vec![true, false, false]));
    }

    #[test]
    fn a_stand_in_is_picked_for_the_conventional_name_only() {
        assert_eq!(pick(SALES, Some("price"), "sales"), Ok(vec![false, false, true]));
        assert_eq!(
            pick(SALES, Some("preis"), "sales"),
            Err("column \"preis\" not found in sales; its columns are: Product_ID, units".into())
        );
        let with_price = [Some("price"), Some("__launch_price")];
        assert_eq!(pick(&with_price, Some("price"), "sales"), Ok(vec![true, false]));
    }

    #[test]
    fn null_is_no_name() {
        assert_eq!(
            pick(&[Some("a"), None], None, "sales"),
            Err("column NULL not found in sales; its columns are: a".into())
        );
    }
}
