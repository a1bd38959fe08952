//! What each channel's spend brings, and how a budget is best split: a marketing mix model.

mod background;
mod carry;
mod curve;
mod fit;
mod sampler;
mod saturation;
mod split;

pub use curve::Curve;
pub use fit::{Calendar, Channel, Fitted, Series, fit};
pub use split::{Bounds, Response, split};

#[cfg(test)]
mod tests;
