//! The one rule of what attributes become: a plan per model, stated where the model is.

use super::{EncodedColumn, Encoding, Source, frequent_levels};

/// What each kind of attribute becomes.
///
/// Every number has a column of its standardised value; the rest is to be chosen.
///
/// | Field | In [`Plan::NUMBERS`] | Purpose |
/// |---|---|---|
/// | `square` | `false` | the square of a number as well: curvature, for linear models |
/// | `missing` | `Never` | a column that says whether a number is missing |
/// | `bounded` | `false` | numbers end at the range learned from: no line goes on beyond it |
/// | `code` | `false` | the place of a category in the alphabet, for trees |
/// | `levels` | `None` | a column for each level of a category |
/// | `words` | `None` | a column for each word of a text |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Whether numbers are squared as well.
    pub square: bool,
    /// Whether it is told that a number is missing.
    pub missing: Flag,
    /// Whether numbers end at the range learned from.
    pub bounded: bool,
    /// Whether categories are numbered.
    pub code: bool,
    /// Which levels have a column.
    pub levels: Levels,
    /// Which words have a column.
    pub words: Words,
}

impl Plan {
    /// Standardised numbers and nothing else.
    pub const NUMBERS: Self = Self {
        square: false,
        missing: Flag::Never,
        bounded: false,
        code: false,
        levels: Levels::None,
        words: Words::None,
    };

    /// The columns of one attribute.
    pub(super) fn sources(self, attribute: usize, encoding: &Encoding, column: &EncodedColumn) -> Vec<Source> {
        let mut out = Vec::new();
        match (encoding, column) {
            (Encoding::Number { .. }, _) => {
                out.push(Source::Number(attribute));
                if self.square {
                    out.push(Source::Square(attribute));
                }
                let seen = || (0..column.len()).any(|row| column.is_missing(row));
                if self.missing == Flag::Always || self.missing == Flag::WhereSeen && seen() {
                    out.push(Source::Missing(attribute));
                }
            }
            (Encoding::Category { levels }, EncodedColumn::Category(codes)) => {
                if self.code {
                    out.push(Source::Code(attribute));
                }
                let level = |code: i32| Source::Level(attribute, code);
                match self.levels {
                    Levels::None => {}
                    Levels::All => out.extend((0..levels.len() as i32).map(level)),
                    Levels::Frequent { most, at_least } => {
                        let frequent = frequent_levels(codes, most, at_least);
                        out.extend(frequent.into_iter().map(|(code, _)| level(code)));
                    }
                }
            }
            (Encoding::Text { vocabulary }, _) => {
                // Words are numbered from the most frequent one on.
                let first = |most: usize| 0..vocabulary.len().min(most) as u32;
                match self.words {
                    Words::None => {}
                    Words::Present(most) => out.extend(first(most).map(|word| Source::Word(attribute, word))),
                    Words::Weight(most) => out.extend(first(most).map(|word| Source::Weight(attribute, word))),
                }
            }
            (Encoding::Embedding { direction }, _) => {
                out.extend(direction.is_found().then_some(Source::Number(attribute)));
            }
            (Encoding::Category { .. }, _) => {}
        }
        out
    }
}

/// When there is a column that says whether a number is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// Never.
    Never,
    /// Where one was missing in the rows learned from.
    WhereSeen,
    /// Always.
    Always,
}

/// The levels of a category that have a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Levels {
    /// None.
    None,
    /// All, in the order of the alphabet.
    All,
    /// The [`frequent_levels`], the largest first.
    Frequent {
        /// At most so many.
        most: usize,
        /// Rows that a level has at least.
        at_least: usize,
    },
}

/// The words of a text that have a column: the most frequent ones, up to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// None.
    None,
    /// Whether the word is in the text.
    Present(usize),
    /// Its TF-IDF weight.
    Weight(usize),
}
