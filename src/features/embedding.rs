//! Embeddings: lists of numbers of one length, such as pictures and texts become in other tools.

use std::collections::BTreeMap;

use arrow_array::{Array, ArrayRef, Float64Array, ListArray, RecordBatch};
use serde::{Deserialize, Serialize};

use super::attributes::CLIP;
use crate::statistics::{dot, mean, mix};

/// Vectors that a direction is learned from at most.
const MAX_VECTORS: usize = 4_000;
/// Entries of theirs at most.
const MAX_ENTRIES: usize = 1_600_000;
/// Vectors that are needed.
const ENOUGH: usize = 20;
/// Directions in which least squares are solved at most.
const MAX_STEPS: usize = 30;
/// A squared length, as a share of the mean one, that is none.
const TINY: f64 = 1e-12;
/// Penalties that are tried, as shares of the mean squared length.
const PENALTIES: [f64; 6] = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0];
/// Entries above it are none: their squares would be no numbers.
const MOST: f64 = 1e30;
/// Parts that are held out one after the other.
const PARTS: u64 = 5;
/// Steps of whole numbers that an entry of a unit vector is kept in.
const GRAIN: f64 = 4096.0;
/// What is said of a column that is no attribute, in the metadata of its field.
pub const LEFT_OUT: &str = "left_out";

/// The vectors of a column of lists; `None` where it is no such column, or its lists have several lengths. A vector with
/// an entry that is NULL, no finite number or above 1e30, and an empty one, is missing.
pub fn vectors(array: &ArrayRef) -> Option<Vec<Option<Vec<f64>>>> {
    let lists = array.as_any().downcast_ref::<ListArray>()?;
    let vectors: Vec<Option<Vec<f64>>> = (0..lists.len()).map(|row| vector(lists, row)).collect();
    let mut lengths = (0..lists.len())
        .filter(|row| lists.is_valid(*row))
        .map(|row| lists.value_length(row));
    let first = lengths.next();
    lengths.all(|length| Some(length) == first).then_some(vectors)
}

fn vector(lists: &ListArray, row: usize) -> Option<Vec<f64>> {
    let entries = lists.is_valid(row).then(|| lists.value(row))?;
    let numbers = entries.as_any().downcast_ref::<Float64Array>()?;
    let known: Option<Vec<f64>> = numbers.iter().map(|v| v.filter(|v| v.abs() <= MOST)).collect();
    known.filter(|known| !known.is_empty())
}

/// Columns that are no attributes, with why; for a model that reads no embeddings, all lists.
pub fn left_out(attributes: &RecordBatch, reads_embeddings: bool) -> Vec<String> {
    let schema = attributes.schema();
    let columns = schema.fields().iter().zip(attributes.columns());
    let told = columns.filter_map(|(field, array)| {
        if let Some(why) = field.metadata().get(LEFT_OUT) {
            return Some(format!("{} ({why})", field.name()));
        }
        let lists = array.as_any().downcast_ref::<ListArray>()?;
        let lengths = (0..lists.len())
            .filter(|row| lists.is_valid(*row))
            .map(|row| lists.value_length(row));
        let (least, most) = lengths.fold((i32::MAX, i32::MIN), |(a, b), l| (a.min(l), b.max(l)));
        let lengths = if least < most {
            format!("{least} to {most}")
        } else {
            least.to_string()
        };
        let told = || format!("{} (lists of {lengths} numbers)", field.name());
        if least < most || least == most && !reads_embeddings {
            return Some(told());
        }
        let odd = (0..lists.len())
            .filter(|row| lists.is_valid(*row) && vector(lists, *row).is_none())
            .count();
        (odd > 0).then(|| {
            format!(
                "{} (in {odd} rows, with entries that are NULL or no finite numbers)",
                field.name()
            )
        })
    });
    told.collect()
}

/// The direction of vectors along which a target grows.
///
/// *Model*: score = (b . (x - mean) - centre) / deviation. b is a ridge regression of the target, solved in the first 30
/// directions of the Krylov space of the data, for all penalties at once. The penalty has the least squared error out of fold; there
/// is no direction where that is not better than the mean by more than one standard error.
///
/// *No look-ahead*: a vector that was learned from has the score of the models that did not know it: what learns from
/// scores would else trust them too much. Equal vectors are one, with their mean target.
///
/// *References*: Hoerl, Kennard 1970, Ridge regression; Golub, Kahan 1965, Calculating the singular values and pseudo-inverse of
/// a matrix; Paige, Saunders 1982, LSQR: an algorithm for sparse linear equations and sparse least squares (regularised).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Direction {
    mean: Vec<f32>,
    /// Empty where there is no direction.
    slopes: Vec<f32>,
    centre: f64,
    deviation: f64,
    /// Numbers of the vectors learned from, in order, and their scores.
    known: Vec<(u64, f64)>,
}

