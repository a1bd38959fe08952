//! What the market is like: series that have a history, seasons, price elasticities, competitors' offers, signals, and
//! what launches take from their neighbours.

pub mod cannibalization;
pub mod cross_elasticity;
pub mod elasticity;
pub mod price_position;
pub mod seasonality;
pub mod signal;
pub mod trend;
