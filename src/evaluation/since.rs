//! The launches that a model does not know yet.

use std::collections::BTreeSet;

use crate::error::{Error, Result};
use crate::launch::LaunchModel;
use crate::panel::{LaunchPanel, format_date};

/// All launches of a sales history, and which of them came after the last one that a model learned from.
pub struct Since {
    /// The launches with a known step.
    pub panel: LaunchPanel,
    /// The last launch date that the model learned from.
    pub last_known: i32,
    /// Launches up to that day, by row.
    pub known: Vec<usize>,
    /// Later ones, by row.
    pub new: Vec<usize>,
    /// Launches that the model learned from.
    pub learned: usize,
}

impl Since {
    /// Tell them apart.
    ///
    /// # Errors
    /// [`Error::Argument`] for a model that was refused in training, attributes that are gone or of another type, and sales
    /// that end before the last launch the model learned from.
    pub fn of(model: &LaunchModel, panel: &LaunchPanel) -> Result<Self> {
        if let Some(reason) = model.refusal() {
            return Err(Error::argument(format!("the model was refused in training: {reason}")));
        }
        let training = model.training();
        let Some(last_known) = training.last_launch else {
            return Err(Error::argument(
                "the model does not say up to when it learned: train it again",
            ));
        };
        let panel = panel.drop_unobserved()?;
        if let Some(last) = panel.launch_days().iter().max()
            && *last < last_known
        {
            return Err(Error::argument(format!(
                "the last launch with sales is on {}, before the last one that the model learned from, on {}: sales must be \
                 the whole history up to now",
                format_date(*last),
                format_date(last_known)
            )));
        }
        if let Some((name, wrong)) = model.unlike(panel.attributes()).filter(|_| !panel.is_empty()) {
            return Err(Error::argument(format!(
                "the attribute {name}, which the model looks at, {wrong}: hand over the tables as in training, or train a new \
                 model with launch_train"
            )));
        }
        let (known, new) = (0..panel.len()).partition(|&row| panel.launch_days()[row] <= last_known);
        Ok(Self {
            last_known,
            known,
            new,
            learned: training.launches,
            panel,
        })
    }

    /// Products among some launches: variants of one, launched on one day, count once.
    pub fn products(&self, rows: &[usize]) -> usize {
        let clusters = self.panel.clusters();
        let of_rows: BTreeSet<usize> = rows.iter().filter_map(|&row| clusters.get(row).copied()).collect();
        of_rows.len()
    }

    /// What is to be said where the launches handed over are not those that the model learned from.
    pub fn lost(&self) -> Option<String> {
        (self.known.len() != self.learned).then(|| {
            format!(
                "sales have {} launches up to {}, the model learned from {}",
                self.known.len(),
                format_date(self.last_known),
                self.learned
            )
        })
    }
}
