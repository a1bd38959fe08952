//! What a forecaster is, how a forecast gets intervals whose coverage was measured, and how good forecasts were.

mod calibrated;
mod errors;
mod intervals;
mod paths;
mod rolling;
mod scores;

pub use calibrated::{Level, calibrated};
pub use errors::{ErrorRecord, ProductError};
pub(crate) use intervals::bounded_spread;
pub use intervals::conformal;
pub use paths::Paths;
pub(crate) use rolling::after;
pub use rolling::{HeldOut, Scheme, Split, default_origins, held_out, origin_splits, splits};
pub use scores::Scores;

pub use crate::calibration::Interval;
use crate::error::Result;
use crate::panel::{Candidates, LaunchPanel};

/// A model that can be fitted to past launches.
pub trait Forecaster {
    /// What the fit yields; there is no unfitted state.
    type Fitted: FittedForecaster;

    /// Fit to past launches.
    ///
    /// # Errors
    /// [`crate::error::Error::Refused`] if the launches cannot carry the model.
    fn fit(&self, panel: &LaunchPanel) -> Result<Self::Fitted>;
}

/// A fitted model.
pub trait FittedForecaster {
    /// Forecast candidates, one entry for each.
    ///
    /// # Errors
    /// [`crate::error::Error::Internal`] where the model fails on what it should know, such as an error of candle. A
    /// step that cannot be known is none: its location is NaN.
    fn forecast(&self, candidates: &Candidates) -> Result<Vec<LogForecast>>;

    /// Whether the forecast looks at [`Candidates::own`]. Of one that does not, the own sales correct the result
    /// afterwards.
    fn uses_own_sales(&self) -> bool {
        false
    }
}

/// Ages, in observed steps, at which launches are looked at in learning and calibration: 0 (nothing sold yet), 1, 2, 4,
/// 8 and so on below the horizon.
pub fn ages(horizon: usize) -> Vec<usize> {
    let doubling = std::iter::successors(Some(1), |age| Some(age * 2));
    std::iter::once(0)
        .chain(doubling.take_while(|age| *age < horizon))
        .collect()
}

/// Forecast of one candidate on the scale ln(1 + units per full period), by step.
///
/// NaN where the model cannot say, such as at steps no past launch was observed at. [`LogForecast::interval`]
/// turns it into units.
#[derive(Debug, Clone, PartialEq)]
pub struct LogForecast {
    /// Centre of the forecast.
    pub location: Vec<f64>,
    /// Standard deviation of past launches around it, above zero unless they were all alike.
    pub spread: Vec<f64>,
    /// What the forecast rests on, in one line for the reader of a table.
    pub reason: String,
}

/// Forecast of one candidate in units.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// What the forecast rests on, in one line.
    pub reason: String,
    /// Weight of the product's own sales, 0 for none.
    pub own_weight: f64,
    /// One entry per step.
    pub steps: Vec<StepForecast>,
}

/// Forecast of one step in units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepForecast {
    /// Step, 1 for the period of the launch date.
    pub step: usize,
    /// First day of the period, in days since 1970-01-01.
    pub day: i32,
    /// Median, mean and interval, `None` where the model has seen no launch at that step.
    pub interval: Option<Interval>,
}
