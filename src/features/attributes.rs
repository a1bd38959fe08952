//! Attributes of any kind as columns a model can compare.

use std::collections::BTreeMap;

use arrow_array::{Array, ArrayRef, BooleanArray, Date32Array, Float64Array, RecordBatch, StringArray};
use serde::{Deserialize, Serialize};

use super::embedding::{Direction, unit, vectors};
use super::levels::{BOOLEANS, codes, fit_text, level, none_known, normal};
use super::numeric_text::{number, numeric};
use super::text::Vocabulary;
use super::{Design, EncodedColumn, Flag, Levels, MISSING, Plan, UNSEEN, Words};
use crate::statistics::mean;
use crate::statistics::ridge::{Sparse, dot, ridge};

/// Standardised numbers are kept within this many standard deviations.
pub(crate) const CLIP: f64 = 6.0;
/// What is taken off a target before a direction of embeddings is looked for.
const OTHERS: Plan = Plan {
    missing: Flag::WhereSeen,
    levels: Levels::Frequent { most: 100, at_least: 5 },
    words: Words::Weight(50),
    ..Plan::NUMBERS
};
/// Penalty of that regression.
const PENALTY: f64 = 10.0;
/// How far outside the range of the numbers learned from one is told, in widths of the range (of logarithms where these
/// are taken).
const FAR: f64 = 0.25;

/// How one attribute column is turned into numbers; learned from the rows at hand alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Encoding {
    /// A number (also boolean as 0 and 1, date as years), as ln where all values are positive and spread over
    /// more than a factor of ten; standardised to mean 0 and standard deviation 1.
    Number {
        /// Whether the logarithm is taken first.
        log: bool,
        /// Mean of the rows learned from.
        mean: f64,
        /// Their standard deviation.
        deviation: f64,
        /// Smallest and largest of them; none of a date, of which the next ones are always later, and in earlier models.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        range: Option<[f64; 2]>,
        /// What stood behind each of them, where they were texts such as `13.2 cm`, in lower case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
    },
    /// A text with few values: the code of each known one.
    Category {
        /// Known values in order.
        levels: BTreeMap<String, i32>,
    },
    /// A free text.
    Text {
        /// Words known.
        vocabulary: Vocabulary,
    },
    /// A list of numbers.
    Embedding {
        /// Along which a target grows.
        direction: Direction,
    },
}

impl Encoding {
    /// Whether it is what [`AttributeEncoder::fit`] makes; asked of models that were read from bytes.
    fn is_valid(&self) -> bool {
        match self {
            Self::Number {
                mean, deviation, range, ..
            } => {
                let ordered = |[low, high]: &[f64; 2]| low.is_finite() && high.is_finite() && low < high;
                mean.is_finite() && deviation.is_finite() && *deviation > 0.0 && range.as_ref().is_none_or(ordered)
            }
            Self::Category { levels } => {
                let mut codes: Vec<i32> = levels.values().copied().collect();
                codes.sort_unstable();
                codes.into_iter().map(i64::from).eq(0..levels.len() as i64)
            }
            Self::Text { vocabulary } => vocabulary.is_valid(),
            Self::Embedding { direction } => direction.is_valid(),
        }
    }

    /// What stands behind the numbers, where they are texts.
    fn unit(&self) -> Option<&str> {
        match self {
            Self::Number { unit, .. } => unit.as_deref(),
            _ => None,
        }
    }

    /// A number that lies outside the range of those learned from by more than [`FAR`] of its width, or is 0 and less where
    /// all were above 0, and the range.
    fn far(&self, value: f64) -> Option<String> {
        let Self::Number {
            log,
            range: Some([low, high]),
            ..
        } = *self
        else {
            return None;
        };
        let scaled = |v: f64| match log {
            true => v.max(f64::MIN_POSITIVE).ln(),
            false => v,
        };
        let margin = FAR * (scaled(high) - scaled(low));
        let within = scaled(low) - margin..=scaled(high) + margin;
        let shown = |v: f64| match v.abs() < 1e15 {
            true => format!("{v}"),
            false => format!("{v:e}"),
        };
        let told = || format!("{}, where they had {} to {}", shown(value), shown(low), shown(high));
        (!within.contains(&scaled(value)) || value <= 0.0 && low > 0.0).then(told)
    }

