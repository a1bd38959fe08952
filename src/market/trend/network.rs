//! One network that forecasts all series together.

use rayon::prelude::*;

use super::windows::{CENTRE, Cuts, Lengths, Windows};
use super::{MAX_PERIODS, MAX_VALUE, MIN_PERIODS, Trend, closed};
use crate::error::{Error, Result};
use crate::forecast::{HeldOut, LogForecast, conformal};
use crate::neural::{EpochLog, LstmNetwork, Network, Parameters, Recipe, RecipeOptions, Source, train};
use crate::progress::Progress;

/// Fewest series that are long enough to learn from.
const MIN_SERIES: usize = 10;
/// Windows of an epoch.
const SAMPLES: std::ops::RangeInclusive<usize> = 400..=5_000;
/// Periods looked back at, at least and at most; between them one season and the horizon.
const CONTEXT: std::ops::RangeInclusive<usize> = 12..=60;
/// Windows forecast together.
const CHUNK: usize = 64;

/// How the network is trained and what is forecast; valid by construction.
#[derive(Debug, Clone)]
pub struct NetworkOptions {
    lengths: Lengths,
    level: f64,
    recipe: Recipe,
}

impl NetworkOptions {
    /// Check options; see [`super::TrendOptions::try_new`].
    ///
    /// # Errors
    /// As there.
    pub fn try_new(horizon: i64, season: i64, level: f64, seed: i64) -> Result<Self> {
        let checked = super::TrendOptions::try_new("auto", horizon, season, level, false)?;
        let recipe = RecipeOptions {
            hidden: Some(vec![64]),
            epochs: Some(40),
            batch_size: Some(64),
            learning_rate: Some(0.003),
            dropout: Some(0.1),
            networks: Some(1),
            patience: Some(6),
            seed: Some(seed),
            ..RecipeOptions::default()
        };
        Ok(Self {
            lengths: Lengths {
                context: (checked.season + checked.horizon).clamp(*CONTEXT.start(), *CONTEXT.end()),
                horizon: checked.horizon,
                season: checked.season,
            },
            level,
            recipe: Recipe::try_new(&recipe)?,
        })
    }
}

