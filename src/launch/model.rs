//! A launch model: fitted members, their weights, intervals and record. What is stored and what answers forecasts.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use arrow_array::RecordBatch;
use serde::{Deserialize, Serialize};

use super::ensemble::combine;
use super::member::Member;
use super::reason::Lacking;
use super::{Architecture, Baseline, Comparable, Fitted};
use crate::calibration::Conformal;
use crate::error::{Error, Result};
use crate::features::AttributeEncoder;
use crate::forecast::{ErrorRecord, Forecast, Level, LogForecast, Paths, Scheme, Scores, StepForecast};
use crate::neural::{EpochLog, Recipe, RecipeOptions};
use crate::panel::{Candidates, Frequency, LaunchPanel, check_horizon, day_of_year_angle};
use crate::statistics::check_level;

/// Fewest launches a model can be trained on and its errors measured.
pub const MIN_LAUNCHES: usize = 3;

/// With fewer launches a forecast says on how few it rests.
const FEW: usize = 30;

/// Years after all launches learned from, from which on a launch date is told: it may be a slip of the pen.
const LATE: f64 = 5.0;
/// And so many before the first one.
const EARLY: f64 = 2.0;
const DAYS_OF_YEAR: f64 = 365.25;

/// Launches from which on it says something that there was none at some time of the year.
const MANY: usize = 20;
/// Parts of the year.
const TWELFTHS: usize = 12;

/// The twelfth of the year that a day is in, from 0.
fn season_of(day: i32) -> usize {
    let share = day_of_year_angle(day).rem_euclid(TAU) / TAU;
    ((share * TWELFTHS as f64) as usize).min(TWELFTHS - 1)
}

/// How many of these days are in each twelfth of the year.
pub(super) fn seasons(days: &[i32]) -> Vec<u32> {
    let mut counts = vec![0; TWELFTHS];
    days.iter().for_each(|day| counts[season_of(*day)] += 1);
    counts
}

/// A launch model: what is stored in the BLOB.
///
/// A model of a single architecture has one member with weight 1; `auto` has several.
#[derive(Debug, Clone, PartialEq)]
pub struct LaunchModel {
    pub(super) architecture: Architecture,
    pub(super) frequency: Frequency,
    pub(super) horizon: usize,
    /// Whether past launches began within periods, so that step 1 of a candidate is a part of a period too.
    pub(super) part_periods: bool,
    pub(super) seed: i64,
    /// None if the training was refused.
    pub(super) members: Vec<Member>,
    /// Weight of each member for products that have no sales, and for those that have.
    pub(super) weights: Weights,
    /// Intervals by age, youngest first.
    pub(super) calibration: Vec<Calibration>,
    /// What forecasts are explained against; `None` in models of format 1.
    pub(super) baseline: Option<Baseline>,
    pub(super) training: Training,
    /// Why there is no model, where the launches did not carry one.
    pub(super) refusal: Option<String>,
}

/// Weights of the members of a model; each list adds up to 1.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Weights {
    /// For products that have no sales.
    pub cold: Vec<f64>,
    /// For products that have some.
    pub running: Vec<f64>,
}

/// Errors of forecasts made at one age.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Steps of own sales the forecasts were given.
    pub age: usize,
    /// Their errors at the steps to come.
    pub conformal: Conformal,
    /// How these hang together; `None` in models of format 1.
    pub paths: Option<Paths>,
}