    /// Whether a column may have come from this encoding.
    fn fits(&self, column: &EncodedColumn) -> bool {
        match (self, column) {
            (Self::Number { .. }, EncodedColumn::Number(values)) => {
                values.iter().flatten().all(|v| (-CLIP..=CLIP).contains(v))
            }
            (Self::Category { levels }, EncodedColumn::Category(codes)) => codes
                .iter()
                .all(|&c| usize::try_from(c).is_ok_and(|c| c < levels.len()) || c == MISSING),
            (Self::Text { vocabulary }, EncodedColumn::Text(texts)) => texts.iter().all(|t| vocabulary.fits(t)),
            (Self::Embedding { direction }, EncodedColumn::Embedding { along, units }) => {
                along.len() == units.len()
                    && along.iter().flatten().all(|v| (-CLIP..=CLIP).contains(v))
                    && units.iter().all(|u| u.is_empty() || u.len() == direction.width())
            }
            _ => false,
        }
    }
}

/// The encodings of all attributes that tell rows apart, in column order.
///
/// Left out: constant columns, columns that are all NULL, and identifiers (texts of one word, or UUIDs, that hardly repeat). Texts that
/// are all numbers, with decimals or in one unit, are numbers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AttributeEncoder {
    /// Name and encoding of each kept column.
    pub columns: Vec<(String, Encoding)>,
}

impl AttributeEncoder {
    /// Learn the encodings from rows; embeddings, which need a target, are left out.
    pub fn fit(attributes: &RecordBatch) -> Self {
        let schema = attributes.schema();
        let columns = schema
            .fields()
            .iter()
            .zip(attributes.columns())
            .filter_map(|(field, array)| Some((field.name().clone(), fit_column(array)?)))
            .collect();
        Self { columns }
    }

    /// Learn the encodings from rows with a target each, NaN where it is not known: of an embedding the direction in which that
    /// part of the target grows that a ridge regression on the other attributes leaves.
    pub fn fit_to(attributes: &RecordBatch, target: &[f64]) -> Self {
        let others = Self::fit(attributes);
        let schema = attributes.schema();
        let columns = schema.fields().iter().zip(attributes.columns());
        let embeddings: Vec<(usize, &String, Vectors)> = columns
            .enumerate()
            .filter_map(|(place, (field, array))| Some((place, field.name(), vectors(array)?)))
            .filter(|(_, _, vectors)| differ(vectors))
            .collect();
        if embeddings.is_empty() {
            return others;
        }
        let rest = rest(&others, attributes, target);
        let place = |name: &str| schema.fields().iter().position(|field| field.name() == name);
        let mut columns: Vec<(usize, (String, Encoding))> = others
            .columns
            .into_iter()
            .map(|column| (place(&column.0).unwrap_or(0), column))
            .collect();
        columns.extend(embeddings.into_iter().map(|(place, name, vectors)| {
            let direction = Direction::fit(&vectors, &rest);
            (place, (name.clone(), Encoding::Embedding { direction }))
        }));
        columns.sort_by_key(|(place, _)| *place);
        Self {
            columns: columns.into_iter().map(|(_, column)| column).collect(),
        }
    }

    /// Encode rows; a column they lack counts as missing in every row.
    pub fn encode(&self, attributes: &RecordBatch) -> Vec<EncodedColumn> {
        let rows = attributes.num_rows();
        self.columns
            .iter()
            .map(|(name, encoding)| encode_column(encoding, find_column(attributes, name), rows))
            .collect()
    }

    /// Whether the encodings are what [`AttributeEncoder::fit`] makes.
    pub fn is_valid(&self) -> bool {
        self.columns.iter().all(|(_, encoding)| encoding.is_valid())
    }

    /// Whether columns may have come from these encodings.
    pub fn fits(&self, columns: &[EncodedColumn]) -> bool {
        self.columns.len() == columns.len() && self.columns.iter().zip(columns).all(|((_, e), c)| e.fits(c))
    }

    /// What the model knows and a row does not have: attributes whose column is absent, of another type, or NULL there, by
    /// name, levels that no row learned from had, such as `category Pet food`, and numbers far from those of all of them,
    /// such as `price 1999, where they had 5 to 30`. One entry per row.
    pub fn unknown(&self, attributes: &RecordBatch) -> Vec<Unknown> {
        let columns = self.encode(attributes);
        let numbers: Vec<Option<Vec<Option<f64>>>> = self
            .columns
            .iter()
            .map(|(name, encoding)| read_numbers(find_column(attributes, name)?, encoding))
            .collect();
        let of_row = |row: usize| {
            let mut unknown = Unknown::default();
            for (place, (column, (name, encoding))) in columns.iter().zip(&self.columns).enumerate() {
                let number = || numbers[place].as_ref()?[row];
                match column {
                    EncodedColumn::Category(codes) if codes[row] == UNSEEN => {
                        let level = find_column(attributes, name).and_then(|array| level(array, row));
                        unknown.levels.push(format!("{name} {}", level.unwrap_or_default()));
                    }
                    _ if column.is_missing(row) => unknown.missing.push(name.clone()),
                    EncodedColumn::Number(_) => {
                        let far = number().and_then(|value| encoding.far(value));
                        unknown.far.extend(far.map(|far| format!("{name} {far}")));
                    }
                    _ => {}
                }
            }
            unknown
        };
        (0..attributes.num_rows()).map(of_row).collect()
    }

