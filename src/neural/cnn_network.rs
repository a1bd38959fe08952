//! A temporal convolutional network.

use candle_core::{Result, Tensor};
use rand_chacha::ChaCha8Rng;

use super::causal_conv::KERNEL;
use super::static_inputs::StaticInputs;
use super::{Batch, CausalConv, Dropout, Head, Network, Parameters, Prediction, Recipe, Shape};

/// Forecasts by dilated causal convolutions.
///
/// *Model*: the inputs of each step with the projected static inputs (see [`StaticInputs`]) go through layers of
/// [`CausalConv`] with dilation 1, 2, 4, ..., then a [`Head`]. There is a layer for each entry of [`Recipe::hidden`],
/// and more of the last width, with residuals, until the last step sees the first: L layers see 2^(L + 1) - 1 steps. [`Dropout`]
/// follows each layer.
///
/// *Shapes*: statics N x S and inputs N x T x C to N x T forecasts.
///
/// *Determinism*: weights from the seed of [`Parameters`], dropout from that of the training.
///
/// *Errors*: those of candle, for shapes that do not fit.
///
/// *References*: Bai, Kolter, Koltun 2018, An empirical evaluation of generic convolutional and recurrent networks for
/// sequence modeling; van den Oord et al. 2016, WaveNet: a generative model for raw audio.
#[derive(Debug)]
pub struct CnnNetwork {
    statics: StaticInputs,
    layers: Vec<CausalConv>,
    head: Head,
    dropout: f64,
}

impl CnnNetwork {
    /// A network with weights `statics.weight`, `cnn.conv0.weight`, `cnn.conv1.weight`, `head.weight`, ...
    ///
    /// # Errors
    /// Those of [`Parameters`].
    pub fn new(parameters: &mut Parameters, shape: Shape, recipe: &Recipe) -> Result<Self> {
        let statics = StaticInputs::new(parameters, "statics", shape)?;
        let mut width = shape.inputs + statics.width();
        let mut layers = Vec::new();
        let (mut dilation, mut seen) = (1, 1);
        while layers.len() < recipe.hidden().len() || seen < shape.steps {
            let number = layers.len();
            let outputs = recipe.hidden().get(number).copied().unwrap_or(width);
            let name = format!("cnn.conv{number}");
            layers.push(CausalConv::new(parameters, &name, width, outputs, dilation)?);
            width = outputs;
            seen += (KERNEL - 1) * dilation;
            dilation *= 2;
        }
        Ok(Self {
            statics,
            layers,
            head: Head::new(parameters, "head", width, recipe.loss())?,
            dropout: recipe.dropout(),
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

impl Network for CnnNetwork {
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
    use crate::neural::toy::{self, Toy};
    use crate::neural::{Loss, RecipeOptions, Source};

    #[test]
    fn a_step_sees_no_later_step_and_all_earlier_ones() {
        let toy = Toy::new(1, 20);
        let network = CnnNetwork::new(&mut Parameters::seeded(5), toy.shape(), &toy::recipe(Loss::Quantile)).unwrap();
        let batch = toy.batch(&[0], 0);
        let before = network.predict(&batch).unwrap().location;
        for step in 0..20 {
            let mut changed = batch.clone();
            changed.inputs[step * toy.shape().inputs] += 100.0;
            let after = network.predict(&changed).unwrap().location;
            assert_eq!(after[..step], before[..step]);
            for later in step..20 {
                assert_ne!(after[later], before[later], "step {later} does not see step {step}");
            }
        }
    }

    #[test]
    fn depth_follows_the_steps() {
        let depth = |steps, hidden: &[i64]| {
            let options = RecipeOptions {
                hidden: Some(hidden.to_vec()),
                ..RecipeOptions::default()
            };
            let mut parameters = Parameters::seeded(1);
            let shape = Shape {
                statics: 0,
                inputs: 1,
                steps,
            };
            let network = CnnNetwork::new(&mut parameters, shape, &Recipe::try_new(&options).unwrap()).unwrap();
            network.layers.len()
        };
        assert_eq!(depth(1, &[8, 4]), 2);
        assert_eq!(depth(7, &[8, 4]), 2);
        assert_eq!(depth(8, &[8, 4]), 3);
        assert_eq!(depth(52, &[8]), 5);
    }

    #[test]
    fn learns_a_planted_rule_on_any_number_of_threads() {
        for loss in [Loss::Quantile, Loss::Mse] {
            let (reached, baseline) = toy::learned(CnnNetwork::new, loss);
            assert!(
                reached < 0.25 * baseline,
                "{loss:?}: {reached}, {baseline} without learning"
            );
        }
    }

    #[test]
    fn stored_weights_are_the_same_network() {
        let toy = Toy::new(2, 9);
        let recipe = toy::recipe(Loss::Quantile);
        let mut parameters = Parameters::seeded(9);
        let network = CnnNetwork::new(&mut parameters, toy.shape(), &recipe).unwrap();
        let tensors = parameters.tensors().unwrap();
        let layers = ["cnn.conv0", "cnn.conv1", "cnn.conv2", "head", "statics"];
        let names: Vec<String> = layers
            .iter()
            .flat_map(|l| [format!("{l}.bias"), format!("{l}.weight")])
            .collect();
        assert_eq!(tensors.keys().cloned().collect::<Vec<_>>(), names);
        let stored = CnnNetwork::new(&mut Parameters::stored(tensors), toy.shape(), &recipe).unwrap();
        let batch = toy.batch(&[0, 1], 0);
        assert_eq!(network.predict(&batch).unwrap(), stored.predict(&batch).unwrap());
    }
}
