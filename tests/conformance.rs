//! What every launch model must do, run for each entry of [`Architecture::ALL`]: a new architecture is tested by being
//! in that list. Classifiers and purchase models have files of their own. Without DuckDB: `cargo test --release --no-default-features --test conformance`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "conformance/classifiers.rs"]
mod classifiers;
#[path = "conformance/embeddings.rs"]
mod embeddings;
#[path = "conformance/formats.rs"]
mod formats;
#[path = "conformance/launches.rs"]
mod launches;
#[path = "conformance/planted.rs"]
mod planted_truth;
#[path = "conformance/policies.rs"]
mod policies;
#[path = "conformance/purchases.rs"]
mod purchases;
#[path = "conformance/robustness.rs"]
mod robustness;
#[path = "conformance/scenarios.rs"]
mod scenarios;
#[path = "conformance/texts.rs"]
mod texts;

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Date32Array, Float64Array, RecordBatch, StringArray};
use launches::{Launches, Random, batch, no_columns, planted, sound};
use launchpad::{
    error::Error,
    forecast::{Forecast, Interval},
    launch::{Architecture, LaunchModel},
    model::{decode, encode},
    panel::{Candidates, MAX_HORIZON},
};

fn each(test: impl Fn(Architecture)) {
    Architecture::ALL.into_iter().for_each(test);
}

/// Forecasts at level 0.8 over the whole horizon, checked to be sound.
fn forecast(model: &LaunchModel, candidates: &Candidates) -> Vec<Forecast> {
    let forecasts = model.forecast(candidates, 0.8, None).unwrap();
    assert_eq!(forecasts.len(), candidates.len());
    sound(&forecasts).unwrap();
    forecasts
}

fn intervals(forecast: &Forecast) -> Vec<Option<Interval>> {
    forecast.steps.iter().map(|s| s.interval).collect()
}

fn refusal(launches: &Launches, architecture: Architecture) -> String {
    match launches.train(architecture) {
        Err(Error::Refused(reason)) => reason,
        other => panic!("{}: {other:?}", architecture.name()),
    }
}

#[test]
fn too_few_launches_are_refused_with_their_number() {
    each(|a| {
        for n in 0..3 {
            assert_eq!(
                refusal(&Launches::constant(n, 4, 10.0), a),
                format!("at least 3 past launches with observed sales are needed, got {n}")
            );
        }
        // A launch of which nothing is observed does not count.
        let mut launches = Launches::constant(3, 4, 10.0);
        launches.units[1] = vec![None; 4];
        assert!(refusal(&launches, a).ends_with("got 2"));
    });
}

#[test]
fn three_launches_are_enough() {
    each(|a| {
        let launches = planted(3, 6, 1);
        let model = launches.train(a).unwrap();
        let forecasts = forecast(&model, &launches.candidates());
        assert!(intervals(&forecasts[0]).iter().all(Option::is_some), "{}", a.name());
    });
}

#[test]
fn one_period_is_a_horizon() {
    each(|a| {
        let launches = planted(30, 1, 2);
        let forecasts = forecast(&launches.train(a).unwrap(), &launches.candidates());
        assert!(
            forecasts
                .iter()
                .all(|f| f.steps.len() == 1 && f.steps[0].interval.is_some())
        );
    });
}

#[test]
fn equal_launches_are_forecast_as_they_were() {
    each(|a| {
        // On Mondays, so every step is a full week.
        let launches = Launches::constant(20, 8, 50.0);
        for f in forecast(&launches.train(a).unwrap(), &launches.candidates()) {
            for i in intervals(&f) {
                let i = i.unwrap();
                // Bass approaches a flat curve only from its own shape.
                let tolerance = if a == Architecture::Bass { 0.05 } else { 1e-9 };
                assert!((i.median / 50.0 - 1.0).abs() < tolerance, "{}: {i:?}", a.name());
                assert!((i.mean / 50.0 - 1.0).abs() < tolerance, "{}: {i:?}", a.name());
            }
        }
    });
}

#[test]
fn launches_that_sold_nothing_give_zero() {
    each(|a| {
        let launches = Launches::constant(20, 8, 0.0);
        for f in forecast(&launches.train(a).unwrap(), &launches.candidates()) {
            assert!(
                intervals(&f).iter().all(|i| i.is_some_and(|i| i.upper < 0.02)),
                "{}: {f:?}",
                a.name()
            );
        }
    });
}

