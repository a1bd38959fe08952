//! Networks as launch models.

use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::Tensor;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::sequence::{Exam, Lessons, SequenceEncoder, Sequences};
use crate::error::{Error, Result, candle_text};
use crate::features::AttributeEncoder;
use crate::forecast::{FittedForecaster, Forecaster, LogForecast};
use crate::neural::{
    Batch, CnnNetwork, EpochLog, LstmNetwork, Network, Parameters, Prediction, Recipe, Shape, Source, VaeNetwork, train,
};
use crate::panel::{Candidates, LaunchPanel};
use crate::progress::Progress;

/// Latest launches learned from, at most.
const MAX_LAUNCHES: usize = 3_000;
/// Steps of them, at most: with longer horizons the latest launches say as much.
const MAX_STEPS: usize = 30_000;
/// Share of the launches, the latest, that decide when to stop.
const EXAM_SHARE: f64 = 0.2;
/// With fewer launches none is kept back.
const MIN_EXAM: usize = 10;
/// Share of the epochs that networks are trained for which begin with the weights of others.
const WARM: f64 = 0.3;
/// The weights of the layer that looks at attributes: outputs x inputs.
const STATICS: &str = "statics.weight";
/// Smallest error; launches that were all alike do not promise more.
const MIN_ERROR: f64 = 0.01;
/// Samples forecast together.
const CHUNK: usize = 64;

/// Which network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkKind {
    /// See [`LstmNetwork`].
    Lstm,
    /// See [`CnnNetwork`].
    Cnn,
    /// See [`VaeNetwork`].
    Vae,
}

impl NetworkKind {
    fn name(self) -> &'static str {
        match self {
            Self::Lstm => "lstm",
            Self::Cnn => "cnn",
            Self::Vae => "vae",
        }
    }

    fn build(
        self,
        parameters: &mut Parameters,
        shape: Shape,
        recipe: &Recipe,
    ) -> candle_core::Result<Arc<dyn Network>> {
        match self {
            Self::Lstm => LstmNetwork::new(parameters, shape, recipe).map(|n| Arc::new(n) as _),
            Self::Cnn => CnnNetwork::new(parameters, shape, recipe).map(|n| Arc::new(n) as _),
            Self::Vae => VaeNetwork::new(parameters, shape, recipe).map(|n| Arc::new(n) as _),
        }
    }
}

/// A network that learns from past launches, each seen at many ages.
///
/// *Model*: see [`SequenceEncoder`] for inputs and targets, [`crate::neural`] for the networks. The latest fifth of the
/// launches decides the number of epochs ([`Schedule`]), unless it is known from fewer launches; then networks are
/// trained anew on all launches for that many, from different seeds, and averaged.
///
/// *Determinism*: weights, order and ages come from the seed of the recipe.
///
/// *Errors*: [`Error::Refused`] if the training diverges; [`Error::Internal`] for errors of candle.
pub struct NetworkLearner<'a> {
    /// Which network.
    pub kind: NetworkKind,
    /// How it is trained.
    pub recipe: &'a Recipe,
    /// Who is told.
    pub progress: &'a Progress,
    /// Networks that are trained and averaged.
    pub networks: usize,
    /// How long to train, if it is known.
    pub schedule: Option<Schedule>,
    /// A network of the same kind that has learned from a part of the launches: where it looks at the same, weights begin as
    /// its own, and the epochs are fewer.
    pub warm: Option<&'a FittedNetwork>,
}

/// How long a network is to be trained: what the latest fifth of some launches decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Epochs that were best.
    epochs: usize,
    /// Launches there were then.
    launches: usize,
    /// Root mean square error on that fifth, in units of d.
    error: f64,
    /// All epochs that were tried.
    log: Vec<EpochLog>,
}

impl Schedule {
    /// Epochs for so many launches. With more of them an epoch is longer, and there is more to learn: halfway between
    /// as many epochs and as many steps.
    fn epochs(&self, launches: usize) -> usize {
        let ratio = self.launches as f64 / launches.max(1) as f64;
        ((self.epochs as f64 * ratio.sqrt()).round() as usize).max(1)
    }
}

/// A trained network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedNetwork {
    kind: NetworkKind,
    recipe: Recipe,
    encoder: SequenceEncoder,
    /// Launches learned from.
    launches: usize,
    /// Root mean square error on the launches that decided when to stop, in units of d: the spread of a network that
    /// does not tell.
    error: f64,
    /// What decided how long they were trained; kept by the launch model.
    #[serde(skip)]
    schedule: Option<Schedule>,
    /// Stored as tensors.
    #[serde(skip)]
    networks: Vec<Trained>,
}

