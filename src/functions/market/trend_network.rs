//! `__launch_trend_network(series, periods, values, period_end, ...)`: the aggregate beneath the method lstm of
//! `launch_trend`.

use super::trend::{self, read_series};
use crate::{
    error::Error,
    functions::prelude::*,
    market::trend::{NetworkOptions, Series, forecast_together},
};

/// See [`Function::ABOUT`].
pub struct OfAllSeries;

/// The options as the caller gave them.
#[derive(Clone, Copy, PartialEq)]
pub struct Options {
    horizon: Option<i64>,
    season: Option<i64>,
    level: Option<f64>,
    seed: Option<i64>,
}

impl Function for OfAllSeries {
    const NAME: &'static str = "__launch_trend_network";
    const ASKED: &'static str = "launch_trend";
    const ABOUT: &'static str = "
        Forecasts series by one network for all of them; launch_trend does so for a table.

        @param series: VARCHAR  the series, each in one row
        @series
        @param level: DOUBLE = 0.8  probability of the interval
        @param seed: BIGINT = 42  seed of weights, order and noise
        @returns STRUCT[]  one entry per series and step, or one per series that is refused
        @example SELECT __launch_trend_network('a', [1, 2, 3, 4, 5], [3, 4, 5, 4, 5], 6, false, horizon := 2)
    ";
    const SHARED: &'static [Shared] = trend::SHARED;

    type Answer = Vec<Row>;
}

impl Gather for OfAllSeries {
    type Batch = Vec<(String, Series)>;
    type Options = Options;

    fn read(arguments: &mut Arguments) -> Result<(Self::Batch, Vec<Options>), Failure> {
        let keys = arguments.texts()?;
        let series = keys.into_iter().zip(read_series(arguments)?);
        let batch = series.map(|(key, one)| Ok((required(key, "series")?, one)));
        let batch = batch.collect::<Result<_, Failure>>()?;
        let (horizon, season) = (arguments.whole()?, arguments.whole()?);
        let (level, seed) = (arguments.numbers()?, arguments.whole()?);
        let options = |row: usize| Options {
            horizon: horizon[row],
            season: season[row],
            level: level[row],
            seed: seed[row],
        };
        Ok((batch, (0..arguments.rows()).map(options).collect()))
    }

    /// The rows of all series, in the order of their keys.
    fn answer(query: &Query, rows: &Rows<Self::Batch>, asked: &Options) -> Result<Vec<Row>, Failure> {
        let options = NetworkOptions::try_new(
            required(asked.horizon, "horizon")?,
            required(asked.season, "season")?,
            required(asked.level, "level")?,
            required(asked.seed, "seed")?,
        )?;
        let mut series: Vec<&(String, Series)> = rows.iter().collect();
        series.sort_by(|a, b| a.0.cmp(&b.0));
        let filled: Vec<Result<Vec<f64>, Error>> = series
            .iter()
            .map(|(_, s)| s.filled().map(|(_, values)| values))
            .collect();
        let values: Vec<Vec<f64>> = filled.iter().map(|f| f.clone().unwrap_or_default()).collect();
        let progress = query.progress();
        let together = query.run(|| forecast_together(&values, &options, &progress))?;
        let of_series = match together {
            Ok(trends) => filled.into_iter().zip(trends).map(|(f, trend)| f.and(trend)).collect(),
            Err(error) => vec![Err(Error::Refused(Failure::unless_refused(error)?)); series.len()],
        };
        let mut named = Vec::new();
        for ((key, _), trend) in series.into_iter().zip(of_series) {
            named.extend(trend::rows(trend)?.into_iter().map(|row| Row {
                series: key.clone(),
                step: row.step,
                yhat: row.yhat,
                yhat_lower: row.yhat_lower,
                yhat_upper: row.yhat_upper,
                status: row.status,
                reason: row.reason,
            }));
        }
        Ok(named)
    }
}

/// One step of a series, or the one row that says why there is none.
#[derive(AsDuckDB)]
pub struct Row {
    series: String,
    step: Option<i32>,
    yhat: Option<f64>,
    yhat_lower: Option<f64>,
    yhat_upper: Option<f64>,
    status: String,
    reason: String,
}
