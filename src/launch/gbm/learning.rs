//! Learning the parts of the model, one after the other.

use std::collections::BTreeMap;

use super::features::{Features, OWN_COLUMNS, Statics, push_own};
use super::{FittedGbm, HandOver, bounded};
use crate::boosting::{Bags, Blend, Boosting, Deal, Growth, Loss, Rows, Start};
use crate::error::{Error, Result};
use crate::forecast::{HeldOut, LogForecast, after, ages};
use crate::panel::{LaunchPanel, mean};

/// Groups of launches that are left out in turn: for the forecast before the launch, and for the other parts and where
/// there are many rows.
const GROUPS: usize = 5;
const FEW_GROUPS: usize = 3;
const MANY_ROWS: usize = 15_000;
/// Models of all launches whose mean is the forecast before the launch.
const WHOLE: usize = 2;
/// Share of the launches, the latest, that weigh the parts of the forecast before the launch.
const LATEST: f64 = 0.25;
/// With more rows trees are taken with a faster rate.
const SLOW_ROWS: f64 = 5_000.0;
/// Launches within this share of a horizon go together.
const BATCH: f64 = 0.15;
/// Trees that start from straight lines: little is left to learn.
const FROM_LINES: Growth = Growth {
    trees: 300,
    rate: 0.05,
    leaves: 7,
    rows: 40,
    columns: 0.5,
    groups: 0.8,
    cuts: 63,
};
/// Trees that start from the mean, by squares and by absolute differences.
const FROM_MEAN: Growth = Growth {
    leaves: 31,
    rows: 20,
    columns: 0.4,
    ..FROM_LINES
};
const BY_MEDIANS: Growth = Growth {
    leaves: 15,
    ..FROM_LINES
};
/// Trees of the parts that correct the first one.
const CORRECTING: Growth = Growth {
    trees: 100,
    rate: 0.15,
    ..FROM_LINES
};
/// Rows learned from at most, numbers in them, and launches times steps looked at.
const MAX_ROWS: usize = 30_000;
const MAX_NUMBERS: usize = 20_000_000;
const MAX_STEPS: usize = 200_000;
const MAX_LAUNCHES: usize = 20_000;
/// E|x| of a standard normal variable.
const MEAN_ABSOLUTE: f64 = 0.797_884_560_802_865_4;

/// More rows carry a faster rate.
fn fitted_to(growth: Growth, rows: usize) -> Growth {
    let faster = (rows as f64 / SLOW_ROWS).sqrt().clamp(1.0, 3.0);
    Growth {
        rate: (growth.rate * faster).min(0.3),
        ..growth
    }
}

