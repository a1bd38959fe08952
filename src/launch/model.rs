//! A fitted launch model with its intervals and its record: what is stored and what answers forecasts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Analog, Bass, Comparable, FittedAnalog, FittedBass, FittedNaive, HandOver, Naive};
use crate::error::{Error, Result};
use crate::evaluation::Scores;
use crate::forecast::{
    Conformal, FittedForecaster, Forecast, Forecaster, HeldOut, LogForecast, Scheme, Split, StepForecast, held_out,
    splits,
};
use crate::model::{ModelError, Stored, from_json, to_json};
use crate::panel::{Candidates, Frequency, LaunchPanel, check_horizon};

/// Fewest launches a model can be trained on and its errors measured.
pub const MIN_LAUNCHES: usize = 3;
/// Level at which a model reports its coverage.
const REPORT_LEVEL: f64 = 0.8;

/// The kinds of launch model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// Category mean curve, the baseline.
    Naive,
    /// Similarity-weighted past launches.
    Analog,
    /// Bass diffusion by category.
    Bass,
}

impl Architecture {
    /// All of them; the conformance tests run through this list.
    pub const ALL: [Self; 3] = [Self::Naive, Self::Analog, Self::Bass];

    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Analog => "analog",
            Self::Bass => "bass",
        }
    }

    /// Parse a name, in any case.
    ///
    /// # Errors
    /// [`Error::Argument`] that lists the valid names.
    pub fn parse(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|a| a.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                Error::argument(format!(
                    "architecture must be one of {}, got '{name}'",
                    Self::ALL.map(Self::name).join(", ")
                ))
            })
    }

    fn fit(self, panel: &LaunchPanel) -> Result<Fitted> {
        Ok(match self {
            Self::Naive => Fitted::Naive(Naive.fit(panel)?),
            Self::Analog => Fitted::Analog(Box::new(Analog.fit(panel)?)),
            Self::Bass => Fitted::Bass(Bass.fit(panel)?),
        })
    }

    fn held_out(self, panel: &LaunchPanel, splits: &[Split]) -> Result<Vec<HeldOut>> {
        match self {
            Self::Naive => held_out(&Naive, panel, splits),
            Self::Analog => held_out(&Analog, panel, splits),
            Self::Bass => held_out(&Bass, panel, splits),
        }
    }
}

/// A fitted model of any architecture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "architecture", rename_all = "lowercase")]
pub enum Fitted {
    /// See [`Naive`].
    Naive(FittedNaive),
    /// See [`Analog`].
    Analog(Box<FittedAnalog>),
    /// See [`Bass`].
    Bass(FittedBass),
}

impl Fitted {
    fn forecast(&self, candidates: &Candidates) -> Vec<LogForecast> {
        match self {
            Self::Naive(m) => m.forecast(candidates),
            Self::Analog(m) => m.forecast(candidates),
            Self::Bass(m) => m.forecast(candidates),
        }
    }

    fn is_valid(&self, horizon: usize) -> bool {
        match self {
            Self::Naive(m) => m.is_valid(horizon),
            Self::Analog(m) => m.is_valid(horizon),
            Self::Bass(m) => m.is_valid(horizon),
        }
    }
}

/// A launch model: what is stored in the BLOB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaunchModel {
    architecture: Architecture,
    frequency: Frequency,
    horizon: usize,
    /// Whether past launches began within periods, so that step 1 of a candidate is a part of a period too.
    part_periods: bool,
    seed: i64,
    fitted: Option<Fitted>,
    conformal: Conformal,
    hand_over: HandOver,
    training: Training,
    /// Why there is no model, where the launches did not carry one.
    refusal: Option<String>,
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
        fitted: None,
        conformal: Conformal::default(),
        hand_over: HandOver::default(),
        training: Training {
            launches,
            ..Training::default()
        },
        refusal: Some(reason),
    }
}

