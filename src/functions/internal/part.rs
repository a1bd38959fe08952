//! `__launch_part(column, wanted, part, source)`: picks one of several columns that name a product together.
//!
//! `product_id := 'product_id, store'` names two columns, unless the table has one of that whole name.

use super::column::pick;
use crate::functions::prelude::*;

/// See [`Function::ABOUT`].
pub struct Part;

impl Function for Part {
    const NAME: &'static str = "__launch_part";
    // The caller knows another function, so an error must not begin with this one.
    const ASKED: &'static str = "";
    const ABOUT: &'static str = "
        Whether a column is one of several that are wanted together, ignoring case, or has the whole name. An error
        when none of a table's columns is.

        @param column_name: VARCHAR  the names of all columns of the table
        @param wanted: VARCHAR  the names to look for, separated by commas
        @param part: BIGINT  which of them, from 1
        @param source: VARCHAR  the table's name, for the error
        @returns BOOLEAN  true for the wanted column
        @example SELECT COLUMNS(lambda c: __launch_part(c, 'product_id, date', 2, 'sales')) FROM sales
    ";

    type Answer = Option<bool>;
}

/// For each name, whether it is the part, or the whole name if there is a column of that name.
fn pick_part(columns: &[Option<&str>], wanted: &str, part: usize, source: &str) -> Result<Vec<bool>, String> {
    let is_whole = |column: &Option<&str>| column.is_some_and(|column| column.eq_ignore_ascii_case(wanted));
    if columns.iter().any(is_whole) {
        return Ok(columns.iter().map(is_whole).collect());
    }
    let name = wanted.split(',').nth(part.saturating_sub(1)).map(str::trim);
    pick(columns, name, source).map_err(|error| format!("of {wanted:?}, {error}"))
}

impl PerChunk for Part {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let (names, wanted) = (arguments.texts()?, arguments.texts()?);
        let (parts, source) = (arguments.whole()?, arguments.texts()?);
        let names: Vec<Option<&str>> = names.iter().map(Option::as_deref).collect();
        let (Some(Some(wanted)), Some(Some(part)), Some(source)) = (wanted.first(), parts.first(), source.first())
        else {
            return Ok(vec![Some(false); names.len()]);
        };
        let source = source.as_deref().unwrap_or("the table");
        let part = usize::try_from(*part).unwrap_or(0);
        let picked = pick_part(&names, wanted, part, source).map_err(Failure::new)?;
        Ok(picked.into_iter().map(Some).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALES: &[Option<&str>] = &[Some("Product_ID"), Some("store"), Some("units")];

    #[test]
    fn a_part_matches_in_any_case_and_without_spaces() {
        let part = |k| pick_part(SALES, "product_id ,  STORE", k, "sales");
        assert_eq!(part(1), Ok(vec![true, false, false]));
        assert_eq!(part(2), Ok(vec![false, true, false]));
        let missing = pick_part(SALES, "product_id, shop", 2, "sales");
        let text =
            "of \"product_id, shop\", column \"shop\" not found in sales; its columns are: Product_ID, store, units";
        assert_eq!(missing, Err(text.to_owned()));
    }

    #[test]
    fn a_column_of_the_whole_name_goes_first() {
        let columns = [Some("store"), Some("Product_ID, store"), Some("product_id")];
        for part in [1, 2] {
            let found = pick_part(&columns, "product_id, store", part, "sales");
            assert_eq!(found, Ok(vec![false, true, false]));
        }
    }
}
