//! Sums of a product's units over its periods, in each of many worlds.

use super::{LaunchModel, Scenarios};
use crate::error::Result;
use crate::panel::{Candidates, Frequency};

/// What one product may sell in a period that holds some of its steps, or all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Total {
    /// First day of the period, in days since 1970-01-01; of all steps that of the first one.
    pub day: i32,
    /// Expected units.
    pub mean: f64,
    /// Units by world; world j of all products is the same.
    pub units: Vec<f64>,
}

/// The sums of one product.
#[derive(Debug, Clone, PartialEq)]
pub struct Totals {
    /// What the forecast rests on, in one line.
    pub reason: String,
    /// Weight of the product's own sales, 0 for none.
    pub own_weight: f64,
    /// Origins that the shocks which products share were learned from.
    pub origins: usize,
    /// Steps that no past launch has been observed at, and that are in no sum.
    pub unknown: usize,
    /// By period, earliest first.
    pub periods: Vec<Total>,
}

impl LaunchModel {
    /// Sums of each candidate's units over all its steps, or over those that begin in each `period`, in `n` worlds: those of
    /// [`LaunchModel::scenarios`], so that sums over products have the spread of launches that rise and fall together.
    ///
    /// # Errors
    /// As [`LaunchModel::scenarios`].
    pub fn totals(
        &self,
        candidates: &Candidates,
        keys: &[String],
        own_units: &[Vec<Option<f64>>],
        n: i64,
        period: Option<Frequency>,
    ) -> Result<Vec<Totals>> {
        let scenarios = self.scenarios(candidates, keys, own_units, n)?;
        Ok(scenarios.into_iter().map(|s| totals(s, period)).collect())
    }
}

fn totals(scenarios: Scenarios, period: Option<Frequency>) -> Totals {
    let first = scenarios.steps.first().map_or(0, |step| step.day);
    let mut out = Totals {
        reason: scenarios.reason,
        own_weight: scenarios.own_weight,
        origins: scenarios.origins,
        unknown: 0,
        periods: Vec::new(),
    };
    for step in scenarios.steps {
        let Some(mean) = step.mean else {
            out.unknown += 1;
            continue;
        };
        let day = period.map_or(first, |period| period.period_start(step.day, 0).unwrap_or(step.day));
        match out.periods.last_mut() {
            Some(total) if total.day == day => {
                total.mean += mean;
                total
                    .units
                    .iter_mut()
                    .zip(&step.units)
                    .for_each(|(sum, units)| *sum += units);
            }
            _ => out.periods.push(Total {
                day,
                mean,
                units: step.units,
            }),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::Architecture;
    use crate::launch::tests::planted_panel;
    use crate::neural::Recipe;
    use crate::progress::Progress;

    #[test]
    fn sums_are_those_of_the_scenarios() {
        let panel = planted_panel(120, 6, 3);
        let model = LaunchModel::train(Architecture::Analog, &panel, &Recipe::default(), &Progress::silent()).unwrap();
        let candidates = panel.select(&[0, 1, 2]).unwrap().candidates();
        let keys = ["a", "b", "c"].map(str::to_owned);
        let scenarios = model.scenarios(&candidates, &keys, &[], 50).unwrap();
        let totals = model.totals(&candidates, &keys, &[], 50, None).unwrap();
        let by_week = model
            .totals(&candidates, &keys, &[], 50, Some(Frequency::Week))
            .unwrap();
        // Six days from some day on lie in one week or in two.
        assert!(by_week.iter().any(|t| t.periods.len() == 2));
        for ((s, all), weeks) in scenarios.iter().zip(&totals).zip(&by_week) {
            assert_eq!((all.periods.len(), all.unknown), (1, 0));
            let sum: f64 = s.steps.iter().map(|step| step.units[7]).sum();
            assert!((all.periods[0].units[7] - sum).abs() < 1e-9 * sum);
            let weekly: f64 = weeks.periods.iter().map(|p| p.units[7]).sum();
            assert!((weekly - sum).abs() < 1e-9 * sum);
            assert!(weeks.periods.is_sorted_by_key(|p| p.day));
            let mean: f64 = weeks.periods.iter().map(|p| p.mean).sum();
            assert!((all.periods[0].mean - mean).abs() < 1e-9 * mean);
        }
    }
}
