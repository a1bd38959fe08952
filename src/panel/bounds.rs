//! Past launches that ran out of stock: the demand that is expected where units are a lower bound of it.

use super::{
    LaunchPanel,
    demand::{Demand, Seen},
};
use crate::error::{Error, Result};
use crate::statistics::mix;

impl LaunchPanel {
    /// The launches with steps at which stock ran out, in the order of [`LaunchPanel::ids`]: units of these are a lower
    /// bound of the demand.
    ///
    /// # Errors
    /// [`Error::Argument`] if the rows do not match.
    pub fn with_lower_bounds(mut self, at_least: &[Vec<Option<bool>>]) -> Result<Self> {
        if at_least.len() != self.len() {
            return Err(Error::argument(format!(
                "{} launches and {} rows of lower bounds do not match",
                self.len(),
                at_least.len()
            )));
        }
        let at = |launch: usize, step: usize| at_least[launch].get(step).copied().flatten() == Some(true);
        let bound = |cell: usize| {
            let found = at(cell / self.horizon, cell % self.horizon);
            if found { self.log_units[cell] } else { f64::NAN }
        };
        let bounds: Vec<f64> = (0..self.log_units.len()).map(bound).collect();
        if bounds.iter().any(|bound| !bound.is_nan()) {
            self.bounds = bounds;
            return Ok(self.seen_from_itself());
        }
        Ok(self)
    }

    /// Put the demand to be expected, from all that another panel knows, where units are a lower bound.
    fn expect_demand(&mut self, known: &Self) {
        if self.bounds.is_empty() {
            return;
        }
        let none = vec![f64::NAN; self.horizon];
        let rows: Vec<Seen<'_>> = (0..known.len()).map(|launch| known.seen(launch, &none)).collect();
        let model = Demand::fit(&rows, self.horizon);
        self.drawn.clone_from(&self.bounds);
        for launch in 0..self.len() {
            let Some(model) = &model else { continue };
            let seen = self.seen(launch, &none);
            let expected = model.expected(&seen);
            let seed = self.ids[launch]
                .bytes()
                .fold(0, |seed, byte| mix(seed ^ u64::from(byte)));
            let drawn = model.drawn(&seen, seed);
            self.drawn[launch * self.horizon..][..self.horizon].copy_from_slice(&drawn);
            let cells = &mut self.log_units[launch * self.horizon..];
            for (cell, demand) in cells.iter_mut().zip(expected).filter(|(_, demand)| !demand.is_nan()) {
                *cell = demand;
            }
        }
    }

    fn seen<'a>(&'a self, launch: usize, none: &'a [f64]) -> Seen<'a> {
        let cells = launch * self.horizon..(launch + 1) * self.horizon;
        Seen {
            values: self.log_units(launch),
            bounds: self.bounds.get(cells).unwrap_or(none),
        }
    }

    /// The launches as they look from what another panel knows: their demand where stock ran out is expected from that
    /// panel, not from themselves.
    pub fn seen_from(mut self, known: &Self) -> Self {
        self.expect_demand(known);
        self
    }

    /// As [`LaunchPanel::seen_from`] the panel itself.
    pub fn seen_from_itself(self) -> Self {
        if self.bounds.is_empty() {
            return self;
        }
        let known = self.clone();
        self.seen_from(&known)
    }

    /// What happened to a launch, to judge forecasts by: as [`LaunchPanel::log_units`], with a demand drawn where units
    /// are
    /// a lower bound. What is expected there would vary too little.
    pub fn outcome(&self, launch: usize) -> Vec<f64> {
        let mut outcome = self.log_units(launch).to_vec();
        let drawn = self.drawn.get(launch * self.horizon..).unwrap_or_default();
        for (y, drawn) in outcome.iter_mut().zip(drawn).filter(|(_, drawn)| !drawn.is_nan()) {
            *y = *drawn;
        }
        outcome
    }

