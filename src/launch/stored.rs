//! A launch model as bytes.
//!
//! Format 2 is a safetensors file: the weights of networks are its tensors (`lstm.0.lstm.weight_ih_l0`: architecture,
//! number of the network, PyTorch's name), all else is JSON in its metadata under `model`. Format 1 was that JSON alone, of models with one member.

use std::collections::{BTreeMap, HashMap};

use candle_core::{Device, Tensor};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::member::{Member, OwnSales};
use super::model::{Calibration, Weights};
use super::training::MOST_WIDER;
use super::{Architecture, Baseline, Fitted, HandOver, LaunchModel, Training};
use crate::calibration::Conformal;
use crate::model::{ModelError, Stored};
use crate::panel::{Frequency, MAX_HORIZON, format_date};

/// Key of the JSON in the metadata of the safetensors file.
const MODEL: &str = "model";

/// The JSON of format 2.
#[derive(Serialize, Deserialize)]
struct Parts {
    architecture: Architecture,
    frequency: Frequency,
    horizon: usize,
    part_periods: bool,
    seed: i64,
    members: Vec<Member>,
    weights: Weights,
    calibration: Vec<Calibration>,
    baseline: Option<Baseline>,
    training: Training,
    refusal: Option<String>,
}

/// The JSON of format 1.
#[derive(Deserialize)]
struct PartsV1 {
    architecture: Architecture,
    frequency: Frequency,
    horizon: usize,
    part_periods: bool,
    seed: i64,
    fitted: Option<Fitted>,
    conformal: Conformal,
    hand_over: HandOver,
    training: Training,
    refusal: Option<String>,
}

impl From<PartsV1> for Parts {
    fn from(old: PartsV1) -> Self {
        let member = |fitted| Member {
            fitted,
            own_sales: OwnSales::HandOver(old.hand_over),
        };
        let members: Vec<Member> = old.fitted.into_iter().map(member).collect();
        let single = vec![1.0; members.len()];
        Self {
            architecture: old.architecture,
            frequency: old.frequency,
            horizon: old.horizon,
            part_periods: old.part_periods,
            seed: old.seed,
            weights: Weights {
                cold: single.clone(),
                running: single,
            },
            calibration: vec![Calibration {
                age: 0,
                conformal: old.conformal,
                paths: None,
            }],
            members,
            baseline: None,
            training: old.training,
            refusal: old.refusal,
        }
    }
}

fn tensor(view: &TensorView<'_>) -> candle_core::Result<Tensor> {
    if view.dtype() != Dtype::F32 {
        candle_core::bail!("a weight must be F32, got {:?}", view.dtype());
    }
    let values = view
        .data()
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    Tensor::from_iter(values, &Device::Cpu)?.reshape(view.shape())
}

/// A weight as it is stored.
type ShapeAndBytes = (Vec<usize>, Vec<u8>);

fn unreadable(error: impl std::fmt::Display) -> ModelError {
    ModelError::Unreadable(error.to_string())
}

impl Stored for LaunchModel {
    const KIND: &'static str = "launch";
    const FORMAT: u32 = 2;

    fn info(&self) -> BTreeMap<String, Value> {
        let t = &self.training;
        let date = |day: Option<i32>| day.map(format_date);
        let status = if self.refusal.is_some() { "refused" } else { "ok" };
        let mut info = BTreeMap::from([
            ("architecture".to_owned(), json!(self.architecture)),
            ("frequency".to_owned(), json!(self.frequency)),
            ("horizon".to_owned(), json!(self.horizon)),
            ("seed".to_owned(), json!(self.seed)),
            ("status".to_owned(), json!(status)),
            ("reason".to_owned(), json!(self.refusal)),
            ("unused_attributes".to_owned(), json!(self.training.unused)),
            ("launches".to_owned(), json!(t.launches)),
            ("observations".to_owned(), json!(t.observations)),
            ("first_launch".to_owned(), json!(date(t.first_launch))),
            ("last_launch".to_owned(), json!(date(t.last_launch))),
            ("data_fingerprint".to_owned(), json!(t.fingerprint)),
            ("products".to_owned(), json!(t.clusters.unwrap_or(t.launches))),
            ("held_out_launches".to_owned(), json!(t.held_out)),
            ("held_out_by".to_owned(), json!(t.held_out_by)),
            ("validation".to_owned(), json!(t.validation)),
            ("naive".to_owned(), json!(t.naive)),
            ("level".to_owned(), json!(t.level)),
            ("attributes".to_owned(), json!(t.attributes)),
            ("importance".to_owned(), json!(t.importance)),
        ]);
        if let Some(network) = self.members.iter().find_map(|m| m.fitted.network()) {
            info.insert("recipe".to_owned(), json!(network.recipe()));
        }
        if !t.members.is_empty() {
            info.insert("members".to_owned(), json!(t.members));
        }
        info
    }

