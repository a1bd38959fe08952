//! Conformal intervals: quantiles of scores of forecasts made for what the model had not seen.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::statistics::{conformal_quantile, mean, sorted, spread_evenly};

/// Scores kept per step; more change an interval by less than their own noise.
const MAX_SCORES: usize = 400;
/// Scores that the mean is taken over: more change it by less than their own noise.
const MEAN_POINTS: usize = 100;
/// A step with fewer scores than this borrows those of all steps.
const MIN_SCORES: usize = 30;

/// Scores by step: how far off forecasts were, in units of their own spread.
///
/// *Model*: a score r stands for the value v(r) of the forecast, where v never falls and v(0) is the median. The
/// central interval of level L of a step runs from v at the [`conformal_quantile`] of its scores at (1 - L) / 2 to v at
/// that at (1 + L) / 2. If a new forecast is exchangeable with those behind the scores, what happens falls inside with
/// probability L (up to 1 / (n + 1) of n scores); levels above (n - 1) / (n + 1) are too narrow. The mean is Duan's
/// smearing estimate: the average of v over the scores.
///
/// *Shapes*: one list of scores per step.
///
/// *Missing data*: a step with fewer than 30 scores takes those of all steps.
///
/// *References*: Vovk, Gammerman, Shafer 2005, Algorithmic Learning in a Random World; Lei et al. 2018,
/// Distribution-free predictive inference for regression (locally weighted scores); Duan 1983, Smearing estimate: a
/// nonparametric retransformation method.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Conformal {
    /// Forecasts behind the scores; stored under the name that it had in the first models.
    #[serde(rename = "launches")]
    forecasts: usize,
    /// Sorted scores by step.
    scores: Vec<Vec<f64>>,
}

/// Median, central interval and mean of what may happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Median forecast.
    pub median: f64,
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Expected value: the right number to add up or to multiply with a margin.
    pub mean: f64,
}

impl Conformal {
    /// From finite scores by step, of so many forecasts.
    pub fn fit(forecasts: usize, scores: Vec<Vec<f64>>) -> Self {
        let mut pooled = thin(scores.concat());
        if pooled.is_empty() {
            pooled.push(0.0);
        }
        let scores = scores
            .into_iter()
            .map(|s| if s.len() < MIN_SCORES { pooled.clone() } else { thin(s) })
            .collect();
        Self { forecasts, scores }
    }

    /// No scores: no step has an interval.
    pub const fn none() -> Self {
        Self {
            forecasts: 0,
            scores: Vec::new(),
        }
    }

    /// Number of steps.
    pub fn horizon(&self) -> usize {
        self.scores.len()
    }

    /// Whether the scores are what [`Conformal::fit`] makes: at least one per step, finite, sorted.
    pub fn is_valid(&self) -> bool {
        self.scores
            .iter()
            .all(|s| !s.is_empty() && s.iter().all(|v| v.is_finite()) && s.is_sorted())
    }

    /// Median, mean and central interval of probability `level` of a step (0-based), lower <= median <= upper; `None`
    /// of a step without scores. `value` is what a score stands for: it never falls, and is the median at 0.
    pub fn interval(&self, step: usize, level: f64, value: impl Fn(f64) -> f64) -> Option<Interval> {
        let scores = self.scores.get(step)?;
        let points = scores.len().min(MEAN_POINTS);
        // The score in the middle of each of the equal shares.
        let middle = |k: usize| scores[(2 * k + 1) * scores.len() / (2 * points)];
        let average = mean((0..points).map(|k| value(middle(k))))?;
        Some(Interval {
            median: value(0.0),
            lower: self.quantile(step, (1.0 - level) / 2.0, &value)?,
            upper: self.quantile(step, (1.0 + level) / 2.0, &value)?,
            // Where all scores are alike the average differs from them by rounding alone.
            mean: average.max(value(scores[0])),
        })
    }

    /// The value (as in [`Conformal::interval`]) that is not exceeded with a probability: at 1/2 the median, else an
    /// end of the interval that leaves as much outside. Never falls with the probability.
    pub fn quantile(&self, step: usize, probability: f64, value: impl Fn(f64) -> f64) -> Option<f64> {
        let scores = self.scores.get(step)?;
        let (median, end) = (value(0.0), value(conformal_quantile(scores, probability)));
        Some(match probability.total_cmp(&0.5) {
            Ordering::Less => end.min(median),
            Ordering::Equal => median,
            Ordering::Greater => end.max(median),
        })
    }
}

/// Sort, and keep evenly spaced ranks if there are more than needed.
fn thin(scores: Vec<f64>) -> Vec<f64> {
    spread_evenly(&sorted(scores), MAX_SCORES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(n: usize) -> Conformal {
        Conformal::fit(n, vec![(1..=n).map(|i| i as f64).collect()])
    }

    #[test]
    fn ends_are_the_ranks_of_split_conformal() {
        // 99 scores 1 .. 99: rank 100 * 0.1 = 10 and 100 * 0.9 = 90.
        let conformal = fitted(99);
        let quantile = |probability| conformal.quantile(0, probability, |score| score).unwrap();
        assert_eq!((quantile(0.9), quantile(1.0)), (90.0, 99.0));
        // Below one half nothing lies above the median.
        assert_eq!((quantile(0.1), quantile(0.5)), (0.0, 0.0));
        let interval = conformal.interval(0, 0.8, |score| score - 50.0).unwrap();
        assert_eq!((interval.lower, interval.upper, interval.median), (-50.0, 40.0, -50.0));
        assert!(interval.mean.abs() < 1e-9, "{interval:?}");
    }

    #[test]
    fn intervals_are_ordered_whatever_the_scores() {
        for shift in [-100.0, -20.0, 0.0, 20.0] {
            let conformal = Conformal::fit(40, vec![(0..40).map(|i| f64::from(i) + shift).collect()]);
            let i = conformal.interval(0, 0.8, |score| score.exp()).unwrap();
            assert!(i.lower <= i.median && i.median <= i.upper, "{i:?}");
        }
    }

    #[test]
    fn a_step_with_few_scores_takes_those_of_all_steps() {
        let many: Vec<f64> = (0..60).map(f64::from).collect();
        let conformal = Conformal::fit(60, vec![many.clone(), vec![500.0; 3], Vec::new()]);
        let top = |step| conformal.quantile(step, 1.0, |score| score).unwrap();
        assert_eq!((top(0), top(1), top(2)), (59.0, 500.0, 500.0));
        assert!(conformal.is_valid() && conformal.horizon() == 3);
    }

    #[test]
    fn without_scores_the_interval_is_the_median() {
        let conformal = Conformal::fit(0, vec![Vec::new(), Vec::new()]);
        let i = conformal.interval(1, 0.8, |score| 7.0 + score).unwrap();
        assert_eq!((i.lower, i.upper, i.mean), (7.0, 7.0, 7.0));
        assert_eq!(conformal.interval(2, 0.8, |score| score), None);
        assert_eq!(Conformal::none().interval(0, 0.8, |score| score), None);
    }

    #[test]
    fn the_stored_form_is_that_of_the_first_models() {
        let text = r#"{"launches":2,"scores":[[-1.0,0.5]]}"#;
        let conformal: Conformal = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&conformal).unwrap(), text);
        let forged = |text: &str| serde_json::from_str::<Conformal>(text).unwrap().is_valid();
        assert!(!forged(r#"{"launches":2,"scores":[[1.0,0.5]]}"#));
        assert!(!forged(r#"{"launches":2,"scores":[[]]}"#));
    }
}
