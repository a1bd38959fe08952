//! Which arm to try next and how often: shares of channels, prices or pages from the results of their trials so far.

mod best;
mod posterior;

pub use best::{Best, best};
pub use posterior::Posterior;

use crate::error::{Error, Result};

/// Degrees of freedom that the variance of all arms counts for in each.
const PRIOR_FREEDOM: f64 = 4.0;
/// Least error of a mean relative to the arms' values, so that outcomes which are all alike have a density.
const LEAST_ERROR: f64 = 1e-9;

/// The results of an arm whose outcomes are known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Results {
    /// Trials.
    pub trials: f64,
    /// Successes among them, or the sum of their outcomes.
    pub sum: f64,
    /// Sum of the squared outcomes; `None` where outcomes are successes.
    pub squares: Option<f64>,
    /// What a success, or one unit of the outcome, is worth.
    pub value: f64,
}

impl Results {
    /// Whether there can be such results.
    ///
    /// # Errors
    /// [`Error::Refused`] of numbers that contradict each other.
    pub fn check(&self) -> Result<()> {
        let Self {
            trials,
            sum,
            squares,
            value,
        } = *self;
        let why = if value <= 0.0 || value.is_nan() {
            format!("the value must be above 0, got {value}")
        } else if trials < 0.0 {
            format!("trials must not be negative, got {trials}")
        } else if squares.is_none() && sum < 0.0 {
            format!("successes must not be negative, got {sum}")
        } else if squares.is_none() && sum > trials {
            format!(
                "{sum} successes of {trials} trials with a known outcome: there cannot be more successes than trials"
            )
        } else if trials == 0.0 && (sum != 0.0 || squares.is_some_and(|squares| squares != 0.0)) {
            format!("outcomes of {sum} without a trial whose outcome is known")
        } else if squares.is_some_and(|squares| squares < 0.0 || squares * trials < sum * sum * (1.0 - 1e-9)) {
            format!(
                "sum_squares of {} is too small for {trials} trials that sum to {sum}: it is the sum of each outcome's square",
                squares.unwrap_or_default()
            )
        } else {
            return Ok(());
        };
        Err(Error::refused(why))
    }
}

/// What is known of each arm; `None` where outcomes have a variance that no arm tells.
///
/// *Model of rates*: successes ~ binomial, the rate ~ Beta(w m / s, w (1 - m) / s) with m = (successes + 1) / (trials + 2) of all
/// arms together, s = min(m, 1 - m) and w = `prior`: the rate of all arms counts for w results of the rarer kind. Of rates
/// near 1/2 that is the uniform prior; of small ones an arm without trials is as likely to have twice the common rate as
/// an exponential distribution says, where the uniform prior would take half of its trials for successes.
///
/// *Model of means*: outcomes with a mean and a variance of their own, whose prior is normal-inverse-gamma: the variance
/// within all arms counts for 4 degrees of freedom, the mean of all arms for w s^2 / V trials, with s^2 that variance and V
/// the square of the mean plus the variance of the arms' means. So w is what it is for rates. The mean is then Student's.
///
/// *Determinism*: closed forms, in the order of the arms.
///
/// *References*: Thompson 1933; Gelman, Carlin, Stern, Dunson, Vehtari, Rubin 2013, Bayesian data analysis, 2.4 and 3.3.
pub fn posteriors(arms: &[Results], prior: f64) -> Option<Vec<Posterior>> {
    match arms.iter().any(|arm| arm.squares.is_some()) {
        true => means(arms, prior),
        false => Some(rates(arms, prior)),
    }
}

fn rates(arms: &[Results], prior: f64) -> Vec<Posterior> {
    let (trials, successes) = totals(arms);
    let common = (successes + 1.0) / (trials + 2.0);
    let worth = prior / common.min(1.0 - common);
    arms.iter()
        .map(|arm| Posterior::Beta {
            yes: arm.sum + worth * common,
            no: arm.trials - arm.sum + worth * (1.0 - common),
            value: arm.value,
        })
        .collect()
}

