//! `__launch_training_log(model)`: the scalar beneath the macro `launch_training_log`.

use duckdb_neo::{
    AsDuckDB, DuckDBType,
    connection::Context,
    data_chunk::VectorCollection,
    enums::FunctionProperty,
    extension::Extension,
    scalar::{ScalarCallbacks, ScalarFunctionBuilder},
    signature::{FunctionParameter, SignatureBuilder},
    types::{BlobValue, List},
    vector::{Unknown, Vector},
};

use super::MODEL;
use crate::{
    functions::{
        documentation::{Documentation, ReturnText},
        guard::{Failure, guard},
        vectors,
    },
    launch::{LaunchModel, Training},
    model,
};

const NAME: &str = "launch_training_log";

struct TrainingLog;

#[derive(AsDuckDB)]
struct Row {
    epoch: i32,
    train_loss: f64,
    validation_loss: Option<f64>,
    learning_rate: f64,
    architecture: String,
}

impl ScalarCallbacks for TrainingLog {
    type BindData = ();
    type InitData = ();

    fn exec(
        &self,
        _: Option<&()>,
        _: Option<&mut ()>,
        _: &Context,
        vectors: &mut VectorCollection,
        output: Vector<'_, Unknown>,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            let count = vectors.row_count()?;
            let mut lists = Vec::with_capacity(count);
            vectors::blobs(vectors, 0, count, |_, bytes| {
                let missing = || {
                    Failure::new("the model is NULL: pass the model column of launch_train or the result of launch_fit")
                };
                let model: LaunchModel = model::decode(bytes.ok_or_else(missing)?)?;
                lists.push(rows(model.training()));
                Ok(())
            })?;
            vectors::write_lists::<Row>(output, lists)
        })
    }
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

/// Registers `__launch_training_log`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let documentation = Documentation {
        description: "The epochs of the networks in a model; launch_training_log shows them as a table.",
        parameters: &[MODEL],
        returns: &[ReturnText {
            name: "",
            sql_type: "STRUCT[]",
            text: "one entry per network and epoch",
        }],
        examples: &["SELECT __launch_training_log(model) FROM model"],
        category: "internal",
    };
    let signature = SignatureBuilder::new()
        .param(FunctionParameter::new::<BlobValue>("model"))
        .return_type(List::<Row>::logical_type(extension)?)
        .documentation(documentation.build());
    ScalarFunctionBuilder::new("__launch_training_log", signature, TrainingLog)
        .set_property(FunctionProperty::HasSpecialNullHandling(true))
        .register(extension)
}
