//! Tables as the members see them: columns of the types learned from.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, Date32Array, Float64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::features::find_column;

/// Days from the first of the common era to 1970-01-01.
const EPOCH: i32 = 719_163;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Numbers.
    Number,
    /// True and false.
    Flag,
    /// Dates.
    Day,
    /// Texts.
    Text,
    /// Lists of numbers.
    Vector,
    /// One value or none: whether there is one.
    Present,
}

/// The columns of the table that was learned from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Columns(Vec<(String, Kind)>);

impl Columns {
    /// Learn what the columns of a table hold. One that has a single value, or none, tells by whether it has one.
    pub fn of(attributes: &RecordBatch) -> Self {
        let schema = attributes.schema();
        let columns = schema.fields().iter().zip(attributes.columns());
        let kind = |array: &ArrayRef| match array.data_type() {
            _ if is_one_or_none(array) => Kind::Present,
            DataType::Float64 => Kind::Number,
            DataType::Boolean => Kind::Flag,
            DataType::Date32 => Kind::Day,
            DataType::List(_) => Kind::Vector,
            _ => Kind::Text,
        };
        Self(
            columns
                .map(|(field, array)| (field.name().clone(), kind(array)))
                .collect(),
        )
    }

    /// The same columns of another table, found by name in any case; those that are not there are missing. Texts are read as
    /// what was learned from, blank ones as missing, and numbers, dates and booleans written as texts where it was texts.
    ///
    /// # Errors
    /// [`Error::Argument`] for a column of another type that cannot stand for it, a text that cannot be read as what was
    /// learned from, and where none of the columns is there.
    pub fn read(&self, attributes: &RecordBatch) -> Result<RecordBatch> {
        let rows = attributes.num_rows();
        if let Some((first, _)) = self.0.first()
            && !self.0.iter().any(|(name, _)| find_column(attributes, name).is_some())
        {
            return Err(Error::argument(format!(
                "the row has none of the features that the model learned, such as \"{first}\": name them alike"
            )));
        }
        let read = |(name, kind): &(String, Kind)| -> Result<(Field, ArrayRef)> {
            let array = match find_column(attributes, name) {
                Some(array) => {
                    let read = converted(array, *kind).ok_or_else(|| {
                        Error::argument(format!(
                            "feature \"{name}\" was a {} where the model learned it, and is a {} here",
                            kind.name(),
                            type_name(array)
                        ))
                    })?;
                    if let Some(text) = unread(array, &read) {
                        return Err(Error::argument(format!(
                            "feature \"{name}\" was a {kind} where the model learned it, and '{text}' is none: correct it, or make it NULL \
                             with TRY_CAST({name} AS {sql})",
                            kind = kind.name(),
                            sql = kind.sql_type()
                        )));
                    }
                    read
                }
                None => arrow_array::new_null_array(&kind.data_type(), rows),
            };
            Ok((Field::new(name, array.data_type().clone(), true), array))
        };
        let (fields, columns): (Vec<Field>, Vec<ArrayRef>) =
            self.0.iter().map(read).collect::<Result<Vec<_>>>()?.into_iter().unzip();
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(
            Arc::new(Schema::new(fields)),
            columns,
            &options,
        )?)
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Flag | Self::Present => "boolean",
            Self::Day => "date",
            Self::Text => "text",
            Self::Vector => "list of numbers",
        }
    }

    fn sql_type(self) -> &'static str {
        match self {
            Self::Number => "DOUBLE",
            Self::Flag | Self::Present => "BOOLEAN",
            Self::Day => "DATE",
            Self::Text => "VARCHAR",
            Self::Vector => "DOUBLE[]",
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Self::Number => DataType::Float64,
            Self::Flag | Self::Present => DataType::Boolean,
            Self::Day => DataType::Date32,
            Self::Text => DataType::Utf8,
            Self::Vector => DataType::new_list(DataType::Float64, true),
        }
    }
}

fn type_name(array: &ArrayRef) -> &'static str {
    match array.data_type() {
        DataType::Float64 => "number",
        DataType::Boolean => "boolean",
        DataType::Date32 => "date",
        DataType::List(_) => "list of numbers",
        _ => "text",
    }
}

fn is_one_or_none(array: &ArrayRef) -> bool {
    if array.null_count() == 0 || array.null_count() == array.len() {
        return false;
    }
    let known = || (0..array.len()).filter(|row| array.is_valid(*row));
    let any = array.as_any();
    let Some(first) = known().next() else { return false };
    if let Some(a) = any.downcast_ref::<Float64Array>() {
        return known().all(|row| a.value(row) == a.value(first));
    }
    if let Some(a) = any.downcast_ref::<BooleanArray>() {
        return known().all(|row| a.value(row) == a.value(first));
    }
    if let Some(a) = any.downcast_ref::<Date32Array>() {
        return known().all(|row| a.value(row) == a.value(first));
    }
    let texts = any.downcast_ref::<StringArray>();
    texts.is_some_and(|a| known().all(|row| a.value(row) == a.value(first)))
}

