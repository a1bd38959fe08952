//! The columns of numbers that a model sees of encoded attributes, as dense or sparse rows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AttributeEncoder, EncodedColumn, Encoding, MISSING, Plan};
use crate::statistics::ridge::Sparse;

/// A column made from an attribute, which is given by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The standardised number.
    Number(usize),
    /// Its square.
    Square(usize),
    /// 1 where the number is missing, else 0; always known.
    Missing(usize),
    /// The place of the category among all of them in the order of the alphabet.
    Code(usize),
    /// 1 for one level of the category, 0 for the others.
    Level(usize, i32),
    /// 1 for texts with a word, 0 for others that have a known word.
    Word(usize, u32),
    /// The TF-IDF weight of the word, likewise.
    Weight(usize, u32),
}

impl Source {
    /// The number of its attribute.
    pub fn attribute(self) -> usize {
        match self {
            Self::Number(a)
            | Self::Square(a)
            | Self::Missing(a)
            | Self::Code(a)
            | Self::Level(a, _)
            | Self::Word(a, _)
            | Self::Weight(a, _) => a,
        }
    }

    /// Its value in a row; `None` where the attribute is missing, and in a code that no row learned from had.
    pub fn value(self, columns: &[EncodedColumn], row: usize) -> Option<f64> {
        let one_if = |yes: bool| f64::from(u8::from(yes));
        match (self, columns.get(self.attribute())) {
            (Self::Number(_), Some(EncodedColumn::Number(v))) => v[row],
            // One that is missing is at the mean: where none was, trees would go anywhere.
            (Self::Number(_), Some(EncodedColumn::Embedding { along, .. })) => Some(along[row].unwrap_or(0.0)),
            (Self::Square(_), Some(EncodedColumn::Number(v))) => v[row].map(|z| z * z),
            (Self::Missing(_), Some(column)) => Some(one_if(column.is_missing(row))),
            (Self::Missing(_), None) => Some(1.0),
            (Self::Code(_), Some(EncodedColumn::Category(v))) => Some(v[row]).filter(|c| *c >= 0).map(f64::from),
            (Self::Level(_, level), Some(EncodedColumn::Category(v))) => {
                Some(v[row]).filter(|c| *c != MISSING).map(|c| one_if(c == level))
            }
            (Self::Word(_, word) | Self::Weight(_, word), Some(EncodedColumn::Text(v))) if !v[row].is_empty() => {
                let weight = v[row].binary_search_by_key(&word, |w| w.0).ok().map(|at| v[row][at].1);
                Some(match self {
                    Self::Word(..) => one_if(weight.is_some()),
                    _ => weight.unwrap_or(0.0),
                })
            }
            _ => None,
        }
    }

    /// Whether it can be made from an attribute of this encoding.
    pub fn fits(self, encoding: &Encoding) -> bool {
        match (self, encoding) {
            (Self::Number(_) | Self::Square(_) | Self::Missing(_), Encoding::Number { .. }) => true,
            (Self::Number(_), Encoding::Embedding { direction }) => direction.is_found(),
            (Self::Code(_), Encoding::Category { .. }) => true,
            (Self::Level(_, level), Encoding::Category { levels }) => {
                usize::try_from(level).is_ok_and(|level| level < levels.len())
            }
            (Self::Word(_, word) | Self::Weight(_, word), Encoding::Text { vocabulary }) => {
                (word as usize) < vocabulary.len()
            }
            _ => false,
        }
    }
}

/// Attributes with the columns of numbers that are made from them.
///
/// *Shapes*: rows x columns; the columns stand in the order of the attributes, and of one attribute in that of
/// [`Source`].
///
/// *Missing data*: a value that is not known is told apart from 0 in dense rows if the model wants it so.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Design {
    encoder: AttributeEncoder,
    sources: Vec<Source>,
    /// Lowest and highest value of each attribute, where it is a number; empty unless numbers are bounded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    bounds: Vec<Option<(f64, f64)>>,
}

impl Design {
    /// Choose columns by a plan; `columns` are the encoded attributes of the rows that a model learns from.
    pub fn fit(encoder: AttributeEncoder, columns: &[EncodedColumn], plan: &Plan) -> Self {
        let attributes = encoder.columns.iter().zip(columns).enumerate();
        let sources = attributes.flat_map(|(a, ((_, encoding), column))| plan.sources(a, encoding, column));
        Self {
            sources: sources.collect(),
            bounds: if plan.bounded {
                columns.iter().map(bounds).collect()
            } else {
                Vec::new()
            },
            encoder,
        }
    }

    /// With sources that were stored by themselves; [`Design::is_valid`] tells whether they fit.
    pub fn from_sources(encoder: AttributeEncoder, sources: Vec<Source>) -> Self {
        Self {
            encoder,
            sources,
            bounds: Vec::new(),
        }
    }

    /// With none but the given columns, which stand in their order.
    pub fn keep(mut self, columns: &[usize]) -> Self {
        self.sources = columns.iter().filter_map(|&c| self.sources.get(c).copied()).collect();
        self
    }

    /// The attributes it is made from.
    pub fn encoder(&self) -> &AttributeEncoder {
        &self.encoder
    }

