use super::*;
use crate::neural::gradients::backward;
use crate::neural::toy;
use crate::neural::{Loss, RecipeOptions, Source, train};

const STEPS: usize = 6;
/// How the level of a curve depends on its static input, by step.
const LEVEL: [f32; STEPS] = [1.0, 0.8, 0.6, 0.4, 0.2, 0.0];
/// Two latent factors that move curves.
const FACTORS: [[f32; STEPS]; 2] = [[0.2, 0.4, 0.6, 0.8, 0.8, 0.8], [0.6, 0.4, 0.0, -0.2, -0.4, -0.6]];
const NOISE: f32 = 0.2;
/// What stands where nothing was observed.
const GARBAGE: f32 = 50.0;

/// Curves y_t = s l_t + z_1 f_t + z_2 g_t + noise; a fifth of the steps is not observed.
struct Curves(usize);

impl Source for Curves {
    fn len(&self) -> usize {
        self.0
    }

    fn batch(&self, samples: &[usize], _: usize) -> Batch {
        let mut batch = Batch {
            samples: samples.len(),
            steps: STEPS,
            ..Batch::default()
        };
        for &n in samples {
            let mut random = ChaCha8Rng::seed_from_u64(n as u64);
            let s = 4.0 * random.random::<f32>() - 2.0;
            let z: [f32; 2] = [random.sample(StandardNormal), random.sample(StandardNormal)];
            batch.statics.push(s);
            for t in 0..STEPS {
                let noise: f32 = random.sample(StandardNormal);
                let y = s * LEVEL[t] + z[0] * FACTORS[0][t] + z[1] * FACTORS[1][t] + NOISE * noise;
                let observed = random.random::<f32>() < 0.8;
                batch.inputs.push(t as f32 / STEPS as f32);
                batch.targets.push(if observed { y } else { GARBAGE });
                batch.weights.push(if observed { 1.0 } else { 0.0 });
            }
        }
        batch
    }
}

const SHAPE: Shape = Shape {
    statics: 1,
    inputs: 1,
    steps: STEPS,
};

fn covariance(a: usize, b: usize) -> f32 {
    let own = if a == b { NOISE * NOISE } else { 0.0 };
    FACTORS[0][a] * FACTORS[0][b] + FACTORS[1][a] * FACTORS[1][b] + own
}

#[test]
fn recovers_a_planted_distribution_of_curves() {
    let options = RecipeOptions {
        hidden: Some(vec![32, 32]),
        learning_rate: Some(0.003),
        dropout: Some(0.0),
        ..RecipeOptions::default()
    };
    let recipe = Recipe::try_new(&options).unwrap();
    let mut parameters = Parameters::seeded(1);
    let network = VaeNetwork::new(&mut parameters, SHAPE, &recipe).unwrap();
    train(&network, &parameters, &Curves(2_000), None, &recipe, 60, &mut |_| ()).unwrap();

    let (samples, paths) = (200, 200);
    let batch = Curves(samples).batch(&(0..samples).collect::<Vec<_>>(), 0);
    let truth = |n: usize, t: usize| batch.statics[n] * LEVEL[t];
    let curves = network
        .sample(&batch, paths, &mut ChaCha8Rng::seed_from_u64(9))
        .unwrap()
        .unwrap();
    let mut found = [[0.0; STEPS]; STEPS];
    for (row, curve) in curves.chunks_exact(STEPS).enumerate() {
        for (a, found) in found.iter_mut().enumerate() {
            for (b, found) in found.iter_mut().enumerate() {
                let [da, db] = [a, b].map(|t| curve[t] - truth(row / paths, t));
                *found += da * db / (samples * paths) as f32;
            }
        }
    }
    let prediction = network.predict(&batch).unwrap();
    for (a, found) in found.iter().enumerate() {
        let by_sample = (0..samples).map(|n| prediction.location[n * STEPS + a] - truth(n, a));
        let error = (by_sample.map(|e| e * e).sum::<f32>() / samples as f32).sqrt();
        assert!(error < 0.12, "mean of step {a}: {error}");
        let spread = (0..samples).map(|n| prediction.spread[n * STEPS + a]).sum::<f32>() / samples as f32;
        let ratio = spread / covariance(a, a).sqrt();
        assert!(
            (0.85..1.15).contains(&ratio),
            "spread of step {a}: {ratio} times the truth"
        );
        for (b, found) in found.iter().enumerate() {
            let error = found - covariance(a, b);
            assert!(error.abs() < 0.2, "{a} {b}: {found} for {}", covariance(a, b));
        }
    }
}

