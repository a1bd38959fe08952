//! The training loop: data-parallel over shards of each batch, with a result that does not depend on the threads.

use candle_core::{Tensor, Var};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::adam::Adam;
use super::gradients::backward;
use super::{EpochLog, Network, Parameters, Recipe, Source};
use crate::error::{Error, Result};

/// Samples that one thread takes at a time. Fixed, so that sums have the same order for any number of threads.
const SHARD: usize = 16;

/// A loss so many times that of the untrained network has diverged.
const EXPLODED: f64 = 100.0;

/// Samples at most on which the untrained network is tried.
const TRIED: usize = 1_024;

/// How a training went.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// All epochs, in order.
    pub log: Vec<EpochLog>,
    /// The epoch whose weights the network has now: the one of lowest validation loss, or the last.
    pub best_epoch: usize,
}

/// Train a network for at most `epochs` epochs, on the threads of the current rayon pool.
///
/// *Model*: the gradient of a batch is the sum of its samples' gradients over the sum of their weights, clipped to a
/// global norm of 1, for either loss; then a step of [Adam](super::adam). Samples are shuffled in each epoch. With
/// `validation`, training stops once its loss has not fallen for [`Recipe::patience`] epochs, and the weights of the
/// best epoch are restored; without, all epochs are run and the last weights stay.
///
/// *Determinism*: a batch is cut into shards of 16 samples whatever the number of threads; their gradients are summed
/// in order; the noise of a shard comes from seed, epoch, batch and shard. Same samples and seed, same bytes.
///
/// *Errors*: [`Error::Refused`] if there is nothing to learn from, or if training diverges (a loss or gradient that is
/// not finite, or a loss 100 times that of the untrained network); it names the epoch. Those of candle.
///
/// *References*: Pascanu, Mikolov, Bengio 2013, On the difficulty of training recurrent neural networks (clipping);
/// Prechelt 1998, Early stopping - but when?
///
/// # Errors
/// See above.
pub fn train(
    network: &dyn Network,
    parameters: &Parameters,
    training: &dyn Source,
    validation: Option<&dyn Source>,
    recipe: &Recipe,
    epochs: usize,
    observer: &mut dyn FnMut(&EpochLog),
) -> Result<Training> {
    let validation = validation.filter(|v| !v.is_empty());
    let vars = parameters.vars();
    let mut adam = Adam::new(&vars, recipe.learning_rate());
    let mut order: Vec<usize> = (0..training.len()).collect();
    let mut log: Vec<EpochLog> = Vec::new();
    let mut best: Option<(f64, usize, Vec<Tensor>)> = None;
    let tried: Vec<usize> = order
        .iter()
        .copied()
        .step_by(order.len().div_ceil(TRIED).max(1))
        .collect();
    let untrained = loss(network, training, &tried)?.mean();
    for epoch in 1..=epochs {
        order.sort_unstable();
        order.shuffle(&mut random(recipe, [epoch, 0, 0]));
        let mut sum = Sum::default();
        for (number, batch) in order.chunks(recipe.batch_size()).enumerate() {
            let (of_batch, gradients) = gradients(network, &vars, training, recipe, batch, epoch, number + 1)?;
            if !of_batch.loss.is_finite() {
                return Err(diverged(epoch, "the loss is not finite"));
            }
            if of_batch.weight > 0.0 && !adam.step(&vars, &gradients, of_batch.weight)? {
                return Err(diverged(epoch, "a gradient is not finite"));
            }
            sum = sum + of_batch;
        }
        if sum.weight <= 0.0 {
            return Err(Error::refused("there is no target to learn from"));
        }
        let train_loss = sum.mean();
        // Not so for an untrained loss that is NaN or infinite: then the first batch has told.
        if train_loss > EXPLODED * untrained {
            return Err(diverged(epoch, "the loss is 100 times that of the untrained network"));
        }
        let entry = EpochLog {
            epoch,
            train_loss,
            validation_loss: validation.map(|v| validation_loss(network, v, epoch)).transpose()?,
            learning_rate: recipe.learning_rate(),
        };
        log.push(entry);
        observer(&entry);
        if let Some(loss) = entry.validation_loss {
            if best.as_ref().is_none_or(|(lowest, ..)| loss < *lowest) {
                best = Some((loss, epoch, parameters.snapshot()?));
            }
            if best.as_ref().is_some_and(|(_, e, _)| epoch - e >= recipe.patience()) {
                break;
            }
        }
    }
    let mut best_epoch = log.len();
    if let Some((_, epoch, weights)) = best {
        parameters.restore(&weights)?;
        best_epoch = epoch;
    }
    Ok(Training { log, best_epoch })
}

