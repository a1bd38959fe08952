//! Inputs that stay the same over the steps of a sample.

use candle_core::{Device, Result, Tensor};

use super::{Batch, Dropout, Linear, Parameters, Shape};

/// Outputs of the projection at most: attributes are many and mostly 0, and each step carries all of them.
const WIDTH: usize = 32;

/// A projection of the inputs that stay the same: a dense layer with ReLU, and dropout.
///
/// *Shapes*: N x S to N x min(S, 32), appended to each step: N x T x (C + min(S, 32)). Nothing is appended if S is 0.
#[derive(Debug)]
pub struct StaticInputs {
    dense: Option<Linear>,
    shape: Shape,
}

impl StaticInputs {
    /// A projection with weights `name.weight` and `name.bias`.
    ///
    /// # Errors
    /// Those of [`Parameters`].
    pub fn new(parameters: &mut Parameters, name: &str, shape: Shape) -> Result<Self> {
        let width = shape.statics.min(WIDTH);
        let dense = (width > 0).then(|| Linear::new(parameters, name, shape.statics, width));
        Ok(Self {
            dense: dense.transpose()?,
            shape,
        })
    }

    /// Inputs that are added.
    pub fn width(&self) -> usize {
        self.shape.statics.min(WIDTH)
    }

    /// The projection, N x min(S, 32).
    ///
    /// # Errors
    /// Those of candle, for a batch of other shape.
    pub fn project(&self, batch: &Batch, dropout: &mut Dropout<'_>) -> Result<Option<Tensor>> {
        let Some(dense) = &self.dense else { return Ok(None) };
        let statics = Tensor::from_slice(&batch.statics, (batch.samples, self.shape.statics), &Device::Cpu)?;
        dropout.apply(&dense.forward(&statics)?.relu()?).map(Some)
    }

    /// The inputs of the steps, N x T x C.
    ///
    /// # Errors
    /// Those of candle, for a batch of other shape.
    pub fn steps(&self, batch: &Batch) -> Result<Tensor> {
        let shape = (batch.samples, batch.steps, self.shape.inputs);
        Tensor::from_slice(&batch.inputs, shape, &Device::Cpu)
    }

    /// The inputs of the steps with the projection appended to each, N x T x (C + min(S, 32)).
    ///
    /// # Errors
    /// Those of candle, for a batch of other shape.
    pub fn appended(&self, batch: &Batch, dropout: &mut Dropout<'_>) -> Result<Tensor> {
        let steps = self.steps(batch)?;
        let Some(projected) = self.project(batch, dropout)? else {
            return Ok(steps);
        };
        let repeated = projected.unsqueeze(1)?.repeat((1, batch.steps, 1))?;
        Tensor::cat(&[&steps, &repeated], 2)
    }
}
