use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};

use super::features::{Room, Target};
use super::history::History;
use super::learning::share_of;
use super::moment::Sweep;
use super::*;
use crate::customer::{Architecture, Classifier};
use crate::error::Error;
use crate::model;
use crate::statistics::mix;

const CATEGORIES: usize = 4;

/// A product of each category and brand, 40 old ones and 30 launches, and two candidates; then that of which nothing is known.
fn products() -> (Vec<Product>, RecordBatch) {
    let product = |i: usize| Product {
        key: format!("G{i:03}"),
        launch: (i >= 40).then(|| 60 + 5 * (i as i32 - 40)),
        price: Some(2.0 + (i % 7) as f64),
        category: Some(format!("C{}", i % CATEGORIES)),
        brand: Some(format!("B{}", i % 3)),
        unread: None,
    };
    let mut all: Vec<Product> = (0..72).map(product).collect();
    let column = |of: fn(&Product) -> Option<String>| -> ArrayRef {
        Arc::new(StringArray::from_iter(all.iter().map(of).chain([None])))
    };
    let columns = vec![
        ("category", column(|p| p.category.clone())),
        ("brand", column(|p| p.brand.clone())),
    ];
    let attributes = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap();
    all.push(Product::default());
    (all, attributes)
}

/// Whether a user buys a product on a day: mostly those of a category of one's own.
fn buys(user: usize, product: usize, day: i32) -> bool {
    let rate = if product % CATEGORIES == user % CATEGORIES {
        30
    } else {
        3
    };
    mix(mix(user as u64 * 1000 + product as u64) ^ day as u64) % 1000 < rate
}

fn users(count: usize, products: &[Product], until: i32) -> Vec<User> {
    let user = |u: usize| {
        let mut events = Vec::new();
        for day in 0..until {
            for (p, product) in products.iter().enumerate().take(70) {
                if product.launch.is_none_or(|launch| launch <= day) && buys(u, p, day) {
                    events.push(Event {
                        day,
                        product: p as u32,
                        units: 1.0 + (day % 2) as f32,
                        price: 3.0,
                        channel: (u % 2) as i32,
                        bought: true,
                    });
                }
            }
        }
        User {
            key: format!("U{u:03}"),
            events,
            asked: true,
            excluded: Vec::new(),
        }
    };
    (0..count).map(user).collect()
}

fn market(count: usize, until: i32) -> Market {
    let (products, attributes) = products();
    let users = users(count, &products, until);
    Market::new(products, &attributes, vec![70, 71], users)
}

fn learning(architecture: Architecture) -> Learning {
    Learning {
        days: 20,
        active: 60,
        negatives: 5,
        architecture,
        folds: 4,
        seed: 1,
    }
}

#[test]
fn features_are_what_can_be_counted() {
    let (products, attributes) = products();
    let event = |day, product, units| Event {
        day,
        product,
        units,
        price: 2.0,
        channel: 0,
        bought: true,
    };
    // Category 2 on days 10, 20 and 26; category 1 on day 28, twice; nothing of day 30 is known.
    let events = vec![
        event(10, 2, 1.0),
        event(20, 6, 3.0),
        event(26, 2, 1.0),
        event(28, 1, 1.0),
        event(28, 5, 1.0),
        event(30, 2, 9.0),
    ];
    let own = User {
        key: "Ann".to_owned(),
        events,
        asked: true,
        excluded: Vec::new(),
    };
    let market = Market::new(products, &attributes, vec![70], vec![own]);
    let history = History::of(&market, 20, 60);
    let moment = Sweep::new(&market, 20, 60).to(30);
    let target = Target::new(&market, 70, &moment, &history.past, 20);
    let (found, reason) = market.features(market.user(0), &[], &target, &mut Room::default());
    let weight = |age: f64| (-age / 90.0).exp();
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-5, "{a} {b}");
    near(found.days_since_purchase, 2.0);
    near(found.days_since_category, 4.0);
    near(found.category_rhythm, 8.0);
    near(found.category_due, 0.5);
    let (category, other) = (weight(20.0) + weight(10.0) + weight(4.0), 2.0 * weight(2.0));
    near(found.category_purchases, category);
    near(found.category_days, category);
    near(found.category_share, category / (category + other));
    near(found.purchase_days, category + weight(2.0));
    near(found.basket_size, (category + other) / (category + weight(2.0)));
    near(
        found.spend,
        2.0 * (weight(20.0) + 3.0 * weight(10.0) + weight(4.0) + other),
    );
    near(found.main_channel_share, 1.0);
    // Product 70 costs 2 + 70 % 7 = 2, as was paid.
    near(found.price_distance, 0.0);
    // Three lines of the category in the last 20 days, by one active user: day 10 is the first of them.
    near(found.category_buyers, 3.0);
    assert_eq!((reason.category_lines, reason.category_age), (3, Some(4)));
    assert_eq!(found.values().len(), FEATURES.len());
}

