//! `__launch_rates(...)` and `__launch_proportion(...)`: rates of channels and money in proportion, for the macros
//! `__launch_channel_rates` and `__launch_channel_mix`.

use super::options::{budget, level};
use crate::{
    functions::prelude::*,
    strategy::{
        allocate::{Posterior, best},
        rates::{Share, drawn_together, in_proportion},
    },
};

/// Channels, at most: the work grows with their square.
const MOST_CHANNELS: usize = 500;
/// Share of the budget within which money stands at its bound.
const AT_BOUND: f64 = 1e-9;

/// See [`Function::ABOUT`].
pub struct Rates;

impl Function for Rates {
    const NAME: &'static str = "__launch_rates";
    const ASKED: &'static str = "launch_channels";
    const ABOUT: &'static str = "
        Rates of channels, drawn together as far as they do not differ for sure.

        @param channels: ANY  a list of STRUCTs: trials, successes, cost of a trial (NULL where not known)
        @param level: DOUBLE = 0.8  probability of the intervals
        @returns place: BIGINT  the channel's place in the list, from 1
        @returns rate: DOUBLE  expected rate
        @returns lower: DOUBLE  lower end of its interval
        @returns upper: DOUBLE  upper end
        @returns pull: DOUBLE  weight of all channels in it, 0 to 1
        @returns probability_best: DOUBLE  probability that it has most successes for its money; NULL unless all costs are known
        @example SELECT __launch_rates([{'trials': 1000, 'successes': 30, 'cost': 0.5}, {'trials': 200, 'successes': 9, 'cost': 0.8}])
    ";

    type Answer = Vec<Rate>;
}

/// The rate of a channel.
#[derive(AsDuckDB, Debug, Default, Clone)]
pub struct Rate {
    place: i64,
    rate: f64,
    lower: f64,
    upper: f64,
    pull: f64,
    probability_best: Option<f64>,
}

impl PerChunk for Rates {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let (lists, levels) = (arguments.tables()?, arguments.numbers()?);
        let mut answers = Vec::with_capacity(lists.len());
        for (list, level_) in lists.into_iter().zip(levels) {
            answers.push(match list {
                None => Vec::new(),
                Some(list) => rates(list, level(level_)?)?,
            });
        }
        Ok(answers)
    }
}

fn rates(mut list: Arguments, level: f64) -> Result<Vec<Rate>, Failure> {
    let (trials, successes, costs) = (list.numbers()?, list.numbers()?, list.numbers()?);
    let mut channels = Vec::with_capacity(trials.len());
    for (trials, successes) in trials.into_iter().zip(successes) {
        let (trials, successes) = (required(trials, "trials")?, required(successes, "successes")?);
        if !(0.0..=trials).contains(&successes) {
            return Err(Failure::new(format!(
                "there cannot be {successes} successes of {trials} trials"
            )));
        }
        channels.push((trials, successes));
    }
    if channels.len() > MOST_CHANNELS {
        return Err(Failure::new(format!(
            "campaigns have {} channels, at most {MOST_CHANNELS} are compared: group the smaller ones",
            channels.len()
        )));
    }
    let found = drawn_together(&channels);
    let priced: Option<Vec<Posterior>> = found
        .iter()
        .zip(costs)
        .map(|((posterior, _), cost)| match (*posterior, cost) {
            (Posterior::Beta { yes, no, .. }, Some(cost)) if cost > 0.0 => Some(Posterior::Beta {
                yes,
                no,
                value: 1.0 / cost,
            }),
            _ => None,
        })
        .collect();
    let best = priced.map(|priced| best(&priced, None).probability);
    let row = |(at, (posterior, pull)): (usize, &(Posterior, f64))| Rate {
        place: at as i64 + 1,
        rate: posterior.mean(),
        lower: posterior.quantile((1.0 - level) / 2.0),
        upper: posterior.quantile((1.0 + level) / 2.0),
        pull: *pull,
        probability_best: best.as_ref().and_then(|best| best.get(at).copied()),
    };
    Ok(found.iter().enumerate().map(row).collect())
}

/// See [`Function::ABOUT`].
pub struct Proportion;

impl Function for Proportion {
    const NAME: &'static str = "__launch_proportion";
    const ASKED: &'static str = "launch_channels";
    const ABOUT: &'static str = "
        A budget in proportion to weights, within bounds.

        @param channels: ANY  a list of STRUCTs: channel, weight, minimum, maximum (NULL for none)
        @param budget: DOUBLE  money for all together; NULL for shares alone
        @returns place: BIGINT  the channel's place in the list, from 1
        @returns spend: DOUBLE  its money; NULL without a budget
        @returns share: DOUBLE  its share of what is spent
        @returns bound: VARCHAR  the limit that it stands at: none, minimum or maximum
        @example SELECT __launch_proportion([
            {'channel': 'a', 'weight': 3, 'minimum': NULL, 'maximum': 50}, {'channel': 'b', 'weight': 1, 'minimum': NULL, 'maximum': NULL}],
            100)
    ";

    type Answer = Vec<Part>;
}

/// The money of a channel.
#[derive(AsDuckDB, Debug, Default, Clone)]
pub struct Part {
    place: i64,
    spend: Option<f64>,
    share: Option<f64>,
    bound: String,
}

impl PerChunk for Proportion {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let (lists, budgets) = (arguments.tables()?, arguments.numbers()?);
        let mut answers = Vec::with_capacity(lists.len());
        for (list, budget_) in lists.into_iter().zip(budgets) {
            answers.push(match list {
                None => Vec::new(),
                Some(list) => parts(list, budget(budget_)?)?,
            });
        }
        Ok(answers)
    }
}

fn parts(mut list: Arguments, budget: Option<f64>) -> Result<Vec<Part>, Failure> {
    let (names, weights, minima, maxima) = (list.texts()?, list.numbers()?, list.numbers()?, list.numbers()?);
    let mut channels = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let (least, most) = (minima[at].unwrap_or(0.0), maxima[at].unwrap_or(f64::INFINITY));
        let name = name.as_deref().unwrap_or("NULL");
        if !(0.0..=most).contains(&least) {
            return Err(Failure::new(format!(
                "minimum of {name} must be between 0 and its maximum, got {least} and {most}"
            )));
        }
        if budget.is_none() && (least > 0.0 || most.is_finite()) {
            return Err(Failure::new(
                "minimum and maximum are money: give the budget that they are a part of",
            ));
        }
        channels.push(Share {
            weight: weights[at].unwrap_or(0.0).max(0.0),
            least,
            most,
        });
    }
    let least: f64 = channels.iter().map(|channel| channel.least).sum();
    if let Some(budget) = budget.filter(|budget| least > budget * (1.0 + AT_BOUND)) {
        return Err(Failure::new(format!(
            "the minima of all channels add up to {least}, more than the budget of {budget}: lower them"
        )));
    }
    let money = in_proportion(&channels, budget.unwrap_or(1.0));
    let total: f64 = money.iter().sum();
    let near = AT_BOUND * budget.unwrap_or(1.0);
    let part = |(at, (money, channel)): (usize, (&f64, &Share))| Part {
        place: at as i64 + 1,
        spend: budget.map(|_| *money),
        share: (total > 0.0).then(|| money / total),
        bound: if *money >= channel.most - near {
            "maximum"
        } else if channel.least > 0.0 && *money <= channel.least + near {
            "minimum"
        } else {
            "none"
        }
        .to_owned(),
    };
    Ok(money.iter().zip(&channels).enumerate().map(part).collect())
}
