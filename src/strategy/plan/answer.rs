//! What is told of the plans of a candidate, from worlds in which they were not compared.

use std::collections::BTreeMap;

use super::offers::{Launch, Offer};
use super::{Shown, Wish};
use crate::statistics::{self, sorted};
use crate::strategy::portfolio::{Binding, Limit};
use crate::strategy::quantile;

/// What is to be large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objective {
    /// Sales and salvage less what is ordered.
    Profit,
    /// Units sold times price.
    Revenue,
    /// Units sold.
    Units,
}

/// A plan of a candidate.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// From 1, the one chosen; among dates or prices their place.
    pub rank: usize,
    /// Whether it is the plan chosen.
    pub is_chosen: bool,
    /// Plans that the rank is among.
    pub plans: usize,
    /// The launch, in days since 1970-01-01.
    pub day: i32,
    /// Price.
    pub price: f64,
    /// Units ordered.
    pub order: Option<f64>,
    /// Units wanted, expected.
    pub wanted: f64,
    /// Units sold, and their interval.
    pub sold: Interval,
    /// Profit, and its interval.
    pub profit: Option<Interval>,
    /// Share of worlds with a loss.
    pub loss: Option<f64>,
    /// Share of worlds that reach the target.
    pub on_target: Option<f64>,
    /// Objective, over that of the first date at the reference price, less 1.
    pub lift: Option<f64>,
    /// Units wanted at the date over those at the first one.
    pub season: f64,
    /// Units wanted at the price over those at the reference price.
    pub response: f64,
    /// Lowest and highest price at the date that come within 1 % of the plan.
    pub price_range: (f64, f64),
    /// Plans within 1 % of it.
    pub alternatives: usize,
    /// Dates at which the price comes out the same, and the last of them.
    pub dates_alike: (usize, i32),
    /// Limits that it stands at.
    pub limits: Vec<&'static str>,
}

/// A mean with an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Mean.
    pub mean: f64,
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// What counts as the same: 1 % of the best.
const ALIKE: f64 = 0.01;
/// Prices that the range of prices is looked for in.
const PRICES: usize = 25;

impl Interval {
    fn of(values: &[f64], level: f64) -> Self {
        let sorted = sorted(values.iter().copied());
        let mean = statistics::mean(values.iter().copied()).unwrap_or(0.0);
        // A distribution with a long tail may have its mean beyond one end.
        Self {
            mean,
            lower: quantile(&sorted, (1.0 - level) / 2.0).min(mean),
            upper: quantile(&sorted, (1.0 + level) / 2.0).max(mean),
        }
    }
}

/// The plans of a candidate to show, the one at place `chosen` of its offers among them. `left` is what the plans of all
/// candidates leave of the budget.
pub(super) fn answers(
    launch: &Launch,
    offers: &[Offer],
    chosen: usize,
    bindings: &[Binding],
    left: Option<f64>,
    wish: &Wish,
) -> Vec<Answer> {
    let money = left.map(|left| offers[chosen].money + left);
    let (chosen, offers) = affordable(launch, offers, chosen, money, wish);
    let (plan, offers) = (&offers[chosen], &offers[..]);
    let mut full: Vec<usize> = (0..offers.len()).collect();
    let best = offers.iter().map(|offer| offer.value.abs()).fold(0.0, f64::max);
    let near = |at: usize| plan.value - offers[at].value <= ALIKE * best;
    let alternatives = full.iter().filter(|&&at| at != chosen && near(at)).count();
    // Dates at which a price comes out the same.
    let percent = |at: usize| {
        (
            offers[at].price,
            (100.0 * offers[at].value / best.max(f64::MIN_POSITIVE)).round() as i64,
        )
    };
    let mut alike: BTreeMap<(usize, i64), Vec<usize>> = BTreeMap::new();
    let mut leads: BTreeMap<(usize, i64), usize> = BTreeMap::new();
    for &at in &full {
        alike.entry(percent(at)).or_default().push(offers[at].date);
        let lead = leads.entry(percent(at)).or_insert(at);
        if offers[at].value > offers[*lead].value + 1e-8 * best {
            *lead = at;
        }
    }
    let kept = |at: usize| match wish.shown {
        Shown::Best(_) => at == chosen || leads.get(&percent(at)) == Some(&at) && percent(at) != percent(chosen),
        Shown::Dates => offers[at].price == plan.price,
        Shown::Prices => offers[at].date == plan.date,
    };
    full.retain(|&at| kept(at));
    let plans = full.len();
    match wish.shown {
        Shown::Best(most) => {
            full.sort_by(|&a, &b| {
                (b == chosen)
                    .cmp(&(a == chosen))
                    .then(offers[b].value.total_cmp(&offers[a].value))
            });
            full.truncate(most);
        }
        Shown::Dates => full.sort_by_key(|&at| offers[at].date),
        Shown::Prices => full.sort_by_key(|&at| offers[at].price),
    }
    let base = objective_of_reference(launch, wish);
    let price_range = price_range(launch, plan, wish);
    full.iter()
        .enumerate()
        .map(|(place, &at)| {
            let dates = alike.get(&percent(at)).map_or(&[][..], Vec::as_slice);
            let last = dates
                .iter()
                .max()
                .map_or(launch.dates[offers[at].date].day, |&date| launch.dates[date].day);
            let is_chosen = at == chosen;
            let mut answer = judged(launch, &offers[at], base, wish);
            answer.rank = place + 1;
            answer.is_chosen = is_chosen;
            answer.plans = plans;
            answer.dates_alike = (dates.len(), last);
            answer.alternatives = alternatives;
            answer.limits = limits(launch, &offers[at], if is_chosen { bindings } else { &[] });
            answer.price_range = if is_chosen {
                price_range
            } else {
                (answer.price, answer.price)
            };
            answer
        })
        .collect()
}