/// The record of a training: sizes and out-of-sample accuracy.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Training {
    /// Columns of attributes and series beside the sales that were given and that no member looks at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unused: Vec<String>,
    /// Past launches learned from.
    pub launches: usize,
    /// Products of them, where some are launched in several variants; none where each is a product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<usize>,
    /// Observed product-steps of them.
    pub observations: usize,
    /// First launch date learned from, in days since 1970-01-01.
    pub first_launch: Option<i32>,
    /// Last launch date learned from.
    pub last_launch: Option<i32>,
    /// Launches learned from in each twelfth of the year; none in models of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seasons: Vec<u32>,
    /// SHA-256 of the launches, shortened.
    pub fingerprint: String,
    /// Launches held out to measure the accuracy and to calibrate the intervals.
    pub held_out: usize,
    /// How they were chosen.
    pub held_out_by: Option<Scheme>,
    /// Accuracy on them.
    pub validation: Option<Scores>,
    /// Accuracy of the category mean curve on the same launches.
    pub naive: Option<Scores>,
    /// How much larger the errors of held-out launches were that had a level which none of those learned from had; none
    /// where there were none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_levels: Option<f64>,
    /// How much held-out launches sold beside what was expected, by origin; none of models of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// How far off the forecasts of held-out launches were; none of models of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<ErrorRecord>,
    /// Attributes used.
    pub attributes: Vec<String>,
    /// Learned weight of each attribute, launch season and recency; empty for models without.
    pub importance: BTreeMap<String, f64>,
    /// Of `auto`: what was tried, with its weights.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, MemberRecord>,
    /// Epochs of each network, by the name of its architecture.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub log: BTreeMap<String, Vec<EpochLog>>,
}

/// How one architecture did among those that `auto` tried.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MemberRecord {
    /// Weight in forecasts of products that have no sales.
    pub weight: f64,
    /// Weight in forecasts of products that have some.
    pub running_weight: f64,
    /// Accuracy on the held-out launches without sales.
    pub validation: Option<Scores>,
    /// Why it was left out, if it could not be trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A model that carries only the reason why there is none.
pub fn refused(
    architecture: Architecture,
    frequency: Frequency,
    horizon: usize,
    seed: i64,
    launches: usize,
    reason: String,
) -> LaunchModel {
    LaunchModel {
        architecture,
        frequency,
        horizon,
        part_periods: false,
        seed,
        members: Vec::new(),
        weights: Weights::default(),
        calibration: Vec::new(),
        baseline: None,
        training: Training {
            launches,
            ..Training::default()
        },
        refusal: Some(reason),
    }
}

impl LaunchModel {
    /// Length of a step.
    pub fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// Steps the model was trained for.
    pub fn horizon(&self) -> usize {
        self.horizon
    }

    /// Its architecture, as asked for.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// How its networks are trained: the recipe that it was trained with, as far as the model knows it. Without networks the
    /// seed is all that it uses.
    ///
    /// # Errors
    /// None that a trained model has.
    pub fn recipe(&self) -> Result<Recipe> {
        match self.members.iter().find_map(|m| m.fitted.network()) {
            Some(network) => Ok(network.recipe().clone()),
            None => Recipe::try_new(&RecipeOptions {
                seed: Some(self.seed),
                ..RecipeOptions::default()
            }),
        }
    }

    /// How its members read attributes.
    pub fn encoders(&self) -> impl Iterator<Item = &AttributeEncoder> {
        self.members.iter().map(|m| m.fitted.encoder())
    }

    /// How far off its forecasts of launches before their launch are, by launch and step, as [`ErrorRecord`] has it: NaN where the
    /// units are not known, or known from below alone.
    ///
    /// # Errors
    /// As [`LaunchModel::forecast`].
    pub fn scores(&self, launches: &LaunchPanel) -> Result<Vec<Vec<f64>>> {
        let calibration = self.calibration(&[]).and_then(|c| c.conformal.form());
        let Some(form) = calibration else {
            return Ok(vec![Vec::new(); launches.len()]);
        };
        let forecasts = self.combined_forecasts(&launches.candidates())?;
        let of_launch = |(row, (forecast, _)): (usize, &(LogForecast, f64))| {
            let known = launches.log_units(row).iter().enumerate();
            let actual: Vec<f64> = known
                .map(|(step, y)| {
                    if launches.is_lower_bound(row, step) {
                        f64::NAN
                    } else {
                        *y
                    }
                })
                .collect();
            forecast.scores_with(form, &actual)
        };
        Ok(forecasts.iter().enumerate().map(of_launch).collect())
    }

    /// The first attribute that the model looks at and rows lack, or have of another type, with what is wrong.
    pub fn unlike(&self, attributes: &RecordBatch) -> Option<(String, &'static str)> {
        let mut members = self.members.iter();
        members.find_map(|m| m.fitted.encoder().unlike(attributes).into_iter().next())
    }

