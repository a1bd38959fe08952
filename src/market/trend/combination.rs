//! The weighted mean of several methods.

use super::rolling::Origin;
use crate::statistics::{deviation, mean, weighted_mean};

/// Power of the errors in the weights.
const POWER: f64 = 4.0;
/// An error is taken as this share of the mean error at least: a method that was never wrong is not all there is.
const FLOOR: f64 = 0.01;
/// A method with an error of so many times the least is left out,
const FAR: f64 = 2.0;
/// and one whose error is larger than the least by a tenth and by three standard errors.
const WORSE: f64 = 0.1;
const STANDARD_ERRORS: f64 = 3.0;

/// Weights by method from past origins, of the steps before `end`; they sum to 1.
///
/// *Model*: w is proportional to e^-4, where e is the mean of the method's absolute errors (for rare sales the root of the
/// mean of the squared ones) at the origins at which all methods could forecast. Methods that are far from the best, or worse beyond chance, have no weight: the mean with others
/// helps where they know about as much. The standard error is that of the differences to the best by origin. Equal weights
/// without such an origin.
///
/// The numbers are those at which M5, M4 and tourism series were forecast best together.
///
/// *References*: Pawlikowski, Chorowska 2020, Weighted ensemble of statistical models (inverse errors of rolling
/// origins, in the M4 competition).
pub fn weights<'a>(origins: impl IntoIterator<Item = &'a Origin>, methods: usize, end: usize) -> Vec<f64> {
    let of_origin = |origin: &Origin| (0..methods).map(|m| origin.error(m, end)).collect::<Option<Vec<f64>>>();
    let mut origins = origins.into_iter().peekable();
    let power = origins.peek().map_or(1.0, |origin| origin.power());
    let known: Vec<Vec<f64>> = origins.filter_map(of_origin).collect();
    let of_method = |m: usize| mean(known.iter().map(|origin| origin[m])).unwrap_or_default();
    let errors: Vec<f64> = (0..methods).map(of_method).collect();
    let floor = FLOOR * errors.iter().sum::<f64>() / methods as f64;
    if known.is_empty() || floor <= 0.0 || !floor.is_finite() {
        return vec![1.0 / methods as f64; methods];
    }
    let best = (0..methods)
        .min_by(|a, b| errors[*a].total_cmp(&errors[*b]))
        .unwrap_or(0);
    let least = errors[best].max(floor);
    let is_worse = |m: usize| {
        let differences: Vec<f64> = known.iter().map(|origin| origin[m] - origin[best]).collect();
        let beyond = errors[m] - errors[best];
        let chance = deviation(&differences).map(|d| STANDARD_ERRORS * d / (differences.len() as f64).sqrt());
        differences.len() > 2
            && beyond > ((1.0 + WORSE).powf(power) - 1.0) * least
            && chance.is_some_and(|chance| beyond > chance)
    };
    let raw = |m: usize| match errors[m].max(floor) {
        error if error > FAR.powf(power) * least || is_worse(m) => 0.0,
        error => (least / error).powf(POWER / power),
    };
    let raw: Vec<f64> = (0..methods).map(raw).collect();
    let total: f64 = raw.iter().sum();
    raw.iter().map(|w| w / total).collect()
}

/// As [`weights`], where the last method knows what the others do not (the calendar, the future): what the others say together
/// is weighed against it, as many that err alike would outvote it. It has no weight where no origin compares the two.
pub fn weights_beside(origins: &[&Origin], methods: usize, end: usize) -> Vec<f64> {
    let others = methods - 1;
    let mut found = weights(origins.iter().copied(), others, end);
    let two = |origin: &&Origin| Origin {
        forecasts: vec![
            combined(&origin.forecasts[..others], &found),
            origin.forecasts[others].clone(),
        ],
        ..(*origin).clone()
    };
    let pairs: Vec<Origin> = origins.iter().map(two).collect();
    let compared = pairs.iter().any(|pair| (0..2).all(|m| pair.error(m, end).is_some()));
    let between = if compared {
        weights(&pairs, 2, end)
    } else {
        vec![1.0, 0.0]
    };
    found.iter_mut().for_each(|w| *w *= between[0]);
    found.push(between[1]);
    found
}

