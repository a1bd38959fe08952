//! The straight lines that trees start from.

use serde::{Deserialize, Serialize};

use super::Rows;

/// Groups that the pull of the slopes to zero counts for.
const PRIOR: f64 = 20.0;
const SWEEPS: usize = 1_000;
/// A sweep that moves no slope by more is the last one.
const TOLERANCE: f64 = 1e-9;
/// A column that varies less has no slope.
const MIN_DEVIATION: f64 = 1e-6;

/// Where the columns of a table lie.
#[derive(Debug, Clone)]
pub struct Scaling {
    center: Vec<f64>,
    deviation: Vec<f64>,
    low: Vec<f64>,
    high: Vec<f64>,
}

impl Scaling {
    /// Weighted mean and standard deviation, and the range, of each column where it is known.
    pub fn of(table: &Rows) -> Self {
        let n = table.columns;
        let known = |column: usize| {
            let value = move |row: usize| (f64::from(table.row(row)[column]), table.weight[row]);
            (0..table.target.len()).map(value).filter(|(v, _)| !v.is_nan())
        };
        let mean = |column: usize, of: &dyn Fn(f64) -> f64| {
            let (sum, total) = known(column).fold((0.0, 0.0), |(s, t), (v, w)| (s + w * of(v), t + w));
            if total > 0.0 { sum / total } else { 0.0 }
        };
        let center: Vec<f64> = (0..n).map(|c| mean(c, &|v| v)).collect();
        let ends = |c: usize, start: f64, of: fn(f64, f64) -> f64| {
            let end = known(c).fold(start, |end, (v, _)| of(end, v));
            if end.is_finite() { end } else { 0.0 }
        };
        Self {
            deviation: (0..n).map(|c| mean(c, &|v| (v - center[c]).powi(2)).sqrt()).collect(),
            low: (0..n).map(|c| ends(c, f64::INFINITY, f64::min)).collect(),
            high: (0..n).map(|c| ends(c, f64::NEG_INFINITY, f64::max)).collect(),
            center,
        }
    }

    /// Draw no line through other columns than these.
    pub fn only(&mut self, columns: &[usize]) {
        for (column, deviation) in self.deviation.iter_mut().enumerate() {
            if !columns.contains(&column) {
                *deviation = 0.0;
            }
        }
    }

    /// A row with mean 0 and standard deviation 1; 0 where missing.
    fn standardise(&self, row: &[f32], out: &mut [f64]) {
        for (column, (out, &v)) in out.iter_mut().zip(row).enumerate() {
            let varies = self.deviation[column] > MIN_DEVIATION && !v.is_nan();
            *out = match varies {
                true => (f64::from(v) - self.center[column]) / self.deviation[column],
                false => 0.0,
            };
        }
    }

    /// Slopes of standardised columns by ridge regression on some rows.
    ///
    /// *Model*: minimise the weighted mean of (y - mean - z' b)^2 plus (20 / groups) b' b, by coordinate descent.
    ///
    /// *References*: Hoerl, Kennard 1970, Ridge regression: biased estimation for nonorthogonal problems.
    pub fn slopes(&self, table: &Rows, rows: &[usize], groups: usize) -> Vec<f64> {
        let lines: Vec<usize> = (0..table.columns)
            .filter(|&c| self.deviation[c] > MIN_DEVIATION)
            .collect();
        let n = lines.len();
        let total: f64 = rows.iter().map(|&r| table.weight[r]).sum();
        let mean = rows.iter().map(|&r| table.weight[r] * table.target[r]).sum::<f64>() / total;
        let (mut squares, mut products) = (vec![0.0; n * n], vec![0.0; n]);
        let mut all = vec![0.0; table.columns];
        let mut z = vec![0.0; n];
        for &row in rows {
            self.standardise(table.row(row), &mut all);
            z.iter_mut().zip(&lines).for_each(|(z, &column)| *z = all[column]);
            for a in 0..n {
                let weighted = table.weight[row] / total * z[a];
                products[a] += weighted * (table.target[row] - mean);
                let others = squares[a * n..(a + 1) * n].iter_mut().zip(&z);
                others.for_each(|(square, z)| *square += weighted * z);
            }
        }
        let ridge = PRIOR / groups as f64;
        let mut slopes = vec![0.0; n];
        for _ in 0..SWEEPS {
            let mut moved = 0.0f64;
            for a in 0..n {
                let row = &squares[a * n..(a + 1) * n];
                let fitted: f64 = row.iter().zip(&slopes).map(|(s, b)| s * b).sum();
                let best = (products[a] - fitted + row[a] * slopes[a]) / (row[a] + ridge);
                moved = moved.max((best - slopes[a]).abs());
                slopes[a] = best;
            }
            if moved < TOLERANCE {
                break;
            }
        }
        let mut out = vec![0.0; table.columns];
        lines
            .iter()
            .zip(slopes)
            .for_each(|(&column, slope)| out[column] = slope);
        out
    }

