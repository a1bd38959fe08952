//! The methods that forecast one series from itself.

use anofox_forecast::core::TimeSeries;
use anofox_forecast::models::Forecaster;
use anofox_forecast::models::exponential::{AutoETS, AutoETSConfig, ETS, ETSSpec, ModelPool};
use anofox_forecast::models::intermittent::{Croston, TSB};
use anofox_forecast::models::theta::Theta;
use chrono::{DateTime, Utc};

use super::season::{Season, mean};
use super::structural::Structural;
use crate::error::{Error, Result};
use crate::statistics::{dot, lower_median, sorted};

/// Latest periods that are looked at, or four seasons if that is more.
pub const MAX_PERIODS: usize = 400;
/// Periods that `average` looks at where the season is shorter.
const SHORTEST_AVERAGE: usize = 6;
/// Fewest ratios that tell growth.
const MIN_RATIOS: usize = 3;
/// Growth within so many variances of the mean, two standard errors, is chance.
const CHANCE: f64 = 4.0;
/// Autocorrelation of the ratios, and growth over a season, at most.
const MOST_TOGETHER: f64 = 0.9;
const MOST_GROWTH: f64 = 1.0;
/// Periods that `median` looks at; odd, so that it is one of the values.
const MEDIAN_PERIODS: usize = 13;

/// How one series is forecast from itself.
///
/// | name | forecast | source |
/// | --- | --- | --- |
/// | naive | the last value | |
/// | naive2 | the last value without season, with the season again | Makridakis et al. 2020 |
/// | seasonal_naive | the value one season before | |
/// | seasonal_drift | the value one season before times the growth over a season, as far as it is no chance ([`growth`]) | |
/// | average | mean of the last season, or of 6 periods if that is more | |
/// | median | median of the last 13 periods, the usual price | |
/// | ses | simple exponential smoothing, ETS(A,N,N) | Hyndman et al. 2008 |
/// | damped | damped trend, ETS(A,Ad,N) | Gardner, McKenzie 1985 |
/// | ets | of eight ETS models the one of lowest corrected Akaike criterion | Hyndman et al. 2008; Petropoulos et al. 2023 |
/// | theta | the standard Theta method | Assimakopoulos, Nikolopoulos 2000 |
/// | croston | Croston's method for intermittent demand, with the correction of Syntetos and Boylan | Syntetos, Boylan 2005 |
/// | tsb | its successor, which forgets products that stop selling | Teunter, Syntetos, Babai 2011 |
/// | structural | a wandering level with effects of the calendar and of what is known ahead, see [`Structural`] | Harvey 1989 |
///
/// From `average` to `ets`, `theta` and `tsb` see the series without its [`Season`], which is put back afterwards.
/// ETS, Theta, Croston and TSB are those of the crate anofox-forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Method {
    Naive,
    Naive2,
    SeasonalNaive,
    SeasonalDrift,
    Average,
    Median,
    Ses,
    Damped,
    Ets,
    Theta,
    Croston,
    Tsb,
    Structural,
}

impl Method {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 13] = [
        Self::Naive,
        Self::Naive2,
        Self::SeasonalNaive,
        Self::SeasonalDrift,
        Self::Average,
        Self::Median,
        Self::Ses,
        Self::Damped,
        Self::Ets,
        Self::Theta,
        Self::Croston,
        Self::Tsb,
        Self::Structural,
    ];

    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Naive2 => "naive2",
            Self::SeasonalNaive => "seasonal_naive",
            Self::SeasonalDrift => "seasonal_drift",
            Self::Average => "average",
            Self::Median => "median",
            Self::Ses => "ses",
            Self::Damped => "damped",
            Self::Ets => "ets",
            Self::Theta => "theta",
            Self::Croston => "croston",
            Self::Tsb => "tsb",
            Self::Structural => "structural",
        }
    }

    /// Point forecasts of the periods after the values. What the series never saw and others did ([`Structural::with_new`])
    /// moves those of all methods alike.
    ///
    /// # Errors
    /// [`Error::Refused`] when the series cannot carry the method.
    pub fn forecast(self, history: &History<'_>, horizon: usize) -> Result<Vec<f64>> {
        let History {
            values,
            adjusted,
            season,
            periods,
            before,
            structural,
        } = history;
        let n = values.len();
        let level = |level: f64| season.restored(&vec![level; horizon], n);
        let smoothed = |model: &mut dyn Forecaster| Ok::<_, Error>(season.restored(&run(model, adjusted, horizon)?, n));
        let last = |values: &[f64]| values.last().copied().unwrap_or(f64::NAN);
        let forecast = match self {
            Self::Naive => vec![last(values); horizon],
            Self::Naive2 => level(last(adjusted)),
            Self::SeasonalNaive | Self::SeasonalDrift if n < *periods => {
                return Err(Error::refused(format!(
                    "{} needs one season of {periods} periods, got {n}",
                    self.name()
                )));
            }
            Self::SeasonalNaive => (0..horizon).map(|k| values[n - periods + k % periods]).collect(),
            // Growth over a week does not go on for a year: it counts once.
            Self::SeasonalDrift => {
                let growth = growth(values, *periods).exp();
                (0..horizon)
                    .map(|k| growth * values[n - periods + k % periods])
                    .collect()
            }
            Self::Average => level(mean(&adjusted[n.saturating_sub((*periods).max(SHORTEST_AVERAGE))..])),
            Self::Median => {
                let latest = sorted(values[n.saturating_sub(MEDIAN_PERIODS)..].iter().copied());
                vec![lower_median(&latest); horizon]
            }
            Self::Ses => smoothed(&mut ETS::new(ETSSpec::ann(), 1))?,
            Self::Damped => smoothed(&mut ETS::new(ETSSpec::aadn(), 1))?,
            Self::Ets => {
                let config = AutoETSConfig::non_seasonal().with_model_pool(ModelPool::Reduced);
                smoothed(&mut AutoETS::with_config(config))?
            }
            Self::Theta => smoothed(&mut Theta::new())?,
            Self::Croston => run(&mut Croston::new().sba_optimized(), values, horizon)?,
            Self::Tsb => smoothed(&mut TSB::new())?,
            Self::Structural => structural.forecast(*before + n, horizon)?,
        };
        let mut forecast: Vec<f64> = forecast;
        if self != Self::Structural {
            structural.with_new(*before + n, &mut forecast);
        }
        let finite = forecast.len() == horizon && forecast.iter().all(|v| v.is_finite());
        let not_finite = || Error::refused(format!("{} gives no finite forecast of this series", self.name()));
        let floor = if history.is_negative() { f64::NEG_INFINITY } else { 0.0 };
        finite
            .then(|| forecast.iter().map(|v| v.max(floor)).collect())
            .ok_or_else(not_finite)
    }
}

