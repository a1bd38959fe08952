//! The mean over the worst worlds, and the densities behind it.
//!
//! With S worlds and a tail a, the mean of the worst share a of the worlds is (Rockafellar & Uryasev 2000, 2002)
//!
//! `worst(x) = min { (1/S) Σ q_s x_s : 0 <= q_s <= 1/a, (1/S) Σ q_s = 1 }`,
//!
//! so any such density q bounds it from above by something linear in x: the risk envelope, with which a Lagrangian bound
//! of the linear problem is one of the problem with risk.

use rayon::prelude::*;

use super::model::Model;

/// Room for rounding between worlds on the edge of the tail.
const EDGE: usize = 60;

/// The mean of the worst share `tail` of the worlds, where a world on the edge counts by its part.
pub(super) fn worst_mean(sums: &[f64], tail: f64, sorted: &mut Vec<f64>) -> f64 {
    let share = tail * sums.len() as f64;
    let whole = (share.floor() as usize).min(sums.len().saturating_sub(1));
    sorted.clear();
    sorted.extend_from_slice(sums);
    if sorted.is_empty() {
        return 0.0;
    }
    let (below, &mut edge, _) = sorted.select_nth_unstable_by(whole, f64::total_cmp);
    (below.iter().sum::<f64>() + (share - whole as f64).max(0.0) * edge) / share
}

/// The density q at which the worst mean is taken: 1/tail on the worst worlds.
pub(super) fn worst_density(sums: &[f64], tail: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..sums.len()).collect();
    order.sort_by(|&a, &b| sums[a].total_cmp(&sums[b]).then(a.cmp(&b)));
    let mut left = sums.len() as f64;
    let mut density = vec![0.0; sums.len()];
    for world in order {
        density[world] = left.min(1.0 / tail);
        left -= density[world];
        if left <= 0.0 {
            break;
        }
    }
    density
}

/// The density nearest to `point`: clip(point − shift, 0, 1/tail), with the shift at which its mean is 1.
pub(super) fn nearest_density(point: &[f64], tail: f64) -> Vec<f64> {
    let top = 1.0 / tail;
    let worlds = point.len() as f64;
    let total = |shift: f64| point.iter().map(|p| (p - shift).clamp(0.0, top)).sum::<f64>();
    let mut low = point.iter().copied().fold(f64::INFINITY, f64::min) - top;
    let mut high = point.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for _ in 0..EDGE {
        let shift = 0.5 * (low + high);
        if total(shift) > worlds {
            low = shift
        } else {
            high = shift
        }
    }
    let mut density: Vec<f64> = point.iter().map(|p| (p - low).clamp(0.0, top)).collect();
    // `low` leaves the sum a rounding too large: scaling down keeps both bounds and makes the mean 1.
    let scale = worlds / density.iter().sum::<f64>();
    if scale.is_finite() {
        density.iter_mut().for_each(|q| *q = (*q * scale).min(top));
    }
    density
}

/// What each option adds to the objective in the linear problem of a density: mean + weight (1/S) Σ q_s x_s.
pub(super) fn linear_values(model: &Model, density: &[f64]) -> Vec<f64> {
    if model.world_count == 0 {
        return model.mean.clone();
    }
    let factor = model.risk.weight / model.world_count as f64;
    (0..model.mean.len())
        .into_par_iter()
        .with_min_len(256)
        .map(|option| model.mean[option] + factor * dot(density, model.worlds[option]))
        .collect()
}

/// Σ a_s b_s in eight sums, so that it runs in vector registers.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (left, right) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = left.remainder().iter().zip(right.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in left.zip(right) {
        for lane in 0..8 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// A choice with the sums that its objective is made of.
#[derive(Clone)]
pub(super) struct State {
    /// The option of each product.
    pub choice: Vec<usize>,
    mean: f64,
    /// Objective by world.
    pub sums: Vec<f64>,
}

impl State {
    pub fn new(model: &Model, choice: Vec<usize>) -> Self {
        let mut state = Self {
            mean: 0.0,
            sums: vec![0.0; model.world_count],
            choice: Vec::new(),
        };
        for &option in &choice {
            state.mean += model.mean[option];
            add(&mut state.sums, model.worlds[option], 1.0);
        }
        state.choice = choice;
        state
    }

    /// mean + weight · worst mean.
    pub fn value(&self, model: &Model, sorted: &mut Vec<f64>) -> f64 {
        if model.world_count == 0 {
            return self.mean;
        }
        self.mean + model.risk.weight * worst_mean(&self.sums, model.risk.tail, sorted)
    }

    /// Replaces the option of one product.
    pub fn set(&mut self, model: &Model, product: usize, option: usize) {
        let before = self.choice[product];
        if before != option {
            self.mean += model.mean[option] - model.mean[before];
            add(&mut self.sums, model.worlds[before], -1.0);
            add(&mut self.sums, model.worlds[option], 1.0);
            self.choice[product] = option;
        }
    }

    /// The density of the worst worlds of this choice; empty without risk.
    pub fn density(&self, model: &Model) -> Vec<f64> {
        if model.world_count == 0 {
            Vec::new()
        } else {
            worst_density(&self.sums, model.risk.tail)
        }
    }
}

fn add(sums: &mut [f64], worlds: &[f64], factor: f64) {
    for (sum, world) in sums.iter_mut().zip(worlds) {
        *sum += factor * world;
    }
}
