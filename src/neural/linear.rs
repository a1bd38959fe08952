//! A dense layer.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::Parameters;
use super::buffers::Buffers;
use super::gradients::hand_over;
use super::product::{Packed, add_product, transpose};
use super::slices::{floats, slice};

/// A dense layer, y = x W' + b.
///
/// *Model*: weights begin uniform on +-sqrt(6 / (inputs + outputs)), biases at 0.
///
/// *Shapes*: ... x inputs to ... x outputs; `weight` is outputs x inputs, as PyTorch has it.
///
/// *Determinism*: one thread; the result of a row does not depend on the others, which candle's products do not
/// promise.
///
/// *References*: Glorot, Bengio 2010, Understanding the difficulty of training deep feedforward neural networks.
#[derive(Debug)]
pub struct Linear {
    weight: Tensor,
    bias: Tensor,
    buffers: Arc<Buffers>,
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
            buffers: Arc::default(),
        })
    }

    /// The outputs for inputs with any number of leading axes.
    ///
    /// # Errors
    /// Those of candle.
    pub fn forward(&self, inputs: &Tensor) -> Result<Tensor> {
        let operation = Dense {
            bias: self.bias.clone(),
            buffers: Arc::clone(&self.buffers),
        };
        inputs.contiguous()?.apply_op2(&self.weight, operation)
    }
}

/// The operation: inputs ... x C and weights O x C to outputs ... x O.
struct Dense {
    bias: Tensor,
    buffers: Arc<Buffers>,
}

/// Rows, inputs and outputs.
fn sizes(inputs: &Shape, weights: &Shape) -> Result<(usize, usize, usize)> {
    let (outputs, width) = weights.dims2()?;
    match inputs.dims().last() {
        Some(&last) if last == width && width > 0 => Ok((inputs.elem_count() / width, width, outputs)),
        _ => bail!("a dense layer of {width} inputs is given {inputs:?}"),
    }
}

impl CustomOp2 for Dense {
    fn name(&self) -> &'static str {
        "dense"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, w: &CpuStorage, lw: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, inputs, outputs) = sizes(lx.shape(), lw.shape())?;
        let bias = self.bias.storage_and_layout();
        let mut result = floats(&bias)?.repeat(rows);
        let packed = Packed::transposed(&self.buffers, slice(w, lw)?, inputs, inputs, outputs);
        add_product((slice(x, lx)?, inputs), &packed, (&mut result, outputs), rows);
        packed.give_back(&self.buffers);
        let mut shape = lx.shape().dims().to_vec();
        shape.pop();
        shape.push(outputs);
        Ok((CpuStorage::F32(result), shape.into()))
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, _: &Tensor, by: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (rows, inputs, outputs) = sizes(x.shape(), w.shape())?;
        let by = by.contiguous()?;
        let (stored_x, stored_w, stored_by) = (x.storage_and_layout(), w.storage_and_layout(), by.storage_and_layout());
        let by_outputs = floats(&stored_by)?;
        let by_inputs = if x.track_op() {
            let mut values = vec![0.0; rows * inputs];
            let packed = Packed::new(&self.buffers, floats(&stored_w)?, inputs, outputs, inputs);
            add_product((by_outputs, outputs), &packed, (&mut values, inputs), rows);
            packed.give_back(&self.buffers);
            Some(Tensor::from_vec(values, x.shape(), x.device())?)
        } else {
            None
        };
        let mut transposed = self.buffers.any(rows * outputs);
        transpose(by_outputs, rows, outputs, &mut transposed);
        let mut by_weight = vec![0.0; outputs * inputs];
        let packed = Packed::new(&self.buffers, floats(&stored_x)?, inputs, rows, inputs);
        add_product((&transposed, rows), &packed, (&mut by_weight, inputs), outputs);
        packed.give_back(&self.buffers);
        let by_bias: Vec<f32> = transposed.chunks(rows.max(1)).map(|by| by.iter().sum()).collect();
        self.buffers.give_back(transposed);
        hand_over(w, Tensor::from_vec(by_weight, w.shape(), w.device())?);
        hand_over(&self.bias, Tensor::from_vec(by_bias, outputs, w.device())?);
        Ok((by_inputs, None))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;
    use crate::neural::gradients::backward;

    /// 5 rows of 37 inputs to 19 outputs, beside candle's own product.
    #[test]
    fn agrees_with_candle() {
        let mut parameters = Parameters::seeded(3);
        let layer = Linear::new(&mut parameters, "dense", 37, 19).unwrap();
        let x = Var::from_tensor(&Parameters::seeded(4).uniform("x", (5, 37), 1.0).unwrap()).unwrap();
        let weigh = Parameters::seeded(5).uniform("y", (5, 19), 1.0).unwrap();
        let vars: Vec<Var> = parameters.vars().into_iter().chain([x.clone()]).collect();
        let ours = layer.forward(&x).unwrap();
        let loss = (&ours * &weigh).unwrap().sum_all().unwrap();
        let found = backward(&loss, &vars).unwrap();
        let theirs = x
            .matmul(&layer.weight.t().unwrap())
            .unwrap()
            .broadcast_add(&layer.bias)
            .unwrap();
        let loss = (&theirs * &weigh).unwrap().sum_all().unwrap();
        let expected = loss.backward().unwrap();
        let close = |a: &Tensor, b: &Tensor| {
            let difference = (a - b).unwrap().abs().unwrap().max_all().unwrap();
            assert!(difference.to_scalar::<f32>().unwrap() < 1e-5);
        };
        close(&ours, &theirs);
        for (var, found) in vars.iter().zip(found) {
            assert_eq!(found.len(), 1);
            close(&found[0], expected.get(var).unwrap());
        }
    }

    #[test]
    fn a_row_does_not_depend_on_the_others() {
        let layer = Linear::new(&mut Parameters::seeded(3), "dense", 45, 33).unwrap();
        let x = Parameters::seeded(4).uniform("x", (64, 45), 1.0).unwrap();
        let rows = |t: Tensor| t.to_vec2::<f32>().unwrap();
        let together = rows(layer.forward(&x).unwrap());
        for row in [0, 31, 63] {
            let alone = rows(layer.forward(&x.narrow(0, row, 1).unwrap()).unwrap());
            assert_eq!(alone[0], together[row]);
        }
        let wrong = Tensor::zeros((2, 44), candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(layer.forward(&wrong).is_err());
    }
}
