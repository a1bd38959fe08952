//! Draws of what the channels may do, given what was observed.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, StandardNormal};
use statrs::function::erf::erfc;

use super::{
    background::{Background, Freedom, Seen, View},
    carry::Carry,
    saturation::{Family, Saturation},
};

/// Mean and deviation of the log-odds of the decay.
const DECAY: (f64, f64) = (-0.6, 1.0);
/// Mean and deviation of the logarithm of half saturation, in references.
const HALF: (f64, f64) = (0.3, 0.7);
/// Mean and deviation of the logarithm of the slope of Hill's curve.
const SLOPE: (f64, f64) = (0.35, 0.35);
/// Probability of a peak of the effect 0, 1 and 2 periods after the spend.
const PEAKS: [f64; 3] = [0.7, 0.2, 0.1];
/// Mean and deviation of the inverse hyperbolic tangent of the errors' correlation.
const CORRELATION: (f64, f64) = (0.25, 0.35);
/// Mean and deviation of the logarithm of the freedom of trend and season.
const TREND: (f64, f64) = (0.5, 1.0);
const SEASON: (f64, f64) = (0.5, 1.0);
/// Largest correlation of errors.
const MOST_CORRELATION: f64 = 0.95;
/// Draws kept of each chain, and steps from one to the next.
pub const KEPT: usize = 200;
const THIN: usize = 4;
/// Steps before the first one kept.
const WARM: usize = 300;
/// Chains.
pub const CHAINS: usize = 3;
/// Steps from one try of another freedom of the background to the next: it costs as much as all channels together.
const FREEDOM_EVERY: usize = 3;

/// What draws are made of.
pub struct Problem {
    /// Outcome of the periods observed, standardised.
    pub outcome: Vec<f64>,
    /// Spend of each channel in all periods, in references.
    pub spends: Vec<Vec<f64>>,
    /// Spend of each channel before the first period.
    pub before: Vec<f64>,
    /// What else moves the outcome.
    pub background: Background,
    /// Deviation of the half-normal prior of a channel's outcome at its reference.
    pub size: f64,
    /// Freedom of the level.
    pub level: f64,
}

/// What a channel may do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// How its effect is spread over periods.
    pub carry: Carry,
    /// How it saturates.
    pub saturation: Saturation,
    /// Outcome of a period at the reference spend.
    pub size: f64,
}

/// One possible state of the world.
#[derive(Debug, Clone)]
struct State {
    effects: Vec<Effect>,
    columns: Vec<Vec<f64>>,
    seen: Vec<Seen>,
    freedom: Freedom,
    variance: f64,
}

/// A column that is tried in place of a channel's.
struct Tried {
    effect: Effect,
    column: Vec<f64>,
    seen: Seen,
    /// Mean and deviation of its size given all else, before it is known to be 0 or more.
    size: (f64, f64),
    log_density: f64,
}

