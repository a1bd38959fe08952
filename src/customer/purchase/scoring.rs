//! Probabilities of users and candidates, and what is told of a pair.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::catalog::Product;
use super::features::{Features, Reason, Room, Target};
use super::history::History;
use super::learning::{Knows, Terms, batch, expected_units};
use super::market::{Market, User};
use super::moment::{Moment, Sweep, is_active};
use crate::calibration::logistic;
use crate::customer::Classifier;
use crate::error::{Error, Result};

/// Pairs that are scored together.
const BLOCK: usize = 4096;
/// Likeness from which a product bought is told as a reason.
const TOLD: f32 = 0.2;

/// A row of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Advice {
    /// Candidate.
    pub product: Option<String>,
    /// User; none where the candidate cannot be asked about.
    pub user: Option<String>,
    /// From 1.
    pub rank: Option<i64>,
    /// That the user buys within the days.
    pub probability: Option<f64>,
    /// Probability times the units of a buyer.
    pub expected_units: Option<f64>,
    /// The channel the user is mostly in.
    pub channel: Option<i64>,
    /// Whether the user is not told, so that others can be compared.
    pub is_control: Option<bool>,
    /// Why there is none; else `None`.
    pub refusal: Option<String>,
    /// What the user did.
    pub reason: Option<String>,
}

/// The features of a user and a candidate.
#[derive(Debug, Clone)]
pub struct Pair {
    /// Place of the user among [`Market::user`].
    pub user: usize,
    /// Whether the user was active, which a model learns from.
    pub eligible: bool,
    /// What was known.
    pub features: Features,
}

/// A candidate and the day it is asked about as of.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub product: usize,
    pub day: i32,
    pub refusal: Option<String>,
}

impl Market {
    /// The user at a place.
    pub fn user(&self, place: usize) -> &User {
        &self.users[place]
    }

    /// Candidates in the order of their days. Without a day each is asked about as of its launch, or as of the day after the last
    /// event where that comes first.
    pub(super) fn asked(&self, as_of: Option<i32>) -> Vec<Candidate> {
        let products = &self.catalog.products;
        let mut copies: BTreeMap<&String, usize> = BTreeMap::new();
        self.candidates
            .iter()
            .for_each(|p| *copies.entry(&products[*p].key).or_default() += 1);
        let mut first: BTreeMap<&String, i32> = BTreeMap::new();
        self.daily.iter().for_each(|d| {
            first.entry(&products[d.product as usize].key).or_insert(d.day);
        });
        let candidate = |&product: &usize| {
            let Product {
                key, launch, unread, ..
            } = &products[product];
            let day = as_of.unwrap_or_else(|| launch.unwrap_or(self.span.1).min(self.span.1));
            let refusal = if let Some(text) = unread {
                Some(format!("its launch date is no date from 1970 to 2200: '{text}'"))
            } else if key.is_empty() {
                Some("the candidate has no id".to_owned())
            } else if copies[key] > 1 {
                Some(format!("the candidate is there {} times: give one row", copies[key]))
            } else if first.get(key).is_some_and(|sold| *sold < day) {
                Some("the candidate is on sale already: it was bought before that day".to_owned())
            } else if day <= self.span.0 {
                Some("there are no events before that day".to_owned())
            } else {
                None
            };
            Candidate { product, day, refusal }
        };
        let mut asked: Vec<Candidate> = self.candidates.iter().map(candidate).collect();
        asked.sort_by(|a, b| (a.day, &products[a.product].key).cmp(&(b.day, &products[b.product].key)));
        asked
    }

    /// The features of all users that did something before the day, for each candidate that can be asked about.
    pub fn pairs(&self, days: i32, active: i32, as_of: Option<i32>) -> Vec<(String, i32, Vec<Pair>)> {
        let history = History::of(self, days, active);
        let mut sweep = Sweep::new(self, days, active);
        let mut found = Vec::new();
        for candidate in self.asked(as_of).into_iter().filter(|c| c.refusal.is_none()) {
            let moment = sweep.to(candidate.day);
            let target = Target::new(self, candidate.product, &moment, &history.past, days);
            let pair = |room: &mut Room, user: usize| {
                let own = &self.users[user];
                own.events.first().filter(|e| e.day < candidate.day)?;
                Some(Pair {
                    user,
                    eligible: is_active(&own.events, candidate.day, active),
                    features: self.features(own, &history.taken[user], &target, room).0,
                })
            };
            let pairs = (0..self.users.len()).into_par_iter().map_init(Room::default, pair);
            let pairs: Vec<Option<Pair>> = pairs.collect();
            let key = self.catalog.products[candidate.product].key.clone();
            found.push((key, candidate.day, pairs.into_iter().flatten().collect()));
        }
        found
    }
}

