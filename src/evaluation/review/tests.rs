use super::*;

/// Four weeks from Monday 2024-01-01 on, 70 units planned in each, sold as `units` of each day say.
fn launch(units: impl Fn(i32) -> Option<f64>, price: f64) -> Launch {
    let start = 19_723;
    Launch {
        periods: (0..4)
            .map(|week| Period {
                start: start + 7 * week,
                end: start + 7 * week + 7,
                planned: 70.0,
                interval: Some((50.0, 95.0)),
                over: week < 3,
            })
            .collect(),
        planned_day: start,
        price: Some(10.0),
        elasticity: Some((-2.0, 0.2)),
        days: (0..21)
            .filter_map(|day| {
                Some(Day {
                    day: start + day,
                    units: Some(units(day)?),
                    price: Some(price),
                    share: None,
                })
            })
            .collect(),
        level: 0.8,
        ..Launch::default()
    }
}

fn thresholds() -> Thresholds {
    Thresholds {
        reorder_above: 1.1,
        push_below: 0.9,
        mark_down_below: 0.75,
        stop_below: 0.5,
        observe: 2,
    }
}

/// The contributions of all steps together, in the order of the drivers.
fn total(launch: &Launch) -> Vec<Option<f64>> {
    let all = drivers(launch);
    let total = all.iter().filter(|one| one.step.is_none());
    total.map(|one| one.units.map(|units| units.0)).collect()
}

#[test]
fn what_goes_as_planned_has_no_driver() {
    let plan = launch(|_| Some(10.0), 10.0);
    for found in total(&plan).into_iter().flatten() {
        assert!(found.abs() < 1e-9, "{found}");
    }
    let steps = review(&plan, &thresholds());
    assert_eq!(steps.iter().map(|step| step.step).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(steps[2].index, Some(1.0));
    assert_eq!((steps[3].actual, steps[3].projected), (None, None));
    let projected = steps[2].projected.unwrap();
    assert!(
        (projected.0 - 280.0).abs() < 1e-9 && projected.1 < 270.0 && projected.2 > 290.0,
        "{projected:?}"
    );
    assert_eq!(steps[2].verdict.as_ref().unwrap().recommendation, Recommendation::Hold);
}

#[test]
fn each_driver_is_found_and_they_add_up() {
    // 10 % dearer at an elasticity of -2 is 17.4 % fewer units: all of what is missing.
    let dear = launch(|_| Some(10.0 * 1.1_f64.powi(-2)), 11.0);
    let found = total(&dear);
    let missing = 210.0 * (1.1_f64.powi(-2) - 1.0);
    assert!((found[1].unwrap() - missing).abs() < 1.0, "{found:?}");
    assert!(found[0].unwrap().abs() < 1.0 && found[2] == Some(0.0) && found[3].is_none());

    // A week late: 70 units. Until its end nobody knows when it will be launched.
    let late = launch(|day| (day >= 7).then_some(10.0), 10.0);
    let steps = review(&late, &thresholds());
    assert!(
        steps[0].notes.contains("not launched yet") && steps[1].notes.contains("7 days late"),
        "{steps:?}"
    );
    assert!(
        steps[0].projected.is_some_and(|units| (units.0 - 210.0).abs() < 1e-9),
        "{steps:?}"
    );
    let found = total(&late);
    assert!(
        (found[2].unwrap() + 70.0).abs() < 1e-9 && found[0].unwrap().abs() < 1e-9,
        "{found:?}"
    );

    // Out of stock in the second week.
    let mut out = launch(|day| Some(if (7..14).contains(&day) { 0.0 } else { 10.0 }), 10.0);
    out.stock_known = true;
    for day in out.days.iter_mut().filter(|day| day.units == Some(0.0)) {
        day.share = Some(0.0);
    }
    let found = drivers(&out);
    let stock = found
        .iter()
        .find(|one| one.step.is_none() && one.driver == Driver::Stock)
        .unwrap();
    let (middle, lower, upper) = stock.units.unwrap();
    assert!(
        (middle + 70.0).abs() < 10.0 && lower < -70.0 && -70.0 < upper,
        "{stock:?}"
    );
    for step in [None, Some(1), Some(2), Some(3)] {
        let of_step = found.iter().filter(|one| one.step == step);
        let sum: f64 = of_step.filter_map(|one| one.units).map(|units| units.0).sum();
        let deviation = match step {
            None | Some(2) => -70.0,
            _ => 0.0,
        };
        assert!((sum - deviation).abs() < 1e-9, "{step:?} {sum}");
    }
}

#[test]
fn a_part_of_a_period_says_nothing() {
    let whole = launch(|_| Some(10.0), 10.0);
    let mut more = whole.clone();
    more.days.push(Day {
        day: 19_723 + 21,
        units: Some(1.0),
        price: Some(10.0),
        share: None,
    });
    assert_eq!(format!("{:?}", drivers(&whole)), format!("{:?}", drivers(&more)));
    assert_eq!(review(&more, &thresholds())[3].actual, None);
}

#[test]
fn a_launch_that_did_not_happen_is_all_timing() {
    let mut never = launch(|_| None, 10.0);
    never.days.clear();
    let found = total(&never);
    assert_eq!((found[0], found[2]), (Some(0.0), Some(-210.0)));
    let steps = review(&never, &thresholds());
    assert!(steps[1].notes.contains("not launched yet"));
    assert_eq!(steps[2].verdict.as_ref().unwrap().rule, "it is not launched yet");
    // Of a product that was to sell nothing so far, nothing is known.
    for period in &mut never.periods {
        period.planned = 0.5;
    }
    assert!(!review(&never, &thresholds())[1].notes.contains("not launched"));
}

#[test]
fn rules_hold_in_their_order() {
    let verdict = |units: f64| {
        let steps = review(&launch(|_| Some(units), 10.0), &thresholds());
        steps[2].verdict.as_ref().unwrap().recommendation
    };
    assert_eq!(verdict(16.0), Recommendation::Reorder);
    assert_eq!(verdict(10.0), Recommendation::Hold);
    assert_eq!(verdict(8.0), Recommendation::Push);
    assert_eq!(verdict(6.0), Recommendation::MarkDown);
    assert_eq!(verdict(2.0), Recommendation::Stop);
    // An order of nothing is an order: all that is projected is above it.
    let nothing = Launch {
        ordered: Some(0.0),
        ..launch(|_| Some(10.0), 10.0)
    };
    let steps = review(&nothing, &thresholds());
    let found = steps[2].verdict.as_ref().unwrap();
    assert_eq!(found.recommendation, Recommendation::Reorder);
    assert_eq!(
        found.rule,
        "280 units projected, and nothing is ordered: order_units is 0"
    );
    let first = review(&launch(|_| Some(2.0), 10.0), &thresholds());
    assert_eq!(first[0].verdict.as_ref().unwrap().recommendation, Recommendation::Hold);
    let wrong = Thresholds {
        push_below: 0.3,
        ..thresholds()
    };
    assert!(wrong.check().is_err() && thresholds().check().is_ok());
}

#[test]
fn draws_are_the_same_each_time() {
    let plan = launch(|day| Some(f64::from(day % 5) + 8.0), 9.0);
    assert_eq!(format!("{:?}", drivers(&plan)), format!("{:?}", drivers(&plan)));
}
