//! Options that the functions of the family share.

use crate::{
    functions::{arguments::required, guard::Failure},
    launch::check_scenarios,
    statistics::check_level,
};

/// Probability of an interval.
///
/// # Errors
/// None that is above 0 and below 1.
pub fn level(given: Option<f64>) -> Result<f64, Failure> {
    let level = required(given, "level")?;
    check_level(level)?;
    Ok(level)
}

/// Number of worlds.
///
/// # Errors
/// As [`check_scenarios`].
pub fn worlds(given: Option<i64>) -> Result<i64, Failure> {
    let worlds = required(given, "n")?;
    check_scenarios(worlds)?;
    Ok(worlds)
}

/// Money for all orders; `None` for as much as they take.
///
/// # Errors
/// Money that buys nothing.
pub fn budget(given: Option<f64>) -> Result<Option<f64>, Failure> {
    match given {
        Some(money) if !(money > 0.0 && money < 1e15) => Err(Failure::new(format!(
            "budget must be above 0 and below 1e15, got {money}: leave it out for none"
        ))),
        money => Ok(money),
    }
}

/// A number from 1 on.
///
/// # Errors
/// Another number.
pub fn positive(given: i64, name: &str) -> Result<usize, Failure> {
    let positive = usize::try_from(given).ok().filter(|given| *given > 0);
    positive.ok_or_else(|| Failure::new(format!("{name} must be 1 or more, got {given}")))
}
