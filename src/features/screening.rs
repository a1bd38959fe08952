//! Leaving out what tells nothing of a target, where there is much.
//!
//! [`correlated`] judges columns of numbers by a straight line, [`informative`] whole attributes by likeness.

use rayon::prelude::*;

use super::{EncodedColumn, distance};

/// Rows that [`informative`] looks at.
const MAX_ROWS: usize = 400;
/// Weights tried for one distance alone.
const WEIGHTS: [f64; 3] = [0.5, 2.0, 8.0];

/// The columns, at most `most` and in order, whose correlation with the target is beyond what the largest of so many
/// columns of noise would have: |r| sqrt(n) > sqrt(2 ln columns).
///
/// *Shapes*: `value` gives the number of a column in a row, one row for each number of `target`.
///
/// *Missing data*: a NaN in column or target leaves the row out of that column.
///
/// *References*: Donoho, Johnstone 1994, Ideal spatial adaptation by wavelet shrinkage (the universal threshold); Fan,
/// Lv 2008, Sure independence screening.
pub fn correlated(columns: usize, value: impl Fn(usize, usize) -> f64, target: &[f64], most: usize) -> Vec<usize> {
    let threshold = (2.0 * (columns as f64).ln()).sqrt();
    let strength = |column: usize| {
        let pairs = target.iter().enumerate().map(|(row, y)| (value(column, row), *y));
        let pairs: Vec<(f64, f64)> = pairs.filter(|(x, y)| !(x.is_nan() || y.is_nan())).collect();
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
    let found = (0..columns).map(|k| (k, strength(k)));
    best(found.filter(|(_, strength)| *strength > threshold).collect(), most)
}

/// The attributes worth learning a weight for, in order; all of them if they are no more than `most`.
///
/// *Model*: the target of each row is forecast from the others by attention over one attribute alone
/// ([`distance::standardised`]); its skill is the share of the variance explained by leaving each row out, at the best
/// of three weights. Kept are the `most` best ones with positive skill.
///
/// *Shapes*: one number of `target` for each row of the columns; 400 rows, spread evenly, are looked at.
pub fn informative(columns: &[EncodedColumn], target: &[f64], most: usize) -> Vec<usize> {
    if columns.len() <= most {
        return (0..columns.len()).collect();
    }
    let step = target.len().div_ceil(MAX_ROWS).max(1);
    let rows: Vec<usize> = (0..target.len()).step_by(step).collect();
    let target: Vec<f64> = rows.iter().map(|&i| target[i]).collect();
    let mean = target.iter().sum::<f64>() / target.len() as f64;
    let total: f64 = target.iter().map(|l| (l - mean).powi(2)).sum();
    let skill: Vec<(usize, f64)> = columns
        .par_iter()
        .enumerate()
        .map(|(k, column)| {
            let squares = leave_one_out(&column.select(&rows), &target);
            (k, 1.0 - squares.into_iter().fold(f64::INFINITY, f64::min) / total)
        })
        .filter(|(_, s)| *s > 0.0)
        .collect();
    best(skill, most)
}

/// The numbers of those with the largest scores, in order.
fn best(mut scores: Vec<(usize, f64)>, most: usize) -> Vec<usize> {
    scores.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    scores.truncate(most);
    let mut kept: Vec<usize> = scores.into_iter().map(|(k, _)| k).collect();
    kept.sort_unstable();
    kept
}

/// Sum of squared leave-one-out errors at each weight.
fn leave_one_out(column: &EncodedColumn, target: &[f64]) -> [f64; 3] {
    let everyone: Vec<u32> = (0..target.len() as u32).collect();
    let mut distances = vec![0f32; target.len()];
    let mut squares = [0.0; 3];
    for (i, level) in target.iter().enumerate() {
        distance::standardised(column, column, i, &everyone, &mut distances);
        for (square, weight) in squares.iter_mut().zip(WEIGHTS) {
            let (mut total, mut sum) = (0.0, 0.0);
            for (_, (d, l)) in distances.iter().zip(target).enumerate().filter(|(j, _)| *j != i) {
                let w = (-weight * f64::from(*d)).exp();
                total += w;
                sum += w * l;
            }
            *square += (sum / total.max(f64::MIN_POSITIVE) - level).powi(2);
        }
    }
    squares
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const ROWS: usize = 300;

    /// Two attributes that tell of the target after 100 that do not, and the target.
    fn planted() -> (Vec<EncodedColumn>, Vec<f64>) {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let mut uniform = || random.random_range(-1.0..1.0);
        let mut columns: Vec<Vec<f64>> = (0..102).map(|_| (0..ROWS).map(|_| uniform()).collect()).collect();
        columns[101].iter_mut().for_each(|v| *v = f64::from(u8::from(*v > 0.0)));
        let target = (0..ROWS).map(|i| columns[100][i] + columns[101][i] + 0.3 * uniform());
        let target = target.collect();
        let number = |values: Vec<f64>| EncodedColumn::Number(values.into_iter().map(Some).collect());
        let mut encoded: Vec<EncodedColumn> = columns.into_iter().map(number).collect();
        if let EncodedColumn::Number(values) = &encoded[101] {
            let codes = values.iter().map(|v| i32::from(*v == Some(1.0))).collect();
            encoded[101] = EncodedColumn::Category(codes);
        }
        (encoded, target)
    }

    #[test]
    fn what_tells_something_is_kept_among_many() {
        let (columns, target) = planted();
        let kept = informative(&columns, &target, 12);
        assert!(
            kept.ends_with(&[100, 101]) && kept.len() <= 12 && kept.is_sorted(),
            "{kept:?}"
        );
        // Few columns are all kept.
        assert_eq!(informative(&columns[..12], &target, 12), Vec::from_iter(0..12));
        assert_eq!(informative(&columns, &target, 2), [100, 101]);
        assert!(informative(&columns, &[1.0; ROWS], 12).is_empty());
    }

    #[test]
    fn columns_of_noise_do_not_correlate() {
        let (columns, target) = planted();
        let value = |column: usize, row: usize| match &columns[column] {
            EncodedColumn::Number(v) => v[row].unwrap(),
            EncodedColumn::Category(v) => f64::from(v[row]),
            EncodedColumn::Text(_) | EncodedColumn::Embedding { .. } => f64::NAN,
        };
        let kept = correlated(columns.len(), value, &target, 60);
        assert!(kept.ends_with(&[100, 101]) && kept.len() <= 3, "{kept:?}");
        assert_eq!(correlated(columns.len(), value, &target, 1).len(), 1);
        // Rows that are not known do not count, and nothing known is no correlation.
        let known = |column: usize, row: usize| if row < 5 { f64::NAN } else { value(column, row) };
        let mut part = target.clone();
        part[..5].fill(1e9);
        assert!(correlated(columns.len(), known, &part, 60).ends_with(&[100, 101]));
        assert!(correlated(columns.len(), |_, _| f64::NAN, &target, 60).is_empty());
    }
}
