//! A first choice where products in turn find none, or the reason why there is none.
//!
//! Each limit alone is looked at first, then those on dates together, then dates and budget: the reason names no limit
//! that does not matter. Whether dates can be kept is the problem "as many launches as possible", and whether the budget
//! can be is "as little money as possible"; their bounds are the proofs, and their solutions the first choice.

use std::collections::{BTreeMap, VecDeque};

use super::greedy::construct;
use super::model::{Goal, Model, week_of};
use super::solve::{Aim, Solution, solve};
use super::{Limit, Limits, Product, Refusal, Risk};

/// A choice that keeps the limits, as options of the model of values. `order` has the indices to name products by.
pub(super) fn first_choice(
    products: &[&Product],
    order: &[usize],
    limits: &Limits,
    risk: &Risk,
) -> Result<Vec<usize>, Refusal> {
    if let Some(budget) = limits.budget {
        let cheapest = |product: &&&Product| {
            product
                .plans
                .iter()
                .map(|plan| plan.money)
                .fold(f64::INFINITY, f64::min)
        };
        let least = products
            .iter()
            .filter(|product| !product.optional)
            .map(|product| cheapest(&product))
            .sum();
        if least > budget + 1e-12 * budget {
            return Err(Refusal::Budget { least, budget });
        }
    }
    let required: Vec<usize> = (0..products.len())
        .filter(|&product| !products[product].optional)
        .collect();
    if let Some(per_week) = limits.per_week {
        too_many_a_week(products, &required, order, per_week)?;
    }
    if let Some(apart) = limits.apart {
        too_close(products, &required, order, apart)?;
    }
    let dates = Limits {
        budget: None,
        ..*limits
    };
    let plans = dates_alone(products, &dates)?;
    let (plans, least) = match limits.budget {
        Some(budget) => {
            let (cheap, solution) = cheapest(products, &dates, &plans, Aim::Reach(-budget));
            (cheap, Some((budget, solution)))
        }
        None => (plans, None),
    };
    if let Some((budget, solution)) = least.filter(|(budget, solution)| -solution.value > budget + 1e-12 * budget) {
        return Err(over_budget(products, &dates, &plans, budget, &solution));
    }
    Ok(options_of(&Model::new(products, limits, risk, Goal::Value), &plans))
}

/// Plans whose dates keep the limits.
fn dates_alone(products: &[&Product], dates: &Limits) -> Result<Vec<Option<usize>>, Refusal> {
    let (plans, solution) = most_launches(products, dates);
    if solution.value >= -0.5 {
        return Ok(plans);
    }
    let missing = |solution: &Solution| (-solution.bound - 1e-6).ceil().max(0.0) as usize;
    let week = Limits { apart: None, ..*dates };
    let apart = Limits {
        per_week: None,
        ..*dates
    };
    for (limits, names) in [(week, vec![Limit::PerWeek]), (apart, vec![Limit::Apart])] {
        let missing = missing(&most_launches(products, &limits).1);
        if missing > 0 {
            return Err(Refusal::Dates { limits: names, missing });
        }
    }
    match missing(&solution) {
        0 => Err(Refusal::Undecided),
        missing => Err(Refusal::Dates {
            limits: vec![Limit::PerWeek, Limit::Apart],
            missing,
        }),
    }
}

/// Plans for as many products as find a date.
fn most_launches(products: &[&Product], dates: &Limits) -> (Vec<Option<usize>>, Solution) {
    let model = Model::new(products, dates, &Risk { weight: 0.0, tail: 0.5 }, Goal::Launches);
    // Without any launch no limit is broken: the last option of each product.
    let nobody = (0..model.products())
        .map(|product| model.options(product).end - 1)
        .collect();
    let start = construct(&model, &model.mean, 50).unwrap_or(nobody);
    plans_of(&model, solve(&model, start, Aim::Reach(-0.5)))
}

/// The cheapest plans whose dates keep the limits, from known ones that do.
fn cheapest(
    products: &[&Product],
    dates: &Limits,
    plans: &[Option<usize>],
    aim: Aim,
) -> (Vec<Option<usize>>, Solution) {
    let model = Model::new(products, dates, &Risk { weight: 0.0, tail: 0.5 }, Goal::Thrift);
    let start = options_of(&model, plans);
    plans_of(&model, solve(&model, start, aim))
}

fn plans_of(model: &Model, solution: Solution) -> (Vec<Option<usize>>, Solution) {
    (
        solution.state.choice.iter().map(|&option| model.plan[option]).collect(),
        solution,
    )
}

