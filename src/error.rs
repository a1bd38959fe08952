//! Errors of the models: lower case, what is wrong, the value found, what is allowed.

/// What a model may refuse.
///
/// [`Error::Argument`] is the caller's mistake and ends a query; [`Error::Refused`] is about the data
/// and becomes a row with `status` and `reason`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// An option or argument has a value that is not allowed.
    #[error("{0}")]
    Argument(String),
    /// The data do not carry what was asked of them.
    #[error("{0}")]
    Refused(String),
    /// Bytes given as a model are not one.
    #[error(transparent)]
    Model(#[from] crate::model::ModelError),
}

/// Result of the models.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An [`Error::Argument`] from any text.
    pub fn argument(text: impl Into<String>) -> Self {
        Self::Argument(text.into())
    }

    /// An [`Error::Refused`] from any text.
    pub fn refused(text: impl Into<String>) -> Self {
        Self::Refused(text.into())
    }
}

impl From<arrow_schema::ArrowError> for Error {
    fn from(error: arrow_schema::ArrowError) -> Self {
        Self::Argument(error.to_string())
    }
}

impl From<candle_core::Error> for Error {
    fn from(error: candle_core::Error) -> Self {
        Self::Refused(error.to_string())
    }
}
