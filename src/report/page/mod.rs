//! The page: one file without scripts, that asks for nothing from elsewhere. Templates escape by default.

mod parts;
mod product;
mod summary;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::parts::{Ids, figure, fold, section};
use super::{contents::Contents, supply::Section, table::Table, tables::Options, words};

/// Launches in the table that is seen at once.
const AT_ONCE: usize = 12;
const STYLE: &str = include_str!("style.css");
/// Nothing may be fetched or run, whatever the page holds.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// The page.
pub fn page(contents: &Contents, options: &Options) -> Markup {
    let title = options.title.clone().unwrap_or_else(|| "Launch plan".to_owned());
    let mut ids = Ids::default();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(format!("launchpad {}", options.version));
                title { (title) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                a class="skip" href="#main" { "Skip to the plan" }
                (summary::header(contents, &title))
                (navigation(contents))
                main id="main" {
                    (summary::summary(contents))
                    (overview(contents))
                    (part("calendar", "Calendar", &contents.calendar, &mut ids))
                    @if let Some(demand) = contents.forecast.as_ref().and_then(|forecast| forecast.demand()) {
                        (section("demand", "Expected sales", html! { (figure(&demand, None, true, &mut ids)) }))
                    }
                    (products(contents, &mut ids))
                    @for (id, title, shown) in sections(contents) { (part(id, title, shown, &mut ids)) }
                    @if let Some(review) = &contents.review {
                        (section("review", "Plan and actuals", parts::table(&review.table)))
                    }
                    (refused(contents))
                    (settings(contents, options))
                }
                footer { p { "Written by launchpad " (options.version) " from the tables given. Intervals are central: what lies outside is as likely above as below." } }
            }
        }
    }
}

fn sections(contents: &Contents) -> Vec<(&'static str, &'static str, &Section)> {
    let stock = contents.stock.as_ref().map(|stock| ("stock", "Stock", &stock.section));
    let channels = contents
        .channels
        .as_ref()
        .map(|section| ("channels", "Channels", section));
    let audience = contents
        .audience
        .as_ref()
        .map(|section| ("audience", "Audience", section));
    let evaluation = contents
        .evaluation
        .as_ref()
        .map(|section| ("evaluation", "How good the forecasts are", section));
    let doctor = contents
        .doctor
        .as_ref()
        .map(|section| ("data", "Data quality", section));
    [stock, channels, audience, evaluation, doctor]
        .into_iter()
        .flatten()
        .collect()
}

fn navigation(contents: &Contents) -> Markup {
    let has_demand = contents
        .forecast
        .as_ref()
        .is_some_and(|forecast| forecast.demand().is_some());
    html! {
        nav aria-label="Sections" {
            ul {
                li { a href="#plan" { "Plan" } }
                li { a href="#calendar" { "Calendar" } }
                @if has_demand { li { a href="#demand" { "Expected sales" } } }
                @if contents.full > 0 { li { a href="#products" { "Products" } } }
                @for (id, title, _) in sections(contents) { li { a href=(format!("#{id}")) { (title) } } }
                @if contents.review.is_some() { li { a href="#review" { "Plan and actuals" } } }
                @if !contents.plan.refused.is_empty() { li { a href="#refused" { "Refused" } } }
                li { a href="#settings" { "Settings" } }
            }
        }
    }
}

/// A section of charts, with the table beneath in a fold; open where there is no chart.
fn part(id: &str, title: &str, shown: &Section, ids: &mut Ids) -> Markup {
    section(
        id,
        title,
        html! {
            @for note in &shown.notes { p { (note) } }
            @for (place, chart) in shown.charts.iter().enumerate() {
                (figure(chart, Some(&shown.table).filter(|_| place == 0), true, ids))
            }
            @if shown.charts.is_empty() && !shown.table.rows.is_empty() { (parts::table(&shown.table)) }
        },
    )
}

