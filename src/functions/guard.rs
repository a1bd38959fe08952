//! The border between our code and DuckDB: every callback body runs inside [`guard`].

use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
};

use duckdb_neo::{Error, error::DuckDBError};

/// Any error of a callback body; `?` turns every error type into it.
///
/// It does not implement [`std::error::Error`] itself: that is what allows the blanket conversion.
#[derive(Debug)]
pub struct Failure(Box<dyn std::error::Error + Send + Sync>);

impl Failure {
    /// A refusal of the caller's input, without an error type of its own.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into().into())
    }

    /// The reason of a refusal, which becomes a row; any other error of the models ends the query.
    ///
    /// # Errors
    /// That other error.
    pub fn unless_refused(error: crate::error::Error) -> Result<String, Self> {
        match error {
            crate::error::Error::Refused(reason) => Ok(reason),
            other => Err(other.into()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

/// Runs a callback body on behalf of the SQL function `name`.
///
/// An error becomes an invalid input error prefixed with the name (errors of DuckDB keep their code). A panic becomes
/// an error too, but never an INTERNAL one: that would invalidate the user's database.
pub fn guard<T>(name: &str, body: impl FnOnce() -> Result<T, Failure>) -> duckdb_neo::Result<T> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(failure)) => Err(to_duckdb(name, failure)),
        Err(payload) => Err(panicked(name, payload.as_ref())),
    }
}

fn to_duckdb(name: &str, failure: Failure) -> Error {
    let prefixed = |text: &str| {
        // A guard inside a guard must not repeat the name, and one without a name has none to tell.
        if text.starts_with(name) {
            text.to_owned()
        } else {
            format!("{name}: {text}")
        }
    };
    match failure.0.downcast::<Error>() {
        Ok(error) => Error {
            code: match error.code {
                // These two would invalidate the database as well.
                DuckDBError::RuntimeInternal | DuckDBError::RuntimeFatal => DuckDBError::Api,
                code => code,
            },
            message: prefixed(&error.message),
        },
        Err(other) => {
            let ours = other.downcast_ref::<crate::error::Error>();
            let code = match ours {
                Some(crate::error::Error::Internal(_)) => DuckDBError::Api,
                _ => DuckDBError::InputInvalid,
            };
            Error {
                code,
                message: prefixed(&other.to_string()),
            }
        }
    }
}

fn panicked(name: &str, payload: &(dyn Any + Send)) -> Error {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("unknown panic");
    let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner).take();
    let place = place.map(|place| format!(" at {place}")).unwrap_or_default();
    Error::api_error(format!(
        "{name}: internal error: {text}{place}; your data are unharmed, please report this"
    ))
}

/// Where the latest panic was. Not kept by thread: a computation may run on those of a pool.
static PLACE: Mutex<Option<String>> = Mutex::new(None);

/// Keeps panics off the user's terminal and remembers where they happened.
///
/// The loaded library has its own copy of the standard library, so the host program's panic hook is not touched.
pub fn silence_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
        *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing<T: fmt::Debug>(result: duckdb_neo::Result<T>) -> Error {
        match result {
            Ok(value) => Error::api_error(format!("no error but {value:?}")),
            Err(error) => error,
        }
    }

    #[test]
    fn a_value_passes_through() {
        assert!(matches!(guard("launch_x", || Ok(1)), Ok(1)));
    }

    #[test]
    fn an_error_is_prefixed_with_the_function() {
        let error = failing(guard("launch_x", || {
            Err::<(), _>(Failure::new("horizon must be between 1 and 520, got 0"))
        }));
        assert_eq!(error.code, DuckDBError::InputInvalid);
        assert_eq!(error.message, "launch_x: horizon must be between 1 and 520, got 0");
    }

    #[test]
    fn a_defect_of_ours_is_no_invalid_input() {
        let error = failing(guard("launch_x", || {
            Err::<(), _>(crate::error::Error::internal("a node is missing").into())
        }));
        assert_eq!(error.code, DuckDBError::Api);
        assert!(
            error.message.starts_with("launch_x: internal error: a node is missing"),
            "{}",
            error.message
        );
    }

    #[test]
    fn an_error_of_duckdb_keeps_its_code() {
        let error = failing(guard("launch_x", || {
            Err::<(), _>(Error::invalid_parameter("index").into())
        }));
        assert_eq!(error.code, DuckDBError::InputParameterInvalid);
        assert_eq!(error.message, "launch_x: index");
    }

    #[test]
    fn a_nested_guard_names_the_function_once() {
        let error = failing(guard("launch_x", || {
            Ok(guard("launch_x", || Err::<(), _>(Failure::new("no")))?)
        }));
        assert_eq!(error.message, "launch_x: no");
    }

    #[test]
    #[allow(clippy::panic)]
    fn a_panic_is_an_error_that_leaves_the_database_valid() {
        let error = failing(guard("launch_x", || -> Result<(), Failure> { panic!("broken {}", 1) }));
        assert_eq!(error.code, DuckDBError::Api);
        assert!(
            error.message.starts_with("launch_x: internal error: broken 1"),
            "{}",
            error.message
        );
        assert!(error.message.ends_with("please report this"), "{}", error.message);
    }
}
