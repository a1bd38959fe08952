//! Learning a policy: episodes, what each action of their states is worth, steps of the networks.

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use super::problem::Problem;
use super::simulator::{Chance, Outcome, Truth, generator};
use super::state::{INPUTS, State};
use crate::error::{Error, Result};
use crate::neural::{ActorCritic, Lessons, Sizes};

/// How much is learned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effort {
    /// Rounds of episodes and of steps of the networks.
    pub rounds: usize,
    /// Episodes of a round.
    pub episodes: usize,
    /// Draws of the chance of a step, for what an action is worth.
    pub draws: usize,
    /// Units of each hidden layer.
    pub hidden: usize,
    /// Seed of all that is drawn.
    pub seed: u64,
}

/// States that a step of the networks learns from.
const BATCH: usize = 256;
/// Times that the states of a round are learned from.
const PASSES: u64 = 2;
/// Learning rates of Adam, at the beginning and at the end.
const RATES: (f64, f64) = (3e-3, 1e-4);
/// Temperatures of the actor, in parts of a state's scale.
const TEMPERATURES: (f64, f64) = (0.03, 0.0005);
/// Share of actions that are taken by chance alone.
const BLIND: f64 = 0.1;
/// Share of episodes that begin with another stock than the product's.
const OTHER_STOCK: f64 = 0.5;

const EPISODES: u64 = 1;
const ORDER: u64 = 2;

/// An episode that goes on.
struct Live {
    truth: Truth,
    state: State,
    random: ChaCha8Rng,
}

/// A policy, and the states it was learned in during the last third of the rounds.
pub struct Learned {
    /// The networks.
    pub networks: ActorCritic,
    /// Product and state.
    pub visited: Vec<(usize, State)>,
}

fn between((from, to): (f64, f64), share: f64) -> f64 {
    from * (to / from).powf(share)
}

/// Learns a policy.
///
/// *Model*: all episodes of a round go on together. In each of their states every action is worth its reward plus the critic's
/// value of the state after it, the mean over some draws of chance that all actions share (common random numbers), with the
/// episode's own demand parameters. The critic learns these numbers and their mean under the actor; as parameters are drawn
/// anew for each episode and are no part of the state, it learns their mean given what the state tells of them.
///
/// *Determinism*: an episode is seeded by seed, round and number.
///
/// *Errors*: [`Error::Refused`] if a number is not finite.
pub fn learn(problem: &Problem, effort: &Effort, told: &mut dyn FnMut(usize)) -> Result<Learned> {
    let sizes = Sizes {
        inputs: INPUTS,
        hidden: effort.hidden,
        actions: problem.setting.actions.len(),
    };
    let networks = ActorCritic::seeded(sizes, effort.seed)?;
    let mut optimiser = networks.optimiser(RATES.0);
    let mut visited = Vec::new();
    for round in 0..effort.rounds {
        let share = round as f64 / effort.rounds as f64;
        optimiser.set_rate(between(RATES, share));
        let late = 3 * round >= 2 * effort.rounds || round + 1 == effort.rounds;
        let (lessons, states) = episodes(problem, effort, &networks, round)?;
        if late {
            visited.extend(states);
        }
        let mut order: Vec<usize> = (0..lessons.states).collect();
        for pass in 0..PASSES {
            order.shuffle(&mut generator([effort.seed, ORDER, round as u64, pass]));
            for batch in order.chunks(BATCH) {
                if !networks.update(&mut optimiser, &lessons.of(batch), between(TEMPERATURES, share))? {
                    return Err(Error::refused(format!("training diverged in round {}", round + 1)));
                }
            }
        }
        told(round + 1);
    }
    Ok(Learned { networks, visited })
}

fn begin(problem: &Problem, effort: &Effort, round: usize, number: usize) -> Live {
    let mut random = generator([effort.seed, EPISODES, round as u64, number as u64]);
    let product = random.random_range(0..problem.products.len());
    let truth = Truth::draw(problem, product, &mut random);
    let own = problem.products[product].stock;
    let other = random.random::<f64>() < OTHER_STOCK;
    let normal: f64 = StandardNormal.sample(&mut random);
    let stock = match other {
        true => (own * (0.5 * normal).exp()).round().max(own.min(1.0)),
        false => own,
    };
    Live {
        truth,
        state: State::first(stock),
        random,
    }
}