    /// Why there is no model, if there is none.
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// The record of the training.
    pub fn training(&self) -> &Training {
        &self.training
    }

    /// What the model does not know of a candidate; one entry per candidate.
    pub fn lacking(&self, candidates: &Candidates) -> Vec<Lacking> {
        let none = Lacking {
            larger: self.training.new_levels,
            ..Lacking::default()
        };
        let mut out = vec![none; candidates.len()];
        if let Some(last) = self.training.last_launch {
            for (out, day) in out.iter_mut().zip(&candidates.launch_days) {
                let years = f64::from(day.saturating_sub(last)) / DAYS_OF_YEAR;
                out.late = (years >= LATE).then_some(years);
            }
        }
        if let Some(first) = self.training.first_launch {
            for (out, day) in out.iter_mut().zip(&candidates.launch_days) {
                let years = f64::from(first.saturating_sub(*day)) / DAYS_OF_YEAR;
                out.early = (years >= EARLY).then_some(years);
            }
        }
        let (launches, seasons) = (self.training.launches, &self.training.seasons);
        if launches >= MANY && !seasons.is_empty() {
            for (out, day) in out.iter_mut().zip(&candidates.launch_days) {
                let place = season_of(*day) + TWELFTHS;
                let near = [place - 1, place, place + 1].map(|at| seasons.get(at % TWELFTHS));
                out.is_new_season = near.iter().all(|count| count.is_some_and(|count| *count == 0));
            }
        }
        let add = |to: &mut Vec<String>, names: Vec<String>| {
            let new: Vec<String> = names.into_iter().filter(|name| !to.contains(name)).collect();
            to.extend(new);
        };
        for member in &self.members {
            let unknown = member.fitted.encoder().unknown(&candidates.attributes);
            for (out, unknown) in out.iter_mut().zip(unknown) {
                add(&mut out.unknown.missing, unknown.missing);
                add(&mut out.unknown.levels, unknown.levels);
                add(&mut out.unknown.far, unknown.far);
            }
        }
        out
    }

    /// Forecast candidates by step, with central intervals of probability `level`.
    ///
    /// `horizon` may be shorter than that of the training, not longer.
    ///
    /// # Errors
    /// [`Error::Refused`] if the training was refused; [`Error::Argument`] for a level outside (0, 1) or a horizon
    /// beyond the model's; [`Error::Internal`] where a member fails.
    pub fn forecast(&self, candidates: &Candidates, level: f64, horizon: Option<usize>) -> Result<Vec<Forecast>> {
        self.forecast_running(candidates, &[], level, horizon)
    }

    /// Forecast candidates of which some are on sale already: `own_units[i]` holds the units of candidate `i` by step
    /// so far (none beyond the end of the slice), finite and not negative, and corrects its forecast (see
    /// [`HandOver`]).
    ///
    /// # Errors
    /// As [`LaunchModel::forecast`].
    pub fn forecast_running(
        &self,
        candidates: &Candidates,
        own_units: &[Vec<Option<f64>>],
        level: f64,
        horizon: Option<usize>,
    ) -> Result<Vec<Forecast>> {
        check_level(level)?;
        let horizon = horizon.unwrap_or(self.horizon);
        check_horizon(i64::try_from(horizon).unwrap_or(i64::MAX))?;
        if horizon > self.horizon {
            return Err(Error::argument(format!(
                "horizon must be at most the {} {}s the model was trained for, got {horizon}",
                self.horizon,
                self.frequency.name()
            )));
        }
        let candidates = self.running(candidates, own_units)?;
        let forecasts = self.combined_forecasts(&candidates)?;
        Ok(forecasts
            .into_iter()
            .enumerate()
            .map(|(i, (forecast, own_weight))| {
                let launch = candidates.launch_days[i];
                let own = candidates.own(i);
                let conformal = &*self.conformal(own).raised_to(most_expected(own));
                let steps = (0..horizon)
                    .map(|step| StepForecast {
                        step: step + 1,
                        day: self.frequency.period_start(launch, step as i32).unwrap_or(launch),
                        interval: forecast.interval(conformal, step, self.exposure(launch, step), level),
                    })
                    .collect();
                Forecast {
                    reason: forecast.reason + &self.few(Some(level)),
                    own_weight,
                    steps,
                }
            })
            .collect())
    }

