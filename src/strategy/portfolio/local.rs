//! Better choices near a known one.

use super::branch::{Ranking, search};
use super::model::{Model, Usage};
use super::tail::{State, linear_values};

/// Rounds of [`improve`]; each ends with no change to make, or a better choice.
const ROUNDS: usize = 30;
/// Products that are chosen anew together, in rounds that alternate.
const TOGETHER: [usize; 4] = [8, 5, 12, 16];
/// Rounds without a change after which [`renew`] ends.
const QUIET: usize = 12;

/// Changes the option of one product at a time, as long as that is worth more.
///
/// At the density of the worst worlds of the present choice, the linear gain of a change is at least its true gain, so
/// only options with a linear gain are tried.
pub(super) fn improve(model: &Model, state: &mut State) -> f64 {
    let mut sorted = Vec::new();
    let mut value = state.value(model, &mut sorted);
    for _ in 0..ROUNDS {
        let linear = linear_values(model, &state.density(model));
        let mut usage = Usage::of(model, &state.choice);
        let room = 1e-12 * value.abs();
        let mut gains: Vec<(f64, usize, usize)> = Vec::new();
        for product in 0..model.products() {
            let now = linear[state.choice[product]];
            gains.extend(
                model
                    .options(product)
                    .filter(|&option| linear[option] > now + room)
                    .map(|option| (linear[option] - now, product, option)),
            );
        }
        gains.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
        let mut changed = false;
        for (_, product, option) in gains {
            let before = state.choice[product];
            usage.remove(model, before);
            let mut taken = before;
            if usage.fits(model, option, 0.0) {
                state.set(model, product, option);
                let new = state.value(model, &mut sorted);
                if new > value + room {
                    value = new;
                    taken = option;
                    changed = true;
                } else {
                    state.set(model, product, before);
                }
            }
            usage.add(model, taken);
        }
        *state = State::new(model, state.choice.clone());
        value = state.value(model, &mut sorted);
        if !changed {
            break;
        }
    }
    value
}

/// Chooses a few products anew at a time while the others stay, until a round over all products changes nothing or the
/// steps are used up. `value` is that of the state.
pub(super) fn renew(model: &Model, ranking: &Ranking, state: &mut State, mut value: f64, mut steps: u64) {
    let least = model.least_money();
    let mut random = Sequence(0x9E37_79B9_7F4A_7C15);
    let each = (steps / (4 * model.products().max(1)) as u64).max(200);
    let mut quiet = 0;
    for size in TOGETHER.into_iter().cycle() {
        if quiet == QUIET || steps == 0 {
            break;
        }
        quiet += 1;
        let mut order: Vec<(f64, usize)> = (0..model.products())
            .map(|product| (ranking.loss(product, state.choice[product]), product))
            .collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (_, product) in order {
            let free = neighbours(model, ranking, state, product, size, &mut random);
            let outcome = search(model, ranking, &least, state, value, free, each.min(steps));
            steps = steps.saturating_sub(outcome.work.max(1));
            if let Some(found) = outcome.found {
                *state = found;
                value = outcome.value;
                quiet = 0;
            }
            if steps == 0 {
                break;
            }
        }
    }
}

/// A product, those that stand in the way of its best options, those in the way of theirs and so on, and then any.
fn neighbours(
    model: &Model,
    ranking: &Ranking,
    state: &State,
    product: usize,
    size: usize,
    random: &mut Sequence,
) -> Vec<usize> {
    let usage = Usage::of(model, &state.choice);
    let mut set = vec![product];
    let mut next = 0;
    while next < set.len() && set.len() < size {
        let from = set[next];
        next += 1;
        for &(_, option) in ranking.lists[from].iter().take(3) {
            let full: Vec<usize> = model
                .rows(option)
                .filter(|&row| usage.count[row] >= model.capacity[row])
                .collect();
            for other in (0..model.products()).filter(|_| !full.is_empty()) {
                if set.len() < size - 2
                    && !set.contains(&other)
                    && model.rows(state.choice[other]).any(|row| full.contains(&row))
                {
                    set.push(other);
                }
            }
        }
    }
    let size = size.min(model.products());
    while set.len() < size {
        let mut other = random.below(model.products());
        while set.contains(&other) {
            other = (other + 1) % model.products();
        }
        set.push(other);
    }
    set
}

/// SplitMix64 (Steele, Lea & Flood 2014): the same sequence on every machine.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }
}