/// The best order of each date and price with the money there is, and the place of the plan chosen among them: another order than
/// its own is no other plan.
fn affordable(
    launch: &Launch,
    offers: &[Offer],
    chosen: usize,
    money: Option<f64>,
    wish: &Wish,
) -> (usize, Vec<Offer>) {
    let plan = &offers[chosen];
    let mut kept: Vec<Offer> = Vec::new();
    let mut place = None;
    // Orders of a date and price stand beside each other, the best one first; that of the plan may stand last.
    for orders in offers.chunk_by(|a, b| (a.date, a.price) == (b.date, b.price)) {
        let Some(best) = orders.first().filter(|best| !best.is_cut) else {
            continue;
        };
        if (best.date, best.price) == (plan.date, plan.price) {
            if place.is_none() {
                place = Some(kept.len());
                kept.push(plan.clone());
            }
            continue;
        }
        let fits = |offer: &&Offer| money.is_none_or(|money| offer.money <= money * (1.0 + 1e-9));
        if fits(&best) {
            kept.push(best.clone());
            continue;
        }
        let within = orders.iter().filter(fits).max_by(|a, b| a.value.total_cmp(&b.value));
        let finer = money
            .filter(|_| wish.objective == Objective::Profit && wish.risk.weight == 0.0)
            .and_then(|money| launch.within(best, money));
        kept.extend(finer.or_else(|| within.cloned()));
    }
    (place.unwrap_or(0), kept)
}

/// A plan in the worlds that it was not compared in.
fn judged(launch: &Launch, offer: &Offer, base: Option<f64>, wish: &Wish) -> Answer {
    let price = launch.prices[offer.price];
    let paths = launch.paths(&launch.judged, offer.date, price);
    let terms = launch.terms(price);
    let worlds = 0..paths.worlds();
    let outcomes: Vec<(f64, Option<f64>)> = worlds
        .clone()
        .map(|world| launch.sold(&paths, world, offer.order, terms.as_ref()))
        .collect();
    let sold: Vec<f64> = outcomes.iter().map(|(sold, _)| *sold).collect();
    let profits: Option<Vec<f64>> = outcomes.iter().map(|(_, profit)| *profit).collect();
    let share = |count: usize| count as f64 / outcomes.len().max(1) as f64;
    let mean = |values: &mut dyn Iterator<Item = f64>| statistics::mean(values).unwrap_or(0.0);
    let first = mean(&mut worlds.clone().map(|world| launch.judged.total(world)));
    let at_date = mean(&mut worlds.clone().map(|world| launch.paths_at(offer.date, world)));
    let wanted = mean(&mut worlds.clone().map(|world| paths.total(world)));
    let objective = match wish.objective {
        Objective::Profit => profits
            .as_ref()
            .map_or(0.0, |profits| mean(&mut profits.iter().copied())),
        Objective::Revenue => price * mean(&mut sold.iter().copied()),
        Objective::Units => mean(&mut sold.iter().copied()),
    };
    let loss = profits
        .as_ref()
        .map(|profits| share(profits.iter().filter(|profit| **profit < 0.0).count()));
    Answer {
        rank: 0,
        is_chosen: false,
        plans: 0,
        day: launch.dates[offer.date].day,
        price,
        order: offer.order,
        wanted,
        on_target: match launch.target {
            Some(target) => Some(share(sold.iter().filter(|sold| **sold >= target).count())),
            None => loss.map(|loss| 1.0 - loss),
        },
        sold: Interval::of(&sold, wish.level),
        profit: profits.map(|profits| Interval::of(&profits, wish.level)),
        loss,
        lift: base.filter(|base| *base > 0.0).map(|base| objective / base - 1.0),
        season: if first > 0.0 { at_date / first } else { 1.0 },
        response: (launch.elasticity * (price / launch.reference).ln()).exp(),
        price_range: (price, price),
        alternatives: 0,
        dates_alike: (0, 0),
        limits: Vec::new(),
    }
}