#[test]
fn impossible_units_are_named_with_step_and_product() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, f64::MAX] {
        let mut launches = Launches::constant(5, 4, 10.0);
        launches.units[3][2] = Some(bad);
        let error = launches.panel().unwrap_err().to_string();
        assert!(
            error.starts_with("units must be") && error.ends_with("at step 3 of product 'p0003'"),
            "{bad}: {error}"
        );
    }
}

#[test]
fn a_product_launched_twice_is_an_error() {
    let mut launches = Launches::constant(5, 4, 10.0);
    launches.ids[4] = "p0001".to_owned();
    assert_eq!(
        launches.panel().unwrap_err().to_string(),
        "product_id 'p0001' is launched twice: keep one row per product"
    );
}

#[test]
fn columns_of_unequal_length_are_an_error() {
    let mut launches = Launches::constant(5, 4, 10.0);
    launches.days.pop();
    let error = launches.panel().unwrap_err().to_string();
    assert!(error.contains("4 launch dates"), "{error}");
}

#[test]
fn launch_dates_stay_within_the_calendar() {
    for (day, text) in [
        (-1, "got 1969-12-31"),
        (84_371, "got 2201-01-01"),
        (i32::MAX, "got day"),
    ] {
        let mut launches = Launches::constant(5, 4, 10.0);
        launches.days[2] = day;
        let error = launches.panel().unwrap_err().to_string();
        assert!(error.contains("product 'p0002'") && error.contains(text), "{error}");
    }
}

#[test]
fn the_order_of_rows_does_not_change_a_byte() {
    each(|a| {
        let launches = planted(60, 6, 3);
        let bytes = encode(&launches.train(a).unwrap()).unwrap();
        for seed in 0..3 {
            let shuffled = launches.select(&Random(seed).shuffled(60));
            assert_eq!(encode(&shuffled.train(a).unwrap()).unwrap(), bytes, "{}", a.name());
        }
    });
}

#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    each(|a| {
        let launches = planted(120, 6, 4);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let model = launches.train(a).unwrap();
                (encode(&model).unwrap(), forecast(&model, &launches.candidates()))
            })
        };
        let (one, two) = (on(1), on(2));
        assert!(one.0 == two.0, "{}: bytes", a.name());
        assert!(one.1 == two.1, "{}: forecasts", a.name());
    });
}

#[test]
fn a_stored_model_forecasts_as_before() {
    each(|a| {
        // Steps that nobody has observed yet, and attributes of every kind, go through the bytes too.
        let mut launches = mixed_attributes(40);
        launches.units.iter_mut().for_each(|u| u.truncate(5));
        let model = launches.train(a).unwrap();
        let bytes = encode(&model).unwrap();
        let read: LaunchModel = decode(&bytes).unwrap();
        assert!(read == model, "{}", a.name());
        assert!(encode(&read).unwrap() == bytes, "{}", a.name());
        let candidates = launches.candidates();
        assert!(
            forecast(&read, &candidates) == forecast(&model, &candidates),
            "{}",
            a.name()
        );
    });
}

#[test]
fn intervals_widen_with_the_level() {
    each(|a| {
        let launches = planted(80, 6, 5);
        let model = launches.train(a).unwrap();
        let candidates = launches.candidates();
        let mut narrower: Option<Vec<Forecast>> = None;
        for level in [1e-9, 0.1, 0.5, 0.8, 0.95, 0.999_999] {
            let wider = model.forecast(&candidates, level, None).unwrap();
            sound(&wider).unwrap();
            for (n, w) in narrower.iter().flatten().zip(&wider) {
                for (n, w) in n.steps.iter().zip(&w.steps) {
                    let (n, w) = (n.interval.unwrap(), w.interval.unwrap());
                    assert!(
                        w.lower <= n.lower && n.upper <= w.upper,
                        "{} {level}: {n:?} {w:?}",
                        a.name()
                    );
                    assert_eq!((w.median, w.mean), (n.median, n.mean));
                }
            }
            narrower = Some(wider);
        }
    });
}

