//! All users of a shop: model, outlook and segment.

use super::{
    History, Outlook, Segment, Standing, fit,
    leaving::Leaving,
    level::{Level, level_of},
    outlooks, segments,
};
use crate::{
    error::{Error, Result},
    statistics::ExactSum,
};

/// What is found of a user.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// The segment.
    pub segment: Segment,
    /// What is to be expected; none where no model can be learned.
    pub outlook: Option<Outlook>,
}

/// Histories of users, each with what it brought if that is known, to what is found of each, and one text of what it rests on.
///
/// A user whose value is not known counts with the mean of a purchase of the others; where no value is known, with the
/// number of purchases.
///
/// # Errors
/// Defects alone: what the histories do not carry is told in the text.
pub fn verdicts(
    users: &[(History, Option<f64>)],
    days: u32,
    level: f64,
    new_days: u32,
) -> Result<(Vec<Verdict>, String)> {
    // An order of what is known of users: the one in which they came must not matter.
    let mut order: Vec<usize> = (0..users.len()).collect();
    order.sort_unstable_by(|a, b| users[*a].0.cmp(&users[*b].0));
    let sorted: Vec<History> = order.iter().map(|place| users[*place].0.clone()).collect();
    let (found, note) = match fit(&sorted) {
        Ok(fitted) => {
            let change = level_of(&sorted, &fitted, days);
            let found = outlooks(&fitted, &sorted, days, level, change.factor());
            (Some(found), note(&sorted, &fitted, &change))
        }
        Err(Error::Refused(reason)) => (None, reason),
        Err(other) => return Err(other),
    };
    let mean = mean_value(users);
    let mut outlook_of: Vec<Option<Outlook>> = vec![None; users.len()];
    for (place, outlook) in order.iter().zip(found.into_iter().flatten()) {
        outlook_of[*place] = Some(outlook);
    }
    let standing = |((history, value), outlook): (&(History, Option<f64>), &Option<Outlook>)| {
        let frequency = history.gaps.len() as u32 + 1;
        Standing {
            frequency,
            recency: history.silent.saturating_add(1),
            longest_gap: history.gaps.iter().copied().max().unwrap_or(0),
            value: value.unwrap_or(f64::from(frequency) * mean),
            outlook: *outlook,
        }
    };
    let standings: Vec<Standing> = users.iter().zip(&outlook_of).map(standing).collect();
    let verdict = |(segment, outlook)| Verdict { segment, outlook };
    let verdicts = segments(&standings, new_days).into_iter().zip(outlook_of).map(verdict);
    Ok((verdicts.collect(), note))
}

/// The mean of a purchase of users whose value is known; 1 where there is none.
fn mean_value(users: &[(History, Option<f64>)]) -> f64 {
    let mut sum = ExactSum::default();
    let mut purchases = 0;
    for (history, value) in users {
        if let Some(value) = value {
            sum.add(&[*value]);
            purchases += history.gaps.len() + 1;
        }
    }
    sum.sum()
        .filter(|_| purchases > 0)
        .map_or(1.0, |sum| sum / purchases as f64)
}

fn note(histories: &[History], fitted: &super::Fitted, change: &Level) -> String {
    let repeaters = histories.iter().filter(|history| !history.gaps.is_empty()).count();
    let leaving = match fitted.way.leaving {
        Leaving::AtPurchase => "after a purchase",
        Leaving::AnyDay => "on any day",
    };
    let wander = if fitted.way.wander > 0.0 {
        let month = 100.0 * ((fitted.way.wander * 30f64.sqrt()).exp() - 1.0);
        format!("paces move by {month:.0} % a month")
    } else {
        "paces keep".to_owned()
    };
    let renewed = match fitted.way.renewed {
        0.0 => String::new(),
        renewed => format!(
            ", {:.1} % of users a month begin anew with another pace",
            100.0 * (1.0 - (1.0 - renewed).powi(30))
        ),
    };
    let mut text = format!(
        "learned from {} users, of whom {repeaters} came back; users leave {leaving}, {wander}{renewed}",
        histories.len()
    );
    if let Some(said) = change.said() {
        text.push_str("; ");
        text.push_str(&said);
    }
    text
}
