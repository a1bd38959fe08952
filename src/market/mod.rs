//! What the market is like: regressions on panels of sales, prices and competitors' offers, forecasts of series that
//! have a history.

pub mod cross_elasticity;
pub mod hedonic;
pub mod likeness;
pub mod position;
pub mod regression;
pub mod ridge;