#[test]
fn nothing_later_is_looked_at() {
    let whole = market(40, 200);
    let cut = market(40, 120);
    let pairs = |market: &Market| market.pairs(20, 60, Some(120));
    let (a, b) = (pairs(&whole), pairs(&cut));
    assert_eq!((a.len(), b.len()), (2, 2));
    for ((key, day, a), (other, _, b)) in a.iter().zip(&b) {
        assert_eq!((key, *day, a.len()), (other, 120, b.len()));
        for (a, b) in a.iter().zip(b) {
            let bits = |pair: &Pair| pair.features.values().map(f64::to_bits);
            assert_eq!((a.user, a.eligible, bits(a)), (b.user, b.eligible, bits(b)));
        }
    }
}

#[test]
fn the_taste_of_users_is_found_and_probabilities_add_up() {
    let market = market(120, 230);
    let model = train(&market, &learning(Architecture::Logistic)).unwrap();
    let terms = model.terms.clone().unwrap();
    assert!(terms.lift > 2.0, "{terms:?}");
    assert!(
        terms.launch_precision > 2.0 * terms.buyers as f64 / terms.pairs as f64,
        "{terms:?}"
    );
    // Of those drawn the weights add up to all.
    let facts = model.facts.clone().unwrap();
    let drawn = (facts.rows - facts.positives) as f64 / terms.sampled;
    let all = (terms.pairs - terms.buyers) as f64;
    assert!((drawn / all - 1.0).abs() < 0.1, "{drawn} {all}");
    let wanted = Audience {
        top: 1000,
        control: 0.0,
        contacts: None,
        as_of: None,
        seed: 1,
    };
    let rows = audience(&market, &model, &wanted).unwrap();
    assert_eq!(rows.len(), 2 * 120);
    let sum: f64 = rows.iter().filter_map(|r| r.probability).sum();
    let usual = 240.0 * terms.buyers as f64 / terms.pairs as f64;
    assert!((0.5..2.0).contains(&(sum / usual)), "{sum} {usual}");
    // A candidate of category 2 (70 % 4) goes to users of that taste first.
    let first = rows
        .iter()
        .filter(|r| r.product.as_deref() == Some("G070") && r.rank <= Some(20));
    let of_taste = first.filter(|r| {
        r.user
            .as_ref()
            .is_some_and(|u| u[1..].parse::<usize>().unwrap() % CATEGORIES == 2)
    });
    assert!(of_taste.count() >= 17);
}

#[test]
fn neither_order_nor_threads_matter() {
    let trained = |threads: usize, reversed: bool| {
        let (products, attributes) = products();
        let mut users = users(60, &products, 230);
        if reversed {
            users.reverse();
            users.iter_mut().for_each(|u| u.events.reverse());
        }
        let market = Market::new(products, &attributes, vec![70, 71], users);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let all = Architecture::Auto;
        let model = pool.install(|| train(&market, &learning(all))).unwrap();
        let rows = pool.install(|| recommend(&market, &model, 2, 0.3, None)).unwrap();
        (model::model_id(&model::encode(&model).unwrap()), rows)
    };
    let first = trained(1, false);
    assert_eq!(first, trained(2, true));
    assert_eq!(first, trained(8, false));
}

