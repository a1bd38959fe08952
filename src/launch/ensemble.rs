//! The weights of `auto`: a combination of forecasts learned on held-out launches.

use std::collections::BTreeSet;

use crate::forecast::{HeldOut, LogForecast};
use crate::statistics::{dot, weighted_mean};

/// Pull to equal weights, in launches. Errors of members are so alike that their differences on a few hundred launches
/// are mostly chance.
const PRIOR: f64 = 100.0;
/// A member whose root mean square error is larger than that of the best by more than this factor is left out: equal
/// weights are no prior for it.
const MAX_RATIO: f64 = 1.1;
/// A member with less is left out.
const NEGLIGIBLE: f64 = 0.02;
const ITERATIONS: usize = 10_000;
/// The search stops when it would move less weight than this.
const TOLERANCE: f64 = 1e-12;

const NEEDLESS: &str = "more than 10 % worse than the best on the first held-out launches";

/// Weights from zero that add up to one and minimise the mean squared error of the combined location.
///
/// *Model*: with e_im the errors of member m on the log scale at the steps of held-out launch i, C is the mean over
/// launches of the mean over steps of e e'. The weights minimise w' C w + (k / n) v sum_m (w_m - 1/M)^2 over the
/// simplex, where v is the smallest diagonal entry of C, n the number of launches and k = 100; M counts the members whose
/// root mean square error is within 10 % of the best, the others get no weight. Steps that a member cannot forecast are
/// left out for all. Members with less than 2 % are dropped.
///
/// `members[m]` are the forecasts of the same launches in the same order. `None` without a step that all have
/// forecast.
///
/// *References*: Bates, Granger 1969, The combination of forecasts; Breiman 1996, Stacked regressions; Platt 1998,
/// Fast training of support vector machines using sequential minimal optimization (the search, two weights at a time).
pub fn stacking_weights(members: &[Vec<&HeldOut>]) -> Option<Vec<f64>> {
    let (covariance, launches) = error_covariance(members);
    if launches == 0 {
        return None;
    }
    let best = (0..members.len())
        .map(|m| covariance[m][m])
        .fold(f64::INFINITY, f64::min);
    let near: Vec<usize> = (0..members.len())
        .filter(|&m| covariance[m][m] <= best * MAX_RATIO * MAX_RATIO)
        .collect();
    let ridge = PRIOR / launches as f64 * best;
    let near_covariance: Vec<Vec<f64>> = near
        .iter()
        .map(|&a| near.iter().map(|&b| covariance[a][b]).collect())
        .collect();
    let mut weights = vec![0.0; members.len()];
    for (m, weight) in near.into_iter().zip(lowest(&near_covariance, ridge)) {
        weights[m] = if weight < NEGLIGIBLE { 0.0 } else { weight };
    }
    let total: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= total);
    Some(weights)
}

/// Why a member is not worth to be tried further, if so: its root mean square error on the first held-out launches is
/// larger than that of the best of the others by more than 10 %, so that it would get no weight. Smaller differences on
/// few launches are mostly chance, and errors that are not all the same take from each other.
///
/// `others` are forecasts of the same launches in the same order; without any the member is worth trying.
pub fn needless(others: &[&[HeldOut]], own: &[HeldOut]) -> Option<String> {
    let all = others.iter().copied().chain([own]);
    let all: Vec<Vec<&HeldOut>> = all.map(|forecasts| forecasts.iter().collect()).collect();
    let (covariance, launches) = error_covariance(&all);
    let best = (0..others.len())
        .map(|m| covariance[m][m])
        .fold(f64::INFINITY, f64::min);
    let worse = launches > 0 && covariance[others.len()][others.len()] > best * MAX_RATIO * MAX_RATIO;
    worse.then(|| NEEDLESS.to_owned())
}

