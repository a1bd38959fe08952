//! The optimiser Adam.

use candle_core::{CpuStorage, InplaceOp1, Layout, Result, Storage, Tensor, Var, bail};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use std::cell::RefCell;

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;
/// Gradients are scaled down to this global norm.
const CLIP: f64 = 1.0;

/// Adam on gradients clipped by their global norm.
///
/// *Model*: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, and each weight moves by
/// -rate m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + 1e-8), with b1 = 0.9 and b2 = 0.999.
///
/// candle-nn's optimiser makes about ten tensors per weight and step; this is one pass in place.
///
/// *References*: Kingma, Ba 2015, Adam: a method for stochastic optimization.
pub(super) struct Adam {
    rate: f64,
    steps: i32,
    /// Moments m and v of each weight, and its gradient.
    state: Vec<State>,
}

#[derive(Clone)]
struct State {
    first: Vec<f32>,
    second: Vec<f32>,
    gradient: Vec<f32>,
}

impl Adam {
    pub(super) fn new(vars: &[Var], rate: f64) -> Self {
        let state = vars.iter().map(|v| {
            let zeros = vec![0.0; v.elem_count()];
            State {
                first: zeros.clone(),
                second: zeros.clone(),
                gradient: zeros,
            }
        });
        Self {
            rate,
            steps: 0,
            state: state.collect(),
        }
    }

    /// Another learning rate from now on.
    pub(super) fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    /// Move the weights by the gradients, several for each weight, of a loss that is a sum over `weight` targets.
    /// `false`, and nothing moves, if the gradient is not finite.
    ///
    /// # Errors
    /// Those of candle.
    pub(super) fn step(&mut self, vars: &[Var], gradients: &[Vec<Tensor>], weight: f64) -> Result<bool> {
        let scale = (1.0 / weight) as f32;
        let squares: Vec<Result<f64>> = self
            .state
            .par_iter_mut()
            .zip(gradients)
            .map(|(state, shards)| {
                state.gradient.fill(0.0);
                for shard in shards {
                    add(shard, &mut state.gradient)?;
                }
                Ok(scaled(&mut state.gradient, scale))
            })
            .collect();
        let norm = squares.into_iter().sum::<Result<f64>>()?.sqrt();
        if !norm.is_finite() {
            return Ok(false);
        }
        self.steps = self.steps.saturating_add(1);
        let correct = |beta: f32| 1.0 - f64::from(beta).powi(self.steps);
        let update = Update {
            clip: (CLIP / norm.max(CLIP)) as f32,
            rate: (self.rate / correct(BETA_1)) as f32,
            second: (1.0 / correct(BETA_2)) as f32,
        };
        self.state
            .par_iter_mut()
            .zip(vars)
            .try_for_each(|(state, var)| var.inplace_op1(&update.of(state)))?;
        Ok(true)
    }
}

fn add(gradient: &Tensor, sum: &mut [f32]) -> Result<()> {
    let gradient = gradient.contiguous()?;
    let (storage, layout) = gradient.storage_and_layout();
    let (Storage::Cpu(CpuStorage::F32(values)), Some((first, last))) = (&*storage, layout.contiguous_offsets()) else {
        bail!("a gradient must be f32 on the CPU");
    };
    let values = &values[first..last];
    let sum = &mut sum[..values.len()];
    for k in 0..values.len() {
        sum[k] += values[k];
    }
    Ok(())
}

/// Scale a gradient; the sum of its squares.
fn scaled(gradient: &mut [f32], scale: f32) -> f64 {
    // Several sums at once, as vectors have several numbers.
    let mut sums = [0.0; 8];
    let (chunks, rest) = gradient.as_chunks_mut();
    for chunk in chunks {
        add_squares(chunk, scale, &mut sums);
    }
    let mut last = [0.0; 8];
    last[..rest.len()].copy_from_slice(rest);
    add_squares(&mut last, scale, &mut sums);
    rest.copy_from_slice(&last[..rest.len()]);
    sums.iter().sum()
}

#[inline(always)]
fn add_squares(gradient: &mut [f32; 8], scale: f32, sums: &mut [f64; 8]) {
    for k in 0..8 {
        gradient[k] *= scale;
        sums[k] += f64::from(gradient[k]) * f64::from(gradient[k]);
    }
}

