//! Networks as launch models.

use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::Tensor;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::sequence::{Exam, Lessons, SequenceEncoder};
use crate::error::Result;
use crate::forecast::{FittedForecaster, Forecaster, LogForecast};
use crate::neural::{
    CnnNetwork, EpochLog, LstmNetwork, Network, Parameters, Prediction, Recipe, Shape, Source, VaeNetwork, train,
};
use crate::panel::{AttributeEncoder, Candidates, LaunchPanel};

/// Latest launches learned from, at most.
const MAX_LAUNCHES: usize = 10_000;
/// Share of the launches, the latest, that decide when to stop.
const EXAM_SHARE: f64 = 0.2;
/// With fewer launches none is kept back.
const MIN_EXAM: usize = 10;
/// Smallest error; launches that were all alike do not promise more.
const MIN_ERROR: f64 = 0.01;
/// Samples forecast together.
const CHUNK: usize = 64;

/// Which network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// See [`LstmNetwork`].
    Lstm,
    /// See [`CnnNetwork`].
    Cnn,
    /// See [`VaeNetwork`].
    Vae,
}

impl Kind {
    fn build(self, parameters: &mut Parameters, shape: Shape, recipe: &Recipe) -> Result<Arc<dyn Network>> {
        let network: candle_core::Result<Arc<dyn Network>> = match self {
            Self::Lstm => LstmNetwork::new(parameters, shape, recipe).map(|n| Arc::new(n) as _),
            Self::Cnn => CnnNetwork::new(parameters, shape, recipe).map(|n| Arc::new(n) as _),
            Self::Vae => VaeNetwork::new(parameters, shape, recipe).map(|n| Arc::new(n) as _),
        };
        Ok(network?)
    }
}

/// A network that learns from past launches, each seen at many ages.
///
/// *Model*: see [`SequenceEncoder`] for inputs and targets, [`crate::neural`] for the networks. The latest fifth of the
/// launches decides the number of epochs; then the network is trained anew on all launches for that many.
///
/// *Determinism*: weights, order and ages come from the seed of the recipe.
///
/// *Errors*: [`crate::error::Error::Refused`] if the training diverges.
pub struct NetworkLearner<'a> {
    /// Which network.
    pub kind: Kind,
    /// How it is trained.
    pub recipe: &'a Recipe,
}

/// A trained network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedNetwork {
    kind: Kind,
    recipe: Recipe,
    encoder: SequenceEncoder,
    /// Launches learned from.
    launches: usize,
    /// Root mean square error on the launches that decided when to stop, in units of d: the spread of a network that
    /// does not tell.
    error: f64,
    #[serde(skip)]
    trained: Option<Trained>,
    /// The epochs of the training that decided when to stop; kept by the launch model.
    #[serde(skip)]
    log: Vec<EpochLog>,
}

/// What is stored as tensors.
#[derive(Clone)]
struct Trained {
    weights: BTreeMap<String, Tensor>,
    network: Arc<dyn Network>,
}

impl std::fmt::Debug for Trained {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.weights.keys()).finish()
    }
}

impl PartialEq for Trained {
    fn eq(&self, other: &Self) -> bool {
        let bytes = |t: &Self| {
            t.weights
                .iter()
                .map(|(n, w)| (n.clone(), values(w).ok()))
                .collect::<Vec<_>>()
        };
        bytes(self) == bytes(other)
    }
}

fn values(tensor: &Tensor) -> candle_core::Result<Vec<f32>> {
    tensor.flatten_all()?.to_vec1()
}

impl Forecaster for NetworkLearner<'_> {
    type Fitted = FittedNetwork;

    fn fit(&self, panel: &LaunchPanel) -> Result<FittedNetwork> {
        let panel = &panel.select(&by_date(panel))?;
        let encoder = SequenceEncoder::fit(panel, self.recipe.context_length());
        let sequences = encoder.launches(panel);
        let rows: Vec<usize> = (0..panel.len()).collect();
        let kept_back = match panel.len() {
            few if few < MIN_EXAM => 0,
            n => (EXAM_SHARE * n as f64) as usize,
        };
        let (earlier, latest) = rows.split_at(panel.len() - kept_back);
        let exam = Exam::new(&sequences, panel, latest);
        let lessons = Lessons::new(&sequences, panel, earlier.to_vec(), self.seed());
        let (parameters, network) = self.build(&encoder)?;
        let judge = (!exam.is_empty()).then_some(&exam as &dyn Source);
        let epochs = self.recipe.epochs();
        let first = train(
            network.as_ref(),
            &parameters,
            &lessons,
            judge,
            self.recipe,
            epochs,
            &mut |_| (),
        )?;
        let error = match judge {
            Some(exam) => root_mean_square(network.as_ref(), exam)?,
            None => root_mean_square(network.as_ref(), &lessons)?,
        };
        let (parameters, network) = match judge {
            None => (parameters, network),
            Some(_) => {
                let (parameters, network) = self.build(&encoder)?;
                let lessons = Lessons::new(&sequences, panel, rows, self.seed());
                let epochs = first.best_epoch;
                train(
                    network.as_ref(),
                    &parameters,
                    &lessons,
                    None,
                    self.recipe,
                    epochs,
                    &mut |_| (),
                )?;
                (parameters, network)
            }
        };
        Ok(FittedNetwork {
            kind: self.kind,
            recipe: self.recipe.clone(),
            launches: panel.len(),
            error: error.max(MIN_ERROR),
            trained: Some(Trained {
                weights: parameters.tensors()?,
                network,
            }),
            log: first.log,
            encoder,
        })
    }
}

