//! What belongs to one query: its threads, its progress, the models it has decoded; and the setting that is ours.

use std::{
    any::Any,
    collections::BTreeMap,
    ptr,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use arrow_buffer::Buffer;
use duckdb_neo::{
    DuckDBType,
    connection::{Context, SettingScope},
    custom_option::{CustomOptionBuilder, CustomOptionCallbacks},
    extension::Extension,
    value::Value,
};
use once_cell::sync::OnceCell;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::guard::Failure;
use crate::{
    model::{self, Stored},
    progress::Progress,
};

const PROGRESS: &str = "launchpad_progress";

/// Models a query keeps decoded: a table may hold one per region.
const MAX_MODELS: usize = 16;

/// Bytes of models a query keeps decoded, unless a single one has more.
const MAX_BYTES: usize = 256 << 20;

/// What a call of a function keeps from its binding on; all workers of the query share it.
pub struct Query {
    function: &'static str,
    threads: usize,
    progress: Option<bool>,
    pool: OnceCell<Arc<ThreadPool>>,
    models: Mutex<Vec<Kept>>,
}

/// A model and the bytes it was read from.
pub struct Decoded<M> {
    bytes: Buffer,
    id: OnceCell<String>,
    /// The model.
    pub model: M,
}

impl<M> Decoded<M> {
    /// The `model_id`, worked out where it is asked for.
    pub fn id(&self) -> &str {
        self.id.get_or_init(|| model::model_id(&self.bytes))
    }
}

/// A decoded model and the bytes it was read from. Decoding happens once, whoever comes first.
#[derive(Clone)]
struct Kept {
    bytes: Buffer,
    decoded: Arc<OnceCell<Arc<dyn Any + Send + Sync>>>,
}

/// The same function with equal settings: DuckDB may then take two calls for one. DuckDB 2.0.0 would else do so with two
/// aggregates of one signature.
impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        let what = |query: &Self| (query.function, query.threads, query.progress);
        what(self) == what(other)
    }
}

impl Query {
    /// Of a function, with the settings in force.
    ///
    /// # Errors
    /// One of DuckDB.
    pub fn of(function: &'static str, context: &Context) -> Result<Self, Failure> {
        let config = context.config()?;
        let threads: Option<i64> = config.get_value("threads")?.0.get()?;
        let threads = threads.and_then(|n| usize::try_from(n).ok()).unwrap_or(1).max(1);
        Ok(Self {
            function,
            ..Self::new(threads, config.get_value(PROGRESS)?.0.get()?)
        })
    }

    /// With these settings.
    pub fn new(threads: usize, progress: Option<bool>) -> Self {
        Self {
            function: "",
            threads,
            progress,
            pool: OnceCell::new(),
            models: Mutex::new(Vec::new()),
        }
    }

    /// Runs a computation on as many threads as DuckDB may use. What is computed must not depend on their number.
    ///
    /// # Errors
    /// Threads that cannot be started.
    pub fn run<T: Send>(&self, compute: impl FnOnce() -> T + Send) -> Result<T, Failure> {
        let pool = self.pool.get_or_try_init(|| pool(self.threads))?;
        Ok(pool.install(compute))
    }

    /// The report of a training that begins now.
    pub fn progress(&self) -> Progress {
        Progress::stderr(self.progress)
    }

    /// The model of these bytes, decoded once for all workers of the query.
    ///
    /// # Errors
    /// Bytes that are no model of this kind.
    pub fn model<M: Stored + Send + Sync + 'static>(&self, bytes: &[u8]) -> Result<Arc<Decoded<M>>, Failure> {
        let kept = self.kept(bytes);
        let decoded = kept.decoded.get_or_try_init(|| {
            let decoded = Decoded {
                bytes: kept.bytes.clone(),
                id: OnceCell::new(),
                model: model::decode::<M>(bytes)?,
            };
            Ok::<_, Failure>(Arc::new(decoded) as Arc<dyn Any + Send + Sync>)
        })?;
        let other = |_| Failure::new("one query cannot read the same model as two kinds");
        decoded.clone().downcast::<Decoded<M>>().map_err(other)
    }

    /// The bytes of a model as the query keeps them: chunks share them, as to copy them for each takes longer than to answer.
    pub fn bytes(&self, bytes: &[u8]) -> Buffer {
        self.kept(bytes).bytes
    }

    fn kept(&self, bytes: &[u8]) -> Kept {
        let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |kept: &Kept| ptr::eq(kept.bytes.as_slice(), bytes) || *kept.bytes == *bytes;
        let found = models.iter().position(same);
        // The one used last stands last.
        let kept = found.map(|place| models.remove(place)).unwrap_or_else(|| Kept {
            bytes: bytes.into(),
            decoded: Arc::default(),
        });
        models.push(kept.clone());
        let size = |models: &[Kept]| models.iter().map(|kept| kept.bytes.len()).sum::<usize>();
        while models.len() > 1 && (models.len() > MAX_MODELS || size(&models) > MAX_BYTES) {
            models.remove(0);
        }
        kept
    }
}

