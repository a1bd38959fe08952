//! Forecasts of series that have a history: sales of products on sale, prices, competitors' sales, mentions.

mod closed;
mod combination;
mod gaps;
mod interval;
mod methods;
mod network;
mod pooled;
mod regressors;
mod rolling;
mod season;
mod structural;
mod windows;

pub use combination::{combined, weights, weights_beside};
pub use gaps::{Gap, Series, fill};
pub use interval::{Intervals, PastError};
pub use methods::{History, Method};
pub use network::{NetworkOptions, forecast_together};
pub use pooled::{common, seen_effects};
pub use regressors::{Ahead, Expected, Known, Regressor, regressors};
pub use rolling::{Origin, cuts, is_rare, origins};
pub use season::Season;
pub use structural::{Seen, Structural};

use crate::error::{Error, Result};
use crate::panel::Frequency;
use crate::statistics::{check_level, sorted};
use closed::closed;
use methods::MAX_PERIODS;

/// Fewest periods that are forecast from.
const MIN_PERIODS: usize = 4;
/// Periods of a season at most.
const MAX_SEASON: usize = 520;
/// Values are below this, as units in sales.
const MAX_VALUE: f64 = 1e15;
/// Days of a year.
const YEAR: usize = 365;
/// A value that is so many times any other is told.
const LONELY: f64 = 5.0;
/// Least weight that a reason mentions.
const TOLD_WEIGHT: f64 = 0.05;
/// Effects that a reason mentions at most.
const TOLD_EFFECTS: usize = 4;

/// What forecasts a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The weighted mean of several methods; of prices that move in steps the better of `naive` and `median`.
    Auto,
    /// One method.
    One(Method),
}

/// How series are forecast; valid by construction.
///
/// | Name | Purpose | Range |
/// | --- | --- | --- |
/// | method | what forecasts | `auto` or a [`Method`] |
/// | horizon | periods | 1 to 520 |
/// | season | periods of a season, 1 for none | 1 to 520 |
/// | calendar | how long a period is, where the season is that of the calendar | |
/// | level | probability of the central interval | above 0 and below 1 |
/// | prices | whether values are prices, which stay as they are between changes | |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrendOptions {
    choice: Choice,
    horizon: usize,
    season: usize,
    calendar: Option<Frequency>,
    level: f64,
    prices: bool,
}

impl TrendOptions {
    /// Check options.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the option, the value found and what is allowed.
    pub fn try_new(method: &str, horizon: i64, season: i64, level: f64, prices: bool) -> Result<Self> {
        let name = method.to_lowercase();
        let choice = match Method::ALL.iter().find(|m| m.name() == name) {
            Some(method) => Choice::One(*method),
            None if name == "auto" => Choice::Auto,
            None => {
                let known: Vec<&str> = Method::ALL.iter().map(|m| m.name()).collect();
                return Err(Error::argument(format!(
                    "method must be one of auto, {}, lstm, got '{method}'",
                    known.join(", ")
                )));
            }
        };
        if !(1..=MAX_SEASON as i64).contains(&season) {
            return Err(Error::argument(format!(
                "season must be between 1 and {MAX_SEASON}, got {season}"
            )));
        }
        check_level(level)?;
        Ok(Self {
            choice,
            horizon: crate::panel::check_horizon(horizon)?,
            season: season as usize,
            calendar: None,
            level,
            prices,
        })
    }

    /// With the season of the calendar: weekdays and fortnights of days, and the year of all.
    #[must_use]
    pub fn by_calendar(mut self, frequency: Frequency) -> Self {
        self.calendar = Some(frequency);
        self
    }

    /// The longest cycle of n periods: two of them are left before the first origin.
    fn cycle(&self, n: usize, season: usize) -> usize {
        let year = match self.calendar {
            Some(Frequency::Day) if self.horizon > YEAR / 4 => YEAR,
            _ => 1,
        };
        if n > 2 * year { season.max(year) } else { season }
    }

    /// Periods to forecast.
    pub fn horizon(&self) -> usize {
        self.horizon
    }
}

/// Where a series stands in the calendar, and what is known beside it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Surroundings<'a> {
    /// Number of its first period.
    pub first: i64,
    /// What is known of its periods, and of those to forecast.
    pub known: &'a [Known],
}

/// A forecast of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// Forecast, lower and upper end by step.
    pub steps: Vec<[f64; 3]>,
    /// What it rests on, in one line.
    pub reason: String,
}

