//! What the two functions of channels read, and the split of a budget, `__launch_channel_split(...)`, for `launch_channels`.

use std::collections::BTreeMap;

use super::options::{budget, level, positive};
use crate::{
    functions::prelude::*,
    strategy::channels::{Bounds, Calendar, Channel, Fitted, Response, Series, fit, split},
};

/// Periods from the first to the last, at most.
const MOST_PERIODS: i64 = 4_000;
/// Channels, at most.
const MOST_CHANNELS: usize = 50;
/// Share of the budget within which a spend stands at its bound.
const AT_BOUND: f64 = 1e-6;
/// The least and the most of a channel's share where no limits are given, in multiples of its share so far: beyond them its curve is
/// mostly unknown, and plans are rarely changed by more.
const SHARE_LIMITS: (f64, f64) = (0.5, 2.0);

/// The tables of a fit.
pub(super) struct Tables {
    series: Series,
}

/// A channel by its name, and its curve or why there is none.
type Named<'a> = (&'a str, Result<Fitted, String>);

/// The least and the most money of a channel.
type Limits = (Option<f64>, Option<f64>);

impl Tables {
    /// Of a list of spend and outcomes by channel and period, one of total outcomes by period and one of covariates by period.
    pub(super) fn read(
        mut campaigns: Arguments,
        outcomes: Option<Arguments>,
        known: Option<Arguments>,
        frequency: &str,
    ) -> Result<Self, Failure> {
        let (names, numbers) = (campaigns.texts()?, campaigns.whole()?);
        let (spends, attributed) = (campaigns.numbers()?, campaigns.numbers()?);
        let totals = match outcomes {
            Some(mut rows) => Some(by_number(&rows.whole()?, &rows.numbers()?)),
            None => None,
        };
        let dated = || numbers.iter().flatten().copied();
        let (first, end) = (dated().min(), dated().max());
        let end = end.max(totals.as_ref().and_then(|totals| totals.keys().next_back().copied()));
        let (Some(first), Some(end)) = (first, end) else {
            return Err(Failure::new("campaigns have no row with a channel, a date and a spend"));
        };
        if end - first >= MOST_PERIODS {
            return Err(Failure::new(format!(
                "campaigns and outcomes span {} periods, at most {MOST_PERIODS} are taken: look for a wrong date, or take \
                 a longer frequency",
                end - first + 1
            )));
        }
        let periods = (end - first + 1) as usize;
        let place = |number: i64| usize::try_from(number - first).ok().filter(|place| *place < periods);
        let mut channels: BTreeMap<&str, Channel> = BTreeMap::new();
        for (row, name) in names.iter().enumerate() {
            let (Some(name), Some(place)) = (name, numbers[row].and_then(place)) else {
                continue;
            };
            let channel = channels.entry(name).or_insert_with(|| Channel {
                name: name.clone(),
                spend: vec![0.0; periods],
                outcome: None,
            });
            channel.spend[place] += spends[row].unwrap_or(0.0);
            if let Some(outcome) = attributed[row] {
                channel.outcome.get_or_insert_with(|| vec![None; periods])[place] = Some(outcome);
            }
        }
        if channels.len() > MOST_CHANNELS {
            return Err(Failure::new(format!(
                "campaigns have {} channels, at most {MOST_CHANNELS} are fitted: group the smaller ones",
                channels.len()
            )));
        }
        let outcome = totals.map(|totals| {
            let mut outcome = vec![None; periods];
            for (number, value) in totals {
                if let Some(place) = place(number) {
                    outcome[place] = Some(value);
                }
            }
            outcome
        });
        let calendar = match frequency {
            "day" => Calendar::Day,
            "month" => Calendar::Month,
            _ => Calendar::Week,
        };
        let mut series = Series {
            channels: channels.into_values().collect(),
            outcome,
            covariates: Vec::new(),
            calendar,
        };
        if let Some(mut known) = known {
            let (names, numbers, values) = (known.texts()?, known.whole()?, known.numbers()?);
            series.covariates = covariates(&names, &numbers, &values, place, periods);
        }
        Ok(Self { series })
    }

