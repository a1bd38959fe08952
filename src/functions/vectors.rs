//! DuckDB vectors to Arrow arrays and back: the only module beside `extension` in which unsafe may stand.
#![allow(unsafe_code)]

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, RecordBatch, RecordBatchOptions, StringArray,
};
use arrow_schema::{Field, Schema};
use duckdb_neo::{
    AsDuckDB,
    data_chunk::VectorCollection,
    logical_type::LogicalTypeID,
    types::{
        BlobValue, DateValue, DecimalValue, List, TimestampMsValue, TimestampNsValue, TimestampSecValue,
        TimestampTzValue, TimestampValue,
    },
    vector::{Unknown, Vector, VectorElement, VectorReader, WritableVectorElement},
};

use crate::{functions::guard::Failure, panel::Series};

const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;

/// Argument `index`, flattened with its children: one physical value per row.
pub fn argument(vectors: &mut VectorCollection, index: usize) -> Result<Vector<'_, Unknown>, Failure> {
    let mut vector = vectors.get_untyped_vector_at_mut(index)?;
    flatten(&mut vector)?;
    Ok(vector)
}

/// A reader of a nested vector needs all its descendants readable, and sequences and compressed vectors are not.
fn flatten(vector: &mut Vector<'_, Unknown>) -> Result<(), Failure> {
    vector.flatten()?;
    if let Some(mut children) = vector.children_mut() {
        for child in 0..children.col_count() {
            flatten(&mut children.get_untyped_vector_at_mut(child)?)?;
        }
    }
    Ok(())
}

