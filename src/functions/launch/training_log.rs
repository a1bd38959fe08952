//! `__launch_training_log(model)`: the scalar beneath the macro `launch_training_log`.

use crate::{
    functions::prelude::*,
    launch::{LaunchModel, Training},
};

/// See [`Function::ABOUT`].
pub struct TrainingLog;

impl Function for TrainingLog {
    const NAME: &'static str = "__launch_training_log";
    const ABOUT: &'static str = "
        The epochs of the networks in a model; launch_training_log shows them as a table.

        @param model: BLOB  the model column of launch_train, or the result of launch_fit
        @returns STRUCT[]  one entry per network and epoch
        @example SELECT __launch_training_log(model) FROM model
    ";

    type Answer = Vec<Row>;
}

impl PerChunk for TrainingLog {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Vec<Row>>, Failure> {
        let missing =
            || Failure::new("the model is NULL: pass the model column of launch_train or the result of launch_fit");
        let models = arguments.blobs()?;
        let log = |bytes: Option<&[u8]>| {
            let model = query.model::<LaunchModel>(bytes.ok_or_else(missing)?)?;
            Ok(rows(model.model.training()))
        };
        models.iter().map(log).collect()
    }
}

/// One epoch.
#[derive(AsDuckDB)]
pub struct Row {
    epoch: i32,
    train_loss: f64,
    validation_loss: Option<f64>,
    learning_rate: f64,
    architecture: String,
}

fn rows(training: &Training) -> Vec<Row> {
    let networks = training.log.iter();
    networks
        .flat_map(|(architecture, epochs)| epochs.iter().map(move |epoch| (architecture, epoch)))
        .map(|(architecture, epoch)| Row {
            epoch: epoch.epoch as i32,
            train_loss: epoch.train_loss,
            validation_loss: epoch.validation_loss,
            learning_rate: epoch.learning_rate,
            architecture: architecture.clone(),
        })
        .collect()
}
