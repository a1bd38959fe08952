//! Bass diffusion by category.

use argmin::core::{CostFunction, Executor};
use argmin::solver::neldermead::NelderMead;
use serde::{Deserialize, Serialize};

use super::grouping::Grouping;
use crate::error::{Error, Result};
use crate::forecast::{FittedForecaster, Forecaster, LogForecast};
use crate::panel::{Candidates, LaunchPanel};

/// A category with fewer launches takes the curve of all launches.
const MIN_LAUNCHES: usize = 8;
const ITERATIONS: u64 = 400;
/// Bounds of ln p, ln q and ln m: p and q are rates per step, m is units.
const BOUNDS: [(f64, f64); 3] = [(-9.0, 0.0), (-9.0, 1.5), (-5.0, 35.0)];

/// Bass diffusion: one curve per category.
///
/// *Model*: cumulative demand m F(t) with F(t) = (1 - exp(-(p + q) t)) / (1 + (q / p) exp(-(p + q) t)); step s sells
/// m (F(s) - F(s - 1)) units. p is the rate of innovators per step, q that of imitators, m the market size in units.
/// They minimise the squared error of ln(1 + units) against the mean log curve of the category, each step weighted by
/// the launches seen there (Nelder-Mead from a fixed start). The spread is the root mean square of the launches
/// around the curve.
///
/// *Missing data*: steps not observed are left out; steps beyond the last observed one follow the curve.
///
/// *Errors*: [`Error::Refused`] if no step is observed.
///
/// *References*: Bass 1969, A new product growth model for consumer durables; Srinivasan, Mason 1986, Nonlinear least
/// squares estimation of new product diffusion models.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bass;

/// Diffusion curves by category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedBass {
    grouping: Grouping,
    horizon: usize,
    /// Curve of each category, then that of all launches.
    curves: Vec<Diffusion>,
}

/// One Bass curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Diffusion {
    /// Rate of innovators per step.
    pub innovation: f64,
    /// Rate of imitators per step.
    pub imitation: f64,
    /// Market size in units.
    pub market: f64,
    /// Root mean square of ln(1 + units) around the curve.
    spread: f64,
}

impl Diffusion {
    /// Share of the market reached after `t` steps.
    pub fn share(&self, t: f64) -> f64 {
        let decay = (-(self.innovation + self.imitation) * t).exp();
        (1.0 - decay) / (1.0 + self.imitation / self.innovation * decay)
    }

    /// Units sold in a step (0-based).
    pub fn units(&self, step: usize) -> f64 {
        self.market * (self.share(step as f64 + 1.0) - self.share(step as f64)).max(0.0)
    }

    fn from_logs(logs: &[f64], spread: f64) -> Self {
        let at = |k: usize| logs[k].clamp(BOUNDS[k].0, BOUNDS[k].1).exp();
        Self {
            innovation: at(0),
            imitation: at(1),
            market: at(2),
            spread,
        }
    }
}

/// Mean log units and number of launches by step.
struct MeanCurve {
    mean: Vec<f64>,
    count: Vec<f64>,
}

impl CostFunction for MeanCurve {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, logs: &Vec<f64>) -> std::result::Result<f64, argmin::core::Error> {
        let curve = Diffusion::from_logs(logs, 0.0);
        let error: f64 = self
            .mean
            .iter()
            .zip(&self.count)
            .enumerate()
            .filter(|(_, (_, count))| **count > 0.0)
            .map(|(step, (mean, count))| count * (curve.units(step).ln_1p() - mean).powi(2))
            .sum();
        // Outside the bounds the curve stands still; the penalty leads back.
        let outside: f64 = logs
            .iter()
            .zip(BOUNDS)
            .map(|(v, (l, h))| (v - v.clamp(l, h)).powi(2))
            .sum();
        Ok(error / self.count.iter().sum::<f64>() + outside)
    }
}

