//! How good forecasts were: scores, and rolling launch origins.

mod auc;
mod backtest;
mod scores;

pub use auc::ClassScores;
pub use backtest::{BacktestRow, backtest, default_cutoffs};
pub use scores::Scores;
