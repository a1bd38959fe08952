//! `__launch_importance(model)`: the scalar beneath the macro `launch_importance`.

use crate::{
    customer::{Classifier, Importance},
    functions::prelude::*,
};

/// See [`Function::ABOUT`].
pub struct OfModel;

impl Function for OfModel {
    const NAME: &'static str = "__launch_importance";
    const ASKED: &'static str = "launch_importance";
    const ABOUT: &'static str = "
        What features are worth to a classifier; launch_importance shows it as a table.

        @param model: BLOB  the model column of launch_train_classifier
        @returns feature: VARCHAR  the feature
        @returns importance: DOUBLE  log loss added where its values are shuffled, out of fold
        @returns error: DOUBLE  standard error of that
        @returns direction: VARCHAR  up, down or mixed; NULL of texts
        @returns share: DOUBLE  its part of all
        @example SELECT unnest(__launch_importance(model), recursive := true) FROM visit_model
    ";

    type Answer = Vec<Row>;
}

/// One feature.
#[derive(AsDuckDB, Debug)]
pub struct Row {
    feature: String,
    importance: f64,
    error: f64,
    direction: Option<String>,
    share: f64,
}

impl PerChunk for OfModel {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Vec<Row>>, Failure> {
        let row = |i: &Importance| Row {
            feature: i.feature.clone(),
            importance: i.importance,
            error: i.error,
            direction: i.direction.clone(),
            share: i.share,
        };
        let models = arguments.blobs()?;
        let of = |bytes: Option<&[u8]>| {
            let Some(bytes) = bytes else { return Ok(Vec::new()) };
            let model = query.model::<Classifier>(bytes)?;
            let facts = model.model.facts.as_ref();
            Ok(facts.map_or_else(Vec::new, |facts| facts.importance.iter().map(row).collect()))
        };
        models.iter().map(of).collect()
    }
}
