//! `__launch_total(...)`: the scalar beneath the macro `launch_total`.

use duckdb_neo::{
    AsDuckDB, DuckDBType,
    extension::Extension,
    logical_type::LogicalType,
    types::{DateValue, List},
    vector::{Unknown, Vector},
};

use super::{SHARED, candidates::Asked};
use crate::{
    error::Error,
    functions::{prelude::*, vectors},
    launch::{Lacking, Totals, check_scenarios, lacking, reason},
    panel::Frequency,
};

/// What `period` says of all steps together.
const HORIZON: &str = "horizon";

/// See [`Function::ABOUT`].
pub struct Sums;

/// The sums of one candidate.
#[derive(Debug, Default)]
pub struct Summed {
    periods: Vec<Period>,
    /// The units of all worlds in the first period, then those in the second, and so on.
    units: Vec<f64>,
}

/// One period, or the one entry that says why there is none.
#[derive(AsDuckDB, Debug, Default)]
pub struct Period {
    date: Option<DateValue>,
    mean: Option<f64>,
    origins: Option<i32>,
    unknown: Option<i32>,
    status: String,
    reason: String,
    /// What the model does not know of the candidate.
    lacking: Option<String>,
}

/// How DuckDB sees [`Summed`].
#[derive(AsDuckDB)]
struct Layout {
    periods: List<Period>,
    units: List<f64>,
}

impl Answer for Summed {
    fn sql_type(extension: &Extension) -> duckdb_neo::Result<LogicalType> {
        Layout::logical_type(extension)
    }

    fn columns(_: &Extension) -> duckdb_neo::Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    fn write(answers: Vec<Self>, output: Vector<'_, Unknown>, offset: usize) -> Result<(), Failure> {
        let (periods, units) = answers.into_iter().map(|summed| (summed.periods, summed.units)).unzip();
        vectors::write_pairs_of_lists(output, offset, periods, units)
    }
}

impl Function for Sums {
    const NAME: &'static str = "__launch_total";
    const ABOUT: &'static str = r#"
        What a product may sell over its steps, or over those that begin in each period, in n worlds: the periods, with
        expected units, status and reason, and the units of the n worlds in the first period, then those in the
        second, and so on. World j of all products is the same. launch_total adds products up.

        @candidate
        @param key: VARCHAR  what the product is called: it seeds the draw
        @param period: VARCHAR = 'horizon'  horizon (all steps), day, week or month
        @param n: BIGINT = 100  worlds, 1 to 10,000
        @param units: DOUBLE[] = NULL  what the product sold so far, by step; NULL for nothing known
        @covariates
        @at_least
        @returns STRUCT  the periods, or one that is refused; n values for each period
        @example SELECT product_id, __launch_total((SELECT model FROM model), launch_date, {'category':
            category, 'price': price}, product_id, n := 10) FROM candidates
    "#;
    const SHARED: &'static [Shared] = SHARED;

    type Answer = Summed;
}

impl PerChunk for Sums {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Summed>, Failure> {
        let asked = Asked::read(&mut arguments)?;
        let (keys, periods, ns) = (arguments.texts()?, arguments.texts()?, arguments.whole()?);
        let asked = asked.with_own_units(&mut arguments)?.with_covariates(&mut arguments)?;
        let asked = asked.with_lower_bounds(&mut arguments)?;
        let options = |row: usize| {
            let n = required(ns[row], "n")?;
            check_scenarios(n)?;
            let period = required(periods[row].as_deref(), "period")?;
            let period = match period.eq_ignore_ascii_case(HORIZON) {
                true => None,
                false => Some(Frequency::parse(period).map_err(|_| {
                    Failure::new(format!(
                        "period must be one of horizon, day, week, month, got '{period}'"
                    ))
                })?),
            };
            Ok((n, period))
        };
        let refuse = |refused: super::candidates::Refused<'_>| {
            Ok(Summed {
                periods: vec![Period {
                    status: "refused".to_owned(),
                    reason: refused.into_parts().1,
                    ..Period::default()
                }],
                units: Vec::new(),
            })
        };
        asked.answer(query, options, refuse, |batch, &(n, period)| {
            let model = &batch.model.model;
            let values = batch
                .rows
                .len()
                .saturating_mul(model.horizon())
                .saturating_mul(n as usize);
            if values > super::scenarios::MAX_VALUES {
                return Err(Error::argument(format!(
                    "{values} units at a time are too many: lower n, or ask for fewer candidates"
                )));
            }
            let keys: Vec<String> = batch
                .rows
                .iter()
                .map(|&row| keys[row].clone().unwrap_or_default())
                .collect();
            let totals = model.totals(&batch.candidates, &keys, &batch.own_units, n, period)?;
            let unknown = model.lacking(&batch.candidates);
            Ok(totals.into_iter().zip(&unknown).map(|(t, u)| summed(t, u)).collect())
        })
    }
}

fn summed(totals: Totals, unknown: &Lacking) -> Summed {
    let reason = reason(&totals.reason, totals.own_weight, unknown);
    let mut out = Summed::default();
    for period in totals.periods {
        out.units.extend(period.units);
        out.periods.push(Period {
            date: Some(DateValue(period.day)),
            mean: Some(period.mean),
            origins: Some(totals.origins as i32),
            unknown: Some(totals.unknown as i32),
            status: "ok".to_owned(),
            reason: reason.clone(),
            lacking: lacking(unknown),
        });
    }
    if out.periods.is_empty() {
        out.periods.push(Period {
            status: "refused".to_owned(),
            reason: "no past launch has been observed at any step".to_owned(),
            ..Period::default()
        });
    }
    out
}
