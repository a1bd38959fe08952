//! What every function in Rust says of itself.

use super::answer::Answer;

/// What the names of functions begin with that only macros call.
const INTERNAL: &str = "__";

/// The name, the header and the result of a function; [`super::scalar::PerChunk`], [`super::aggregate::Gather`] or
/// [`super::aggregate::Fold`] is what it does.
pub trait Function: Send + Sync + 'static {
    /// Its name in SQL.
    const NAME: &'static str;
    /// The function that users call, which its errors begin with: that of the same name without the underscores. Empty for
    /// errors of its own wording.
    const ASKED: &'static str = asked(Self::NAME);
    /// Its header, as [`crate::header`] has it.
    const ABOUT: &'static str;
    /// Lines that its header shares with others, under the tag that stands for them.
    const SHARED: &'static [Shared] = &[];
    /// What it returns for a row or a group.
    type Answer: Answer;
}

/// A tag and its lines.
pub type Shared = (&'static str, &'static str);

const fn asked(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'_', b'_', ..] => name.split_at(INTERNAL.len()).1,
        _ => name,
    }
}

/// The category in the catalog.
pub fn category<'a>(name: &str, family: &'a str) -> &'a str {
    if name.starts_with(INTERNAL) { "internal" } else { family }
}
