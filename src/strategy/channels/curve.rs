//! What a channel brings at any steady spend, with all that is not known about it.

use super::{
    sampler::Effect,
    saturation::{Family, Prepared},
    split::Response,
};
use crate::statistics::sorted;
use crate::strategy::quantile;

/// Draws of a channel's response to steady spend, in money and outcome a period.
#[derive(Debug, Clone)]
pub struct Curve {
    effects: Vec<Effect>,
    curves: Vec<(f64, Prepared)>,
    reference: f64,
}

impl Curve {
    /// Of effects in units of the reference spend and of the outcome's scale.
    pub fn new(effects: Vec<Effect>, reference: f64, scale: f64) -> Self {
        let curves = effects
            .iter()
            .map(|e| (scale * e.size, e.saturation.prepared()))
            .collect();
        Self {
            effects,
            curves,
            reference,
        }
    }

    /// The draws.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// Interval of the outcome of a spend a period; `level` is its probability.
    pub fn interval(&self, spend: f64, level: f64) -> (f64, f64) {
        let drawn = sorted(
            self.curves
                .iter()
                .map(|(size, curve)| size * curve.at(spend / self.reference)),
        );
        (
            quantile(&drawn, (1.0 - level) / 2.0),
            quantile(&drawn, (1.0 + level) / 2.0),
        )
    }

    /// Mean share of the effect that comes in later periods.
    pub fn later(&self) -> f64 {
        self.mean(|effect| effect.carry.later())
    }

    /// The family of most draws.
    pub fn family(&self) -> Family {
        let count = |family: &Family| self.effects.iter().filter(|e| e.saturation.family == *family).count();
        Family::ALL.into_iter().max_by_key(count).unwrap_or(Family::Hyperbolic)
    }

    /// The peak of most draws.
    pub fn peak(&self) -> usize {
        let count = |peak: &usize| self.effects.iter().filter(|e| e.carry.peak == *peak).count();
        // The earliest of equals.
        (0..=2).rev().max_by_key(count).unwrap_or(0)
    }

    fn mean(&self, of: impl Fn(&Effect) -> f64) -> f64 {
        self.effects.iter().map(of).sum::<f64>() / self.effects.len().max(1) as f64
    }
}

impl Response for Curve {
    fn outcome(&self, spend: f64) -> f64 {
        let u = spend / self.reference;
        self.curves.iter().map(|(size, curve)| size * curve.at(u)).sum::<f64>() / self.curves.len().max(1) as f64
    }

    fn marginal(&self, spend: f64) -> f64 {
        let u = spend / self.reference;
        let sum: f64 = self.curves.iter().map(|(size, curve)| size * curve.marginal(u)).sum();
        sum / self.curves.len().max(1) as f64 / self.reference
    }
}
