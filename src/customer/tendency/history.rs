//! Which reviews are known at which day, and what is told of the others.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;

use super::rows::{Rows, Single};
use crate::customer::Rating;
use crate::error::{Error, Result};

/// Days at which candidates are asked about within the reviews at most: each is learned from anew.
const MAX_DAYS: usize = 6;
/// Reviews of a bin of time at least, and bins at most.
const OF_BIN: usize = 200;
const MAX_BINS: usize = 24;
/// Reviews and products that there are at least.
const MIN_REVIEWS: usize = 10;
const MIN_PRODUCTS: usize = 3;

/// A review that can be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Review {
    /// Number of the product.
    pub product: u32,
    /// Number of the user, where it is known.
    pub user: Option<u32>,
    /// Days since 1970-01-01.
    pub day: Option<i32>,
    /// The rating.
    pub rating: f64,
}

/// A product that is asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Number of the product.
    pub product: u32,
    /// The day that it is asked about as of, days since 1970-01-01: reviews from then on are not known.
    pub day: Option<i32>,
    /// Why it cannot be asked about.
    pub refusal: Option<String>,
}

/// Reviews, products and what is asked.
#[derive(Debug, Clone)]
pub struct Reviewed {
    /// In any order.
    pub reviews: Vec<Review>,
    /// Rows that could not be read, by what is wrong with them.
    pub unread: BTreeMap<String, usize>,
    /// What else is to be told of the tables, in the order of the alphabet.
    pub told: Vec<String>,
    /// Attributes by number of the product.
    pub attributes: RecordBatch,
    /// Number of users.
    pub users: usize,
    /// Users that are asked about; `None` where products alone are.
    pub asked: Option<Vec<u32>>,
    /// Products that are asked about.
    pub candidates: Vec<Candidate>,
    /// The scale of ratings.
    pub scale: Rating,
    /// Probability of intervals.
    pub level: f64,
}

impl Reviewed {
    /// Takes out ratings that are none of the scale, and reviews without a date among those with one.
    pub(super) fn checked(mut self) -> Result<Self> {
        crate::statistics::check_level(self.level)?;
        let scale = self.scale;
        let outside = scale.check(self.reviews.iter().map(|r| r.rating))?.count;
        if outside > 0 {
            let text = format!("rating not between {} and {}", scale.lowest(), scale.highest());
            *self.unread.entry(text).or_default() += outside;
            self.reviews.retain(|r| scale.includes(r.rating));
        }
        if self.reviews.iter().any(|r| r.day.is_some()) {
            let undated = self.reviews.iter().filter(|r| r.day.is_none()).count();
            if undated > 0 {
                *self.unread.entry("no date".to_owned()).or_default() += undated;
                self.reviews.retain(|r| r.day.is_some());
            }
        }
        // The order in which rows came must not matter.
        self.reviews.sort_unstable_by(|a, b| {
            let key = |r: &Review| (r.product, r.day, r.user);
            key(a).cmp(&key(b)).then(a.rating.total_cmp(&b.rating))
        });
        Ok(self)
    }

    /// The days that candidates are answered as of, each at most its own; none for all reviews. In their order, with the
    /// candidates of each.
    pub(super) fn days(&self) -> Vec<(Option<i32>, Vec<usize>)> {
        let last = self.reviews.iter().filter_map(|r| r.day).max();
        let within = |day: Option<i32>| day.filter(|day| last.is_some_and(|last| *day <= last));
        let open = || self.candidates.iter().enumerate().filter(|(_, c)| c.refusal.is_none());
        let mut days: Vec<i32> = open().filter_map(|(_, c)| within(c.day)).collect();
        days.sort_unstable();
        days.dedup();
        if days.len() > MAX_DAYS {
            let count = days.len();
            days = (0..MAX_DAYS)
                .filter_map(|i| days.get(i * count / MAX_DAYS).copied())
                .collect();
        }
        let mut groups: BTreeMap<(bool, Option<i32>), Vec<usize>> = BTreeMap::new();
        for (number, candidate) in open() {
            let day = within(candidate.day);
            let day = day.and_then(|day| days.iter().rev().find(|d| **d <= day)).copied();
            groups.entry((day.is_none(), day)).or_default().push(number);
        }
        groups.into_iter().map(|((_, day), numbers)| (day, numbers)).collect()
    }
}

