//! A sentiment model as bytes: a safetensors file with words and slopes, and the rest as JSON in its metadata.

use std::collections::{BTreeMap, HashMap};

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Facts, Sentiment, Term, Weights};
use crate::customer::finish::Finish;
use crate::features::ngrams::Ngrams;
use crate::model::{ModelError, Stored};

/// Key of the JSON in the metadata.
const MODEL: &str = "model";

#[derive(Serialize, Deserialize)]
struct Parts {
    finish: Option<Finish>,
    facts: Option<Facts>,
    refusal: Option<String>,
}

fn unreadable(error: impl std::fmt::Display) -> ModelError {
    ModelError::Unreadable(error.to_string())
}

/// Four little-endian bytes.
fn whole_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

impl Stored for Sentiment {
    const KIND: &'static str = "sentiment";
    const FORMAT: u32 = 1;

    fn info(&self) -> BTreeMap<String, Value> {
        let status = if self.refusal.is_some() { "refused" } else { "ok" };
        let mut info = BTreeMap::from([
            ("status".to_owned(), json!(status)),
            ("reason".to_owned(), json!(self.refusal)),
            (
                "terms".to_owned(),
                json!(self.terms.iter().filter(|term| term.frequency > 1).count()),
            ),
        ]);
        if let Some(facts) = &self.facts {
            let notes = (!facts.notes.is_empty()).then(|| facts.notes.join("; "));
            info.extend([
                ("reason".to_owned(), json!(notes)),
                ("rows".to_owned(), json!(facts.rows)),
                ("positives".to_owned(), json!(facts.positives)),
                ("base_rate".to_owned(), json!(facts.base_rate())),
                ("validation".to_owned(), json!(facts.scores)),
                ("accuracy".to_owned(), json!(facts.accuracy)),
                ("penalty".to_owned(), json!(facts.penalty)),
                ("positive_terms".to_owned(), json!(facts.positive_terms)),
                ("negative_terms".to_owned(), json!(facts.negative_terms)),
                ("seed".to_owned(), json!(facts.seed)),
            ]);
            info.extend(
                self.finish
                    .as_ref()
                    .map(|f| ("calibration".to_owned(), json!(f.calibrator()))),
            );
        }
        info
    }

    fn to_payload(&self) -> Result<Vec<u8>, ModelError> {
        let parts = Parts {
            finish: self.finish.clone(),
            facts: self.facts.clone(),
            refusal: self.refusal.clone(),
        };
        let (words, pairs, triples) = self.ngrams.parts();
        // A refused model has none, not even a constant.
        let constant = self.facts.is_some().then_some(self.constant);
        let slopes = self.terms.iter().map(|term| term.slope).chain(constant);
        let whole = |numbers: &mut dyn Iterator<Item = u32>| numbers.flat_map(u32::to_le_bytes).collect::<Vec<u8>>();
        let tensors = [
            (
                "frequency",
                Dtype::U32,
                whole(&mut self.terms.iter().map(|term| term.frequency)),
            ),
            ("pairs", Dtype::U32, whole(&mut pairs.iter().flatten().copied())),
            ("slopes", Dtype::F32, slopes.flat_map(f32::to_le_bytes).collect()),
            ("triples", Dtype::U32, whole(&mut triples.iter().flatten().copied())),
            ("words", Dtype::U8, words.as_bytes().to_vec()),
        ];
        let view = |(name, kind, bytes): &'_ (&'static str, Dtype, Vec<u8>)| {
            let width = if *kind == Dtype::U8 { 1 } else { 4 };
            (*name, *kind, vec![bytes.len() / width])
        };
        let views = tensors
            .iter()
            .map(|tensor| {
                let (name, kind, shape) = view(tensor);
                Ok((name, TensorView::new(kind, shape, &tensor.2)?))
            })
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(unreadable)?;
        let text = serde_json::to_string(&parts).map_err(unreadable)?;
        safetensors::serialize(views, Some(HashMap::from([(MODEL.to_owned(), text)]))).map_err(unreadable)
    }

    fn from_payload(_: u32, payload: &[u8]) -> Result<Self, ModelError> {
        let (_, metadata) = SafeTensors::read_metadata(payload).map_err(unreadable)?;
        let text = metadata.metadata().as_ref().and_then(|m| m.get(MODEL));
        let parts: Parts =
            serde_json::from_str(text.ok_or_else(|| unreadable("it has no metadata"))?).map_err(unreadable)?;
        let tensors = SafeTensors::deserialize(payload).map_err(unreadable)?;
        let bytes = |name: &str, kind: Dtype| {
            let tensor = tensors.tensor(name).map_err(unreadable)?;
            match tensor.dtype() == kind {
                true => Ok(tensor.data()),
                false => Err(unreadable(format!("{name} is of type {:?}", tensor.dtype()))),
            }
        };
        let two = |name: &str| -> Result<Vec<[u32; 2]>, ModelError> {
            let pairs = bytes(name, Dtype::U32)?.chunks_exact(8);
            Ok(pairs.map(|b| [whole_at(b, 0), whole_at(b, 4)]).collect())
        };
        let words = tensors.tensor("words").map_err(unreadable)?;
        let words = std::str::from_utf8(words.data()).map_err(unreadable)?;
        let unfit = || unreadable("its parts do not fit each other");
        let frequency = bytes("frequency", Dtype::U32)?.chunks_exact(4).map(|b| whole_at(b, 0));
        let slopes = bytes("slopes", Dtype::F32)?.chunks_exact(4);
        let slopes: Vec<f32> = slopes.map(|b| f32::from_bits(whole_at(b, 0))).collect();
        // By column, and the constant at last.
        if slopes.len() != frequency.len() + usize::from(parts.facts.is_some()) {
            return Err(unfit());
        }
        let term = |(frequency, &slope): (u32, &f32)| Term { frequency, slope };
        let model = Self {
            ngrams: Ngrams::of_parts(words.to_owned(), two("pairs")?, two("triples")?).ok_or_else(unfit)?,
            weights: Weights::new(parts.facts.as_ref().map_or(0, |facts| facts.rows)),
            constant: slopes.get(frequency.len()).copied().unwrap_or(0.0),
            terms: frequency.zip(&slopes).map(term).collect(),
            finish: parts.finish,
            facts: parts.facts,
            refusal: parts.refusal,
        };
        if model.is_valid() { Ok(model) } else { Err(unfit()) }
    }
}

impl Sentiment {
    /// Whether the parts fit each other; asked of models that were read from bytes.
    fn is_valid(&self) -> bool {
        let columns = self.ngrams.len();
        match (&self.finish, &self.facts) {
            (Some(finish), Some(facts)) => {
                self.refusal.is_none()
                    && finish.is_valid(1)
                    && facts.positives <= facts.rows
                    && self.terms.len() == columns
                    && self
                        .terms
                        .iter()
                        .all(|term| term.frequency as usize <= facts.rows && term.slope.is_finite())
                    && self.constant.is_finite()
            }
            (None, None) => self.refusal.is_some() && columns == 0 && self.terms.is_empty(),
            _ => false,
        }
    }
}
