//! `__launch_elasticity(key, product, unit, ...)`: the aggregate beneath the macro `launch_elasticity`.

use std::sync::Arc;

use duckdb_neo::{
    AsDuckDB, DuckDBType,
    aggregate::{AggregateCallbacks, AggregateFunctionBuilder, ReturnTypeHandle, States},
    bind_arguments::BindArguments,
    connection::Context,
    data_chunk::VectorCollection,
    enums::{AggregateFunctionProperty, FunctionProperty},
    extension::Extension,
    signature::{FunctionParameter, SignatureBuilder},
    types::List,
    vector::{Unknown, Vector},
};

use crate::{
    functions::{
        documentation::{Documentation, ParameterText, ReturnText},
        guard::{Failure, guard},
        vectors,
    },
    market::elasticity::{Cell, elasticities},
};

const NAME: &str = "launch_elasticity";

/// Parts of a list in one text.
const SEPARATOR: char = '\u{1f}';

struct Elasticity;

/// Cells of one group, as they came.
#[derive(Default)]
struct Cells {
    options: Option<(Option<String>, Option<f64>)>,
    chunks: Vec<(Arc<Vec<Cell>>, Vec<u32>)>,
}

#[derive(AsDuckDB)]
struct Answer {
    key: Option<i64>,
    elasticity: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    observations: i64,
    products: i64,
    price_variation: Option<f64>,
    status: String,
    reason: String,
}

impl AggregateCallbacks for Elasticity {
    type BindData = ();
    type StateItem = Cells;

    fn bind(&self, _: &Context, _: BindArguments<'_>, _: ReturnTypeHandle<'_>) -> duckdb_neo::Result<()> {
        Ok(())
    }

    fn init(&self, _: Option<&()>) -> Cells {
        Cells::default()
    }

    fn update(
        &self,
        _: Option<&()>,
        vectors: &mut VectorCollection,
        mut states: States<'_, Cells>,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            let rows = states.len();
            if rows == 0 {
                return Ok(());
            }
            let chunk = Arc::new(cells(vectors, rows)?);
            let names = vectors::texts(vectors, 8, rows)?;
            let levels = vectors::values::<f64, _>(vectors, 9, rows, |v| *v)?;
            for (row, options) in names.into_iter().zip(levels).enumerate() {
                let state = &mut states[row];
                state.options.get_or_insert(options);
                match state.chunks.last_mut() {
                    Some((last, rows)) if Arc::ptr_eq(last, &chunk) => rows.push(row as u32),
                    _ => state.chunks.push((chunk.clone(), vec![row as u32])),
                }
            }
            Ok(())
        })
    }

    fn combine(
        &self,
        _: Option<&()>,
        source: &States<'_, Cells>,
        mut target: States<'_, Cells>,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            for i in 0..source.len() {
                let (source, target) = (&source[i], &mut target[i]);
                if target.options.is_none() {
                    target.options = source.options.clone();
                }
                target.chunks.extend(source.chunks.iter().cloned());
            }
            Ok(())
        })
    }

    fn finalize(
        &self,
        _: Option<&()>,
        states: &[&Cells],
        result: Vector<'_, Unknown>,
        offset: usize,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            let lists = states
                .iter()
                .map(|state| answer(state))
                .collect::<Result<_, Failure>>()?;
            vectors::append_lists::<Answer>(result, offset, lists)
        })
    }
}

/// The cells of a chunk.
fn cells(vectors: &mut VectorCollection, rows: usize) -> Result<Vec<Cell>, Failure> {
    let mut whole = |index| vectors::values::<i64, _>(vectors, index, rows, |v| *v);
    let (keys, products, units) = (whole(0)?, whole(1)?, whole(2)?);
    let (periods, effects) = (whole(3)?, whole(4)?);
    let sold = vectors::values::<f64, _>(vectors, 5, rows, |v| *v)?;
    let prices = vectors::values::<f64, _>(vectors, 6, rows, |v| *v)?;
    let controls = vectors::number_lists(vectors, 7, rows)?;
    let groups = keys.into_iter().zip(products).zip(units);
    let numbers = periods.into_iter().zip(effects).zip(sold.into_iter().zip(prices));
    let zipped = groups.zip(numbers).zip(controls);
    let cell = |((((key, product), unit), ((period, effect), (units, price))), controls)| Cell {
        key,
        product: Option::unwrap_or_default(product),
        unit: Option::unwrap_or_default(unit),
        period: Option::unwrap_or_default(period),
        effect: Option::unwrap_or_default(effect),
        units,
        price,
        controls: Option::unwrap_or_default(controls),
    };
    Ok(zipped.map(cell).collect())
}

