//! Decoded models, so that a model is read once per worker and not once per chunk.

use std::sync::Arc;

use crate::{
    launch::LaunchModel,
    model::{self, ModelError},
};

/// Models kept per worker: a table may hold one model per region.
const MAX_MODELS: usize = 16;

/// The models a worker decoded last.
#[derive(Default)]
pub struct ModelCache {
    models: Vec<(Vec<u8>, Arc<Decoded>)>,
    /// Address and length of the bytes last seen in this chunk, and their model: rows mostly share one value.
    last: Option<(usize, usize, Arc<Decoded>)>,
}

/// A model and its identity.
pub struct Decoded {
    pub id: String,
    pub model: LaunchModel,
}

impl ModelCache {
    /// Begin a chunk: addresses of an earlier one mean nothing now.
    pub fn begin_chunk(&mut self) {
        self.last = None;
        self.models.drain(..self.models.len().saturating_sub(MAX_MODELS));
    }

    /// The model of these bytes, which must not change before the next [`ModelCache::begin_chunk`].
    pub fn get(&mut self, bytes: &[u8]) -> Result<Arc<Decoded>, ModelError> {
        let (address, length) = (bytes.as_ptr() as usize, bytes.len());
        if let Some((known, size, model)) = &self.last
            && (*known, *size) == (address, length)
        {
            return Ok(model.clone());
        }
        let found = self
            .models
            .iter()
            .find(|(known, _)| known == bytes)
            .map(|(_, model)| model.clone());
        let model = match found {
            Some(model) => model,
            None => {
                let decoded = Arc::new(Decoded {
                    id: model::model_id(bytes),
                    model: model::decode(bytes)?,
                });
                self.models.push((bytes.to_vec(), decoded.clone()));
                decoded
            }
        };
        self.last = Some((address, length, model.clone()));
        Ok(model)
    }
}