    /// The weighted forecasts of the members on the log scale, with the weight of each candidate's own sales.
    ///
    /// # Errors
    /// [`Error::Refused`] if the training was refused, [`Error::Internal`] if a member fails.
    pub(super) fn combined_forecasts(&self, candidates: &Candidates) -> Result<Vec<(LogForecast, f64)>> {
        Ok(self.combined(&self.member_forecasts(candidates)?, candidates))
    }

    /// The forecast of each member, with the weight of each candidate's own sales in it.
    ///
    /// # Errors
    /// As [`LaunchModel::combined_forecasts`].
    pub(super) fn member_forecasts(&self, candidates: &Candidates) -> Result<Vec<Vec<(LogForecast, f64)>>> {
        self.fitted()?.iter().map(|m| m.forecast(candidates)).collect()
    }

    /// The weighted mean of the members' forecasts.
    pub(super) fn combined(
        &self,
        members: &[Vec<(LogForecast, f64)>],
        candidates: &Candidates,
    ) -> Vec<(LogForecast, f64)> {
        let mixed = |i: usize| {
            let weights = self.weights_of(candidates.own(i));
            let forecasts: Vec<(&LogForecast, f64)> = members.iter().zip(weights).map(|(m, &w)| (&m[i].0, w)).collect();
            if let [(single, _)] = forecasts[..] {
                return (single.clone(), members[0][i].1);
            }
            let mut forecast = combine(&forecasts);
            forecast.reason = self.reason(&forecasts);
            (forecast, members.iter().zip(weights).map(|(m, w)| w * m[i].1).sum())
        };
        let wider: Vec<f64> = match self.training.new_levels {
            Some(by) if by > 1.0 => {
                let lacking = self.lacking(candidates).into_iter();
                lacking
                    .map(|l| if l.unknown.levels.is_empty() { 1.0 } else { by })
                    .collect()
            }
            _ => vec![1.0; candidates.len()],
        };
        let of_candidate = |i: usize| {
            let (mut forecast, own_weight) = mixed(i);
            forecast.spread.iter_mut().for_each(|spread| *spread *= wider[i]);
            (forecast, own_weight)
        };
        (0..candidates.len()).map(of_candidate).collect()
    }

    /// The weights of the members for a product that sold this so far.
    pub(super) fn weights_of(&self, own: &[f64]) -> &[f64] {
        match own.iter().any(|v| !v.is_nan()) {
            true => &self.weights.running,
            false => &self.weights.cold,
        }
    }

    /// What is to be said where there are few launches: on how many a forecast rests, and how far an interval reaches.
    pub(super) fn few(&self, level: Option<f64>) -> String {
        let launches = self.training.clusters.unwrap_or(self.training.launches);
        if launches >= FEW {
            return String::new();
        }
        let held_out = self.training.held_out.min(launches) as f64;
        // Beyond the outermost of n errors lies one in n + 1 of the next ones.
        let reached = (held_out - 1.0) / (held_out + 1.0);
        let interval = match level {
            Some(level) if level > reached => {
                let reached = (100.0 * reached).max(0.0);
                match held_out {
                    1.0 => ", which says nothing of how far others are from it".to_owned(),
                    _ => format!(", {held_out:.0} of them held out, so the interval holds {reached:.0} % at most"),
                }
            }
            _ => String::new(),
        };
        let variants = match self.training.clusters {
            Some(_) => format!(" ({} with their variants)", self.training.launches),
            None => String::new(),
        };
        match launches {
            1 => format!("; there is only one past launch{variants}{interval}"),
            _ => format!("; there are only {launches} past launches{variants}{interval}"),
        }
    }

    /// The errors of forecasts made at the age of a product that sold this so far.
    pub(super) fn conformal(&self, own: &[f64]) -> &Conformal {
        static NONE: Conformal = Conformal::none();
        self.calibration(own).map_or(&NONE, |c| &c.conformal)
    }

