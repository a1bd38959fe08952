//! `__launch_cross_elasticity(...)`: the aggregate beneath the column of `launch_competitors`.

use duckdb_neo::{
    AsDuckDB, DuckDBType,
    aggregate::{AggregateCallbacks, AggregateFunctionBuilder, ReturnTypeHandle, States},
    bind_arguments::BindArguments,
    connection::Context,
    data_chunk::VectorCollection,
    enums::{AggregateFunctionProperty, FunctionProperty},
    extension::Extension,
    signature::{FunctionParameter, FunctionParameterKind, SignatureBuilder},
    vector::{Unknown, Vector},
};

use crate::{
    error::Error,
    functions::{
        documentation::{Documentation, ParameterText, ReturnText},
        guard::{Failure, guard},
        vectors,
    },
    market::cross_elasticity::{CrossElasticity, Sale},
};

const NAME: &str = "__launch_cross_elasticity";

struct Aggregate;

/// The rows of one group, and its level.
#[derive(Default)]
struct Sales {
    level: Option<f64>,
    rows: Vec<Sale>,
}

#[derive(AsDuckDB)]
struct Row {
    elasticity: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    own_elasticity: Option<f64>,
    observations: i64,
    products: i64,
    reason: String,
}

impl AggregateCallbacks for Aggregate {
    type BindData = ();
    type StateItem = Sales;

    fn bind(&self, _: &Context, _: BindArguments<'_>, _: ReturnTypeHandle<'_>) -> duckdb_neo::Result<()> {
        Ok(())
    }

    fn init(&self, _: Option<&()>) -> Sales {
        Sales::default()
    }

    fn update(
        &self,
        _: Option<&()>,
        vectors: &mut VectorCollection,
        mut states: States<'_, Sales>,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            let rows = states.len();
            let whole = |vectors: &mut VectorCollection, index| vectors::values::<i64, _>(vectors, index, rows, |v| *v);
            let number =
                |vectors: &mut VectorCollection, index| vectors::values::<f64, _>(vectors, index, rows, |v| *v);
            let (product, period, month) = (whole(vectors, 0)?, whole(vectors, 1)?, whole(vectors, 2)?);
            let (units, own, theirs) = (number(vectors, 3)?, number(vectors, 4)?, number(vectors, 5)?);
            let level = number(vectors, 6)?;
            for row in 0..rows {
                let state = &mut states[row];
                state.level = state.level.or(level[row]);
                let sale = || {
                    Some(Sale {
                        product: product[row]?,
                        period: period[row]?,
                        month: month[row]?,
                        units: units[row]?,
                        own_price: own[row]?,
                        their_price: theirs[row]?,
                    })
                };
                state.rows.extend(sale());
            }
            Ok(())
        })
    }

    fn combine(
        &self,
        _: Option<&()>,
        source: &States<'_, Sales>,
        mut target: States<'_, Sales>,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            for group in 0..target.len() {
                target[group].level = target[group].level.or(source[group].level);
                target[group].rows.extend_from_slice(&source[group].rows);
            }
            Ok(())
        })
    }

    fn finalize(
        &self,
        _: Option<&()>,
        states: &[&Sales],
        result: Vector<'_, Unknown>,
        offset: usize,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            let mut result = result.cast::<Row>()?;
            let rows = states
                .iter()
                .map(|state| estimate(state))
                .collect::<Result<Vec<_>, Failure>>()?;
            let mut writer = result.writer()?;
            for (group, row) in rows.into_iter().enumerate() {
                writer.set(offset + group, Some(row))?;
            }
            Ok(())
        })
    }
}

fn estimate(state: &Sales) -> Result<Row, Failure> {
    let level = state.level.unwrap_or(0.8);
    if !(level > 0.0 && level < 1.0) {
        return Err(Failure::new(format!(
            "level must be above 0 and below 1, got {level:?}"
        )));
    }
    match CrossElasticity::estimate(state.rows.clone(), level) {
        Ok(found) => Ok(Row {
            elasticity: Some(found.elasticity),
            lower: Some(found.lower),
            upper: Some(found.upper),
            own_elasticity: found.own_elasticity,
            observations: found.observations as i64,
            products: found.products as i64,
            reason: format!(
                "{} periods of {} products, effects of {}",
                found.observations, found.products, found.effects
            ),
        }),
        Err(Error::Refused(reason)) => Ok(Row {
            elasticity: None,
            lower: None,
            upper: None,
            own_elasticity: None,
            observations: state.rows.len() as i64,
            products: 0,
            reason,
        }),
        Err(error) => Err(error.into()),
    }
}

/// Registers `__launch_cross_elasticity`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let parameter = |name, sql_type, default, text| ParameterText {
        name,
        sql_type,
        default,
        text,
    };
    let documentation = Documentation {
        description: "How our units answer to a competitor's price, with products and periods held fixed. \
                      See launch_competitors.",
        parameters: &[
            parameter("product", "BIGINT", None, "number of our product"),
            parameter("period", "BIGINT", None, "number of the period"),
            parameter(
                "month",
                "BIGINT",
                None,
                "number of the calendar month, as __launch_period counts",
            ),
            parameter("units", "DOUBLE", None, "our units"),
            parameter("own_price", "DOUBLE", None, "our price"),
            parameter("their_price", "DOUBLE", None, "their price"),
            parameter("level", "DOUBLE", Some("0.8"), "probability of the interval"),
        ],
        returns: &[ReturnText {
            name: "",
            sql_type: "STRUCT",
            text: "elasticity, lower, upper, own_elasticity, observations, products and reason; numbers are NULL where \
                   they cannot be told",
        }],
        examples: &[
            "SELECT __launch_cross_elasticity(i % 3, i // 3, i // 12, 100 + hash(i) % 9, 10 + i % 4, 9 + hash(i) % 3) \
             FROM range(120) t(i)",
        ],
        category: "internal",
    };
    let signature = SignatureBuilder::new()
        .param(FunctionParameter::new::<i64>("product"))
        .param(FunctionParameter::new::<i64>("period"))
        .param(FunctionParameter::new::<i64>("month"))
        .param(FunctionParameter::new::<f64>("units"))
        .param(FunctionParameter::new::<f64>("own_price"))
        .param(FunctionParameter::new::<f64>("their_price"))
        .param(FunctionParameter::with_default("level", 0.8_f64).kind(FunctionParameterKind::Named))
        .return_type(Row::logical_type(extension)?)
        .documentation(documentation.build());
    AggregateFunctionBuilder::new(NAME, signature, Aggregate)
        .set_property(AggregateFunctionProperty::Shared(
            FunctionProperty::HasSpecialNullHandling(true),
        ))
        .set_property(AggregateFunctionProperty::AggregateOrderDependent(false))
        .register(extension)
}
