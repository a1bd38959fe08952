//! What was known of a user and a product before a day.

use std::collections::BTreeSet;

use super::history::Past;
use super::market::{Event, Market, User, ln_paid};
use super::moment::Moment;
use crate::features::MISSING;

/// Weighted lines that shares are drawn to those of the market with.
const PRIOR_LINES: f32 = 5.0;
/// Days in which a launch is new.
const NEW: i32 = 180;
/// Products less alike than this are no reason.
const ALIKE: f32 = 0.05;

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// What was known of a user and a product before a day; NaN where it is not known.
        ///
        /// Lines bought are weighted by exp(-age / 90 days). Nothing of the day itself or later is looked at.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct Features { $($(#[$doc])* pub $name: f64),+ }

        /// The names of [`Features`].
        pub const FEATURES: &[&str] = &[$(stringify!($name)),+];

        impl Features {
            const UNKNOWN: Self = Self { $($name: f64::NAN),+ };

            /// In the order of [`FEATURES`].
            pub fn values(&self) -> [f64; FEATURES.len()] {
                [$(self.$name),+]
            }
        }
    };
}

features! {
    /// Days since the user last bought anything.
    days_since_purchase,
    /// Days with a purchase, weighted by exp(-age / 30 days).
    recent_purchase_days,
    /// Days with a purchase.
    purchase_days,
    /// Units times price.
    spend,
    /// Lines a day with a purchase.
    basket_size,
    /// ln((1 + days with a purchase of late) / (1 + that of as many days, of three times as many before)).
    activity_trend,
    /// Share of the lines in the channel that is used most.
    main_channel_share,
    /// Share of past launches that the user bought within the days; only those whose days were over.
    launches_bought,
    /// Share of the lines that were of products launched in the 180 days before.
    launch_share,
    /// Of the lines, sum of likeness to the product to the power of four.
    alike_purchases,
    /// The same to the power of two.
    alike_purchases_wide,
    /// Mean likeness of the lines.
    alike_share,
    /// Likeness of the product bought that is most alike.
    most_alike,
    /// Of products looked at, sum of likeness to the power of four.
    alike_views,
    /// Share of alike launches that the user bought, drawn to 0.
    alike_launches_bought,
    /// Lines of the product's category.
    category_purchases,
    /// Their share of all lines.
    category_share,
    /// Logarithm of that share over that of all users, drawn to 0.
    category_affinity,
    /// Days with a purchase in the category, weighted as lines are.
    category_days,
    /// Days since the last of them.
    days_since_category,
    /// Mean days between them.
    category_rhythm,
    /// Days since the last one over that mean.
    category_due,
    /// Share of the lines of the product's brand.
    brand_share,
    /// Logarithm of that share over that of all users, drawn to 0.
    brand_affinity,
    /// The sum of such logarithms over all attributes with levels.
    attribute_affinity,
    /// The largest of them.
    best_affinity,
    /// ln(price / geometric mean of the prices the user paid in the category).
    price_distance,
    /// How much dearer the product is than its category, less how much dearer than their categories the user buys; logarithms.
    price_level_distance,
    /// Take-up of past launches by all users, weighted by likeness squared.
    launch_take_up,
    /// Lines a user bought of alike products in the last days, over all active users.
    alike_buyers,
    /// Lines a user bought of the category in the last days, over all active users.
    category_buyers,
    /// ln(price / mean price of the category).
    price_level,
}

/// A product as of a day.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub product: usize,
    pub likeness: Vec<f32>,
    pub moment: &'a Moment,
    /// Past launches whose days were over, and what each counts.
    past: &'a [Past],
    past_weight: Vec<f32>,
    past_total: f32,
    days: i32,
    /// Whether nobody has bought of its category, or of its brand: then nothing is known of who does.
    pub is_new_category: bool,
    is_new_brand: bool,
    /// What all users have in common.
    common: Features,
}