fn options_of(model: &Model, plans: &[Option<usize>]) -> Vec<usize> {
    (0..model.products())
        .map(|product| {
            let mut options = model.options(product);
            let start = options.start;
            options
                .find(|&option| model.plan[option] == plans[product])
                .unwrap_or(start)
        })
        .collect()
}

/// Names the limits on dates that make the plans too dear.
fn over_budget(
    products: &[&Product],
    dates: &Limits,
    plans: &[Option<usize>],
    budget: f64,
    solution: &Solution,
) -> Refusal {
    let week = Limits { apart: None, ..*dates };
    let apart = Limits {
        per_week: None,
        ..*dates
    };
    for (limits, with) in [(week, Limit::PerWeek), (apart, Limit::Apart)] {
        let least = -cheapest(products, &limits, plans, Aim::Best(0.0)).1.bound;
        if least > budget + 1e-9 * budget {
            return Refusal::BudgetWith {
                with: vec![with],
                least,
                budget,
            };
        }
    }
    let least = -solution.bound;
    if least > budget + 1e-12 * budget {
        return Refusal::BudgetWith {
            with: vec![Limit::PerWeek, Limit::Apart],
            least,
            budget,
        };
    }
    Refusal::Undecided
}

/// Places launches in weeks by augmenting paths. Where that fails, the products and weeks that were reached are too many
/// and too few (Hall's theorem).
fn too_many_a_week(products: &[&Product], required: &[usize], order: &[usize], per_week: usize) -> Result<(), Refusal> {
    let mut members: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    let weeks = |product: usize| products[product].plans.iter().map(|plan| week_of(plan.day));
    for &product in required {
        let mut from: BTreeMap<i64, usize> = BTreeMap::new();
        let mut seen = vec![product];
        let mut queue = VecDeque::from([product]);
        let mut free = None;
        while let Some(reached) = queue.pop_front().filter(|_| free.is_none()) {
            for week in weeks(reached) {
                if from.contains_key(&week) {
                    continue;
                }
                from.insert(week, reached);
                let inside = members.entry(week).or_default();
                if inside.len() < per_week {
                    free = Some(week);
                    break;
                }
                seen.extend(inside.iter());
                queue.extend(inside.iter());
            }
        }
        let Some(mut week) = free else {
            let mut products: Vec<usize> = seen.iter().map(|&product| order[product]).collect();
            products.sort_unstable();
            return Err(Refusal::PerWeek {
                products,
                weeks: from.len(),
                per_week,
            });
        };
        // Along the path each product moves into the week that it reached.
        while let Some(&mover) = from.get(&week) {
            members.entry(week).or_default().push(mover);
            if mover == product {
                break;
            }
            let left = members
                .iter()
                .find(|(other, inside)| **other != week && inside.contains(&mover));
            let Some(before) = left.map(|(other, _)| *other) else {
                break;
            };
            members.entry(before).or_default().retain(|&inside| inside != mover);
            week = before;
        }
    }
    Ok(())
}

/// Finds a category and a time that more of its products must launch in than dates keep the distance.
fn too_close(products: &[&Product], required: &[usize], order: &[usize], apart: i32) -> Result<(), Refusal> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &product in required {
        if let Some(category) = products[product].category {
            members.entry(category).or_default().push(product);
        }
    }
    for (category, members) in members {
        let mut days: Vec<i32> = members
            .iter()
            .flat_map(|&p| products[p].plans.iter().map(|plan| plan.day))
            .collect();
        days.sort_unstable();
        days.dedup();
        let spans: Vec<(i32, i32, usize)> = members
            .iter()
            .map(|&product| {
                let days = products[product].plans.iter().map(|plan| plan.day);
                (days.clone().min().unwrap_or(0), days.max().unwrap_or(0), product)
            })
            .collect();
        for (index, &first) in days.iter().enumerate() {
            let mut fit = 0;
            let mut next = i64::MIN;
            for &last in &days[index..] {
                if i64::from(last) >= next {
                    fit += 1;
                    next = i64::from(last) + i64::from(apart);
                }
                let inside = spans.iter().filter(|(from, to, _)| *from >= first && *to <= last);
                if inside.clone().count() > fit {
                    let mut products: Vec<usize> = inside.map(|&(_, _, product)| order[product]).collect();
                    products.sort_unstable();
                    return Err(Refusal::Apart {
                        category,
                        products,
                        first,
                        last,
                        fit,
                        apart,
                    });
                }
            }
        }
    }
    Ok(())
}
