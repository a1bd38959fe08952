//! Learning from past launches: who bought each within so many days, seen as of the day before.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::catalog::Product;
use super::features::{FEATURES, Features, Room, Target};
use super::history::{History, Past};
use super::market::Market;
use super::measured::Measured;
use super::moment::{Sweep, is_active};
use crate::customer::{Architecture, Classifier, Embargo, Examples, Given, Options};
use crate::error::{Error, Result};
use crate::statistics::mix;

/// Fewest launches.
const MIN_LAUNCHES: usize = 10;
/// A launch counts half that is so many times the days ago, or so many days where that is more.
const HALF_LIFE: (f64, f64) = (3.0, 90.0);
/// Fewest buyers, and fewest others.
const MIN_OUTCOMES: usize = 10;
/// Pairs without a purchase that are drawn at least.
const MIN_NEGATIVES: usize = 2_000;
/// And at most.
const MAX_NEGATIVES: usize = 500_000;
/// Pairs that figures are taken from, about: launches are drawn where there are more.
const MEASURED: usize = 300_000;
/// Expected over observed buyers beyond which it is said.
const OFF: f64 = 2.0;
/// Purchases that the units of a user are drawn to those of all with.
const PRIOR_PURCHASES: f64 = 10.0;

/// How a purchase model is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct Learning {
    /// Days from the launch within which a purchase counts.
    pub days: i32,
    /// Days before a launch within which a user has done something.
    pub active: i32,
    /// Pairs without a purchase that are learned from for each one with; 2,000 at least.
    pub negatives: usize,
    /// What it is.
    pub architecture: Architecture,
    /// Parts of the launches, in the order of time.
    pub folds: usize,
    /// Seed of random numbers.
    pub seed: i64,
}

/// What is known of any product, and of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Knows {
    /// Categories.
    pub category: bool,
    /// Brands.
    pub brand: bool,
    /// Prices.
    pub price: bool,
    /// Events that are no purchases.
    pub views: bool,
    /// Attributes that some product has, in lower case.
    pub attributes: Vec<String>,
}

impl Knows {
    /// Of a market.
    pub fn of(market: &Market) -> Self {
        let products = market.catalog.products.iter().enumerate();
        let products = || {
            products
                .clone()
                .filter(|(place, _)| !market.candidates.contains(place))
                .map(|(_, p)| p)
        };
        Self {
            category: products().any(|p| p.category.is_some()),
            brand: products().any(|p| p.brand.is_some()),
            price: products().any(|p| p.price.is_some()),
            views: market.users.iter().any(|u| u.events.iter().any(|e| !e.bought)),
            attributes: market.catalog.attributes(),
        }
    }
}

/// What a purchase model is beside a classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// Days from the launch within which a purchase counts.
    pub days: i32,
    /// Days before a launch within which a user has done something.
    pub active: i32,
    /// What was known of products.
    pub knows: Knows,
    /// Launches learned from.
    pub launches: usize,
    /// Pairs of a launch and a user who was active before it.
    pub pairs: usize,
    /// Of these, with a purchase.
    pub buyers: usize,
    /// Buyers who were not active before the launch: new users, and those who came back.
    pub other_buyers: usize,
    /// Share of the pairs without a purchase that was learned from.
    pub sampled: f64,
    /// Units of a buyer within the days, of a user who takes as much as all do.
    pub units: f64,
    /// Units of a purchase of any product, of all users.
    pub usual_units: f64,
    /// Mean over launches of the share of buyers among the most probable tenth, times ten; out of fold.
    pub lift: f64,
    /// The same of users in the order of purchases in the category over days since.
    pub category_lift: f64,
    /// Mean average precision of a launch, out of fold, and that of the order by category.
    pub launch_precision: f64,
    /// See `launch_precision`.
    pub category_precision: f64,
    /// Expected over observed buyers, out of fold.
    pub expected_over_observed: f64,
}

impl Terms {
    /// Whether they are what [`train`] makes.
    pub fn is_valid(&self) -> bool {
        self.days > 0
            && self.active > 0
            && self.units.is_finite()
            && self.units >= 0.0
            && self.usual_units.is_finite()
            && self.usual_units >= 0.0
    }
}

/// Pairs that are learned from.
struct Pairs {
    features: Vec<Features>,
    bought: Vec<bool>,
    launch: Vec<u32>,
}