/// The values of argument `index` in the first `rows` rows, each turned into `V`.
pub fn values<T, V>(
    vectors: &mut VectorCollection,
    index: usize,
    rows: usize,
    convert: impl Fn(T::Ref<'_>) -> V,
) -> Result<Vec<Option<V>>, Failure>
where
    T: VectorElement,
{
    let vector = argument(vectors, index)?.cast::<T>()?;
    let reader = vector.reader()?;
    (0..rows).map(|row| Ok(reader.get(row)?.map(&convert))).collect()
}

/// Texts of argument `index`.
pub fn texts(vectors: &mut VectorCollection, index: usize, rows: usize) -> Result<Vec<Option<String>>, Failure> {
    values::<String, _>(vectors, index, rows, str::to_owned)
}

/// Dates of argument `index` in days since 1970-01-01.
pub fn days(vectors: &mut VectorCollection, index: usize, rows: usize) -> Result<Vec<Option<i32>>, Failure> {
    values::<DateValue, _>(vectors, index, rows, |d| d.0)
}

/// Lists of numbers of argument `index`.
pub fn number_lists(
    vectors: &mut VectorCollection,
    index: usize,
    rows: usize,
) -> Result<Vec<Option<Vec<Option<f64>>>>, Failure> {
    values::<List<f64>, _>(vectors, index, rows, |list| list.iter().map(|v| v.copied()).collect())
}

/// One series of `covariates`, as SQL hands it over.
#[derive(AsDuckDB)]
pub struct Covariate {
    name: String,
    planned: bool,
    values: List<f64>,
}

/// The covariates of each row: the last argument of every function that takes them.
pub fn covariates(vectors: &mut VectorCollection, rows: usize) -> Result<Vec<Vec<Series>>, Failure> {
    let last = vectors.col_count() - 1;
    let lists = values::<List<Covariate>, _>(vectors, last, rows, |list| {
        let series = list.iter().flatten().map(|one| {
            Some(Series {
                name: one.name?.to_owned(),
                planned: *one.planned?,
                values: one.values?.iter().map(|v| v.copied()).collect(),
            })
        });
        series.collect::<Option<Vec<Series>>>()
    })?;
    let checked = |list: Option<Option<Vec<Series>>>| match list {
        Some(None) => Err(Failure::new("name, planned and values of a covariate must not be NULL")),
        list => Ok(list.flatten().unwrap_or_default()),
    };
    lists.into_iter().map(checked).collect()
}

/// Runs `read` on the bytes of a BLOB argument, row by row; rows that share one value are recognised by its address.
pub fn blobs(
    vectors: &mut VectorCollection,
    index: usize,
    rows: usize,
    mut read: impl FnMut(usize, Option<&[u8]>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let vector = argument(vectors, index)?.cast::<BlobValue>()?;
    let reader = vector.reader()?;
    for row in 0..rows {
        read(row, reader.get(row)?)?;
    }
    Ok(())
}

/// A STRUCT argument as a record batch with columns of type Float64, Boolean, Date32 or Utf8, one row per row.
///
/// Rows in which the whole STRUCT is NULL are NULL in every column. An argument that is NULL for want of a type gives
/// a batch without columns.
///
/// # Errors
/// A field of a type that is no number, text, boolean or date, naming the field and the cure.
pub fn attributes(vectors: &mut VectorCollection, index: usize, rows: usize) -> Result<RecordBatch, Failure> {
    let vector = argument(vectors, index)?;
    let id = vector.logical_type().id()?;
    let names: Vec<String> = match id {
        LogicalTypeID::Struct => vector
            .logical_type()
            .get_params()?
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
        LogicalTypeID::SqlNull => Vec::new(),
        _ => {
            let found = vector.logical_type().to_text()?;
            return Err(Failure::new(format!(
                "attributes must be a STRUCT with one field per attribute, got {found}"
            )));
        }
    };
    let present: Vec<bool> = {
        let reader = vector.reader()?;
        (0..rows)
            .map(|row| Ok(!reader.is_null(row)?))
            .collect::<Result<_, Failure>>()?
    };
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    if let Some(children) = vector.children() {
        for (child, name) in names.iter().enumerate() {
            let column = column(children.get_untyped_vector_at(child)?, name, &present)?;
            fields.push(Field::new(name, column.data_type().clone(), true));
            columns.push(column);
        }
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(
        Arc::new(Schema::new(fields)),
        columns,
        &options,
    )?)
}

fn read<T: VectorElement, V>(
    vector: &Vector<'_, Unknown>,
    present: &[bool],
    convert: impl Fn(T::Ref<'_>) -> V,
) -> Result<Vec<Option<V>>, Failure> {
    let reader: VectorReader<'_, T> = vector.cast_ref::<T>()?.reader()?;
    present
        .iter()
        .enumerate()
        .map(|(row, p)| Ok(if *p { reader.get(row)?.map(&convert) } else { None }))
        .collect()
}

fn column(vector: &Vector<'_, Unknown>, name: &str, present: &[bool]) -> Result<ArrayRef, Failure> {
    use LogicalTypeID as Id;
    macro_rules! number {
        ($type:ty) => {
            Arc::new(Float64Array::from(read::<$type, _>(vector, present, |v| {
                *v as f64
            })?)) as ArrayRef
        };
    }
    macro_rules! date {
        ($type:ty, $per_day:expr) => {
            Arc::new(Date32Array::from(read::<$type, _>(vector, present, |v| {
                v.0.div_euclid($per_day) as i32
            })?)) as ArrayRef
        };
    }
    Ok(match vector.logical_type().id()? {
        Id::Boolean => Arc::new(BooleanArray::from(read::<bool, _>(vector, present, |v| *v)?)),
        Id::TinyInt => number!(i8),
        Id::SmallInt => number!(i16),
        Id::Integer => number!(i32),
        Id::BigInt => number!(i64),
        Id::UTinyInt => number!(u8),
        Id::USmallInt => number!(u16),
        Id::UInteger => number!(u32),
        Id::UBigInt => number!(u64),
        Id::Float => number!(f32),
        Id::Double => number!(f64),
        Id::Date => Arc::new(Date32Array::from(read::<DateValue, _>(vector, present, |v| v.0)?)),
        Id::Timestamp => date!(TimestampValue, MICROSECONDS_PER_DAY),
        Id::TimestampTz => date!(TimestampTzValue, MICROSECONDS_PER_DAY),
        Id::TimestampSec => date!(TimestampSecValue, MICROSECONDS_PER_DAY / 1_000_000),
        Id::TimestampMs => date!(TimestampMsValue, MICROSECONDS_PER_DAY / 1_000),
        Id::TimestampNs => date!(TimestampNsValue, MICROSECONDS_PER_DAY * 1_000),
        Id::Varchar => Arc::new(StringArray::from(read::<String, _>(vector, present, str::to_owned)?)),
        Id::SqlNull => Arc::new(StringArray::from(vec![None::<&str>; present.len()])),
        // Rarer types go through DuckDB's own values, which is slower.
        Id::Decimal => Arc::new(Float64Array::from(slow(vector, present, |v| {
            Ok(v.get::<DecimalValue>()?
                .map(|d| d.value as f64 / 10f64.powi(d.scale.into())))
        })?)),
        Id::HugeInt => Arc::new(Float64Array::from(slow(vector, present, |v| {
            Ok(v.get::<i128>()?.map(|i| i as f64))
        })?)),
        Id::UHugeInt => Arc::new(Float64Array::from(slow(vector, present, |v| {
            Ok(v.get::<u128>()?.map(|i| i as f64))
        })?)),
        Id::Enum | Id::Uuid => Arc::new(StringArray::from(slow(vector, present, |v| {
            Ok(if v.is_null()? { None } else { Some(v.dbg_string()?) })
        })?)),
        _ => {
            return Err(Failure::new(format!(
                "attribute \"{name}\" has type {}: cast it to a number, text, boolean or date, or leave it out",
                vector.logical_type().to_text()?
            )));
        }
    })
}

fn slow<V>(
    vector: &Vector<'_, Unknown>,
    present: &[bool],
    convert: impl Fn(duckdb_neo::value::Value) -> Result<Option<V>, Failure>,
) -> Result<Vec<Option<V>>, Failure> {
    let each = |(row, p): (usize, &bool)| {
        if *p {
            convert(vector.get_value_slow(row)?)
        } else {
            Ok(None)
        }
    };
    present.iter().enumerate().map(each).collect()
}

/// Writes one list per row.
pub fn write_lists<T>(mut output: Vector<'_, Unknown>, lists: Vec<Vec<T::Write<'_>>>) -> Result<(), Failure>
where
    T: WritableVectorElement,
{
    output.set_size(lists.len())?;
    append_lists::<T>(output, 0, lists)
}

/// Writes lists to the rows from `offset` on, behind the elements that are there already.
pub fn append_lists<T>(output: Vector<'_, Unknown>, offset: usize, lists: Vec<Vec<T::Write<'_>>>) -> Result<(), Failure>
where
    T: WritableVectorElement,
{
    let mut output = output.cast::<List<T>>()?;
    let there = if offset == 0 {
        0
    } else {
        output
            .children()
            .map_or(Ok(0), |c| c.get_untyped_vector_at(0).map(|v| v.len()))?
    };
    // SAFETY: the elements behind `there` are all written below, before DuckDB reads the vector; on an error DuckDB
    // discards it.
    unsafe { output.set_child_size(there + lists.iter().map(Vec::len).sum::<usize>())? };
    output.set_child_offset(there)?;
    let mut writer = output.writer()?;
    for (row, list) in lists.into_iter().enumerate() {
        writer.set(offset + row, Some(List(list.into_iter().map(Some).collect())))?;
    }
    Ok(())
}