/// Forecast series, in the order they are given.
///
/// *Model*: a recurrent network ([`LstmNetwork`], 64 units, quantile loss) on [`Windows`] of all series. With horizon H
/// the network learns from all but the last 3 H periods, and the H before the last H decide when to stop. Its errors in the
/// last H periods and in the H before give conformal intervals ([`conformal`], the scores of all series by step, with both
/// signs, as all series of a week err alike). Then a network is trained anew up to the end of the data, for as many epochs.
///
/// *Shapes*: series of any length; those shorter than 3 H + 4 are forecast but not learned from.
///
/// *Determinism*: weights, order and dropout come from the seed; the result does not depend on threads.
///
/// # Errors
/// For all series when fewer than ten are long enough or the training diverges; [`Error::Refused`] for a single one that
/// has fewer than four periods or a value below 0.
pub fn forecast_together(
    series: &[Vec<f64>],
    options: &NetworkOptions,
    progress: &Progress,
) -> Result<Vec<Result<Trend>>> {
    let horizon = options.lengths.horizon;
    let cut = |s: &Vec<f64>| s[s.len().saturating_sub(MAX_PERIODS)..].to_vec();
    let kept: Vec<Vec<f64>> = series.iter().map(cut).collect();
    let usable = |least: usize| -> Vec<usize> {
        let fits = |row: &usize| refusal(&series[*row]).is_none() && kept[*row].len() >= least;
        (0..kept.len()).filter(fits).collect()
    };
    let least = 3 * horizon + MIN_PERIODS;
    let long = usable(least);
    if long.len() < MIN_SERIES {
        return Err(Error::refused(format!(
            "lstm needs at least {MIN_SERIES} series of {least} periods, got {}: use another method or a shorter horizon",
            long.len()
        )));
    }
    let windows = |rows: &[usize], cuts: Cuts| Windows {
        series: &kept,
        lengths: options.lengths,
        rows: rows.to_vec(),
        cuts,
    };
    let samples = (4 * long.len()).clamp(*SAMPLES.start(), *SAMPLES.end());
    let learn = |back: usize, exam: Option<&dyn Source>, epochs: usize| {
        let mut parameters = Parameters::seeded(options.recipe.seed() as u64);
        let network = LstmNetwork::new(&mut parameters, options.lengths.shape(), &options.recipe)?;
        let lessons = windows(
            &long,
            Cuts::UpTo {
                back,
                least: MIN_PERIODS,
                samples,
            },
        );
        let task = progress.task("lstm", epochs);
        let tell = &mut |log: &EpochLog| task.epoch(log);
        let training = train(&network, &parameters, &lessons, exam, &options.recipe, epochs, tell)?;
        Ok::<_, Error>((network, training.best_epoch))
    };
    let exam = windows(&long, Cuts::At(2 * horizon));
    let (first, epochs) = learn(3 * horizon, Some(&exam), options.recipe.epochs())?;
    // All series of a stretch err alike, one way in one week: both signs of both stretches count.
    let mut held_out = Vec::new();
    for back in [horizon, 2 * horizon] {
        let forecasts = predict(&first, &windows(&long, Cuts::At(back)))?;
        for (&row, (forecast, scale)) in long.iter().zip(forecasts) {
            let n = kept[row].len();
            let actual = kept[row][n - back..][..horizon].iter().map(|v| (v / scale).ln_1p());
            let one = HeldOut {
                launch: row,
                split: 0,
                actual: actual.collect(),
                forecast,
            };
            let pairs = one.forecast.location.iter().zip(&one.actual);
            let other = HeldOut {
                actual: pairs.map(|(location, actual)| 2.0 * location - actual).collect(),
                forecast: one.forecast.clone(),
                ..one
            };
            held_out.extend([one, other]);
        }
    }
    let errors = conformal(&held_out, horizon);
    let (last, _) = learn(horizon, None, epochs)?;
    let asked = windows(&usable(MIN_PERIODS), Cuts::At(0));
    let reason = format!("network trained on {} series for {epochs} epochs", long.len());
    let mut results: Vec<Result<Trend>> = series
        .iter()
        .map(|s| Err(refusal(s).unwrap_or_else(super::nothing)))
        .collect();
    for (&row, (forecast, scale)) in asked.rows.iter().zip(predict(&last, &asked)?) {
        let steps = (0..horizon).map(|step| forecast.interval(&errors, step, scale, options.level));
        let steps = steps
            .map(|i| i.map(|i| [i.median, i.lower, i.upper]))
            .collect::<Option<Vec<_>>>();
        results[row] = match steps {
            Some(steps) => {
                let reason = reason.clone();
                let n = kept[row].len();
                let closed = closed(&kept[row], options.lengths.season, &[], n + horizon);
                Ok(Trend { steps, reason }.closed_as(&closed[n..]))
            }
            None => Err(super::nothing()),
        };
    }
    Ok(results)
}

/// Why a series cannot be forecast.
fn refusal(values: &[f64]) -> Option<Error> {
    if values.len() < MIN_PERIODS {
        return Some(super::too_short(values.len()));
    }
    if !values.iter().all(|v| v.abs() < MAX_VALUE) {
        return Some(super::not_finite());
    }
    let negative = values.iter().any(|v| *v < 0.0);
    negative.then(|| Error::refused("lstm forecasts values of 0 or more: use another method"))
}

/// Forecasts on the scale ln(1 + value / scale), with the scale, by window.
fn predict(network: &LstmNetwork, windows: &Windows<'_>) -> Result<Vec<(LogForecast, f64)>> {
    let Lengths { context, horizon, .. } = windows.lengths;
    let samples: Vec<usize> = (0..windows.len()).collect();
    let chunks: Vec<Result<Vec<(LogForecast, f64)>>> = samples
        .par_chunks(CHUNK)
        .map(|chunk| {
            let found = network.predict(&windows.batch(chunk, 0))?;
            let one = |(k, &sample): (usize, &usize)| {
                let steps = k * (context + horizon) + context..(k + 1) * (context + horizon);
                let finite = |v: &f32| if v.is_finite() { f64::from(*v) } else { f64::NAN };
                let forecast = LogForecast {
                    location: found.location[steps.clone()]
                        .iter()
                        .map(|v| finite(v) + CENTRE)
                        .collect(),
                    // Two networks are not sure of themselves alike: errors count as they are.
                    spread: vec![1.0; horizon],
                    reason: String::new(),
                };
                let (row, cut) = windows.place(sample, 0);
                (forecast, windows.scale(row, cut))
            };
            Ok(chunk.iter().enumerate().map(one).collect())
        })
        .collect();
    Ok(chunks.into_iter().collect::<Result<Vec<_>>>()?.concat())
}
