//! `__launch_backtest(...)`: the aggregate beneath the macro `launch_backtest`.

use duckdb_neo::{
    AsDuckDB, DuckDBType,
    aggregate::{AggregateCallbacks, AggregateFunctionBuilder, ReturnTypeHandle, States},
    bind_arguments::BindArguments,
    connection::Context,
    data_chunk::VectorCollection,
    enums::{AggregateFunctionProperty, FunctionProperty},
    extension::Extension,
    signature::{FunctionParameter, FunctionParameterKind, SignatureBuilder},
    types::{Any, DateValue, List},
    vector::{Unknown, Vector},
};

use super::{
    ATTRIBUTES, COVARIATES, LAUNCH_DATE, PRODUCT_ID, UNITS, covariates,
    launches::{Launches, constant, required},
    recipe,
};
use crate::{
    functions::{
        documentation::{Documentation, ParameterText, ReturnText},
        guard::{Failure, guard},
        settings::Settings,
        vectors,
    },
    launch::{Architecture, BacktestRow, backtest, default_cutoffs},
    neural::{Recipe, RecipeOptions},
    panel::{Frequency, check_horizon},
};

const NAME: &str = "launch_backtest";

struct Backtest;

#[derive(Clone, PartialEq)]
struct Options {
    frequency: Option<String>,
    horizon: Option<i64>,
    architectures: Option<Vec<Option<String>>>,
    cutoffs: Option<Vec<Option<i32>>>,
    level: Option<f64>,
    recipe: RecipeOptions,
}

#[derive(AsDuckDB)]
struct Row {
    architecture: String,
    cutoff: DateValue,
    launches: i64,
    wape: Option<f64>,
    rmsle: Option<f64>,
    bias: Option<f64>,
    coverage: Option<f64>,
    pinball: Option<f64>,
    status: String,
    reason: Option<String>,
}

impl AggregateCallbacks for Backtest {
    type BindData = Settings;
    type StateItem = Launches<Options>;

    fn bind(
        &self,
        context: &Context,
        arguments: BindArguments<'_>,
        _: ReturnTypeHandle<'_>,
    ) -> duckdb_neo::Result<Settings> {
        guard(NAME, || {
            for name in constant::<List<String>>(&arguments, "architectures")?
                .map_or_else(Vec::new, |l| l.0)
                .iter()
                .flatten()
            {
                Architecture::parse(name)?;
            }
            recipe::check(&arguments)?;
            Settings::of(context)
        })
    }

    fn init(&self, _: Option<&Settings>) -> Self::StateItem {
        Launches::default()
    }

    fn update(
        &self,
        _: Option<&Settings>,
        vectors: &mut VectorCollection,
        states: States<'_, Self::StateItem>,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            Launches::update(vectors, states, |vectors, rows| {
                let frequency = vectors::texts(vectors, 4, rows)?;
                let horizon = vectors::values::<i64, _>(vectors, 5, rows, |v| *v)?;
                let architectures = vectors::values::<List<String>, Vec<Option<String>>>(vectors, 6, rows, |l| {
                    l.iter().map(|v| v.map(str::to_owned)).collect()
                })?;
                let cutoffs = vectors::values::<List<DateValue>, Vec<Option<i32>>>(vectors, 7, rows, |l| {
                    l.iter().map(|v| v.map(|d| d.0)).collect()
                })?;
                let level = vectors::values::<f64, _>(vectors, 8, rows, |v| *v)?;
                let recipe = recipe::read(vectors, 9, rows)?;
                let zipped = frequency
                    .into_iter()
                    .zip(horizon)
                    .zip(architectures.into_iter().zip(cutoffs))
                    .zip(level.into_iter().zip(recipe));
                let options = |(((frequency, horizon), (architectures, cutoffs)), (level, recipe))| Options {
                    frequency,
                    horizon,
                    architectures,
                    cutoffs,
                    level,
                    recipe,
                };
                Ok(zipped.map(options).collect())
            })
        })
    }

    fn combine(
        &self,
        _: Option<&Settings>,
        source: &States<'_, Self::StateItem>,
        target: States<'_, Self::StateItem>,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || Launches::combine(source, target))
    }

    fn finalize(
        &self,
        settings: Option<&Settings>,
        states: &[&Self::StateItem],
        result: Vector<'_, Unknown>,
        offset: usize,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            let settings = required(settings, "the settings")?;
            let lists = states
                .iter()
                .map(|state| run(state, settings))
                .collect::<Result<Vec<_>, Failure>>()?;
            vectors::append_lists::<Row>(result, offset, lists)
        })
    }
}