#[test]
fn audiences_keep_their_rules() {
    let mut market = market(60, 230);
    market.users[3].excluded = vec![None];
    market.users[4].excluded = vec![Some("G070".to_owned())];
    let model = train(&market, &learning(Architecture::Logistic)).unwrap();
    let drawn = |top, control, contacts| {
        let wanted = Audience {
            top,
            control,
            contacts,
            as_of: None,
            seed: 9,
        };
        audience(&market, &model, &wanted).unwrap()
    };
    let rows = drawn(1000, 0.5, None);
    let of = |user: &str, product: Option<&str>| {
        let is_one =
            |r: &&Advice| r.user.as_deref() == Some(user) && product.is_none_or(|p| r.product.as_deref() == Some(p));
        rows.iter().filter(is_one).count()
    };
    assert_eq!(
        (of("U003", None), of("U004", None), of("U004", Some("G070"))),
        (0, 1, 0)
    );
    let control = rows.iter().filter(|r| r.is_control == Some(true)).count();
    assert!((35..80).contains(&control), "{control} of {}", rows.len());
    for key in ["G070", "G071"] {
        let mut own: Vec<&Advice> = rows.iter().filter(|r| r.product.as_deref() == Some(key)).collect();
        own.sort_by_key(|r| r.rank);
        assert!(own.iter().map(|r| r.rank.unwrap()).eq(1..=own.len() as i64));
        assert!(own.windows(2).all(|w| w[0].probability >= w[1].probability));
    }
    let capped = drawn(20, 0.1, Some(1));
    let mut told: Vec<&String> = capped.iter().filter_map(|r| r.user.as_ref()).collect();
    assert_eq!(told.len(), 40);
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 40);
}

#[test]
fn the_control_group_is_a_share_that_others_do_not_change() {
    let share = (0..20_000)
        .filter(|i| share_of(&format!("P\u{0}U{i}"), 42) < 0.1)
        .count();
    assert!((1_850..2_150).contains(&share), "{share}");
    assert_eq!(share_of("P\u{0}U1", 42).to_bits(), share_of("P\u{0}U1", 42).to_bits());
    assert_ne!(share_of("P\u{0}U1", 42), share_of("P\u{0}U1", 43));
}

#[test]
fn what_cannot_be_learned_or_asked_is_told() {
    let told = |market: &Market| match train(market, &learning(Architecture::Logistic)) {
        Err(Error::Refused(reason)) => reason,
        other => format!("{other:?}"),
    };
    let (products, attributes) = products();
    let none = Market::new(products.clone(), &attributes, vec![], vec![]);
    assert!(
        told(&none).starts_with("0 launches have 20 days of events"),
        "{}",
        told(&none)
    );
    let mut on_one_day = products;
    on_one_day
        .iter_mut()
        .filter(|p| p.launch.is_some())
        .for_each(|p| p.launch = Some(100));
    let own = users(20, &on_one_day, 200);
    let one = Market::new(on_one_day, &attributes, vec![], own);
    assert!(told(&one).starts_with("all launches are on one day"), "{}", told(&one));

    let market = market(60, 230);
    let model = train(&market, &learning(Architecture::Logistic)).unwrap();
    // As of a day after candidate 70's fellow 69 was sold, and before all events.
    let refused = |as_of| {
        recommend(&market, &model, 1, 0.0, Some(as_of)).unwrap()[0]
            .refusal
            .clone()
            .unwrap_or_default()
    };
    assert!(refused(-5).contains("no events before that day"), "{}", refused(-5));
    let classifier = Classifier { terms: None, ..model };
    let error = recommend(&market, &classifier, 1, 0.0, None).unwrap_err().to_string();
    assert!(error.contains("launch_train_purchase"), "{error}");
}

#[test]
fn a_candidate_on_sale_and_unknown_users_are_rows_that_say_so() {
    let (products, attributes) = products();
    let mut own = users(60, &products, 230);
    own.push(User {
        key: "nobody".to_owned(),
        asked: true,
        ..User::default()
    });
    // Product 69 was launched on day 205 and sold since.
    let market = Market::new(products, &attributes, vec![69, 70, 71, 71], own);
    let model = train(&market, &learning(Architecture::Logistic)).unwrap();
    let rows = recommend(&market, &model, 5, 0.0, Some(230)).unwrap();
    let why = |key: &str| {
        let of = |r: &&Advice| r.product.as_deref() == Some(key) || r.user.as_deref() == Some(key);
        rows.iter().find(of).and_then(|r| r.refusal.clone()).unwrap_or_default()
    };
    assert!(why("G069").contains("on sale already"), "{}", why("G069"));
    assert!(why("G071").contains("there 2 times"), "{}", why("G071"));
    assert!(why("nobody").contains("no events"), "{}", why("nobody"));
    assert_eq!(rows.iter().filter(|r| r.rank == Some(1)).count(), 60);
}
