//! `__launch_signal(units, signal, first_day, frequency, max_lag)`: the scalar beneath the macro `launch_signal`.

use crate::{
    functions::prelude::*,
    market::signal::{Lead, MAX_LAG, Pair, leads},
    panel::Frequency,
};

/// See [`Function::ABOUT`].
pub struct Signal;

impl Function for Signal {
    const NAME: &'static str = "__launch_signal";
    const ABOUT: &'static str = "
        Whether a signal runs ahead of sales; launch_signal takes both from tables.

        @param units: DOUBLE[]  units by period, NULL before the first sale
        @param signal: DOUBLE[]  the signal in the same periods, NULL where it is not known
        @param first_day: DATE  a day of the first period
        @param frequency: VARCHAR  day, week or month
        @param max_lag: BIGINT  largest lag, 0 to 52
        @returns STRUCT[]  one entry per lag, or one that holds why there is none
        @example SELECT __launch_signal([5.0], [1.0], DATE '2024-01-01', 'week', 8)
    ";

    type Answer = Vec<Row>;
}

impl PerChunk for Signal {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Vec<Row>>, Failure> {
        let (units, signals) = (arguments.lists()?, arguments.lists()?);
        let (days, frequencies, lags) = (arguments.days()?, arguments.texts()?, arguments.whole()?);
        let row = |row: usize| {
            let max_lag = lags[row].filter(|lag| (0..=MAX_LAG).contains(lag)).ok_or_else(|| {
                let found = lags[row].map_or("NULL".to_owned(), |lag| lag.to_string());
                Failure::new(format!("max_lag must be between 0 and {MAX_LAG}, got {found}"))
            })?;
            let pair = Pair {
                frequency: Frequency::parse(frequencies[row].as_deref().unwrap_or("NULL"))?,
                first_day: days[row].unwrap_or_default(),
                units: units[row].as_deref().unwrap_or_default(),
                signal: signals[row].as_deref().unwrap_or_default(),
            };
            rows(pair, max_lag as usize)
        };
        (0..arguments.rows()).map(row).collect()
    }
}

/// One lag, or why there is none.
#[derive(AsDuckDB, Debug, Default)]
pub struct Row {
    lag: Option<i64>,
    correlation: Option<f64>,
    gain: Option<f64>,
    status: String,
    reason: String,
}

fn rows(pair: Pair<'_>, max_lag: usize) -> Result<Vec<Row>, Failure> {
    let leads = match leads(pair, max_lag) {
        Ok(leads) => leads,
        Err(error) => return Ok(vec![refused(Failure::unless_refused(error)?)]),
    };
    let row = |lead: Lead| Row {
        lag: Some(lead.lag as i64),
        correlation: lead.correlation,
        gain: lead.gain,
        status: if lead.correlation.is_some() { "ok" } else { "refused" }.to_owned(),
        reason: lead.reason,
    };
    Ok(leads.into_iter().map(row).collect())
}

fn refused(reason: String) -> Row {
    Row {
        status: "refused".to_owned(),
        reason,
        ..Row::default()
    }
}