impl Direction {
    /// Learn from vectors and targets; NaN is no target.
    pub fn fit(vectors: &[Option<Vec<f64>>], target: &[f64]) -> Self {
        let mut distinct: BTreeMap<u64, (&[f64], f64, f64)> = BTreeMap::new();
        for (vector, y) in vectors.iter().zip(target).filter(|(_, y)| !y.is_nan()) {
            let Some(vector) = vector else { continue };
            let entry = distinct.entry(number(vector)).or_insert((vector, 0.0, 0.0));
            (entry.1, entry.2) = (entry.1 + y, entry.2 + 1.0);
        }
        let width = vectors.iter().flatten().map(Vec::len).next().unwrap_or(0);
        let most = (MAX_ENTRIES / width.max(1)).clamp(ENOUGH, MAX_VECTORS);
        // In the order of their numbers, which is as good as drawn.
        let all: Vec<(u64, &[f64], f64)> = distinct
            .into_iter()
            .take(most)
            .map(|(number, (vector, sum, count))| (number, vector, sum / count))
            .collect();
        let none = Self {
            mean: vec![0.0; width],
            slopes: Vec::new(),
            centre: 0.0,
            deviation: 1.0,
            known: Vec::new(),
        };
        if all.len() < ENOUGH {
            return none;
        }
        let part = |k: usize| (k as u64) % PARTS;
        // By vector and penalty, out of fold.
        let mut said = vec![[0.0; PENALTIES.len()]; all.len()];
        let mut levels = vec![0.0; all.len()];
        for out in 0..PARTS {
            let (inside, outside): (Vec<usize>, Vec<usize>) = (0..all.len()).partition(|k| part(*k) == out);
            let rows: Vec<(&[f64], f64)> = outside.iter().map(|k| (all[*k].1, all[*k].2)).collect();
            let learned = Learned::of(&rows, width);
            for (penalty, place) in PENALTIES.iter().zip(0..) {
                let slopes = learned.slopes(*penalty);
                for &k in &inside {
                    said[k][place] = along(all[k].1, &learned.means, &slopes);
                    levels[k] = learned.level;
                }
            }
        }
        let squares = |place: Option<usize>| -> Vec<f64> {
            let error = |k: usize| all[k].2 - levels[k] - place.map_or(0.0, |place| said[k][place]);
            (0..all.len()).map(|k| error(k).powi(2)).collect()
        };
        let sums: Vec<f64> = (0..PENALTIES.len())
            .map(|place| squares(Some(place)).iter().sum())
            .collect();
        let best = (0..PENALTIES.len())
            .min_by(|a, b| sums[*a].total_cmp(&sums[*b]))
            .unwrap_or(0);
        let gains: Vec<f64> = squares(None)
            .iter()
            .zip(squares(Some(best)))
            .map(|(a, b)| a - b)
            .collect();
        let gain = mean(gains.iter().copied()).unwrap_or(0.0);
        let spread = mean(gains.iter().map(|g| (g - gain).powi(2))).unwrap_or(0.0).sqrt();
        if gain.is_nan() || gain <= spread / (all.len() as f64).sqrt() {
            return none;
        }
        let rows: Vec<(&[f64], f64)> = all.iter().map(|(_, vector, y)| (*vector, *y)).collect();
        let learned = Learned::of(&rows, width);
        let (means, slopes) = (&learned.means, learned.slopes(PENALTIES[best]));
        let scores = || said.iter().map(|said| said[best]);
        let centre = mean(scores()).unwrap_or(0.0);
        let deviation = mean(scores().map(|s| (s - centre).powi(2))).unwrap_or(0.0).sqrt();
        if !deviation.is_finite() || deviation <= 1e-9 {
            return none;
        }
        Self {
            mean: means.iter().map(|v| *v as f32).collect(),
            slopes: slopes.iter().map(|v| *v as f32).collect(),
            centre,
            deviation,
            known: all.iter().map(|(number, _, _)| *number).zip(scores()).collect(),
        }
    }

