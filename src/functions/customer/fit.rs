//! `launch_fit_classifier(row, label, ...)`: rows with labels to a model.

use arrow_array::{Float64Array, RecordBatch, StringArray};

use crate::{
    customer::{Architecture, Classifier, Examples, Options as TrainOptions, Part, gather},
    error::{self, Error},
    functions::prelude::*,
    model,
};

/// Folds at most.
const MAX_FOLDS: i64 = 20;

/// A column of NULLs that macros add to tables.
const EMPTY: &str = "__launch_none";

/// See [`Function::ABOUT`].
pub struct Fit;

/// The options as the caller gave them.
#[derive(Clone, PartialEq)]
pub struct Options {
    positive: Option<String>,
    architecture: Option<String>,
    folds: Option<i64>,
    seed: Option<i64>,
}

/// The rows of one vector.
pub struct Batch {
    attributes: RecordBatch,
    labels: StringArray,
    weights: Float64Array,
    fold: StringArray,
    grouping: StringArray,
}

impl Batch {
    fn part<'a>(&'a self, rows: &'a [u32]) -> Part<'a> {
        Part {
            attributes: &self.attributes,
            labels: &self.labels,
            weights: &self.weights,
            fold: &self.fold,
            grouping: &self.grouping,
            rows,
        }
    }
}

impl Function for Fit {
    const NAME: &'static str = "launch_fit_classifier";
    const ASKED: &'static str = "launch_train_classifier";
    const ABOUT: &'static str = r#"
        Trains a classifier on rows with labels and returns it as a value. launch_train_classifier does this for a table; this is
        the aggregate beneath it. Rows that cannot carry a model give one that only holds the reason (see
        launch_model_info); no rows give NULL. Row order and threads do not change the bytes.

        @param row: ANY  a STRUCT of features: number, text, boolean or date
        @param label: VARCHAR  what happened: two values; NULL where it is not known
        @param weight: DOUBLE = NULL  weight of the row
        @param fold: VARCHAR = NULL  what is held out, in its order
        @param grouping: VARCHAR = NULL  what is held out together
        @param positive: VARCHAR = NULL  the label that is predicted; NULL for true or 1
        @param architecture: VARCHAR = 'auto'  logistic, gbm, mlp, or auto
        @param folds: BIGINT = 5  folds, 2 to 20
        @param seed: BIGINT = 42  seed of random numbers
        @returns BLOB  the model
        @example SELECT launch_fit_classifier({'pages': pages, 'channel': channel}, bought::VARCHAR, architecture :=
            'logistic') FROM visits
    "#;

    type Answer = Option<BlobValue>;
}

impl Gather for Fit {
    type Batch = Batch;
    type Options = Options;

    fn check(known: &Known<'_>) -> Result<(), Failure> {
        if let Some(name) = known.value::<String>("architecture")? {
            Architecture::parse(&name)?;
        }
        folds(known.value::<i64>("folds")?.or(Some(2)))?;
        Ok(())
    }

    fn read(arguments: &mut Arguments) -> Result<(Batch, Vec<Options>), Failure> {
        let batch = Batch {
            attributes: without_empty(arguments.attributes()?)?,
            labels: arguments.text_array()?,
            weights: Float64Array::from(arguments.numbers()?),
            fold: arguments.text_array()?,
            grouping: arguments.text_array()?,
        };
        let (positive, architecture) = (arguments.texts()?, arguments.texts()?);
        let (folds, seed) = (arguments.whole()?, arguments.whole()?);
        let options = |row: usize| Options {
            positive: positive[row].clone(),
            architecture: architecture[row].clone(),
            folds: folds[row],
            seed: seed[row],
        };
        Ok((batch, (0..arguments.rows()).map(options).collect()))
    }

    fn answer(query: &Query, rows: &Rows<Batch>, options: &Options) -> Result<Self::Answer, Failure> {
        let architecture = Architecture::parse(required(options.architecture.as_deref(), "architecture")?)?;
        let (folds, seed) = (folds(options.folds)?, required(options.seed, "seed")?);
        let positive = options.positive.as_deref();
        let parts: Vec<Part<'_>> = rows.batches().map(|(batch, rows)| batch.part(rows)).collect();
        let train = || -> error::Result<Option<Classifier>> {
            let Some(given) = gather(&parts, positive)? else {
                return Ok(None);
            };
            let examples = Examples::try_new(given, folds, seed)?;
            Classifier::train(&examples, &TrainOptions { architecture, seed }).map(Some)
        };
        let trained = match query.run(train)? {
            Err(Error::Refused(reason)) => Some(Classifier::refused(architecture, reason)),
            other => other?,
        };
        Ok(trained.map(|model| model::encode(&model)).transpose()?.map(BlobValue))
    }
}

pub(super) fn folds(given: Option<i64>) -> Result<usize, Failure> {
    let folds = required(given, "folds")?;
    match folds {
        2..=MAX_FOLDS => Ok(folds as usize),
        other => Err(Failure::new(format!(
            "folds must be between 2 and {MAX_FOLDS}, got {other}"
        ))),
    }
}

/// Without the column that the macro adds.
fn without_empty(attributes: RecordBatch) -> Result<RecordBatch, Failure> {
    let schema = attributes.schema();
    let own = schema
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| field.name() != EMPTY);
    Ok(attributes.project(&own.map(|(column, _)| column).collect::<Vec<_>>())?)
}