/// The pool of so many threads. Calls at the same time share one: each of the N workers of a query would else bring N
/// threads of its own.
fn pool(threads: usize) -> Result<Arc<ThreadPool>, Failure> {
    static POOLS: Mutex<BTreeMap<usize, Weak<ThreadPool>>> = Mutex::new(BTreeMap::new());
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pool) = pools.get(&threads).and_then(Weak::upgrade) {
        return Ok(pool);
    }
    let fresh = Arc::new(ThreadPoolBuilder::new().num_threads(threads).build()?);
    pools.insert(threads, Arc::downgrade(&fresh));
    Ok(fresh)
}

struct AsGiven;

impl CustomOptionCallbacks for AsGiven {
    fn update(&self, _: &Context, value: Value, _: SettingScope, _: bool) -> duckdb_neo::Result<Value> {
        Ok(value)
    }
}

/// Registers `launchpad_progress`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    CustomOptionBuilder::new(
        PROGRESS,
        "Report on stderr how far a training is; NULL: on a terminal, after two seconds",
        bool::logical_type(extension)?,
        AsGiven,
    )
    .register(extension)
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Barrier, thread};

    use super::*;
    use crate::{functions::guard::guard, launch::LaunchModel};

    #[test]
    fn the_number_of_threads_is_respected() -> Result<(), Failure> {
        for threads in [1, 3] {
            assert_eq!(Query::new(threads, None).run(rayon::current_num_threads)?, threads);
        }
        Ok(())
    }

    #[test]
    fn calls_at_the_same_time_share_one_pool() -> Result<(), Failure> {
        let (first, second) = (Query::new(5, None), Query::new(5, None));
        first.run(|| ())?;
        second.run(|| ())?;
        let pools = [&first, &second].map(|query| query.pool.get().cloned());
        assert!(matches!(&pools, [Some(a), Some(b)] if Arc::ptr_eq(a, b)));
        Ok(())
    }

    #[test]
    #[allow(clippy::panic)]
    fn a_panic_on_a_thread_of_the_pool_is_an_error() {
        let query = Query::new(2, None);
        let failed = guard("launch_x", || query.run(|| -> i32 { panic!("broken") }));
        let text = failed.map_or_else(|error| error.message, |value| value.to_string());
        assert!(text.starts_with("launch_x: internal error: broken"), "{text}");
        assert!(matches!(guard("launch_x", || query.run(|| 1)), Ok(1)));
    }

    fn fixture(name: &str) -> Vec<u8> {
        fs::read(format!("{}/tests/fixtures/models/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    #[test]
    fn a_model_is_decoded_once_for_all_workers() {
        let query = Query::new(2, None);
        let bytes = fixture("launch_v2_naive.bin");
        let start = Barrier::new(4);
        let worker = || {
            start.wait();
            // A copy: each worker has its own chunk.
            query.model::<LaunchModel>(&bytes.clone()).unwrap()
        };
        let models: Vec<_> = thread::scope(|scope| {
            let workers: Vec<_> = (0..4).map(|_| scope.spawn(worker)).collect();
            workers.into_iter().map(|w| w.join().unwrap()).collect()
        });
        assert!(models.iter().all(|model| Arc::ptr_eq(model, &models[0])));
    }

    #[test]
    fn chunks_share_the_bytes_of_a_model() {
        let query = Query::new(1, None);
        // Each time from another place.
        let address = |bytes: &[u8]| {
            let copy = bytes.to_vec();
            query.bytes(&copy).as_ptr()
        };
        assert_eq!(address(b"one model"), address(b"one model"));
        assert_ne!(address(b"one model"), address(b"another one"));
    }

    #[test]
    fn only_so_many_models_are_kept() {
        let query = Query::new(1, None);
        for k in 0..40u8 {
            query.kept(&[k]);
            query.kept(&[0]);
        }
        let models = query.models.lock().unwrap();
        assert_eq!(models.len(), MAX_MODELS);
        assert_eq!(*models[MAX_MODELS - 1].bytes, [0]);
    }

    #[test]
    fn bytes_that_are_no_model_are_refused_again_and_again() {
        let query = Query::new(1, None);
        for _ in 0..2 {
            assert!(query.model::<LaunchModel>(b"no model").is_err());
        }
    }
}
