//! A perceptron of several layers on inputs without steps, for outcomes 0 and 1.

use candle_core::{Device, Result, Tensor};
use rand_chacha::ChaCha8Rng;

use super::{Batch, Dropout, Linear, Network, Parameters, Prediction, Recipe, Shape};

/// Dense layers with ReLU and [`Dropout`], and one output: the log-odds.
///
/// *Model*: sizes of [`Recipe::hidden`]; the loss is that of logistic regression, ln(1 + exp(z)) - y z.
///
/// *Shapes*: statics N x S to N x 1; there is one step, and no inputs by step.
///
/// *Determinism*: weights from the seed of [`Parameters`], dropout from that of the training.
///
/// *References*: Goodfellow, Bengio, Courville 2016, Deep learning, chapter 6.
#[derive(Debug)]
pub struct MlpNetwork {
    layers: Vec<Linear>,
    head: Linear,
    inputs: usize,
    dropout: f64,
}

impl MlpNetwork {
    /// A network with weights `dense.0.weight`, ..., `head.weight`, ...
    ///
    /// # Errors
    /// Those of [`Parameters`].
    pub fn new(parameters: &mut Parameters, shape: Shape, recipe: &Recipe) -> Result<Self> {
        let widths: Vec<usize> = std::iter::once(shape.statics)
            .chain(recipe.hidden().iter().copied())
            .collect();
        let layers = widths.windows(2).enumerate();
        let layers = layers.map(|(l, width)| Linear::new(parameters, &format!("dense.{l}"), width[0], width[1]));
        let layers = layers.collect::<Result<_>>()?;
        let last = widths.last().copied().unwrap_or(shape.statics);
        Ok(Self {
            layers,
            head: Linear::new(parameters, "head", last, 1)?,
            inputs: shape.statics,
            dropout: recipe.dropout(),
        })
    }

    fn forward(&self, batch: &Batch, random: Option<&mut ChaCha8Rng>) -> Result<Tensor> {
        let mut dropout = Dropout::new(self.dropout, random);
        let mut hidden = Tensor::from_slice(&batch.statics, (batch.samples, self.inputs), &Device::Cpu)?;
        for layer in &self.layers {
            hidden = dropout.apply(&layer.forward(&hidden)?.relu()?)?;
        }
        self.head.forward(&hidden)?.flatten_all()
    }
}

impl Network for MlpNetwork {
    fn loss(&self, batch: &Batch, random: Option<&mut ChaCha8Rng>) -> Result<Tensor> {
        let odds = self.forward(batch, random)?;
        let vector = |values: &[f32]| Tensor::from_slice(values, batch.samples, &Device::Cpu);
        let (label, weight) = (vector(&batch.targets)?, vector(&batch.weights)?);
        // ln(1 + exp(z)) without overflow.
        let softplus = (odds.relu()? + (odds.abs()?.neg()?.exp()? + 1.0)?.log()?)?;
        ((softplus - (label * odds)?)? * weight)?.sum_all()
    }

    fn predict(&self, batch: &Batch) -> Result<Prediction> {
        Ok(Prediction {
            location: self.forward(batch, None)?.to_vec1()?,
            spread: vec![f32::NAN; batch.samples],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neural::{RecipeOptions, Source, train};

    /// y is 1 where just one of two inputs is above 0, which no straight line tells.
    struct Exclusive;

    impl Source for Exclusive {
        fn len(&self) -> usize {
            400
        }

        fn batch(&self, samples: &[usize], _: usize) -> Batch {
            let point = |i: &usize| [(*i % 20) as f32 / 10.0 - 0.95, (*i / 20) as f32 / 10.0 - 0.95];
            let points: Vec<[f32; 2]> = samples.iter().map(point).collect();
            Batch {
                samples: samples.len(),
                steps: 1,
                statics: points.concat(),
                inputs: Vec::new(),
                targets: points
                    .iter()
                    .map(|p| f32::from(u8::from((p[0] > 0.0) != (p[1] > 0.0))))
                    .collect(),
                weights: vec![1.0; samples.len()],
            }
        }
    }

    #[test]
    fn learns_what_no_line_tells() {
        let recipe = Recipe::try_new(&RecipeOptions {
            hidden: Some(vec![16]),
            learning_rate: Some(0.02),
            dropout: Some(0.0),
            ..RecipeOptions::default()
        });
        let recipe = recipe.unwrap();
        let mut parameters = Parameters::seeded(1);
        let shape = Shape {
            statics: 2,
            inputs: 0,
            steps: 1,
        };
        let network = MlpNetwork::new(&mut parameters, shape, &recipe).unwrap();
        train(&network, &parameters, &Exclusive, None, &recipe, 60, &mut |_| {}).unwrap();
        let all: Vec<usize> = (0..400).collect();
        let batch = Exclusive.batch(&all, 0);
        let odds = network.predict(&batch).unwrap().location;
        let right = odds
            .iter()
            .zip(&batch.targets)
            .filter(|(z, y)| (**z > 0.0) == (**y == 1.0));
        assert!(right.count() > 380);
    }
}
