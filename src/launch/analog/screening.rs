//! Leaving out attributes that tell nothing, where there are many.

use rayon::prelude::*;

use super::similarity::Points;
use crate::panel::{EncodedColumn, LaunchPanel};

/// With no more attributes than this none is left out: learning handles them.
const MAX_ATTRIBUTES: usize = 12;
/// Launches looked at.
const MAX_LAUNCHES: usize = 400;
/// Weights tried for one distance alone.
const WEIGHTS: [f64; 3] = [0.5, 2.0, 8.0];

/// The columns worth learning a weight for, in column order.
///
/// *Model*: the level of each launch (mean ln(1 + units)) is forecast from the others by attention over one column
/// alone; a column's skill is the share of the variance explained by leaving each launch out, at the best of three
/// weights. Kept are the 12 best columns with positive skill.
pub fn informative(panel: &LaunchPanel, columns: &[EncodedColumn]) -> Vec<usize> {
    if columns.len() <= MAX_ATTRIBUTES {
        return (0..columns.len()).collect();
    }
    let step = panel.len().div_ceil(MAX_LAUNCHES).max(1);
    let rows: Vec<usize> = (0..panel.len()).step_by(step).collect();
    let levels: Vec<f64> = rows.iter().map(|&i| panel.level(i).unwrap_or(0.0)).collect();
    let mean = levels.iter().sum::<f64>() / levels.len() as f64;
    let total: f64 = levels.iter().map(|l| (l - mean).powi(2)).sum();
    let mut skill: Vec<(usize, f64)> = columns
        .par_iter()
        .enumerate()
        .map(|(k, column)| {
            let points = Points {
                columns: vec![column.select(&rows)],
                launch_days: vec![0; rows.len()],
            };
            let squares = leave_one_out(&points, &levels);
            (k, 1.0 - squares.into_iter().fold(f64::INFINITY, f64::min) / total)
        })
        .filter(|(_, s)| *s > 0.0)
        .collect();
    skill.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    skill.truncate(MAX_ATTRIBUTES);
    let mut kept: Vec<usize> = skill.into_iter().map(|(k, _)| k).collect();
    kept.sort_unstable();
    kept
}

/// Sum of squared leave-one-out errors at each weight.
fn leave_one_out(points: &Points, levels: &[f64]) -> [f64; 3] {
    let everyone: Vec<u32> = (0..levels.len() as u32).collect();
    let mut distances = vec![0f32; levels.len()];
    let mut squares = [0.0; 3];
    for (i, level) in levels.iter().enumerate() {
        points.distance(0, points, i, &everyone, &mut distances);
        for (square, weight) in squares.iter_mut().zip(WEIGHTS) {
            let (mut total, mut sum) = (0.0, 0.0);
            for (_, (d, l)) in distances.iter().zip(levels).enumerate().filter(|(j, _)| *j != i) {
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
    use super::*;
    use crate::launch::tests::{planted_panel, uniform};
    use crate::panel::AttributeEncoder;

    #[test]
    fn what_tells_something_is_kept_among_many() {
        let panel = planted_panel(150, 4, 3);
        let mut columns = AttributeEncoder::fit(panel.attributes()).encode(panel.attributes());
        for noise in 0..200 {
            let values = (0..150).map(|i| Some(2.0 * uniform(i, 1_000 + noise) - 1.0)).collect();
            columns.insert(0, EncodedColumn::Number(values));
        }
        let kept = informative(&panel, &columns);
        assert!(kept.ends_with(&[200, 201]) && kept.len() <= MAX_ATTRIBUTES, "{kept:?}");
        assert!(kept.is_sorted());
        // Few columns are all kept.
        assert_eq!(
            informative(&panel, &columns[..MAX_ATTRIBUTES]),
            Vec::from_iter(0..MAX_ATTRIBUTES)
        );
    }
}
