//! How good predictions were, where the maths are more than one formula of SQL.

pub mod auc;
