//! A temporal convolutional network.

use candle_core::{Result, Tensor};
use rand_chacha::ChaCha8Rng;

use super::causal_conv::KERNEL;
use super::static_inputs::StaticInputs;
use super::{Batch, CausalConv, Head, Linear, Network, Parameters, Prediction, Recipe, Shape};

/// Forecasts by dilated causal convolutions.
///
/// *Model*: the inputs of each step with the projected static inputs (see [`StaticInputs`]) go through layers
/// h + skip(x), where h = ReLU(conv(x)) is a [`CausalConv`] of dilation 1, 2, 4, ... and skip is x, or a dense layer
/// where the widths differ; a [`Head`] ends each step. There is a layer for each entry of [`Recipe::hidden`], and more
/// of the last width until the last step sees the first: L layers see 2^(L + 1) - 1 steps.
///
/// *Shapes*: statics N x S and inputs N x T x C to N x T forecasts.
///
/// *Determinism*: weights from the seed of [`Parameters`], no noise.
///
/// *Errors*: those of candle, for shapes that do not fit.
///
/// *References*: Bai, Kolter, Koltun 2018, An empirical evaluation of generic convolutional and recurrent networks for
/// sequence modeling; van den Oord et al. 2016, WaveNet: a generative model for raw audio.
#[derive(Debug)]
pub struct CnnNetwork {
    statics: StaticInputs,
    layers: Vec<Layer>,
    head: Head,
}

#[derive(Debug)]
struct Layer {
    conv: CausalConv,
    /// Where the layer has another width than its inputs.
    skip: Option<Linear>,
}

impl CnnNetwork {
    /// A network with weights `cnn.conv0.weight`, `cnn.skip0.weight`, ..., `cnn.statics.weight`, `head.weight`, ...
    ///
    /// # Errors
    /// Those of [`Parameters`].
    pub fn new(parameters: &mut Parameters, shape: Shape, recipe: &Recipe) -> Result<Self> {
        let statics = StaticInputs::new(parameters, "cnn.statics", shape)?;
        let mut width = shape.inputs + statics.width();
        let mut layers = Vec::new();
        let (mut dilation, mut seen) = (1, 1);
        while layers.len() < recipe.hidden().len() || seen < shape.steps {
            let number = layers.len();
            let outputs = recipe.hidden().get(number).copied().unwrap_or(width);
            let skip =
                (width != outputs).then(|| Linear::new(parameters, &format!("cnn.skip{number}"), width, outputs));
            layers.push(Layer {
                conv: CausalConv::new(parameters, &format!("cnn.conv{number}"), width, outputs, dilation)?,
                skip: skip.transpose()?,
            });
            width = outputs;
            seen += (KERNEL - 1) * dilation;
            dilation *= 2;
        }
        Ok(Self {
            statics,
            layers,
            head: Head::new(parameters, "head", width, recipe.loss())?,
        })
    }

    fn forward(&self, batch: &Batch) -> Result<Tensor> {
        let inputs = self.statics.appended(batch)?;
        let hidden = self.layers.iter().try_fold(inputs, |x, layer| {
            let skipped = layer
                .skip
                .as_ref()
                .map_or_else(|| Ok(x.clone()), |skip| skip.forward(&x));
            layer.conv.forward(&x)? + skipped
        })?;
        self.head.forward(&hidden)
    }
}

impl Network for CnnNetwork {
    fn loss(&self, batch: &Batch, _: &mut ChaCha8Rng) -> Result<Tensor> {
        self.head.loss(&self.forward(batch)?, batch)
    }

    fn predict(&self, batch: &Batch) -> Result<Prediction> {
        self.head.prediction(&self.forward(batch)?)
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
}
