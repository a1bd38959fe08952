//! Conformal intervals: quantiles of the errors made on held-out launches.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{HeldOut, LogForecast};

/// Scores kept per step; more change an interval by less than their own noise.
const MAX_SCORES: usize = 400;
/// Scores that the mean is taken over: more change it by less than their own noise.
const MEAN_POINTS: usize = 100;
/// A step with fewer held-out launches than this borrows the scores of all steps.
const MIN_SCORES: usize = 30;
/// Smallest spread an error is divided by: 5 % of the units. Past launches that were all alike do not promise more.
const MIN_SPREAD: f64 = 0.05;
/// Largest spread: far beyond any that units below 1e30 can give, and small enough to be multiplied.
const MAX_SPREAD: f64 = 1e3;

/// Errors on held-out launches, in units of the forecast's own spread, by step.
///
/// *Model*: the score of launch i at step s is (y - location) / spread on the scale ln(1 + units). With sorted scores
/// r(1) .. r(n), the central interval of level L runs from the score of rank (n + 1)(1 - L) / 2 to the one of rank
/// (n + 1)(1 + L) / 2, each times the candidate's spread. If a new launch is exchangeable with the held-out ones, it
/// falls inside with probability L (up to 1 / (n + 1)); ranks beyond the ends are cut to the ends, so with n scores
/// levels above (n - 1) / (n + 1) are too narrow.
///
/// *References*: Vovk, Gammerman, Shafer 2005, Algorithmic Learning in a Random World; Lei et al. 2018,
/// Distribution-free predictive inference for regression (locally weighted scores). The mean is Duan's smearing
/// estimate (1983): the average over the scores of the forecast taken back to units.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Conformal {
    /// Held-out launches behind the scores.
    pub launches: usize,
    /// Sorted scores by step.
    scores: Vec<Vec<f64>>,
}

/// Median, central interval and mean, in units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Median forecast.
    pub median: f64,
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Expected units: the right number to add up over products or to multiply with a margin.
    pub mean: f64,
}

