//! Samples of launches: to forecast, to learn from, to judge by.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::SequenceEncoder;
use crate::forecast::ages;
use crate::neural::{Batch, Source};
use crate::panel::{LaunchPanel, ScaledCovariates, season};

/// Encoded launches or candidates.
pub struct Sequences<'a> {
    pub(super) encoder: &'a SequenceEncoder,
    /// N x S.
    pub(super) statics: Vec<f32>,
    pub(super) launch_days: &'a [i32],
    pub(super) covariates: ScaledCovariates<'a>,
    /// Where targets come from.
    pub(super) panel: Option<&'a LaunchPanel>,
}

impl Sequences<'_> {
    /// Samples of the rows given with what each is known to have sold: y by step, NaN where not observed.
    pub fn batch<'o>(&self, rows: impl Iterator<Item = (usize, &'o [f64])>) -> Batch {
        let encoder = self.encoder;
        let (horizon, width) = (encoder.horizon, encoder.statics());
        let mut batch = Batch {
            steps: horizon,
            ..Batch::default()
        };
        for (row, own) in rows {
            batch.samples += 1;
            batch.statics.extend(&self.statics[row * width..(row + 1) * width]);
            self.push_inputs(&mut batch.inputs, row, own);
            for step in 0..horizon {
                let target = self.panel.zip(encoder.center[step]);
                let target = target.map_or(f64::NAN, |(p, c)| encoder.scaled(p.log_units(row)[step], c));
                let learned = step >= own.len() && !target.is_nan();
                batch.targets.push(if learned { target as f32 } else { 0.0 });
                batch.weights.push(f32::from(u8::from(learned)));
            }
        }
        batch
    }

    fn push_inputs(&self, inputs: &mut Vec<f32>, row: usize, own: &[f64]) {
        let encoder = self.encoder;
        let oldest = encoder
            .context_length
            .map_or(0, |length| own.len().saturating_sub(length));
        let known = |step: usize| {
            let value = own.get(step).filter(|v| !v.is_nan() && step >= oldest);
            value.zip(encoder.center[step]).map(|(v, c)| encoder.scaled(*v, c))
        };
        let (mut sum, mut count, mut previous) = (0.0, 0.0, None);
        for step in 0..encoder.horizon {
            let day = encoder.frequency.period_start(self.launch_days[row], step as i32);
            let [sine, cosine] = season(day.unwrap_or(self.launch_days[row]), encoder.season);
            let position = step as f64 / encoder.horizon as f64;
            let so_far = if count > 0.0 { sum / count } else { 0.0 };
            let values = [
                previous.unwrap_or(0.0),
                f64::from(u8::from(previous.is_some())),
                so_far,
                count / encoder.horizon as f64,
                f64::from(sine),
                f64::from(cosine),
                position,
            ];
            inputs.extend(values.map(|v| v as f32));
            for series in 0..encoder.covariates.len() {
                let value = self.covariates.at(row, series, step, own.len());
                inputs.extend([value.unwrap_or(0.0) as f32, f32::from(u8::from(value.is_some()))]);
            }
            previous = known(step);
            if let Some(value) = previous {
                sum += value;
                count += 1.0;
            }
        }
    }
}

/// Past launches to learn from: in each epoch half of them new, the others at an age drawn anew.
pub struct Lessons<'a> {
    sequences: &'a Sequences<'a>,
    panel: &'a LaunchPanel,
    rows: Vec<usize>,
    ages: Vec<usize>,
    random: ChaCha8Rng,
}