    /// The fits of all channels, in the order of their names.
    pub(super) fn fit(&self, query: &Query) -> Result<Vec<Named<'_>>, Failure> {
        let fits = query.run(|| fit(&self.series))?;
        Ok(self
            .series
            .channels
            .iter()
            .map(|channel| channel.name.as_str())
            .zip(fits)
            .collect())
    }
}

fn by_number(numbers: &[Option<i64>], values: &[Option<f64>]) -> BTreeMap<i64, f64> {
    numbers
        .iter()
        .zip(values)
        .filter_map(|(n, v)| Some(((*n)?, (*v)?)))
        .collect()
}

/// By name; a period of which nothing is known has the mean of the others.
fn covariates(
    names: &[Option<String>],
    numbers: &[Option<i64>],
    values: &[Option<f64>],
    place: impl Fn(i64) -> Option<usize>,
    periods: usize,
) -> Vec<(String, Vec<f64>)> {
    let mut by_name: BTreeMap<&str, Vec<Option<f64>>> = BTreeMap::new();
    for ((name, number), value) in names.iter().zip(numbers).zip(values) {
        if let (Some(name), Some(place), Some(value)) = (name, number.and_then(&place), value) {
            by_name.entry(name).or_insert_with(|| vec![None; periods])[place] = Some(*value);
        }
    }
    let filled = |(name, values): (&str, Vec<Option<f64>>)| {
        let known = || values.iter().flatten();
        let mean = known().sum::<f64>() / known().count().max(1) as f64;
        (
            name.to_owned(),
            values.iter().map(|value| value.unwrap_or(mean)).collect(),
        )
    };
    by_name.into_iter().map(filled).collect()
}

/// See [`Function::ABOUT`].
pub struct ChannelSplit;

impl Function for ChannelSplit {
    const NAME: &'static str = "__launch_channel_split";
    const ASKED: &'static str = "launch_channels";
    const ABOUT: &'static str = "
        How a budget is best split over channels, from what was spent and what came of it; launch_channels shows it as a table.

        @param campaigns: ANY  a list of STRUCTs: channel, number of the period, spend, outcome attributed to the channel
        @param outcomes: ANY  a list of STRUCTs: number of the period, outcome of all; NULL for attributed outcomes
        @param known: ANY  a list of STRUCTs: name, number of the period, value of a covariate; or NULL
        @param bounds: ANY  a list of STRUCTs: channel, least and most money; or NULL
        @param frequency: VARCHAR = 'week'  length of a period
        @param budget: DOUBLE = NULL  money for all channels over the periods planned; NULL for what was spent on average
        @param periods: BIGINT = 1  periods planned
        @param level: DOUBLE = 0.8  probability of the intervals
        @returns channel: VARCHAR  the channel
        @returns spend: DOUBLE  its money over the periods planned
        @returns share: DOUBLE  its share of the money spent
        @returns expected_outcome: DOUBLE  what it brings
        @returns outcome_lower: DOUBLE  lower end of its interval
        @returns outcome_upper: DOUBLE  upper end
        @returns marginal_return: DOUBLE  outcome of one more unit of money
        @returns saturation: DOUBLE  1 less the marginal over the mean return
        @returns adstock: DOUBLE  share of its effect that comes after the period of the spend
        @returns bound: VARCHAR  none, minimum or maximum
        @returns identified: BOOLEAN  whether the data tell what it brings
        @returns status: VARCHAR  ok or refused
        @returns reason: VARCHAR  what it rests on, or why nothing is known
        @example SELECT __launch_channel_split([{'channel': 'tv', 'number': 1, 'spend': 10.0, 'outcome': 5.0}], NULL, NULL, NULL)
    ";

    type Answer = Vec<Row>;
}