    /// The lines with given slopes of standardised columns.
    pub fn lines(self, slopes: &[f64]) -> Lines {
        let slope = |(b, d): (&f64, &f64)| if *d > MIN_DEVIATION { b / d } else { 0.0 };
        Lines {
            slope: slopes.iter().zip(&self.deviation).map(slope).collect(),
            center: self.center,
            low: self.low,
            high: self.high,
        }
    }

    /// Value of the lines of standardised columns at a row.
    pub fn value(&self, slopes: &[f64], row: &[f32]) -> f64 {
        let mut z = vec![0.0; slopes.len()];
        self.standardise(row, &mut z);
        z.iter().zip(slopes).map(|(z, b)| z * b).sum()
    }
}

/// A sum of straight lines, one per column, that go on level beyond the values they were learned from. A missing value
/// counts as the mean.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Lines {
    center: Vec<f64>,
    slope: Vec<f64>,
    low: Vec<f64>,
    high: Vec<f64>,
}

impl Lines {
    /// Their value at a row.
    pub fn value(&self, row: &[f32]) -> f64 {
        let of = |(column, v): (usize, &f32)| match v.is_nan() {
            true => 0.0,
            false => {
                let v = f64::from(*v).clamp(self.low[column], self.high[column]);
                self.slope[column] * (v - self.center[column])
            }
        };
        row.iter().take(self.slope.len()).enumerate().map(of).sum()
    }

    /// Add other lines, which stand in the same columns.
    pub fn add(&mut self, other: Self) {
        match self.slope.is_empty() {
            true => *self = other,
            false => self
                .slope
                .iter_mut()
                .zip(other.slope)
                .for_each(|(sum, slope)| *sum += slope),
        }
    }

    /// Multiply the slopes.
    pub fn scale(&mut self, factor: f64) {
        self.slope.iter_mut().for_each(|slope| *slope *= factor);
    }

    /// Whether there is a line for each column, or none at all, and the numbers are such as learning gives.
    pub fn is_valid(&self, columns: usize) -> bool {
        let small = |v: &[f64]| v.iter().all(|v| v.abs() <= 1e9);
        let parts = [&self.center, &self.slope, &self.low, &self.high];
        let same = parts.iter().all(|p| p.len() == self.slope.len() && small(p));
        same && (self.slope.is_empty() || self.slope.len() == columns)
            && self.low.iter().zip(&self.high).all(|(l, h)| l <= h)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_slopes_are_found_and_end_at_the_range() {
        let rows: Vec<[f32; 3]> = (0..2_000)
            .map(|i| [(i % 7) as f32, (i % 11) as f32 * 10.0, 5.0])
            .collect();
        let table = Rows {
            columns: 3,
            target: rows.iter().map(|r| f64::from(2.0 * r[0] - 0.1 * r[1])).collect(),
            values: rows.concat(),
            weight: vec![1.0; 2_000],
            group: (0..2_000).collect(),
        };
        let scaling = Scaling::of(&table);
        // So many groups that the pull to zero does not show.
        let slopes = scaling.slopes(&table, &Vec::from_iter(0..2_000), 20_000_000);
        let lines = scaling.lines(&slopes);
        let value = |row: [f32; 3]| lines.value(&row);
        assert!((value([4.0, 0.0, 5.0]) - value([3.0, 0.0, 5.0]) - 2.0).abs() < 1e-4);
        assert!((value([0.0, 50.0, 5.0]) - value([0.0, 40.0, 5.0]) + 1.0).abs() < 1e-4);
        assert_eq!(value([9.0, 0.0, 5.0]), value([6.0, 0.0, 9.0]));
        assert!(value([f32::NAN, f32::NAN, f32::NAN]).abs() < 1e-12);
        assert!(lines.is_valid(3) && !lines.is_valid(4) && Lines::default().is_valid(4));
        let crossed = Lines {
            low: lines.high.clone(),
            high: lines.low.clone(),
            ..lines
        };
        assert!(!crossed.is_valid(3));
    }
}
