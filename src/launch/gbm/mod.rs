//! Gradient-boosted trees.

mod boosting;
mod features;
mod trees;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::boosting::{Bag, Plan, Table, bags, combined, env, held_out};
use self::features::{Features, OWN_COLUMNS, Statics, push_own};
use self::trees::Trees;
use super::HandOver;
use crate::error::Result;
use crate::forecast::{FittedForecaster, Forecaster, HeldOut, LogForecast, after, ages};
use crate::neural::Recipe;
use crate::panel::{AttributeEncoder, Candidates, LaunchPanel, mean};

#[derive(Debug, Clone, Copy)]
pub struct Gbm {
    /// Seed of the launches left out.
    pub seed: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedGbm {
    features: Features,
    launches: usize,
    /// Mean by step.
    curve: Vec<Option<f64>>,
    spread: f64,
    cold: Trees,
    cold_spread: Trees,
    hand_over: HandOver,
    running: Trees,
    running_spread: Trees,
    importance: BTreeMap<String, f64>,
}

/// E|x| of a standard normal variable.
const MEAN_ABSOLUTE: f64 = 0.797_884_560_802_865_4;

impl Gbm {
    /// With the seed of a recipe.
    pub fn new(recipe: &Recipe) -> Self {
        Self { seed: recipe.seed() }
    }
}

impl Forecaster for Gbm {
    type Fitted = FittedGbm;

    fn fit(&self, panel: &LaunchPanel) -> Result<FittedGbm> {
        let horizon = panel.horizon();
        let n = panel.len();
        let features = Features::fit(panel);
        let statics = features.of_panel(panel);
        let curve: Vec<Option<f64>> = (0..horizon)
            .map(|s| mean((0..n).map(|i| panel.log_units(i)[s]).filter(|v| !v.is_nan())))
            .collect();
        let base = |s: usize| curve[s].unwrap_or(f64::NAN);
        let reps = env("GBM_REPS", 2.0) as usize;
        let plan = Plan::new(n, reps, env("GBM_GROUPS", 5.0) as usize, self.seed);
        // Cold.
        let mut table = Table {
            columns: features.columns(),
            ..Table::default()
        };
        let last = panel.launch_days().iter().max().copied().unwrap_or(0);
        let half = env("GBM_HALF", 0.0);
        for i in 0..n {
            let observed = panel.log_units(i).iter().filter(|v| !v.is_nan()).count();
            for s in 0..horizon {
                let y = panel.log_units(i)[s];
                if !y.is_nan() {
                    features.push_row(&statics[i], s, &mut table.values);
                    table.target.push(y - base(s));
                    let recent = if half > 0.0 {
                        0.5f64.powf(f64::from(last - panel.launch_days()[i]) / 365.25 / half)
                    } else {
                        1.0
                    };
                    table.weight.push(recent / observed as f64);
                    table.launch.push(i);
                }
            }
        }
        rescale(&mut table.weight);
        let cold_bags = bags(&table, &plan, reps, env("GBM_BUDGET", 0.5) as f32)?;
        let unseen: Vec<Vec<f64>> = (0..n)
            .map(|i| {
                (0..horizon)
                    .map(|s| base(s) + cold_of(&features, &statics[i], s, |row| held_out(&cold_bags, &plan, i, row)))
                    .collect()
            })
            .collect();
        // Spread of cold.
        let mut target = Vec::new();
        let mut r = 0;
        for i in 0..n {
            for s in 0..horizon {
                let y = panel.log_units(i)[s];
                if !y.is_nan() {
                    debug_assert_eq!(table.launch[r], i);
                    target.push((y - unseen[i][s]).abs() / MEAN_ABSOLUTE);
                    r += 1;
                }
            }
        }
        table.target = target;
        let one = Plan::new(n, 1, 1, self.seed + 1);
        let spread_bags = bags(&table, &one, 1, env("GBM_SPREAD", 0.3) as f32)?;
        let spread = mean(table.target.iter().map(|t| (t * MEAN_ABSOLUTE).powi(2)))
            .unwrap_or(0.0)
            .sqrt();
        let (cold_spread, _) = combined(spread_bags);
        // Running.
        let held: Vec<HeldOut> = (0..n)
            .map(|i| HeldOut {
                launch: i,
                split: 0,
                actual: panel.log_units(i).to_vec(),
                forecast: LogForecast {
                    location: unseen[i].clone(),
                    spread: spreads(&cold_spread, spread, &features, &statics[i], horizon),
                    reason: String::new(),
                },
            })
            .collect();
        let hand_over = HandOver::fit(&held);
        let mut table = Table {
            columns: features.columns() + OWN_COLUMNS,
            ..Table::default()
        };
        let mut corrected = Vec::new();
        for age in ages(horizon).into_iter().skip(1) {
            for h in &held {
                let own = &h.actual[..age];
                if own.iter().all(|v| v.is_nan()) {
                    continue;
                }
                let mut f = h.forecast.clone();
                hand_over.apply(&mut f, own);
                let rest = after(&h.actual, age);
                let count = rest.iter().filter(|v| !v.is_nan()).count();
                for s in (age..horizon).filter(|&s| !rest[s].is_nan()) {
                    features.push_row(&statics[h.launch], s, &mut table.values);
                    push_own(own, &h.forecast.location, s, &mut table.values);
                    table.target.push(rest[s] - f.location[s]);
                    table.weight.push(1.0 / count as f64);
                    table.launch.push(h.launch);
                    corrected.push(f.spread[s]);
                }
            }
        }
        rescale(&mut table.weight);
        let running_plan = Plan::new(n, reps, 5, self.seed + 2);
        let running_bags = bags(&table, &running_plan, 1, env("GBM_RUN", 0.5) as f32)?;
        let rest: Vec<f64> = (0..table.target.len())
            .map(|r| {
                (table.target[r] - held_out(&running_bags, &running_plan, table.launch[r], table.row(r))).abs()
                    / MEAN_ABSOLUTE
            })
            .collect();
        table.target = rest;
        let (running_spread, _) = combined(bags(&table, &one, 1, env("GBM_SPREAD", 0.3) as f32)?);
        let importance = importance(&features, &cold_bags);
        Ok(FittedGbm {
            launches: n,
            curve,
            spread,
            cold: combined(cold_bags).0,
            cold_spread,
            hand_over,
            running: combined(running_bags).0,
            running_spread,
            importance,
            features,
        })
    }
}

fn rescale(weights: &mut [f64]) {
    let m = mean(weights.iter().copied()).unwrap_or(1.0);
    weights.iter_mut().for_each(|w| *w /= m);
}

fn cold_of(features: &Features, launch: &Statics, step: usize, of: impl Fn(&[f32]) -> f64) -> f64 {
    let mut row = Vec::with_capacity(features.columns());
    features.push_row(launch, step, &mut row);
    of(&row)
}

fn spreads(trees: &Trees, all: f64, features: &Features, launch: &Statics, horizon: usize) -> Vec<f64> {
    (0..horizon)
        .map(|s| cold_of(features, launch, s, |row| trees.predict(row)).clamp(0.25 * all, 4.0 * all))
        .collect()
}

fn importance(features: &Features, bags: &[Bag]) -> BTreeMap<String, f64> {
    let mut out = BTreeMap::new();
    for bag in bags {
        for (column, gain) in bag.gain.iter().enumerate() {
            if let Some(name) = features.name(column) {
                *out.entry(name.to_owned()).or_insert(0.0) += gain;
            }
        }
    }
    let total: f64 = out.values().sum();
    if total > 0.0 {
        out.values_mut().for_each(|v| *v /= total);
    }
    out
}

impl FittedForecaster for FittedGbm {
    fn forecast(&self, candidates: &Candidates) -> Vec<LogForecast> {
        let statics = self.features.of_candidates(candidates);
        let horizon = self.curve.len();
        statics
            .iter()
            .enumerate()
            .map(|(i, launch)| {
                let location: Vec<f64> = (0..horizon)
                    .map(|s| {
                        self.curve[s].unwrap_or(f64::NAN)
                            + cold_of(&self.features, launch, s, |row| self.cold.predict(row))
                    })
                    .collect();
                let mut forecast = LogForecast {
                    spread: spreads(&self.cold_spread, self.spread, &self.features, launch, horizon),
                    location,
                    reason: self.reason(),
                };
                self.correct(&mut forecast, launch, candidates.own(i));
                forecast
            })
            .collect()
    }

