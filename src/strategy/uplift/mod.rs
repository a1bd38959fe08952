//! What a treatment changes, from customers among whom it was dealt at random: differences of means, by segment too.

mod effect;
mod randomised;
mod segments;
mod split;

pub use effect::{Effect, Outcomes, effect};
pub use randomised::{Column, Draw, draw};
pub use segments::{Drawn, by_segment};
pub use split::{Return, split};
