//! `__launch_channel_curves(...)`: the curves of channels, for `launch_channel_response`.

use super::{
    channels::Tables,
    options::{level, positive},
};
use crate::{
    functions::prelude::*,
    strategy::channels::{Fitted, Response},
};

/// How far curves go, in the most ever spent.
const BEYOND: f64 = 1.5;
/// Points of a curve, at most.
const MOST_POINTS: usize = 1_000;

/// See [`Function::ABOUT`].
pub struct ChannelCurves;

impl Function for ChannelCurves {
    const NAME: &'static str = "__launch_channel_curves";
    const ASKED: &'static str = "launch_channel_response";
    const ABOUT: &'static str = "
        What each channel brings at steady spend; launch_channel_response shows it as a table.

        @param campaigns: ANY  as __launch_channel_split
        @param outcomes: ANY  as __launch_channel_split
        @param known: ANY  as __launch_channel_split
        @param frequency: VARCHAR = 'week'  length of a period
        @param points: BIGINT = 31  points of each curve
        @param level: DOUBLE = 0.8  probability of the intervals
        @returns channel: VARCHAR  the channel
        @returns spend: DOUBLE  money a period
        @returns outcome: DOUBLE  what it brings a period
        @returns lower: DOUBLE  lower end of its interval
        @returns upper: DOUBLE  upper end
        @returns status: VARCHAR  ok, extrapolated or refused
        @returns reason: VARCHAR  what it rests on, or why nothing is known
        @example SELECT __launch_channel_curves([{'channel': 'tv', 'number': 1, 'spend': 10.0, 'outcome': 5.0}], NULL, NULL)
    ";

    type Answer = Vec<Point>;
}

/// One point of a curve.
#[derive(AsDuckDB, Debug, Default, Clone)]
pub struct Point {
    channel: String,
    spend: Option<f64>,
    outcome: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    status: String,
    reason: String,
}

impl PerChunk for ChannelCurves {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let (campaigns, outcomes, known) = (arguments.tables()?, arguments.tables()?, arguments.tables()?);
        let (frequencies, points, levels) = (arguments.texts()?, arguments.whole()?, arguments.numbers()?);
        let mut answers = Vec::with_capacity(campaigns.len());
        for (row, ((campaigns, outcomes), known)) in campaigns.into_iter().zip(outcomes).zip(known).enumerate() {
            let Some(campaigns) = campaigns else {
                answers.push(Vec::new());
                continue;
            };
            let level = level(levels[row])?;
            let points = positive(required(points[row], "points")?, "points")?;
            if !(2..=MOST_POINTS).contains(&points) {
                return Err(Failure::new(format!(
                    "points must be between 2 and {MOST_POINTS}, got {points}"
                )));
            }
            let frequency = required(frequencies[row].as_deref(), "frequency")?;
            let tables = Tables::read(campaigns, outcomes, known, frequency)?;
            let fits = tables.fit(query)?;
            answers.push(
                fits.iter()
                    .flat_map(|(name, fit)| curve(name, fit, points, level))
                    .collect(),
            );
        }
        Ok(answers)
    }
}

fn curve(name: &str, fit: &Result<Fitted, String>, points: usize, level: f64) -> Vec<Point> {
    let fit = match fit {
        Ok(fit) => fit,
        Err(why) => {
            return vec![Point {
                channel: name.to_owned(),
                status: "refused".to_owned(),
                reason: why.clone(),
                ..Point::default()
            }];
        }
    };
    let point = |at: usize| {
        let spend = BEYOND * fit.most * at as f64 / (points - 1) as f64;
        let (lower, upper) = fit.curve.interval(spend, level);
        Point {
            channel: name.to_owned(),
            spend: Some(spend),
            outcome: Some(fit.curve.outcome(spend)),
            lower: Some(lower),
            upper: Some(upper),
            status: if spend > fit.most { "extrapolated" } else { "ok" }.to_owned(),
            reason: fit.reason.clone(),
        }
    };
    (0..points).map(point).collect()
}
