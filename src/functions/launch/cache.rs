//! Scalar functions of a model: decoded models are kept, so that one is read once per worker and not once per chunk.

use std::sync::Arc;

use duckdb_neo::{
    connection::Context,
    data_chunk::VectorCollection,
    scalar::{ScalarCallbacks, ScalarInitCallbacks},
    vector::{Unknown, Vector},
};

use crate::{
    functions::guard::{Failure, guard},
    launch::LaunchModel,
    model::{self, ModelError},
};

/// A scalar function whose first argument is a model: its name, and what answers a chunk.
pub struct OfModel {
    /// Its name, for errors.
    pub name: &'static str,
    /// Reads the arguments, writes the results.
    pub answer: fn(&mut ModelCache, &mut VectorCollection, Vector<'_, Unknown>) -> Result<(), Failure>,
}

impl ScalarCallbacks for OfModel {
    type BindData = ();
    type InitData = ModelCache;

    fn exec(
        &self,
        _: Option<&()>,
        cache: Option<&mut ModelCache>,
        _: &Context,
        vectors: &mut VectorCollection,
        output: Vector<'_, Unknown>,
    ) -> duckdb_neo::Result<()> {
        guard(self.name, || {
            let mut fresh = ModelCache::default();
            (self.answer)(cache.unwrap_or(&mut fresh), vectors, output)
        })
    }
}

impl ScalarInitCallbacks for OfModel {
    fn init(&self, _: Option<&()>, _: &Context) -> duckdb_neo::Result<ModelCache> {
        Ok(ModelCache::default())
    }
}

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
