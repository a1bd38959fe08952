//! A policy: what is stored, and what it says.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::familiar::Familiar;
use super::problem::{Action, Problem, Product, Setting};
use super::rivals::{Rule, Trial, mean};
use super::state::{INPUTS, State};
use super::training::{Effort, Learned, learn};
use crate::error::{Error, Result};
use crate::neural::{ActorCritic, Sizes, Weights};
use crate::statistics;

/// Episodes that a policy is judged in, beside its rivals.
const JUDGED: usize = 4_000;
/// What is added to the seed for them: no episode of them was learned from.
const FRESH: u64 = 0x0f2e_5480;

/// A learned policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Policy {
    /// Why there is none.
    pub refusal: Option<String>,
    /// What holds for all products.
    pub setting: Setting,
    /// The products.
    pub products: Vec<Product>,
    /// Products without a policy, and why.
    pub left_out: BTreeMap<String, String>,
    /// What is to be known.
    pub notes: Vec<String>,
    /// How it did.
    pub facts: Option<Facts>,
    pub(super) familiar: Familiar,
    pub(super) hidden: usize,
    pub(super) weights: Weights,
    #[serde(skip)]
    networks: Networks,
}

/// The networks, made of the weights.
#[derive(Clone, Default)]
struct Networks(Option<Arc<ActorCritic>>);

impl std::fmt::Debug for Networks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "built" } else { "not built" })
    }
}

/// How a policy did in episodes that it had not learned from: expected money of all products, without what their stock cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Episodes learned from.
    pub episodes: usize,
    /// Seed.
    pub seed: u64,
    /// Of the policy.
    pub value: f64,
    /// Of the best steady action of each product.
    pub fixed: f64,
    /// Of what earns most in each step.
    pub myopic: f64,
    /// Of solving anew in each step with the means of the parameters.
    pub resolved: f64,
    /// Standard error of the difference to the best of them.
    pub error: f64,
}

impl Facts {
    /// Which simpler rule earned more, beyond chance.
    pub fn beaten(&self) -> Option<String> {
        let rules = [
            ("one price all the time", self.fixed),
            ("the best of each week", self.myopic),
            ("planning anew", self.resolved),
        ];
        let (rule, best) = rules
            .into_iter()
            .fold(("", f64::NEG_INFINITY), |a, b| if b.1 > a.1 { b } else { a });
        (self.value < best - 2.0 * self.error && self.value < best)
            .then(|| format!("{rule} earned more in the launches it is judged by: play more episodes, or take that"))
    }
}

/// What a policy says of a state.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// The action.
    pub action: Action,
    /// Expected money from now on.
    pub value: f64,
    /// The next best one and its value; `None` if there is no other.
    pub next: Option<(Action, f64)>,
    /// Units forecast for the step, at most those in stock.
    pub expected: f64,
}

impl Policy {
    /// Learns a policy and judges it.
    ///
    /// # Errors
    /// As [`learn`].
    pub fn train(problem: &Problem, effort: &Effort, told: &mut dyn FnMut(usize)) -> Result<Self> {
        let Learned { networks, visited } = learn(problem, effort, told)?;
        let mut policy = Self {
            refusal: None,
            setting: problem.setting.clone(),
            products: problem.products.clone(),
            left_out: BTreeMap::new(),
            notes: Vec::new(),
            facts: None,
            familiar: Familiar::of(&problem.setting, &problem.products, &visited),
            hidden: effort.hidden,
            weights: networks.weights()?,
            networks: Networks(Some(Arc::new(networks))),
        };
        policy.facts = Some(policy.judge(problem, effort)?);
        Ok(policy)
    }

    /// None, and why.
    pub fn refused(setting: Setting, reason: String, left_out: BTreeMap<String, String>) -> Self {
        Self {
            refusal: Some(reason),
            setting,
            products: Vec::new(),
            left_out,
            notes: Vec::new(),
            facts: None,
            familiar: Familiar::default(),
            hidden: 0,
            weights: Weights::new(),
            networks: Networks::default(),
        }
    }

    pub(super) fn build(&mut self) -> Result<()> {
        let sizes = Sizes {
            inputs: INPUTS,
            hidden: self.hidden,
            actions: self.setting.actions.len(),
        };
        self.networks = Networks(Some(Arc::new(ActorCritic::stored(sizes, &self.weights)?)));
        Ok(())
    }