/// The weights on the simplex that minimise w' C w + ridge |w - equal|^2.
fn lowest(covariance: &[Vec<f64>], ridge: f64) -> Vec<f64> {
    let count = covariance.len();
    let equal = 1.0 / count as f64;
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
    weights
}

/// Mean over launches of the mean over steps of the products of errors, and the number of launches.
fn error_covariance(members: &[Vec<&HeldOut>]) -> (Vec<Vec<f64>>, usize) {
    let count = members.len();
    let mut covariance = vec![vec![0.0; count]; count];
    // The forecasts of one launch at several ages are one witness.
    let (mut rows, mut launches) = (0, BTreeSet::new());
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
        rows += 1;
        launches.insert(members[0][row].launch);
        for (a, covariance) in covariance.iter_mut().enumerate() {
            for (b, covariance) in covariance.iter_mut().enumerate() {
                *covariance += errors.iter().map(|e| e[a] * e[b]).sum::<f64>() / errors.len() as f64;
            }
        }
    }
    covariance
        .iter_mut()
        .flatten()
        .for_each(|c| *c /= f64::from(rows.max(1)));
    (covariance, launches.len())
}

/// The weighted mean of forecasts on the log scale; at a step that a member cannot forecast the others share its weight.
/// The spread is that of the mixture: it is wider where the members disagree. The reason is left empty.
pub fn combine(forecasts: &[(&LogForecast, f64)]) -> LogForecast {
    let horizon = forecasts.first().map_or(0, |(f, _)| f.location.len());
    let mean = |value: &dyn Fn(&LogForecast) -> f64| {
        let known = forecasts.iter().map(|(f, w)| (value(f), *w));
        weighted_mean(known.filter(|(v, w)| !v.is_nan() && *w > 0.0)).unwrap_or(f64::NAN)
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
    fn weights_go_by_precision_and_common_errors() {
        // With independent errors the best weights are inverse variances. The third member repeats the first.
        let (first, second) = (member(50_000, 1.0, 1), member(50_000, 1.04, 2));
        let members = [first.clone(), second, first];
        let weights = stacking_weights(&members.each_ref().map(|m| m.iter().collect())).unwrap();
        assert!((weights[0] + weights[2] - 0.52).abs() < 0.01, "{weights:?}");
    }

    #[test]
    fn members_far_from_the_best_are_left_out() {
        let members = [member(2_000, 1.0, 1), member(2_000, 1.02, 2), member(2_000, 1.2, 3)];
        let weights = stacking_weights(&members.each_ref().map(|m| m.iter().collect())).unwrap();
        assert_eq!(weights[2], 0.0);
        assert!(
            (weights[0] - 0.5).abs() < 0.05 && (weights.iter().sum::<f64>() - 1.0).abs() < 1e-12,
            "{weights:?}"
        );
    }

    #[test]
    fn a_member_that_is_clearly_worse_is_told() {
        let told = |others: &[Vec<HeldOut>], own: &[HeldOut]| {
            needless(&others.iter().map(Vec::as_slice).collect::<Vec<_>>(), own).is_some()
        };
        let (first, second) = (member(2_000, 1.0, 1), member(2_000, 1.05, 2));
        assert!(!told(std::slice::from_ref(&first), &second));
        assert!(told(&[first.clone(), second.clone()], &member(2_000, 1.3, 3)));
        // Nothing to compare with, or nothing that both know.
        assert!(!told(&[], &first));
        let mut blind = member(5, 9.0, 1);
        blind.iter_mut().for_each(|h| h.forecast.location.fill(f64::NAN));
        assert!(!told(&[member(5, 1.0, 2)], &blind));
    }

    #[test]
    fn without_a_common_step_there_are_no_weights() {
        let mut blind = member(5, 1.0, 1);
        blind.iter_mut().for_each(|h| h.forecast.location.fill(f64::NAN));
        let members = [blind, member(5, 1.0, 2)];
        assert_eq!(stacking_weights(&members.each_ref().map(|m| m.iter().collect())), None);
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
