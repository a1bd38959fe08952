//! The training loop on a line, whose answer is known.

use rand::Rng;

use super::*;
use crate::neural::{Batch, Linear, Prediction, RecipeOptions};

/// y = w x + b, seen through noise.
struct Line {
    dense: Linear,
    noise: f64,
}

impl Line {
    fn new(noise: f64) -> (Parameters, Self) {
        let mut parameters = Parameters::seeded(5);
        let dense = Linear::new(&mut parameters, "dense", 1, 1).unwrap();
        (parameters, Self { dense, noise })
    }
}

impl Network for Line {
    fn loss(&self, batch: &Batch, random: Option<&mut ChaCha8Rng>) -> candle_core::Result<Tensor> {
        let column = |v: &[f32]| Tensor::from_slice(v, (v.len(), 1), &candle_core::Device::Cpu);
        let mut random = random;
        let mut draw = || random.as_mut().map_or(0.0, |r| r.random::<f32>());
        let noise: Vec<f32> = batch.inputs.iter().map(|_| draw()).collect();
        let found = (self.dense.forward(&column(&batch.inputs)?)? + (column(&noise)? * self.noise)?)?;
        ((found - column(&batch.targets)?)?.sqr()? * column(&batch.weights)?)?.sum_all()
    }

    fn predict(&self, batch: &Batch) -> candle_core::Result<Prediction> {
        Ok(Prediction {
            location: batch.inputs.clone(),
            spread: batch.inputs.clone(),
        })
    }
}

/// y = slope x, for x in 0, 0.01, ... times `scale`.
struct Points {
    count: usize,
    slope: f32,
    scale: f32,
    weight: f32,
}

impl Points {
    fn new(slope: f32) -> Self {
        Self {
            count: 200,
            slope,
            scale: 1.0,
            weight: 1.0,
        }
    }
}

impl Source for Points {
    fn len(&self) -> usize {
        self.count
    }

    fn batch(&self, samples: &[usize], _: usize) -> Batch {
        let inputs: Vec<f32> = samples.iter().map(|&s| s as f32 * 0.01 * self.scale).collect();
        Batch {
            samples: samples.len(),
            steps: 1,
            targets: inputs.iter().map(|x| self.slope * x).collect(),
            weights: vec![self.weight; samples.len()],
            inputs,
            ..Batch::default()
        }
    }
}

fn recipe(learning_rate: f64) -> Recipe {
    let options = RecipeOptions {
        learning_rate: Some(learning_rate),
        batch_size: Some(40),
        patience: Some(3),
        ..RecipeOptions::default()
    };
    Recipe::try_new(&options).unwrap()
}

fn weights(parameters: &Parameters) -> Vec<f32> {
    let flat = |v: &Var| v.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    parameters.vars().iter().flat_map(flat).collect()
}

#[test]
fn a_line_is_learned_and_logged() {
    let (parameters, line) = Line::new(0.0);
    let mut seen = Vec::new();
    let observer = &mut |entry: &EpochLog| seen.push(*entry);
    let training = train(
        &line,
        &parameters,
        &Points::new(-1.5),
        None,
        &recipe(0.05),
        60,
        observer,
    )
    .unwrap();
    assert_eq!(training.log, seen);
    assert_eq!((training.best_epoch, training.log.len()), (60, 60));
    assert_eq!(training.log[59].epoch, 60);
    assert!(training.log[59].train_loss < 1e-4, "{:?}", training.log[59]);
    assert!(
        (weights(&parameters)[1] + 1.5).abs() < 0.02,
        "{:?}",
        weights(&parameters)
    );
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let bits = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (parameters, line) = Line::new(0.3);
            let points = Points::new(-1.5);
            let training = train(
                &line,
                &parameters,
                &points,
                Some(&points),
                &recipe(0.01),
                5,
                &mut |_| (),
            );
            let weights: Vec<u32> = weights(&parameters).into_iter().map(f32::to_bits).collect();
            (training.unwrap(), weights)
        })
    };
    let one = bits(1);
    assert_eq!(one, bits(2));
    assert_eq!(one, bits(7));
}

#[test]
fn training_stops_early_and_keeps_the_best_weights() {
    // The slope passes that of the held-out points on its way down.
    let (parameters, line) = Line::new(0.0);
    let held_out = Points::new(-0.5);
    let (points, recipe) = (Points::new(-1.5), recipe(0.02));
    let training = train(&line, &parameters, &points, Some(&held_out), &recipe, 100, &mut |_| ()).unwrap();
    assert_eq!(training.log.len(), training.best_epoch + 3);
    let losses: Vec<f64> = training.log.iter().map(|e| e.validation_loss.unwrap()).collect();
    let lowest = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(losses[training.best_epoch - 1], lowest);
    let (again, line) = Line::new(0.0);
    train(&line, &again, &points, None, &recipe, training.best_epoch, &mut |_| ()).unwrap();
    assert_eq!(weights(&parameters), weights(&again));
}

#[test]
fn divergence_is_an_error_that_names_the_epoch() {
    let says = |points: &Points, rate: f64| {
        let (parameters, line) = Line::new(0.0);
        let result = train(&line, &parameters, points, None, &recipe(rate), 20, &mut |_| ());
        result.map_or_else(|e| e.to_string(), |_| "trained".to_owned())
    };
    let scaled = |scale| Points {
        scale,
        ..Points::new(-1.5)
    };
    let text = says(&scaled(1e25), 1.0);
    assert!(
        text.starts_with("training diverged in epoch 1: the loss is not finite"),
        "{text}"
    );
    // The network begins close to the target: the loss is a number, its gradient is beyond the largest.
    let near = |scale| Points {
        slope: weights(&Line::new(0.0).0)[1] + 0.001,
        ..scaled(scale)
    };
    let text = says(&near(1e20), 0.01);
    assert!(
        text.starts_with("training diverged in epoch 1: a gradient is not finite"),
        "{text}"
    );
    // Steps of 1 throw it far off.
    let text = says(&near(100.0), 1.0);
    assert!(
        text.starts_with("training diverged in epoch 1: the loss is 100 times"),
        "{text}"
    );
    assert_eq!(says(&near(100.0), 1e-5), "trained");
}

#[test]
fn nothing_to_learn_from_is_refused() {
    for (count, weight) in [(0, 1.0), (50, 0.0)] {
        let (parameters, line) = Line::new(0.0);
        let points = Points {
            count,
            weight,
            ..Points::new(1.0)
        };
        let result = train(&line, &parameters, &points, None, &recipe(0.1), 3, &mut |_| ());
        assert_eq!(result.unwrap_err().to_string(), "there is no target to learn from");
    }
}