#[test]
fn what_was_not_observed_has_no_part() {
    let mut parameters = Parameters::seeded(1);
    let network = VaeNetwork::new(&mut parameters, SHAPE, &toy::recipe(Loss::Quantile)).unwrap();
    let batch = Curves(20).batch(&(0..20).collect::<Vec<_>>(), 0);
    let loss = |batch: &Batch| {
        let loss = network.loss(batch, Some(&mut ChaCha8Rng::seed_from_u64(1))).unwrap();
        loss.to_scalar::<f32>().unwrap()
    };
    let mut changed = batch.clone();
    changed
        .targets
        .iter_mut()
        .filter(|y| **y == GARBAGE)
        .for_each(|y| *y = -3.0);
    assert_ne!(changed, batch);
    assert_eq!(loss(&changed), loss(&batch));
    let mut doubled = batch.clone();
    doubled.weights.iter_mut().for_each(|w| *w *= 2.0);
    assert!((loss(&doubled) / loss(&batch) - 2.0).abs() < 1e-5);
    doubled.weights.fill(0.0);
    assert_eq!(loss(&doubled), 0.0);
}

#[test]
fn gradients_are_finite_differences() {
    let mut parameters = Parameters::seeded(4);
    let network = VaeNetwork::new(&mut parameters, SHAPE, &toy::recipe(Loss::Quantile)).unwrap();
    let batch = Curves(3).batch(&[0, 1, 2], 0);
    let loss = || network.loss(&batch, Some(&mut ChaCha8Rng::seed_from_u64(1))).unwrap();
    let by = backward(&loss(), &parameters.vars()).unwrap();
    for ((name, var), by) in parameters.tensors().unwrap().keys().zip(parameters.vars()).zip(by) {
        // Along the gradient: its length is the derivative.
        let gradient = by.iter().skip(1).fold(by[0].clone(), |sum, g| (sum + g).unwrap());
        let length = gradient
            .sqr()
            .unwrap()
            .sum_all()
            .unwrap()
            .to_scalar::<f32>()
            .unwrap()
            .sqrt();
        assert!(length > 0.0, "{name}");
        let (start, along) = (
            var.as_detached_tensor().copy().unwrap(),
            (gradient / f64::from(length)).unwrap(),
        );
        let at = |by: f64| {
            var.set(&(&start + (&along * by).unwrap()).unwrap()).unwrap();
            loss().to_scalar::<f32>().unwrap()
        };
        let difference = (at(0.002) - at(-0.002)) / 0.004;
        at(0.0);
        assert!(
            (difference / length - 1.0).abs() < 0.03,
            "{name}: {difference} {length}"
        );
    }
}

#[test]
fn paths_and_forecasts_do_not_depend_on_the_batch() {
    let mut parameters = Parameters::seeded(1);
    let network = VaeNetwork::new(&mut parameters, SHAPE, &toy::recipe(Loss::Quantile)).unwrap();
    let all = Curves(40).batch(&(0..40).collect::<Vec<_>>(), 0);
    let one = Curves(40).batch(&[20], 0);
    let together = network.predict(&all).unwrap();
    let alone = network.predict(&one).unwrap();
    for (together, alone) in [(together.location, alone.location), (together.spread, alone.spread)] {
        for (a, b) in together[20 * STEPS..].iter().zip(&alone) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }
    let draw = |seed| network.sample(&one, 3, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap();
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    assert_eq!(draw(1).map(|d| d.len()), Some(3 * STEPS));
}

#[test]
fn learns_a_planted_rule_on_any_number_of_threads() {
    let (reached, baseline) = toy::learned(VaeNetwork::new, Loss::Quantile);
    assert!(reached < 0.4 * baseline, "{reached}, {baseline} without learning");
}