fn means(arms: &[Results], prior: f64) -> Option<Vec<Posterior>> {
    let (trials, sum) = totals(arms);
    let tried = || arms.iter().filter(|arm| arm.trials > 0.0);
    let own_mean = |arm: &Results| arm.sum / arm.trials;
    let spread = |arm: &Results| match arm.trials > 0.0 {
        true => (arm.squares.unwrap_or_default() - arm.sum * own_mean(arm)).max(0.0),
        false => 0.0,
    };
    let freedom: f64 = tried().map(|arm| (arm.trials - 1.0).max(0.0)).sum();
    if freedom <= 0.0 {
        return None;
    }
    let variance = arms.iter().map(spread).sum::<f64>() / freedom;
    let common = sum / trials;
    let between = tried().map(|arm| (own_mean(arm) - common).powi(2)).sum::<f64>() / tried().count() as f64;
    // The prior is never worth more than the trials of an arm.
    let most = trials / tried().count() as f64;
    let room = common * common + between;
    let worth = if room > 0.0 { (variance / room).min(most) } else { most };
    let worth = (prior * worth).max(f64::MIN_POSITIVE);
    let largest = tried().map(|arm| own_mean(arm).abs()).fold(0.0, f64::max);
    let least = (LEAST_ERROR * largest).max(LEAST_ERROR * LEAST_ERROR);
    let posterior = |arm: &Results| {
        let counted = worth + arm.trials;
        let centre = (worth * common + arm.sum) / counted;
        let away = match arm.trials > 0.0 {
            true => worth * arm.trials / counted * (own_mean(arm) - common).powi(2),
            false => 0.0,
        };
        let freedom = PRIOR_FREEDOM + arm.trials;
        let square = (PRIOR_FREEDOM * variance + spread(arm) + away) / freedom;
        Posterior::Student {
            freedom,
            centre: arm.value * centre,
            scale: arm.value * (square / counted).sqrt().max(least),
        }
    };
    Some(arms.iter().map(posterior).collect())
}

fn totals(arms: &[Results]) -> (f64, f64) {
    arms.iter()
        .fold((0.0, 0.0), |(trials, sum), arm| (trials + arm.trials, sum + arm.sum))
}

