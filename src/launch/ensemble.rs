//! The weights of `auto`: a combination of forecasts learned on held-out launches.

use crate::forecast::{HeldOut, LogForecast};

/// Pull to equal weights, in launches.
const PRIOR: f64 = 10.0;
/// A member with less is left out.
const NEGLIGIBLE: f64 = 0.02;
const ITERATIONS: usize = 10_000;
/// The search stops when it would move less weight than this.
const TOLERANCE: f64 = 1e-12;

/// Weights from zero that add up to one and minimise the mean squared error of the combined location.
///
/// *Model*: with e_im the errors of member m on the log scale at the steps of held-out launch i, C is the mean over
/// launches of the mean over steps of e e'. The weights minimise w' C w + (k / n) v sum_m (w_m - 1/M)^2 over the
/// simplex, where v is the smallest diagonal entry of C, n the number of launches and k = 10. Steps that a member
/// cannot forecast are left out for all. Members with less than 2 % are dropped.
///
/// `members[m]` are the forecasts of the same launches in the same order. Without a common step the weights are equal.
///
/// *References*: Bates, Granger 1969, The combination of forecasts; Breiman 1996, Stacked regressions; Platt 1998,
/// Fast training of support vector machines using sequential minimal optimization (the search, two weights at a time).
pub fn stacking_weights(members: &[Vec<&HeldOut>]) -> Vec<f64> {
    let count = members.len();
    let equal = 1.0 / count as f64;
    let (covariance, launches) = error_covariance(members);
    if launches == 0 {
        return vec![equal; count];
    }
    let smallest = (0..count).map(|m| covariance[m][m]).fold(f64::INFINITY, f64::min);
    let ridge = PRIOR / launches as f64 * smallest;
    let mut weights = vec![equal; count];
    for _ in 0..ITERATIONS {
        let gradient: Vec<f64> = (0..count)
            .map(|m| dot(&covariance[m], &weights) + ridge * (weights[m] - equal))
            .collect();
        let by_gradient = |a: &usize, b: &usize| gradient[*a].total_cmp(&gradient[*b]);
        let (Some(to), Some(from)) = (
            (0..count).min_by(by_gradient),
            (0..count).filter(|&m| weights[m] > 0.0).max_by(by_gradient),
        ) else {
            break;
        };
        // Moving weight between two members lowers the error along a parabola; its lowest point, or all there is.
        let slope = gradient[from] - gradient[to];
        let curvature = covariance[from][from] + covariance[to][to] - 2.0 * covariance[from][to] + 2.0 * ridge;
        let moved = (slope / curvature.max(f64::MIN_POSITIVE)).min(weights[from]);
        if moved < TOLERANCE {
            break;
        }
        weights[from] -= moved;
        weights[to] += moved;
    }
    weights.iter_mut().filter(|w| **w < NEGLIGIBLE).for_each(|w| *w = 0.0);
    normalise(&mut weights);
    weights
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn normalise(weights: &mut [f64]) {
    let total: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= total);
}

/// Mean over launches of the mean over steps of the products of errors, and the number of launches.
fn error_covariance(members: &[Vec<&HeldOut>]) -> (Vec<Vec<f64>>, usize) {
    let count = members.len();
    let mut covariance = vec![vec![0.0; count]; count];
    let mut launches = 0;
    for row in 0..members.first().map_or(0, Vec::len) {
        let actual = &members[0][row].actual;
        let errors: Vec<Vec<f64>> = (0..actual.len())
            .map(|step| {
                members
                    .iter()
                    .map(|m| actual[step] - m[row].forecast.location[step])
                    .collect()
            })
            .filter(|errors: &Vec<f64>| errors.iter().all(|e| e.is_finite()))
            .collect();
        if errors.is_empty() {
            continue;
        }
        launches += 1;
        for (a, covariance) in covariance.iter_mut().enumerate() {
            for (b, covariance) in covariance.iter_mut().enumerate() {
                *covariance += errors.iter().map(|e| e[a] * e[b]).sum::<f64>() / errors.len() as f64;
            }
        }
    }
    covariance
        .iter_mut()
        .flatten()
        .for_each(|c| *c /= launches.max(1) as f64);
    (covariance, launches)
}

/// The weighted mean of forecasts on the log scale; at a step that a member cannot forecast the others share its weight.
/// The spread is that of the mixture: it is wider where the members disagree. The reason is left empty.
pub fn combine(forecasts: &[(&LogForecast, f64)]) -> LogForecast {
    let horizon = forecasts.first().map_or(0, |(f, _)| f.location.len());
    let mean = |value: &dyn Fn(&LogForecast) -> f64| {
        let known = || {
            forecasts
                .iter()
                .map(|(f, w)| (value(f), w))
                .filter(|(v, w)| !v.is_nan() && **w > 0.0)
        };
        known().map(|(v, w)| v * w).sum::<f64>() / known().map(|(_, w)| w).sum::<f64>()
    };
    let location: Vec<f64> = (0..horizon).map(|s| mean(&|f| f.location[s])).collect();
    let spread = (0..horizon).map(|s| mean(&|f| f.spread[s].powi(2) + (f.location[s] - location[s]).powi(2)).sqrt());
    LogForecast {
        spread: spread.collect(),
        location,
        reason: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::tests::uniform;

    /// Forecasts of `n` launches that are off by independent uniform errors of the given size.
    fn member(n: usize, size: f64, seed: u64) -> Vec<HeldOut> {
        (0..n)
            .map(|launch| HeldOut {
                launch,
                split: 0,
                actual: vec![2.0; 3],
                forecast: LogForecast {
                    location: (0..3)
                        .map(|s| 2.0 + size * (2.0 * uniform(3 * launch + s, seed) - 1.0))
                        .collect(),
                    spread: vec![size; 3],
                    reason: String::new(),
                },
            })
            .collect()
    }

    #[test]
    fn independent_members_are_weighted_by_their_precision() {
        let members = [member(2_000, 1.0, 1), member(2_000, 2.0, 2), member(2_000, 30.0, 3)];
        let weights = stacking_weights(&members.each_ref().map(|m| m.iter().collect()));
        // Inverse variances 1 : 1/4 : 1/900; the last falls below what is kept.
        assert!((weights[0] - 0.8).abs() < 0.02, "{weights:?}");
        assert!((weights[1] - 0.2).abs() < 0.02, "{weights:?}");
        assert_eq!(weights[2], 0.0);
    }

    #[test]
    fn few_launches_keep_the_weights_near_equal() {
        let members = [member(2, 1.0, 1), member(2, 3.0, 2)];
        let weights = stacking_weights(&members.each_ref().map(|m| m.iter().collect()));
        assert!((0.4..0.75).contains(&weights[0]), "{weights:?}");
    }

    #[test]
    fn a_step_that_one_member_cannot_forecast_is_left_to_the_others() {
        let forecast = |location: [f64; 2], spread: f64| LogForecast {
            location: location.to_vec(),
            spread: vec![spread; 2],
            reason: String::new(),
        };
        let (a, b) = (forecast([1.0, f64::NAN], 1.0), forecast([3.0, 5.0], 1.0));
        let both = combine(&[(&a, 0.75), (&b, 0.25)]);
        assert_eq!(both.location, [1.5, 5.0]);
        // Variance 1 within and 0.75 between the members.
        assert_eq!(both.spread, [1.75f64.sqrt(), 1.0]);
    }
}
