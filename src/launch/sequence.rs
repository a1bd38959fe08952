//! Launches as sequences for networks: one sample is a launch seen at some age.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::forecast::ages;
use crate::neural::{Batch, Prediction, Source};
use crate::panel::{
    AttributeEncoder, Candidates, CovariateScales, EncodedColumn, Encoding, Frequency, LaunchPanel, ScaledCovariates,
    day_of_year_angle, mean,
};

/// Levels of a category with fewer past launches are told apart by nothing.
const MIN_LEVEL: usize = 5;
/// Levels of one attribute that get an input of their own, at most.
const MAX_LEVELS: usize = 400;
/// The same of a free text. Rare words fit single launches.
const MAX_WORDS: usize = 24;
/// Launches that differ by less from the mean of their step are all alike: there is nothing to learn but that mean.
const ALIKE: f64 = 1e-6;
/// Inputs by step before those of covariates: previous own value and whether it is known, mean and share of what is
/// known so far, sine and cosine of the season, the step.
const STEP_INPUTS: usize = 7;

/// How launches become inputs of a network, and its outputs forecasts; learned from past launches.
///
/// *Model*: the target of launch i at step s is (y_is - c_s) / d with y = ln(1 + units per full period), c_s the mean of
/// the past launches observed at step s, and d the standard deviation around these means.
///
/// *Shapes*: each sample has S inputs that stay (attributes, season and date of the launch) and C inputs at each of the
/// H steps. At step s these are the value of step s - 1 and whether it is known, mean and share of the steps known so
/// far, sine and cosine of the day of the year (if the past launches span two years), s / H, and two for each covariate (see [`CovariateScales`]): its value
/// there (of a signal the latest known) and whether it is known. Values beyond the age of a sample are not known: 0, as is
/// all else that is missing.
///
/// *Missing data*: a number that is missing is 0, the mean, with a second input that says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SequenceEncoder {
    frequency: Frequency,
    horizon: usize,
    context_length: Option<usize>,
    attributes: AttributeEncoder,
    statics: Vec<Static>,
    covariates: CovariateScales,
    /// Whether the time of the year is looked at (see [`LaunchPanel::spans_seasons`]).
    season: bool,
    /// Launch dates of the past, in days: mean, standard deviation, first, last.
    dates: [f64; 4],
    /// c_s; `None` where no past launch was observed.
    center: Vec<Option<f64>>,
    /// d; 0 where launches are all alike.
    deviation: f64,
}

/// An input made of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Static {
    /// A standardised number.
    Number { attribute: usize },
    /// Whether it is missing.
    Missing { attribute: usize },
    /// Whether a category has this code.
    Level { attribute: usize, code: i32 },
    /// The weight of a word.
    Word { attribute: usize, column: u32 },
}

impl SequenceEncoder {
    /// Learn the scales.
    pub fn fit(panel: &LaunchPanel, context_length: Option<usize>) -> Self {
        let attributes = AttributeEncoder::fit(panel.attributes());
        let columns = attributes.encode(panel.attributes());
        let statics = attributes.columns.iter().zip(&columns).enumerate();
        let statics = statics
            .flat_map(|(attribute, ((_, encoding), column))| static_inputs(attribute, encoding, column))
            .collect();
        let center: Vec<Option<f64>> = (0..panel.horizon())
            .map(|s| {
                let seen = (0..panel.len()).map(|i| panel.log_units(i)[s]);
                mean(seen.filter(|v| !v.is_nan()))
            })
            .collect();
        let squares = (0..panel.len()).flat_map(|i| {
            let steps = panel.log_units(i).iter().zip(&center);
            steps.filter_map(|(y, c)| Some((y - (*c)?).powi(2)).filter(|v| !v.is_nan()))
        });
        let days = || panel.launch_days().iter().map(|&d| f64::from(d));
        let middle = mean(days()).unwrap_or(0.0);
        Self {
            frequency: panel.frequency(),
            horizon: panel.horizon(),
            context_length,
            covariates: CovariateScales::fit(panel.covariates()),
            season: panel.spans_seasons(),
            attributes,
            statics,
            dates: [
                middle,
                mean(days().map(|d| (d - middle).powi(2)))
                    .unwrap_or(0.0)
                    .sqrt()
                    .max(1.0),
                days().fold(f64::INFINITY, f64::min),
                days().fold(f64::NEG_INFINITY, f64::max),
            ],
            deviation: mean(squares).map(f64::sqrt).filter(|d| *d > ALIKE).unwrap_or(0.0),
            center,
        }
    }

    /// Number of inputs that stay, S.
    pub fn statics(&self) -> usize {
        self.statics.len() + 3
    }

    /// Number of inputs by step, C.
    pub fn inputs(&self) -> usize {
        STEP_INPUTS + 2 * self.covariates.len()
    }

    /// Number of steps, H.
    pub fn horizon(&self) -> usize {
        self.horizon
    }

