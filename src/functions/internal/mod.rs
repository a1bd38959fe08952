//! Functions that only the macros call.

pub mod column;
