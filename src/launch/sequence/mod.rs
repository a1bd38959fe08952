//! Launches as sequences for networks: one sample is a launch seen at some age.

mod samples;
mod stored;

use serde::{Deserialize, Serialize};

pub use self::samples::{Exam, Lessons, Sequences};
use crate::features::{AttributeEncoder, Design, Flag, Levels, Plan, Words};
use crate::neural::Prediction;
use crate::panel::{Candidates, CovariateScales, Frequency, LaunchPanel, season};
use crate::statistics::mean;

/// What networks see of attributes. Rare levels and words fit single launches.
const PLAN: Plan = Plan {
    missing: Flag::WhereSeen,
    levels: Levels::Frequent { most: 400, at_least: 5 },
    words: Words::Weight(24),
    ..Plan::NUMBERS
};
/// Launches that differ by less from the mean of their step are all alike: there is nothing to learn but that mean.
const ALIKE: f64 = 1e-6;
/// Inputs that stay beside those of attributes: season (2) and date of the launch.
const LAUNCH_INPUTS: usize = 3;
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
/// far, sine and cosine of the day of the year (if the past launches span two years), s / H, and two for each covariate
/// (see [`CovariateScales`]): its value there (of a signal the latest known) and whether it is known. Values beyond the
/// age of a sample are not known: 0, as is all else that is missing.
///
/// *Missing data*: a number that is missing is 0, the mean, with a second input that says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SequenceEncoder {
    frequency: Frequency,
    horizon: usize,
    context_length: Option<usize>,
    #[serde(flatten, with = "stored")]
    design: Design,
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

impl SequenceEncoder {
    /// Learn the scales.
    pub fn fit(panel: &LaunchPanel, context_length: Option<usize>) -> Self {
        let attributes = AttributeEncoder::fit_to(panel.attributes(), &panel.levels());
        let columns = attributes.encode(panel.attributes());
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
            design: Design::fit(attributes, &columns, &PLAN),
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
        self.design.columns() + LAUNCH_INPUTS
    }

    /// What each of them says, in words that mean the same to other encoders.
    pub fn static_keys(&self) -> Vec<String> {
        let of_attributes = (0..self.design.columns()).map(|column| self.design.key(column).unwrap_or_default());
        let of_launch = ["sine", "cosine", "date"].map(str::to_owned);
        of_attributes.chain(of_launch).collect()
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
        self.design.encoder()
    }

    /// Whether the parts fit each other and the horizon; asked of models that were read from bytes.
    pub fn is_valid(&self, horizon: usize) -> bool {
        self.horizon == horizon
            && self.center.len() == horizon
            && self.center.iter().flatten().all(|c| c.abs() <= 100.0)
            && (0.0..=100.0).contains(&self.deviation)
            && self.dates.iter().all(|d| d.is_finite())
            && self.dates[1] >= 1.0
            && self.dates[2] <= self.dates[3]
            && self.design.is_valid()
            && self.covariates.is_valid()
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

    /// (y - center) / d; 0 where launches are all alike.
    fn scaled(&self, y: f64, center: f64) -> f64 {
        match self.deviation {
            0.0 => 0.0 * (y - center),
            deviation => (y - center) / deviation,
        }
    }

    /// S numbers for each row.
    fn encode_statics(&self, candidates: &Candidates) -> Vec<f32> {
        let columns = self.attributes().encode(&candidates.attributes);
        let [middle, deviation, first, last] = self.dates;
        let mut out = Vec::with_capacity(candidates.len() * self.statics());
        for (row, &day) in candidates.launch_days.iter().enumerate() {
            out.extend(self.design.dense(&columns, row, 0.0).map(|v| v as f32));
            let [sine, cosine] = season(day, self.season);
            // Beyond the launches learned from, a date says no more than the nearest of them.
            let date = (f64::from(day).clamp(first, last) - middle) / deviation;
            out.extend([sine, cosine, date as f32]);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::tests::planted_panel;
    use crate::neural::Batch;

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
}
