//! The arguments of a chunk, read one after the other in the order in which they were declared.

use std::{ops::Range, sync::Arc};

use arrow_array::{
    Array, ArrayRef, BinaryViewArray, BooleanArray, Date32Array, Float64Array, Int64Array, ListArray, RecordBatch,
    RecordBatchOptions, StringArray, StructArray, builder::BinaryViewBuilder, cast::AsArray,
};
use arrow_buffer::{Buffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema};
use duckdb_neo::{FromValue, bind_arguments::BindArguments, data_chunk::VectorCollection};

use crate::features::embedding::{LEFT_OUT, left_out};

use super::{
    guard::Failure,
    vectors::{self, Keep, SQL_TYPE},
};

/// The columns of a chunk, as Arrow arrays; a cursor that each reading moves on by one.
#[derive(Debug)]
pub struct Arguments {
    columns: std::vec::IntoIter<(ArrayRef, String)>,
    rows: usize,
}

/// Columns of texts with their names.
pub type TextColumns = Vec<(String, Vec<Option<String>>)>;

/// A plain value that a column may hold.
pub trait Cell: Sized {
    /// What it is called in an error.
    const KIND: &'static str;

    /// All values of a column, or `None` if it is of another type.
    fn read(column: &dyn Array) -> Option<Vec<Option<Self>>>;
}

macro_rules! cell {
    ($type:ty, $kind:literal, $array:ty, $convert:expr) => {
        impl Cell for $type {
            const KIND: &'static str = $kind;

            fn read(column: &dyn Array) -> Option<Vec<Option<Self>>> {
                let column = column.as_any().downcast_ref::<$array>()?;
                Some(column.iter().map(|value| value.map($convert)).collect())
            }
        }
    };
}

cell!(bool, "BOOLEAN", BooleanArray, |v| v);
cell!(i64, "BIGINT", Int64Array, |v| v);
// Days since 1970-01-01.
cell!(i32, "DATE", Date32Array, |v| v);
cell!(String, "VARCHAR", StringArray, str::to_owned);

impl Cell for f64 {
    const KIND: &'static str = "DOUBLE";

    fn read(column: &dyn Array) -> Option<Vec<Option<Self>>> {
        if let Some(column) = column.as_any().downcast_ref::<Int64Array>() {
            return Some(column.iter().map(|value| value.map(|v| v as f64)).collect());
        }
        let column = column.as_any().downcast_ref::<Float64Array>()?;
        Some(column.iter().collect())
    }
}

/// The values of a column; a column without a type is NULL throughout.
fn cells<T: Cell>(column: &dyn Array) -> Result<Vec<Option<T>>, Failure> {
    if *column.data_type() == DataType::Null {
        return Ok((0..column.len()).map(|_| None).collect());
    }
    let other = || Failure::new(format!("{} was expected, got {}", T::KIND, column.data_type()));
    T::read(column).ok_or_else(other)
}