/// One channel.
#[derive(AsDuckDB, Debug, Default, Clone)]
pub struct Row {
    channel: String,
    spend: Option<f64>,
    share: Option<f64>,
    expected_outcome: Option<f64>,
    outcome_lower: Option<f64>,
    outcome_upper: Option<f64>,
    marginal_return: Option<f64>,
    saturation: Option<f64>,
    adstock: Option<f64>,
    bound: Option<String>,
    identified: Option<bool>,
    status: String,
    reason: String,
}

/// What is to be split.
struct Plan {
    budget: Option<f64>,
    periods: f64,
    level: f64,
    bounds: BTreeMap<String, Limits>,
}

impl PerChunk for ChannelSplit {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let (campaigns, outcomes) = (arguments.tables()?, arguments.tables()?);
        let (known, bounds) = (arguments.tables()?, arguments.tables()?);
        let (frequencies, budgets) = (arguments.texts()?, arguments.numbers()?);
        let (periods, levels) = (arguments.whole()?, arguments.numbers()?);
        let mut answers = Vec::with_capacity(campaigns.len());
        let tables = campaigns.into_iter().zip(outcomes).zip(known).zip(bounds);
        for (row, (((campaigns, outcomes), known), bounds)) in tables.enumerate() {
            let Some(campaigns) = campaigns else {
                answers.push(Vec::new());
                continue;
            };
            let plan = Plan {
                budget: budget(budgets[row])?,
                periods: positive(required(periods[row], "periods")?, "periods")? as f64,
                level: level(levels[row])?,
                bounds: read_bounds(bounds)?,
            };
            let frequency = required(frequencies[row].as_deref(), "frequency")?;
            let tables = Tables::read(campaigns, outcomes, known, frequency)?;
            answers.push(plan.rows(tables.fit(query)?)?);
        }
        Ok(answers)
    }
}

fn read_bounds(table: Option<Arguments>) -> Result<BTreeMap<String, Limits>, Failure> {
    let Some(mut table) = table else {
        return Ok(BTreeMap::new());
    };
    let (names, least, most) = (table.texts()?, table.numbers()?, table.numbers()?);
    let rows = names.into_iter().zip(least.into_iter().zip(most));
    Ok(rows.filter_map(|(name, bounds)| Some((name?, bounds))).collect())
}

