//! The kinds of launch model, and one fitted model of any kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::network::{FittedNetwork, NetworkKind, NetworkLearner, Schedule};
use super::{Analog, Bass, FittedAnalog, FittedBass, FittedGbm, FittedNaive, Gbm, Naive};
use crate::error::{Error, Result};
use crate::features::AttributeEncoder;
use crate::forecast::{FittedForecaster, Forecaster, LogForecast};
use crate::neural::{EpochLog, Recipe};
use crate::panel::{Candidates, LaunchPanel};
use crate::progress::Progress;

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
    /// Recurrent network.
    Lstm,
    /// Convolutional network.
    Cnn,
    /// Variational autoencoder of launch curves.
    Vae,
    /// Weighted mean of the others, with weights from held-out launches.
    Auto,
}

impl Architecture {
    /// All of them; the conformance tests run through this list.
    pub const ALL: [Self; 8] = [
        Self::Naive,
        Self::Analog,
        Self::Bass,
        Self::Gbm,
        Self::Lstm,
        Self::Cnn,
        Self::Vae,
        Self::Auto,
    ];

    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Analog => "analog",
            Self::Bass => "bass",
            Self::Gbm => "gbm",
            Self::Lstm => "lstm",
            Self::Cnn => "cnn",
            Self::Vae => "vae",
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

    /// Whether it takes so much longer than the others that it is tried on a part of the held-out launches first.
    pub(super) fn is_slow(self) -> bool {
        matches!(self, Self::Lstm | Self::Cnn | Self::Vae)
    }

    /// Whether it has so many parameters that it needs [`MIN_LEARNED`] launches to be of use.
    fn is_learned(self) -> bool {
        !matches!(self, Self::Naive | Self::Analog | Self::Bass)
    }

    /// Fit it; a network for as long as a schedule says, if there is one, so many of them, and from the weights of another.
    pub(super) fn fit(
        self,
        panel: &LaunchPanel,
        (recipe, progress): (&Recipe, &Progress),
        networks: usize,
        schedule: Option<&Schedule>,
        warm: Option<&FittedNetwork>,
    ) -> Result<Fitted> {
        let network = |kind: NetworkKind| {
            let learner = NetworkLearner {
                kind,
                recipe,
                progress,
                networks,
                schedule: schedule.cloned(),
                warm,
            };
            learner.fit(panel).map(Box::new)
        };
        Ok(match self {
            Self::Naive => Fitted::Naive(Naive.fit(panel)?),
            Self::Analog => Fitted::Analog(Box::new(Analog.fit(panel)?)),
            Self::Bass => Fitted::Bass(Bass.fit(panel)?),
            Self::Gbm => Fitted::Gbm(Box::new(Gbm::new(recipe).fit(panel)?)),
            Self::Lstm => Fitted::Lstm(network(NetworkKind::Lstm)?),
            Self::Cnn => Fitted::Cnn(network(NetworkKind::Cnn)?),
            Self::Vae => Fitted::Vae(network(NetworkKind::Vae)?),
            Self::Auto => return Err(Self::not_single()),
        })
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
    /// See [`NetworkLearner`].
    Lstm(Box<FittedNetwork>),
    /// See [`NetworkLearner`].
    Cnn(Box<FittedNetwork>),
    /// See [`NetworkLearner`].
    Vae(Box<FittedNetwork>),
}

impl Fitted {
    /// Its kind.
    pub fn architecture(&self) -> Architecture {
        match self {
            Self::Naive(_) => Architecture::Naive,
            Self::Analog(_) => Architecture::Analog,
            Self::Bass(_) => Architecture::Bass,
            Self::Gbm(_) => Architecture::Gbm,
            Self::Lstm(_) => Architecture::Lstm,
            Self::Cnn(_) => Architecture::Cnn,
            Self::Vae(_) => Architecture::Vae,
        }
    }

    pub(super) fn as_forecaster(&self) -> &dyn FittedForecaster {
        match self {
            Self::Naive(m) => m,
            Self::Analog(m) => m.as_ref(),
            Self::Bass(m) => m,
            Self::Gbm(m) => m.as_ref(),
            Self::Lstm(m) | Self::Cnn(m) | Self::Vae(m) => m.as_ref(),
        }
    }

    pub(super) fn forecast(&self, candidates: &Candidates) -> Result<Vec<LogForecast>> {
        self.as_forecaster().forecast(candidates)
    }

    pub(super) fn is_valid(&self, horizon: usize) -> bool {
        match self {
            Self::Naive(m) => m.is_valid(horizon),
            Self::Analog(m) => m.is_valid(horizon),
            Self::Bass(m) => m.is_valid(horizon),
            Self::Gbm(m) => m.is_valid(horizon),
            Self::Lstm(m) => m.kind() == NetworkKind::Lstm && m.is_valid(horizon),
            Self::Cnn(m) => m.kind() == NetworkKind::Cnn && m.is_valid(horizon),
            Self::Vae(m) => m.kind() == NetworkKind::Vae && m.is_valid(horizon),
        }
    }

    /// The attributes it looks at.
    pub fn encoder(&self) -> &AttributeEncoder {
        match self {
            Self::Naive(m) => m.grouping().encoder(),
            Self::Analog(m) => m.encoder(),
            Self::Bass(m) => m.grouping().encoder(),
            Self::Gbm(m) => m.encoder(),
            Self::Lstm(m) | Self::Cnn(m) | Self::Vae(m) => m.encoder(),
        }
    }

    /// The network in it, if it is one.
    pub fn network(&self) -> Option<&FittedNetwork> {
        match self {
            Self::Lstm(m) | Self::Cnn(m) | Self::Vae(m) => Some(m),
            _ => None,
        }
    }

    /// The network in it, if it is one.
    pub fn network_mut(&mut self) -> Option<&mut FittedNetwork> {
        match self {
            Self::Lstm(m) | Self::Cnn(m) | Self::Vae(m) => Some(m),
            _ => None,
        }
    }

    /// Its name and the epochs of its training, if it is a network that has just been trained.
    pub fn take_log(&mut self) -> Option<(String, Vec<EpochLog>)> {
        let name = self.architecture().name().to_owned();
        Some((name, self.network_mut()?.take_log()))
    }

    /// Learned weight of each attribute; empty for models without.
    pub fn importance(&self) -> BTreeMap<String, f64> {
        match self {
            Self::Analog(m) => m.importance().map(|(n, w)| (n.to_owned(), w)).collect(),
            Self::Gbm(m) => m.importance().clone(),
            _ => BTreeMap::new(),
        }
    }
}
