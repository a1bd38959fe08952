//! Purchase models as released, and markets of every odd kind.
//!
//! The fixture of a new format version is written once, then committed, and never written again:
//! `cargo test --release --locked --test conformance -- --ignored write_purchase_fixture`

use std::{fs, path::PathBuf, sync::Arc};

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use launchpad::{
    customer::{
        Architecture, Classifier,
        purchase::{Advice, Audience, Event, Learning, Market, Product, User, audience, recommend, train},
    },
    error::Error,
    model::{decode, encode, model_id},
};
use serde_json::{Value, json};

fn path(extension: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/models")
        .join(format!("purchase_v1_logistic.{extension}"))
}

/// Goods of three categories, 30 old ones, 24 launches, and two candidates at the end.
fn goods() -> (Vec<Product>, RecordBatch) {
    let product = |i: usize| Product {
        key: format!("G{i:02}"),
        launch: (30..54).contains(&i).then(|| 40 + 5 * (i as i32 - 30)),
        price: Some(1.0 + (i % 5) as f64),
        category: Some(format!("C{}", i % 3)),
        brand: (!i.is_multiple_of(7)).then(|| format!("B{}", i % 4)),
        unread: None,
    };
    let mut all: Vec<Product> = (0..56).map(product).collect();
    let notes = (0..56).map(|i| {
        Some(format!(
            "{} {} {i}",
            ["light", "dark"][i % 2],
            ["tea", "bread", "oil"][i % 3]
        ))
    });
    let columns: Vec<(&str, ArrayRef, bool)> = vec![
        (
            "category",
            Arc::new(StringArray::from_iter(
                all.iter().map(|p| p.category.clone()).chain([None]),
            )),
            true,
        ),
        (
            "price",
            Arc::new(Float64Array::from_iter(all.iter().map(|p| p.price).chain([None]))),
            true,
        ),
        ("note", Arc::new(StringArray::from_iter(notes.chain([None]))), true),
    ];
    let attributes = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    all.push(Product::default());
    (all, attributes)
}

fn user(u: usize, event: impl Fn(usize, i32) -> Option<Event>) -> User {
    User {
        key: format!("U{u:02}"),
        events: (0..190)
            .flat_map(|day| (0..54).filter_map(|p| event(p, day)).collect::<Vec<_>>())
            .collect(),
        asked: true,
        excluded: Vec::new(),
    }
}

fn market(change: impl Fn(Event) -> Event, count: usize) -> Market {
    let (products, attributes) = goods();
    let bought = |u: usize, p: usize, day: i32| {
        let rate = if p % 3 == u % 3 { 40 } else { 5 };
        products[p].launch.is_none_or(|launch| launch <= day)
            && (u * 7919 + p * 104_729 + day as usize * 1_299_709) % 1009 < rate
    };
    let event = |u: usize, product: usize, day: i32| {
        let event = Event {
            day,
            product: product as u32,
            units: 1.0 + (day % 3) as f32,
            price: 2.0,
            channel: (u % 2) as i32,
            bought: day % 9 != 0,
        };
        bought(u, product, day).then(|| change(event))
    };
    let users = (0..count).map(|u| user(u, |p, day| event(u, p, day))).collect();
    Market::new(products.clone(), &attributes, vec![54, 55], users)
}

fn learning(architecture: Architecture) -> Learning {
    Learning {
        days: 15,
        active: 60,
        negatives: 4,
        architecture,
        folds: 4,
        seed: 42,
    }
}

fn asked(market: &Market, model: &Classifier) -> Result<Vec<Advice>, Error> {
    let wanted = Audience {
        top: 10,
        control: 0.2,
        contacts: Some(1),
        as_of: None,
        seed: 42,
    };
    audience(market, model, &wanted)
}

#[test]
fn the_released_purchase_model_answers_as_ever() {
    let bytes = fs::read(path("bin")).unwrap();
    let stored: Value = serde_json::from_slice(&fs::read(path("json")).unwrap()).unwrap();
    assert_eq!(stored["model_id"], model_id(&bytes), "the fixture itself has changed");
    let model: Classifier = decode(&bytes).unwrap();
    let rows = asked(&market(|e| e, 30), &model).unwrap();
    let expected = stored["probabilities"].as_array().unwrap();
    assert_eq!(rows.len(), expected.len());
    for (row, expected) in rows.iter().zip(expected) {
        let found = row.probability.unwrap();
        assert!(
            (found - expected.as_f64().unwrap()).abs() < 1e-4,
            "{found} for {expected}"
        );
    }
}

#[test]
fn a_damaged_purchase_model_is_told() {
    let bytes = fs::read(path("bin")).unwrap();
    for at in (0..bytes.len()).step_by(bytes.len() / 50 + 1) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(decode::<Classifier>(&damaged).is_err(), "byte {at}");
        assert!(decode::<Classifier>(&bytes[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn odd_markets_give_probabilities_or_reasons() {
    let released: Classifier = decode(&fs::read(path("bin")).unwrap()).unwrap();
    type Change = fn(Event) -> Event;
    let changes: [(&str, Change); 7] = [
        ("as it is", |e| e),
        ("no prices", |e| Event { price: f32::NAN, ..e }),
        ("prices without end", |e| Event {
            price: f32::INFINITY,
            ..e
        }),
        ("no units", |e| Event { units: 0.0, ..e }),
        ("large units", |e| Event { units: 1e30, ..e }),
        ("one day", |e| Event { day: 100, ..e }),
        ("far apart", |e| Event {
            day: (e.day - 95) * 440,
            ..e
        }),
    ];
    for (name, change) in changes {
        for count in [0, 1, 30] {
            let market = market(change, count);
            let own = train(&market, &learning(Architecture::Logistic)).ok();
            for model in [Some(&released), own.as_ref()].into_iter().flatten() {
                // Without users there are no views, which the released model was learned with.
                let (Ok(drawn), Ok(told)) = (asked(&market, model), recommend(&market, model, 2, 1.0, Some(185)))
                else {
                    assert_eq!(count, 0, "{name}");
                    continue;
                };
                let rows = [drawn, told].concat();
                for row in rows {
                    let sound = match (row.probability, row.expected_units) {
                        (Some(p), Some(units)) => p > 0.0 && p < 1.0 && units.is_finite() && units >= 0.0,
                        (None, None) => row.refusal.is_some(),
                        _ => false,
                    };
                    assert!(sound, "{name}, {count} users: {row:?}");
                }
            }
        }
    }
}

#[test]
#[ignore = "writes the committed fixture"]
fn write_purchase_fixture() {
    let market = market(|e| e, 30);
    let model = train(&market, &learning(Architecture::Logistic)).unwrap();
    let bytes = encode(&model).unwrap();
    let probabilities: Vec<f64> = asked(&market, &model)
        .unwrap()
        .iter()
        .filter_map(|r| r.probability)
        .collect();
    let stored = json!({ "model_id": model_id(&bytes), "probabilities": probabilities });
    fs::write(path("bin"), bytes).unwrap();
    fs::write(path("json"), serde_json::to_vec_pretty(&stored).unwrap()).unwrap();
}
