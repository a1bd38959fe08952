//! What to do about a launch: how many to order, when and at what price. It uses the forecasts of `launch`; nothing uses it.

mod demand;
pub mod plan;
pub mod portfolio;
pub mod stock;

pub use demand::Paths;
