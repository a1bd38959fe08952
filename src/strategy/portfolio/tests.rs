//! Small portfolios against all combinations.
use super::{Chosen, Limit, Limits, Plan, Product, Refusal, Risk, choose};

mod properties;
mod reasons;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn objective(products: &[Product], plans: &[Option<usize>], risk: &Risk) -> f64 {
    let chosen: Vec<&Plan> = products
        .iter()
        .zip(plans)
        .filter_map(|(p, c)| c.map(|c| &p.plans[c]))
        .collect();
    let mean: f64 = chosen.iter().map(|p| p.value).sum();
    if risk.weight == 0.0 {
        return mean;
    }
    let worlds = products
        .iter()
        .flat_map(|p| &p.plans)
        .map(|p| p.worlds.len())
        .next()
        .unwrap_or(0);
    let mut sums: Vec<f64> = (0..worlds).map(|s| chosen.iter().map(|p| p.worlds[s]).sum()).collect();
    sums.sort_by(f64::total_cmp);
    let mut left = risk.tail * worlds as f64;
    let total = left;
    let mut sum = 0.0;
    for s in sums {
        sum += s * left.min(1.0);
        left -= 1.0;
        if left <= 0.0 {
            break;
        }
    }
    mean + risk.weight * sum / total
}

fn keeps(products: &[Product], plans: &[Option<usize>], limits: &Limits) -> bool {
    broken(products, plans, limits).is_empty()
}

fn broken(products: &[Product], plans: &[Option<usize>], limits: &Limits) -> Vec<Limit> {
    let chosen: Vec<(Option<usize>, &Plan)> = products
        .iter()
        .zip(plans)
        .filter_map(|(p, c)| c.map(|c| (p.category, &p.plans[c])))
        .collect();
    let money: f64 = chosen.iter().map(|(_, p)| p.money).sum();
    let week = |p: &Plan| (p.day + 3).div_euclid(7);
    let mut broken = Vec::new();
    if limits.budget.is_some_and(|b| money > b * (1.0 + 1e-12)) {
        broken.push(Limit::Budget);
    }
    if limits.per_week.is_some_and(|most| {
        chosen
            .iter()
            .any(|(_, p)| chosen.iter().filter(|(_, q)| week(q) == week(p)).count() > most)
    }) {
        broken.push(Limit::PerWeek);
    }
    if limits.apart.is_some_and(|apart| {
        chosen
            .iter()
            .enumerate()
            .any(|(i, (c, p))| c.is_some() && chosen[..i].iter().any(|(d, q)| c == d && (p.day - q.day).abs() < apart))
    }) {
        broken.push(Limit::Apart);
    }
    broken
}

fn brute(products: &[Product], limits: &Limits, risk: &Risk) -> Option<f64> {
    let mut best: Option<f64> = None;
    let options: Vec<Vec<Option<usize>>> = products
        .iter()
        .map(|p| (0..p.plans.len()).map(Some).chain(p.optional.then_some(None)).collect())
        .collect();
    let total: usize = options.iter().map(Vec::len).product();
    for code in 0..total {
        let mut rest = code;
        let plans: Vec<Option<usize>> = options
            .iter()
            .map(|o| {
                let at = rest % o.len();
                rest /= o.len();
                o[at]
            })
            .collect();
        if keeps(products, &plans, limits) {
            let value = objective(products, &plans, risk);
            if best.is_none_or(|b| value > b) {
                best = Some(value);
            }
        }
    }
    best
}

fn random(rng: &mut ChaCha8Rng) -> (Vec<Product>, Limits, Risk) {
    let n = rng.random_range(2..=5);
    let most = if n == 5 { 8 } else { 12 };
    let worlds = rng.random_range(1..=25);
    let risk = Risk {
        weight: if rng.random_bool(0.4) {
            0.0
        } else {
            rng.random_range(0.1..3.0)
        },
        tail: rng.random_range(0.03..0.6),
    };
    let span = rng.random_range(7..60);
    let coarse = rng.random_bool(0.5);
    let optional = rng.random_bool(0.4);
    let products: Vec<Product> = (0..n)
        .map(|_| Product {
            category: rng.random_bool(0.8).then(|| rng.random_range(0..2)),
            optional: optional && rng.random_bool(0.5),
            plans: (0..rng.random_range(2..=most))
                .map(|_| {
                    let level: f64 = rng.random_range(-1.0..6.0);
                    let spread: f64 = rng.random_range(0.0..6.0);
                    let mut draws: Vec<f64> = (0..worlds)
                        .map(|_| level + spread * rng.random_range(-1.0..1.0))
                        .collect();
                    if coarse {
                        draws.iter_mut().for_each(|d| *d = d.round());
                    }
                    let value = draws.iter().sum::<f64>() / worlds as f64;
                    Plan {
                        day: 20_000 + rng.random_range(0..span),
                        money: if coarse {
                            f64::from(rng.random_range(0..6))
                        } else {
                            rng.random_range(0.0..5.0)
                        },
                        value,
                        worlds: if risk.weight > 0.0 { draws } else { Vec::new() },
                    }
                })
                .collect(),
        })
        .collect();
    let n = n as f64;
    let limits = Limits {
        budget: rng.random_bool(0.6).then(|| {
            let b = n * rng.random_range(0.3..3.0);
            if coarse { b.round() } else { b }
        }),
        per_week: rng.random_bool(0.6).then(|| rng.random_range(1..3)),
        apart: rng.random_bool(0.6).then(|| rng.random_range(0..25)),
    };
    (products, limits, risk)
}