    fn to_payload(&self) -> Result<Vec<u8>, ModelError> {
        let parts = Parts {
            architecture: self.architecture,
            frequency: self.frequency,
            horizon: self.horizon,
            part_periods: self.part_periods,
            seed: self.seed,
            members: self.members.clone(),
            weights: self.weights.clone(),
            calibration: self.calibration.clone(),
            baseline: self.baseline.clone(),
            training: self.training.clone(),
            refusal: self.refusal.clone(),
        };
        let text = serde_json::to_string(&parts).map_err(unreadable)?;
        let bytes = self.tensors().map_err(unreadable)?;
        let views = bytes
            .iter()
            .map(|(name, (shape, bytes))| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(unreadable)?;
        let metadata = HashMap::from([(MODEL.to_owned(), text)]);
        safetensors::serialize(views, Some(metadata)).map_err(unreadable)
    }

    fn from_payload(format: u32, payload: &[u8]) -> Result<Self, ModelError> {
        let parts = if format == 1 {
            serde_json::from_slice::<PartsV1>(payload).map_err(unreadable)?.into()
        } else {
            let (_, metadata) = SafeTensors::read_metadata(payload).map_err(unreadable)?;
            let text = metadata.metadata().as_ref().and_then(|m| m.get(MODEL));
            let missing = || ModelError::Unreadable("it has no metadata".to_owned());
            serde_json::from_str::<Parts>(text.ok_or_else(missing)?).map_err(unreadable)?
        };
        let mut model = Self {
            architecture: parts.architecture,
            frequency: parts.frequency,
            horizon: parts.horizon,
            part_periods: parts.part_periods,
            seed: parts.seed,
            members: parts.members,
            weights: parts.weights,
            calibration: parts.calibration,
            baseline: parts.baseline,
            training: parts.training,
            refusal: parts.refusal,
        };
        // Before anything is made in the sizes it names.
        let mut kinds: Vec<Architecture> = model.members.iter().map(|m| m.fitted.architecture()).collect();
        kinds.sort_unstable();
        if !(1..=MAX_HORIZON).contains(&model.horizon) || kinds.windows(2).any(|w| w[0] == w[1]) {
            return Err(ModelError::Unreadable("its parts do not fit each other".to_owned()));
        }
        if format > 1 {
            model.restore(&SafeTensors::deserialize(payload).map_err(unreadable)?)?;
        }
        if model.is_valid() {
            Ok(model)
        } else {
            Err(ModelError::Unreadable("its parts do not fit each other".to_owned()))
        }
    }
}

impl LaunchModel {
    /// The weights of its networks: shape and bytes, by the name of the architecture and their own.
    fn tensors(&self) -> candle_core::Result<BTreeMap<String, ShapeAndBytes>> {
        let mut out = BTreeMap::new();
        for fitted in self.members.iter().map(|m| &m.fitted) {
            for (name, weight) in fitted.network().into_iter().flat_map(|n| n.weights()) {
                let values: Vec<f32> = weight.flatten_all()?.to_vec1()?;
                let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                let name = format!("{}.{name}", fitted.architecture().name());
                out.insert(name, (weight.dims().to_vec(), bytes));
            }
        }
        Ok(out)
    }

    /// Give its networks their weights.
    fn restore(&mut self, tensors: &SafeTensors<'_>) -> Result<(), ModelError> {
        for member in &mut self.members {
            let prefix = format!("{}.", member.fitted.architecture().name());
            let Some(network) = member.fitted.network_mut() else {
                continue;
            };
            let mut weights = BTreeMap::new();
            for (name, view) in tensors.iter() {
                let Some(name) = name.strip_prefix(&prefix) else {
                    continue;
                };
                weights.insert(name.to_owned(), tensor(&view).map_err(unreadable)?);
            }
            network.restore(self.horizon, &weights).map_err(unreadable)?;
        }
        Ok(())
    }

    /// Whether the parts fit each other; asked of models that were read from bytes.
    fn is_valid(&self) -> bool {
        if self.members.is_empty() {
            return self.refusal.is_some();
        }
        let weights = |weights: &[f64]| {
            weights.len() == self.members.len()
                && weights.iter().all(|w| (0.0..=1.0 + 1e-9).contains(w))
                && (weights.iter().sum::<f64>() - 1.0).abs() < 1e-9
        };
        self.members.iter().all(|m| m.is_valid(self.horizon))
            && weights(&self.weights.cold)
            && weights(&self.weights.running)
            && self.calibration.first().is_some_and(|c| c.age == 0)
            && self.calibration.is_sorted_by_key(|c| c.age)
            && self.calibration.iter().all(|c| {
                c.conformal.horizon() == self.horizon
                    && c.conformal.is_valid()
                    && c.paths.as_ref().is_none_or(|p| p.is_valid(self.horizon))
            })
            && self
                .training
                .new_levels
                .is_none_or(|by| (1.0..=MOST_WIDER).contains(&by))
            && self.training.errors.as_ref().is_none_or(|e| e.is_valid(self.horizon))
            && self.baseline.as_ref().is_none_or(|b| b.is_valid(self.horizon))
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::refused;
    use super::*;
    use crate::model::{decode, encode};
    use crate::neural::EpochLog;

    #[test]
    fn the_epochs_of_networks_are_kept() {
        let mut model = refused(Architecture::Auto, Frequency::Week, 8, 42, 2, "none".to_owned());
        let payload = |model: &LaunchModel| String::from_utf8_lossy(&model.to_payload().unwrap()).into_owned();
        assert!(!payload(&model).contains("log"), "models without networks have none");
        let epoch = |epoch, validation_loss| EpochLog {
            epoch,
            train_loss: 0.7 / epoch as f64,
            validation_loss,
            learning_rate: 0.001,
        };
        model.training.log = BTreeMap::from([
            ("lstm".to_owned(), vec![epoch(1, Some(0.5)), epoch(2, Some(0.25))]),
            ("cnn".to_owned(), vec![epoch(1, None)]),
        ]);
        let read: LaunchModel = decode(&encode(&model).unwrap()).unwrap();
        assert_eq!(read, model);
    }
}
