//! The design of a sequence encoder as stored models have it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};

use crate::features::{AttributeEncoder, Design, Source};

#[derive(Serialize, Deserialize)]
struct Stored {
    attributes: AttributeEncoder,
    statics: Vec<Static>,
}

/// An input made of an attribute.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Static {
    Number {
        attribute: usize,
    },
    Missing {
        attribute: usize,
    },
    Level {
        attribute: usize,
        code: i32,
    },
    /// The weight of a word.
    Word {
        attribute: usize,
        column: u32,
    },
}

impl From<Static> for Source {
    fn from(input: Static) -> Self {
        match input {
            Static::Number { attribute } => Self::Number(attribute),
            Static::Missing { attribute } => Self::Missing(attribute),
            Static::Level { attribute, code } => Self::Level(attribute, code),
            Static::Word { attribute, column } => Self::Weight(attribute, column),
        }
    }
}

/// The input of a column, unless networks have no such column.
fn input(source: Source) -> Option<Static> {
    match source {
        Source::Number(attribute) => Some(Static::Number { attribute }),
        Source::Missing(attribute) => Some(Static::Missing { attribute }),
        Source::Level(attribute, code) => Some(Static::Level { attribute, code }),
        Source::Weight(attribute, column) => Some(Static::Word { attribute, column }),
        Source::Square(_) | Source::Code(_) | Source::Word(..) => None,
    }
}

pub fn serialize<S: Serializer>(design: &Design, serializer: S) -> Result<S::Ok, S::Error> {
    let statics: Option<Vec<Static>> = design.sources().iter().map(|source| input(*source)).collect();
    let stored = Stored {
        attributes: design.encoder().clone(),
        statics: statics.ok_or_else(|| ser::Error::custom("a column that is not stored"))?,
    };
    stored.serialize(serializer)
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Design, D::Error> {
    let stored = Stored::deserialize(deserializer)?;
    let sources = stored.statics.into_iter().map(Source::from).collect();
    Ok(Design::from_sources(stored.attributes, sources))
}
