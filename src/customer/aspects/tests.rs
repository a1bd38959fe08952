use super::*;

fn options() -> Options {
    Options { min_mentions: 5, false_discovery_rate: 0.05, level: 0.8, top: None }
}

#[test]
fn what_is_praised_and_what_is_not() {
    let texts: Vec<(String, bool)> = (0..400)
        .map(|i| {
            let (first, second) = (["soft wool", "wool", "grey wool"][i % 3], ["runs small", "fits", "arrived"][i / 3 % 3]);
            let positive = if i / 3 % 3 == 0 { i % 5 == 0 } else { i % 7 != 0 };
            (format!("The jacket is {first}. It {second} for me, {}", i % 11), positive)
        })
        .collect();
    let texts: Vec<(&str, bool)> = texts.iter().map(|(text, positive)| (text.as_str(), *positive)).collect();
    let found = aspects(&texts, &options()).unwrap();
    assert_eq!(found[0].term, "runs small", "{found:?}");
    assert!(found[0].lift < -0.5 && found[0].lower < found[0].lift && found[0].lift < found[0].upper);
    assert!(found[0].example.starts_with("It runs small for me"));
    let mut turned = texts.clone();
    turned.reverse();
    assert_eq!(aspects(&turned, &options()).unwrap(), found);
}
