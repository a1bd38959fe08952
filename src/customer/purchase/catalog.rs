//! Products, and how alike they are.

use std::collections::{BTreeMap, BTreeSet};

use arrow_array::{Array, ArrayRef, BooleanArray, Date32Array, Float64Array, RecordBatch, StringArray};
use arrow_schema::DataType;

use crate::features::MISSING;
use crate::features::distance::cosine;
use crate::features::embedding::left_out;
use crate::features::text::Vocabulary;
use crate::statistics::deviation;

/// What a number or a text counts in likeness, as much as a level that one product in four has.
const PLAIN: f32 = 1.386_294;

/// Words of a text that are kept at most.
const WORDS: usize = 512;
/// Words that values have on average from which they are texts.
const LONG: f64 = 3.0;
/// Levels over products from which a column holds ids, which tell nothing.
const IDS: f64 = 0.8;
/// Positive numbers are compared by their logarithms where they spread over more than this factor.
const SPREAD: f32 = 10.0;

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
    /// Attributes by name.
    columns: Vec<(String, Column)>,
    /// What is looked at of each product that was bought.
    lines: Vec<Line>,
    /// Levels of all attributes with levels, product by product.
    codes: Vec<i32>,
    /// Columns that are no such attributes, with why.
    pub left_out: Vec<String>,
}

/// Of a product, what is looked at for each line bought: together, as those come in no order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// Days from 1970 to its launch; the first day there is of one that is no launch.
    pub launch: i32,
    /// [`MISSING`] without.
    pub category: i32,
    /// [`MISSING`] without.
    pub brand: i32,
}

/// What counts in likeness, by attribute: of each level its weight; of numbers their standard deviation, and whether it is that of
/// logarithms.
#[derive(Debug, Clone)]
pub(super) struct Scale(Vec<(Vec<f32>, bool)>);

/// One attribute of all products.
#[derive(Debug)]
enum Column {
    /// Levels, and their number.
    Level(Vec<i32>, usize),
    Number(Vec<f32>),
    Text(Vec<Vec<(u32, f64)>>),
}

impl Catalog {
    /// Read the attributes of all products, one row each. What a column is, is told by the first products, which are no candidates:
    /// what is asked about must not change the answers to others.
    pub fn new(products: Vec<Product>, attributes: &RecordBatch, is_candidate: &[bool]) -> Self {
        let schema = attributes.schema();
        let columns = schema.fields().iter().zip(attributes.columns());
        // One that candidates alone have would make them unlike all.
        let is_read = |array: &ArrayRef| !matches!(array.data_type(), DataType::List(_));
        let known =
            |array: &ArrayRef| is_read(array) && (0..array.len()).any(|row| array.is_valid(row) && !is_candidate[row]);
        let columns = columns.filter(|(_, array)| known(array));
        let columns = columns.map(|(field, array)| (field.name().to_lowercase(), column(array, is_candidate)));
        let columns: Vec<(String, Column)> = columns.collect();
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
        let each = products.iter().zip(&category).zip(&brand);
        let lines = each.map(|((product, &category), &brand)| Line {
            launch: product.launch.unwrap_or(i32::MIN),
            category,
            brand,
        });
        let lines = lines.collect();
        let levels: Vec<&[i32]> = levels_of(&columns).map(|(codes, _)| codes).collect();
        let codes = (0..products.len())
            .flat_map(|row| levels.iter().map(move |codes| codes[row]))
            .collect();
        let ln = |p: &Product| p.price.filter(|v| *v > 0.0).map_or(f32::NAN, |v| v.ln() as f32);
        Self {
            ln_price: products.iter().map(ln).collect(),
            category,
            categories,
            brand,
            columns,
            lines,
            codes,
            products,
            left_out: left_out(attributes, false),
        }
    }

    /// Attributes with levels: the level of each product, and their number.
    pub fn levels(&self) -> impl Iterator<Item = (&[i32], usize)> {
        levels_of(&self.columns)
    }

    /// What is looked at of a product that was bought, and its levels in the order of [`Catalog::levels`].
    pub fn line(&self, product: usize) -> (Line, &[i32]) {
        let levels = self.codes.len() / self.products.len();
        (self.lines[product], &self.codes[product * levels..][..levels])
    }

    /// The attributes that some product has.
    pub fn attributes(&self) -> Vec<String> {
        let known = |column: &Column| (0..self.products.len()).any(|row| !column.is_missing(row));
        let known = self.columns.iter().filter(|(_, column)| known(column));
        known.map(|(name, _)| name.clone()).collect()
    }

