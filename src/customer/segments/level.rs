//! Whether a shop sells more, or less, than what its users did lets expect: seen at earlier days, corrected for in part.

use super::{Fitted, History, MIN_REPEATERS, MIN_USERS, fit::fit_as, outlooks};

/// Days looked back at, in multiples of the days ahead; the histories before must be as long.
const ORIGINS: [u32; 2] = [1, 2];
/// A difference below this one is none, in logarithms.
const LEAST: f64 = 0.05;
/// Nor is one below so many standard errors.
const ERRORS: f64 = 2.0;
/// Nor is one that is so much larger at one origin than at the other: a trend is steadier than a season.
const STEADY: f64 = 1.5;
/// The most that is corrected.
const MOST: f64 = 0.7;
/// Users that are looked at, at most.
const MOST_USERS: usize = 20_000;

/// What was bought over what was expected, at each origin, as logarithms.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Level {
    found: Vec<f64>,
    correction: f64,
}

impl Level {
    /// What paces are multiplied with.
    pub fn factor(&self) -> f64 {
        self.correction.exp()
    }

    /// What was corrected.
    pub fn said(&self) -> Option<String> {
        let percent = |log: f64| format!("{:+.0} %", 100.0 * (log.exp() - 1.0));
        (self.correction != 0.0).then(|| {
            let found: Vec<String> = self.found.iter().map(|log| percent(*log)).collect();
            format!(
                "paces are corrected by {}, as purchases in the two spans before were {} off what was to be expected",
                percent(self.correction),
                found.join(" and ")
            )
        })
    }
}

/// Looks at the level as of [`ORIGINS`].
///
/// At each origin a model of what was known then (with the way of leaving and the wander of today's) is asked for the days
/// that followed. Only if purchases were off in the same
/// direction both times, beyond chance, are paces corrected, by the smaller one: a season mostly turns in between.
pub fn level_of(histories: &[History], fitted: &Fitted, days: u32) -> Level {
    let longest = histories.iter().map(History::tenure).max().unwrap_or(0);
    let earliest = ORIGINS.iter().max().copied().unwrap_or(0).saturating_add(1);
    if longest < days.saturating_mul(earliest) {
        return Level::default();
    }
    let every = histories.len().div_ceil(MOST_USERS).max(1);
    let mut found = Vec::new();
    for origin in ORIGINS {
        let mut known: Vec<(History, u32)> = histories
            .iter()
            .step_by(every)
            .filter_map(|history| history.as_of(origin * days, days))
            .collect();
        known.sort_unstable();
        let (then, bought): (Vec<History>, Vec<u32>) = known.into_iter().unzip();
        let repeaters = then.iter().filter(|history| !history.gaps.is_empty()).count();
        if then.len() < MIN_USERS || repeaters < MIN_REPEATERS {
            return Level::default();
        }
        let model = fit_as(&then, fitted);
        let expected = outlooks(&model, &then, days, 0.5, 1.0);
        let expected: Vec<f64> = expected.iter().map(|outlook| outlook.expected).collect();
        let sum: f64 = expected.iter().sum();
        let seen: f64 = bought.iter().map(|n| f64::from(*n)).sum();
        let squares: f64 = expected
            .iter()
            .zip(&bought)
            .map(|(e, n)| (f64::from(*n) - e).powi(2))
            .sum();
        if seen <= 0.0 || sum <= 0.0 {
            return Level::default();
        }
        let log = (seen / sum).ln();
        if log.abs() < LEAST.max(ERRORS * squares.sqrt() / sum) {
            return Level::default();
        }
        found.push(log);
    }
    let smaller = found.iter().map(|log| log.abs()).fold(MOST, f64::min);
    let larger = found.iter().map(|log| log.abs()).fold(0.0, f64::max);
    let steady = larger <= STEADY * smaller;
    let agree = found.iter().all(|log| *log > 0.0) || found.iter().all(|log| *log < 0.0);
    let sign = found.first().map_or(0.0, |log| log.signum());
    Level {
        correction: if agree && steady { sign * smaller } else { 0.0 },
        found,
    }
}

impl History {
    /// What was known `back` days earlier, and the purchase days in the `days` from then on; none if nothing was bought before.
    fn as_of(&self, back: u32, days: u32) -> Option<(Self, u32)> {
        // Days from the first purchase on to the end of what was known then.
        let known = self.tenure().checked_sub(back)?;
        let (mut at, mut last) = (0_u32, 0_u32);
        let (mut gaps, mut bought) = (Vec::new(), 0);
        for gap in &self.gaps {
            at = at.saturating_add(*gap);
            if at <= known {
                gaps.push(*gap);
                last = at;
            } else if at <= known.saturating_add(days) {
                bought += 1;
            }
        }
        let silent = known - last;
        Some((Self { gaps, silent }, bought))
    }
}