impl Launch {
    /// Units wanted at a date and the reference price in one of the worlds that plans are reported in.
    fn paths_at(&self, date: usize, world: usize) -> f64 {
        let steps = 1..=self.judged.steps();
        let unit = |step: usize| self.judged.by(step, world) - self.judged.by(step - 1, world);
        steps
            .map(|step| unit(step) * self.dates[date].factors.get(step - 1).copied().unwrap_or(1.0))
            .sum()
    }
}

/// The objective at the first date and the reference price with the best order, as it is reported.
fn objective_of_reference(launch: &Launch, wish: &Wish) -> Option<f64> {
    let at_reference = Launch {
        prices: vec![launch.reference],
        dates: launch.dates[..1].to_vec(),
        ..launch.clone()
    };
    let free = Wish {
        limits: Default::default(),
        ..*wish
    };
    let offers = at_reference.offers(&free);
    let told = judged(&at_reference, offers.first()?, None, wish);
    match wish.objective {
        Objective::Profit => told.profit.map(|profit| profit.mean),
        Objective::Revenue => Some(told.sold.mean * launch.reference),
        Objective::Units => Some(told.sold.mean),
    }
}

/// The prices at the date of a plan that come within 1 % of the best of them, between the lowest and the highest one that may be
/// taken.
fn price_range(launch: &Launch, plan: &Offer, wish: &Wish) -> (f64, f64) {
    let price = launch.prices[plan.price];
    let (Some(&low), Some(&high)) = (launch.prices.first(), launch.prices.last()) else {
        return (price, price);
    };
    if low >= high {
        return (price, price);
    }
    let at = |k: usize| low * (high / low).powf(k as f64 / (PRICES - 1) as f64);
    let mut prices: Vec<f64> = (0..PRICES).map(at).chain(launch.prices.iter().copied()).collect();
    prices.sort_by(f64::total_cmp);
    let compared = Launch {
        prices: prices.clone(),
        dates: vec![launch.dates[plan.date].clone()],
        ..launch.clone()
    };
    let free = Wish {
        limits: Default::default(),
        ..*wish
    };
    let offers = compared.offers(&free);
    let best = offers.iter().map(|offer| offer.value).fold(f64::MIN, f64::max);
    let within = offers.iter().filter(|offer| best - offer.value <= ALIKE * best.abs());
    within.fold((price, price), |(low, high), offer| {
        (low.min(prices[offer.price]), high.max(prices[offer.price]))
    })
}

/// The limits that a plan stands at.
fn limits(launch: &Launch, offer: &Offer, bindings: &[Binding]) -> Vec<&'static str> {
    let mut limits = Vec::new();
    let (dates, prices) = (launch.dates.len(), launch.prices.len());
    if dates > 1 && offer.date == 0 {
        limits.push("earliest");
    }
    if dates > 1 && offer.date + 1 == dates {
        limits.push("latest");
    }
    if prices > 1 && offer.price == 0 {
        limits.push("lowest price");
    }
    if prices > 1 && offer.price + 1 == prices {
        limits.push("highest price");
    }
    if let (Some(order), Some(most)) = (offer.order, launch.given.maximum)
        && order + launch.given.pack.unwrap_or(1.0) > most
    {
        limits.push("stock");
    }
    for binding in bindings {
        limits.push(match binding.limit {
            Limit::Budget => "budget",
            Limit::PerWeek => "launches a week",
            Limit::Apart => "days apart",
        });
    }
    limits.dedup();
    limits
}
