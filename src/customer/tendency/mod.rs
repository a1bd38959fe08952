//! How reviews of products that do not exist yet will turn out, from the reviews of others.
//!
//! [`tendencies`] answers for candidates, and for users where these are given. `crossed.rs` estimates effects of users,
//! products, attributes and time together, `effect.rs` the effect of one group, `calibrated.rs` what they are worth for
//! products held out; `history.rs` says which reviews are known at which day.

mod answer;
mod calibrated;
mod crossed;
mod effect;
mod history;
mod rows;

pub use answer::{Tendency, tendencies};
pub use history::{Candidate, Review, Reviewed};

#[cfg(test)]
mod tests;
