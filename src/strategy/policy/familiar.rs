//! Which states a policy was trained on.

use serde::{Deserialize, Serialize};

use super::problem::{Product, Setting};
use super::state::State;
use crate::statistics::sorted;

/// Share of the states of a step that may lie beyond either end of a range.
const TAIL: f64 = 0.001;
/// What a range is wider by at either end, as a share of itself.
const MARGIN: f64 = 0.1;
/// What it is wider by at least.
const LEAST: f64 = 0.02;

/// Ranges of the states that a policy was trained on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Familiar {
    /// By step and quantity.
    ranges: Vec<[(f64, f64); QUANTITIES]>,
}

const QUANTITIES: usize = 6;

/// Stock, sales against forecast, forecast, price, competitor's price and units on order, relative to the product's.
fn quantities(product: &Product, state: &State) -> [f64; QUANTITIES] {
    let total = product.remaining(0);
    [
        state.stock / total,
        state.pace(product),
        state.forecast / total,
        state.price,
        state.competitor,
        state.on_order / total,
    ]
}

impl Familiar {
    /// Of the states of a training: products and states.
    pub fn of(setting: &Setting, products: &[Product], visited: &[(usize, State)]) -> Self {
        let mut by_step: Vec<[Vec<f64>; QUANTITIES]> = vec![Default::default(); setting.steps];
        for (product, state) in visited {
            if let (Some(all), Some(product)) = (by_step.get_mut(state.step), products.get(*product)) {
                let found = quantities(product, state);
                all.iter_mut().zip(found).for_each(|(all, one)| all.push(one));
            }
        }
        Self {
            ranges: by_step.into_iter().map(|all| all.map(range)).collect(),
        }
    }

    /// Whether its ranges are as many as there are steps, and finite or empty.
    pub fn is_valid(&self, steps: usize) -> bool {
        self.ranges.len() == steps
            && self
                .ranges
                .iter()
                .flatten()
                .all(|(low, high)| low.is_finite() && high.is_finite())
    }

    /// What of a state is unlike all of the training; `None` if nothing is.
    pub fn unlike(&self, setting: &Setting, product: &Product, state: &State) -> Option<String> {
        let ranges = self.ranges.get(state.step)?;
        let total = product.remaining(0);
        let found = quantities(product, state);
        let outside = |k: &usize| !(ranges[*k].0..=ranges[*k].1).contains(&found[*k]);
        let which = (0..QUANTITIES)
            .filter(|k| *k != 4 || setting.competition.is_some())
            .find(outside)?;
        let (low, high) = (ranges[which].0.max(0.0), ranges[which].1.max(0.0));
        let week = state.step + 1;
        if ranges[which].1 < ranges[which].0 {
            return Some(format!("no launch of the training came to week {week} with stock left"));
        }
        let competitor = product.competitor.unwrap_or(1.0);
        let units = |name: &str, value: f64| {
            format!(
                "{name} {value:.0} in week {week}, where it was trained on {:.0} to {:.0}",
                low * total,
                high * total
            )
        };
        let money = |name: &str, value: f64, unit: f64| {
            format!(
                "{name} {:.2} in week {week}, where it was trained on {:.2} to {:.2}",
                value * unit,
                low * unit,
                high * unit
            )
        };
        Some(match which {
            0 => units("stock", state.stock),
            1 => format!(
                "sales {:.0} against a forecast of {:.0} in week {week}, {:.2} times, where it was trained on {low:.2} to {high:.2}",
                state.sales, state.forecast, found[1]
            ),
            2 => units("forecast", state.forecast),
            3 => money("price", state.price, product.price),
            4 => money("competitor_price", state.competitor, competitor),
            _ => units("on_order", state.on_order),
        })
    }
}

fn range(found: Vec<f64>) -> (f64, f64) {
    let sorted = sorted(found);
    let at = |share: f64| {
        sorted
            .get((share * sorted.len().saturating_sub(1) as f64).round() as usize)
            .copied()
    };
    match (at(TAIL), at(1.0 - TAIL)) {
        (Some(low), Some(high)) => {
            let margin = (MARGIN * (high - low)).max(LEAST);
            (low - margin, high + margin)
        }
        // A step that no episode came to.
        _ => (0.0, -1.0),
    }
}
