//! `__launch_fit_purchase(...)`: users, their events and products to a purchase model, for the macro `launch_train_purchase`.

use super::{MARKET, market::Batch};
use crate::{
    customer::{
        Architecture, Classifier,
        purchase::{Learning, train},
    },
    error::Error,
    functions::prelude::*,
    model,
};

/// Days at most, of a window and of the time in which a user is active.
const MAX_DAYS: i64 = 3_650;

/// See [`Function::ABOUT`].
pub struct Fit;

/// The options as the caller gave them.
#[derive(Clone, PartialEq)]
pub struct Options {
    days: Option<i64>,
    active: Option<i64>,
    negatives: Option<i64>,
    architecture: Option<String>,
    folds: Option<i64>,
    seed: Option<i64>,
}

impl Function for Fit {
    const NAME: &'static str = "__launch_fit_purchase";
    const ASKED: &'static str = "launch_train_purchase";
    const ABOUT: &'static str = "
        Trains a purchase model on past launches; launch_train_purchase does this for tables.

        @market
        @param days: BIGINT = 30  days from a launch within which a purchase counts
        @param active: BIGINT = 90  days before it within which a user has done something
        @param negatives: BIGINT = 20  pairs without a purchase for each one with
        @param architecture: VARCHAR = 'auto'  logistic, gbm, mlp, or auto
        @param folds: BIGINT = 5  parts in the order of time
        @param seed: BIGINT = 42  seed of random numbers
        @returns BLOB  the model
        @example SELECT __launch_fit_purchase(u, NULL, true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL)
            FROM (VALUES ('Ann')) t(u)
    ";
    const SHARED: &'static [Shared] = MARKET;

    type Answer = Option<BlobValue>;
}

impl Gather for Fit {
    type Batch = Batch;
    type Options = Options;

    fn check(known: &Known<'_>) -> Result<(), Failure> {
        if let Some(name) = known.value::<String>("architecture")? {
            Architecture::parse(&name)?;
        }
        Ok(())
    }

    fn read(arguments: &mut Arguments) -> Result<(Batch, Vec<Options>), Failure> {
        let batch = Batch::read(arguments)?;
        let (days, active, negatives) = (arguments.whole()?, arguments.whole()?, arguments.whole()?);
        let (architecture, folds, seed) = (arguments.texts()?, arguments.whole()?, arguments.whole()?);
        let options = |row: usize| Options {
            days: days[row],
            active: active[row],
            negatives: negatives[row],
            architecture: architecture[row].clone(),
            folds: folds[row],
            seed: seed[row],
        };
        Ok((batch, (0..arguments.rows()).map(options).collect()))
    }

    fn answer(query: &Query, rows: &Rows<Batch>, options: &Options) -> Result<Self::Answer, Failure> {
        let architecture = Architecture::parse(required(options.architecture.as_deref(), "architecture")?)?;
        let learning = Learning {
            days: between(options.days, "days", 1, MAX_DAYS)? as i32,
            active: between(options.active, "active", 1, MAX_DAYS)? as i32,
            negatives: between(options.negatives, "negatives", 1, 1_000_000)? as usize,
            architecture,
            folds: between(options.folds, "folds", 2, 20)? as usize,
            seed: required(options.seed, "seed")?,
        };
        let market = Batch::market(rows.batches())?;
        let model = match query.run(|| train(&market, &learning))? {
            Err(Error::Refused(reason)) => Classifier::refused(architecture, reason),
            other => other?,
        };
        Ok(Some(BlobValue(model::encode(&model)?)))
    }
}

/// A whole number within bounds.
///
/// # Errors
/// One outside, or NULL, naming the bounds.
pub(super) fn between(given: Option<i64>, name: &str, least: i64, most: i64) -> Result<i64, Failure> {
    let value = required(given, name)?;
    match (least..=most).contains(&value) {
        true => Ok(value),
        false => Err(Failure::new(format!(
            "{name} must be between {least} and {most}, got {value}"
        ))),
    }
}