    /// Standard deviation of past launches around the mean of each step, d.
    pub fn deviation(&self) -> f64 {
        self.deviation
    }

    /// The attributes it looks at.
    pub fn attributes(&self) -> &AttributeEncoder {
        &self.attributes
    }

    /// Whether the parts fit each other and the horizon; asked of models that were read from bytes.
    pub fn is_valid(&self, horizon: usize) -> bool {
        let fits = |input: &Static| {
            let (attribute, kind) = match *input {
                Static::Number { attribute } | Static::Missing { attribute } => (attribute, 0),
                Static::Level { attribute, .. } => (attribute, 1),
                Static::Word { attribute, .. } => (attribute, 2),
            };
            match self.attributes.columns.get(attribute) {
                Some((_, Encoding::Number { .. })) => kind == 0,
                Some((_, Encoding::Category { .. })) => kind == 1,
                Some((_, Encoding::Text { .. })) => kind == 2,
                None => false,
            }
        };
        self.horizon == horizon
            && self.center.len() == horizon
            && self.center.iter().flatten().all(|c| c.abs() <= 100.0)
            && (0.0..=100.0).contains(&self.deviation)
            && self.dates.iter().all(|d| d.is_finite())
            && self.dates[1] >= 1.0
            && self.dates[2] <= self.dates[3]
            && self.attributes.is_valid()
            && self.covariates.is_valid()
            && self.statics.iter().all(fits)
    }

    /// Past launches as samples.
    pub fn launches<'a>(&'a self, panel: &'a LaunchPanel) -> Sequences<'a> {
        Sequences {
            encoder: self,
            statics: self.encode_statics(&panel.candidates()),
            launch_days: panel.launch_days(),
            covariates: self.covariates.encode(panel.covariates()),
            panel: Some(panel),
        }
    }

    /// Candidates as samples, without targets.
    pub fn candidates<'a>(&'a self, candidates: &'a Candidates) -> Sequences<'a> {
        Sequences {
            encoder: self,
            statics: self.encode_statics(candidates),
            launch_days: &candidates.launch_days,
            covariates: self.covariates.encode(&candidates.covariates),
            panel: None,
        }
    }

    /// Location and spread on the scale ln(1 + units) from the outputs of sample `row`; NaN at steps that no past launch
    /// was observed at.
    pub fn decode(&self, outputs: &Prediction, row: usize) -> (Vec<f64>, Vec<f64>) {
        let at = |values: &[f32], step: usize| f64::from(values[row * self.horizon + step]);
        let location =
            |(s, c): (usize, &Option<f64>)| c.map_or(f64::NAN, |c| c + self.deviation * at(&outputs.location, s));
        let spread = |s: usize| self.deviation * at(&outputs.spread, s);
        (
            self.center.iter().enumerate().map(location).collect(),
            (0..self.horizon).map(spread).collect(),
        )
    }

    /// Sine and cosine of the day of the year; 0 where it is not looked at.
    fn season_of(&self, day: i32) -> [f32; 2] {
        match self.season {
            true => {
                let angle = day_of_year_angle(day);
                [angle.sin() as f32, angle.cos() as f32]
            }
            false => [0.0; 2],
        }
    }

    /// (y - center) / d; 0 where launches are all alike.
    fn scaled(&self, y: f64, center: f64) -> f64 {
        match self.deviation {
            0.0 => 0.0 * (y - center),
            deviation => (y - center) / deviation,
        }
    }

    /// S numbers for each row.
    fn encode_statics(&self, candidates: &Candidates) -> Vec<f32> {
        let columns = self.attributes.encode(&candidates.attributes);
        let [middle, deviation, first, last] = self.dates;
        let mut out = Vec::with_capacity(candidates.len() * self.statics());
        for (row, &day) in candidates.launch_days.iter().enumerate() {
            out.extend(self.statics.iter().map(|input| input.value(&columns, row) as f32));
            let [sine, cosine] = self.season_of(day);
            // Beyond the launches learned from, a date says no more than the nearest of them.
            let date = (f64::from(day).clamp(first, last) - middle) / deviation;
            out.extend([sine, cosine, date as f32]);
        }
        out
    }
}

/// The inputs of one attribute.
fn static_inputs(attribute: usize, encoding: &Encoding, column: &EncodedColumn) -> Vec<Static> {
    match (encoding, column) {
        (Encoding::Number { .. }, _) => {
            let missing = (0..column.len()).any(|row| column.is_missing(row));
            let flag = missing.then_some(Static::Missing { attribute });
            std::iter::once(Static::Number { attribute }).chain(flag).collect()
        }
        (Encoding::Category { levels }, EncodedColumn::Category(codes)) => {
            let mut counts = vec![0usize; levels.len()];
            for &code in codes {
                if let Some(count) = usize::try_from(code).ok().and_then(|c| counts.get_mut(c)) {
                    *count += 1;
                }
            }
            let mut order: Vec<usize> = (0..counts.len()).filter(|&c| counts[c] >= MIN_LEVEL).collect();
            order.sort_by_key(|&c| (std::cmp::Reverse(counts[c]), c));
            let level = |code: usize| Static::Level {
                attribute,
                code: code as i32,
            };
            order.into_iter().take(MAX_LEVELS).map(level).collect()
        }
        // Words are numbered by how frequent they are.
        (Encoding::Text { vocabulary }, _) => (0..vocabulary.len().min(MAX_WORDS) as u32)
            .map(|column| Static::Word { attribute, column })
            .collect(),
        _ => Vec::new(),
    }
}

