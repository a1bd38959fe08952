//! `launch_compare(model, launch_date, attributes, k)`: the past launches a forecast rests on.

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
    cache::{ModelCache, OfModel},
    covariates,
};
use crate::{
    functions::{
        documentation::{Documentation, ParameterText, ReturnText},
        guard::Failure,
        vectors,
    },
    launch::Comparable,
    panel::{Candidates, Covariates, FIRST_DAY, last_day},
};

const NAME: &str = "launch_compare";

#[derive(AsDuckDB)]
struct Row {
    comparable_id: Option<String>,
    rank: i32,
    weight: f64,
    scale: Option<f64>,
    comparable_launch_date: Option<DateValue>,
    comparable_units: Option<f64>,
}

fn compare(cache: &mut ModelCache, vectors: &mut VectorCollection) -> Result<Vec<Vec<Row>>, Failure> {
    let count = vectors.row_count()?;
    let days = vectors::days(vectors, 1, count)?;
    let attributes = vectors::attributes(vectors, 2, count)?;
    let ks = vectors::values::<i64, _>(vectors, 3, count, |v| *v)?;
    let series = vectors::covariates(vectors, count)?;
    let mut lists = Vec::with_capacity(count);
    cache.begin_chunk();
    vectors::blobs(vectors, 0, count, |row, bytes| {
        let k = ks[row].and_then(|k| usize::try_from(k).ok()).filter(|k| *k >= 1);
        let k = k.ok_or_else(|| Failure::new("k must be a whole number from 1"))?;
        let day = days[row].filter(|day| (FIRST_DAY..=last_day()).contains(day));
        let (Some(bytes), Some(day)) = (bytes, day) else {
            lists.push(Vec::new());
            return Ok(());
        };
        let decoded = cache.get(bytes)?;
        let covariates = Covariates::try_new(decoded.model.horizon(), &series[row..=row])?;
        let candidates = Candidates::new(vec![day], attributes.slice(row, 1)).with_covariates(covariates)?;
        let comparables = decoded.model.comparables(&candidates, k)?.pop().unwrap_or_default();
        lists.push(
            comparables
                .into_iter()
                .enumerate()
                .map(|(rank, c)| to_row(rank, c))
                .collect(),
        );
        Ok(())
    })?;
    Ok(lists)
}

fn to_row(rank: usize, comparable: Comparable) -> Row {
    Row {
        comparable_id: comparable.id,
        rank: rank as i32 + 1,
        weight: comparable.weight,
        scale: comparable.scale,
        comparable_launch_date: comparable.launch_day.map(DateValue),
        comparable_units: comparable.units,
    }
}

/// Registers `launch_compare`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let column = |name, sql_type, text| ReturnText { name, sql_type, text };
    let documentation = Documentation {
        description: "The past launches a forecast of architecture analog rests on, largest weight first. \
                      A last entry without comparable_id stands for all launches not listed, so that the weights of a \
                      product add up to 1. Empty where the model is NULL, or the launch date NULL or not between 1970 \
                      and 2200. launch_comparables does this for a table.",
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
            column(
                "comparable_id",
                "VARCHAR",
                "product of the past launch; NULL for all others together",
            ),
            column("rank", "INTEGER", "1 for the largest weight"),
            column("weight", "DOUBLE", "share in the forecast"),
            column(
                "scale",
                "DOUBLE",
                "what its units are multiplied by for the differences in attributes",
            ),
            column("comparable_launch_date", "DATE", "its launch date"),
            column("comparable_units", "DOUBLE", "its units over the observed steps"),
        ],
        examples: &[
            "SELECT product_id, unnest(launch_compare((SELECT model FROM model), launch_date, \
             {'category': category, 'price': price}, k := 3), recursive := true) FROM candidates",
        ],
        category: "launch",
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
        answer: |cache, vectors, output| vectors::write_lists::<Row>(output, compare(cache, vectors)?),
    };
    ScalarFunctionBuilder::new(NAME, signature, function)
        .with_init()
        .set_property(FunctionProperty::HasSpecialNullHandling(true))
        .register(extension)
}
