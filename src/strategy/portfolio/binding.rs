//! Which limits keep products from better plans.

use super::model::{Model, Usage};
use super::tail::{State, linear_values};
use super::{Binding, Limit};

/// For each product the limits without which it would have a better plan, the others and all other plans kept. A plan
/// that breaks several limits at once counts for none of them.
pub(super) fn bindings(model: &Model, state: &State) -> Vec<Vec<Binding>> {
    let linear = linear_values(model, &state.density(model));
    let mut usage = Usage::of(model, &state.choice);
    let mut trial = state.clone();
    let mut sorted = Vec::new();
    let value = state.value(model, &mut sorted);
    let room = 1e-9 * value.abs();
    (0..model.products())
        .map(|product| {
            let before = state.choice[product];
            usage.remove(model, before);
            let mut bindings: Vec<Binding> = Vec::new();
            for option in model.options(product) {
                // The true gain is at most the linear one.
                let Some(limit) = only_broken(model, &usage, option).filter(|_| linear[option] > linear[before] + room)
                else {
                    continue;
                };
                trial.set(model, product, option);
                let gain = trial.value(model, &mut sorted) - value;
                let known = bindings.iter().position(|binding| binding.limit == limit);
                let better = known.is_none_or(|at| gain > bindings[at].gain);
                if gain > room && better {
                    let binding = Binding {
                        limit,
                        plan: model.plan[option],
                        gain,
                    };
                    match known {
                        Some(at) => bindings[at] = binding,
                        None => bindings.push(binding),
                    }
                }
            }
            trial.set(model, product, before);
            usage.add(model, before);
            bindings.sort_by_key(|binding| binding.limit as u8);
            bindings
        })
        .collect()
}

/// The limit that the option breaks, if it breaks exactly one.
fn only_broken(model: &Model, usage: &Usage, option: usize) -> Option<Limit> {
    let full = |row: usize| usage.count[row] >= model.capacity[row];
    let money = usage.money + model.money[option] > model.allowed();
    let week = model.week_row(option).is_some_and(full);
    let apart = model.window_rows(option).any(full);
    match (money, week, apart) {
        (true, false, false) => Some(Limit::Budget),
        (false, true, false) => Some(Limit::PerWeek),
        (false, false, true) => Some(Limit::Apart),
        _ => None,
    }
}
