//! What was known of the whole market before a day.

use super::catalog::Scale;
use super::market::{Daily, Market};
use crate::features::MISSING;

/// Days in which the weight of a purchase falls to 1 / e.
pub(super) const MEMORY: f32 = 90.0;
/// Exponents end here, before numbers do: 148 years.
const MOST: f64 = 600.0;

/// The market before a day.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    /// The day; nothing of it or later is known.
    pub day: i32,
    /// Weight of an event by its age in days.
    pub weight: Vec<f32>,
    /// The same with a third of the memory.
    pub short: Vec<f32>,
    /// Users that did something within the time stated.
    pub active: usize,
    /// Lines bought in the last days, by product.
    pub recent: Vec<f32>,
    /// For each attribute with levels the share of weighted lines, by level.
    pub shares: Vec<Vec<f32>>,
    /// Share by category and by brand.
    pub category_shares: Vec<f32>,
    pub brand_shares: Vec<f32>,
    /// Mean logarithm of prices by category, NaN without one.
    pub ln_price: Vec<f32>,
    /// What counts in likeness, of the products bought before.
    pub scale: Scale,
}

/// Goes through the days in their order.
#[derive(Debug)]
pub(super) struct Sweep<'a> {
    market: &'a Market,
    /// Days that count as recent, and within which a user is active.
    days: i32,
    active: i32,
    next: usize,
    oldest: usize,
    /// Lines, each by exp(its days after the first event / [`MEMORY`]): shares of them are those of faded ones, and do not
    /// depend on where the sweep has stopped.
    lines: Vec<f64>,
    ln_price: Vec<f64>,
    priced: Vec<f64>,
    recent: Vec<f32>,
    known: Vec<bool>,
}

impl<'a> Sweep<'a> {
    pub fn new(market: &'a Market, days: i32, active: i32) -> Self {
        let products = market.catalog.products.len();
        let categories = market.catalog.categories;
        Self {
            market,
            days,
            active,
            next: 0,
            oldest: 0,
            lines: vec![0.0; products],
            ln_price: vec![0.0; categories],
            priced: vec![0.0; categories],
            recent: vec![0.0; products],
            known: vec![false; products],
        }
    }

    /// The market before a day that is not before the last one asked for.
    pub fn to(&mut self, day: i32) -> Moment {
        let Market {
            catalog, daily, users, ..
        } = self.market;
        let grown = |day: i32| {
            (f64::from(day - self.market.span.0) / f64::from(MEMORY))
                .min(MOST)
                .exp()
        };
        while let Some(known) = daily.get(self.next).filter(|d| d.day < day) {
            let weight = grown(known.day);
            let product = known.product as usize;
            self.lines[product] += weight * f64::from(known.lines);
            self.recent[product] += known.lines;
            self.known[product] = true;
            if let Ok(category) = usize::try_from(catalog.category[product]) {
                self.ln_price[category] += weight * f64::from(known.ln_price);
                self.priced[category] += weight * f64::from(known.priced);
            }
            self.next += 1;
        }
        while let Some(Daily {
            day: _, product, lines, ..
        }) = daily[..self.next].get(self.oldest).filter(|d| d.day < day - self.days)
        {
            self.recent[*product as usize] -= lines;
            self.oldest += 1;
        }
        let total = self.lines.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let shares = |codes: &[i32], levels: usize| {
            let mut shares = vec![0.0; levels];
            for (code, lines) in codes.iter().zip(&self.lines).filter(|(code, _)| **code != MISSING) {
                shares[*code as usize] += (lines / total) as f32;
            }
            shares
        };
        let active = users.iter().filter(|u| is_active(&u.events, day, self.active)).count();
        let oldest = (day - self.market.span.0).max(0);
        let weights = |memory: f32| (0..=oldest).map(|age| (-age as f32 / memory).exp()).collect();
        let brands = catalog
            .brand
            .iter()
            .copied()
            .max()
            .map_or(0, |most| (most + 1).max(0) as usize);
        Moment {
            scale: catalog.scale(&self.known),
            day,
            weight: weights(MEMORY),
            short: weights(MEMORY / 3.0),
            active,
            recent: self.recent.clone(),
            shares: catalog.levels().map(|(codes, levels)| shares(codes, levels)).collect(),
            category_shares: shares(&catalog.category, catalog.categories),
            brand_shares: shares(&catalog.brand, brands),
            ln_price: self
                .ln_price
                .iter()
                .zip(&self.priced)
                .map(|(sum, n)| if *n > 0.0 { (sum / n) as f32 } else { f32::NAN })
                .collect(),
        }
    }
}

/// Whether a user did something within so many days before a day.
pub(super) fn is_active(events: &[super::Event], day: i32, within: i32) -> bool {
    let known = events.partition_point(|e| e.day < day);
    events[..known].last().is_some_and(|last| day - last.day <= within)
}
