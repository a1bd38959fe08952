//! The kinds of launch model, and one fitted model of any kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Analog, Bass, FittedAnalog, FittedBass, FittedGbm, FittedNaive, Gbm, Naive};
use crate::error::{Error, Result};
use crate::forecast::{FittedForecaster, Forecaster, HeldOut, LogForecast, Split, held_out};
use crate::neural::Recipe;
use crate::panel::{AttributeEncoder, Candidates, LaunchPanel};

/// The kinds of launch model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// Category mean curve, the baseline.
    Naive,
    /// Similarity-weighted past launches.
    Analog,
    /// Bass diffusion by category.
    Bass,
    /// Gradient-boosted trees.
    Gbm,
    /// Weighted mean of the others, with weights from held-out launches.
    Auto,
}

impl Architecture {
    /// All of them; the conformance tests run through this list.
    pub const ALL: [Self; 5] = [Self::Naive, Self::Analog, Self::Bass, Self::Gbm, Self::Auto];

    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Analog => "analog",
            Self::Bass => "bass",
            Self::Gbm => "gbm",
            Self::Auto => "auto",
        }
    }

    /// Parse a name, in any case.
    ///
    /// # Errors
    /// [`Error::Argument`] that lists the valid names.
    pub fn parse(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|a| a.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                Error::argument(format!(
                    "architecture must be one of {}, got '{name}'",
                    Self::ALL.map(Self::name).join(", ")
                ))
            })
    }

    /// The models that stand behind it: itself, or for `auto` all others that so many launches can carry.
    pub fn members(self, launches: usize) -> Vec<Self> {
        match self {
            Self::Auto => Self::ALL
                .into_iter()
                .filter(|a| *a != Self::Auto && (launches >= MIN_LEARNED || !a.is_learned()))
                .collect(),
            single => vec![single],
        }
    }

    /// Whether it has so many parameters that it needs [`MIN_LEARNED`] launches to be of use.
    fn is_learned(self) -> bool {
        !matches!(self, Self::Naive | Self::Analog | Self::Bass)
    }

    pub(super) fn fit(self, panel: &LaunchPanel, recipe: &Recipe) -> Result<Fitted> {
        Ok(match self {
            Self::Naive => Fitted::Naive(Naive.fit(panel)?),
            Self::Analog => Fitted::Analog(Box::new(Analog.fit(panel)?)),
            Self::Bass => Fitted::Bass(Bass.fit(panel)?),
            Self::Gbm => Fitted::Gbm(Box::new(Gbm::new(recipe).fit(panel)?)),
            Self::Auto => return Err(Self::not_single()),
        })
    }

    pub(super) fn held_out(
        self,
        panel: &LaunchPanel,
        splits: &[Split],
        ages: &[usize],
        recipe: &Recipe,
    ) -> Result<Vec<Vec<HeldOut>>> {
        match self {
            Self::Naive => held_out(&Naive, panel, splits, ages),
            Self::Analog => held_out(&Analog, panel, splits, ages),
            Self::Bass => held_out(&Bass, panel, splits, ages),
            Self::Gbm => held_out(&Gbm::new(recipe), panel, splits, ages),
            Self::Auto => Err(Self::not_single()),
        }
    }

    fn not_single() -> Error {
        Error::argument("auto is made of other architectures and is not fitted itself")
    }
}

/// Launches from which on `auto` considers models with many parameters.
pub const MIN_LEARNED: usize = 60;

/// A fitted model of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "architecture", rename_all = "lowercase")]
pub enum Fitted {
    /// See [`Naive`].
    Naive(FittedNaive),
    /// See [`Analog`].
    Analog(Box<FittedAnalog>),
    /// See [`Bass`].
    Bass(FittedBass),
    /// See [`Gbm`].
    Gbm(Box<FittedGbm>),
}

impl Fitted {
    /// Its kind.
    pub fn architecture(&self) -> Architecture {
        match self {
            Self::Naive(_) => Architecture::Naive,
            Self::Analog(_) => Architecture::Analog,
            Self::Bass(_) => Architecture::Bass,
            Self::Gbm(_) => Architecture::Gbm,
        }
    }

    pub(super) fn as_forecaster(&self) -> &dyn FittedForecaster {
        match self {
            Self::Naive(m) => m,
            Self::Analog(m) => m.as_ref(),
            Self::Bass(m) => m,
            Self::Gbm(m) => m.as_ref(),
        }
    }

    pub(super) fn forecast(&self, candidates: &Candidates) -> Vec<LogForecast> {
        self.as_forecaster().forecast(candidates)
    }

    pub(super) fn is_valid(&self, horizon: usize) -> bool {
        match self {
            Self::Naive(m) => m.is_valid(horizon),
            Self::Analog(m) => m.is_valid(horizon),
            Self::Bass(m) => m.is_valid(horizon),
            Self::Gbm(m) => m.is_valid(horizon),
        }
    }

    /// The attributes it looks at.
    pub fn encoder(&self) -> &AttributeEncoder {
        match self {
            Self::Naive(m) => m.grouping().encoder(),
            Self::Analog(m) => m.encoder(),
            Self::Bass(m) => m.grouping().encoder(),
            Self::Gbm(m) => m.encoder(),
        }
    }

    /// Learned weight of each attribute; empty for models without.
    pub fn importance(&self) -> BTreeMap<String, f64> {
        match self {
            Self::Analog(m) => m.importance().map(|(n, w)| (n.to_owned(), w)).collect(),
            Self::Gbm(m) => m.importance().clone(),
            Self::Naive(_) | Self::Bass(_) => BTreeMap::new(),
        }
    }
}
