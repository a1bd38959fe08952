//! What candidates on sale already sold so far, on the scale of the forecast.

use super::LaunchModel;
use crate::error::Result;
use crate::forecast::bounded_spread;
use crate::panel::{Candidates, expected_above};

impl LaunchModel {
    /// The candidates with what they sold so far: `own_units[i]` holds the units of candidate `i` by step.
    ///
    /// Where stock ran out, units are a lower bound (`own_at_least`). The forecast made without these steps says what may
    /// have been in demand: the value expected of a normal distribution with its location and spread, given that it is
    /// above the bound, takes their place.
    ///
    /// # Errors
    /// As [`LaunchModel::forecast`].
    pub(super) fn running(&self, candidates: &Candidates, own_units: &[Vec<Option<f64>>]) -> Result<Candidates> {
        let recorded = self.own_history(&candidates.launch_days, own_units);
        let bounds = |row: usize, own: &[f64]| {
            let steps = candidates.bounded_steps(row);
            steps
                .filter_map(|step| Some((step, *own.get(step).filter(|y| !y.is_nan())?)))
                .collect()
        };
        let bounds: Vec<Vec<(usize, f64)>> = recorded.iter().enumerate().map(|(i, own)| bounds(i, own)).collect();
        if bounds.iter().all(Vec::is_empty) {
            return Ok(candidates.clone().running(recorded));
        }
        let mut own = recorded;
        for (own, bounds) in own.iter_mut().zip(&bounds) {
            bounds.iter().for_each(|(step, _)| own[*step] = f64::NAN);
        }
        let forecasts = self.combined_forecasts(&candidates.clone().running(own.clone()))?;
        for ((own, bounds), (forecast, _)) in own.iter_mut().zip(&bounds).zip(&forecasts) {
            for &(step, bound) in bounds {
                let demand = expected_above(bound, forecast.location[step], bounded_spread(forecast.spread[step]));
                own[step] = if demand.is_finite() { demand } else { bound };
            }
        }
        Ok(candidates.clone().running(own))
    }
}