    /// Columns that rows lack, that are NULL in all of them, or that are of another type than the one learned from, with what is wrong.
    pub fn unlike(&self, attributes: &RecordBatch) -> Vec<(String, &'static str)> {
        let wrong = |(name, encoding): &(String, Encoding)| {
            let Some(column) = find_column(attributes, name) else {
                return Some((name.clone(), "is not there"));
            };
            if column.null_count() == column.len() {
                return Some((name.clone(), "is NULL in all launches"));
            }
            let is_text = column.as_any().is::<StringArray>();
            let unread = || read_numbers(column, encoding).is_none_or(|values| values.iter().all(Option::is_none));
            let told = match encoding {
                Encoding::Number { unit: Some(_), .. } if is_text && unread() => {
                    "is a text without numbers in the unit that the model knows"
                }
                Encoding::Number { .. } if is_text && unread() => "is a text, where the model knows numbers",
                Encoding::Category { levels } if !is_text && none_known(levels, column) => {
                    "is no text, where the model knows texts"
                }
                Encoding::Text { .. } if !is_text => "is no text, where the model knows texts",
                _ => return None,
            };
            Some((name.clone(), told))
        };
        self.columns.iter().filter_map(wrong).collect()
    }
}

/// What a model does not know of a row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Unknown {
    /// Attributes that the row does not have.
    pub missing: Vec<String>,
    /// Attributes with a level that was never seen.
    pub levels: Vec<String>,
    /// Attributes with a number far from all that were seen.
    pub far: Vec<String>,
}

/// A column by its name, in any case, as in SQL.
pub(crate) fn find_column<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a ArrayRef> {
    let index = batch
        .schema()
        .fields()
        .iter()
        .position(|f| f.name().eq_ignore_ascii_case(name))?;
    Some(batch.column(index))
}

/// Finite values of a numeric, boolean or date column; `None` if it is of another type. The ends of the type of dates
/// are no dates: they stand for the infinite ones.
pub(crate) fn numbers(array: &ArrayRef) -> Option<Vec<Option<f64>>> {
    let any = array.as_any();
    let values = if let Some(a) = any.downcast_ref::<Float64Array>() {
        a.iter().map(|v| v.filter(|v| v.is_finite())).collect()
    } else if let Some(a) = any.downcast_ref::<BooleanArray>() {
        a.iter().map(|v| v.map(f64::from)).collect()
    } else if let Some(a) = any.downcast_ref::<Date32Array>() {
        a.iter()
            .map(|v| v.filter(|d| !is_infinite(*d)).map(|d| f64::from(d) / 365.25))
            .collect()
    } else {
        return None;
    };
    Some(values)
}

/// Whether a day is one of the two that stand for an infinite date.
pub(crate) fn is_infinite(day: i32) -> bool {
    day.unsigned_abs() >= i32::MAX.unsigned_abs()
}

/// The vectors of a column, by row.
type Vectors = Vec<Option<Vec<f64>>>;

/// Whether there are two vectors that differ.
fn differ(vectors: &[Option<Vec<f64>>]) -> bool {
    let mut known = vectors.iter().flatten();
    let first = known.next();
    known.any(|vector| Some(vector) != first)
}

/// What the attributes leave of a target.
fn rest(encoder: &AttributeEncoder, attributes: &RecordBatch, target: &[f64]) -> Vec<f64> {
    let columns = encoder.encode(attributes);
    let design = Design::fit(encoder.clone(), &columns, &OTHERS);
    let known: Vec<usize> = (0..target.len()).filter(|row| !target[*row].is_nan()).collect();
    let mut rows = design.sparse(&columns);
    rows.resize(target.len(), Sparse::new());
    for row in &mut rows {
        row.iter_mut().for_each(|(column, _)| *column += 1);
        row.insert(0, (0, 1.0));
    }
    let slopes = ridge(&rows, target, &known, PENALTY, vec![0.0; design.columns() + 1]);
    rows.iter().zip(target).map(|(row, y)| y - dot(row, &slopes)).collect()
}

