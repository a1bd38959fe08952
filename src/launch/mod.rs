//! Launch models: demand of a product without history, from past launches.

mod analog;
mod bass;
mod grouping;
mod hand_over;
mod model;
mod naive;

pub use analog::{Analog, Comparable, FittedAnalog};
pub use bass::{Bass, FittedBass};
pub use grouping::Grouping;
pub use hand_over::HandOver;
pub(crate) use model::check_level;
pub use model::{Architecture, Fitted, LaunchModel, MIN_LAUNCHES, Training, refused};
pub use naive::{FittedNaive, Naive};

#[cfg(test)]
pub(crate) mod tests;
