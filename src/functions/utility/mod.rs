//! Functions about the extension itself.

pub mod version;
