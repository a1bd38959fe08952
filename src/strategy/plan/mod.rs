//! When to launch, at what price and with how many units, for all candidates together.
//!
//! *Model*: past launches that a forecast rests on had their marketing, their price and their competition, so the forecast holds
//! those already. A plan differs from it by the season of its date, relative to the first one, and by the response to its price,
//! (price / reference) ^ elasticity, with an elasticity of its own in each world. Units of a date and price are the paths of the
//! forecast times both, and the order is the best one for them (see [`super::stock`]).
//!
//! *Choice*: plans are compared in some worlds and reported in others, as the best of many is best in part by chance. With limits
//! that candidates share, [`super::portfolio`] chooses for all of them.

mod answer;
mod offers;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

pub use answer::{Answer, Objective};
pub use offers::{Date, Launch, errors};

use super::portfolio::{self, Limits, Refusal, Risk};
use super::stock::{Level, share_out};
use offers::Offer;

/// Share of the best objective that the plans may miss.
const TOLERANCE: f64 = 1e-4;

/// What holds for all candidates.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// What is to be large.
    pub objective: Objective,
    /// How much the worst worlds count.
    pub risk: Risk,
    /// What the plans share.
    pub limits: Limits,
    /// Probability of the intervals.
    pub level: f64,
    /// Which plans of a candidate are shown.
    pub shown: Shown,
}

/// Which plans of a candidate are shown, beside the one chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Best first, at most so many; dates at which a price comes out the same are one plan.
    Best(usize),
    /// All dates at the price chosen.
    Dates,
    /// All prices at the date chosen.
    Prices,
}

/// Plans of all candidates, by candidate.
///
/// # Errors
/// Limits that cannot all hold.
pub fn plan(launches: &[Launch], wish: &Wish) -> Result<Vec<Vec<Answer>>, Refusal> {
    let mut offers: Vec<Vec<Offer>> = launches.par_iter().map(|launch| launch.offers(wish)).collect();
    let mut chosen = choose(launches, &offers, wish)?;
    refine(launches, &mut offers, &mut chosen, wish)?;
    let spent = |(offers, plan): (&Vec<Offer>, &Option<usize>)| plan.map_or(0.0, |plan| offers[plan].money);
    let spent: f64 = offers.iter().zip(&chosen.plans).map(spent).sum();
    let left = wish.limits.budget.map(|budget| (budget - spent).max(0.0));
    Ok(launches
        .par_iter()
        .zip(&offers)
        .zip(&chosen.plans)
        .zip(&chosen.bindings)
        .map(|(((launch, offers), &chosen), bindings)| match chosen {
            Some(chosen) => answer::answers(launch, offers, chosen, bindings, left, wish),
            None => Vec::new(),
        })
        .collect())
}

fn choose(launches: &[Launch], offers: &[Vec<Offer>], wish: &Wish) -> Result<portfolio::Chosen, Refusal> {
    let product = |(launch, offers): (&Launch, &Vec<Offer>)| portfolio::Product {
        category: launch.category,
        plans: offers
            .iter()
            .map(|offer| portfolio::Plan {
                day: launch.dates[offer.date].day,
                money: offer.money,
                value: offer.value,
                worlds: offer.worlds.clone(),
            })
            .collect(),
        optional: false,
    };
    let products: Vec<portfolio::Product> = launches.iter().zip(offers).map(product).collect();
    portfolio::choose_within(&products, &wish.limits, &wish.risk, TOLERANCE)
}

/// Shares the budget out once more, over finer orders at the dates and prices chosen.
fn refine(
    launches: &[Launch],
    offers: &mut [Vec<Offer>],
    chosen: &mut portfolio::Chosen,
    wish: &Wish,
) -> Result<(), Refusal> {
    let Some(budget) = wish.limits.budget else {
        return Ok(());
    };
    if wish.risk.weight > 0.0 || wish.objective != Objective::Profit {
        return Ok(());
    }
    let levels = |(launch, (offers, plan)): (&Launch, (&Vec<Offer>, &Option<usize>))| -> Vec<Level> {
        plan.and_then(|plan| launch.levels(&offers[plan])).unwrap_or_default()
    };
    let chosen_offers = offers.par_iter().zip(&chosen.plans);
    let levels: Vec<Vec<Level>> = launches.par_iter().zip(chosen_offers).map(levels).collect();
    if levels.iter().any(Vec::is_empty) {
        return Ok(());
    }
    let shared = share_out(&levels, budget)?;
    for (((launch, offers), plan), (levels, level)) in launches
        .iter()
        .zip(offers)
        .zip(&mut chosen.plans)
        .zip(levels.iter().zip(shared.levels))
    {
        if let Some(at) = plan {
            let offer = launch.with_order(&offers[*at], levels[level].units, level + 1 < levels.len());
            offers.push(offer);
            *at = offers.len() - 1;
        }
    }
    Ok(())
}
