//! Tables as numbers that models learn from: attributes and texts encoded, one design of columns, distances, screening.
//!
//! Arrow arrays come in, plain Rust goes out; nothing here knows what the rows stand for. The way of a table:
//! [`AttributeEncoder::fit`] learns from the rows at hand how each of their columns is read,
//! [`AttributeEncoder::encode`] makes [`EncodedColumn`]s of these and of any later rows, [`Design::fit`] chooses the
//! columns of numbers that a model sees by its [`Plan`], and [`Design::dense`] or [`Design::sparse`] gives the rows.
//! Models that compare rows take [`distance`]; where columns are too many, [`screening`] leaves out those that tell
//! nothing.

mod attributes;
mod columns;
mod design;
pub mod distance;
pub mod embedding;
mod levels;
pub mod ngrams;
mod numeric_text;
mod plan;
pub mod screening;
pub mod text;
pub mod tokens;

pub use attributes::{AttributeEncoder, Encoding, Unknown};
pub(crate) use attributes::{CLIP, find_column, is_infinite, numbers};
pub use columns::{EncodedColumn, MISSING, UNSEEN, frequent_levels};
pub use design::{Design, Source};
pub(crate) use numeric_text::numeric;
pub use plan::{Flag, Levels, Plan, Words};

#[cfg(test)]
mod tests;
