//! A convolution over time that never looks ahead, computed as one operation.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::Parameters;
use super::buffers::Buffers;
use super::product::{Packed, add_product, transpose};
use super::slices::{floats, slice};

/// Taps of the kernel.
pub(super) const KERNEL: usize = 3;

/// A dilated causal convolution over time with ReLU.
///
/// *Model*: y_t = max(0, r_t + b + sum over k = 0, 1, 2 of W_k x_(t - (2 - k) d)) with dilation d; inputs before the
/// first step are 0. So step t looks at steps t, t - d and t - 2d, never ahead. The residual r_t is x_t where outputs
/// are as many as inputs, else 0: there W_2 can take its place. Weights begin uniform on +-sqrt(6 / (3 inputs)), biases
/// at 0.
///
/// *Shapes*: N x T x C to N x T x O; `weight` is O x C x 3 and `bias` O, as PyTorch's Conv1d has them.
///
/// *Determinism*: one thread; the result of a sample does not depend on the others of its batch.
///
/// *Errors*: those of candle, for shapes that do not fit.
///
/// *References*: Bai, Kolter, Koltun 2018, An empirical evaluation of generic convolutional and recurrent networks for
/// sequence modeling; van den Oord et al. 2016, WaveNet: a generative model for raw audio; He, Zhang, Ren, Sun
/// 2015, Delving deep into rectifiers (first weights).
#[derive(Debug)]
pub struct CausalConv {
    weight: Tensor,
    bias: Tensor,
    dilation: usize,
    buffers: Arc<Buffers>,
}

impl CausalConv {
    /// A layer with weights `name.weight` and `name.bias`.
    ///
    /// # Errors
    /// Those of [`Parameters`].
    pub fn new(
        parameters: &mut Parameters,
        name: &str,
        inputs: usize,
        outputs: usize,
        dilation: usize,
    ) -> Result<Self> {
        let bound = (6.0 / (KERNEL * inputs) as f64).sqrt();
        Ok(Self {
            weight: parameters.uniform(&format!("{name}.weight"), (outputs, inputs, KERNEL), bound)?,
            bias: parameters.constant(&format!("{name}.bias"), outputs, 0.0)?,
            dilation,
            buffers: Arc::default(),
        })
    }

    /// The outputs of all steps.
    ///
    /// # Errors
    /// Those of candle.
    pub fn forward(&self, inputs: &Tensor) -> Result<Tensor> {
        let weights = self.weight.apply_op2(&self.bias, TapByTap)?;
        let operation = Convolution {
            dilation: self.dilation,
            buffers: Arc::clone(&self.buffers),
        };
        inputs.contiguous()?.apply_op2(&weights, operation)
    }
}

/// The weights in the order of the products: weight O x C x 3 and bias O to O x (3C + 1), tap by tap, then the bias.
struct TapByTap;

impl CustomOp2 for TapByTap {
    fn name(&self) -> &'static str {
        "tap_by_tap"
    }

    fn cpu_fwd(&self, w: &CpuStorage, lw: &Layout, b: &CpuStorage, lb: &Layout) -> Result<(CpuStorage, Shape)> {
        let (outputs, inputs, _) = lw.shape().dims3()?;
        let width = KERNEL * inputs + 1;
        let mut out = vec![0.0; outputs * width];
        let rows = out
            .chunks_exact_mut(width)
            .zip(slice(w, lw)?.chunks_exact(KERNEL * inputs));
        for ((to, from), bias) in rows.zip(slice(b, lb)?) {
            for k in 0..KERNEL {
                let to = &mut to[k * inputs..(k + 1) * inputs];
                to.iter_mut()
                    .zip(from.iter().skip(k).step_by(KERNEL))
                    .for_each(|(to, from)| *to = *from);
            }
            to[width - 1] = *bias;
        }
        Ok((CpuStorage::F32(out), (outputs, width).into()))
    }

    fn bwd(&self, w: &Tensor, b: &Tensor, _: &Tensor, by: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (outputs, inputs, _) = w.dims3()?;
        let width = KERNEL * inputs + 1;
        let by = by.contiguous()?;
        let stored = by.storage_and_layout();
        let (mut by_weight, mut by_bias) = (vec![0.0; outputs * width - outputs], vec![0.0; outputs]);
        let rows = floats(&stored)?
            .chunks_exact(width)
            .zip(by_weight.chunks_exact_mut(KERNEL * inputs));
        for ((from, to), bias) in rows.zip(&mut by_bias) {
            for k in 0..KERNEL {
                let from = &from[k * inputs..(k + 1) * inputs];
                to.iter_mut()
                    .skip(k)
                    .step_by(KERNEL)
                    .zip(from)
                    .for_each(|(to, from)| *to = *from);
            }
            *bias = from[width - 1];
        }
        let by_weight = Tensor::from_vec(by_weight, w.shape(), w.device())?;
        Ok((Some(by_weight), Some(Tensor::from_vec(by_bias, b.shape(), b.device())?)))
    }
}