impl LaunchModel {
    /// Train on past launches: fit to all, calibrate the intervals on launches held out.
    ///
    /// # Errors
    /// [`Error::Refused`] for fewer than [`MIN_LAUNCHES`] launches with an observed step, and what the model refuses.
    pub fn train(architecture: Architecture, panel: &LaunchPanel, seed: i64) -> Result<Self> {
        let panel = panel.drop_unobserved()?;
        if panel.len() < MIN_LAUNCHES {
            return Err(Error::refused(format!(
                "at least {MIN_LAUNCHES} past launches with observed sales are needed, got {}",
                panel.len()
            )));
        }
        let (scheme, splits) = splits(&panel)?;
        let held_out = architecture.held_out(&panel, &splits)?;
        let conformal = Conformal::fit(&held_out, panel.horizon());
        let baseline = Architecture::Naive.held_out(&panel, &splits)?;
        let validation = scores(&panel, &held_out, &baseline);
        let naive = scores(&panel, &baseline, &held_out);
        let fitted = architecture.fit(&panel)?;
        let (attributes, importance) = match &fitted {
            Fitted::Naive(m) => (
                m.grouping().column().map(str::to_owned).into_iter().collect(),
                BTreeMap::new(),
            ),
            Fitted::Bass(m) => (
                m.grouping().column().map(str::to_owned).into_iter().collect(),
                BTreeMap::new(),
            ),
            Fitted::Analog(m) => (
                m.encoder().columns.iter().map(|(n, _)| n.clone()).collect(),
                m.importance().map(|(n, w)| (n.to_owned(), w)).collect(),
            ),
        };
        let training = Training {
            launches: panel.len(),
            observations: panel.observations(),
            first_launch: panel.launch_days().iter().min().copied(),
            last_launch: panel.launch_days().iter().max().copied(),
            fingerprint: fingerprint(&panel),
            held_out: held_out.len(),
            held_out_by: Some(scheme),
            validation,
            naive,
            attributes,
            importance,
        };
        Ok(Self {
            architecture,
            frequency: panel.frequency(),
            horizon: panel.horizon(),
            part_periods: panel.has_part_periods(),
            seed,
            fitted: Some(fitted),
            conformal,
            hand_over: HandOver::fit(&held_out),
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
        match &self.fitted {
            Some(Fitted::Naive(m)) => m.grouping().encoder().unknown(&candidates.attributes),
            Some(Fitted::Bass(m)) => m.grouping().encoder().unknown(&candidates.attributes),
            Some(Fitted::Analog(m)) => m.encoder().unknown(&candidates.attributes),
            None => vec![Vec::new(); candidates.len()],
        }
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
        let fitted = self.fitted()?;
        let forecasts = fitted.forecast(candidates);
        Ok(candidates
            .launch_days
            .iter()
            .zip(forecasts)
            .enumerate()
            .map(|(i, (&launch, mut forecast))| {
                let own = self.own_history(launch, own_units.get(i).map_or(&[], Vec::as_slice));
                let own_weight = self.hand_over.apply(&mut forecast, &own);
                let steps = (0..horizon)
                    .map(|step| {
                        let exposure = self.exposure(launch, step);
                        StepForecast {
                            step: step + 1,
                            day: self.frequency.period_start(launch, step as i32).unwrap_or(launch),
                            interval: self.conformal.interval(&forecast, step, exposure, level),
                        }
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

    /// The past launches behind each candidate's forecast.
    ///
    /// # Errors
    /// [`Error::Refused`] if the training was refused or the architecture keeps no past launches.
    pub fn comparables(&self, candidates: &Candidates, k: usize) -> Result<Vec<Vec<Comparable>>> {
        match self.fitted()? {
            Fitted::Analog(m) => Ok(m.comparables(candidates, k)),
            _ => Err(Error::refused(format!(
                "a model of architecture '{}' does not rest on single launches: train with architecture := 'analog'",
                self.architecture.name()
            ))),
        }
    }

    /// Share of a step's period in which a product launched on a day can sell, as far as the past launches tell.
    fn exposure(&self, launch: i32, step: usize) -> f64 {
        if self.part_periods {
            self.frequency.exposure(launch, step)
        } else {
            1.0
        }
    }

    /// Units so far on the scale of the forecast.
    fn own_history(&self, launch: i32, units: &[Option<f64>]) -> Vec<f64> {
        let scaled =
            |(step, v): (usize, &Option<f64>)| v.map_or(f64::NAN, |v| (v / self.exposure(launch, step)).ln_1p());
        units.iter().enumerate().map(scaled).collect()
    }

    fn fitted(&self) -> Result<&Fitted> {
        let refused = || {
            Error::refused(format!(
                "the model was refused in training: {}",
                self.refusal().unwrap_or("no reason given")
            ))
        };
        self.fitted.as_ref().ok_or_else(refused)
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

impl Stored for LaunchModel {
    const KIND: &'static str = "launch";
    const FORMAT: u32 = 1;

    fn info(&self) -> BTreeMap<String, Value> {
        let t = &self.training;
        let date = |day: Option<i32>| day.map(crate::panel::format_date);
        BTreeMap::from([
            ("architecture".to_owned(), json!(self.architecture)),
            ("frequency".to_owned(), json!(self.frequency)),
            ("horizon".to_owned(), json!(self.horizon)),
            ("seed".to_owned(), json!(self.seed)),
            (
                "status".to_owned(),
                json!(if self.refusal.is_some() { "refused" } else { "ok" }),
            ),
            ("reason".to_owned(), json!(self.refusal)),
            ("launches".to_owned(), json!(t.launches)),
            ("observations".to_owned(), json!(t.observations)),
            ("first_launch".to_owned(), json!(date(t.first_launch))),
            ("last_launch".to_owned(), json!(date(t.last_launch))),
            ("data_fingerprint".to_owned(), json!(t.fingerprint)),
            ("held_out_launches".to_owned(), json!(t.held_out)),
            ("held_out_by".to_owned(), json!(t.held_out_by)),
            ("validation".to_owned(), json!(t.validation)),
            ("naive".to_owned(), json!(t.naive)),
            ("attributes".to_owned(), json!(t.attributes)),
            ("importance".to_owned(), json!(t.importance)),
        ])
    }

    fn to_payload(&self) -> std::result::Result<Vec<u8>, ModelError> {
        to_json(self)
    }

    fn from_payload(_format: u32, payload: &[u8]) -> std::result::Result<Self, ModelError> {
        let model: Self = from_json(payload)?;
        let valid = match &model.fitted {
            None => model.refusal.is_some(),
            Some(fitted) => {
                fitted.is_valid(model.horizon)
                    && model.conformal.horizon() == model.horizon
                    && model.conformal.is_valid()
                    && model.hand_over.is_valid()
            }
        };
        if valid {
            Ok(model)
        } else {
            Err(ModelError::Unreadable("its parts do not fit each other".to_owned()))
        }
    }
}
