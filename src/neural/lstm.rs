//! Long short-term memory, a layer computed as one operation over the whole sequence.

use std::sync::Mutex;

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::Parameters;
use super::gates::{self, Trace};
use super::product::{Packed, add_product, transpose};
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
    layers: Vec<Layer>,
}

#[derive(Debug)]
struct Layer {
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor,
    bias_hh: Tensor,
    hidden: usize,
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
                hidden: h,
            });
            width = h;
        }
        Ok(Self { layers })
    }

    /// The outputs of all steps.
    ///
    /// # Errors
    /// Those of candle.
    pub fn forward(&self, inputs: &Tensor) -> Result<Tensor> {
        self.layers
            .iter()
            .try_fold(inputs.clone(), |x, layer| layer.forward(&x))
    }
}

impl Layer {
    fn forward(&self, inputs: &Tensor) -> Result<Tensor> {
        // candle's operations take few tensors, so all weights go in as one: 4H x (C + H + 1).
        let bias = (&self.bias_ih + &self.bias_hh)?.unsqueeze(1)?;
        let weights = Tensor::cat(&[&self.weight_ih, &self.weight_hh, &bias], 1)?;
        let operation = Sequence {
            hidden: self.hidden,
            trace: Mutex::new(None),
        };
        inputs.contiguous()?.apply_op2(&weights, operation)
    }
}

/// The operation: inputs N x T x C and weights 4H x (C + H + 1) to outputs N x T x H.
struct Sequence {
    hidden: usize,
    /// Of the forward pass, for the backward pass.
    trace: Mutex<Option<Trace>>,
}

struct Sizes {
    samples: usize,
    steps: usize,
    inputs: usize,
    hidden: usize,
}

impl Sizes {
    fn rows(&self) -> usize {
        self.samples * self.steps
    }

    /// Length of a row of the weights.
    fn width(&self) -> usize {
        self.inputs + self.hidden + 1
    }
}

impl Sequence {
    fn sizes(&self, inputs: &Shape, weights: &Shape) -> Result<Sizes> {
        let (samples, steps, inputs) = inputs.dims3()?;
        let sizes = Sizes {
            samples,
            steps,
            inputs,
            hidden: self.hidden,
        };
        if weights.dims2()? != (4 * self.hidden, sizes.width()) {
            bail!(
                "weights of {weights:?} do not fit {} inputs and {} units",
                sizes.inputs,
                self.hidden
            );
        }
        Ok(sizes)
    }
}

impl CustomOp2 for Sequence {
    fn name(&self) -> &'static str {
        "lstm"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, w: &CpuStorage, lw: &Layout) -> Result<(CpuStorage, Shape)> {
        let sizes = self.sizes(lx.shape(), lw.shape())?;
        let (outputs, trace) = forward(slice(x, lx)?, slice(w, lw)?, &sizes);
        if let Ok(mut kept) = self.trace.lock() {
            *kept = Some(trace);
        }
        Ok((
            CpuStorage::F32(outputs),
            (sizes.samples, sizes.steps, sizes.hidden).into(),
        ))
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, outputs: &Tensor, by: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let sizes = self.sizes(x.shape(), w.shape())?;
        let Some(mut trace) = self.trace.lock().ok().and_then(|mut kept| kept.take()) else {
            bail!("an lstm operation goes backward once, after it went forward");
        };
        let by = by.contiguous()?;
        let (stored_x, stored_w) = (x.storage_and_layout(), w.storage_and_layout());
        let (stored_outputs, stored_by) = (outputs.storage_and_layout(), by.storage_and_layout());
        backward_steps(floats(&stored_by)?, floats(&stored_w)?, &mut trace, &sizes);
        let by_inputs = if x.track_op() {
            let mut values = vec![0.0; sizes.rows() * sizes.inputs];
            let packed = Packed::new(floats(&stored_w)?, sizes.width(), 4 * sizes.hidden, sizes.inputs);
            let to = (&mut values[..], sizes.inputs);
            add_product((&trace.gates, 4 * sizes.hidden), &packed, to, sizes.rows());
            Some(Tensor::from_vec(values, x.shape(), x.device())?)
        } else {
            None
        };
        let by_weights = by_weights(floats(&stored_x)?, floats(&stored_outputs)?, &trace, &sizes);
        Ok((by_inputs, Some(Tensor::from_vec(by_weights, w.shape(), w.device())?)))
    }
}

