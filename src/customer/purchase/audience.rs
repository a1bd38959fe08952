//! Whom to tell of candidates.

use std::collections::BTreeMap;

use super::learning::share_of;
use super::market::Market;
use super::scoring::{Advice, Asking};
use crate::customer::Classifier;
use crate::error::Result;

/// How an audience is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Audience {
    /// Users of a candidate at most.
    pub top: usize,
    /// Share of them that is not told.
    pub control: f64,
    /// Candidates a user is in the audience of at most.
    pub contacts: Option<usize>,
    /// The day that is asked as of.
    pub as_of: Option<i32>,
    /// Seed of the control group.
    pub seed: i64,
}

/// The users of each candidate, the most probable first.
///
/// *Rule*: pairs of all candidates are gone through from the most probable one on; a pair is taken where the candidate has less than
/// `top` users and the user is in less than `contacts` audiences. Of those taken a share is drawn by user, candidate and seed that is
/// not told: it would have been, so those told can be compared with it.
///
/// # Errors
/// [`crate::error::Error::Argument`] for a model that knows nothing of launches.
pub fn audience(market: &Market, model: &Classifier, wanted: &Audience) -> Result<Vec<Advice>> {
    let asking = Asking::new(market, model, wanted.as_of)?;
    let products = &market.catalog.products;
    let found =
        asking.probabilities(|user, candidate| !market.users[user].is_excluded(&products[candidate.product].key))?;
    let mut pairs: Vec<(f32, u32, u32)> = Vec::new();
    for (candidate, of_candidate) in found.into_iter().enumerate() {
        pairs.extend(of_candidate.into_iter().map(|(user, p)| (p, candidate as u32, user)));
    }
    pairs.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut chosen: Vec<Vec<(u32, f32, i64)>> = vec![Vec::new(); asking.candidates.len()];
    let mut told: BTreeMap<u32, usize> = BTreeMap::new();
    for (p, candidate, user) in pairs {
        let list = &mut chosen[candidate as usize];
        let count = told.entry(user).or_default();
        if list.len() < wanted.top && wanted.contacts.is_none_or(|most| *count < most) {
            *count += 1;
            let rank = list.len() as i64 + 1;
            list.push((user, p, rank));
        }
    }
    let mut rows = asking.told_of(&chosen);
    for (candidate, _) in asking
        .candidates
        .iter()
        .zip(&chosen)
        .filter(|(c, list)| c.refusal.is_none() && list.is_empty())
    {
        rows.push(Advice {
            product: Some(products[candidate.product].key.clone()),
            refusal: Some(format!(
                "no user is left: none did anything in the {} days before that day, or all are excluded or told of other candidates",
                asking.terms.active
            )),
            ..Advice::default()
        });
    }
    for row in rows.iter_mut() {
        if let (Some(product), Some(user)) = (&row.product, &row.user) {
            row.is_control = Some(share_of(&format!("{product}\u{0}{user}\u{0}control"), wanted.seed) < wanted.control);
        }
    }
    Ok(rows)
}
