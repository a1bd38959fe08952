//! The choice as a table of options, and its limits as rows of capacities.
//!
//! An option is a plan, or leaving an optional product out. Besides the budget every limit is a row "at most so many
//! options of these": a row for each week (at most `per_week`) and, for dates of one category, a row for each window of
//! `apart` days (at most one). Two dates lie closer than `apart` exactly if some window holds both, and the maximal
//! windows are the maximal cliques of an interval graph, which makes their linear relaxation the tightest of its kind.
//! Rows that cannot be exceeded are left out, so "fits all rows" is the same as "keeps the limits".

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Limits, Product, Risk};

/// No row.
const NONE: u32 = u32::MAX;

/// What the options of a [`Model`] are worth.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Goal {
    /// The objective of the plans.
    Value,
    /// As many of the products that may not be left out as possible: −1 for each without a plan.
    Launches,
    /// As little money as possible: −money.
    Thrift,
}

/// Options of all products, one after the other.
pub(super) struct Model<'a> {
    /// Where the options of each product begin, and the end of the last.
    pub starts: Vec<usize>,
    /// What an option takes of the budget.
    pub money: Vec<f64>,
    /// Mean objective of an option.
    pub mean: Vec<f64>,
    /// Objective by world; empty for zero in all.
    pub worlds: Vec<&'a [f64]>,
    /// Index among the plans of its product; none for no launch.
    pub plan: Vec<Option<usize>>,
    week: Vec<u32>,
    windows: Vec<(u32, u32)>,
    /// Capacity of each row.
    pub capacity: Vec<u32>,
    /// Infinite without a limit.
    pub budget: f64,
    pub risk: Risk,
    /// Worlds of the risk; 0 if it has no weight.
    pub world_count: usize,
}

/// Monday-based week of a day since 1970-01-01, which was a Thursday.
pub(super) fn week_of(day: i32) -> i64 {
    (i64::from(day) + 3).div_euclid(7)
}

