//! What comes of an order, and of a second one that knows the sales of the first weeks.

use super::newsvendor::Needs;
use super::terms::{Margin, Terms};
use crate::statistics;
use crate::strategy::Paths;

/// Groups of worlds that have sold alike when the second order is placed: each gets an order of its own.
const GROUPS: usize = 12;

/// Fewest worlds of a group.
const MIN_WORLDS: usize = 25;

/// When a second order is placed and when it arrives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reorder {
    /// Steps that have been seen when it is placed.
    pub seen: usize,
    /// Steps that are over, or have begun, when it arrives.
    pub arrived: usize,
}

/// What comes of orders in one world.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Units wanted.
    pub wanted: f64,
    /// Units sold.
    pub sold: f64,
    /// Units left over.
    pub left: f64,
    /// Units of the second order.
    pub reordered: f64,
    /// Profit; 0 where it is not known.
    pub profit: f64,
}

/// How much is ordered the second time, by what has been sold until then.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    reorder: Reorder,
    /// Sales from which on a group begins, and its second order.
    groups: Vec<(f64, f64)>,
}

/// The needs from an order that arrives after `arrived` steps, in some worlds, where `stock` units serve first.
pub fn needs(paths: &Paths, worlds: &[usize], stock: f64, arrived: usize, margin: Option<&Margin>) -> Needs {
    let last = paths.steps();
    // What runs out before the order arrives is lost, not waited for.
    let need = |world: usize, step: usize| {
        let before = paths.by(arrived, world);
        paths.by(step, world) - before - (stock - before).max(0.0)
    };
    let total = worlds.iter().map(|&world| need(world, last));
    let held = match margin {
        Some(margin) if margin.holding > 0.0 => worlds,
        _ => &[],
    };
    let steps = arrived + 1..=last;
    Needs::new(
        total,
        held.iter()
            .flat_map(|&world| steps.clone().map(move |step| need(world, step))),
    )
}

impl Rule {
    /// The best second order by what has been sold until then, for a first one that makes `stock` units with those on hand.
    pub fn learn(paths: &Paths, stock: f64, reorder: Reorder, terms: &Terms) -> Self {
        let sold = |world: usize| paths.by(reorder.seen, world).min(stock);
        let mut order: Vec<usize> = (0..paths.worlds()).collect();
        order.sort_by(|&a, &b| sold(a).total_cmp(&sold(b)).then(a.cmp(&b)));
        let size = order.len().div_ceil(GROUPS).max(MIN_WORLDS);
        let mut groups = Vec::new();
        let mut rest = &order[..];
        while let Some(&first) = rest.first() {
            let from = sold(first);
            let mut end = if rest.len() < 2 * size { rest.len() } else { size };
            // Worlds that have sold alike cannot be told apart.
            while end < rest.len() && sold(rest[end]) == sold(rest[end - 1]) {
                end += 1;
            }
            let wanted = needs(paths, &rest[..end], stock, reorder.arrived, terms.margin.as_ref());
            groups.push((from, wanted.order(terms)));
            rest = &rest[end..];
        }
        Self { reorder, groups }
    }

    /// Units of the second order after so many sales.
    fn units(&self, sold: f64) -> f64 {
        let after = self.groups.partition_point(|(from, _)| *from <= sold);
        self.groups.get(after.max(1) - 1).map_or(0.0, |(_, units)| *units)
    }
}

