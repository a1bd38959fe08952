//! Rates of channels that are drawn together as far as they do not differ for sure, and a split of money in proportion.

use statrs::function::beta::ln_beta;

use super::allocate::Posterior;

/// How far log-odds of channels may differ: points of their deviation, and its half-normal prior.
const DEVIATIONS: usize = 60;
const FROM: f64 = 0.01;
const TO: f64 = 4.0;
const PRIOR_DEVIATION: f64 = 1.0;
/// Points of the common rate, and how far they reach in its errors.
const RATES: usize = 41;
const REACH: f64 = 5.0;

/// Rates of channels of which each has had some trials: what is known of each, and the weight of the others in it.
///
/// *Model*: successes ~ binomial, the rate of a channel ~ Beta(m k, (1 - m) k). The common rate m and the deviation
/// t of log-odds, k = 1 / (t^2 m (1 - m)), are summed over on a grid: t with a half-normal prior of scale 1, m with a
/// uniform one on its log-odds, five of its errors to either side. A channel's rate is then a mixture of beta distributions; the one
/// returned has its mean and variance. The weight of the others is the mean of k / (k + trials).
///
/// *References*: Gelman, Carlin, Stern, Dunson, Vehtari, Rubin 2013, Bayesian data analysis, 5.3.
pub fn drawn_together(channels: &[(f64, f64)]) -> Vec<(Posterior, f64)> {
    let (trials, successes) = channels
        .iter()
        .fold((0.0, 0.0), |(n, s), channel| (n + channel.0, s + channel.1));
    let odds = ((successes + 0.5) / (trials - successes + 0.5)).ln();
    let error = (1.0 / (successes + 0.5) + 1.0 / (trials - successes + 0.5)).sqrt();
    let ratio = (TO / FROM).powf(1.0 / (DEVIATIONS - 1) as f64);
    let mut points = Vec::with_capacity(DEVIATIONS * RATES);
    for i in 0..DEVIATIONS {
        let deviation = FROM * ratio.powi(i as i32);
        // Few channels that differ leave the common rate wider than the trials of all do.
        let wide = error.hypot(deviation / (channels.len().max(1) as f64).sqrt());
        for j in 0..RATES {
            let at = odds + wide * REACH * (2.0 * j as f64 / (RATES - 1) as f64 - 1.0);
            let rate = 1.0 / (1.0 + (-at).exp());
            let strength = 1.0 / (deviation * deviation * rate * (1.0 - rate));
            let (yes, no) = (rate * strength, (1.0 - rate) * strength);
            // Steps of the grid are steps of its own size.
            let mut log = deviation.ln() + wide.ln() - (deviation / PRIOR_DEVIATION).powi(2) / 2.0;
            for (n, s) in channels {
                log += ln_beta(yes + s, no + n - s) - ln_beta(yes, no);
            }
            points.push((log, yes, no));
        }
    }
    let largest = points.iter().map(|p| p.0).fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = points.iter().map(|p| (p.0 - largest).exp()).sum();
    channels
        .iter()
        .map(|(n, s)| {
            let (mut mean, mut square, mut pull) = (0.0, 0.0, 0.0);
            for (log, yes, no) in &points {
                let weight = (log - largest).exp() / total;
                let (a, all) = (yes + s, yes + no + n);
                mean += weight * a / all;
                square += weight * (a / all) * (a + 1.0) / (all + 1.0);
                pull += weight * (yes + no) / all;
            }
            let variance = (square - mean * mean).max(1e-18);
            let strength = (mean * (1.0 - mean) / variance - 1.0).max(1e-3);
            let posterior = Posterior::Beta {
                yes: mean * strength,
                no: (1.0 - mean) * strength,
                value: 1.0,
            };
            (posterior, pull)
        })
        .collect()
}

/// A channel among which money is split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Its part, 0 or more.
    pub weight: f64,
    /// Least money.
    pub least: f64,
    /// Most money.
    pub most: f64,
}

