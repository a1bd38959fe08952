//! `__launch_trend(periods, values, period_end, ...)`: the scalar beneath the macro `launch_trend`.

use rayon::prelude::*;

use crate::{
    error::Result,
    functions::prelude::*,
    market::trend::{Expected, Gap, Known, Series, Surroundings, Trend, TrendOptions, forecast},
    panel::Frequency,
};

/// See [`Function::ABOUT`].
pub struct OfSeries;

/// Series, in four arguments.
pub(super) fn read_series(arguments: &mut Arguments) -> std::result::Result<Vec<Series>, Failure> {
    let (periods, values) = (arguments.lists()?, arguments.lists()?);
    let (ends, means) = (arguments.whole()?, arguments.flags()?);
    let lists = periods.into_iter().zip(values).enumerate();
    let one = |(row, (periods, values)): (usize, (Option<Vec<_>>, Option<Vec<_>>))| Series {
        periods: periods.unwrap_or_default(),
        values: values.unwrap_or_default(),
        // Without an end there was no row to count from.
        end: ends[row].unwrap_or(i64::MIN),
        gap: if means[row] == Some(true) { Gap::Last } else { Gap::Zero },
        known: Vec::new(),
    };
    Ok(lists.map(one).collect())
}

/// What is known of each series, in one argument.
pub(super) fn read_known(arguments: &mut Arguments, series: &mut [Series]) -> std::result::Result<(), Failure> {
    for (series, table) in series.iter_mut().zip(arguments.tables()?) {
        series.known = table.map(known_of_series).transpose()?.unwrap_or_default();
    }
    Ok(())
}

fn known_of_series(mut table: Arguments) -> std::result::Result<Vec<Known>, Failure> {
    let names = table.texts()?.into_iter().zip(table.flags()?);
    let rows = names.zip(table.lists::<i64>()?.into_iter().zip(table.lists::<f64>()?));
    let expected = table
        .tables()?
        .into_iter()
        .map(|table| table.map(expected_of).transpose());
    let expected = expected.collect::<std::result::Result<Vec<_>, _>>()?;
    let known = rows
        .zip(expected)
        .filter_map(|(((name, event), (periods, values)), expected)| {
            let pairs = periods?.into_iter().zip(values?);
            let (periods, values) = pairs.filter_map(|(p, v)| Some((p?, v?))).unzip();
            Some(Known {
                name: name?,
                event: event?,
                periods,
                values,
                expected: expected.unwrap_or_default(),
            })
        });
    Ok(known.collect())
}

fn expected_of(mut table: Arguments) -> std::result::Result<Vec<Expected>, Failure> {
    let times = table.whole()?.into_iter().zip(table.whole()?);
    let effects = table.numbers()?.into_iter().zip(table.numbers()?);
    let expected = times.zip(effects).filter_map(|((lag, period), (effect, deviation))| {
        Some(Expected {
            lag: lag?,
            period: period?,
            effect: effect.filter(|e| e.is_finite())?,
            deviation: deviation.filter(|d| *d > 0.0 && d.is_finite())?,
        })
    });
    Ok(expected.collect())
}

/// What the headers of functions of series share.
pub(super) const SHARED: &[Shared] = &[(
    "@series",
    "@param periods: DOUBLE[]  numbers of the periods with a value, in order, each once
        @param values: DOUBLE[]  their values
        @param period_end: BIGINT  the first period to forecast; values from there on are not looked at
        @param means: BOOLEAN  whether values are means, such as prices: then a gap keeps the value before, else
            it is zero
        @param horizon: BIGINT = 13  periods to forecast, 1 to 520
        @param season: BIGINT = 1  periods of a season, 1 for none",
), (
    "@known",
    "@param known: STRUCT(name VARCHAR, event BOOLEAN, periods BIGINT[], \"values\" DOUBLE[], expected STRUCT(lag BIGINT,
            period BIGINT, effect DOUBLE, deviation DOUBLE)[])[] = NULL  what is known of periods, past and future, and what
            other series say of its effect",
)];