/// A network with its weights.
#[derive(Clone)]
struct Trained {
    network: Arc<dyn Network>,
    weights: BTreeMap<String, Tensor>,
}

impl std::fmt::Debug for Trained {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.weights.keys()).finish()
    }
}

impl PartialEq for Trained {
    fn eq(&self, other: &Self) -> bool {
        let values = |t: &Tensor| t.flatten_all().and_then(|t| t.to_vec1::<f32>()).ok();
        self.weights.len() == other.weights.len()
            && self
                .weights
                .iter()
                .all(|(name, weight)| other.weights.get(name).is_some_and(|o| values(o) == values(weight)))
    }
}

impl Forecaster for NetworkLearner<'_> {
    type Fitted = FittedNetwork;

    fn fit(&self, panel: &LaunchPanel) -> Result<FittedNetwork> {
        let panel = &panel.select(&by_date(panel))?;
        let encoder = SequenceEncoder::fit(panel, self.recipe.context_length());
        let sequences = encoder.launches(panel);
        let rows: Vec<usize> = (0..panel.len()).collect();
        let warm = self.warm.filter(|w| w.kind == self.kind && w.recipe == *self.recipe);
        let learn = |k: usize, rows: &[usize], judge: Option<&Exam<'_>>, epochs: usize| -> Result<_> {
            let recipe = self.recipe.of_network(k);
            let seed = recipe.seed() as u64;
            let mut parameters = match warm.filter(|_| judge.is_none()) {
                Some(warm) => Parameters::warm(seed, warm.weights_for(&encoder, k)?),
                None => Parameters::seeded(seed),
            };
            let network = self.kind.build(&mut parameters, shape(&encoder), &recipe)?;
            let lessons = Lessons::new(&sequences, panel, rows.to_vec(), seed);
            let judge = judge.map(|j| j as &dyn Source);
            let task = self.progress.task(self.kind.name(), epochs);
            let tell = &mut |log: &EpochLog| task.epoch(log);
            let training = train(network.as_ref(), &parameters, &lessons, judge, &recipe, epochs, tell)?;
            let weights = parameters.tensors()?;
            Ok((Trained { network, weights }, training))
        };
        let schedule = match &self.schedule {
            Some(schedule) => schedule.clone(),
            None => {
                let kept_back = match panel.len() {
                    few if few < MIN_EXAM => 0,
                    n => (EXAM_SHARE * n as f64) as usize,
                };
                let (earlier, latest) = rows.split_at(panel.len() - kept_back);
                let judge = (!latest.is_empty()).then(|| Exam::new(&sequences, panel, latest));
                let (first, training) = learn(0, earlier, judge.as_ref(), self.recipe.epochs())?;
                let judge = judge.unwrap_or_else(|| Exam::new(&sequences, panel, earlier));
                Schedule {
                    epochs: training.best_epoch,
                    launches: panel.len(),
                    error: root_mean_square(first.network.as_ref(), &judge)?.max(MIN_ERROR),
                    log: training.log,
                }
            }
        };
        let epochs = match warm {
            Some(_) => ((WARM * schedule.epochs(panel.len()) as f64).round() as usize).max(1),
            None => schedule.epochs(panel.len()),
        };
        let networks: Vec<Result<Trained>> = (0..self.networks)
            .into_par_iter()
            .map(|k| Ok(learn(k, &rows, None, epochs)?.0))
            .collect();
        Ok(FittedNetwork {
            kind: self.kind,
            recipe: self.recipe.clone(),
            launches: panel.len(),
            error: schedule.error,
            networks: networks.into_iter().collect::<Result<_>>()?,
            schedule: Some(schedule),
            encoder,
        })
    }
}

/// The latest launches that are learned from, earliest first.
fn by_date(panel: &LaunchPanel) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..panel.len()).collect();
    rows.sort_by_key(|&i| panel.launch_days()[i]);
    let most = (MAX_STEPS / panel.horizon()).min(MAX_LAUNCHES);
    rows.split_off(rows.len().saturating_sub(most))
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
    fn forecast(&self, candidates: &Candidates) -> Result<Vec<LogForecast>> {
        let sequences = self.encoder.candidates(candidates);
        let rows: Vec<usize> = (0..candidates.len()).collect();
        let chunks: Vec<Result<Vec<LogForecast>>> = rows
            .par_chunks(CHUNK)
            .map(|chunk| {
                let batch = sequences.batch(chunk.iter().map(|&row| (row, candidates.own(row))));
                let outputs = self.predict(&batch)?;
                Ok((0..chunk.len()).map(|k| self.log_forecast(&outputs, k)).collect())
            })
            .collect();
        // The first error by order of the candidates, whichever thread was first.
        Ok(chunks.into_iter().collect::<Result<Vec<_>>>()?.concat())
    }

    fn uses_own_sales(&self) -> bool {
        true
    }
}

