//! `__launch_scenarios(...)`: the scalar beneath the macro `launch_scenarios`.

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
    launch::{Lacking, Scenarios, check_scenarios, reason},
};

/// Units of one chunk of candidates, at most: 1 GB.
pub const MAX_VALUES: usize = 1 << 27;

/// See [`Function::ABOUT`].
pub struct Draw;

/// The paths of one candidate.
#[derive(Debug, Default)]
pub struct Drawn {
    steps: Vec<Step>,
    /// The units of all scenarios at step 1, then those at step 2, and so on; NaN at steps that have no forecast.
    units: Vec<f64>,
}

/// One step, or the one entry that says why there is none.
#[derive(AsDuckDB, Debug, Default)]
pub struct Step {
    step: Option<i32>,
    date: Option<DateValue>,
    status: String,
    reason: String,
}

/// How DuckDB sees [`Drawn`].
#[derive(AsDuckDB)]
struct Layout {
    steps: List<Step>,
    units: List<f64>,
}

impl Answer for Drawn {
    fn sql_type(extension: &Extension) -> duckdb_neo::Result<LogicalType> {
        Layout::logical_type(extension)
    }

    fn columns(_: &Extension) -> duckdb_neo::Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    fn write(answers: Vec<Self>, output: Vector<'_, Unknown>, offset: usize) -> Result<(), Failure> {
        let (steps, units) = answers.into_iter().map(|drawn| (drawn.steps, drawn.units)).unzip();
        vectors::write_pairs_of_lists(output, offset, steps, units)
    }
}

impl Function for Draw {
    const NAME: &'static str = "__launch_scenarios";
    const ABOUT: &'static str = r#"
        Joint paths of a product's forecast: its steps, with status and reason, and the units of the n scenarios
        at step 1, then those at step 2, and so on, the same scenario at the same place, NaN at steps that
        have no forecast. launch_scenarios brings them into rows.

        @candidate
        @param key: VARCHAR  what the product is called: it seeds the draw
        @param n: BIGINT = 100  scenarios, 1 to 10,000
        @param units: DOUBLE[] = NULL  what the product sold so far, by step; NULL for nothing known
        @covariates
        @at_least
        @returns STRUCT  the steps, or one that is refused; n values for each step
        @example SELECT product_id, __launch_scenarios((SELECT model FROM model), launch_date, {'category':
            category, 'price': price}, product_id, n := 10) FROM candidates
    "#;
    const SHARED: &'static [Shared] = SHARED;

    type Answer = Drawn;
}

impl PerChunk for Draw {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Drawn>, Failure> {
        let asked = Asked::read(&mut arguments)?;
        let (keys, ns) = (arguments.texts()?, arguments.whole()?);
        let asked = asked.with_own_units(&mut arguments)?.with_covariates(&mut arguments)?;
        let asked = asked.with_lower_bounds(&mut arguments)?;
        asked.answer(
            query,
            |row| {
                let n = required(ns[row], "n")?;
                check_scenarios(n)?;
                Ok(n)
            },
            |refused| {
                Ok(Drawn {
                    steps: vec![Step {
                        status: "refused".to_owned(),
                        reason: refused.into_parts().1,
                        ..Step::default()
                    }],
                    units: Vec::new(),
                })
            },
            |batch, &n| {
                let model = &batch.model.model;
                let values = batch
                    .rows
                    .len()
                    .saturating_mul(model.horizon())
                    .saturating_mul(n as usize);
                if values > MAX_VALUES {
                    return Err(Error::argument(format!(
                        "{values} units at a time are too many: lower n, or ask for fewer candidates"
                    )));
                }
                let keys = batch.rows.iter().map(|&row| keys[row].clone().unwrap_or_default());
                let keys: Vec<String> = keys.collect();
                let scenarios = model.scenarios(&batch.candidates, &keys, &batch.own_units, n)?;
                let unknown = model.lacking(&batch.candidates);
                Ok(scenarios
                    .into_iter()
                    .zip(&unknown)
                    .map(|(s, u)| drawn(s, u, n as usize))
                    .collect())
            },
        )
    }
}

fn drawn(scenarios: Scenarios, unknown: &Lacking, n: usize) -> Drawn {
    let reason = reason(&scenarios.reason, scenarios.own_weight, unknown);
    let mut drawn = Drawn::default();
    for step in scenarios.steps {
        let known = !step.units.is_empty() && step.units.iter().all(|units| units.is_finite());
        drawn.units.extend(step.units);
        drawn.units.resize((drawn.steps.len() + 1) * n, f64::NAN);
        drawn.steps.push(Step {
            step: Some(step.step as i32),
            date: Some(DateValue(step.day)),
            status: if known { "ok" } else { "refused" }.to_owned(),
            reason: if known {
                reason.clone()
            } else {
                format!("no past launch has been observed at step {}", step.step)
            },
        });
    }
    drawn
}
