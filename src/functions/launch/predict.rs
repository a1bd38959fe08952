//! `launch_predict(model, launch_date, attributes, ...)`: a model and a product to its forecast.

use super::{
    SHARED,
    candidates::{Asked, Refused},
};
use crate::{
    forecast::{Forecast, StepForecast},
    functions::prelude::*,
    launch::{Lacking, reason},
    panel::check_horizon,
};

/// See [`Function::ABOUT`].
pub struct Predict;

impl Function for Predict {
    const NAME: &'static str = "launch_predict";
    const ABOUT: &'static str = r#"
        Forecasts a product without history from a model, its launch date and its attributes. Returns a list with
        one entry per step, or one entry with status 'refused' and the reason. launch_forecast does this for a
        table; this is the function beneath it.

        @candidate
        @param level: DOUBLE = 0.8  probability of the central interval
        @param horizon: BIGINT = NULL  steps to forecast, at most those the model was trained for; NULL for all of
            them
        @param units: DOUBLE[] = NULL  what the product sold so far, by step; NULL for nothing known
        @covariates
        @at_least
        @returns step: INTEGER  1 for the period that contains the launch date
        @returns date: DATE  first day of the period
        @returns yhat: DOUBLE  median forecast in units
        @returns yhat_lower: DOUBLE  lower end of the interval
        @returns yhat_upper: DOUBLE  upper end of the interval
        @returns mean: DOUBLE  expected units, the number to add up or to multiply with a margin
        @returns own_weight: DOUBLE  weight of the product's own sales, 0 for none
        @returns model_id: VARCHAR  identity of the model
        @returns status: VARCHAR  ok or refused
        @returns reason: VARCHAR  what the forecast rests on, or why there is none
        @example SELECT product_id, unnest(launch_predict((SELECT model FROM model), launch_date, {'category':
            category, 'price': price}, horizon := 4), recursive := true) FROM candidates
    "#;
    const SHARED: &'static [Shared] = SHARED;

    type Answer = Vec<Row>;
}

impl PerChunk for Predict {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Vec<Row>>, Failure> {
        let asked = Asked::read(&mut arguments)?;
        let (levels, horizons) = (arguments.numbers()?, arguments.whole()?);
        let asked = asked.with_own_units(&mut arguments)?.with_covariates(&mut arguments)?;
        let asked = asked.with_lower_bounds(&mut arguments)?;
        let options = |row: usize| {
            let level = required(levels[row], "level")?;
            Ok((level.to_bits(), horizons[row].map(check_horizon).transpose()?))
        };
        asked.answer(query, options, refused, |batch, &(level, horizon)| {
            let (model, candidates) = (&batch.model.model, &batch.candidates);
            let forecasts = model.forecast_running(candidates, &batch.own_units, f64::from_bits(level), horizon)?;
            let unknown = model.lacking(candidates);
            let each = forecasts.into_iter().zip(&unknown);
            let rows = each.map(|(forecast, unknown)| rows(batch.model.id(), forecast, unknown));
            Ok(rows.collect())
        })
    }
}

/// One step of a forecast, or the one row that says why there is none.
#[derive(AsDuckDB, Debug, Default)]
pub struct Row {
    step: Option<i32>,
    date: Option<DateValue>,
    yhat: Option<f64>,
    yhat_lower: Option<f64>,
    yhat_upper: Option<f64>,
    mean: Option<f64>,
    own_weight: Option<f64>,
    model_id: Option<String>,
    status: String,
    reason: Option<String>,
}

fn refused(refused: Refused<'_>) -> Result<Vec<Row>, Failure> {
    let (model_id, mut reason) = refused.into_parts();
    if model_id.is_none() {
        reason.push_str(", or pass sales");
    }
    Ok(vec![Row {
        model_id,
        status: "refused".to_owned(),
        reason: Some(reason),
        ..Row::default()
    }])
}

fn rows(model_id: &str, forecast: Forecast, unknown: &Lacking) -> Vec<Row> {
    let own_weight = forecast.own_weight;
    let reason = reason(&forecast.reason, own_weight, unknown);
    let row = |step: StepForecast| {
        let found = step.interval;
        Row {
            step: Some(step.step as i32),
            date: Some(DateValue(step.day)),
            yhat: found.map(|i| i.median),
            yhat_lower: found.map(|i| i.lower),
            yhat_upper: found.map(|i| i.upper),
            mean: found.map(|i| i.mean),
            own_weight: found.map(|_| own_weight),
            model_id: Some(model_id.to_owned()),
            status: if found.is_some() { "ok" } else { "refused" }.to_owned(),
            reason: Some(match found {
                Some(_) => reason.clone(),
                None => format!("no past launch has been observed at step {}", step.step),
            }),
        }
    };
    forecast.steps.into_iter().map(row).collect()
}