impl<'a> Target<'a> {
    /// `past` are launches in the order of their days, of which those count that were over.
    pub fn new(market: &Market, product: usize, moment: &'a Moment, past: &'a [Past], days: i32) -> Self {
        let catalog = &market.catalog;
        let likeness = catalog.likeness(product, &moment.scale);
        let past = &past[..past.partition_point(|p| p.day + days <= moment.day.min(market.span.1))];
        let past_weight: Vec<f32> = past.iter().map(|p| likeness[p.product].powi(2)).collect();
        let past_total: f32 = past_weight.iter().sum();
        let active = moment.active.max(1) as f64;
        let lines_of = |value: &dyn Fn(usize) -> f32| -> f64 {
            let each = (0..likeness.len()).map(|row| f64::from(moment.recent[row] * value(row)));
            each.sum::<f64>() / active
        };
        let category = catalog.category[product];
        let ln_price = f64::from(catalog.ln_price[product]);
        let mean_share = past.iter().map(|p| p.share).sum::<f64>() / past.len() as f64;
        let weighted: f64 = past
            .iter()
            .zip(&past_weight)
            .map(|(p, w)| p.share * f64::from(*w))
            .sum();
        let is_new = |code: i32, shares: &[f32]| usize::try_from(code).is_ok_and(|code| shares[code] == 0.0);
        let is_new_category = is_new(category, &moment.category_shares);
        let of_category = usize::try_from(category).ok().filter(|_| !is_new_category);
        let common = Features {
            launch_take_up: (weighted + mean_share) / (f64::from(past_total) + 1.0),
            alike_buyers: lines_of(&|row| likeness[row].powi(4)),
            category_buyers: of_category.map_or(f64::NAN, |_| {
                lines_of(&|row| f32::from(u8::from(catalog.category[row] == category)))
            }),
            price_level: of_category.map_or(f64::NAN, |category| ln_price - f64::from(moment.ln_price[category])),
            ..Features::UNKNOWN
        };
        Self {
            is_new_category,
            is_new_brand: is_new(catalog.brand[product], &moment.brand_shares),
            product,
            likeness,
            moment,
            past,
            past_weight,
            past_total,
            days,
            common,
        }
    }
}

/// What a user's events say of a product, beside the numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reason {
    /// Lines of the category, not weighted.
    pub category_lines: usize,
    /// Days since the last one.
    pub category_age: Option<i32>,
    /// The product bought that is most alike, with its likeness and the days since.
    pub alike: Option<(usize, f32, i32)>,
}

/// Room that is used again from user to user.
#[derive(Debug, Default)]
pub(super) struct Room {
    levels: Vec<f32>,
    channels: Vec<(i32, f32)>,
}

