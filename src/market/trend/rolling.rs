//! Forecasts of a series' own past, each made from what was known before it.

use super::methods::{History, Method};
use super::structural::Structural;
use crate::statistics::mean;

/// Origins at most.
const ORIGINS: usize = 10;
/// Horizons after the first origin from which on origins do not overlap.
const ROOM: usize = 12;
/// Fewest periods before an origin.
const MIN_HISTORY: usize = 3;
/// Share of zeros in periods that are not closed from which on sales are rare.
pub const RARE: f64 = 0.1;

/// What the methods forecast at one origin, and what happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// Periods before it.
    pub cut: usize,
    /// The values after it, at most as many as the horizon.
    pub actual: Vec<f64>,
    /// Steps known to be closed, whose forecast is 0.
    pub closed: Vec<usize>,
    /// Forecasts by method; `None` where the history could not carry it.
    pub forecasts: Vec<Option<Vec<f64>>>,
    /// Whether errors count squared. The forecast of the least absolute error is a median, which of rare sales is nothing.
    pub squared: bool,
}

impl Origin {
    /// Forecasts of 0 in periods that are closed.
    pub fn close(&mut self, closed: &[bool]) {
        self.closed = (0..self.actual.len()).filter(|step| closed[self.cut + step]).collect();
        for forecast in self.forecasts.iter_mut().flatten() {
            self.closed.iter().for_each(|step| forecast[*step] = 0.0);
        }
    }

    /// Mean absolute (or squared) error of a method, of the steps before `end` (a number of periods of the series); `None`
    /// without forecast or steps.
    pub fn error(&self, method: usize, end: usize) -> Option<f64> {
        let steps = end.saturating_sub(self.cut).min(self.actual.len());
        let forecast = self.forecasts.get(method)?.as_ref().filter(|_| steps > 0)?;
        let errors = self.actual[..steps].iter().zip(forecast).map(|(a, f)| (a - f).abs());
        mean(errors.map(|error| error.powf(self.power())))
    }

    /// Power of the errors that count.
    pub fn power(&self) -> f64 {
        if self.squared { 2.0 } else { 1.0 }
    }
}

/// Whether more than a tenth of the values is zero in periods that are not known to be closed.
pub fn is_rare(values: &[f64], closed: &[bool]) -> bool {
    let open = || values.iter().zip(closed).filter(|(_, closed)| !**closed);
    open().filter(|(v, _)| **v == 0.0).count() as f64 > RARE * open().count() as f64
}

/// Numbers of periods before each of up to ten origins, the earliest first.
///
/// Origins lie a horizon apart where the series is twelve times as long, else a third of it, closer where the series is short, and
/// leave two seasons (or two thirds of
/// the series, if that is less) before the first one.
pub fn cuts(n: usize, periods: usize, horizon: usize) -> Vec<usize> {
    let seasons = if periods > 1 { 2 * periods } else { 8 };
    let first = seasons.min(n * 2 / 3).max(MIN_HISTORY);
    let room = n.saturating_sub(first);
    let apart = if room >= ROOM * horizon { horizon } else { horizon / 3 };
    let gap = apart.min(room.div_ceil(ORIGINS)).max(1);
    let cuts = (1..=ORIGINS).rev().filter_map(|back| n.checked_sub(back * gap));
    cuts.filter(|cut| *cut >= first).collect()
}

/// Forecasts from origins; each method is fitted anew at each of them.
pub fn origins(
    values: &[f64],
    periods: usize,
    methods: &[Method],
    structural: &Structural,
    cuts: &[usize],
    horizon: usize,
) -> Vec<Origin> {
    let n = values.len();
    let at = |cut: usize| {
        let history = History::new(&values[..cut], periods, structural);
        let steps = horizon.min(n - cut);
        Origin {
            cut,
            actual: values[cut..cut + steps].to_vec(),
            closed: Vec::new(),
            squared: false,
            forecasts: methods.iter().map(|m| m.forecast(&history, steps).ok()).collect(),
        }
    };
    cuts.iter().map(|cut| at(*cut)).collect()
}
