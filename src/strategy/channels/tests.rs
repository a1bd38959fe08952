//! What fits must do, on planted channels.

use super::*;

/// Numbers between -0.5 and 0.5 that look like chance.
fn noise(at: usize, stream: u64) -> f64 {
    let mixed = crate::statistics::mix(at as u64 ^ (stream << 40));
    (mixed >> 11) as f64 / (1u64 << 53) as f64 - 0.5
}

fn planted(weeks: usize) -> Series {
    let spend = |stream: u64, level: f64| -> Vec<f64> {
        (0..weeks).map(|at| level * (1.0 + 1.6 * noise(at, stream))).collect()
    };
    let (tv, search) = (spend(1, 300.0), spend(2, 100.0));
    let outcome = (0..weeks).map(|at| {
        let brought = 900.0 * tv[at] / (tv[at] + 300.0) + 400.0 * search[at] / (search[at] + 100.0);
        Some(3_000.0 + 200.0 * (at as f64 * 0.12).sin() + brought + 60.0 * noise(at, 3))
    });
    let outcome = Some(outcome.collect());
    let channel = |name: &str, spend| Channel {
        name: name.to_owned(),
        spend,
        outcome: None,
    };
    Series {
        channels: vec![channel("search", search), channel("tv", tv)],
        outcome,
        covariates: Vec::new(),
        calendar: Calendar::Week,
    }
}

fn fitted(series: &Series) -> Vec<Fitted> {
    fit(series).into_iter().collect::<Result<_, _>>().unwrap()
}

#[test]
fn planted_curves_lie_within_the_intervals() {
    let fits = fitted(&planted(150));
    for (fit, (most, half)) in fits.iter().zip([(400.0, 100.0), (900.0, 300.0)]) {
        for spend in [0.5 * half, half, 1.5 * half] {
            let truth = most * spend / (spend + half);
            let (lower, upper) = fit.curve.interval(spend, 0.95);
            assert!(lower < truth && truth < upper, "{truth} not in {lower} to {upper}");
            assert!(upper - lower < 1.2 * truth, "{lower} to {upper} says little");
        }
        assert!(fit.identified && fit.curve.later() < 0.3, "{}", fit.reason);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let series = planted(60);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            fitted(&series)
                .iter()
                .map(|fit| fit.curve.effects().to_vec())
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn the_unit_of_money_and_of_outcomes_changes_nothing_else() {
    let series = planted(60);
    let mut other = series.clone();
    for channel in &mut other.channels {
        channel.spend.iter_mut().for_each(|spend| *spend *= 1024.0);
    }
    other
        .outcome
        .iter_mut()
        .flatten()
        .flatten()
        .for_each(|outcome| *outcome *= 0.125);
    for (a, b) in fitted(&series).iter().zip(fitted(&other)) {
        let (a, b) = (a.curve.outcome(150.0), b.curve.outcome(150.0 * 1024.0));
        assert!((a * 0.125 - b).abs() < 1e-6 * b, "{a} {b}");
    }
}

#[test]
fn channels_that_always_go_together_are_not_identified_and_named() {
    let mut series = planted(120);
    let copied = series.channels[1].spend.iter().map(|spend| 0.5 * spend).collect();
    series.channels.push(Channel {
        name: "video".to_owned(),
        spend: copied,
        outcome: None,
    });
    let fits = fitted(&series);
    assert!(fits[0].identified && !fits[1].identified && !fits[2].identified);
    assert!(
        fits[1].reason.contains("hardly tell it from video"),
        "{}",
        fits[1].reason
    );
    // Together they bring what was planted.
    let both = fits[1].curve.outcome(300.0) + fits[2].curve.outcome(150.0);
    assert!((both - 450.0).abs() < 120.0, "{both}");
}

#[test]
fn what_cannot_be_fitted_says_why() {
    let why = |series: &Series| {
        fit(series)
            .into_iter()
            .map(|fit| fit.err().unwrap_or_default())
            .collect::<Vec<_>>()
    };
    let mut unused = planted(60);
    unused.channels[0].spend.iter_mut().for_each(|spend| *spend = 0.0);
    assert_eq!(
        why(&unused),
        ["nothing was ever spent on it: what it brings is not known", ""]
    );
    let mut flat = planted(60);
    flat.outcome = Some(vec![Some(7.0); 60]);
    assert_eq!(why(&flat), ["all outcomes are the same"; 2]);
    assert_eq!(why(&planted(13))[0], "13 weeks with an outcome, and 2 channels need 14");
    let mut none = planted(60);
    none.outcome = None;
    assert!(why(&none)[0].contains("it has spend and no outcome"));
    let mut elsewhere = planted(60);
    elsewhere.channels[0]
        .spend
        .iter_mut()
        .skip(10)
        .for_each(|spend| *spend = 0.0);
    elsewhere
        .outcome
        .iter_mut()
        .for_each(|outcome| outcome.iter_mut().take(10).for_each(|value| *value = None));
    assert_eq!(why(&elsewhere)[0], "it has no spend in the periods with outcomes");
}

#[test]
fn gaps_extremes_and_few_numbers_give_finite_answers() {
    for (spend, outcome) in [(1e-9, 1e12), (1e12, 1e-9), (1.0, 1.0)] {
        let mut series = planted(40);
        for (at, channel) in series.channels.iter_mut().enumerate() {
            channel.spend.iter_mut().for_each(|value| *value *= spend);
            channel.spend[5 + at] *= 1_000.0;
        }
        for (at, value) in series.outcome.iter_mut().flatten().enumerate() {
            *value = value.filter(|_| at % 3 > 0).map(|value| value * outcome);
        }
        for fit in fitted(&series) {
            for at in [0.0, 0.5, 10.0] {
                let x = at * fit.most;
                let (lower, upper) = fit.curve.interval(x, 0.9);
                let all = [
                    lower,
                    upper,
                    fit.curve.outcome(x),
                    fit.curve.marginal(x),
                    fit.curve.later(),
                ];
                assert!(all.iter().all(|value| value.is_finite() && *value >= 0.0), "{all:?}");
            }
        }
    }
}