/// Weighted mean of the forecasts there are; `None` if there is none.
pub fn combined(forecasts: &[Option<Vec<f64>>], weights: &[f64]) -> Option<Vec<f64>> {
    let known: Vec<(&Vec<f64>, f64)> = forecasts
        .iter()
        .zip(weights)
        .filter_map(|(f, w)| Some((f.as_ref()?, *w)))
        .collect();
    let steps = known.first()?.0.len();
    let at = |k: usize| {
        // Those of weight are not there: the others count alike.
        let weighted = weighted_mean(known.iter().map(|(f, w)| (f[k], *w)));
        weighted
            .or_else(|| mean(known.iter().map(|(f, _)| f[k])))
            .unwrap_or(f64::NAN)
    };
    Some((0..steps).map(at).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(cut: usize, forecasts: &[f64]) -> Origin {
        Origin {
            cut,
            actual: vec![10.0],
            closed: Vec::new(),
            squared: false,
            forecasts: forecasts.iter().map(|f| Some(vec![*f])).collect(),
        }
    }

    #[test]
    fn weights_fall_with_the_fourth_power_of_the_error() {
        // Errors 1 and 1.5.
        let found = weights(&[origin(5, &[11.0, 11.5])], 2, 6);
        assert!((found[0] - 1.0 / (1.0 + 1.5_f64.powi(-4))).abs() < 1e-12, "{found:?}");
        // What was not over by then says nothing.
        assert_eq!(weights(&[origin(5, &[11.0, 11.5])], 2, 5), [0.5, 0.5]);
        assert_eq!(weights(&[origin(5, &[10.0, 10.0])], 2, 6), [0.5, 0.5]);
    }

    #[test]
    fn methods_that_are_worse_beyond_chance_have_no_weight() {
        assert_eq!(weights(&[origin(5, &[11.0, 12.1])], 2, 6), [1.0, 0.0]);
        // 1.3 times the error each time, and 1.3 times on average.
        let always: Vec<Origin> = (0..6).map(|i| origin(i, &[11.0, 11.3 + 0.01 * i as f64])).collect();
        assert_eq!(weights(&always, 2, 9), [1.0, 0.0]);
        let mostly: Vec<Origin> = (0..6)
            .map(|i| origin(i, &[11.0, 10.6 + 1.4 * (i % 2) as f64]))
            .collect();
        assert!(weights(&mostly, 2, 9)[1] > 0.2);
    }

    #[test]
    fn many_that_err_alike_do_not_outvote_the_one_that_knows_more() {
        let origins = [
            origin(5, &[11.5, 11.5, 11.5, 11.5, 11.0]),
            origin(6, &[8.5, 8.5, 8.5, 8.5, 9.0]),
        ];
        let found = weights_beside(&[&origins[0], &origins[1]], 5, 9);
        let share = 1.0 / (1.0 + 1.5_f64.powi(-4));
        assert!(
            (found[4] - share).abs() < 1e-12 && (found[0] - (1.0 - share) / 4.0).abs() < 1e-12,
            "{found:?}"
        );
    }

    #[test]
    fn what_was_never_compared_has_no_weight() {
        let mut one = origin(5, &[11.0, 12.0, 10.0]);
        one.forecasts[2] = None;
        assert_eq!(weights_beside(&[&one], 3, 9)[2], 0.0);
        assert_eq!(weights_beside(&[], 3, 9), [0.5, 0.5, 0.0]);
    }

    #[test]
    fn a_method_without_forecast_is_left_out_of_the_mean() {
        let forecasts = [Some(vec![1.0, 2.0]), None, Some(vec![3.0, 4.0])];
        assert_eq!(combined(&forecasts, &[0.25, 0.5, 0.25]), Some(vec![2.0, 3.0]));
        assert_eq!(combined(&[None], &[1.0]), None);
        assert_eq!(combined(&forecasts, &[0.0, 1.0, 0.0]), Some(vec![2.0, 3.0]));
    }
}
