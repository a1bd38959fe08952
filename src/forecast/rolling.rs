//! Rolling launch origins: forecasts of launches that the model had not seen, from what was known before them.

use serde::{Deserialize, Serialize};

use super::{FittedForecaster, LogForecast};
use crate::error::Result;
use crate::panel::LaunchPanel;
use crate::statistics::spread_evenly;

/// Fewest launches a fold may be fitted to.
const MIN_FOLD: usize = 5;
/// Folds where launches cannot be told apart in time.
const MAX_FOLDS: usize = 10;
/// Launches forecast from one origin at most, and steps of them: more would not make the intervals better.
const MAX_PER_ORIGIN: usize = 1_000;
const MAX_STEPS_PER_ORIGIN: usize = 60_000;
/// Shares of the launches that are known at each default origin; the rest up to the next origin is held out.
const ORIGIN_SHARES: [f64; 3] = [0.55, 0.70, 0.85];

/// A launch forecast by a model that had not seen it.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOut {
    /// Row of the launch in the panel.
    pub launch: usize,
    /// Which of the splits it was held out in.
    pub split: usize,
    /// ln(1 + units per full period) by step, NaN where not observed or where the forecast was given it.
    pub actual: Vec<f64>,
    /// What was forecast.
    pub forecast: LogForecast,
}

/// Launch dates at which 55, 70 and 85 % of the launches had begun.
pub fn default_origins(panel: &LaunchPanel) -> Vec<i32> {
    panel.dates_by_share(&ORIGIN_SHARES)
}

/// Launches to hold out, and what is known when they are forecast.
#[derive(Debug, Clone)]
pub struct Split {
    /// What the model is fitted to.
    pub known: LaunchPanel,
    /// Rows of the launches to forecast, in the whole panel.
    pub rows: Vec<usize>,
}

/// How launches were held out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scheme {
    /// Each launch is forecast from what was known before it.
    #[serde(rename = "rolling origins")]
    RollingOrigins,
    /// Each launch is forecast from others, later ones among them: the launches are too few or too close in time.
    #[serde(rename = "folds")]
    Folds,
}

/// From each origin, the launches between it and the next one, or a thousand of them (fewer where the horizon is longer
/// than 60 steps) spread evenly.
///
/// At an origin the launches before it are known, with every period masked that had not ended then. Origins at which
/// fewer than five launches are known are passed over.
///
/// # Errors
/// As [`LaunchPanel::select`].
pub fn origin_splits(panel: &LaunchPanel, origins: &[i32]) -> Result<Vec<Split>> {
    let most = (MAX_STEPS_PER_ORIGIN / panel.horizon()).min(MAX_PER_ORIGIN);
    let mut out = Vec::new();
    for (k, &origin) in origins.iter().enumerate() {
        let end = origins.get(k + 1).copied().unwrap_or(i32::MAX);
        let rows: Vec<usize> = (0..panel.len())
            .filter(|&i| (origin..end).contains(&panel.launch_days()[i]))
            .collect();
        let known = panel.known_at(origin)?;
        if known.len() >= MIN_FOLD && !rows.is_empty() {
            out.push(Split {
                known,
                rows: spread_evenly(&rows, most),
            });
        }
    }
    Ok(out)
}

/// The launches to hold out for calibration: by rolling origins, or, where these say too little, by up to ten folds.
///
/// The choice depends on the panel alone, so that all models are judged on the same launches.
///
/// # Errors
/// As [`LaunchPanel::select`].
pub fn splits(panel: &LaunchPanel) -> Result<(Scheme, Vec<Split>)> {
    let rolling = origin_splits(panel, &default_origins(panel))?;
    // At the last origins long steps may have been seen in no launch yet; folds say more than so few forecasts.
    let usable: usize = rolling.iter().map(|split| comparable_rows(panel, split)).sum();
    if usable >= MIN_FOLD.max(panel.len().min(MAX_PER_ORIGIN) / 5) {
        return Ok((Scheme::RollingOrigins, rolling));
    }
    // Variants of a product tell of each other, so they are left out together; of one product alone, one by one.
    let mut units = panel.clusters();
    if units.iter().all(|&unit| unit == 0) {
        units = (0..panel.len()).collect();
    }
    let count = units.iter().max().map_or(0, |last| last + 1).min(MAX_FOLDS);
    let folds = (0..count).map(|fold| {
        let (rows, rest): (Vec<usize>, Vec<usize>) = (0..panel.len()).partition(|&i| units[i] % count == fold);
        Ok(Split {
            known: panel.select(&rest)?.seen_from_itself(),
            rows,
        })
    });
    Ok((Scheme::Folds, folds.collect::<Result<_>>()?))
}

/// Launches of a split that are observed at a step at which a known launch is.
fn comparable_rows(panel: &LaunchPanel, split: &Split) -> usize {
    let seen: Vec<bool> = (0..panel.horizon())
        .map(|step| (0..split.known.len()).any(|i| !split.known.log_units(i)[step].is_nan()))
        .collect();
    let comparable = |&&row: &&usize| {
        panel
            .log_units(row)
            .iter()
            .zip(&seen)
            .any(|(v, seen)| *seen && !v.is_nan())
    };
    split.rows.iter().filter(comparable).count()
}