impl Conformal {
    /// Collect the scores of forecasts made for launches that the model had not seen.
    pub fn fit<'a>(held_out: impl IntoIterator<Item = &'a HeldOut>, horizon: usize) -> Self {
        let mut scores = vec![Vec::new(); horizon];
        let mut launches = 0;
        for h in held_out {
            launches += 1;
            for (step, score) in scores.iter_mut().enumerate() {
                let (actual, location, spread) = (h.actual[step], h.forecast.location[step], h.forecast.spread[step]);
                if !actual.is_nan() && !location.is_nan() {
                    score.push((actual - location) / bounded_spread(spread));
                }
            }
        }
        let mut pooled = thin(scores.concat());
        if pooled.is_empty() {
            pooled.push(0.0);
        }
        let scores = scores
            .into_iter()
            .map(|s| if s.len() < MIN_SCORES { pooled.clone() } else { thin(s) })
            .collect();
        Self { launches, scores }
    }

    /// No scores: every interval is the forecast itself.
    pub const fn none() -> Self {
        Self {
            launches: 0,
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

    /// The forecast of a step (0-based) in units; `None` where the model has seen no launch at that step.
    ///
    /// `exposure` is the share of the period in which the product can sell, `level` the probability of the interval.
    /// 0 <= lower <= median <= upper.
    pub fn interval(&self, forecast: &LogForecast, step: usize, exposure: f64, level: f64) -> Option<Interval> {
        let scores = self.scores.get(step)?;
        let median = units(forecast, step, exposure, 0.0)?;
        let units = |score: f64| units(forecast, step, exposure, score).unwrap_or(median);
        let points = scores.len().min(MEAN_POINTS);
        // The score in the middle of each of the equal shares.
        let middle = |k: usize| scores[(2 * k + 1) * scores.len() / (2 * points)];
        let mean = (0..points).map(|k| units(middle(k))).sum::<f64>() / points as f64;
        let lower = self.quantile(forecast, step, exposure, (1.0 - level) / 2.0)?;
        Some(Interval {
            median,
            lower,
            upper: self.quantile(forecast, step, exposure, (1.0 + level) / 2.0)?,
            // Where all scores are alike the average differs from them by rounding alone.
            mean: mean.max(units(scores[0])),
        })
    }

    /// The units (as [`Conformal::interval`]) that are not exceeded with a probability: at 1/2 the median, else an end
    /// of the interval that leaves as much outside. Never falls with the probability.
    pub fn quantile(&self, forecast: &LogForecast, step: usize, exposure: f64, probability: f64) -> Option<f64> {
        let scores = self.scores.get(step)?;
        let units = |score: f64| units(forecast, step, exposure, score);
        let (median, value) = (units(0.0)?, units(quantile(scores, probability))?);
        Some(match probability.total_cmp(&0.5) {
            Ordering::Less => value.min(median),
            Ordering::Equal => median,
            Ordering::Greater => value.max(median),
        })
    }
}

/// A score taken back to units; `None` where there is no forecast.
fn units(forecast: &LogForecast, step: usize, exposure: f64, score: f64) -> Option<f64> {
    let spread = bounded_spread(*forecast.spread.get(step)?);
    let location = *forecast.location.get(step)?;
    let known = location.is_finite() && spread.is_finite();
    known.then(|| (location + spread * score).clamp(0.0, 35.0).exp_m1() * exposure)
}

/// A spread within the bounds that scores are made with; NaN stays NaN.
pub(crate) fn bounded_spread(spread: f64) -> f64 {
    spread.clamp(MIN_SPREAD, MAX_SPREAD)
}

/// Sort, and keep evenly spaced ranks if there are more than needed.
fn thin(mut scores: Vec<f64>) -> Vec<f64> {
    scores.sort_by(f64::total_cmp);
    if scores.len() <= MAX_SCORES {
        return scores;
    }
    let last = scores.len() - 1;
    (0..MAX_SCORES).map(|k| scores[k * last / (MAX_SCORES - 1)]).collect()
}

/// The score of rank (n + 1) q, interpolated between ranks and cut at the ends. `sorted` is not empty.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let last = sorted.len() - 1;
    let rank = (q * (sorted.len() + 1) as f64 - 1.0).clamp(0.0, last as f64);
    let below = rank.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (rank - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_out(n: usize) -> Vec<HeldOut> {
        (1..=n)
            .map(|i| HeldOut {
                launch: i,
                split: 0,
                actual: vec![i as f64],
                forecast: LogForecast {
                    location: vec![0.0],
                    spread: vec![1.0],
                    reason: String::new(),
                },
            })
            .collect()
    }

    #[test]
    fn ranks_are_those_of_split_conformal() {
        // 99 scores 1..99: rank 100 * 0.1 = 10 and 100 * 0.9 = 90.
        let conformal = Conformal::fit(&held_out(99), 1);
        assert_eq!(quantile(&conformal.scores[0], 0.1), 10.0);
        assert_eq!(quantile(&conformal.scores[0], 0.9), 90.0);
        assert_eq!(quantile(&conformal.scores[0], 1.0), 99.0);
    }

    #[test]
    fn intervals_are_ordered_and_not_negative() {
        let conformal = Conformal::fit(&held_out(40), 1);
        let forecast = LogForecast {
            location: vec![-3.0],
            spread: vec![0.1],
            reason: String::new(),
        };
        let i = conformal.interval(&forecast, 0, 1.0, 0.8).unwrap();
        assert!(0.0 <= i.lower && i.lower <= i.median && i.median <= i.upper, "{i:?}");
        assert!(
            conformal
                .interval(
                    &LogForecast {
                        location: vec![f64::NAN],
                        spread: vec![1.0],
                        reason: String::new()
                    },
                    0,
                    1.0,
                    0.8
                )
                .is_none()
        );
    }

    #[test]
    fn without_held_out_launches_the_interval_is_the_median() {
        let conformal = Conformal::fit(&[], 2);
        let i = conformal
            .interval(
                &LogForecast {
                    location: vec![2.0, 2.0],
                    spread: vec![0.5, 0.5],
                    reason: String::new(),
                },
                1,
                1.0,
                0.8,
            )
            .unwrap();
        assert_eq!((i.lower, i.upper), (i.median, i.median));
    }
}
