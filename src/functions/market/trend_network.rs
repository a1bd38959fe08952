//! `__launch_trend_network(series, periods, values, period_end, ...)`: the aggregate beneath the method lstm of
//! `launch_trend`.

use std::sync::Arc;

use duckdb_neo::{
    AsDuckDB, DuckDBType,
    aggregate::{AggregateCallbacks, AggregateFunctionBuilder, ReturnTypeHandle, States},
    bind_arguments::BindArguments,
    connection::Context,
    data_chunk::VectorCollection,
    enums::{AggregateFunctionProperty, FunctionProperty},
    extension::Extension,
    signature::{FunctionParameter, FunctionParameterKind, SignatureBuilder},
    types::List,
    vector::{Unknown, Vector},
};

use super::trend::{SERIES, Series, rows, series};
use crate::{
    error::Error,
    functions::{
        documentation::{Documentation, ParameterText, ReturnText},
        guard::{Failure, guard},
        settings::Settings,
        vectors,
    },
    market::trend::{NetworkOptions, forecast_together},
};

const NAME: &str = "launch_trend";

struct OfAllSeries;

/// The options as the caller gave them.
#[derive(Clone, Copy)]
struct Options {
    horizon: Option<i64>,
    season: Option<i64>,
    level: Option<f64>,
    seed: Option<i64>,
}

/// Series of one group with their keys, and its options.
#[derive(Default)]
struct Group {
    options: Option<Options>,
    series: Vec<(String, Arc<Series>)>,
}

#[derive(AsDuckDB)]
struct Row {
    series: String,
    step: Option<i32>,
    yhat: Option<f64>,
    yhat_lower: Option<f64>,
    yhat_upper: Option<f64>,
    status: String,
    reason: String,
}

impl AggregateCallbacks for OfAllSeries {
    type BindData = Settings;
    type StateItem = Group;

    fn bind(&self, context: &Context, _: BindArguments<'_>, _: ReturnTypeHandle<'_>) -> duckdb_neo::Result<Settings> {
        guard(NAME, || Settings::of(context))
    }

    fn init(&self, _: Option<&Settings>) -> Group {
        Group::default()
    }

    fn update(
        &self,
        _: Option<&Settings>,
        vectors: &mut VectorCollection,
        mut states: States<'_, Group>,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            let rows = states.len();
            let keys = vectors::texts(vectors, 0, rows)?;
            let all = series(vectors, 1, rows)?;
            let horizons = vectors::values::<i64, _>(vectors, 5, rows, |v| *v)?;
            let seasons = vectors::values::<i64, _>(vectors, 6, rows, |v| *v)?;
            let levels = vectors::values::<f64, _>(vectors, 7, rows, |v| *v)?;
            let seeds = vectors::values::<i64, _>(vectors, 8, rows, |v| *v)?;
            for (row, (key, one)) in keys.into_iter().zip(all).enumerate() {
                let group = &mut states[row];
                group.options = Some(Options {
                    horizon: horizons[row],
                    season: seasons[row],
                    level: levels[row],
                    seed: seeds[row],
                });
                let key = key.ok_or_else(|| Failure::new("series must not be NULL"))?;
                group.series.push((key, Arc::new(one)));
            }
            Ok(())
        })
    }

    fn combine(
        &self,
        _: Option<&Settings>,
        source: &States<'_, Group>,
        mut target: States<'_, Group>,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            for i in 0..target.len() {
                let from = &source[i];
                let to = &mut target[i];
                to.options = to.options.or(from.options);
                to.series.extend(from.series.iter().cloned());
            }
            Ok(())
        })
    }

    fn finalize(
        &self,
        settings: Option<&Settings>,
        states: &[&Group],
        result: Vector<'_, Unknown>,
        offset: usize,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            let settings = settings.ok_or_else(|| Failure::new("the settings must not be NULL"))?;
            let lists = states.iter().map(|state| forecast(state, settings));
            vectors::append_lists::<Row>(result, offset, lists.collect::<Result<Vec<_>, Failure>>()?)
        })
    }
}