#[test]
fn levels_and_horizons_out_of_range_are_errors() {
    each(|a| {
        let launches = planted(10, 4, 6);
        let model = launches.train(a).unwrap();
        let says = |level: f64, horizon: Option<usize>| {
            let error = model.forecast(&launches.candidates(), level, horizon).unwrap_err();
            assert!(matches!(error, Error::Argument(_)), "{error:?}");
            error.to_string()
        };
        for level in [0.0, 1.0, 1.5, -0.1, f64::NAN, f64::INFINITY] {
            assert!(says(level, None).starts_with("level must be above 0 and below 1, got"));
        }
        assert_eq!(says(0.8, Some(0)), "horizon must be between 1 and 520, got 0");
        assert_eq!(says(0.8, Some(10_000)), "horizon must be between 1 and 520, got 10000");
        assert_eq!(
            says(0.8, Some(5)),
            "horizon must be at most the 4 weeks the model was trained for, got 5"
        );
        // A shorter horizon is the beginning of the whole one.
        let short = model.forecast(&launches.candidates(), 0.8, Some(2)).unwrap();
        let long = forecast(&model, &launches.candidates());
        assert!(short.iter().zip(&long).all(|(s, l)| s.steps[..] == l.steps[..2]));
    });
}

#[test]
fn a_step_that_no_launch_has_reached_has_no_forecast() {
    each(|a| {
        let mut launches = planted(30, 8, 7);
        launches.units.iter_mut().for_each(|u| u.truncate(6));
        let forecasts = forecast(&launches.train(a).unwrap(), &launches.candidates());
        for f in &forecasts {
            let known: Vec<bool> = intervals(f).iter().map(Option::is_some).collect();
            // A diffusion goes on along its curve: that is what it is for, and its documentation says so.
            let beyond = a == Architecture::Bass;
            assert_eq!(
                known,
                [true, true, true, true, true, true, beyond, beyond],
                "{}",
                a.name()
            );
        }
        // Seen of some launches is enough.
        launches.units.iter_mut().take(4).for_each(|u| u.extend([Some(9.0); 2]));
        let forecasts = forecast(&launches.train(a).unwrap(), &launches.candidates());
        let all = forecasts.iter().flat_map(intervals).filter(Option::is_some).count();
        assert_eq!(all, 30 * 8, "{}", a.name());
    });
}

#[test]
fn steps_not_observed_yet_are_no_zeros() {
    each(|a| {
        let launches = planted(200, 8, 8);
        let mut censored = launches.clone();
        for (i, units) in censored.units.iter_mut().enumerate() {
            units.truncate(if i % 2 == 0 { 3 } else { 8 });
        }
        let last = |l: &Launches| -> f64 {
            let forecasts = forecast(&l.train(a).unwrap(), &launches.candidates());
            forecasts.iter().map(|f| f.steps[7].interval.unwrap().median).sum()
        };
        // As zeros they would halve it.
        let ratio = last(&censored) / last(&launches);
        assert!((0.8..1.25).contains(&ratio), "{}: {ratio}", a.name());
    });
}

#[test]
fn short_and_long_lists_of_units_fit_the_horizon() {
    each(|a| {
        let launches = planted(20, 6, 9);
        let mut other = launches.clone();
        other.units.iter_mut().for_each(|u| u.push(Some(1e9)));
        // What lies behind the horizon changes nothing ...
        assert!(other.train(a).unwrap() == launches.train(a).unwrap());
        // ... and what is missing before it counts as not observed.
        other.units[0] = vec![Some(1.0)];
        let model = other.train(a).unwrap();
        assert_eq!(model.training().observations, 20 * 6 - 5);
    });
}

#[test]
fn more_attributes_than_launches() {
    each(|a| {
        let mut random = Random(10);
        let columns = (0..60)
            .map(|c| {
                let values: Vec<f64> = (0..12).map(|_| random.normal()).collect();
                (format!("x{c}"), Arc::new(Float64Array::from(values)) as ArrayRef)
            })
            .collect();
        let launches = planted(12, 5, 10).with(columns);
        forecast(&launches.train(a).unwrap(), &launches.candidates());
    });
}

#[test]
fn attributes_that_are_all_null_say_nothing() {
    each(|a| {
        let bare = planted(25, 5, 11).with_no_attributes();
        let empty = bare.clone().with(vec![
            (
                "price".to_owned(),
                Arc::new(Float64Array::from(vec![None; 25])) as ArrayRef,
            ),
            (
                "category".to_owned(),
                Arc::new(StringArray::from(vec![None::<&str>; 25])),
            ),
            ("organic".to_owned(), Arc::new(BooleanArray::from(vec![None; 25]))),
            ("designed".to_owned(), Arc::new(Date32Array::from(vec![None; 25]))),
        ]);
        let (bare_model, empty_model) = (bare.train(a).unwrap(), empty.train(a).unwrap());
        assert!(
            forecast(&bare_model, &bare.candidates()) == forecast(&empty_model, &empty.candidates()),
            "{}",
            a.name()
        );
    });
}

