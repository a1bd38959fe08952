//! Long short-term memory: all layers computed as one operation over the whole sequence.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::Parameters;
use super::buffers::Buffers;
use super::gates::Trace;
use super::lstm_layer::Layer;
use super::slices::{floats, slice};

/// Stacked LSTM layers.
///
/// *Model*: with x_t the inputs of a layer, h_0 = c_0 = 0,
/// (i, f, g, o) = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh,
/// c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g), h_t = sigmoid(o) tanh(c_t).
/// W_ih begins uniform on +-sqrt(6 / (C + 4H)), W_hh on +-sqrt(3 / (4H)) (the variance of an orthogonal matrix), and
/// the forget gate's bias at 1, so that a cell remembers before it has learned what to forget.
///
/// The backward pass is derived by hand: through time, then all weights of a layer in one product. It hands the weights'
/// gradients to [`gradients::backward`](super::gradients::backward), which must be used in place of candle's.
///
/// *Shapes*: N x T x C to N x T x H, with H of the last layer. Weights as PyTorch has them: `weight_ih_l0` 4H x C,
/// `weight_hh_l0` 4H x H, `bias_ih_l0` and `bias_hh_l0` 4H; gates in the order i, f, g, o.
///
/// *Determinism*: one thread; the result of a sample does not depend on the others of its batch.
///
/// *Errors*: those of candle, for shapes that do not fit.
///
/// *References*: Hochreiter, Schmidhuber 1997, Long short-term memory; Gers, Schmidhuber, Cummins 2000, Learning to
/// forget; Werbos 1990, Backpropagation through time; Jozefowicz, Zaremba, Sutskever 2015, An empirical exploration of
/// recurrent network architectures (bias of the forget gate).
#[derive(Debug)]
pub struct Lstm {
    layers: Arc<[Layer]>,
    buffers: Arc<Buffers>,
}

impl Lstm {
    /// Layers on `inputs` inputs per step, with the given numbers of units; they are numbered from `first`.
    ///
    /// # Errors
    /// Those of [`Parameters`].
    pub fn new(parameters: &mut Parameters, name: &str, first: usize, inputs: usize, hidden: &[usize]) -> Result<Self> {
        let mut width = inputs;
        let mut layers = Vec::with_capacity(hidden.len());
        for (l, &h) in (first..).zip(hidden) {
            let bias: Vec<f32> = (0..4 * h).map(|k| if k / h == 1 { 1.0 } else { 0.0 }).collect();
            layers.push(Layer {
                inputs: width,
                hidden: h,
                weight_ih: parameters.uniform(
                    &format!("{name}.weight_ih_l{l}"),
                    (4 * h, width),
                    (6.0 / (width + 4 * h) as f64).sqrt(),
                )?,
                weight_hh: parameters.uniform(
                    &format!("{name}.weight_hh_l{l}"),
                    (4 * h, h),
                    (3.0 / (4 * h) as f64).sqrt(),
                )?,
                bias_ih: parameters.values(&format!("{name}.bias_ih_l{l}"), &bias)?,
                bias_hh: parameters.constant(&format!("{name}.bias_hh_l{l}"), 4 * h, 0.0)?,
            });
            width = h;
        }
        Ok(Self {
            layers: layers.into(),
            buffers: Arc::default(),
        })
    }

    /// The outputs of all steps of the last layer.
    ///
    /// # Errors
    /// Those of candle.
    pub fn forward(&self, inputs: &Tensor) -> Result<Tensor> {
        let Some(first) = self.layers.first() else {
            return Ok(inputs.clone());
        };
        let operation = Sequence {
            layers: Arc::clone(&self.layers),
            buffers: Arc::clone(&self.buffers),
            traces: Mutex::default(),
        };
        // The weight is an argument for candle to know that something is to be learned.
        inputs.contiguous()?.apply_op2(&first.weight_hh, operation)
    }
}

/// All layers as one operation: N x T x C to N x T x H.
struct Sequence {
    layers: Arc<[Layer]>,
    buffers: Arc<Buffers>,
    /// Of the layers' forward passes, for the backward pass.
    traces: Mutex<Vec<Trace>>,
}

