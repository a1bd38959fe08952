//! `__launch_explain(...)`: the scalar beneath the macro `launch_explain`.

use std::{collections::BTreeMap, sync::Arc};

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
    predict::{lacking, unusable},
};
use crate::{
    error::Error,
    functions::{
        documentation::{Documentation, ParameterText, ReturnText},
        guard::Failure,
        vectors,
    },
    launch::Explanation,
};

const NAME: &str = "launch_explain";

/// One contribution, or the one row that says why there is none.
#[derive(AsDuckDB)]
struct Row {
    kind: Option<String>,
    name: Option<String>,
    value: Option<String>,
    contribution: Option<f64>,
    forecast_total: Option<f64>,
    baseline_total: Option<f64>,
    status: String,
    reason: Option<String>,
}

fn refused(reason: String) -> Vec<Row> {
    vec![Row {
        kind: None,
        name: None,
        value: None,
        contribution: None,
        forecast_total: None,
        baseline_total: None,
        status: "refused".to_owned(),
        reason: Some(reason),
    }]
}

fn rows(explanation: Explanation, unknown: &[&str]) -> Vec<Row> {
    let finite = |v: f64| Some(v).filter(|v| v.is_finite());
    let row = |c: crate::launch::Contribution| Row {
        kind: Some(c.kind.name().to_owned()),
        name: Some(c.name),
        value: c.value,
        contribution: finite(c.units),
        forecast_total: finite(explanation.forecast),
        baseline_total: finite(explanation.baseline),
        status: "ok".to_owned(),
        reason: lacking(unknown),
    };
    explanation.contributions.into_iter().map(row).collect()
}

fn explain(cache: &mut ModelCache, vectors: &mut VectorCollection) -> Result<Vec<Vec<Row>>, Failure> {
    let count = vectors.row_count()?;
    let days = vectors::days(vectors, 1, count)?;
    let attributes = vectors::attributes(vectors, 2, count)?;
    let ks = vectors::values::<i64, _>(vectors, 3, count, |v| *v)?;
    let series = vectors::covariates(vectors, count)?;
    let mut lists: Vec<Vec<Row>> = (0..count).map(|_| Vec::new()).collect();
    let mut batches: BTreeMap<(String, usize), (Arc<Decoded>, Vec<usize>)> = BTreeMap::new();
    cache.begin_chunk();
    vectors::blobs(vectors, 0, count, |row, bytes| {
        let k = ks[row].and_then(|k| usize::try_from(k).ok());
        let k = k.ok_or_else(|| Failure::new("k must be a whole number from 0"))?;
        let Some(bytes) = bytes else {
            lists[row] = refused("the model is NULL: train one with launch_train".to_owned());
            return Ok(());
        };
        let model = cache.get(bytes)?;
        match unusable(days[row], &attributes, None, row) {
            Some(reason) => lists[row] = refused(reason),
            None => {
                let batch = batches.entry((model.id.clone(), k));
                batch.or_insert_with(|| (model, Vec::new())).1.push(row);
            }
        }
        Ok(())
    })?;
    for ((_, k), (decoded, rows_of)) in batches {
        let horizon = decoded.model.horizon();
        let candidates = candidates(&rows_of, &days, &attributes, &series, horizon)?;
        let unknown = decoded.model.unknown_attributes(&candidates);
        match decoded.model.explain(&candidates, k) {
            Ok(explanations) => {
                for ((&row, explanation), unknown) in rows_of.iter().zip(explanations).zip(&unknown) {
                    lists[row] = rows(explanation, unknown);
                }
            }
            Err(Error::Refused(reason)) => rows_of.iter().for_each(|&row| lists[row] = refused(reason.clone())),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(lists)
}

/// Registers `__launch_explain`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let column = |name, sql_type, text| ReturnText { name, sql_type, text };
    let documentation = Documentation {
        description: "What moved the forecast of a product against the mean curve of its category, as a list that \
                      adds up to the difference; one entry with status 'refused' where there is no forecast. \
                      launch_explain does this for a table.",
        parameters: &[
            MODEL,
            LAUNCH_DATE,
            ATTRIBUTES,
            ParameterText {
                name: "k",
                sql_type: "BIGINT",
                default: Some("10"),
                text: "past launches listed",
            },
            COVARIATES,
        ],
        returns: &[
            column("kind", "VARCHAR", "comparable, attribute, price or season"),
            column(
                "name",
                "VARCHAR",
                "the past launch, the attribute, or what of the launch date",
            ),
            column(
                "value",
                "VARCHAR",
                "the value of the product; of a past launch its units",
            ),
            column("contribution", "DOUBLE", "units over the horizon"),
            column("forecast_total", "DOUBLE", "forecast over the horizon"),
            column(
                "baseline_total",
                "DOUBLE",
                "mean curve of the category over the same steps",
            ),
            column("status", "VARCHAR", "ok or refused"),
            column(
                "reason",
                "VARCHAR",
                "what the product lacks, or why there is no forecast",
            ),
        ],
        examples: &[
            "SELECT product_id, unnest(__launch_explain((SELECT model FROM model), launch_date, \
             {'category': category, 'price': price}, k := 3), recursive := true) FROM candidates",
        ],
        category: "internal",
    };
    let k = FunctionParameter::with_default("k", 10_i64).kind(FunctionParameterKind::Named);
    let signature = SignatureBuilder::new()
        .param(FunctionParameter::new::<BlobValue>("model"))
        .param(FunctionParameter::new::<DateValue>("launch_date"))
        .param(FunctionParameter::new::<Any>("attributes"))
        .param(k)
        .param(covariates())
        .return_type(List::<Row>::logical_type(extension)?)
        .documentation(documentation.build());
    let function = OfModel {
        name: NAME,
        answer: |cache, vectors, output| vectors::write_lists::<Row>(output, explain(cache, vectors)?),
    };
    ScalarFunctionBuilder::new("__launch_explain", signature, function)
        .with_init()
        .set_property(FunctionProperty::HasSpecialNullHandling(true))
        .register(extension)
}