/// Fit all parts.
pub fn fit(panel: &LaunchPanel, seed: i64) -> Result<FittedGbm> {
    let latest = latest(panel, (MAX_STEPS / panel.horizon()).min(MAX_LAUNCHES));
    let panel = &panel.select(&latest)?;
    let (features, lines) = Features::fit(panel);
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

    let mut seen = learning.before_launch(&curve);
    let hands = if seen.rows.target.len() < MANY_ROWS {
        GROUPS
    } else {
        FEW_GROUPS
    };
    let correct = |rows: &Rows, part: i64| {
        let growth = fitted_to(CORRECTING, rows.target.len());
        let boosting = Boosting::new(Loss::Squared, growth)?;
        Bags::fit(rows, learning.deal(part, FEW_GROUPS), boosting, Start::Mean, 1)
    };
    if !panel.spans_seasons() {
        // What would be learned of the date may be the time of the year.
        seen.rows = seen.rows.without(features.date());
    }
    let undated = seen.rows.clone().without(features.date());
    let part = |rows: &Rows, loss: Loss, growth: Growth, start: Start| {
        let boosting = Boosting::new(loss, fitted_to(growth, rows.target.len()))?;
        let deal = learning.deal(0, hands).with_latest(panel.launch_days(), LATEST);
        Bags::fit(rows, deal, boosting, start, WHOLE)
    };
    let parts = vec![
        part(&seen.rows, Loss::Squared, FROM_LINES, Start::Lines(lines))?,
        part(&undated, Loss::Squared, FROM_MEAN, Start::Mean)?,
        part(&undated, Loss::Absolute, BY_MEDIANS, Start::Mean)?,
    ];
    let location = Blend::fit(&seen.rows, parts, |rows, predicted| {
        seen.errors(rows, predicted, &curve)
    });
    seen.rows = undated;
    let importance = importance(&features, &location.gain(&seen.rows));
    let mut held_out = learning.held_out(&location, &curve);
    let spread = seen.set_target_to_errors(|_, launch, step| {
        let h = &held_out[launch];
        h.actual[step] - h.forecast.location[step]
    });
    let location_spread = correct(&seen.rows, 1)?;
    learning.give_spreads(&mut held_out, &location_spread, spread);

    let hand_over = HandOver::fit(&held_out);
    let mut seen = learning.after_launch(&held_out, &hand_over);
    let running = correct(&seen.rows, 2)?;
    let rows = &seen.rows;
    let errors: Vec<f64> = (0..rows.target.len())
        .map(|row| rows.target[row] - running.held_out(rows.group[row], rows.row(row)))
        .collect();
    seen.set_target_to_errors(|row, _, _| errors[row]);
    let running_spread = correct(&seen.rows, 3)?;
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

    /// How far predictions are off: of units the share of absolute errors, times the root mean square on the log scale.
    fn errors(&self, rows: &[usize], predicted: &[f64], curve: &[Option<f64>]) -> f64 {
        let (mut off, mut sold, mut squares) = (0.0, 0.0, 0.0);
        for (&row, rest) in rows.iter().zip(predicted) {
            let mean = curve[self.step[row]].unwrap_or(0.0);
            let (y, f) = (self.rows.target[row] + mean, rest + mean);
            let (actual, forecast) = (y.exp_m1(), f.exp_m1());
            off += self.rows.weight[row] * (actual - forecast).abs();
            sold += self.rows.weight[row] * actual.abs();
            squares += self.rows.weight[row] * (y - f).powi(2);
        }
        off / sold.max(f64::MIN_POSITIVE) * (squares / predicted.len().max(1) as f64).sqrt()
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
    /// Launches of one time go together: they are near twins.
    fn deal(&self, part: i64, hands: usize) -> Deal {
        let days = self.panel.launch_days();
        let first = days.iter().min().copied().unwrap_or(0);
        let length = (BATCH * self.panel.horizon() as f64 * self.panel.frequency().days()).max(1.0);
        let batch = |day: &i32| (f64::from(day - first) / length) as usize;
        let batches: Vec<usize> = days.iter().map(batch).collect();
        Deal::new(&batches, hands, 1, self.seed.wrapping_add(part))
    }

    /// Every observed step of every launch, as it is seen before the launch.
    fn before_launch(&self, curve: &[Option<f64>]) -> Seen {
        let mut seen = Seen::new(self.features.columns());
        let observed: Vec<Vec<usize>> = (0..self.panel.len())
            .map(|i| observed(self.panel.log_units(i)))
            .collect();
        let mut thinning = Thinning::new(observed.iter().map(Vec::len).sum(), seen.rows.columns);
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
        let mut thinning = Thinning::new(held_out.iter().map(count).sum(), seen.rows.columns);
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
        seen.rows = seen.rows.without(self.features.date());
        seen
    }

    /// Each launch as models forecast it that had not seen it; without spread yet.
    fn held_out(&self, location: &Blend, curve: &[Option<f64>]) -> Vec<HeldOut> {
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

/// Keeps so many of a run of rows that [`MAX_ROWS`] are left, fewer where they are long, evenly, without falling into step with the launches.
struct Thinning {
    share: f64,
    place: f64,
}

impl Thinning {
    fn new(rows: usize, columns: usize) -> Self {
        let most = MAX_ROWS.min(MAX_NUMBERS / columns.max(1));
        Self {
            share: most as f64 / rows.max(1) as f64,
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
