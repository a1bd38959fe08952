//! Which weeks, months or weekdays sell, and what movable events do: indices shrunk by how noisy they are.

mod effects;
mod mixed;
mod panel;

use std::collections::{BTreeMap, BTreeSet};

pub use effects::{Design, Effects, Neighbours};
pub use panel::{Calendar, Panel, Product, Steady};

use rayon::prelude::*;

use crate::panel::Frequency;

/// Units a year that a season is told from, at least: of fewer, most periods have none or one.
const MIN_UNITS: f64 = 30.0;
/// Slopes of the trend at most.
const MAX_SLOPES: usize = 60;
/// A group with at least this share of all sales is pulled to the effects of the other products, not of all: sales
/// that are compared with themselves look as if they held no noise.
const OWN_SHARE: f64 = 0.05;

/// Weeks may have nothing in common, or what changes over two months, alone or with spikes.
const WEEKS: [Neighbours; 3] = [
    Neighbours {
        share: 0.0,
        length: 1.0,
    },
    Neighbours {
        share: 0.8,
        length: 8.0,
    },
    Neighbours {
        share: 1.0,
        length: 8.0,
    },
];

/// What is found of a class or an event of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The group; `None` for all products together.
    pub key: Option<String>,
    /// The class from 0; `None` for events and for a group that is refused.
    pub class: Option<usize>,
    /// The event by number.
    pub event: Option<usize>,
    /// 1 for a period like the others; `None` when refused.
    pub index: Option<f64>,
    /// Lower and upper end of the interval.
    pub interval: Option<(f64, f64)>,
    /// Whether the interval lies above 1 and no neighbouring class has a higher index.
    pub peak: Option<bool>,
    /// Whole years, or weeks for weekdays, in which the group's products sold.
    pub seasons: usize,
    /// What an index rests on, or why there is none.
    pub reason: String,
}

/// How a season of a frequency is looked for.
struct Season {
    /// Classes.
    classes: usize,
    /// Classes that the mean index of 1 is taken over: week 53 is left out, most years have none.
    counted: usize,
    /// Periods of a year.
    year: usize,
    /// Periods that each slope of the trend lasts at least, and periods from which on there is a trend.
    slope: usize,
    trend_from: usize,
    steady: Steady,
    neighbours: &'static [Neighbours],
    unit: &'static str,
    /// Periods that a product must have, and those that do not count.
    span: &'static str,
    guard: &'static str,
}

fn season(frequency: Frequency) -> Season {
    match frequency {
        Frequency::Month => Season {
            classes: 12,
            counted: 12,
            year: 12,
            slope: 12,
            trend_from: 18,
            steady: Steady {
                season: 12,
                guard: 6,
                span: 12,
                pause: 6,
            },
            neighbours: &WEEKS[..1],
            unit: "years",
            span: "12 complete months",
            guard: "half years",
        },
        Frequency::Week => Season {
            classes: 53,
            counted: 52,
            year: 52,
            slope: 52,
            trend_from: 78,
            steady: Steady {
                season: 52,
                guard: 26,
                span: 52,
                // Half a year, without the weeks at its ends that are not whole.
                pause: 24,
            },
            neighbours: &WEEKS,
            unit: "years",
            span: "52 complete weeks",
            guard: "half years",
        },
        Frequency::Day => Season {
            classes: 7,
            counted: 7,
            year: 364,
            slope: 28,
            trend_from: 28,
            steady: Steady {
                season: 7,
                guard: 7,
                span: 14,
                pause: 7,
            },
            neighbours: &WEEKS[..1],
            unit: "weeks",
            span: "14 days",
            guard: "weeks",
        },
    }
}

/// Indices of all products together, then of each group of `groups`, in order.
///
/// *Model*: [`Panel::of`] turns sales into the rate of the same products, [`Effects::fit`] finds trend, season and
/// events in it. The effects of all products are pulled to 1, those of a group to those of all products.
///
/// *Events*: an event that always falls into one class, and there is no such period without it, cannot be told from
/// the season: it is refused, and is part of the index.
///
/// *Missing data*: a group without a product that counts, or with fewer than 30 units a year, is refused.
///
/// *Determinism*: the order of `products` and the number of threads do not matter.
pub fn seasonality(
    frequency: Frequency,
    products: &[Product],
    groups: &BTreeSet<String>,
    calendar: &Calendar,
    event_count: usize,
    level: f64,
) -> Vec<Row> {
    let mut members: BTreeMap<&str, Vec<&Product>> = groups.iter().map(|group| (group.as_str(), vec![])).collect();
    for product in products {
        if let Some(key) = &product.key {
            members.entry(key).or_default().push(product);
        }
    }
    let all: Vec<&Product> = products.iter().collect();
    let season = season(frequency);
    let panel = (event_count > 0)
        .then(|| Panel::of(&all, calendar, season.steady))
        .flatten();
    let mut market = Market {
        known: panel.map_or_else(Vec::new, |panel| known_events(&panel, calendar, event_count)),
        units: sold(&all),
        season,
        products,
        calendar,
        event_count,
        level,
        all: None,
    };
    let (mut rows, found) = market.rows(None, &all);
    market.all = found;
    let members: Vec<(&str, Vec<&Product>)> = members.into_iter().collect();
    let of_groups: Vec<Vec<Row>> = members
        .par_iter()
        .map(|(key, own)| market.rows(Some(*key), own).0)
        .collect();
    rows.extend(of_groups.into_iter().flatten());
    rows
}

