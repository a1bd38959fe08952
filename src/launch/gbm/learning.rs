//! Learning the parts of the model, one after the other.

use std::collections::BTreeMap;

use super::features::{Features, OWN_COLUMNS, Statics, push_own};
use super::{FittedGbm, HandOver, bounded};
use crate::boosting::{Bags, Boosting, Deal, Loss, Rows, Start};
use crate::error::{Error, Result};
use crate::forecast::{HeldOut, LogForecast, after, ages};
use crate::panel::{LaunchPanel, mean};

/// Groups of launches that are left out in turn.
const GROUPS: usize = 5;
/// Times that launches are dealt into groups for the forecast before the launch; once for the other parts.
const ROUNDS: usize = 2;
/// The budget of boosting: the learning rate is 10 to the power of minus it.
const BUDGET: f32 = 0.8;
/// That of the parts that correct the first one: there is less to learn.
const SMALL_BUDGET: f32 = 0.5;
/// Rows learned from at most, and launches times steps looked at.
const MAX_ROWS: usize = 40_000;
const MAX_STEPS: usize = 200_000;
const MAX_LAUNCHES: usize = 20_000;
/// E|x| of a standard normal variable.
const MEAN_ABSOLUTE: f64 = 0.797_884_560_802_865_4;

/// Fit all parts.
pub fn fit(panel: &LaunchPanel, seed: i64) -> Result<FittedGbm> {
    let latest = latest(panel, (MAX_STEPS / panel.horizon()).min(MAX_LAUNCHES));
    let panel = &panel.select(&latest)?;
    let features = Features::fit(panel);
    let launches = features.statics(panel.attributes(), panel.launch_days());
    let learning = Learning {
        panel,
        features: &features,
        launches: &launches,
        seed,
    };
    let curve = curve(panel);
    if curve.iter().all(Option::is_none) {
        return Err(Error::refused("no past launch has an observed step to learn from"));
    }

    let boosting = Boosting::new(Loss::Squared, BUDGET)?;
    let correcting = Boosting::new(Loss::Squared, SMALL_BUDGET)?;
    let mut seen = learning.before_launch(&curve);
    let location = Bags::fit(&seen.rows, learning.deal(ROUNDS, 0), boosting, Start::Lines)?;
    let importance = importance(&features, &location.gain(&seen.rows));
    let mut held_out = learning.held_out(&location, &curve);
    let spread = seen.set_target_to_errors(|_, launch, step| {
        let h = &held_out[launch];
        h.actual[step] - h.forecast.location[step]
    });
    let location_spread = Bags::fit(&seen.rows, learning.deal(1, 1), correcting, Start::Mean)?;
    learning.give_spreads(&mut held_out, &location_spread, spread);

    let hand_over = HandOver::fit(&held_out);
    let mut seen = learning.after_launch(&held_out, &hand_over);
    let running = Bags::fit(&seen.rows, learning.deal(1, 2), correcting, Start::Mean)?;
    let rows = &seen.rows;
    let errors: Vec<f64> = (0..rows.target.len())
        .map(|row| rows.target[row] - running.held_out(rows.group[row], rows.row(row)))
        .collect();
    seen.set_target_to_errors(|row, _, _| errors[row]);
    let running_spread = Bags::fit(&seen.rows, learning.deal(1, 3), correcting, Start::Mean)?;
    Ok(FittedGbm {
        launches: panel.len(),
        curve,
        spread,
        location: location.combine(),
        location_spread: location_spread.combine(),
        hand_over,
        running: running.combine(),
        running_spread: running_spread.combine(),
        importance,
        features,
    })
}

/// Steps of launches as rows, grouped by launch.
struct Seen {
    rows: Rows,
    /// The step of each row.
    step: Vec<usize>,
}

impl Seen {
    fn new(columns: usize) -> Self {
        let rows = Rows {
            columns,
            ..Rows::default()
        };
        Self { rows, step: Vec::new() }
    }

    /// Append all of a row but its values.
    fn push(&mut self, launch: usize, step: usize, target: f64, weight: f64) {
        self.rows.target.push(target);
        self.rows.weight.push(weight);
        self.rows.group.push(launch);
        self.step.push(step);
    }

    /// Make the size of errors the target: as standard deviations, if they are normal. Returns their root mean square.
    fn set_target_to_errors(&mut self, error: impl Fn(usize, usize, usize) -> f64) -> f64 {
        let rows = self.rows.group.iter().zip(&self.step).enumerate();
        let errors: Vec<f64> = rows.map(|(row, (&launch, &step))| error(row, launch, step)).collect();
        self.rows.target = errors.iter().map(|e| e.abs() / MEAN_ABSOLUTE).collect();
        mean(errors.iter().map(|e| e * e)).unwrap_or(0.0).sqrt()
    }
}

struct Learning<'a> {
    panel: &'a LaunchPanel,
    features: &'a Features,
    launches: &'a [Statics],
    seed: i64,
}

