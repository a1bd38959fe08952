//! What the trees see: one row of numbers for a launch at a step.

use arrow_array::RecordBatch;
use serde::{Deserialize, Serialize};

use crate::panel::{
    AttributeEncoder, EncodedColumn, Encoding, Frequency, LaunchPanel, MISSING, UNSEEN, day_of_year_angle,
};

/// Levels of a category that have a column of their own: the most frequent ones.
const MAX_LEVELS: usize = 12;
/// Launches a level needs for one.
const MIN_PER_LEVEL: usize = 5;
/// Words of a text that have a column: the most frequent ones.
const MAX_WORDS: usize = 24;
/// Columns of attributes at most. Of more, those are kept that go with the level of past launches.
const MAX_COLUMNS: usize = 60;

/// Name under which the launch date's place in the year is reported.
const SEASON: &str = "launch season";
/// Name under which the launch date is reported.
const RECENCY: &str = "recency";
/// Columns beside the attributes that hold for all steps of a launch: season (2), date, share of the first period.
const LAUNCH_COLUMNS: usize = 4;
/// Columns by step: step and season (2).
const STEP_COLUMNS: usize = 3;
/// Columns of own sales, see [`push_own`].
pub const OWN_COLUMNS: usize = 6;

/// One column made from an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    /// The standardised number.
    Number(usize),
    /// The place of the category among all of them in alphabetical order.
    Code(usize),
    /// 1 for one level of the category, 0 for the others.
    Level(usize, i32),
    /// 1 for texts with a word, 0 for others.
    Word(usize, u32),
}

impl Source {
    fn column(self) -> usize {
        match self {
            Self::Number(c) | Self::Code(c) | Self::Level(c, _) | Self::Word(c, _) => c,
        }
    }

    fn value(self, columns: &[EncodedColumn], row: usize) -> f32 {
        let category = |codes: &[i32], of: &dyn Fn(i32) -> f32| match codes[row] {
            MISSING => f32::NAN,
            code => of(code),
        };
        match (self, &columns[self.column()]) {
            (Self::Number(_), EncodedColumn::Number(v)) => v[row].map_or(f32::NAN, |v| v as f32),
            (Self::Code(_), EncodedColumn::Category(v)) => {
                category(v, &|code| if code == UNSEEN { f32::NAN } else { code as f32 })
            }
            (Self::Level(_, level), EncodedColumn::Category(v)) => {
                category(v, &|code| f32::from(u8::from(code == level)))
            }
            (Self::Word(_, word), EncodedColumn::Text(v)) if !v[row].is_empty() => {
                f32::from(u8::from(v[row].iter().any(|(w, _)| *w == word)))
            }
            _ => f32::NAN,
        }
    }
}