fn sold(products: &[&Product]) -> f64 {
    products
        .iter()
        .flat_map(|product| &product.units)
        .filter(|units| !units.is_nan())
        .sum()
}

/// What is known before a group is looked at.
struct Market<'a> {
    season: Season,
    products: &'a [Product],
    calendar: &'a Calendar,
    /// Events that are seen beside the season.
    known: Vec<usize>,
    event_count: usize,
    level: f64,
    /// Units of all products.
    units: f64,
    /// What was found of all products together.
    all: Option<Found>,
}

/// Effects of all products, and the dispersion of their units.
struct Found {
    mean: Vec<f64>,
    dispersion: Option<f64>,
}

impl Market<'_> {
    /// The rows of a group, or of all products, and what was found of it.
    fn rows(&self, key: Option<&str>, own: &[&Product]) -> (Vec<Row>, Option<Found>) {
        let mut panel = match self.panel(key, own) {
            Ok(panel) => panel,
            Err(reason) => return (vec![refused(key, None, reason)], None),
        };
        panel.dispersion = panel.dispersion.or(self.all.as_ref().and_then(|all| all.dispersion));
        let others = if key.is_some() && sold(own) >= OWN_SHARE * self.units {
            let others: Vec<&Product> = self.products.iter().filter(|p| p.key.as_deref() != key).collect();
            let panel = Panel::of(&others, self.calendar, self.season.steady);
            panel.map(|panel| self.effects(&panel, None).1.mean)
        } else {
            self.all.as_ref().map(|all| all.mean.clone())
        };
        let (design, effects) = self.effects(&panel, others.as_deref());
        let group = Group {
            key,
            season: &self.season,
            panel: &panel,
            design: &design,
            level: self.level,
            beside: others.is_some(),
        };
        let mut rows = Vec::new();
        group.classes(&effects, &mut rows);
        group.events(&effects, &self.known, self.event_count, &mut rows);
        let (mean, dispersion) = (effects.mean, panel.dispersion);
        (rows, Some(Found { mean, dispersion }))
    }

    fn effects(&self, panel: &Panel, prior: Option<&[f64]>) -> (Design, Effects) {
        let design = design(&self.season, panel, self.calendar, &self.known);
        let counted: Vec<bool> = (0..self.season.classes).map(|c| c < self.season.counted).collect();
        let effects = Effects::fit(panel, &design, prior, &counted);
        (design, effects)
    }

    /// Sales of the same products, or why they tell nothing.
    fn panel(&self, key: Option<&str>, own: &[&Product]) -> Result<Panel, String> {
        let (open, season) = (&self.calendar.open, &self.season);
        if own.is_empty() {
            let who = key.map_or("there are no", |_| "no product of it has");
            return Err(format!("{who} sales in a whole period"));
        }
        let units = sold(own);
        let first = own.iter().map(|product| product.start).min().unwrap_or_default();
        let ends = own
            .iter()
            .map(|product| product.start.saturating_add(product.units.len() as i64));
        let periods = ends.max().unwrap_or_default().saturating_sub(first);
        let years = (periods as f64 / season.year as f64).max(1.0);
        if units < MIN_UNITS * years {
            let within = match periods < season.year as i64 {
                true => "less than a year".to_owned(),
                false => format!("{years:.1} years"),
            };
            return Err(format!(
                "only {units:.0} units were sold in {within}: at least {MIN_UNITS:.0} a year are needed to tell a season, as longer \
                 data or larger groups have them"
            ));
        }
        let known = open.iter().filter(|days| **days > 0.0).count();
        if 2 * known < open.len() {
            return Err(format!(
                "{} of {} periods have no date of any sale: choose the frequency that the sales are by",
                open.len() - known,
                open.len()
            ));
        }
        Panel::of(own, self.calendar, season.steady).ok_or_else(|| {
            let longest = Panel::longest(own, self.calendar, season.steady);
            let who = match own.len() {
                1 => "its only product did not sell".to_owned(),
                products => format!("none of {products} products sold"),
            };
            format!(
                "{who} throughout {}, the {} after its launch and before its withdrawal not counted, at most {longest}: \
                 give sales of a longer time",
                season.span, season.guard
            )
        })
    }
}

/// Events that are seen beside the season, by number.
fn known_events(panel: &Panel, calendar: &Calendar, count: usize) -> Vec<usize> {
    let apart = |event: usize| {
        let with: BTreeSet<usize> = periods_of(panel, calendar, event).map(|p| calendar.class[p]).collect();
        panel
            .time
            .iter()
            .any(|&p| with.contains(&calendar.class[p]) && !calendar.events[p].contains(&event))
    };
    (0..count).filter(|&event| apart(event)).collect()
}

