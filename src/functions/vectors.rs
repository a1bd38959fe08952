//! DuckDB vectors to Arrow arrays and back: beside `extension` and `table` the only module in which unsafe may stand.
#![allow(unsafe_code)]

use std::{collections::HashMap, sync::Arc};

use arrow_array::{
    ArrayRef, BinaryViewArray, BooleanArray, Date32Array, Float64Array, Int64Array, ListArray, NullArray, StringArray,
    StructArray,
    builder::{BinaryViewBuilder, StringBuilder},
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Fields};
use duckdb_neo::{
    data_chunk::VectorCollection,
    logical_type::LogicalTypeID,
    types::{
        BlobValue, DateValue, DecimalValue, List, TimestampMsValue, TimestampNsValue, TimestampSecValue,
        TimestampTzValue, TimestampValue,
    },
    value::Value,
    vector::{OwnedVectorElement, Selection, Unknown, Vector, VectorElement},
};

use super::guard::Failure;

const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;

/// The row of a vector that each row of an array is read from; `None` gives NULL.
type Rows<'a> = &'a [Option<usize>];

/// Under which the field of a struct keeps its SQL type, where that says more than the type of its array.
pub const SQL_TYPE: &str = "sql_type";

/// Makes a buffer of the bytes of a BLOB: a copy, or one that is there already.
pub type Keep<'a> = &'a dyn Fn(&[u8]) -> Buffer;

