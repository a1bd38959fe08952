//! How many units to order for a launch, and for a product that sells already.

mod budget;
mod newsvendor;
mod supply;
mod terms;

use super::{Paths, quantile};
use crate::statistics::{self, sorted};
pub use budget::{Level, Shared, levels, share_out};
pub use newsvendor::Needs;
pub use supply::{Outcome, Reorder, Rule, first_order, needs, outcome, profit_of};
pub use terms::{Given, Margin, Terms};

/// When orders arrive, in steps of the paths.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Timing {
    /// One order, there from the first step on.
    Once,
    /// An order that arrives when so many steps have begun: what is on hand must do until then.
    Late(usize),
    /// An order that is there from the first step on, and a second one.
    Twice(Reorder),
}

/// What an order of a product comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Units ordered now.
    pub units: f64,
    /// Expected units of the second order, and the ends of its interval.
    pub reordered: (f64, f64, f64),
    /// Expected units wanted.
    pub wanted: f64,
    /// Expected units sold.
    pub sold: f64,
    /// Expected units left over.
    pub left: f64,
    /// Probability that all that is wanted is sold.
    pub service_level: f64,
    /// Expected profit and the ends of its interval; `None` where it is not known.
    pub profit: Option<(f64, f64, f64)>,
}

impl Timing {
    /// The needs from an order now.
    fn needs(self, paths: &Paths, terms: &Terms) -> Needs {
        let worlds: Vec<usize> = (0..paths.worlds()).collect();
        let arrived = if let Self::Late(arrived) = self { arrived } else { 0 };
        needs(paths, &worlds, terms.stock, arrived, terms.margin.as_ref())
    }

    /// The best order on these terms, without a budget.
    pub fn best_order(self, paths: &Paths, terms: &Terms) -> f64 {
        match self {
            Self::Twice(reorder) => first_order(paths, reorder, terms),
            _ => self.needs(paths, terms).order(terms),
        }
    }

    /// What an order comes to in `paths`; a second one is decided by what `learned` paths tell of sales until then. `level` is the
    /// probability of the intervals.
    pub fn order(self, units: f64, learned: &Paths, paths: &Paths, terms: &Terms, level: f64) -> Order {
        let rule = match self {
            Self::Twice(reorder) => Some(Rule::learn(learned, terms.stock + units, reorder, terms)),
            _ => None,
        };
        let arrived = if let Self::Late(arrived) = self { arrived } else { 0 };
        let outcome = |world| outcome(paths, world, (units, arrived), rule.as_ref(), terms);
        let outcomes: Vec<Outcome> = (0..paths.worlds()).map(outcome).collect();
        let mean = |value: fn(&Outcome) -> f64| statistics::mean(outcomes.iter().map(value)).unwrap_or(0.0);
        let interval = |value: fn(&Outcome) -> f64| {
            let sorted = sorted(outcomes.iter().map(value));
            let end = |probability: f64| quantile(&sorted, probability);
            (mean(value), end((1.0 - level) / 2.0), end((1.0 + level) / 2.0))
        };
        Order {
            units,
            reordered: interval(|o| o.reordered),
            wanted: mean(|o| o.wanted),
            sold: mean(|o| o.sold),
            left: mean(|o| o.left),
            // Sums of units differ in their last digits.
            service_level: mean(|o| f64::from(o.wanted - o.sold <= 1e-9 * o.wanted.max(1.0))),
            profit: terms.margin.map(|_| interval(|o| o.profit)),
        }
    }
}
