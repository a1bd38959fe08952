//! What a user has set: `launchpad_progress`, which is registered here, and DuckDB's own `threads`.

use std::sync::{Arc, Mutex, PoisonError};

use duckdb_neo::{
    DuckDBType,
    connection::{Context, SettingScope},
    custom_option::{CustomOptionBuilder, CustomOptionCallbacks},
    extension::Extension,
    value::Value,
};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::guard::Failure;
use crate::progress::Progress;

const PROGRESS: &str = "launchpad_progress";

/// The settings in force when a query is bound.
pub struct Settings {
    threads: usize,
    progress: Option<bool>,
    /// Made when first needed; all groups of a query share it.
    pool: Mutex<Option<Arc<ThreadPool>>>,
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        (self.threads, self.progress) == (other.threads, other.progress)
    }
}

impl Settings {
    /// Read them.
    pub fn of(context: &Context) -> Result<Self, Failure> {
        let config = context.config()?;
        let threads: Option<i64> = config.get_value("threads")?.0.get()?;
        Ok(Self {
            threads: threads.and_then(|n| usize::try_from(n).ok()).unwrap_or(1).max(1),
            progress: config.get_value(PROGRESS)?.0.get()?,
            pool: Mutex::new(None),
        })
    }

    /// Runs a computation on as many threads as DuckDB may use. What is computed must not depend on their number.
    pub fn install<T: Send>(&self, compute: impl FnOnce() -> T + Send) -> Result<T, Failure> {
        Ok(self.pool()?.install(compute))
    }

    fn pool(&self) -> Result<Arc<ThreadPool>, Failure> {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = &*pool {
            return Ok(pool.clone());
        }
        let fresh = Arc::new(ThreadPoolBuilder::new().num_threads(self.threads).build()?);
        *pool = Some(fresh.clone());
        Ok(fresh)
    }

    /// The report of a training that begins now.
    pub fn progress(&self) -> Progress {
        Progress::stderr(self.progress)
    }
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
    use super::*;
    use crate::functions::guard::guard;

    fn with_threads(threads: usize) -> Settings {
        Settings {
            threads,
            progress: None,
            pool: Mutex::new(None),
        }
    }

    #[test]
    fn the_number_of_threads_is_respected_and_their_pool_is_made_once() -> Result<(), Failure> {
        for threads in [1, 3] {
            let settings = with_threads(threads);
            assert_eq!(settings.install(rayon::current_num_threads)?, threads);
            assert!(Arc::ptr_eq(&settings.pool()?, &settings.pool()?));
        }
        Ok(())
    }

    #[test]
    #[allow(clippy::panic)]
    fn a_panic_on_a_thread_of_the_pool_is_an_error() {
        let settings = with_threads(2);
        let failed = guard("launch_x", || settings.install(|| -> i32 { panic!("broken") }));
        let text = failed.map_or_else(|error| error.message, |value| value.to_string());
        assert!(text.starts_with("launch_x: internal error: broken"), "{text}");
        assert!(matches!(guard("launch_x", || settings.install(|| 1)), Ok(1)));
    }
}
