//! The baseline: the mean launch curve of the category.

use serde::{Deserialize, Serialize};

use super::grouping::Grouping;
use crate::error::Result;
use crate::forecast::{FittedForecaster, Forecaster, LogForecast};
use crate::panel::{Candidates, LaunchPanel};
use crate::statistics::mean;

/// A category with fewer launches at a step takes the mean of all launches there.
const MIN_LAUNCHES: usize = 3;
/// Launches that the spread of all launches counts for in the spread of a category.
const SPREAD_PRIOR: f64 = 10.0;

/// The category mean curve.
///
/// *Model*: yhat(c, s) = mean units at step s over the past launches of category c, per full period; over all
/// launches where the category has fewer than three at that step. The spread is the root mean square of
/// ln(1 + units) around ln(1 + yhat), in which that of all launches counts like ten launches.
///
/// *Missing data*: steps not observed are left out; a step observed in no launch has no forecast.
///
/// *Determinism*: sums run in the panel's canonical order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Naive;

/// Mean curves by category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedNaive {
    grouping: Grouping,
    /// Curve of each category, then that of all launches.
    curves: Vec<Curve>,
}

/// ln(1 + mean units) and spread by step, `None` where nothing was observed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Curve {
    location: Vec<Option<f64>>,
    spread: Vec<Option<f64>>,
}

impl Forecaster for Naive {
    type Fitted = FittedNaive;

    fn fit(&self, panel: &LaunchPanel) -> Result<FittedNaive> {
        let grouping = Grouping::fit(panel.attributes());
        let groups = grouping.groups(panel.attributes());
        let all = curve(panel, |_| true, 1, None);
        let mut curves: Vec<Curve> = (0..grouping.count())
            .map(|g| curve(panel, |i| groups[i] == Some(g), MIN_LAUNCHES, Some(&all)))
            .collect();
        curves.push(all);
        Ok(FittedNaive { grouping, curves })
    }
}

fn curve(panel: &LaunchPanel, member: impl Fn(usize) -> bool, minimum: usize, otherwise: Option<&Curve>) -> Curve {
    let rows: Vec<usize> = (0..panel.len()).filter(|&i| member(i)).collect();
    let (mut location, mut spread) = (Vec::new(), Vec::new());
    for step in 0..panel.horizon() {
        let seen: Vec<f64> = rows
            .iter()
            .map(|&i| panel.log_units(i)[step])
            .filter(|v| !v.is_nan())
            .collect();
        if seen.len() < minimum {
            location.push(otherwise.and_then(|c| c.location[step]));
            spread.push(otherwise.and_then(|c| c.spread[step]));
            continue;
        }
        let n = seen.len() as f64;
        let center = mean(seen.iter().map(|v| v.exp_m1())).map_or(f64::NAN, f64::ln_1p);
        location.push(Some(center));
        let own = mean(seen.iter().map(|v| (v - center).powi(2))).unwrap_or(f64::NAN);
        // A few launches that were alike by chance say little about the next one.
        let all = otherwise.and_then(|c| c.spread[step]).map_or(own, |s| s * s);
        spread.push(Some(((n * own + SPREAD_PRIOR * all) / (n + SPREAD_PRIOR)).sqrt()));
    }
    Curve { location, spread }
}

impl FittedForecaster for FittedNaive {
    fn forecast(&self, candidates: &Candidates) -> Result<Vec<LogForecast>> {
        let dense = |v: &[Option<f64>]| v.iter().map(|x| x.unwrap_or(f64::NAN)).collect();
        let groups = self.grouping.groups(&candidates.attributes).into_iter();
        Ok(groups
            .filter_map(|group| Some((group, self.curves.get(group.unwrap_or(self.curves.len() - 1))?)))
            .map(|(group, curve)| LogForecast {
                location: dense(&curve.location),
                spread: dense(&curve.spread),
                reason: format!("mean launch curve of {}", self.grouping.describe(group)),
            })
            .collect())
    }
}

impl FittedNaive {
    /// Columns the model looks at.
    pub fn grouping(&self) -> &Grouping {
        &self.grouping
    }

    /// Whether the parts fit each other and the horizon.
    pub fn is_valid(&self, horizon: usize) -> bool {
        self.grouping.is_valid()
            && self.curves.len() == self.grouping.count() + 1
            && self
                .curves
                .iter()
                .all(|c| c.location.len() == horizon && c.spread.len() == horizon)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, RecordBatch, StringArray};

    use super::*;
    use crate::panel::Frequency;

    fn category(values: Vec<Option<&str>>) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable([("category", Arc::new(StringArray::from(values)) as ArrayRef, true)])
            .unwrap()
    }

    #[test]
    fn means_by_hand() {
        // Three launches of a, two of b; step 2 is seen of a alone, step 3 of none.
        let units = [
            vec![Some(10.0), Some(2.0)],
            vec![Some(20.0), Some(4.0)],
            vec![Some(30.0), Some(9.0)],
            vec![Some(50.0)],
            vec![Some(90.0)],
        ];
        let attributes = category(vec![Some("a"), Some("a"), Some("a"), Some("b"), Some("b")]);
        let ids = (0..5).map(|i| i.to_string()).collect();
        let panel = LaunchPanel::try_new(Frequency::Day, 3, ids, vec![19_000; 5], &units, attributes).unwrap();
        let candidates = Candidates::new(vec![19_100; 4], category(vec![Some("a"), Some("b"), Some("c"), None]));
        let forecasts = Naive.fit(&panel).unwrap().forecast(&candidates).unwrap();
        let means: Vec<Vec<f64>> = forecasts
            .iter()
            .map(|f| f.location.iter().map(|v| v.exp_m1()).collect())
            .collect();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(means[0][0], 20.0) && near(means[0][1], 5.0), "{means:?}");
        // Two launches are too few for a curve of their own, and an unknown category has none: the mean of all five.
        for other in &means[1..] {
            assert!(near(other[0], 40.0) && near(other[1], 5.0), "{means:?}");
        }
        assert!(means.iter().all(|m| m[2].is_nan()));
        let square =
            |v: &[f64], mean: f64| v.iter().map(|v| (v.ln_1p() - mean.ln_1p()).powi(2)).sum::<f64>() / v.len() as f64;
        let (own, all) = (
            square(&[10.0, 20.0, 30.0], 20.0),
            square(&[10.0, 20.0, 30.0, 50.0, 90.0], 40.0),
        );
        let spread = ((3.0 * own + 10.0 * all) / 13.0).sqrt();
        assert!(near(forecasts[0].spread[0], spread), "{:?}", forecasts[0].spread);
        assert!(near(forecasts[1].spread[0], all.sqrt()), "{:?}", forecasts[1].spread);
        assert_eq!(forecasts[0].reason, "mean launch curve of category 'a'");
        assert_eq!(forecasts[2].reason, "mean launch curve of all categories");
    }
}
