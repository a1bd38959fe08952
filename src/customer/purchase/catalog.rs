//! Products, and how alike they are.

use std::collections::{BTreeMap, BTreeSet};

use arrow_array::RecordBatch;

use crate::features::distance::cosine;
use crate::features::{AttributeEncoder, EncodedColumn, MISSING};
use crate::statistics::deviation;

/// What a number or a text counts in likeness, as much as a level that one product in four has.
const PLAIN: f32 = 1.386_294;

/// What is known of a product beside its attributes.
#[derive(Debug, Clone, Default)]
pub struct Product {
    /// Its id.
    pub key: String,
    /// Days from 1970 to its launch; none of one that is no launch.
    pub launch: Option<i32>,
    /// Its price.
    pub price: Option<f64>,
    /// Its category.
    pub category: Option<String>,
    /// Its brand.
    pub brand: Option<String>,
    /// What was given as its launch, if that is no date.
    pub unread: Option<String>,
}

/// All products; a number of a product is its place.
#[derive(Debug)]
pub(super) struct Catalog {
    pub products: Vec<Product>,
    /// Natural logarithm of the price, NaN without one.
    pub ln_price: Vec<f32>,
    /// By product; [`MISSING`] without.
    pub category: Vec<i32>,
    /// Number of categories.
    pub categories: usize,
    /// By product; [`MISSING`] without.
    pub brand: Vec<i32>,
    columns: Vec<Column>,
}

/// What counts in likeness, by attribute: of each level its weight, of numbers their standard deviation.
#[derive(Debug, Clone)]
pub(super) struct Scale(Vec<Vec<f32>>);

/// One attribute of all products.
#[derive(Debug)]
enum Column {
    /// Levels, and their number.
    Level(Vec<i32>, usize),
    Number(Vec<f32>),
    Text(Vec<Vec<(u32, f64)>>),
}

impl Catalog {
    /// Learn from the attributes of all products, one row each.
    pub fn new(products: Vec<Product>, attributes: &RecordBatch) -> Self {
        let encoder = AttributeEncoder::fit(attributes);
        let columns = encoder.encode(attributes).into_iter().map(column).collect();
        let codes = |of: fn(&Product) -> Option<&String>| {
            let level = |p: &Product| of(p).and_then(|text| normal(text));
            let known: BTreeSet<String> = products.iter().filter_map(level).collect();
            let known: BTreeMap<String, i32> = known.into_iter().zip(0..).collect();
            let codes: Vec<i32> = products
                .iter()
                .map(|p| level(p).map_or(MISSING, |level| known[&level]))
                .collect();
            (codes, known.len())
        };
        let (category, categories) = codes(|p| p.category.as_ref());
        let brand = codes(|p| p.brand.as_ref()).0;
        let ln = |p: &Product| p.price.filter(|v| *v > 0.0).map_or(f32::NAN, |v| v.ln() as f32);
        Self {
            ln_price: products.iter().map(ln).collect(),
            category,
            categories,
            brand,
            columns,
            products,
        }
    }

    /// Attributes with levels: the level of each product, and their number.
    pub fn levels(&self) -> impl Iterator<Item = (&[i32], usize)> {
        self.columns.iter().filter_map(|column| match column {
            Column::Level(codes, levels) => Some((codes.as_slice(), *levels)),
            _ => None,
        })
    }

    /// What counts in likeness, learned from the products that are known.
    pub fn scale(&self, known: &[bool]) -> Scale {
        let all = known.iter().filter(|k| **k).count();
        let of = |column: &Column| match column {
            Column::Level(codes, levels) => {
                let mut counts = vec![0usize; *levels];
                let own = codes.iter().zip(known).filter(|(code, known)| **known && **code >= 0);
                own.for_each(|(code, _)| counts[*code as usize] += 1);
                counts
                    .into_iter()
                    .map(|n| ((1 + all) as f32 / (1 + n) as f32).ln())
                    .collect()
            }
            Column::Number(values) => {
                let own = || {
                    values
                        .iter()
                        .zip(known)
                        .filter(|(v, known)| **known && !v.is_nan())
                        .map(|(v, _)| f64::from(*v))
                };
                let spread = deviation(&own().collect::<Vec<_>>()).filter(|d| *d > 0.0);
                vec![spread.unwrap_or(1.0) as f32]
            }
            Column::Text(_) => Vec::new(),
        };
        Scale(self.columns.iter().map(of).collect())
    }

    /// How alike each product is to one of them, from 0 to 1; 0 of itself.
    ///
    /// *Formula*: weighted Jaccard, sum of w s over sum of w (2 - s), where s is the likeness in an attribute and w what it counts:
    /// of a level ln((1 + n) / (1 + n of the level)) of the n products known, of numbers and texts ln 4. s is 1 for the same level,
    /// exp(-|a - b| / standard deviation) of numbers, and the cosine of texts. Two levels that differ count half the sum of theirs.
    ///
    /// *Reference*: Ioffe 2010, Improved consistent sampling, weighted minhash and L1 sketching (weighted Jaccard).
    pub fn likeness(&self, one: usize, scale: &Scale) -> Vec<f32> {
        let count = self.products.len();
        let (mut shared, mut whole) = (vec![0f32; count], vec![0f32; count]);
        let mut add = |row: usize, common: f32, both: f32| {
            shared[row] += common;
            whole[row] += both - common;
        };
        for (column, scale) in self.columns.iter().zip(&scale.0) {
            match column {
                Column::Level(codes, _) => {
                    let weight = |code: i32| usize::try_from(code).map_or(0.0, |code| scale[code]);
                    let own = codes[one];
                    for (row, code) in codes.iter().enumerate() {
                        let same = own == *code && own != MISSING;
                        let common = if same { weight(own) } else { 0.0 };
                        add(row, common, weight(own) + weight(*code));
                    }
                }
                Column::Number(values) => {
                    for row in 0..count {
                        let gap = (values[row] - values[one]).abs() / scale[0];
                        if !gap.is_nan() {
                            add(row, PLAIN * (-gap).exp(), 2.0 * PLAIN);
                        }
                    }
                }
                Column::Text(texts) => {
                    if texts[one].is_empty() {
                        continue;
                    }
                    for row in 0..count {
                        if !texts[row].is_empty() {
                            let alike = cosine(&texts[one], &texts[row]).clamp(0.0, 1.0) as f32;
                            add(row, PLAIN * alike, 2.0 * PLAIN);
                        }
                    }
                }
            }
        }
        let of = |(shared, whole): (&f32, &f32)| if *whole > 0.0 { shared / whole } else { 0.0 };
        let mut likeness: Vec<f32> = shared.iter().zip(&whole).map(of).collect();
        likeness[one] = 0.0;
        likeness
    }
}

fn column(encoded: EncodedColumn) -> Column {
    match encoded {
        EncodedColumn::Number(values) => {
            Column::Number(values.into_iter().map(|v| v.map_or(f32::NAN, |v| v as f32)).collect())
        }
        EncodedColumn::Text(texts) => Column::Text(texts),
        EncodedColumn::Category(codes) => {
            let levels = codes
                .iter()
                .copied()
                .max()
                .map_or(0, |most| usize::try_from(most + 1).unwrap_or(0));
            Column::Level(codes, levels)
        }
    }
}

/// A name as it is compared: without case and blanks around it, numbers as numbers; nothing of an empty one.
fn normal(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let number = text.parse::<f64>().ok().filter(|v| v.is_finite());
    (!text.is_empty()).then(|| number.map_or(text, |number| number.to_string()))
}
