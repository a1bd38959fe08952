//! `__launch_joined(source, label)`: what may stand after FROM to read a table whose products are named by several columns.

use crate::functions::prelude::*;

/// See [`Function::ABOUT`].
pub struct Joined;

impl Function for Joined {
    const NAME: &'static str = "__launch_joined";
    const ABOUT: &'static str = "
        What may stand after FROM to read a table whose products are named by several columns, such as 'product_id, store':
        the table with a further column of their values as one text, separated by ' | '; a | within a value is written twice,
        so no two products have the same text. A NULL among the values gives NULL. A column whose own name has the comma goes
        first: see __launch_part.

        @param source: VARCHAR  what may stand after FROM
        @param label: VARCHAR  the names, separated by commas; a table with a single one is left as it is
        @returns VARCHAR  the query; NULL without a table
        @example SELECT __launch_joined('sales', 'product_id, date')
    ";

    type Answer = Option<String>;
}

impl PerChunk for Joined {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let (sources, labels) = (arguments.texts()?, arguments.texts()?);
        let each = sources.into_iter().zip(labels);
        Ok(each
            .map(|(source, label)| Some(joined(&source?, label.as_deref())))
            .collect())
    }
}

/// A name as a quoted identifier of SQL.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as a literal of SQL.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// See [`Function::ABOUT`].
pub(super) fn joined(source: &str, label: Option<&str>) -> String {
    let Some(label) = label.filter(|label| label.contains(',')) else {
        return source.to_owned();
    };
    let numbers = 1..=label.split(',').count();
    let each =
        |separator: &str, text: &dyn Fn(usize) -> String| numbers.clone().map(text).collect::<Vec<_>>().join(separator);
    let keys = each(", ", &|k| format!("__launch_key_{k}"));
    let values = each(" || ' | ' || ", &|k| format!("replace(__launch_key_{k}, '|', '||')"));
    let picked = each("", &|k| {
        let (label, source) = (quoted(label), quoted(source));
        format!(", COLUMNS(lambda c: __launch_part(c, {label}, {k}, {source}))::VARCHAR AS __launch_key_{k}")
    });
    let name = identifier(&format!("__launch_{label}"));
    format!("(SELECT * EXCLUDE ({keys}), {values} AS {name} FROM (SELECT *{picked} FROM {source}))")
}
