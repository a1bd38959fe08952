//! Networks.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use candle_core::{Device, Tensor};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::architecture::{Lesson, NO_FEATURE};
use super::bins::Inputs;
use crate::error::{Error, Result};
use crate::neural::{Batch, MlpNetwork, Network, Parameters, Recipe, RecipeOptions, Shape, Source, train};

/// Rows that are scored together.
const CHUNK: usize = 256;
/// Rows of an epoch at most; of more, each epoch sees others.
const EPOCH: usize = 50_000;

/// Fitted networks: the mean of their outputs is the log-odds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mlp {
    inputs: Inputs,
    recipe: Recipe,
    weights: Vec<Weights>,
    #[serde(skip)]
    networks: Vec<Arc<MlpNetwork>>,
}

/// Shape and values by name.
type Weights = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

impl PartialEq for Mlp {
    fn eq(&self, other: &Self) -> bool {
        self.inputs == other.inputs && self.recipe == other.recipe && self.weights == other.weights
    }
}

struct Rows<'a> {
    values: &'a [f32],
    width: usize,
    lesson: &'a Lesson<'a>,
    rows: Vec<usize>,
}

impl Source for Rows<'_> {
    fn len(&self) -> usize {
        self.rows.len().min(EPOCH)
    }

    fn batch(&self, samples: &[usize], epoch: usize) -> Batch {
        let skipped = epoch.wrapping_mul(EPOCH);
        let row = |k: &usize| self.rows[(k + skipped) % self.rows.len()];
        let rows: Vec<usize> = samples.iter().map(row).collect();
        let of = |row: &usize| self.values[row * self.width..(row + 1) * self.width].iter().copied();
        Batch {
            samples: rows.len(),
            steps: 1,
            statics: rows.iter().flat_map(of).collect(),
            inputs: Vec::new(),
            targets: rows.iter().map(|row| self.lesson.label[*row] as f32).collect(),
            weights: rows.iter().map(|row| self.lesson.weight[*row] as f32).collect(),
        }
    }
}

impl Mlp {
    /// Fit to the rows of a lesson, for so many epochs or as many as do best on the rows that are watched; returns their
    /// number.
    ///
    /// # Errors
    /// [`Error::Refused`] if training diverges.
    pub fn fit(lesson: &Lesson<'_>, epochs: Option<usize>, seeds: &[u64]) -> Result<(Self, usize)> {
        let recipe = Recipe::try_new(&RecipeOptions {
            hidden: Some(vec![96, 48]),
            epochs: Some(40),
            batch_size: Some(128),
            learning_rate: Some(0.002),
            dropout: Some(0.3),
            patience: Some(5),
            ..RecipeOptions::default()
        })?;
        let (inputs, columns) = Inputs::fit(lesson.attributes, lesson.label);
        let width = inputs.width();
        if width == 0 {
            return Err(Error::refused(NO_FEATURE));
        }
        let mut values = Vec::with_capacity(width * lesson.label.len());
        (0..lesson.label.len()).for_each(|row| inputs.row(&columns, row, &mut values));
        let part = |watched: Option<bool>| Rows {
            values: &values,
            width,
            lesson,
            rows: (0..lesson.label.len())
                .filter(|row| watched.is_none_or(|w| lesson.watched[*row] == w))
                .collect(),
        };
        let (learned, judged) = match epochs {
            Some(_) => (part(None), None),
            None => (part(Some(false)), Some(part(Some(true)))),
        };
        let fit = |seed: &u64| {
            let recipe = Recipe::try_new(&RecipeOptions {
                seed: Some(*seed as i64),
                ..options(&recipe)
            })?;
            let mut parameters = Parameters::seeded(*seed);
            let shape = Shape {
                statics: width,
                inputs: 0,
                steps: 1,
            };
            let network = MlpNetwork::new(&mut parameters, shape, &recipe)?;
            let judge = judged.as_ref().map(|j| j as &dyn Source);
            let most = epochs.unwrap_or(recipe.epochs());
            let training = train(&network, &parameters, &learned, judge, &recipe, most, &mut |_| {})?;
            Ok((training.best_epoch, stored(&parameters.tensors()?)?))
        };
        let fitted = seeds.par_iter().map(fit).collect::<Result<Vec<_>>>()?;
        let most = fitted.iter().map(|(epochs, _)| *epochs).max().unwrap_or(1);
        let mut out = Self {
            inputs,
            recipe,
            weights: fitted.into_iter().map(|(_, weights)| weights).collect(),
            networks: Vec::new(),
        };
        out.build()?;
        Ok((out, most))
    }