impl Arguments {
    /// All arguments of a chunk, with BLOBs in buffers that `keep` makes.
    ///
    /// # Errors
    /// An argument of a type that functions do not take.
    pub fn of(vectors: &mut VectorCollection, keep: Keep<'_>) -> Result<Self, Failure> {
        let rows = vectors.row_count()?;
        let columns = (0..vectors.col_count())
            .map(|index| vectors::argument(vectors, index, rows, keep))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            columns: columns.into_iter(),
            rows,
        })
    }

    /// Arguments that are Arrow arrays already.
    pub fn new(columns: &[ArrayRef], rows: usize) -> Self {
        let named = |column: &ArrayRef| (column.clone(), column.data_type().to_string());
        Self {
            columns: columns.iter().map(named).collect::<Vec<_>>().into_iter(),
            rows,
        }
    }

    /// Rows of the chunk.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The next argument and its SQL type.
    fn next(&mut self) -> Result<(ArrayRef, String), Failure> {
        self.columns
            .next()
            .ok_or_else(|| Failure::new("an argument is missing"))
    }

    /// Whether the next argument is NULL, by row.
    pub fn is_null(&self) -> Vec<bool> {
        let next = self.columns.as_slice().first();
        let is_null = |row| next.is_none_or(|(column, _)| *column.data_type() == DataType::Null || column.is_null(row));
        (0..self.rows).map(is_null).collect()
    }

    fn cells<T: Cell>(&mut self) -> Result<Vec<Option<T>>, Failure> {
        cells(&self.next()?.0)
    }

    /// Numbers.
    ///
    /// # Errors
    /// As all readings: another type than the one declared.
    pub fn numbers(&mut self) -> Result<Vec<Option<f64>>, Failure> {
        self.cells()
    }

    /// The next columns of numbers, without rows in which one is NULL, NaN or infinite.
    ///
    /// # Errors
    /// As [`Arguments::numbers`].
    pub fn finite_rows<const N: usize>(&mut self) -> Result<FiniteRows<N>, Failure> {
        let mut columns = Vec::with_capacity(N);
        for _ in 0..N {
            let column = self.next()?.0;
            columns.push(match column.as_any().downcast_ref::<Float64Array>() {
                Some(column) => column.clone(),
                None => Float64Array::from(cells::<f64>(&column)?),
            });
        }
        let columns = columns.try_into();
        columns.map_or_else(
            |_| Err(Failure::new("an argument is missing")),
            |columns| Ok(FiniteRows::of(columns)),
        )
    }

    /// Whole numbers.
    pub fn whole(&mut self) -> Result<Vec<Option<i64>>, Failure> {
        self.cells()
    }

    /// True or false.
    pub fn flags(&mut self) -> Result<Vec<Option<bool>>, Failure> {
        self.cells()
    }

    /// Texts.
    pub fn texts(&mut self) -> Result<Vec<Option<String>>, Failure> {
        self.cells()
    }

    /// Texts as they are, for many rows.
    ///
    /// # Errors
    /// As [`Arguments::numbers`].
    pub fn text_array(&mut self) -> Result<StringArray, Failure> {
        let column = self.next()?.0;
        match column.as_any().downcast_ref::<StringArray>() {
            Some(column) => Ok(column.clone()),
            None => Ok(StringArray::from(cells::<String>(&column)?)),
        }
    }

    /// Dates in days since 1970-01-01.
    pub fn days(&mut self) -> Result<Vec<Option<i32>>, Failure> {
        self.cells()
    }

    /// Lists of plain values.
    pub fn lists<T: Cell>(&mut self) -> Result<Vec<Option<Vec<Option<T>>>>, Failure> {
        self.each_list(|list| cells(&list))
    }

    /// Lists of structs: each is a table of its own, with the fields of the struct as its arguments.
    pub fn tables(&mut self) -> Result<Vec<Option<Arguments>>, Failure> {
        self.each_list(|list| {
            let rows = list.len();
            let structs = list.as_struct_opt();
            let structs = structs.ok_or_else(|| Failure::new("a list of structs was expected"))?;
            Ok(Arguments::new(structs.columns(), rows))
        })
    }

    /// Lists of structs whose fields are texts: the columns of each, with their names.
    ///
    /// # Errors
    /// Another type.
    pub fn text_tables(&mut self) -> Result<Vec<Option<TextColumns>>, Failure> {
        self.each_list(|list| {
            let structs = list.as_struct_opt();
            let structs = structs.ok_or_else(|| Failure::new("a list of structs was expected"))?;
            let columns = structs.fields().iter().zip(structs.columns());
            columns
                .map(|(field, column)| Ok((field.name().clone(), cells(column)?)))
                .collect()
        })
    }

    fn each_list<V>(&mut self, read: impl Fn(ArrayRef) -> Result<V, Failure>) -> Result<Vec<Option<V>>, Failure> {
        let (column, sql_type) = self.next()?;
        if *column.data_type() == DataType::Null {
            return Ok((0..self.rows).map(|_| None).collect());
        }
        let lists = column.as_any().downcast_ref::<ListArray>();
        let lists = lists.ok_or_else(|| Failure::new(format!("a list was expected, got {sql_type}")))?;
        lists.iter().map(|list| list.map(&read).transpose()).collect()
    }

    /// BLOBs, by row.
    pub fn blobs(&mut self) -> Result<Blobs, Failure> {
        let (column, sql_type) = self.next()?;
        let blobs = match column.data_type() {
            DataType::Null => BinaryViewArray::new_null(self.rows),
            _ => column
                .as_binary_view_opt()
                .ok_or_else(|| Failure::new(format!("BLOB was expected, got {sql_type}")))?
                .clone(),
        };
        Ok(Blobs(blobs))
    }

    /// A STRUCT as a record batch with columns of type Float64, Boolean, Date32, Utf8 or lists of Float64, one row per row. A
    /// field of another type is NULL in all rows, and the metadata of its column says so under [`LEFT_OUT`].
    ///
    /// Rows in which the whole STRUCT is NULL are NULL in every column. NULL without a type gives a batch without
    /// columns.
    ///
    /// # Errors
    /// Another type than STRUCT.
    pub fn attributes(&mut self) -> Result<RecordBatch, Failure> {
        self.fields(|_| true)
    }

    /// As [`Arguments::attributes`], of plain types alone, for what reads no embeddings and has no place to say what was left out.
    ///
    /// # Errors
    /// A field of a type that is no number, text, boolean or date, naming the field and the cure.
    pub fn plain_attributes(&mut self) -> Result<RecordBatch, Failure> {
        let batch = self.attributes()?;
        match left_out(&batch, false).first() {
            Some(told) => Err(Failure::new(format!(
                "attribute {told} is no attribute here: cast it to a number, text, boolean or date, or leave it out"
            ))),
            None => Ok(batch),
        }
    }

    /// As [`Arguments::attributes`], without fields of other types.
    ///
    /// # Errors
    /// Another type than STRUCT.
    pub fn known_attributes(&mut self) -> Result<RecordBatch, Failure> {
        self.fields(|field| !field.metadata().contains_key(SQL_TYPE) || is_numbers(field.data_type()))
    }

    fn fields(&mut self, wanted: impl Fn(&Field) -> bool) -> Result<RecordBatch, Failure> {
        let (column, sql_type) = self.next()?;
        let (mut fields, mut columns) = (Vec::new(), Vec::new());
        if let Some(structs) = column.as_any().downcast_ref::<StructArray>() {
            let fields_of = structs.fields().iter().zip(structs.columns());
            for (field, column) in fields_of.filter(|(field, _)| wanted(field)) {
                let known = attribute(field, column)?;
                let is_left_out = known.is_none();
                let column = known.unwrap_or_else(|| Arc::new(StringArray::new_null(column.len())));
                let mut named = Field::new(field.name(), column.data_type().clone(), true);
                if is_left_out {
                    let found = field.metadata().get(SQL_TYPE).cloned();
                    let why = format!("of type {}", found.unwrap_or_else(|| field.data_type().to_string()));
                    named.set_metadata([(LEFT_OUT.to_owned(), why)]);
                }
                fields.push(named);
                columns.push(column);
            }
        } else if *column.data_type() != DataType::Null {
            return Err(Failure::new(format!(
                "attributes must be a STRUCT with one field per attribute, got {sql_type}"
            )));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        Ok(RecordBatch::try_new_with_options(
            Arc::new(Schema::new(fields)),
            columns,
            &options,
        )?)
    }
}

