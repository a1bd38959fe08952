//! Models of texts as released, and texts of every odd kind.
//!
//! The fixture of a new format version is written once, then committed, and never written again:
//! `cargo test --release --locked --test conformance -- --ignored write_text_fixture`

use std::{fs, path::PathBuf};

use launchpad::{
    customer::sentiment::{Options, Review, Sentiment},
    model::{decode, encode, model_id},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::launches::Random;

fn path(extension: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/models")
        .join(format!("sentiment_v1.{extension}"))
}

const ASKED: [&str; 6] = [
    "A soft coat, it fits!",
    "not soft, don't buy",
    "很漂亮",
    "The seam came off",
    "zzz",
    "Trop petit, déçue",
];

/// 400 texts in three languages, of which a word says with 90 % what they are.
fn texts() -> Vec<(String, bool)> {
    let mut random = Random(14);
    let mut text = || {
        let positive = random.below(3) > 0;
        let words = match (random.below(10) < 9) == positive {
            true => ["it fits", "soft!", "很漂亮", "très bien"],
            false => ["don't buy", "seam came off", "质量差", "déçue"],
        };
        let thing = ["coat", "shirt", "裙子", "robe"][random.below(4)];
        (
            format!("{thing} {} {}", words[random.below(4)], random.below(30)),
            positive,
        )
    };
    (0..400).map(|_| text()).collect()
}

fn train(texts: &[(String, bool)]) -> Sentiment {
    let reviews: Vec<Review<'_>> = texts
        .iter()
        .map(|(text, positive)| Review {
            text,
            positive: *positive,
        })
        .collect();
    Sentiment::train(&reviews, Vec::new(), &Options { folds: 4, seed: 7 }).unwrap()
}

#[test]
fn the_released_text_model_answers_as_ever() {
    let bytes = fs::read(path("bin")).unwrap();
    let stored: Value = serde_json::from_slice(&fs::read(path("json")).unwrap()).unwrap();
    assert_eq!(stored["model_id"], model_id(&bytes), "the fixture itself has changed");
    let model: Sentiment = decode(&bytes).unwrap();
    let expected = stored["probabilities"].as_array().unwrap();
    for (found, expected) in model.probability(&ASKED.map(Some)).iter().zip(expected) {
        assert!(
            (found.unwrap() - expected.as_f64().unwrap()).abs() < 1e-9,
            "{found:?} for {expected}"
        );
    }
    assert_eq!(encode(&model).unwrap(), bytes);
}

#[test]
fn a_damaged_text_model_is_told() {
    let bytes = fs::read(path("bin")).unwrap();
    for at in (0..bytes.len()).step_by(bytes.len() / 50 + 1) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(decode::<Sentiment>(&damaged).is_err(), "byte {at}");
        assert!(decode::<Sentiment>(&bytes[..at]).is_err(), "cut at {at}");
    }
}

proptest! {
    #[test]
    fn any_text_has_a_probability_or_none(text in "\\PC{0,80}") {
        let model: Sentiment = decode(&fs::read(path("bin")).unwrap()).unwrap();
        match model.probability(&[Some(&text)])[0] {
            Some(p) => prop_assert!(p > 0.0 && p < 1.0, "{}", p),
            None => prop_assert!(text.trim().is_empty(), "{:?}", text),
        }
    }
}

#[test]
#[ignore = "writes the committed fixture"]
fn write_text_fixture() {
    let model = train(&texts());
    let bytes = encode(&model).unwrap();
    let stored = json!({ "model_id": model_id(&bytes), "probabilities": model.probability(&ASKED.map(Some)) });
    fs::write(path("bin"), bytes).unwrap();
    fs::write(path("json"), serde_json::to_vec_pretty(&stored).unwrap()).unwrap();
}