    /// Whether the units of a step are a lower bound of the demand.
    pub fn is_lower_bound(&self, launch: usize, step: usize) -> bool {
        let bound = self.bounds.get(launch * self.horizon + step);
        bound.is_some_and(|bound| !bound.is_nan())
    }

    /// Number of product-steps whose units are a lower bound.
    pub fn lower_bounds(&self) -> usize {
        self.bounds.iter().filter(|bound| !bound.is_nan()).count()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{RecordBatch, RecordBatchOptions};
    use arrow_schema::Schema;

    use super::*;
    use crate::panel::Frequency;

    /// Twelve launches, one each week from Monday 2024-01-01 on, that sell 50 to 72 units; the last two ran out at 30
    /// in
    /// their second week.
    fn with_bounds() -> LaunchPanel {
        let units: Vec<Vec<Option<f64>>> = (0..12)
            .map(|i| {
                let at = |s: usize| Some(50.0 + 2.0 * i as f64 + s as f64);
                vec![at(0), if i < 10 { at(1) } else { Some(30.0) }, at(2)]
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(12));
        let schema = Arc::new(Schema::empty());
        let panel = LaunchPanel::try_new(
            Frequency::Week,
            3,
            (0..12).map(|i| format!("p{i:02}")).collect(),
            (0..12).map(|i| 19_723 + 7 * i).collect(),
            &units,
            RecordBatch::try_new_with_options(schema, vec![], &options).unwrap(),
        );
        let out = |i: usize| vec![None, Some(i >= 10)];
        panel
            .unwrap()
            .with_lower_bounds(&(0..12).map(out).collect::<Vec<_>>())
            .unwrap()
    }

    #[test]
    fn a_bound_is_replaced_by_the_demand_to_be_expected() {
        let panel = with_bounds();
        assert_eq!((panel.lower_bounds(), panel.observations()), (2, 36));
        assert!(panel.is_lower_bound(11, 1) && !panel.is_lower_bound(11, 0) && !panel.is_lower_bound(0, 1));
        // 71 units were in demand in the first week; nobody knows what was sold, so there is nothing to score.
        let demand = panel.log_units(11)[1].exp_m1();
        assert!((60.0..80.0).contains(&demand), "{demand}");
        let outcome = panel.outcome(11);
        assert!((50.0..95.0).contains(&outcome[1].exp_m1()) && outcome[1] != panel.log_units(11)[1]);
        assert_eq!(
            (outcome[0], panel.outcome(3)),
            (panel.log_units(11)[0], panel.log_units(3).to_vec())
        );
        assert_eq!((panel.units(11, 1), panel.units(11, 0)), (None, Some(72.0)));
        let none = vec![vec![]; 12];
        assert_eq!(panel.clone().with_lower_bounds(&none).unwrap().units(11, 0), Some(72.0));
        assert!(panel.with_lower_bounds(&none[..3]).is_err());
    }

    #[test]
    fn demand_is_expected_from_what_was_known_at_an_origin() {
        let panel = with_bounds();
        // At the end of the second week of the last launch: what all launches sold later is masked.
        let origin = 19_723 + 7 * 13;
        let known = panel.known_at(origin).unwrap();
        assert_eq!(known.lower_bounds(), 2);
        let mut later = panel.clone();
        for launch in 0..12 {
            for step in 0..3 {
                if panel.frequency.period_start(panel.launch_days[launch], step as i32 + 1) > Some(origin) {
                    later.log_units[launch * 3 + step] = 9.0;
                }
            }
        }
        let other = later.known_at(origin).unwrap();
        assert_eq!(known.log_units(11)[..2], other.log_units(11)[..2]);
        assert_ne!(panel.log_units(11)[2], later.log_units(11)[2]);
        // Launches held out are seen from what is known, not from themselves.
        let held_out = panel
            .select(&[11])
            .unwrap()
            .seen_from(&panel.select(&[0, 1, 2, 3]).unwrap());
        assert_ne!(held_out.log_units(0)[1], panel.log_units(11)[1]);
        assert_eq!(held_out.log_units(0)[0], panel.log_units(11)[0]);
    }
}
