//! A recurrent network over the steps of a launch.

use candle_core::{Result, Tensor};
use rand_chacha::ChaCha8Rng;

use super::static_inputs::StaticInputs;
use super::{Batch, Dropout, Head, Lstm, Network, Parameters, Prediction, Recipe, Shape};

/// Stacked LSTM layers with a dense head on each step.
///
/// *Model*: the inputs of each step with the projected static inputs (see [`StaticInputs`]) go through [`Lstm`] layers
/// of the sizes of [`Recipe::hidden`], and a [`Head`]. [`Dropout`] follows each layer.
///
/// *Shapes*: statics N x S and inputs N x T x C to forecasts N x T.
///
/// *Determinism*: as [`Lstm`].
#[derive(Debug)]
pub struct LstmNetwork {
    statics: StaticInputs,
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
        let statics = StaticInputs::new(parameters, "lstm.statics", shape)?;
        let last = recipe.hidden().last().copied().unwrap_or(0);
        Ok(Self {
            layers: lstm_layers(parameters, statics.width() + shape.inputs, recipe.hidden())?,
            head: Head::new(parameters, "head", last, recipe.loss())?,
            dropout: recipe.dropout(),
            statics,
        })
    }

    fn forward(&self, batch: &Batch, random: Option<&mut ChaCha8Rng>) -> Result<Tensor> {
        let mut dropout = Dropout::new(self.dropout, random);
        let mut hidden = self.statics.appended(batch, &mut dropout)?;
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
