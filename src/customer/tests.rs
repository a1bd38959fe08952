//! Planted truths, and what must not matter.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray};
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rayon::ThreadPoolBuilder;

use super::architecture::Architecture;
use super::classifier::{Classifier, Options};
use super::examples::{Examples, Given, Split, indices};
use crate::calibration::logistic;
use crate::error::Error;
use crate::model::{Stored, decode, encode};

const EACH: [Architecture; 4] = [
    Architecture::Logistic,
    Architecture::Gbm,
    Architecture::Mlp,
    Architecture::Auto,
];

/// Visits of 400 users: pages, a channel, whether they came back, a number that says nothing; with true probabilities.
struct Visits {
    given: Given,
    truth: Vec<f64>,
}

fn visits(count: usize, shift: f64, seed: u64) -> Visits {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut pages, mut channel, mut back, mut noise) = (vec![], vec![], vec![], vec![]);
    let (mut labels, mut truth, mut users) = (vec![], vec![], vec![]);
    for i in 0..count {
        let p = (random.random::<f64>() * 30.0).floor();
        let c = ["mail", "search", "shop"][i % 3];
        let b = random.random::<f64>() < 0.4;
        let bend = if p > 20.0 { 1.0 } else { 0.0 };
        let z = shift + 0.1 * p - 2.0 * bend + f64::from(u8::from(c == "mail")) + 1.5 * f64::from(u8::from(b));
        let y = random.random::<f64>() < logistic(z);
        pages.push((i % 17 != 0).then_some(p));
        channel.push((i % 23 != 0).then_some(c));
        back.push(Some(b));
        noise.push(Some(random.random::<f64>()));
        labels.push(Some(f64::from(u8::from(y))));
        truth.push(logistic(z));
        users.push(Some(format!("u{}", i % 400)));
    }
    let columns: Vec<(&str, ArrayRef, bool)> = vec![
        ("pages", Arc::new(Float64Array::from(pages)), true),
        ("channel", Arc::new(StringArray::from(channel)), true),
        ("back", Arc::new(BooleanArray::from(back)), true),
        ("noise", Arc::new(Float64Array::from(noise)), true),
    ];
    let given = Given {
        attributes: RecordBatch::try_from_iter_with_nullable(columns).unwrap(),
        labels,
        weights: vec![None; count],
        fold: vec![None; count],
        grouping: users,
        notes: Vec::new(),
        embargo: None,
    };
    Visits { given, truth }
}

fn train(given: Given, architecture: Architecture) -> Classifier {
    let examples = Examples::try_new(given, 4, 42).unwrap();
    Classifier::train(&examples, &Options { architecture, seed: 42 }).unwrap()
}

#[test]
fn planted_probabilities_are_found_by_every_architecture() {
    let new = visits(4_000, -2.5, 2);
    for architecture in EACH {
        let model = train(visits(4_000, -2.5, 1).given, architecture);
        let found = model.log_odds(&new.given.attributes).unwrap();
        let far = |(z, p): (&f64, &f64)| (logistic(*z) - p).abs();
        let gap = found.iter().zip(&new.truth).map(far).sum::<f64>() / 4_000.0;
        // A straight line in pages does not know the bend.
        let allowed = if architecture == Architecture::Logistic {
            0.08
        } else {
            0.06
        };
        assert!(gap < allowed, "{architecture:?} {gap}");
        let facts = model.facts.as_ref().unwrap();
        assert!(facts.scores.calibration_error < 0.04, "{facts:?}");
        assert_eq!(facts.importance.last().unwrap().feature, "noise");
        assert_eq!(facts.importance.len(), 4);
        let back = facts.importance.iter().find(|i| i.feature == "back").unwrap();
        assert_eq!(back.direction.as_deref(), Some("up"));
    }
}

#[test]
fn rare_outcomes_keep_their_base_rate() {
    for (shift, rate) in [(-7.0, 0.02), (0.5, 0.8)] {
        let model = train(visits(6_000, shift, 3).given, Architecture::Gbm);
        let new = visits(6_000, shift, 4);
        let found = model.log_odds(&new.given.attributes).unwrap();
        let said = found.iter().map(|z| logistic(*z)).sum::<f64>();
        let planted: f64 = new.truth.iter().sum();
        assert!((said / planted - 1.0).abs() < 0.2, "{rate}: {said} {planted}");
    }
}

#[test]
fn neither_threads_nor_the_order_of_rows_matter() {
    for architecture in EACH {
        let bytes = |threads: usize, shuffled: bool| {
            let mut given = visits(600, -1.0, 5).given;
            if shuffled {
                let mut order: Vec<usize> = (0..600).collect();
                order.shuffle(&mut ChaCha8Rng::seed_from_u64(9));
                let attributes = arrow_select::take::take_record_batch(&given.attributes, &indices(&order));
                given = Given {
                    attributes: attributes.unwrap(),
                    labels: order.iter().map(|i| given.labels[*i]).collect(),
                    weights: order.iter().map(|i| given.weights[*i]).collect(),
                    fold: order.iter().map(|i| given.fold[*i].clone()).collect(),
                    grouping: order.iter().map(|i| given.grouping[*i].clone()).collect(),
                    notes: Vec::new(),
                    embargo: None,
                };
            }
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| encode(&train(given, architecture)).unwrap())
        };
        let one = bytes(1, false);
        assert!(one == bytes(2, true), "{architecture:?}");
        assert!(one == bytes(8, false), "{architecture:?}");
    }
}

