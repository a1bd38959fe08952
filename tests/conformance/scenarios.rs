//! Scenarios and explanations agree with the forecasts they belong to, whatever the architecture.

use launchpad::{
    launch::{Architecture, Kind, LaunchModel, Scenarios},
    model::{decode, encode},
};

use crate::{
    each, intervals,
    launches::{Launches, planted},
};

/// Launches on Thursdays, so that the first step is a part of a week, some of them seen for a few steps only.
fn launches(n: usize, seed: u64) -> Launches {
    let mut launches = planted(n, 6, seed);
    launches.days.iter_mut().for_each(|d| *d += 3);
    launches.units.iter_mut().step_by(9).for_each(|u| u.truncate(4));
    launches
}

fn through_bytes(model: &LaunchModel) -> LaunchModel {
    decode(&encode(model).unwrap()).unwrap()
}

#[test]
fn the_quantiles_of_scenarios_are_those_of_the_forecast() {
    each(|a| {
        let launches = launches(80, 31);
        let model = through_bytes(&launches.train(a).unwrap());
        let chosen = launches.select(&[0, 5, 40]);
        let (candidates, keys) = (chosen.candidates(), chosen.ids.clone());
        // New products, and ones that have sold half of what was expected for two steps.
        let forecasts = model.forecast(&candidates, 0.8, None).unwrap();
        let own: Vec<Vec<Option<f64>>> = forecasts
            .iter()
            .map(|f| intervals(f)[..2].iter().map(|i| i.map(|i| i.median / 2.0)).collect())
            .collect();
        for own in [vec![], own] {
            let forecasts = model.forecast_running(&candidates, &own, 0.8, None).unwrap();
            let scenarios = model.scenarios(&candidates, &keys, &own, 1_000).unwrap();
            for (f, s) in forecasts.iter().zip(&scenarios) {
                assert_eq!(f.reason, s.reason);
                for (f, s) in f.steps.iter().zip(&s.steps) {
                    assert_eq!((f.step, f.day, s.units.len()), (s.step, s.day, 1_000));
                    let (i, mut sorted) = (f.interval.unwrap(), s.units.clone());
                    sorted.sort_by(f64::total_cmp);
                    // Ranks 100 and 101 of 1,000 are quantiles 9.95 % and 10.05 %.
                    for (value, rank) in [(i.lower, 100), (i.median, 500), (i.upper, 900)] {
                        assert!(
                            (sorted[rank - 1]..=sorted[rank]).contains(&value),
                            "{} step {}: {value} is not between {} and {}",
                            a.name(),
                            f.step,
                            sorted[rank - 1],
                            sorted[rank]
                        );
                    }
                    assert!(sorted[0] >= 0.0 && sorted[0] < sorted[999]);
                }
            }
        }
    });
}

#[test]
fn scenarios_hang_together_where_products_differ_for_good() {
    // In the planted launches the noise of a product (0.3) is larger than that of its steps (0.1).
    each(|a| {
        let launches = launches(150, 32);
        let model = launches.train_well(a).unwrap();
        let scenarios = model
            .scenarios(&launches.select(&[3]).candidates(), &["x".to_owned()], &[], 1_000)
            .unwrap();
        let variance = |values: &[f64]| {
            let mean = values.iter().sum::<f64>() / 1_000.0;
            values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 1_000.0
        };
        let steps = &scenarios[0].steps;
        let totals: Vec<f64> = (0..1_000).map(|j| steps.iter().map(|s| s.units[j]).sum()).collect();
        let ratio = variance(&totals) / steps.iter().map(|s| variance(&s.units)).sum::<f64>();
        // 1 for independent steps, 6 for steps that are one and the same.
        // The curves of an autoencoder hang together, less than the errors of past launches.
        let least = if a == Architecture::Vae { 2.0 } else { 3.0 };
        assert!((least..6.0).contains(&ratio), "{}: {ratio}", a.name());
    });
}

#[test]
fn totals_of_new_launches_lie_within_those_of_their_scenarios() {
    each(|a| {
        let (past, new) = (planted(400, 6, 41), planted(300, 6, 42));
        let model = past.train_well(a).unwrap();
        let scenarios = model.scenarios(&new.candidates(), &new.ids, &[], 400).unwrap();
        let inside = |(s, units): &(&Scenarios, &Vec<Option<f64>>)| {
            let total = |j: usize| s.steps.iter().map(|s| s.units[j]).sum::<f64>();
            let mut totals: Vec<f64> = (0..400).map(total).collect();
            totals.sort_by(f64::total_cmp);
            (totals[39]..totals[360]).contains(&units.iter().flatten().sum())
        };
        let share = scenarios.iter().zip(&new.units).filter(inside).count() as f64 / 300.0;
        // Four standard errors around 0.8: those of 300 launches, and of the 180 that the ends rest on.
        assert!((0.65..0.95).contains(&share), "{}: {share}", a.name());
    });
}

