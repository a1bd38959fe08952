//! `launch_fit_classifier(row, label, ...)`: rows with labels to a model.

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::{concat::concat_batches, take::take_record_batch};

use crate::{
    customer::{Architecture, Classifier, Examples, Given, Labels, Options as TrainOptions},
    error::Error,
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
    labels: Vec<Option<String>>,
    weights: Vec<Option<f64>>,
    fold: Vec<Option<String>>,
    grouping: Vec<Option<String>>,
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
            labels: arguments.texts()?,
            weights: arguments.numbers()?,
            fold: arguments.texts()?,
            grouping: arguments.texts()?,
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
        let trained = together(rows)?.map(|(texts, given)| {
            let train = || {
                let labels = Labels::read(&texts, positive)?.0;
                let examples = Examples::try_new(Given { labels, ..given }, folds, seed)?;
                Classifier::train(&examples, &TrainOptions { architecture, seed })
            };
            match query.run(train)? {
                Err(Error::Refused(reason)) => Ok(Classifier::refused(architecture, reason)),
                other => Ok::<_, Failure>(other?),
            }
        });
        let trained = trained.transpose()?;
        Ok(trained.map(|model| model::encode(&model)).transpose()?.map(BlobValue))
    }
}

fn folds(given: Option<i64>) -> Result<usize, Failure> {
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

type Texts = Vec<Option<String>>;

/// All rows of a group; the labels as texts beside them.
fn together(rows: &Rows<Batch>) -> Result<Option<(Texts, Given)>, Failure> {
    let (mut texts, mut weights, mut fold, mut grouping, mut batches) = (vec![], vec![], vec![], vec![], vec![]);
    for (batch, rows) in rows.batches() {
        for &row in rows {
            let row = row as usize;
            texts.push(batch.labels[row].clone());
            weights.push(batch.weights[row]);
            fold.push(batch.fold[row].clone());
            grouping.push(batch.grouping[row].clone());
        }
        batches.push(take_record_batch(&batch.attributes, &UInt32Array::from(rows.to_vec()))?);
    }
    let Some(schema) = batches.first().map(RecordBatch::schema) else {
        return Ok(None);
    };
    let attributes = concat_batches(&schema, &batches)?;
    let given = Given {
        attributes,
        labels: Vec::new(),
        weights,
        fold,
        grouping,
        embargo: None,
    };
    Ok(Some((texts, given)))
}