/// Shares by the probability of being the best, of which each arm gets at least `least`.
pub fn shares(probability: &[f64], least: f64) -> Vec<f64> {
    let free = (1.0 - least * probability.len() as f64).max(0.0);
    probability.iter().map(|p| least + free * p).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(trials: f64, sum: f64) -> Results {
        Results {
            trials,
            sum,
            squares: None,
            value: 1.0,
        }
    }

    fn outcomes(values: &[f64]) -> Results {
        Results {
            trials: values.len() as f64,
            sum: values.iter().sum(),
            squares: Some(values.iter().map(|v| v * v).sum()),
            value: 1.0,
        }
    }

    #[test]
    fn a_rate_starts_from_that_of_all_arms() {
        // 39 successes of 1,998 trials: the common rate is 40 / 2,000, worth one success of fifty trials.
        let found = posteriors(&[rate(998.0, 29.0), rate(1_000.0, 10.0), rate(0.0, 0.0)], 1.0).unwrap();
        let Posterior::Beta { yes, no, .. } = found[2] else {
            panic!()
        };
        assert!((yes - 1.0).abs() < 1e-12 && (no - 49.0).abs() < 1e-9, "{yes} {no}");
        let Posterior::Beta { yes, no, .. } = found[0] else {
            panic!()
        };
        assert!((yes - 30.0).abs() < 1e-12 && (no - 1_018.0).abs() < 1e-9);
        // Without any trial it is uniform, and near 1 the failures are rare.
        assert_eq!(
            posteriors(&[rate(0.0, 0.0)], 1.0).unwrap()[0],
            Posterior::Beta {
                yes: 1.0,
                no: 1.0,
                value: 1.0
            }
        );
        let Posterior::Beta { yes, no, .. } = posteriors(&[rate(998.0, 979.0)], 1.0).unwrap()[0] else {
            panic!()
        };
        assert!(
            (yes - 979.0 - 49.0).abs() < 1e-9 && (no - 20.0).abs() < 1e-9,
            "{yes} {no}"
        );
    }

    #[test]
    fn a_mean_is_that_of_its_outcomes_and_a_little_of_all() {
        let arms = [
            outcomes(&[9.0, 10.0, 11.0]),
            outcomes(&[19.0, 20.0, 21.0]),
            outcomes(&[]),
        ];
        let found = posteriors(&arms, 1.0).unwrap();
        let Posterior::Student { freedom, centre, scale } = found[0] else {
            panic!()
        };
        // Variance 1 within, mean 15, of which the square plus the variance of means is 250.
        let worth = 1.0 / 250.0;
        assert!((freedom, (centre - (30.0 + 15.0 * worth) / (3.0 + worth)).abs() < 1e-12) == (7.0, true));
        let square = (4.0 + 2.0 + worth * 3.0 / (3.0 + worth) * 25.0) / 7.0;
        assert!((scale - (square / (3.0 + worth)).sqrt()).abs() < 1e-12);
        let Posterior::Student { freedom, centre, scale } = found[2] else {
            panic!()
        };
        assert!((freedom, centre) == (4.0, 15.0) && (scale - 250.0_f64.sqrt()).abs() < 1e-9);
        // Single trials say nothing of the variance.
        assert_eq!(posteriors(&[outcomes(&[1.0]), outcomes(&[3.0])], 1.0), None);
    }

    #[test]
    fn rates_told_as_means_are_nearly_the_same() {
        let arms = [(4_000.0, 120.0), (4_000.0, 150.0), (4_000.0, 135.0)];
        let counted: Vec<Results> = arms.map(|(n, s)| rate(n, s)).to_vec();
        let summed: Vec<Results> = arms
            .map(|(n, s)| Results {
                squares: Some(s),
                ..rate(n, s)
            })
            .to_vec();
        let of = |arms: &[Results]| best(&posteriors(arms, 1.0).unwrap(), None).probability;
        for (a, b) in of(&counted).into_iter().zip(of(&summed)) {
            assert!((a - b).abs() < 0.02, "{a} {b}");
        }
    }

    #[test]
    fn outcomes_that_are_all_alike_are_certain() {
        let arms = [outcomes(&[2.0, 2.0]), outcomes(&[3.0, 3.0, 3.0]), outcomes(&[0.0, 0.0])];
        let found = best(&posteriors(&arms, 1.0).unwrap(), None);
        assert!(found.probability[1] > 0.99 && found.value.is_finite(), "{found:?}");
        let zeros = [outcomes(&[0.0, 0.0]), outcomes(&[0.0; 5])];
        let found = best(&posteriors(&zeros, 1.0).unwrap(), None);
        assert!(
            (found.probability.iter().sum::<f64>() - 1.0).abs() < 1e-12 && found.value.is_finite(),
            "{found:?}"
        );
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (results, why) in [
            (rate(10.0, 11.0), "11 successes of 10 trials"),
            (rate(-1.0, 0.0), "trials must not be negative"),
            (rate(10.0, -1.0), "successes must not be negative"),
            (
                Results {
                    value: 0.0,
                    ..rate(10.0, 1.0)
                },
                "the value must be above 0",
            ),
            (
                Results {
                    squares: Some(1.0),
                    ..rate(10.0, 50.0)
                },
                "sum_squares of 1 is too small",
            ),
            (
                Results {
                    squares: Some(0.0),
                    ..rate(0.0, 5.0)
                },
                "outcomes of 5 without",
            ),
        ] {
            let told = results.check().unwrap_err().to_string();
            assert!(told.contains(why), "{told}");
        }
        assert!(outcomes(&[0.1, 0.1, 0.1]).check().is_ok() && rate(0.0, 0.0).check().is_ok());
    }

    #[test]
    fn shares_keep_what_each_arm_is_to_have() {
        assert_eq!(shares(&[0.75, 0.25], 0.0), [0.75, 0.25]);
        assert_eq!(shares(&[1.0, 0.0], 0.25), [0.75, 0.25]);
    }
}