fn fit_column(array: &ArrayRef) -> Option<Encoding> {
    match numbers(array) {
        Some(values) => fit_number(
            values.into_iter().flatten().collect(),
            array.as_any().is::<Float64Array>(),
            None,
        ),
        None => {
            let texts = array.as_any().downcast_ref::<StringArray>()?;
            match numeric(texts) {
                Some(found) => fit_number(found.values, true, found.unit),
                None => fit_text(texts),
            }
        }
    }
}

/// As [`numbers`], and those of texts in a unit or without, none where one is no number.
fn read_numbers(array: &ArrayRef, encoding: &Encoding) -> Option<Vec<Option<f64>>> {
    let unit = encoding.unit();
    let may_be_boolean = matches!(encoding, Encoding::Number { range: None, .. });
    let of_texts = || {
        let texts = array.as_any().downcast_ref::<StringArray>()?;
        let boolean = |text: &str| BOOLEANS.iter().position(|words| words.contains(&normal(text).as_str()));
        if may_be_boolean && texts.iter().flatten().all(|text| boolean(text).is_some()) {
            return Some(texts.iter().map(|text| Some(boolean(text?)? as f64)).collect());
        }
        Some(texts.iter().map(|text| number(text?, unit)).collect())
    };
    numbers(array).or_else(of_texts)
}

fn fit_number(values: Vec<f64>, ranged: bool, unit: Option<String>) -> Option<Encoding> {
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
    let log = low > 0.0 && high / low > 10.0;
    let scaled = || values.iter().map(|&v| if log { v.ln() } else { v });
    let center = mean(scaled())?;
    let deviation = mean(scaled().map(|v| (v - center).powi(2)))?.sqrt();
    (deviation.is_finite() && deviation > 1e-9 * (1.0 + center.abs())).then_some(Encoding::Number {
        log,
        mean: center,
        deviation,
        range: ranged.then_some([low, high]),
        unit,
    })
}

