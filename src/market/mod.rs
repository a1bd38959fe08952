//! What the market is like: series that have a history, seasons, price elasticities, competitors' offers, signals, and
//! what launches take from their neighbours.

pub mod cannibalization;
pub mod cross_elasticity;
pub mod elasticity;
pub mod hedonic;
pub(crate) mod jackknife;
pub mod likeness;
pub mod position;
pub mod regression;
pub mod ridge;
pub mod seasonality;
pub mod shrinkage;
pub mod signal;
pub mod trend;
