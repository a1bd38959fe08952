//! The error of a slope on a panel, by leaving out products and blocks of periods.

use crate::statistics::shrinkage::Estimate;
use crate::statistics::{codes, count, dot};

/// Blocks that the periods are cut into, at most.
const MAX_BLOCKS: usize = 12;
/// A cluster that holds all but this share of what varies is the only one there is.
const MIN_REST: f64 = 1e-6;
/// Periods of a block, at least.
pub(crate) const MIN_BLOCK: usize = 4;

/// What fixed effects and controls leave of a regressor and of the target.
pub(crate) struct Left {
    /// The regressor.
    pub x: Vec<f64>,
    /// The target.
    pub y: Vec<f64>,
    /// The panel unit of each row.
    pub units: Vec<u32>,
    /// Rows less what was fitted.
    pub freedom: f64,
}

impl Left {
    /// The slope with a variance for errors that hang together within products and within blocks of periods; `None` when
    /// there are too few clusters.
    ///
    /// The variance is that by products, plus that by blocks, less that by their cells, and at least that of least
    /// squares with independent errors. Its degrees of freedom are those of the larger of the first two.
    ///
    /// *References*: Cameron, Gelbach, Miller 2011, Robust inference with multiway clustering; MacKinnon, Nielsen, Webb
    /// 2023, Fast and reliable jackknife and bootstrap methods for cluster-robust inference.
    pub fn slope(&self, products: &[u32], blocks: &[u32]) -> Option<Estimate> {
        let (variance, clusters) = match (self.jackknife(products), self.jackknife(blocks)) {
            (Some(a), Some(b)) => {
                let cells = codes(products.iter().zip(blocks));
                let cells = self.jackknife(&cells).map_or(0.0, |(variance, _)| variance);
                let larger = if a.0 >= b.0 { a } else { b };
                ((a.0 + b.0 - cells).max(0.0), larger.1)
            }
            (a, b) => a.or(b)?,
        };
        let (xx, xy) = (dot(&self.x, &self.x), dot(&self.x, &self.y));
        let squares = (dot(&self.y, &self.y) - xy * xy / xx).max(0.0);
        Some(Estimate {
            value: xy / xx,
            variance: variance.max(squares / self.freedom / xx),
            freedom: self.freedom.min((clusters - 1) as f64),
        })
    }

    /// Variance of the slope by leaving out one cluster at a time, and the number of clusters. The levels of the units
    /// are those of the rows that stay. `None` when one cluster holds all that varies.
    fn jackknife(&self, clusters: &[u32]) -> Option<(f64, usize)> {
        let mut rows = vec![0.0; count(&self.units)];
        self.units.iter().for_each(|&unit| rows[unit as usize] += 1.0);
        // Of each cluster in each unit: its rows and sums. What stays of a unit has the same sums with the other sign.
        let parts = codes(clusters.iter().zip(&self.units));
        let mut sums = vec![(0u32, 0u32, 0.0, 0.0, 0.0); count(&parts)];
        let mut left = vec![(dot(&self.x, &self.x), dot(&self.x, &self.y)); count(clusters)];
        let (xx, xy) = left[0];
        for (row, &part) in parts.iter().enumerate() {
            let (x, y, cluster) = (self.x[row], self.y[row], clusters[row]);
            let sum = &mut sums[part as usize];
            *sum = (cluster, self.units[row], sum.2 + 1.0, sum.3 + x, sum.4 + y);
            let left = &mut left[cluster as usize];
            *left = (left.0 - x * x, left.1 - x * y);
        }
        for (cluster, unit, n, x, y) in sums {
            let stay = rows[unit as usize] - n;
            if stay > 0.0 {
                let left = &mut left[cluster as usize];
                *left = (left.0 - x * x / stay, left.1 - x * y / stay);
            }
        }
        if left.iter().any(|l| l.0 <= MIN_REST * xx) {
            return None;
        }
        let squares: f64 = left.iter().map(|l| (l.1 / l.0 - xy / xx).powi(2)).sum();
        let clusters = left.len() as f64;
        Some((squares * (clusters - 1.0) / clusters, left.len()))
    }
}

/// The block of each period, of equal length in periods that occur.
pub(crate) fn blocks(periods: &[u32]) -> Vec<u32> {
    let all = count(periods);
    let blocks = (all / MIN_BLOCK).clamp(1, MAX_BLOCKS);
    periods.iter().map(|&p| (p as usize * blocks / all) as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaving_out_a_product_is_fitting_the_others() {
        // Two rows each of three products, around their means: slopes of the others by hand, from x x' and x y'.
        let x = vec![-1.0, 1.0, -2.0, 2.0, -1.0, 1.0];
        let y = vec![1.0, -1.0, 3.0, -3.0, 2.0, -2.0];
        let units = vec![0, 0, 1, 1, 2, 2];
        let left = Left {
            x,
            y,
            units: units.clone(),
            freedom: 3.0,
        };
        // All: -18 / 12; without the first -16 / 10, the second -6 / 4, the third -14 / 10.
        let (variance, clusters) = left.jackknife(&units).unwrap();
        assert_eq!(clusters, 3);
        assert!((variance - 2.0 / 3.0 * (0.01 + 0.0 + 0.01)).abs() < 1e-12, "{variance}");
    }

    #[test]
    fn levels_are_those_of_the_rows_that_stay() {
        // One unit, x = 0 1 2 5 less its mean 2, y = 1 0 -1 -5 less its mean -1.25. Without the last row: slope -1.
        let left = Left {
            x: vec![-2.0, -1.0, 0.0, 3.0],
            y: vec![2.25, 1.25, 0.25, -3.75],
            units: vec![0; 4],
            freedom: 2.0,
        };
        let (variance, clusters) = left.jackknife(&[0, 0, 0, 1]).unwrap_or_default();
        // Without the first three rows nothing varies.
        assert_eq!((variance, clusters), (0.0, 0));
        let (variance, _) = left.jackknife(&[0, 1, 2, 3]).unwrap();
        let all: f64 = -17.0 / 14.0;
        // Leaving out rows 1 to 4 one at a time: points (1,0) (2,-1) (5,-5), then without (1,0), (2,-1) and (5,-5).
        let slopes = [-33.0 / 26.0, -92.0 / 76.0, -17.0 / 14.0, -1.0];
        let expected = 0.75 * slopes.iter().map(|s| (s - all).powi(2)).sum::<f64>();
        assert!((variance - expected).abs() < 1e-12, "{variance} {expected}");
    }

    #[test]
    fn blocks_have_four_periods_or_more() {
        let of = |periods: u32| blocks(&(0..periods).collect::<Vec<_>>());
        assert_eq!(count(&of(7)), 1);
        assert_eq!(of(8), [0, 0, 0, 0, 1, 1, 1, 1]);
        assert_eq!(count(&of(500)), MAX_BLOCKS);
    }
}
