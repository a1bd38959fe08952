//! Numbers as small codes, so that a split is found by counting.

use rayon::prelude::*;

use super::Rows;

/// Code of a missing value; that of a known one is 1 plus the cuts at or below it.
pub(super) const MISSING: u8 = 0;
/// Cuts of a column at most.
pub(super) const MAX_CUTS: usize = 254;

/// The columns of a table as codes.
///
/// *Model*: a column has a cut between any two neighbouring values, or, where there are more than `cuts` of them, at
/// quantiles. A column that says the same in all rows of each group, such as an attribute of a launch, has one code per
/// group: what is counted for it are groups, not rows.
///
/// *References*: Ke et al. 2017, LightGBM: a highly efficient gradient boosting decision tree.
pub(super) struct Binned {
    /// The group of each row, numbered from 0.
    pub group: Vec<u32>,
    /// The rows by group.
    pub order: Vec<u32>,
    /// Columns that vary.
    pub columns: Vec<Column>,
}

/// A column that varies.
pub(super) struct Column {
    /// Its number in the table.
    pub number: usize,
    /// Whether there is one code per group.
    pub by_group: bool,
    /// Ascending.
    pub cuts: Vec<f32>,
    /// By group or by row.
    pub codes: Vec<u8>,
}

impl Column {
    /// Number of codes.
    pub fn width(&self) -> usize {
        self.cuts.len() + 2
    }
}

impl Binned {
    /// Choose the cuts, `most` per column at most.
    pub fn new(table: &Rows, most: usize) -> Self {
        let mut labels = table.group.clone();
        labels.sort_unstable();
        labels.dedup();
        let place = |group: &usize| labels.binary_search(group).unwrap_or(0) as u32;
        let group: Vec<u32> = table.group.iter().map(place).collect();
        let mut order: Vec<u32> = (0..group.len() as u32).collect();
        order.sort_by_key(|&row| group[row as usize]);
        let mut first = vec![usize::MAX; labels.len()];
        for (row, &g) in group.iter().enumerate() {
            let first = &mut first[g as usize];
            *first = (*first).min(row);
        }
        let column = |number: usize| Column::new(table, number, &group, &first, most.min(MAX_CUTS));
        let columns = (0..table.columns).into_par_iter().filter_map(column).collect();
        Self { group, order, columns }
    }

    /// The code of a row in a column.
    pub fn code(&self, column: usize, row: usize) -> u8 {
        let column = &self.columns[column];
        column.codes[if column.by_group { self.group[row] as usize } else { row }]
    }
}

impl Column {
    /// `None` if it does not vary.
    fn new(table: &Rows, number: usize, group: &[u32], first: &[usize], most: usize) -> Option<Self> {
        let value = |row: usize| finite(table.values[row * table.columns + number]);
        let same = |row: usize| value(row).total_cmp(&value(first[group[row] as usize])).is_eq();
        let by_group = (0..group.len()).all(same);
        let values: Vec<f32> = match by_group {
            true => first.iter().map(|&row| value(row)).collect(),
            false => (0..group.len()).map(value).collect(),
        };
        let mut known: Vec<f32> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        known.sort_unstable_by(f32::total_cmp);
        let cuts = cuts(&known, most);
        if cuts.is_empty() && (known.is_empty() || known.len() == values.len()) {
            return None;
        }
        let code = |v: &f32| match v.is_nan() {
            true => MISSING,
            false => (1 + cuts.partition_point(|cut| cut <= v)) as u8,
        };
        Some(Self {
            codes: values.iter().map(code).collect(),
            number,
            by_group,
            cuts,
        })
    }
}

/// -0 as 0, and infinity as the largest number, for a threshold is a number.
fn finite(v: f32) -> f32 {
    if v.is_nan() {
        f32::NAN
    } else {
        v.clamp(f32::MIN, f32::MAX) + 0.0
    }
}

/// Cuts between neighbours of sorted values.
fn cuts(known: &[f32], most: usize) -> Vec<f32> {
    let mut ends: Vec<usize> = (1..known.len()).filter(|&k| known[k] > known[k - 1]).collect();
    if ends.len() > most {
        // As even as the values allow: each cut ends the run of equal values in which a quantile lies.
        let mut kept = Vec::with_capacity(most);
        let mut from = 0;
        for k in 1..=most {
            let place = k * known.len() / (most + 1);
            from += ends[from..].partition_point(|&end| end < place);
            if let Some(&end) = ends.get(from)
                && kept.last() != Some(&end)
            {
                kept.push(end);
            }
        }
        ends = kept;
    }
    let between = |&end: &usize| {
        let (low, high) = (known[end - 1], known[end]);
        let middle = ((f64::from(low) + f64::from(high)) / 2.0) as f32;
        if middle > low { middle } else { high }
    };
    ends.iter().map(between).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_values_apart_and_what_holds_for_a_group_is_kept_once() {
        let nan = f32::NAN;
        // A number of the group, one of the row, a constant, one that is known or not.
        let rows = [
            [5.0, 1.0, 7.0, nan],
            [5.0, 2.0, 7.0, nan],
            [9.0, 1.0, 7.0, 3.0],
            [nan, f32::INFINITY, 7.0, 3.0],
        ];
        let table = Rows {
            columns: 4,
            values: rows.concat(),
            target: vec![0.0; 4],
            weight: vec![1.0; 4],
            group: vec![8, 8, 3, 4],
        };
        let binned = Binned::new(&table, 10);
        assert_eq!(binned.group, [2, 2, 0, 1]);
        assert_eq!(binned.order, [2, 3, 0, 1]);
        let numbers: Vec<usize> = binned.columns.iter().map(|c| c.number).collect();
        assert_eq!(numbers, [0, 1, 3]);
        let codes = |column: usize| (0..4).map(|row| binned.code(column, row)).collect::<Vec<u8>>();
        assert_eq!(
            [codes(0), codes(1), codes(2)],
            [[1, 1, 2, 0], [1, 2, 1, 3], [0, 0, 1, 1]]
        );
        assert_eq!(binned.columns[0].cuts, [7.0]);
        assert!(binned.columns[0].by_group && !binned.columns[1].by_group);
        assert!(binned.columns[1].cuts.iter().all(|cut| cut.is_finite()));
    }

    #[test]
    fn of_many_values_cuts_are_quantiles() {
        let known: Vec<f32> = (0..1_000).map(|k| ((k * k) as f32).max(100.0)).collect();
        let cuts = cuts(&known, 9);
        assert!(cuts.is_sorted() && cuts.len() == 9, "{cuts:?}");
        let below = |cut: &f32| known.iter().filter(|v| *v < cut).count();
        assert_eq!(
            cuts.iter().map(below).collect::<Vec<_>>(),
            Vec::from_iter((1..10).map(|k| 100 * k))
        );
        assert!(super::cuts(&[1.0; 5], 9).is_empty());
    }
}
