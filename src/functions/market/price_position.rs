//! `__launch_price_position(...)`: the aggregate beneath the macro `launch_price_position`.

use std::sync::Arc;

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::{concat::concat_batches, take::take_record_batch};
use duckdb_neo::{
    AsDuckDB, DuckDBType,
    aggregate::{AggregateCallbacks, AggregateFunctionBuilder, ReturnTypeHandle, States},
    bind_arguments::BindArguments,
    connection::Context,
    data_chunk::VectorCollection,
    enums::{AggregateFunctionProperty, FunctionProperty},
    extension::Extension,
    signature::{FunctionParameter, FunctionParameterKind, SignatureBuilder},
    types::{Any, List},
    vector::{Unknown, Vector},
};

use crate::{
    functions::{
        documentation::{Documentation, ParameterText, ReturnText},
        guard::{Failure, guard},
        settings::Settings,
        vectors,
    },
    market::price_position::{Listing, Listings, Position, positions},
};

const NAME: &str = "launch_price_position";

struct PricePosition;

/// The rows of one vector.
struct Chunk {
    listings: Vec<Listing>,
    candidates: Vec<bool>,
    attributes: RecordBatch,
}

/// Rows as they come, with the options, which are the same in all of them.
#[derive(Default)]
struct Rows {
    options: Option<(Option<i64>, Option<f64>)>,
    chunks: Vec<(Arc<Chunk>, Vec<u32>)>,
}

#[derive(AsDuckDB)]
struct Row {
    candidate: i64,
    offers: Option<i64>,
    percentile: Option<f64>,
    rank: Option<i64>,
    nearest: Option<i64>,
    distance: Option<f64>,
    expected: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    status: String,
    reason: String,
}

impl AggregateCallbacks for PricePosition {
    type BindData = Settings;
    type StateItem = Rows;

    fn bind(&self, context: &Context, _: BindArguments<'_>, _: ReturnTypeHandle<'_>) -> duckdb_neo::Result<Settings> {
        guard(NAME, || Settings::of(context))
    }

    fn init(&self, _: Option<&Settings>) -> Rows {
        Rows::default()
    }

    fn update(
        &self,
        _: Option<&Settings>,
        vectors: &mut VectorCollection,
        mut states: States<'_, Rows>,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            let rows = states.len();
            if rows == 0 {
                return Ok(());
            }
            let numbers = vectors::values::<i64, _>(vectors, 0, rows, |v| *v)?;
            let candidates = vectors::values::<bool, _>(vectors, 1, rows, |v| *v)?;
            let products = vectors::texts(vectors, 2, rows)?;
            let categories = vectors::texts(vectors, 3, rows)?;
            let prices = vectors::values::<f64, _>(vectors, 4, rows, |v| *v)?;
            let attributes = vectors::attributes(vectors, 5, rows)?;
            let competitors = vectors::texts(vectors, 6, rows)?;
            let k = vectors::values::<i64, _>(vectors, 7, rows, |v| *v)?;
            let level = vectors::values::<f64, _>(vectors, 8, rows, |v| *v)?;
            let mut listings = Vec::with_capacity(rows);
            for (row, ((product, category), competitor)) in
                products.into_iter().zip(categories).zip(competitors).enumerate()
            {
                listings.push(Listing {
                    number: numbers[row].ok_or_else(|| Failure::new("the number of a row must not be NULL"))?,
                    competitor,
                    product,
                    category,
                    price: prices[row].filter(|p| *p > 0.0 && p.is_finite()),
                });
            }
            let chunk = Arc::new(Chunk {
                listings,
                candidates: candidates.into_iter().map(|c| c == Some(true)).collect(),
                attributes,
            });
            for (row, options) in k.into_iter().zip(level).enumerate() {
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
        _: Option<&Settings>,
        source: &States<'_, Rows>,
        mut target: States<'_, Rows>,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            for group in 0..target.len() {
                target[group].options = target[group].options.or(source[group].options);
                target[group].chunks.extend(source[group].chunks.iter().cloned());
            }
            Ok(())
        })
    }

    fn finalize(
        &self,
        settings: Option<&Settings>,
        states: &[&Rows],
        result: Vector<'_, Unknown>,
        offset: usize,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            let settings = settings.ok_or_else(|| Failure::new("the settings are missing"))?;
            let lists = states
                .iter()
                .map(|state| run(state, settings))
                .collect::<Result<Vec<_>, Failure>>()?;
            vectors::append_lists::<Row>(result, offset, lists)
        })
    }
}

fn run(state: &Rows, settings: &Settings) -> Result<Vec<Row>, Failure> {
    let Some((k, level)) = state.options else {
        return Ok(Vec::new());
    };
    let k = k.and_then(|k| usize::try_from(k).ok()).unwrap_or(1).max(1);
    let level = level.filter(|l| *l > 0.0 && *l < 1.0);
    let level = level.ok_or_else(|| Failure::new("level must be above 0 and below 1"))?;
    let (offers, candidates) = (listings(state, false)?, listings(state, true)?);
    let found = settings.install(|| positions(&offers, &candidates, k, level))??;
    Ok(found.into_iter().flat_map(rows).collect())
}