#[test]
fn three_hundred_columns_of_noise_do_not_hide_price_and_category() {
    let (train, new) = (planted(200, 4, 12), planted(100, 4, 13));
    let with_noise = |launches: &Launches, seed: u64| {
        let (n, mut random) = (launches.ids.len(), Random(seed));
        let mut columns: Vec<(String, ArrayRef)> = (0..300)
            .map(|c| {
                let values: Vec<f64> = (0..n).map(|_| random.normal()).collect();
                (format!("x{c}"), Arc::new(Float64Array::from(values)) as ArrayRef)
            })
            .collect();
        for name in ["price", "category"] {
            columns.push((
                name.to_owned(),
                launches.attributes.column_by_name(name).unwrap().clone(),
            ));
        }
        launches.clone().with(columns)
    };
    each(|a| {
        let noisy = with_noise(&train, 14).train(a).unwrap();
        let error = |model: &LaunchModel, new: &Launches| planted_truth::wape(&forecast(model, &new.candidates()), new);
        let (with, without) = (
            error(&noisy, &with_noise(&new, 15)),
            error(&train.train(a).unwrap(), &new),
        );
        assert!(
            with < 1.25 * without + 0.02,
            "{}: {with} with noise, {without} without",
            a.name()
        );
    });
}

#[test]
fn candidates_may_lack_what_the_model_knows() {
    each(|a| {
        let launches = mixed_attributes(40);
        let model = launches.train(a).unwrap();
        let days = vec![19_000; 2];
        // No column at all.
        let bare = Candidates::new(days.clone(), no_columns(2));
        forecast(&model, &bare);
        assert!(
            model
                .lacking(&bare)
                .iter()
                .all(|lacking| !lacking.unknown.missing.is_empty()),
            "{}",
            a.name()
        );
        // Values and columns that no past launch had, and a type that it did not have.
        let strange = Candidates::new(
            days,
            batch(vec![
                (
                    "category".to_owned(),
                    Arc::new(StringArray::from(vec![Some("never seen"), Some("")])) as ArrayRef,
                ),
                ("price".to_owned(), Arc::new(StringArray::from(vec!["cheap", "dear"]))),
                (
                    "organic".to_owned(),
                    Arc::new(Float64Array::from(vec![f64::NAN, f64::INFINITY])),
                ),
                ("note".to_owned(), Arc::new(Float64Array::from(vec![1.0, -1e308]))),
                ("new".to_owned(), Arc::new(BooleanArray::from(vec![true, false]))),
            ]),
        );
        let forecasts = forecast(&model, &strange);
        assert!(
            forecasts.iter().flat_map(intervals).all(|i| i.is_some()),
            "{}",
            a.name()
        );
    });
}

#[test]
fn a_candidate_does_not_depend_on_the_others() {
    each(|a| {
        let launches = planted(50, 5, 16);
        let model = launches.train(a).unwrap();
        let together = forecast(&model, &launches.candidates());
        for row in [0, 17, 49] {
            let alone = forecast(&model, &launches.select(&[row]).candidates());
            assert!(alone[0] == together[row], "{} {row}", a.name());
        }
    });
}

#[test]
fn sales_so_far_draw_the_forecast_to_themselves() {
    each(|a| {
        let launches = planted(200, 8, 21);
        let model = launches.train_well(a).unwrap();
        let candidates = launches.select(&[0, 1, 2, 3]).candidates();
        let expected = forecast(&model, &candidates);
        let mut weights = vec![0.0];
        // Each sells a third of what was expected, seen for more and more steps.
        for seen in 1..6 {
            let own: Vec<Vec<Option<f64>>> = expected
                .iter()
                .map(|f| intervals(f)[..seen].iter().map(|i| i.map(|i| i.median / 3.0)).collect())
                .collect();
            let running = model.forecast_running(&candidates, &own, 0.8, None).unwrap();
            sound(&running).unwrap();
            for (r, e) in running.iter().zip(&expected) {
                let (r, e) = (r.steps[7].interval.unwrap(), e.steps[7].interval.unwrap());
                assert!(
                    r.median < e.median && r.median > e.median / 4.0,
                    "{}: {r:?} {e:?}",
                    a.name()
                );
                assert!(r.upper - r.lower < e.upper - e.lower, "{}: {r:?} {e:?}", a.name());
            }
            weights.push(running[0].own_weight);
        }
        assert!(
            weights.is_sorted() && weights[5] > 0.5 && weights[5] < 1.0,
            "{}: {weights:?}",
            a.name()
        );
        // Nothing known changes nothing.
        let nothing = model
            .forecast_running(&candidates, &[vec![None; 8], vec![]], 0.8, None)
            .unwrap();
        assert!(nothing == expected, "{}", a.name());
    });
}

