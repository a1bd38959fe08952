//! How a network is trained.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What a network minimises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loss {
    /// Mean quantile (pinball) loss at 0.1, 0.5 and 0.9: median and spread are learned.
    Quantile,
    /// Mean squared error: the mean is learned, the spread is that of the errors.
    Mse,
}

impl Loss {
    /// Parse a name, in any case.
    ///
    /// # Errors
    /// [`Error::Argument`] that lists the valid names.
    pub fn parse(name: &str) -> Result<Self> {
        match name.to_lowercase().as_str() {
            "quantile" => Ok(Self::Quantile),
            "mse" => Ok(Self::Mse),
            _ => Err(Error::argument(format!(
                "loss must be one of quantile, mse, got '{name}'"
            ))),
        }
    }
}

/// The options of a training as a user gives them; `None` for the default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RecipeOptions {
    /// See [`Recipe::hidden`].
    pub hidden: Option<Vec<i64>>,
    /// See [`Recipe::epochs`].
    pub epochs: Option<i64>,
    /// See [`Recipe::batch_size`].
    pub batch_size: Option<i64>,
    /// See [`Recipe::learning_rate`].
    pub learning_rate: Option<f64>,
    /// See [`Recipe::loss`].
    pub loss: Option<String>,
    /// See [`Recipe::dropout`].
    pub dropout: Option<f64>,
    /// See [`Recipe::networks`].
    pub networks: Option<i64>,
    /// See [`Recipe::patience`].
    pub patience: Option<i64>,
    /// See [`Recipe::context_length`].
    pub context_length: Option<i64>,
    /// See [`Recipe::seed`].
    pub seed: Option<i64>,
}

/// How a network is trained; valid by construction.
///
/// | Name | Default | Purpose | Range |
/// | --- | --- | --- | --- |
/// | hidden | [128, 64] | units of each hidden layer | 1 to 4 layers of 1 to 1,024 |
/// | epochs | 100 | passes over the launches at most | 1 to 10,000 |
/// | batch_size | 32 | launches per step of the optimiser | 1 to 65,536 |
/// | learning_rate | 0.004 | of Adam | above 0, at most 1 |
/// | loss | quantile | what is minimised | quantile, mse |
/// | dropout | 0.4 | share of hidden units left out at random in training | 0 to 0.9 |
/// | networks | 3 | networks that are trained from different seeds and averaged | 1 to 20 |
/// | patience | 10 | epochs without a lower loss on the held-out launches before training stops | 1 to 10,000 |
/// | context_length | NULL | latest periods of own sales that are looked at; NULL for all | 1 to 520 |
/// | seed | 42 | of weights, order and noise | any |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    hidden: Vec<usize>,
    epochs: usize,
    batch_size: usize,
    learning_rate: f64,
    loss: Loss,
    dropout: f64,
    networks: usize,
    patience: usize,
    context_length: Option<usize>,
    seed: i64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            hidden: vec![128, 64],
            epochs: 100,
            batch_size: 32,
            learning_rate: 0.004,
            loss: Loss::Quantile,
            dropout: 0.4,
            networks: 3,
            patience: 10,
            context_length: None,
            seed: 42,
        }
    }
}

impl Recipe {
    /// Check options.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the option, the value found and the range.
    pub fn try_new(options: &RecipeOptions) -> Result<Self> {
        let default = Self::default();
        let whole = |name: &str, value: Option<i64>, most: i64, otherwise: usize| match value {
            None => Ok(otherwise),
            Some(v) if (1..=most).contains(&v) => Ok(v as usize),
            Some(v) => Err(Error::argument(format!("{name} must be between 1 and {most}, got {v}"))),
        };
        let hidden = match &options.hidden {
            None => default.hidden,
            Some(layers) if (1..=4).contains(&layers.len()) => layers
                .iter()
                .map(|&v| whole("each number of hidden", Some(v), 1_024, 0))
                .collect::<Result<_>>()?,
            Some(layers) => {
                return Err(Error::argument(format!(
                    "hidden must have 1 to 4 layers, such as [128, 64], got {layers:?}"
                )));
            }
        };
        let learning_rate = options.learning_rate.unwrap_or(default.learning_rate);
        if !(learning_rate > 0.0 && learning_rate <= 1.0) {
            return Err(Error::argument(format!(
                "learning_rate must be above 0 and at most 1, got {learning_rate}"
            )));
        }
        let dropout = options.dropout.unwrap_or(default.dropout);
        if !(0.0..=0.9).contains(&dropout) {
            return Err(Error::argument(format!(
                "dropout must be between 0 and 0.9, got {dropout}"
            )));
        }
        Ok(Self {
            hidden,
            dropout,
            epochs: whole("epochs", options.epochs, 10_000, default.epochs)?,
            batch_size: whole("batch_size", options.batch_size, 65_536, default.batch_size)?,
            learning_rate,
            loss: options.loss.as_deref().map_or(Ok(default.loss), Loss::parse)?,
            networks: whole("networks", options.networks, 20, default.networks)?,
            patience: whole("patience", options.patience, 10_000, default.patience)?,
            context_length: options
                .context_length
                .map(|v| whole("context_length", Some(v), 520, 0))
                .transpose()?,
            seed: options.seed.unwrap_or(default.seed),
        })
    }