/// Argument `index` as an Arrow array of the first `rows` rows, and its SQL type.
///
/// Whole numbers up to 64 bits become Int64, other numbers Float64, dates and timestamps Date32, texts Utf8, BLOBs
/// views of buffers that rows with one value share; lists and structs are nested the same way.
///
/// # Errors
/// A type that is none of these, naming it.
pub fn argument(
    vectors: &mut VectorCollection,
    index: usize,
    rows: usize,
    keep: Keep<'_>,
) -> Result<(ArrayRef, String), Failure> {
    let mut vector = vectors.get_untyped_vector_at_mut(index)?;
    flatten(&mut vector)?;
    if let Some(array) = plain(&vector, rows)? {
        return Ok(array);
    }
    let all: Vec<Option<usize>> = (0..rows).map(Some).collect();
    if vector.logical_type().id()? == LogicalTypeID::Blob {
        return Ok((Arc::new(blobs(&vector, &all, keep)?), "BLOB".to_owned()));
    }
    Ok((array(&vector, &all, "")?, vector.logical_type().to_text()?))
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

/// All rows of the types that most rows have, at once.
fn plain(vector: &Vector<'_, Unknown>, rows: usize) -> Result<Option<(ArrayRef, String)>, Failure> {
    let named = |array: ArrayRef, sql_type: &str| Some((array, sql_type.to_owned()));
    Ok(match vector.logical_type().id()? {
        LogicalTypeID::Double => copied::<f64>(vector, rows)?
            .and_then(|(values, nulls)| named(Arc::new(Float64Array::new(values.into(), nulls)), "DOUBLE")),
        LogicalTypeID::BigInt => copied::<i64>(vector, rows)?
            .and_then(|(values, nulls)| named(Arc::new(Int64Array::new(values.into(), nulls)), "BIGINT")),
        _ => None,
    })
}

/// Values, and which of them are NULL, if any is.
type Copied<T> = (Vec<T>, Option<NullBuffer>);

/// The values of a flat vector of a type that is itself its physical one; NULL rows have the default.
fn copied<T>(vector: &Vector<'_, Unknown>, rows: usize) -> Result<Option<Copied<T>>, Failure>
where
    T: Copy + Default + 'static,
    T: for<'a> VectorElement<Internal<'a> = T>,
{
    let reader = vector.cast_ref::<T>()?.reader()?;
    let data = reader.as_ptr();
    if reader.selection() != Selection::Identity || rows > reader.len() || data.is_null() {
        return Ok(None);
    }
    let valid = |words: &[u64]| BooleanBuffer::collect_bool(rows, |row| words[row / 64] >> (row % 64) & 1 == 1);
    let nulls = reader.validity().map(|words| NullBuffer::new(valid(words)));
    let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
    let values = match &nulls {
        // SAFETY: a flat vector has one slot of its physical type for each of its rows, of which there are at least
        // `rows`. No row is NULL, so DuckDB has written all of them.
        None => unsafe { std::slice::from_raw_parts(data, rows) }.to_vec(),
        Some(nulls) => {
            let value = |(row, valid)| match valid {
                // SAFETY: as above; what is not NULL has been written.
                true => unsafe { *data.add(row) },
                false => T::default(),
            };
            nulls.iter().enumerate().map(value).collect()
        }
    };
    Ok(Some((values, nulls)))
}

fn read<T: VectorElement, V>(
    vector: &Vector<'_, Unknown>,
    rows: Rows<'_>,
    convert: impl Fn(T::Ref<'_>) -> V,
) -> Result<Vec<Option<V>>, Failure> {
    let reader = vector.cast_ref::<T>()?.reader()?;
    let each = |row: &Option<usize>| Ok(row.map(|row| reader.get(row)).transpose()?.flatten().map(&convert));
    rows.iter().map(each).collect()
}

/// Rarer types go through DuckDB's own values, which is slower.
fn slow<V>(
    vector: &Vector<'_, Unknown>,
    rows: Rows<'_>,
    convert: impl Fn(Value) -> Result<Option<V>, Failure>,
) -> Result<Vec<Option<V>>, Failure> {
    let each = |row: &Option<usize>| row.map_or(Ok(None), |row| convert(vector.get_value_slow(row)?));
    rows.iter().map(each).collect()
}

/// A time in days; beyond the range of days, or infinite, it is an infinite date as DuckDB writes one.
fn day(time: i64, per_day: i64) -> i32 {
    let bound = i64::from(i32::MAX);
    let days = match time {
        i64::MAX => bound,
        time if time <= -i64::MAX => -bound,
        time => time.div_euclid(per_day),
    };
    days.clamp(-bound, bound) as i32
}

/// Whether a vector's rows are NULL.
fn present(vector: &Vector<'_, Unknown>, rows: Rows<'_>) -> Result<Vec<Option<usize>>, Failure> {
    let reader = vector.reader()?;
    let each = |row: &Option<usize>| match row {
        Some(row) if !reader.is_null(*row)? => Ok(Some(*row)),
        _ => Ok(None),
    };
    rows.iter().map(each).collect()
}

fn array(vector: &Vector<'_, Unknown>, rows: Rows<'_>, name: &str) -> Result<ArrayRef, Failure> {
    use LogicalTypeID as Id;
    macro_rules! whole {
        ($type:ty) => {
            Arc::new(Int64Array::from(read::<$type, _>(vector, rows, |v| {
                i64::from(*v)
            })?)) as ArrayRef
        };
    }
    macro_rules! number {
        ($type:ty) => {
            Arc::new(Float64Array::from(read::<$type, _>(vector, rows, |v| *v as f64)?)) as ArrayRef
        };
    }
    macro_rules! days {
        ($type:ty, $per_day:expr) => {
            Arc::new(Date32Array::from(read::<$type, _>(vector, rows, |v| {
                day(v.0, $per_day)
            })?)) as ArrayRef
        };
    }
    Ok(match vector.logical_type().id()? {
        Id::SqlNull => Arc::new(NullArray::new(rows.len())),
        Id::Boolean => Arc::new(BooleanArray::from(read::<bool, _>(vector, rows, |v| *v)?)),
        Id::TinyInt => whole!(i8),
        Id::SmallInt => whole!(i16),
        Id::Integer => whole!(i32),
        Id::BigInt => whole!(i64),
        Id::UTinyInt => whole!(u8),
        Id::USmallInt => whole!(u16),
        Id::UInteger => whole!(u32),
        Id::UBigInt => number!(u64),
        Id::Float => number!(f32),
        Id::Double => number!(f64),
        Id::Date => Arc::new(Date32Array::from(read::<DateValue, _>(vector, rows, |v| v.0)?)),
        Id::Timestamp => days!(TimestampValue, MICROSECONDS_PER_DAY),
        Id::TimestampTz => days!(TimestampTzValue, MICROSECONDS_PER_DAY),
        Id::TimestampSec => days!(TimestampSecValue, MICROSECONDS_PER_DAY / 1_000_000),
        Id::TimestampMs => days!(TimestampMsValue, MICROSECONDS_PER_DAY / 1_000),
        Id::TimestampNs => days!(TimestampNsValue, MICROSECONDS_PER_DAY * 1_000),
        Id::Varchar => Arc::new(texts(vector, rows)?),
        Id::Blob => Arc::new(blobs(vector, rows, &|bytes| Buffer::from(bytes))?),
        Id::Decimal => Arc::new(Float64Array::from(slow(vector, rows, |v| {
            Ok(v.get::<DecimalValue>()?
                .map(|d| d.value as f64 / 10f64.powi(d.scale.into())))
        })?)),
        Id::HugeInt => Arc::new(Float64Array::from(slow(vector, rows, |v| {
            Ok(v.get::<i128>()?.map(|i| i as f64))
        })?)),
        Id::UHugeInt => Arc::new(Float64Array::from(slow(vector, rows, |v| {
            Ok(v.get::<u128>()?.map(|i| i as f64))
        })?)),
        Id::Enum | Id::Uuid => Arc::new(StringArray::from(slow(vector, rows, |v| {
            Ok(if v.is_null()? { None } else { Some(v.dbg_string()?) })
        })?)),
        Id::List => Arc::new(lists(vector, rows, name)?),
        Id::Array => Arc::new(fixed_lists(vector, rows, name)?),
        Id::Struct => Arc::new(structs(vector, rows)?),
        _ => {
            let found = vector.logical_type().to_text()?;
            return Err(Failure::new(match name {
                // Only attributes take any type.
                "" => format!("attributes must be a STRUCT with one field per attribute, got {found}"),
                name => format!("{name} has type {found}: cast it to a number, text, boolean or date, or leave it out"),
            }));
        }
    })
}

/// Texts, each copied once.
fn texts(vector: &Vector<'_, Unknown>, rows: Rows<'_>) -> Result<StringArray, Failure> {
    let reader = vector.cast_ref::<String>()?.reader()?;
    let mut builder = StringBuilder::with_capacity(rows.len(), 0);
    for row in rows {
        builder.append_option(row.map(|row| reader.get(row)).transpose()?.flatten());
    }
    Ok(builder.finish())
}

/// BLOBs, each kept once: the rows of a chunk mostly share one model.
fn blobs(vector: &Vector<'_, Unknown>, rows: Rows<'_>, keep: Keep<'_>) -> Result<BinaryViewArray, Failure> {
    let reader = vector.cast_ref::<BlobValue>()?.reader()?;
    let mut builder = BinaryViewBuilder::with_capacity(rows.len());
    let mut blocks: HashMap<(usize, usize), u32> = HashMap::new();
    for row in rows {
        let Some(bytes) = row.map(|row| reader.get(row)).transpose()?.flatten() else {
            builder.append_null();
            continue;
        };
        // Rows with one value have one address.
        let block = *blocks
            .entry((bytes.as_ptr() as usize, bytes.len()))
            .or_insert_with(|| builder.append_block(keep(bytes)));
        builder.try_append_view(block, 0, u32::try_from(bytes.len())?)?;
    }
    Ok(builder.finish())
}

fn lists(vector: &Vector<'_, Unknown>, rows: Rows<'_>, name: &str) -> Result<ListArray, Failure> {
    let missing = || Failure::new("a list has no elements");
    let present = present(vector, rows)?;
    let reader = vector.cast_ref::<List<Unknown>>()?.reader()?;
    let (mut elements, mut lengths) = (Vec::new(), Vec::with_capacity(rows.len()));
    for row in &present {
        let Some(row) = *row else {
            lengths.push(0);
            continue;
        };
        // SAFETY: `present` has checked that the row is within the vector, whose physical entries are list entries.
        let entry = unsafe { &*reader.as_ptr().add(reader.selection().index(row)) };
        let start = entry.offset() as usize;
        elements.extend((start..start + entry.length() as usize).map(Some));
        lengths.push(entry.length() as usize);
    }
    let child = vector.children().ok_or_else(missing)?.get_untyped_vector_at(0)?;
    let values = array(child, &elements, name)?;
    let field = Arc::new(Field::new("item", values.data_type().clone(), true));
    let valid = NullBuffer::from_iter(present.iter().map(Option::is_some));
    Ok(ListArray::try_new(
        field,
        OffsetBuffer::from_lengths(lengths),
        values,
        Some(valid),
    )?)
}

/// Lists that all have one length, of which the vector keeps no lengths: the elements of row i begin at i times that.
fn fixed_lists(vector: &Vector<'_, Unknown>, rows: Rows<'_>, name: &str) -> Result<ListArray, Failure> {
    let missing = || Failure::new("an array has no elements");
    let present = present(vector, rows)?;
    let text = vector.logical_type().to_text()?;
    let width = text
        .rsplit_once('[')
        .map(|(_, end)| end.trim_end_matches(']').parse::<usize>());
    let width = width.and_then(Result::ok).ok_or_else(missing)?;
    let elements: Vec<Option<usize>> = present
        .iter()
        .flatten()
        .flat_map(|row| (row * width..(row + 1) * width).map(Some))
        .collect();
    let child = vector.children().ok_or_else(missing)?.get_untyped_vector_at(0)?;
    let values = array(child, &elements, name)?;
    let field = Arc::new(Field::new("item", values.data_type().clone(), true));
    let lengths = present.iter().map(|row| row.map_or(0, |_| width));
    let valid = NullBuffer::from_iter(present.iter().map(Option::is_some));
    Ok(ListArray::try_new(
        field,
        OffsetBuffer::from_lengths(lengths),
        values,
        Some(valid),
    )?)
}

/// Structs; a field of one that is NULL is NULL.
fn structs(vector: &Vector<'_, Unknown>, rows: Rows<'_>) -> Result<StructArray, Failure> {
    let present = present(vector, rows)?;
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    if let Some(children) = vector.children() {
        for (index, (name, _)) in vector.logical_type().get_params()?.into_iter().enumerate() {
            let child = children.get_untyped_vector_at(index)?;
            // A field of a type that nobody reads is told by who wants it.
            let read = array(child, &present, &format!("attribute \"{name}\""));
            let unread = read.is_err();
            let column = read.unwrap_or_else(|_| Arc::new(NullArray::new(rows.len())));
            let mut field = Field::new(name, column.data_type().clone(), true);
            if unread || column.data_type().is_nested() || *column.data_type() == DataType::BinaryView {
                field.set_metadata([(SQL_TYPE.to_owned(), child.logical_type().to_text()?)]);
            }
            fields.push(field);
            columns.push(column);
        }
    }
    let valid = NullBuffer::from_iter(present.iter().map(Option::is_some));
    Ok(StructArray::try_new_with_length(
        Fields::from(fields),
        columns,
        Some(valid),
        rows.len(),
    )?)
}

/// Writes values to the rows from `offset` on.
pub fn write_values<T: OwnedVectorElement>(
    output: Vector<'_, Unknown>,
    offset: usize,
    values: &[Option<T>],
) -> Result<(), Failure> {
    let mut output = output.cast::<T>()?;
    let mut writer = output.writer()?;
    for (row, value) in values.iter().enumerate() {
        writer.set_ref(offset + row, value.as_ref())?;
    }
    Ok(())
}

/// Writes lists to the rows from `offset` on, behind the elements that are there already.
pub fn write_lists<T: OwnedVectorElement>(
    output: Vector<'_, Unknown>,
    offset: usize,
    lists: Vec<Vec<T>>,
) -> Result<(), Failure> {
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
        writer.set_ref(offset + row, Some(&List(list.into_iter().map(Some).collect())))?;
    }
    Ok(())
}

/// Writes structs of two lists to the rows from `offset` on.
pub fn write_pairs_of_lists<A: OwnedVectorElement, B: OwnedVectorElement>(
    mut output: Vector<'_, Unknown>,
    offset: usize,
    first: Vec<Vec<A>>,
    second: Vec<Vec<B>>,
) -> Result<(), Failure> {
    let mut children = output
        .children_mut()
        .ok_or_else(|| Failure::new("a struct has no fields"))?;
    write_lists(children.get_untyped_vector_at_mut(0)?, offset, first)?;
    write_lists(children.get_untyped_vector_at_mut(1)?, offset, second)
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn times_beyond_the_range_of_days_are_infinite_dates() {
        assert_eq!(day(-1, 86_400), -1);
        assert_eq!(day(86_400 * 20_000 + 5, 86_400), 20_000);
        // Seconds that wrapped around to a day like any other.
        assert_eq!(day(86_400 * ((1 << 32) + 20_000), 86_400), i32::MAX);
        assert_eq!(day(i64::MAX, 86_400_000_000_000), i32::MAX);
        assert_eq!(day(i64::MAX - 1, 86_400_000_000_000), 106_751);
        assert_eq!(day(-i64::MAX, 86_400_000_000), -i32::MAX);
    }
}
