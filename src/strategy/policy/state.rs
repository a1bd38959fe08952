//! What is known when an action is chosen.

use serde::{Deserialize, Serialize};

use super::problem::{Product, Setting};

/// What is known at the beginning of a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Steps that are over.
    pub step: usize,
    /// Units in stock.
    pub stock: f64,
    /// Units sold so far.
    pub sales: f64,
    /// Units forecast for the same steps at what was done in them, in each step at most those in stock.
    pub forecast: f64,
    /// The latest price, as a multiple of the launch price.
    pub price: f64,
    /// The competitor's price, as a multiple of that at the launch.
    pub competitor: f64,
    /// Units ordered that have not come.
    pub on_order: f64,
    /// Steps until they come.
    pub arrival: usize,
}

/// Numbers that the networks see of a state.
pub const INPUTS: usize = 14;

impl State {
    /// At the launch.
    pub fn first(stock: f64) -> Self {
        Self {
            step: 0,
            stock,
            sales: 0.0,
            forecast: 0.0,
            price: 1.0,
            competitor: 1.0,
            on_order: 0.0,
            arrival: 0,
        }
    }

    /// Whether nothing can be sold any more.
    pub fn is_over(&self, setting: &Setting) -> bool {
        self.step >= setting.steps || (self.stock <= 0.0 && self.on_order <= 0.0 && !self.can_order(setting))
    }

    fn can_order(&self, setting: &Setting) -> bool {
        setting.can_order() && self.on_order <= 0.0 && self.step + setting.lead_time < setting.steps
    }

    /// Whether each action may be taken, 1 or 0.
    pub fn allowed<'a>(&'a self, setting: &'a Setting) -> impl Iterator<Item = f32> + 'a {
        let can_order = self.can_order(setting);
        // A price that no step leads to would leave nothing: the nearest one is always open.
        let move_to = |price: f64| (price / self.price - 1.0).abs();
        let nearest = setting
            .actions
            .iter()
            .map(|action| move_to(action.price))
            .fold(f64::INFINITY, f64::min);
        let most = setting.price_step.map(|step| step.max(nearest) + 1e-9);
        setting.actions.iter().map(move |action| {
            let near = most.is_none_or(|most| move_to(action.price) <= most);
            f32::from(near && (action.reorder <= 0.0 || can_order))
        })
    }

    /// Sales against the forecast: above 1 where more was sold.
    pub fn pace(&self, product: &Product) -> f64 {
        let prior = 0.05 * product.remaining(0);
        (self.sales + prior) / (self.forecast + prior)
    }

    /// Money that values are measured in: what is there to sell, or wanted, whichever is less, at the launch price.
    pub fn scale(&self, setting: &Setting, product: &Product) -> f64 {
        let total = product.remaining(0);
        let wanted = product.remaining(self.step) + 0.01 * total;
        let most = match self.can_order(setting) {
            true => setting.actions.iter().map(|a| product.order(a)).fold(0.0, f64::max),
            false => 0.0,
        };
        let there = self.stock + self.on_order + most + 0.01 * total;
        product.price * wanted * there / (wanted + there)
    }

    /// The numbers that the networks see.
    pub fn inputs(&self, setting: &Setting, product: &Product) -> [f32; INPUTS] {
        let total = product.remaining(0);
        let (wanted, least) = (product.remaining(self.step), 0.01 * total);
        let against = |units: f64| ((units + least) / (wanted + least)).ln() / 2.0;
        let steps = setting.steps as f64;
        [
            2.0 * self.step as f64 / steps - 1.0,
            2.0 * wanted / total - 1.0,
            against(self.stock).clamp(-3.0, 3.0),
            (self.stock / total).min(4.0),
            2.0 * self.pace(product).ln(),
            self.forecast / total,
            2.0 * self.price.ln(),
            4.0 * self.competitor.ln(),
            (self.on_order / total).min(4.0),
            self.arrival as f64 / steps,
            product.elasticity / 2.0,
            product.salvage / product.price,
            product.cost / product.price,
            total.max(1.0).ln() / 5.0 - 1.0,
        ]
        .map(|input| input as f32)
    }
}
