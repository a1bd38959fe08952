//! What a policy is compared with: rules that learn nothing.

use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::problem::Problem;
use super::simulator::{Chance, Truth, generator};
use super::state::State;
use crate::error::Result;
use crate::statistics;

const PLAYED: u64 = 3;

/// Episodes that rules are compared in: the same ones for all.
#[derive(Debug, Clone, Copy)]
pub struct Trial {
    /// Episodes of each product.
    pub episodes: usize,
    /// Seed of all that is drawn.
    pub seed: u64,
}

/// A rule that says what to do in a state of a product.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// The same action all the time.
    Fixed(usize),
    /// What earns most in the step, at the means of the parameters.
    Myopic,
    /// What would earn most if it were done in all steps to come and demand were as expected at the means of the parameters.
    Resolved,
}

struct Life {
    truth: Truth,
    state: State,
    random: ChaCha8Rng,
    earned: f64,
}

impl Trial {
    /// Money earned in each episode, by product; `choose` names the actions in states of products.
    ///
    /// # Errors
    /// Those of `choose`.
    pub fn play(
        &self,
        problem: &Problem,
        mut choose: impl FnMut(&[(usize, State)]) -> Result<Vec<usize>>,
    ) -> Result<Vec<Vec<f64>>> {
        let setting = &problem.setting;
        let begin = |number: usize| {
            let product = number / self.episodes;
            let mut random = generator([self.seed, PLAYED, number as u64, 0]);
            let truth = Truth::draw(problem, product, &mut random);
            let of = &problem.products[product];
            let state = State::first(of.stock);
            Life {
                truth,
                state,
                random,
                earned: of.salvage * of.stock,
            }
        };
        let all = self.episodes * problem.products.len();
        let mut lives: Vec<Life> = (0..all).into_par_iter().map(begin).collect();
        for _ in 0..setting.steps {
            let mut going: Vec<&mut Life> = lives.iter_mut().filter(|life| !life.state.is_over(setting)).collect();
            let states: Vec<(usize, State)> = going.iter().map(|life| (life.truth.product, life.state)).collect();
            let actions = choose(&states)?;
            going.par_iter_mut().zip(actions).for_each(|(life, action)| {
                let chance = Chance::draw(setting, 0, 1, &mut life.random);
                let product = &problem.products[life.truth.product];
                let outcome = life.truth.step(setting, product, &life.state, action, &chance);
                life.earned += outcome.reward;
                life.state = outcome.next;
            });
        }
        let earned: Vec<f64> = lives.iter().map(|life| life.earned).collect();
        Ok(earned.chunks(self.episodes).map(<[f64]>::to_vec).collect())
    }

    /// The same of a rule.
    ///
    /// # Errors
    /// None.
    pub fn of_rule(&self, problem: &Problem, rule: Rule) -> Result<Vec<Vec<f64>>> {
        let means: Vec<Truth> = (0..problem.products.len())
            .map(|product| Truth::mean(problem, product))
            .collect();
        let choose = |(product, state): &(usize, State)| rule.action(problem, &means[*product], *product, state);
        self.play(problem, |states| Ok(states.par_iter().map(choose).collect()))
    }

    /// The same of the steady action that turns out the best for each product, which nobody can know before.
    ///
    /// # Errors
    /// None.
    pub fn of_best_fixed(&self, problem: &Problem) -> Result<Vec<Vec<f64>>> {
        let mut best: Vec<Vec<f64>> = Vec::new();
        let steady = |k: &usize| problem.setting.actions[*k].reorder <= 0.0;
        for action in (0..problem.setting.actions.len()).filter(steady) {
            let found = self.of_rule(problem, Rule::Fixed(action))?;
            if best.is_empty() {
                best = found;
                continue;
            }
            for (best, found) in best.iter_mut().zip(found) {
                if mean(&found) > mean(best) {
                    *best = found;
                }
            }
        }
        Ok(best)
    }
}

/// The mean, 0 of nothing.
pub fn mean(values: &[f64]) -> f64 {
    statistics::mean(values.iter().copied()).unwrap_or(0.0)
}

impl Rule {
    fn action(self, problem: &Problem, means: &Truth, product: usize, state: &State) -> usize {
        let setting = &problem.setting;
        let of = &problem.products[product];
        let step = |state: &State, action: usize| means.step(setting, of, state, action, &Chance::none());
        let allowed: Vec<usize> = state
            .allowed(setting)
            .enumerate()
            .filter(|(_, allowed)| *allowed > 0.5)
            .map(|(k, _)| k)
            .collect();
        let best = |worth: &dyn Fn(usize) -> f64| {
            let of = |best: (f64, usize), &action: &usize| match worth(action) {
                found if found > best.0 => (found, action),
                _ => best,
            };
            allowed.iter().fold((f64::NEG_INFINITY, 0), of).1
        };
        match self {
            Self::Fixed(action) => nearest(problem, state, action),
            Self::Myopic => best(&|action| step(state, action).reward),
            Self::Resolved => best(&|action| {
                let steady = steady(problem, action);
                let first = step(state, action);
                let (mut earned, mut state) = (first.reward, first.next);
                while !state.is_over(setting) {
                    let next = step(&state, nearest(problem, &state, steady));
                    earned += next.reward;
                    state = next.next;
                }
                earned
            }),
        }
    }
}

/// The action without its order.
fn steady(problem: &Problem, action: usize) -> usize {
    let actions = &problem.setting.actions;
    let wanted = &actions[action];
    let same = |a: &super::Action| {
        a.reorder <= 0.0 && a.price == wanted.price && a.promotion == wanted.promotion && a.spend == wanted.spend
    };
    actions.iter().position(same).unwrap_or(action)
}

/// The action that may be taken and is nearest to one that is wanted.
fn nearest(problem: &Problem, state: &State, wanted: usize) -> usize {
    let actions = &problem.setting.actions;
    let target = &actions[wanted];
    let far = |k: usize| {
        let a = &actions[k];
        let other = a.promotion != target.promotion || a.spend != target.spend || a.reorder != target.reorder;
        (f64::from(u8::from(other)), (a.price / target.price).ln().abs())
    };
    let allowed = state
        .allowed(&problem.setting)
        .enumerate()
        .filter(|(_, allowed)| *allowed > 0.5);
    let least = |best: (f64, f64, usize), (k, _): (usize, f32)| {
        let (other, price) = far(k);
        if (other, price) < (best.0, best.1) {
            (other, price, k)
        } else {
            best
        }
    };
    allowed.fold((f64::INFINITY, f64::INFINITY, wanted), least).2
}