    /// The ones among some attributes that a product lacks.
    pub fn lacking<'a>(&self, product: usize, among: &'a [String]) -> Vec<&'a str> {
        let own = |name: &str| self.columns.iter().find(|(own, _)| own == name);
        let lacks = |name: &&String| own(name).is_none_or(|(_, column)| column.is_missing(product));
        among.iter().filter(lacks).map(String::as_str).collect()
    }

    /// What counts in likeness, learned from the products that are known.
    pub fn scale(&self, known: &[bool]) -> Scale {
        let all = known.iter().filter(|k| **k).count();
        let of = |(_, column): &(String, Column)| match column {
            Column::Level(codes, levels) => {
                let mut counts = vec![0usize; *levels];
                let own = codes.iter().zip(known).filter(|(code, known)| **known && **code >= 0);
                own.for_each(|(code, _)| counts[*code as usize] += 1);
                let there: usize = counts.iter().sum();
                let different = counts.iter().filter(|n| **n > 0).count();
                let are_ids = different as f64 > IDS * there as f64 && there > 10;
                let weight = |n: usize| {
                    if are_ids {
                        0.0
                    } else {
                        ((1 + all) as f32 / (1 + n) as f32).ln()
                    }
                };
                (counts.into_iter().map(weight).collect(), false)
            }
            Column::Number(values) => {
                let own = || {
                    values
                        .iter()
                        .zip(known)
                        .filter(|(v, known)| **known && !v.is_nan())
                        .map(|(v, _)| *v)
                };
                let (least, most) = own().fold((f32::MAX, f32::MIN), |(a, b), v| (a.min(v), b.max(v)));
                let is_log = least > 0.0 && most / least > SPREAD;
                let each: Vec<f64> = own().map(|v| f64::from(if is_log { v.ln() } else { v })).collect();
                let spread = deviation(&each).filter(|d| *d > 0.0);
                (vec![spread.unwrap_or(1.0) as f32], is_log)
            }
            Column::Text(_) => (Vec::new(), false),
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
        for ((_, column), (scale, is_log)) in self.columns.iter().zip(&scale.0) {
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
                    let value = |row: usize| if *is_log { values[row].ln() } else { values[row] };
                    for row in 0..count {
                        let gap = (value(row) - value(one)).abs() / scale[0];
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

fn levels_of(columns: &[(String, Column)]) -> impl Iterator<Item = (&[i32], usize)> {
    columns.iter().filter_map(|(_, column)| match column {
        Column::Level(codes, levels) => Some((codes.as_slice(), *levels)),
        _ => None,
    })
}

impl Column {
    fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Level(codes, _) => codes[row] == MISSING,
            Self::Number(values) => values[row].is_nan(),
            Self::Text(texts) => texts[row].is_empty(),
        }
    }
}

fn column(array: &ArrayRef, is_candidate: &[bool]) -> Column {
    let any = array.as_any();
    let numbers = |values: Vec<Option<f64>>| {
        let known = |v: Option<f64>| v.map(|v| v as f32).filter(|v| v.is_finite());
        Column::Number(values.into_iter().map(|v| known(v).unwrap_or(f32::NAN)).collect())
    };
    if let Some(values) = any.downcast_ref::<Float64Array>() {
        return numbers(values.iter().collect());
    }
    if let Some(values) = any.downcast_ref::<Date32Array>() {
        return numbers(values.iter().map(|v| v.map(f64::from)).collect());
    }
    if let Some(values) = any.downcast_ref::<BooleanArray>() {
        return levels(values.iter().map(|v| v.map(|v| v.to_string())).collect());
    }
    let Some(texts) = any.downcast_ref::<StringArray>() else {
        return Column::Number(vec![f32::NAN; array.len()]);
    };
    let first = || {
        texts
            .iter()
            .zip(is_candidate)
            .filter(|(_, c)| !**c)
            .filter_map(|(text, _)| text)
    };
    let first = || first().filter(|text| !text.trim().is_empty());
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let count = first().count();
    if count > 0 && first().all(|text| number(text).is_some()) {
        return numbers(texts.iter().map(|text| text.and_then(number)).collect());
    }
    let words: usize = first().map(|text| text.split_whitespace().count()).sum();
    let vocabulary = Vocabulary::fit(first(), WORDS);
    match words as f64 >= LONG * count as f64 && !vocabulary.is_empty() {
        true => Column::Text(
            texts
                .iter()
                .map(|text| text.map_or_else(Vec::new, |text| vocabulary.encode(text)))
                .collect(),
        ),
        false => levels(texts.iter().map(|text| text.and_then(normal)).collect()),
    }
}

fn levels(texts: Vec<Option<String>>) -> Column {
    let known: BTreeSet<&String> = texts.iter().flatten().collect();
    let known: BTreeMap<&String, i32> = known.into_iter().zip(0..).collect();
    let codes = texts
        .iter()
        .map(|text| text.as_ref().map_or(MISSING, |text| known[text]));
    Column::Level(codes.collect(), known.len())
}

/// A name as it is compared: without case and blanks around it, numbers as numbers; nothing of an empty one.
fn normal(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let number = text.parse::<f64>().ok().filter(|v| v.is_finite());
    (!text.is_empty()).then(|| number.map_or(text, |number| number.to_string()))
}