/// Train a purchase model.
///
/// *Model*: for each launch that was seen for so many days, the users that were active before are the population; those who bought it
/// within the days are positive, of the others a share is drawn and weighted by its inverse, so that probabilities are those of
/// all. Launches are held out in the order of time, and predicted from those whose days were over then. Launches count half as
/// much where they are three times the days older, or 90 days.
///
/// # Errors
/// [`Error::Refused`] for fewer than ten launches or buyers; those of [`Classifier::train`].
pub fn train(market: &Market, learning: &Learning) -> Result<Classifier> {
    let Learning { days, active, .. } = *learning;
    let history = History::of(market, days, active);
    let (early, late) = (market.span.0 + days, market.span.1 - days);
    let known = |p: &&Past| p.day >= early && p.day <= late;
    let usable: Vec<usize> = (0..history.past.len()).filter(|k| known(&&history.past[*k])).collect();
    let notes = notes(market, &history, days, (early, late));
    let more = match notes.is_empty() {
        true => String::new(),
        false => format!(" ({})", notes.join("; ")),
    };
    if usable.len() < MIN_LAUNCHES {
        return Err(Error::refused(format!(
            "{} launches have {days} days of events before and after them: at least {MIN_LAUNCHES} are needed{more}",
            usable.len(),
        )));
    }
    let mut dates: Vec<i32> = usable.iter().map(|k| history.past[*k].day).collect();
    dates.dedup();
    if dates.len() < 2 {
        return Err(Error::refused(
            "all launches are on one day: at least two days are needed, so that later ones can be told from earlier ones",
        ));
    }
    let eligible = |user: usize, past: &Past| {
        let events = &market.users[user].events;
        let is_own = |e: &super::Event| e.day < past.day && e.bought && e.product as usize == past.product;
        is_active(events, past.day, active) && !(past.is_sold_before && events.iter().any(is_own))
    };
    // Before anything is drawn: how many there are.
    let count = |k: &usize| {
        let past = &history.past[*k];
        let (mut pairs, mut buyers, mut others) = (0usize, 0usize, 0usize);
        for user in 0..market.users.len() {
            let bought = history.taken[user].binary_search(&(*k as u32)).is_ok();
            match (eligible(user, past), bought) {
                (true, bought) => {
                    pairs += 1;
                    buyers += usize::from(bought);
                }
                (false, true) if !is_active(&market.users[user].events, past.day, active) => others += 1,
                (false, _) => {}
            }
        }
        (pairs, buyers, others)
    };
    let add = |a: (usize, usize, usize), b: (usize, usize, usize)| (a.0 + b.0, a.1 + b.1, a.2 + b.2);
    let (pairs, buyers, other_buyers) = usable.par_iter().map(count).reduce(|| (0, 0, 0), add);
    let few =
        |count: usize, what: &str| Error::refused(format!("{count} {what}: at least {MIN_OUTCOMES} are needed{more}"));
    if buyers < MIN_OUTCOMES {
        return Err(few(
            buyers,
            &format!("active users bought a launch within {days} days of it"),
        ));
    }
    if pairs - buyers < MIN_OUTCOMES {
        return Err(few(
            pairs - buyers,
            &format!("active users did not buy a launch within {days} days of it"),
        ));
    }
    let rest = (pairs - buyers) as f64;
    let sampled = ((learning.negatives * buyers).clamp(MIN_NEGATIVES, MAX_NEGATIVES) as f64 / rest).min(1.0);
    let chosen = |user: usize, past: &Past| {
        let text = format!(
            "{}\u{0}{}",
            market.catalog.products[past.product].key, market.users[user].key
        );
        share_of(&text, learning.seed) < sampled
    };
    let mut sweep = Sweep::new(market, days, active);
    let mut all = Pairs {
        features: Vec::new(),
        bought: Vec::new(),
        launch: Vec::new(),
    };
    for date in &dates {
        let moment = sweep.to(*date);
        let of_date: Vec<usize> = usable
            .iter()
            .copied()
            .filter(|k| history.past[*k].day == *date)
            .collect();
        let learned = |k: &usize| {
            let past = &history.past[*k];
            let target = Target::new(market, past.product, &moment, &history.past, days);
            let of_user = |room: &mut Room, user: usize| {
                let bought = history.taken[user].binary_search(&(*k as u32)).is_ok();
                let taken = eligible(user, past) && (bought || chosen(user, past));
                let features = |room| {
                    market
                        .features(&market.users[user], &history.taken[user], &target, room)
                        .0
                };
                taken.then(|| (features(room), bought, *k as u32))
            };
            let mut room = Room::default();
            (0..market.users.len())
                .filter_map(|user| of_user(&mut room, user))
                .collect::<Vec<_>>()
        };
        let found: Vec<Vec<_>> = of_date.par_iter().map(learned).collect();
        for (features, bought, launch) in found.into_iter().flatten() {
            all.features.push(features);
            all.bought.push(bought);
            all.launch.push(launch);
        }
    }
    let newest = *dates.last().unwrap_or(&0);
    let half_life = (HALF_LIFE.0 * f64::from(days)).max(HALF_LIFE.1);
    let day = |row: usize| history.past[all.launch[row] as usize].day;
    let rows = all.launch.len();
    let given = Given {
        // Kept once, as columns.
        attributes: batch(&std::mem::take(&mut all.features))?,
        labels: all.bought.iter().map(|b| Some(f64::from(u8::from(*b)))).collect(),
        weights: all
            .bought
            .iter()
            .map(|b| Some(if *b { 1.0 } else { 1.0 / sampled }))
            .collect(),
        fold: (0..rows).map(|row| Some(day(row).to_string())).collect(),
        grouping: all.launch.iter().map(|k| Some(k.to_string())).collect(),
        notes: Vec::new(),
        embargo: Some(Embargo {
            until: f64::from(days),
            emphasis: (0..rows)
                .map(|row| 0.5f64.powf(f64::from(newest - day(row)) / half_life))
                .collect(),
        }),
    };
    let examples = Examples::try_new(given, learning.folds, learning.seed)?;
    let options = Options {
        architecture: learning.architecture,
        seed: learning.seed,
    };
    // Figures are those of all users of a launch, not of those drawn.
    let held_out = |k: &&usize| {
        examples
            .held_out()
            .contains(&examples.fold_of(f64::from(history.past[**k].day)))
    };
    let mut measured: Vec<usize> = usable.iter().filter(held_out).copied().collect();
    measured.sort_by_key(|k| mix(*k as u64 ^ mix(learning.seed as u64)));
    measured.truncate((MEASURED * usable.len() / pairs.max(1)).max(MIN_LAUNCHES));
    measured.sort_unstable();
    let mut sweep = Sweep::new(market, days, active);
    let (mut further, mut outcomes) = (Vec::new(), Vec::new());
    for date in &dates {
        let of_date: Vec<usize> = measured
            .iter()
            .copied()
            .filter(|k| history.past[*k].day == *date)
            .collect();
        if of_date.is_empty() {
            continue;
        }
        let moment = sweep.to(*date);
        let whole = |k: &usize| {
            let past = &history.past[*k];
            let target = Target::new(market, past.product, &moment, &history.past, days);
            let mut room = Room::default();
            let users = (0..market.users.len()).filter(|user| eligible(*user, past));
            users
                .map(|user| {
                    let bought = history.taken[user].binary_search(&(*k as u32)).is_ok();
                    (
                        market
                            .features(&market.users[user], &history.taken[user], &target, &mut room)
                            .0,
                        bought,
                    )
                })
                .unzip()
        };
        let found: Vec<(Vec<Features>, Vec<bool>)> = of_date.par_iter().map(whole).collect();
        for (features, bought) in found {
            further.push((examples.fold_of(f64::from(*date)), batch(&features)?));
            outcomes.push(bought);
        }
    }
    let (mut model, said) = Classifier::train_telling(&examples, &options, &further)?;
    let launches = further.iter().map(|(_, batch)| batch).zip(&outcomes).zip(&said);
    let measured = Measured::of(launches.map(|((batch, bought), said)| (batch, bought.as_slice(), said.as_slice())));
    let measured = measured.ok_or_else(|| Error::refused("the launches that are held out have no buyer"))?;
    let counts = |day: i32| 0.5f64.powf(f64::from(newest - day) / half_life);
    let (units, usual_units) = units(market, &history, &usable, days, counts);
    if let Some(facts) = &mut model.facts {
        facts.scores = measured.scores;
        facts.base_rate = buyers as f64 / pairs as f64;
        facts.notes.splice(0..0, notes);
        if other_buyers > 0 {
            facts.notes.push(format!(
                "{other_buyers} of {} buyers did nothing in the {active} days before the launch and are not among those asked about",
                buyers + other_buyers
            ));
        }
    }
    let off = measured.expected_over_observed;
    if let Some(facts) = model.facts.as_mut().filter(|_| !(1.0 / OFF..=OFF).contains(&off)) {
        facts.notes.insert(0, format!(
            "of launches held out {off:.2} times as many buyers were expected as there were: take the order, not the level, or give more launches"
        ));
    }
    model.terms = Some(Terms {
        days,
        active,
        knows: Knows::of(market),
        launches: usable.len(),
        pairs,
        buyers,
        other_buyers,
        sampled,
        units,
        usual_units,
        lift: measured.lift,
        category_lift: measured.category_lift,
        launch_precision: measured.precision,
        category_precision: measured.category_precision,
        expected_over_observed: measured.expected_over_observed,
    });
    Ok(model)
}

