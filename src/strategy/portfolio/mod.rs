//! One plan for each product, chosen jointly under constraints.
//!
//! Products compete for money and for launch dates, and what a plan is worth to the whole depends on the worlds in which
//! the others fail. With x a choice of one plan per product, and `Z_s(x)` the sum of its objectives in world s,
//!
//! `maximise  mean_s Z_s(x) + weight · (mean of Z_s(x) over its worst share tail of worlds)`
//!
//! so that the money taken is within the budget, no week has too many launches, and launches of one category are far
//! enough apart. The second term is −weight · CVaR of the loss −Z (Rockafellar & Uryasev 2000). Without risk and dates
//! this is the multiple-choice knapsack problem (Kellerer, Pferschy & Pisinger 2004, chapter 11).
//!
//! 1. Prices of the budget, of weeks and of windows of dates (Lagrangian relaxation, Fisher 1981, 2004), together with a
//!    density over worlds (the risk envelope), give a bound that no choice exceeds (`dual.rs`, `tail.rs`, `solve.rs`).
//! 2. The same prices suggest choices; small changes, each measured by the true objective, improve them (`greedy.rs`,
//!    `local.rs`).
//! 3. Branch and bound below that bound proves the choice best, or stops after a fixed number of steps (`branch.rs`).
//!
//! Everything is deterministic: products are first put into an order of their own, whatever order they come in, and
//! effort is counted in steps, not in time. Of choices worth the same, the one found first in that order is taken;
//! of plans of one product worth the same, the earlier one; products that are equal in everything take their plans in
//! the order given.

mod binding;
mod branch;
mod check;
mod dual;
mod greedy;
mod infeasible;
mod local;
mod model;
mod solve;
mod tail;
#[cfg(test)]
mod tests;
mod told;

use thiserror::Error;

use binding::bindings;
use greedy::construct;
use infeasible::first_choice;
use model::{Goal, Model};

/// One way to launch a product.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Launch date, in days since 1970-01-01.
    pub day: i32,
    /// What it takes of the budget, at least 0.
    pub money: f64,
    /// Mean objective.
    pub value: f64,
    /// Objective in each of the joint worlds, with mean `value`. Not looked at without risk.
    pub worlds: Vec<f64>,
}

/// A product and the plans that it can have.
#[derive(Clone, Debug)]
pub struct Product {
    /// Products of one category keep [`Limits::apart`].
    pub category: Option<usize>,
    /// One of these is chosen.
    pub plans: Vec<Plan>,
    /// Whether it may be left out: no money, no date, value 0 in all worlds.
    pub optional: bool,
}

/// What all plans together must keep.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Most money that the plans take together.
    pub budget: Option<f64>,
    /// Most launches in one week, Monday to Sunday.
    pub per_week: Option<usize>,
    /// Least days between launch dates of one category.
    pub apart: Option<i32>,
}

/// How much the worst worlds count.
#[derive(Clone, Copy, Debug)]
pub struct Risk {
    /// Weight of the mean over the worst worlds, at least 0.
    pub weight: f64,
    /// Share of the worlds that are the worst, between 0 and 1. A world on its edge counts by its part.
    pub tail: f64,
}

/// One of the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`Limits::budget`]
    Budget,
    /// [`Limits::per_week`]
    PerWeek,
    /// [`Limits::apart`]
    Apart,
}

/// A limit that keeps a product from a better plan.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Without this limit (the others kept, and the plans of the other products) the product would have `plan`.
    pub limit: Limit,
    /// Best plan without it; none if it would better be left out.
    pub plan: Option<usize>,
    /// What the objective would gain.
    pub gain: f64,
}

/// The plans chosen.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// Index of the plan of each product; none for an optional one that is left out.
    pub plans: Vec<Option<usize>>,
    /// The objective.
    pub value: f64,
    /// No choice is worth more than this.
    pub bound: f64,
    /// Whether this choice is proven to be the best.
    pub exact: bool,
    /// What the objective would gain per unit of more budget, in the linear relaxation: the Lagrange multiplier. 0 where
    /// the budget does not bind.
    pub price_of_money: f64,
    /// Money that the plans take.
    pub money: f64,
    /// The limits that bind each product.
    pub bindings: Vec<Vec<Binding>>,
}

