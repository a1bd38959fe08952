//! From comparables to own history: how the first sales of a product correct its forecast.

use serde::{Deserialize, Serialize};

use crate::forecast::{HeldOut, LogForecast, bounded_spread};
use crate::statistics;

/// Mean scores beyond it are rare among past launches.
const ORDINARY: f64 = 2.0;

/// How far launches differ from their forecast as a whole, and how far their steps scatter around that.
///
/// *Model*: the score (y - location) / spread of launch i at step s is b_i + e_is with b_i ~ (0, between) and
/// e_is ~ (0, within). After a observed steps with mean score m, the best linear predictor of b_i is w m with
/// w = a between / (a between + within), the weight of the product's own history. Steps to come move by
/// w (m' spread + (m - m') d), where m' is m within -2 and 2 and d the mean spread of the observed steps: beyond what past
/// launches did, a product sells more or less at all steps alike. And their spread shrinks by sqrt((between (1 - w) + within) / (between + within)).
///
/// Both variances are estimated from held-out launches by the method of moments.
///
/// *References*: Robinson 1991, That BLUP is a good thing: the estimation of random effects; Bühlmann 1967,
/// Experience rating and credibility.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct HandOver {
    /// Variance of the launches' mean scores, beyond what the scatter of their steps explains.
    between: f64,
    /// Variance of the steps' scores around the mean of their launch.
    within: f64,
}

impl HandOver {
    /// Estimate the variances from forecasts made for launches that the model had not seen.
    pub fn fit(held_out: &[HeldOut]) -> Self {
        let (mut squares, mut freedom, mut means) = (0.0, 0.0, Vec::new());
        for h in held_out {
            let scores = scores(&h.forecast, &h.actual);
            if let Some(mean) = statistics::mean(scores.iter().copied()) {
                squares += scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>();
                freedom += scores.len() as f64 - 1.0;
                means.push((mean, scores.len() as f64));
            }
        }
        if freedom <= 0.0 || means.is_empty() {
            return Self::default();
        }
        let within = squares / freedom;
        let excess = means.iter().map(|(mean, n)| mean * mean - within / n);
        let excess = statistics::mean(excess).unwrap_or_default();
        Self {
            between: excess.max(0.0),
            within,
        }
    }

    /// Whether the variances are numbers from zero that can be multiplied with a number of steps.
    pub fn is_valid(&self) -> bool {
        [self.between, self.within].iter().all(|v| (0.0..=1e100).contains(v))
    }

    /// Correct a forecast by what the product sold so far: ln(1 + units per full period) by step, NaN where not
    /// observed. Returns the weight of the own history, 0 if nothing is observed.
    pub fn apply(&self, forecast: &mut LogForecast, own: &[f64]) -> f64 {
        let scores = scores(forecast, own);
        let Some(mean) = statistics::mean(scores.iter().copied()) else {
            return 0.0;
        };
        let signal = scores.len() as f64 * self.between;
        if signal <= 0.0 {
            return 0.0;
        }
        let weight = signal / (signal + self.within);
        let rest = ((self.between * (1.0 - weight) + self.within) / (self.between + self.within)).sqrt();
        let typical = typical_spread(forecast, own);
        let ordinary = mean.clamp(-ORDINARY, ORDINARY);
        for (location, spread) in forecast.location.iter_mut().zip(&mut forecast.spread) {
            *location += weight * (ordinary * bounded_spread(*spread) + (mean - ordinary) * typical);
            *spread = bounded_spread(*spread) * rest;
        }
        weight
    }
}

/// Mean spread of the observed steps.
fn typical_spread(forecast: &LogForecast, own: &[f64]) -> f64 {
    let seen = forecast.spread.iter().zip(forecast.scores(own));
    let spreads = seen.filter(|(_, score)| score.is_finite());
    statistics::mean(spreads.map(|(spread, _)| bounded_spread(*spread))).unwrap_or_default()
}

fn scores(forecast: &LogForecast, actual: &[f64]) -> Vec<f64> {
    forecast.scores(actual).filter(|v| v.is_finite()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::tests::uniform;

    fn forecast() -> LogForecast {
        LogForecast {
            location: vec![3.0; 6],
            spread: vec![0.5; 6],
            reason: String::new(),
        }
    }

    #[test]
    fn far_beyond_past_launches_the_curve_keeps_its_shape() {
        let hand_over = HandOver {
            between: 1e9,
            within: 1.0,
        };
        let moved = |own: f64| {
            let mut forecast = LogForecast {
                spread: vec![0.5, 0.5, 0.5, 0.3, 0.7, 0.5],
                ..forecast()
            };
            hand_over.apply(&mut forecast, &[own; 2]);
            forecast.location
        };
        // A score of 1 moves each step by its own spread.
        let near = moved(3.5);
        assert!((near[3] - 3.3).abs() < 1e-6 && (near[4] - 3.7).abs() < 1e-6, "{near:?}");
        // Of a score of 10, 8 move all steps by half of it.
        let far = moved(8.0);
        assert!((far[3] - 7.6).abs() < 1e-6 && (far[4] - 8.4).abs() < 1e-6, "{far:?}");
    }

    #[test]
    fn recovers_planted_variances() {
        // Uniform effects of variance 4 between and 1 within launches, in units of the spread.
        let draw = |i: usize, variance: f64| (2.0 * uniform(i, 5) - 1.0) * (3.0 * variance).sqrt();
        let held_out: Vec<HeldOut> = (0..2_000)
            .map(|launch| {
                let effect = draw(7 * launch, 4.0);
                let actual = (0..6)
                    .map(|s| 3.0 + 0.5 * (effect + draw(7 * launch + s + 1, 1.0)))
                    .collect();
                HeldOut {
                    launch,
                    split: 0,
                    actual,
                    forecast: forecast(),
                }
            })
            .collect();
        let fitted = HandOver::fit(&held_out);
        assert!((fitted.between - 4.0).abs() < 0.3, "{fitted:?}");
        assert!((fitted.within - 1.0).abs() < 0.1, "{fitted:?}");
    }

    #[test]
    fn the_weight_of_own_history_rises_with_age() {
        let hand_over = HandOver {
            between: 4.0,
            within: 1.0,
        };
        let mut last = 0.0;
        for age in 0..6 {
            let own: Vec<f64> = (0..6).map(|s| if s < age { 4.0 } else { f64::NAN }).collect();
            let mut f = forecast();
            let weight = hand_over.apply(&mut f, &own);
            assert!(if age == 0 { weight == 0.0 } else { weight > last }, "{age}: {weight}");
            assert!((f.location[5] - (3.0 + weight)).abs() < 1e-12);
            last = weight;
        }
    }
}
