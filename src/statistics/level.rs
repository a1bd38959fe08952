//! The probability of a central interval, and how wide it makes one.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use crate::error::{Error, Result};

/// Degrees of freedom from which Student's t is taken for the normal distribution.
const MAX_FREEDOM: usize = 100_000;

/// Check the probability of an interval, `level`.
///
/// # Errors
/// [`Error::Argument`] unless it is above 0 and below 1.
pub fn check_level(level: f64) -> Result<()> {
    if level > 0.0 && level < 1.0 {
        return Ok(());
    }
    Err(Error::argument(format!(
        "level must be above 0 and below 1, got {level}"
    )))
}

/// Half width, in standard errors, of a central interval of Student's t with some degrees of freedom (at least 1).
///
/// NaN unless the level is above 0 and below 1.
pub fn t_quantile(level: f64, freedom: usize) -> f64 {
    // Normal to four digits from here on, and slow to find.
    if freedom > MAX_FREEDOM {
        return normal_quantile(level);
    }
    t_quantile_real(level, freedom as f64)
}

/// As [`t_quantile`], of degrees of freedom that are no whole number (at least 1, at most a million).
pub fn t_quantile_real(level: f64, freedom: f64) -> f64 {
    if check_level(level).is_err() {
        return f64::NAN;
    }
    let student = StudentsT::new(0.0, 1.0, freedom.clamp(1.0, 1e6));
    student.map_or(f64::NAN, |t| t.inverse_cdf((1.0 + level) / 2.0))
}

/// Half width, in standard errors, of a central interval of the normal distribution.
///
/// NaN unless the level is above 0 and below 1.
pub fn normal_quantile(level: f64) -> f64 {
    match check_level(level) {
        Ok(()) => Normal::standard().inverse_cdf((1.0 + level) / 2.0),
        Err(_) => f64::NAN,
    }
}

/// The number that a standard normal variable does not exceed with a probability, which is cut to be above 0 and below 1.
pub fn normal_place(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability.clamp(1e-12, 1.0 - 1e-12))
}

/// As [`normal_place`], of Student's t with some degrees of freedom (at least 1).
pub fn t_place(probability: f64, freedom: f64) -> f64 {
    let probability = probability.clamp(1e-12, 1.0 - 1e-12);
    match StudentsT::new(0.0, 1.0, freedom.max(1.0)) {
        Ok(student) if freedom < 1e6 => student.inverse_cdf(probability),
        _ => normal_place(probability),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        assert!((t_quantile(0.9, 5) - 2.015_048).abs() < 1e-5);
        assert!((t_quantile(0.95, usize::MAX) - 1.959_964).abs() < 1e-5);
        assert_eq!(t_quantile(0.9, 0), t_quantile(0.9, 1));
        assert!((t_quantile_real(0.9, 4.5) - 2.083_2).abs() < 0.02);
        assert!((normal_quantile(0.9) - 1.644_853_6).abs() < 1e-6);
    }

    #[test]
    fn places_are_those_of_the_tables() {
        assert!((normal_place(0.95) - 1.644_853_6).abs() < 1e-6 && normal_place(0.5).abs() < 1e-9);
        assert!((t_place(0.95, 5.0) - 2.015_048).abs() < 1e-5 && (t_place(0.05, 5.0) + 2.015_048).abs() < 1e-5);
        assert_eq!(t_place(0.9, 1e9), normal_place(0.9));
        assert!(normal_place(0.0).is_finite() && t_place(1.0, 0.0).is_finite());
    }

    #[test]
    fn a_level_that_is_none_has_no_quantile() {
        for level in [0.0, 1.0, -0.5, 1.5, f64::NAN, f64::INFINITY] {
            assert!(t_quantile(level, 5).is_nan() && normal_quantile(level).is_nan());
            assert!(t_quantile(level, usize::MAX).is_nan());
            assert_eq!(
                check_level(level),
                Err(Error::argument(format!(
                    "level must be above 0 and below 1, got {level}"
                )))
            );
        }
        assert_eq!(check_level(0.8), Ok(()));
    }
}
