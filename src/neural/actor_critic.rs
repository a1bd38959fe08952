//! An actor and a critic for decisions among a fixed list of actions.

use std::collections::BTreeMap;

use candle_core::{D, Device, Result, Tensor};
use rayon::prelude::*;

use super::adam::Adam;
use super::gradients::backward;
use super::{Linear, Parameters};

/// States of a shard of an update. Fixed, so that sums have the same order for any number of threads.
const SHARD: usize = 128;
/// States of a shard of an evaluation.
const EVALUATED: usize = 1_024;
/// Weight of the advantages beside the value.
const ADVANTAGES: f64 = 4.0;
/// The logit of an action that may not be taken.
const FORBIDDEN: f32 = -1e9;

/// Weights by name: shape and values.
pub type Weights = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// Sizes of the two networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sizes {
    /// Numbers that say what a state is, S.
    pub inputs: usize,
    /// Units of each of the two hidden layers.
    pub hidden: usize,
    /// Actions, A.
    pub actions: usize,
}

/// What is learned from, row-major.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lessons {
    /// Number of states, N.
    pub states: usize,
    /// The states, N x S.
    pub inputs: Vec<f32>,
    /// Advantage of each action in each state, its value less that of the state, N x A; any finite number where it may not be
    /// taken.
    pub actions: Vec<f32>,
    /// Whether an action may be taken, 1 or 0, N x A.
    pub allowed: Vec<f32>,
    /// Value of each state under the actor, N.
    pub values: Vec<f32>,
}

impl Lessons {
    /// Some of them.
    pub fn of(&self, states: &[usize]) -> Self {
        let n = self.states.max(1);
        let take = |values: &[f32]| {
            let width = values.len() / n;
            states
                .iter()
                .flat_map(|s| values[s * width..(s + 1) * width].iter().copied())
                .collect()
        };
        Self {
            states: states.len(),
            inputs: take(&self.inputs),
            actions: take(&self.actions),
            allowed: take(&self.allowed),
            values: take(&self.values),
        }
    }
}

/// An actor and a critic: two perceptrons with two hidden layers each.
///
/// *Model*: the actor gives a probability to each action, softmax(z), the critic a value v to the state and an advantage a to each
/// action. The critic minimises (v - V)^2 + 4 times the mean over actions of (a - A)^2; the actor maximises the sum over actions of
/// pi (A - T ln pi), whose gradient needs no sampled action. T is the temperature: the higher, the more is tried.
///
/// *Shapes*: states N x S; logits and advantages N x A; values N.
///
/// *Determinism*: weights from the seed of [`Parameters`]; a state's outputs do not depend on the others; gradients are summed
/// by shards of 128 states in their order.
///
/// *References*: Sutton, McAllester, Singh, Mansour 2000, Policy gradient methods for reinforcement learning with function
/// approximation; Ciosek, Whiteson 2018, Expected policy gradients; Haarnoja et al. 2018, Soft actor-critic.
pub struct ActorCritic {
    sizes: Sizes,
    actor: Perceptron,
    critic: Perceptron,
}

/// What moves the weights.
pub struct Optimiser {
    actor: Adam,
    critic: Adam,
}

struct Perceptron {
    parameters: Parameters,
    layers: [Linear; 3],
}

impl Perceptron {
    fn new(mut parameters: Parameters, name: &str, inputs: usize, hidden: usize, outputs: usize) -> Result<Self> {
        let mut layer =
            |number: usize, from, to| Linear::new(&mut parameters, &format!("{name}.dense.{number}"), from, to);
        let layers = [
            layer(0, inputs, hidden)?,
            layer(1, hidden, hidden)?,
            layer(2, hidden, outputs)?,
        ];
        Ok(Self { parameters, layers })
    }

    fn forward(&self, states: &Tensor) -> Result<Tensor> {
        let hidden = self.layers[0].forward(states)?.relu()?;
        let hidden = self.layers[1].forward(&hidden)?.relu()?;
        self.layers[2].forward(&hidden)
    }
}

