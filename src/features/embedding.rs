//! Embeddings: lists of numbers of one length, such as pictures and texts become in other tools.

use std::collections::BTreeMap;

use arrow_array::{Array, ArrayRef, Float64Array, ListArray, RecordBatch};
use serde::{Deserialize, Serialize};

use super::attributes::CLIP;
use crate::statistics::{dot, mean, mix};

/// Vectors that a direction is learned from at most.
const MAX_VECTORS: usize = 2_000;
/// Vectors that are needed.
const ENOUGH: usize = 20;
/// Steps towards the direction of least squares at most: the first ones say most, later ones learn the noise.
const MAX_STEPS: usize = 8;
/// Parts that are held out one after the other.
const PARTS: u64 = 5;
/// Steps of whole numbers that an entry of a unit vector is kept in.
const GRAIN: f64 = 4096.0;
/// What is said of a column that is no attribute, in the metadata of its field.
pub const LEFT_OUT: &str = "left_out";

/// The vectors of a column of lists; `None` where it is no such column, or its lists have several lengths. A vector with
/// an entry that is NULL or no finite number, and an empty one, is missing.
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
    let known: Option<Vec<f64>> = numbers.iter().map(|v| v.filter(|v| v.is_finite())).collect();
    known.filter(|known| !known.is_empty())
}

/// Columns that are no attributes, with why.
pub fn left_out(attributes: &RecordBatch) -> Vec<String> {
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
        (least < most).then(|| format!("{} (lists of {least} to {most} numbers)", field.name()))
    });
    told.collect()
}

/// The direction of vectors along which a target grows.
///
/// *Model*: score = (b . (x - mean) - centre) / deviation. b is where conjugate gradients for the least squares of the target are
/// after m steps from zero, which is partial least squares with m components. m, at most 8, has the least squared error out of
/// fold; it is 0, and there is no direction, where that is not better than the mean by more than one standard error.
///
/// *No look-ahead*: a vector that was learned from has the score of the models that did not know it: what learns from
/// scores would else trust them too much. Equal vectors are one, with their mean target.
///
/// *References*: Wold, Ruhe, Wold, Dunn 1984, The collinearity problem in linear regression; Helland 1988, On the structure of
/// partial least squares regression; Phatak, de Hoog 2002, Exploiting the connection between PLS, Lanczos methods and
/// conjugate gradients.
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
        // In the order of their numbers, which is as good as drawn.
        let all: Vec<(u64, &[f64], f64)> = distinct
            .into_iter()
            .take(MAX_VECTORS)
            .map(|(number, (vector, sum, count))| (number, vector, sum / count))
            .collect();
        let width = vectors.iter().flatten().map(Vec::len).next().unwrap_or(0);
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
        // By vector and step, out of fold.
        let mut said = vec![[0.0; MAX_STEPS + 1]; all.len()];
        for out in 0..PARTS {
            let (inside, outside): (Vec<usize>, Vec<usize>) = (0..all.len()).partition(|k| part(*k) == out);
            let learned: Vec<(&[f64], f64)> = outside.iter().map(|k| (all[*k].1, all[*k].2)).collect();
            let (means, level, steps) = steps(&learned, width);
            for k in inside {
                for (step, said) in said[k].iter_mut().enumerate() {
                    *said = level + steps.get(step).map_or(0.0, |slopes| along(all[k].1, &means, slopes));
                }
            }
        }
        let squares = |step: usize| -> Vec<f64> {
            let each = all.iter().zip(&said);
            each.map(|((_, _, y), said)| (said[step] - y).powi(2)).collect()
        };
        let plain = squares(0);
        let sums: Vec<f64> = (0..=MAX_STEPS).map(|step| squares(step).iter().sum()).collect();
        let best = (0..=MAX_STEPS)
            .min_by(|a, b| sums[*a].total_cmp(&sums[*b]))
            .unwrap_or(0);
        let gains: Vec<f64> = plain.iter().zip(squares(best)).map(|(a, b)| a - b).collect();
        let gain = mean(gains.iter().copied()).unwrap_or(0.0);
        let spread = mean(gains.iter().map(|g| (g - gain).powi(2))).unwrap_or(0.0).sqrt();
        if best == 0 || gain <= spread / (all.len() as f64).sqrt() {
            return none;
        }
        let learned: Vec<(&[f64], f64)> = all.iter().map(|(_, vector, y)| (*vector, *y)).collect();
        let (means, level, mut steps) = steps(&learned, width);
        let slopes = if best < steps.len() {
            steps.swap_remove(best)
        } else {
            steps.pop().unwrap_or_default()
        };
        let scores = || said.iter().map(|said| said[best] - level);
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

/// The means of vectors and targets, and the slopes after each number of steps, from none on.
fn steps(rows: &[(&[f64], f64)], width: usize) -> (Vec<f64>, f64, Vec<Vec<f64>>) {
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
    let mut rest: Vec<f64> = rows.iter().map(|row| row.1 - level).collect();
    let back = |rest: &[f64]| {
        let mut out = vec![0.0; width];
        for (row, r) in centred.iter().zip(rest) {
            out.iter_mut().zip(row).for_each(|(o, x)| *o += r * x);
        }
        out
    };
    let mut found = vec![vec![0.0; width]];
    let mut slopes = vec![0.0; width];
    let mut gradient = back(&rest);
    let mut direction = gradient.clone();
    let mut length = dot(&gradient, &gradient);
    for _ in 0..MAX_STEPS {
        let moved: Vec<f64> = centred.iter().map(|row| dot(row, &direction)).collect();
        let curvature = dot(&moved, &moved);
        if !(curvature > 0.0 && curvature.is_finite() && length > 0.0) {
            break;
        }
        let step = length / curvature;
        slopes.iter_mut().zip(&direction).for_each(|(b, d)| *b += step * d);
        rest.iter_mut().zip(&moved).for_each(|(r, m)| *r -= step * m);
        gradient = back(&rest);
        let after = dot(&gradient, &gradient);
        direction = gradient
            .iter()
            .zip(&direction)
            .map(|(g, d)| g + after / length * d)
            .collect();
        length = after;
        found.push(slopes.clone());
    }
    (means, level, found)
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
        assert_eq!(left_out(&batch), ["odd (lists of 1 to 2 numbers)"]);
    }
}
