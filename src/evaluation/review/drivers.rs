//! What a deviation is made of.
//!
//! The units of a period are its plan times four factors, and each driver gets the Shapley value of its factor: what it adds
//! on average over all orders in which the factors may come. So they add up, none is favoured by its place, and a factor that is 0
//! (no stock, not launched) is no exception, as it is for a decomposition by logarithmic means.
//!
//! *Intervals*. Elasticity, level and the demand of periods without stock are drawn together; each draw adds up.
//!
//! *References*. L. S. Shapley (1953), A value for n-person games; J. W. Sun (1998), Changes in energy consumption and energy
//! intensity: a complete decomposition model.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Launch, Seen, demand::Demand, level::Level};
use crate::statistics::{normal_place, sorted};

/// Draws, in pairs of opposites.
const DRAWS: usize = 400;
/// Seed of the draws.
const SEED: u64 = 42;

/// What moves units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// All that the other ones leave: the market and the forecast.
    Volume,
    /// Another price than planned.
    Price,
    /// Another launch date.
    Timing,
    /// Not on sale at all times.
    Stock,
}

impl Driver {
    /// All, in the order in which they are told.
    pub const ALL: [Self; 4] = [Self::Volume, Self::Price, Self::Timing, Self::Stock];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Volume => "volume",
            Self::Price => "price",
            Self::Timing => "timing",
            Self::Stock => "stock",
        }
    }
}

/// What a driver adds to the deviation.
#[derive(Debug, Clone)]
pub struct Contribution {
    /// The step; none for all steps together.
    pub step: Option<i64>,
    /// The first day of its period.
    pub start: Option<i32>,
    /// The driver.
    pub driver: Driver,
    /// Units, with the ends of the interval; none where the input was not given.
    pub units: Option<(f64, f64, f64)>,
    /// How it was found, or why it is part of volume.
    pub reason: String,
}

/// Units of a period with the factors that made them.
struct Factors {
    planned: f64,
    aged: f64,
    price: f64,
    demand: f64,
    sold: f64,
}

impl Factors {
    /// The contributions, in the order of [`Driver::ALL`]; they add up to units sold less units planned.
    fn shares(&self) -> [f64; 4] {
        let expected = self.aged * self.price;
        let stock = if self.demand > 0.0 {
            self.sold / self.demand
        } else {
            1.0
        };
        if expected <= 0.0 {
            // Not launched: what it sold nevertheless is no multiple of what was to be expected.
            return [self.demand, 0.0, -self.planned, self.sold - self.demand];
        }
        let volume = self.demand / expected;
        // The value of factor x beside factors y and z, where a fourth one turns the plan into what was planned for its age.
        let value = |x: f64, y: f64, z: f64| {
            let (both, alone) = (y * z, y + z);
            (x - 1.0)
                * (self.planned / 4.0
                    + (self.aged + self.planned * alone) / 12.0
                    + (self.aged * alone + self.planned * both) / 12.0
                    + self.aged * both / 4.0)
        };
        let (x, y, z) = (volume, self.price, stock);
        let timing =
            (self.aged - self.planned) * (0.25 + (x + y + z) / 12.0 + (x * y + x * z + y * z) / 12.0 + x * y * z / 4.0);
        [value(x, y, z), value(y, x, z), timing, value(z, x, y)]
    }
}

/// The drivers of each period that is over, and of all together.
pub fn drivers(launch: &Launch) -> Vec<Contribution> {
    let seen = Seen::of(launch);
    let over: Vec<usize> = (0..launch.periods.len())
        .filter(|&place| launch.periods.get(place).is_some_and(|period| period.over))
        .filter(|&place| seen.actual.get(place).is_some_and(|actual| actual.units.is_some()))
        .collect();
    if over.is_empty() {
        return Vec::new();
    }
    // The draws of each period, then of all together, by driver.
    let mut draws: Vec<[Vec<f64>; 4]> = vec![Default::default(); over.len() + 1];
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    for _ in 0..DRAWS / 2 {
        let before = random.clone();
        for sign in [1.0, -1.0] {
            random = before.clone();
            one(launch, &seen, &over, &mut random, sign, &mut draws);
        }
    }
    let first = launch.periods.iter().position(|period| period.end > launch.planned_day);
    let mut told = Vec::new();
    for (drawn, place) in draws.iter().zip(over.iter().map(Some).chain([None])) {
        let period = place.and_then(|place| launch.periods.get(*place));
        let step = place.map(|place| 1 + *place as i64 - first.unwrap_or_default() as i64);
        let deviation: f64 = match place {
            Some(place) => deviation(launch, &seen, *place),
            None => over.iter().map(|place| deviation(launch, &seen, *place)).sum(),
        };
        let mut all: Vec<Contribution> = Driver::ALL
            .into_iter()
            .zip(drawn)
            .map(|(driver, drawn)| {
                let (given, reason) = reason(launch, &seen, driver);
                Contribution {
                    step,
                    start: period.map(|period| period.start),
                    driver,
                    units: given.then(|| middle_and_ends(drawn, launch.level)),
                    reason,
                }
            })
            .collect();
        // The mean of draws that add up adds up but for its last digits.
        let others: f64 = all.iter().skip(1).filter_map(|one| Some(one.units?.0)).sum();
        if let Some((middle, lower, upper)) = all.first_mut().and_then(|volume| volume.units.as_mut()) {
            // Without a sign where it is 0.
            *middle = deviation - others + 0.0;
            (*lower, *upper) = (lower.min(*middle), upper.max(*middle));
        }
        told.extend(all);
    }
    told
}