impl Plan {
    fn rows(&self, fits: Vec<Named<'_>>) -> Result<Vec<Row>, Failure> {
        let spent: f64 = fits.iter().flat_map(|(_, fit)| fit).map(|fit| fit.spent).sum();
        let budget = self.budget.map_or(spent, |budget| budget / self.periods);
        let bounds = fits
            .iter()
            .map(|(name, fit)| match (self.limited(), fit) {
                (true, _) => self.bounds_of(name, budget),
                (false, Ok(fit)) if spent > 0.0 => Ok(Bounds {
                    least: SHARE_LIMITS.0 * fit.spent / spent * budget,
                    most: (SHARE_LIMITS.1 * fit.spent / spent).min(1.0) * budget,
                }),
                (false, _) => Ok(Bounds {
                    least: 0.0,
                    most: budget,
                }),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let least: f64 = bounds.iter().map(|b| b.least).sum();
        if least > budget * (1.0 + 1e-9) {
            return Err(Failure::new(format!(
                "the minima of all channels are {} together, and the budget is {}: raise it, or lower them",
                least * self.periods,
                budget * self.periods
            )));
        }
        // What is not known gets its minimum and no more.
        let unknown = |(fit, bounds): (&Named<'_>, &Bounds)| if fit.1.is_err() { bounds.least } else { 0.0 };
        let reserved: f64 = fits.iter().zip(&bounds).map(unknown).sum();
        let known = fits
            .iter()
            .zip(&bounds)
            .filter_map(|((_, fit), bounds)| Some((fit.as_ref().ok()?, *bounds)));
        let (known, known_bounds): (Vec<&Fitted>, Vec<Bounds>) = known.unzip();
        let curves: Vec<_> = known.iter().map(|fit| fit.curve.clone()).collect();
        let spends = split(&curves, &known_bounds, budget - reserved);
        let total = reserved + spends.iter().sum::<f64>();
        let unspent = (budget - total > 1e-6 * budget && !known.is_empty()).then(|| {
            format!(
                "; {:.2} of the budget is left, as all maxima are reached",
                (budget - total) * self.periods
            )
        });
        let mut spends = spends.into_iter();
        let mut rows = Vec::with_capacity(fits.len());
        for ((name, fit), bounds) in fits.iter().zip(&bounds) {
            let row = match fit {
                Ok(fit) => {
                    let spend = spends.next().unwrap_or(0.0);
                    let mut row = self.row(fit, spend, bounds, budget);
                    row.reason += unspent.as_deref().unwrap_or_default();
                    row
                }
                Err(why) => self.refused(why, bounds),
            };
            let share = row
                .spend
                .filter(|_| total > 0.0)
                .map(|spend| spend / self.periods / total);
            rows.push(Row {
                channel: (*name).to_owned(),
                share,
                ..row
            });
        }
        Ok(rows)
    }

    /// Whether any limit is given.
    fn limited(&self) -> bool {
        self.bounds
            .values()
            .any(|(least, most)| least.is_some() || most.is_some())
    }

    fn bounds_of(&self, channel: &str, budget: f64) -> Result<Bounds, Failure> {
        let (least, most) = self.bounds.get(channel).copied().unwrap_or_default();
        let (least, most) = (least.unwrap_or(0.0), most.unwrap_or(f64::INFINITY));
        if least < 0.0 || most < least || least.is_nan() || most.is_nan() {
            return Err(Failure::new(format!(
                "minimum and maximum of {channel} must be 0 or more, and the maximum no less than the minimum, got {least} and {most}"
            )));
        }
        Ok(Bounds {
            least: least / self.periods,
            most: (most / self.periods).min(budget),
        })
    }

    fn row(&self, fit: &Fitted, spend: f64, bounds: &Bounds, budget: f64) -> Row {
        let expected = fit.curve.outcome(spend);
        let (lower, upper) = fit.curve.interval(spend, self.level);
        let marginal = fit.curve.marginal(spend);
        let near = |bound: f64| (spend - bound).abs() <= AT_BOUND * budget;
        let bound = match (
            bounds.least > 0.0 && near(bounds.least),
            bounds.most < budget && near(bounds.most),
        ) {
            (_, true) => "maximum",
            (true, false) => "minimum",
            _ => "none",
        };
        let mut reason = fit.reason.clone();
        if bound != "none" && !self.limited() {
            let limit = if bound == "maximum" { "double" } else { "half" };
            reason += &format!("; held at {limit} of its share so far, minimum := 0 lifts this");
        }
        if spend > fit.most {
            reason += &format!(
                "; extrapolated: {:.2} a period is beyond the most ever spent, {:.2}",
                spend, fit.most
            );
        }
        Row {
            spend: Some(spend * self.periods),
            expected_outcome: Some(expected * self.periods),
            outcome_lower: Some(lower * self.periods),
            outcome_upper: Some(upper * self.periods),
            marginal_return: Some(marginal),
            saturation: (expected > 0.0 && spend > 0.0).then(|| (1.0 - marginal * spend / expected).clamp(-10.0, 1.0)),
            adstock: Some(fit.curve.later()),
            bound: Some(bound.to_owned()),
            identified: Some(fit.identified),
            status: "ok".to_owned(),
            reason,
            ..Row::default()
        }
    }

    fn refused(&self, why: &str, bounds: &Bounds) -> Row {
        Row {
            spend: (bounds.least > 0.0).then_some(bounds.least * self.periods),
            bound: Some(if bounds.least > 0.0 { "minimum" } else { "none" }.to_owned()),
            identified: Some(false),
            status: "refused".to_owned(),
            reason: why.to_owned(),
            ..Row::default()
        }
    }
}