/// What comes of an order that makes `stock + order` units from the beginning on if `arrived` is 0, else from that step on; and
/// of a second one by `rule`, which needs `arrived` to be 0.
pub fn outcome(
    paths: &Paths,
    world: usize,
    (order, arrived): (f64, usize),
    rule: Option<&Rule>,
    terms: &Terms,
) -> Outcome {
    let (first, second_at, second) = match (rule, arrived) {
        (Some(rule), 0) => {
            let stock = terms.stock + order;
            let sold = paths.by(rule.reorder.seen, world).min(stock);
            (stock, rule.reorder.arrived, rule.units(sold))
        }
        _ if arrived > 0 => (terms.stock, arrived, order),
        _ => (terms.stock + order, paths.steps(), 0.0),
    };
    let before = paths.by(second_at, world);
    let rest = (first - before).max(0.0) + second;
    let (wanted, after) = (paths.total(world), paths.total(world) - before);
    let sold = before.min(first) + after.min(rest);
    let left = (first + second - sold).max(0.0);
    let profit = terms.margin.as_ref().map_or(0.0, |margin| {
        let on_hand = |step: usize| match step <= second_at {
            true => (first - paths.by(step, world)).max(0.0),
            false => (rest - (paths.by(step, world) - before)).max(0.0),
        };
        let held = match margin.holding > 0.0 {
            true => (1..=paths.steps()).map(on_hand).sum(),
            false => 0.0,
        };
        let reordered = if arrived > 0 { 0.0 } else { second };
        margin.profit(order + reordered, sold, left, held)
    });
    Outcome {
        wanted,
        sold,
        left,
        reordered: if arrived > 0 { 0.0 } else { second },
        profit,
    }
}

/// Mean profit over all worlds of a first order with the best second one.
pub fn profit_of(paths: &Paths, order: f64, reorder: Reorder, terms: &Terms) -> f64 {
    let rule = Rule::learn(paths, terms.stock + order, reorder, terms);
    let profit = |world| outcome(paths, world, (order, 0), Some(&rule), terms).profit;
    statistics::mean((0..paths.worlds()).map(profit)).unwrap_or(0.0)
}