    /// Whether the target grows along it.
    pub fn is_found(&self) -> bool {
        !self.slopes.is_empty()
    }

    /// Numbers of a vector.
    pub fn width(&self) -> usize {
        self.mean.len()
    }

    /// The score of a vector; `None` for one of another length, and without a direction.
    pub fn score(&self, vector: &[f64]) -> Option<f64> {
        if vector.len() != self.width() || !self.is_found() {
            return None;
        }
        let known = self.known.binary_search_by_key(&number(vector), |known| known.0);
        let score = match known.ok().and_then(|place| self.known.get(place)) {
            Some((_, score)) => *score,
            None => {
                let terms = vector.iter().zip(&self.mean).zip(&self.slopes);
                terms.map(|((x, m), b)| (x - f64::from(*m)) * f64::from(*b)).sum()
            }
        };
        Some(((score - self.centre) / self.deviation).clamp(-CLIP, CLIP))
    }

    /// Whether it is what [`Direction::fit`] makes.
    pub fn is_valid(&self) -> bool {
        (self.slopes.is_empty() || self.slopes.len() == self.mean.len())
            && self.mean.iter().chain(&self.slopes).all(|v| v.is_finite())
            && self.centre.is_finite()
            && self.deviation.is_finite()
            && self.deviation > 0.0
            && self.known.is_sorted_by_key(|known| known.0)
            && self.known.iter().all(|known| known.1.is_finite())
    }
}

/// A vector of length 1 in whole steps, for cosines; empty for zeros.
pub fn unit(vector: &[f64]) -> Vec<i16> {
    // By the largest entry first, as squares may be too large for a number.
    let largest = vector.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    let length = vector.iter().map(|v| (v / largest).powi(2)).sum::<f64>().sqrt();
    match largest > 0.0 && length.is_finite() {
        true => vector
            .iter()
            .map(|v| (v / largest / length * GRAIN).round() as i16)
            .collect(),
        false => Vec::new(),
    }
}

/// The cosine of two [`unit`] vectors; `None` where one is missing or their lengths differ.
pub fn cosine(a: &[i16], b: &[i16]) -> Option<f64> {
    let product: i64 = a.iter().zip(b).map(|(a, b)| i64::from(*a) * i64::from(*b)).sum();
    (a.len() == b.len() && !a.is_empty()).then(|| (product as f64 / (GRAIN * GRAIN)).clamp(-1.0, 1.0))
}

/// A number for the content of a vector.
fn number(vector: &[f64]) -> u64 {
    // Adding zero turns -0.0 into 0.0.
    vector
        .iter()
        .fold(vector.len() as u64, |number, v| mix(number ^ (v + 0.0).to_bits()))
}

fn along(vector: &[f64], means: &[f64], slopes: &[f64]) -> f64 {
    let terms = vector.iter().zip(means).zip(slopes);
    terms.map(|((x, m), b)| (x - m) * b).sum()
}

/// What least squares learns of some rows, in few numbers.
struct Learned {
    means: Vec<f64>,
    level: f64,
    /// Orthogonal directions of the vectors, the first one that of the gradient.
    directions: Vec<Vec<f64>>,
    /// In these directions the products of the vectors with each other and with the target: three diagonals, and one number.
    diagonal: Vec<f64>,
    beside: Vec<f64>,
    gradient: f64,
    /// Mean squared length of an entry, times the rows.
    scale: f64,
}

