//! What to do in the weeks after a launch: a policy that is learned in a simulator of demand.
//!
//! *Model*: at the beginning of each step an action is chosen: a price, a promotion, extra spend, an order. Units wanted are those
//! at the launch price (a path of the forecast, or a Poisson number) times the responses to price, promotion, spend and the
//! competitor; units sold are at most those in stock. Money is sales, less holding, orders, promotions and spend, and what is left
//! over at the end brings its salvage. Level, elasticity and lift are drawn anew for each episode from their uncertainty and are
//! not known to the policy, which sees what a shop knows: week, stock, sales against the forecast, prices, orders on their way.
//!
//! *Learning*: an actor and a critic (see [`crate::neural::ActorCritic`]), see [`learn`](training::learn).
//!
//! *Determinism*: same products, options and seed, same bytes, for any number of threads.
//!
//! *References*: Gallego, van Ryzin 1994, Optimal dynamic pricing of inventories with stochastic demand over finite horizons; Sutton,
//! Barto 2018, Reinforcement learning: an introduction, chapter 13.

mod familiar;
mod learned;
mod problem;
mod rivals;
mod simulator;
mod state;
mod stored;
#[cfg(test)]
mod tests;
mod training;

pub use learned::{Advice, Facts, Policy};
pub use problem::{Action, Competition, Demand, Problem, Product, Promotion, Response, Setting};
pub use state::State;
pub use training::Effort;

/// Steps of a policy, at most.
pub const MAX_STEPS: usize = 520;
/// Actions that a policy chooses from, at most.
pub const MAX_ACTIONS: usize = 200;
