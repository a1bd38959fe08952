//! `__launch_read(source, columns, optional, days, amounts)`: what `query()` takes to read a table whose days and numbers
//! may be texts.

use super::{
    column::READ,
    from::{distinct, from},
    joined::{identifier, quoted},
};
use crate::functions::prelude::*;

/// The column that says whether days stand before months.
const DAYS: &str = "__launch_days";

/// See [`Function::ABOUT`].
pub struct Read;

impl Function for Read {
    const NAME: &'static str = "__launch_read";
    const ABOUT: &'static str = "
        What __launch_from gives, where texts in columns of days and numbers are read by what all of them say together: one
        31/12/2024 tells that 12/05/2024 is in May, one 3,15 that 1.234 is over a thousand. Each of these columns has a
        further one of the same type, __launch_read_<name>, which __launch_column picks. Texts that stay in doubt are none of
        either. Columns of other types are not looked at.

        @param source: VARCHAR  what may stand after FROM, or NULL
        @param columns: VARCHAR[]  the columns that must exist
        @param optional: VARCHAR[]  the columns that need not exist
        @param days: VARCHAR[]  those of either that hold days
        @param amounts: VARCHAR[]  those of either that hold numbers
        @returns VARCHAR  the query
        @example SELECT __launch_read('sales', ['date', 'units'], ['price'], ['date'], ['units', 'price'])
    ";

    type Answer = Option<String>;
}

impl PerChunk for Read {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let sources = arguments.texts()?;
        let mut names = || -> Result<Vec<Vec<String>>, Failure> {
            let lists = arguments.lists::<String>()?;
            Ok(lists
                .into_iter()
                .map(|list| list.into_iter().flatten().flatten().collect())
                .collect())
        };
        let (columns, optional, days, amounts) = (names()?, names()?, names()?, names()?);
        let texts = days.iter().zip(&amounts);
        let each = sources.iter().zip(columns.iter().zip(&optional)).zip(texts);
        Ok(each
            .map(|((source, (columns, optional)), (days, amounts))| {
                let query = from(source.as_deref(), columns, optional);
                Some(if source.is_some() {
                    read(&query, days, amounts)
                } else {
                    query
                })
            })
            .collect())
    }
}

/// See [`Function::ABOUT`].
fn read(query: &str, days: &[String], amounts: &[String]) -> String {
    let kind = |names: &[String], tells: &'static str, plain: &'static str, known: &'static str| {
        let names = distinct(names).into_iter();
        names.map(move |name| (name, tells, plain, known)).collect::<Vec<_>>()
    };
    let mut texts = kind(days, "__launch_day_first", "__launch_plain_day", DAYS);
    texts.extend(kind(
        amounts,
        "__launch_decimal_comma",
        "__launch_plain_amount",
        "__launch_commas",
    ));
    if texts.is_empty() {
        return query.to_owned();
    }
    let (mut given, mut read, mut raws) = (String::new(), String::new(), Vec::new());
    let (mut texts_of, mut said) = (Vec::new(), Vec::new());
    for (number, (name, tells, plain, known)) in texts.into_iter().enumerate() {
        let raw = format!("__launch_raw_{number}");
        // A column that is not there is told of where it is picked, by the name that the table has there.
        given += &format!(
            ", COLUMNS(lambda c: __launch_column(c, {}, NULL)) AS {raw}",
            quoted(&name)
        );
        let is_text = format!("typeof({raw}) = 'VARCHAR'");
        // Days are left as they are where their order is not known.
        let only = if known == DAYS {
            format!(" AND {known} IS NOT NULL")
        } else {
            String::new()
        };
        let column = identifier(&format!("{READ}{name}"));
        // The type of CASE must be that of the column. A cast to NULL, the type of a column that need not exist, can be bound
        // within a struct only; it is never made.
        read += &format!(
            ", CASE WHEN {is_text}{only} THEN cast_to_type({{'v': {plain}({raw}::VARCHAR, {known})}}, {{'v': {raw}}})['v'] \
             ELSE {raw} END AS {column}"
        );
        said.push((known, format!("CASE WHEN {is_text} THEN {tells}({raw}::VARCHAR) END")));
        texts_of.push(is_text);
        raws.push(raw);
    }
    let agreed = |known: &str| {
        let each: Vec<&str> = said
            .iter()
            .filter(|(of, _)| *of == known)
            .map(|(_, text)| text.as_str())
            .collect();
        let (least, most) = match &each[..] {
            [] => return format!("NULL AS {known}"),
            [one] => (format!("min({one})"), format!("max({one})")),
            several => {
                let several = several.join(", ");
                (format!("min(least({several}))"), format!("max(greatest({several}))"))
            }
        };
        format!("CASE WHEN {least} = {most} THEN {most} END AS {known}")
    };
    format!(
        "WITH __launch_given AS NOT MATERIALIZED (SELECT *{given} FROM ({query})) \
         SELECT __launch_given.* EXCLUDE ({}){read} FROM __launch_given, (SELECT {}, {} FROM __launch_given WHERE {})",
        raws.join(", "),
        agreed(DAYS),
        agreed("__launch_commas"),
        texts_of.join(" OR ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_days_and_amounts_a_table_is_read_as_it_is() {
        assert_eq!(read("SELECT * FROM sales", &[], &[]), "SELECT * FROM sales");
    }

    #[test]
    fn columns_that_are_texts_are_read_by_what_all_say() {
        assert_eq!(
            read("SELECT * FROM sales", &["Date".into()], &[]),
            "WITH __launch_given AS NOT MATERIALIZED (SELECT *, \
             COLUMNS(lambda c: __launch_column(c, 'date', NULL)) AS __launch_raw_0 FROM (SELECT * FROM sales)) \
             SELECT __launch_given.* EXCLUDE (__launch_raw_0), CASE WHEN typeof(__launch_raw_0) = 'VARCHAR' \
             AND __launch_days IS NOT NULL THEN cast_to_type({'v': __launch_plain_day(__launch_raw_0::VARCHAR, __launch_days)}, \
             {'v': __launch_raw_0})['v'] ELSE __launch_raw_0 END AS \"__launch_read_date\" FROM __launch_given, (SELECT CASE WHEN \
             min(CASE WHEN typeof(__launch_raw_0) = 'VARCHAR' THEN __launch_day_first(__launch_raw_0::VARCHAR) END) = \
             max(CASE WHEN typeof(__launch_raw_0) = 'VARCHAR' THEN __launch_day_first(__launch_raw_0::VARCHAR) END) \
             THEN max(CASE WHEN typeof(__launch_raw_0) = 'VARCHAR' THEN __launch_day_first(__launch_raw_0::VARCHAR) END) \
             END AS __launch_days, NULL AS __launch_commas FROM __launch_given WHERE typeof(__launch_raw_0) = 'VARCHAR')"
        );
    }
}