impl Static {
    fn value(self, columns: &[EncodedColumn], row: usize) -> f64 {
        match self {
            Self::Number { attribute } => match columns.get(attribute) {
                Some(EncodedColumn::Number(v)) => v[row].unwrap_or(0.0),
                _ => 0.0,
            },
            Self::Missing { attribute } => columns.get(attribute).map_or(1.0, |c| f64::from(c.is_missing(row))),
            Self::Level { attribute, code } => match columns.get(attribute) {
                Some(EncodedColumn::Category(v)) => f64::from(v[row] == code),
                _ => 0.0,
            },
            Self::Word { attribute, column } => match columns.get(attribute) {
                Some(EncodedColumn::Text(v)) => v[row].iter().find(|(c, _)| *c == column).map_or(0.0, |(_, w)| *w),
                _ => 0.0,
            },
        }
    }
}

/// Encoded launches or candidates.
pub struct Sequences<'a> {
    encoder: &'a SequenceEncoder,
    /// N x S.
    statics: Vec<f32>,
    launch_days: &'a [i32],
    covariates: ScaledCovariates<'a>,
    /// Where targets come from.
    panel: Option<&'a LaunchPanel>,
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
            let [sine, cosine] = encoder.season_of(day.unwrap_or(self.launch_days[row]));
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

    fn sample(panel: &LaunchPanel, row: usize, age: usize, context_length: Option<usize>) -> Batch {
        let encoder = SequenceEncoder::fit(panel, context_length);
        let own = &panel.log_units(row)[..age];
        encoder.launches(panel).batch(std::iter::once((row, own)))
    }

    /// The inputs of one column by step.
    fn column(batch: &Batch, column: usize) -> Vec<f32> {
        batch.inputs.chunks(STEP_INPUTS).map(|step| step[column]).collect()
    }

    #[test]
    fn targets_are_standardised_and_end_where_sales_are_known() {
        let panel = planted_panel(200, H, 1);
        let encoder = SequenceEncoder::fit(&panel, None);
        let new: Vec<Batch> = (0..200).map(|row| sample(&panel, row, 0, None)).collect();
        let targets: Vec<f64> = new.iter().flat_map(|b| &b.targets).map(|&t| f64::from(t)).collect();
        let variance = mean(targets.iter().map(|t| t * t)).unwrap();
        assert!(mean(targets.into_iter()).unwrap().abs() < 1e-6 && (variance - 1.0).abs() < 1e-5);
        let later = sample(&panel, 7, 2, None);
        assert_eq!(later.weights, [0.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
        // What a network says is taken back to the scale of the panel.
        let outputs = Prediction {
            location: new[7].targets.clone(),
            spread: vec![1.0; H],
        };
        let (location, spread) = encoder.decode(&outputs, 0);
        for (found, y) in location.iter().zip(panel.log_units(7)) {
            assert!((found - y).abs() < 1e-6);
        }
        assert_eq!(spread, [encoder.deviation; H]);
    }

    #[test]
    fn a_step_sees_what_was_sold_before_it_up_to_the_age() {
        let panel = planted_panel(50, H, 2);
        let known = sample(&panel, 3, 0, None).targets;
        let batch = sample(&panel, 3, 2, None);
        assert_eq!(column(&batch, 0), [0.0, known[0], known[1], 0.0, 0.0, 0.0]);
        assert_eq!(column(&batch, 1), [0.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
        assert!((column(&batch, 2)[5] - (known[0] + known[1]) / 2.0).abs() < 1e-6);
        let latest = sample(&panel, 3, 2, Some(1));
        assert_eq!(column(&latest, 0), [0.0, 0.0, known[1], 0.0, 0.0, 0.0]);
        assert_eq!(column(&latest, 2)[5], known[1]);
    }

    #[test]
    fn a_new_launch_looks_the_same_whatever_it_sold_later() {
        let panel = planted_panel(50, H, 3);
        let candidates = panel.candidates();
        let encoder = SequenceEncoder::fit(&panel, None);
        let past = encoder.launches(&panel).batch(std::iter::once((4, &[] as &[f64])));
        let new = encoder
            .candidates(&candidates)
            .batch(std::iter::once((4, &[] as &[f64])));
        assert_eq!((&past.statics, &past.inputs), (&new.statics, &new.inputs));
        assert_eq!(new.weights, [0.0; H]);
        assert_eq!(new.statics.len(), encoder.statics());
    }

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