impl Learning<'_> {
    fn deal(&self, rounds: usize, part: i64) -> Deal {
        Deal::new(self.panel.len(), GROUPS, rounds, self.seed.wrapping_add(part))
    }

    /// Every observed step of every launch, as it is seen before the launch.
    fn before_launch(&self, curve: &[Option<f64>]) -> Seen {
        let mut seen = Seen::new(self.features.columns());
        let observed: Vec<Vec<usize>> = (0..self.panel.len())
            .map(|i| observed(self.panel.log_units(i)))
            .collect();
        let mut thinning = Thinning::new(observed.iter().map(Vec::len).sum());
        for (launch, steps) in observed.iter().enumerate() {
            for &step in steps.iter().filter(|_| thinning.keep()) {
                let y = self.panel.log_units(launch)[step];
                let values = &mut seen.rows.values;
                self.features.push_row(&self.launches[launch], step, values);
                let target = curve[step].map_or(0.0, |mean| y - mean);
                seen.push(launch, step, target, 1.0 / steps.len() as f64);
            }
        }
        seen.rows.rescale_weights();
        seen
    }

    /// Every step still to come of every launch at every age, as it is seen then; what the hand-over leaves is to be
    /// learned.
    fn after_launch(&self, held_out: &[HeldOut], hand_over: &HandOver) -> Seen {
        let mut seen = Seen::new(self.features.columns() + OWN_COLUMNS);
        let ages: Vec<usize> = ages(self.panel.horizon()).into_iter().skip(1).collect();
        let has_sold = |h: &HeldOut, age: usize| h.actual[..age].iter().any(|v| !v.is_nan());
        let rest = |h: &HeldOut, age: usize| match has_sold(h, age) {
            true => observed(&after(&h.actual, age)),
            false => Vec::new(),
        };
        let count = |h: &HeldOut| ages.iter().map(|&age| rest(h, age).len()).sum::<usize>();
        let mut thinning = Thinning::new(held_out.iter().map(count).sum());
        for h in held_out {
            for &age in &ages {
                let (own, steps) = (&h.actual[..age], rest(h, age));
                let kept: Vec<usize> = steps.iter().copied().filter(|_| thinning.keep()).collect();
                if kept.is_empty() {
                    continue;
                }
                let mut corrected = h.forecast.clone();
                hand_over.apply(&mut corrected, own);
                for step in kept {
                    let values = &mut seen.rows.values;
                    self.features.push_row(&self.launches[h.launch], step, values);
                    push_own(own, &h.forecast.location, step, values);
                    let target = h.actual[step] - corrected.location[step];
                    seen.push(h.launch, step, target, 1.0 / steps.len() as f64);
                }
            }
        }
        seen.rows.rescale_weights();
        seen
    }

    /// Each launch as models forecast it that had not seen it; without spread yet.
    fn held_out(&self, location: &Bags, curve: &[Option<f64>]) -> Vec<HeldOut> {
        let predict = |launch: usize, row: &[f32]| location.held_out(launch, row);
        let forecast = |launch: usize| HeldOut {
            launch,
            split: 0,
            actual: self.panel.log_units(launch).to_vec(),
            forecast: LogForecast {
                location: self
                    .by_step(launch, predict)
                    .zip(curve)
                    .map(|(rest, mean)| mean.map_or(f64::NAN, |mean| mean + rest))
                    .collect(),
                spread: Vec::new(),
                reason: String::new(),
            },
        };
        (0..self.panel.len()).map(forecast).collect()
    }

    /// Spreads by models that had not seen the launch.
    fn give_spreads(&self, held_out: &mut [HeldOut], spreads: &Bags, all: f64) {
        let predict = |launch: usize, row: &[f32]| bounded(spreads.held_out(launch, row), all);
        for h in held_out {
            h.forecast.spread = self.by_step(h.launch, predict).collect();
        }
    }

    fn by_step(&self, launch: usize, predict: impl Fn(usize, &[f32]) -> f64) -> impl Iterator<Item = f64> {
        (0..self.panel.horizon()).map(move |step| {
            let mut row = Vec::with_capacity(self.features.columns());
            self.features.push_row(&self.launches[launch], step, &mut row);
            predict(launch, &row)
        })
    }
}

/// Rows of the latest launches, in the panel's order.
fn latest(panel: &LaunchPanel, most: usize) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..panel.len()).collect();
    rows.sort_by_key(|&i| (std::cmp::Reverse(panel.launch_days()[i]), i));
    rows.truncate(most);
    rows.sort_unstable();
    rows
}

fn curve(panel: &LaunchPanel) -> Vec<Option<f64>> {
    let at = |step: usize| (0..panel.len()).map(move |i| panel.log_units(i)[step]);
    (0..panel.horizon())
        .map(|step| mean(at(step).filter(|v| !v.is_nan())))
        .collect()
}

fn observed(log_units: &[f64]) -> Vec<usize> {
    (0..log_units.len()).filter(|&step| !log_units[step].is_nan()).collect()
}

/// Keeps so many of a run of rows that [`MAX_ROWS`] are left, evenly, without falling into step with the launches.
struct Thinning {
    share: f64,
    place: f64,
}

impl Thinning {
    fn new(rows: usize) -> Self {
        Self {
            share: MAX_ROWS as f64 / rows.max(1) as f64,
            place: 0.0,
        }
    }

    fn keep(&mut self) -> bool {
        // Multiples of the golden ratio are spread evenly over any run of rows.
        self.place = (self.place + 0.618_033_988_749_894_9).fract();
        self.place < self.share
    }
}

/// What columns explain, as shares of attributes, launch season and recency.
fn importance(features: &Features, gain: &[f64]) -> BTreeMap<String, f64> {
    let mut shares: BTreeMap<String, f64> = BTreeMap::new();
    for (column, gain) in gain.iter().enumerate() {
        if let Some(name) = features.name(column) {
            *shares.entry(name.to_owned()).or_default() += gain;
        }
    }
    let total: f64 = shares.values().sum();
    if total > 0.0 {
        shares.values_mut().for_each(|share| *share /= total);
    }
    shares
}
