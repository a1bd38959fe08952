//! How good predictions were, where the maths are more than one formula of SQL.

mod auc;

pub use auc::ClassScores;