fn check(products: &[Product], limits: &Limits, risk: &Risk, result: &Result<Chosen, Refusal>) -> bool {
    match (brute(products, limits, risk), result) {
        (Some(best), Ok(chosen)) => {
            assert!(keeps(products, &chosen.plans, limits));
            let value = objective(products, &chosen.plans, risk);
            assert!((value - chosen.value).abs() < 1e-9, "{value} {}", chosen.value);
            assert!((value - best).abs() < 1e-9, "{value} {best}");
            assert!(
                chosen.bound >= best - 1e-9 && chosen.exact,
                "{} {best} {}",
                chosen.bound,
                chosen.exact
            );
            check_bindings(products, limits, risk, chosen);
            true
        }
        (None, Err(refusal)) => {
            check_refusal(products, limits, refusal);
            false
        }
        (best, result) => panic!("{best:?} {result:?}"),
    }
}

fn check_bindings(products: &[Product], limits: &Limits, risk: &Risk, chosen: &Chosen) {
    for (i, product) in products.iter().enumerate() {
        for limit in [Limit::Budget, Limit::PerWeek, Limit::Apart] {
            let options = (0..product.plans.len())
                .map(Some)
                .chain(product.optional.then_some(None));
            let best = options
                .filter_map(|option| {
                    let mut plans = chosen.plans.clone();
                    plans[i] = option;
                    (broken(products, &plans, limits) == [limit]).then(|| objective(products, &plans, risk))
                })
                .fold(f64::NEG_INFINITY, f64::max);
            let gain = best - chosen.value;
            match chosen.bindings[i].iter().find(|b| b.limit == limit) {
                Some(b) => assert!((b.gain - gain).abs() < 1e-9),
                None => assert!(gain < 1e-8, "{gain}"),
            }
        }
    }
}

/// The limits that the refusal names really cannot be kept, and without any one of them they can.
fn check_refusal(products: &[Product], limits: &Limits, refusal: &Refusal) {
    let names: Vec<Limit> = match refusal {
        Refusal::Budget { .. } => vec![Limit::Budget],
        Refusal::PerWeek {
            products,
            weeks,
            per_week,
        } => {
            assert!(products.len() > weeks * per_week);
            vec![Limit::PerWeek]
        }
        Refusal::Apart { .. } => vec![Limit::Apart],
        Refusal::BudgetWith { with, least, budget } => {
            assert!(least > budget);
            with.iter().copied().chain([Limit::Budget]).collect()
        }
        Refusal::Dates { limits, .. } => limits.clone(),
        other => panic!("{other}"),
    };
    let plain = Risk { weight: 0.0, tail: 0.1 };
    let only = |names: &[Limit]| Limits {
        budget: limits.budget.filter(|_| names.contains(&Limit::Budget)),
        per_week: limits.per_week.filter(|_| names.contains(&Limit::PerWeek)),
        apart: limits.apart.filter(|_| names.contains(&Limit::Apart)),
    };
    assert!(brute(products, &only(&names), &plain).is_none(), "{refusal}");
    for left_out in &names {
        let rest: Vec<Limit> = names.iter().copied().filter(|name| name != left_out).collect();
        assert!(brute(products, &only(&rest), &plain).is_some(), "{refusal}");
    }
    assert!(!refusal.to_string().is_empty());
}

#[test]
fn equal_to_all_combinations() {
    let mut found = 0;
    let mut refused = std::collections::BTreeMap::<String, usize>::new();
    for seed in 0..600 {
        let (products, limits, risk) = random(&mut ChaCha8Rng::seed_from_u64(seed));
        let result = choose(&products, &limits, &risk);
        if check(&products, &limits, &risk, &result) {
            found += 1;
        } else if let Err(refusal) = result {
            *refused
                .entry(
                    format!("{refusal:?}")
                        .chars()
                        .take_while(|c| c.is_alphabetic())
                        .collect(),
                )
                .or_default() += 1;
            if seed < 120 {
                println!("{refusal}");
            }
        }
    }
    println!("{found} found, {refused:?} refused");
    assert!(found > 200 && refused.len() >= 4);
}