fn run(state: &Launches<Options>, settings: &Settings) -> Result<Vec<Row>, Failure> {
    let Some(options) = &state.options else {
        return Ok(Vec::new());
    };
    let frequency = Frequency::parse(required(options.frequency.as_deref(), "frequency")?)?;
    let horizon = check_horizon(required(options.horizon, "horizon")?)?;
    let names = required(options.architectures.as_ref(), "architectures")?;
    let architectures = names
        .iter()
        .map(|name| Ok(Architecture::parse(required(name.as_deref(), "an architecture")?)?))
        .collect::<Result<Vec<_>, Failure>>()?;
    let panel = state.panel(frequency, horizon)?;
    let cutoffs = match &options.cutoffs {
        Some(days) => days
            .iter()
            .map(|day| required(*day, "a cutoff"))
            .collect::<Result<Vec<_>, _>>()?,
        None => default_cutoffs(&panel),
    };
    let level = required(options.level, "level")?;
    let recipe = Recipe::try_new(&options.recipe)?;
    let rows = settings.install(|| backtest(&architectures, &panel, &cutoffs, level, &recipe))??;
    Ok(rows.into_iter().map(to_row).collect())
}

fn to_row(row: BacktestRow) -> Row {
    let (scores, reason) = match row.scores {
        Ok(scores) => (Some(scores), None),
        Err(reason) => (None, Some(reason)),
    };
    Row {
        architecture: row.architecture.name().to_owned(),
        cutoff: DateValue(row.cutoff),
        launches: row.launches as i64,
        wape: scores.as_ref().and_then(|s| s.wape),
        rmsle: scores.as_ref().map(|s| s.rmsle),
        bias: scores.as_ref().and_then(|s| s.bias),
        coverage: scores.as_ref().map(|s| s.coverage),
        pinball: scores.as_ref().map(|s| s.pinball),
        status: if scores.is_some() { "ok" } else { "refused" }.to_owned(),
        reason,
    }
}

/// Registers `__launch_backtest`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let documentation = Documentation {
        description: "Rolling launch origins over past launches, one row per launch; launch_backtest does this from a \
                      sales table.",
        parameters: &[
            &[
                PRODUCT_ID,
                LAUNCH_DATE,
                UNITS,
                ATTRIBUTES,
                ParameterText {
                    name: "frequency",
                    sql_type: "VARCHAR",
                    default: Some("'week'"),
                    text: "day, week or month",
                },
                ParameterText {
                    name: "horizon",
                    sql_type: "BIGINT",
                    default: Some("13"),
                    text: "steps",
                },
                ParameterText {
                    name: "architectures",
                    sql_type: "VARCHAR[]",
                    default: None,
                    text: "models to compare",
                },
                ParameterText {
                    name: "cutoffs",
                    sql_type: "DATE[]",
                    default: None,
                    text: "origins; NULL for five",
                },
                ParameterText {
                    name: "level",
                    sql_type: "DOUBLE",
                    default: Some("0.8"),
                    text: "probability of the interval",
                },
            ],
            &recipe::PARAMETERS[..],
            &[COVARIATES],
        ]
        .concat(),
        returns: &[ReturnText {
            name: "",
            sql_type: "STRUCT[]",
            text: "one entry per architecture and cutoff",
        }],
        examples: &[
            "SELECT __launch_backtest(product_id, launch_date, units, {'category': category}, architectures := ['naive'], cutoffs := NULL) \
             FROM (SELECT product_id, launch_date, list(units ORDER BY step) AS units FROM launch_history('sales', products := 'products') GROUP BY ALL) \
             JOIN products USING (product_id, launch_date)",
        ],
        category: "internal",
    };
    let named = |parameter: FunctionParameter| parameter.kind(FunctionParameterKind::Named);
    let signature = SignatureBuilder::new()
        .param(FunctionParameter::new::<String>("product_id"))
        .param(FunctionParameter::new::<DateValue>("launch_date"))
        .param(FunctionParameter::new::<List<f64>>("units"))
        .param(FunctionParameter::new::<Any>("attributes"))
        .param(named(FunctionParameter::with_default("frequency", "week".to_owned())))
        .param(named(FunctionParameter::with_default("horizon", 13_i64)))
        .param(named(FunctionParameter::new::<List<String>>("architectures")))
        .param(named(FunctionParameter::new::<List<DateValue>>("cutoffs")))
        .param(named(FunctionParameter::with_default("level", 0.8_f64)));
    let signature = recipe::declare(signature)
        .param(covariates())
        .return_type(List::<Row>::logical_type(extension)?)
        .documentation(documentation.build());
    AggregateFunctionBuilder::new("__launch_backtest", signature, Backtest)
        .set_property(AggregateFunctionProperty::Shared(
            FunctionProperty::HasSpecialNullHandling(true),
        ))
        .set_property(AggregateFunctionProperty::AggregateOrderDependent(false))
        .register(extension)
}
