//! `__launch_trend_effects(periods, values, period_end, ...)` and `__launch_common_effect(effects, variances)`: what series
//! say of what is known ahead, one by one and together, for the macro `launch_trend`.

use rayon::prelude::*;

use super::trend::{self, read_known, read_series};
use crate::{
    functions::prelude::*,
    market::trend::{Series, Surroundings, TrendOptions, common, seen_effects},
    panel::Frequency,
};

/// Effects in one series; see [`Function::ABOUT`].
pub struct OfSeries;

/// The effect in a series that nothing is known of; see [`Function::ABOUT`].
pub struct Common;

impl Function for OfSeries {
    const NAME: &'static str = "__launch_trend_effects";
    const ASKED: &'static str = "launch_trend";
    const ABOUT: &'static str = "
        What one series says of the effects of what is known ahead, at the end and at earlier times.

        @series
        @param calendar: VARCHAR = NULL  day, week or month where the season is that of the calendar
        @known
        @param period_start: BIGINT = NULL  the first period of all series
        @returns name: VARCHAR  what is known
        @returns lag: BIGINT  periods after the event itself
        @returns period: BIGINT  the first period that was not seen
        @returns effect: DOUBLE  on the log scale
        @returns variance: DOUBLE  of its error
        @example SELECT __launch_trend_effects([1, 2, 4, 5, 6, 7, 8, 9], [3, 4, 5, 4, 5, 6, 3, 4], 10, false, horizon := 2,
            known := [{'name': 'fair', 'event': true, 'periods': [4, 9], 'values': [1.0, 1.0], 'expected': NULL}],
            period_start := 1)
    ";
    const SHARED: &'static [Shared] = trend::SHARED;

    type Answer = Vec<Row>;
}

/// One effect at one time.
#[derive(AsDuckDB, Debug)]
pub struct Row {
    name: String,
    lag: i64,
    period: i64,
    effect: f64,
    variance: f64,
}

impl PerChunk for OfSeries {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Vec<Row>>, Failure> {
        let mut series = read_series(&mut arguments)?;
        let (horizons, seasons, calendars) = (arguments.whole()?, arguments.whole()?, arguments.texts()?);
        read_known(&mut arguments, &mut series)?;
        let starts = arguments.whole()?;
        let options = |row: usize| {
            let (horizon, season) = (required(horizons[row], "horizon")?, required(seasons[row], "season")?);
            let options = TrendOptions::try_new("structural", horizon, season, 0.8, false)?;
            Ok(match &calendars[row] {
                Some(name) => options.by_calendar(Frequency::parse(name)?),
                None => options,
            })
        };
        let options = (0..arguments.rows())
            .map(options)
            .collect::<Result<Vec<_>, Failure>>()?;
        let one = |((series, options), start): ((&Series, &TrendOptions), &Option<i64>)| {
            // A series that cannot be forecast says nothing; the forecast itself says why.
            let Ok((first, values)) = series.filled() else {
                return Vec::new();
            };
            let known = &series.known;
            let seen = seen_effects(&values, &Surroundings { first, known }, options, start.unwrap_or(first));
            let row = |(period, seen): (i64, crate::market::trend::Seen)| Row {
                name: seen.name,
                lag: seen.lag,
                period,
                effect: seen.effect,
                variance: seen.variance,
            };
            seen.into_iter().map(row).collect()
        };
        query.run(|| series.par_iter().zip(&options).zip(&starts).map(one).collect())
    }
}

impl Function for Common {
    const NAME: &'static str = "__launch_common_effect";
    const ASKED: &'static str = OfSeries::ASKED;
    const ABOUT: &'static str = "
        The effect that a series has of which nothing is known, from that in others.

        @param effects: DOUBLE[]  effects, in a fixed order
        @param variances: DOUBLE[]  variances of their errors
        @returns effect: DOUBLE  the mean
        @returns deviation: DOUBLE  standard deviation of that of a series
        @example SELECT __launch_common_effect([0.4, 0.5, 0.6], [0.01, 0.02, 0.01])
    ";

    type Answer = Vec<Together>;
}

/// An effect of which nothing is known; none of few series.
#[derive(AsDuckDB, Debug)]
pub struct Together {
    effect: f64,
    deviation: f64,
}

impl PerChunk for Common {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Vec<Together>>, Failure> {
        let (effects, variances) = (arguments.lists::<f64>()?, arguments.lists::<f64>()?);
        let one = |(effects, variances): (&Option<Vec<_>>, &Option<Vec<_>>)| {
            let pairs = effects.iter().flatten().zip(variances.iter().flatten());
            let pairs: Vec<(f64, f64)> = pairs.filter_map(|(b, v)| Some(((*b)?, (*v)?))).collect();
            let found = common(&pairs);
            let together = found.map(|(effect, deviation)| Together { effect, deviation });
            together.into_iter().collect()
        };
        Ok(effects.iter().zip(&variances).map(one).collect())
    }
}