    /// Whether it is what [`Recipe::try_new`] makes; asked of recipes that were read from bytes.
    pub fn is_valid(&self) -> bool {
        let whole = |v: usize| i64::try_from(v).ok();
        let options = RecipeOptions {
            hidden: self.hidden.iter().map(|&v| whole(v)).collect(),
            epochs: whole(self.epochs),
            batch_size: whole(self.batch_size),
            learning_rate: Some(self.learning_rate),
            loss: None,
            dropout: Some(self.dropout),
            networks: whole(self.networks),
            patience: whole(self.patience),
            context_length: self.context_length.and_then(whole),
            seed: Some(self.seed),
        };
        Self::try_new(&options).is_ok_and(|r| Self { loss: self.loss, ..r } == *self)
    }

    /// Units of each hidden layer.
    pub fn hidden(&self) -> &[usize] {
        &self.hidden
    }

    /// Passes over the launches at most.
    pub fn epochs(&self) -> usize {
        self.epochs
    }

    /// Launches per step of the optimiser.
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// Learning rate of Adam.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// What is minimised.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// Share of hidden units left out at random in training.
    pub fn dropout(&self) -> f64 {
        self.dropout
    }

    /// Networks that are trained from different seeds and averaged.
    pub fn networks(&self) -> usize {
        self.networks
    }

    /// Epochs without a lower loss on the held-out launches before training stops.
    pub fn patience(&self) -> usize {
        self.patience
    }

    /// Latest periods of own sales that are looked at.
    pub fn context_length(&self) -> Option<usize> {
        self.context_length
    }

    /// The same recipe with the seed of the k-th network.
    pub fn of_network(&self, k: usize) -> Self {
        Self {
            seed: self.seed.wrapping_add(k as i64),
            ..self.clone()
        }
    }

    /// Seed of weights, order and noise.
    pub fn seed(&self) -> i64 {
        self.seed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(options: RecipeOptions) -> String {
        Recipe::try_new(&options).unwrap_err().to_string()
    }

    #[test]
    fn no_options_are_the_defaults() {
        assert_eq!(Recipe::try_new(&RecipeOptions::default()).unwrap(), Recipe::default());
    }

    #[test]
    fn options_out_of_range_are_named_with_their_range() {
        let none = RecipeOptions::default;
        assert_eq!(
            says(RecipeOptions {
                hidden: Some(vec![]),
                ..none()
            }),
            "hidden must have 1 to 4 layers, such as [128, 64], got []"
        );
        assert_eq!(
            says(RecipeOptions {
                hidden: Some(vec![64, 0]),
                ..none()
            }),
            "each number of hidden must be between 1 and 1024, got 0"
        );
        assert_eq!(
            says(RecipeOptions {
                epochs: Some(0),
                ..none()
            }),
            "epochs must be between 1 and 10000, got 0"
        );
        assert_eq!(
            says(RecipeOptions {
                learning_rate: Some(1e9),
                ..none()
            }),
            "learning_rate must be above 0 and at most 1, got 1000000000"
        );
        assert_eq!(
            says(RecipeOptions {
                learning_rate: Some(f64::NAN),
                ..none()
            }),
            "learning_rate must be above 0 and at most 1, got NaN"
        );
        assert_eq!(
            says(RecipeOptions {
                dropout: Some(1.0),
                ..none()
            }),
            "dropout must be between 0 and 0.9, got 1"
        );
        assert_eq!(
            says(RecipeOptions {
                loss: Some("mae".to_owned()),
                ..none()
            }),
            "loss must be one of quantile, mse, got 'mae'"
        );
    }
}