impl FittedNetwork {
    /// The k-th of the outputs; a step that the network cannot say a finite number for has no forecast.
    fn log_forecast(&self, outputs: &Prediction, k: usize) -> LogForecast {
        let (mut location, mut spread) = self.encoder.decode(outputs, k);
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

    /// Candidates as its inputs.
    pub(super) fn encoded<'a>(&'a self, candidates: &'a Candidates) -> Sequences<'a> {
        self.encoder.candidates(candidates)
    }

    /// Joint paths of a candidate on the scale of its targets, `paths` x H, drawn from its networks in turn; none of a
    /// network that does not draw any, or whose draws are not finite.
    ///
    /// # Errors
    /// [`Error::Internal`] for errors of candle.
    pub(super) fn sample(
        &self,
        sequences: &Sequences<'_>,
        (row, own): (usize, &[f64]),
        paths: usize,
        random: &mut ChaCha8Rng,
    ) -> Result<Option<Vec<f32>>> {
        let batch = sequences.batch(std::iter::once((row, own)));
        let count = self.networks.len();
        let mut out = Vec::with_capacity(paths * self.encoder.horizon());
        for (k, trained) in self.networks.iter().enumerate() {
            let share = (paths + count - 1 - k) / count;
            let Some(drawn) = trained.network.sample(&batch, share, random)? else {
                return Ok(None);
            };
            out.extend(drawn);
        }
        Ok(out.iter().all(|v| v.is_finite()).then_some(out))
    }

    /// The weights of one of its networks for another encoder: of the layer that looks at attributes those of the same
    /// inputs, and 0 for inputs that it does not know.
    fn weights_for(&self, encoder: &SequenceEncoder, k: usize) -> Result<BTreeMap<String, Tensor>> {
        let Some(trained) = self.networks.get(k % self.networks.len().max(1)) else {
            return Ok(BTreeMap::new());
        };
        let mut weights = trained.weights.clone();
        let known: BTreeMap<String, usize> = (0..).zip(self.encoder.static_keys()).map(|(i, key)| (key, i)).collect();
        if let Some(weight) = weights.get(STATICS) {
            let rows: Vec<Vec<f32>> = weight.to_vec2()?;
            let keys = encoder.static_keys();
            let of = |row: &Vec<f32>, key: &String| known.get(key).and_then(|&i| row.get(i).copied()).unwrap_or(0.0);
            let values: Vec<f32> = rows
                .iter()
                .flat_map(|row| keys.iter().map(move |key| of(row, key)))
                .collect();
            let taken = Tensor::from_vec(values, (rows.len(), keys.len()), weight.device())?;
            weights.insert(STATICS.to_owned(), taken);
        }
        Ok(weights)
    }

    /// Its kind.
    pub fn kind(&self) -> NetworkKind {
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
        self.schedule.take().map_or_else(Vec::new, |schedule| schedule.log)
    }

    /// What decided how long it was trained, if that has just been.
    pub fn schedule(&self) -> Option<&Schedule> {
        self.schedule.as_ref()
    }

    /// The mean of the networks.
    fn predict(&self, batch: &Batch) -> Result<Prediction> {
        let mut sum = Prediction {
            location: vec![0.0; batch.samples * batch.steps],
            spread: vec![0.0; batch.samples * batch.steps],
        };
        let share = 1.0 / self.networks.len() as f32;
        for trained in &self.networks {
            let one = trained.network.predict(batch)?;
            let add = |sum: &mut [f32], one: &[f32]| sum.iter_mut().zip(one).for_each(|(s, v)| *s += share * v);
            add(&mut sum.location, &one.location);
            add(&mut sum.spread, &one.spread);
        }
        Ok(sum)
    }

    /// The weights by name: the number of the network and what PyTorch would call the weight.
    pub fn weights(&self) -> impl Iterator<Item = (String, &Tensor)> {
        self.networks
            .iter()
            .enumerate()
            .flat_map(|(k, trained)| trained.weights.iter().map(move |(n, w)| (format!("{k}.{n}"), w)))
    }

    /// Give networks that were read from bytes their weights.
    ///
    /// # Errors
    /// [`Error::Refused`] if one is missing, or has another shape than the network needs.
    pub fn restore(&mut self, horizon: usize, weights: &BTreeMap<String, Tensor>) -> Result<()> {
        // Sizes are looked at before anything is made in these sizes.
        if !(self.recipe.is_valid() && self.encoder.is_valid(horizon)) {
            return Err(Error::refused("the network does not fit its own sizes"));
        }
        let restored = (0..self.recipe.networks()).map(|k| {
            let prefix = format!("{k}.");
            let own = weights
                .iter()
                .filter_map(|(n, w)| Some((n.strip_prefix(&prefix)?.to_owned(), w.clone())));
            let mut parameters = Parameters::stored(own.collect());
            let network = self.kind.build(&mut parameters, shape(&self.encoder), &self.recipe);
            // What is wrong with stored weights is no defect.
            let network = network.map_err(|error| Error::refused(candle_text(&error)))?;
            let weights = parameters.tensors()?;
            Ok(Trained { network, weights })
        });
        self.networks = restored.collect::<Result<_>>()?;
        Ok(())
    }

    /// Whether the parts fit each other and the horizon.
    pub fn is_valid(&self, horizon: usize) -> bool {
        self.encoder.is_valid(horizon) && !self.networks.is_empty() && (MIN_ERROR..=1e3).contains(&self.error)
    }
}

fn shape(encoder: &SequenceEncoder) -> Shape {
    Shape {
        statics: encoder.statics(),
        inputs: encoder.inputs(),
        steps: encoder.horizon(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::tests::planted_panel;
    use crate::launch::{Architecture, Fitted, LaunchModel, OwnSales};

    /// A network on which candle fails.
    struct Broken;

    impl Network for Broken {
        fn loss(&self, _: &Batch, _: Option<&mut ChaCha8Rng>) -> candle_core::Result<Tensor> {
            candle_core::bail!("shape mismatch in loss")
        }

        fn predict(&self, _: &Batch) -> candle_core::Result<Prediction> {
            candle_core::bail!("shape mismatch in predict")
        }

        fn sample(&self, _: &Batch, _: usize, _: &mut ChaCha8Rng) -> candle_core::Result<Option<Vec<f32>>> {
            candle_core::bail!("shape mismatch in sample")
        }
    }

    fn broken(panel: &LaunchPanel) -> FittedNetwork {
        FittedNetwork {
            kind: NetworkKind::Vae,
            recipe: Recipe::default(),
            encoder: SequenceEncoder::fit(panel, None),
            launches: panel.len(),
            error: 1.0,
            networks: vec![Trained {
                network: Arc::new(Broken),
                weights: BTreeMap::new(),
            }],
            schedule: None,
        }
    }

    fn internal(what: &str) -> Error {
        Error::Internal(format!("shape mismatch in {what}"))
    }

    #[test]
    fn an_error_in_a_forecast_arrives() {
        let panel = planted_panel(150, 4, 1);
        let candidates = panel.candidates();
        assert_eq!(broken(&panel).forecast(&candidates), Err(internal("predict")));
        // Also through a whole model, in all that asks for a forecast.
        let silent = Progress::silent();
        let mut model = LaunchModel::train(Architecture::Naive, &panel, &Recipe::default(), &silent).unwrap();
        model.members[0].fitted = Fitted::Vae(Box::new(broken(&panel)));
        model.members[0].own_sales = OwnSales::Share(vec![0.0; 3]);
        let keys = panel.ids().to_vec();
        assert_eq!(model.forecast(&candidates, 0.8, None), Err(internal("predict")));
        assert_eq!(model.explain(&candidates, 3), Err(internal("predict")));
        assert_eq!(model.scenarios(&candidates, &keys, &[], 10), Err(internal("predict")));
        let text = model.forecast(&candidates, 0.8, None).unwrap_err().to_string();
        assert_eq!(text, "internal error: shape mismatch in predict; please report this");
    }

    #[test]
    fn an_error_in_a_draw_arrives() {
        let panel = planted_panel(20, 4, 2);
        let (network, candidates) = (broken(&panel), panel.candidates());
        let sequences = network.encoded(&candidates);
        let random = &mut rand::SeedableRng::seed_from_u64(1);
        assert_eq!(network.sample(&sequences, (0, &[]), 5, random), Err(internal("sample")));
    }

    #[test]
    fn an_error_in_training_is_no_refusal() {
        let panel = planted_panel(20, 4, 3);
        let encoder = SequenceEncoder::fit(&panel, None);
        let sequences = encoder.launches(&panel);
        let lessons = Lessons::new(&sequences, &panel, (0..20).collect(), 1);
        let found = train(
            &Broken,
            &Parameters::seeded(1),
            &lessons,
            None,
            &Recipe::default(),
            1,
            &mut |_| {},
        );
        assert_eq!(found.err(), Some(internal("loss")));
    }

    #[test]
    fn stored_weights_that_do_not_fit_are_a_refusal() {
        let panel = planted_panel(20, 4, 4);
        let found = broken(&panel).restore(4, &BTreeMap::new());
        let Err(Error::Refused(reason)) = found else {
            panic!("{found:?}");
        };
        assert!(reason.contains("is missing"), "{reason}");
    }
}
