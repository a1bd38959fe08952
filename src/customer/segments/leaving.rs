//! How users cease to be customers.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::{Chain, LEVELS, Levels};

/// Classes of users, by how soon they leave.
pub const CLASSES: usize = 11;

/// What users leave at. The data say which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// After each purchase, the first one too, with a probability that differs between users.
    AtPurchase,
    /// On any day, likewise.
    AnyDay,
}

/// Probabilities of leaving after a purchase.
const AT_PURCHASE: [f64; CLASSES] = [0.0003, 0.001, 0.003, 0.01, 0.03, 0.08, 0.16, 0.3, 0.5, 0.75, 0.95];
/// The longest stay, in the longest time that a user was watched.
const LONGEST_STAY: f64 = 4.0;
/// The largest probability to leave on a day.
const SOONEST: f64 = 0.6;

/// One class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Class {
    /// Probability of leaving after a purchase.
    pub at_purchase: f64,
    /// Probability of leaving before a day.
    pub daily: f64,
}

impl Leaving {
    /// The classes, for histories of up to `longest` days.
    pub fn classes(self, longest: u32) -> [Class; CLASSES] {
        let low = (1.0 / (LONGEST_STAY * f64::from(longest.max(2)))).ln();
        let step = (SOONEST.ln() - low) / (CLASSES - 1) as f64;
        std::array::from_fn(|place| match self {
            Self::AtPurchase => Class {
                at_purchase: AT_PURCHASE[place],
                daily: 0.0,
            },
            Self::AnyDay => Class {
                at_purchase: 0.0,
                daily: (low + step * place as f64).exp(),
            },
        })
    }
}

impl Class {
    /// The probability that is not 0.
    pub fn rate(&self) -> f64 {
        self.at_purchase.max(self.daily)
    }
}

/// For numbers of days: by level, the probability to have been silent since a purchase, gone or not. Those of each class.
pub struct Silences(BTreeMap<u32, [[f64; CLASSES]; LEVELS]>);

impl Silences {
    /// Of these numbers of days.
    pub fn new(chain: &Chain, classes: &[Class], days: impl Iterator<Item = u32>) -> Self {
        // Each number once, before there is a table for it: a map is collected through a list of all that come.
        let days: BTreeSet<u32> = days.collect();
        let empty = |days| (days, [[0.0; CLASSES]; LEVELS]);
        let mut found: BTreeMap<u32, [[f64; CLASSES]; LEVELS]> = days.into_iter().map(empty).collect();
        let last = found.keys().next_back().copied().unwrap_or(0);
        // Still silent after so many days, if not gone; and gone before, by class.
        let mut silent: Levels = [1.0; LEVELS];
        let mut gone = [[0.0; CLASSES]; LEVELS];
        let mut stays = [1.0; CLASSES];
        for day in 0..=last {
            if let Some(entry) = found.get_mut(&day) {
                for (level, values) in entry.iter_mut().enumerate() {
                    for (c, class) in classes.iter().enumerate() {
                        let there = stays[c] * silent[level] + gone[level][c];
                        values[c] = class.at_purchase + (1.0 - class.at_purchase) * there;
                    }
                }
            }
            for (c, class) in classes.iter().enumerate() {
                for (gone, silent) in gone.iter_mut().zip(&silent) {
                    gone[c] += class.daily * stays[c] * silent;
                }
                stays[c] *= 1.0 - class.daily;
            }
            let kept: Levels = std::array::from_fn(|level| (1.0 - chain.buys[level]) * silent[level]);
            silent = chain.before(&kept);
        }
        Self(found)
    }

    /// Those of a number of days that it was made for.
    pub fn of(&self, days: u32) -> Option<&[[f64; CLASSES]; LEVELS]> {
        self.0.get(&days)
    }
}

/// By class, the logarithm of the probability to stay through a history up to its last purchase.
pub fn stayed(classes: &[Class], purchases_before: usize, span: u32) -> [f64; CLASSES] {
    let mut logs = [f64::NEG_INFINITY; CLASSES];
    for (log, class) in logs.iter_mut().zip(classes) {
        *log = (-class.at_purchase).ln_1p() * purchases_before as f64 + (-class.daily).ln_1p() * f64::from(span);
    }
    logs
}
