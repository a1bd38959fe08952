//! `launch_predict(model, launch_date, attributes, ...)`: a model and a product to its forecast.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{Array, Float64Array, RecordBatch};
use duckdb_neo::{
    AsDuckDB, DuckDBType,
    data_chunk::VectorCollection,
    enums::FunctionProperty,
    extension::Extension,
    scalar::ScalarFunctionBuilder,
    signature::{FunctionParameter, FunctionParameterKind, SignatureBuilder},
    types::{Any, BlobValue, DateValue, List},
};

use super::{
    ATTRIBUTES, COVARIATES, LAUNCH_DATE, MODEL,
    cache::{Decoded, ModelCache, OfModel},
    candidates, covariates,
};
use crate::{
    error::Error,
    forecast::Forecast,
    functions::{
        documentation::{Documentation, ParameterText, ReturnText},
        guard::Failure,
        vectors,
    },
    panel::{FIRST_DAY, format_date, last_day},
};

const NAME: &str = "launch_predict";

/// One step of a forecast, or the one row that says why there is none.
#[derive(AsDuckDB)]
struct Row {
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

fn refused(model_id: Option<&str>, reason: String) -> Row {
    Row {
        step: None,
        date: None,
        yhat: None,
        yhat_lower: None,
        yhat_upper: None,
        mean: None,
        own_weight: None,
        model_id: model_id.map(str::to_owned),
        status: "refused".to_owned(),
        reason: Some(reason),
    }
}

fn rows(model_id: &str, forecast: Forecast, unknown: &[&str]) -> Vec<Row> {
    let own_weight = forecast.own_weight;
    let own = if own_weight > 0.0 {
        "; corrected by its own sales so far"
    } else {
        ""
    };
    let lacking = lacking(unknown).map_or_else(String::new, |text| format!("; {text}"));
    let reason = format!("{}{own}{lacking}", forecast.reason);
    let row = |step: crate::forecast::StepForecast| {
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

/// What the model knows and the candidate does not have, if there is any.
pub fn lacking(unknown: &[&str]) -> Option<String> {
    (!unknown.is_empty()).then(|| format!("not known of the candidate: {}", unknown.join(", ")))
}

/// Rows that are forecast together: the same model, level and horizon.
struct Batch {
    model: Arc<Decoded>,
    level: f64,
    horizon: Option<usize>,
    rows: Vec<usize>,
}

fn predict(cache: &mut ModelCache, vectors: &mut VectorCollection) -> Result<Vec<Vec<Row>>, Failure> {
    let count = vectors.row_count()?;
    let days = vectors::days(vectors, 1, count)?;
    let attributes = vectors::attributes(vectors, 2, count)?;
    let levels = vectors::values::<f64, _>(vectors, 3, count, |v| *v)?;
    let horizons = vectors::values::<i64, _>(vectors, 4, count, |v| *v)?;
    let own_units = vectors::number_lists(vectors, 5, count)?;
    let series = vectors::covariates(vectors, count)?;
    let mut lists: Vec<Vec<Row>> = (0..count).map(|_| Vec::new()).collect();
    let mut batches: BTreeMap<(String, u64, Option<i64>), Batch> = BTreeMap::new();
    cache.begin_chunk();
    vectors::blobs(vectors, 0, count, |row, bytes| {
        let Some(bytes) = bytes else {
            lists[row].push(refused(
                None,
                "the model is NULL: train one with launch_train, or pass sales".to_owned(),
            ));
            return Ok(());
        };
        let model = cache.get(bytes)?;
        if let Some(reason) = unusable(days[row], &attributes, own_units[row].as_deref(), row) {
            lists[row].push(refused(Some(&model.id), reason));
            return Ok(());
        }
        let level = levels[row].ok_or_else(|| Failure::new("level must not be NULL"))?;
        let horizon = horizons[row].map(crate::panel::check_horizon).transpose()?;
        let batch = batches.entry((model.id.clone(), level.to_bits(), horizons[row]));
        batch
            .or_insert_with(|| Batch {
                model,
                level,
                horizon,
                rows: Vec::new(),
            })
            .rows
            .push(row);
        Ok(())
    })?;
    for batch in batches.into_values() {
        let horizon = batch.model.model.horizon();
        let candidates = candidates(&batch.rows, &days, &attributes, &series, horizon)?;
        let unknown = batch.model.model.unknown_attributes(&candidates);
        let own: Vec<Vec<Option<f64>>> = batch
            .rows
            .iter()
            .map(|&r| own_units[r].clone().unwrap_or_default())
            .collect();
        match batch
            .model
            .model
            .forecast_running(&candidates, &own, batch.level, batch.horizon)
        {
            Ok(forecasts) => {
                for ((&row, forecast), unknown) in batch.rows.iter().zip(forecasts).zip(&unknown) {
                    lists[row] = rows(&batch.model.id, forecast, unknown);
                }
            }
            Err(Error::Refused(reason)) => {
                batch
                    .rows
                    .iter()
                    .for_each(|&row| lists[row].push(refused(Some(&batch.model.id), reason.clone())));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(lists)
}

/// Why a row cannot be forecast, if it cannot.
pub fn unusable(
    day: Option<i32>,
    attributes: &RecordBatch,
    units: Option<&[Option<f64>]>,
    row: usize,
) -> Option<String> {
    if let Some(bad) = units
        .unwrap_or(&[])
        .iter()
        .flatten()
        .find(|u| !(u.is_finite() && **u >= 0.0))
    {
        return Some(format!("units must be finite and not negative, got {bad}"));
    }
    let Some(day) = day else {
        return Some("launch_date is NULL: give the date to forecast from".to_owned());
    };
    if !(FIRST_DAY..=last_day()).contains(&day) {
        let (first, last) = (format_date(FIRST_DAY), format_date(last_day()));
        return Some(format!(
            "launch_date must be between {first} and {last}, got {}",
            format_date(day)
        ));
    }
    let schema = attributes.schema();
    schema
        .fields()
        .iter()
        .zip(attributes.columns())
        .find_map(|(field, column)| {
            let numbers = column.as_any().downcast_ref::<Float64Array>()?;
            let bad = numbers.is_valid(row) && !numbers.value(row).is_finite();
            bad.then(|| {
                format!(
                    "{} is {}: give a finite number or NULL",
                    field.name(),
                    numbers.value(row)
                )
            })
        })
}

/// Registers `launch_predict`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let column = |name, sql_type, text| ReturnText { name, sql_type, text };
    let documentation = Documentation {
        description: "Forecasts a product without history from a model, its launch date and its attributes. \
                      Returns a list with one entry per step, or one entry with status 'refused' and the reason. \
                      launch_forecast does this for a table; this is the function beneath it.",
        parameters: &[
            MODEL,
            LAUNCH_DATE,
            ATTRIBUTES,
            ParameterText {
                name: "level",
                sql_type: "DOUBLE",
                default: Some("0.8"),
                text: "probability of the central interval",
            },
            ParameterText {
                name: "horizon",
                sql_type: "BIGINT",
                default: Some("NULL"),
                text: "steps to forecast, at most those the model was trained for; NULL for all of them",
            },
            ParameterText {
                name: "units",
                sql_type: "DOUBLE[]",
                default: Some("NULL"),
                text: "what the product sold so far, by step; NULL for nothing known",
            },
            COVARIATES,
        ],
        returns: &[
            column("step", "INTEGER", "1 for the period that contains the launch date"),
            column("date", "DATE", "first day of the period"),
            column("yhat", "DOUBLE", "median forecast in units"),
            column("yhat_lower", "DOUBLE", "lower end of the interval"),
            column("yhat_upper", "DOUBLE", "upper end of the interval"),
            column(
                "mean",
                "DOUBLE",
                "expected units, the number to add up or to multiply with a margin",
            ),
            column("own_weight", "DOUBLE", "weight of the product's own sales, 0 for none"),
            column("model_id", "VARCHAR", "identity of the model"),
            column("status", "VARCHAR", "ok or refused"),
            column("reason", "VARCHAR", "what the forecast rests on, or why there is none"),
        ],
        examples: &[
            "SELECT product_id, unnest(launch_predict((SELECT model FROM model), launch_date, \
             {'category': category, 'price': price}, horizon := 4), recursive := true) FROM candidates",
        ],
        category: "launch",
    };
    let named = |parameter: FunctionParameter| parameter.kind(FunctionParameterKind::Named);
    let signature = SignatureBuilder::new()
        .param(FunctionParameter::new::<BlobValue>("model"))
        .param(FunctionParameter::new::<DateValue>("launch_date"))
        .param(FunctionParameter::new::<Any>("attributes"))
        .param(named(FunctionParameter::with_default("level", 0.8_f64)))
        .param(named(FunctionParameter::with_default("horizon", None::<i64>)))
        .param(named(FunctionParameter::with_default("units", None::<List<f64>>)))
        .param(covariates())
        .return_type(List::<Row>::logical_type(extension)?)
        .documentation(documentation.build());
    let function = OfModel {
        name: NAME,
        answer: |cache, vectors, output| vectors::write_lists::<Row>(output, predict(cache, vectors)?),
    };
    ScalarFunctionBuilder::new(NAME, signature, function)
        .with_init()
        .set_property(FunctionProperty::HasSpecialNullHandling(true))
        .register(extension)
}
