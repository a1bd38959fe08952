//! One layer of an LSTM, forward and backward.

use candle_core::{Result, Tensor};

use super::buffers::Buffers;
use super::gates::{self, Trace};
use super::gradients::hand_over;
use super::product::{Packed, add_product, transpose};
use super::slices::floats;

/// Weights of a layer: 4H x C, 4H x H, 4H and 4H.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) inputs: usize,
    pub(super) hidden: usize,
    pub(super) weight_ih: Tensor,
    pub(super) weight_hh: Tensor,
    pub(super) bias_ih: Tensor,
    pub(super) bias_hh: Tensor,
}

impl Layer {
    /// Forward through time: one product for the inputs of all steps, then step by step.
    pub(super) fn forward(&self, x: &[f32], samples: usize, steps: usize, buffers: &Buffers) -> Result<Trace> {
        let (hidden, width, rows) = (self.hidden, 4 * self.hidden, samples * steps);
        let mut trace = Trace {
            gates: buffers.any(rows * width),
            cells: buffers.any(rows * hidden),
            outputs: buffers.any(rows * hidden),
        };
        let bias: Vec<f32> = (&self.bias_ih + &self.bias_hh)?.to_vec1()?;
        trace
            .gates
            .chunks_exact_mut(width)
            .for_each(|row| row.copy_from_slice(&bias));
        let packed = Packed::transposed(
            buffers,
            floats(&self.weight_ih.storage_and_layout())?,
            self.inputs,
            self.inputs,
            width,
        );
        add_product((x, self.inputs), &packed, (&mut trace.gates, width), rows);
        packed.give_back(buffers);
        let packed = Packed::transposed(
            buffers,
            floats(&self.weight_hh.storage_and_layout())?,
            hidden,
            hidden,
            width,
        );
        for t in 0..steps {
            if t > 0 {
                let before = (&trace.outputs[(t - 1) * hidden..], steps * hidden);
                add_product(before, &packed, (&mut trace.gates[t * width..], steps * width), samples);
            }
            gates::forward(&mut trace, t, steps, hidden);
        }
        packed.give_back(buffers);
        Ok(trace)
    }

    /// Backward through time: the gates of the trace become the derivatives by their sums.
    pub(super) fn backward(&self, by: &[f32], trace: &mut Trace, steps: usize, buffers: &Buffers) -> Result<()> {
        let (hidden, width) = (self.hidden, 4 * self.hidden);
        let samples = by.len() / (steps * hidden).max(1);
        let packed = Packed::new(
            buffers,
            floats(&self.weight_hh.storage_and_layout())?,
            hidden,
            width,
            hidden,
        );
        let mut by_cells = buffers.zeros(samples * hidden);
        let mut by_outputs = buffers.zeros(samples * hidden);
        for t in (0..steps).rev() {
            for (sample, sums) in by_outputs.chunks_exact_mut(hidden).enumerate() {
                let by = &by[(sample * steps + t) * hidden..][..hidden];
                for h in 0..hidden {
                    sums[h] += by[h];
                }
            }
            gates::backward(trace, &by_outputs, &mut by_cells, t, steps, hidden);
            if t > 0 {
                by_outputs.fill(0.0);
                let by_gates = (&trace.gates[t * width..], steps * width);
                add_product(by_gates, &packed, (&mut by_outputs, hidden), samples);
            }
        }
        packed.give_back(buffers);
        buffers.give_back(by_cells);
        buffers.give_back(by_outputs);
        Ok(())
    }

    /// The derivatives by the inputs, after [`backward`](Self::backward).
    pub(super) fn by_inputs(&self, trace: &Trace, buffers: &Buffers) -> Result<Vec<f32>> {
        let width = 4 * self.hidden;
        let rows = trace.gates.len() / width;
        let mut result = buffers.zeros(rows * self.inputs);
        let weight = self.weight_ih.storage_and_layout();
        let packed = Packed::new(buffers, floats(&weight)?, self.inputs, width, self.inputs);
        add_product((&trace.gates, width), &packed, (&mut result, self.inputs), rows);
        packed.give_back(buffers);
        Ok(result)
    }

    /// The derivatives by all weights, after [`backward`](Self::backward), in one product: the weights multiply inputs,
    /// outputs of the step before, and 1.
    pub(super) fn hand_over_gradients(&self, x: &[f32], trace: &Trace, steps: usize, buffers: &Buffers) -> Result<()> {
        let (inputs, hidden, width) = (self.inputs, self.hidden, 4 * self.hidden);
        let rows = trace.gates.len() / width;
        let all = inputs + hidden + 1;
        let mut multiplied = buffers.any(all * rows);
        let (by_x, rest) = multiplied.split_at_mut(inputs * rows);
        let (by_outputs, by_one) = rest.split_at_mut(hidden * rows);
        transpose(x, rows, inputs, by_x);
        transpose(&trace.outputs, rows, hidden, by_outputs);
        // From each output to that of the step before.
        for samples in by_outputs.chunks_exact_mut(steps) {
            samples.rotate_right(1);
            samples[0] = 0.0;
        }
        by_one.fill(1.0);
        let packed = Packed::new(buffers, &trace.gates, width, rows, width);
        let mut sums = buffers.zeros(all * width);
        add_product((&multiplied, rows), &packed, (&mut sums, width), all);
        for (weight, first, count) in [(&self.weight_ih, 0, inputs), (&self.weight_hh, inputs, hidden)] {
            let mut gradient = vec![0.0; count * width];
            transpose(&sums[first * width..], count, width, &mut gradient);
            hand_over(weight, Tensor::from_vec(gradient, (width, count), weight.device())?);
        }
        let by_bias = Tensor::from_slice(&sums[(inputs + hidden) * width..], width, self.bias_ih.device())?;
        hand_over(&self.bias_ih, by_bias.clone());
        hand_over(&self.bias_hh, by_bias);
        packed.give_back(buffers);
        buffers.give_back(multiplied);
        buffers.give_back(sums);
        Ok(())
    }
}

impl Trace {
    pub(super) fn give_back(self, buffers: &Buffers) {
        [self.gates, self.cells, self.outputs]
            .into_iter()
            .for_each(|b| buffers.give_back(b));
    }
}
