//! Hedonic prices: what the attributes of an offer suggest that it costs.

use arrow_array::RecordBatch;
use rayon::prelude::*;

use crate::{
    error::{Error, Result},
    features::{AttributeEncoder, Design, EncodedColumn, Flag, Levels, Plan, Words},
    statistics::{
        count, folds,
        ridge::{Sparse, dot, ridge},
    },
};

/// Products that a regression needs.
pub const MIN_PRODUCTS: usize = 20;
const FOLDS: usize = 5;
const SEED: u64 = 42;
/// Penalties tried, from strong to weak.
const PENALTIES: [f64; 11] = [1000.0, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01];

/// What the regression sees of attributes.
const PLAN: Plan = Plan {
    square: true,
    missing: Flag::Always,
    bounded: true,
    levels: Levels::All,
    words: Words::Weight(usize::MAX),
    ..Plan::NUMBERS
};

/// A log-linear regression of prices on attributes.
///
/// *Model*: ln price = a + x' b + error. A number gives three columns: its standardised value z (of the logarithm where
/// the attribute spreads over more than a factor of ten), z^2 for curvature, and whether it is missing; z ends at the
/// range of the offers. A category gives one column per level, a text the TF-IDF weights of its words. b minimises the
/// sum of squared errors plus penalty times b'b (a is free), so a level or word seen in few offers counts little. The
/// penalty is the one of eleven from 0.01 to 1000 with the smallest squared error out of fold.
///
/// *Out of fold*: five folds of products, drawn with a fixed seed. Offers of one product stay together: what one shop
/// asks tells what the next one asks for the very same thing, and a new product has no such twin. The errors of these
/// forecasts are kept; they are what intervals and claims of accuracy rest on.
///
/// *Missing data*: a missing number counts as the mean with a column of its own, a missing category or text as none.
///
/// *Determinism*: rows are taken in the caller's order. Folds run in parallel; no sum crosses them.
///
/// *Errors*: refused with fewer than 20 products or without an attribute that varies.
///
/// *References*: Rosen 1974, Hedonic prices and implicit markets; Hoerl, Kennard 1970, Ridge regression: biased
/// estimation for nonorthogonal problems; Vovk 2015, Cross-conformal predictors.
#[derive(Debug, Clone)]
pub struct Hedonic {
    design: Design,
    mean: f64,
    slopes: Vec<f64>,
    /// The fold of each offer.
    pub folds: Vec<usize>,
    /// Out-of-fold errors, ln price less its forecast, in the order of the offers.
    pub errors: Vec<f64>,
}

impl Hedonic {
    /// Learn from offers; `products` numbers the product of each offer, from 0.
    ///
    /// # Errors
    /// [`Error::Refused`] as the type says.
    pub fn fit(
        encoder: AttributeEncoder,
        attributes: &RecordBatch,
        log_prices: &[f64],
        products: &[u32],
    ) -> Result<Self> {
        if encoder.columns.is_empty() {
            return Err(Error::refused("no attribute that both tables share tells offers apart"));
        }
        let count = count(products);
        if count < MIN_PRODUCTS {
            return Err(Error::refused(format!(
                "a regression needs at least {MIN_PRODUCTS} products, got {count}"
            )));
        }
        let encoded = encoder.encode(attributes);
        let design = Design::fit(encoder, &encoded, &PLAN);
        let (rows, columns) = (rows(&design, &encoded), 1 + design.columns());
        let folds = folds(products, FOLDS, SEED);
        let mean = log_prices.iter().sum::<f64>() / log_prices.len() as f64;
        let target: Vec<f64> = log_prices.iter().map(|p| p - mean).collect();

        let held_out: Vec<Vec<Vec<(usize, f64)>>> = (0..FOLDS)
            .into_par_iter()
            .map(|fold| {
                let (outside, inside): (Vec<usize>, Vec<usize>) = (0..rows.len()).partition(|&row| folds[row] != fold);
                let mut slopes = vec![0.0; columns];
                let mut errors = Vec::with_capacity(PENALTIES.len());
                for penalty in PENALTIES {
                    // Each solution is a good start for the next one.
                    slopes = ridge(&rows, &target, &outside, penalty, slopes);
                    let error = |&row: &usize| (row, target[row] - dot(&rows[row], &slopes));
                    errors.push(inside.iter().map(error).collect());
                }
                errors
            })
            .collect();
        let mut best = (0, f64::INFINITY);
        for p in 0..PENALTIES.len() {
            let square: f64 = held_out.iter().flat_map(|fold| &fold[p]).map(|(_, e)| e * e).sum();
            if square < best.1 {
                best = (p, square);
            }
        }
        let mut errors = vec![0.0; rows.len()];
        for &(row, error) in held_out.iter().flat_map(|fold| &fold[best.0]) {
            errors[row] = error;
        }
        let penalty = PENALTIES[best.0];
        let all: Vec<usize> = (0..rows.len()).collect();
        let slopes = ridge(&rows, &target, &all, penalty, vec![0.0; columns]);
        Ok(Self {
            design,
            mean,
            slopes,
            folds,
            errors,
        })
    }

    /// ln of the price that attributes suggest, by row.
    pub fn log_price(&self, attributes: &RecordBatch) -> Vec<f64> {
        let rows = rows(&self.design, &self.design.encoder().encode(attributes));
        rows.iter().map(|row| self.mean + dot(row, &self.slopes)).collect()
    }

    /// Names of the attributes that count.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.design.encoder().columns.iter().map(|(name, _)| name.as_str())
    }
}

/// Rows of a design after the constant in column 0.
fn rows(design: &Design, encoded: &[EncodedColumn]) -> Vec<Sparse> {
    let after =
        |row: Sparse| std::iter::once((0, 1.0)).chain(row.into_iter().map(|(column, value)| (column + 1, value)));
    design
        .sparse(encoded)
        .into_iter()
        .map(|row| after(row).collect())
        .collect()
}