/// Money in proportion to weights, within bounds whose minima it covers: min(max(c weight, least), most) with the c at which all is
/// spent, or as much as the maxima and the weights allow.
pub fn in_proportion(channels: &[Share], budget: f64) -> Vec<f64> {
    let spend = |c: f64| channels.iter().map(move |s| (c * s.weight).max(s.least).min(s.most));
    let largest = channels
        .iter()
        .map(|s| s.weight)
        .filter(|w| *w > 0.0)
        .fold(f64::INFINITY, f64::min);
    if !largest.is_finite() {
        return spend(0.0).collect();
    }
    let (mut low, mut high) = (0.0, budget / largest);
    if spend(high).sum::<f64>() <= budget {
        return spend(high).collect();
    }
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        match spend(middle).sum::<f64>() < budget {
            true => low = middle,
            false => high = middle,
        }
    }
    spend(high).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(weight: f64) -> Share {
        Share {
            weight,
            least: 0.0,
            most: f64::INFINITY,
        }
    }

    #[test]
    fn rates_that_agree_are_drawn_together_and_clear_ones_stay() {
        let alike = drawn_together(&[(100.0, 2.0), (100.0, 6.0), (10_000.0, 400.0)]);
        assert!(
            alike[0].1 > 0.5 && alike[0].0.mean() > 0.025 && alike[0].0.mean() < 0.04,
            "{alike:?}"
        );
        assert!(alike[2].1 < alike[0].1 && (alike[2].0.mean() - 0.04).abs() < 0.001);
        let apart = drawn_together(&[(10_000.0, 100.0), (10_000.0, 400.0), (10_000.0, 1_600.0), (0.0, 0.0)]);
        assert!(
            (apart[0].0.mean() - 0.01).abs() < 5e-4 && apart[0].1 < 0.01,
            "{apart:?}"
        );
        // What was never tried is like any other.
        assert!(apart[3].1 > 0.999 && apart[3].0.deviation() > 0.02, "{apart:?}");
    }

    #[test]
    fn no_trials_and_no_successes_have_rates() {
        for channels in [
            vec![(0.0, 0.0); 2],
            vec![(100.0, 0.0), (50.0, 0.0)],
            vec![(5.0, 5.0)],
            vec![(1e9, 1e6)],
        ] {
            for (posterior, pull) in drawn_together(&channels) {
                assert!(posterior.mean() > 0.0 && posterior.mean() < 1.0 && (0.0..=1.0 + 1e-9).contains(&pull));
                assert!(posterior.quantile(0.9) >= posterior.quantile(0.1), "{posterior:?}");
            }
        }
    }

    #[test]
    fn intervals_cover_as_often_as_they_say() {
        use rand::{Rng, SeedableRng};
        use rand_distr::{Binomial, Distribution, StandardNormal};
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        for (deviation, covered) in [(0.1, 0.85..0.98), (0.5, 0.86..0.94)] {
            let (mut inside, mut all) = (0, 0);
            for _ in 0..200 {
                let truth: Vec<f64> = (0..6)
                    .map(|_| {
                        let away: f64 = StandardNormal.sample(&mut random);
                        1.0 / (1.0 + (3.5 - deviation * away).exp())
                    })
                    .collect();
                let channels: Vec<(f64, f64)> = truth
                    .iter()
                    .map(|rate| {
                        let trials = random.random_range(50..2_000);
                        (
                            trials as f64,
                            Binomial::new(trials, *rate).unwrap().sample(&mut random) as f64,
                        )
                    })
                    .collect();
                for ((posterior, _), truth) in drawn_together(&channels).iter().zip(&truth) {
                    inside += usize::from(posterior.quantile(0.05) <= *truth && *truth <= posterior.quantile(0.95));
                    all += 1;
                }
            }
            let share = inside as f64 / all as f64;
            assert!(covered.contains(&share), "{deviation}: {share}");
        }
    }

    #[test]
    fn money_is_split_in_proportion_within_bounds() {
        let near = |found: Vec<f64>, truth: &[f64]| {
            assert!(
                found.iter().zip(truth).all(|(a, b)| (a - b).abs() < 1e-9),
                "{found:?} {truth:?}"
            );
        };
        near(in_proportion(&[free(3.0), free(1.0)], 100.0), &[75.0, 25.0]);
        let held = [
            Share {
                most: 40.0,
                ..free(3.0)
            },
            free(1.0),
            free(2.0),
        ];
        near(in_proportion(&held, 100.0), &[40.0, 20.0, 40.0]);
        let least = [
            Share {
                least: 60.0,
                ..free(0.0)
            },
            free(1.0),
            free(3.0),
        ];
        near(in_proportion(&least, 100.0), &[60.0, 10.0, 30.0]);
        // More than all may have is not spent, and nothing is spent on what brings nothing.
        near(
            in_proportion(
                &[
                    Share {
                        most: 40.0,
                        ..free(3.0)
                    },
                    free(0.0),
                ],
                100.0,
            ),
            &[40.0, 0.0],
        );
        near(in_proportion(&[free(0.0)], 100.0), &[0.0]);
    }
}
