//! The baseline: the mean launch curve of the category.

use serde::{Deserialize, Serialize};

use super::grouping::Grouping;
use crate::error::Result;
use crate::forecast::{FittedForecaster, Forecaster, LogForecast};
use crate::panel::{Candidates, LaunchPanel};

/// A category with fewer launches at a step takes the mean of all launches there.
const MIN_LAUNCHES: usize = 3;

/// The category mean curve.
///
/// *Model*: yhat(c, s) = mean units at step s over the past launches of category c, per full period; over all
/// launches where the category has fewer than three at that step. The spread is the root mean square of
/// ln(1 + units) around ln(1 + yhat).
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
        let center = (seen.iter().map(|v| v.exp_m1()).sum::<f64>() / n).ln_1p();
        location.push(Some(center));
        spread.push(Some(
            (seen.iter().map(|v| (v - center).powi(2)).sum::<f64>() / n).sqrt(),
        ));
    }
    Curve { location, spread }
}

impl FittedForecaster for FittedNaive {
    fn forecast(&self, candidates: &Candidates) -> Vec<LogForecast> {
        let dense = |v: &[Option<f64>]| v.iter().map(|x| x.unwrap_or(f64::NAN)).collect();
        self.grouping
            .groups(&candidates.attributes)
            .into_iter()
            .filter_map(|group| Some((group, self.curves.get(group.unwrap_or(self.curves.len() - 1))?)))
            .map(|(group, curve)| LogForecast {
                location: dense(&curve.location),
                spread: dense(&curve.spread),
                reason: format!("mean launch curve of {}", self.grouping.describe(group)),
            })
            .collect()
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
