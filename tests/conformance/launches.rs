//! Generated launches whose truth is known.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, RecordBatchOptions, StringArray, UInt32Array};
use arrow_schema::Schema;
use arrow_select::take::take_record_batch;
use launchpad::{
    error::Result,
    forecast::Forecast,
    launch::{Architecture, LaunchModel},
    neural::{Recipe, RecipeOptions},
    panel::{Candidates, Frequency, LaunchPanel},
    progress::Progress,
};

/// The columns of a panel, so that a test can change them before it is built.
#[derive(Clone)]
pub struct Launches {
    pub frequency: Frequency,
    pub horizon: usize,
    pub ids: Vec<String>,
    pub days: Vec<i32>,
    pub units: Vec<Vec<Option<f64>>>,
    pub attributes: RecordBatch,
}

impl Launches {
    /// `n` launches, one every other week from 2018 on, that sell the same in every step and have no attributes.
    pub fn constant(n: usize, horizon: usize, units: f64) -> Self {
        Self {
            frequency: Frequency::Week,
            horizon,
            ids: (0..n).map(|i| format!("p{i:04}")).collect(),
            days: (0..n).map(|i| 17_532 + 14 * i as i32).collect(),
            units: vec![vec![Some(units); horizon]; n],
            attributes: no_columns(n),
        }
    }

    pub fn panel(&self) -> Result<LaunchPanel> {
        LaunchPanel::try_new(
            self.frequency,
            self.horizon,
            self.ids.clone(),
            self.days.clone(),
            &self.units,
            self.attributes.clone(),
        )
    }

    pub fn train(&self, architecture: Architecture) -> Result<LaunchModel> {
        LaunchModel::train(architecture, &self.panel()?, &small(), &Progress::silent())
    }

    /// The launches as products without history.
    pub fn candidates(&self) -> Candidates {
        Candidates::new(self.days.clone(), self.attributes.clone())
    }

    /// The same launches with other attributes.
    pub fn with(mut self, columns: Vec<(String, ArrayRef)>) -> Self {
        self.attributes = batch(columns);
        self
    }

    /// The launches with the given numbers, in that order.
    pub fn select(&self, rows: &[usize]) -> Self {
        let indices = UInt32Array::from_iter_values(rows.iter().map(|&r| r as u32));
        Self {
            frequency: self.frequency,
            horizon: self.horizon,
            ids: rows.iter().map(|&r| self.ids[r].clone()).collect(),
            days: rows.iter().map(|&r| self.days[r]).collect(),
            units: rows.iter().map(|&r| self.units[r].clone()).collect(),
            attributes: take_record_batch(&self.attributes, &indices).unwrap(),
        }
    }
}

/// Standard deviation of ln units of a product around its planted level.
const NOISE: f64 = 0.3;

/// Weekly launches whose level depends on category and price: ln units = 6 (category a), 5 (b) or 4 (c)
/// - 0.8 ln price, a curve that falls by 5 % a step, and Gaussian noise by product (0.3) and by step (0.1).
///
/// Another seed gives other products of the same market.
pub fn planted(n: usize, horizon: usize, seed: u64) -> Launches {
    let mut random = Random(seed);
    let mut launches = Launches::constant(n, horizon, 0.0);
    let (mut prices, mut categories) = (Vec::new(), Vec::new());
    for i in 0..n {
        let (category, base) = [("a", 6.0), ("b", 5.0), ("c", 4.0)][random.below(3)];
        let price = 1.0 + 19.0 * random.uniform();
        let level = base - 0.8 * price.ln() + NOISE * random.normal();
        launches.ids[i] = format!("s{seed}p{i:05}");
        // Mondays, so that the first step is a full week.
        launches.days[i] = 18_002 + 7 * random.below(104) as i32;
        launches.units[i] = (0..horizon)
            .map(|step| Some((level + 0.95f64.ln() * step as f64 + 0.1 * random.normal()).exp()))
            .collect();
        prices.push(price);
        categories.push(category);
    }
    launches.with(vec![
        ("price".to_owned(), Arc::new(Float64Array::from(prices)) as ArrayRef),
        ("category".to_owned(), Arc::new(StringArray::from(categories))),
    ])
}

/// A recipe that trains networks in no time: what holds for a small one holds for a large one.
pub fn small() -> Recipe {
    Recipe::try_new(&RecipeOptions {
        hidden: Some(vec![8]),
        epochs: Some(4),
        learning_rate: Some(0.01),
        ..RecipeOptions::default()
    })
    .unwrap()
}

/// Attributes without any column.
pub fn no_columns(rows: usize) -> RecordBatch {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap()
}

/// Attributes from named columns, all of which may hold NULL.
pub fn batch(columns: Vec<(String, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

/// What every forecast must be: finite, ordered, not negative.
pub fn sound(forecasts: &[Forecast]) -> std::result::Result<(), String> {
    for step in forecasts.iter().flat_map(|f| &f.steps) {
        let Some(i) = step.interval else { continue };
        let finite = [i.lower, i.median, i.upper, i.mean].iter().all(|v| v.is_finite());
        if !(finite && 0.0 <= i.lower && i.lower <= i.median && i.median <= i.upper && 0.0 <= i.mean) {
            return Err(format!("step {}: {i:?}", step.step));
        }
    }
    Ok(())
}

/// A fixed sequence of random numbers (splitmix64), the same on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    pub fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }

    /// Mean 0, standard deviation 1 (Box, Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// A permutation of 0 .. n.
    pub fn shuffled(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
    }
}