/// Forecast the periods after a series of values, one per period.
///
/// *Model*: see [`Method`] for the methods. `auto` is the mean of naive2, average, ses, damped and theta, of seasonal_drift
/// where the series has two seasons, tsb where it has zeros before the first origin, and structural where days or weeks have
/// their own calendar or something is known ahead, weighted by [`weights`] and [`weights_beside`]; of prices of which at least half (up to there)
/// equal the one before, it is naive or median, whichever erred less at past origins, so that the forecast is a price that was
/// really asked. Intervals are those of [`Intervals`], from forecasts at past [`origins`]. The weights used there come from
/// the other origins. A season is looked for where the series has
/// two of them.
///
/// A period that is [`closed`] is forecast as 0 with an interval of 0.
///
/// *Shapes*: values by period, oldest first, to one forecast per step.
///
/// *Missing data*: none may be missing; the caller fills gaps.
///
/// *Determinism*: nothing is drawn.
///
/// # Errors
/// [`Error::Refused`] for fewer than four periods, for values that are not finite or not below 1e15, and when the
/// method cannot carry the series.
pub fn forecast(values: &[f64], surroundings: &Surroundings<'_>, options: &TrendOptions) -> Result<Trend> {
    if values.len() < MIN_PERIODS {
        return Err(too_short(values.len()));
    }
    if !values.iter().all(|v| v.abs() < MAX_VALUE) {
        return Err(not_finite());
    }
    let (n, horizon) = (values.len(), options.horizon);
    let all = n + horizon;
    // A season that is not there twice cannot be told from a trend; those that are nothing else do not ask.
    let seasonal = [Method::SeasonalNaive, Method::SeasonalDrift].map(Choice::One);
    let long = n >= 2 * options.season || seasonal.contains(&options.choice);
    let season = if long { options.season } else { 1 };
    let mut cuts = cuts(n, options.cycle(n, season), horizon);
    // What is mixed is chosen from what was known at the first origin, so that no past forecast knows what came later.
    let first = cuts.first().copied().unwrap_or(n);
    let steps = stepwise(&values[..first], options);
    let mut methods = candidates(&values[..first], season, steps, !surroundings.known.is_empty(), options);
    cuts.push(n);
    let closed = closed_by_cut(values, surroundings, options, &cuts);
    let structural = match methods.contains(&Method::Structural) {
        true => {
            let (known, from) = (surroundings.known, surroundings.first);
            let columns = regressors(options.calendar, options.season, known, from, all);
            Structural::run(values, &columns, &cuts, &closed, horizon)
        }
        false => Structural::default(),
    };
    cuts.pop();
    if options.choice == Choice::Auto && structural.forecast(n, horizon).is_err() {
        methods.retain(|method| *method != Method::Structural);
    }
    let mut past = origins(values, season, &methods, &structural, &cuts, horizon);
    let squared = closed.first().is_some_and(|closed| is_rare(&values[..first], closed));
    for (origin, closed) in past.iter_mut().zip(&closed) {
        origin.close(closed);
        origin.squared = squared;
    }
    let choose = |origins: &[&Origin]| {
        let weights = match methods.as_slice() {
            [_, .., Method::Structural] => weights_beside(origins, methods.len(), n),
            _ => weights(origins.iter().copied(), methods.len(), n),
        };
        if steps { best(&weights) } else { weights }
    };
    let weights = choose(&past.iter().collect::<Vec<_>>());
    let history = History::new(values, season, &structural);
    let forecasts: Vec<Result<Vec<f64>>> = methods.iter().map(|m| m.forecast(&history, horizon)).collect();
    let known: Vec<Option<Vec<f64>>> = forecasts.iter().map(|f| f.as_ref().ok().cloned()).collect();
    let point = match combined(&known, &weights) {
        Some(point) => point,
        None => return Err(forecasts.into_iter().find_map(Result::err).unwrap_or_else(nothing)),
    };
    let mut errors = Vec::new();
    for (i, origin) in past.iter().enumerate() {
        let others = past
            .iter()
            .enumerate()
            .filter(|(j, _)| *j != i)
            .map(|(_, origin)| origin);
        let weights = choose(&others.collect::<Vec<_>>());
        let forecast = combined(&origin.forecasts, &weights).unwrap_or_default();
        let steps = origin.actual.iter().zip(forecast).enumerate();
        let open = steps.filter(|(step, _)| !origin.closed.contains(step));
        errors.extend(open.map(|(step, (&actual, forecast))| PastError { step, actual, forecast }));
    }
    let root = values.iter().all(|v| *v >= 0.0);
    let intervals = Intervals::fit(&errors, past.len(), n - first, root, options.level)
        .ok_or_else(|| Error::refused("the series is too short to measure the errors of past forecasts"))?;
    let step = |(k, &yhat): (usize, &f64)| {
        let (lower, upper) = intervals.around(yhat, k);
        [yhat, lower, upper]
    };
    let trend = Trend {
        steps: point.iter().enumerate().map(step).collect(),
        reason: reason(
            &methods,
            &weights,
            &known,
            season_told(&history, season, options.season),
            past.len(),
        ) + &told(&methods, &weights, structural.effects(n), surroundings.known)
            + &lonely(values),
    };
    Ok(trend.closed_as(closed.last().map_or(&[], |closed| &closed[n..])))
}

/// Which periods up to the last step are closed, as known after each number of periods.
fn closed_by_cut(
    values: &[f64],
    surroundings: &Surroundings<'_>,
    options: &TrendOptions,
    cuts: &[usize],
) -> Vec<Vec<bool>> {
    let all = values.len() + options.horizon;
    let flags = surroundings.known.iter().filter(|k| k.is_flag());
    let flags: Vec<(&Known, Vec<f64>)> = flags.map(|k| (k, k.filled(surroundings.first, all))).collect();
    let at = |cut: &usize| closed(&values[..*cut], options.season, &flags, all);
    cuts.iter().map(at).collect()
}

