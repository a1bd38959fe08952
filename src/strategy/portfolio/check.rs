//! What the input must be, and the order that products are worked on in.

use std::cmp::Ordering;

use super::{Limits, Plan, Product, Refusal, Risk};

/// Refuses numbers that make no sense, and products without a plan.
pub(super) fn check(products: &[Product], limits: &Limits, risk: &Risk) -> Result<(), Refusal> {
    let wrong = |what: String| Err(Refusal::Input(what));
    if !(risk.weight >= 0.0 && risk.weight.is_finite()) {
        return wrong(format!(
            "the weight of risk is {}, but must be a number of at least 0",
            risk.weight
        ));
    }
    if risk.weight > 0.0 && !(risk.tail > 0.0 && risk.tail < 1.0) {
        return wrong(format!(
            "the tail of risk is {}, but must lie between 0 and 1",
            risk.tail
        ));
    }
    if let Some(budget) = limits.budget.filter(|budget| !(*budget >= 0.0 && budget.is_finite())) {
        return wrong(format!("the budget is {budget}, but must be a number of at least 0"));
    }
    if let Some(apart) = limits.apart.filter(|apart| *apart < 0) {
        return wrong(format!(
            "launches must be {apart} days apart, but a distance is at least 0"
        ));
    }
    let worlds = products
        .iter()
        .flat_map(|product| &product.plans)
        .map(|plan| plan.worlds.len())
        .next()
        .unwrap_or(0);
    for (index, product) in products.iter().enumerate() {
        if product.plans.is_empty() && !product.optional {
            return Err(Refusal::NoPlan(index));
        }
        for (at, plan) in product.plans.iter().enumerate() {
            if !(plan.money >= 0.0 && plan.money.is_finite()) {
                return wrong(format!(
                    "plan {at} of product {index} takes {}, but must take at least 0",
                    plan.money
                ));
            }
            if !plan.value.is_finite() {
                return wrong(format!(
                    "plan {at} of product {index} is worth {}, which is no number",
                    plan.value
                ));
            }
            if risk.weight > 0.0 {
                check_worlds(plan, worlds).or_else(|what| wrong(format!("plan {at} of product {index} {what}")))?;
            }
        }
    }
    Ok(())
}

/// With risk, all plans have the same worlds, and their mean is the value.
fn check_worlds(plan: &Plan, worlds: usize) -> Result<(), String> {
    if plan.worlds.is_empty() || plan.worlds.len() != worlds {
        return Err(format!(
            "has {} worlds, but with risk all plans need the same worlds",
            plan.worlds.len()
        ));
    }
    let mean = plan.worlds.iter().sum::<f64>() / worlds as f64;
    let size = plan
        .worlds
        .iter()
        .fold(plan.value.abs(), |size, world| size.max(world.abs()));
    if !mean.is_finite() {
        return Err("has a world that is no number".to_string());
    }
    if (mean - plan.value).abs() > 1e-6 * size {
        return Err(format!("is worth {}, but {mean} in the mean of its worlds", plan.value));
    }
    Ok(())
}

/// The products in an order that only depends on what they are: by category, then plan by plan. Equal ones as given.
pub(super) fn canonical_order(products: &[Product]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..products.len()).collect();
    order.sort_by(|&a, &b| compare(&products[a], &products[b]));
    order
}

fn compare(a: &Product, b: &Product) -> Ordering {
    a.category
        .cmp(&b.category)
        .then(a.optional.cmp(&b.optional))
        .then(a.plans.len().cmp(&b.plans.len()))
        .then_with(|| first_difference(&a.plans, &b.plans, compare_plans))
        .then_with(|| {
            first_difference(&a.plans, &b.plans, |a, b| {
                first_difference(&a.worlds, &b.worlds, f64::total_cmp)
            })
        })
}

fn compare_plans(a: &Plan, b: &Plan) -> Ordering {
    a.day
        .cmp(&b.day)
        .then(a.money.total_cmp(&b.money))
        .then(a.value.total_cmp(&b.value))
}

fn first_difference<T>(a: &[T], b: &[T], compare: impl Fn(&T, &T) -> Ordering) -> Ordering {
    a.iter()
        .zip(b)
        .map(|(x, y)| compare(x, y))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}
