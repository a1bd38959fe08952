//! Who will buy a product that does not exist yet: what users did before a day, how near that is to what a product is, and
//! what came of past launches.
//!
//! [`Market`] holds products and the events of users; [`Market::features`] says what was known of users and a product before a
//! day; [`train`] learns from past launches, each seen as of the day before; [`audience`] and [`recommend`] ask for candidates.

mod audience;
mod catalog;
mod features;
mod history;
mod learning;
mod market;
mod measured;
mod moment;
mod scoring;

pub use audience::{Audience, audience};
pub use catalog::Product;
pub use features::{FEATURES, Features};
pub use learning::{Learning, Terms, train};
pub use market::{Event, Market, User};
pub use scoring::{Advice, Pair, recommend};

#[cfg(test)]
mod tests;
