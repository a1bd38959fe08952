//! The weighted mean of several methods.

use super::rolling::Origin;
use crate::statistics::weighted_mean;

/// Power of the errors in the weights.
const POWER: f64 = 3.0;
/// An error is taken as this share of the mean error at least: a method that was never wrong is not all there is.
const FLOOR: f64 = 0.01;

/// Weights by method from past origins, of the steps before `end`; they sum to 1.
///
/// *Model*: w is proportional to e^-3, where e is the mean of the method's absolute errors at the origins at which all
/// methods could forecast. Equal weights without such an origin.
///
/// *References*: Pawlikowski, Chorowska 2020, Weighted ensemble of statistical models (inverse errors of rolling
/// origins, in the M4 competition).
pub fn weights(origins: &[Origin], methods: usize, end: usize) -> Vec<f64> {
    let of_origin = |origin: &Origin| (0..methods).map(|m| origin.error(m, end)).collect::<Option<Vec<f64>>>();
    let known: Vec<Vec<f64>> = origins.iter().filter_map(of_origin).collect();
    let mut errors = vec![0.0; methods];
    for origin in &known {
        errors.iter_mut().zip(origin).for_each(|(sum, error)| *sum += error);
    }
    let floor = FLOOR * errors.iter().sum::<f64>() / methods as f64;
    if known.is_empty() || floor <= 0.0 || !floor.is_finite() {
        return vec![1.0 / methods as f64; methods];
    }
    let least = errors.iter().copied().fold(f64::INFINITY, f64::min).max(floor);
    let raw: Vec<f64> = errors.iter().map(|e| (least / e.max(floor)).powf(POWER)).collect();
    let total: f64 = raw.iter().sum();
    raw.iter().map(|w| w / total).collect()
}

/// Weighted mean of the forecasts there are; `None` if there is none.
pub fn combined(forecasts: &[Option<Vec<f64>>], weights: &[f64]) -> Option<Vec<f64>> {
    let known: Vec<(&Vec<f64>, f64)> = forecasts
        .iter()
        .zip(weights)
        .filter_map(|(f, w)| Some((f.as_ref()?, *w)))
        .collect();
    let steps = known.first()?.0.len();
    let at = |k: usize| weighted_mean(known.iter().map(|(f, w)| (f[k], *w))).unwrap_or(f64::NAN);
    Some((0..steps).map(at).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(cut: usize, forecasts: &[f64]) -> Origin {
        Origin {
            cut,
            actual: vec![10.0],
            forecasts: forecasts.iter().map(|f| Some(vec![*f])).collect(),
        }
    }

    #[test]
    fn weights_fall_with_the_cube_of_the_error() {
        // Errors 1 and 2.
        let found = weights(&[origin(5, &[11.0, 12.0])], 2, 6);
        assert!((found[0] - 8.0 / 9.0).abs() < 1e-12, "{found:?}");
        // What was not over by then says nothing.
        assert_eq!(weights(&[origin(5, &[11.0, 12.0])], 2, 5), [0.5, 0.5]);
        assert_eq!(weights(&[origin(5, &[10.0, 10.0])], 2, 6), [0.5, 0.5]);
    }

    #[test]
    fn a_method_without_forecast_is_left_out_of_the_mean() {
        let forecasts = [Some(vec![1.0, 2.0]), None, Some(vec![3.0, 4.0])];
        assert_eq!(combined(&forecasts, &[0.25, 0.5, 0.25]), Some(vec![2.0, 3.0]));
        assert_eq!(combined(&[None], &[1.0]), None);
    }
}
