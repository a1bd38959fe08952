//! A recurrent network over the steps of a launch.

use candle_core::{Result, Tensor};
use rand_chacha::ChaCha8Rng;

use super::{Batch, Dropout, Head, Linear, Lstm, Network, Parameters, Prediction, Recipe, Shape};

/// Units that the inputs that stay are brought to, at most.
const MAX_STATICS: usize = 32;

/// Stacked LSTM layers with a dense head on each step.
///
/// *Model*: the inputs that stay pass a dense layer with ReLU and join the inputs of each step; then [`Lstm`] layers of
/// the sizes of [`Recipe::hidden`], and a [`Head`]. [`Dropout`] follows each layer.
///
/// *Shapes*: statics N x S and inputs N x T x C to forecasts N x T.
///
/// *Determinism*: as [`Lstm`].
#[derive(Debug)]
pub struct LstmNetwork {
    shape: Shape,
    statics: Linear,
    layers: Vec<Lstm>,
    head: Head,
    dropout: f64,
}

impl LstmNetwork {
    /// A network for samples of the given shape.
    ///
    /// # Errors
    /// Those of [`Parameters`].
    pub fn new(parameters: &mut Parameters, shape: Shape, recipe: &Recipe) -> Result<Self> {
        let width = shape.statics.min(MAX_STATICS);
        let last = recipe.hidden().last().copied().unwrap_or(0);
        Ok(Self {
            statics: Linear::new(parameters, "statics", shape.statics, width)?,
            layers: lstm_layers(parameters, width + shape.inputs, recipe.hidden())?,
            head: Head::new(parameters, "head", last, recipe.loss())?,
            dropout: recipe.dropout(),
            shape,
        })
    }

    fn forward(&self, batch: &Batch, random: Option<&mut ChaCha8Rng>) -> Result<Tensor> {
        let mut dropout = Dropout::new(self.dropout, random);
        let (statics, inputs) = batch.tensors(self.shape)?;
        let statics = dropout.apply(&self.statics.forward(&statics)?.relu()?)?;
        let statics = statics.unsqueeze(1)?.repeat((1, batch.steps, 1))?;
        let mut hidden = Tensor::cat(&[statics, inputs], 2)?;
        for layer in &self.layers {
            hidden = dropout.apply(&layer.forward(&hidden)?)?;
        }
        self.head.forward(&hidden)
    }
}

/// One operation for each layer, as dropout stands between them.
fn lstm_layers(parameters: &mut Parameters, inputs: usize, hidden: &[usize]) -> Result<Vec<Lstm>> {
    let widths = std::iter::once(&inputs).chain(hidden);
    let layers = hidden.iter().zip(widths).enumerate();
    layers
        .map(|(l, (&units, &width))| Lstm::new(parameters, "lstm", l, width, &[units]))
        .collect()
}

impl Network for LstmNetwork {
    fn loss(&self, batch: &Batch, random: Option<&mut ChaCha8Rng>) -> Result<Tensor> {
        self.head.loss(&self.forward(batch, random)?, batch)
    }

    fn predict(&self, batch: &Batch) -> Result<Prediction> {
        self.head.prediction(&self.forward(batch, None)?)
    }
}