impl Problem {
    /// Draws of a chain: the effects of all channels in each.
    ///
    /// *Model*: y_t = level + trend_t + season_t + covariates_t + sum of size_c g_c(spread spend_ct) + e_t. Errors are normal
    /// and autoregressive; the background is normal with standard deviations in those of the error, and integrated out; sizes
    /// are half-normal. Carry-over and saturation of a channel are drawn by Metropolis' rule with its size integrated out, the
    /// family of the curve among them: a family has the weight that its errors of one period ahead give it.
    ///
    /// *Determinism*: one stream of ChaCha a chain.
    ///
    /// *References*: Jin, Wang, Sun, Chan, Koehler 2017, Bayesian methods for media mix modeling with carryover and shape
    /// effects; Chan, Perry 2017, Challenges and opportunities in media mix modeling; Dawid 1984, Statistical theory: the
    /// prequential approach.
    pub fn chain(&self, seed: u64) -> Option<Vec<Vec<Effect>>> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let freedom = self.start(&mut rng);
        let mut view = self.background.view(freedom)?;
        let mut outcome = view.see(&self.outcome);
        let mut state = self.first(freedom, &view, &mut rng);
        let mut kept = Vec::with_capacity(KEPT);
        for step in 0..WARM + KEPT * THIN {
            let mut rest = state.rest(&outcome);
            for channel in 0..self.spends.len() {
                self.renew(channel, &mut state, &mut rest, &view, &mut rng);
            }
            self.renew_sizes(&mut state, &mut rest, &mut rng);
            state.variance = self.variance(&rest, &mut rng);
            if step % FREEDOM_EVERY == 0
                && let Some(next) = self.renew_freedom(&mut state, &rest, &view, &mut rng)
            {
                view = next;
                outcome = view.see(&self.outcome);
                state.seen = state.columns.iter().map(|column| view.see(column)).collect();
            }
            if step >= WARM && (step - WARM).is_multiple_of(THIN) {
                kept.push(state.effects.clone());
            }
        }
        Some(kept)
    }

    fn start(&self, rng: &mut ChaCha8Rng) -> Freedom {
        Freedom {
            correlation: (CORRELATION.0 + CORRELATION.1 * normal(rng)).tanh().clamp(-0.5, 0.7),
            trend: (TREND.0 + 0.3 * normal(rng)).exp(),
            season: (SEASON.0 + 0.3 * normal(rng)).exp(),
            level: self.level,
        }
    }

    fn first(&self, freedom: Freedom, view: &View, rng: &mut ChaCha8Rng) -> State {
        let size = 0.05 * self.size;
        let effects: Vec<Effect> = self
            .spends
            .iter()
            .map(|_| Effect {
                size,
                ..from_prior(rng)
            })
            .collect();
        let columns: Vec<Vec<f64>> = (0..effects.len()).map(|c| self.column(c, effects[c])).collect();
        State {
            seen: columns.iter().map(|column| view.see(column)).collect(),
            effects,
            columns,
            freedom,
            variance: 0.3,
        }
    }

    /// Outcome by period observed, per unit of size.
    fn column(&self, channel: usize, effect: Effect) -> Vec<f64> {
        let spread = effect.carry.spread(&self.spends[channel], self.before[channel]);
        let curve = effect.saturation.prepared();
        self.background
            .places()
            .iter()
            .map(|&place| curve.at(spread[place]))
            .collect()
    }

    /// Draw carry-over, saturation and size of a channel anew.
    fn renew(&self, channel: usize, state: &mut State, rest: &mut Seen, view: &View, rng: &mut ChaCha8Rng) {
        let old = state.effects[channel];
        rest.add(old.size, &state.seen[channel]);
        let (size, log_density) = self.size_given(&state.seen[channel], rest, state.variance);
        let mut current = Tried {
            effect: old,
            column: Vec::new(),
            seen: Seen::default(),
            size,
            log_density,
        };
        for _ in 0..2 {
            let (effect, log_ratio) = proposed(current.effect, rng);
            let column = self.column(channel, effect);
            let seen = view.see(&column);
            let (size, log_density) = self.size_given(&seen, rest, state.variance);
            if accepted(log_density - current.log_density + log_ratio, rng) {
                current = Tried {
                    effect,
                    column,
                    seen,
                    size,
                    log_density,
                };
            }
        }
        if !current.column.is_empty() {
            state.columns[channel] = current.column;
            state.seen[channel] = current.seen;
        }
        let size = positive_normal(current.size, rng);
        state.effects[channel] = Effect { size, ..current.effect };
        rest.add(-size, &state.seen[channel]);
    }

    /// Sizes once more, as channels that go together take from each other.
    fn renew_sizes(&self, state: &mut State, rest: &mut Seen, rng: &mut ChaCha8Rng) {
        for channel in 0..state.effects.len() {
            let seen = &state.seen[channel];
            rest.add(state.effects[channel].size, seen);
            let (size, _) = self.size_given(seen, rest, state.variance);
            let size = positive_normal(size, rng);
            rest.add(-size, seen);
            state.effects[channel].size = size;
        }
    }

    /// The normal distribution of a channel's size, and the logarithm of the density with the size integrated out.
    fn size_given(&self, seen: &Seen, rest: &Seen, variance: f64) -> ((f64, f64), f64) {
        let prior = self.size * self.size;
        let precision = seen.dot(seen).max(0.0) / variance + 1.0 / prior;
        let mean = seen.dot(rest) / variance / precision;
        let place = mean * precision.sqrt();
        let log_density = -0.5 * (precision * prior).ln() + 0.5 * place * place + log_normal_below(place);
        ((mean, precision.sqrt().recip()), log_density)
    }

    /// A variance of the errors.
    fn variance(&self, rest: &Seen, rng: &mut ChaCha8Rng) -> f64 {
        let (shape, scale) = self.variance_given(rest);
        match Gamma::new(shape, 1.0) {
            Ok(gamma) => scale / gamma.sample(rng).max(1e-12),
            Err(_) => scale / shape,
        }
    }

    /// Shape and scale of the inverse gamma distribution of the error's variance.
    fn variance_given(&self, rest: &Seen) -> (f64, f64) {
        let count = self.outcome.len() as f64;
        (1.0 + 0.5 * count, 0.01 + 0.5 * rest.dot(rest).max(0.0))
    }

    /// Try another freedom of the background; its view where it is taken.
    fn renew_freedom(&self, state: &mut State, rest: &Seen, view: &View, rng: &mut ChaCha8Rng) -> Option<View> {
        let old = state.freedom;
        let width = if rng.random_bool(0.5) { 0.15 } else { 0.5 };
        let place = old.correlation.atanh() + 0.5 * width * normal(rng);
        let next = Freedom {
            correlation: place.tanh().clamp(-MOST_CORRELATION, MOST_CORRELATION),
            trend: (old.trend.ln() + width * normal(rng)).exp().clamp(0.01, 100.0),
            season: (old.season.ln() + width * normal(rng)).exp().clamp(0.01, 100.0),
            ..old
        };
        let next_view = self.background.view(next)?;
        let mut left = self.outcome.clone();
        for (effect, column) in state.effects.iter().zip(&state.columns) {
            left.iter_mut()
                .zip(column)
                .for_each(|(left, value)| *left -= effect.size * value);
        }
        let next_rest = next_view.see(&left);
        let log_density = |view: &View, rest: &Seen, freedom: Freedom| {
            let (shape, scale) = self.variance_given(rest);
            let prior = |value: f64, (mean, deviation): (f64, f64)| -0.5 * ((value - mean) / deviation).powi(2);
            view.log_density - shape * scale.ln()
                + prior(freedom.correlation.atanh(), CORRELATION)
                + prior(freedom.trend.ln(), TREND)
                + prior(freedom.season.ln(), SEASON)
        };
        let ratio = log_density(&next_view, &next_rest, next) - log_density(view, rest, old);
        accepted(ratio, rng).then(|| {
            state.freedom = next;
            state.variance = self.variance(&next_rest, rng);
            next_view
        })
    }
}

