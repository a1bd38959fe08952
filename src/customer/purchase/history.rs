//! Past launches, and who bought them.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::features::taken;
use super::market::Market;
use super::moment::is_active;

/// A past launch.
#[derive(Debug, Clone)]
pub(super) struct Past {
    pub product: usize,
    pub day: i32,
    /// Buyers within the days over users active before.
    pub share: f64,
    /// Whether somebody bought it before.
    pub is_sold_before: bool,
}

/// Past launches in the order of their days, and by user those bought, by their places.
#[derive(Debug)]
pub(super) struct History {
    pub past: Vec<Past>,
    pub taken: Vec<Vec<u32>>,
}

impl History {
    /// Of all launches within the time seen.
    pub fn of(market: &Market, days: i32, active: i32) -> Self {
        let products = &market.catalog.products;
        let launch = |p: usize| {
            products[p]
                .launch
                .filter(|_| !market.candidates.contains(&p))
                .filter(|day| (market.span.0..market.span.1).contains(day))
        };
        let mut first: BTreeMap<u32, i32> = BTreeMap::new();
        market.daily.iter().for_each(|d| {
            first.entry(d.product).or_insert(d.day);
        });
        let mut past: Vec<Past> = (0..products.len())
            .filter_map(|product| {
                Some(Past {
                    product,
                    day: launch(product)?,
                    share: 0.0,
                    is_sold_before: first
                        .get(&(product as u32))
                        .is_some_and(|sold| *sold < launch(product).unwrap_or(0)),
                })
            })
            .collect();
        past.sort_by(|a, b| (a.day, &products[a.product].key).cmp(&(b.day, &products[b.product].key)));
        let mut launch_of = vec![None; products.len()];
        past.iter()
            .zip(0..)
            .for_each(|(p, place)| launch_of[p.product] = Some(place));
        let taken: Vec<Vec<u32>> = market
            .users
            .par_iter()
            .map(|user| taken(user, &launch_of, &past, days))
            .collect();
        let mut buyers = vec![0usize; past.len()];
        taken.iter().flatten().for_each(|place| buyers[*place as usize] += 1);
        let mut dates: Vec<i32> = past.iter().map(|p| p.day).collect();
        dates.dedup();
        let active_at = |day: &i32| {
            let count = market
                .users
                .iter()
                .filter(|u| is_active(&u.events, *day, active))
                .count();
            (*day, count.max(1) as f64)
        };
        let active_at: BTreeMap<i32, f64> = dates.par_iter().map(active_at).collect();
        for (past, buyers) in past.iter_mut().zip(buyers) {
            past.share = buyers as f64 / active_at[&past.day];
        }
        Self { past, taken }
    }
}