/// The operation: inputs N x T x C and weights O x (3C + 1) to outputs N x T x O.
struct Convolution {
    dilation: usize,
    buffers: Arc<Buffers>,
}

#[derive(Clone, Copy)]
struct Sizes {
    samples: usize,
    steps: usize,
    inputs: usize,
    outputs: usize,
    dilation: usize,
}

impl Sizes {
    fn rows(self) -> usize {
        self.samples * self.steps
    }

    /// Length of a row of the weights.
    fn width(self) -> usize {
        KERNEL * self.inputs + 1
    }

    fn has_residual(self) -> bool {
        self.inputs == self.outputs
    }

    /// How many steps back each tap looks, if that is within the samples; with its first column in the weights.
    fn taps(self) -> impl Iterator<Item = (usize, usize)> {
        (0..KERNEL)
            .map(move |k| ((KERNEL - 1 - k) * self.dilation, k * self.inputs))
            .filter(move |(back, _)| *back < self.steps)
    }

    /// Runs of rows that one product takes: number of rows, first row that is looked at, first row that looks.
    /// Without a delay the samples are one run.
    fn runs(self, back: usize) -> impl Iterator<Item = (usize, usize, usize)> {
        let (samples, steps) = if back == 0 {
            (1, self.rows())
        } else {
            (self.samples, self.steps)
        };
        (0..samples).map(move |n| (steps - back, n * steps, n * steps + back))
    }
}

impl Convolution {
    fn sizes(&self, inputs: &Shape, weights: &Shape) -> Result<Sizes> {
        let (samples, steps, inputs) = inputs.dims3()?;
        let (outputs, width) = weights.dims2()?;
        let sizes = Sizes {
            samples,
            steps,
            inputs,
            outputs,
            dilation: self.dilation,
        };
        if width != sizes.width() {
            bail!("a convolution of {width} weights per output does not fit {inputs} inputs");
        }
        Ok(sizes)
    }
}

impl CustomOp2 for Convolution {
    fn name(&self) -> &'static str {
        "causal_conv"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, w: &CpuStorage, lw: &Layout) -> Result<(CpuStorage, Shape)> {
        let sizes = self.sizes(lx.shape(), lw.shape())?;
        let outputs = self.outputs(slice(x, lx)?, slice(w, lw)?, sizes);
        Ok((
            CpuStorage::F32(outputs),
            (sizes.samples, sizes.steps, sizes.outputs).into(),
        ))
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, outputs: &Tensor, by: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let sizes = self.sizes(x.shape(), w.shape())?;
        let by = by.contiguous()?;
        let (stored_x, stored_w) = (x.storage_and_layout(), w.storage_and_layout());
        let (stored_outputs, stored_by) = (outputs.storage_and_layout(), by.storage_and_layout());
        let mut by_sums = self.buffers.any(sizes.rows() * sizes.outputs);
        let passed = floats(&stored_by)?.iter().zip(floats(&stored_outputs)?);
        for (sum, (by, output)) in by_sums.iter_mut().zip(passed) {
            *sum = if *output > 0.0 { *by } else { 0.0 };
        }
        let by_inputs = if x.track_op() {
            let values = self.by_inputs(&by_sums, floats(&stored_w)?, sizes);
            Some(Tensor::from_vec(values, x.shape(), x.device())?)
        } else {
            None
        };
        let by_weights = self.by_weights(floats(&stored_x)?, &by_sums, sizes);
        self.buffers.give_back(by_sums);
        Ok((by_inputs, Some(Tensor::from_vec(by_weights, w.shape(), w.device())?)))
    }
}

impl Convolution {
    fn outputs(&self, x: &[f32], w: &[f32], sizes: Sizes) -> Vec<f32> {
        let Sizes { inputs, outputs, .. } = sizes;
        let bias: Vec<f32> = w.iter().skip(KERNEL * inputs).step_by(sizes.width()).copied().collect();
        let mut sums = bias.repeat(sizes.rows());
        for (back, column) in sizes.taps() {
            let packed = Packed::transposed(&self.buffers, &w[column..], sizes.width(), inputs, outputs);
            for (rows, from, to) in sizes.runs(back) {
                let result = (&mut sums[to * outputs..], outputs);
                add_product((&x[from * inputs..], inputs), &packed, result, rows);
            }
            packed.give_back(&self.buffers);
        }
        if sizes.has_residual() {
            sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
        }
        // Not `max`, which would make 0 of NaN.
        for sum in &mut sums {
            *sum = if *sum < 0.0 { 0.0 } else { *sum };
        }
        sums
    }

    fn by_inputs(&self, by_sums: &[f32], w: &[f32], sizes: Sizes) -> Vec<f32> {
        let Sizes { inputs, outputs, .. } = sizes;
        let mut by_inputs = if sizes.has_residual() {
            by_sums[..sizes.rows() * inputs].to_vec()
        } else {
            vec![0.0; sizes.rows() * inputs]
        };
        for (back, column) in sizes.taps() {
            let packed = Packed::new(&self.buffers, &w[column..], sizes.width(), outputs, inputs);
            for (rows, from, to) in sizes.runs(back) {
                let result = (&mut by_inputs[from * inputs..], inputs);
                add_product((&by_sums[to * outputs..], outputs), &packed, result, rows);
            }
            packed.give_back(&self.buffers);
        }
        by_inputs
    }