/// The rows of all series, in the order of their keys.
fn forecast(group: &Group, settings: &Settings) -> Result<Vec<Row>, Failure> {
    let Some(asked) = group.options else {
        return Ok(Vec::new());
    };
    let required = |name: &str| Failure::new(format!("{name} must not be NULL"));
    let options = NetworkOptions::try_new(
        asked.horizon.ok_or_else(|| required("horizon"))?,
        asked.season.ok_or_else(|| required("season"))?,
        asked.level.ok_or_else(|| required("level"))?,
        asked.seed.ok_or_else(|| required("seed"))?,
    )?;
    let mut series = group.series.clone();
    series.sort_by(|a, b| a.0.cmp(&b.0));
    let filled: Vec<Result<Vec<f64>, Error>> = series.iter().map(|(_, s)| s.filled()).collect();
    let values: Vec<Vec<f64>> = filled.iter().map(|f| f.clone().unwrap_or_default()).collect();
    let progress = settings.progress();
    let together = settings.install(|| forecast_together(&values, &options, &progress))?;
    let of_series = match together {
        Ok(trends) => filled.into_iter().zip(trends).map(|(f, trend)| f.and(trend)).collect(),
        Err(Error::Refused(reason)) => vec![Err(Error::Refused(reason)); series.len()],
        Err(error) => return Err(error.into()),
    };
    let named = series.into_iter().zip(of_series).flat_map(|((key, _), trend)| {
        rows(trend).into_iter().map(move |row| Row {
            series: key.clone(),
            step: row.step,
            yhat: row.yhat,
            yhat_lower: row.yhat_lower,
            yhat_upper: row.yhat_upper,
            status: row.status,
            reason: row.reason,
        })
    });
    Ok(named.collect())
}

/// Registers `__launch_trend_network`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let key = [ParameterText {
        name: "series",
        sql_type: "VARCHAR",
        default: None,
        text: "the series, each in one row",
    }];
    let options = [
        ParameterText {
            name: "horizon",
            sql_type: "BIGINT",
            default: Some("13"),
            text: "periods to forecast, 1 to 520",
        },
        ParameterText {
            name: "season",
            sql_type: "BIGINT",
            default: Some("1"),
            text: "periods of a season, 1 for none",
        },
        ParameterText {
            name: "level",
            sql_type: "DOUBLE",
            default: Some("0.8"),
            text: "probability of the interval",
        },
        ParameterText {
            name: "seed",
            sql_type: "BIGINT",
            default: Some("42"),
            text: "seed of weights, order and noise",
        },
    ];
    let documentation = Documentation {
        description: "Forecasts series by one network for all of them; launch_trend does so for a table.",
        parameters: &[&key[..], &SERIES[..], &options[..]].concat(),
        returns: &[ReturnText {
            name: "",
            sql_type: "STRUCT[]",
            text: "one entry per series and step, or one per series that is refused",
        }],
        examples: &["SELECT __launch_trend_network('a', [1, 2, 3, 4, 5], [3, 4, 5, 4, 5], 6, false, horizon := 2)"],
        category: "internal",
    };
    let named = |parameter: FunctionParameter| parameter.kind(FunctionParameterKind::Named);
    let signature = SignatureBuilder::new()
        .param(FunctionParameter::new::<String>("series"))
        .param(FunctionParameter::new::<List<f64>>("periods"))
        .param(FunctionParameter::new::<List<f64>>("values"))
        .param(FunctionParameter::new::<i64>("period_end"))
        .param(FunctionParameter::new::<bool>("means"))
        .param(named(FunctionParameter::with_default("horizon", 13_i64)))
        .param(named(FunctionParameter::with_default("season", 1_i64)))
        .param(named(FunctionParameter::with_default("level", 0.8_f64)))
        .param(named(FunctionParameter::with_default("seed", 42_i64)))
        .return_type(List::<Row>::logical_type(extension)?)
        .documentation(documentation.build());
    AggregateFunctionBuilder::new("__launch_trend_network", signature, OfAllSeries)
        .set_property(AggregateFunctionProperty::Shared(
            FunctionProperty::HasSpecialNullHandling(true),
        ))
        .set_property(AggregateFunctionProperty::AggregateOrderDependent(false))
        .register(extension)
}
