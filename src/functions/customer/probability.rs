//! `launch_probability(model, row)`: a classifier and a row to the probability of the positive outcome.

use super::{SHARED, classify::Asked};
use crate::{calibration::logistic, functions::prelude::*};

/// See [`Function::ABOUT`].
pub struct Probability;

impl Function for Probability {
    const NAME: &'static str = "launch_probability";
    const ABOUT: &'static str = "
        The probability that a row is positive, from a model of launch_train_classifier. launch_purchase_probability is the
        same.

        @asked
        @returns DOUBLE  above 0 and below 1; NULL without a model or a row
        @example SELECT visitor_id, launch_probability((SELECT model FROM visit_model), v) FROM visits v
    ";
    const SHARED: &'static [Shared] = SHARED;

    type Answer = Option<f64>;
}

impl PerChunk for Probability {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Option<f64>>, Failure> {
        Asked::read(&mut arguments)?.answer(query, |model, rows| {
            Ok(model.log_odds(rows)?.into_iter().map(|z| Some(logistic(z))).collect())
        })
    }
}
