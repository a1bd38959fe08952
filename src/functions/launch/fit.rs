//! `launch_fit(product_id, launch_date, units, attributes, ...)`: past launches to a model.

use super::{
    SHARED,
    launches::{self, Launches},
    recipe,
};
use crate::{
    functions::prelude::*,
    launch::{Architecture, LaunchModel, refused},
    model,
    neural::{Recipe, RecipeOptions},
    panel::{Frequency, check_horizon},
};

/// See [`Function::ABOUT`].
pub struct Fit;

/// The options as the caller gave them.
#[derive(Clone, PartialEq)]
pub struct Options {
    frequency: Option<String>,
    horizon: Option<i64>,
    architecture: Option<String>,
    seed: Option<i64>,
    recipe: RecipeOptions,
}

impl Function for Fit {
    const NAME: &'static str = "launch_fit";
    const ABOUT: &'static str = r#"
        Trains a launch model on past launches, one row per launch, and returns it as a value. launch_train does
        this from a sales table; this is the aggregate beneath it. A group that cannot carry a model gives a
        model that only holds the reason (see launch_model_info); no rows give NULL. Row order and threads do
        not change the bytes.

        @launches
        @param frequency: VARCHAR = 'week'  length of a step: day, week or month
        @param horizon: BIGINT = 13  steps to learn, 1 to 520
        @param architecture: VARCHAR = 'auto'  naive (category mean curve), analog (similar past launches), bass
            (diffusion), gbm (boosted trees), lstm, cnn or vae (networks), or auto (their weighted mean)
        @param seed: BIGINT = 42  seed of random numbers, for models that draw any
        @recipe
        @covariates
        @at_least
        @returns BLOB  the model
        @example SELECT launch_fit(product_id, launch_date, units, {'category': category, 'price': price}) FROM
            (SELECT product_id, launch_date, list(units ORDER BY step) AS units FROM launch_history('sales',
            products := 'products') GROUP BY ALL) JOIN products USING (product_id, launch_date)
    "#;
    const SHARED: &'static [Shared] = SHARED;

    type Answer = Option<BlobValue>;
}

impl Gather for Fit {
    type Batch = Launches;
    type Options = Options;

    fn check(known: &Known<'_>) -> Result<(), Failure> {
        if let Some(name) = known.value::<String>("architecture")? {
            Architecture::parse(&name)?;
        }
        recipe::check(known)
    }

    fn read(arguments: &mut Arguments) -> Result<(Launches, Vec<Options>), Failure> {
        let launches = Launches::read(arguments)?;
        let (frequency, horizon) = (arguments.texts()?, arguments.whole()?);
        let (architecture, seed) = (arguments.texts()?, arguments.whole()?);
        let recipes = recipe::read(arguments)?;
        let options = recipes.into_iter().enumerate().map(|(row, recipe)| Options {
            frequency: frequency[row].clone(),
            horizon: horizon[row],
            architecture: architecture[row].clone(),
            seed: seed[row],
            recipe,
        });
        Ok((launches.with_series(arguments)?, options.collect()))
    }

    fn answer(query: &Query, rows: &Rows<Launches>, options: &Options) -> Result<Self::Answer, Failure> {
        let frequency = Frequency::parse(required(options.frequency.as_deref(), "frequency")?)?;
        let horizon = check_horizon(required(options.horizon, "horizon")?)?;
        let architecture = Architecture::parse(required(options.architecture.as_deref(), "architecture")?)?;
        let seed = required(options.seed, "seed")?;
        let recipe = Recipe::try_new(&RecipeOptions {
            seed: Some(seed),
            ..options.recipe.clone()
        })?;
        let panel = launches::panel(rows, frequency, horizon)?;
        let progress = query.progress();
        let trained = query.run(|| LaunchModel::train(architecture, &panel, &recipe, &progress))?;
        let trained = match trained {
            Ok(trained) => trained,
            Err(error) => {
                let reason = Failure::unless_refused(error)?;
                refused(architecture, frequency, horizon, seed, panel.len(), reason)
            }
        };
        Ok(Some(BlobValue(model::encode(&trained)?)))
    }
}
