//! `__launch_backtest(...)`: the aggregate beneath the macro `launch_backtest`.

use super::{
    SHARED,
    launches::{self, Launches},
    recipe,
};
use crate::{
    functions::prelude::*,
    launch::{Architecture, BacktestRow, backtest, default_cutoffs},
    neural::{Recipe, RecipeOptions},
    panel::{Frequency, check_horizon},
};

/// See [`Function::ABOUT`].
pub struct Backtest;

/// The options as the caller gave them.
#[derive(Clone, PartialEq)]
pub struct Options {
    frequency: Option<String>,
    horizon: Option<i64>,
    architectures: Option<Vec<Option<String>>>,
    cutoffs: Option<Vec<Option<i32>>>,
    level: Option<f64>,
    recipe: RecipeOptions,
}

impl Function for Backtest {
    const NAME: &'static str = "__launch_backtest";
    const ABOUT: &'static str = r#"
        Rolling launch origins over past launches, one row per launch; launch_backtest does this from a sales
        table.

        @launches
        @param frequency: VARCHAR = 'week'  day, week or month
        @param horizon: BIGINT = 13  steps
        @named architectures: VARCHAR[]  models to compare
        @named cutoffs: DATE[]  origins; NULL for five
        @param level: DOUBLE = 0.8  probability of the interval
        @recipe
        @covariates
        @at_least
        @returns STRUCT[]  one entry per architecture and cutoff
        @example SELECT __launch_backtest(product_id, launch_date, units, {'category': category}, architectures :=
            ['naive'], cutoffs := NULL) FROM (SELECT product_id, launch_date, list(units ORDER BY step) AS units
            FROM launch_history('sales', products := 'products') GROUP BY ALL) JOIN products USING (product_id,
            launch_date)
    "#;
    const SHARED: &'static [Shared] = SHARED;

    type Answer = Vec<Row>;
}

impl Gather for Backtest {
    type Batch = Launches;
    type Options = Options;

    fn check(known: &Known<'_>) -> Result<(), Failure> {
        let names = known.value::<List<String>>("architectures")?;
        for name in names.iter().flat_map(|list| &list.0).flatten() {
            Architecture::parse(name)?;
        }
        recipe::check(known)
    }

    fn read(arguments: &mut Arguments) -> Result<(Launches, Vec<Options>), Failure> {
        let launches = Launches::read(arguments)?;
        let (frequency, horizon) = (arguments.texts()?, arguments.whole()?);
        let (architectures, cutoffs) = (arguments.lists::<String>()?, arguments.lists::<i32>()?);
        let level = arguments.numbers()?;
        let recipes = recipe::read(arguments)?;
        let options = recipes.into_iter().enumerate().map(|(row, recipe)| Options {
            frequency: frequency[row].clone(),
            horizon: horizon[row],
            architectures: architectures[row].clone(),
            cutoffs: cutoffs[row].clone(),
            level: level[row],
            recipe,
        });
        Ok((launches.with_series(arguments)?, options.collect()))
    }

    fn answer(query: &Query, rows: &Rows<Launches>, options: &Options) -> Result<Vec<Row>, Failure> {
        let frequency = Frequency::parse(required(options.frequency.as_deref(), "frequency")?)?;
        let horizon = check_horizon(required(options.horizon, "horizon")?)?;
        let names = required(options.architectures.as_ref(), "architectures")?;
        let architectures = names
            .iter()
            .map(|name| Ok(Architecture::parse(required(name.as_deref(), "an architecture")?)?))
            .collect::<Result<Vec<_>, Failure>>()?;
        let panel = launches::panel(rows, frequency, horizon)?;
        let cutoffs = match &options.cutoffs {
            Some(days) => days
                .iter()
                .map(|day| required(*day, "a cutoff"))
                .collect::<Result<Vec<_>, _>>()?,
            None => default_cutoffs(&panel),
        };
        let level = required(options.level, "level")?;
        let recipe = Recipe::try_new(&options.recipe)?;
        let rows = query.run(|| backtest(&architectures, &panel, &cutoffs, level, &recipe))??;
        Ok(rows.into_iter().map(to_row).collect())
    }
}

/// The scores of one architecture at one cutoff.
#[derive(AsDuckDB)]
pub struct Row {
    architecture: String,
    cutoff: DateValue,
    launches: i64,
    wape: Option<f64>,
    rmsle: Option<f64>,
    bias: Option<f64>,
    mean_bias: Option<f64>,
    coverage: Option<f64>,
    pinball: Option<f64>,
    status: String,
    reason: Option<String>,
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
        mean_bias: scores.as_ref().and_then(|s| s.mean_bias),
        coverage: scores.as_ref().map(|s| s.coverage),
        pinball: scores.as_ref().map(|s| s.pinball),
        status: if scores.is_some() { "ok" } else { "refused" }.to_owned(),
        reason,
    }
}
