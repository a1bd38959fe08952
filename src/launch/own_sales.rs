//! What candidates on sale already sold so far, on the scale of the forecast.

use super::LaunchModel;
use crate::error::Result;
use crate::forecast::bounded_spread;
use crate::panel::{Candidates, expected_above};

impl LaunchModel {
    /// The candidates with what they sold so far: `own_units[i]` holds the units of candidate `i` by step.
    ///
    /// Where stock ran out, units are a lower bound (`own_at_least`). The forecast made without these steps says what
    /// may
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

#[cfg(test)]
mod tests {
    use crate::launch::{Architecture, LaunchModel, tests::planted_panel};
    use crate::neural::Recipe;
    use crate::panel::Candidates;
    use crate::progress::Progress;

    /// Forecast of the last step of a launch of which the first three are known so far, the second one from below.
    fn forecast(architecture: Architecture, own: [Option<f64>; 3], at_least: &[bool]) -> f64 {
        let panel = planted_panel(80, 6, 1);
        let model = LaunchModel::train(architecture, &panel, &Recipe::default(), &Progress::silent()).unwrap();
        let candidates = Candidates {
            own_at_least: vec![at_least.to_vec()],
            ..panel.select(&[7]).unwrap().candidates()
        };
        let forecasts = model.forecast_running(&candidates, &[own.to_vec()], 0.8, None).unwrap();
        forecasts[0].steps[5].interval.unwrap().median
    }

    #[test]
    fn a_lower_bound_of_own_sales_does_not_lower_the_forecast() {
        for architecture in [Architecture::Naive, Architecture::Analog, Architecture::Gbm] {
            let of = |own, at_least| forecast(architecture, own, at_least);
            let (known, unknown) = ([Some(60.0), Some(57.0), Some(54.0)], [Some(60.0), None, Some(54.0)]);
            let bounded = [Some(60.0), Some(5.0), Some(54.0)];
            let truth = of(known, &[]);
            // Taken for sales, a bound pulls the forecast down; as a bound it says no less than nothing.
            assert!(of(bounded, &[]) < 0.9 * truth, "{architecture:?}");
            assert!(
                of(bounded, &[false, true]) > 0.95 * of(unknown, &[]),
                "{architecture:?}"
            );
            // A bound that is higher than all that was expected raises it.
            let high = of([Some(60.0), Some(400.0), Some(54.0)], &[false, true]);
            assert!(high > truth, "{architecture:?}: {high} {truth}");
        }
    }

    #[test]
    fn without_bounds_nothing_changes() {
        let own = [Some(60.0), Some(57.0), Some(54.0)];
        let of = |at_least: &[bool]| forecast(Architecture::Naive, own, at_least);
        assert_eq!(of(&[]), of(&[false; 3]));
        // Nothing is known at a step without units.
        let of = |at_least: &[bool]| forecast(Architecture::Naive, [Some(60.0), None, Some(54.0)], at_least);
        assert_eq!(of(&[]), of(&[false, true]));
    }
}