fn converted(array: &ArrayRef, kind: Kind) -> Option<ArrayRef> {
    let any = array.as_any();
    let texts = any.downcast_ref::<StringArray>();
    Some(match (kind, texts) {
        (Kind::Present, _) => Arc::new(BooleanArray::from_iter(
            (0..array.len()).map(|row| Some(array.is_valid(row))),
        )),
        (Kind::Number, Some(texts)) => Arc::new(Float64Array::from_iter(
            texts.iter().map(|t| t?.trim().parse::<f64>().ok()),
        )),
        (Kind::Flag, Some(texts)) => Arc::new(BooleanArray::from_iter(texts.iter().map(|t| flag(t?)))),
        (Kind::Day, Some(texts)) => Arc::new(Date32Array::from_iter(texts.iter().map(|t| day(t?)))),
        // 0 and 1 are false and true.
        (Kind::Flag, None) if *array.data_type() == DataType::Float64 => {
            let numbers = any.downcast_ref::<Float64Array>()?;
            Arc::new(BooleanArray::from_iter(numbers.iter().map(|v| v.map(|v| v != 0.0))))
        }
        (Kind::Number, None) if *array.data_type() == DataType::Boolean => {
            let flags = any.downcast_ref::<BooleanArray>()?;
            Arc::new(Float64Array::from_iter(flags.iter().map(|v| v.map(f64::from))))
        }
        (Kind::Text, None) => Arc::new(StringArray::from_iter((0..array.len()).map(|row| text(array, row)))),
        _ if *array.data_type() == kind.data_type() => array.clone(),
        _ => return None,
    })
}

/// A text that was lost when its column was read as something else.
fn unread(given: &ArrayRef, read: &ArrayRef) -> Option<String> {
    let texts = given.as_any().downcast_ref::<StringArray>()?;
    let lost = |row: &usize| texts.is_valid(*row) && read.is_null(*row) && !texts.value(*row).trim().is_empty();
    (0..texts.len()).find(lost).map(|row| texts.value(row).to_owned())
}

fn flag(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "t" | "1" | "yes" | "y" => Some(true),
        "false" | "f" | "0" | "no" | "n" => Some(false),
        _ => None,
    }
}

fn day(text: &str) -> Option<i32> {
    let date = text
        .trim()
        .get(..10)
        .and_then(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())?;
    Some(date.num_days_from_ce() - EPOCH)
}

/// A value as a text, as DuckDB writes it.
pub fn text(array: &ArrayRef, row: usize) -> Option<String> {
    if array.is_null(row) {
        return None;
    }
    let any = array.as_any();
    if let Some(a) = any.downcast_ref::<Float64Array>() {
        return Some(a.value(row).to_string());
    }
    if let Some(a) = any.downcast_ref::<BooleanArray>() {
        return Some(a.value(row).to_string());
    }
    if let Some(a) = any.downcast_ref::<Date32Array>() {
        return Some(crate::panel::format_date(a.value(row)));
    }
    any.downcast_ref::<StringArray>().map(|a| a.value(row).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap()
    }

    #[test]
    fn columns_are_read_as_what_was_learned_from() {
        let learned = Columns::of(&batch(vec![
            ("size", Arc::new(Float64Array::from(vec![Some(1.0), Some(2.0), None]))),
            ("member", Arc::new(BooleanArray::from(vec![true, false, true]))),
            ("since", Arc::new(Date32Array::from(vec![0, 1, 2]))),
            (
                "code",
                Arc::new(StringArray::from(vec![Some("SAVE"), None, Some("SAVE")])),
            ),
            ("plan", Arc::new(StringArray::from(vec!["1", "2", "3"]))),
        ]));
        let asked = batch(vec![
            ("SIZE", Arc::new(StringArray::from(vec![Some("2.5"), Some(" ")]))),
            ("member", Arc::new(StringArray::from(vec!["True", "0"]))),
            ("since", Arc::new(StringArray::from(vec![Some("1970-01-03"), None]))),
            ("plan", Arc::new(Float64Array::from(vec![2.0, 9.5]))),
            ("code", Arc::new(StringArray::from(vec![Some("other"), None]))),
        ]);
        let found = learned.read(&asked).unwrap();
        let expected = batch(vec![
            ("size", Arc::new(Float64Array::from(vec![Some(2.5), None]))),
            ("member", Arc::new(BooleanArray::from(vec![true, false]))),
            ("since", Arc::new(Date32Array::from(vec![Some(2), None]))),
            ("code", Arc::new(BooleanArray::from(vec![true, false]))),
            ("plan", Arc::new(StringArray::from(vec!["2", "9.5"]))),
        ]);
        assert_eq!(found, expected);
        let wrong = batch(vec![("size", Arc::new(Date32Array::from(vec![5])))]);
        let told = learned.read(&wrong).unwrap_err().to_string();
        assert_eq!(
            told,
            "feature \"size\" was a number where the model learned it, and is a date here"
        );
        let wrong = batch(vec![("size", Arc::new(StringArray::from(vec!["1", "6,0"])))]);
        assert_eq!(
            learned.read(&wrong).unwrap_err().to_string(),
            "feature \"size\" was a number where the model learned it, and '6,0' is none: correct it, or make it NULL with \
             TRY_CAST(size AS DOUBLE)"
        );
        let foreign = batch(vec![("x", Arc::new(Date32Array::from(vec![5])))]);
        assert_eq!(
            learned.read(&foreign).unwrap_err().to_string(),
            "the row has none of the features that the model learned, such as \"size\": name them alike"
        );
    }
}
