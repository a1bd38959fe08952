//! The head of the page: three numbers, and the plan in words.

use maud::{Markup, html};

use super::parts::{name, section};
use crate::report::{
    contents::Contents,
    plan::{Estimate, Launch},
    words,
};

/// Probability of a loss from which a launch is named.
const RISKY: f64 = 0.25;

/// Title, dates, and three numbers.
pub fn header(contents: &Contents, title: &str) -> Markup {
    let plan = &contents.plan;
    let days = plan
        .days()
        .map(|(first, last)| format!("{} to {}", words::day(first), words::day(last)));
    let first = plan.launches.iter().map(|launch| launch.date).min();
    html! {
        header {
            h1 { (name(title)) }
            @if let Some(days) = days { p class="dates" { (days) } }
            dl class="big" {
                (number("Expected units", contents.units(), words::units, contents))
                @match contents.profit() {
                    Some(profit) => (number("Expected profit", profit, words::money, contents)),
                    None => (number("Expected revenue", contents.revenue(), words::money, contents)),
                }
                div {
                    dt { (if plan.launches.len() == 1 { "Launch" } else { "Launches" }) }
                    dd { (words::fixed(plan.launches.len() as f64, 0)) }
                    @if let Some(first) = first { dd class="beside" { "first on " (words::day(first)) } }
                }
            }
        }
    }
}

fn number(title: &str, of: Estimate, write: fn(f64) -> String, contents: &Contents) -> Markup {
    // Ends of intervals do not add up: their sums enclose what all launches together may bring.
    let summed = contents.plan.launches.len() > 1 && !(title == "Expected units" && contents.total_of_plan().is_some());
    html! {
        div {
            dt { (title) }
            dd { (words::or_none(of.mean, write)) }
            @if let (Some(lower), Some(upper)) = (of.lower, of.upper) {
                dd class="beside" {
                    (write(lower)) " to " (write(upper))
                    @if summed { ", if all turn out low or high together" }
                }
            }
        }
    }
}

impl Contents {
    /// Units of all launches, with the interval of the sum if it was given.
    fn units(&self) -> Estimate {
        let plan = self.estimate(|launch| launch.units);
        let interval = self.total_of_plan().unwrap_or(plan);
        Estimate {
            mean: plan.mean,
            ..interval
        }
    }

    /// Profit of all launches; `None` if one has none.
    fn profit(&self) -> Option<Estimate> {
        Some(self.estimate(|launch| launch.profit)).filter(|profit| profit.mean.is_some())
    }

    fn revenue(&self) -> Estimate {
        Estimate {
            mean: self.plan.sum(|launch| launch.revenue),
            ..Estimate::default()
        }
    }

    fn estimate(&self, of: impl Fn(&Launch) -> Estimate) -> Estimate {
        Estimate {
            mean: self.plan.sum(|launch| of(launch).mean),
            lower: self.plan.sum(|launch| of(launch).lower),
            upper: self.plan.sum(|launch| of(launch).upper),
        }
    }
}

/// The plan in words, and what to look at.
pub fn summary(contents: &Contents) -> Markup {
    let plan = &contents.plan;
    let count = plan.launches.len();
    let days = plan.launches.iter().map(|launch| launch.date);
    let (first, last) = (days.clone().min(), days.max());
    let units = contents.units().mean;
    let profit = contents.profit().and_then(|profit| profit.mean);
    let risky: Vec<&Launch> = plan
        .launches
        .iter()
        .filter(|launch| launch.loss.is_some_and(|loss| loss >= RISKY))
        .collect();
    let nothing = plan.launches.iter().filter(|launch| launch.order == Some(0.0)).count();
    section(
        "summary",
        "Summary",
        html! {
            p class="lead" {
                @match (first, last) {
                    (Some(first), Some(last)) if count > 1 && first != last => {
                        (words::count(count, "launch", "launches")) " from " (words::day(first)) " to " (words::day(last)) "."
                    }
                    (Some(first), _) => { (words::count(count, "launch", "launches")) " on " (words::day(first)) "." }
                    _ => { "No product has a launch." }
                }
                @if let Some(units) = units {
                    " " (words::units(units)) " units are expected to be sold"
                    @if let Some(profit) = profit {
                        @if profit < 0.0 { ", at a loss of " (words::money(-profit)) } @else { ", for a profit of " (words::money(profit)) }
                    }
                    "."
                }
                @if let Some(best) = plan.launches.first().filter(|best| count > 1 && best.is_known()) { (largest(best, profit)) }
                @if let Some(worst) = risky.first() {
                    " " (words::count(risky.len(), "launch makes", "launches make")) " a loss with a probability of "
                    (words::percent(RISKY)) " or more, such as " (name(&words::short(&worst.id, 60))) " ("
                    (words::or_none(worst.loss, words::percent)) ")."
                }
                @if nothing > 0 { " Of " (words::count(nothing, "launch", "launches")) " nothing is ordered: its text says why." }
                @if let Some((product, why)) = plan.refused.first() {
                    " " (words::count(plan.refused.len(), "product has", "products have")) " no launch, such as "
                    (name(&words::short(product, 60))) ": " (name(&words::short(why, 200))) "."
                }
                @for section in [&contents.evaluation, &contents.doctor].into_iter().flatten() {
                    @if let Some(note) = section.notes.first() { " " (note) }
                }
            }
            @if !contents.notices.is_empty() {
                div class="notices" role="note" {
                    h3 { "To look at" }
                    ul { @for notice in &contents.notices { li { (name(notice)) } } }
                }
            }
        },
    )
}

fn largest(best: &Launch, profit: Option<f64>) -> Markup {
    let share = best
        .profit
        .mean
        .zip(profit)
        .filter(|(_, all)| *all > 0.0)
        .map(|(own, all)| own / all);
    html! {
        " " (name(&words::short(&best.id, 60))) " brings most"
        @if let Some(share) = share.filter(|share| *share > 0.0 && *share <= 1.0) { ", " (words::percent(share)) " of the profit" }
        "."
    }
}
