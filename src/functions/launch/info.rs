//! `launch_model_info(model)`: what is in a model.

use super::model;
use crate::{
    functions::{answer::Json, prelude::*},
    model::describe,
};

/// See [`PerChunk::about`].
pub struct Info;

impl PerChunk for Info {
    const NAME: &'static str = "launch_model_info";
    type Answer = Json;

    fn about() -> About {
        About {
            description: "What is in a model, as JSON: kind, format, options, attributes with their learned weights, \
                          the launches it was trained on, and its accuracy on launches held out (validation) beside \
                          that of the category mean curve (naive). Reads the header alone, so it is fast on any model.",
            parameters: vec![model()],
            returns: Returns::Value("an object with sorted keys; NULL of NULL"),
            examples: &["SELECT launch_model_info(model)->>'architecture' FROM model"],
        }
    }

    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Json>, Failure> {
        let models = arguments.blobs()?;
        models
            .iter()
            .map(|bytes| Ok(Json(bytes.map(describe).transpose()?)))
            .collect()
    }
}
