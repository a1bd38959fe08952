//! From hidden units to forecasts, and how wrong they are.

use candle_core::{D, Device, Result, Tensor};

use super::{Batch, Linear, Loss, Parameters, Prediction};

/// The quantiles that are learned.
const QUANTILES: [f32; 3] = [0.1, 0.5, 0.9];

/// Standard deviations between the 10 % and the 90 % quantile of a normal distribution.
const NORMAL_WIDTH: f32 = 2.563;

/// The last layer of a network, and its loss.
///
/// *Model*: a dense layer on the hidden units h of each step. For the quantile loss it gives m, a, b, from which
/// q50 = m, q10 = m - softplus(a), q90 = m + softplus(b): quantiles never cross. The loss of a target y is the mean
/// over the three quantiles of max(p (y - q), (p - 1) (y - q)). For squared error it gives the mean m, and the loss is
/// (y - m)^2.
///
/// *Shapes*: N x T x H to N x T x 3, or N x T x 1 for squared error.
///
/// *Missing data*: a target of weight 0 has no part in the loss.
///
/// *Determinism*: sums in the order of the samples.
///
/// *Errors*: those of candle, for shapes that do not fit.
///
/// *References*: Koenker, Bassett 1978, Regression quantiles.
#[derive(Debug)]
pub struct Head {
    dense: Linear,
    loss: Loss,
}

impl Head {
    /// A head on so many hidden units, with weights `name.weight` and `name.bias`.
    ///
    /// # Errors
    /// Those of [`Parameters`].
    pub fn new(parameters: &mut Parameters, name: &str, inputs: usize, loss: Loss) -> Result<Self> {
        let outputs = match loss {
            Loss::Quantile => QUANTILES.len(),
            Loss::Mse => 1,
        };
        Ok(Self {
            dense: Linear::new(parameters, name, inputs, outputs)?,
            loss,
        })
    }

    /// Quantiles in ascending order, or the mean, of each step.
    ///
    /// # Errors
    /// Those of candle.
    pub fn forward(&self, hidden: &Tensor) -> Result<Tensor> {
        let output = self.dense.forward(hidden)?;
        match self.loss {
            Loss::Mse => Ok(output),
            Loss::Quantile => {
                let median = output.narrow(D::Minus1, 0, 1)?;
                let distances = softplus(&output.narrow(D::Minus1, 1, 2)?)?;
                let below = (&median - distances.narrow(D::Minus1, 0, 1)?)?;
                let above = (&median + distances.narrow(D::Minus1, 1, 1)?)?;
                Tensor::cat(&[&below, &median, &above], D::Minus1)
            }
        }
    }

    /// Weighted sum of the losses of a batch.
    ///
    /// # Errors
    /// Those of candle.
    pub fn loss(&self, output: &Tensor, batch: &Batch) -> Result<Tensor> {
        let shape = (batch.samples, batch.steps, 1);
        let targets = Tensor::from_slice(&batch.targets, shape, &Device::Cpu)?;
        let weights = Tensor::from_slice(&batch.weights, shape, &Device::Cpu)?;
        let errors = targets.broadcast_sub(output)?;
        let losses = match self.loss {
            Loss::Mse => errors.sqr()?,
            Loss::Quantile => {
                // max(p e, (p - 1) e) = p e + max(-e, 0).
                let p = Tensor::new(&QUANTILES, &Device::Cpu)?;
                (errors.broadcast_mul(&p)? + errors.neg()?.relu()?)?.mean_keepdim(D::Minus1)?
            }
        };
        (losses * weights)?.sum_all()
    }

    /// Location and spread from an output.
    ///
    /// # Errors
    /// Those of candle.
    pub fn prediction(&self, output: &Tensor) -> Result<Prediction> {
        let values: Vec<f32> = output.flatten_all()?.to_vec1()?;
        Ok(match self.loss {
            Loss::Mse => Prediction {
                spread: vec![f32::NAN; values.len()],
                location: values,
            },
            Loss::Quantile => {
                let (steps, _) = values.as_chunks::<{ QUANTILES.len() }>();
                Prediction {
                    location: steps.iter().map(|q| q[1]).collect(),
                    spread: steps.iter().map(|q| (q[2] - q[0]) / NORMAL_WIDTH).collect(),
                }
            }
        })
    }
}

