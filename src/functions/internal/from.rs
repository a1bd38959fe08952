//! `__launch_from(source, columns, optional)`: what `query()` takes to read a table.

use std::collections::BTreeSet;

use super::joined::{identifier, joined};
use crate::functions::prelude::*;

/// See [`Function::ABOUT`].
pub struct From;

impl Function for From {
    const NAME: &'static str = "__launch_from";
    const ABOUT: &'static str = "
        What query() takes to read a table: all its columns, and an empty one named __launch_<name> for each column that need
        not exist. Without a table there are no rows. Where a name lists several columns, there is a further one of their
        values together: see __launch_joined.

        @param source: VARCHAR  what may stand after FROM: a table, a table with a WHERE, a query in parentheses; or NULL
        @param columns: VARCHAR[]  the columns that must exist, which there are without a table too
        @param optional: VARCHAR[]  the columns that need not exist
        @returns VARCHAR  the query
        @example SELECT __launch_from('sales', ['product_id', 'date', 'units'], ['price'])
    ";

    type Answer = Option<String>;
}

impl PerChunk for From {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let sources = arguments.texts()?;
        let (columns, optional) = (arguments.lists::<String>()?, arguments.lists::<String>()?);
        let names = |list: Option<Vec<Option<String>>>| list.into_iter().flatten().flatten().collect::<Vec<_>>();
        let each = sources.iter().zip(columns).zip(optional);
        Ok(each
            .map(|((source, columns), optional)| Some(from(source.as_deref(), &names(columns), &names(optional))))
            .collect())
    }
}

/// Each name once, in lower case, in order.
pub(super) fn distinct(names: &[String]) -> BTreeSet<String> {
    names.iter().map(|name| name.to_lowercase()).collect()
}

/// See [`Function::ABOUT`].
pub(super) fn from(source: Option<&str>, columns: &[String], optional: &[String]) -> String {
    let stand_ins: String = distinct(optional)
        .iter()
        .map(|name| format!(", NULL AS {}", identifier(&format!("__launch_{name}"))))
        .collect();
    let source = match source {
        Some(source) => joined(
            source,
            columns.iter().find(|name| name.contains(',')).map(String::as_str),
        ),
        None => {
            let empty: Vec<String> = distinct(columns)
                .iter()
                .map(|name| format!("NULL AS {}", identifier(name)))
                .collect();
            format!("(SELECT {} WHERE false)", empty.join(", "))
        }
    };
    format!("SELECT *{stand_ins} FROM {source}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(source: Option<&str>, columns: &[&str], optional: &[&str]) -> String {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        from(source, &owned(columns), &owned(optional))
    }

    #[test]
    fn columns_that_need_not_exist_have_stand_ins() {
        assert_eq!(
            query(
                Some("sales WHERE units > 0"),
                &["product_id"],
                &["price", "Price", "a \"b"]
            ),
            "SELECT *, NULL AS \"__launch_a \"\"b\", NULL AS \"__launch_price\" FROM sales WHERE units > 0"
        );
    }

    #[test]
    fn no_table_has_the_columns_and_no_rows() {
        assert_eq!(
            query(None, &["Product_ID", "date", "product_id"], &[]),
            "SELECT * FROM (SELECT NULL AS \"date\", NULL AS \"product_id\" WHERE false)"
        );
    }

    #[test]
    fn several_columns_together_are_a_further_one() {
        assert_eq!(
            query(Some("sales"), &["date", "shop, it's"], &[]),
            "SELECT * FROM (SELECT * EXCLUDE (__launch_key_1, __launch_key_2), \
             replace(__launch_key_1, '|', '||') || ' | ' || replace(__launch_key_2, '|', '||') \
             AS \"__launch_shop, it's\" FROM (SELECT *, \
             COLUMNS(lambda c: __launch_part(c, 'shop, it''s', 1, 'sales'))::VARCHAR AS __launch_key_1, \
             COLUMNS(lambda c: __launch_part(c, 'shop, it''s', 2, 'sales'))::VARCHAR AS __launch_key_2 FROM sales))"
        );
    }
}