impl Learned {
    /// By Golub and Kahan's bidiagonalisation.
    fn of(rows: &[(&[f64], f64)], width: usize) -> Self {
        let count = rows.len() as f64;
        let mut means = vec![0.0; width];
        for (vector, _) in rows {
            means.iter_mut().zip(*vector).for_each(|(m, x)| *m += x / count);
        }
        let level = rows.iter().map(|row| row.1).sum::<f64>() / count;
        let centred: Vec<Vec<f64>> = rows
            .iter()
            .map(|(vector, _)| vector.iter().zip(&means).map(|(x, m)| x - m).collect())
            .collect();
        let scale = centred.iter().map(|row| dot(row, row)).sum::<f64>() / width.max(1) as f64;
        let mut found = Self {
            means,
            level,
            directions: Vec::new(),
            diagonal: Vec::new(),
            beside: Vec::new(),
            gradient: 0.0,
            scale,
        };
        let mut left: Vec<f64> = rows.iter().map(|row| row.1 - level).collect();
        let start = scaled(&mut left);
        let mut right = vec![0.0; width];
        let mut beta = 0.0;
        for step in 0..MAX_STEPS {
            // The next direction: what is left of the vectors along the rows, without the directions before.
            let mut next = vec![0.0; width];
            for (row, u) in centred.iter().zip(&left) {
                next.iter_mut().zip(row).for_each(|(o, x)| *o += u * x);
            }
            next.iter_mut().zip(&right).for_each(|(o, v)| *o -= beta * v);
            for before in &found.directions {
                let shared = dot(&next, before);
                next.iter_mut().zip(before).for_each(|(o, v)| *o -= shared * v);
            }
            let alpha = scaled(&mut next);
            if alpha.is_nan() || alpha * alpha <= TINY * scale || alpha.is_infinite() {
                break;
            }
            if step == 0 {
                found.gradient = alpha * start;
            } else {
                found.beside.push(beta * alpha);
            }
            right = next;
            let mut rest: Vec<f64> = centred.iter().map(|row| dot(row, &right)).collect();
            rest.iter_mut().zip(&left).for_each(|(o, u)| *o -= alpha * u);
            beta = scaled(&mut rest);
            left = rest;
            found.diagonal.push(alpha * alpha + beta * beta);
            found.directions.push(right.clone());
        }
        found
    }

    /// The slopes of a ridge regression, whose penalty is a share of the mean squared length.
    fn slopes(&self, penalty: f64) -> Vec<f64> {
        // Three diagonals are solved from top to bottom and back.
        let (mut over, mut value) = (Vec::new(), Vec::new());
        for (k, d) in self.diagonal.iter().enumerate() {
            let below = if k == 0 { 0.0 } else { self.beside[k - 1] };
            let above = self.beside.get(k).copied().unwrap_or(0.0);
            let pivot = d + penalty * self.scale - below * over.last().copied().unwrap_or(0.0);
            let right = if k == 0 { self.gradient } else { 0.0 };
            value.push((right - below * value.last().copied().unwrap_or(0.0)) / pivot);
            over.push(above / pivot);
        }
        let mut slopes = vec![0.0; self.means.len()];
        let mut after = 0.0;
        for (k, direction) in self.directions.iter().enumerate().rev() {
            after = value[k] - over[k] * after;
            slopes.iter_mut().zip(direction).for_each(|(b, v)| *b += after * v);
        }
        slopes
    }
}

/// Brings a vector to length 1 and returns the length it had.
fn scaled(vector: &mut [f64]) -> f64 {
    let length = dot(vector, vector).sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|v| *v /= length);
    }
    length
}

#[cfg(test)]
mod tests {
    use arrow_array::types::Float64Type;
    use std::sync::Arc;

    use super::*;

    /// Vectors of 64 numbers, and a target that grows along one direction, with noise.
    fn world(count: u64, signal: f64) -> (Vec<Option<Vec<f64>>>, Vec<f64>, Vec<f64>) {
        let uniform = |x: u64| mix(x) as f64 / u64::MAX as f64 - 0.5;
        let vector = |i: u64| (0..64).map(|k| uniform(i * 64 + k)).collect::<Vec<f64>>();
        let hidden: Vec<f64> = (0..64).map(|k| uniform(1 << 40 | k)).collect();
        let vectors: Vec<Vec<f64>> = (0..count).map(vector).collect();
        let truth: Vec<f64> = vectors.iter().map(|v| dot(v, &hidden)).collect();
        let noise = |(i, t): (usize, &f64)| signal * t + 0.5 * uniform(1 << 50 | i as u64);
        let target = truth.iter().enumerate().map(noise).collect();
        (vectors.into_iter().map(Some).collect(), target, truth)
    }

