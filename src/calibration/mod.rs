//! What makes the statements of a model true: intervals that hold as often as they say, from scores of forecasts that
//! were not seen in learning, and probabilities from scores. It knows scores, not what was forecast.

mod conformal;
mod probability;

pub use conformal::{Conformal, Form, Interval};
pub(crate) use conformal::{points, steps};
pub use probability::{Calibrator, logistic};