/// Growth over a season, as a difference of logarithms: the mean g of ln(value / value one season before) over the latest season, or as
/// many of its periods as have one before, times 1 - 4 v / g^2 (at least 0). v is the variance of the mean where neighbours hang
/// together by their autocorrelation r, s^2 / k (1 + r) / (1 - r): what is within two standard errors counts for nothing. 0 where a value
/// is not above 0, and for fewer than three.
///
/// *Reference*: Baranchik 1970, A family of minimax estimators of the mean of a multivariate normal distribution (positive part).
fn growth(values: &[f64], periods: usize) -> f64 {
    let n = values.len();
    let latest = n - n.saturating_sub(periods).min(periods)..n;
    let ratios: Vec<f64> = latest.map(|t| (values[t] / values[t - periods]).ln()).collect();
    let centre = mean(&ratios);
    let left: Vec<f64> = ratios.iter().map(|r| r - centre).collect();
    let (k, squares) = (left.len() as f64, dot(&left, &left));
    if left.len() < MIN_RATIOS || !squares.is_finite() {
        return 0.0;
    }
    let together = (dot(&left[1..], &left) / squares.max(f64::MIN_POSITIVE)).clamp(0.0, MOST_TOGETHER);
    let variance = squares / (k - 1.0) / k * (1.0 + together) / (1.0 - together);
    let kept = (1.0 - CHANCE * variance / centre.powi(2)).max(0.0);
    if kept > 0.0 {
        (centre * kept).clamp(-MOST_GROWTH, MOST_GROWTH)
    } else {
        0.0
    }
}

/// A series as methods see it.
#[derive(Debug)]
pub struct History<'a> {
    /// The latest values, and how many there were before them.
    values: &'a [f64],
    before: usize,
    structural: &'a Structural,
    adjusted: Vec<f64>,
    season: Season,
    periods: usize,
}

impl<'a> History<'a> {
    /// Finite values, how many of them a season may have, and forecasts of [`Method::Structural`]. Only the latest 400
    /// values (or four seasons) are looked at: older ones change a forecast less than their cost is worth.
    pub fn new(values: &'a [f64], periods: usize, structural: &'a Structural) -> Self {
        let before = values.len().saturating_sub(MAX_PERIODS.max(4 * periods));
        let values = &values[before..];
        let season = Season::fit(values, periods);
        Self {
            before,
            structural,
            adjusted: season.adjusted(values),
            season,
            values,
            periods,
        }
    }

    /// Whether a season was found.
    pub fn is_seasonal(&self) -> bool {
        self.season.is_some()
    }

    fn is_negative(&self) -> bool {
        self.values.iter().any(|v| *v < 0.0)
    }
}

fn run(model: &mut dyn Forecaster, values: &[f64], horizon: usize) -> Result<Vec<f64>> {
    // The models look at the order of time stamps only.
    let stamps = (0..values.len() as i64).filter_map(|t| DateTime::<Utc>::from_timestamp(t * 86_400, 0));
    let refused = |error: anofox_forecast::ForecastError| Error::refused(error.to_string());
    let series = TimeSeries::univariate(stamps.collect(), values.to_vec()).map_err(refused)?;
    model.fit(&series).map_err(refused)?;
    Ok(model.predict(horizon).map_err(refused)?.primary().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_what_is_beyond_chance() {
        let series = |growth: f64, noise: &dyn Fn(usize) -> f64, n: usize| -> Vec<f64> {
            (0..n)
                .map(|t| 100.0 * (growth * t as f64 / 12.0 + noise(t)).exp())
                .collect()
        };
        let wave = |t: usize| 0.3 * (t as f64 / 12.0 * std::f64::consts::TAU).sin();
        assert!((growth(&series(0.2, &wave, 24), 12) - 0.2).abs() < 1e-9);
        assert!((growth(&series(-0.3, &wave, 17), 12) + 0.3).abs() < 1e-9);
        // Noise of 30 % about no growth and about a little.
        let noise = |t: usize| 0.3 * ((t * 7919 % 101) as f64 / 50.0 - 1.0);
        assert_eq!(growth(&series(0.0, &noise, 24), 12), 0.0);
        assert!(growth(&series(0.5, &noise, 24), 12) > 0.1);
        // Nothing to tell it from.
        assert_eq!(growth(&series(0.5, &wave, 14), 12), 0.0);
        let mut zero = series(0.5, &wave, 24);
        zero[3] = 0.0;
        assert_eq!(growth(&zero, 12), 0.0);
        assert_eq!(
            (growth(&[], 12), growth(&[1.0; 3], 4), growth(&[5.0; 24], 12)),
            (0.0, 0.0, 0.0)
        );
    }
}
