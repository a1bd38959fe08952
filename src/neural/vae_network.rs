//! A conditional variational autoencoder of curves.

use candle_core::{D, Device, Result, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::static_inputs::StaticInputs;
use super::{Batch, Dropout, Linear, Network, Parameters, Prediction, Recipe, Shape};

/// Numbers that a curve is squeezed into, at most.
const LATENT: usize = 8;

/// Information in nats that each latent number may carry at no cost.
const FREE: f64 = 0.02;

/// Share of the forecast in the loss; the rest is that of the autoencoder.
const FORECAST: f64 = 0.5;

/// Centre and half range of the log variance of a step: standard deviations from 0.05 to 2.7.
const STEP_VARIANCE: (f64, f64) = (-2.0, 4.0);

/// The same for the log variance of the posterior of a latent number.
const LATENT_VARIANCE: (f64, f64) = (0.0, 6.0);

/// Pairs of draws behind a prediction.
const PAIRS: usize = 32;

/// Pairs of draws behind the forecast in the loss.
const LOSS_PAIRS: usize = 8;

/// Samples whose draws are decoded together.
const CHUNK: usize = 16;

/// Curves given what is known of a sample: a forecast, and joint paths of all steps.
///
/// *Model*: the condition c is the projected static inputs (see [`StaticInputs`]) and the inputs of all steps, through
/// ReLU layers of [`Recipe::hidden`]. The decoder takes c and a latent z ~ N(0, I) of min(8, T) numbers through one
/// ReLU layer to a mean m_t and a log variance of each step, on top of a linear term of the step's own inputs; steps
/// are independent given z, so what moves a curve as a whole must be in z. The encoder takes the curve y, flags of the
/// steps observed, and c to mean and log variance of z. The loss of a sample is half autoencoder, half forecast:
///
/// - autoencoder: M(m, v) + w sum over j of max(KL_j, 0.02), with m and v decoded from one draw of
///   z = mean + exp(log variance / 2) noise, and KL_j the divergence of the posterior of z_j from N(0, 1);
/// - forecast: M(m, v) with mean and variance by step of the mixture over 16 draws of z from N(0, I), which is what the
///   prediction will be.
///
/// M(m, v) = sum over observed steps of w_t (ln v_t + 6 + (y_t - m_t)^2 / v_t) / 2, where 6 makes it a number above 0,
/// and w is the mean weight of the observed steps.
///
/// The autoencoder alone leaves a gap between the posteriors it learned from and the prior it draws from, so spreads
/// are wrong by step; the forecast's part closes it, and a curve learned by heart costs there. A collapsed posterior
/// would leave steps without covariance: 0.02 nats per latent number are free. Log variances are bounded by tanh.
///
/// The prediction is mean and standard deviation of the mixture over 64 draws of z, the same for all samples. Draws
/// come in pairs z, -z: what is linear in z leaves no error of drawing in the mean. [`Recipe::loss`] has no say. [`Dropout`] follows each layer
/// of the condition in training; the loss without noise is that of the forecast alone.
///
/// *Shapes*: statics N x S, inputs N x T x C, targets and weights N x T; paths N x paths x T. T is fixed.
///
/// *Missing data*: a target of weight 0 is neither seen by the encoder nor part of the loss.
///
/// *Determinism*: noise comes from the generator that is handed in, sample by sample.
///
/// *Errors*: those of candle, for shapes that do not fit.
///
/// *References*: Kingma, Welling 2014, Auto-encoding variational Bayes; Sohn, Lee, Yan 2015, Learning structured output
/// representation using deep conditional generative models (the forecast in the loss); Kingma et al. 2016, Improved variational inference with
/// inverse autoregressive flow (free bits).
#[derive(Debug)]
pub struct VaeNetwork {
    statics: StaticInputs,
    condition: Vec<Linear>,
    encoder: Linear,
    posterior: Linear,
    decoder: Linear,
    curve: Linear,
    step: Linear,
    latent: usize,
    steps: usize,
    dropout: f64,
}

/// Mean and log variance.
struct Normal {
    mean: Tensor,
    log_variance: Tensor,
}

impl Normal {
    /// From numbers whose first half are means.
    fn new(output: &Tensor, (centre, range): (f64, f64)) -> Result<Self> {
        let count = output.dim(D::Minus1)? / 2;
        let raw = output.narrow(D::Minus1, count, count)?;
        Ok(Self {
            mean: output.narrow(D::Minus1, 0, count)?,
            log_variance: (raw / range)?.tanh()?.affine(range, centre)?,
        })
    }

    /// Weighted sum of the negative log likelihoods, from that of the least variance of a step.
    fn misfit(&self, targets: &Tensor, weights: &Tensor) -> Result<Tensor> {
        let (centre, range) = STEP_VARIANCE;
        let squares = ((targets - &self.mean)?.sqr()? * self.log_variance.neg()?.exp()?)?;
        let misfit = ((&self.log_variance - (centre - range))? + squares)?;
        (misfit * weights)?.sum_all()? * 0.5
    }
}

/// What a decoder needs of some samples.
struct Condition {
    /// N x H.
    hidden: Tensor,
    /// Linear term of each step, N x T.
    level: Tensor,
}

impl Condition {
    /// `count` rows for each of some samples.
    fn repeated(&self, first: usize, samples: usize, count: usize) -> Result<Self> {
        let repeat = |all: &Tensor| {
            let width = all.dim(1)?;
            let rows = all.narrow(0, first, samples)?.unsqueeze(1)?;
            rows.repeat((1, count, 1))?.reshape((samples * count, width))
        };
        Ok(Self {
            hidden: repeat(&self.hidden)?,
            level: repeat(&self.level)?,
        })
    }
}

impl VaeNetwork {
    /// A network with weights `statics.weight`, `vae.condition0.weight`, ..., `vae.encoder.weight`,
    /// `vae.posterior.weight`, `vae.decoder.weight`, `vae.curve.weight`, `vae.step.weight`, ...
    ///
    /// # Errors
    /// Those of [`Parameters`].
    pub fn new(parameters: &mut Parameters, shape: Shape, recipe: &Recipe) -> Result<Self> {
        let Shape { inputs, steps, .. } = shape;
        let latent = steps.min(LATENT);
        let statics = StaticInputs::new(parameters, "statics", shape)?;
        let mut width = statics.width() + steps * inputs;
        let mut condition = Vec::new();
        for (number, &hidden) in recipe.hidden().iter().enumerate() {
            condition.push(Linear::new(
                parameters,
                &format!("vae.condition{number}"),
                width,
                hidden,
            )?);
            width = hidden;
        }
        Ok(Self {
            statics,
            condition,
            encoder: Linear::new(parameters, "vae.encoder", 2 * steps + width, width)?,
            posterior: Linear::new(parameters, "vae.posterior", width, 2 * latent)?,
            decoder: Linear::new(parameters, "vae.decoder", latent + width, width)?,
            curve: Linear::new(parameters, "vae.curve", width, 2 * steps)?,
            step: Linear::new(parameters, "vae.step", inputs, 1)?,
            latent,
            steps,
            dropout: recipe.dropout(),
        })
    }

    fn condition(&self, batch: &Batch, dropout: &mut Dropout<'_>) -> Result<Condition> {
        let steps = self.statics.steps(batch)?;
        let flat = steps.flatten_from(1)?;
        let mut hidden = match self.statics.project(batch, dropout)? {
            Some(projected) => Tensor::cat(&[&projected, &flat], 1)?,
            None => flat,
        };
        for layer in &self.condition {
            hidden = dropout.apply(&layer.forward(&hidden)?.relu()?)?;
        }
        Ok(Condition {
            hidden,
            level: self.step.forward(&steps)?.squeeze(2)?,
        })
    }

    /// The posterior of the latent numbers, N x L.
    fn encode(&self, condition: &Condition, targets: &Tensor, observed: &Tensor) -> Result<Normal> {
        let all = Tensor::cat(&[&(targets * observed)?, observed, &condition.hidden], 1)?;
        let hidden = self.encoder.forward(&all)?.relu()?;
        Normal::new(&self.posterior.forward(&hidden)?, LATENT_VARIANCE)
    }

    /// The steps of a curve given latent numbers, rows x T.
    fn decode(&self, condition: &Condition, latent: &Tensor) -> Result<Normal> {
        let all = Tensor::cat(&[latent, &condition.hidden], 1)?;
        let hidden = self.decoder.forward(&all)?.relu()?;
        let mut normal = Normal::new(&self.curve.forward(&hidden)?, STEP_VARIANCE)?;
        normal.mean = (normal.mean + &condition.level)?;
        Ok(normal)
    }

    /// Mean and log variance of the mixture over draws z and -z, N x T, for a condition of so many samples with a row
    /// for each draw.
    fn mixture(&self, condition: &Condition, samples: usize, half: &Tensor) -> Result<Normal> {
        let draws = Tensor::cat(&[half, &half.neg()?], 0)?;
        let shape = (samples, draws.dim(0)?, self.steps);
        let normal = self.decode(condition, &draws.repeat((samples, 1))?)?;
        let means = normal.mean.reshape(shape)?;
        let mean = means.mean_keepdim(1)?;
        let between = means.broadcast_sub(&mean)?.sqr()?.mean(1)?;
        let within = normal.log_variance.exp()?.reshape(shape)?.mean(1)?;
        Ok(Normal {
            mean: mean.squeeze(1)?,
            log_variance: (between + within)?.log()?,
        })
    }

    /// The mixture over draws from the prior, N x T.
    fn forecast(&self, condition: &Condition, samples: usize, half: &Tensor) -> Result<Normal> {
        let repeated = condition.repeated(0, samples, 2 * half.dim(0)?)?;
        self.mixture(&repeated, samples, half)
    }

    /// Half of the draws behind every prediction.
    fn draws(&self, pairs: usize) -> Result<Tensor> {
        normals(&mut ChaCha8Rng::seed_from_u64(0), pairs, self.latent)
    }
}

impl Network for VaeNetwork {
    fn loss(&self, batch: &Batch, random: Option<&mut ChaCha8Rng>) -> Result<Tensor> {
        let shape = (batch.samples, self.steps);
        let targets = Tensor::from_slice(&batch.targets, shape, &Device::Cpu)?;
        let weights = Tensor::from_slice(&batch.weights, shape, &Device::Cpu)?;
        let Some(random) = random else {
            let condition = self.condition(batch, &mut Dropout::new(0.0, None))?;
            return self
                .forecast(&condition, batch.samples, &self.draws(PAIRS)?)?
                .misfit(&targets, &weights);
        };
        let observed = weights.gt(0.0)?.to_dtype(weights.dtype())?;
        let condition = self.condition(batch, &mut Dropout::new(self.dropout, Some(&mut *random)))?;
        let posterior = self.encode(&condition, &targets, &observed)?;
        let noise = normals(random, batch.samples, self.latent)?;
        let latent = (&posterior.mean + ((&posterior.log_variance * 0.5)?.exp()? * noise)?)?;
        let decoded = self.decode(&condition, &latent)?;
        let divergence = ((posterior.mean.sqr()? + posterior.log_variance.exp()?)? - &posterior.log_variance)?;
        // max(KL, free) = free + max(KL - free, 0).
        let divergence = ((divergence * 0.5)? - (0.5 + FREE))?.relu()?.affine(1.0, FREE)?;
        let weight = (weights.sum(1)? / observed.sum(1)?.maximum(1.0)?)?;
        let divergence = (divergence.sum(1)? * weight)?.sum_all()?;
        let autoencoder = (decoded.misfit(&targets, &weights)? + divergence)?;

        let half = normals(random, LOSS_PAIRS, self.latent)?;
        let forecast = self
            .forecast(&condition, batch.samples, &half)?
            .misfit(&targets, &weights)?;
        (autoencoder * (1.0 - FORECAST))? + (forecast * FORECAST)?
    }

    fn predict(&self, batch: &Batch) -> Result<Prediction> {
        let half = self.draws(PAIRS)?;
        let condition = self.condition(batch, &mut Dropout::new(0.0, None))?;
        let mut prediction = Prediction::default();
        for first in (0..batch.samples).step_by(CHUNK) {
            let samples = CHUNK.min(batch.samples - first);
            let condition = condition.repeated(first, samples, 2 * PAIRS)?;
            let Normal { mean, log_variance } = self.mixture(&condition, samples, &half)?;
            prediction.location.extend(mean.flatten_all()?.to_vec1::<f32>()?);
            let spread = (log_variance * 0.5)?.exp()?;
            prediction.spread.extend(spread.flatten_all()?.to_vec1::<f32>()?);
        }
        Ok(prediction)
    }

    fn sample(&self, batch: &Batch, paths: usize, random: &mut ChaCha8Rng) -> Result<Option<Vec<f32>>> {
        let condition = self.condition(batch, &mut Dropout::new(0.0, None))?;
        let mut result = Vec::with_capacity(batch.samples * paths * self.steps);
        for sample in 0..batch.samples {
            let latent = normals(random, paths, self.latent)?;
            let noise = normals(random, paths, self.steps)?;
            let normal = self.decode(&condition.repeated(sample, 1, paths)?, &latent)?;
            let curves = (normal.mean + ((normal.log_variance * 0.5)?.exp()? * noise)?)?;
            result.extend(curves.flatten_all()?.to_vec1::<f32>()?);
        }
        Ok(Some(result))
    }
}

/// Standard normal numbers, row by row.
fn normals(random: &mut ChaCha8Rng, rows: usize, columns: usize) -> Result<Tensor> {
    let values: Vec<f32> = random.sample_iter(StandardNormal).take(rows * columns).collect();
    Tensor::from_vec(values, (rows, columns), &Device::Cpu)
}

#[cfg(test)]
mod tests;
