//! `launch_version()`: which build of the extension is loaded.

use crate::functions::prelude::*;

/// See [`Function::ABOUT`].
pub struct Version;

impl Function for Version {
    const NAME: &'static str = "launch_version";
    const ABOUT: &'static str = "
        The version of the loaded launchpad extension.

        @returns VARCHAR  the version, such as 0.1.0
        @example SELECT launch_version()
    ";

    type Answer = Option<String>;
}

impl PerChunk for Version {
    fn answer(_: &Query, arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        Ok(vec![Some(env!("CARGO_PKG_VERSION").to_owned()); arguments.rows()])
    }
}
