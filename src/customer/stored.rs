//! A classifier as bytes: its parts as JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::architecture::Fitted;
use super::classifier::Classifier;
use crate::model::{ModelError, Stored, from_json, to_json};

impl Stored for Classifier {
    const KIND: &'static str = "classifier";
    const FORMAT: u32 = 1;

    fn info(&self) -> BTreeMap<String, Value> {
        let status = if self.refusal.is_some() { "refused" } else { "ok" };
        let mut info = BTreeMap::from([
            ("architecture".to_owned(), json!(self.architecture)),
            ("status".to_owned(), json!(status)),
            ("reason".to_owned(), json!(self.refusal)),
            ("features".to_owned(), json!(self.features())),
        ]);
        if let (Some(facts), Some(finish)) = (&self.facts, &self.finish) {
            let notes = (!facts.notes.is_empty()).then(|| facts.notes.join("; "));
            info.extend([
                ("reason".to_owned(), json!(notes)),
                ("rows".to_owned(), json!(facts.rows)),
                ("positives".to_owned(), json!(facts.positives)),
                ("base_rate".to_owned(), json!(facts.base_rate)),
                ("held_out_rows".to_owned(), json!(facts.held_out)),
                ("validation".to_owned(), json!(facts.scores)),
                ("members".to_owned(), json!(facts.members)),
                ("weights".to_owned(), json!(finish.weights())),
                ("calibration".to_owned(), json!(finish.calibrator())),
                ("importance".to_owned(), json!(facts.importance)),
                ("seed".to_owned(), json!(facts.seed)),
            ]);
            info.extend(self.terms.as_ref().map(|terms| ("purchase".to_owned(), json!(terms))));
        }
        info
    }

    fn to_payload(&self) -> Result<Vec<u8>, ModelError> {
        to_json(self)
    }

    fn from_payload(_: u32, payload: &[u8]) -> Result<Self, ModelError> {
        let mut model: Self = from_json(payload)?;
        let unreadable = |what: &str| ModelError::Unreadable(what.to_owned());
        for member in &mut model.members {
            if let Fitted::Mlp(network) = member {
                network.build().map_err(|error| unreadable(&error.to_string()))?;
            }
        }
        let finished = |finish: &super::finish::Finish| finish.is_valid(model.members.len());
        let terms = model.terms.as_ref().is_none_or(super::purchase::Terms::is_valid);
        let fits = match &model.finish {
            Some(finish) => finished(finish) && !model.members.is_empty() && model.facts.is_some(),
            None => model.refusal.is_some() && model.members.is_empty(),
        };
        if !fits || !model.members.iter().all(Fitted::is_valid) || !model.background.is_valid() || !terms {
            return Err(unreadable("its parts do not fit each other"));
        }
        Ok(model)
    }
}