impl State {
    /// The outcome without what the channels bring.
    fn rest(&self, outcome: &Seen) -> Seen {
        let mut rest = outcome.clone();
        for (effect, seen) in self.effects.iter().zip(&self.seen) {
            rest.add(-effect.size, seen);
        }
        rest
    }
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

fn accepted(log_ratio: f64, rng: &mut ChaCha8Rng) -> bool {
    rng.random::<f64>().ln() < log_ratio
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// An effect of which nothing is known; its size is 1.
pub fn from_prior(rng: &mut ChaCha8Rng) -> Effect {
    let peak: f64 = rng.random();
    let peak = if peak < PEAKS[0] {
        0
    } else if peak < PEAKS[0] + PEAKS[1] {
        1
    } else {
        2
    };
    Effect {
        carry: Carry {
            decay: logistic(DECAY.0 + DECAY.1 * normal(rng)),
            peak,
        },
        saturation: Saturation {
            family: Family::ALL[rng.random_range(0..Family::ALL.len())],
            half: (HALF.0 + HALF.1 * normal(rng)).exp(),
            slope: (SLOPE.0 + SLOPE.1 * normal(rng)).exp(),
        },
        size: 1.0,
    }
}

/// Another effect to try, and the logarithm of the ratio of priors and of the ways there and back.
fn proposed(from: Effect, rng: &mut ChaCha8Rng) -> (Effect, f64) {
    let kind: f64 = rng.random();
    // One of the prior: the priors and the ways to it cancel.
    if kind < 0.15 {
        return (
            Effect {
                size: from.size,
                ..from_prior(rng)
            },
            0.0,
        );
    }
    let mut to = from;
    if kind < 0.3 {
        to.saturation.family = from_prior(rng).saturation.family;
        return (to, 0.0);
    }
    if kind < 0.45 {
        let other = from_prior(rng);
        to.carry = other.carry;
        return (to, 0.0);
    }
    if kind < 0.6 {
        let other = from_prior(rng);
        to.saturation = other.saturation;
        return (to, 0.0);
    }
    let width = if kind < 0.8 { 0.25 } else { 0.8 };
    let odds = (from.carry.decay / (1.0 - from.carry.decay)).ln();
    let (half, slope) = (from.saturation.half.ln(), from.saturation.slope.ln());
    let next = [
        odds + width * DECAY.1 * normal(rng),
        half + width * HALF.1 * normal(rng),
        slope + width * SLOPE.1 * normal(rng),
    ];
    to.carry.decay = logistic(next[0]).clamp(1e-6, 1.0 - 1e-6);
    to.saturation.half = next[1].exp();
    to.saturation.slope = next[2].exp();
    let prior = |value: f64, (mean, deviation): (f64, f64)| -0.5 * ((value - mean) / deviation).powi(2);
    let density = |at: [f64; 3]| prior(at[0], DECAY) + prior(at[1], HALF) + prior(at[2], SLOPE);
    (to, density(next) - density([odds, half, slope]))
}

/// Logarithm of the probability that a standard normal variable is below.
fn log_normal_below(place: f64) -> f64 {
    if place > -8.0 {
        return (0.5 * erfc(-place * std::f64::consts::FRAC_1_SQRT_2)).ln();
    }
    let square = place * place;
    -0.5 * square - (-place).ln() - 0.5 * (2.0 * std::f64::consts::PI).ln() + (-1.0 / square).ln_1p()
}

/// A normal variable given that it is 0 or more. Robert 1995, Simulation of truncated normal variables.
fn positive_normal((mean, deviation): (f64, f64), rng: &mut ChaCha8Rng) -> f64 {
    let least = -mean / deviation;
    if least < 0.4 {
        for _ in 0..200 {
            let z = normal(rng);
            if z >= least {
                return mean + deviation * z;
            }
        }
        return mean.max(0.0);
    }
    let rate = 0.5 * (least + (least * least + 4.0).sqrt());
    for _ in 0..200 {
        let beyond = -(1.0 - rng.random::<f64>()).ln() / rate;
        let z = least + beyond;
        if rng.random::<f64>().ln() < -0.5 * (z - rate).powi(2) {
            return (deviation * beyond).max(0.0);
        }
    }
    0.0
}
