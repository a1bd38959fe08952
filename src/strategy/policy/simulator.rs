//! Weeks after a launch, drawn from what is known of demand.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::problem::{Action, Demand, Problem, Product, Setting};
use super::state::State;
use crate::statistics::normal_place;

/// Above so many expected units a Poisson number is drawn from the normal with its skewness.
const MANY: f64 = 40.0;

/// What is true in one episode, and not known to the one who decides.
#[derive(Debug, Clone)]
pub struct Truth {
    /// Place of the product.
    pub product: usize,
    /// Units by step at the launch price, or their expectation.
    base: Vec<f64>,
    is_poisson: bool,
    /// By action: what it multiplies units by.
    factors: Vec<f64>,
}

/// The chance of one step.
#[derive(Debug, Clone, Copy)]
pub struct Chance {
    uniform: f64,
    normal: f64,
    /// Change of the competitor's price, as a factor.
    competitor: f64,
}

/// What came of a step.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// Money earned beyond what the units would bring that are left over at the end.
    pub reward: f64,
    /// The state after it.
    pub next: State,
}

impl Truth {
    /// Drawn for a product.
    pub fn draw(problem: &Problem, product: usize, random: &mut ChaCha8Rng) -> Self {
        let Problem {
            setting,
            products,
            demands,
        } = problem;
        let of = &products[product];
        let mut normal = || -> f64 { StandardNormal.sample(random) };
        let (level, elasticity, promotion) = (normal(), normal(), normal());
        let (base, is_poisson) = match &demands[product] {
            Demand::Paths(paths) => (paths[random.random_range(0..paths.len())].clone(), false),
            Demand::Poisson(error) => {
                let level = (error * level - error * error / 2.0).exp();
                (of.expected.iter().map(|units| units * level).collect(), true)
            }
        };
        let lift = setting
            .promotion
            .map_or(1.0, |p| p.lift * (p.error * promotion - p.error * p.error / 2.0).exp());
        let factor = |action: &Action| {
            let exponent = setting.response.exponent(action.price);
            let error = of.elasticity_error * exponent;
            // The mean over all draws is the factor at the elasticity's estimate.
            (of.elasticity * exponent + error * elasticity - error * error / 2.0).exp() * setting.lift(action, lift)
        };
        Self {
            product,
            base,
            is_poisson,
            factors: setting.actions.iter().map(factor).collect(),
        }
    }

    /// The mean of all draws, without noise.
    pub fn mean(problem: &Problem, product: usize) -> Self {
        let Problem { setting, products, .. } = problem;
        let of = &products[product];
        Self {
            product,
            base: of.expected.clone(),
            is_poisson: false,
            factors: setting
                .actions
                .iter()
                .map(|action| setting.factor(of, action, 1.0))
                .collect(),
        }
    }

    /// Whether one step has more than one outcome.
    pub fn has_chance(&self) -> bool {
        self.is_poisson
    }

    /// What comes of an action.
    pub fn step(&self, setting: &Setting, product: &Product, state: &State, action: usize, chance: &Chance) -> Outcome {
        let chosen = &setting.actions[action];
        let ordered = product.order(chosen);
        let at_once = setting.lead_time == 0;
        let available = state.stock + if at_once { ordered } else { 0.0 };
        let pressed = setting.pressed(state.competitor);
        let rate = self.base[state.step] * self.factors[action] * pressed;
        let demand = if self.is_poisson { chance.poisson(rate) } else { rate };
        let sold = demand.min(available).max(0.0);
        let forecast = product.expected[state.step] * setting.factor(product, chosen, state.competitor);
        let left = available - sold;
        let mut next = State {
            step: state.step + 1,
            stock: left,
            sales: state.sales + sold,
            forecast: state.forecast + forecast.min(available),
            price: chosen.price,
            competitor: state.competitor * chance.competitor,
            on_order: state.on_order,
            arrival: state.arrival,
        };
        if ordered > 0.0 && !at_once {
            (next.on_order, next.arrival) = (ordered, setting.lead_time);
        }
        if next.on_order > 0.0 {
            next.arrival = next.arrival.saturating_sub(1);
            if next.arrival == 0 {
                next.stock += next.on_order;
                next.on_order = 0.0;
            }
        }
        let reward = (product.price * chosen.price - product.salvage) * sold
            - product.holding * left
            - (product.cost - product.salvage) * ordered
            - setting.fixed_cost(chosen);
        Outcome { reward, next }
    }
}

impl Chance {
    /// Drawn, with demand in part `part` of `parts` equal ones.
    pub fn draw(setting: &Setting, part: usize, parts: usize, random: &mut ChaCha8Rng) -> Self {
        let uniform = (part as f64 + random.random::<f64>()) / parts as f64;
        let competitor = setting.competition.map_or(1.0, |c| {
            let normal: f64 = StandardNormal.sample(random);
            (c.change * normal).exp()
        });
        let inside = uniform.clamp(1e-12, 1.0 - 1e-12);
        Self {
            uniform,
            normal: normal_place(inside),
            competitor,
        }
    }

    /// Nothing but what is expected.
    pub fn none() -> Self {
        Self {
            uniform: 0.5,
            normal: 0.0,
            competitor: 1.0,
        }
    }

    /// The Poisson number at this place of its distribution.
    fn poisson(&self, rate: f64) -> f64 {
        if rate > MANY {
            let skewed = rate + rate.sqrt() * self.normal + (self.normal * self.normal - 1.0) / 6.0;
            return skewed.round().max(0.0);
        }
        let (mut number, mut mass) = (0.0, (-rate).exp());
        let mut below = mass;
        while below < self.uniform && number < 10.0 * MANY {
            number += 1.0;
            mass *= rate / number;
            below += mass;
        }
        number
    }
}

/// The generator of a part of the training.
pub fn generator(parts: [u64; 4]) -> ChaCha8Rng {
    let mut seed = [0; 32];
    for (to, part) in seed.chunks_exact_mut(8).zip(parts) {
        to.copy_from_slice(&part.to_le_bytes());
    }
    ChaCha8Rng::from_seed(seed)
}
