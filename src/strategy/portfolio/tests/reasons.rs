//! Refusals and prices of cases that can be counted by hand.

use super::super::{Limit, Limits, Plan, Product, Refusal, Risk, choose};

const PLAIN: Risk = Risk { weight: 0.0, tail: 0.1 };
/// A Monday.
const MONDAY: i32 = 20_003;

fn product(category: Option<usize>, plans: &[(i32, f64, f64)]) -> Product {
    let plan = |&(day, money, value): &(i32, f64, f64)| Plan {
        day: MONDAY + day,
        money,
        value,
        worlds: Vec::new(),
    };
    Product {
        category,
        plans: plans.iter().map(plan).collect(),
        optional: false,
    }
}

fn refusal(products: &[Product], limits: Limits) -> Refusal {
    choose(products, &limits, &PLAIN).expect_err("no choice keeps these limits")
}

#[test]
fn the_cheapest_plans_cost_too_much() {
    let products = vec![product(None, &[(0, 250.0, 9.0), (7, 300.0, 9.0)]); 2];
    let refusal = refusal(
        &products,
        Limits {
            budget: Some(300.0),
            ..Limits::default()
        },
    );
    assert_eq!(
        refusal,
        Refusal::Budget {
            least: 500.0,
            budget: 300.0
        }
    );
    assert_eq!(
        refusal.to_string(),
        "the cheapest plans together cost 500, but the budget is 300"
    );
}

#[test]
fn too_many_launches_for_their_weeks() {
    let mut products = vec![product(None, &[(0, 1.0, 1.0), (8, 1.0, 1.0), (20, 1.0, 1.0)]); 7];
    products.push(product(None, &[(40, 1.0, 1.0)]));
    let refusal = refusal(
        &products,
        Limits {
            per_week: Some(2),
            ..Limits::default()
        },
    );
    assert_eq!(
        refusal,
        Refusal::PerWeek {
            products: (0..7).collect(),
            weeks: 3,
            per_week: 2
        }
    );
    assert_eq!(
        refusal.to_string(),
        "7 products must launch within 3 weeks, in which at most 6 may (2 a week)"
    );
}

#[test]
fn weeks_begin_on_monday() {
    let limits = Limits {
        per_week: Some(1),
        ..Limits::default()
    };
    let two = |a, b| vec![product(None, &[(a, 1.0, 1.0)]), product(None, &[(b, 1.0, 1.0)])];
    assert!(choose(&two(-1, 0), &limits, &PLAIN).is_ok());
    assert!(choose(&two(0, 6), &limits, &PLAIN).is_err());
    assert!(choose(&two(6, 7), &limits, &PLAIN).is_ok());
}

#[test]
fn too_little_time_for_a_category() {
    let products = vec![product(Some(4), &[(0, 1.0, 1.0), (20, 1.0, 1.0), (40, 1.0, 1.0)]); 3];
    let limits = Limits {
        apart: Some(28),
        ..Limits::default()
    };
    let expected = Refusal::Apart {
        category: 4,
        products: vec![0, 1, 2],
        first: MONDAY,
        last: MONDAY + 40,
        fit: 2,
        apart: 28,
    };
    assert_eq!(refusal(&products, limits), expected);
    let kept = choose(
        &products,
        &Limits {
            apart: Some(20),
            ..limits
        },
        &PLAIN,
    )
    .expect("20 days fit");
    assert!(kept.exact);
}

#[test]
fn dates_that_only_together_cannot_be_kept() {
    // Each limit alone can be kept: the first week is full, and the others are too near to each other.
    let products = vec![
        product(None, &[(0, 1.0, 1.0)]),
        product(Some(1), &[(2, 1.0, 1.0), (20, 1.0, 1.0)]),
        product(Some(1), &[(23, 1.0, 1.0)]),
    ];
    let limits = Limits {
        per_week: Some(1),
        apart: Some(10),
        ..Limits::default()
    };
    let expected = Refusal::Dates {
        limits: vec![Limit::PerWeek, Limit::Apart],
        missing: 1,
    };
    assert_eq!(refusal(&products, limits), expected);
}

