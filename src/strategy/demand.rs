//! What a product may sell by each step, in each of many worlds.

use crate::launch::Scenarios;

/// Cumulative demand of one product by step and world; world j of all products is the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Paths {
    /// By step: units wanted up to its end, by world.
    cumulative: Vec<Vec<f64>>,
    /// First day of each step, in days since 1970-01-01.
    days: Vec<i32>,
}

impl Paths {
    /// The steps after the first `sold` ones, whose sales are known. Steps that cannot be forecast are left out; `None` if no
    /// step is left.
    pub fn of(scenarios: Scenarios, sold: usize) -> Option<Self> {
        let ahead = scenarios
            .steps
            .into_iter()
            .filter(|step| step.step > sold && step.mean.is_some());
        Self::new(ahead.map(|step| (step.day, step.units)))
    }

    /// Of the first day and the units by world of each step; `None` if there is no step, or no world.
    pub fn new(steps: impl IntoIterator<Item = (i32, Vec<f64>)>) -> Option<Self> {
        let mut paths = Self {
            cumulative: Vec::new(),
            days: Vec::new(),
        };
        for (day, units) in steps {
            let before = paths.cumulative.last();
            let total = |(world, units): (usize, &f64)| before.map_or(0.0, |before| before[world]) + units.max(0.0);
            let cumulative: Vec<f64> = units.iter().enumerate().map(total).collect();
            paths.cumulative.push(cumulative);
            paths.days.push(day);
        }
        (paths.worlds() > 0).then_some(paths)
    }

    /// Number of steps.
    pub fn steps(&self) -> usize {
        self.cumulative.len()
    }

    /// Number of worlds.
    pub fn worlds(&self) -> usize {
        self.cumulative.last().map_or(0, Vec::len)
    }

    /// First day of each step.
    pub fn days(&self) -> &[i32] {
        &self.days
    }

    /// Units wanted by world in the first `steps` steps; nothing in none.
    pub fn by(&self, steps: usize, world: usize) -> f64 {
        match steps {
            0 => 0.0,
            steps => self.cumulative[steps - 1][world],
        }
    }

    /// Units wanted over all steps.
    pub fn total(&self, world: usize) -> f64 {
        self.by(self.steps(), world)
    }

    /// The same with the units of each step times a factor, and those of each world times a response.
    pub fn scaled(&self, factors: &[f64], responses: &[f64]) -> Self {
        let units = |step: usize, world: usize| {
            let factor = factors.get(step).copied().unwrap_or(1.0) * responses.get(world).copied().unwrap_or(1.0);
            factor * (self.by(step + 1, world) - self.by(step, world))
        };
        let mut sums = vec![0.0; self.worlds()];
        let mut sum = |step: usize| {
            sums.iter_mut()
                .enumerate()
                .for_each(|(world, sum)| *sum += units(step, world));
            sums.clone()
        };
        Self {
            cumulative: (0..self.steps()).map(&mut sum).collect(),
            days: self.days.clone(),
        }
    }

    /// Steps that begin before a day.
    pub fn begun_before(&self, day: i64) -> usize {
        self.days.partition_point(|&first| i64::from(first) < day)
    }
}