    fn judge(&self, problem: &Problem, effort: &Effort) -> Result<Facts> {
        let trial = Trial {
            episodes: (JUDGED / problem.products.len()).max(20),
            seed: effort.seed.wrapping_add(FRESH),
        };
        let own = trial.play(problem, |states| {
            Ok(self.decide(states)?.into_iter().map(|d| d.action).collect())
        })?;
        let sum = |of: &[Vec<f64>]| of.iter().map(|earned| mean(earned)).sum::<f64>();
        let rivals = [
            trial.of_best_fixed(problem)?,
            trial.of_rule(problem, Rule::Myopic)?,
            trial.of_rule(problem, Rule::Resolved)?,
        ];
        let sums = rivals.each_ref().map(|rival| sum(rival));
        let best = (0..3).fold(0, |best, k| if sums[k] > sums[best] { k } else { best });
        let variance = own.iter().zip(&rivals[best]).map(|(own, rival)| {
            let gains: Vec<f64> = own.iter().zip(rival).map(|(own, rival)| own - rival).collect();
            statistics::deviation(&gains).map_or(0.0, |d| d * d / gains.len() as f64)
        });
        Ok(Facts {
            episodes: effort.rounds * effort.episodes,
            seed: effort.seed,
            value: sum(&own),
            fixed: sums[0],
            myopic: sums[1],
            resolved: sums[2],
            error: variance.sum::<f64>().sqrt(),
        })
    }

    /// What is unlike all that was trained on; `None` if nothing is.
    pub fn unlike(&self, product: usize, state: &State) -> Option<String> {
        self.familiar.unlike(&self.setting, self.products.get(product)?, state)
    }

    /// What to do in states of products.
    ///
    /// # Errors
    /// Those of candle; a policy that was refused.
    pub fn advise(&self, states: &[(usize, State)]) -> Result<Vec<Advice>> {
        let decisions = self.decide(states)?;
        let advice = decisions.into_iter().zip(states).map(|(decision, (product, state))| {
            let product = &self.products[*product];
            let action = self.setting.actions[decision.action];
            let scale = state.scale(&self.setting, product);
            let kept = product.salvage * (state.stock + state.on_order);
            let money = |worth: f32| kept + scale * f64::from(worth);
            let forecast = product.expected[state.step] * self.setting.factor(product, &action, state.competitor);
            let arriving = if self.setting.lead_time == 0 {
                product.order(&action)
            } else {
                0.0
            };
            Advice {
                action,
                value: money(decision.value),
                next: decision
                    .next
                    .map(|(next, worth)| (self.setting.actions[next], money(worth))),
                expected: forecast.min(state.stock + arriving),
            }
        });
        Ok(advice.collect())
    }

    /// Actions in states of products.
    pub(super) fn decide(&self, states: &[(usize, State)]) -> Result<Vec<Decision>> {
        let networks = self
            .networks
            .0
            .as_ref()
            .ok_or_else(|| Error::internal("the policy has no networks"))?;
        let (mut inputs, mut allowed) = (Vec::new(), Vec::new());
        for (product, state) in states {
            let product = self
                .products
                .get(*product)
                .ok_or_else(|| Error::internal("the policy has no such product"))?;
            inputs.extend(state.inputs(&self.setting, product));
            allowed.extend(state.allowed(&self.setting));
        }
        let actions = self.setting.actions.len();
        let chances = networks.probabilities(&inputs, &allowed)?;
        let values = networks.values(&inputs)?;
        let each = chances
            .chunks(actions)
            .zip(values.chunks(1 + actions))
            .zip(allowed.chunks(actions));
        Ok(each
            .map(|((chances, values), allowed)| Decision::of(chances, values, allowed))
            .collect())
    }
}

/// Places of actions, and what they are worth in parts of a state's scale.
pub(super) struct Decision {
    pub(super) action: usize,
    value: f32,
    next: Option<(usize, f32)>,
}

impl Decision {
    /// The action that the actor takes, and the one that the critic values most among the others.
    fn of(chances: &[f32], values: &[f32], allowed: &[f32]) -> Self {
        let (state, advantages) = values
            .split_first()
            .map_or((0.0, values), |(state, rest)| (*state, rest));
        let highest = |of: &[f32], but: Option<usize>| {
            let open = allowed
                .iter()
                .enumerate()
                .filter(|(k, allowed)| **allowed > 0.5 && Some(*k) != but);
            let best = |best: Option<usize>, k: usize| match best {
                Some(best) if of[best] >= of[k] => Some(best),
                _ => Some(k),
            };
            open.map(|(k, _)| k).fold(None, best)
        };
        let action = highest(chances, None).unwrap_or(0);
        let worth = |k: usize| state + advantages[k];
        Self {
            action,
            value: worth(action),
            next: highest(advantages, Some(action)).map(|k| (k, worth(k))),
        }
    }
}
