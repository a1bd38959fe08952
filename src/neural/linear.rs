//! A dense layer.

use candle_core::{Result, Tensor};

use super::Parameters;

/// A dense layer, y = x W' + b.
///
/// *Model*: weights begin uniform on +-sqrt(6 / (inputs + outputs)), biases at 0.
///
/// *Shapes*: ... x inputs to ... x outputs; `weight` is outputs x inputs, as PyTorch has it.
///
/// *References*: Glorot, Bengio 2010, Understanding the difficulty of training deep feedforward neural networks.
#[derive(Debug)]
pub struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    /// A layer with weights `name.weight` and `name.bias`.
    ///
    /// # Errors
    /// Those of [`Parameters`].
    pub fn new(parameters: &mut Parameters, name: &str, inputs: usize, outputs: usize) -> Result<Self> {
        let bound = (6.0 / (inputs + outputs) as f64).sqrt();
        Ok(Self {
            weight: parameters.uniform(&format!("{name}.weight"), (outputs, inputs), bound)?,
            bias: parameters.constant(&format!("{name}.bias"), outputs, 0.0)?,
        })
    }

    /// The outputs for inputs with any number of leading axes.
    ///
    /// # Errors
    /// Those of candle.
    pub fn forward(&self, inputs: &Tensor) -> Result<Tensor> {
        let (outputs, width) = self.weight.dims2()?;
        let mut shape = inputs.dims().to_vec();
        shape.pop();
        shape.push(outputs);
        let rows = inputs.reshape(((), width))?;
        rows.matmul(&self.weight.t()?)?
            .broadcast_add(&self.bias)?
            .reshape(shape)
    }
}
