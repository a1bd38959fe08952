//! A launch against its plan: by how much it deviates, why, where its horizon will end, and what to do.
//!
//! *Model*. Of each period there are the units planned for it, `P`; those planned for the age that the launch really has in
//! it, `T` ([`curve`]); the factor of the price paid, `F = (price / planned price) ^ elasticity`; the demand, `D`, that
//! is the units sold had it been on sale throughout ([`demand`]); and the units sold, `A`. So
//! `A = P * (T / P) * F * (D / (T F)) * (A / D)`, and the four factors are timing, price, volume and stock ([`drivers`]).
//!
//! *Level*. Demand over what was planned for its age and price is, in logarithms, a level that all steps share and what
//! each step has of its own. The spread of the forecast is that of both; the level's share of its variance is [`SHARED`].
//! The steps seen so far draw the level away from 0, the plan, as far as their own spread lets them ([`level`]).
//!
//! *Missing data*. Periods that are not over, and those of which no units are known, have no actual units; they are no part
//! of any sum.
//!
//! *Determinism*. Draws are of a fixed seed; days are taken in their order.

mod curve;
mod demand;
mod drivers;
mod level;
mod observed;
#[cfg(test)]
mod tests;
mod verdict;

pub use drivers::{Contribution, Driver, drivers};
pub use verdict::{Recommendation, Thresholds, Verdict};

use crate::statistics::normal_quantile;
use curve::Curve;
use demand::Demand;
use level::Level;
use observed::{Actual, actuals, launched};

/// Share of the variance of a forecast that all steps of a launch have in common.
const SHARED: f64 = 0.7;
/// Spread of a step, in logarithms, where the forecast has no interval.
const SPREAD: f64 = 0.5;
/// What keeps logarithms of few units finite.
const FEW: f64 = 0.5;

/// A period of the calendar, from its first day to that after its last one, in days since 1970-01-01.
#[derive(Debug, Clone, Default)]
pub struct Period {
    /// Its first day.
    pub start: i32,
    /// The day after its last one.
    pub end: i32,
    /// Units planned.
    pub planned: f64,
    /// Their interval.
    pub interval: Option<(f64, f64)>,
    /// Whether it is over, as far as the sales tell.
    pub over: bool,
}

/// What is known of a day.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    /// The day.
    pub day: i32,
    /// Units sold; none where they are not known.
    pub units: Option<f64>,
    /// The mean price paid.
    pub price: Option<f64>,
    /// Share of it in which the product was on sale.
    pub share: Option<f64>,
}

/// A launch and its plan.
#[derive(Debug, Clone, Default)]
pub struct Launch {
    /// All periods without a gap, from that of the earlier of the two launch dates to the end of the plan.
    pub periods: Vec<Period>,
    /// The launch date planned.
    pub planned_day: i32,
    /// The launch date that is known.
    pub known_day: Option<i32>,
    /// The price planned.
    pub price: Option<f64>,
    /// Elasticity and its standard error.
    pub elasticity: Option<(f64, f64)>,
    /// Units ordered, where they are known: 0 is an order of nothing.
    pub ordered: Option<f64>,
    /// Days with sales, in order.
    pub days: Vec<Day>,
    /// Share of days on sale, from another table, in order.
    pub stock: Vec<(i32, f64)>,
    /// Whether anything is known of availability.
    pub stock_known: bool,
    /// Whether all sales of a period have one date.
    pub stamped: bool,
    /// Probability of the intervals of the plan, and of those to be told.
    pub level: f64,
}

/// A launch as it went: what reviews and drivers are made of.
#[derive(Debug)]
struct Seen {
    /// Whether it has been launched.
    launched: bool,
    /// What to tell of its launch date.
    why: String,
    /// Units planned for the age in each period.
    aged: Vec<f64>,
    /// Price paid over price planned.
    ratios: Vec<Option<f64>>,
    actual: Vec<Actual>,
    /// Spread of each period, in logarithms.
    spreads: Vec<f64>,
}