impl ActorCritic {
    /// Networks with weights drawn from a seed.
    ///
    /// # Errors
    /// Those of candle.
    pub fn seeded(sizes: Sizes, seed: u64) -> Result<Self> {
        Self::new(sizes, Parameters::seeded(seed), Parameters::seeded(seed ^ 0x5eed))
    }

    /// Networks with stored weights.
    ///
    /// # Errors
    /// Weights that are missing, of another shape, or not finite.
    pub fn stored(sizes: Sizes, weights: &Weights) -> Result<Self> {
        let tensor =
            |(shape, values): &(Vec<usize>, Vec<f32>)| Tensor::from_vec(values.clone(), shape.as_slice(), &Device::Cpu);
        let tensors: BTreeMap<String, Tensor> = weights
            .iter()
            .map(|(name, weight)| Ok((name.clone(), tensor(weight)?)))
            .collect::<Result<_>>()?;
        Self::new(sizes, Parameters::stored(tensors.clone()), Parameters::stored(tensors))
    }

    fn new(sizes: Sizes, actor: Parameters, critic: Parameters) -> Result<Self> {
        let Sizes {
            inputs,
            hidden,
            actions,
        } = sizes;
        Ok(Self {
            sizes,
            actor: Perceptron::new(actor, "actor", inputs, hidden, actions)?,
            critic: Perceptron::new(critic, "critic", inputs, hidden, 1 + actions)?,
        })
    }

    /// All weights.
    ///
    /// # Errors
    /// Those of candle.
    pub fn weights(&self) -> Result<Weights> {
        let named = [&self.actor, &self.critic].map(|of| of.parameters.tensors());
        let mut weights = Weights::new();
        for tensors in named {
            for (name, tensor) in tensors? {
                weights.insert(name, (tensor.dims().to_vec(), tensor.flatten_all()?.to_vec1()?));
            }
        }
        Ok(weights)
    }

    /// Probability of each action in each state, N x A; `allowed` is N x A.
    ///
    /// # Errors
    /// Those of candle.
    pub fn probabilities(&self, states: &[f32], allowed: &[f32]) -> Result<Vec<f32>> {
        let (inputs, actions) = (self.sizes.inputs, self.sizes.actions);
        let shards = states
            .par_chunks(inputs * EVALUATED)
            .zip(allowed.par_chunks(actions * EVALUATED));
        let of = |(states, allowed): (&[f32], &[f32])| -> Result<Vec<f32>> {
            let logits = self.actor.forward(&rows(states, inputs)?)?;
            let mut logits: Vec<f32> = logits.flatten_all()?.to_vec1()?;
            for (logits, allowed) in logits.chunks_mut(actions).zip(allowed.chunks(actions)) {
                softmax(logits, allowed);
            }
            Ok(logits)
        };
        gathered(shards.map(of).collect())
    }

    /// Value of each state, and the advantage of each action in it: N x (1 + A).
    ///
    /// # Errors
    /// Those of candle.
    pub fn values(&self, states: &[f32]) -> Result<Vec<f32>> {
        let inputs = self.sizes.inputs;
        let of = |states: &[f32]| self.critic.forward(&rows(states, inputs)?)?.flatten_all()?.to_vec1();
        gathered(states.par_chunks(inputs * EVALUATED).map(of).collect())
    }

    /// What moves the weights.
    pub fn optimiser(&self, rate: f64) -> Optimiser {
        Optimiser {
            actor: Adam::new(&self.actor.parameters.vars(), rate),
            critic: Adam::new(&self.critic.parameters.vars(), rate),
        }
    }

