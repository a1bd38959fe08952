//! Scores of forecasts in units.

use serde::{Deserialize, Serialize};

use crate::calibration::Interval;

/// Scores over product-steps; the same formulas as the SQL metrics.
///
/// wape = sum |y - f| / sum |y| (`None` if nothing was sold); rmsle = root mean square of ln(1 + f) - ln(1 + y);
/// bias = (sum f - sum y) / sum y (`None` if nothing was sold), mean_bias the same of the expected units; coverage = share of y inside the interval; pinball =
/// mean over the three quantiles (lower, median, upper) of the quantile loss, in units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Product-steps scored.
    pub n: usize,
    /// Weighted absolute percentage error.
    pub wape: Option<f64>,
    /// Root mean squared logarithmic error.
    pub rmsle: f64,
    /// Relative bias; above zero: forecast too high.
    pub bias: Option<f64>,
    /// Relative bias of the expected units: what totals are off by; none of models of earlier versions.
    #[serde(default)]
    pub mean_bias: Option<f64>,
    /// Share of actuals within the interval.
    pub coverage: f64,
    /// Mean quantile loss.
    pub pinball: f64,
}

impl Scores {
    /// Scores of (actual, forecast) pairs with intervals of probability `level`; `None` of nothing.
    pub fn of(rows: &[(f64, Interval)], level: f64) -> Option<Self> {
        if rows.is_empty() {
            return None;
        }
        let n = rows.len() as f64;
        let sum = |f: &dyn Fn(f64, &Interval) -> f64| rows.iter().map(|(y, i)| f(*y, i)).sum::<f64>();
        let sold = sum(&|y, _| y);
        let quantile_loss = |y: f64, q: f64, p: f64| if y >= q { p * (y - q) } else { (1.0 - p) * (q - y) };
        let tail = (1.0 - level) / 2.0;
        Some(Self {
            n: rows.len(),
            wape: (sold > 0.0).then(|| sum(&|y, i| (y - i.median).abs()) / sold),
            rmsle: (sum(&|y, i| (i.median.ln_1p() - y.ln_1p()).powi(2)) / n).sqrt(),
            bias: (sold > 0.0).then(|| (sum(&|_, i| i.median) - sold) / sold),
            mean_bias: (sold > 0.0).then(|| (sum(&|_, i| i.mean) - sold) / sold),
            coverage: sum(&|y, i| f64::from(u8::from(i.lower <= y && y <= i.upper))) / n,
            pinball: sum(&|y, i| {
                (quantile_loss(y, i.lower, tail)
                    + quantile_loss(y, i.median, 0.5)
                    + quantile_loss(y, i.upper, 1.0 - tail))
                    / 3.0
            }) / n,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_by_hand() {
        let interval = |median: f64| Interval {
            median,
            lower: median - 1.0,
            upper: median + 1.0,
            mean: median,
        };
        let s = Scores::of(&[(2.0, interval(3.0)), (6.0, interval(4.0))], 0.8).unwrap();
        assert_eq!(
            (s.n, s.wape, s.bias, s.coverage),
            (2, Some(3.0 / 8.0), Some(-1.0 / 8.0), 0.5)
        );
        assert!((s.rmsle - (((4f64 / 3.0).ln().powi(2) + (5f64 / 7.0).ln().powi(2)) / 2.0).sqrt()).abs() < 1e-12);
        // y = 2: |2-2|*.1, 1*.5, 2*.1; y = 6: 3*.1, 2*.5, 1*.9.
        assert!((s.pinball - (0.0 + 0.5 + 0.2 + 0.3 + 1.0 + 0.9) / 6.0).abs() < 1e-12);
        assert_eq!(Scores::of(&[(0.0, interval(1.0))], 0.8).unwrap().wape, None);
    }
}
