use unicode_normalization::UnicodeNormalization;

use super::*;
use crate::model::{decode, encode};
use crate::statistics::mix;

const OPTIONS: Options = Options { folds: 5, seed: 42 };

/// Words without a leaning, then ones that speak for and against, in two languages.
const PLAIN: [(&str, &str); 12] = [
    ("dress", "裙子"),
    ("colour", "颜色"),
    ("delivery", "送货"),
    ("monday", "周一"),
    ("bought", "购买"),
    ("size", "尺寸"),
    ("shop", "商店"),
    ("price", "价格"),
    ("cotton", "棉布"),
    ("summer", "夏天"),
    ("wear", "穿着"),
    ("daughter", "女儿"),
];
const GOOD: [(&str, &str); 3] = [("comfortable", "舒适"), ("lovely", "漂亮"), ("recommend", "推荐")];
const BAD: [(&str, &str); 3] = [("scratchy", "粗糙"), ("faded", "褪色"), ("returned", "退货")];

/// Texts in English or Chinese, the same ones, of which a planted word says with 90 % what they are.
fn world(count: u64, chinese: bool) -> Vec<(String, bool)> {
    let text = |i: u64| {
        let draw = |k: u64, n: usize| (mix(mix(i) ^ k) % n as u64) as usize;
        let positive = draw(0, 10) < 7;
        let words = if (draw(1, 10) < 9) == positive { GOOD } else { BAD };
        let mut chosen: Vec<(&str, &str)> = (0..8).map(|k| PLAIN[draw(10 + k, 12)]).collect();
        chosen.insert(draw(2, 9), words[draw(3, 3)]);
        let text = match chinese {
            true => chosen.iter().map(|(_, c)| *c).collect::<String>(),
            false => chosen.iter().map(|(e, _)| *e).collect::<Vec<_>>().join(" "),
        };
        (text, positive)
    };
    (0..count).map(text).collect()
}

fn reviews(world: &[(String, bool)]) -> Vec<Review<'_>> {
    let each = world.iter().map(|(text, positive)| Review {
        text,
        positive: *positive,
    });
    each.collect()
}

fn trained(world: &[(String, bool)]) -> Sentiment {
    Sentiment::train(&reviews(world), Vec::new(), &OPTIONS).unwrap()
}

#[test]
fn chinese_is_learned_as_well_as_its_translation() {
    let (english, chinese) = (trained(&world(2_000, false)), trained(&world(2_000, true)));
    let auc = |model: &Sentiment| model.facts.as_ref().unwrap().scores.auc;
    // One in ten says the contrary, so that no model is right more often.
    assert!(
        auc(&english) > 0.88 && auc(&chinese) > auc(&english) - 0.01,
        "{} {}",
        auc(&english),
        auc(&chinese)
    );
    let asked = chinese.probability(&[Some("这件裙子很舒适"), Some("颜色褪色了")]);
    assert!(asked[0].unwrap() > 0.8 && asked[1].unwrap() < 0.5, "{asked:?}");
    let facts = chinese.facts.unwrap();
    assert!(
        facts.positive_terms.iter().any(|term| term == "舒 适"),
        "{:?}",
        facts.positive_terms
    );
}

#[test]
fn figures_and_probabilities_are_those_of_new_texts() {
    let model = trained(&world(3_000, false));
    let new: Vec<(String, bool)> = world(6_000, false).split_off(3_000);
    let texts: Vec<Option<&str>> = new.iter().map(|(text, _)| Some(text.as_str())).collect();
    let said: Vec<f64> = model.probability(&texts).into_iter().flatten().collect();
    let label: Vec<f64> = new.iter().map(|(_, positive)| f64::from(u8::from(*positive))).collect();
    let found = Scores::of(&said, &label, &vec![1.0; new.len()]).unwrap();
    let told = model.facts.unwrap().scores;
    assert!((found.log_loss - told.log_loss).abs() < 0.03, "{found:?} {told:?}");
    assert!(found.calibration_error < 0.03, "{found:?}");
}

#[test]
fn neither_order_nor_threads_matter() {
    let world = world(500, false);
    let bytes = |threads: usize, turned: bool| {
        let mut reviews = reviews(&world);
        if turned {
            reviews.reverse();
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| encode(&Sentiment::train(&reviews, Vec::new(), &OPTIONS).unwrap()).unwrap())
    };
    let first = bytes(1, false);
    assert!(first == bytes(2, false) && first == bytes(8, true));
    let read: Sentiment = decode(&first).unwrap();
    assert_eq!(encode(&read).unwrap(), first);
}

#[test]
fn how_accents_are_typed_does_not_matter() {
    let model = trained(&world(300, false));
    let text = "Très comfortable, déçu: scratchy!";
    let decomposed: String = text.nfd().collect();
    assert_ne!(text, decomposed);
    assert_eq!(
        model.probability(&[Some(text)]),
        model.probability(&[Some(&decomposed)])
    );
}

#[test]
fn texts_that_say_nothing() {
    let model = trained(&world(500, false));
    let base = model.facts.as_ref().unwrap().base_rate();
    let long = "dress ".repeat(200_000);
    let asked = model.probability(&[None, Some(""), Some(" \t"), Some("zzz"), Some("..."), Some(&long)]);
    assert_eq!(asked[..5], [None, None, None, Some(base), Some(base)]);
    assert!(asked[5].unwrap() > 0.0);
    assert_eq!(Sentiment::refused("no".into()).probability(&[Some("dress")]), [None]);
}

#[test]
fn what_cannot_be_learned_is_refused() {
    let told = |texts: &[(&str, bool)]| {
        let reviews: Vec<Review<'_>> = texts
            .iter()
            .map(|&(text, positive)| Review { text, positive })
            .collect();
        Sentiment::train(&reviews, Vec::new(), &OPTIONS)
            .unwrap_err()
            .to_string()
    };
    assert!(told(&[("good", true); 30]).contains("30 texts are positive and 0 are not"));
    let names: Vec<String> = (0..40).map(|i| format!("w{i}")).collect();
    let apart: Vec<(&str, bool)> = names
        .iter()
        .enumerate()
        .map(|(i, w)| (w.as_str(), i % 2 == 0))
        .collect();
    assert!(told(&apart).contains("share a word"));
}

/// Equal texts in two folds would tell of each other.
#[test]
fn texts_that_are_copies_make_no_figure_better() {
    let random: Vec<(String, bool)> = (0..300_u64)
        .map(|i| {
            (
                format!("a b c d{} e{}", i % 7, mix(i) % 50),
                mix(i ^ 99).is_multiple_of(2),
            )
        })
        .flat_map(|review| vec![review; 5])
        .collect();
    let found = trained(&random).facts.unwrap().scores;
    assert!(found.auc < 0.6, "{found:?}");
}