fn encode_column(encoding: &Encoding, array: Option<&ArrayRef>, rows: usize) -> EncodedColumn {
    let strings = || array.and_then(|a| a.as_any().downcast_ref::<StringArray>());
    match encoding {
        Encoding::Number {
            log, mean, deviation, ..
        } => {
            let values = array.and_then(|array| read_numbers(array, encoding));
            let values = values.unwrap_or_else(|| vec![None; rows]);
            let scale = |v: f64| {
                let v = if *log { (v > 0.0).then(|| v.ln())? } else { v };
                Some(((v - mean) / deviation).clamp(-CLIP, CLIP))
            };
            EncodedColumn::Number(values.into_iter().map(|v| v.and_then(scale)).collect())
        }
        Encoding::Category { levels } => EncodedColumn::Category(match array {
            Some(array) => codes(levels, array),
            None => vec![MISSING; rows],
        }),
        Encoding::Embedding { direction } => {
            let vectors = array.and_then(vectors).unwrap_or_else(|| vec![None; rows]);
            let known = |v: &Option<Vec<f64>>| v.clone().filter(|v| v.len() == direction.width());
            let vectors: Vec<Option<Vec<f64>>> = vectors.iter().map(known).collect();
            let units: Vec<Vec<i16>> = vectors
                .iter()
                .map(|v| v.as_deref().map_or_else(Vec::new, unit))
                .collect();
            let score = |(v, unit): (&Option<Vec<f64>>, &Vec<i16>)| {
                let known = v.as_ref().filter(|_| !unit.is_empty())?;
                direction.score(known)
            };
            EncodedColumn::Embedding {
                along: vectors.iter().zip(&units).map(score).collect(),
                units,
            }
        }
        Encoding::Text { vocabulary } => EncodedColumn::Text(match strings() {
            Some(a) => a
                .iter()
                .map(|v| v.map_or_else(Vec::new, |v| vocabulary.encode(v)))
                .collect(),
            None => vec![Vec::new(); rows],
        }),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use super::*;

    pub(in crate::features) fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap()
    }

    #[test]
    fn every_kind_of_column_is_encoded() {
        let past = batch(vec![
            (
                "price",
                Arc::new(Float64Array::from(vec![Some(1.0), Some(10.0), Some(100.0), None])),
            ),
            (
                "colour",
                Arc::new(StringArray::from(vec!["red", "red", "blue", "blue"])),
            ),
            ("organic", Arc::new(BooleanArray::from(vec![true, false, true, false]))),
            (
                "designed",
                Arc::new(Date32Array::from(vec![10_000, 10_100, 10_200, 10_300])),
            ),
            (
                "note",
                Arc::new(StringArray::from(vec![
                    "cotton shirt one",
                    "cotton shirt two",
                    "pan steel",
                    "steel pot",
                ])),
            ),
            ("sku", Arc::new(StringArray::from(vec!["a1", "a2", "a3", "a4"]))),
            ("same", Arc::new(Float64Array::from(vec![5.0; 4]))),
            ("empty", Arc::new(StringArray::from(vec![None::<&str>; 4]))),
        ]);
        let encoder = AttributeEncoder::fit(&past);
        let names: Vec<&str> = encoder.columns.iter().map(|(n, _)| n.as_str()).collect();
        assert_eq!(names, ["price", "colour", "organic", "designed", "note"]);

        let new = batch(vec![
            (
                "PRICE",
                Arc::new(Float64Array::from(vec![Some(10.0), Some(f64::INFINITY)])),
            ),
            ("colour", Arc::new(StringArray::from(vec![Some("green"), None]))),
        ]);
        let columns = encoder.encode(&new);
        assert_eq!(columns[0], EncodedColumn::Number(vec![Some(0.0), None]));
        assert_eq!(columns[1], EncodedColumn::Category(vec![UNSEEN, MISSING]));
        assert_eq!(columns[2], EncodedColumn::Number(vec![None, None]));
        let unknown = encoder.unknown(&new);
        assert_eq!(unknown[0].missing, ["organic", "designed", "note"]);
        assert_eq!(unknown[0].levels, ["colour green"]);
        assert_eq!(unknown[1].missing, ["price", "colour", "organic", "designed", "note"]);
        assert_eq!(unknown[1].levels, [""; 0]);

        // Infinite dates are none.
        let dates: ArrayRef = Arc::new(Date32Array::from(vec![i32::MAX, -i32::MAX, i32::MIN, 36_525]));
        assert_eq!(numbers(&dates).unwrap(), [None, None, None, Some(100.0)]);

        // A number where the model knows a text is a level as it is written, and the other way round where it is none.
        let mistyped = batch(vec![
            ("price", Arc::new(StringArray::from(vec!["about 10"]))),
            ("colour", Arc::new(Float64Array::from(vec![7.0]))),
            ("note", Arc::new(StringArray::from(vec!["cotton"]))),
        ]);
        assert_eq!(encoder.unknown(&mistyped)[0].missing, ["price", "organic", "designed"]);
        assert_eq!(encoder.unknown(&mistyped)[0].levels, ["colour 7"]);
        let told: Vec<String> = encoder.unlike(&mistyped).into_iter().map(|(name, _)| name).collect();
        assert_eq!(told, ["price", "colour", "organic", "designed"]);
    }

    #[test]
    fn texts_that_are_numbers_with_decimals_are_numbers() {
        let batch = |array: ArrayRef| RecordBatch::try_from_iter([("size", array)]).unwrap();
        let numbers: ArrayRef = Arc::new(Float64Array::from(vec![13.2, 10.0, 11.5, 10.0]));
        let texts = |values: &[&str]| -> ArrayRef { Arc::new(StringArray::from(values.to_vec())) };
        let known = AttributeEncoder::fit(&batch(numbers.clone()));
        let written = texts(&["13,2", " 10 ", "11.5", "10,0"]);
        assert_eq!(AttributeEncoder::fit(&batch(written.clone())), known);
        assert_eq!(known.encode(&batch(written)), known.encode(&batch(numbers)));
        // Codes have no decimals, and a comma before three digits may be one of thousands.
        for words in [
            ["13", "10", "11", "10"],
            ["1,234", "1.5", "2.5", "1.5"],
            ["13.2", "10", "about 11", "10"],
        ] {
            let fitted = AttributeEncoder::fit(&batch(texts(&words)));
            assert!(
                fitted
                    .columns
                    .iter()
                    .all(|(_, e)| matches!(e, Encoding::Category { .. })),
                "{words:?}"
            );
        }
        let some = known.encode(&batch(texts(&["about 13", "11.5", "", "nan"])));
        assert_eq!(
            [0, 1, 2, 3].map(|row| some[0].is_missing(row)),
            [true, false, true, true]
        );
    }
}