/// A model, the market it is asked in, and what is known at each candidate's day.
pub(super) struct Asking<'a> {
    pub market: &'a Market,
    pub model: &'a Classifier,
    pub terms: &'a Terms,
    pub candidates: Vec<Candidate>,
    pub history: History,
}

impl<'a> Asking<'a> {
    /// # Errors
    /// [`Error::Argument`] for a model that knows nothing of launches.
    pub fn new(market: &'a Market, model: &'a Classifier, as_of: Option<i32>) -> Result<Self> {
        if let Some(reason) = &model.refusal {
            return Err(Error::argument(format!("the model cannot answer: {reason}")));
        }
        let terms = model.terms.as_ref().ok_or_else(|| {
            Error::argument("the model is of launch_train_classifier and knows nothing of launches: train one with launch_train_purchase")
        })?;
        let lacks = |what: &str, column: &str| {
            Error::argument(format!(
                "the model was learned with the {what} of products, and no product has one here: name the column, {column} := '...'"
            ))
        };
        let known = Knows::of(market);
        for (learned, here, what, column) in [
            (terms.knows.category, known.category, "category", "category"),
            (terms.knows.brand, known.brand, "brand", "brand"),
            (terms.knows.price, known.price, "price", "price"),
        ] {
            if learned && !here {
                return Err(lacks(what, column));
            }
        }
        let gone: Vec<&str> = terms
            .knows
            .attributes
            .iter()
            .filter(|a| !known.attributes.contains(a))
            .map(String::as_str)
            .collect();
        if !gone.is_empty() {
            return Err(Error::argument(format!(
                "the model was learned with attributes that no product has here: {}",
                gone.join(", ")
            )));
        }
        if terms.knows.views && !known.views {
            return Err(Error::argument(
                "the model was learned with events that are no purchases, such as views, and there are none here: give the same events",
            ));
        }
        Ok(Self {
            market,
            model,
            terms,
            candidates: market.asked(as_of),
            history: History::of(market, terms.days, terms.active),
        })
    }

    /// For each candidate the probabilities of users that were active, of those wanted.
    ///
    /// # Errors
    /// Those of the model.
    pub fn probabilities(&self, wanted: impl Fn(usize, &Candidate) -> bool + Sync) -> Result<Vec<Vec<(u32, f32)>>> {
        let mut sweep = self.sweep();
        let mut found = Vec::with_capacity(self.candidates.len());
        for candidate in &self.candidates {
            if candidate.refusal.is_some() {
                found.push(Vec::new());
                continue;
            }
            let moment = sweep.to(candidate.day);
            let target = self.target(candidate, &moment);
            let users: Vec<usize> = (0..self.market.users.len())
                .filter(|user| {
                    wanted(*user, candidate)
                        && is_active(&self.market.users[*user].events, candidate.day, self.terms.active)
                })
                .collect();
            let block = |users: &[usize]| -> Result<Vec<(u32, f32)>> {
                let mut room = Room::default();
                let features = |user: &usize| self.features(*user, &target, &mut room).0;
                let features: Vec<Features> = users.iter().map(features).collect();
                let odds = self.model.log_odds(&batch(&features)?)?;
                Ok(users
                    .iter()
                    .zip(odds)
                    .map(|(user, z)| (*user as u32, logistic(z) as f32))
                    .collect())
            };
            let blocks: Vec<Vec<_>> = users.par_chunks(BLOCK).map(block).collect::<Result<_>>()?;
            found.push(blocks.concat());
        }
        Ok(found)
    }

