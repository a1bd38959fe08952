//! Who still is a customer, and how often each will buy: the days of purchases of a shop's users to what is to be expected.
//!
//! [`chain`] is the pace of a user, which wanders from day to day; [`leaving`] how users cease to be customers; [`fit`]
//! learns both from all users, [`ahead`] says what follows for each; [`rules`] puts them into segments.

mod ahead;
mod chain;
mod fit;
mod leaving;
mod level;
mod rules;
mod verdict;

pub use ahead::{Outlook, outlooks};
pub use fit::{Fitted, fit};
pub use rules::{Segment, Standing, segments};
pub use verdict::{Verdict, verdicts};

#[cfg(test)]
mod tests;

/// Users that a model is fitted to at least.
pub const MIN_USERS: usize = 30;
/// Those of them at least who came back.
pub const MIN_REPEATERS: usize = 10;
/// The most days that can be looked ahead.
pub const MAX_DAYS: i64 = 1095;

/// The purchase days of one user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct History {
    /// Days from each purchase to the next one, 1 at least.
    pub gaps: Vec<u32>,
    /// Whole days without a purchase since the last one.
    pub silent: u32,
}

impl History {
    /// Of the days of purchases, in any order, as of a day after them; none of a user without purchases, or with one on
    /// that day or later.
    pub fn of(purchases: &[i32], as_of: i32) -> Option<Self> {
        let mut days = purchases.to_vec();
        days.sort_unstable();
        days.dedup();
        let last = days.last()?;
        let silent = as_of.checked_sub(*last)?.checked_sub(1)?;
        let gap = |pair: (&i32, &i32)| pair.1.abs_diff(*pair.0);
        Some(Self {
            gaps: days.iter().zip(days.iter().skip(1)).map(gap).collect(),
            silent: u32::try_from(silent).ok()?,
        })
    }

    /// Days from the first purchase to the last.
    fn span(&self) -> u32 {
        self.gaps.iter().fold(0, |sum, gap| sum.saturating_add(*gap))
    }

    /// Days since the first purchase.
    fn tenure(&self) -> u32 {
        self.span().saturating_add(self.silent)
    }
}