/// A column as models take it; none of a type that they do not.
fn attribute(field: &Field, column: &ArrayRef) -> Result<Option<ArrayRef>, Failure> {
    Ok(Some(match column.data_type() {
        DataType::Float64 | DataType::Boolean | DataType::Date32 | DataType::Utf8 => column.clone(),
        DataType::Int64 => Arc::new(Float64Array::from(cells::<f64>(column)?)),
        DataType::Null if !field.metadata().contains_key(SQL_TYPE) => Arc::new(StringArray::new_null(column.len())),
        of if is_numbers(of) => match column.as_any().downcast_ref::<ListArray>() {
            Some(lists) => {
                let numbers = Float64Array::from(cells::<f64>(lists.values())?);
                let item = Arc::new(Field::new("item", DataType::Float64, true));
                let (offsets, nulls) = (lists.offsets().clone(), lists.nulls().cloned());
                Arc::new(ListArray::try_new(item, offsets, Arc::new(numbers), nulls)?)
            }
            None => return Ok(None),
        },
        _ => return Ok(None),
    }))
}

/// Whether it is a list of numbers.
fn is_numbers(of: &DataType) -> bool {
    matches!(of, DataType::List(item) if matches!(item.data_type(), DataType::Float64 | DataType::Int64))
}

/// Columns of numbers without rows in which one is NULL, NaN or infinite.
#[derive(Debug)]
pub struct FiniteRows<const N: usize> {
    columns: [ScalarBuffer<f64>; N],
    /// How many rows are kept before each row, and in all; `None` if all are kept.
    before: Option<Vec<usize>>,
}