impl NetworkLearner<'_> {
    fn seed(&self) -> u64 {
        self.recipe.seed() as u64
    }

    fn build(&self, encoder: &SequenceEncoder) -> Result<(Parameters, Arc<dyn Network>)> {
        let mut parameters = Parameters::seeded(self.seed());
        let network = self.kind.build(&mut parameters, shape(encoder), self.recipe)?;
        Ok((parameters, network))
    }
}

/// The latest launches that are learned from, earliest first.
fn by_date(panel: &LaunchPanel) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..panel.len()).collect();
    rows.sort_by_key(|&i| panel.launch_days()[i]);
    rows.split_off(rows.len().saturating_sub(MAX_LAUNCHES))
}

/// Root mean square error over the targets of all samples, in units of d.
fn root_mean_square(network: &dyn Network, source: &dyn Source) -> Result<f64> {
    let samples: Vec<usize> = (0..source.len()).collect();
    let chunks: Vec<Result<(f64, f64)>> = samples
        .par_chunks(CHUNK)
        .map(|chunk| {
            let batch = source.batch(chunk, 0);
            let found = network.predict(&batch)?;
            let errors = found.location.iter().zip(&batch.targets).zip(&batch.weights);
            Ok(errors.fold((0.0, 0.0), |(sum, total), ((f, y), w)| {
                let (error, weight) = (f64::from(y - f), f64::from(*w));
                (sum + weight * error * error, total + weight)
            }))
        })
        .collect();
    let (mut sum, mut total) = (0.0, 0.0);
    for chunk in chunks {
        let (s, w) = chunk?;
        sum += s;
        total += w;
    }
    Ok((sum / total).sqrt())
}

impl FittedForecaster for FittedNetwork {
    fn forecast(&self, candidates: &Candidates) -> Vec<LogForecast> {
        let sequences = self.encoder.candidates(candidates);
        let rows: Vec<usize> = (0..candidates.len()).collect();
        rows.par_chunks(CHUNK)
            .flat_map_iter(|chunk| {
                let batch = sequences.batch(chunk.iter().map(|&row| (row, candidates.own(row))));
                let outputs = self.trained.as_ref().and_then(|t| t.network.predict(&batch).ok());
                (0..chunk.len()).map(move |k| self.log_forecast(outputs.as_ref(), k))
            })
            .collect()
    }

    fn uses_own_sales(&self) -> bool {
        true
    }
}

impl FittedNetwork {
    /// The k-th of the outputs; a step that the network cannot say a finite number for has no forecast.
    fn log_forecast(&self, outputs: Option<&Prediction>, k: usize) -> LogForecast {
        let nothing = || {
            (
                vec![f64::NAN; self.encoder.horizon()],
                vec![f64::NAN; self.encoder.horizon()],
            )
        };
        let (mut location, mut spread) = outputs.map_or_else(nothing, |o| self.encoder.decode(o, k));
        let otherwise = self.error * self.encoder.deviation();
        for (location, spread) in location.iter_mut().zip(&mut spread) {
            if !location.is_finite() {
                *location = f64::NAN;
            }
            if !spread.is_finite() {
                *spread = otherwise;
            }
        }
        LogForecast {
            location,
            spread,
            reason: format!("network trained on {} launches", self.launches),
        }
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How it was trained.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The attributes it looks at.
    pub fn encoder(&self) -> &AttributeEncoder {
        self.encoder.attributes()
    }

    /// The epochs of the training that decided when to stop.
    pub fn take_log(&mut self) -> Vec<EpochLog> {
        std::mem::take(&mut self.log)
    }

    /// Its weights by name.
    pub fn weights(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.trained
            .iter()
            .flat_map(|t| t.weights.iter().map(|(n, w)| (n.as_str(), w)))
    }

    /// Give a network that was read from bytes its weights.
    ///
    /// # Errors
    /// If one is missing, or has another shape than the network needs.
    pub fn restore(&mut self, weights: BTreeMap<String, Tensor>) -> Result<()> {
        let mut parameters = Parameters::stored(weights);
        let network = self.kind.build(&mut parameters, shape(&self.encoder), &self.recipe)?;
        self.trained = Some(Trained {
            weights: parameters.tensors()?,
            network,
        });
        Ok(())
    }

    /// Whether the parts fit each other and the horizon.
    pub fn is_valid(&self, horizon: usize) -> bool {
        self.encoder.is_valid(horizon) && self.trained.is_some() && (MIN_ERROR..=1e3).contains(&self.error)
    }
}

fn shape(encoder: &SequenceEncoder) -> Shape {
    Shape {
        statics: encoder.statics(),
        inputs: encoder.inputs(),
        steps: encoder.horizon(),
    }
}