/// How launches become rows of numbers.
///
/// *Shapes*: a row is the attribute columns, four of the launch date, three of the step and, for products on sale, six
/// of own sales. NaN stands for missing values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Features {
    encoder: AttributeEncoder,
    sources: Vec<Source>,
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
    /// Choose columns for the attributes of past launches.
    pub fn fit(panel: &LaunchPanel) -> Self {
        let encoder = AttributeEncoder::fit(panel.attributes());
        let encoded = encoder.encode(panel.attributes());
        let mut sources = Vec::new();
        for (column, (_, encoding)) in encoder.columns.iter().enumerate() {
            match (encoding, &encoded[column]) {
                (Encoding::Category { levels }, EncodedColumn::Category(codes)) => {
                    sources.push(Source::Code(column));
                    let frequent = frequent_levels(codes, levels.len());
                    sources.extend(frequent.into_iter().map(|level| Source::Level(column, level)));
                }
                (Encoding::Text { vocabulary }, _) => {
                    // Words are numbered from the most frequent one on.
                    let count = vocabulary.len().min(MAX_WORDS) as u32;
                    sources.extend((0..count).map(|word| Source::Word(column, word)));
                }
                _ => sources.push(Source::Number(column)),
            }
        }
        if sources.len() > MAX_COLUMNS {
            sources = screened(&sources, &encoded, panel);
        }
        Self {
            encoder,
            sources,
            frequency: panel.frequency(),
            season: panel.spans_seasons(),
        }
    }

    /// Sine and cosine of the day of the year.
    fn season_of(&self, day: i32) -> [f32; 2] {
        match self.season {
            true => {
                let angle = day_of_year_angle(day);
                [angle.sin() as f32, angle.cos() as f32]
            }
            false => [0.0; 2],
        }
    }

    /// The attributes looked at.
    pub fn encoder(&self) -> &AttributeEncoder {
        &self.encoder
    }

    /// Columns of a row without own sales.
    pub fn columns(&self) -> usize {
        self.sources.len() + LAUNCH_COLUMNS + STEP_COLUMNS
    }

    /// The attribute a column is made from, or what else it stands for; none for step and own sales.
    pub fn name(&self, column: usize) -> Option<&str> {
        match self.sources.get(column) {
            Some(source) => self.encoder.columns.get(source.column()).map(|(name, _)| name.as_str()),
            None => match column - self.sources.len() {
                0 | 1 => Some(SEASON),
                2 => Some(RECENCY),
                _ => None,
            },
        }
    }

    /// The columns of launches that hold for all steps.
    pub fn statics(&self, attributes: &RecordBatch, days: &[i32]) -> Vec<Statics> {
        let encoded = self.encoder.encode(attributes);
        let of_row = |(row, &day): (usize, &i32)| {
            let [sine, cosine] = self.season_of(day);
            let date = [
                sine,
                cosine,
                (f64::from(day) / 365.25) as f32,
                self.frequency.exposure(day, 0) as f32,
            ];
            let values = self
                .sources
                .iter()
                .map(|s| s.value(&encoded, row))
                .chain(date)
                .collect();
            Statics { values, day }
        };
        days.iter().enumerate().map(of_row).collect()
    }

    /// Append the row of a launch at a step (0-based).
    pub fn push_row(&self, launch: &Statics, step: usize, row: &mut Vec<f32>) {
        let period = self
            .frequency
            .period_start(launch.day, step as i32)
            .unwrap_or(launch.day);
        let [sine, cosine] = self.season_of(period);
        row.extend_from_slice(&launch.values);
        row.extend([(step + 1) as f32, sine, cosine]);
    }

    /// Whether the parts fit each other.
    pub fn is_valid(&self) -> bool {
        self.encoder.is_valid()
            && self.sources.len() <= MAX_COLUMNS
            && self.sources.iter().all(|s| s.column() < self.encoder.columns.len())
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

/// The columns whose correlation with the mean of ln(1 + units) of past launches is beyond what the largest of so many
/// columns of noise would have: |r| sqrt(n) > sqrt(2 ln columns).
///
/// *References*: Donoho, Johnstone 1994, Ideal spatial adaptation by wavelet shrinkage (the universal threshold); Fan,
/// Lv 2008, Sure independence screening.
fn screened(sources: &[Source], encoded: &[EncodedColumn], panel: &LaunchPanel) -> Vec<Source> {
    let threshold = (2.0 * (sources.len() as f64).ln()).sqrt();
    let strength = |source: Source| {
        let pairs: Vec<(f64, f64)> = (0..panel.len())
            .filter_map(|i| Some((f64::from(source.value(encoded, i)), panel.level(i)?)))
            .filter(|(x, _)| !x.is_nan())
            .collect();
        let n = pairs.len() as f64;
        let (mx, my) = pairs.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
        let (xx, yy, xy) = pairs.iter().fold((0.0, 0.0, 0.0), |(xx, yy, xy), (x, y)| {
            let (x, y) = (x - mx, y - my);
            (xx + x * x, yy + y * y, xy + x * y)
        });
        if xx * yy > 0.0 {
            xy.abs() / (xx * yy).sqrt() * n.sqrt()
        } else {
            0.0
        }
    };
    let mut found: Vec<(usize, f64)> = (0..sources.len()).map(|k| (k, strength(sources[k]))).collect();
    found.retain(|(_, strength)| *strength > threshold);
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found.truncate(MAX_COLUMNS);
    found.sort_by_key(|(k, _)| *k);
    found.into_iter().map(|(k, _)| sources[k]).collect()
}

fn frequent_levels(codes: &[i32], levels: usize) -> Vec<i32> {
    let mut counts = vec![0usize; levels];
    for &code in codes {
        if let Some(count) = usize::try_from(code).ok().and_then(|c| counts.get_mut(c)) {
            *count += 1;
        }
    }
    let mut order: Vec<usize> = (0..levels).filter(|&l| counts[l] >= MIN_PER_LEVEL).collect();
    order.sort_by_key(|&l| (std::cmp::Reverse(counts[l]), l));
    order.truncate(MAX_LEVELS);
    order.into_iter().map(|l| l as i32).collect()
}
