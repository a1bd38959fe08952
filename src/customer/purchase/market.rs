//! Users, and what they did.

use arrow_array::RecordBatch;

use super::catalog::{Catalog, Product};

/// What a user did with a product on a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    /// Days from 1970.
    pub day: i32,
    /// The product by its place.
    pub product: u32,
    /// Units bought.
    pub units: f32,
    /// Price paid, NaN where it is not known.
    pub price: f32,
    /// Channel, -1 without.
    pub channel: i32,
    /// Whether it was bought, not only looked at.
    pub bought: bool,
}

/// One user.
#[derive(Debug, Clone, Default)]
pub struct User {
    /// Id.
    pub key: String,
    /// Events in order of time.
    pub events: Vec<Event>,
    /// Whether something is asked of the user.
    pub asked: bool,
    /// Candidates the user is not told of; `None` stands for all.
    pub excluded: Vec<Option<String>>,
}

impl User {
    /// Whether the user is not told of a product.
    pub(super) fn is_excluded(&self, product: &str) -> bool {
        let normal = |key: &str| key.trim().to_lowercase();
        let same = |key: &str| normal(key) == normal(product);
        self.excluded.iter().any(|e| e.as_deref().is_none_or(same))
    }
}

/// Products, and what users did with them.
///
/// *Determinism*: users are in the order of their ids, events in that of time; how they came says nothing.
#[derive(Debug)]
pub struct Market {
    pub(super) catalog: Catalog,
    pub(super) users: Vec<User>,
    /// Places of the products that are candidates.
    pub(super) candidates: Vec<usize>,
    /// The first day with an event, and the one after the last.
    pub(super) span: (i32, i32),
    /// Bought lines by day and product, in that order.
    pub(super) daily: Vec<Daily>,
}

/// What all users bought of a product on a day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Daily {
    pub day: i32,
    pub product: u32,
    pub lines: f32,
    /// Sum of the logarithms of prices that are known, and their number.
    pub ln_price: f32,
    pub priced: f32,
}

impl Market {
    /// Put products with their attributes, one row each, and users in order. Events of products that are not among them count as
    /// those of one of which nothing is known, which has to be there, as the last one.
    pub fn new(products: Vec<Product>, attributes: &RecordBatch, candidates: Vec<usize>, mut users: Vec<User>) -> Self {
        users.sort_by(|a, b| a.key.cmp(&b.key));
        let unknown = products.len().saturating_sub(1) as u32;
        for user in &mut users {
            user.events.iter_mut().for_each(|e| e.product = e.product.min(unknown));
            user.events.sort_by(|a, b| {
                let whole = |e: &Event| (e.day, e.product, e.bought, e.channel);
                let rest = a.units.total_cmp(&b.units).then(a.price.total_cmp(&b.price));
                whole(a).cmp(&whole(b)).then(rest)
            });
            // What was bought of a product on a day is one line, at its mean price.
            user.events.dedup_by(|next, kept| {
                let key = |e: &Event| (e.day, e.product, e.bought, e.channel);
                let same = key(next) == key(kept);
                if same {
                    let units = kept.units + next.units;
                    let mean = (kept.units * kept.price + next.units * next.price) / units;
                    kept.price = if mean.is_finite() {
                        mean
                    } else {
                        kept.price.min(next.price)
                    };
                    kept.units = units;
                }
                same
            });
        }
        let days = || {
            users
                .iter()
                .filter_map(|u| Some((u.events.first()?.day, u.events.last()?.day)))
        };
        let first = days().map(|d| d.0).min().unwrap_or(0);
        let last = days().map(|d| d.1).max().unwrap_or(-1);
        let mut is_candidate = vec![false; products.len()];
        candidates.iter().for_each(|place| is_candidate[*place] = true);
        let catalog = Catalog::new(products, attributes, &is_candidate);
        let daily = daily(&users, &catalog);
        Self {
            catalog,
            users,
            candidates,
            span: (first, last + 1),
            daily,
        }
    }
}

/// A price as it was paid, else as it is listed; as a logarithm.
pub(super) fn ln_paid(event: &Event, catalog: &Catalog) -> f32 {
    match event.price > 0.0 {
        true => event.price.ln(),
        false => catalog.ln_price[event.product as usize],
    }
}

fn daily(users: &[User], catalog: &Catalog) -> Vec<Daily> {
    let bought = users.iter().flat_map(|user| user.events.iter().filter(|e| e.bought));
    let mut all: Vec<Daily> = bought
        .map(|e| {
            let ln = ln_paid(e, catalog);
            let known = !ln.is_nan();
            Daily {
                day: e.day,
                product: e.product,
                lines: 1.0,
                ln_price: if known { ln } else { 0.0 },
                priced: f32::from(u8::from(known)),
            }
        })
        .collect();
    // Users are in order, and a stable sort keeps it: sums do not depend on threads.
    all.sort_by_key(|d| (d.day, d.product));
    all.dedup_by(|next, kept| {
        let same = (next.day, next.product) == (kept.day, kept.product);
        if same {
            kept.lines += next.lines;
            kept.ln_price += next.ln_price;
            kept.priced += next.priced;
        }
        same
    });
    all
}