impl<'a> Lessons<'a> {
    /// Of the launches in `rows`.
    pub fn new(sequences: &'a Sequences<'a>, panel: &'a LaunchPanel, rows: Vec<usize>, seed: u64) -> Self {
        Self {
            sequences,
            panel,
            rows,
            ages: ages(panel.horizon()),
            random: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// The age at which a launch is seen in an epoch; 0 if nothing would be left to forecast.
    fn age(&self, row: usize, epoch: usize) -> usize {
        let mut random = self.random.clone();
        random.set_stream(row as u64);
        random.set_word_pos(16 * epoch as u128);
        if self.ages.len() < 2 || random.random::<bool>() {
            return 0;
        }
        let k = random.random_range(1..self.ages.len());
        let next = self.ages.get(k + 1).copied().unwrap_or(self.panel.horizon());
        let age = random.random_range(self.ages[k]..next);
        let left = self.panel.log_units(row)[age..].iter().any(|v| !v.is_nan());
        if left { age } else { 0 }
    }
}

impl Source for Lessons<'_> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn batch(&self, samples: &[usize], epoch: usize) -> Batch {
        self.sequences.batch(samples.iter().map(|&k| {
            let row = self.rows[k];
            (row, &self.panel.log_units(row)[..self.age(row, epoch)])
        }))
    }
}

/// Launches to judge a network by: each at all ages, of which age 0 counts as much as the others together.
pub struct Exam<'a> {
    sequences: &'a Sequences<'a>,
    panel: &'a LaunchPanel,
    samples: Vec<(usize, usize)>,
    later: f32,
}

impl<'a> Exam<'a> {
    /// Of the launches in `rows`.
    pub fn new(sequences: &'a Sequences<'a>, panel: &'a LaunchPanel, rows: &[usize]) -> Self {
        let ages = ages(panel.horizon());
        let samples = |&row: &usize| ages.iter().map(move |&age| (row, age));
        Self {
            sequences,
            panel,
            samples: rows.iter().flat_map(samples).collect(),
            later: 1.0 / ages.len().saturating_sub(1).max(1) as f32,
        }
    }
}

impl Source for Exam<'_> {
    fn len(&self) -> usize {
        self.samples.len()
    }

    fn batch(&self, samples: &[usize], _epoch: usize) -> Batch {
        let chosen = || samples.iter().map(|&k| self.samples[k]);
        let mut batch = self
            .sequences
            .batch(chosen().map(|(row, age)| (row, &self.panel.log_units(row)[..age])));
        for ((_, age), weights) in chosen().zip(batch.weights.chunks_mut(batch.steps.max(1))) {
            if age > 0 {
                weights.iter_mut().for_each(|w| *w *= self.later);
            }
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::tests::planted_panel;

    const H: usize = 6;

    #[test]
    fn half_of_the_lessons_are_about_new_launches() {
        let panel = planted_panel(100, H, 4);
        let encoder = SequenceEncoder::fit(&panel, None);
        let sequences = encoder.launches(&panel);
        let lessons = Lessons::new(&sequences, &panel, (0..100).collect(), 7);
        let ages: Vec<usize> = (0..40)
            .flat_map(|epoch| (0..100).map(move |row| (row, epoch)))
            .map(|(r, e)| lessons.age(r, e))
            .collect();
        let share = |age: usize| ages.iter().filter(|&&a| a == age).count() as f64 / ages.len() as f64;
        assert!((share(0) - 0.5).abs() < 0.03, "{}", share(0));
        assert!((1..H).all(|age| share(age) > 0.03));
        assert_eq!(
            lessons.age(5, 3),
            Lessons::new(&sequences, &panel, vec![5], 7).age(5, 3)
        );
    }

    #[test]
    fn in_an_exam_new_launches_count_as_much_as_all_later_ages() {
        let panel = planted_panel(30, H, 5);
        let encoder = SequenceEncoder::fit(&panel, None);
        let sequences = encoder.launches(&panel);
        let exam = Exam::new(&sequences, &panel, &[3, 9]);
        // Ages 0, 1, 2 and 4.
        assert_eq!(exam.len(), 8);
        let batch = exam.batch(&[0, 1, 2, 3], 0);
        let total = |k: usize| batch.weights[k * H..(k + 1) * H].iter().sum::<f32>();
        let expected = [6.0, 5.0 / 3.0, 4.0 / 3.0, 2.0 / 3.0];
        assert!((0..4).all(|k| (total(k) - expected[k]).abs() < 1e-5));
    }
}
