//! Ridge regression on sparse rows.

/// Steps of a solution at most; each one passes over the rows once.
const MAX_STEPS: usize = 1_000;
/// The gradient that is left, as a share of that of zero slopes.
const TOLERANCE: f64 = 1e-7;

/// Columns of a row that are not zero, with their values.
pub type Sparse = Vec<(u32, f64)>;

/// The product of a row with slopes.
pub fn dot(row: &Sparse, slopes: &[f64]) -> f64 {
    row.iter().map(|&(column, value)| value * slopes[column as usize]).sum()
}

/// Slopes that minimise the sum of squared errors plus `penalty` times their squares, except that of column 0, which is
/// the constant.
///
/// Conjugate gradients on the normal equations, scaled by their diagonal: nothing but the entries that are not zero is
/// stored, so words and categories by the thousand cost no more than they occur. A solution near by is a good `start`.
///
/// *References*: Hestenes, Stiefel 1952, Methods of conjugate gradients for solving linear systems.
pub fn ridge(rows: &[Sparse], target: &[f64], members: &[usize], penalty: f64, start: Vec<f64>) -> Vec<f64> {
    let columns = start.len();
    let apply = |slopes: &[f64]| {
        let mut out: Vec<f64> = slopes.iter().map(|b| penalty * b).collect();
        out[0] = 0.0;
        for &row in members {
            let value = dot(&rows[row], slopes);
            for &(column, v) in &rows[row] {
                out[column as usize] += v * value;
            }
        }
        out
    };
    let mut diagonal = vec![penalty; columns];
    let mut right = vec![0.0; columns];
    diagonal[0] = 0.0;
    for &row in members {
        for &(column, v) in &rows[row] {
            diagonal[column as usize] += v * v;
            right[column as usize] += v * target[row];
        }
    }
    let scaled = |r: &[f64]| -> Vec<f64> { r.iter().zip(&diagonal).map(|(r, d)| r / d.max(1e-12)).collect() };
    let mut slopes = start;
    let mut rest: Vec<f64> = right.iter().zip(apply(&slopes)).map(|(b, a)| b - a).collect();
    let mut direction = scaled(&rest);
    let mut length = super::dot(&rest, &direction);
    let enough = TOLERANCE * TOLERANCE * super::dot(&right, &scaled(&right));
    for _ in 0..MAX_STEPS {
        if length.is_nan() || length <= enough {
            break;
        }
        let applied = apply(&direction);
        let curvature = super::dot(&direction, &applied);
        if curvature.is_nan() || curvature <= 0.0 {
            break;
        }
        let step = length / curvature;
        slopes.iter_mut().zip(&direction).for_each(|(b, d)| *b += step * d);
        rest.iter_mut().zip(&applied).for_each(|(r, a)| *r -= step * a);
        let next = scaled(&rest);
        let after = super::dot(&rest, &next);
        let turn = after / length;
        direction.iter_mut().zip(&next).for_each(|(d, n)| *d = n + turn * *d);
        length = after;
    }
    slopes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_normal_equations() {
        // numpy: X = [[1,0],[1,1],[1,2],[1,4]], y = [1,3,2,7], penalty 2 on the second slope:
        // solve([[4, 7], [7, 21 + 2]], [13, 35]).
        let rows: Vec<Sparse> = [0.0, 1.0, 2.0, 4.0].iter().map(|&x| vec![(0, 1.0), (1, x)]).collect();
        let slopes = ridge(&rows, &[1.0, 3.0, 2.0, 7.0], &[0, 1, 2, 3], 2.0, vec![0.0; 2]);
        let (a, b) = ((13.0 * 23.0 - 7.0 * 35.0) / 43.0, (4.0 * 35.0 - 7.0 * 13.0) / 43.0);
        assert!(
            (slopes[0] - a).abs() < 1e-9 && (slopes[1] - b).abs() < 1e-9,
            "{slopes:?}"
        );
        // From a start near by it is the same solution, and rows that are no members do not count.
        let again = ridge(&rows, &[1.0, 3.0, 2.0, 7.0], &[0, 1, 2, 3], 2.0, vec![1.0, 1.0]);
        assert!((again[1] - b).abs() < 1e-9);
        let part = ridge(&rows, &[1.0, 3.0, f64::NAN, f64::NAN], &[0, 1], 0.0, vec![0.0; 2]);
        assert!((part[1] - 2.0).abs() < 1e-9, "{part:?}");
    }

    #[test]
    fn no_rows_give_zero_slopes() {
        assert_eq!(ridge(&[], &[], &[], 1.0, vec![0.0; 3]), [0.0; 3]);
    }
}