    /// Make the networks from their weights; asked of models that were read from bytes too.
    ///
    /// # Errors
    /// Weights of another shape.
    pub fn build(&mut self) -> Result<()> {
        let shape = Shape {
            statics: self.inputs.width(),
            inputs: 0,
            steps: 1,
        };
        let one = |weights: &Weights| -> Result<Arc<MlpNetwork>> {
            let tensor = |(name, (shape, values)): (&String, &(Vec<usize>, Vec<f32>))| {
                let tensor = Tensor::from_slice(values, shape.as_slice(), &Device::Cpu)?;
                Ok((name.clone(), tensor))
            };
            let tensors = weights.iter().map(tensor).collect::<candle_core::Result<_>>()?;
            Ok(Arc::new(MlpNetwork::new(
                &mut Parameters::stored(tensors),
                shape,
                &self.recipe,
            )?))
        };
        self.networks = self.weights.iter().map(one).collect::<Result<_>>()?;
        Ok(())
    }

    /// Log-odds of rows.
    ///
    /// # Errors
    /// Those of candle.
    pub fn log_odds(&self, attributes: &RecordBatch) -> Result<Vec<f64>> {
        let columns = self.inputs.encoder().encode(attributes);
        let rows: Vec<usize> = (0..attributes.num_rows()).collect();
        let chunk = |rows: &[usize]| -> Result<Vec<f64>> {
            let mut statics = Vec::with_capacity(rows.len() * self.inputs.width());
            rows.iter()
                .for_each(|row| self.inputs.row(&columns, *row, &mut statics));
            let batch = Batch {
                samples: rows.len(),
                steps: 1,
                statics,
                ..Batch::default()
            };
            let mut sum = vec![0.0; rows.len()];
            for network in &self.networks {
                let found = network.predict(&batch)?.location;
                sum.iter_mut()
                    .zip(found)
                    .for_each(|(s, z)| *s += f64::from(z) / self.networks.len() as f64);
            }
            Ok(sum)
        };
        let chunks: Vec<Result<Vec<f64>>> = rows.par_chunks(CHUNK).map(chunk).collect();
        Ok(chunks.into_iter().collect::<Result<Vec<_>>>()?.concat())
    }

    /// Whether it is what [`Mlp::fit`] makes.
    pub fn is_valid(&self) -> bool {
        self.inputs.is_valid() && self.recipe.is_valid() && !self.networks.is_empty()
    }

    /// Names of the features it looks at.
    pub fn encoder(&self) -> &crate::features::AttributeEncoder {
        self.inputs.encoder()
    }
}

fn options(recipe: &Recipe) -> RecipeOptions {
    RecipeOptions {
        hidden: Some(recipe.hidden().iter().map(|h| *h as i64).collect()),
        epochs: Some(recipe.epochs() as i64),
        batch_size: Some(recipe.batch_size() as i64),
        learning_rate: Some(recipe.learning_rate()),
        dropout: Some(recipe.dropout()),
        patience: Some(recipe.patience() as i64),
        ..RecipeOptions::default()
    }
}

fn stored(tensors: &BTreeMap<String, Tensor>) -> Result<Weights> {
    let one = |(name, tensor): (&String, &Tensor)| {
        let values = tensor.flatten_all()?.to_vec1::<f32>()?;
        Ok((name.clone(), (tensor.dims().to_vec(), values)))
    };
    Ok(tensors.iter().map(one).collect::<candle_core::Result<_>>()?)
}
