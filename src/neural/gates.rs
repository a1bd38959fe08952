//! The gates of an LSTM step, and their derivatives. Plain loops, which the compiler turns into vectors for the
//! instructions that pulp finds at run time.

use pulp::{Arch, Simd, WithSimd};

/// What a layer remembers of its forward pass, sample by sample, step by step.
#[derive(Debug)]
pub(super) struct Trace {
    /// Gates in PyTorch's order i, f, g, o: N x T x 4H.
    pub(super) gates: Vec<f32>,
    /// Cells: N x T x H.
    pub(super) cells: Vec<f32>,
    /// Outputs: N x T x H.
    pub(super) outputs: Vec<f32>,
}

/// One step of all samples: gates from their sums (in place), then cells and outputs.
pub(super) fn forward(trace: &mut Trace, step: usize, steps: usize, hidden: usize) {
    let nothing = vec![0.0; hidden];
    let gates = trace.gates.chunks_exact_mut(steps * 4 * hidden);
    let cells = trace.cells.chunks_exact_mut(steps * hidden);
    let outputs = trace.outputs.chunks_exact_mut(steps * hidden);
    for ((gates, cells), outputs) in gates.zip(cells).zip(outputs) {
        let (before, cells) = cells.split_at_mut(step * hidden);
        Arch::new().dispatch(Forward {
            gates: &mut gates[step * 4 * hidden..][..4 * hidden],
            before: before.rchunks_exact(hidden).next().unwrap_or(&nothing),
            cell: &mut cells[..hidden],
            output: &mut outputs[step * hidden..][..hidden],
        });
    }
}

/// One step of all samples backwards: derivatives by the gates' sums (in place of the gates), and by the cells before
/// (in place of those by the cells of this step).
///
/// *Shapes*: `by_outputs` and `by_cells` are N x H.
pub(super) fn backward(
    trace: &mut Trace,
    by_outputs: &[f32],
    by_cells: &mut [f32],
    step: usize,
    steps: usize,
    hidden: usize,
) {
    let nothing = vec![0.0; hidden];
    let gates = trace.gates.chunks_exact_mut(steps * 4 * hidden);
    let cells = trace.cells.chunks_exact(steps * hidden);
    let by = by_outputs.chunks_exact(hidden).zip(by_cells.chunks_exact_mut(hidden));
    for ((gates, cells), (by_output, by_cell)) in gates.zip(cells).zip(by) {
        let (before, cells) = cells.split_at(step * hidden);
        Arch::new().dispatch(Backward {
            gates: &mut gates[step * 4 * hidden..][..4 * hidden],
            before: before.rchunks_exact(hidden).next().unwrap_or(&nothing),
            cell: &cells[..hidden],
            by_output,
            by_cell,
        });
    }
}

struct Forward<'a> {
    gates: &'a mut [f32],
    before: &'a [f32],
    cell: &'a mut [f32],
    output: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (i, f, g, o) = quarters(self.gates);
        forward_row(i, f, g, o, self.before, self.cell, self.output);
    }
}

struct Backward<'a> {
    gates: &'a mut [f32],
    before: &'a [f32],
    cell: &'a [f32],
    by_output: &'a [f32],
    by_cell: &'a mut [f32],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (i, f, g, o) = quarters(self.gates);
        backward_row(i, f, g, o, self.before, self.cell, self.by_output, self.by_cell);
    }
}

#[inline(always)]
fn quarters(gates: &mut [f32]) -> (&mut [f32], &mut [f32], &mut [f32], &mut [f32]) {
    let hidden = gates.len() / 4;
    let (i, rest) = gates.split_at_mut(hidden);
    let (f, rest) = rest.split_at_mut(hidden);
    let (g, o) = rest.split_at_mut(hidden);
    (i, f, g, o)
}

