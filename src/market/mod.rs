//! What the market is like: regressions on panels of sales, prices and competitors' offers, forecasts of series that
//! have a history.

pub mod regression;
pub mod seasonality;