#[derive(Clone, Copy)]
struct Update {
    clip: f32,
    rate: f32,
    second: f32,
}

impl Update {
    fn of(self, state: &mut State) -> Step<'_> {
        Step {
            update: self,
            state: RefCell::new(state),
        }
    }
}

struct Step<'a> {
    update: Update,
    state: RefCell<&'a mut State>,
}

impl InplaceOp1 for Step<'_> {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let (CpuStorage::F32(values), Some((first, last))) = (storage, layout.contiguous_offsets()) else {
            bail!("a weight must be f32 and contiguous");
        };
        let mut state = self.state.borrow_mut();
        let State {
            first: m,
            second: v,
            gradient,
        } = &mut **state;
        Arch::new().dispatch(Move {
            update: self.update,
            weights: &mut values[first..last],
            gradient,
            first: m,
            second: v,
        });
        Ok(())
    }
}

struct Move<'a> {
    update: Update,
    weights: &'a mut [f32],
    gradient: &'a [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
}

impl WithSimd for Move<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        move_weights(self.update, self.weights, self.gradient, self.first, self.second);
    }
}

// All slices are arguments of their own: only so does the compiler know that they do not overlap.
#[inline(always)]
fn move_weights(update: Update, weights: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
    let n = weights.len();
    let (gradient, first, second) = (&gradient[..n], &mut first[..n], &mut second[..n]);
    for k in 0..n {
        let g = gradient[k] * update.clip;
        first[k] = BETA_1 * first[k] + (1.0 - BETA_1) * g;
        second[k] = BETA_2 * second[k] + (1.0 - BETA_2) * g * g;
        weights[k] -= update.rate * first[k] / ((second[k] * update.second).sqrt() + EPSILON);
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    fn tensor(values: &[f32]) -> Tensor {
        Tensor::new(values, &Device::Cpu).unwrap()
    }

    #[test]
    fn steps_are_those_of_the_paper() {
        let vars = [Var::from_tensor(&tensor(&[1.0, -2.0])).unwrap()];
        let mut adam = Adam::new(&vars, 0.1);
        let mut expected = [1.0, -2.0];
        let (mut m, mut v) = ([0.0; 2], [0.0; 2]);
        // Two shards; the second gradient has norm 5 and is clipped to 1.
        for (t, (one, two)) in [([0.2, 0.1], [0.4, -0.3]), ([2.0, 8.0], [4.0, 0.0])]
            .into_iter()
            .enumerate()
        {
            let mut g: [f64; 2] = std::array::from_fn(|k| f64::from(one[k] + two[k]) / 2.0);
            let norm = g[0].hypot(g[1]).max(1.0);
            g = g.map(|g| g / norm);
            for k in 0..2 {
                m[k] = 0.9 * m[k] + 0.1 * g[k];
                v[k] = 0.999 * v[k] + 0.001 * g[k] * g[k];
                let (m, v) = (
                    m[k] / (1.0 - 0.9f64.powi(t as i32 + 1)),
                    v[k] / (1.0 - 0.999f64.powi(t as i32 + 1)),
                );
                expected[k] -= 0.1 * m / (v.sqrt() + 1e-8);
            }
            assert!(adam.step(&vars, &[vec![tensor(&one), tensor(&two)]], 2.0).unwrap());
            let found: Vec<f32> = vars[0].to_vec1().unwrap();
            assert!(
                found
                    .iter()
                    .zip(expected)
                    .all(|(f, e)| (f64::from(*f) - e).abs() < 1e-5),
                "{found:?} {expected:?}"
            );
        }
    }

    #[test]
    fn a_gradient_that_is_not_finite_moves_nothing() {
        let vars = [Var::from_tensor(&tensor(&[1.0])).unwrap()];
        let mut adam = Adam::new(&vars, 0.1);
        assert!(!adam.step(&vars, &[vec![tensor(&[f32::INFINITY])]], 1.0).unwrap());
        assert_eq!(vars[0].to_vec1::<f32>().unwrap(), [1.0]);
    }
}