#[test]
fn the_longest_horizon() {
    each(|a| {
        let launches = planted(12, MAX_HORIZON, 17);
        let forecasts = forecast(&launches.train(a).unwrap(), &launches.candidates());
        assert!(forecasts.iter().all(|f| f.steps.len() == MAX_HORIZON));
        // 520 weeks on, the dates still follow each other.
        assert!(forecasts[0].steps.windows(2).all(|w| w[1].day - w[0].day == 7));
    });
    let beyond = Launches::constant(5, MAX_HORIZON + 1, 1.0)
        .panel()
        .unwrap_err()
        .to_string();
    assert_eq!(beyond, "horizon must be between 1 and 520, got 521");
}

#[test]
fn all_calendars() {
    use launchpad::panel::Frequency;
    each(|a| {
        for frequency in [Frequency::Day, Frequency::Week, Frequency::Month] {
            let mut launches = planted(30, 6, 18);
            launches.frequency = frequency;
            // A launch on the last day of its period has a first step of one day.
            launches.days = (0..30).map(|i| 18_261 + 31 * i).collect();
            let forecasts = forecast(&launches.train(a).unwrap(), &launches.candidates());
            for (f, day) in forecasts.iter().zip(&launches.days) {
                assert_eq!(frequency.period_start(*day, 0), Some(f.steps[0].day), "{}", a.name());
            }
        }
    });
}

#[test]
fn comparables_explain_a_forecast_that_rests_on_launches() {
    let launches = planted(30, 5, 19);
    each(|a| {
        let model = launches.train(a).unwrap();
        let found = model.comparables(&launches.candidates(), 4);
        if !matches!(a, Architecture::Analog | Architecture::Auto) {
            let reason = found.unwrap_err().to_string();
            assert!(reason.contains("does not rest on single launches"), "{reason}");
            return;
        }
        for comparables in found.unwrap() {
            assert!(comparables[..4].iter().all(|c| c.id.is_some() && c.group.is_none()));
            assert!(comparables.len() > 4 && comparables[4..].iter().all(|c| c.id.is_none() && c.group.is_some()));
            assert!((comparables.iter().map(|c| c.weight).sum::<f64>() - 1.0).abs() < 1e-12);
            assert!(comparables[..4].windows(2).all(|w| w[0].weight >= w[1].weight));
        }
    });
}

impl Launches {
    fn with_no_attributes(mut self) -> Self {
        self.attributes = no_columns(self.ids.len());
        self
    }
}

/// Planted launches with a column of every type, each with some NULLs.
fn mixed_attributes(n: usize) -> Launches {
    let mut random = Random(20);
    let launches = planted(n, 6, 20);
    let column = |name: &str| launches.attributes.column_by_name(name).unwrap().clone();
    let organic: BooleanArray = (0..n).map(|i| (i % 7 != 0).then_some(i % 2 == 0)).collect();
    let designed: Date32Array = (0..n).map(|i| (i % 5 != 0).then_some(17_000 + 11 * i as i32)).collect();
    let notes: StringArray = (0..n)
        .map(|i| {
            let words = ["cotton shirt", "steel pan", "glass jar", "wool hat"];
            (i % 9 != 0).then(|| format!("{} {}", words[random.below(4)], words[random.below(4)]) + &format!(" {i}x"))
        })
        .collect();
    let columns: Vec<(String, ArrayRef)> = vec![
        ("price".to_owned(), column("price")),
        ("category".to_owned(), column("category")),
        ("organic".to_owned(), Arc::new(organic)),
        ("designed".to_owned(), Arc::new(designed)),
        ("note".to_owned(), Arc::new(notes)),
    ];
    let attributes: RecordBatch = batch(columns);
    Launches { attributes, ..launches }
}