impl<const N: usize> FiniteRows<N> {
    fn of(columns: [Float64Array; N]) -> Self {
        let nulls = columns.iter().any(|column| column.null_count() > 0);
        // Looking at all numbers is faster than stopping at the first one.
        let others = |column: &Float64Array| column.values().iter().fold(false, |any, v| any | !v.is_finite());
        if !nulls && !columns.iter().any(others) {
            let columns = columns.map(|column| column.values().clone());
            return Self { columns, before: None };
        }
        let rows = columns.first().map_or(0, |column| column.len());
        let (mut kept, mut before) = (Vec::with_capacity(rows), Vec::with_capacity(rows + 1));
        for row in 0..rows {
            before.push(kept.len());
            if columns
                .iter()
                .all(|column| column.is_valid(row) && column.value(row).is_finite())
            {
                kept.push(row);
            }
        }
        before.push(kept.len());
        let columns = columns.map(|column| kept.iter().map(|row| column.value(*row)).collect());
        Self {
            columns,
            before: Some(before),
        }
    }

    /// The same rows with other numbers.
    pub fn map(self, change: impl Fn(f64) -> f64) -> Self {
        let columns = self
            .columns
            .map(|column| column.iter().map(|number| change(*number)).collect());
        Self { columns, ..self }
    }

    /// Some rows, by column.
    pub fn of_rows(&self, rows: Range<usize>) -> [&[f64]; N] {
        let kept = match &self.before {
            None => rows,
            Some(before) => before[rows.start]..before[rows.end],
        };
        self.columns.each_ref().map(|column| &column[kept.clone()])
    }
}

/// A column of BLOBs.
#[derive(Debug)]
pub struct Blobs(BinaryViewArray);

impl Blobs {
    /// The same bytes in all rows.
    ///
    /// # Errors
    /// More than 4 GB.
    pub fn alike(bytes: Option<&[u8]>, rows: usize) -> Result<Self, Failure> {
        let Some(bytes) = bytes else {
            return Ok(Self(BinaryViewArray::new_null(rows)));
        };
        let mut builder = BinaryViewBuilder::with_capacity(rows);
        let block = builder.append_block(Buffer::from(bytes.to_vec()));
        for _ in 0..rows {
            builder.try_append_view(block, 0, u32::try_from(bytes.len())?)?;
        }
        Ok(Self(builder.finish()))
    }

    /// The bytes of each row.
    pub fn iter(&self) -> impl Iterator<Item = Option<&[u8]>> {
        self.0.iter()
    }
}

/// An option that must be given.
pub fn required<T>(option: Option<T>, name: &str) -> Result<T, Failure> {
    option.ok_or_else(|| Failure::new(format!("{name} must not be NULL")))
}

/// The named arguments that are known when a query is bound: without rows there is no later.
pub struct Known<'a>(pub &'a BindArguments<'a>);