/// Sums of losses and weights.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    loss: f64,
    weight: f64,
}

impl Sum {
    fn mean(self) -> f64 {
        self.loss / self.weight
    }
}

impl std::ops::Add for Sum {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            loss: self.loss + other.loss,
            weight: self.weight + other.weight,
        }
    }
}

/// The loss of a batch, and its gradients: by weight, one from each shard.
fn gradients(
    network: &dyn Network,
    vars: &[Var],
    source: &dyn Source,
    recipe: &Recipe,
    samples: &[usize],
    epoch: usize,
    number: usize,
) -> Result<(Sum, Vec<Vec<Tensor>>)> {
    let shards: Vec<Result<(Sum, Vec<Vec<Tensor>>)>> = samples
        .par_chunks(SHARD)
        .enumerate()
        .map(|(shard, samples)| {
            let mut random = random(recipe, [epoch, number, shard]);
            let (sum, loss) = shard_loss(network, source, samples, epoch, Some(&mut random))?;
            Ok((sum, backward(&loss, vars)?))
        })
        .collect();
    let mut sum = Sum::default();
    let mut gradients = vec![Vec::new(); vars.len()];
    for shard in shards {
        let (of_shard, by_var) = shard?;
        sum = sum + of_shard;
        for (all, one) in gradients.iter_mut().zip(by_var) {
            all.extend(one);
        }
    }
    Ok((sum, gradients))
}

/// Loss on some samples, without noise.
fn loss(network: &dyn Network, source: &dyn Source, samples: &[usize]) -> Result<Sum> {
    let shards: Vec<Result<Sum>> = samples
        .par_chunks(SHARD)
        .map(|samples| Ok(shard_loss(network, source, samples, 0, None)?.0))
        .collect();
    shards
        .into_iter()
        .try_fold(Sum::default(), |sum, shard| Ok(sum + shard?))
}

fn validation_loss(network: &dyn Network, source: &dyn Source, epoch: usize) -> Result<f64> {
    let samples: Vec<usize> = (0..source.len()).collect();
    let sum = loss(network, source, &samples)?;
    if sum.weight <= 0.0 {
        return Err(Error::refused("there is no held-out target to stop the training by"));
    }
    if !sum.loss.is_finite() {
        return Err(diverged(epoch, "the loss on held-out samples is not finite"));
    }
    Ok(sum.mean())
}

fn shard_loss(
    network: &dyn Network,
    source: &dyn Source,
    samples: &[usize],
    epoch: usize,
    random: Option<&mut ChaCha8Rng>,
) -> Result<(Sum, Tensor)> {
    let batch = source.batch(samples, epoch);
    let loss = network.loss(&batch, random)?;
    let sum = Sum {
        loss: f64::from(loss.to_scalar::<f32>()?),
        weight: batch.weights.iter().map(|w| f64::from(*w)).sum(),
    };
    Ok((sum, loss))
}

fn random(recipe: &Recipe, [epoch, batch, shard]: [usize; 3]) -> ChaCha8Rng {
    let mut seed = [0; 32];
    let parts = [recipe.seed() as u64, epoch as u64, batch as u64, shard as u64];
    for (to, part) in seed.chunks_exact_mut(8).zip(parts) {
        to.copy_from_slice(&part.to_le_bytes());
    }
    ChaCha8Rng::from_seed(seed)
}

fn diverged(epoch: usize, what: &str) -> Error {
    Error::refused(format!(
        "training diverged in epoch {epoch}: {what}; a lower learning_rate may help"
    ))
}

#[cfg(test)]
mod tests;
