//! The model BLOB: a versioned envelope around a fitted model.
//!
//! Layout, little-endian: 8 bytes magic, 2 bytes envelope version, 4 bytes header length, the header (JSON with sorted
//! keys), the payload, and the CRC32 of all before it. The header names the kind and the format of the payload; no
//! clock time and no host data go in, so the same training gives the same bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const MAGIC: [u8; 8] = *b"LNCHPAD\x01";
const ENVELOPE_VERSION: u16 = 1;
const HEAD: usize = 14;
const TAIL: usize = 4;

/// Why bytes are not a model that can be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// Too short for an envelope, or not begun by the magic.
    #[error(
        "the {0} bytes given are not a launchpad model: pass the model column of launch_train or the result of launch_fit"
    )]
    NotAModel(usize),
    /// The checksum differs.
    #[error("the model is damaged (its checksum differs): read it again from where it was stored, or train it again")]
    Damaged,
    /// Written by a newer version.
    #[error(
        "the model has {what} {found}, this launchpad reads up to {known}: update launchpad or train the model again"
    )]
    Newer {
        /// Which version number.
        what: &'static str,
        /// The one found.
        found: u32,
        /// The newest one known.
        known: u32,
    },
    /// A model of another kind.
    #[error("this is a model of kind '{found}', where one of kind '{wanted}' is needed")]
    OtherKind {
        /// Kind found.
        found: String,
        /// Kind needed.
        wanted: &'static str,
    },
    /// The checksum holds, the content does not.
    #[error("the model cannot be read: {0}")]
    Unreadable(String),
}

/// What is said of a payload before it is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// What the payload is, `launch` for launch models.
    pub kind: String,
    /// Version of the payload's format.
    pub format: u32,
    /// Facts for `launch_model_info`: options, attributes, data, accuracy.
    pub info: BTreeMap<String, serde_json::Value>,
}

/// A payload that can be put into an envelope.
pub trait Stored: Sized {
    /// Name of the kind.
    const KIND: &'static str;
    /// Newest format written and read.
    const FORMAT: u32;

    /// Facts for the header.
    fn info(&self) -> BTreeMap<String, serde_json::Value>;
    /// The payload.
    ///
    /// # Errors
    /// [`ModelError::Unreadable`] if it cannot be written.
    fn to_payload(&self) -> Result<Vec<u8>, ModelError>;
    /// Read a payload of the given format and check that its parts fit each other.
    ///
    /// # Errors
    /// [`ModelError::Unreadable`] naming what does not fit.
    fn from_payload(format: u32, payload: &[u8]) -> Result<Self, ModelError>;
}

