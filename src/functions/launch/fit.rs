//! `launch_fit(product_id, launch_date, units, attributes, ...)`: past launches to a model.

use duckdb_neo::{
    DuckDBType,
    aggregate::{AggregateCallbacks, AggregateFunctionBuilder, ReturnTypeHandle, States},
    bind_arguments::BindArguments,
    connection::Context,
    data_chunk::VectorCollection,
    enums::{AggregateFunctionProperty, FunctionProperty},
    extension::Extension,
    signature::{FunctionParameter, FunctionParameterKind, SignatureBuilder},
    types::{Any, BlobValue, DateValue, List},
    vector::{Unknown, Vector},
};

use super::{
    ATTRIBUTES, COVARIATES, LAUNCH_DATE, PRODUCT_ID, UNITS, covariates,
    launches::{Launches, constant, required},
    recipe,
};
use crate::{
    error::Error,
    functions::{
        documentation::{Documentation, ParameterText, ReturnText},
        guard::{Failure, guard},
        settings::Settings,
        vectors,
    },
    launch::{Architecture, LaunchModel, refused},
    model,
    neural::{Recipe, RecipeOptions},
    panel::{Frequency, check_horizon},
};

const NAME: &str = "launch_fit";
const DEFAULT_ARCHITECTURE: &str = "auto";

struct Fit;

/// The options as the caller gave them.
#[derive(Clone, PartialEq)]
pub struct Options {
    frequency: Option<String>,
    horizon: Option<i64>,
    architecture: Option<String>,
    seed: Option<i64>,
    recipe: RecipeOptions,
}

impl AggregateCallbacks for Fit {
    type BindData = Settings;
    type StateItem = Launches<Options>;

    fn bind(
        &self,
        context: &Context,
        arguments: BindArguments<'_>,
        _: ReturnTypeHandle<'_>,
    ) -> duckdb_neo::Result<Settings> {
        guard(NAME, || {
            if let Some(name) = constant::<String>(&arguments, "architecture")? {
                Architecture::parse(&name)?;
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
                let architecture = vectors::texts(vectors, 6, rows)?;
                let seed = vectors::values::<i64, _>(vectors, 7, rows, |v| *v)?;
                let recipe = recipe::read(vectors, 8, rows)?;
                let zipped = frequency
                    .into_iter()
                    .zip(horizon)
                    .zip(architecture.into_iter().zip(seed))
                    .zip(recipe);
                let options = |(((frequency, horizon), (architecture, seed)), recipe)| Options {
                    frequency,
                    horizon,
                    architecture,
                    seed,
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
            let mut result = result.cast::<BlobValue>()?;
            let settings = required(settings, "the settings")?;
            let models = states
                .iter()
                .map(|state| train(state, settings))
                .collect::<Result<Vec<_>, Failure>>()?;
            let mut writer = result.writer()?;
            for (i, model) in models.iter().enumerate() {
                writer.set(offset + i, model.as_deref())?;
            }
            Ok(())
        })
    }
}

/// The model of one group; `None` of no rows.
fn train(state: &Launches<Options>, settings: &Settings) -> Result<Option<Vec<u8>>, Failure> {
    let Some(options) = &state.options else { return Ok(None) };
    let frequency = Frequency::parse(required(options.frequency.as_deref(), "frequency")?)?;
    let horizon = check_horizon(required(options.horizon, "horizon")?)?;
    let architecture = Architecture::parse(required(options.architecture.as_deref(), "architecture")?)?;
    let seed = required(options.seed, "seed")?;
    let recipe = Recipe::try_new(&RecipeOptions {
        seed: Some(seed),
        ..options.recipe.clone()
    })?;
    let panel = state.panel(frequency, horizon)?;
    let progress = settings.progress();
    let trained = match settings.install(|| LaunchModel::train(architecture, &panel, &recipe, &progress))? {
        Ok(trained) => trained,
        Err(Error::Refused(reason)) => refused(architecture, frequency, horizon, seed, panel.len(), reason),
        Err(error) => return Err(error.into()),
    };
    Ok(Some(model::encode(&trained)?))
}

/// Registers `launch_fit`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let documentation = Documentation {
        description: "Trains a launch model on past launches, one row per launch, and returns it as a value. \
                      launch_train does this from a sales table; this is the aggregate beneath it. \
                      A group that cannot carry a model gives a model that only holds the reason \
                      (see launch_model_info); no rows give NULL. Row order and threads do not change the bytes.",
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
                    text: "length of a step: day, week or month",
                },
                ParameterText {
                    name: "horizon",
                    sql_type: "BIGINT",
                    default: Some("13"),
                    text: "steps to learn, 1 to 520",
                },
                ParameterText {
                    name: "architecture",
                    sql_type: "VARCHAR",
                    default: Some("'auto'"),
                    text: "naive (category mean curve), analog (similar past launches), bass (diffusion), gbm (boosted trees), \
                           lstm, cnn or vae (networks), or auto (their weighted mean)",
                },
                ParameterText {
                    name: "seed",
                    sql_type: "BIGINT",
                    default: Some("42"),
                    text: "seed of random numbers, for models that draw any",
                },
            ],
            &recipe::PARAMETERS[..],
            &[COVARIATES],
        ]
        .concat(),
        returns: &[ReturnText {
            name: "",
            sql_type: "BLOB",
            text: "the model",
        }],
        examples: &[
            "SELECT launch_fit(product_id, launch_date, units, {'category': category, 'price': price}) \
             FROM (SELECT product_id, launch_date, list(units ORDER BY step) AS units FROM launch_history('sales', products := 'products') GROUP BY ALL) \
             JOIN products USING (product_id, launch_date)",
        ],
        category: "launch",
    };
    let named = |parameter: FunctionParameter| parameter.kind(FunctionParameterKind::Named);
    let signature = SignatureBuilder::new()
        .param(FunctionParameter::new::<String>("product_id"))
        .param(FunctionParameter::new::<DateValue>("launch_date"))
        .param(FunctionParameter::new::<List<f64>>("units"))
        .param(FunctionParameter::new::<Any>("attributes"))
        .param(named(FunctionParameter::with_default("frequency", "week".to_owned())))
        .param(named(FunctionParameter::with_default("horizon", 13_i64)))
        .param(named(FunctionParameter::with_default(
            "architecture",
            DEFAULT_ARCHITECTURE.to_owned(),
        )))
        .param(named(FunctionParameter::with_default("seed", 42_i64)));
    let signature = recipe::declare(signature)
        .param(covariates())
        .return_type(BlobValue::logical_type(extension)?)
        .documentation(documentation.build());
    AggregateFunctionBuilder::new(NAME, signature, Fit)
        .set_property(AggregateFunctionProperty::Shared(
            FunctionProperty::HasSpecialNullHandling(true),
        ))
        .set_property(AggregateFunctionProperty::AggregateOrderDependent(false))
        .register(extension)
}
