//! What is decided: products, their demand, and the actions there are.

use serde::{Deserialize, Serialize};

/// How units answer to a price, relative to those at the launch price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// m ^ e for m times the launch price: the same elasticity e at all prices.
    Constant,
    /// exp(e (m - 1)): the elasticity is e at the launch price, and grows with the price.
    Exponential,
}

impl Response {
    /// What the elasticity is multiplied by: the logarithm of the units' factor is e times it.
    pub fn exponent(self, multiple: f64) -> f64 {
        match self {
            Self::Constant => multiple.ln(),
            Self::Exponential => multiple - 1.0,
        }
    }
}

/// What can be done in a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// The price, as a multiple of the launch price.
    pub price: f64,
    /// Whether there is a promotion.
    pub promotion: bool,
    /// Money spent beside the usual.
    pub spend: f64,
    /// What it multiplies units by.
    pub spend_lift: f64,
    /// Units ordered, as a share of those expected over all steps.
    pub reorder: f64,
}

/// What a promotion does.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Promotion {
    /// What it multiplies units by.
    pub lift: f64,
    /// Standard error of the logarithm of the lift.
    pub error: f64,
    /// Money a step costs.
    pub cost: f64,
}

/// What a competitor does.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Competition {
    /// Change of our units in % for a competitor's price higher by 1 %.
    pub elasticity: f64,
    /// Standard deviation of the change of the logarithm of its price in a step.
    pub change: f64,
}

/// What holds for all products.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// Steps.
    pub steps: usize,
    /// How units answer to a price.
    pub response: Response,
    /// What can be done, in an order that stays.
    pub actions: Vec<Action>,
    /// Share by which a price may move in a step, at most.
    pub price_step: Option<f64>,
    /// Steps from an order to its arrival.
    pub lead_time: usize,
    /// Money an order costs beside its units.
    pub order_cost: f64,
    /// What a promotion does, if there is one.
    pub promotion: Option<Promotion>,
    /// What a competitor does, if it is looked at.
    pub competition: Option<Competition>,
}

/// A product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// What it is called.
    pub key: String,
    /// Its price at the launch.
    pub price: f64,
    /// What a unit costs that is ordered.
    pub cost: f64,
    /// What a unit left over brings at the end.
    pub salvage: f64,
    /// What holding a unit for a step costs.
    pub holding: f64,
    /// Units at the launch.
    pub stock: f64,
    /// Units are ordered in multiples of it.
    pub pack: f64,
    /// Expected units of each step at the launch price.
    pub expected: Vec<f64>,
    /// Change of units in % for a price higher by 1 %, at the launch price.
    pub elasticity: f64,
    /// Its standard error.
    pub elasticity_error: f64,
    /// Price of the competitor at the launch, if it is looked at.
    pub competitor: Option<f64>,
}

/// What demand is drawn from.
#[derive(Debug, Clone, PartialEq)]
pub enum Demand {
    /// Joint paths at the launch price, by world and step: they hold all of its noise.
    Paths(Vec<Vec<f64>>),
    /// Poisson numbers around the expected units, times a level that is drawn once: the standard error of its logarithm.
    Poisson(f64),
}

/// What a policy is learned for.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// What holds for all products.
    pub setting: Setting,
    /// The products.
    pub products: Vec<Product>,
    /// The demand of each.
    pub demands: Vec<Demand>,
}

impl Product {
    /// Expected units at the launch price from a step on.
    pub fn remaining(&self, step: usize) -> f64 {
        self.expected.iter().skip(step).sum()
    }

    /// Units of an order.
    pub fn order(&self, action: &Action) -> f64 {
        (action.reorder * self.remaining(0) / self.pack).round() * self.pack
    }
}

impl Setting {
    /// Expected factor of the units of an action: at the parameters' means.
    pub fn factor(&self, product: &Product, action: &Action, competitor: f64) -> f64 {
        let price = (product.elasticity * self.response.exponent(action.price)).exp();
        price * self.lift(action, self.promotion.map_or(1.0, |p| p.lift)) * self.pressed(competitor)
    }

    /// What promotion and spend multiply units by.
    pub fn lift(&self, action: &Action, promotion: f64) -> f64 {
        action.spend_lift * if action.promotion { promotion } else { 1.0 }
    }

    /// What a competitor multiplies units by, whose price is so many times that at the launch.
    pub fn pressed(&self, competitor: f64) -> f64 {
        self.competition.map_or(1.0, |c| competitor.powf(c.elasticity))
    }

    /// What an action costs in itself.
    pub fn fixed_cost(&self, action: &Action) -> f64 {
        let promotion = self.promotion.filter(|_| action.promotion).map_or(0.0, |p| p.cost);
        promotion + action.spend + if action.reorder > 0.0 { self.order_cost } else { 0.0 }
    }

    /// Whether orders are among the actions.
    pub fn can_order(&self) -> bool {
        self.actions.iter().any(|action| action.reorder > 0.0)
    }
}
