//! How far two rows are apart in one attribute.
//!
//! Two rules, for two purposes. [`standardised`] is for weights that are learned: it is on one scale for all kinds of
//! attributes and smooth in numbers, and says something of every pair, so that a sum over attributes always has the
//! same terms. [`gower`] is for distances that are shown: it lies between 0 and 1 and leaves out what is not known of
//! both, so that a mean over attributes says how unlike two rows are in what is known.

use super::{EncodedColumn, embedding};

/// The dissimilarities of row `row` of `new` to the rows `others` of `past`, written to `out`.
///
/// *Formulas*: number (a - b)^2 / 2 of standardised values, so that its mean over pairs is 1; category 0 if equal, else
/// 1; text and embedding 1 - cosine. 1 where either is missing, and of two categories that are not known.
///
/// *Shapes*: one number for each of `others`.
pub fn standardised(past: &EncodedColumn, new: &EncodedColumn, row: usize, others: &[u32], out: &mut [f32]) {
    let pairs = out.iter_mut().zip(others.iter().map(|&j| j as usize));
    match (past, new) {
        (EncodedColumn::Number(past), EncodedColumn::Number(new)) => match new[row] {
            Some(b) => pairs.for_each(|(o, j)| *o = past[j].map_or(1.0, |a| ((a - b).powi(2) / 2.0) as f32)),
            None => pairs.for_each(|(o, _)| *o = 1.0),
        },
        (EncodedColumn::Category(past), EncodedColumn::Category(new)) => {
            let b = new[row];
            pairs.for_each(|(o, j)| *o = if same_level(past[j], b) { 0.0 } else { 1.0 });
        }
        (EncodedColumn::Text(past), EncodedColumn::Text(new)) => {
            // The new text is spread out once: there are many others.
            let width = new[row].last().map_or(0, |(column, _)| *column as usize + 1);
            let mut dense = vec![0.0; width];
            new[row].iter().for_each(|&(c, w)| dense[c as usize] = w);
            pairs.for_each(|(o, j)| {
                let shared = past[j].iter().filter_map(|&(c, w)| Some(w * dense.get(c as usize)?));
                *o = (1.0 - shared.sum::<f64>().clamp(0.0, 1.0)) as f32;
            });
        }
        (EncodedColumn::Embedding { units: past, .. }, EncodedColumn::Embedding { units: new, .. }) => {
            let near = |j: usize| embedding::cosine(&past[j], &new[row]).unwrap_or(0.0);
            pairs.for_each(|(o, j)| *o = (1.0 - near(j)) as f32);
        }
        _ => pairs.for_each(|(o, _)| *o = 1.0),
    }
}

/// The dissimilarity of row `i` of `a` and row `j` of `b`, from 0 for the same to 1; `None` where either is missing.
///
/// *Formulas*: number |a - b| over its `range`; category 0 if equal, else 1, also of two that are not known; text
/// 1 - cosine.
///
/// *References*: Gower 1971, A general coefficient of similarity and some of its properties.
pub fn gower(a: &EncodedColumn, i: usize, b: &EncodedColumn, j: usize, range: f64) -> Option<f64> {
    if a.is_missing(i) || b.is_missing(j) {
        return None;
    }
    match (a, b) {
        (EncodedColumn::Number(a), EncodedColumn::Number(b)) => Some(over_range(a[i]?, b[j]?, range)),
        (EncodedColumn::Category(a), EncodedColumn::Category(b)) => {
            Some(if same_level(a[i], b[j]) { 0.0 } else { 1.0 })
        }
        (EncodedColumn::Text(a), EncodedColumn::Text(b)) => Some((1.0 - cosine(&a[i], &b[j])).clamp(0.0, 1.0)),
        (EncodedColumn::Embedding { units: a, .. }, EncodedColumn::Embedding { units: b, .. }) => {
            Some((1.0 - embedding::cosine(&a[i], &b[j])?).clamp(0.0, 1.0))
        }
        _ => None,
    }
}

/// |a - b| over the range of such numbers, 1 at most.
pub fn over_range(a: f64, b: f64, range: f64) -> f64 {
    ((a - b).abs() / range.max(f64::MIN_POSITIVE)).min(1.0)
}

/// Whether two codes are those of one known level.
fn same_level(a: i32, b: i32) -> bool {
    a == b && a >= 0
}

/// The product of two sparse vectors of length 1, sorted by column.
pub fn cosine(a: &[(u32, f64)], b: &[(u32, f64)]) -> f64 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        match x.0.cmp(&y.0) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                sum += x.1 * y.1;
                i += 1;
                j += 1;
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::{MISSING, UNSEEN};
    use super::*;

    fn columns() -> [EncodedColumn; 3] {
        [
            EncodedColumn::Number(vec![Some(0.0), Some(2.0), None]),
            EncodedColumn::Category(vec![0, 1, MISSING]),
            EncodedColumn::Text(vec![vec![(0, 0.6), (2, 0.8)], vec![(1, 0.6), (2, 0.8)], vec![]]),
        ]
    }

    #[test]
    fn standardised_distances_are_one_for_missing() {
        let mut out = [9f32; 3];
        let of = |column: &EncodedColumn, row: usize, out: &mut [f32; 3]| {
            standardised(column, column, row, &[0, 1, 2], out);
            *out
        };
        let [number, category, text] = columns();
        assert_eq!(of(&number, 0, &mut out), [0.0, 2.0, 1.0]);
        assert_eq!(of(&number, 2, &mut out), [1.0; 3]);
        assert_eq!(of(&category, 1, &mut out), [1.0, 0.0, 1.0]);
        assert_eq!(of(&text, 0, &mut out), [0.0, 0.36, 1.0]);
        assert_eq!(of(&text, 2, &mut out), [1.0; 3]);
        standardised(&number, &text, 0, &[0, 1], &mut out);
        assert_eq!(out[..2], [1.0; 2]);
    }

    #[test]
    fn gower_leaves_out_what_is_missing() {
        let [number, category, text] = columns();
        assert_eq!(gower(&number, 0, &number, 1, 4.0), Some(0.5));
        // Beyond the range, and where all are alike.
        assert_eq!(gower(&number, 0, &number, 1, 1.0), Some(1.0));
        assert_eq!(gower(&number, 1, &number, 1, 0.0), Some(0.0));
        assert_eq!(gower(&category, 0, &category, 1, 0.0), Some(1.0));
        assert!((gower(&text, 0, &text, 1, 0.0).unwrap() - 0.36).abs() < 1e-12);
        for column in columns() {
            assert_eq!(gower(&column, 0, &column, 2, 1.0), None);
        }
        assert_eq!(gower(&number, 0, &text, 0, 1.0), None);
    }

    #[test]
    fn two_levels_that_no_row_had_are_not_the_same() {
        let unseen = EncodedColumn::Category(vec![UNSEEN]);
        assert_eq!(gower(&unseen, 0, &unseen, 0, 0.0), Some(1.0));
        let mut out = [0f32];
        standardised(&unseen, &unseen, 0, &[0], &mut out);
        assert_eq!(out, [1.0]);
    }
}
