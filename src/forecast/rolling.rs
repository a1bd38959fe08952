//! Rolling launch origins: forecasts of launches that the model had not seen, from what was known before them.

use super::{FittedForecaster, Forecaster, LogForecast};
use crate::error::Result;
use crate::panel::{LaunchPanel, spread_evenly};

/// Fewest launches a fold may be fitted to.
const MIN_FOLD: usize = 5;
/// Folds where launches cannot be told apart in time.
const MAX_FOLDS: usize = 10;
/// Launches forecast from one origin at most: more would not make the intervals better.
const MAX_PER_ORIGIN: usize = 1_000;
/// Shares of the launches that are known at each default origin; the rest up to the next origin is held out.
const ORIGIN_SHARES: [f64; 3] = [0.55, 0.70, 0.85];

/// A launch forecast by a model that had not seen it.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOut {
    /// Row of the launch in the panel.
    pub launch: usize,
    /// ln(1 + units per full period) by step, NaN where not observed.
    pub actual: Vec<f64>,
    /// What was forecast.
    pub forecast: LogForecast,
}

/// Launch dates at which 55, 70 and 85 % of the launches had begun.
pub fn default_origins(panel: &LaunchPanel) -> Vec<i32> {
    let mut days = panel.launch_days().to_vec();
    days.sort_unstable();
    let mut origins: Vec<i32> = ORIGIN_SHARES
        .iter()
        .filter_map(|share| days.get((share * days.len() as f64) as usize).copied())
        .collect();
    origins.dedup();
    origins
}

/// Forecast, from each origin, the launches between it and the next one, or a thousand of them spread evenly.
///
/// At an origin the model knows the launches before it, with every period masked that had not ended then. Origins at
/// which fewer than five launches are known are passed over.
///
/// # Errors
/// Those of the forecaster, other than a refusal for too few launches.
pub fn rolling_forecasts<F: Forecaster>(forecaster: &F, panel: &LaunchPanel, origins: &[i32]) -> Result<Vec<HeldOut>> {
    let mut out = Vec::new();
    for (k, &origin) in origins.iter().enumerate() {
        let end = origins.get(k + 1).copied().unwrap_or(i32::MAX);
        let rows: Vec<usize> = (0..panel.len())
            .filter(|&i| (origin..end).contains(&panel.launch_days()[i]))
            .collect();
        let known = panel.known_at(origin)?;
        if known.len() < MIN_FOLD || rows.is_empty() {
            continue;
        }
        out.extend(forecast_rows(
            forecaster,
            panel,
            &known,
            spread_evenly(&rows, MAX_PER_ORIGIN),
        )?);
    }
    Ok(out)
}

/// Forecasts of held-out launches for calibration: from rolling origins, or, where the launches are too few or too
/// close in time for that, from up to ten folds that each leave some launches out.
///
/// # Errors
/// Those of the forecaster.
pub fn held_out<F: Forecaster>(forecaster: &F, panel: &LaunchPanel) -> Result<Vec<HeldOut>> {
    let rolling = rolling_forecasts(forecaster, panel, &default_origins(panel))?;
    // At the last origins long steps may have been seen in no launch yet; folds say more than so few forecasts.
    let usable = rolling
        .iter()
        .filter(|h| {
            h.forecast
                .location
                .iter()
                .zip(&h.actual)
                .any(|(l, a)| !(l + a).is_nan())
        })
        .count();
    if usable >= MIN_FOLD.max(panel.len().min(MAX_PER_ORIGIN) / 5) {
        return Ok(rolling);
    }
    let folds = panel.len().min(MAX_FOLDS);
    let mut out = Vec::new();
    for fold in 0..folds {
        let (rows, rest): (Vec<usize>, Vec<usize>) = (0..panel.len()).partition(|i| i % folds == fold);
        out.extend(forecast_rows(forecaster, panel, &panel.select(&rest)?, rows)?);
    }
    Ok(out)
}

fn forecast_rows<F: Forecaster>(
    forecaster: &F,
    panel: &LaunchPanel,
    known: &LaunchPanel,
    rows: Vec<usize>,
) -> Result<Vec<HeldOut>> {
    let fitted = forecaster.fit(known)?;
    let forecasts = fitted.forecast(&panel.select(&rows)?.candidates());
    Ok(rows
        .into_iter()
        .zip(forecasts)
        .map(|(launch, forecast)| HeldOut {
            launch,
            actual: panel.log_units(launch).to_vec(),
            forecast,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::Naive;
    use crate::launch::tests::planted_panel;

    #[test]
    fn each_launch_is_forecast_once_by_a_model_that_had_not_seen_it() {
        let panel = planted_panel(100, 5, 1);
        let origins = default_origins(&panel);
        let mut days = panel.launch_days().to_vec();
        days.sort_unstable();
        assert_eq!(origins, [days[55], days[70], days[85]]);
        let held_out = rolling_forecasts(&Naive, &panel, &origins).unwrap();
        assert_eq!(held_out.len(), 45);
        for h in &held_out {
            let day = panel.launch_days()[h.launch];
            let origin = *origins.iter().rfind(|o| **o <= day).unwrap();
            let expected = Naive
                .fit(&panel.known_at(origin).unwrap())
                .unwrap()
                .forecast(&panel.select(&[h.launch]).unwrap().candidates());
            assert_eq!(h.forecast, expected[0]);
            assert_eq!(h.actual, panel.log_units(h.launch));
        }
    }

    #[test]
    fn launches_of_one_day_are_left_out_in_folds() {
        let panel = planted_panel(23, 5, 2);
        let units: Vec<Vec<Option<f64>>> = (0..23).map(|i| (0..5).map(|s| panel.units(i, s)).collect()).collect();
        let same_day = LaunchPanel::try_new(
            panel.frequency(),
            5,
            panel.ids().to_vec(),
            vec![19_000; 23],
            &units,
            panel.attributes().clone(),
        )
        .unwrap();
        let mut rows: Vec<usize> = held_out(&Naive, &same_day).unwrap().iter().map(|h| h.launch).collect();
        rows.sort_unstable();
        assert_eq!(rows, Vec::from_iter(0..23));
    }
}
