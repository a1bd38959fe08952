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
    /// Address and length of the bytes last seen in this chunk: the rows of a chunk mostly share one value.
    place: Option<(usize, usize)>,
}

/// A model and its identity.
pub struct Decoded {
    pub id: String,
    pub model: LaunchModel,
}

impl ModelCache {
    /// Begin a chunk: addresses of an earlier one mean nothing now.
    pub fn begin_chunk(&mut self) {
        self.place = None;
    }

    /// The model of these bytes, which must not change before the next [`ModelCache::begin_chunk`].
    pub fn get(&mut self, bytes: &[u8]) -> Result<Arc<Decoded>, ModelError> {
        let place = Some((bytes.as_ptr() as usize, bytes.len()));
        if let Some(model) = &self.model
            && (self.place == place || self.bytes == bytes)
        {
            self.place = place;
            return Ok(model.clone());
        }
        let decoded = Arc::new(Decoded {
            id: model::model_id(bytes),
            model: model::decode(bytes)?,
        });
        self.bytes = bytes.to_vec();
        self.model = Some(decoded.clone());
        self.place = place;
        Ok(decoded)
    }
}
