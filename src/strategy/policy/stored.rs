//! A policy as bytes: its parts as JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Policy;
use super::problem::{Product, Setting};
use crate::model::{ModelError, Stored, from_json, to_json};

/// Units of a hidden layer, at most.
pub const MAX_HIDDEN: usize = 1_024;

impl Stored for Policy {
    const KIND: &'static str = "policy";
    const FORMAT: u32 = 1;

    fn info(&self) -> BTreeMap<String, Value> {
        let status = if self.refusal.is_some() { "refused" } else { "ok" };
        let notes = (!self.notes.is_empty()).then(|| self.notes.join("; "));
        let mut info = BTreeMap::from([
            ("status".to_owned(), json!(status)),
            ("reason".to_owned(), json!(self.refusal.clone().or(notes))),
            ("products".to_owned(), json!(self.products.len())),
            ("left_out".to_owned(), json!(self.left_out)),
            ("steps".to_owned(), json!(self.setting.steps)),
            ("actions".to_owned(), json!(self.setting.actions.len())),
        ]);
        info.extend(self.facts.map(|facts| ("facts".to_owned(), json!(facts))));
        info
    }

    fn to_payload(&self) -> Result<Vec<u8>, ModelError> {
        to_json(self)
    }

    fn from_payload(_: u32, payload: &[u8]) -> Result<Self, ModelError> {
        let mut policy: Self = from_json(payload)?;
        let unreadable = |what: &str| ModelError::Unreadable(what.to_owned());
        if policy.refusal.is_some() {
            return Ok(policy);
        }
        let steps = policy.setting.steps;
        let fits = is_sound(&policy.setting)
            && (1..=MAX_HIDDEN).contains(&policy.hidden)
            && !policy.products.is_empty()
            && policy.products.iter().all(|product| fits(product, steps))
            && policy.familiar.is_valid(steps);
        if !fits {
            return Err(unreadable("its parts do not fit each other"));
        }
        policy.build().map_err(|error| unreadable(&error.to_string()))?;
        Ok(policy)
    }
}

fn is_sound(setting: &Setting) -> bool {
    let sound = |a: &super::Action| {
        a.price > 0.0
            && [a.price, a.spend, a.spend_lift, a.reorder]
                .iter()
                .all(|number| number.is_finite() && *number >= 0.0)
    };
    let numbers = [
        Some(setting.order_cost),
        setting.price_step,
        setting.promotion.map(|p| p.lift),
        setting.promotion.map(|p| p.cost),
        setting.competition.map(|c| c.elasticity),
        setting.competition.map(|c| c.change),
    ];
    setting.steps > 0
        && setting.steps <= super::MAX_STEPS
        && !setting.actions.is_empty()
        && setting.actions.len() <= super::MAX_ACTIONS
        && setting.actions.iter().all(sound)
        && numbers.iter().flatten().all(|number| number.is_finite())
}

fn fits(product: &Product, steps: usize) -> bool {
    let numbers = [
        product.cost,
        product.salvage,
        product.holding,
        product.stock,
        product.elasticity,
    ];
    product.expected.len() == steps
        && product.price > 0.0
        && product.pack > 0.0
        && [product.price, product.pack].iter().all(|number| number.is_finite())
        && product.expected.iter().all(|units| units.is_finite() && *units >= 0.0)
        && product.remaining(0) > 0.0
        && product.competitor.is_none_or(|price| price.is_finite() && price > 0.0)
        && numbers.iter().all(|number| number.is_finite())
}
