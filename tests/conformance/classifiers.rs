//! Classifiers as released: each committed model is read and must give the log-odds stored beside it.
//!
//! The fixtures of a new format version are written once, then committed, and never written again:
//! `cargo test --release --locked --test conformance -- --ignored write_classifier_fixtures`

use std::{fs, path::PathBuf, sync::Arc};

use arrow_array::{ArrayRef, BooleanArray, Date32Array, Float64Array, RecordBatch, StringArray};
use launchpad::{
    customer::{Architecture, Classifier, Examples, Given, Options},
    model::{ModelError, Stored, decode, encode, model_id},
};
use serde_json::{Value, json};

const EACH: [Architecture; 4] = [
    Architecture::Logistic,
    Architecture::Gbm,
    Architecture::Mlp,
    Architecture::Auto,
];
const FORMAT: u32 = 1;

fn path(architecture: Architecture, extension: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/models")
        .join(format!("classifier_v{FORMAT}_{}.{extension}", architecture.name()))
}

/// A column of every kind, some of it missing.
fn rows(count: usize) -> RecordBatch {
    let number = |i: usize| (!i.is_multiple_of(13)).then(|| ((i * 7919) % 97) as f64 / 10.0);
    let text = |i: usize| (!i.is_multiple_of(11)).then(|| ["red", "green", "blue"][(i * 31) % 3]);
    let words = |i: usize| {
        format!(
            "{} {} number {}",
            ["light", "heavy"][i % 2],
            ["coat", "shoe"][(i / 2) % 2],
            i
        )
    };
    let columns: Vec<(&str, ArrayRef, bool)> = vec![
        ("size", Arc::new(Float64Array::from_iter((0..count).map(number))), true),
        ("colour", Arc::new(StringArray::from_iter((0..count).map(text))), true),
        (
            "member",
            Arc::new(BooleanArray::from_iter((0..count).map(|i| Some(i % 3 == 0)))),
            true,
        ),
        (
            "since",
            Arc::new(Date32Array::from_iter(
                (0..count).map(|i| Some(19_000 + (i * 37 % 700) as i32)),
            )),
            true,
        ),
        (
            "note",
            Arc::new(StringArray::from_iter_values((0..count).map(words))),
            true,
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn trained(architecture: Architecture) -> Classifier {
    let count = 240;
    let outcome = |i: usize| {
        f64::from(u8::from(
            (i * 7919) % 97 + 30 * usize::from(i.is_multiple_of(3)) + (i * 13) % 40 > 75,
        ))
    };
    let given = Given {
        attributes: rows(count),
        labels: (0..count).map(|i| Some(outcome(i))).collect(),
        weights: (0..count).map(|i| Some(1.0 + (i % 2) as f64)).collect(),
        fold: vec![None; count],
        grouping: vec![None; count],
        notes: Vec::new(),
        embargo: None,
    };
    let examples = Examples::try_new(given, 3, 42).unwrap();
    Classifier::train(&examples, &Options { architecture, seed: 42 }).unwrap()
}

#[test]
fn released_classifiers_answer_as_ever() {
    assert_eq!(Classifier::FORMAT, FORMAT, "see the head of this file");
    for architecture in EACH {
        let bytes = fs::read(path(architecture, "bin")).unwrap();
        let stored: Value = serde_json::from_slice(&fs::read(path(architecture, "json")).unwrap()).unwrap();
        assert_eq!(stored["model_id"], model_id(&bytes), "the fixture itself has changed");
        let model: Classifier = decode(&bytes).unwrap();
        let found = model.log_odds(&rows(12)).unwrap();
        let expected = stored["log_odds"].as_array().unwrap();
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            let expected = expected.as_f64().unwrap();
            // exp and ln differ in the last digit between platforms; networks have seven digits.
            assert!(
                (found - expected).abs() < 1e-4,
                "{}: {found} for {expected}",
                architecture.name()
            );
        }
    }
}

#[test]
fn damaged_classifiers_are_told() {
    for architecture in EACH {
        let bytes = fs::read(path(architecture, "bin")).unwrap();
        for at in (0..bytes.len()).step_by(bytes.len() / 50 + 1) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            assert!(decode::<Classifier>(&damaged).is_err(), "byte {at}");
            assert!(decode::<Classifier>(&bytes[..at]).is_err(), "cut at {at}");
        }
        assert!(matches!(
            decode::<launchpad::launch::LaunchModel>(&bytes),
            Err(ModelError::OtherKind { .. })
        ));
    }
}

#[test]
fn odd_rows_get_odds_that_are_numbers() {
    for architecture in EACH {
        let model: Classifier = decode(&fs::read(path(architecture, "bin")).unwrap()).unwrap();
        let odd: Vec<(&str, ArrayRef, bool)> = vec![
            (
                "SIZE",
                Arc::new(Float64Array::from(vec![1e300, f64::INFINITY, f64::NAN, -1e300])),
                true,
            ),
            (
                "colour",
                Arc::new(StringArray::from(vec![Some("unseen"), None, Some(""), Some("RED ")])),
                true,
            ),
            ("member", Arc::new(StringArray::from(vec!["yes"; 4])), true),
            (
                "since",
                Arc::new(Date32Array::from(vec![i32::MAX, i32::MIN, 0, 1])),
                true,
            ),
            ("other", Arc::new(Float64Array::from(vec![1.0; 4])), true),
        ];
        let odd = RecordBatch::try_from_iter_with_nullable(odd).unwrap();
        assert!(
            model.log_odds(&odd).unwrap().iter().all(|z| z.is_finite()),
            "{}",
            architecture.name()
        );
        for list in model.why(&odd).unwrap() {
            assert!(list.iter().all(|c| c.contribution.is_finite()));
        }
    }
}

#[test]
#[ignore = "writes the fixtures of the newest format; see the head of this file"]
fn write_classifier_fixtures() {
    for architecture in EACH {
        let model = trained(architecture);
        let bytes = encode(&model).unwrap();
        fs::write(path(architecture, "bin"), &bytes).unwrap();
        let text = json!({"model_id": model_id(&bytes), "log_odds": model.log_odds(&rows(12)).unwrap()});
        fs::write(path(architecture, "json"), format!("{text:#}\n")).unwrap();
    }
}
