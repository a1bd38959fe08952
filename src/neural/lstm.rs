//! Long short-term memory, a layer computed as one operation over the whole sequence.

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
/// Weights begin uniform on +-sqrt(6 / (inputs + 4 hidden)) for inputs, orthogonal order of size for the recurrent
/// ones, and the forget gate's bias begins at 1, so that a cell remembers before it has learned what to forget.
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
    /// Layers on `inputs` inputs per step, with the given numbers of units.
    ///
    /// # Errors
    /// Those of [`Parameters`].
    pub fn new(parameters: &mut Parameters, name: &str, inputs: usize, hidden: &[usize]) -> Result<Self> {
        let mut width = inputs;
        let mut layers = Vec::with_capacity(hidden.len());
        for (l, &h) in hidden.iter().enumerate() {
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