fn deviation(launch: &Launch, seen: &Seen, place: usize) -> f64 {
    let units = seen.actual.get(place).and_then(|actual| actual.units);
    units.unwrap_or_default() - launch.periods.get(place).map_or(0.0, |period| period.planned)
}

fn one(launch: &Launch, seen: &Seen, over: &[usize], random: &mut ChaCha8Rng, sign: f64, draws: &mut [[Vec<f64>; 4]]) {
    let normal = |random: &mut ChaCha8Rng| sign * normal_place(random.random::<f64>());
    let (mean, deviation) = launch.elasticity.unwrap_or_default();
    let elasticity = mean + deviation * normal(random);
    let level = Level::of(seen, launch.periods.len(), elasticity);
    let at = Level {
        mean: level.mean + level.variance.sqrt() * normal(random),
        variance: 0.0,
    };
    let mut total = [0.0; 4];
    for (drawn, &place) in draws.iter_mut().zip(over) {
        let demand = Demand::of(seen, place, at, elasticity).draw(random, sign);
        let factors = Factors {
            planned: launch.periods.get(place).map_or(0.0, |period| period.planned),
            aged: seen.aged.get(place).copied().unwrap_or_default(),
            price: seen.factor(place, elasticity),
            demand,
            sold: seen
                .actual
                .get(place)
                .and_then(|actual| actual.units)
                .unwrap_or_default(),
        };
        for ((drawn, total), share) in drawn.iter_mut().zip(&mut total).zip(factors.shares()) {
            drawn.push(share);
            *total += share;
        }
    }
    if let Some(last) = draws.last_mut() {
        for (drawn, total) in last.iter_mut().zip(total) {
            drawn.push(total);
        }
    }
}

fn middle_and_ends(draws: &[f64], level: f64) -> (f64, f64, f64) {
    let sorted = sorted(draws.iter().copied());
    let mean = sorted.iter().sum::<f64>() / sorted.len().max(1) as f64;
    let at = |probability: f64| {
        let place = probability * (sorted.len().max(1) - 1) as f64;
        let (low, share) = (place.floor() as usize, place.fract());
        let of = |place: usize| sorted.get(place).or(sorted.last()).copied().unwrap_or(mean);
        of(low) + share * (of(low + 1) - of(low))
    };
    let (lower, upper) = (at((1.0 - level) / 2.0), at((1.0 + level) / 2.0));
    (mean, lower.min(mean), upper.max(mean))
}

/// Whether what a driver needs was given, and what to tell of it.
fn reason(launch: &Launch, seen: &Seen, driver: Driver) -> (bool, String) {
    let priced = seen.actual.iter().any(|actual| actual.price.is_some());
    let missing = |what: &str| (false, format!("part of volume, as {what}"));
    match driver {
        Driver::Volume => (true, "what price, timing and stock leave".to_owned()),
        Driver::Price => match (launch.price, launch.elasticity) {
            (None, _) => missing("the plan has no price"),
            (_, None) => missing("no elasticity is known of it"),
            _ if !priced => missing("sales have no price"),
            (_, Some((mean, deviation))) => (
                true,
                format!("(price / planned price) ^ elasticity, of {mean:.2} with a standard error of {deviation:.2}"),
            ),
        },
        Driver::Timing => (
            true,
            match seen.why.trim_start_matches("; ") {
                "" => "launched as planned".to_owned(),
                why => why.to_owned(),
            },
        ),
        Driver::Stock => match launch.stock_known {
            true => (true, "demand missed while it was not on sale".to_owned()),
            false => missing("nothing is known of availability"),
        },
    }
}
