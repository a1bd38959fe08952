//! Gradient-boosted trees on launches at any age.

mod features;
mod learning;

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::features::{Features, OWN_COLUMNS, Statics, push_own};
use super::HandOver;
use crate::boosting::Ensemble;
use crate::error::Result;
use crate::features::AttributeEncoder;
use crate::forecast::{FittedForecaster, Forecaster, LogForecast};
use crate::neural::Recipe;
use crate::panel::{Candidates, LaunchPanel};

/// The spread of a launch is at most this many times that of all launches.
const MAX_SPREAD: f64 = 2.0;
/// Own sales take away at most this share of it.
const MIN_RUNNING_SPREAD: f64 = 0.15;

/// Gradient-boosted trees.
///
/// *Model*: with x_is the attributes of launch i, step s and the season of that step, the forecast of y = ln(1 + units)
/// before the launch is c_s + w_1 (a' x + f_1(x)) + w_2 f_2(x) + w_3 f_3(x), where c_s is the mean of past launches at step
/// s, a' x a ridge regression, f_1 and f_2 sums of trees by squared loss and f_3 by absolute loss. The weights w, which
/// add up to 1, and the number of trees are learned on launches that a model had not seen. The spread is a sum of trees
/// fitted to |y - forecast|, between half and twice the spread of all launches. After some steps have been sold, the
/// hand-over ([`HandOver`]) corrects the forecast, and trees g(x, o) correct the rest, where o are mean, last and slope of
/// the differences so far, the mean of the sales, their number, and the periods since the last; another sum of trees gives
/// the spread.
///
/// What the other parts learn from are forecasts by models that had not seen the launch. Nothing is to be tuned. Every
/// launch has the same weight in each part. The last 20,000 launches are learned from (fewer where the horizon is longer
/// than ten steps), 30,000 product-steps of them at most.
///
/// All columns of attributes are looked at, up to 1,000; straight lines go through the 60 that go best with the level of
/// past launches.
///
/// *Missing data*: steps not observed are left out; a step observed in no launch has no forecast. A missing attribute
/// counts as the mean in a' x, and trees learn which way it goes. Beyond the numbers of past launches the
/// forecast is level.
///
/// *Determinism*: launches are left out by the seed; each model is fitted on one thread, sums run in the order of the
/// models.
///
/// *Errors*: refused without a past launch that has an observed step.
///
/// *References*: Friedman 2001, Greedy function approximation: a gradient boosting machine; Wolpert 1992, Stacked
/// generalization; Breiman 1996, Stacked regressions (forecasts by models that had not seen the launch).
#[derive(Debug, Clone, Copy)]
pub struct Gbm {
    seed: i64,
}

impl Gbm {
    /// With the seed of a recipe.
    pub fn new(recipe: &Recipe) -> Self {
        Self { seed: recipe.seed() }
    }
}

impl Forecaster for Gbm {
    type Fitted = FittedGbm;

    fn fit(&self, panel: &LaunchPanel) -> Result<FittedGbm> {
        learning::fit(panel, self.seed)
    }
}

/// Fitted trees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedGbm {
    features: Features,
    /// Launches learned from.
    launches: usize,
    /// Mean of past launches by step, `None` where nothing was observed.
    curve: Vec<Option<f64>>,
    /// Root mean square of the errors on launches that a model had not seen.
    spread: f64,
    location: Ensemble,
    location_spread: Ensemble,
    hand_over: HandOver,
    running: Ensemble,
    running_spread: Ensemble,
    /// Share of each attribute, launch season and recency in what lines and splits explain.
    importance: BTreeMap<String, f64>,
}

impl FittedForecaster for FittedGbm {
    fn forecast(&self, candidates: &Candidates) -> Result<Vec<LogForecast>> {
        let reason = self.reason();
        let statics = self.features.statics(&candidates.attributes, &candidates.launch_days);
        Ok(statics
            .par_iter()
            .enumerate()
            .map(|(i, launch)| {
                let mut forecast = LogForecast {
                    reason: reason.clone(),
                    ..self.before_launch(launch)
                };
                self.correct(&mut forecast, launch, candidates.own(i));
                forecast
            })
            .collect())
    }

    fn uses_own_sales(&self) -> bool {
        true
    }
}

impl FittedGbm {
    fn before_launch(&self, launch: &Statics) -> LogForecast {
        let mut row = Vec::new();
        let (mut location, mut spread) = (Vec::new(), Vec::new());
        for (step, mean) in self.curve.iter().enumerate() {
            row.clear();
            self.features.push_row(launch, step, &mut row);
            location.push(mean.map_or(f64::NAN, |mean| mean + self.location.predict(&row)));
            spread.push(bounded(self.location_spread.predict(&row), self.spread));
        }
        LogForecast {
            location,
            spread,
            reason: String::new(),
        }
    }

    /// Correct a forecast by own sales.
    fn correct(&self, forecast: &mut LogForecast, launch: &Statics, own: &[f64]) {
        let before = forecast.location.clone();
        if own.iter().zip(&before).all(|(y, f)| (y - f).is_nan()) {
            return;
        }
        self.hand_over.apply(forecast, own);
        let mut row = Vec::new();
        for step in 0..before.len() {
            row.clear();
            self.features.push_row(launch, step, &mut row);
            push_own(own, &before, step, &mut row);
            forecast.location[step] += self.running.predict(&row);
            let spread = self.running_spread.predict(&row);
            forecast.spread[step] = spread.clamp(MIN_RUNNING_SPREAD * self.spread, MAX_SPREAD * self.spread);
        }
    }

    fn reason(&self) -> String {
        let mut names: Vec<(&String, f64)> = self.importance.iter().map(|(n, v)| (n, *v)).collect();
        names.retain(|(_, share)| *share > 0.0);
        names.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        let names: Vec<&str> = names.iter().take(2).map(|(name, _)| name.as_str()).collect();
        let mainly = if names.is_empty() { "" } else { "; mainly " };
        format!(
            "boosted trees on {} launches{mainly}{}",
            self.launches,
            names.join(", ")
        )
    }

    /// The attributes looked at.
    pub fn encoder(&self) -> &AttributeEncoder {
        self.features.encoder()
    }

    /// Share of each attribute, launch season and recency in what is explained before the launch; they add up to 1.
    pub fn importance(&self) -> &BTreeMap<String, f64> {
        &self.importance
    }

    /// Whether the parts fit each other and the horizon, and no number is beyond what learning can give.
    pub fn is_valid(&self, horizon: usize) -> bool {
        let columns = self.features.columns();
        let ensembles = [
            (&self.location, columns),
            (&self.location_spread, columns),
            (&self.running, columns + OWN_COLUMNS),
            (&self.running_spread, columns + OWN_COLUMNS),
        ];
        self.curve.len() == horizon
            && self.curve.iter().flatten().all(|mean| mean.abs() <= 1e3)
            && (0.0..=1e3).contains(&self.spread)
            && self.features.is_valid()
            && ensembles.iter().all(|(ensemble, columns)| ensemble.is_valid(*columns))
            && self.hand_over.is_valid()
            && self.importance.values().all(|share| (0.0..=1.0 + 1e-9).contains(share))
    }
}

/// A spread between half and twice that of all launches.
fn bounded(spread: f64, all: f64) -> f64 {
    spread.clamp(all / MAX_SPREAD, MAX_SPREAD * all)
}

#[cfg(test)]
mod tests;
