//! Errors of the models: lower case, what is wrong, the value found, what is allowed.

/// What a model may refuse.
///
/// [`Error::Argument`] is the caller's mistake and ends a query; [`Error::Refused`] is about the data
/// and becomes a row with `status` and `reason`; [`Error::Internal`] is our own mistake: nothing may go on without what
/// failed, so it ends the query too.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// An option or argument has a value that is not allowed.
    #[error("{0}")]
    Argument(String),
    /// The data do not carry what was asked of them.
    #[error("{0}")]
    Refused(String),
    /// A defect of this crate or of one that it uses.
    #[error("internal error: {0}; please report this")]
    Internal(String),
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

    /// An [`Error::Internal`] from any text.
    pub fn internal(text: impl Into<String>) -> Self {
        Self::Internal(text.into())
    }
}

impl From<arrow_schema::ArrowError> for Error {
    fn from(error: arrow_schema::ArrowError) -> Self {
        use arrow_schema::ArrowError::{MemoryError, OffsetOverflowError};
        match error {
            // More text than an array can hold; else tables are checked before arrow sees them.
            OffsetOverflowError(_) | MemoryError(_) => Self::Argument(format!("the tables are too large: {error}")),
            other => Self::internal(other.to_string()),
        }
    }
}

/// The shapes and values of tensors are our own doing.
impl From<candle_core::Error> for Error {
    fn from(error: candle_core::Error) -> Self {
        Self::internal(candle_text(&error))
    }
}

/// What candle says, without the backtrace that it adds where one is asked for: rows and tests compare texts.
pub(crate) fn candle_text(error: &candle_core::Error) -> String {
    match error {
        candle_core::Error::WithBacktrace { inner, .. } => candle_text(inner),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use arrow_schema::ArrowError;

    use super::*;

    #[test]
    fn what_candle_and_arrow_say_is_no_refusal() {
        let candle = candle_core::Error::Msg("shape mismatch".to_owned()).bt();
        let text = "internal error: shape mismatch; please report this";
        assert_eq!(Error::from(candle).to_string(), text);
        let arrow = Error::from(ArrowError::InvalidArgumentError("lengths differ".to_owned()));
        assert!(matches!(arrow, Error::Internal(_)), "{arrow:?}");
        // Too much text is no defect.
        let large = Error::from(ArrowError::OffsetOverflowError(1 << 40));
        assert!(matches!(large, Error::Argument(_)), "{large:?}");
    }
}