    fn correlation(a: &[f64], b: &[f64]) -> f64 {
        let (ma, mb) = (mean(a.iter().copied()).unwrap(), mean(b.iter().copied()).unwrap());
        let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(a, b)| f(a - ma, b - mb)).sum::<f64>();
        sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
    }

    #[test]
    fn a_hidden_direction_is_found() {
        let (vectors, target, truth) = world(1_500, 1.0);
        let found = Direction::fit(&vectors[..1_000], &target[..1_000]);
        assert!(found.is_found() && found.is_valid());
        let scores: Vec<f64> = vectors
            .iter()
            .map(|v| found.score(v.as_ref().unwrap()).unwrap())
            .collect();
        let (learned, new) = (
            correlation(&scores[..1_000], &truth[..1_000]),
            correlation(&scores[1_000..], &truth[1_000..]),
        );
        assert!(new > 0.97, "{new}");
        // What was learned from scores no better than what is new.
        assert!((learned - new).abs() < 0.02, "{learned} {new}");
        let scaled = mean(scores[..1_000].iter().map(|s| s * s)).unwrap();
        assert!((scaled - 1.0).abs() < 0.01, "{scaled}");
    }

    #[test]
    fn of_noise_there_is_no_direction() {
        let (vectors, target, _) = world(600, 0.0);
        let found = Direction::fit(&vectors, &target);
        assert!(!found.is_found() && found.is_valid() && found.score(&[0.1; 64]).is_none());
        // Nor of few vectors, or of one.
        let (vectors, target, _) = world(19, 1.0);
        assert!(!Direction::fit(&vectors, &target).is_found());
        assert!(!Direction::fit(&vec![Some(vec![1.0, 2.0]); 100], &target.repeat(6)[..100]).is_found());
        assert!(!Direction::fit(&[], &[]).is_found());
    }

    /// The normal equations of the whole: (X'X + penalty I) b = X'y.
    #[test]
    fn slopes_are_those_of_a_ridge_regression() {
        let (vectors, target, _) = world(300, 1.0);
        let rows: Vec<(&[f64], f64)> = vectors.iter().map(|v| v.as_deref().unwrap()).zip(target).collect();
        let learned = Learned::of(&rows, 64);
        for penalty in [0.1, 1.0] {
            let slopes = learned.slopes(penalty);
            let mut gradient: Vec<f64> = slopes.iter().map(|b| -penalty * learned.scale * b).collect();
            let mut first = vec![0.0; 64];
            for (x, y) in &rows {
                let rest = y - learned.level - along(x, &learned.means, &slopes);
                for k in 0..64 {
                    gradient[k] += (x[k] - learned.means[k]) * rest;
                    first[k] += (x[k] - learned.means[k]) * (y - learned.level);
                }
            }
            assert!(dot(&gradient, &gradient) < 1e-8 * dot(&first, &first), "{penalty}");
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter() {
        let (mut vectors, mut target, _) = world(200, 1.0);
        let first = Direction::fit(&vectors, &target);
        vectors.reverse();
        target.reverse();
        assert_eq!(Direction::fit(&vectors, &target), first);
    }

    #[test]
    fn cosines_of_whole_steps_are_near() {
        let (a, b) = (vec![3.0, 4.0, 0.0], vec![4.0, 3.0, 1e-9]);
        assert!((cosine(&unit(&a), &unit(&b)).unwrap() - 0.96).abs() < 1e-3);
        assert!((cosine(&unit(&[1e300, 1e300]), &unit(&[1e-300, 1e-300])).unwrap() - 1.0).abs() < 1e-3);
        assert_eq!(cosine(&unit(&[0.0, 0.0]), &unit(&[1.0, 1.0])), None);
        assert_eq!(cosine(&unit(&[1.0]), &unit(&[1.0, 1.0])), None);
    }

    #[test]
    fn lists_that_are_no_vectors_are_told() {
        let lists = |rows: Vec<Option<Vec<Option<f64>>>>| -> ArrayRef {
            Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(rows))
        };
        let good = lists(vec![
            Some(vec![Some(1.0), Some(2.0)]),
            None,
            Some(vec![Some(f64::NAN), Some(0.0)]),
        ]);
        assert_eq!(vectors(&good), Some(vec![Some(vec![1.0, 2.0]), None, None]));
        let odd = lists(vec![Some(vec![Some(1.0)]), Some(vec![Some(1.0), Some(2.0)]), None]);
        assert_eq!(vectors(&odd), None);
        let batch = RecordBatch::try_from_iter_with_nullable([("good", good, true), ("odd", odd, true)]).unwrap();
        let told = "good (in 1 rows, with entries that are NULL or no finite numbers)";
        assert_eq!(left_out(&batch, true), [told, "odd (lists of 1 to 2 numbers)"]);
        assert_eq!(left_out(&batch, false).len(), 2);
    }
}
