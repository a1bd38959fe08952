//! Launch models: demand of a product without history, from past launches.

mod analog;
mod architecture;
mod backtest;
mod bass;
mod ensemble;
mod explain;
mod gbm;
mod grouping;
mod hand_over;
mod member;
mod model;
mod naive;
mod network;
mod own_sales;
mod reason;
mod scenarios;
mod sequence;
mod stored;
mod totals;
mod training;

pub use analog::{Analog, Comparable, FittedAnalog};
pub use architecture::{Architecture, Fitted, MIN_LEARNED};
pub use backtest::{BacktestRow, backtest, default_cutoffs};
pub use bass::{Bass, FittedBass};
pub use explain::{Baseline, Contribution, Explanation, Kind};
pub use gbm::{FittedGbm, Gbm};
pub use grouping::Grouping;
pub use hand_over::HandOver;
pub use member::{Member, OwnSales};
pub use model::{Calibration, LaunchModel, MIN_LAUNCHES, MemberRecord, Training, Weights, refused};
pub use naive::{FittedNaive, Naive};
pub use network::{FittedNetwork, NetworkKind, NetworkLearner};
pub use reason::{Lacking, lacking, reason};
pub use scenarios::{MAX_SCENARIOS, ScenarioStep, Scenarios, check_scenarios};
pub use totals::{Total, Totals};

#[cfg(test)]
pub(crate) mod tests;
