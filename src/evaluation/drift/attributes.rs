//! The attributes of new launches beside those of training.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::batches::Batch;
use super::{MIN_PRODUCTS, MIN_SEASON, Since, Tested, too_few};
use crate::features::{EncodedColumn, Encoding, MISSING, UNSEEN};
use crate::launch::LaunchModel;
use crate::statistics::{chi_square, kolmogorov_smirnov, sorted};

/// Numbers with so few values are categories: yes and no are.
const FEW_VALUES: usize = 10;

/// The attributes that a model looks at, of all launches.
pub(super) struct Attributes {
    columns: Vec<(String, Column)>,
    clusters: Vec<usize>,
}

/// What is compared.
enum Column {
    /// Levels by launch, and their names.
    Levels(Vec<i32>, BTreeMap<i32, String>),
    /// Numbers by launch as the model takes them, negative infinity where missing, and as they are told.
    Numbers(Vec<f64>, Told),
}

/// How a number is told.
enum Told {
    /// Mean and standard deviation of what the number is measured from and in, and whether it is a logarithm.
    Scaled(f64, f64, bool),
    /// Words known of a text.
    Words,
    /// Along the direction of an embedding.
    Along,
}

impl Attributes {
    pub(super) fn of(model: &LaunchModel, since: &Since) -> Self {
        let attributes = since.panel.attributes();
        let mut seen = BTreeSet::new();
        let mut columns = Vec::new();
        for encoder in model.encoders() {
            for ((name, encoding), column) in encoder.columns.iter().zip(encoder.encode(attributes)) {
                if seen.insert(name.clone()) {
                    columns.push((name.clone(), Column::of(encoding, column)));
                }
            }
        }
        columns.sort_by(|a, b| a.0.cmp(&b.0));
        Self {
            columns,
            clusters: since.panel.clusters(),
        }
    }

    /// Each attribute of a batch beside training.
    pub(super) fn compare(&self, since: &Since, batch: &Batch) -> Vec<(String, Tested)> {
        let season = batch.same_season(since);
        let alike = since.products(&season);
        let (reference, which) = match alike {
            enough if enough >= MIN_SEASON => (season, "the same season of training".to_owned()),
            few => (
                since.known.clone(),
                format!("all of training, as {few} products of the same season are too few"),
            ),
        };
        let (new, old) = (since.products(&batch.rows), since.products(&reference));
        let tested = |column: &Column| match (new, old) {
            (new, _) if new < MIN_PRODUCTS => too_few(new, "in the batch"),
            (_, old) if old < MIN_PRODUCTS => too_few(old, "of training in the tables"),
            _ => column.compare((&batch.rows, &reference), &self.clusters, &which),
        };
        self.columns
            .iter()
            .map(|(name, column)| (name.clone(), tested(column)))
            .collect()
    }
}

impl Column {
    fn of(encoding: &Encoding, column: EncodedColumn) -> Self {
        let numbers = |values: Vec<Option<f64>>| {
            values
                .into_iter()
                .map(|v| v.unwrap_or(f64::NEG_INFINITY))
                .collect::<Vec<f64>>()
        };
        match (encoding, column) {
            (Encoding::Category { levels }, EncodedColumn::Category(codes)) => Self::Levels(
                codes,
                levels.iter().map(|(level, code)| (*code, level.clone())).collect(),
            ),
            (
                Encoding::Number {
                    log, mean, deviation, ..
                },
                EncodedColumn::Number(values),
            ) => {
                let told = Told::Scaled(*mean, *deviation, *log);
                let values = numbers(values);
                let mut codes: BTreeMap<u64, i32> = BTreeMap::new();
                for value in values.iter().filter(|v| v.is_finite()) {
                    let next = codes.len() as i32;
                    codes.entry(value.to_bits()).or_insert(next);
                    if codes.len() > FEW_VALUES {
                        return Self::Numbers(values, told);
                    }
                }
                let names = codes
                    .iter()
                    .map(|(bits, code)| (*code, told.text(f64::from_bits(*bits))))
                    .collect();
                let code = |v: &f64| codes.get(&v.to_bits()).copied().unwrap_or(MISSING);
                Self::Levels(values.iter().map(code).collect(), names)
            }
            (_, EncodedColumn::Text(texts)) => {
                Self::Numbers(texts.iter().map(|text| text.len() as f64).collect(), Told::Words)
            }
            (_, EncodedColumn::Embedding { along, .. }) => Self::Numbers(numbers(along), Told::Along),
            (_, EncodedColumn::Number(values)) => Self::Numbers(numbers(values), Told::Along),
            (_, EncodedColumn::Category(codes)) => Self::Levels(codes, BTreeMap::new()),
        }
    }