impl Seen {
    fn of(launch: &Launch) -> Self {
        let curve = Curve::of(launch);
        let (day, launched, why) = launched(launch, &curve);
        let actual = actuals(launch, day);
        let aged = launch.periods.iter().map(|period| curve.planned(period, day));
        let mut last = None;
        let ratio = |actual: &Actual| {
            last = actual.price.or(last);
            let (paid, planned) = (last?, launch.price?);
            (paid > 0.0 && planned > 0.0 && launch.elasticity.is_some()).then(|| paid / planned)
        };
        let z = normal_quantile(launch.level);
        let spread = |period: &Period| match period.interval {
            Some((lower, upper)) if upper >= lower => ((upper + FEW) / (lower + FEW)).ln() / (2.0 * z),
            _ => SPREAD,
        };
        Self {
            launched,
            why,
            aged: aged.collect(),
            ratios: actual.iter().map(ratio).collect(),
            spreads: launch.periods.iter().map(spread).collect(),
            actual,
        }
    }

    /// Units planned for the age and the price of a period, at an elasticity.
    fn expected(&self, period: usize, elasticity: f64) -> f64 {
        let aged = self.aged.get(period).copied().unwrap_or_default();
        aged * self.factor(period, elasticity)
    }

    /// The factor of the price.
    fn factor(&self, period: usize, elasticity: f64) -> f64 {
        match self.ratios.get(period).copied().flatten() {
            Some(ratio) => ratio.powf(elasticity),
            None => 1.0,
        }
    }
}

/// What is told of a period.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// 1 for the period of the launch planned.
    pub step: i64,
    /// Its first day.
    pub start: i32,
    /// Units planned.
    pub planned: f64,
    /// Their interval.
    pub interval: Option<(f64, f64)>,
    /// Units sold, where the period is over and they are known.
    pub actual: Option<f64>,
    /// Whether they are not known though the period is over.
    pub unknown: bool,
    /// Whether the period is over.
    pub over: bool,
    /// Units sold over units planned, from the first period to this one, of periods that are known.
    pub index: Option<f64>,
    /// Units of the whole horizon, as projected at its end: the middle, and the ends of the interval.
    pub projected: Option<(f64, f64, f64)>,
    /// What to do, as seen at its end.
    pub verdict: Option<Verdict>,
    /// What to know of it.
    pub notes: String,
}

impl Launch {
    /// What was known at the end of a period.
    fn at_end_of(&self, place: usize) -> Self {
        let end = self.periods.get(place).map_or(i32::MAX, |period| period.end);
        let mut then = self.clone();
        then.days.retain(|day| day.day < end);
        then.stock.retain(|(day, _)| *day < end);
        then.known_day = self.known_day.filter(|day| *day < end);
        for period in then.periods.iter_mut().skip(place + 1) {
            period.over = false;
        }
        then
    }
}

/// Each period of a launch, as seen at its end.
pub fn review(launch: &Launch, thresholds: &Thresholds) -> Vec<Step> {
    let elasticity = launch.elasticity.map_or(0.0, |(mean, _)| mean);
    let first = launch.periods.iter().position(|period| period.end > launch.planned_day);
    let planned: f64 = launch.periods.iter().map(|period| period.planned).sum();
    let (mut sold, mut so_far) = (0.0, 0.0);
    let mut steps = Vec::with_capacity(launch.periods.len());
    for (place, period) in launch.periods.iter().enumerate() {
        let mut step = Step {
            step: 1 + place as i64 - first.unwrap_or_default() as i64,
            start: period.start,
            planned: period.planned,
            interval: period.interval,
            over: period.over,
            ..Step::default()
        };
        let seen = period.over.then(|| Seen::of(&launch.at_end_of(place)));
        if let Some((seen, actual)) = seen.as_ref().and_then(|seen| Some((seen, seen.actual.get(place)?))) {
            step.notes.clone_from(&seen.why);
            step.actual = actual.units;
            step.unknown = actual.units.is_none();
            if let Some(units) = actual.units {
                sold += units;
                so_far += period.planned;
            }
            step.index = (so_far > 0.0).then(|| sold / so_far);
            let level = Level::of(seen, place + 1, elasticity);
            let projected = level.project(seen, place + 1, sold, elasticity, launch.level);
            step.projected = Some(projected);
            // Sold before the launch planned is no step of the plan.
            if step.step > 0 {
                let state = verdict::State {
                    steps: step.step,
                    launched: seen.launched,
                    planned,
                    ordered: launch.ordered,
                    sold,
                    projected: projected.0,
                    pace: level.pace(launch, seen, elasticity),
                    out_of_stock: actual.share.is_some_and(|share| share < 0.5),
                    last: place + 1 == launch.periods.len(),
                };
                step.verdict = Some(state.verdict(thresholds));
            }
            step.notes += &Demand::told(actual);
        }
        steps.push(step);
    }
    steps
}