/// The first order where a second one follows: what both together earn most, or, by service level, what suffices until the second
/// one arrives.
pub fn first_order(paths: &Paths, reorder: Reorder, terms: &Terms) -> f64 {
    let worlds: Vec<usize> = (0..paths.worlds()).collect();
    let until = Needs::new(
        worlds
            .iter()
            .map(|&world| paths.by(reorder.arrived, world) - terms.stock),
        [],
    );
    if terms.service_level.is_some() || terms.margin.is_none() {
        return until.order(terms);
    }
    // From what surely sells before the second one arrives to what one order alone would be: a grid, then a finer one about its best.
    let alone = needs(paths, &worlds, terms.stock, 0, terms.margin.as_ref()).order(terms);
    let (mut low, mut high) = (0.0, alone.max(terms.allowed(until.quantile(0.999))[1]));
    let mut best = (f64::MIN, 0.0);
    for _ in 0..3 {
        let width: f64 = (high - low) / 12.0;
        let mut orders: Vec<f64> = (0..=12)
            .flat_map(|k| terms.allowed(low + f64::from(k) * width))
            .collect();
        orders.sort_by(f64::total_cmp);
        orders.dedup();
        for order in orders {
            let profit = profit_of(paths, order, reorder, terms);
            if profit > best.0 {
                best = (profit, order);
            }
        }
        (low, high) = ((best.1 - width).max(0.0), best.1 + width);
        if width < terms.pack {
            break;
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::strategy::stock::terms::Given;

    fn terms(given: Given) -> Terms {
        let base = Given {
            price: Some(10.0),
            cost: Some(4.0),
            ..given
        };
        Terms::try_new(base).unwrap()
    }

    /// Launches of one lasting size, uniform from 0 to 100 a step, over four steps.
    fn lasting(worlds: usize) -> Paths {
        let random = &mut ChaCha8Rng::seed_from_u64(3);
        let sizes: Vec<f64> = (0..worlds).map(|_| 100.0 * random.random::<f64>()).collect();
        Paths::new((0..4).map(|step| (7 * step, sizes.clone()))).unwrap()
    }

    #[test]
    fn sold_and_left_add_up() {
        let paths = Paths::new([(0, vec![10.0]), (7, vec![20.0]), (14, vec![30.0])]).unwrap();
        let terms = terms(Given {
            on_hand: Some(5.0),
            holding: Some(0.1),
            ..Given::default()
        });
        // 25 units: 10 sold, 15 left, all sold in the second step. Held: 15 at the end of the first.
        let one = outcome(&paths, 0, (20.0, 0), None, &terms);
        assert_eq!((one.wanted, one.sold, one.left), (60.0, 25.0, 0.0));
        assert!((one.profit - (250.0 - 80.0 - 1.5)).abs() < 1e-9);
        // 5 units, and 100 more after the first step: 5 of the first 10 are lost. Held: 0, 80, 50.
        let late = outcome(&paths, 0, (100.0, 1), None, &terms);
        assert_eq!((late.sold, late.left), (55.0, 50.0));
        assert!((late.profit - (550.0 - 400.0 - 13.0)).abs() < 1e-9);
    }

    #[test]
    fn what_is_lost_before_an_order_arrives_is_not_ordered() {
        let paths = Paths::new([(0, vec![10.0]), (7, vec![20.0]), (14, vec![30.0])]).unwrap();
        assert_eq!(needs(&paths, &[0], 5.0, 0, None).quantile(0.5), 55.0);
        assert_eq!(needs(&paths, &[0], 5.0, 1, None).quantile(0.5), 50.0);
        assert_eq!(needs(&paths, &[0], 25.0, 1, None).quantile(0.5), 35.0);
    }

    #[test]
    fn a_second_order_that_knows_the_size_earns_nearly_all() {
        let paths = lasting(2_000);
        let terms = terms(Given::default());
        let worlds: Vec<usize> = (0..2_000).collect();
        let alone = needs(&paths, &worlds, 0.0, 0, terms.margin.as_ref()).order(&terms);
        let single = statistics::mean(
            worlds
                .iter()
                .map(|&w| outcome(&paths, w, (alone, 0), None, &terms).profit),
        )
        .unwrap();
        let reorder = Reorder { seen: 1, arrived: 1 };
        let first = first_order(&paths, reorder, &terms);
        let both = profit_of(&paths, first, reorder, &terms);
        // Known sizes would earn 6 * 200 = 1,200; one order, 240 of uniform 0 to 400, earns 720.
        assert!((single - 720.0).abs() < 25.0, "{single}");
        assert!((1_120.0..1_200.0).contains(&both), "{both}");
        assert!(first < 110.0, "{first}");
        // What is learned from some worlds holds in others.
        let rule = Rule::learn(&paths, first, reorder, &terms);
        let other = {
            let random = &mut ChaCha8Rng::seed_from_u64(4);
            let sizes: Vec<f64> = (0..2_000).map(|_| 100.0 * random.random::<f64>()).collect();
            Paths::new((0..4).map(|step| (7 * step, sizes.clone()))).unwrap()
        };
        let elsewhere = statistics::mean(
            worlds
                .iter()
                .map(|&w| outcome(&other, w, (first, 0), Some(&rule), &terms).profit),
        );
        assert!((elsewhere.unwrap() / both - 1.0).abs() < 0.05);
    }

    #[test]
    fn a_second_order_never_earns_less_than_none() {
        let paths = lasting(400);
        for pack in [1.0, 30.0, 150.0] {
            let terms = terms(Given {
                pack: Some(pack),
                holding: Some(0.2),
                ..Given::default()
            });
            let worlds: Vec<usize> = (0..400).collect();
            let alone = needs(&paths, &worlds, 0.0, 0, terms.margin.as_ref()).order(&terms);
            let single = statistics::mean(
                worlds
                    .iter()
                    .map(|&w| outcome(&paths, w, (alone, 0), None, &terms).profit),
            )
            .unwrap();
            let reorder = Reorder { seen: 1, arrived: 2 };
            let both = profit_of(&paths, first_order(&paths, reorder, &terms), reorder, &terms);
            assert!(both >= single - 1e-9, "{pack}: {both} {single}");
        }
    }
}