/// The reviews before a day, brought to what is learned from.
pub(super) struct Known {
    singles: Vec<Single>,
    /// Rating of each.
    ratings: Vec<f64>,
    positive: f64,
    pub bins: usize,
    /// Reviews of each product and of each user.
    pub of_product: Vec<u32>,
    pub of_user: Vec<u32>,
    pub anonymous: usize,
    users: usize,
}

impl Known {
    /// # Errors
    /// [`Error::Refused`] where too few are known.
    pub fn new(reviewed: &Reviewed, day: Option<i32>, products: usize) -> Result<Self> {
        let known = |r: &&Review| day.is_none_or(|day| r.day.is_none_or(|d| d < day));
        let reviews: Vec<&Review> = reviewed.reviews.iter().filter(known).collect();
        let mut of_product = vec![0; products];
        let mut of_user = vec![0; reviewed.users];
        reviews.iter().for_each(|r| of_product[r.product as usize] += 1);
        reviews
            .iter()
            .filter_map(|r| r.user)
            .for_each(|user| of_user[user as usize] += 1);
        let different = of_product.iter().filter(|n| **n > 0).count();
        if reviews.len() < MIN_REVIEWS || different < MIN_PRODUCTS {
            let before = if day.is_some() {
                " before its launch or as_of"
            } else {
                ""
            };
            return Err(Error::refused(format!(
                "{MIN_REVIEWS} reviews of {MIN_PRODUCTS} products are the least that can be learned from, got {} of \
                 {different}{before}",
                reviews.len()
            )));
        }
        let positive = reviewed.scale.positive();
        let positives = reviews.iter().filter(|r| r.rating >= positive).count();
        if positives == 0 || positives == reviews.len() {
            let word = if positives == 0 { "none" } else { "each" };
            return Err(Error::refused(format!(
                "of {} reviews {word} is positive, which is a rating from {positive} on: nothing tells one from the \
                 other; give another bound, positive := ...",
                reviews.len()
            )));
        }
        let edges = edges(&reviews);
        let bin = |r: &Review| r.day.map_or(0, |day| edges.partition_point(|edge| *edge <= day)) as u32;
        let mut users = reviewed.users as u32;
        let singles = reviews.iter().map(|r| {
            // A review without a user is the only one of its user.
            let user = r.user.unwrap_or_else(|| {
                users += 1;
                users - 1
            });
            Single {
                product: r.product,
                user,
                bin: bin(r),
                value: 0.0,
            }
        });
        let singles: Vec<Single> = singles.collect();
        Ok(Self {
            singles,
            ratings: reviews.iter().map(|r| r.rating).collect(),
            positive,
            bins: edges.len() + 1,
            of_product,
            anonymous: users as usize - reviewed.users,
            of_user,
            users: users as usize,
        })
    }

    /// Reviews known.
    pub fn len(&self) -> usize {
        self.singles.len()
    }

    /// As rows: ratings, or whether they are positive; with users or without.
    pub fn rows(&self, is_rating: bool, by_user: bool) -> Rows {
        let value = |rating: f64| match is_rating {
            true => rating,
            false => f64::from(u8::from(rating >= self.positive)),
        };
        let singles = self.singles.iter().zip(&self.ratings);
        let singles: Vec<Single> = singles
            .map(|(single, rating)| Single {
                value: value(*rating),
                ..*single
            })
            .collect();
        Rows::new(
            &singles,
            self.of_product.len(),
            if by_user { self.users } else { 0 },
            self.bins,
        )
    }
}

/// The first days of all bins but the first, which hold about as many reviews.
fn edges(reviews: &[&Review]) -> Vec<i32> {
    let mut days: Vec<i32> = reviews.iter().filter_map(|r| r.day).collect();
    days.sort_unstable();
    let bins = (days.len() / OF_BIN).clamp(1, MAX_BINS);
    let mut edges: Vec<i32> = (1..bins)
        .filter_map(|i| days.get(i * days.len() / bins).copied())
        .collect();
    edges.dedup();
    edges.retain(|edge| days.first().is_some_and(|first| edge > first));
    edges
}