fn episodes(
    problem: &Problem,
    effort: &Effort,
    networks: &ActorCritic,
    round: usize,
) -> Result<(Lessons, Vec<(usize, State)>)> {
    let setting = &problem.setting;
    let actions = setting.actions.len();
    let mut lives: Vec<Live> = (0..effort.episodes)
        .into_par_iter()
        .map(|number| begin(problem, effort, round, number))
        .collect();
    let (mut lessons, mut visited) = (Lessons::default(), Vec::new());
    for _ in 0..setting.steps {
        lives.retain(|life| !life.state.is_over(setting));
        if lives.is_empty() {
            break;
        }
        let (inputs, allowed) = seen(problem, lives.iter().map(|life| (life.truth.product, &life.state)));
        let chances = networks.probabilities(&inputs, &allowed)?;
        let tried: Vec<Vec<Vec<Outcome>>> = lives
            .par_iter_mut()
            .map(|life| life.tried(problem, effort.draws))
            .collect();
        let ahead = |outcome: &&Outcome| !outcome.next.is_over(setting);
        let of = |(life, tried): (&Live, &Vec<Vec<Outcome>>)| -> Vec<f32> {
            let product = &problem.products[life.truth.product];
            let outcomes = tried.iter().flatten().filter(ahead);
            outcomes
                .flat_map(|outcome| outcome.next.inputs(setting, product))
                .collect()
        };
        let next: Vec<Vec<f32>> = lives.par_iter().zip(&tried).map(of).collect();
        let next = next.concat();
        let values = networks.values(&next)?;
        let mut values = values.chunks(1 + actions).map(|outputs| f64::from(outputs[0]));
        for ((life, tried), (chances, allowed)) in lives
            .iter_mut()
            .zip(&tried)
            .zip(chances.chunks(actions).zip(allowed.chunks(actions)))
        {
            let product = &problem.products[life.truth.product];
            let scale = life.state.scale(setting, product);
            let mut worth = |outcome: &Outcome| {
                let next = match ahead(&outcome) {
                    true => outcome.next.scale(setting, product) * values.next().unwrap_or(0.0),
                    false => 0.0,
                };
                outcome.reward + next
            };
            let each: Vec<f32> = tried
                .iter()
                .map(|draws| match draws.len() {
                    0 => 0.0,
                    n => (draws.iter().map(&mut worth).sum::<f64>() / n as f64 / scale) as f32,
                })
                .collect();
            let value: f32 = each.iter().zip(chances).map(|(worth, chance)| worth * chance).sum();
            lessons.values.push(value);
            lessons.actions.extend(each.iter().map(|worth| worth - value));
            visited.push((life.truth.product, life.state));
            let action = life.choose(chances, allowed);
            let draws = tried.get(action).map_or(&[][..], Vec::as_slice);
            let taken = life.random.random_range(0..draws.len().max(1));
            if let Some(outcome) = draws.get(taken) {
                life.state = outcome.next;
            }
        }
        lessons.states += lives.len();
        lessons.inputs.extend(inputs);
        lessons.allowed.extend(allowed);
    }
    Ok((lessons, visited))
}

/// What the networks see of states, and which actions may be taken in them.
pub fn seen<'a>(problem: &Problem, states: impl Iterator<Item = (usize, &'a State)>) -> (Vec<f32>, Vec<f32>) {
    let (mut inputs, mut allowed) = (Vec::new(), Vec::new());
    for (product, state) in states {
        inputs.extend(state.inputs(&problem.setting, &problem.products[product]));
        allowed.extend(state.allowed(&problem.setting));
    }
    (inputs, allowed)
}

impl Live {
    /// What comes of each action, by draw; none of one that may not be taken.
    fn tried(&mut self, problem: &Problem, draws: usize) -> Vec<Vec<Outcome>> {
        let setting = &problem.setting;
        let draws = if self.truth.has_chance() || setting.competition.is_some() {
            draws
        } else {
            1
        };
        let chances: Vec<Chance> = (0..draws)
            .map(|part| Chance::draw(setting, part, draws, &mut self.random))
            .collect();
        let product = &problem.products[self.truth.product];
        self.state
            .allowed(setting)
            .enumerate()
            .map(|(action, allowed)| match allowed > 0.5 {
                true => chances
                    .iter()
                    .map(|chance| self.truth.step(setting, product, &self.state, action, chance))
                    .collect(),
                false => Vec::new(),
            })
            .collect()
    }

    /// An action by the actor's probabilities, some by chance alone.
    fn choose(&mut self, chances: &[f32], allowed: &[f32]) -> usize {
        let blind = self.random.random::<f64>() < BLIND;
        let weights = if blind { allowed } else { chances };
        let total: f32 = weights.iter().sum();
        let mut rest = self.random.random::<f32>() * total;
        let last = weights.iter().rposition(|weight| *weight > 0.0).unwrap_or(0);
        weights
            .iter()
            .position(|weight| {
                rest -= weight;
                rest < 0.0
            })
            .unwrap_or(last)
    }
}