    pub fn sweep(&self) -> Sweep<'a> {
        Sweep::new(self.market, self.terms.days, self.terms.active)
    }

    pub fn target<'m>(&'m self, candidate: &Candidate, moment: &'m Moment) -> Target<'m> {
        Target::new(
            self.market,
            candidate.product,
            moment,
            &self.history.past,
            self.terms.days,
        )
    }

    fn features(&self, user: usize, target: &Target<'_>, room: &mut Room) -> (Features, Reason) {
        self.market
            .features(&self.market.users[user], &self.history.taken[user], target, room)
    }

    /// What is told of a pair.
    pub fn advice(&self, user: usize, probability: f32, target: &Target<'_>, room: &mut Room) -> Advice {
        let (own, day) = (&self.market.users[user], target.moment.day);
        let reason = self.features(user, target, room).1;
        let probability = f64::from(probability);
        Advice {
            product: Some(self.market.catalog.products[target.product].key.clone()),
            user: Some(own.key.clone()),
            rank: None,
            probability: Some(probability),
            expected_units: Some(probability * expected_units(self.terms, own, day)),
            channel: main_channel(own, target.moment),
            is_control: None,
            refusal: None,
            reason: Some(self.told(&reason, target.product, target.is_new_category)),
        }
    }

    fn told(&self, reason: &Reason, product: usize, is_new: bool) -> String {
        let products = &self.market.catalog.products;
        let ago = |age: i32| {
            if age == 1 {
                "1 day ago".to_owned()
            } else {
                format!("{age} days ago")
            }
        };
        let category = products[product].category.as_deref();
        let bought = match (category, reason.category_age) {
            (Some(category), Some(age)) => {
                let times = if reason.category_lines == 1 {
                    "once".to_owned()
                } else {
                    format!("{} times", reason.category_lines)
                };
                Some(format!("bought {category} {times}, last {}", ago(age)))
            }
            (Some(category), None) if is_new => Some(format!("nobody has bought {category} yet")),
            (Some(category), None) => Some(format!("has not bought {category}")),
            (None, _) => None,
        };
        let alike = reason.alike.filter(|a| a.1 >= TOLD);
        let alike = alike.map(|(row, likeness, age)| {
            format!(
                "most alike: {} ({:.0} %), bought {}",
                products[row].key,
                100.0 * likeness,
                ago(age)
            )
        });
        let lacking = self.market.catalog.lacking(product, &self.terms.knows.attributes);
        let lacking = (!lacking.is_empty()).then(|| format!("the candidate has no {}", lacking.join(", ")));
        let parts: Vec<String> = [bought, alike, lacking].into_iter().flatten().collect();
        match parts.is_empty() {
            true => "bought nothing alike".to_owned(),
            false => parts.join("; "),
        }
    }
}

/// The channel of most events by weight; of equal ones the first.
fn main_channel(user: &User, moment: &Moment) -> Option<i64> {
    let mut sums: BTreeMap<i32, f32> = BTreeMap::new();
    for event in user
        .events
        .iter()
        .take_while(|e| e.day < moment.day)
        .filter(|e| e.channel >= 0)
    {
        *sums.entry(event.channel).or_default() += moment.weight[(moment.day - event.day) as usize];
    }
    let most = sums.values().copied().reduce(f32::max)?;
    sums.into_iter()
        .find(|(_, sum)| *sum == most)
        .map(|(channel, _)| i64::from(channel))
}

