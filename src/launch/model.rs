//! A launch model: fitted members, their weights, intervals and record. What is stored and what answers forecasts.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ensemble::{combine, stacking_weights};
use super::member::{Member, OutOfSample};
use super::{Architecture, Baseline, Comparable, Fitted};
use crate::error::{Error, Result};
use crate::evaluation::Scores;
use crate::forecast::{Conformal, Forecast, HeldOut, LogForecast, Paths, Scheme, StepForecast, ages, splits};
use crate::neural::{EpochLog, Recipe};
use crate::panel::{Candidates, Frequency, LaunchPanel, check_horizon};
use crate::progress::Progress;

/// Fewest launches a model can be trained on and its errors measured.
pub const MIN_LAUNCHES: usize = 3;
/// Why `auto` does without a member.
const BEATEN: &str = "no better than naive on held-out launches";
/// Level at which a model reports its coverage.
const REPORT_LEVEL: f64 = 0.8;

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
    /// Past launches learned from.
    pub launches: usize,
    /// Observed product-steps of them.
    pub observations: usize,
    /// First launch date learned from, in days since 1970-01-01.
    pub first_launch: Option<i32>,
    /// Last launch date learned from.
    pub last_launch: Option<i32>,
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

/// Forecasts of held-out launches by a combination, by age, and its weights.
struct Combined {
    by_age: Vec<Vec<HeldOut>>,
    weights: Weights,
}

impl LaunchModel {
    /// Train on past launches: weigh the members and calibrate the intervals on launches held out, then fit to all.
    ///
    /// # Errors
    /// [`Error::Refused`] for fewer than [`MIN_LAUNCHES`] launches with an observed step, and what the model refuses.
    pub fn train(
        architecture: Architecture,
        panel: &LaunchPanel,
        recipe: &Recipe,
        progress: &Progress,
    ) -> Result<Self> {
        let panel = panel.drop_unobserved()?;
        if panel.len() < MIN_LAUNCHES {
            return Err(Error::refused(format!(
                "at least {MIN_LAUNCHES} past launches with observed sales are needed, got {}",
                panel.len()
            )));
        }
        let (scheme, splits) = splits(&panel)?;
        let baseline = OutOfSample::of(Architecture::Naive, &panel, &splits, recipe, progress)?;
        let (mut tried, mut left_out) = (Vec::new(), BTreeMap::new());
        for member in architecture.members(panel.len()) {
            progress.stage(&format!("{}: forecasts of held-out launches", member.name()));
            let forecasts = match member {
                Architecture::Naive => Ok(baseline.clone()),
                other => OutOfSample::of(other, &panel, &splits, recipe, progress),
            };
            match forecasts {
                Ok(forecasts) => tried.push(forecasts),
                Err(Error::Refused(reason)) if architecture == Architecture::Auto => {
                    left_out.insert(member, reason);
                }
                Err(error) => return Err(error),
            }
        }
        let mut beaten = Vec::new();
        if architecture == Architecture::Auto {
            (tried, beaten) = tried.into_iter().partition(|m| {
                let own = scores(&panel, &m.by_age[0], &baseline.by_age[0]);
                !is_worse(&own, &scores(&panel, &baseline.by_age[0], &m.by_age[0]))
            });
        }
        let mut combined = combined(&tried, splits.len());
        let mut validation = scores(&panel, &combined.by_age[0], &baseline.by_age[0]);
        let naive = scores(&panel, &baseline.by_age[0], &combined.by_age[0]);
        if architecture == Architecture::Auto && is_worse(&validation, &naive) {
            // Each of those tried is no worse in units, and naive is among them.
            let rmsle =
                |m: &OutOfSample| scores(&panel, &m.by_age[0], &baseline.by_age[0]).map_or(f64::INFINITY, |s| s.rmsle);
            let best = tried.iter().min_by(|a, b| rmsle(a).total_cmp(&rmsle(b)));
            combined = only(best.map_or(Architecture::Naive, |m| m.architecture), &tried);
            validation = scores(&panel, &combined.by_age[0], &baseline.by_age[0]);
        }
        let mut records = match architecture {
            Architecture::Auto => records(&panel, &tried, &combined.weights, &beaten, left_out),
            _ => BTreeMap::new(),
        };
        progress.stage(&format!("{}: fit to all launches", architecture.name()));
        let (mut members, weights) = fit_members(&panel, &tried, &combined.weights, recipe, progress)?;
        for (name, record) in &mut records {
            let fitted = members.iter().position(|m| m.fitted.architecture().name() == name);
            if fitted.is_none() && record.weight + record.running_weight > 0.0 {
                record.reason = Some("its fit to all launches failed".to_owned());
            }
            record.weight = fitted.map_or(0.0, |k| weights.cold[k]);
            record.running_weight = fitted.map_or(0.0, |k| weights.running[k]);
        }
        let mut attributes: Vec<String> = Vec::new();
        for (name, _) in members.iter().flat_map(|m| &m.fitted.encoder().columns) {
            if !attributes.contains(name) {
                attributes.push(name.clone());
            }
        }
        let training = Training {
            launches: panel.len(),
            observations: panel.observations(),
            first_launch: panel.launch_days().iter().min().copied(),
            last_launch: panel.launch_days().iter().max().copied(),
            fingerprint: fingerprint(&panel),
            held_out: combined.by_age[0].len(),
            held_out_by: Some(scheme),
            validation,
            naive,
            attributes,
            importance: members.iter().flat_map(|m| m.fitted.importance()).collect(),
            members: records,
            log: members.iter_mut().filter_map(|m| m.fitted.take_log()).collect(),
        };
        let calibrate = |(age, held_out): (usize, &Vec<HeldOut>)| Calibration {
            age,
            conformal: Conformal::fit(held_out, panel.horizon()),
            paths: Some(Paths::fit(held_out, panel.horizon(), combined.by_age.len())),
        };
        Ok(Self {
            architecture,
            frequency: panel.frequency(),
            horizon: panel.horizon(),
            part_periods: panel.has_part_periods(),
            seed: recipe.seed(),
            members,
            weights,
            calibration: ages(panel.horizon())
                .into_iter()
                .zip(&combined.by_age)
                .map(calibrate)
                .collect(),
            baseline: Some(Baseline::fit(&panel)?),
            training,
            refusal: None,
        })
    }