impl Drop for Sequence {
    fn drop(&mut self) {
        let traces = self.traces.get_mut().unwrap_or_else(PoisonError::into_inner);
        traces.drain(..).for_each(|trace| trace.give_back(&self.buffers));
    }
}

impl CustomOp2 for Sequence {
    fn name(&self) -> &'static str {
        "lstm"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        let (samples, steps, inputs) = lx.shape().dims3()?;
        let mut traces: Vec<Trace> = Vec::with_capacity(self.layers.len());
        let (mut result, mut width) = (Vec::new(), inputs);
        for layer in self.layers.iter() {
            if layer.inputs != width {
                bail!("an lstm layer of {} inputs is given {width}", layer.inputs);
            }
            let before = traces.last().map_or(slice(x, lx), |t| Ok(&t.outputs))?;
            traces.push(layer.forward(before, samples, steps, &self.buffers)?);
            width = layer.hidden;
        }
        if let Some(trace) = traces.last() {
            result.clone_from(&trace.outputs);
        }
        *self.traces.lock().unwrap_or_else(PoisonError::into_inner) = traces;
        Ok((CpuStorage::F32(result), (samples, steps, width).into()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, _: &Tensor, by: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (_, steps, _) = x.dims3()?;
        let mut traces = std::mem::take(&mut *self.traces.lock().unwrap_or_else(PoisonError::into_inner));
        if traces.len() != self.layers.len() {
            bail!("an lstm operation goes backward once, after it went forward");
        }
        let by = by.contiguous()?;
        let (stored_x, stored_by) = (x.storage_and_layout(), by.storage_and_layout());
        let mut by_outputs = self.buffers.any(by.elem_count());
        by_outputs.copy_from_slice(floats(&stored_by)?);
        for (l, layer) in self.layers.iter().enumerate().rev() {
            let Some(mut trace) = traces.pop() else { break };
            layer.backward(&by_outputs, &mut trace, steps, &self.buffers)?;
            let before = traces.last().map_or_else(|| floats(&stored_x), |t| Ok(&t.outputs))?;
            layer.hand_over_gradients(before, &trace, steps, &self.buffers)?;
            self.buffers.give_back(std::mem::take(&mut by_outputs));
            if l > 0 || x.track_op() {
                by_outputs = layer.by_inputs(&trace, &self.buffers)?;
            }
            trace.give_back(&self.buffers);
        }
        let by_inputs = if x.track_op() {
            Some(Tensor::from_vec(by_outputs, x.shape(), x.device())?)
        } else {
            None
        };
        Ok((by_inputs, None))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use candle_core::{Device, Var};

    use super::*;
    use crate::neural::gradients::backward;
    use crate::neural::reference::{Reference, assert_close};

    fn reference() -> Reference {
        Reference::read(include_str!("../../tests/fixtures/neural/lstm.json"))
    }

    /// Samples, steps, inputs, and units of both layers.
    fn sizes(reference: &Reference) -> [usize; 5] {
        std::array::from_fn(|k| reference.size(k))
    }

    fn network(reference: &Reference) -> (Parameters, Lstm) {
        let [_, _, mut width, first, second] = sizes(reference);
        let mut tensors = BTreeMap::new();
        for (l, h) in [first, second].into_iter().enumerate() {
            for (name, columns) in [("weight_ih", width), ("weight_hh", h)] {
                let name = format!("{name}_l{l}");
                let tensor = reference.tensor(&name, (4 * h, columns));
                tensors.insert(format!("lstm.{name}"), tensor);
            }
            let bias = reference.tensor(&format!("bias_ih_l{l}"), 4 * h);
            tensors.insert(format!("lstm.bias_hh_l{l}"), bias.zeros_like().unwrap());
            tensors.insert(format!("lstm.bias_ih_l{l}"), bias);
            width = h;
        }
        let mut parameters = Parameters::stored(tensors);
        let lstm = Lstm::new(&mut parameters, "lstm", 0, sizes(reference)[2], &[first, second]).unwrap();
        (parameters, lstm)
    }

    #[test]
    fn outputs_and_gradients_are_those_of_keras() {
        let reference = reference();
        let [samples, steps, inputs, _, second] = sizes(&reference);
        let (parameters, lstm) = network(&reference);
        let x = reference.var("x", (samples, steps, inputs));
        // Twice, so that the second pass works in buffers that the first has used.
        for _ in 0..2 {
            let y = lstm.forward(&x).unwrap();
            assert_close(&y, &reference.numbers("y"));
            let loss = (y * reference.tensor("by", (samples, steps, second)))
                .unwrap()
                .sum_all()
                .unwrap();
            let mut vars = parameters.vars();
            vars.push(Var::from_tensor(&x).unwrap());
            let gradients = backward(&loss, &vars).unwrap();
            let names: Vec<String> = parameters
                .tensors()
                .unwrap()
                .into_keys()
                .chain(["x".to_owned()])
                .collect();
            for (name, of_var) in names.iter().zip(gradients) {
                let name = name.trim_start_matches("lstm.").replace("bias_hh", "bias_ih");
                assert_eq!(of_var.len(), 1, "{name}");
                assert_close(&of_var[0], &reference.numbers(&format!("by_{name}")));
            }
        }
    }

    #[test]
    fn gradients_are_finite_differences() {
        let reference = reference();
        let [samples, steps, inputs, ..] = sizes(&reference);
        let (parameters, lstm) = network(&reference);
        let x = reference.tensor("x", (samples, steps, inputs));
        let loss = || lstm.forward(&x).unwrap().sqr().unwrap().sum_all().unwrap();
        let vars = parameters.vars();
        let gradients = backward(&loss(), &vars).unwrap();
        for (var, gradient) in vars.iter().zip(&gradients) {
            let values: Vec<f32> = var.flatten_all().unwrap().to_vec1().unwrap();
            let gradient: Vec<f32> = gradient[0].flatten_all().unwrap().to_vec1().unwrap();
            for k in (0..values.len()).step_by(7) {
                let at = |difference: f32| {
                    let mut moved = values.clone();
                    moved[k] += difference;
                    var.set(&Tensor::from_vec(moved, var.shape(), &Device::Cpu).unwrap())
                        .unwrap();
                    f64::from(loss().to_scalar::<f32>().unwrap())
                };
                // Of fourth order: the rounding of f32 forbids a small step.
                let h = 0.05;
                let found = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * f64::from(h));
                assert!((found - f64::from(gradient[k])).abs() < 1e-3, "{found} {}", gradient[k]);
            }
            var.set(&Tensor::from_vec(values, var.shape(), &Device::Cpu).unwrap())
                .unwrap();
        }
    }

    #[test]
    fn a_sample_does_not_depend_on_its_batch() {
        let mut parameters = Parameters::seeded(3);
        let lstm = Lstm::new(&mut parameters, "lstm", 0, 2, &[33, 7]).unwrap();
        let values: Vec<f32> = (0..21 * 5 * 2).map(|k| (k as f32 * 0.37).sin()).collect();
        let x = Tensor::from_vec(values, (21, 5, 2), &Device::Cpu).unwrap();
        let flat = |t: Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let together = flat(lstm.forward(&x).unwrap());
        for n in 0..21 {
            let alone = flat(lstm.forward(&x.narrow(0, n, 1).unwrap()).unwrap());
            assert_eq!(alone, together[n * 35..(n + 1) * 35]);
        }
    }

    #[test]
    fn inputs_of_another_width_are_refused() {
        let mut parameters = Parameters::seeded(3);
        let lstm = Lstm::new(&mut parameters, "lstm", 0, 2, &[4]).unwrap();
        let x = Tensor::zeros((1, 5, 3), candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(
            lstm.forward(&x)
                .unwrap_err()
                .to_string()
                .contains("2 inputs is given 3")
        );
    }
}
