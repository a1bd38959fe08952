//! What is known of the value of an arm after its trials.

use statrs::{
    distribution::{Beta, ContinuousCDF},
    function::{beta::ln_beta, gamma::ln_gamma},
};

use crate::statistics::{normal_place, t_place};

/// From so many results of either kind on, quantiles of a beta distribution are those of normal log-odds, to six digits.
const MANY: f64 = 10_000.0;

/// The distribution of the mean outcome of a trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Posterior {
    /// A rate, times what a success is worth.
    Beta {
        /// Successes and the prior's.
        yes: f64,
        /// Failures and the prior's.
        no: f64,
        /// What a success is worth, above 0.
        value: f64,
    },
    /// A mean whose variance is estimated too.
    Student {
        /// Degrees of freedom, above 2.
        freedom: f64,
        /// Its middle.
        centre: f64,
        /// Its unit, above 0.
        scale: f64,
    },
}

impl Posterior {
    /// Its mean.
    pub fn mean(&self) -> f64 {
        match *self {
            Self::Beta { yes, no, value } => value * yes / (yes + no),
            Self::Student { centre, .. } => centre,
        }
    }

    /// Its standard deviation.
    pub fn deviation(&self) -> f64 {
        match *self {
            Self::Beta { yes, no, value } => {
                let all = yes + no;
                value * ((yes / all) * (no / all) / (all + 1.0)).sqrt()
            }
            Self::Student { freedom, scale, .. } => scale * (freedom / (freedom - 2.0)).sqrt(),
        }
    }

    /// The logarithm of its density, of which it is known up to a constant near 0; negative infinity outside.
    pub(super) fn log_density(&self) -> impl Fn(f64) -> f64 + use<> {
        let this = *self;
        let constant = match this {
            Self::Beta { yes, no, value } => -ln_beta(yes, no) - value.ln(),
            Self::Student { freedom, scale, .. } => {
                ln_gamma((freedom + 1.0) / 2.0)
                    - ln_gamma(freedom / 2.0)
                    - (freedom * std::f64::consts::PI).ln() / 2.0
                    - scale.ln()
            }
        };
        move |x| match this {
            Self::Beta { yes, no, value } => {
                let rate = x / value;
                if !(rate > 0.0 && rate < 1.0) {
                    return f64::NEG_INFINITY;
                }
                constant + (yes - 1.0) * rate.ln() + (no - 1.0) * (-rate).ln_1p()
            }
            Self::Student { freedom, centre, scale } => {
                let away = (x - centre) / scale;
                constant - (freedom + 1.0) / 2.0 * (away * away / freedom).ln_1p()
            }
        }
    }

    /// The number that it does not exceed with a probability.
    pub fn quantile(&self, probability: f64) -> f64 {
        match *self {
            Self::Beta { yes, no, value } if yes.min(no) > MANY => {
                let odds = (yes / no).ln() + (1.0 / no - 1.0 / yes) / 2.0;
                let error = (1.0 / yes + 1.0 / no).sqrt();
                // They are a little skewed: Cornish, Fisher 1938.
                let skewness = (1.0 / (no * no) - 1.0 / (yes * yes)) / error.powi(3);
                let place = normal_place(probability);
                let at = odds + error * (place + skewness * (place * place - 1.0) / 6.0);
                value / (1.0 + (-at).exp())
            }
            Self::Beta { yes, no, value } => {
                Beta::new(yes, no).map_or(f64::NAN, |beta| value * beta.inverse_cdf(probability))
            }
            Self::Student { freedom, centre, scale } => centre + scale * t_place(probability, freedom),
        }
    }

    /// The least and the largest value there can be.
    pub(super) fn support(&self) -> (f64, f64) {
        match *self {
            Self::Beta { value, .. } => (0.0, value),
            Self::Student { .. } => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of scipy 1.16: `beta.ppf([0.05, 0.5, 0.95], yes, no)`.
    #[test]
    fn quantiles_of_rates_are_those_of_scipy() {
        for (yes, no, expected) in [
            (1.0, 1.0, [0.05, 0.5, 0.95]),
            (1.0, 99.0, [0.00051798, 0.00697703, 0.02980667]),
            (31.0, 1069.0, [0.02049356, 0.02789627, 0.03684437]),
        ] {
            let posterior = Posterior::Beta { yes, no, value: 2.0 };
            for (p, e) in [0.05, 0.5, 0.95].into_iter().zip(expected) {
                let found = posterior.quantile(p) / 2.0;
                assert!((found - e).abs() < 1e-4 * e, "{yes} {no} {p}: {found} {e}");
            }
        }
    }

    #[test]
    fn many_trials_change_no_quantile_by_a_jump() {
        for rate in [0.5, 0.01] {
            let at = |yes: f64| Posterior::Beta {
                yes,
                no: yes / rate - yes,
                value: 1.0,
            };
            for p in [0.025, 0.5, 0.9] {
                let (below, above) = (at(9_999.9).quantile(p), at(10_000.1).quantile(p));
                assert!((below / above - 1.0).abs() < 1e-5, "{rate} {p}: {below} {above}");
            }
        }
    }

    #[test]
    fn moments_are_those_of_the_textbook() {
        let rate = Posterior::Beta {
            yes: 2.0,
            no: 6.0,
            value: 10.0,
        };
        assert!((rate.mean() - 2.5).abs() < 1e-12 && (rate.deviation() - 10.0 * (1.0_f64 / 48.0).sqrt()).abs() < 1e-12);
        let mean = Posterior::Student {
            freedom: 4.0,
            centre: 3.0,
            scale: 2.0,
        };
        assert!((mean.mean(), mean.deviation()) == (3.0, 8.0_f64.sqrt()));
        assert!((mean.quantile(0.95) - 3.0 - 2.0 * 2.131_847).abs() < 1e-4);
    }
}
