//! Decoded models, so that a model is read once per worker and not once per chunk.

use std::sync::Arc;

use crate::{
    launch::LaunchModel,
    model::{self, ModelError},
};

/// The model decoded last by a worker.
#[derive(Default)]
pub struct ModelCache {
    bytes: Vec<u8>,
    model: Option<Arc<Decoded>>,
}

/// A model and its identity.
pub struct Decoded {
    pub id: String,
    pub model: LaunchModel,
}

impl ModelCache {
    /// The model of these bytes.
    pub fn get(&mut self, bytes: &[u8]) -> Result<Arc<Decoded>, ModelError> {
        if let Some(model) = &self.model
            && self.bytes == bytes
        {
            return Ok(model.clone());
        }
        let decoded = Arc::new(Decoded {
            id: model::model_id(bytes),
            model: model::decode(bytes)?,
        });
        self.bytes = bytes.to_vec();
        self.model = Some(decoded.clone());
        Ok(decoded)
    }
}
