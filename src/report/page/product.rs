//! One product in full.

use maud::{Markup, html};

use super::parts::{Ids, figure, fold, name, table};
use crate::report::{chart::Chart, contents::Contents, plan::Launch, table::Table, words};

/// The place on the page that links lead to.
pub fn anchor(place: usize) -> String {
    format!("p{}", place + 1)
}

/// The article of a launch.
pub fn product(contents: &Contents, place: usize, ids: &mut Ids) -> Markup {
    let Some(launch) = contents.shown().get(place) else {
        return html! {};
    };
    let id = launch.id.as_str();
    let anchor = anchor(place);
    let heading = format!("{anchor}-h");
    let forecast = contents.forecast.as_ref();
    let curves = [contents.timing.as_ref(), contents.pricing.as_ref()];
    html! {
        article id=(anchor) aria-labelledby=(heading) {
            h3 id=(heading) { (name(id)) }
            (facts(contents, launch))
            @if let Some(fan) = forecast.and_then(|forecast| forecast.fan(id)) {
                (pair(fan, forecast.and_then(|forecast| forecast.table(id)), true, ids))
            } @else if forecast.is_some() { p class="small" { "The table forecast has no forecast of it." } }
            div class="pair" {
                @for curves in curves.into_iter().flatten() {
                    @if let Some(chart) = curves.chart(id) { (pair(chart, curves.table(id), false, ids)) }
                }
                @if let Some(found) = &contents.comparables {
                    @if let Some(chart) = found.chart(id) { (pair(chart, found.table(id), false, ids)) }
                }
                @if let Some(review) = &contents.review {
                    @if let Some(chart) = review.chart(id) { (pair(chart, review.steps(id), false, ids)) }
                }
            }
            @if let Some(reason) = &launch.reason { p class="why" { strong { "Why: " } (name(reason)) } }
            @if !launch.others.is_empty() { (fold("Other plans of it", table(&others(launch)))) }
        }
    }
}

fn pair(chart: Chart, numbers: Option<Table>, wide: bool, ids: &mut Ids) -> Markup {
    figure(&chart, numbers.as_ref(), wide, ids)
}

/// The numbers of a launch, as terms and what they are.
fn facts(contents: &Contents, launch: &Launch) -> Markup {
    let orders = contents.stock.as_ref().map(|stock| &stock.orders);
    let order = orders
        .and_then(|orders| orders.get(&launch.id).copied())
        .or(launch.order);
    let interval = |lower: Option<f64>, upper: Option<f64>, write: fn(f64) -> String| {
        lower
            .zip(upper)
            .map(|(lower, upper)| format!("{} to {}", write(lower), write(upper)))
    };
    let all = [
        (
            "Launch",
            Some(words::day(launch.date)),
            launch.end.map(|end| format!("horizon ends {}", words::day(end))),
        ),
        (
            "Price",
            launch.price.map(words::price),
            interval(launch.prices.0, launch.prices.1, words::price)
                .map(|prices| format!("{prices} come within 1 % of the best")),
        ),
        (
            "Expected units",
            launch.units.mean.map(words::units),
            interval(launch.units.lower, launch.units.upper, words::units),
        ),
        ("Expected revenue", launch.revenue.map(words::money), None),
        (
            "Expected profit",
            launch.profit.mean.map(words::money),
            interval(launch.profit.lower, launch.profit.upper, words::money),
        ),
        (
            "Order",
            order.map(words::units),
            launch.bound.as_ref().map(|bound| format!("limited by: {bound}")),
        ),
        ("Risk of a loss", launch.loss.map(words::percent), None),
    ];
    html! {
        dl class="facts" {
            @for (title, value, beside) in all {
                @if let Some(value) = value {
                    div { dt { (title) } dd { (value) @if let Some(beside) = beside { " " small { (beside) } } } }
                }
            }
        }
    }
}

fn others(launch: &Launch) -> Table {
    let head = ["@Launch date", "#Price", "#Units", "#Profit", "#Interval", "*Why"];
    let mut table = Table::new("Other plans of it, the best first", &head);
    for other in &launch.others {
        table.push(vec![
            words::day(other.date),
            words::or_none(other.price, words::price),
            words::or_none(other.units.mean, words::units),
            words::or_none(other.profit.mean, words::money),
            words::between(other.profit.lower, other.profit.upper, words::money),
            other.reason.clone().unwrap_or_default(),
        ]);
    }
    table.without_empty()
}
