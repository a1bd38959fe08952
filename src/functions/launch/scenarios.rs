//! `__launch_scenarios(...)`: the scalar beneath the macro `launch_scenarios`.

use std::{collections::BTreeMap, sync::Arc};

use duckdb_neo::{
    DuckDBType,
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
    predict::unusable,
};
use crate::{
    error::Error,
    functions::{
        documentation::{Documentation, ParameterText, ReturnText},
        guard::Failure,
        vectors,
    },
    launch::{Scenarios, check_scenarios},
};

const NAME: &str = "launch_scenarios";
/// Units of one chunk of candidates, at most: 1 GB.
const MAX_VALUES: usize = 1 << 27;

fn draw(cache: &mut ModelCache, vectors: &mut VectorCollection) -> Result<Vec<Vec<f64>>, Failure> {
    let count = vectors.row_count()?;
    let days = vectors::days(vectors, 1, count)?;
    let attributes = vectors::attributes(vectors, 2, count)?;
    let keys = vectors::texts(vectors, 3, count)?;
    let ns = vectors::values::<i64, _>(vectors, 4, count, |v| *v)?;
    let own_units = vectors::number_lists(vectors, 5, count)?;
    let series = vectors::covariates(vectors, count)?;
    let mut lists: Vec<Vec<f64>> = (0..count).map(|_| Vec::new()).collect();
    let mut batches: BTreeMap<(String, i64), (Arc<Decoded>, Vec<usize>)> = BTreeMap::new();
    cache.begin_chunk();
    vectors::blobs(vectors, 0, count, |row, bytes| {
        let n = ns[row].ok_or_else(|| Failure::new("n must not be NULL"))?;
        check_scenarios(n)?;
        let Some(bytes) = bytes else { return Ok(()) };
        if unusable(days[row], &attributes, own_units[row].as_deref(), row).is_none() {
            let model = cache.get(bytes)?;
            let batch = batches.entry((model.id.clone(), n));
            batch.or_insert_with(|| (model, Vec::new())).1.push(row);
        }
        Ok(())
    })?;
    for ((_, n), (decoded, rows)) in batches {
        let horizon = decoded.model.horizon();
        let values = rows.len().saturating_mul(horizon).saturating_mul(n as usize);
        if values > MAX_VALUES {
            return Err(Failure::new(format!(
                "{values} units at a time are too many: lower n, or ask for fewer candidates"
            )));
        }
        let candidates = candidates(&rows, &days, &attributes, &series, horizon)?;
        let keys: Vec<String> = rows.iter().map(|&r| keys[r].clone().unwrap_or_default()).collect();
        let own: Vec<Vec<Option<f64>>> = rows.iter().map(|&r| own_units[r].clone().unwrap_or_default()).collect();
        match decoded.model.scenarios(&candidates, &keys, &own, n) {
            Ok(scenarios) => {
                for (&row, scenarios) in rows.iter().zip(scenarios) {
                    lists[row] = flat(scenarios, n as usize);
                }
            }
            Err(Error::Refused(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(lists)
}

/// The units step by step; NaN at steps that have no forecast.
fn flat(scenarios: Scenarios, n: usize) -> Vec<f64> {
    let step = |mut units: Vec<f64>| {
        units.resize(n, f64::NAN);
        units
    };
    scenarios.steps.into_iter().flat_map(|s| step(s.units)).collect()
}

/// Registers `__launch_scenarios`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let documentation = Documentation {
        description: "Joint paths of a product's forecast, step by step: the n values of step 1, then those of step \
                      2, and so on, the same scenario at the same place. NaN at steps that have no forecast, and an \
                      empty list where launch_predict refuses. launch_scenarios brings them into rows.",
        parameters: &[
            MODEL,
            LAUNCH_DATE,
            ATTRIBUTES,
            ParameterText {
                name: "key",
                sql_type: "VARCHAR",
                default: None,
                text: "what the product is called: it seeds the draw",
            },
            ParameterText {
                name: "n",
                sql_type: "BIGINT",
                default: Some("100"),
                text: "scenarios, 1 to 10,000",
            },
            ParameterText {
                name: "units",
                sql_type: "DOUBLE[]",
                default: Some("NULL"),
                text: "what the product sold so far, by step; NULL for nothing known",
            },
            COVARIATES,
        ],
        returns: &[ReturnText {
            name: "",
            sql_type: "DOUBLE[]",
            text: "n values for each step",
        }],
        examples: &[
            "SELECT product_id, __launch_scenarios((SELECT model FROM model), launch_date, \
             {'category': category, 'price': price}, product_id, n := 10) FROM candidates",
        ],
        category: "internal",
    };
    let named = |parameter: FunctionParameter| parameter.kind(FunctionParameterKind::Named);
    let signature = SignatureBuilder::new()
        .param(FunctionParameter::new::<BlobValue>("model"))
        .param(FunctionParameter::new::<DateValue>("launch_date"))
        .param(FunctionParameter::new::<Any>("attributes"))
        .param(FunctionParameter::new::<String>("key"))
        .param(named(FunctionParameter::with_default("n", 100_i64)))
        .param(named(FunctionParameter::with_default("units", None::<List<f64>>)))
        .param(covariates())
        .return_type(List::<f64>::logical_type(extension)?)
        .documentation(documentation.build());
    let function = OfModel {
        name: NAME,
        answer: |cache, vectors, output| vectors::write_lists::<f64>(output, draw(cache, vectors)?),
    };
    ScalarFunctionBuilder::new("__launch_scenarios", signature, function)
        .with_init()
        .set_property(FunctionProperty::HasSpecialNullHandling(true))
        .register(extension)
}