    /// What each column is.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.sources.len()
    }

    /// Name of the attribute that a column is made from.
    pub fn name(&self, column: usize) -> Option<&str> {
        let attribute = self.sources.get(column)?.attribute();
        self.encoder.columns.get(attribute).map(|(name, _)| name.as_str())
    }

    /// What a column says, in words that mean the same in other designs: attribute, kind, and level or word.
    pub fn key(&self, column: usize) -> Option<String> {
        let source = *self.sources.get(column)?;
        let (name, encoding) = self.encoder.columns.get(source.attribute())?;
        let of = match (source, encoding) {
            (Source::Level(_, level), Encoding::Category { levels }) => {
                levels.iter().find(|(_, code)| **code == level)?.0.clone()
            }
            (Source::Word(_, word) | Source::Weight(_, word), Encoding::Text { vocabulary }) => {
                vocabulary.word(word)?.to_owned()
            }
            _ => String::new(),
        };
        let kind = match source {
            Source::Number(_) => "number",
            Source::Square(_) => "square",
            Source::Missing(_) => "missing",
            Source::Code(_) => "code",
            Source::Level(..) => "level",
            Source::Word(..) => "word",
            Source::Weight(..) => "weight",
        };
        Some(format!("{name}\u{1f}{kind}\u{1f}{of}"))
    }

    /// The value of one column in a row, `None` where it is not known. What is not of the encoder is not known.
    pub fn value(&self, column: usize, columns: &[EncodedColumn], row: usize) -> Option<f64> {
        let source = *self.sources.get(column)?;
        let value = source.value(columns, row)?;
        Some(match source {
            Source::Number(attribute) => self.within(attribute, value),
            Source::Square(attribute) => self
                .within(attribute, Source::Number(attribute).value(columns, row)?)
                .powi(2),
            _ => value,
        })
    }

    /// All columns of a row; `unknown` (NaN or 0) stands for what is not known.
    pub fn dense<'a>(
        &'a self,
        columns: &'a [EncodedColumn],
        row: usize,
        unknown: f64,
    ) -> impl Iterator<Item = f64> + 'a {
        (0..self.columns()).map(move |column| self.value(column, columns, row).unwrap_or(unknown))
    }

    /// All rows, without what is zero or not known: the cost is that of what occurs, however many columns there are.
    pub fn sparse(&self, columns: &[EncodedColumn]) -> Vec<Sparse> {
        let mut places = vec![Places::default(); self.encoder.columns.len()];
        for (column, source) in (0..).zip(&self.sources) {
            if let Some(places) = places.get_mut(source.attribute()) {
                places.add(*source, column);
            }
        }
        let mut rows = vec![Sparse::new(); columns.first().map_or(0, EncodedColumn::len)];
        for (attribute, (places, column)) in places.iter().zip(columns).enumerate() {
            for (i, row) in rows.iter_mut().enumerate() {
                match column {
                    EncodedColumn::Number(v) => match v[i].map(|z| self.within(attribute, z)) {
                        Some(z) => {
                            row.extend(places.number.map(|c| (c, z)));
                            row.extend(places.square.map(|c| (c, z * z)));
                        }
                        None => row.extend(places.missing.map(|c| (c, 1.0))),
                    },
                    EncodedColumn::Category(v) if v[i] >= 0 => {
                        row.extend(places.code.map(|c| (c, f64::from(v[i]))));
                        row.extend(places.levels.get(&v[i]).map(|&c| (c, 1.0)));
                    }
                    EncodedColumn::Category(_) => {}
                    EncodedColumn::Embedding { along, .. } => {
                        row.extend(places.number.zip(along[i].map(|z| self.within(attribute, z))));
                    }
                    EncodedColumn::Text(v) => {
                        for (word, weight) in &v[i] {
                            row.extend(places.words.get(word).map(|&c| (c, 1.0)));
                            row.extend(places.weights.get(word).map(|&c| (c, *weight)));
                        }
                    }
                }
            }
        }
        rows.iter_mut().for_each(|row| row.sort_by_key(|(column, _)| *column));
        rows
    }

    /// Whether it is what [`Design::fit`] makes; asked of models that were read from bytes.
    pub fn is_valid(&self) -> bool {
        let attribute = |source: &Source| self.encoder.columns.get(source.attribute());
        let ordered = |bounds: &(f64, f64)| bounds.0.is_finite() && bounds.1.is_finite() && bounds.0 <= bounds.1;
        self.encoder.is_valid()
            && self
                .sources
                .iter()
                .all(|source| attribute(source).is_some_and(|(_, encoding)| source.fits(encoding)))
            && (self.bounds.is_empty() || self.bounds.len() == self.encoder.columns.len())
            && self.bounds.iter().flatten().all(ordered)
    }

    fn within(&self, attribute: usize, z: f64) -> f64 {
        match self.bounds.get(attribute) {
            Some(Some((low, high))) => z.max(*low).min(*high),
            _ => z,
        }
    }
}

/// Where the columns of an attribute stand.
#[derive(Debug, Clone, Default)]
struct Places {
    number: Option<u32>,
    square: Option<u32>,
    missing: Option<u32>,
    code: Option<u32>,
    levels: BTreeMap<i32, u32>,
    words: BTreeMap<u32, u32>,
    weights: BTreeMap<u32, u32>,
}

impl Places {
    fn add(&mut self, source: Source, column: u32) {
        let column = Some(column);
        match source {
            Source::Number(_) => self.number = column,
            Source::Square(_) => self.square = column,
            Source::Missing(_) => self.missing = column,
            Source::Code(_) => self.code = column,
            Source::Level(_, level) => self.levels.extend(column.map(|c| (level, c))),
            Source::Word(_, word) => self.words.extend(column.map(|c| (word, c))),
            Source::Weight(_, word) => self.weights.extend(column.map(|c| (word, c))),
        }
    }
}

/// The range of a number, if one is known.
fn bounds(column: &EncodedColumn) -> Option<(f64, f64)> {
    let (EncodedColumn::Number(values) | EncodedColumn::Embedding { along: values, .. }) = column else {
        return None;
    };
    let known = values.iter().flatten();
    let (low, high) = known.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| {
        (low.min(v), high.max(v))
    });
    (low <= high).then_some((low, high))
}
