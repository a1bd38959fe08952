//! Plans against truths that are known.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::statistics::{mean, normal_place, variance};
use crate::strategy::Paths;
use crate::strategy::stock::Given;

const STEPS: usize = 3;

/// Launches whose size is lognormal, each step a third of it, in worlds that are drawn by chance.
fn paths(size: f64, spread: f64, worlds: usize, random: &mut ChaCha8Rng) -> Paths {
    let sizes: Vec<f64> = (0..worlds)
        .map(|_| size * (spread * normal_place(random.random())).exp())
        .collect();
    let step = |step: usize| (7 * step as i32, sizes.iter().map(|size| size / STEPS as f64).collect());
    Paths::new((0..STEPS).map(step)).unwrap()
}

fn launch(size: f64, spread: f64, worlds: usize, seed: u64) -> Launch {
    let random = &mut ChaCha8Rng::seed_from_u64(seed);
    let date = |day: i32, factor: f64| Date {
        day,
        factors: vec![factor; STEPS],
    };
    Launch {
        category: Some(0),
        compared: paths(size, spread, worlds, random),
        judged: paths(size, spread, worlds, random),
        dates: vec![date(0, 1.0), date(7, 1.4), date(14, 0.8)],
        prices: vec![9.0, 10.0, 11.0],
        reference: 10.0,
        elasticity: -2.0,
        errors: vec![0.0; worlds],
        given: Given {
            cost: Some(5.0),
            ..Given::default()
        },
        target: None,
    }
}

fn wish(limits: Limits) -> Wish {
    Wish {
        objective: Objective::Profit,
        risk: Risk { weight: 0.0, tail: 0.1 },
        limits,
        level: 0.8,
        shown: Shown::Best(3),
    }
}

#[test]
fn the_plan_is_the_best_date_price_and_order() {
    // Without spread: at price 10 and factor 1.4 140 units with a margin of 5; 9 brings 140 / 0.81 * 4, 11 brings 140 / 1.21 * 6.
    let plans = plan(&[launch(100.0, 0.0, 50, 1)], &wish(Limits::default())).unwrap();
    let best = &plans[0][0];
    assert_eq!((best.day, best.price, best.order), (7, 10.0, Some(140.0)));
    assert!((best.profit.unwrap().mean - 700.0).abs() < 1e-9);
    assert!((best.lift.unwrap() - 0.4).abs() < 1e-9);
    assert_eq!(
        (best.loss, best.on_target, best.alternatives),
        (Some(0.0), Some(1.0), 0)
    );
    assert!(best.price_range.0 < 10.0 && best.price_range.1 > 10.0 && best.price_range.1 < 11.0);
    assert!(best.limits.is_empty());
    let ranks: Vec<usize> = plans[0].iter().map(|plan| plan.rank).collect();
    assert_eq!(ranks, [1, 2, 3]);
    assert!(
        plans[0]
            .windows(2)
            .all(|two| two[0].profit.unwrap().mean >= two[1].profit.unwrap().mean)
    );
}

#[test]
fn limits_that_candidates_share_are_kept() {
    let launches = [
        launch(100.0, 0.4, 200, 1),
        launch(150.0, 0.4, 200, 2),
        launch(60.0, 0.4, 200, 3),
    ];
    let chosen = |limits: Limits| -> Vec<Answer> {
        let plans = plan(&launches, &wish(limits)).unwrap();
        plans.into_iter().map(|mut plans| plans.swap_remove(0)).collect()
    };
    let money = |plans: &[Answer]| plans.iter().map(|plan| 5.0 * plan.order.unwrap()).sum::<f64>();
    let free = chosen(Limits::default());
    assert!(free.iter().all(|plan| plan.day == 7));
    let apart = chosen(Limits {
        apart: Some(7),
        ..Limits::default()
    });
    let mut days: Vec<i32> = apart.iter().map(|plan| plan.day).collect();
    // The largest one keeps the best date, the smallest one takes the worst.
    assert_eq!(days, [0, 7, 14]);
    days = chosen(Limits {
        per_week: Some(1),
        ..Limits::default()
    })
    .iter()
    .map(|plan| plan.day)
    .collect();
    assert_eq!(days, [0, 7, 14]);
    assert!(apart[0].limits.contains(&"days apart"), "{:?}", apart[0].limits);
    let half = money(&free) / 2.0;
    let cut = chosen(Limits {
        budget: Some(half),
        ..Limits::default()
    });
    assert!(
        money(&cut) <= half && money(&cut) > 0.98 * half,
        "{} {half}",
        money(&cut)
    );
    assert!(cut.iter().any(|plan| plan.limits.contains(&"budget")));
    let cannot = plan(
        &launches,
        &wish(Limits {
            apart: Some(30),
            ..Limits::default()
        }),
    )
    .unwrap_err();
    assert!(
        cannot
            .told(|i| format!("P{i}"))
            .contains("(P0, P1, P2) must launch between 1970-01-01 and 1970-01-15")
    );
}

