use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{crossed::Crossed, effect::logistic, *};
use crate::customer::Rating;
use crate::error::Error;

const PRODUCTS: u32 = 200;
const NEW: u32 = 100;
const USERS: u32 = 400;

/// Reviews of products of two makes, the second of which is liked less, and the true log-odds of products and users.
fn planted(seed: u64, reviews: usize) -> (Reviewed, Vec<f64>, Vec<f64>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut normal = |deviation: f64| -> f64 {
        let z: f64 = StandardNormal.sample(&mut random);
        z * deviation
    };
    let all = PRODUCTS + NEW;
    let products: Vec<f64> = (0..all).map(|p| 0.8 - 1.2 * f64::from(p % 2) + normal(0.5)).collect();
    let users: Vec<f64> = (0..USERS).map(|_| normal(0.8)).collect();
    let mut random = ChaCha8Rng::seed_from_u64(seed + 1);
    let reviews = (0..reviews).map(|_| {
        let (product, user) = (random.random_range(0..PRODUCTS), random.random_range(0..USERS));
        let p = logistic(products[product as usize] + users[user as usize]);
        Review {
            product,
            user: Some(user),
            day: None,
            rating: if random.random::<f64>() < p { 5.0 } else { 2.0 },
        }
    });
    let makes: ArrayRef = Arc::new(StringArray::from_iter_values(
        (0..all).map(|p| ["a", "b"][(p % 2) as usize]),
    ));
    let candidate = |product| Candidate {
        product,
        day: None,
        refusal: None,
    };
    let reviewed = Reviewed {
        reviews: reviews.collect(),
        unread: BTreeMap::new(),
        told: Vec::new(),
        attributes: RecordBatch::try_from_iter([("make", makes)]).unwrap(),
        users: USERS as usize,
        asked: Some((0..USERS).step_by(20).collect()),
        candidates: (PRODUCTS..all).map(candidate).collect(),
        scale: Rating::try_new(1.0, 5.0, 4.0).unwrap(),
        level: 0.8,
    };
    (reviewed, products, users)
}

#[test]
fn planted_variances_are_found_and_intervals_of_new_products_hold() {
    let (reviewed, products, users) = planted(3, 12_000);
    let known = history::Known::new(&reviewed.clone().checked().unwrap(), None, (PRODUCTS + NEW) as usize).unwrap();
    let columns = crossed::Columns {
        rows: (0..PRODUCTS + NEW).map(|p| vec![(0, 1.0), (1 + p % 2, 1.0)]).collect(),
        group: vec![0, 1, 1],
        groups: 1,
    };
    let fit = Crossed::fit(false, &known.rows(false, true), &columns, None);
    assert!((fit.of_users.sqrt() - 0.8).abs() < 0.12, "{}", fit.of_users);
    assert!((fit.of_products.sqrt() - 0.5).abs() < 0.12, "{}", fit.of_products);

    let found = tendencies(reviewed).unwrap();
    let (mut inside, mut of_users, mut whole, mut all) = (0, 0, 0, 0);
    for answer in &found {
        let product = PRODUCTS as usize + answer.candidate;
        let truth = match answer.user {
            Some(user) => logistic(products[product] + users[user as usize]),
            None => users.iter().map(|u| logistic(products[product] + u)).sum::<f64>() / f64::from(USERS),
        };
        let is_in = (answer.lower.unwrap()..=answer.upper.unwrap()).contains(&truth);
        match answer.user {
            Some(_) => (of_users, all) = (of_users + usize::from(is_in), all + 1),
            None => (inside, whole) = (inside + usize::from(is_in), whole + 1),
        }
    }
    assert_eq!((whole, all), (NEW as usize, NEW as usize * 20));
    assert!((70..=90).contains(&inside), "{inside}");
    assert!(
        (0.7..=0.9).contains(&(of_users as f64 / all as f64)),
        "{of_users} of {all}"
    );
}

#[test]
fn the_order_of_reviews_does_not_matter() {
    let (reviewed, ..) = planted(5, 600);
    let mut turned = reviewed.clone();
    turned.reviews.reverse();
    assert_eq!(tendencies(reviewed).unwrap(), tendencies(turned).unwrap());
}

#[test]
fn later_reviews_are_not_looked_at() {
    let (mut reviewed, ..) = planted(7, 800);
    for (review, day) in reviewed.reviews.iter_mut().zip(0..) {
        review.day = Some(day);
    }
    reviewed.candidates.truncate(9);
    for (candidate, day) in reviewed.candidates.iter_mut().zip(0..) {
        candidate.day = Some(400 + 20 * day);
    }
    let all = tendencies(reviewed.clone()).unwrap();
    reviewed.reviews.retain(|r| r.day < Some(600));
    // Nine days are too many: those within 20 days are answered as of the first.
    let early = tendencies(reviewed).unwrap();
    let of = |answers: &[Tendency]| {
        answers
            .iter()
            .map(|a| (a.candidate, a.user, a.probability))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&all), of(&early));
    assert!(all.iter().all(|a| a.refusal.is_none()));
}

#[test]
fn a_scale_that_is_not_that_of_the_ratings_is_an_error() {
    let (mut reviewed, ..) = planted(9, 300);
    reviewed.scale = Rating::try_new(1.0, 4.0, 4.0).unwrap();
    assert!(matches!(tendencies(reviewed), Err(Error::Argument(text)) if text.contains("highest := 5")));
}
