//! What holds for every portfolio.

use proptest::prelude::*;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::{Limits, choose};
use super::{keeps, objective, random};

/// The value, and −∞ where no choice keeps the limits.
fn value(products: &[super::Product], limits: &Limits, risk: &super::Risk) -> f64 {
    choose(products, limits, risk).map_or(f64::NEG_INFINITY, |chosen| chosen.value)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn more_budget_never_lowers_the_value(seed in 0_u64..1_000_000) {
        let (products, limits, risk) = random(&mut ChaCha8Rng::seed_from_u64(seed));
        let mut last = f64::NEG_INFINITY;
        for budget in [1.0, 4.0, 9.0, 20.0, 100.0] {
            let new = value(&products, &Limits { budget: Some(budget), ..limits }, &risk);
            prop_assert!(new >= last - 1e-9, "{last} then {new}");
            last = new;
        }
    }

    #[test]
    fn a_limit_never_raises_the_value(seed in 0_u64..1_000_000) {
        let (products, limits, risk) = random(&mut ChaCha8Rng::seed_from_u64(seed));
        let all = value(&products, &limits, &risk);
        for fewer in [
            Limits { budget: None, ..limits },
            Limits { per_week: None, ..limits },
            Limits { apart: None, ..limits },
        ] {
            prop_assert!(value(&products, &fewer, &risk) >= all - 1e-9);
        }
    }

    #[test]
    fn the_order_of_products_does_not_matter(seed in 0_u64..1_000_000) {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let (products, limits, risk) = random(rng);
        let mut order: Vec<usize> = (0..products.len()).collect();
        order.shuffle(rng);
        let shuffled: Vec<_> = order.iter().map(|&index| products[index].clone()).collect();
        match (choose(&products, &limits, &risk), choose(&shuffled, &limits, &risk)) {
            (Ok(one), Ok(other)) => {
                prop_assert_eq!(one.value.to_bits(), other.value.to_bits());
                let plans: Vec<_> = order.iter().map(|&index| one.plans[index]).collect();
                prop_assert_eq!(plans, other.plans);
            }
            (one, other) => prop_assert!(one.is_err() && other.is_err()),
        }
    }

    #[test]
    fn limits_and_bound_hold_where_nothing_is_proven(seed in 0_u64..1_000_000) {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let mut products = Vec::new();
        let (_, mut limits, risk) = random(rng);
        while products.len() < 24 {
            let (more, _, other) = random(rng);
            let worlds = more.iter().flat_map(|product| &product.plans).map(|plan| plan.worlds.len()).max();
            if risk.weight == 0.0 || other.weight > 0.0 && worlds >= Some(6) {
                products.extend(more);
            }
        }
        for plan in products.iter_mut().flat_map(|product| &mut product.plans).filter(|_| risk.weight > 0.0) {
            plan.worlds.truncate(6);
            plan.value = plan.worlds.iter().sum::<f64>() / 6.0;
            plan.day = 20_000 + rng.random_range(0..300);
        }
        limits.budget = limits.budget.map(|budget| 7.0 * budget);
        if let Ok(chosen) = choose(&products, &limits, &risk) {
            prop_assert!(keeps(&products, &chosen.plans, &limits));
            prop_assert!((objective(&products, &chosen.plans, &risk) - chosen.value).abs() < 1e-9);
            prop_assert!(chosen.value <= chosen.bound);
        }
    }
}