#[test]
fn the_profit_reported_is_that_of_other_worlds_and_true_where_that_of_the_worlds_chosen_in_flatters() {
    // 100 portfolios of three launches whose distribution is known, each planned from 40 worlds.
    let (mut flattery, mut reported) = (Vec::new(), Vec::new());
    for portfolio in 0..100 {
        let of = |k: u64| launch(100.0 + 40.0 * k as f64, 0.9, 40, 10 * portfolio + k);
        let launches: Vec<Launch> = (0..3).map(of).collect();
        let wish = wish(Limits::default());
        let plans = plan(&launches, &wish).unwrap();
        let (mut naive, mut told, mut truth) = (0.0, 0.0, 0.0);
        for (k, (launch, plans)) in launches.iter().zip(&plans).enumerate() {
            let offers = launch.offers(&wish);
            let best = &plans[0];
            naive += offers.iter().map(|offer| offer.value).fold(f64::MIN, f64::max);
            told += best.profit.unwrap().mean;
            // E min(D, q) of a lognormal D, by its quantiles.
            let size = (100.0 + 40.0 * k as f64) * if best.day == 7 { 1.4 } else { 1.0 } * (best.price / 10.0).powi(-2);
            let sold =
                |i: u32| (size * (0.9 * normal_place((f64::from(i) + 0.5) / 4_000.0)).exp()).min(best.order.unwrap());
            truth += best.price * mean((0..4_000).map(sold)).unwrap() - 5.0 * best.order.unwrap();
        }
        flattery.push(naive / truth - 1.0);
        reported.push(told / truth - 1.0);
    }
    let of = |errors: &[f64]| {
        (
            mean(errors.iter().copied()).unwrap(),
            (variance(errors).unwrap() / 99.0).sqrt(),
        )
    };
    let ((naive, naive_error), (told, told_error)) = (of(&flattery), of(&reported));
    assert!(told.abs() < 2.0 * told_error, "{told} +- {told_error}");
    assert!(naive > 2.0 * naive_error, "{naive} +- {naive_error}");
}

#[test]
fn risk_lowers_orders_and_a_response_keeps_its_mean() {
    let mut risky = wish(Limits::default());
    let launches = [launch(100.0, 0.9, 400, 5)];
    let free = plan(&launches, &risky).unwrap()[0][0].clone();
    risky.risk.weight = 2.0;
    // Plans differ in date and price only, so risk may move the price, and never brings a higher mean.
    let careful = plan(&launches, &risky).unwrap()[0][0].clone();
    assert!(careful.profit.unwrap().mean <= free.profit.unwrap().mean + 1e-6 * free.profit.unwrap().mean.abs() + 20.0);
    let unsure = Launch {
        errors: errors("toys", 0.5, 400),
        ..launches[0].clone()
    };
    let mean_of = |launch: &Launch| {
        let paths = launch.paths(&launch.compared, 0, 12.0);
        mean((0..400).map(|world| paths.total(world))).unwrap()
    };
    assert!((mean_of(&unsure) / mean_of(&launches[0]) - 1.0).abs() < 0.1);
    assert_ne!(errors("toys", 0.5, 400), errors("shoes", 0.5, 400));
}

#[test]
fn a_budget_is_spread_over_dates_where_demand_is_certain() {
    // Two launches of 100 units for certain, at the best date 140: the margin is 5 of a cost of 5 at either date, so what a budget
    // of 1,000 buys earns 1,000 wherever it is spent, and all of it is spent.
    let launches = [launch(100.0, 0.0, 50, 1), launch(100.0, 0.0, 50, 2)];
    let limits = Limits {
        budget: Some(1_000.0),
        ..Limits::default()
    };
    let plans = plan(&launches, &wish(limits)).unwrap();
    let money: f64 = plans.iter().map(|plans| 5.0 * plans[0].order.unwrap()).sum();
    let profit: f64 = plans.iter().map(|plans| plans[0].profit.unwrap().mean).sum();
    assert!(money > 990.0 && money <= 1_000.0, "{money}");
    assert!(profit > 0.99 * 1_000.0, "{profit}");
    // With dates a week apart one of them must launch elsewhere, and still what the budget buys is sold.
    let apart = Limits {
        apart: Some(7),
        ..limits
    };
    let plans = plan(&launches, &wish(apart)).unwrap();
    assert_ne!(plans[0][0].day, plans[1][0].day);
    let profit: f64 = plans.iter().map(|plans| plans[0].profit.unwrap().mean).sum();
    assert!(profit > 0.99 * 1_000.0, "{profit}");
}