    /// Length of a step.
    pub fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// Steps the model was trained for.
    pub fn horizon(&self) -> usize {
        self.horizon
    }

    /// Why there is no model, if there is none.
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// The record of the training.
    pub fn training(&self) -> &Training {
        &self.training
    }

    /// Names of the attributes the model knows and a candidate does not have; one entry per candidate.
    pub fn unknown_attributes(&self, candidates: &Candidates) -> Vec<Vec<&str>> {
        let mut out = vec![Vec::new(); candidates.len()];
        for member in &self.members {
            let unknown = member.fitted.encoder().unknown(&candidates.attributes);
            for (out, names) in out.iter_mut().zip(unknown) {
                for name in names {
                    if !out.contains(&name) {
                        out.push(name);
                    }
                }
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
    /// beyond the model's.
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
        let own = self.own_history(&candidates.launch_days, own_units);
        let candidates = candidates.clone().running(own);
        let forecasts = self.combined_forecasts(&candidates)?;
        Ok(forecasts
            .into_iter()
            .enumerate()
            .map(|(i, (forecast, own_weight))| {
                let launch = candidates.launch_days[i];
                let conformal = self.conformal(candidates.own(i));
                let steps = (0..horizon)
                    .map(|step| StepForecast {
                        step: step + 1,
                        day: self.frequency.period_start(launch, step as i32).unwrap_or(launch),
                        interval: conformal.interval(&forecast, step, self.exposure(launch, step), level),
                    })
                    .collect();
                Forecast {
                    reason: forecast.reason,
                    own_weight,
                    steps,
                }
            })
            .collect())
    }

    /// The weighted forecasts of the members on the log scale, with the weight of each candidate's own sales.
    ///
    /// # Errors
    /// [`Error::Refused`] if the training was refused.
    pub(super) fn combined_forecasts(&self, candidates: &Candidates) -> Result<Vec<(LogForecast, f64)>> {
        let members: Vec<Vec<(LogForecast, f64)>> = self.fitted()?.iter().map(|m| m.forecast(candidates)).collect();
        Ok((0..candidates.len())
            .map(|i| {
                let weights = self.weights_of(candidates.own(i));
                let forecasts: Vec<(&LogForecast, f64)> =
                    members.iter().zip(weights).map(|(m, &w)| (&m[i].0, w)).collect();
                if let [(single, _)] = forecasts[..] {
                    return (single.clone(), members[0][i].1);
                }
                let mut forecast = combine(&forecasts);
                forecast.reason = self.reason(&forecasts);
                (forecast, members.iter().zip(weights).map(|(m, w)| w * m[i].1).sum())
            })
            .collect())
    }

    /// The weights of the members for a product that sold this so far.
    pub(super) fn weights_of(&self, own: &[f64]) -> &[f64] {
        match own.iter().any(|v| !v.is_nan()) {
            true => &self.weights.running,
            false => &self.weights.cold,
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

/// Comparables that carry only `weight` of a forecast: the rest stands with all launches that are not listed.
fn share(mut comparables: Vec<Comparable>, weight: f64) -> Vec<Comparable> {
    if weight < 1.0 {
        comparables.retain(|c| c.id.is_some());
        comparables.iter_mut().for_each(|c| c.weight *= weight);
        let listed: f64 = comparables.iter().map(|c| c.weight).sum();
        comparables.push(Comparable {
            id: None,
            weight: 1.0 - listed,
            scale: None,
            launch_day: None,
            units: None,
        });
    }
    comparables
}

/// Combine the members' forecasts, those of each split with weights learned on the other splits.
fn combined(tried: &[OutOfSample], splits: usize) -> Combined {
    if let [single] = tried {
        let weights = Weights {
            cold: vec![1.0],
            running: vec![1.0],
        };
        return Combined {
            by_age: single.by_age.clone(),
            weights,
        };
    }
    let learned = |ages: std::ops::Range<usize>, keep: &dyn Fn(&HeldOut) -> bool| {
        let mut members: Vec<Vec<&HeldOut>> = Vec::new();
        for member in tried {
            let forecasts = member.by_age[ages.clone()].iter().flatten();
            members.push(forecasts.filter(|h| keep(h)).collect());
        }
        stacking_weights(&members)
    };
    let count = tried[0].by_age.len();
    let phase = |age: usize| if age == 0 { 0..1 } else { 1..count };
    // Without a step that all have forecast, weights are equal; of running products those of new ones.
    let both = |keep: &dyn Fn(&HeldOut) -> bool| {
        let cold = learned(phase(0), keep).unwrap_or_else(|| vec![1.0 / tried.len() as f64; tried.len()]);
        let running = learned(phase(1), keep).unwrap_or_else(|| cold.clone());
        Weights { cold, running }
    };
    let by_split: Vec<Weights> = (0..splits)
        .map(|split| both(&|h| splits == 1 || h.split != split))
        .collect();
    let by_age = (0..count).map(|age| {
        let rows = 0..tried[0].by_age[age].len();
        rows.map(|row| {
            let first = &tried[0].by_age[age][row];
            let weights = &by_split[first.split];
            let weights = if age == 0 { &weights.cold } else { &weights.running };
            let forecasts: Vec<(&LogForecast, f64)> = tried
                .iter()
                .zip(weights)
                .map(|(m, &w)| (&m.by_age[age][row].forecast, w))
                .collect();
            HeldOut {
                forecast: combine(&forecasts),
                ..first.clone()
            }
        })
        .collect()
    });
    Combined {
        by_age: by_age.collect(),
        weights: both(&|_| true),
    }
}

/// One of the members alone.
fn only(architecture: Architecture, tried: &[OutOfSample]) -> Combined {
    let weights: Vec<f64> = tried
        .iter()
        .map(|m| f64::from(u8::from(m.architecture == architecture)))
        .collect();
    let member = tried.iter().find(|m| m.architecture == architecture);
    Combined {
        by_age: member.map_or_else(Vec::new, |m| m.by_age.clone()),
        weights: Weights {
            cold: weights.clone(),
            running: weights,
        },
    }
}

fn is_worse(scores: &Option<Scores>, than: &Option<Scores>) -> bool {
    let wape = |s: &Option<Scores>| s.as_ref().and_then(|s| s.wape);
    matches!((wape(scores), wape(than)), (Some(a), Some(b)) if a > b)
}

fn records(
    panel: &LaunchPanel,
    tried: &[OutOfSample],
    weights: &Weights,
    beaten: &[OutOfSample],
    left_out: BTreeMap<Architecture, String>,
) -> BTreeMap<String, MemberRecord> {
    let of = |member: &OutOfSample, weights: [f64; 2], reason: Option<&str>| {
        let record = MemberRecord {
            weight: weights[0],
            running_weight: weights[1],
            validation: scores(panel, &member.by_age[0], &tried[0].by_age[0]),
            reason: reason.map(str::to_owned),
        };
        (member.architecture.name().to_owned(), record)
    };
    let kept = tried.iter().zip(weights.cold.iter().zip(&weights.running));
    let kept = kept.map(|(member, (&cold, &running))| of(member, [cold, running], None));
    let beaten = beaten.iter().map(|member| of(member, [0.0; 2], Some(BEATEN)));
    let left_out = left_out.into_iter().map(|(architecture, reason)| {
        let record = MemberRecord {
            reason: Some(reason),
            ..MemberRecord::default()
        };
        (architecture.name().to_owned(), record)
    });
    kept.chain(beaten).chain(left_out).collect()
}

/// Fit the members that have weight to all launches.
fn fit_members(
    panel: &LaunchPanel,
    tried: &[OutOfSample],
    weights: &Weights,
    recipe: &Recipe,
    progress: &Progress,
) -> Result<(Vec<Member>, Weights)> {
    let has_weight = |m: &usize| weights.cold[*m] + weights.running[*m] > 0.0;
    let chosen: Vec<usize> = (0..tried.len()).filter(has_weight).collect();
    let fit = |&m: &usize| -> Result<Member> {
        Ok(Member {
            fitted: tried[m].architecture.fit(panel, recipe, progress)?,
            own_sales: tried[m].own_sales.clone(),
        })
    };
    let fits: Vec<Result<Member>> = chosen.par_iter().map(fit).collect();
    let (mut members, mut kept) = (Vec::new(), Weights::default());
    let mut refusal = None;
    for (m, member) in chosen.into_iter().zip(fits) {
        match member {
            Ok(member) => {
                members.push(member);
                kept.cold.push(weights.cold[m]);
                kept.running.push(weights.running[m]);
            }
            // What went well on the held-out launches may still fail on all: the others stand in for it.
            Err(Error::Refused(reason)) => refusal = Some(reason),
            Err(error) => return Err(error),
        }
    }
    for weights in [&mut kept.cold, &mut kept.running] {
        let (total, count) = (weights.iter().sum::<f64>(), weights.len() as f64);
        weights
            .iter_mut()
            .for_each(|w| *w = if total > 0.0 { *w / total } else { 1.0 / count });
    }
    match refusal {
        Some(reason) if members.is_empty() => Err(Error::Refused(reason)),
        _ => Ok((members, kept)),
    }
}

/// Check the probability of an interval.
///
/// # Errors
/// [`Error::Argument`] outside (0, 1).
pub(crate) fn check_level(level: f64) -> Result<()> {
    if level > 0.0 && level < 1.0 {
        return Ok(());
    }
    Err(Error::argument(format!(
        "level must be between 0 and 1, both excluded, got {level}"
    )))
}

/// Scores of held-out forecasts in units, at the steps that the forecasts of `others` (the same launches in the same
/// order) know too. The intervals of each half of the held-out launches are calibrated on the
/// other half, so that the coverage reported is not that of the launches the intervals were made from.
fn scores(panel: &LaunchPanel, held_out: &[HeldOut], others: &[HeldOut]) -> Option<Scores> {
    // Every other launch would not do: ids often alternate between categories.
    let second_half = |h: &&HeldOut| (h.launch as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 63 == 1;
    let (second, first): (Vec<&HeldOut>, Vec<&HeldOut>) = held_out.iter().partition(second_half);
    let from_first = Conformal::fit(first.iter().copied(), panel.horizon());
    let from_second = Conformal::fit(second.iter().copied(), panel.horizon());
    let mut rows = Vec::new();
    for (h, other) in held_out.iter().zip(others) {
        let conformal = if second_half(&h) { &from_first } else { &from_second };
        for step in (0..panel.horizon()).filter(|&step| !other.forecast.location[step].is_nan()) {
            let exposure = panel.exposure(h.launch, step);
            let interval = conformal.interval(&h.forecast, step, exposure, REPORT_LEVEL);
            if let (Some(actual), Some(interval)) = (panel.units(h.launch, step), interval) {
                rows.push((actual, interval));
            }
        }
    }
    Scores::of(&rows, REPORT_LEVEL)
}

fn fingerprint(panel: &LaunchPanel) -> String {
    let mut hash = Sha256::new();
    for i in 0..panel.len() {
        hash.update(panel.ids()[i].as_bytes());
        hash.update(panel.launch_days()[i].to_le_bytes());
        panel
            .log_units(i)
            .iter()
            .for_each(|v| hash.update(v.to_bits().to_le_bytes()));
    }
    hash.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect()
}
