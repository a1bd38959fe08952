//! What to do about a launch: how many to order, when and at what price. It uses the forecasts of `launch`; nothing uses it.

pub mod allocate;
pub mod channels;
mod demand;
pub mod plan;
pub mod policy;
pub mod portfolio;
pub mod rates;
pub mod stock;
pub mod uplift;

pub use demand::Paths;

/// The number that a share of sorted numbers does not exceed: those are the worlds of a distribution, at equal shares of it.
fn quantile(sorted: &[f64], probability: f64) -> f64 {
    // What is to be a whole rank may be one by rounding only.
    let rank = (probability * sorted.len() as f64 * (1.0 - 1e-12)).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied().unwrap_or(0.0)
}
