//! `__launch_column(column, wanted, source)`: picks a column whose name is given as a string.
//!
//! Macros call it in `COLUMNS(lambda c: __launch_column(c, units, sales))`. DuckDB hands over all column names of the
//! table as one vector while it binds the query, so the function knows when none of them matches, and can say which
//! ones there are. DuckDB's own error would only be `resulted in an empty set of columns`.
//!
//! A column named `__launch_<name>` is a stand-in, which makes the conventional column `<name>` optional:
//! `FROM sales UNION ALL BY NAME SELECT NULL::DOUBLE AS __launch_price WHERE false`. It is picked when `<name>` is
//! wanted and no other column matches; another name given by the caller must exist.

use crate::functions::prelude::*;

/// The prefix of stand-ins.
const STAND_IN: &str = "__launch_";

/// The prefix of columns whose texts were read by what all of them say, which go first: see `__launch_read`.
pub(super) const READ: &str = "__launch_read_";

/// DuckDB's vector size: names in a full vector go on in the next one, which knows nothing of the first.
const VECTOR_SIZE: usize = 2048;

/// For each name, whether it is the wanted column.
pub(super) fn pick(columns: &[Option<&str>], wanted: Option<&str>, source: &str) -> Result<Vec<bool>, String> {
    if columns.len() >= VECTOR_SIZE {
        return Err(format!(
            "{source} has 2,040 columns or more: give those that count, (SELECT ... FROM {source})"
        ));
    }
    if let Some(picked) = wanted.and_then(|wanted| find(columns, wanted)) {
        return Ok(picked);
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

/// For each name, whether it is the wanted column or else its stand-in, or what was read of either.
fn find(columns: &[Option<&str>], wanted: &str) -> Option<Vec<bool>> {
    let matches = |column: &Option<&str>, name: &str| column.is_some_and(|column| column.eq_ignore_ascii_case(name));
    let is_there = |name: &String| columns.iter().any(|column| matches(column, name));
    let there = [wanted.to_owned(), format!("{STAND_IN}{wanted}")]
        .into_iter()
        .find(is_there)?;
    let name = Some(format!("{READ}{wanted}")).filter(is_there).unwrap_or(there);
    Some(columns.iter().map(|column| matches(column, &name)).collect())
}

/// See [`Function::ABOUT`].
pub struct Column;

impl Function for Column {
    const NAME: &'static str = "__launch_column";
    // The caller knows another function, so an error must not begin with this one.
    const ASKED: &'static str = "";
    const ABOUT: &'static str = "
        Whether a column is the wanted one, ignoring case. An error when none of a table's columns is.

        @param column_name: VARCHAR  the names of all columns of the table
        @param wanted: VARCHAR  the name to look for
        @param source: VARCHAR  the table's name, for the error; NULL for the first column where the wanted one is not there
        @returns BOOLEAN  true for the wanted column
        @example SELECT COLUMNS(lambda c: __launch_column(c, 'Units', 'sales')) FROM sales
    ";

    type Answer = Option<bool>;
}

impl PerChunk for Column {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let (names, wanted, source) = (arguments.texts()?, arguments.texts()?, arguments.texts()?);
        let names: Vec<Option<&str>> = names.iter().map(Option::as_deref).collect();
        let (Some(wanted), Some(source)) = (wanted.first(), source.first()) else {
            return Ok(Vec::new());
        };
        let Some(source) = source else {
            let picked = wanted.as_deref().and_then(|wanted| find(&names, wanted));
            let first = || (0..names.len()).map(|i| i == 0).collect();
            return Ok(picked.unwrap_or_else(first).into_iter().map(Some).collect());
        };
        let picked = pick(&names, wanted.as_deref(), source).map_err(Failure::new)?;
        Ok(picked.into_iter().map(Some).collect())
    }
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
    fn a_table_of_more_columns_than_a_vector_holds_is_told() {
        let error = pick(&[Some("units"); VECTOR_SIZE], Some("units"), "wide").unwrap_err();
        assert_eq!(
            error,
            "wide has 2,040 columns or more: give those that count, (SELECT ... FROM wide)"
        );
    }

    #[test]
    fn null_is_no_name() {
        assert_eq!(
            pick(&[Some("a"), None], None, "sales"),
            Err("column NULL not found in sales; its columns are: a".into())
        );
    }

    #[test]
    fn what_was_read_of_a_column_goes_before_it() {
        let picked = |columns: &[Option<&str>]| pick(columns, Some("day"), "sales").ok();
        assert_eq!(
            picked(&[Some("Day"), Some("__launch_read_day")]),
            Some(vec![false, true])
        );
        assert_eq!(picked(&[Some("units"), Some("__launch_read_day")]), None);
    }
}