/// What is to be known of the launches and events, in words.
fn notes(market: &Market, history: &History, days: i32, (early, late): (i32, i32)) -> Vec<String> {
    let mut notes = Vec::new();
    let mut told = |count: usize, what: &str| match count {
        0 => {}
        1 => notes.push(format!("1 launch {what}")),
        _ => notes.push(format!("{count} launches {what}")),
    };
    let products = &market.catalog.products;
    let outside = |p: &Product| {
        p.launch
            .is_some_and(|day| !(market.span.0..market.span.1).contains(&day))
    };
    told(
        products.iter().filter(|p| outside(p)).count(),
        "before the first or after the last event left out",
    );
    let of = |wanted: &dyn Fn(&Past) -> bool| history.past.iter().filter(|p| wanted(p)).count();
    told(
        of(&|p| p.day < early),
        &format!("with less than {days} days of events before left out"),
    );
    told(
        of(&|p| p.day >= early && p.day > late),
        &format!("not yet seen for {days} days left out"),
    );
    told(
        of(&|p| p.is_sold_before),
        "bought before the launch date: users who did so are not asked about",
    );
    let unread: Vec<&String> = products.iter().filter_map(|p| p.unread.as_ref()).collect();
    if let Some(text) = unread.iter().min() {
        notes.push(format!(
            "{} launch dates are no date from 1970 to 2200, such as '{text}', and count as none",
            unread.len()
        ));
    }
    let unknown = products.len() as u32 - 1;
    let strange = market
        .users
        .iter()
        .flat_map(|u| &u.events)
        .filter(|e| e.product == unknown)
        .count();
    let left = &market.catalog.left_out;
    notes.extend((!left.is_empty()).then(|| format!("not looked at: {}", left.join(", "))));
    if strange > 0 {
        notes.push(format!(
            "{strange} events are of products that are not among the products: nothing is known of what was bought"
        ));
    }
    notes
}