/// Offers or candidates, by their numbers.
fn listings(state: &Rows, candidates: bool) -> Result<Listings, Failure> {
    let (mut rows, mut batches) = (Vec::new(), Vec::new());
    for (chunk, members) in &state.chunks {
        let members = members.iter().copied();
        // An offer without a price is none.
        let wanted = |r: usize| chunk.candidates[r] == candidates && (candidates || chunk.listings[r].price.is_some());
        let members: Vec<u32> = members.filter(|&r| wanted(r as usize)).collect();
        rows.extend(members.iter().map(|&r| chunk.listings[r as usize].clone()));
        batches.push(take_record_batch(&chunk.attributes, &UInt32Array::from(members))?);
    }
    let schema = batches.first().map(RecordBatch::schema);
    let attributes = concat_batches(&schema.ok_or_else(|| Failure::new("there are no rows"))?, &batches)?;
    let mut order: Vec<u32> = (0..rows.len() as u32).collect();
    order.sort_by_key(|&row| rows[row as usize].number);
    Ok(Listings {
        attributes: take_record_batch(&attributes, &UInt32Array::from(order.clone()))?,
        rows: order.into_iter().map(|row| rows[row as usize].clone()).collect(),
    })
}

fn rows(found: Result<Position, (i64, String)>) -> Vec<Row> {
    let finite = |v: f64| Some(v).filter(|v| v.is_finite());
    match found {
        Ok(position) => {
            let row = |(rank, (nearest, distance)): (usize, (i64, f64))| Row {
                candidate: position.candidate,
                offers: Some(position.offers as i64),
                percentile: position.percentile,
                rank: Some(rank as i64 + 1),
                nearest: Some(nearest),
                distance: Some(distance),
                expected: finite(position.expected),
                lower: finite(position.lower),
                upper: finite(position.upper),
                status: "ok".into(),
                reason: position.reason.clone(),
            };
            position.nearest.iter().copied().enumerate().map(row).collect()
        }
        Err((candidate, reason)) => vec![Row {
            candidate,
            offers: None,
            percentile: None,
            rank: None,
            nearest: None,
            distance: None,
            expected: None,
            lower: None,
            upper: None,
            status: "refused".into(),
            reason,
        }],
    }
}

/// Registers `__launch_price_position`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let parameter = |name, sql_type, default, text| ParameterText {
        name,
        sql_type,
        default,
        text,
    };
    let documentation = Documentation {
        description: "Offers and candidates to the place of each candidate's price. See launch_price_position.",
        parameters: &[
            parameter(
                "number",
                "BIGINT",
                None,
                "number of the offer or candidate; rows are put in this order",
            ),
            parameter("candidate", "BOOLEAN", None, "whether it is a candidate"),
            parameter("product", "VARCHAR", None, "the product"),
            parameter(
                "category",
                "VARCHAR",
                None,
                "only offers of the same category are compared",
            ),
            parameter("price", "DOUBLE", None, "the price"),
            parameter("attributes", "STRUCT", None, "what is known of it"),
            parameter("competitor", "VARCHAR", None, "who offers it"),
            parameter("k", "BIGINT", Some("1"), "nearest offers to find"),
            parameter("level", "DOUBLE", Some("0.8"), "probability of the interval"),
        ],
        returns: &[ReturnText {
            name: "",
            sql_type: "STRUCT[]",
            text: "one entry per candidate and nearest offer, by their numbers",
        }],
        examples: &[
            "SELECT __launch_price_position(i, i > 20, NULL, NULL, 10 + i, {'size': i % 7}, NULL) FROM range(22) t(i)",
        ],
        category: "internal",
    };
    let named = |parameter: FunctionParameter| parameter.kind(FunctionParameterKind::Named);
    let signature = SignatureBuilder::new()
        .param(FunctionParameter::new::<i64>("number"))
        .param(FunctionParameter::new::<bool>("candidate"))
        .param(FunctionParameter::new::<String>("product"))
        .param(FunctionParameter::new::<String>("category"))
        .param(FunctionParameter::new::<f64>("price"))
        .param(FunctionParameter::new::<Any>("attributes"))
        .param(FunctionParameter::new::<String>("competitor"))
        .param(named(FunctionParameter::with_default("k", 1_i64)))
        .param(named(FunctionParameter::with_default("level", 0.8_f64)))
        .return_type(List::<Row>::logical_type(extension)?)
        .documentation(documentation.build());
    AggregateFunctionBuilder::new("__launch_price_position", signature, PricePosition)
        .set_property(AggregateFunctionProperty::Shared(
            FunctionProperty::HasSpecialNullHandling(true),
        ))
        .set_property(AggregateFunctionProperty::AggregateOrderDependent(false))
        .register(extension)
}
