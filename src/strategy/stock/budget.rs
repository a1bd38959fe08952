//! One budget for the orders of all products.

use super::supply::profit_of;
use super::{Terms, Timing};
use crate::strategy::Paths;
use crate::strategy::portfolio::{Limits, Plan, Product, Refusal, Risk, choose_within};

/// Orders of a product that are compared, at most.
const LEVELS: usize = 64;
/// The same where a second order follows, as each is planned anew.
const LEVELS_TWICE: usize = 16;

/// Share of the best profit that a choice may miss.
const TOLERANCE: f64 = 1e-4;

/// An order that may be placed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Units.
    pub units: f64,
    /// What they cost.
    pub money: f64,
    /// Expected profit, beside what happens without an order.
    pub value: f64,
}

/// Orders under a budget.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    /// The level of each product.
    pub levels: Vec<usize>,
    /// Expected profit that one more unit of money would bring; 0 where the budget does not bind.
    pub price_of_money: f64,
    /// Expected profit of all products.
    pub value: f64,
    /// What no other choice of these levels exceeds.
    pub bound: f64,
}

/// The orders of a product from nothing to the best one. By service level each is worth more the larger it is, as if the units of all
/// products were worth their cost.
///
/// Without holding costs and a second order all multiples of the pack are among them where there are few.
pub fn levels(paths: &Paths, timing: Timing, terms: &Terms, cost: f64) -> Vec<Level> {
    let best = timing.best_order(paths, terms);
    let needs = timing.needs(paths, terms);
    let most = if let Timing::Twice(_) = timing {
        LEVELS_TWICE
    } else {
        LEVELS
    };
    let mut units: Vec<f64> = match best / terms.pack <= most as f64 {
        true => (0..=(best / terms.pack).round() as usize)
            .map(|k| k as f64 * terms.pack)
            .collect(),
        false => (0..most)
            .flat_map(|k| terms.allowed(best * (k as f64 + 1.0) / most as f64))
            .collect(),
    };
    units.retain(|&units| units >= terms.least && units <= best);
    units.extend([0.0, best]);
    units.sort_by(f64::total_cmp);
    units.dedup();
    let value = |units: f64| match (&terms.margin, timing, terms.service_level) {
        (Some(_), Timing::Twice(reorder), None) => profit_of(paths, units, reorder, terms),
        (Some(margin), _, None) => needs.profit(units, margin),
        _ => needs.served(units) * cost,
    };
    let base = value(0.0);
    let level = |units: f64| Level {
        units,
        money: units * cost,
        value: value(units) - base,
    };
    units.into_iter().map(level).collect()
}

/// The orders of all products, of those listed for each, that bring most for a budget.
///
/// # Errors
/// As [`choose`].
pub fn share_out(products: &[Vec<Level>], budget: f64) -> Result<Shared, Refusal> {
    let product = |levels: &Vec<Level>| Product {
        category: None,
        plans: levels
            .iter()
            .map(|level| Plan {
                day: 0,
                money: level.money,
                value: level.value,
                worlds: Vec::new(),
            })
            .collect(),
        optional: false,
    };
    let products: Vec<Product> = products.iter().map(product).collect();
    let limits = Limits {
        budget: Some(budget),
        ..Limits::default()
    };
    let neutral = Risk { weight: 0.0, tail: 0.1 };
    let chosen = choose_within(&products, &limits, &neutral, TOLERANCE)?;
    Ok(Shared {
        levels: chosen.plans.into_iter().map(Option::unwrap_or_default).collect(),
        price_of_money: chosen.price_of_money,
        value: chosen.value,
        bound: chosen.bound,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Products whose profit grows ever slower with the order; no two are alike.
    fn planted(products: usize) -> Vec<Vec<Level>> {
        let of = |product: usize| {
            let (cost, most) = (1.0 + (product * 37 % 23) as f64, 20.0 + (product * 61 % 97) as f64);
            let earns = cost * (0.2 + (product * 17 % 31) as f64 / 20.0);
            let level = |units: f64| Level {
                units,
                money: cost * units,
                value: earns * most * (1.0 - (-2.0 * units / most).exp()) / 2.0,
            };
            (0..64).map(|at| level((most * f64::from(at) / 63.0).round())).collect()
        };
        (0..products).map(of).collect()
    }

    #[test]
    fn a_budget_over_many_products_brings_what_its_bound_says() {
        let products = planted(300);
        let all: f64 = products
            .iter()
            .filter_map(|levels| levels.last())
            .map(|level| level.money)
            .sum();
        for share in [0.1, 0.4, 0.8] {
            let shared = share_out(&products, share * all).unwrap();
            let spent: f64 = products
                .iter()
                .zip(&shared.levels)
                .map(|(levels, &at)| levels[at].money)
                .sum();
            let value: f64 = products
                .iter()
                .zip(&shared.levels)
                .map(|(levels, &at)| levels[at].value)
                .sum();
            assert!(spent <= share * all && (value - shared.value).abs() < 1e-6 * value);
            // The bound by duality is that of the linear program, as profits are concave.
            assert!(
                value <= shared.bound * (1.0 + 1e-12) && value >= 0.99 * shared.bound,
                "{value} of {}",
                shared.bound
            );
        }
    }

    #[test]
    fn a_budget_over_few_products_is_spent_as_trying_all_orders_would() {
        let few: Vec<Vec<Level>> = planted(3);
        let all: f64 = few
            .iter()
            .filter_map(|levels| levels.last())
            .map(|level| level.money)
            .sum();
        let budget = 0.35 * all;
        let mut best = 0.0f64;
        for a in &few[0] {
            for b in &few[1] {
                for c in few[2].iter().filter(|c| a.money + b.money + c.money <= budget) {
                    best = best.max(a.value + b.value + c.value);
                }
            }
        }
        let found = share_out(&few, budget).unwrap().value;
        assert!(found <= best + 1e-9 && found >= 0.999 * best, "{found} of {best}");
    }
}
