//! A table of a report as texts, which is how DuckDB writes any value of any type; what is read of it are texts, numbers, days and
//! flags.

use chrono::NaiveDate;

use crate::error::{Error, Result};

/// What stand-ins of columns that need not exist begin with, and the joined columns of products named by several.
const STAND_IN: &str = "__launch_";

/// The rows of one table, in an order that is theirs.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    label: &'static str,
    names: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
}

impl Rows {
    /// A table of `columns`, each with its name.
    pub fn new(label: &'static str, columns: Vec<(String, Vec<Option<String>>)>) -> Self {
        let count = columns.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
        let (names, columns): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let mut rows = vec![Vec::with_capacity(names.len()); count];
        for cells in columns {
            let mut cells = cells.into_iter();
            for row in &mut rows {
                row.push(cells.next().flatten());
            }
        }
        // SQL has no order: that of the contents is the same for any number of threads.
        rows.sort_unstable();
        Self { label, names, rows }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The column of a name, in any case; `None` if there is none.
    pub fn find(&self, name: &str) -> Option<Column<'_>> {
        let joined = format!("{STAND_IN}{name}");
        let place = |wanted: &str| self.names.iter().position(|given| given.eq_ignore_ascii_case(wanted));
        let stand_in = place(&joined).filter(|_| name.contains(','));
        let place = place(name).or(stand_in)?;
        Some(Column { table: self, place })
    }

    /// The column of a name.
    ///
    /// # Errors
    /// There is none, with those that there are.
    pub fn column(&self, name: &str) -> Result<Column<'_>> {
        self.find(name).ok_or_else(|| {
            let there_are = self.names.iter().filter(|given| !given.starts_with(STAND_IN));
            let there_are: Vec<_> = there_are.map(String::as_str).collect();
            Error::argument(format!(
                "column {name:?} not found in {}; its columns that a report reads are: {}",
                self.label,
                there_are.join(", ")
            ))
        })
    }

    /// The column of a name, or one of NULLs.
    pub fn optional(&self, name: &str) -> Column<'_> {
        self.find(name).unwrap_or(Column {
            table: self,
            place: usize::MAX,
        })
    }
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    table: &'a Rows,
    place: usize,
}

impl<'a> Column<'a> {
    /// Whether the table has it.
    pub fn exists(self) -> bool {
        self.place != usize::MAX
    }

    /// A text; `None` where it is NULL or blank.
    pub fn text(self, row: usize) -> Option<&'a str> {
        let cell = self.table.rows.get(row)?.get(self.place)?.as_deref()?;
        Some(cell).filter(|text| !text.trim().is_empty())
    }

    /// The text of an id: `12.0` and `12` are the same.
    pub fn id(self, row: usize) -> Option<&'a str> {
        let text = self.text(row)?;
        Some(match text.split_once('.') {
            Some((whole, part)) if is_whole(whole) && !part.is_empty() && part.bytes().all(|b| b == b'0') => whole,
            _ => text,
        })
    }

    /// A number; `None` where it is NULL, NaN or infinite.
    ///
    /// # Errors
    /// A text that is no number.
    pub fn number(self, row: usize) -> Result<Option<f64>> {
        let Some(text) = self.text(row) else { return Ok(None) };
        match text.trim().parse::<f64>() {
            Ok(number) => Ok(Some(number).filter(|number| number.is_finite())),
            Err(_) => Err(self.unread(text, "a number")),
        }
    }

    /// A day, of a date or a timestamp.
    ///
    /// # Errors
    /// A text that is none.
    pub fn day(self, row: usize) -> Result<Option<NaiveDate>> {
        let Some(text) = self.text(row) else { return Ok(None) };
        let day = text.trim();
        let day = day.split_once([' ', 'T']).map_or(day, |(day, _)| day);
        match NaiveDate::parse_from_str(day, "%Y-%m-%d") {
            Ok(day) => Ok(Some(day)),
            Err(_) => Err(self.unread(text, "a date")),
        }
    }

    /// Whether it is true.
    pub fn flag(self, row: usize) -> bool {
        self.text(row)
            .is_some_and(|text| text.eq_ignore_ascii_case("true") || text == "1")
    }

    fn unread(self, text: &str, kind: &str) -> Error {
        let name = self.table.names.get(self.place).map_or("", String::as_str);
        let shown: String = text.chars().take(60).collect();
        Error::argument(format!("{name} of {} must be {kind}, got '{shown}'", self.table.label))
    }
}

fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(texts: &[&str]) -> Vec<Option<String>> {
        texts.iter().map(|text| Some((*text).to_owned())).collect()
    }

    #[test]
    fn cells_are_read_by_name() {
        let rows = Rows::new(
            "plan",
            vec![
                ("Product_ID".to_owned(), cells(&["2.0", "1"])),
                ("day".to_owned(), cells(&["2024-10-07 00:00:00", "2024-10-14"])),
                ("units".to_owned(), cells(&["nan", "-3.5"])),
                ("__launch_a, b".to_owned(), cells(&["x | y", "z"])),
            ],
        );
        assert_eq!(rows.optional("product_id").id(1), Some("2"));
        assert_eq!(rows.optional("units").number(0).unwrap(), Some(-3.5));
        assert_eq!(rows.optional("units").number(1).unwrap(), None);
        assert_eq!(
            rows.optional("day").day(1).unwrap(),
            NaiveDate::from_ymd_opt(2024, 10, 7)
        );
        assert_eq!(rows.optional("a, b").text(0), Some("z"));
        assert!(rows.find("price").is_none() && rows.optional("price").text(0).is_none());
        let told = rows.column("price").unwrap_err().to_string();
        assert!(told.ends_with("are: Product_ID, day, units"), "{told}");
        let told = rows.optional("day").number(0).unwrap_err().to_string();
        assert_eq!(told, "day of plan must be a number, got '2024-10-14'");
    }

    #[test]
    fn the_order_of_rows_says_nothing() {
        let table = |texts: &[&str]| Rows::new("plan", vec![("a".to_owned(), cells(texts))]);
        assert_eq!(table(&["b", "a"]).rows, table(&["a", "b"]).rows);
    }
}
