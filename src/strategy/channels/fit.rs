//! From what was spent and what came of it to curves.

use rayon::prelude::*;

use super::{
    background::{Background, Cycle, Freedom},
    curve::Curve,
    sampler::{CHAINS, Effect, Problem},
};

/// Deviation of the prior of what channels bring: all together as a share of the mean outcome, shared out evenly, and each as a share
/// of the outcome's deviation, for outcomes around 0.
const SIZE_OF_MEAN: f64 = 0.4;
const SIZE_OF_DEVIATION: f64 = 0.25;
/// Freedom of the level where outcomes are attributed: without spend there are next to none.
const ATTRIBUTED_LEVEL: f64 = 0.5;
const ATTRIBUTED_SIZE: f64 = 2.0;
/// Periods that a channel asks for: below, its outcome is refused.
const PERIODS_A_CHANNEL: usize = 2;
const LEAST_PERIODS: usize = 10;
/// Parameters of a channel, and of the level, trend and season; with fewer than three periods each, the prior decides.
const PARAMETERS_A_CHANNEL: usize = 3;
const PARAMETERS_BESIDE: usize = 6;
/// Share of the prior's deviation, and of the outcome itself, below which the deviation of what an identified channel brings must be.
const NARROWED: f64 = 0.5;
const KNOWN: f64 = 0.4;
/// Correlation of two channels' outcomes over draws below which only their sum is known.
const TAKEN_FROM: f64 = -0.6;

/// The length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calendar {
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
}

impl Calendar {
    /// Seasons that so many periods can tell.
    fn cycles(self, periods: usize) -> Vec<Cycle> {
        let year = match self {
            Self::Day => 365.25,
            Self::Week => 365.25 / 7.0,
            Self::Month => 12.0,
        };
        // Of less than two years a season and a trend are told apart by its slow waves alone.
        let harmonics = if periods as f64 >= 1.5 * year { 4 } else { 2 };
        let mut cycles = Vec::new();
        if periods as f64 >= 0.5 * year {
            cycles.push(Cycle {
                length: year,
                harmonics,
            });
        }
        if self == Self::Day {
            cycles.push(Cycle {
                length: 7.0,
                harmonics: 3,
            });
        }
        cycles
    }

    /// As texts name a period.
    pub fn periods(self) -> &'static str {
        match self {
            Self::Day => "days",
            Self::Week => "weeks",
            Self::Month => "months",
        }
    }
}

/// What was spent on a channel, by period from the first one on.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// Money.
    pub spend: Vec<f64>,
    /// The outcome attributed to it, where it is.
    pub outcome: Option<Vec<Option<f64>>>,
}

/// What is known of all periods.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// In the order of their names.
    pub channels: Vec<Channel>,
    /// The outcome of all channels and all else together, for the joint fit.
    pub outcome: Option<Vec<Option<f64>>>,
    /// What else is known, such as prices: by name, in the order of the names.
    pub covariates: Vec<(String, Vec<f64>)>,
    /// Length of a period.
    pub calendar: Calendar,
}

/// What is known of a channel afterwards.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// Its response to steady spend.
    pub curve: Curve,
    /// Mean spend a period over the periods with outcomes.
    pub spent: f64,
    /// Largest spend of a period.
    pub most: f64,
    /// Whether the data tell what it brings.
    pub identified: bool,
    /// What it rests on.
    pub reason: String,
}

/// The curves of all channels, or why there is none, by channel.
///
/// With outcomes of all channels together one fit explains them jointly; without, each channel's own are fitted alone.
///
/// *Missing data*: a period without an outcome is left out, its spend works on; a period without spend has none.
///
/// *Determinism*: chains have seeds of their own; what is returned does not depend on threads.
pub fn fit(series: &Series) -> Vec<Result<Fitted, String>> {
    match &series.outcome {
        Some(outcome) => joint(series, outcome),
        None => {
            let each = |channel: &Channel| match &channel.outcome {
                Some(outcome) => one_by_one(channel, outcome, series),
                None => Err(
                    "it has spend and no outcome: give its outcomes in campaigns, or those of all channels as outcomes"
                        .to_owned(),
                ),
            };
            series.channels.iter().map(each).collect()
        }
    }
}

fn one_by_one(channel: &Channel, outcome: &[Option<f64>], series: &Series) -> Result<Fitted, String> {
    let alone = Series {
        channels: vec![channel.clone()],
        outcome: None,
        covariates: series.covariates.clone(),
        calendar: series.calendar,
    };
    fitted(&alone, outcome, true)
        .pop()
        .unwrap_or_else(|| Err("there is no channel".to_owned()))
}

fn joint(series: &Series, outcome: &[Option<f64>]) -> Vec<Result<Fitted, String>> {
    fitted(series, outcome, false)
}

/// Why a channel cannot be fitted.
fn refused(channel: &Channel, places: &[usize]) -> Option<String> {
    let spent = |place: &usize| channel.spend.get(*place).is_some_and(|spend| *spend > 0.0);
    if !channel.spend.iter().any(|spend| *spend > 0.0) {
        return Some("nothing was ever spent on it: what it brings is not known".to_owned());
    }
    if !places.iter().any(spent) {
        return Some("it has no spend in the periods with outcomes".to_owned());
    }
    None
}