fn fit_curve(panel: &LaunchPanel, rows: &[usize]) -> Option<Diffusion> {
    let mut curve = MeanCurve {
        mean: vec![0.0; panel.horizon()],
        count: vec![0.0; panel.horizon()],
    };
    for &i in rows {
        for (step, v) in panel.log_units(i).iter().enumerate().filter(|(_, v)| !v.is_nan()) {
            curve.mean[step] += v;
            curve.count[step] += 1.0;
        }
    }
    let observed: f64 = curve.count.iter().sum();
    if observed == 0.0 {
        return None;
    }
    curve
        .mean
        .iter_mut()
        .zip(&curve.count)
        .filter(|(_, c)| **c > 0.0)
        .for_each(|(m, c)| *m /= c);
    let total: f64 = curve.mean.iter().map(|m| m.exp_m1()).sum();
    let start = [(0.03f64).ln(), (0.2f64).ln(), (2.0 * total).max(0.1).ln()];
    let simplex: Vec<Vec<f64>> = std::iter::once(start.to_vec())
        .chain((0..3).map(|k| {
            let mut corner = start.to_vec();
            corner[k] += 1.0;
            corner
        }))
        .collect();
    let solver = NelderMead::new(simplex).with_sd_tolerance(1e-10).ok()?;
    let best = Executor::new(curve, solver)
        .configure(|s| s.max_iters(ITERATIONS))
        .run()
        .ok()?
        .state
        .best_param?;
    let fitted = Diffusion::from_logs(&best, 0.0);
    let squares: f64 = rows
        .iter()
        .flat_map(|&i| panel.log_units(i).iter().enumerate())
        .filter(|(_, v)| !v.is_nan())
        .map(|(step, v)| (v - fitted.units(step).ln_1p()).powi(2))
        .sum();
    Some(Diffusion {
        spread: (squares / observed).sqrt(),
        ..fitted
    })
}

impl Forecaster for Bass {
    type Fitted = FittedBass;

    fn fit(&self, panel: &LaunchPanel) -> Result<FittedBass> {
        let grouping = Grouping::fit(panel.attributes());
        let groups = grouping.groups(panel.attributes());
        let everything: Vec<usize> = (0..panel.len()).collect();
        let all = fit_curve(panel, &everything)
            .ok_or_else(|| Error::refused("no step of any past launch is observed, so there is no curve to fit"))?;
        let mut curves: Vec<Diffusion> = (0..grouping.count())
            .map(|g| {
                let rows: Vec<usize> = everything.iter().copied().filter(|&i| groups[i] == Some(g)).collect();
                if rows.len() < MIN_LAUNCHES {
                    all
                } else {
                    fit_curve(panel, &rows).unwrap_or(all)
                }
            })
            .collect();
        curves.push(all);
        Ok(FittedBass {
            grouping,
            horizon: panel.horizon(),
            curves,
        })
    }
}

impl FittedForecaster for FittedBass {
    fn forecast(&self, candidates: &Candidates) -> Result<Vec<LogForecast>> {
        let groups = self.grouping.groups(&candidates.attributes).into_iter();
        Ok(groups
            .filter_map(|group| Some((group, self.curves.get(group.unwrap_or(self.curves.len() - 1))?)))
            .map(|(group, curve)| LogForecast {
                location: (0..self.horizon).map(|s| curve.units(s).ln_1p()).collect(),
                spread: vec![curve.spread; self.horizon],
                reason: format!(
                    "Bass diffusion of {}: p {:.3}, q {:.3}, market {:.0} units",
                    self.grouping.describe(group),
                    curve.innovation,
                    curve.imitation,
                    curve.market
                ),
            })
            .collect())
    }
}

impl FittedBass {
    /// Columns the model looks at.
    pub fn grouping(&self) -> &Grouping {
        &self.grouping
    }

    /// Whether the parts fit each other and the horizon.
    pub fn is_valid(&self, horizon: usize) -> bool {
        let good = |d: &Diffusion| d.innovation > 0.0 && d.imitation > 0.0 && d.market > 0.0 && d.spread >= 0.0;
        self.horizon == horizon
            && self.grouping.is_valid()
            && self.curves.len() == self.grouping.count() + 1
            && self.curves.iter().all(good)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::Frequency;
    use arrow_array::{RecordBatch, RecordBatchOptions};
    use std::sync::Arc;

    #[test]
    fn recovers_planted_diffusion() {
        let truth = Diffusion {
            innovation: 0.02,
            imitation: 0.35,
            market: 5_000.0,
            spread: 0.0,
        };
        let n = 40;
        let units: Vec<Vec<Option<f64>>> = (0..n)
            .map(|i| {
                // Multiplicative noise, symmetric on the log scale.
                let noise = if i % 2 == 0 { 1.1 } else { 1.0 / 1.1 };
                (0..26).map(|s| Some(truth.units(s) * noise)).collect()
            })
            .collect();
        let none = RecordBatch::try_new_with_options(
            Arc::new(arrow_schema::Schema::empty()),
            vec![],
            &RecordBatchOptions::new().with_row_count(Some(n)),
        )
        .unwrap();
        let ids = (0..n).map(|i| format!("p{i}")).collect();
        let panel = LaunchPanel::try_new(Frequency::Week, 26, ids, vec![18_997; n], &units, none).unwrap();
        let fitted = Bass.fit(&panel).unwrap();
        let curve = fitted.curves[0];
        assert!((curve.innovation / truth.innovation - 1.0).abs() < 0.1, "{curve:?}");
        assert!((curve.imitation / truth.imitation - 1.0).abs() < 0.1, "{curve:?}");
        assert!((curve.market / truth.market - 1.0).abs() < 0.1, "{curve:?}");
    }
}