#[test]
fn a_stored_model_answers_alike_and_damage_is_told() {
    for architecture in EACH {
        let data = visits(600, -1.0, 6);
        let model = train(data.given, architecture);
        let rows = visits(50, -1.0, 7).given.attributes;
        let again: Classifier = decode(&encode(&model).unwrap()).unwrap();
        assert_eq!(again, model);
        assert_eq!(again.log_odds(&rows).unwrap(), model.log_odds(&rows).unwrap());
        let payload = String::from_utf8(model.to_payload().unwrap()).unwrap();
        for (from, to) in [
            ("\"members\":[", "\"members\":[],\"was\":["),
            ("\"weights\":[", "\"weights\":[-1.0,"),
        ] {
            let forged = payload.replacen(from, to, 1);
            assert_ne!(forged, payload);
            assert!(
                Classifier::from_payload(1, forged.as_bytes()).is_err(),
                "{architecture:?} {from}"
            );
        }
    }
}

#[test]
fn contributions_add_up_to_the_log_odds() {
    let model = train(visits(1_500, -1.0, 8).given, Architecture::Auto);
    let rows = visits(12, -1.0, 9).given.attributes;
    let odds = model.log_odds(&rows).unwrap();
    for (list, z) in model.why(&rows).unwrap().into_iter().zip(odds) {
        let sum: f64 = list.iter().map(|c| c.contribution).sum();
        assert!((sum - z).abs() < 1e-9, "{sum} {z}");
        assert_eq!((list.len(), list[0].feature.as_str()), (5, "(average)"));
    }
}

#[test]
fn folds_in_order_learn_from_what_was_before() {
    let mut given = visits(1_200, -1.0, 10).given;
    given.fold = (0..1_200).map(|i| Some(format!("2024-{:02}-01", 1 + i % 12))).collect();
    let examples = Examples::try_new(given, 5, 42).unwrap();
    assert_eq!(
        (examples.split, examples.folds, examples.held_out()),
        (Split::Ordered, 6, 1..6)
    );
    for fold in examples.held_out() {
        assert!(examples.learned(fold).iter().all(|row| examples.fold[*row] < fold));
    }
    let model = Classifier::train(
        &examples,
        &Options {
            architecture: Architecture::Gbm,
            seed: 1,
        },
    )
    .unwrap();
    assert_eq!(model.facts.unwrap().held_out, 1_000);
}

#[test]
fn a_user_is_in_one_fold() {
    let examples = Examples::try_new(visits(1_200, -1.0, 11).given, 5, 42).unwrap();
    let mut fold_of = std::collections::BTreeMap::new();
    for (unit, fold) in examples.unit.iter().zip(&examples.fold) {
        assert_eq!(fold_of.entry(*unit).or_insert(*fold), fold);
    }
    assert_eq!(fold_of.len(), 400);
}

#[test]
fn what_cannot_be_learned_is_refused() {
    let refusal = |given: Given| match Examples::try_new(given, 5, 42).and_then(|e| {
        Classifier::train(
            &e,
            &Options {
                architecture: Architecture::Auto,
                seed: 1,
            },
        )
    }) {
        Err(Error::Refused(reason)) => reason,
        other => panic!("{other:?}"),
    };
    let mut few = visits(300, -1.0, 12).given;
    few.labels.iter_mut().for_each(|l| *l = Some(0.0));
    assert!(refusal(few).contains("0 rows are positive"));
    let mut constant = visits(300, -1.0, 13).given;
    let columns: Vec<(&str, ArrayRef, bool)> = vec![("same", Arc::new(Float64Array::from(vec![1.0; 300])), true)];
    constant.attributes = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    assert!(refusal(constant).contains("no feature tells rows apart"));
}

#[test]
fn a_feature_that_is_the_label_is_told() {
    for text in [false, true] {
        let mut given = visits(600, -1.0, 14).given;
        let labels: Vec<Option<f64>> = given.labels.clone();
        let told: ArrayRef = match text {
            true => Arc::new(StringArray::from_iter(
                labels.iter().map(|l| l.map(|l| if l == 1.0 { "paid" } else { "open" })),
            )),
            false => Arc::new(Float64Array::from_iter(labels.iter().map(|l| l.map(|l| 5.0 + l)))),
        };
        let columns: Vec<(&str, ArrayRef, bool)> = vec![
            ("outcome", told, true),
            ("pages", given.attributes.column(0).clone(), true),
        ];
        given.attributes = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let model = train(given, Architecture::Logistic);
        let notes = model.facts.unwrap().notes;
        assert!(
            notes.iter().any(|n| n.contains("possible leak: outcome alone")),
            "{notes:?}"
        );
    }
}