/// Candidates for users: for each of those asked about the `k` most probable ones.
///
/// `diversity` from 0 to 1 draws each further candidate away from those chosen: it has the largest (1 - d) p / p of the first - d
/// times its likeness to the most alike one.
///
/// *Reference*: Carbonell, Goldstein 1998, The use of MMR, diversity-based reranking.
///
/// # Errors
/// [`Error::Argument`] for a model that knows nothing of launches.
pub fn recommend(
    market: &Market,
    model: &Classifier,
    k: usize,
    diversity: f64,
    as_of: Option<i32>,
) -> Result<Vec<Advice>> {
    let asking = Asking::new(market, model, as_of)?;
    let products = &market.catalog.products;
    let found = asking.probabilities(|user, candidate| {
        market.users[user].asked && !market.users[user].is_excluded(&products[candidate.product].key)
    })?;
    // Of candidates among each other, where it is asked for.
    let scale = market.catalog.scale(&vec![true; products.len()]);
    let among = |candidate: &Candidate| -> Vec<f32> {
        let likeness = market.catalog.likeness(candidate.product, &scale);
        asking.candidates.iter().map(|c| likeness[c.product]).collect()
    };
    let likeness: Vec<Vec<f32>> = match diversity > 0.0 {
        true => asking.candidates.par_iter().map(among).collect(),
        false => Vec::new(),
    };
    let mut by_user: Vec<Vec<(usize, f32)>> = vec![Vec::new(); market.users.len()];
    for (candidate, pairs) in found.iter().enumerate() {
        pairs
            .iter()
            .for_each(|(user, p)| by_user[*user as usize].push((candidate, *p)));
    }
    let choose = |mut left: Vec<(usize, f32)>| {
        let most = left.iter().map(|c| c.1).fold(f32::MIN_POSITIVE, f32::max);
        let mut chosen: Vec<(usize, f32)> = Vec::new();
        if likeness.is_empty() {
            left.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            left.truncate(k);
            return left;
        }
        while chosen.len() < k && !left.is_empty() {
            let value = |&(candidate, p): &(usize, f32)| {
                // The first one is the most probable.
                if chosen.is_empty() {
                    return p;
                }
                let near = chosen.iter().map(|(c, _)| likeness[*c][candidate]);
                let near = near.fold(0.0, f32::max);
                (1.0 - diversity as f32) * p / most - diversity as f32 * near
            };
            let best = (0..left.len()).reduce(|a, b| if value(&left[b]) > value(&left[a]) { b } else { a });
            chosen.extend(best.map(|best| left.remove(best)));
        }
        chosen
    };
    let chosen: Vec<Vec<(usize, f32)>> = by_user.into_par_iter().map(choose).collect();
    // By candidate, so that each day is gone to once.
    let mut wanted: Vec<Vec<(u32, f32, i64)>> = vec![Vec::new(); asking.candidates.len()];
    for (user, list) in chosen.iter().enumerate() {
        list.iter()
            .zip(1..)
            .for_each(|((c, p), rank)| wanted[*c].push((user as u32, *p, rank)));
    }
    let mut out = asking.told_of(&wanted);
    let latest = asking
        .candidates
        .iter()
        .filter(|c| c.refusal.is_none())
        .map(|c| c.day)
        .max();
    let without = |(user, list): &(usize, &Vec<(usize, f32)>)| market.users[*user].asked && list.is_empty();
    for (user, _) in chosen.iter().enumerate().filter(without) {
        let (own, active) = (&market.users[user], asking.terms.active);
        let why = match latest {
            None => "no candidate can be asked about".to_owned(),
            Some(day) if !own.events.iter().any(|e| e.day < day) => {
                "nothing is known of this user: no events".to_owned()
            }
            Some(day) if !is_active(&own.events, day, active) => {
                format!("the user did nothing in the last {active} days, and the model knows active users alone")
            }
            Some(_) => "the user is not to be told of any candidate".to_owned(),
        };
        out.push(Advice {
            user: Some(own.key.clone()),
            refusal: Some(why),
            ..Advice::default()
        });
    }
    Ok(out)
}

impl Asking<'_> {
    /// Rows of pairs with their ranks, by candidate; candidates that cannot be asked about have one that says why.
    pub fn told_of(&self, wanted: &[Vec<(u32, f32, i64)>]) -> Vec<Advice> {
        let (mut sweep, mut out) = (self.sweep(), Vec::new());
        for (candidate, pairs) in self.candidates.iter().zip(wanted) {
            if let Some(refusal) = &candidate.refusal {
                let key = &self.market.catalog.products[candidate.product].key;
                out.push(Advice {
                    product: (!key.is_empty()).then(|| key.clone()),
                    refusal: Some(refusal.clone()),
                    ..Advice::default()
                });
                continue;
            }
            let moment = sweep.to(candidate.day);
            let target = self.target(candidate, &moment);
            let row = |room: &mut Room, (user, p, rank): &(u32, f32, i64)| Advice {
                rank: Some(*rank),
                ..self.advice(*user as usize, *p, &target, room)
            };
            out.extend(pairs.par_iter().map_init(Room::default, row).collect::<Vec<_>>());
        }
        out
    }
}