fn forward(x: &[f32], w: &[f32], sizes: &Sizes) -> (Vec<f32>, Trace) {
    let &Sizes {
        samples,
        steps,
        inputs,
        hidden,
    } = sizes;
    let bias: Vec<f32> = w.iter().skip(inputs + hidden).step_by(sizes.width()).copied().collect();
    let mut trace = Trace {
        gates: bias.repeat(sizes.rows()),
        cells: vec![0.0; sizes.rows() * hidden],
    };
    let mut outputs = vec![0.0; sizes.rows() * hidden];
    let width = 4 * hidden;
    let packed = Packed::transposed(w, sizes.width(), inputs, width);
    add_product((x, inputs), &packed, (&mut trace.gates, width), sizes.rows());
    let packed = Packed::transposed(&w[inputs..], sizes.width(), hidden, width);
    for t in 0..steps {
        if t > 0 {
            let before = (&outputs[(t - 1) * hidden..], steps * hidden);
            add_product(before, &packed, (&mut trace.gates[t * width..], steps * width), samples);
        }
        gates::forward(&mut trace, &mut outputs, t, steps, hidden);
    }
    (outputs, trace)
}

/// From the last step to the first: the gates of the trace become the derivatives by their sums.
fn backward_steps(by: &[f32], w: &[f32], trace: &mut Trace, sizes: &Sizes) {
    let &Sizes {
        samples,
        steps,
        inputs,
        hidden,
    } = sizes;
    let width = 4 * hidden;
    let packed = Packed::new(&w[inputs..], sizes.width(), width, hidden);
    let mut by_cells = vec![0.0; samples * hidden];
    let mut by_outputs = vec![0.0; samples * hidden];
    for t in (0..steps).rev() {
        let by_samples = by.chunks_exact(steps * hidden).map(|by| &by[t * hidden..][..hidden]);
        for (sum, by) in by_outputs.chunks_exact_mut(hidden).zip(by_samples) {
            sum.iter_mut().zip(by).for_each(|(sum, by)| *sum += by);
        }
        gates::backward(trace, &by_outputs, &mut by_cells, t, steps, hidden);
        if t > 0 {
            by_outputs.fill(0.0);
            let by_gates = (&trace.gates[t * width..], steps * width);
            add_product(by_gates, &packed, (&mut by_outputs, hidden), samples);
        }
    }
}

/// The derivatives by all weights at once: they multiply inputs, outputs of the step before, and 1.
fn by_weights(x: &[f32], outputs: &[f32], trace: &Trace, sizes: &Sizes) -> Vec<f32> {
    let &Sizes {
        steps, inputs, hidden, ..
    } = sizes;
    let mut multiplied = vec![0.0; sizes.rows() * sizes.width()];
    for (row, to) in multiplied.chunks_exact_mut(sizes.width()).enumerate() {
        to[..inputs].copy_from_slice(&x[row * inputs..][..inputs]);
        if row % steps > 0 {
            to[inputs..inputs + hidden].copy_from_slice(&outputs[(row - 1) * hidden..][..hidden]);
        }
        to[inputs + hidden] = 1.0;
    }
    let multiplied = transpose(&multiplied, sizes.rows(), sizes.width());
    let packed = Packed::new(&trace.gates, 4 * hidden, sizes.rows(), 4 * hidden);
    let mut sums = vec![0.0; sizes.width() * 4 * hidden];
    add_product(
        (&multiplied, sizes.rows()),
        &packed,
        (&mut sums, 4 * hidden),
        sizes.width(),
    );
    transpose(&sums, sizes.width(), 4 * hidden)
}