// All slices are arguments of their own: only so does the compiler know that they do not overlap.
#[inline(always)]
fn forward_row(
    i: &mut [f32],
    f: &mut [f32],
    g: &mut [f32],
    o: &mut [f32],
    before: &[f32],
    cell: &mut [f32],
    output: &mut [f32],
) {
    let n = output.len();
    let (i, f, g, o) = (&mut i[..n], &mut f[..n], &mut g[..n], &mut o[..n]);
    let (before, cell) = (&before[..n], &mut cell[..n]);
    for h in 0..n {
        i[h] = sigmoid(i[h]);
        f[h] = sigmoid(f[h]);
        g[h] = tanh(g[h]);
        o[h] = sigmoid(o[h]);
        cell[h] = f[h] * before[h] + i[h] * g[h];
        output[h] = o[h] * tanh(cell[h]);
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn backward_row(
    i: &mut [f32],
    f: &mut [f32],
    g: &mut [f32],
    o: &mut [f32],
    before: &[f32],
    cell: &[f32],
    by_output: &[f32],
    by_cell: &mut [f32],
) {
    let n = by_cell.len();
    let (i, f, g, o) = (&mut i[..n], &mut f[..n], &mut g[..n], &mut o[..n]);
    let (before, cell, by_output) = (&before[..n], &cell[..n], &by_output[..n]);
    for h in 0..n {
        let squashed = tanh(cell[h]);
        let by = by_cell[h] + by_output[h] * o[h] * (1.0 - squashed * squashed);
        by_cell[h] = by * f[h];
        o[h] = by_output[h] * squashed * o[h] * (1.0 - o[h]);
        f[h] = by * before[h] * f[h] * (1.0 - f[h]);
        let input = i[h];
        i[h] = by * g[h] * input * (1.0 - input);
        g[h] = by * input * (1.0 - g[h] * g[h]);
    }
}

/// 1 / (1 + e^-x).
#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Hyperbolic tangent, to an absolute error of 2e-7.
#[inline(always)]
fn tanh(x: f32) -> f32 {
    1.0 - 2.0 / (1.0 + exp(2.0 * x))
}

/// e^x for x within +-87, and the value at that border outside.
///
/// e^x = 2^n e^r with whole n and |r| <= ln(2) / 2, where e^r is its Taylor polynomial of degree 6 (error 1.2e-7).
#[inline(always)]
fn exp(x: f32) -> f32 {
    // Adding it leaves a number without digits after the point, whose last bits are n.
    const ROUND: f32 = 12_582_912.0;
    // ln(2) in two parts: the first has few digits, so n times it is exact.
    const LN_2: f32 = 0.693_359_4;
    const LN_2_REST: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 87.0);
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN_2_REST, n.mul_add(-LN_2, x));
    let p = r.mul_add(1.0 / 720.0, 1.0 / 120.0);
    let p = r.mul_add(p, 1.0 / 24.0);
    let p = r.mul_add(p, 1.0 / 6.0);
    let p = r.mul_add(p, 0.5);
    let p = r.mul_add(p, 1.0);
    let p = r.mul_add(p, 1.0);
    f32::from_bits(p.to_bits().wrapping_add(shifted.to_bits() << 23))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigmoid_and_tanh_are_exact_to_single_precision() {
        for k in -40_000..=40_000 {
            let x = k as f32 * 0.0025;
            let s = 1.0 / (1.0 + (-f64::from(x)).exp());
            assert!((f64::from(sigmoid(x)) - s).abs() < 2e-7, "sigmoid {x}");
            assert!((f64::from(tanh(x)) - f64::from(x).tanh()).abs() < 2e-7, "tanh {x}");
        }
        for x in [f32::MAX, f32::INFINITY] {
            assert_eq!(
                (sigmoid(x), sigmoid(-x), tanh(x), tanh(-x)),
                (1.0, sigmoid(-87.0), 1.0, -1.0)
            );
        }
        assert!(sigmoid(f32::NAN).is_nan() && tanh(f32::NAN).is_nan());
    }
}