fn fitted(series: &Series, outcome: &[Option<f64>], attributed: bool) -> Vec<Result<Fitted, String>> {
    let places: Vec<usize> = (0..outcome.len()).filter(|&place| outcome[place].is_some()).collect();
    let values: Vec<f64> = outcome.iter().flatten().copied().collect();
    let why: Vec<Option<String>> = series
        .channels
        .iter()
        .map(|channel| refused(channel, &places))
        .collect();
    let used: Vec<usize> = (0..why.len()).filter(|&at| why[at].is_none()).collect();
    let all = |text: String| -> Vec<Result<Fitted, String>> {
        why.iter()
            .map(|why| Err(why.clone().unwrap_or_else(|| text.clone())))
            .collect()
    };
    let unit = series.calendar.periods();
    let needed = LEAST_PERIODS + PERIODS_A_CHANNEL * used.len();
    if places.len() < needed {
        return all(format!(
            "{} {unit} with an outcome, and {} channels need {needed}",
            places.len(),
            used.len()
        ));
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt();
    if deviation.is_nan() || deviation <= 1e-9 * mean.abs().max(1e-300) {
        return all("all outcomes are the same".to_owned());
    }
    let centre = if attributed { 0.0 } else { mean };
    let references: Vec<f64> = used
        .iter()
        .map(|&at| reference(&series.channels[at], &places))
        .collect();
    let spends: Vec<Vec<f64>> = used
        .iter()
        .zip(&references)
        .map(|(&at, reference)| {
            series.channels[at]
                .spend
                .iter()
                .map(|spend| spend / reference)
                .collect()
        })
        .collect();
    let covariates: Vec<Vec<f64>> = series.covariates.iter().map(|(_, values)| values.clone()).collect();
    let share = match attributed {
        true => ATTRIBUTED_SIZE,
        false => SIZE_OF_MEAN / used.len() as f64,
    };
    let size = (share * mean / deviation).hypot(SIZE_OF_DEVIATION);
    let problem = Problem {
        outcome: values.iter().map(|value| (value - centre) / deviation).collect(),
        before: spends.iter().map(|spend| before(spend)).collect(),
        spends,
        background: Background::of(&places, &series.calendar.cycles(places.len()), &covariates),
        size,
        level: if attributed { ATTRIBUTED_LEVEL } else { Freedom::LEVEL },
    };
    let chains: Option<Vec<Vec<Vec<Effect>>>> = (0..CHAINS as u64)
        .into_par_iter()
        .map(|seed| problem.chain(seed))
        .collect();
    let Some(chains) = chains else {
        return all("its numbers are too far apart to be fitted".to_owned());
    };
    let draws = |at: usize| -> Vec<Effect> { chains.iter().flatten().map(|effects| effects[at]).collect() };
    let sizes: Vec<Vec<f64>> = (0..used.len())
        .map(|at| draws(at).iter().map(|effect| effect.size).collect())
        .collect();
    let parameters = PARAMETERS_A_CHANNEL * used.len() + PARAMETERS_BESIDE;
    let few = (places.len() < 3 * parameters).then(|| {
        format!(
            "; {} {unit} for {parameters} parameters: what was assumed before weighs much",
            places.len()
        )
    });
    let mut fits = Vec::with_capacity(used.len());
    for (at, &channel) in used.iter().enumerate() {
        let effects = draws(at);
        let curve = Curve::new(effects, references[at], deviation);
        let given = &series.channels[channel];
        let (average, spread) = moments(&sizes[at]);
        // The deviation of a half-normal variable.
        let prior = size * (1.0 - std::f64::consts::FRAC_2_PI).sqrt();
        let mut identified = spread <= NARROWED * prior && spread <= KNOWN * average;
        let mut reason = format!(
            "{} of {} {unit}, {} curve",
            if attributed { "own outcomes" } else { "joint fit" },
            places.len(),
            curve.family().name()
        );
        match curve.peak() {
            0 => {}
            peak => reason += &format!(", most effect {peak} {unit} after the spend"),
        }
        for (other, &beside) in used.iter().enumerate().filter(|(other, _)| *other != at) {
            if correlation(&sizes[at], &sizes[other]) < TAKEN_FROM {
                identified = false;
                reason += &format!("; the data hardly tell it from {}", series.channels[beside].name);
            }
        }
        if !identified {
            reason += "; the data alone do not tell what it brings: test it, by spending less or more in some places or weeks";
        }
        reason += few.as_deref().unwrap_or_default();
        let spent = places.iter().map(|&place| given.spend[place]).sum::<f64>() / places.len() as f64;
        let most = given.spend.iter().copied().fold(0.0, f64::max);
        fits.push(Fitted {
            curve,
            spent,
            most,
            identified,
            reason,
        });
    }
    let mut fits = fits.into_iter();
    why.into_iter()
        .map(|why| match why {
            Some(why) => Err(why),
            None => fits.next().ok_or_else(|| "there is no fit".to_owned()),
        })
        .collect()
}

/// Mean spend of the periods with spend.
fn reference(channel: &Channel, places: &[usize]) -> f64 {
    let spends = || {
        places
            .iter()
            .map(|&place| channel.spend[place])
            .filter(|spend| *spend > 0.0)
    };
    spends().sum::<f64>() / spends().count().max(1) as f64
}

/// What was spent before the first period: the mean of the first ones.
fn before(spend: &[f64]) -> f64 {
    let count = spend.len().min(8);
    spend.iter().take(count).sum::<f64>() / count.max(1) as f64
}

fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    (
        mean,
        (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt(),
    )
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let ((mean_a, spread_a), (mean_b, spread_b)) = (moments(a), moments(b));
    let product: f64 = a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum();
    product / a.len().max(1) as f64 / (spread_a * spread_b).max(1e-300)
}