fn periods_of<'a>(panel: &'a Panel, calendar: &'a Calendar, event: usize) -> impl Iterator<Item = usize> + 'a {
    panel
        .time
        .iter()
        .copied()
        .filter(move |&p| calendar.events[p].contains(&event))
}

fn design(season: &Season, panel: &Panel, calendar: &Calendar, known: &[usize]) -> Design {
    let stretches = panel.stretch.last().map_or(1, |s| s + 1);
    let first = panel.time.first().copied().unwrap_or(0);
    let span = panel.time.last().map_or(1, |l| l + 1 - first);
    let at = |p: usize| (p - first) as f64 / span as f64;
    let mut trend: Vec<Vec<f64>> = (0..stretches)
        .map(|s| panel.stretch.iter().map(|&t| f64::from(u8::from(t == s))).collect())
        .collect();
    if span >= season.trend_from {
        trend.push(panel.time.iter().map(|&p| at(p) - 0.5).collect());
        let slopes = (span / season.slope).saturating_sub(1).clamp(1, MAX_SLOPES);
        for knot in 1..slopes {
            let from = knot as f64 / slopes as f64;
            trend.push(panel.time.iter().map(|&p| (at(p) - from).max(0.0)).collect());
        }
    }
    let number: BTreeMap<usize, usize> = known.iter().enumerate().map(|(n, &event)| (event, n)).collect();
    let events = |&p: &usize| {
        calendar.events[p]
            .iter()
            .filter_map(|e| number.get(e).copied())
            .collect()
    };
    Design {
        class: panel.time.iter().map(|&p| calendar.class[p] % season.classes).collect(),
        events: panel.time.iter().map(events).collect(),
        classes: season.classes,
        event_count: known.len(),
        trend,
        neighbours: season.neighbours,
    }
}

fn refused(key: Option<&str>, event: Option<usize>, reason: String) -> Row {
    Row {
        key: key.map(str::to_owned),
        class: None,
        event,
        index: None,
        interval: None,
        peak: None,
        seasons: 0,
        reason,
    }
}

/// A group whose effects are known.
struct Group<'a> {
    key: Option<&'a str>,
    season: &'a Season,
    panel: &'a Panel,
    design: &'a Design,
    level: f64,
    /// Whether it is pulled to other products.
    beside: bool,
}

impl Group<'_> {
    fn row(&self, effects: &Effects, effect: usize, rests_on: &str) -> Row {
        let parent = if self.beside { "the other products" } else { "1" };
        let shrinkage = effects.shrinkage[effect];
        Row {
            key: self.key.map(str::to_owned),
            class: None,
            event: None,
            index: Some(effects.ratio[effect]),
            interval: Some(effects.interval(effect, self.level)),
            peak: None,
            seasons: self.panel.time.len() / self.season.steady.season,
            reason: format!("{rests_on}; pulled to {parent} by {:.0} %", 100.0 * shrinkage),
        }
    }

    /// One row per class that was seen.
    fn classes(&self, effects: &Effects, rows: &mut Vec<Row>) {
        let seen = |class: &usize| self.design.class.contains(class);
        let classes: Vec<usize> = (0..self.design.classes).filter(seen).collect();
        let products = match self.panel.products {
            1 => "1 product".to_owned(),
            products => format!("{products} products"),
        };
        let seasons = self.panel.time.len() as f64 / self.season.steady.season as f64;
        let level = if self.design.trend.len() == 1 + self.panel.stretch.last().copied().unwrap_or(0) {
            ", too short to take growth out"
        } else {
            ""
        };
        let rests_on = format!("{seasons:.1} {} of {products}{level}", self.season.unit);
        for (place, &class) in classes.iter().enumerate() {
            let neighbours = [place + classes.len() - 1, place + 1].map(|n| effects.ratio[classes[n % classes.len()]]);
            let mut row = self.row(effects, class, &rests_on);
            let above = row.interval.is_some_and(|(lower, _)| lower > 1.0);
            row.peak = Some(above && neighbours.iter().all(|&other| effects.ratio[class] >= other));
            row.class = Some(class);
            rows.push(row);
        }
    }

    /// One row per event, whether it is known or not.
    fn events(&self, effects: &Effects, known: &[usize], count: usize, rows: &mut Vec<Row>) {
        for event in 0..count {
            let Some(number) = known.iter().position(|&k| k == event) else {
                rows.push(refused(
                    self.key,
                    Some(event),
                    "it was never seen, or is in all periods of its season, whose index then holds it".to_owned(),
                ));
                continue;
            };
            let times = self
                .design
                .events
                .iter()
                .filter(|events| events.contains(&number))
                .count();
            let rests_on = match times {
                0 => "not seen here".to_owned(),
                1 => "seen in 1 period".to_owned(),
                times => format!("seen in {times} periods"),
            };
            let mut row = self.row(effects, self.design.classes + number, &rests_on);
            row.peak = Some(row.interval.is_some_and(|(lower, _)| lower > 1.0));
            row.event = Some(event);
            rows.push(row);
        }
    }
}

#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;
