//! Measures of how good a forecast or a probability was. Most are macros: see `sql/evaluation`.

pub mod auc;
