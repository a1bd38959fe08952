//! Gradient boosting over rows of numbers: fit with a loss, predict, and models that leave out groups in turn.
//!
//! [`Boosting::fit`] gives [`Trees`], [`Trees::predict`] their sum for a row, and [`Loss::predicted`] says what that is
//! on the scale of the target. [`Bags`] fits several models, each without some groups of rows, so that every group has
//! a prediction by models that had not seen it; [`Blend`] weighs several kinds of them by these predictions.

mod bags;
mod bins;
mod blend;
mod deal;
mod fit;
mod grow;
mod lines;
mod loss;
mod rows;
mod trees;

pub use self::bags::{Bags, Ensemble, Start};
pub use self::blend::Blend;
pub use self::deal::Deal;
pub use self::fit::{Boosted, Boosting, Growth, Prepared};
pub use self::lines::{Lines, Scaling};
pub use self::loss::Loss;
pub use self::rows::Rows;
pub use self::trees::{Branch, Trees};

#[cfg(test)]
mod tests;