    fn uses_own_sales(&self) -> bool {
        true
    }
}

impl FittedGbm {
    fn correct(&self, forecast: &mut LogForecast, launch: &Statics, own: &[f64]) {
        let cold = forecast.location.clone();
        if own.iter().zip(&cold).all(|(y, f)| (y - f).is_nan()) {
            return;
        }
        self.hand_over.apply(forecast, own);
        for s in 0..cold.len() {
            let mut row = Vec::new();
            self.features.push_row(launch, s, &mut row);
            push_own(own, &cold, s, &mut row);
            forecast.location[s] += self.running.predict(&row);
            forecast.spread[s] = self.running_spread.predict(&row).max(0.1 * self.spread);
        }
    }

    fn reason(&self) -> String {
        let mut names: Vec<(&String, &f64)> = self.importance.iter().collect();
        names.sort_by(|a, b| b.1.total_cmp(a.1));
        let names: Vec<&str> = names.iter().take(2).map(|n| n.0.as_str()).collect();
        format!(
            "boosted trees on {} launches; mainly {}",
            self.launches,
            names.join(", ")
        )
    }

    /// The attributes looked at.
    pub fn encoder(&self) -> &AttributeEncoder {
        self.features.encoder()
    }

    /// Gain.
    pub fn importance(&self) -> &BTreeMap<String, f64> {
        &self.importance
    }

    /// Whether the parts fit each other and the horizon; asked of models that were read from bytes.
    pub fn is_valid(&self, horizon: usize) -> bool {
        let columns = self.features.columns();
        self.curve.len() == horizon
            && self.features.is_valid()
            && self.cold.is_valid(columns)
            && self.cold_spread.is_valid(columns)
            && self.running.is_valid(columns + OWN_COLUMNS)
            && self.running_spread.is_valid(columns + OWN_COLUMNS)
            && self.hand_over.is_valid()
    }
}