    pub(super) fn calibration(&self, own: &[f64]) -> Option<&Calibration> {
        let age = own.iter().filter(|v| !v.is_nan()).count();
        let found = self.calibration.iter().rfind(|c| c.age <= age);
        found.or(self.calibration.first())
    }

    /// The members by weight, and what the largest one that says more than its name rests on.
    fn reason(&self, forecasts: &[(&LogForecast, f64)]) -> String {
        let mut order: Vec<usize> = (0..forecasts.len()).filter(|&m| forecasts[m].1 > 0.0).collect();
        order.sort_by(|&a, &b| forecasts[b].1.total_cmp(&forecasts[a].1).then(a.cmp(&b)));
        let name = |m: usize| self.members[m].fitted.architecture().name();
        let shares: Vec<String> = order
            .iter()
            .map(|&m| format!("{} {:.0} %", name(m), 100.0 * forecasts[m].1))
            .collect();
        let analog = order
            .iter()
            .find(|&&m| matches!(self.members[m].fitted, Fitted::Analog(_)));
        match analog.or(order.first()) {
            Some(&m) => format!("{}; {} {}", shares.join(", "), name(m), forecasts[m].0.reason),
            None => String::new(),
        }
    }

    /// The past launches behind each candidate's forecast.
    ///
    /// # Errors
    /// [`Error::Refused`] if the training was refused or the architecture keeps no past launches.
    pub fn comparables(&self, candidates: &Candidates, k: usize) -> Result<Vec<Vec<Comparable>>> {
        let members = self.fitted()?.iter().zip(&self.weights.cold);
        let analog = members
            .filter(|(_, w)| **w > 0.0)
            .find_map(|(member, weight)| match &member.fitted {
                Fitted::Analog(analog) => Some((analog, *weight)),
                _ => None,
            });
        let Some((analog, weight)) = analog else {
            return Err(Error::refused(format!(
                "this model of architecture '{}' does not rest on single launches: train with architecture := 'analog'",
                self.architecture.name()
            )));
        };
        Ok(analog
            .comparables(candidates, k)
            .into_iter()
            .map(|c| share(c, weight))
            .collect())
    }

    /// Share of a step's period in which a product launched on a day can sell, as far as the past launches tell.
    pub(super) fn exposure(&self, launch: i32, step: usize) -> f64 {
        if self.part_periods {
            self.frequency.exposure(launch, step)
        } else {
            1.0
        }
    }

    /// Units so far on the scale of the forecast.
    pub(super) fn own_history(&self, launch_days: &[i32], units: &[Vec<Option<f64>>]) -> Vec<Vec<f64>> {
        let scaled = |launch: i32, units: &Vec<Option<f64>>| {
            let steps = units.iter().take(self.horizon).enumerate();
            steps
                .map(|(step, v)| v.map_or(f64::NAN, |v| (v / self.exposure(launch, step)).ln_1p()))
                .collect()
        };
        launch_days
            .iter()
            .zip(units)
            .map(|(&launch, units)| scaled(launch, units))
            .collect()
    }

    fn fitted(&self) -> Result<&[Member]> {
        if self.members.is_empty() {
            return Err(Error::refused(format!(
                "the model was refused in training: {}",
                self.refusal().unwrap_or("no reason given")
            )));
        }
        Ok(&self.members)
    }
}

/// What a product on sale may sell in a period at most, as far as its own sales tell: twice its best one, on the scale
/// ln(1 + units).
pub(super) fn most_expected(own: &[f64]) -> f64 {
    let most = own.iter().copied().fold(0.0, f64::max);
    (2.0 * most.exp_m1()).ln_1p()
}

/// Comparables that carry only `weight` of a forecast: other members have the rest.
fn share(mut comparables: Vec<Comparable>, weight: f64) -> Vec<Comparable> {
    if weight < 1.0 {
        comparables.iter_mut().for_each(|c| c.weight *= weight);
        let told: f64 = comparables.iter().map(|c| c.weight).sum();
        comparables.push(Comparable {
            weight: 1.0 - told,
            group: Some("the other models of auto".to_owned()),
            ..Comparable::default()
        });
    }
    comparables
}