    fn compare(&self, (new, old): (&[usize], &[usize]), clusters: &[usize], which: &str) -> Tested {
        let (of_new, of_old) = (weights(new, clusters), weights(old, clusters));
        match self {
            Self::Levels(codes, names) => {
                let mut levels: BTreeMap<i32, [f64; 2]> = BTreeMap::new();
                for (sample, rows) in [(0, &of_new), (1, &of_old)] {
                    for (row, weight) in rows {
                        levels.entry(codes[*row]).or_default()[sample] += weight;
                    }
                }
                let column = |sample: usize| levels.values().map(|w| w[sample]).collect::<Vec<f64>>();
                let (first, second) = (column(0), column(1));
                let Some(found) = chi_square(&first, &second) else {
                    return (None, format!("hardly more than one level in the batch and in {which}"));
                };
                let (n, m) = (first.iter().sum::<f64>(), second.iter().sum::<f64>());
                let shares = levels.iter().map(|(code, w)| (*code, w[0] / n, w[1] / m));
                let pull = |(_, a, b): &(i32, f64, f64)| (a - b).powi(2) / (a + b);
                let most = shares.max_by(|x, y| pull(x).total_cmp(&pull(y)).then(y.0.cmp(&x.0)));
                let told = most.map_or_else(String::new, |(code, now, before)| {
                    let name = match code {
                        UNSEEN => "levels that the model does not know".to_owned(),
                        MISSING => "missing values".to_owned(),
                        known => names.get(&known).cloned().unwrap_or_default(),
                    };
                    format!("{name}: {:.0} % after {:.0} % in {which}", 100.0 * now, 100.0 * before)
                });
                (Some(found), told)
            }
            Self::Numbers(values, told) => {
                let sample = |rows: &[(usize, f64)]| rows.iter().map(|(row, w)| (values[*row], *w)).collect::<Vec<_>>();
                let Some(found) = kolmogorov_smirnov(&sample(&of_new), &sample(&of_old)) else {
                    return (None, format!("one value alone in the batch and in {which}"));
                };
                let middle = |rows: &[usize]| told.median(rows.iter().map(|&row| values[row]));
                (
                    Some(found),
                    format!("median {} after {} in {which}", middle(new), middle(old)),
                )
            }
        }
    }
}

impl Told {
    fn text(&self, value: f64) -> String {
        let value = match self {
            Self::Scaled(mean, deviation, true) => (mean + deviation * value).exp(),
            Self::Scaled(mean, deviation, false) => mean + deviation * value,
            Self::Words | Self::Along => value,
        };
        // Four digits are enough to see what changed.
        let digits = match value.abs() {
            large if large >= 1000.0 => 0,
            one if one >= 1.0 => 2,
            _ => 4,
        };
        let text = format!("{value:.digits$}");
        match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text,
        }
    }

    fn median(&self, values: impl Iterator<Item = f64>) -> String {
        let known = sorted(values.filter(|v| v.is_finite()));
        let unit = match self {
            Self::Scaled(..) => "",
            Self::Words => " known words",
            Self::Along => " along the direction that the model looks in",
        };
        match known.len() {
            0 => "missing".to_owned(),
            n => format!("{}{unit}", self.text(known[(n - 1) / 2])),
        }
    }
}

/// Rows with weights: those of one product share 1.
fn weights(rows: &[usize], clusters: &[usize]) -> Vec<(usize, f64)> {
    let mut sizes: HashMap<usize, usize> = HashMap::new();
    let cluster = |row: usize| clusters.get(row).copied().unwrap_or(row);
    rows.iter()
        .for_each(|&row| *sizes.entry(cluster(row)).or_insert(0) += 1);
    let weight = |row: usize| 1.0 / sizes.get(&cluster(row)).copied().unwrap_or(1) as f64;
    rows.iter().map(|&row| (row, weight(row))).collect()
}