/// ln(1 + e^x), without overflow.
fn softplus(x: &Tensor) -> Result<Tensor> {
    let rest = (x.abs()?.neg()?.exp()? + 1.0)?.log()?;
    x.relu()? + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neural::reference::{Reference, assert_close};

    fn batch(r: &Reference) -> Batch {
        Batch {
            samples: r.size(0),
            steps: r.size(1),
            targets: r.numbers("targets"),
            weights: r.numbers("weights"),
            ..Batch::default()
        }
    }

    fn agrees_with_the_reference(name: &str, loss: Loss, outputs: usize) {
        let r = Reference::read(include_str!("../../tests/fixtures/neural/head.json"));
        let (samples, steps, inputs) = (r.size(0), r.size(1), r.size(2));
        let key = |k: &str| format!("{name}_{k}");
        let mut parameters = Parameters::stored(
            [
                ("head.weight".to_owned(), r.tensor(&key("weight"), (outputs, inputs))),
                ("head.bias".to_owned(), r.tensor(&key("bias"), outputs)),
            ]
            .into(),
        );
        let head = Head::new(&mut parameters, "head", inputs, loss).unwrap();
        let x = r.var("x", (samples, steps, inputs));
        let output = head.forward(&x).unwrap();
        assert_close(&output, &r.numbers(&key("output")));
        let loss = head.loss(&output, &batch(&r)).unwrap();
        assert_close(&loss, &r.numbers(&key("loss")));
        let by = loss.backward().unwrap();
        assert_close(by.get(&x).unwrap(), &r.numbers(&key("by_x")));
        for (var, k) in parameters.vars().iter().zip(["by_bias", "by_weight"]) {
            assert_close(by.get(var).unwrap(), &r.numbers(&key(k)));
        }
    }

    #[test]
    fn quantiles_their_loss_and_its_gradient_are_those_of_keras() {
        agrees_with_the_reference("quantile", Loss::Quantile, 3);
    }

    #[test]
    fn squared_error_and_its_gradient_are_those_of_keras() {
        agrees_with_the_reference("mse", Loss::Mse, 1);
    }

    #[test]
    fn the_prediction_of_normal_quantiles_is_their_mean_and_deviation() {
        let mut parameters = Parameters::seeded(1);
        let head = Head::new(&mut parameters, "head", 2, Loss::Quantile).unwrap();
        // 5 +- 2 standard normal quantiles, then 0 +- none.
        let q = 1.281_55_f32;
        let output = Tensor::new(&[[[5.0 - 2.0 * q, 5.0, 5.0 + 2.0 * q], [0.0; 3]]], &Device::Cpu).unwrap();
        let found = head.prediction(&output).unwrap();
        assert_eq!(found.location, [5.0, 0.0]);
        assert!(
            (found.spread[0] - 2.0).abs() < 1e-3 && found.spread[1] == 0.0,
            "{found:?}"
        );
        let head = Head::new(&mut parameters, "mean", 2, Loss::Mse).unwrap();
        let found = head.prediction(&output).unwrap();
        assert!(found.location.len() == 6 && found.spread.iter().all(|s| s.is_nan()));
    }

    #[test]
    fn quantiles_never_cross_nor_overflow() {
        let mut parameters = Parameters::seeded(1);
        let head = Head::new(&mut parameters, "head", 1, Loss::Quantile).unwrap();
        for value in [-1e6f32, -30.0, 0.0, 30.0, 1e6] {
            let hidden = Tensor::new(&[[[value]]], &Device::Cpu).unwrap();
            let q: Vec<f32> = head.forward(&hidden).unwrap().flatten_all().unwrap().to_vec1().unwrap();
            assert!(q[0] <= q[1] && q[1] <= q[2] && q.iter().all(|v| v.is_finite()), "{q:?}");
        }
    }
}
