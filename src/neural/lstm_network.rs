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
/// *Determinism*: weights from the seed of [`Parameters`], dropout from that of the training.
///
/// *Errors*: those of candle, for shapes that do not fit.
///
/// *References*: Hochreiter, Schmidhuber 1997, Long short-term memory; Salinas, Flunkert, Gasthaus, Januschowski 2020,
/// DeepAR: probabilistic forecasting with autoregressive recurrent networks (one network over many series, static
/// inputs repeated at each step).
#[derive(Debug)]
pub struct LstmNetwork {
    statics: StaticInputs,
    layers: Vec<Lstm>,
    head: Head,
    dropout: f64,
}

impl LstmNetwork {
    /// A network with weights `statics.weight`, `lstm.weight_ih_l0`, ..., `head.weight`, ...
    ///
    /// # Errors
    /// Those of [`Parameters`].
    pub fn new(parameters: &mut Parameters, shape: Shape, recipe: &Recipe) -> Result<Self> {
        let statics = StaticInputs::new(parameters, "statics", shape)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neural::{Loss, toy};

    #[test]
    fn learns_a_planted_rule_on_any_number_of_threads() {
        for loss in [Loss::Quantile, Loss::Mse] {
            let (reached, baseline) = toy::learned(LstmNetwork::new, loss);
            assert!(
                reached < 0.25 * baseline,
                "{loss:?}: {reached}, {baseline} without learning"
            );
        }
    }

    #[test]
    fn stored_weights_are_the_same_network() {
        let shape = Shape {
            statics: 2,
            inputs: 3,
            steps: 4,
        };
        let batch = Batch {
            samples: 2,
            steps: 4,
            statics: vec![0.5, -1.0, 1.0, 0.0],
            inputs: (0..24).map(|k| (k as f32).sin()).collect(),
            ..Batch::default()
        };
        let recipe = Recipe::default();
        let mut parameters = Parameters::seeded(9);
        let network = LstmNetwork::new(&mut parameters, shape, &recipe).unwrap();
        let tensors = parameters.tensors().unwrap();
        assert_eq!(
            tensors.keys().map(String::as_str).collect::<Vec<_>>(),
            [
                "head.bias",
                "head.weight",
                "lstm.bias_hh_l0",
                "lstm.bias_hh_l1",
                "lstm.bias_ih_l0",
                "lstm.bias_ih_l1",
                "lstm.weight_hh_l0",
                "lstm.weight_hh_l1",
                "lstm.weight_ih_l0",
                "lstm.weight_ih_l1",
                "statics.bias",
                "statics.weight",
            ]
        );
        let stored = LstmNetwork::new(&mut Parameters::stored(tensors), shape, &recipe).unwrap();
        assert_eq!(network.predict(&batch).unwrap(), stored.predict(&batch).unwrap());
    }
}