impl Function for OfSeries {
    const NAME: &'static str = "__launch_trend";
    const ABOUT: &'static str = "
        Forecasts one series from itself; launch_trend does so for a table.

        @series
        @param method: VARCHAR = 'auto'  as in launch_trend, but for lstm
        @param level: DOUBLE = 0.8  probability of the interval
        @param calendar: VARCHAR = NULL  day, week or month where the season is that of the calendar
        @known
        @returns step: INTEGER  1 for the first period to forecast
        @returns yhat: DOUBLE  the forecast
        @returns yhat_lower: DOUBLE  lower end of its interval
        @returns yhat_upper: DOUBLE  upper end of its interval
        @returns status: VARCHAR  ok or refused
        @returns reason: VARCHAR  what the forecast rests on, or why there is none
        @example SELECT unnest(__launch_trend([1, 2, 4, 5, 6], [3, 4, 5, 4, 5], 7, false, horizon := 2), recursive
            := true)
    ";
    const SHARED: &'static [Shared] = SHARED;

    type Answer = Vec<Row>;
}

impl PerChunk for OfSeries {
    fn answer(query: &Query, mut arguments: Arguments) -> std::result::Result<Vec<Vec<Row>>, Failure> {
        let mut series = read_series(&mut arguments)?;
        let (horizons, seasons) = (arguments.whole()?, arguments.whole()?);
        let (methods, levels) = (arguments.texts()?, arguments.numbers()?);
        let calendars = arguments.texts()?;
        read_known(&mut arguments, &mut series)?;
        let options = |row: usize| {
            let options = TrendOptions::try_new(
                required(methods[row].as_deref(), "method")?,
                required(horizons[row], "horizon")?,
                required(seasons[row], "season")?,
                required(levels[row], "level")?,
                series[row].gap == Gap::Last,
            )?;
            Ok(match &calendars[row] {
                Some(name) => options.by_calendar(Frequency::parse(name)?),
                None => options,
            })
        };
        // An option that is not allowed ends the query.
        let options = (0..arguments.rows())
            .map(options)
            .collect::<std::result::Result<Vec<_>, Failure>>()?;
        let one = |(series, options): (&Series, &TrendOptions)| {
            let known = &series.known;
            let filled = series.filled();
            rows(filled.and_then(|(first, values)| forecast(&values, &Surroundings { first, known }, options)))
        };
        query.run(|| series.par_iter().zip(&options).map(one).collect())?
    }
}

/// One step of a forecast, or the one row that says why there is none.
#[derive(AsDuckDB, Debug, Default)]
pub struct Row {
    pub(super) step: Option<i32>,
    pub(super) yhat: Option<f64>,
    pub(super) yhat_lower: Option<f64>,
    pub(super) yhat_upper: Option<f64>,
    pub(super) status: String,
    pub(super) reason: String,
}

/// The rows of a forecast or of its refusal.
///
/// # Errors
/// What is no refusal.
pub(super) fn rows(trend: Result<Trend>) -> std::result::Result<Vec<Row>, Failure> {
    let trend = match trend {
        Ok(trend) => trend,
        Err(error) => {
            return Ok(vec![Row {
                status: "refused".to_owned(),
                reason: Failure::unless_refused(error)?,
                ..Row::default()
            }]);
        }
    };
    let row = |(k, step): (usize, &[f64; 3])| Row {
        step: Some(k as i32 + 1),
        yhat: Some(rounded(step[0])),
        yhat_lower: Some(rounded(step[1])),
        yhat_upper: Some(rounded(step[2])),
        status: "ok".to_owned(),
        reason: trend.reason.clone(),
    };
    Ok(trend.steps.iter().enumerate().map(row).collect())
}

/// Nine decimals, as prices have: forecasts of a series that has ended are no dust.
fn rounded(value: f64) -> f64 {
    if value.abs() < 1e6 {
        (value * 1e9).round() / 1e9
    } else {
        value
    }
}
