use super::*;

fn options() -> Options {
    Options {
        min_mentions: 10,
        false_discovery_rate: 0.01,
        level: 0.8,
        top: None,
    }
}

/// Numbers that look drawn at random.
fn draw(text: usize, slot: usize, of: usize) -> usize {
    let mut bits = (text * 31 + slot + 1) as u64;
    for _ in 0..3 {
        bits = (bits ^ (bits >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    (bits >> 20) as usize % of
}

/// Reviews of which `effect` says how probable a positive one is, in percent.
fn reviews(count: usize, effect: impl Fn(&str) -> usize) -> Vec<(String, bool)> {
    let review = |i: usize| {
        let fabric = ["soft", "grey", "long", "thin", "new"][draw(i, 0, 5)];
        let fit = ["runs small", "runs fast", "fits", "hangs", "moves"][draw(i, 1, 5)];
        let rest = ["true to size", "of its size", "for a gift", "as shown"][draw(i, 2, 4)];
        let text = format!(
            "The {} jacket{} is {fabric}. It {fit}, {rest}",
            draw(i, 3, 30),
            draw(i, 4, 9)
        );
        let positive = draw(i, 5, 100) < effect(&text);
        (text, positive)
    };
    (0..count).map(review).collect()
}

fn found(texts: &[(String, bool)], options: &Options) -> Result<Vec<Aspect>> {
    let texts: Vec<(&str, bool)> = texts
        .iter()
        .map(|(text, positive)| (text.as_str(), *positive))
        .collect();
    aspects(&texts, options)
}

fn terms(aspects: &[Aspect]) -> Vec<&str> {
    let mut terms: Vec<&str> = aspects.iter().map(|aspect| aspect.term.as_str()).collect();
    terms.sort_unstable();
    terms
}

#[test]
fn a_phrase_is_told_from_its_words_and_a_word_from_its_phrases() {
    let effect = |text: &str| {
        70 - 55 * usize::from(text.contains("runs small")) + 28 * usize::from(text.contains("true to size"))
            - 40 * usize::from(text.contains("thin")) * usize::from(!text.contains("runs small"))
    };
    let texts = reviews(6000, effect);
    let aspects = found(&texts, &options()).unwrap();
    let named = terms(&aspects);
    // Neither "small" and "size", nor "thin it" or "jacket3 is thin".
    assert!(
        ["runs small", "thin", "true to size"]
            .iter()
            .all(|term| named.contains(term)),
        "{named:?}"
    );
    assert!(
        !named
            .iter()
            .any(|term| ["small", "size", "runs", "true"].contains(term) || term.contains("jacket")),
        "{named:?}"
    );
    let small = aspects.iter().find(|aspect| aspect.term == "runs small").unwrap();
    assert!(small.lift < -0.4 && small.lower < small.lift && small.lift < small.upper && small.sentiment < 0.3);
    assert!(small.example.contains("runs small"), "{}", small.example);
}

#[test]
fn the_order_of_texts_changes_nothing() {
    let mut texts = reviews(2000, |text| if text.contains("soft") { 95 } else { 60 });
    let aspects = found(&texts, &options()).unwrap();
    texts.reverse();
    assert_eq!(found(&texts, &options()).unwrap(), aspects);
    assert!(
        aspects
            .iter()
            .all(|aspect| aspect.lift.is_finite() && aspect.upper.is_finite())
    );
}

#[test]
fn what_has_no_answer_is_refused() {
    let refused = |texts: &[(String, bool)], options: &Options| match found(texts, options) {
        Err(Error::Refused(reason)) => reason,
        other => panic!("{other:?}"),
    };
    assert!(refused(&reviews(2000, |_| 70), &options()).contains("goes with the label"));
    assert!(refused(&reviews(2000, |_| 100), &options()).starts_with("all 2000 texts are positive"));
    assert!(refused(&reviews(5, |_| 50), &options()).starts_with("there are 5 texts"));
    assert!(
        refused(
            &[],
            &Options {
                min_mentions: 1,
                ..options()
            }
        )
        .starts_with("there are 0 texts")
    );
    let unlike: Vec<(String, bool)> = (0..40).map(|i| (format!("word{i}"), i % 2 == 0)).collect();
    assert!(refused(&unlike, &options()).starts_with("no term stands in 10 of 40 texts"));
    for wrong in [
        Options {
            level: 1.0,
            ..options()
        },
        Options {
            false_discovery_rate: f64::NAN,
            ..options()
        },
    ] {
        assert!(matches!(found(&unlike, &wrong), Err(Error::Argument(_))));
    }
}

#[test]
fn so_many_praises_and_so_many_complaints() {
    let texts = reviews(6000, |text| {
        if text.contains("soft") {
            95
        } else if text.contains("runs small") {
            20
        } else {
            65
        }
    });
    let aspects = found(
        &texts,
        &Options {
            top: Some(1),
            ..options()
        },
    )
    .unwrap();
    assert_eq!(terms(&aspects), ["runs small", "soft"]);
}

#[test]
fn what_only_stands_in_long_texts_says_nothing() {
    // Long texts are less positive, and any word is rather in one of them.
    let review = |i: usize| {
        let long = 1 + draw(i, 0, 40);
        let words: Vec<String> = (0..long).map(|slot| format!("word{}", draw(i, slot + 2, 60))).collect();
        let text = format!("{}{}", words.join(" "), if draw(i, 100, 12) == 0 { " odd" } else { "" });
        let positive = draw(i, 101, 100) < 95 - long - 30 * usize::from(text.contains("odd"));
        (text, positive)
    };
    let texts: Vec<(String, bool)> = (0..5000).map(review).collect();
    assert_eq!(terms(&found(&texts, &options()).unwrap()), ["odd"]);
}
