//! A problem with a known answer, on which networks are tried.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::ThreadPoolBuilder;

use super::{Batch, Loss, Network, Parameters, Recipe, RecipeOptions, Shape, Source, train};

/// y_t = s_0 + 0.8 x_(t-1) - 0.5 x_(t-3) with little noise; the second static input and input say nothing.
pub(super) struct Toy {
    samples: Vec<Batch>,
    steps: usize,
}

impl Toy {
    pub(super) fn new(count: usize, steps: usize) -> Self {
        let samples = (0..count).map(|n| sample(n as u64, steps)).collect();
        Self { samples, steps }
    }

    pub(super) fn shape(&self) -> Shape {
        Shape {
            statics: 2,
            inputs: 2,
            steps: self.steps,
        }
    }
}

fn sample(number: u64, steps: usize) -> Batch {
    let mut random = ChaCha8Rng::seed_from_u64(number);
    let mut draw = || 2.0 * random.random::<f32>() - 1.0;
    let statics = vec![draw(), draw()];
    let inputs: Vec<f32> = (0..2 * steps).map(|_| draw()).collect();
    let at = |step: Option<usize>| step.map_or(0.0, |s| inputs[2 * s]);
    let targets = (0..steps)
        .map(|t| statics[0] + 0.8 * at(t.checked_sub(1)) - 0.5 * at(t.checked_sub(3)) + 0.02 * draw())
        .collect();
    Batch {
        samples: 1,
        steps,
        targets,
        weights: vec![1.0; steps],
        statics,
        inputs,
    }
}

impl Source for Toy {
    fn len(&self) -> usize {
        self.samples.len()
    }

    fn batch(&self, samples: &[usize], _: usize) -> Batch {
        let mut batch = Batch {
            steps: self.steps,
            ..Batch::default()
        };
        for s in samples.iter().map(|&n| &self.samples[n]) {
            batch.samples += 1;
            batch.statics.extend(&s.statics);
            batch.inputs.extend(&s.inputs);
            batch.targets.extend(&s.targets);
            batch.weights.extend(&s.weights);
        }
        batch
    }
}

pub(super) fn recipe(loss: Loss) -> Recipe {
    let options = RecipeOptions {
        hidden: Some(vec![24, 16]),
        learning_rate: Some(0.01),
        loss: Some(format!("{loss:?}")),
        dropout: Some(0.0),
        ..RecipeOptions::default()
    };
    Recipe::try_new(&options).unwrap()
}

/// Train on one and two threads, which must give the same bytes; the root mean squared error of the forecasts of new
/// samples, and of their mean.
pub(super) fn learned<N: Network>(
    new: impl Fn(&mut Parameters, Shape, &Recipe) -> candle_core::Result<N> + Sync,
    loss: Loss,
) -> (f32, f32) {
    let (training, new_samples) = (Toy::new(300, 9), Toy::new(1_000, 9));
    let recipe = recipe(loss);
    let fit = |threads| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut parameters = Parameters::seeded(recipe.seed() as u64);
            let network = new(&mut parameters, training.shape(), &recipe).unwrap();
            train(&network, &parameters, &training, None, &recipe, 40, &mut |_| ()).unwrap();
            let weights: Vec<Vec<f32>> = parameters
                .vars()
                .iter()
                .map(|v| v.flatten_all().unwrap().to_vec1().unwrap())
                .collect();
            (weights, network)
        })
    };
    let (weights, network) = fit(1);
    assert!(weights == fit(2).0, "the number of threads changes the weights");
    let all = new_samples.batch(&(700..1_000).collect::<Vec<_>>(), 0);
    let found = network.predict(&all).unwrap().location;
    let root = |errors: &mut dyn Iterator<Item = f32>| {
        let squares: Vec<f32> = errors.map(|e| e * e).collect();
        (squares.iter().sum::<f32>() / squares.len() as f32).sqrt()
    };
    let mean = all.targets.iter().sum::<f32>() / all.targets.len() as f32;
    (
        root(&mut found.iter().zip(&all.targets).map(|(f, y)| f - y)),
        root(&mut all.targets.iter().map(|y| y - mean)),
    )
}
