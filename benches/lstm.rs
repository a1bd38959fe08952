//! Training speed of the 128/64/1 LSTM on windows of 28 steps, batches of 32: forward, backward and Adam.
//!
//! `cargo bench --no-default-features --bench lstm` measures it. With `-- --windows FILE TRAINING TEST EPOCHS` it
//! trains on the given windows instead, for `lstm_beside_keras.py`: FILE holds f32 numbers, the inputs of all training
//! windows, their targets, and the same for the test windows. It begins each epoch when it is given a line, and answers
//! with the epoch, windows per second, and the mean squared error on the test windows.

use std::error::Error;
use std::time::Instant;

use candle_core::{Device, Result, Tensor};
use criterion::{Criterion, Throughput};
use launchpad::neural::{Batch, Linear, Lstm, Network, Parameters, Prediction, Recipe, RecipeOptions, Source, train};
use rand_chacha::ChaCha8Rng;

const STEPS: usize = 28;

/// LSTM(128), LSTM(64), and a dense layer on the last step.
struct LastStep {
    lstm: Lstm,
    head: Linear,
}

impl LastStep {
    fn new(parameters: &mut Parameters) -> Result<Self> {
        Ok(Self {
            lstm: Lstm::new(parameters, "lstm", 0, 1, &[128, 64])?,
            head: Linear::new(parameters, "head", 64, 1)?,
        })
    }

    fn forward(&self, batch: &Batch) -> Result<Tensor> {
        let inputs = Tensor::from_slice(&batch.inputs, (batch.samples, STEPS, 1), &Device::Cpu)?;
        let hidden = self.lstm.forward(&inputs)?.narrow(1, STEPS - 1, 1)?.squeeze(1)?;
        self.head.forward(&hidden)
    }
}

impl Network for LastStep {
    fn loss(&self, batch: &Batch, _: Option<&mut ChaCha8Rng>) -> Result<Tensor> {
        let targets = Tensor::from_slice(&batch.targets, (batch.samples, 1), &Device::Cpu)?;
        (self.forward(batch)? - targets)?.sqr()?.sum_all()
    }

    fn predict(&self, batch: &Batch) -> Result<Prediction> {
        Ok(Prediction {
            location: self.forward(batch)?.flatten_all()?.to_vec1()?,
            spread: vec![f32::NAN; batch.samples],
        })
    }
}

struct Windows {
    inputs: Vec<f32>,
    targets: Vec<f32>,
}

impl Source for Windows {
    fn len(&self) -> usize {
        self.targets.len()
    }

    fn batch(&self, samples: &[usize], _: usize) -> Batch {
        Batch {
            samples: samples.len(),
            steps: STEPS,
            inputs: samples
                .iter()
                .flat_map(|&s| &self.inputs[s * STEPS..][..STEPS])
                .copied()
                .collect(),
            targets: samples.iter().map(|&s| self.targets[s]).collect(),
            weights: vec![1.0; samples.len()],
            ..Batch::default()
        }
    }
}

fn recipe() -> std::result::Result<Recipe, launchpad::error::Error> {
    Recipe::try_new(&RecipeOptions {
        loss: Some("mse".to_owned()),
        ..RecipeOptions::default()
    })
}

fn measure() -> std::result::Result<(), Box<dyn Error>> {
    let count = 3_200;
    let windows = Windows {
        inputs: (0..count * STEPS).map(|k| (k as f32 * 0.7).sin()).collect(),
        targets: (0..count).map(|k| (k as f32 * 0.3).cos()).collect(),
    };
    let mut parameters = Parameters::seeded(42);
    let (network, recipe) = (LastStep::new(&mut parameters)?, recipe()?);
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("lstm");
    group.throughput(Throughput::Elements(count as u64)).sample_size(10);
    group.bench_function("epoch of 3,200 windows", |b| {
        b.iter(|| train(&network, &parameters, &windows, None, &recipe, 1, &mut |_| ()));
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}

fn train_windows(arguments: &[String]) -> std::result::Result<(), Box<dyn Error>> {
    let [file, training, test, epochs] = arguments else {
        return Err("usage: --windows FILE TRAINING TEST EPOCHS".into());
    };
    let bytes = std::fs::read(file)?;
    let mut numbers = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b));
    let mut windows = |count: usize| Windows {
        inputs: numbers.by_ref().take(count * STEPS).collect(),
        targets: numbers.by_ref().take(count).collect(),
    };
    let (training, test) = (windows(training.parse()?), windows(test.parse()?));
    let mut parameters = Parameters::seeded(42);
    let network = LastStep::new(&mut parameters)?;
    let everything: Vec<usize> = (0..test.len()).collect();
    let test = test.batch(&everything, 0);
    let go = || std::io::stdin().read_line(&mut String::new());
    go()?;
    let mut start = Instant::now();
    train(
        &network,
        &parameters,
        &training,
        None,
        &recipe()?,
        epochs.parse()?,
        &mut |log| {
            let speed = training.len() as f64 / start.elapsed().as_secs_f64();
            let forecast = network.predict(&test).map(|p| p.location).unwrap_or_default();
            let errors = forecast
                .iter()
                .zip(&test.targets)
                .map(|(f, y)| f64::from(f - y).powi(2));
            println!(
                "{} {speed:.0} {:.4}",
                log.epoch,
                errors.sum::<f64>() / test.samples as f64
            );
            // At the end of the input it goes on.
            let _ = go();
            start = Instant::now();
        },
    )?;
    Ok(())
}

fn main() -> std::result::Result<(), Box<dyn Error>> {
    // Cargo adds an argument of its own.
    let arguments: Vec<String> = std::env::args().filter(|a| a != "--bench").collect();
    match arguments.iter().position(|a| a == "--windows") {
        Some(at) => train_windows(
            arguments[at + 1..]
                .strip_suffix(&["--bench".to_owned()])
                .unwrap_or(&arguments[at + 1..]),
        ),
        None => measure(),
    }
}
