//! Bound, choice and proof, one after the other.

use super::branch::{Ranking, search};
use super::dual::{Dual, Prices};
use super::greedy::construct;
use super::local::{improve, renew};
use super::model::Model;
use super::tail::{State, linear_values, nearest_density};

/// Densities of worlds that are tried, and price steps at each.
const DENSITIES: usize = 60;
const STEPS: usize = 30;
/// Price steps without risk, where one density is all there is.
const PLAIN_STEPS: usize = 600;
/// Steps of the search near the best choice, and of the proof.
const NEAR: u64 = 100_000_000;
const PROOF: u64 = 60_000_000;

/// What is known of the best choice.
pub(super) struct Solution {
    pub state: State,
    pub value: f64,
    /// No choice is worth more.
    pub bound: f64,
    /// Whether the value is the best there is.
    pub exact: bool,
    pub prices: Prices,
}

/// The best bound so far, with what proves it.
struct Proof {
    dual: Dual,
    density: Vec<f64>,
    linear: Vec<f64>,
}

/// How much is to be known.
#[derive(Clone, Copy)]
pub(super) enum Aim {
    /// The best choice there is, or one within a share of the bound.
    Best(f64),
    /// Only whether a choice is worth that much.
    Reach(f64),
}

impl Aim {
    /// What the value may miss of the bound.
    fn slack(self, bound: f64) -> f64 {
        match self {
            Self::Best(tolerance) => tolerance * bound.abs(),
            Self::Reach(_) => 0.0,
        }
    }

    fn is_known(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Best(_) => value >= bound - self.slack(bound),
            Self::Reach(enough) => value >= enough || bound < enough,
        }
    }
}

/// Improves a choice that keeps the limits, and bounds what any other could be worth.
pub(super) fn solve(model: &Model, start: Vec<usize>, aim: Aim) -> Solution {
    let mut state = State::new(model, start);
    let mut value = improve(model, &mut state);
    let proof = bound(model, &mut state, &mut value);
    let prices = proof.dual.prices;
    let ranking = Ranking::new(model, &proof.linear, &prices);
    let bound = ranking.bound();
    if aim.is_known(value, bound) {
        return Solution {
            state,
            value,
            bound: bound.max(value),
            exact: value >= bound,
            prices,
        };
    }
    renew(model, &ranking, &mut state, value, NEAR);
    value = improve(model, &mut state);
    if aim.is_known(value, bound) {
        return Solution {
            state,
            value,
            bound: bound.max(value),
            exact: value >= bound,
            prices,
        };
    }
    let least = model.least_money();
    let all = (0..model.products()).collect();
    // Only what is better by more than the tolerance is looked for.
    let slack = aim.slack(bound);
    let outcome = search(model, &ranking, &least, &state, value + slack, all, PROOF);
    if let Some(found) = outcome.found {
        state = found;
        value = if outcome.complete {
            outcome.value
        } else {
            improve(model, &mut state)
        };
    }
    let bound = if outcome.complete {
        bound.min(value + slack).max(value)
    } else {
        bound.max(value)
    };
    Solution {
        state,
        value,
        bound,
        exact: outcome.complete && slack == 0.0,
        prices,
    }
}

/// Lowers the bound over prices and densities, and tries the choices that they suggest.
fn bound(model: &Model, state: &mut State, value: &mut f64) -> Proof {
    let worlds = model.world_count;
    let density = vec![1.0; worlds];
    let linear = linear_values(model, &density);
    let mut best = Proof {
        dual: Dual::new(model, &linear),
        density,
        linear,
    };
    best.dual.polish_money(model, &best.linear);
    best.dual.tighten(
        model,
        &best.linear,
        *value,
        if worlds > 0 { 5 * STEPS } else { PLAIN_STEPS },
    );
    suggest(model, &best, state, value);
    let mut parts = best.dual.parts.clone();
    let mut step = 1.0;
    let mut failures = 0;
    for round in 1..=if worlds > 0 { DENSITIES } else { 0 } {
        let sums = sums_of(model, &parts);
        let Some(density) = step_density(model, &best, &sums, step, *value) else {
            break;
        };
        let linear = linear_values(model, &density);
        let mut trial = Proof {
            dual: best.dual.clone(),
            density,
            linear,
        };
        trial.dual.parts = parts;
        trial.dual.renew(model, &trial.linear);
        trial.dual.tighten(model, &trial.linear, *value, STEPS);
        parts = trial.dual.parts.clone();
        if trial.dual.bound < best.dual.bound {
            best = trial;
            failures = 0;
            step = (step * 1.2_f64).min(2.0);
        } else {
            failures += 1;
            if failures >= 2 {
                failures = 0;
                step *= 0.6;
            }
        }
        if round % 10 == 0 {
            suggest(model, &best, state, value);
        }
    }
    best.dual.tighten(model, &best.linear, *value, 5 * STEPS);
    best.dual.polish_money(model, &best.linear);
    suggest(model, &best, state, value);
    best
}

/// Takes the choice that the reduced values suggest, if it is better.
fn suggest(model: &Model, proof: &Proof, state: &mut State, value: &mut f64) {
    let reduced = proof.dual.prices.reduced(model, &proof.linear);
    if let Some(choice) = construct(model, &reduced, 20) {
        let mut other = State::new(model, choice);
        let new = improve(model, &mut other);
        if new > *value {
            *value = new;
            *state = other;
        }
    }
}

/// The sums by world of the mean answer.
fn sums_of(model: &Model, parts: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; model.world_count];
    for (option, &part) in parts.iter().enumerate().filter(|(_, part)| **part > 1e-9) {
        for (sum, world) in sums.iter_mut().zip(model.worlds[option]) {
            *sum += part * world;
        }
    }
    sums
}

/// A step against the slope of the bound in the density, of Polyak's length.
fn step_density(model: &Model, best: &Proof, sums: &[f64], step: f64, value: f64) -> Option<Vec<f64>> {
    let top = 1.0 / model.risk.tail;
    let factor = model.risk.weight / sums.len() as f64;
    let free = |world: usize, level: f64| {
        !(best.density[world] <= 0.0 && sums[world] > level || best.density[world] >= top && sums[world] < level)
    };
    let mut level = sums.iter().sum::<f64>() / sums.len() as f64;
    for _ in 0..4 {
        let inside: Vec<f64> = (0..sums.len())
            .filter(|&world| free(world, level))
            .map(|world| sums[world])
            .collect();
        if inside.is_empty() {
            return None;
        }
        level = inside.iter().sum::<f64>() / inside.len() as f64;
    }
    let norm: f64 = (0..sums.len())
        .filter(|&world| free(world, level))
        .map(|world| (factor * (sums[world] - level)).powi(2))
        .sum();
    let gap = best.dual.bound - value;
    if norm <= 0.0 || gap <= 1e-12 * value.abs() {
        return None;
    }
    let length = step * gap / norm * factor;
    let point: Vec<f64> = best
        .density
        .iter()
        .zip(sums)
        .map(|(density, sum)| density - length * (sum - level))
        .collect();
    Some(nearest_density(&point, model.risk.tail))
}