    /// The derivatives by all weights at once: they multiply the inputs of three steps, and 1.
    fn by_weights(&self, x: &[f32], by_sums: &[f32], sizes: Sizes) -> Vec<f32> {
        let Sizes { inputs, outputs, .. } = sizes;
        let (rows, width) = (sizes.rows(), sizes.width());
        let mut by_input = self.buffers.any(rows * inputs);
        transpose(x, rows, inputs, &mut by_input);
        // What each weight multiplies, in rows.
        let mut multiplied = self.buffers.zeros(rows * width);
        for (back, column) in sizes.taps() {
            let to = multiplied[column * rows..].chunks_exact_mut(rows);
            for (to, x) in to.zip(by_input.chunks_exact(rows)) {
                for (run, from, first) in sizes.runs(back) {
                    to[first..first + run].copy_from_slice(&x[from..from + run]);
                }
            }
        }
        multiplied[(width - 1) * rows..].fill(1.0);
        let packed = Packed::new(&self.buffers, by_sums, outputs, rows, outputs);
        let mut sums = self.buffers.zeros(width * outputs);
        add_product((&multiplied, rows), &packed, (&mut sums, outputs), width);
        let mut by_weights = vec![0.0; width * outputs];
        transpose(&sums, width, outputs, &mut by_weights);
        packed.give_back(&self.buffers);
        for buffer in [by_input, multiplied, sums] {
            self.buffers.give_back(buffer);
        }
        by_weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neural::reference::{Reference, assert_close};
    use candle_core::{Device, Var};

    #[test]
    fn outputs_and_gradients_are_those_of_keras() {
        agrees_with_the_reference(include_str!("../../tests/fixtures/neural/causal_conv.json"));
    }

    #[test]
    fn with_a_residual_they_are_those_of_keras_too() {
        agrees_with_the_reference(include_str!("../../tests/fixtures/neural/causal_conv_residual.json"));
    }

    fn agrees_with_the_reference(text: &str) {
        let r = Reference::read(text);
        let [samples, steps, inputs, outputs, kernel, dilation] = [0, 1, 2, 3, 4, 5].map(|k| r.size(k));
        assert_eq!(kernel, KERNEL);
        let mut parameters = Parameters::stored(
            [
                ("c.weight".to_owned(), r.tensor("weight", (outputs, inputs, kernel))),
                ("c.bias".to_owned(), r.tensor("bias", outputs)),
            ]
            .into(),
        );
        let layer = CausalConv::new(&mut parameters, "c", inputs, outputs, dilation).unwrap();
        let x = r.var("x", (samples, steps, inputs));
        let y = layer.forward(&x).unwrap();
        assert_close(&y, &r.numbers("y"));
        let total = (y * r.tensor("by", (samples, steps, outputs)))
            .unwrap()
            .sum_all()
            .unwrap();
        let by = total.backward().unwrap();
        assert_close(by.get(&x).unwrap(), &r.numbers("by_x"));
        assert_close(by.get(&layer.weight).unwrap(), &r.numbers("by_weight"));
        assert_close(by.get(&layer.bias).unwrap(), &r.numbers("by_bias"));
    }

    /// Steps shorter than what a tap looks back, and one step only.
    #[test]
    fn gradients_are_finite_differences() {
        for (samples, steps, inputs, outputs, dilation) in
            [(2, 3, 2, 3, 4), (3, 1, 2, 3, 1), (2, 5, 4, 4, 2), (1, 6, 1, 35, 2)]
        {
            let mut parameters = Parameters::seeded(3);
            let layer = CausalConv::new(&mut parameters, "c", inputs, outputs, dilation).unwrap();
            let x = Var::from_tensor(&parameters.uniform("x", (samples, steps, inputs), 1.0).unwrap()).unwrap();
            let loss = || layer.forward(&x).unwrap().sqr().unwrap().sum_all().unwrap();
            let by = loss().backward().unwrap();
            for var in [&x, &parameters.vars()[0], &parameters.vars()[1]] {
                let values: Vec<f32> = var.flatten_all().unwrap().to_vec1().unwrap();
                let gradient: Vec<f32> = by.get(var).unwrap().flatten_all().unwrap().to_vec1().unwrap();
                for k in 0..values.len() {
                    let at = |change: f32| {
                        let mut moved = values.clone();
                        moved[k] += change;
                        var.set(&Tensor::from_vec(moved, var.shape(), &Device::Cpu).unwrap())
                            .unwrap();
                        loss().to_scalar::<f32>().unwrap()
                    };
                    let difference = (at(0.005) - at(-0.005)) / 0.01;
                    at(0.0);
                    let error = (difference - gradient[k]).abs();
                    assert!(
                        error < 0.02 * (1.0 + difference.abs()),
                        "{k}: {difference} {}",
                        gradient[k]
                    );
                }
            }
        }
    }
}
