//! After the launch: what was planned against what was sold, and what becomes of a model once launches have happened that it did not know.

mod drift;
mod refit;
pub mod review;
mod since;

pub use drift::{Batches, Drift, Of, Options, drift};
pub use refit::{Decision, Judged, MIN_JUDGED, Refitted, refit};
pub use since::Since;