impl Market {
    /// What was known of a user and a product; of a user without purchases only what all have in common.
    pub(super) fn features(
        &self,
        user: &User,
        taken: &[u32],
        target: &Target<'_>,
        room: &mut Room,
    ) -> (Features, Reason) {
        let (moment, catalog, product) = (target.moment, &self.catalog, target.product);
        let known = &user.events[..user.events.partition_point(|e| e.day < moment.day)];
        let (own, own_levels) = catalog.line(product);
        room.levels.clear();
        room.levels.resize(own_levels.len(), 0.0);
        room.channels.clear();
        let mut out = target.common;
        let mut reason = Reason::default();
        let (category, brand) = (own.category, own.brand);
        let (mut lines, mut spend, mut days, mut short_days) = (0f32, 0f32, 0f32, 0f32);
        let (mut late, mut before, mut last_day, mut priced) = (0, 0, i32::MIN, false);
        let (mut wide, mut narrow, mut like, mut views, mut launched) = (0f32, 0f32, 0f32, 0f32, 0f32);
        let (mut of_category, mut of_brand, mut category_days, mut times) = (0f32, 0f32, 0f32, 0);
        let (mut first_category, mut last_category) = (i32::MAX, i32::MIN);
        let (mut paid, mut paid_lines, mut level, mut level_lines) = (0f32, 0f32, 0f32, 0f32);
        for event in known {
            let age = (moment.day - event.day) as usize;
            let (weight, row) = (moment.weight[age], event.product as usize);
            let s = target.likeness[row];
            if !event.bought {
                views += weight * s.powi(4);
                continue;
            }
            if event.day != last_day {
                last_day = event.day;
                days += weight;
                short_days += moment.short[age];
                match age as i32 <= target.days {
                    true => late += 1,
                    false if age as i32 <= 4 * target.days => before += 1,
                    false => {}
                }
            }
            lines += weight;
            let ln = ln_paid(event, catalog);
            if !ln.is_nan() {
                spend += weight * event.units * ln.exp();
                priced = true;
            }
            if event.channel >= 0 {
                match room.channels.iter_mut().find(|(channel, _)| *channel == event.channel) {
                    Some((_, sum)) => *sum += weight,
                    None => room.channels.push((event.channel, weight)),
                }
            }
            let squared = s * s;
            wide += weight * squared;
            narrow += weight * squared * squared;
            like += weight * s;
            if s > ALIKE && reason.alike.is_none_or(|(_, most, _)| s >= most) {
                reason.alike = Some((row, s, age as i32));
            }
            let (line, levels) = catalog.line(row);
            if (line.launch..line.launch + NEW).contains(&event.day) {
                launched += weight;
            }
            for ((level, own), sum) in levels.iter().zip(own_levels).zip(&mut room.levels) {
                if level == own && *own != MISSING {
                    *sum += weight;
                }
            }
            if brand != MISSING && line.brand == brand {
                of_brand += weight;
            }
            if let Ok(bought) = usize::try_from(line.category) {
                let mean = moment.ln_price[bought];
                if !(ln.is_nan() || mean.is_nan()) {
                    level += weight * (ln - mean);
                    level_lines += weight;
                }
            }
            if category != MISSING && line.category == category {
                of_category += weight;
                reason.category_lines += 1;
                if event.day != last_category {
                    category_days += weight;
                    times += 1;
                    last_category = event.day;
                    first_category = first_category.min(event.day);
                }
                if !ln.is_nan() {
                    paid += ln;
                    paid_lines += 1.0;
                }
            }
        }
        out.alike_views = f64::from(views);
        if last_day == i32::MIN {
            return (out, reason);
        }
        let affinity = |own: f32, share: f32| {
            let market = PRIOR_LINES * share + 0.01;
            f64::from(((own + market) / ((lines + PRIOR_LINES) * share + 0.01)).ln())
        };
        let share = |part: f32| f64::from(part / lines);
        out.days_since_purchase = f64::from(moment.day - last_day);
        out.recent_purchase_days = f64::from(short_days);
        out.purchase_days = f64::from(days);
        out.spend = if priced { f64::from(spend) } else { f64::NAN };
        out.basket_size = f64::from(lines / days);
        let span = (moment.day - self.span.0 - target.days).clamp(1, 3 * target.days);
        let usual = f64::from(before) * f64::from(target.days) / f64::from(span);
        out.activity_trend = ((1.0 + f64::from(late)) / (1.0 + usual)).ln();
        if let Some(most) = room.channels.iter().map(|c| c.1).reduce(f32::max) {
            out.main_channel_share = f64::from(most / room.channels.iter().map(|c| c.1).sum::<f32>());
        }
        out.launch_share = share(launched);
        out.alike_purchases = f64::from(narrow);
        out.alike_purchases_wide = f64::from(wide);
        out.alike_share = share(like);
        out.most_alike = f64::from(reason.alike.map_or(0.0, |a| a.1));
        if !target.past.is_empty() {
            let over = taken.iter().filter(|t| (**t as usize) < target.past.len());
            let (count, alike) = over.fold((0, 0f32), |(n, sum), t| (n + 1, sum + target.past_weight[*t as usize]));
            out.launches_bought = f64::from(count) / target.past.len() as f64;
            out.alike_launches_bought = f64::from(alike / (target.past_total + 0.5));
        }
        if let Some(code) = usize::try_from(category).ok().filter(|_| !target.is_new_category) {
            out.category_purchases = f64::from(of_category);
            out.category_share = share(of_category);
            out.category_affinity = affinity(of_category, moment.category_shares[code]);
            out.category_days = f64::from(category_days);
            if times > 0 {
                reason.category_age = Some(moment.day - last_category);
                out.days_since_category = f64::from(moment.day - last_category);
            }
            if times > 1 {
                out.category_rhythm = f64::from(last_category - first_category) / f64::from(times - 1);
                out.category_due = out.days_since_category / out.category_rhythm;
            }
            if paid_lines > 0.0 {
                out.price_distance = f64::from(catalog.ln_price[product] - paid / paid_lines);
            }
            if level_lines > 0.0 {
                out.price_level_distance = out.price_level - f64::from(level / level_lines);
            }
        }
        if let Some(code) = usize::try_from(brand).ok().filter(|_| !target.is_new_brand) {
            out.brand_share = share(of_brand);
            out.brand_affinity = affinity(of_brand, moment.brand_shares[code]);
        }
        let mut affinities =
            own_levels
                .iter()
                .zip(&room.levels)
                .zip(&moment.shares)
                .filter_map(|((code, sum), shares)| {
                    let code = usize::try_from(*code).ok()?;
                    Some(affinity(*sum, shares[code]))
                });
        if let Some(first) = affinities.next() {
            let (sum, most) = affinities.fold((first, first), |(sum, most), a| (sum + a, most.max(a)));
            out.attribute_affinity = sum;
            out.best_affinity = most;
        }
        (out, reason)
    }
}

/// The launches a user bought within their days, by their places among `past`.
pub(super) fn taken(user: &User, launch_of: &[Option<u32>], past: &[Past], days: i32) -> Vec<u32> {
    let bought = user.events.iter().filter(|e| e.bought);
    let of = |e: &Event| {
        let place = launch_of[e.product as usize]?;
        let day = past[place as usize].day;
        (day..day + days).contains(&e.day).then_some(place)
    };
    bought.filter_map(of).collect::<BTreeSet<u32>>().into_iter().collect()
}
