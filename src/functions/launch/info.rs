//! `launch_model_info(model)`: what is in a model.

use crate::{
    functions::{answer::Json, prelude::*},
    model::describe,
};

/// See [`Function::ABOUT`].
pub struct Info;

impl Function for Info {
    const NAME: &'static str = "launch_model_info";
    const ABOUT: &'static str = "
        What is in a model, as JSON: kind, format, options, attributes with their learned weights, the launches it
        was trained on, and its accuracy on launches held out (validation) beside that of the category mean
        curve (naive). Reads the header alone, so it is fast on any model.

        @param model: BLOB  the model column of launch_train, or the result of launch_fit
        @returns JSON  an object with sorted keys; NULL of NULL
        @example SELECT launch_model_info(model)->>'architecture' FROM model
    ";

    type Answer = Json;
}

impl PerChunk for Info {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Json>, Failure> {
        let models = arguments.blobs()?;
        models
            .iter()
            .map(|bytes| Ok(Json(bytes.map(describe).transpose()?)))
            .collect()
    }
}
