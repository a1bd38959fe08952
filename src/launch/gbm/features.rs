//! What the trees see: one row of numbers for a launch at a step.

use arrow_array::RecordBatch;
use serde::{Deserialize, Serialize};

use crate::features::{AttributeEncoder, Design, Levels, Plan, Words, screening::correlated};
use crate::panel::{Frequency, LaunchPanel, season};

/// What trees see of attributes.
const PLAN: Plan = Plan {
    code: true,
    levels: Levels::Frequent { most: 12, at_least: 5 },
    words: Words::Present(24),
    ..Plan::NUMBERS
};
/// Columns of attributes at most. Of more, those are kept that go with the level of past launches.
const MAX_COLUMNS: usize = 1_000;
/// Columns of attributes with a straight line at most, of those that go with the level.
const MAX_LINES: usize = 60;

/// Name under which the launch date's place in the year is reported.
const SEASON: &str = "launch season";
/// Name under which the launch date is reported.
const RECENCY: &str = "recency";
/// Columns beside the attributes that hold for all steps of a launch: season (2), date, share of the first period.
const LAUNCH_COLUMNS: usize = 4;
/// Which of them is the date.
const DATE: usize = 2;
/// Columns by step: step and season (2).
const STEP_COLUMNS: usize = 3;
/// Columns of own sales, see [`push_own`].
pub const OWN_COLUMNS: usize = 6;

/// How launches become rows of numbers.
///
/// *Shapes*: a row is the attribute columns, four of the launch date, three of the step and, for products on sale, six
/// of own sales. NaN stands for missing values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Features {
    #[serde(flatten)]
    design: Design,
    frequency: Frequency,
    /// Whether the time of the year is looked at (see [`LaunchPanel::spans_seasons`]).
    season: bool,
}

/// The columns of a launch that hold for all its steps, and its date.
pub struct Statics {
    values: Vec<f32>,
    day: i32,
}

impl Features {
    /// Choose columns for the attributes of past launches, and those of them through which straight lines go.
    pub fn fit(panel: &LaunchPanel) -> (Self, Vec<usize>) {
        let levels = panel.levels();
        let encoder = AttributeEncoder::fit_to(panel.attributes(), &levels);
        let encoded = encoder.encode(panel.attributes());
        let mut design = Design::fit(encoder, &encoded, &PLAN);
        let best = |design: &Design, most: usize| match design.columns() > most {
            true => {
                // As the trees see it, in single precision.
                let value = |column: usize, row: usize| {
                    let value = design.value(column, &encoded, row);
                    value.map_or(f64::NAN, |v| f64::from(v as f32))
                };
                correlated(design.columns(), value, &levels, most)
            }
            false => (0..design.columns()).collect(),
        };
        let kept = best(&design, MAX_COLUMNS);
        design = design.keep(&kept);
        let mut lines = best(&design, MAX_LINES);
        lines.extend(design.columns()..design.columns() + LAUNCH_COLUMNS + STEP_COLUMNS);
        let features = Self {
            design,
            frequency: panel.frequency(),
            season: panel.spans_seasons(),
        };
        (features, lines)
    }

    /// The attributes looked at.
    pub fn encoder(&self) -> &AttributeEncoder {
        self.design.encoder()
    }

    /// Columns of a row without own sales.
    pub fn columns(&self) -> usize {
        self.design.columns() + LAUNCH_COLUMNS + STEP_COLUMNS
    }

    /// The attribute a column is made from, or what else it stands for; none for step and own sales.
    pub fn name(&self, column: usize) -> Option<&str> {
        match column.checked_sub(self.design.columns()) {
            None => self.design.name(column),
            Some(0 | 1) => Some(SEASON),
            Some(DATE) => Some(RECENCY),
            Some(_) => None,
        }
    }

    /// The columns of launches that hold for all steps.
    pub fn statics(&self, attributes: &RecordBatch, days: &[i32]) -> Vec<Statics> {
        let encoded = self.encoder().encode(attributes);
        let of_row = |(row, &day): (usize, &i32)| {
            let [sine, cosine] = season(day, self.season);
            let date = [
                sine,
                cosine,
                (f64::from(day) / 365.25) as f32,
                self.frequency.exposure(day, 0) as f32,
            ];
            let values = self.design.dense(&encoded, row, f64::NAN).map(|v| v as f32);
            Statics {
                values: values.chain(date).collect(),
                day,
            }
        };
        days.iter().enumerate().map(of_row).collect()
    }

    /// Append the row of a launch at a step (0-based).
    pub fn push_row(&self, launch: &Statics, step: usize, row: &mut Vec<f32>) {
        let period = self
            .frequency
            .period_start(launch.day, step as i32)
            .unwrap_or(launch.day);
        let [sine, cosine] = season(period, self.season);
        row.extend_from_slice(&launch.values);
        row.extend([(step + 1) as f32, sine, cosine]);
    }

    /// The column of the date. What trees learn of it is where the last launches happened to lie, for all forecasts are of
    /// later dates.
    pub fn date(&self) -> usize {
        self.design.columns() + DATE
    }

    /// Whether the parts fit each other.
    pub fn is_valid(&self) -> bool {
        self.design.is_valid() && self.design.columns() <= MAX_COLUMNS
    }
}

/// Append what own sales say about a step: mean, last and slope of the differences from the forecast so far, mean of
/// the sales themselves, periods observed, and periods from the last observed one to the step.
pub fn push_own(own: &[f64], cold: &[f64], step: usize, row: &mut Vec<f32>) {
    let known: Vec<(usize, f64, f64)> = own
        .iter()
        .zip(cold)
        .enumerate()
        .filter(|(_, (y, f))| !(*y - *f).is_nan())
        .map(|(t, (y, f))| (t, *y, y - f))
        .collect();
    let n = known.len() as f64;
    let mean = |of: &dyn Fn(&(usize, f64, f64)) -> f64| known.iter().map(of).sum::<f64>() / n;
    let (time, difference) = (mean(&|k| k.0 as f64), mean(&|k| k.2));
    let slope = mean(&|k| (k.0 as f64 - time) * k.2) / mean(&|k| (k.0 as f64 - time).powi(2));
    let last = known.last().map_or((0, f64::NAN), |k| (k.0, k.2));
    let ahead = step.saturating_sub(last.0).max(1);
    row.extend([difference, last.1, slope, mean(&|k| k.1), n, ahead as f64].map(|v| v as f32));
}
