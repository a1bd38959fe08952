//! Networks on tables, with candle: a seeded parameter store, layers, and a training loop whose result does not depend
//! on the number of threads.
//!
//! This module knows sequences, not launches: `launch/sequence.rs` turns launches into [`Batch`]es.

mod actor_critic;
mod adam;
mod buffers;
mod causal_conv;
mod cnn_network;
mod dropout;
mod gates;
mod gradients;
mod head;
mod linear;
mod lstm;
mod lstm_layer;
mod lstm_network;
mod mlp_network;
mod parameters;
mod product;
mod recipe;
#[cfg(test)]
mod reference;
mod slices;
mod static_inputs;
#[cfg(test)]
mod toy;
mod training;
mod vae_network;

pub use actor_critic::{ActorCritic, Lessons, Optimiser, Sizes, Weights};
pub use causal_conv::CausalConv;
pub use cnn_network::CnnNetwork;
pub use dropout::Dropout;
pub use head::Head;
pub use linear::Linear;
pub use lstm::Lstm;
pub use lstm_network::LstmNetwork;
pub use mlp_network::MlpNetwork;
pub use parameters::Parameters;
pub use recipe::{Loss, Recipe, RecipeOptions};
pub use training::{Training, train};
pub use vae_network::VaeNetwork;

use candle_core::{Result, Tensor};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// What an epoch came to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochLog {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Mean loss on the training samples while they were learned from.
    pub train_loss: f64,
    /// Mean loss on the held-out samples after the epoch.
    pub validation_loss: Option<f64>,
    /// Learning rate of the epoch.
    pub learning_rate: f64,
}

/// Samples of equal length, row-major.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Number of samples, N.
    pub samples: usize,
    /// Steps of each sample, T.
    pub steps: usize,
    /// Inputs that stay the same over a sample's steps, N x S.
    pub statics: Vec<f32>,
    /// Inputs by step, N x T x C.
    pub inputs: Vec<f32>,
    /// Targets by step, N x T; any finite number where the weight is 0.
    pub targets: Vec<f32>,
    /// Weight of each target in the loss, N x T; 0 where nothing is to be learned from.
    pub weights: Vec<f32>,
}

/// Sizes of a network's inputs, as in [`Batch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Inputs that stay the same over a sample's steps, S.
    pub statics: usize,
    /// Inputs by step, C.
    pub inputs: usize,
    /// Steps, T.
    pub steps: usize,
}

/// What samples to learn from.
pub trait Source: Sync {
    /// Number of samples in an epoch.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples with the given numbers. A sample may differ from epoch to epoch (a launch seen at another age), but
    /// only by what the epoch's number and the sample's give.
    fn batch(&self, samples: &[usize], epoch: usize) -> Batch;
}

/// Forecasts on the scale of the targets, N x T each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prediction {
    /// Median, or mean for a network trained on squared error.
    pub location: Vec<f32>,
    /// Standard deviation; NaN where the network does not tell.
    pub spread: Vec<f32>,
}

/// A network that can be trained.
pub trait Network: Send + Sync {
    /// Weighted sum of the losses of a batch, a scalar: with the noise of training (dropout, latent draws) if a generator
    /// is given, else that of the forecasts of [`Network::predict`].
    ///
    /// # Errors
    /// Those of candle.
    fn loss(&self, batch: &Batch, random: Option<&mut ChaCha8Rng>) -> Result<Tensor>;

    /// Forecast the steps of a batch; its targets and weights are not looked at.
    ///
    /// # Errors
    /// Those of candle.
    fn predict(&self, batch: &Batch) -> Result<Prediction>;

    /// Joint paths of all steps, N x paths x T; none of a network that does not draw any.
    ///
    /// # Errors
    /// Those of candle.
    fn sample(&self, _batch: &Batch, _paths: usize, _random: &mut ChaCha8Rng) -> Result<Option<Vec<f32>>> {
        Ok(None)
    }
}