/// Forecasts of the launches that a split holds out, by a model fitted to what is known there: for each age those made
/// when that many steps of the launch had been sold, or for age 0 alone if the model does not look at them.
///
/// # Errors
/// Those of the forecasts.
pub fn held_out(
    fitted: &dyn FittedForecaster,
    panel: &LaunchPanel,
    (split, Split { known, rows }): (usize, &Split),
    ages: &[usize],
) -> Result<Vec<Vec<HeldOut>>> {
    let launches = panel.select(rows)?.seen_from(known);
    let looked_at = if fitted.uses_own_sales() { ages } else { &ages[..1] };
    let of_age = |&age: &usize| {
        let forecasts = fitted.forecast(&launches.candidates_at(age))?;
        let held_out = |(&launch, forecast): (&usize, LogForecast)| HeldOut {
            launch,
            split,
            actual: after(&panel.outcome(launch), age),
            forecast,
        };
        Ok(rows.iter().zip(forecasts).map(held_out).collect())
    };
    looked_at.iter().map(of_age).collect()
}

/// The steps after an age; NaN before.
pub(crate) fn after(log_units: &[f64], age: usize) -> Vec<f64> {
    let masked = |(step, v): (usize, &f64)| if step < age { f64::NAN } else { *v };
    log_units.iter().enumerate().map(masked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::forecast::Forecaster;
    use crate::launch::Naive;
    use crate::launch::tests::planted_panel;
    use crate::panel::Candidates;

    fn of_all(panel: &LaunchPanel, splits: &[Split]) -> Vec<HeldOut> {
        let of = |(number, split): (usize, &Split)| {
            let fitted = Naive.fit(&split.known).unwrap();
            held_out(&fitted, panel, (number, split), &[0, 1]).unwrap().concat()
        };
        splits.iter().enumerate().flat_map(of).collect()
    }

    #[test]
    fn each_launch_is_forecast_once_by_a_model_that_had_not_seen_it() {
        let panel = planted_panel(100, 5, 1);
        let origins = default_origins(&panel);
        let mut days = panel.launch_days().to_vec();
        days.sort_unstable();
        assert_eq!(origins, [days[55], days[70], days[85]]);
        let (scheme, splits) = splits(&panel).unwrap();
        assert_eq!(scheme, Scheme::RollingOrigins);
        let held_out = of_all(&panel, &splits);
        assert_eq!(held_out.len(), 45);
        for h in &held_out {
            let day = panel.launch_days()[h.launch];
            let origin = *origins.iter().rfind(|o| **o <= day).unwrap();
            let expected = Naive
                .fit(&panel.known_at(origin).unwrap())
                .unwrap()
                .forecast(&panel.select(&[h.launch]).unwrap().candidates())
                .unwrap();
            assert_eq!(h.forecast, expected[0]);
            assert_eq!(h.actual, panel.log_units(h.launch));
        }
    }

    struct Broken;

    impl FittedForecaster for Broken {
        fn forecast(&self, _: &Candidates) -> Result<Vec<LogForecast>> {
            Err(Error::internal("broken"))
        }
    }

    #[test]
    fn an_error_of_a_forecast_is_that_of_all() {
        let panel = planted_panel(100, 5, 1);
        let splits = splits(&panel).unwrap().1;
        let found = held_out(&Broken, &panel, (0, &splits[0]), &[0]);
        assert_eq!(found, Err(Error::internal("broken")));
    }

    #[test]
    fn variants_of_a_product_are_left_out_together() {
        let panel = planted_panel(24, 5, 2);
        let units: Vec<Vec<Option<f64>>> = (0..24).map(|i| (0..5).map(|s| panel.units(i, s)).collect()).collect();
        let of = |ids: Vec<String>| {
            let attributes = panel.attributes().clone();
            let launches = LaunchPanel::try_new(panel.frequency(), 5, ids, vec![19_000; 24], &units, attributes);
            splits(&launches.unwrap()).unwrap().1
        };
        let products = of((0..24).map(|i| format!("p{} | {i:02}", i % 6)).collect());
        assert_eq!(products.len(), 6);
        for split in products {
            let product = |id: &String| id.split(' ').next().map(str::to_owned);
            let left_out = product(&format!("p{}", split.rows[0] / 4));
            assert_eq!(split.rows.len(), 4);
            assert!(split.known.ids().iter().all(|id| product(id) != left_out));
        }
        // Of a single product each variant tells of the others.
        assert_eq!(of((0..24).map(|i| format!("p | {i:02}")).collect()).len(), MAX_FOLDS);
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
        let (scheme, splits) = splits(&same_day).unwrap();
        assert_eq!(scheme, Scheme::Folds);
        let mut rows: Vec<usize> = of_all(&same_day, &splits).iter().map(|h| h.launch).collect();
        rows.sort_unstable();
        assert_eq!(rows, Vec::from_iter(0..23));
    }
}