/// Put a model into its envelope.
///
/// # Errors
/// [`ModelError::Unreadable`] if it cannot be written, or is larger than a BLOB may be (4 GiB).
pub fn encode<M: Stored>(model: &M) -> Result<Vec<u8>, ModelError> {
    let header = Header {
        kind: M::KIND.to_owned(),
        format: M::FORMAT,
        info: model.info(),
    };
    let header = serde_json::to_vec(&header).map_err(unreadable)?;
    let payload = model.to_payload()?;
    let length = u32::try_from(header.len()).map_err(unreadable)?;
    let mut bytes = Vec::with_capacity(HEAD + header.len() + payload.len() + TAIL);
    bytes.extend(MAGIC);
    bytes.extend(ENVELOPE_VERSION.to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(header);
    bytes.extend(payload);
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    u32::try_from(bytes.len()).map_err(|_| ModelError::Unreadable("it is larger than 4 GiB".to_owned()))?;
    Ok(bytes)
}

/// Check an envelope and split it into header and payload.
///
/// # Errors
/// Each [`ModelError`] but [`ModelError::OtherKind`].
pub fn open(bytes: &[u8]) -> Result<(Header, &[u8]), ModelError> {
    if bytes.len() < HEAD + TAIL || bytes[..8] != MAGIC {
        return Err(ModelError::NotAModel(bytes.len()));
    }
    let (body, tail) = bytes.split_at(bytes.len() - TAIL);
    let version = u16::from_le_bytes([body[8], body[9]]);
    if version > ENVELOPE_VERSION {
        return Err(ModelError::Newer {
            what: "envelope version",
            found: version.into(),
            known: ENVELOPE_VERSION.into(),
        });
    }
    if tail != crc32fast::hash(body).to_le_bytes() {
        return Err(ModelError::Damaged);
    }
    let length = u32::from_le_bytes([body[10], body[11], body[12], body[13]]) as usize;
    let end = HEAD
        .checked_add(length)
        .filter(|&end| end <= body.len())
        .ok_or(ModelError::Damaged)?;
    let header = serde_json::from_slice(&body[HEAD..end]).map_err(unreadable)?;
    Ok((header, &body[end..]))
}

/// Read a model of one kind.
///
/// # Errors
/// Each [`ModelError`].
pub fn decode<M: Stored>(bytes: &[u8]) -> Result<M, ModelError> {
    let (header, payload) = open(bytes)?;
    if header.kind != M::KIND {
        return Err(ModelError::OtherKind {
            found: header.kind,
            wanted: M::KIND,
        });
    }
    if header.format > M::FORMAT {
        return Err(ModelError::Newer {
            what: "format",
            found: header.format,
            known: M::FORMAT,
        });
    }
    M::from_payload(header.format, payload)
}

/// Identity of a model: the first 16 hexadecimal digits of the SHA-256 of its bytes.
///
/// The same as SQL's `left(sha256(model), 16)`.
pub fn model_id(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .take(8)
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// What is in a model, read from its header alone: a JSON object with sorted keys, with kind, format, identity and size.
///
/// # Errors
/// As [`open`].
pub fn describe(bytes: &[u8]) -> Result<String, ModelError> {
    let (header, _) = open(bytes)?;
    let mut info = header.info;
    info.insert("kind".to_owned(), header.kind.into());
    info.insert("format".to_owned(), header.format.into());
    info.insert("model_id".to_owned(), model_id(bytes).into());
    info.insert("bytes".to_owned(), bytes.len().into());
    serde_json::to_string(&info).map_err(unreadable)
}

fn unreadable(error: impl std::fmt::Display) -> ModelError {
    ModelError::Unreadable(error.to_string())
}

/// A payload as JSON.
///
/// # Errors
/// [`ModelError::Unreadable`].
pub fn to_json<T: Serialize>(value: &T) -> Result<Vec<u8>, ModelError> {
    serde_json::to_vec(value).map_err(unreadable)
}

/// A payload from JSON.
///
/// # Errors
/// [`ModelError::Unreadable`].
pub fn from_json<T: serde::de::DeserializeOwned>(payload: &[u8]) -> Result<T, ModelError> {
    serde_json::from_slice(payload).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Toy(Vec<f64>);

    impl Stored for Toy {
        const KIND: &'static str = "toy";
        const FORMAT: u32 = 2;
        fn info(&self) -> BTreeMap<String, serde_json::Value> {
            BTreeMap::from([("n".to_owned(), self.0.len().into())])
        }
        fn to_payload(&self) -> Result<Vec<u8>, ModelError> {
            to_json(self)
        }
        fn from_payload(_: u32, payload: &[u8]) -> Result<Self, ModelError> {
            from_json(payload)
        }
    }

    fn reseal(mut bytes: Vec<u8>) -> Vec<u8> {
        let end = bytes.len() - TAIL;
        let crc = crc32fast::hash(&bytes[..end]).to_le_bytes();
        bytes[end..].copy_from_slice(&crc);
        bytes
    }

    #[test]
    fn what_goes_in_comes_out() {
        let toy = Toy(vec![0.1, 1.0 / 3.0, 1e300]);
        let bytes = encode(&toy).unwrap();
        assert_eq!(decode::<Toy>(&bytes).unwrap(), toy);
        assert_eq!(bytes, encode(&toy).unwrap());
        assert_eq!(model_id(&bytes).len(), 16);
    }

    #[test]
    fn newer_versions_are_named() {
        let mut bytes = encode(&Toy(vec![])).unwrap();
        bytes[8] = 9;
        assert_eq!(
            decode::<Toy>(&bytes).unwrap_err().to_string(),
            "the model has envelope version 9, this launchpad reads up to 1: update launchpad or train the model again"
        );
        let text = String::from_utf8_lossy(&encode(&Toy(vec![])).unwrap())
            .find("\"format\":2")
            .unwrap();
        let mut bytes = encode(&Toy(vec![])).unwrap();
        bytes[text + 9] = b'7';
        assert_eq!(
            decode::<Toy>(&reseal(bytes)).unwrap_err(),
            ModelError::Newer {
                what: "format",
                found: 7,
                known: 2
            }
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(open(&bytes).is_err());
        }

        #[test]
        fn a_flipped_bit_is_found(position in any::<prop::sample::Index>(), bit in 0u8..8) {
            let mut bytes = encode(&Toy(vec![1.0, 2.0])).unwrap();
            let index = position.index(bytes.len());
            bytes[index] ^= 1 << bit;
            prop_assert!(decode::<Toy>(&bytes).is_err());
        }

        #[test]
        fn a_truncated_model_is_refused(length in any::<prop::sample::Index>()) {
            let bytes = encode(&Toy(vec![1.0, 2.0])).unwrap();
            prop_assert!(decode::<Toy>(&bytes[..length.index(bytes.len())]).is_err());
        }
    }
}
