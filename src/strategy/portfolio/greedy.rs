//! A first choice that keeps the limits.

use super::model::{Model, Usage};

/// Products one after the other take their best option that fits, those with the most to lose first. A product that
/// finds none goes to the front, and all start again ("squeaky wheel", Joslin & Clements 1999), at most `tries` times.
pub(super) fn construct(model: &Model, reduced: &[f64], tries: usize) -> Option<Vec<usize>> {
    let mut order: Vec<(f64, usize)> = (0..model.products())
        .map(|product| (stake(model, reduced, product), product))
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut order: Vec<usize> = order.into_iter().map(|(_, product)| product).collect();
    let least = model.least_money();
    for _ in 0..tries {
        match attempt(model, reduced, &order, &least) {
            Ok(choice) => return Some(choice),
            Err(0) => return None,
            Err(place) => order[..=place].rotate_right(1),
        }
    }
    None
}

/// What a product loses if it gets none of the options of its best week and windows.
fn stake(model: &Model, reduced: &[f64], product: usize) -> f64 {
    let best = model
        .options(product)
        .max_by(|&a, &b| reduced[a].total_cmp(&reduced[b]).then(b.cmp(&a)));
    let Some(best) = best else { return 0.0 };
    let elsewhere = model
        .options(product)
        .filter(|&option| {
            model.week_row(option) != model.week_row(best) && model.window_rows(option) != model.window_rows(best)
        })
        .map(|option| reduced[option])
        .fold(f64::NEG_INFINITY, f64::max);
    reduced[best] - elsewhere
}

/// A choice in this order, or the place of the first product that finds no option.
fn attempt(model: &Model, reduced: &[f64], order: &[usize], least: &[f64]) -> Result<Vec<usize>, usize> {
    let mut usage = Usage::none(model);
    let mut choice = vec![0; model.products()];
    let mut reserved: f64 = least.iter().sum();
    for (place, &product) in order.iter().enumerate() {
        reserved -= least[product];
        let best = model
            .options(product)
            .filter(|&option| usage.fits(model, option, reserved))
            .max_by(|&a, &b| reduced[a].total_cmp(&reduced[b]).then(b.cmp(&a)));
        let Some(best) = best else { return Err(place) };
        usage.add(model, best);
        choice[product] = best;
    }
    Ok(choice)
}
