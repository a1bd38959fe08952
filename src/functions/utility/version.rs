//! `launch_version()`: which build of the extension is loaded.

use crate::functions::prelude::*;

/// See [`PerChunk::about`].
pub struct Version;

impl PerChunk for Version {
    const NAME: &'static str = "launch_version";
    type Answer = Option<String>;

    fn about() -> About {
        About {
            description: "The version of the loaded launchpad extension.",
            parameters: vec![],
            returns: Returns::Value("the version, such as 0.1.0"),
            examples: &["SELECT launch_version()"],
        }
    }

    fn answer(_: &Query, arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        Ok(vec![Some(env!("CARGO_PKG_VERSION").to_owned()); arguments.rows()])
    }
}