/// A number from 0 to 1 that looks drawn at random, the same for the same text and seed.
pub(super) fn share_of(text: &str, seed: i64) -> f64 {
    let hash = text
        .bytes()
        .fold(mix(seed as u64), |hash, byte| mix(hash ^ u64::from(byte)));
    (hash >> 11) as f64 / (1u64 << 53) as f64
}

/// Features as columns.
pub(super) fn batch(features: &[Features]) -> Result<RecordBatch> {
    let mut columns: Vec<Vec<f64>> = vec![Vec::with_capacity(features.len()); FEATURES.len()];
    for row in features {
        columns
            .iter_mut()
            .zip(row.values())
            .for_each(|(column, value)| column.push(value));
    }
    let arrays = columns.into_iter().map(|values| {
        let known = values.into_iter().map(|v| v.is_finite().then_some(v));
        Arc::new(Float64Array::from_iter(known)) as ArrayRef
    });
    let fields = FEATURES.iter().map(|name| Field::new(*name, DataType::Float64, true));
    Ok(RecordBatch::try_new(
        Arc::new(Schema::new(fields.collect::<Vec<_>>())),
        arrays.collect(),
    )?)
}

/// Units of a buyer within the days over what such a user mostly takes, later launches counting more; and units of any purchase.
fn units(market: &Market, history: &History, usable: &[usize], days: i32, counts: impl Fn(i32) -> f64) -> (f64, f64) {
    let lines = || market.users.iter().flat_map(|u| u.events.iter().filter(|e| e.bought));
    let usual = lines().map(|e| f64::from(e.units)).sum::<f64>() / f64::max(lines().count() as f64, 1.0);
    let (mut taken, mut expected) = (0.0, 0.0);
    for (user, places) in market.users.iter().zip(&history.taken) {
        for place in places
            .iter()
            .filter(|place| usable.binary_search(&(**place as usize)).is_ok())
        {
            let past = &history.past[*place as usize];
            let within = past.day..past.day + days;
            let is_own = |e: &&super::Event| e.bought && e.product as usize == past.product && within.contains(&e.day);
            let counts = counts(past.day);
            taken += counts
                * user
                    .events
                    .iter()
                    .filter(is_own)
                    .map(|e| f64::from(e.units))
                    .sum::<f64>();
            expected += counts * usual_units(user, past.day, usual) / usual;
        }
    }
    (taken / f64::max(expected, f64::MIN_POSITIVE), usual)
}

/// Units that a user mostly takes of anything, drawn to those of all.
fn usual_units(user: &super::User, day: i32, usual: f64) -> f64 {
    let known = user.events.iter().take_while(|e| e.day < day).filter(|e| e.bought);
    let (sum, lines) = known.fold((0.0, 0.0), |(sum, n), e| (sum + f64::from(e.units), n + 1.0));
    (sum + PRIOR_PURCHASES * usual) / (lines + PRIOR_PURCHASES)
}

/// Units that a buyer takes, by what the user mostly takes of anything.
pub(super) fn expected_units(terms: &Terms, user: &super::User, day: i32) -> f64 {
    terms.units * usual_units(user, day, terms.usual_units) / terms.usual_units.max(f64::MIN_POSITIVE)
}