/// All launches in one table; those shown in full are linked.
fn overview(contents: &Contents) -> Markup {
    let plan = &contents.plan;
    let orders = contents.stock.as_ref().map(|stock| &stock.orders);
    let head = [
        "Product",
        "@Launch date",
        "#Price",
        "#Units",
        "#Interval",
        "#Revenue",
        "#Profit",
        "#Interval ",
        "#Order",
        "#Risk of loss",
        "Limited by",
    ];
    let mut table = Table::new("The launches, those that bring most first", &head);
    for launch in &plan.launches {
        let order = orders
            .and_then(|orders| orders.get(&launch.id).copied())
            .or(launch.order);
        // Not by push: no launch is left out of this table.
        table.rows.push(vec![
            launch.id.clone(),
            words::day(launch.date),
            words::or_none(launch.price, words::price),
            words::or_none(launch.units.mean, words::units),
            words::between(launch.units.lower, launch.units.upper, words::units),
            // Revenue says little beside profit, and a table has only so much room.
            words::or_none(launch.revenue.filter(|_| launch.profit.mean.is_none()), words::money),
            words::or_none(launch.profit.mean, words::money),
            words::between(launch.profit.lower, launch.profit.upper, words::money),
            words::or_none(order, words::units),
            words::or_none(launch.loss, words::percent),
            launch.bound.clone().unwrap_or_default(),
        ]);
    }
    let rest = plan.launches.len() - contents.full;
    let linked = |row: usize| (row < contents.full).then(|| format!("#{}", product::anchor(row)));
    let table = table.without_empty();
    let mut first = table.clone();
    first.rows.truncate(AT_ONCE);
    let more = table.rows.len() > AT_ONCE;
    if more {
        first.caption = format!("The {AT_ONCE} launches that bring most");
    }
    section(
        "plan",
        "The plan",
        html! {
            @if rest > 0 {
                p { "The first " (contents.full) " are shown in full below, the other " (words::fixed(rest as f64, 0)) " in the table of all launches alone." }
            }
            @if plan.launches.is_empty() { p { "No product has a launch: see what is refused below." } }
            @else { (parts::linked_table(&first, &linked)) }
            @if more {
                @let all = format!("All {} launches", words::fixed(table.rows.len() as f64, 0));
                (fold(&all, parts::linked_table(&table, &linked)))
            }
        },
    )
}

fn products(contents: &Contents, ids: &mut Ids) -> Markup {
    if contents.full == 0 {
        return html! {};
    }
    let articles: Vec<Markup> = (0..contents.full)
        .map(|place| product::product(contents, place, ids))
        .collect();
    section("products", "Products", html! { @for article in articles { (article) } })
}

fn refused(contents: &Contents) -> Markup {
    if contents.plan.refused.is_empty() {
        return html! {};
    }
    let mut table = Table::new("Products without a launch", &["Product", "*Why"]);
    for (product, why) in &contents.plan.refused {
        table.push(vec![product.clone(), why.clone()]);
    }
    section("refused", "What is refused", parts::table(&table))
}

fn settings(contents: &Contents, options: &Options) -> Markup {
    let mut table = Table::new("What the page rests on", &["Setting", "*Value"]);
    let mut push = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            table.push(vec![name.to_owned(), value]);
        }
    };
    push("Model", Some(contents.models().join(", ")));
    let known = [
        ("Architecture", "architecture"),
        ("Period", "frequency"),
        ("Periods of the horizon", "horizon"),
        ("Launches learned from", "launches"),
        ("First of them", "first_launch"),
        ("Last of them", "last_launch"),
        ("Attributes", "attributes"),
        ("Attributes not used", "unused_attributes"),
        ("Launches held out", "held_out_launches"),
        ("Fingerprint of the data", "data_fingerprint"),
        ("Seed", "seed"),
    ];
    for (title, name) in known {
        push(title, contents.model_text(name));
    }
    let given = contents
        .given
        .iter()
        .map(|(label, rows)| format!("{label} ({})", words::count(*rows, "row", "rows")));
    push("Tables", Some(given.collect::<Vec<_>>().join(", ")));
    push("Column of products", Some(options.product_id.clone()));
    push("Extension", Some(format!("launchpad {}", options.version)));
    section(
        "settings",
        "Settings and models",
        fold("What the page rests on", parts::table(&table)),
    )
}