impl<'a> Model<'a> {
    /// Products in the given order under the limits.
    pub fn new(products: &[&'a Product], limits: &Limits, risk: &Risk, goal: Goal) -> Self {
        let risky = goal == Goal::Value && risk.weight > 0.0;
        let mut model = Self {
            starts: vec![0],
            money: Vec::new(),
            mean: Vec::new(),
            worlds: Vec::new(),
            plan: Vec::new(),
            week: Vec::new(),
            windows: Vec::new(),
            capacity: Vec::new(),
            budget: limits.budget.unwrap_or(f64::INFINITY),
            risk: *risk,
            world_count: 0,
        };
        let weeks = week_rows(products, limits, &mut model.capacity);
        let windows = window_rows(products, limits, &mut model.capacity);
        for product in products {
            for (index, plan) in product.plans.iter().enumerate() {
                let mean = match goal {
                    Goal::Value => plan.value,
                    Goal::Launches => 0.0,
                    Goal::Thrift => -plan.money,
                };
                let worlds: &[f64] = if risky { &plan.worlds } else { &[] };
                model.world_count = model.world_count.max(worlds.len());
                let week = weeks.get(&week_of(plan.day)).copied().unwrap_or(NONE);
                let covered = product
                    .category
                    .and_then(|c| windows.get(&c))
                    .map_or((0, 0), |w| w.covering(plan.day));
                model.push(Some(index), plan.money, mean, worlds, week, covered);
            }
            if product.optional || goal == Goal::Launches {
                let mean = if product.optional { 0.0 } else { -1.0 };
                model.push(None, 0.0, mean, &[], NONE, (0, 0));
            }
            model.starts.push(model.plan.len());
        }
        model
    }

    fn push(&mut self, plan: Option<usize>, money: f64, mean: f64, worlds: &'a [f64], week: u32, windows: (u32, u32)) {
        self.plan.push(plan);
        self.money.push(money);
        self.mean.push(mean);
        self.worlds.push(worlds);
        self.week.push(week);
        self.windows.push(windows);
    }

    pub fn products(&self) -> usize {
        self.starts.len() - 1
    }

    pub fn options(&self, product: usize) -> Range<usize> {
        self.starts[product]..self.starts[product + 1]
    }

    /// Row of the week of an option.
    pub fn week_row(&self, option: usize) -> Option<usize> {
        let row = self.week[option];
        (row != NONE).then_some(row as usize)
    }

    /// Rows of the windows around the date of an option.
    pub fn window_rows(&self, option: usize) -> Range<usize> {
        let (from, to) = self.windows[option];
        from as usize..to as usize
    }

    /// All rows that an option takes a place of.
    pub fn rows(&self, option: usize) -> impl Iterator<Item = usize> {
        self.week_row(option).into_iter().chain(self.window_rows(option))
    }

    /// The budget, with room for the rounding of a sum.
    pub fn allowed(&self) -> f64 {
        self.budget + 1e-12 * self.budget.abs()
    }

    /// Least money that each product takes.
    pub fn least_money(&self) -> Vec<f64> {
        (0..self.products())
            .map(|product| {
                self.options(product)
                    .map(|option| self.money[option])
                    .fold(f64::INFINITY, f64::min)
            })
            .collect()
    }
}

/// A row for each week that more products could want than may launch in it.
fn week_rows(products: &[&Product], limits: &Limits, capacity: &mut Vec<u32>) -> BTreeMap<i64, u32> {
    let Some(per_week) = limits.per_week else {
        return BTreeMap::new();
    };
    let mut wanting: BTreeMap<i64, usize> = BTreeMap::new();
    for product in products {
        let mut weeks: Vec<i64> = product.plans.iter().map(|plan| week_of(plan.day)).collect();
        weeks.sort_unstable();
        weeks.dedup();
        for week in weeks {
            *wanting.entry(week).or_default() += 1;
        }
    }
    let mut rows = BTreeMap::new();
    for (week, _) in wanting.into_iter().filter(|(_, wanting)| *wanting > per_week) {
        rows.insert(week, capacity.len() as u32);
        capacity.push(u32::try_from(per_week).unwrap_or(u32::MAX));
    }
    rows
}

/// The maximal windows of one category, in order: first and last date among its plans, and the row of the first one.
struct Windows {
    spans: Vec<(i32, i32)>,
    row: u32,
}

impl Windows {
    fn covering(&self, day: i32) -> (u32, u32) {
        let from = self.spans.partition_point(|(_, last)| *last < day) as u32;
        let to = self.spans.partition_point(|(first, _)| *first <= day) as u32;
        (self.row + from, self.row + to.max(from))
    }
}

/// A row for each maximal window of `apart` days of a category that has several products.
fn window_rows(products: &[&Product], limits: &Limits, capacity: &mut Vec<u32>) -> BTreeMap<usize, Windows> {
    let Some(apart) = limits.apart.filter(|apart| *apart > 0) else {
        return BTreeMap::new();
    };
    let mut members: BTreeMap<usize, Vec<&Product>> = BTreeMap::new();
    for product in products {
        if let Some(category) = product.category {
            members.entry(category).or_default().push(product);
        }
    }
    let mut rows = BTreeMap::new();
    for (category, members) in members.into_iter().filter(|(_, members)| members.len() > 1) {
        let mut days: Vec<i32> = members
            .iter()
            .flat_map(|product| product.plans.iter().map(|plan| plan.day))
            .collect();
        days.sort_unstable();
        days.dedup();
        let mut spans: Vec<(i32, i32)> = Vec::new();
        for (index, &first) in days.iter().enumerate() {
            let end = days.partition_point(|&day| i64::from(day) < i64::from(first) + i64::from(apart));
            let last = days[index..end].last().copied().unwrap_or(first);
            if spans.last().is_none_or(|(_, before)| last > *before) {
                spans.push((first, last));
            }
        }
        let row = capacity.len() as u32;
        capacity.extend(spans.iter().map(|_| 1));
        rows.insert(category, Windows { spans, row });
    }
    rows
}

/// What a choice takes of the budget and the rows.
#[derive(Clone)]
pub(super) struct Usage {
    pub money: f64,
    pub count: Vec<u32>,
}

impl Usage {
    pub fn none(model: &Model) -> Self {
        Self {
            money: 0.0,
            count: vec![0; model.capacity.len()],
        }
    }

    pub fn of(model: &Model, choice: &[usize]) -> Self {
        let mut usage = Self::none(model);
        for &option in choice {
            usage.add(model, option);
        }
        usage
    }

    pub fn add(&mut self, model: &Model, option: usize) {
        self.money += model.money[option];
        for row in model.rows(option) {
            self.count[row] += 1;
        }
    }

    pub fn remove(&mut self, model: &Model, option: usize) {
        self.money -= model.money[option];
        for row in model.rows(option) {
            self.count[row] -= 1;
        }
    }

    /// Whether the rows have room for one more option.
    pub fn has_room(&self, model: &Model, option: usize) -> bool {
        model.rows(option).all(|row| self.count[row] < model.capacity[row])
    }

    /// Whether one more option keeps the limits, if `reserved` money is still needed elsewhere.
    pub fn fits(&self, model: &Model, option: usize, reserved: f64) -> bool {
        self.money + model.money[option] + reserved <= model.allowed() && self.has_room(model, option)
    }
}