#[test]
fn dates_that_make_plans_too_dear() {
    let products = vec![product(None, &[(0, 100.0, 1.0), (7, 150.0, 1.0)]); 2];
    let limits = Limits {
        budget: Some(220.0),
        per_week: Some(1),
        ..Limits::default()
    };
    let expected = Refusal::BudgetWith {
        with: vec![Limit::PerWeek],
        least: 250.0,
        budget: 220.0,
    };
    assert_eq!(refusal(&products, limits), expected);
}

#[test]
fn input_that_makes_no_sense() {
    let products = vec![product(None, &[(0, 1.0, 1.0)])];
    let limits = Limits::default();
    let wrong = |risk: Risk| matches!(choose(&products, &limits, &risk), Err(Refusal::Input(_)));
    assert!(wrong(Risk { weight: 1.0, tail: 0.1 }), "no worlds");
    assert!(wrong(Risk {
        weight: -1.0,
        tail: 0.1
    }));
    assert!(wrong(Risk { weight: 1.0, tail: 1.0 }));
    assert!(wrong(Risk {
        weight: f64::NAN,
        tail: 0.1
    }));
    assert!(matches!(
        refusal(
            &products,
            Limits {
                budget: Some(f64::NAN),
                ..limits
            }
        ),
        Refusal::Input(_)
    ));
    assert!(matches!(
        refusal(&[product(None, &[(0, -1.0, 1.0)])], limits),
        Refusal::Input(_)
    ));
    assert_eq!(refusal(&[product(None, &[])], limits), Refusal::NoPlan(0));
    let nothing = choose(&[], &limits, &PLAIN).expect("nothing to choose");
    assert!(nothing.exact && nothing.value == 0.0);
}

#[test]
fn a_budget_that_binds_has_a_price_and_one_that_does_not_has_none() {
    // 10 more for 5 more money: 2 each.
    let products = vec![product(None, &[(0, 5.0, 10.0), (0, 10.0, 20.0)]); 3];
    let priced = |budget| {
        choose(
            &products,
            &Limits {
                budget: Some(budget),
                ..Limits::default()
            },
            &PLAIN,
        )
    };
    let chosen = priced(20.0).expect("affordable");
    assert_eq!((chosen.value, chosen.money), (40.0, 20.0));
    assert!((chosen.price_of_money - 2.0).abs() < 1e-9, "{}", chosen.price_of_money);
    // The two that got no more money would have a better plan.
    let bound = chosen
        .bindings
        .iter()
        .flatten()
        .filter(|b| b.limit == Limit::Budget && b.gain == 10.0)
        .count();
    assert_eq!(bound, 2);
    let chosen = priced(30.0).expect("affordable");
    assert_eq!((chosen.value, chosen.price_of_money), (60.0, 0.0));
    assert!(chosen.bindings.iter().all(Vec::is_empty));
}

#[test]
fn the_worst_worlds_decide_with_risk() {
    // Two bets that fail in different worlds against two that fail in the same: equal means.
    let bet = |worlds: &[f64]| Plan {
        day: MONDAY,
        money: 0.0,
        value: worlds.iter().sum::<f64>() / worlds.len() as f64,
        worlds: worlds.to_vec(),
    };
    let product = |plans: Vec<Plan>| Product {
        category: None,
        plans,
        optional: false,
    };
    let products = [
        product(vec![bet(&[0.0, 4.0, 2.0, 2.0])]),
        product(vec![bet(&[0.0, 4.0, 2.0, 2.0]), bet(&[4.0, 0.0, 2.0, 2.0])]),
    ];
    let chosen = choose(
        &products,
        &Limits::default(),
        &Risk {
            weight: 1.0,
            tail: 0.25,
        },
    )
    .expect("no limits");
    assert_eq!(chosen.plans, [Some(0), Some(1)]);
    assert_eq!(chosen.value, 8.0);
    // A world and a half: (0 + 4 / 2) / 1.5 for the first, as all sums are 4.
    let one = choose(
        &products[..1],
        &Limits::default(),
        &Risk {
            weight: 1.0,
            tail: 0.375,
        },
    )
    .expect("no limits");
    assert!((one.value - (2.0 + (0.0 + 0.5 * 2.0) / 1.5)).abs() < 1e-12);
}