impl Known<'_> {
    /// The value of a named argument; `None` if it is NULL or not known yet.
    ///
    /// # Errors
    /// One of DuckDB, such as a failing cast.
    pub fn value<T: FromValue>(&self, name: &str) -> Result<Option<T>, Failure> {
        let Some(index) = self.0.index(name)? else {
            return Ok(None);
        };
        Ok(match self.0.value(index)? {
            Some(value) => value.get::<T>()?,
            None => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::types::Int64Type;

    use super::*;

    #[test]
    fn columns_are_read_in_their_order() -> Result<(), Failure> {
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), None]), None]);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![Some(3), None])),
            Arc::new(StringArray::from(vec!["a", "b"])),
            Arc::new(lists),
            Arc::new(arrow_array::NullArray::new(2)),
        ];
        let mut arguments = Arguments::new(&columns, 2);
        assert_eq!(arguments.numbers()?, [Some(3.0), None]);
        assert_eq!(arguments.texts()?, [Some("a".to_owned()), Some("b".to_owned())]);
        assert_eq!(arguments.lists::<f64>()?, [Some(vec![Some(1.0), None]), None]);
        assert_eq!(arguments.days()?, [None, None]);
        assert!(arguments.days().is_err());
        Ok(())
    }

    #[test]
    fn finite_rows_keep_their_places() -> Result<(), Failure> {
        let column = |numbers: Vec<Option<f64>>| Arc::new(Float64Array::from(numbers)) as ArrayRef;
        let first = column(vec![
            None,
            Some(1.0),
            Some(f64::NAN),
            Some(2.0),
            Some(f64::INFINITY),
            Some(9.0),
        ]);
        let second: ArrayRef = Arc::new(Int64Array::from(vec![
            Some(3),
            Some(4),
            Some(5),
            Some(6),
            Some(7),
            None,
        ]));
        let rows = Arguments::new(&[first.clone(), second], 6).finite_rows::<2>()?;
        assert_eq!(rows.of_rows(0..6), [[1.0, 2.0], [4.0, 6.0]]);
        assert_eq!(rows.of_rows(1..2), [[1.0], [4.0]]);
        assert_eq!(rows.of_rows(2..4), [[2.0], [6.0]]);
        assert!(rows.of_rows(4..6)[0].is_empty());
        let rows = Arguments::new(&[first], 6).finite_rows::<1>()?.map(|number| -number);
        assert_eq!(rows.of_rows(2..6), [[-2.0, -9.0]]);
        let rows = Arguments::new(&[column(vec![Some(1.0), Some(2.0)])], 2).finite_rows::<1>()?;
        assert_eq!(rows.of_rows(1..2), [[2.0]]);
        Ok(())
    }

    #[test]
    fn another_type_is_named() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
        let refused = Arguments::new(std::slice::from_ref(&texts), 1).whole().unwrap_err();
        assert_eq!(refused.to_string(), "BIGINT was expected, got Utf8");
        let refused = Arguments::new(&[texts], 1).attributes().unwrap_err();
        assert!(refused.to_string().ends_with("got Utf8"), "{refused}");
    }

    #[test]
    fn lists_of_numbers_are_attributes_and_others_are_left_out() -> Result<(), Failure> {
        let numbers: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1)])]));
        let blobs: ArrayRef = Arc::new(BinaryViewArray::from(vec![b"x".as_slice()]));
        let field = |name: &str, array: &ArrayRef| Arc::new(Field::new(name, array.data_type().clone(), true));
        let fields = vec![(field("vector", &numbers), numbers), (field("picture", &blobs), blobs)];
        let structs: ArrayRef = Arc::new(StructArray::from(fields));
        let batch = Arguments::new(std::slice::from_ref(&structs), 1).attributes()?;
        assert!(batch.column(1).is_null(0) && batch.column(0).is_valid(0));
        assert_eq!(left_out(&batch, true), ["picture (of type BinaryView)"]);
        let refused = Arguments::new(&[structs], 1)
            .plain_attributes()
            .unwrap_err()
            .to_string();
        assert!(
            refused.starts_with("attribute vector (lists of 1 numbers) is no"),
            "{refused}"
        );
        Ok(())
    }
}
