//! Which weeks, months or weekdays sell, and what movable events do: indices shrunk by how noisy they are.

mod effects;
mod mixed;
mod panel;

use std::collections::{BTreeMap, BTreeSet};

pub use effects::{Design, Effects, Neighbours};
pub use panel::{Calendar, Panel, Product, Steady};

use crate::panel::Frequency;

/// Units that a season is told from, at least: of fewer, most periods have none or one.
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
    /// Periods of a season.
    length: usize,
    /// Periods that each slope of the trend lasts at least, and periods from which on there is a trend.
    slope: usize,
    trend_from: usize,
    steady: Steady,
    neighbours: &'static [Neighbours],
    unit: &'static str,
    lacking: &'static str,
}

fn season(frequency: Frequency) -> Season {
    match frequency {
        Frequency::Month => Season {
            classes: 12,
            counted: 12,
            length: 12,
            slope: 12,
            trend_from: 18,
            steady: Steady { guard: 6, span: 12 },
            neighbours: &WEEKS[..1],
            unit: "years",
            lacking: "no product sold throughout 12 complete months, the half years after its launch and before its \
                      withdrawal not counted: give sales of a longer time",
        },
        Frequency::Week => Season {
            classes: 53,
            counted: 52,
            length: 52,
            slope: 52,
            trend_from: 78,
            steady: Steady { guard: 26, span: 52 },
            neighbours: &WEEKS,
            unit: "years",
            lacking: "no product sold throughout 52 complete weeks, the half years after its launch and before its \
                      withdrawal not counted: give sales of a longer time",
        },
        Frequency::Day => Season {
            classes: 7,
            counted: 7,
            length: 7,
            slope: 28,
            trend_from: 28,
            steady: Steady { guard: 7, span: 14 },
            neighbours: &WEEKS[..1],
            unit: "weeks",
            lacking: "no product sold throughout 14 days, the weeks after its launch and before its withdrawal not \
                      counted: give sales of a longer time",
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
/// *Missing data*: a group without a product that counts, or with fewer than 30 units, is refused.
///
/// *Determinism*: the order of `products` does not matter.
pub fn seasonality(
    frequency: Frequency,
    products: &[Product],
    groups: &BTreeSet<String>,
    calendar: &Calendar,
    event_count: usize,
    level: f64,
) -> Vec<Row> {
    let season = season(frequency);
    let mut members: BTreeMap<Option<&str>, Vec<&Product>> =
        groups.iter().map(|g| (Some(g.as_str()), vec![])).collect();
    members.insert(None, products.iter().collect());
    for product in products {
        if let Some(key) = &product.key {
            members.entry(Some(key.as_str())).or_default().push(product);
        }
    }
    let sparse = 2 * calendar.open.iter().filter(|days| **days > 0.0).count() < calendar.open.len();
    let all = if sparse {
        None
    } else {
        Panel::of(&members[&None], calendar, season.steady)
    };
    let known = all
        .as_ref()
        .map_or_else(Vec::new, |panel| known_events(panel, calendar, event_count));
    let sold = |products: &[&Product]| products.iter().flat_map(|p| &p.units).sum::<f64>();
    let total = sold(&members[&None]);
    let fit = |panel: &Panel, prior: Option<&[f64]>| {
        let design = design(&season, panel, calendar, &known);
        let counted: Vec<bool> = (0..season.classes).map(|c| c < season.counted).collect();
        let effects = Effects::fit(panel, &design, prior, &counted);
        (design, effects)
    };
    let mut parent: Option<Vec<f64>> = None;
    let mut rows = Vec::new();
    for (key, own) in &members {
        let units = sold(own);
        if !own.is_empty() && units < MIN_UNITS {
            let why = format!("only {units:.0} units were sold: at least {MIN_UNITS:.0} are needed to tell a season");
            rows.push(refused(*key, None, why));
            continue;
        }
        let panel = if key.is_none() || sparse {
            all.clone()
        } else {
            Panel::of(own, calendar, season.steady)
        };
        let Some(mut panel) = panel else {
            let why = match key {
                None if own.is_empty() => "there are no sales in a whole period",
                Some(_) if own.is_empty() => "no product of it has sales in a whole period",
                _ if sparse => "most periods have no date of any sale: choose the frequency that the sales are by",
                _ => season.lacking,
            };
            rows.push(refused(*key, None, why.to_owned()));
            continue;
        };
        if let (None, Some(all)) = (panel.dispersion, &all) {
            panel.dispersion = all.dispersion;
        }
        let others = if key.is_some() && sold(own) >= OWN_SHARE * total {
            let others: Vec<&Product> = products.iter().filter(|p| p.key.as_deref() != *key).collect();
            let panel = Panel::of(&others, calendar, season.steady);
            panel.map(|panel| fit(&panel, None).1.mean)
        } else {
            parent.clone()
        };
        let (design, effects) = fit(&panel, others.as_deref());
        if key.is_none() {
            parent = Some(effects.mean.clone());
        }
        let group = Group {
            key: *key,
            season: &season,
            panel: &panel,
            design: &design,
            level,
            beside: others.is_some(),
        };
        group.classes(&effects, &mut rows);
        group.events(&effects, &known, event_count, &mut rows);
    }
    rows
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
            seasons: self.panel.time.len() / self.season.length,
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
        let seasons = self.panel.time.len() as f64 / self.season.length as f64;
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