impl Trend {
    /// 0 in the steps that are closed.
    fn closed_as(mut self, closed: &[bool]) -> Self {
        let count = closed.iter().filter(|closed| **closed).count();
        if count > 0 {
            self.reason += &format!(
                "; 0 in {count} of {} steps, whose like never had a value",
                self.steps.len()
            );
        }
        for (step, closed) in self.steps.iter_mut().zip(closed) {
            if *closed {
                *step = [0.0; 3];
            }
        }
        self
    }
}

/// What is known ahead and moves the forecast most.
fn told(methods: &[Method], weights: &[f64], effects: &[(String, f64)], known: &[Known]) -> String {
    let used = methods
        .iter()
        .zip(weights)
        .any(|(m, w)| *m == Method::Structural && *w >= TOLD_WEIGHT);
    match (used, known.is_empty()) {
        (false, false) => return "; what is known ahead does not help".to_owned(),
        _ if effects.is_empty() => return String::new(),
        _ => {}
    }
    let mut effects: Vec<&(String, f64)> = effects.iter().collect();
    effects.sort_by(|a, b| (b.1 - 1.0).abs().total_cmp(&(a.1 - 1.0).abs()));
    let texts: Vec<String> = effects
        .iter()
        .take(TOLD_EFFECTS)
        .map(|(name, e)| format!("{name} x {e:.2}"))
        .collect();
    format!("; {}", texts.join(", "))
}

/// The value that is far beyond all others, as an error of typing is: forecasts follow it.
fn lonely(values: &[f64]) -> String {
    let sizes = sorted(values.iter().map(|v| v.abs()));
    match sizes.as_slice() {
        [.., second, largest] if sizes.len() > MIN_PERIODS && *second > 0.0 && *largest > LONELY * second => {
            format!("; one value, {largest}, is over {LONELY} times any other: is it right?")
        }
        _ => String::new(),
    }
}

fn too_short(periods: usize) -> Error {
    Error::refused(format!("at least {MIN_PERIODS} periods are needed, got {periods}"))
}

fn not_finite() -> Error {
    Error::refused("values must be finite and below 1e15")
}

fn nothing() -> Error {
    Error::refused("no method can forecast this series")
}

fn candidates(known: &[f64], season: usize, steps: bool, ahead: bool, options: &TrendOptions) -> Vec<Method> {
    match options.choice {
        Choice::One(method) => vec![method],
        Choice::Auto if steps => vec![Method::Naive, Method::Median],
        Choice::Auto => {
            let mut methods = vec![
                Method::Naive2,
                Method::Average,
                Method::Ses,
                Method::Damped,
                Method::Theta,
            ];
            if season > 1 {
                methods.push(Method::SeasonalDrift);
            }
            if known.contains(&0.0) {
                methods.push(Method::Tsb);
            }
            if ahead || matches!(options.calendar, Some(Frequency::Day | Frequency::Week)) {
                methods.push(Method::Structural);
            }
            methods
        }
    }
}

/// Whether values are prices that mostly stay as they were.
fn stepwise(values: &[f64], options: &TrendOptions) -> bool {
    let same = values.windows(2).filter(|w| w[0] == w[1]).count();
    options.prices && options.choice == Choice::Auto && 2 * same >= values.len() - 1
}

/// All weight on the largest; the first of equal ones.
fn best(weights: &[f64]) -> Vec<f64> {
    let largest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let chosen = weights.iter().position(|w| *w == largest);
    (0..weights.len())
        .map(|i| f64::from(u8::from(Some(i) == chosen)))
        .collect()
}

/// Whether the methods look at a season.
fn season_told(history: &History<'_>, season: usize, asked: usize) -> &'static str {
    match season {
        _ if history.is_seasonal() => "season found",
        1 if asked > 1 => "too short for a season, which takes two",
        _ => "no season found beyond chance",
    }
}

fn reason(methods: &[Method], weights: &[f64], known: &[Option<Vec<f64>>], season: &str, origins: usize) -> String {
    let mut parts: Vec<(f64, &str)> = methods
        .iter()
        .zip(weights)
        .zip(known)
        .filter(|((_, w), known)| **w >= TOLD_WEIGHT && known.is_some())
        .map(|((m, w), _)| (*w, m.name()))
        .collect();
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    let told = match parts.as_slice() {
        [(_, only)] => (*only).to_owned(),
        parts => {
            let parts: Vec<String> = parts.iter().map(|(w, name)| format!("{name} {w:.2}")).collect();
            format!("mean of {}", parts.join(", "))
        }
    };
    let origins = match origins {
        1 => "interval from one past forecast".to_owned(),
        n => format!("interval from {n} past forecasts"),
    };
    format!("{told}; {season}; {origins}")
}

#[cfg(test)]
mod tests;
