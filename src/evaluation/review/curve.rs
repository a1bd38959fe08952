//! The units planned by age of the launch.

use super::{Launch, Period};

/// Units planned from the launch to an age in days, in straight lines between the ends of periods.
///
/// Beyond its end the pace is that of the last period: of a launch that came early more of it is seen than was planned for.
#[derive(Debug)]
pub struct Curve {
    /// Ages, and units until then.
    knots: Vec<(f64, f64)>,
    /// Days from the first day of a period of one date to the launch.
    planned_day: i32,
}

impl Curve {
    /// The curve of a plan.
    pub fn of(launch: &Launch) -> Self {
        let (mut knots, mut units) = (vec![(0.0, 0.0)], 0.0);
        for period in launch.periods.iter().filter(|period| period.end > launch.planned_day) {
            units += period.planned;
            knots.push((f64::from(period.end - launch.planned_day), units));
        }
        Self {
            knots,
            planned_day: launch.planned_day,
        }
    }

    /// Units planned until an age.
    pub fn until(&self, age: f64) -> f64 {
        let mut before = (0.0, 0.0);
        let mut pace = 0.0;
        for &(end, units) in self.knots.iter().skip(1) {
            pace = (units - before.1) / (end - before.0).max(1.0);
            if age <= end {
                return before.1 + pace * (age - before.0).max(0.0);
            }
            before = (end, units);
        }
        before.1 + pace * (age - before.0)
    }

    /// Units planned for the age that a launch of this day has in a period.
    pub fn planned(&self, period: &Period, launched: i32) -> f64 {
        // What was planned is not computed anew.
        if launched == self.planned_day {
            return period.planned;
        }
        let age = |day: i32| f64::from(day - launched).max(0.0);
        self.until(age(period.end)) - self.until(age(period.start))
    }
}
