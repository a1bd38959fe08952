//! Who will do something: a classifier of rows of any table, its probabilities and what they rest on.
//!
//! [`Examples`] are rows with labels and folds; [`Classifier::train`] fits the [`Architecture`] and what is said of it out of
//! fold; [`Classifier::log_odds`] answers for new rows, [`Classifier::why`] says what an answer is made of.

mod architecture;
pub mod aspects;
mod bins;
mod classifier;
mod draw;
mod examples;
mod finish;
mod gbm;
mod importance;
mod label;
mod logistic;
mod mlp;
pub mod purchase;
mod rating;
mod scores;
pub mod segments;
pub mod sentiment;
mod stored;
mod table;
pub mod tendency;
mod why;

pub use architecture::Architecture;
pub use classifier::{Classifier, Facts, Options};
pub use draw::{Part, gather};
pub use examples::{Embargo, Examples, Given, Split};
pub use importance::Importance;
pub use rating::{Rating, Read};
pub use scores::Scores;
pub(crate) use scores::average_precision;
pub use why::Contribution;

#[cfg(test)]
mod tests;