#[test]
fn any_number_of_scenarios_can_be_had_of_any_model() {
    each(|a| {
        for launches in [planted(3, 6, 33), Launches::constant(12, 4, 0.0), planted(12, 1, 34)] {
            let model = launches.train(a).unwrap();
            let candidates = launches.candidates();
            for n in [1, 2, 10_000] {
                for s in model.scenarios(&candidates, &launches.ids, &[], n).unwrap() {
                    for step in s.steps {
                        assert_eq!(step.units.len(), n as usize, "{}", a.name());
                        assert!(step.units.iter().all(|u| u.is_finite() && *u >= 0.0));
                    }
                }
            }
            let error = model.scenarios(&candidates, &launches.ids, &[], 0).unwrap_err();
            assert_eq!(error.to_string(), "n must be between 1 and 10000, got 0");
        }
    });
}

#[test]
fn contributions_add_up_to_the_difference_to_the_category_mean() {
    each(|a| {
        let launches = launches(80, 35);
        let model = through_bytes(&launches.train(a).unwrap());
        let naive = launches.train(Architecture::Naive).unwrap();
        let candidates = launches.select(&[0, 5, 40, 71]).candidates();
        let total = |model: &LaunchModel| -> Vec<f64> {
            let forecasts = model.forecast(&candidates, 0.8, None).unwrap();
            let sum = |f| intervals(f).iter().flatten().map(|i| i.median).sum();
            forecasts.iter().map(sum).collect()
        };
        let forecasts = total(&model);
        let naive = naive.explain(&candidates, 0).unwrap();
        let baselines: Vec<f64> = naive.iter().map(|e| e.baseline).collect();
        for k in [0, 3, 1_000] {
            for (i, e) in model.explain(&candidates, k).unwrap().iter().enumerate() {
                let near = |x: f64, y: f64| (x - y).abs() <= 1e-9 * (1.0 + y.abs());
                assert!(near(e.forecast, forecasts[i]), "{}", a.name());
                assert!(near(e.baseline, baselines[i]), "{}", a.name());
                let sum: f64 = e.contributions.iter().map(|c| c.units).sum();
                assert!(near(sum, forecasts[i] - baselines[i]), "{} {k}: {e:?}", a.name());
                let listed = e
                    .contributions
                    .iter()
                    .filter(|c| c.kind == Kind::Comparable && c.value.is_some())
                    .count();
                assert!(listed <= k);
            }
        }
    });
}

#[test]
fn what_is_left_to_all_other_launches_is_small_where_all_are_listed() {
    // What past launches and slopes contribute is computed launch by launch; the forecast is not.
    let launches = launches(80, 36);
    let model = launches.train(Architecture::Analog).unwrap();
    for e in model.explain(&launches.candidates(), 1_000).unwrap() {
        let last = e.contributions.last().unwrap();
        assert_eq!(
            (last.name.as_str(), last.value.as_deref()),
            ("all other launches", None)
        );
        assert!(last.units.abs() < 1e-4 * e.forecast, "{last:?} of {}", e.forecast);
    }
}

#[test]
fn a_low_price_raises_the_forecast_and_a_high_one_lowers_it() {
    let launches = planted(300, 6, 37);
    let prices = |e: &launchpad::launch::Explanation| -> f64 {
        let price = e.contributions.iter().filter(|c| c.kind == Kind::Price);
        price.map(|c| c.units).sum()
    };
    let values = launches.attributes.column_by_name("price").unwrap().clone();
    let values = values
        .as_any()
        .downcast_ref::<arrow_array::Float64Array>()
        .unwrap()
        .values();
    for a in [Architecture::Analog, Architecture::Auto] {
        let explained = launches.train(a).unwrap().explain(&launches.candidates(), 10).unwrap();
        let right = |(e, price): &(&launchpad::launch::Explanation, &f64)| match **price {
            p if p < 4.0 => prices(e) > 0.0,
            p if p > 17.0 => prices(e) < 0.0,
            _ => true,
        };
        let all = explained.iter().zip(values);
        let wrong: Vec<f64> = all.filter(|pair| !right(pair)).map(|(_, p)| *p).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", a.name());
    }
}

#[test]
fn a_candidate_is_explained_and_drawn_as_it_is_alone() {
    each(|a| {
        let launches = launches(70, 38);
        let model = launches.train(a).unwrap();
        let (together, drawn) = (
            model.explain(&launches.candidates(), 5).unwrap(),
            model.scenarios(&launches.candidates(), &launches.ids, &[], 20).unwrap(),
        );
        for row in [69, 0, 33] {
            let one = launches.select(&[row]);
            assert_eq!(model.explain(&one.candidates(), 5).unwrap()[0], together[row]);
            assert_eq!(
                model.scenarios(&one.candidates(), &one.ids, &[], 20).unwrap()[0],
                drawn[row]
            );
        }
    });
}
