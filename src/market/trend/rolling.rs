//! Forecasts of a series' own past, each made from what was known before it.

use super::methods::{History, Method};
use crate::statistics::mean;

/// Origins at most.
const ORIGINS: usize = 10;
/// Fewest periods before an origin.
const MIN_HISTORY: usize = 3;

/// What the methods forecast at one origin, and what happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// Periods before it.
    pub cut: usize,
    /// The values after it, at most as many as the horizon.
    pub actual: Vec<f64>,
    /// Forecasts by method; `None` where the history could not carry it.
    pub forecasts: Vec<Option<Vec<f64>>>,
}

impl Origin {
    /// Mean absolute error of a method, of the steps before `end` (a number of periods of the series); `None` without
    /// forecast or steps.
    pub fn error(&self, method: usize, end: usize) -> Option<f64> {
        let steps = end.saturating_sub(self.cut).min(self.actual.len());
        let forecast = self.forecasts.get(method)?.as_ref().filter(|_| steps > 0)?;
        mean(self.actual[..steps].iter().zip(forecast).map(|(a, f)| (a - f).abs()))
    }
}

/// Numbers of periods before each of up to ten origins, the earliest first.
///
/// Origins lie a third of the horizon apart, closer where the series is short, and leave two seasons (or two thirds of
/// the series, if that is less) before the first one.
pub fn cuts(n: usize, periods: usize, horizon: usize) -> Vec<usize> {
    let seasons = if periods > 1 { 2 * periods + 1 } else { 8 };
    let first = seasons.min(n * 2 / 3).max(MIN_HISTORY);
    let gap = (horizon / 3).min(n.saturating_sub(first) / ORIGINS).max(1);
    let cuts = (1..=ORIGINS).rev().filter_map(|back| n.checked_sub(back * gap));
    cuts.filter(|cut| *cut >= first).collect()
}

/// Forecasts from the origins of [`cuts`]; each method is fitted anew at each of them.
pub fn origins(values: &[f64], periods: usize, methods: &[Method], horizon: usize) -> Vec<Origin> {
    let n = values.len();
    let at = |cut: usize| {
        let history = History::new(&values[..cut], periods);
        let steps = horizon.min(n - cut);
        Origin {
            cut,
            actual: values[cut..cut + steps].to_vec(),
            forecasts: methods.iter().map(|m| m.forecast(&history, steps).ok()).collect(),
        }
    };
    cuts(n, periods, horizon).into_iter().map(at).collect()
}