/// Why no plans were chosen. Products are indices in the order given.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Refusal {
    /// A number that makes no sense.
    #[error("{0}")]
    Input(String),
    /// A product that must be launched has no plan.
    #[error("product {0} has no plan and may not be left out")]
    NoPlan(usize),
    /// The cheapest plans cost more than there is.
    #[error("the cheapest plans together cost {least}, but the budget is {budget}")]
    Budget {
        /// What the cheapest plans cost together.
        least: f64,
        /// The budget.
        budget: f64,
    },
    /// More products must launch in some weeks than may.
    #[error("{} products must launch within {weeks} weeks, in which at most {} may ({per_week} a week)",
        products.len(), weeks * per_week)]
    PerWeek {
        /// The products.
        products: Vec<usize>,
        /// Number of weeks that their plans are in.
        weeks: usize,
        /// Most launches a week.
        per_week: usize,
    },
    /// More products of a category must launch in some time than fit.
    #[error("{} products of category {category} must launch between day {first} and day {last}, where at most {fit} of \
        their dates are {apart} days apart", products.len())]
    Apart {
        /// Their category.
        category: usize,
        /// The products.
        products: Vec<usize>,
        /// First of their dates.
        first: i32,
        /// Last of their dates.
        last: i32,
        /// The most dates among theirs that keep the distance.
        fit: usize,
        /// Least days between dates.
        apart: i32,
    },
    /// The limits on dates can be kept, but not within the budget.
    #[error(
        "the cheapest plans that keep {} cost at least {least}, but the budget is {budget}",
        names(with)
    )]
    BudgetWith {
        /// The limits on dates that matter.
        with: Vec<Limit>,
        /// The least that plans cost that keep them, or a lower bound of it.
        least: f64,
        /// The budget.
        budget: f64,
    },
    /// Limits that cannot be kept, found by search.
    #[error(
        "no choice of dates keeps {}: at least {missing} of the products find no date",
        names(limits)
    )]
    Dates {
        /// The limits that together cannot be kept.
        limits: Vec<Limit>,
        /// How many products at least find no date.
        missing: usize,
    },
    /// Neither a choice nor a proof that there is none was found.
    #[error(
        "no plans that keep all limits were found, and no proof that there are none: loosen a limit, or allow products \
        to be left out"
    )]
    Undecided,
}

fn names(limits: &[Limit]) -> String {
    let names: Vec<&str> = limits
        .iter()
        .map(|limit| match limit {
            Limit::Budget => "the budget",
            Limit::PerWeek => "the launches a week",
            Limit::Apart => "the days apart",
        })
        .collect();
    names.join(" and ")
}

/// Chooses one plan for each product, or leaves optional ones out, so that the objective of the module is greatest, as far as that
/// can be found in a fixed number of steps.
///
/// # Errors
///
/// [`Refusal`], which names the limit or limits that cannot be kept, with numbers; nothing is relaxed.
pub fn choose(products: &[Product], limits: &Limits, risk: &Risk) -> Result<Chosen, Refusal> {
    choose_within(products, limits, risk, 0.0)
}

/// As [`choose`], where a choice is good enough that misses the bound by a share `tolerance` of it.
///
/// # Errors
///
/// As [`choose`].
pub fn choose_within(products: &[Product], limits: &Limits, risk: &Risk, tolerance: f64) -> Result<Chosen, Refusal> {
    check::check(products, limits, risk)?;
    let order = check::canonical_order(products);
    let sorted: Vec<&Product> = order.iter().map(|&index| &products[index]).collect();
    let model = Model::new(&sorted, limits, risk, Goal::Value);
    let start = match construct(&model, &model.mean, 50) {
        Some(choice) => choice,
        None => first_choice(&sorted, &order, limits, risk)?,
    };
    let solution = solve::solve(&model, start, solve::Aim::Best(tolerance));
    let mut chosen = Chosen {
        plans: vec![None; products.len()],
        value: solution.value,
        bound: solution.bound,
        exact: solution.exact,
        price_of_money: solution.prices.money,
        money: solution.state.choice.iter().map(|&option| model.money[option]).sum(),
        bindings: vec![Vec::new(); products.len()],
    };
    for ((&index, &option), list) in order
        .iter()
        .zip(&solution.state.choice)
        .zip(bindings(&model, &solution.state))
    {
        chosen.plans[index] = model.plan[option];
        chosen.bindings[index] = list;
    }
    Ok(chosen)
}