fn answer(state: &Cells) -> Result<Vec<Answer>, Failure> {
    let (names, level) = state.options.clone().unwrap_or((None, Some(0.9)));
    let level = level.ok_or_else(|| Failure::new("level must not be NULL"))?;
    let names: Vec<String> = names
        .filter(|n| !n.is_empty())
        .map(|n| n.split(SEPARATOR).map(str::to_owned).collect())
        .unwrap_or_default();
    let of = |(chunk, rows): &(Arc<Vec<Cell>>, Vec<u32>)| -> Vec<Cell> {
        rows.iter().map(|&row| chunk[row as usize].clone()).collect()
    };
    let mut cells: Vec<Cell> = state.chunks.iter().flat_map(of).collect();
    for cell in &mut cells {
        cell.controls.resize(names.len(), None);
    }
    let rows = elasticities(cells, &names, level)?;
    let answers = rows.into_iter().map(|row| Answer {
        elasticity: row.elasticity.map(|e| e.0),
        lower: row.elasticity.map(|e| e.1),
        upper: row.elasticity.map(|e| e.2),
        observations: row.observations as i64,
        products: row.products as i64,
        price_variation: row.price_variation,
        status: if row.elasticity.is_some() { "ok" } else { "refused" }.to_owned(),
        reason: row.reason,
        key: row.key,
    });
    Ok(answers.collect())
}

/// Registers `__launch_elasticity`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let parameter = |name, sql_type, text| ParameterText {
        name,
        sql_type,
        default: None,
        text,
    };
    let documentation = Documentation {
        description: "Price elasticities of groups of products; launch_elasticity takes them from a sales table. \
                      Row order and threads do not change the result.",
        parameters: &[
            parameter(
                "key",
                "BIGINT",
                "number of the group, NULL for rows that only count for all together",
            ),
            parameter("product", "BIGINT", "number of the product"),
            parameter("unit", "BIGINT", "number of product and place together"),
            parameter("period", "BIGINT", "number of the period"),
            parameter("effect", "BIGINT", "what shares a time effect"),
            parameter("units", "DOUBLE", "units sold"),
            parameter("price", "DOUBLE", "the price"),
            parameter("controls", "DOUBLE[]", "a number per control"),
            parameter("names", "VARCHAR", "names of the controls, separated by chr(31)"),
            parameter("level", "DOUBLE", "probability of the intervals"),
        ],
        returns: &[ReturnText {
            name: "",
            sql_type: "STRUCT[]",
            text: "all together (key NULL), then one entry per group",
        }],
        examples: &[
            "SELECT __launch_elasticity(1, 1, ascii(product_id), date - DATE '1970-01-01', 0, units, price, \
             []::DOUBLE[], '', 0.9) FROM sales",
        ],
        category: "internal",
    };
    let signature = SignatureBuilder::new()
        .param(FunctionParameter::new::<i64>("key"))
        .param(FunctionParameter::new::<i64>("product"))
        .param(FunctionParameter::new::<i64>("unit"))
        .param(FunctionParameter::new::<i64>("period"))
        .param(FunctionParameter::new::<i64>("effect"))
        .param(FunctionParameter::new::<f64>("units"))
        .param(FunctionParameter::new::<f64>("price"))
        .param(FunctionParameter::new::<List<f64>>("controls"))
        .param(FunctionParameter::new::<String>("names"))
        .param(FunctionParameter::new::<f64>("level"))
        .return_type(List::<Answer>::logical_type(extension)?)
        .documentation(documentation.build());
    AggregateFunctionBuilder::new("__launch_elasticity", signature, Elasticity)
        .set_property(AggregateFunctionProperty::Shared(
            FunctionProperty::HasSpecialNullHandling(true),
        ))
        .set_property(AggregateFunctionProperty::AggregateOrderDependent(false))
        .register(extension)
}