    /// One step of both networks on some lessons; `false`, and nothing moves, if a gradient is not finite.
    ///
    /// # Errors
    /// Those of candle.
    pub fn update(&self, optimiser: &mut Optimiser, lessons: &Lessons, temperature: f64) -> Result<bool> {
        let (inputs, actions) = (self.sizes.inputs, self.sizes.actions);
        let of = |vars: &[candle_core::Var], loss: &(dyn Fn(&Shard) -> Result<Tensor> + Sync)| {
            let shards: Vec<Result<Vec<Vec<Tensor>>>> = lessons
                .inputs
                .par_chunks(inputs * SHARD)
                .zip(lessons.actions.par_chunks(actions * SHARD))
                .zip(lessons.allowed.par_chunks(actions * SHARD))
                .zip(lessons.values.par_chunks(SHARD))
                .map(|(((states, values), allowed), state_values)| {
                    let shard = Shard {
                        states: rows(states, inputs)?,
                        actions: rows(values, actions)?,
                        allowed: rows(allowed, actions)?,
                        values: rows(state_values, 1)?,
                    };
                    backward(&loss(&shard)?, vars)
                })
                .collect();
            let mut gradients = vec![Vec::new(); vars.len()];
            for shard in shards {
                for (all, one) in gradients.iter_mut().zip(shard?) {
                    all.extend(one);
                }
            }
            Ok::<_, candle_core::Error>(gradients)
        };
        let weight = lessons.states.max(1) as f64;
        let vars = self.critic.parameters.vars();
        let gradients = of(&vars, &|shard| self.critic_loss(shard))?;
        let moved = optimiser.critic.step(&vars, &gradients, weight)?;
        let vars = self.actor.parameters.vars();
        let gradients = of(&vars, &|shard| self.actor_loss(shard, temperature))?;
        Ok(optimiser.actor.step(&vars, &gradients, weight)? && moved)
    }

    fn critic_loss(&self, shard: &Shard) -> Result<Tensor> {
        let outputs = self.critic.forward(&shard.states)?;
        let actions = self.sizes.actions;
        let state = (outputs.narrow(1, 0, 1)? - &shard.values)?.sqr()?.sum_all()?;
        let action = (outputs.narrow(1, 1, actions)? - &shard.actions)?.sqr()?;
        state + ((action * &shard.allowed)?.sum_all()? * (ADVANTAGES / actions as f64))?
    }

    fn actor_loss(&self, shard: &Shard, temperature: f64) -> Result<Tensor> {
        let logits = self.actor.forward(&shard.states)?;
        let forbidden = shard.allowed.affine(f64::from(-FORBIDDEN), f64::from(FORBIDDEN))?;
        let logits = (logits + forbidden)?;
        let highest = logits.max_keepdim(D::Minus1)?.detach();
        let shifted = logits.broadcast_sub(&highest)?;
        let total = shifted.exp()?.sum_keepdim(D::Minus1)?.log()?;
        let log = shifted.broadcast_sub(&total)?;
        let probability = log.exp()?;
        // Where an action may not be taken its probability is 0 and its logarithm without meaning.
        let worth = (&shard.actions - ((&log * &shard.allowed)? * temperature)?)?;
        ((probability * worth)? * &shard.allowed)?.sum_all()?.neg()
    }
}

impl Optimiser {
    /// Another learning rate.
    pub fn set_rate(&mut self, rate: f64) {
        self.actor.set_rate(rate);
        self.critic.set_rate(rate);
    }
}

struct Shard {
    states: Tensor,
    actions: Tensor,
    allowed: Tensor,
    values: Tensor,
}

fn rows(values: &[f32], width: usize) -> Result<Tensor> {
    Tensor::from_slice(values, (values.len() / width.max(1), width), &Device::Cpu)
}

fn gathered(shards: Vec<Result<Vec<f32>>>) -> Result<Vec<f32>> {
    let mut all = Vec::new();
    for shard in shards {
        all.extend(shard?);
    }
    Ok(all)
}

fn softmax(logits: &mut [f32], allowed: &[f32]) {
    let open = |allowed: f32| allowed > 0.5;
    let mut highest = f32::NEG_INFINITY;
    for (logit, allowed) in logits.iter().zip(allowed) {
        if open(*allowed) {
            highest = highest.max(*logit);
        }
    }
    for (logit, allowed) in logits.iter_mut().zip(allowed) {
        *logit = if open(*allowed) { (*logit - highest).exp() } else { 0.0 };
    }
    let total: f32 = logits.iter().sum();
    if total > 0.0 {
        logits.iter_mut().for_each(|logit| *logit /= total);
    }
}
