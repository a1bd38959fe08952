//! After the launch: what was planned against what was sold.

pub mod review;
