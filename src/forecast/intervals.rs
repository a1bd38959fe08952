//! From the errors on held-out launches to intervals in units.

use super::{HeldOut, LogForecast};
use crate::calibration::{Conformal, Form, Interval};

/// Smallest spread an error is divided by: 5 % of the units. Past launches that were all alike do not promise more.
const MIN_SPREAD: f64 = 0.05;
/// Largest spread: far beyond any that units below 1e30 can give, and small enough to be multiplied.
const MAX_SPREAD: f64 = 1e3;
/// Locations on the scale ln(1 + units) beyond are no units.
const MAX_LOCATION: f64 = 35.0;

/// A spread within the bounds that scores are made with; NaN stays NaN.
pub(crate) fn bounded_spread(spread: f64) -> f64 {
    spread.clamp(MIN_SPREAD, MAX_SPREAD)
}

impl LogForecast {
    /// The score of what happened, by step: (y - location) / spread on the scale ln(1 + units); NaN where either is not
    /// known.
    pub(crate) fn scores<'a>(&'a self, actual: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        let steps = self.location.iter().zip(&self.spread).zip(actual);
        steps.map(|((location, spread), y)| (y - location) / bounded_spread(*spread))
    }

    /// Units of a step (0-based) for a score; `None` where there is no forecast.
    ///
    /// `exposure` is the share of the period in which the product can sell, `form` what the scores are made with.
    pub(super) fn units(&self, form: Option<&Form>, step: usize, exposure: f64) -> Option<impl Fn(f64) -> f64 + use<>> {
        let own = bounded_spread(*self.spread.get(step)?);
        let spread = form.map_or(own, |form| form.spread(step, own));
        let ceiling = form.map_or(MAX_LOCATION, |form| form.ceiling.clamp(0.0, MAX_LOCATION));
        let location = *self.location.get(step)?;
        let known = location.is_finite() && spread.is_finite();
        known.then_some(move |score: f64| (location + spread * score).clamp(0.0, ceiling).exp_m1() * exposure)
    }

    /// Median, mean and central interval in units of a step (0-based), 0 <= lower <= median <= upper; `None` where the
    /// model has seen no launch at that step.
    ///
    /// `errors` are those of forecasts made at the same age, `exposure` is the share of the period in which the product
    /// can sell, `level` the probability of the interval.
    pub fn interval(&self, errors: &Conformal, step: usize, exposure: f64, level: f64) -> Option<Interval> {
        errors.interval(step, level, self.units(errors.form(), step, exposure)?)
    }

    /// The units (as [`LogForecast::interval`]) that are not exceeded with a probability.
    pub fn quantile(&self, errors: &Conformal, step: usize, exposure: f64, probability: f64) -> Option<f64> {
        errors.quantile(step, probability, self.units(errors.form(), step, exposure)?)
    }
}

/// The errors of forecasts made for launches that the model had not seen, by step.
pub fn conformal<'a>(held_out: impl IntoIterator<Item = &'a HeldOut>, horizon: usize) -> Conformal {
    let mut scores = vec![Vec::new(); horizon];
    let mut launches = 0;
    for h in held_out {
        launches += 1;
        for (step, score) in scores.iter_mut().zip(h.forecast.scores(&h.actual)) {
            if !score.is_nan() {
                step.push(score);
            }
        }
    }
    Conformal::fit(launches, scores)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast(location: f64, spread: f64) -> LogForecast {
        LogForecast {
            location: vec![location],
            spread: vec![spread],
            reason: String::new(),
        }
    }

    fn held_out(n: usize) -> Vec<HeldOut> {
        let of = |i| HeldOut {
            launch: i,
            split: 0,
            actual: vec![i as f64],
            forecast: forecast(0.0, 1.0),
        };
        (1..=n).map(of).collect()
    }

    #[test]
    fn intervals_are_in_units_and_not_negative() {
        let errors = conformal(&held_out(40), 1);
        let i = forecast(-3.0, 0.1).interval(&errors, 0, 1.0, 0.8).unwrap();
        assert!(0.0 <= i.lower && i.lower <= i.median && i.median <= i.upper, "{i:?}");
        // Scores 4.1 and 36.9 of spread 0.1 around 2, on half of a period.
        let i = forecast(2.0, 0.1).interval(&errors, 0, 0.5, 0.8).unwrap();
        assert!((i.median - 0.5 * 2f64.exp_m1()).abs() < 1e-12);
        assert!((i.upper - 0.5 * (2.0 + 3.69f64).exp_m1()).abs() < 1e-9, "{i:?}");
        assert_eq!(forecast(f64::NAN, 1.0).interval(&errors, 0, 1.0, 0.8), None);
        assert_eq!(forecast(1.0, f64::NAN).quantile(&errors, 0, 1.0, 0.8), None);
        assert_eq!(forecast(1.0, 1.0).quantile(&errors, 1, 1.0, 0.8), None);
    }

    #[test]
    fn what_is_not_observed_or_not_forecast_has_no_score() {
        let mut launches = held_out(3);
        launches[0].actual = vec![f64::NAN];
        launches[1].forecast = forecast(f64::NAN, 1.0);
        let top = |launches: &[HeldOut]| forecast(0.0, 1.0).quantile(&conformal(launches, 1), 0, 1.0, 0.0);
        assert_eq!(top(&launches[..2]), Some(0.0));
        let only = conformal(&launches, 1);
        assert!((forecast(0.0, 1.0).quantile(&only, 0, 1.0, 1.0).unwrap() - 3f64.exp_m1()).abs() < 1e-9);
    }
}
