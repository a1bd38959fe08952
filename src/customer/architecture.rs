//! What a classifier may be.

use arrow_array::RecordBatch;
use serde::{Deserialize, Serialize};

use super::gbm::Gbm;
use super::logistic::Logistic;
use super::mlp::Mlp;
use crate::error::{Error, Result};
use crate::features::AttributeEncoder;
use crate::statistics::mix;

/// One row in so many is watched: it decides when learning stops.
const WATCHED: u64 = 7;
/// Models of different seeds that are averaged where all rows are learned from.
const SEEDS: u64 = 2;
/// More rows than there are where learning was told how long to go on.
const LONGER: f64 = 1.1;

/// Why a table carries no model.
pub(super) const NO_FEATURE: &str = "no feature tells rows apart: all are constant, NULL, or ids";

/// A kind of classifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Architecture {
    Logistic,
    Gbm,
    Mlp,
    Auto,
}

impl Architecture {
    const ALL: [Self; 4] = [Self::Logistic, Self::Gbm, Self::Mlp, Self::Auto];

    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Logistic => "logistic",
            Self::Gbm => "gbm",
            Self::Mlp => "mlp",
            Self::Auto => "auto",
        }
    }

    /// By its name, in any case.
    ///
    /// # Errors
    /// [`Error::Argument`] that names all of them.
    pub fn parse(name: &str) -> Result<Self> {
        let wanted = name.to_lowercase();
        Self::ALL.into_iter().find(|a| a.name() == wanted).ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            Error::argument(format!(
                "architecture must be one of {}, got '{name}'",
                names.join(", ")
            ))
        })
    }

    /// What it is a mixture of; itself where it is none.
    pub fn members(self) -> Vec<Self> {
        match self {
            Self::Auto => vec![Self::Logistic, Self::Gbm, Self::Mlp],
            one => vec![one],
        }
    }
}

/// Rows to learn from.
#[derive(Debug, Clone, Copy)]
pub struct Lesson<'a> {
    /// Features.
    pub attributes: &'a RecordBatch,
    /// 1 and 0.
    pub label: &'a [f64],
    /// Weights.
    pub weight: &'a [f64],
    /// Whether a row only decides when learning stops.
    pub watched: &'a [bool],
    /// What rows belong together.
    pub unit: &'a [u32],
}

/// Which rows are watched: some of the units, each with all its rows.
pub fn watched(units: impl Iterator<Item = u32>, seed: i64) -> Vec<bool> {
    units
        .map(|unit| mix(u64::from(unit) ^ mix(seed as u64 ^ 0xA7)).is_multiple_of(WATCHED))
        .collect()
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fitted {
    /// See [`Logistic`].
    Logistic(Logistic),
    /// See [`Gbm`].
    Gbm(Gbm),
    /// See [`Mlp`].
    Mlp(Mlp),
}

impl Fitted {
    /// Fit one kind of model. `effort` is how long others of its kind learned best, for a model of all rows; without it the rows
    /// watched tell. Returns how long it learned.
    ///
    /// # Errors
    /// [`Error::Refused`] for data that do not carry it.
    pub fn fit(kind: Architecture, lesson: &Lesson<'_>, effort: Option<usize>, seed: i64) -> Result<(Self, usize)> {
        let count = if effort.is_some() { SEEDS } else { 1 };
        let seeds: Vec<u64> = (0..count).map(|k| mix(seed as u64) ^ k).collect();
        let longer = effort.map(|effort| (effort as f64 * LONGER) as usize);
        Ok(match kind {
            Architecture::Logistic | Architecture::Auto => (Self::Logistic(Logistic::fit(lesson)?), 0),
            Architecture::Gbm => {
                let (gbm, trees) = Gbm::fit(lesson, longer, &seeds)?;
                (Self::Gbm(gbm), trees)
            }
            Architecture::Mlp => {
                let (mlp, epochs) = Mlp::fit(lesson, effort, &seeds)?;
                (Self::Mlp(mlp), epochs)
            }
        })
    }

    /// Log-odds of rows.
    ///
    /// # Errors
    /// Those of candle.
    pub fn log_odds(&self, attributes: &RecordBatch) -> Result<Vec<f64>> {
        match self {
            Self::Logistic(model) => Ok(model.log_odds(attributes)),
            Self::Gbm(model) => Ok(model.log_odds(attributes)),
            Self::Mlp(model) => model.log_odds(attributes),
        }
    }

    /// The features it looks at.
    pub fn encoder(&self) -> &AttributeEncoder {
        match self {
            Self::Logistic(model) => model.encoder(),
            Self::Gbm(model) => model.encoder(),
            Self::Mlp(model) => model.encoder(),
        }
    }

    /// Whether it is what [`Fitted::fit`] makes.
    pub fn is_valid(&self) -> bool {
        match self {
            Self::Logistic(model) => model.is_valid(),
            Self::Gbm(model) => model.is_valid(),
            Self::Mlp(model) => model.is_valid(),
        }
    }
}
