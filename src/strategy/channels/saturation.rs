//! Saturation: what more of a channel's spend still brings.

/// A family of curves from spend to outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// u / (u + k), of Michaelis and Menten: Hill's curve of slope 1.
    Hyperbolic,
    /// 1 - exp(-u ln 2 / k).
    Exponential,
    /// u^s / (u^s + k^s), of Hill: with s above 1 shaped like an S.
    Hill,
}

impl Family {
    /// All families.
    pub const ALL: [Self; 3] = [Self::Hyperbolic, Self::Exponential, Self::Hill];

    /// As messages name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hyperbolic => "hyperbolic",
            Self::Exponential => "exponential",
            Self::Hill => "Hill",
        }
    }
}

/// A curve with the value 1 at a spend of 1 (the reference), 0 at 0, that never falls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Saturation {
    /// Its family.
    pub family: Family,
    /// Spend at which half of the most is reached, in units of the reference.
    pub half: f64,
    /// Slope of Hill's curve.
    pub slope: f64,
}

impl Saturation {
    /// Outcome at a spend of `u` references, where that of the reference is 1.
    pub fn at(self, u: f64) -> f64 {
        self.prepared().at(u)
    }

    /// With what does not depend on the spend worked out.
    pub fn prepared(self) -> Prepared {
        let rate = std::f64::consts::LN_2 / self.half;
        match self.family {
            Family::Hyperbolic => Prepared::Ratio {
                most: 1.0 + self.half,
                half: self.half,
            },
            Family::Exponential => Prepared::Exponential {
                most: 1.0 / -(-rate).exp_m1(),
                rate,
            },
            Family::Hill => {
                let half = self.half.powf(self.slope);
                Prepared::Power {
                    most: 1.0 + half,
                    half,
                    slope: self.slope,
                }
            }
        }
    }
}

/// See [`Saturation::prepared`].
#[derive(Debug, Clone, Copy)]
pub enum Prepared {
    /// most u / (u + half)
    Ratio {
        /// The most that is reached.
        most: f64,
        /// Spend at half of it.
        half: f64,
    },
    /// most (1 - exp(-rate u))
    Exponential {
        /// The most that is reached.
        most: f64,
        /// How fast.
        rate: f64,
    },
    /// most u^slope / (u^slope + half)
    Power {
        /// The most that is reached.
        most: f64,
        /// Spend at half of it, to the power of the slope.
        half: f64,
        /// The power.
        slope: f64,
    },
}

impl Prepared {
    /// As [`Saturation::at`].
    #[inline]
    pub fn at(self, u: f64) -> f64 {
        if u <= 0.0 {
            return 0.0;
        }
        match self {
            Self::Ratio { most, half } => most * u / (u + half),
            Self::Exponential { most, rate } => most * -(-rate * u).exp_m1(),
            Self::Power { most, half, slope } => {
                let power = u.powf(slope);
                most * power / (power + half)
            }
        }
    }

    /// The derivative by u.
    pub fn marginal(self, u: f64) -> f64 {
        let u = u.max(1e-9);
        match self {
            Self::Ratio { most, half } => most * half / (u + half).powi(2),
            Self::Exponential { most, rate } => most * rate * (-rate * u).exp(),
            Self::Power { most, half, slope } => {
                let power = u.powf(slope);
                most * slope * half * power / (u * (power + half).powi(2))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_one_at_the_reference_and_reach_half_where_they_say() {
        for family in Family::ALL {
            let curve = Saturation {
                family,
                half: 0.7,
                slope: 1.8,
            };
            assert!((curve.at(1.0) - 1.0).abs() < 1e-12, "{family:?}");
            assert_eq!(curve.at(0.0), 0.0);
            assert!((curve.at(0.7) / curve.at(1e9) - 0.5).abs() < 1e-6, "{family:?}");
            for u in [0.2, 1.0, 3.0] {
                let slope = (curve.at(u + 1e-6) - curve.at(u - 1e-6)) / 2e-6;
                assert!((curve.prepared().marginal(u) - slope).abs() < 1e-5, "{family:?} at {u}");
            }
        }
    }

    #[test]
    fn hill_of_slope_one_is_hyperbolic() {
        let hill = Saturation {
            family: Family::Hill,
            half: 2.0,
            slope: 1.0,
        };
        let hyperbolic = Saturation {
            family: Family::Hyperbolic,
            ..hill
        };
        for u in [0.1, 0.5, 4.0] {
            assert!((hill.at(u) - hyperbolic.at(u)).abs() < 1e-12);
        }
    }
}
