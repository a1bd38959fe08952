//! How good forecasts were: scores, and rolling launch origins.

mod backtest;
mod scores;

pub use backtest::{BacktestRow, backtest, default_cutoffs};
pub use scores::Scores;
