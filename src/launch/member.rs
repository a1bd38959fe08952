//! One model within a launch model: how its own-sales correction works and how it did on held-out launches.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::network::Schedule;
use super::{Architecture, Fitted, HandOver};
use crate::error::{Error, Result};
use crate::forecast::{HeldOut, LogForecast, Split, after, ages, held_out};
use crate::neural::Recipe;
use crate::panel::{Candidates, LaunchPanel};
use crate::progress::Progress;
use crate::statistics::mean;

/// Networks averaged in forecasts of held-out launches.
const TRIED: usize = 1;

/// A fitted model, and how own sales enter its forecasts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// The model.
    pub fitted: Fitted,
    /// How own sales correct the forecasts of a model that does not look at them.
    pub own_sales: OwnSales,
}

/// How own sales enter a forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnSales {
    /// The model does not look at them; they correct its forecast.
    HandOver(HandOver),
    /// The model looks at them. The numbers are the share of the squared error (on the log scale, at the steps to come)
    /// that they take away on held-out launches, by age of [`ages`].
    Share(Vec<f64>),
}

impl OwnSales {
    fn is_valid(&self) -> bool {
        match self {
            Self::HandOver(h) => h.is_valid(),
            Self::Share(shares) => shares.iter().all(|s| (0.0..=1.0).contains(s)),
        }
    }
}

impl Member {
    /// Forecasts with the weight of each candidate's own sales in it.
    ///
    /// # Errors
    /// As [`crate::forecast::FittedForecaster::forecast`].
    pub fn forecast(&self, candidates: &Candidates) -> Result<Vec<(LogForecast, f64)>> {
        let correct = |(i, mut forecast): (usize, LogForecast)| {
            let own = candidates.own(i);
            let weight = match &self.own_sales {
                OwnSales::HandOver(hand_over) => hand_over.apply(&mut forecast, own),
                OwnSales::Share(shares) => share_at(shares, own, forecast.location.len()),
            };
            (forecast, weight)
        };
        let forecasts = self.fitted.forecast(candidates)?;
        Ok(forecasts.into_iter().enumerate().map(correct).collect())
    }

    /// Whether the parts fit each other and the horizon; asked of models that were read from bytes.
    pub fn is_valid(&self, horizon: usize) -> bool {
        self.fitted.is_valid(horizon) && self.own_sales.is_valid()
    }
}

/// The share at the number of observed steps, interpolated between the ages it was measured at.
fn share_at(shares: &[f64], own: &[f64], horizon: usize) -> f64 {
    let observed = own.iter().filter(|v| !v.is_nan()).count();
    let known: Vec<(usize, f64)> = ages(horizon).into_iter().zip(shares.iter().copied()).collect();
    match known.iter().position(|(age, _)| *age >= observed) {
        _ if observed == 0 => 0.0,
        Some(k) if k > 0 => {
            let ((a, below), (b, above)) = (known[k - 1], known[k]);
            below + (above - below) * (observed - a) as f64 / (b - a) as f64
        }
        _ => known.last().map_or(0.0, |(_, share)| *share),
    }
}

/// Forecasts of held-out launches by one kind of model, by age.
#[derive(Debug, Clone)]
pub struct OutOfSample {
    /// The kind.
    pub architecture: Architecture,
    /// For each age of [`ages`] the same launches in the same order.
    pub by_age: Vec<Vec<HeldOut>>,
    /// How own sales enter.
    pub own_sales: OwnSales,
    /// How long a network was trained.
    pub schedule: Option<Schedule>,
}

impl OutOfSample {
    /// Fit a model to what is known in each split, and forecast the launches held out there at each age. `beaten` may
    /// tell from the forecasts of the first split why it is not worth going on.
    ///
    /// One network stands for those that are averaged in the end, and the first split says how long it is trained.
    ///
    /// # Errors
    /// What the model refuses, and [`Error::Refused`] with what `beaten` tells.
    pub fn of(
        architecture: Architecture,
        panel: &LaunchPanel,
        splits: &[Split],
        told: (&Recipe, &Progress),
        beaten: impl Fn(&[HeldOut]) -> Option<String>,
    ) -> Result<Self> {
        let ages = ages(panel.horizon());
        let of_split = |number: usize, schedule: Option<&Schedule>| {
            let split = &splits[number];
            let fitted = architecture.fit(&split.known, told, TRIED, schedule, None)?;
            let forecasts = held_out(fitted.as_forecaster(), panel, (number, split), &ages)?;
            Ok((forecasts, fitted.network().and_then(|n| n.schedule().cloned())))
        };
        let (mut by_age, mut schedule) = (Vec::new(), None);
        // What is fast has nothing to wait for.
        let first = usize::from(architecture.is_slow()).min(splits.len());
        if first > 0 {
            (by_age, schedule) = of_split(0, None)?;
            if let Some(reason) = beaten(&by_age[0]) {
                return Err(Error::Refused(reason));
            }
        }
        let others: Vec<Result<_>> = (first..splits.len())
            .into_par_iter()
            .map(|number| of_split(number, schedule.as_ref()))
            .collect();
        for other in others {
            let (other, _) = other?;
            by_age.resize(other.len(), Vec::new());
            by_age.iter_mut().zip(other).for_each(|(all, part)| all.extend(part));
        }
        let own_sales = if by_age.len() < ages.len() {
            let first = by_age.first().cloned().unwrap_or_default();
            let hand_over = HandOver::fit(&first);
            by_age = ages.iter().map(|&age| hand_over.at_age(&first, age)).collect();
            OwnSales::HandOver(hand_over)
        } else {
            OwnSales::Share(shares(&by_age))
        };
        Ok(Self {
            architecture,
            by_age,
            own_sales,
            schedule,
        })
    }
}

impl HandOver {
    /// Forecasts of new launches as they are after `age` steps of own sales.
    fn at_age(&self, held_out: &[HeldOut], age: usize) -> Vec<HeldOut> {
        let corrected = |h: &HeldOut| {
            let mut h = h.clone();
            self.apply(&mut h.forecast, &h.actual[..age.min(h.actual.len())]);
            h.actual = after(&h.actual, age);
            h
        };
        held_out.iter().map(corrected).collect()
    }
}

/// Share of the squared error that own sales take away at each age; never falls with age.
fn shares(by_age: &[Vec<HeldOut>]) -> Vec<f64> {
    let mut highest = 0.0f64;
    let share = |later: &Vec<HeldOut>| {
        // Steps already sold are NaN in the later ones, so both means are over the same steps.
        let squares = |forecasts: &[HeldOut]| {
            let errors = forecasts.iter().zip(later).flat_map(|(f, l)| {
                let steps = f.forecast.location.iter().zip(&l.forecast.location).zip(&l.actual);
                steps
                    .filter(|((f, l), y)| !(*y - *f - *l).is_nan())
                    .map(|((f, _), y)| (y - f).powi(2))
            });
            mean(errors)
        };
        match (squares(&by_age[0]), squares(later)) {
            (Some(before), Some(after)) if before > 0.0 => (1.0 - after / before).clamp(0.0, 1.0),
            _ => 0.0,
        }
    };
    by_age
        .iter()
        .map(|later| {
            highest = highest.max(share(later));
            highest
        })
        .collect()
}
