//! `__launch_allocate(...)`: shares of arms from the results of their trials, for the macro `launch_allocate`.

use super::options::level;
use crate::{
    functions::prelude::*,
    strategy::allocate::{Posterior, Results, best, posteriors, shares},
};

/// Arms, at most: the work grows with their square.
const MOST_ARMS: usize = 500;

/// See [`Function::ABOUT`].
pub struct Allocate;

impl Function for Allocate {
    const NAME: &'static str = "__launch_allocate";
    const ASKED: &'static str = "launch_allocate";
    const ABOUT: &'static str = "
        Shares of arms by the probability of being the best; launch_allocate shows them as a table.

        @param arms: ANY  a list of STRUCTs: trials whose outcome is known, sum of their outcomes, sum of their squares (NULL
            where outcomes are successes), value of a success or of one unit of the outcome
        @param minimum: DOUBLE = 0  least share of an arm
        @param prior: DOUBLE = 1  what the mean of all arms counts for in each
        @param level: DOUBLE = 0.8  probability of the intervals
        @returns place: BIGINT  the arm's place in the list, from 1
        @returns share: DOUBLE  share of the next trials
        @returns probability_best: DOUBLE  probability that its expected value is the largest
        @returns expected_value: DOUBLE  expected value of a trial
        @returns lower: DOUBLE  lower end of its interval
        @returns upper: DOUBLE  upper end
        @returns expected_regret: DOUBLE  what a trial of it is expected to lose against the best arm
        @returns status: VARCHAR  ok or refused
        @returns reason: VARCHAR  what it rests on, or why it has no share
        @example SELECT __launch_allocate([
            {'trials': 1000, 'sum': 30, 'squares': NULL, 'value': 1}, {'trials': 1000, 'sum': 40, 'squares': NULL, 'value': 1}])
    ";

    type Answer = Vec<Row>;
}

/// An arm.
#[derive(AsDuckDB, Debug, Default, Clone)]
pub struct Row {
    place: i64,
    share: Option<f64>,
    probability_best: Option<f64>,
    expected_value: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    expected_regret: Option<f64>,
    status: String,
    reason: String,
}

impl PerChunk for Allocate {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let lists = arguments.tables()?;
        let (minima, priors, levels) = (arguments.numbers()?, arguments.numbers()?, arguments.numbers()?);
        let mut answers = Vec::with_capacity(lists.len());
        for (row, list) in lists.into_iter().enumerate() {
            answers.push(match list {
                None => Vec::new(),
                Some(list) => allocated(
                    list,
                    required(minima[row], "minimum")?,
                    prior(priors[row])?,
                    level(levels[row])?,
                )?,
            });
        }
        Ok(answers)
    }
}

fn prior(given: Option<f64>) -> Result<f64, Failure> {
    let prior = required(given, "prior")?;
    match prior > 0.0 && prior <= 1e6 {
        true => Ok(prior),
        false => Err(Failure::new(format!(
            "prior must be above 0 and at most 1e6, got {prior}"
        ))),
    }
}

fn least(minimum: f64, arms: usize) -> Result<f64, Failure> {
    // Shares such as 1 / 3 add up to a little more than 1.
    match minimum >= 0.0 && minimum * arms as f64 <= 1.0 + 1e-9 {
        true => Ok(minimum),
        false => Err(Failure::new(format!(
            "minimum must be a share from 0 to 1 / {arms}, which is what each of {arms} arms can have, got {minimum}"
        ))),
    }
}

fn allocated(mut list: Arguments, minimum: f64, prior: f64, level: f64) -> Result<Vec<Row>, Failure> {
    let (trials, sums) = (list.numbers()?, list.numbers()?);
    let (squares, values) = (list.numbers()?, list.numbers()?);
    let mut rows = Vec::with_capacity(trials.len());
    let mut arms = Vec::new();
    for place in 0..trials.len() {
        let arm = Results {
            trials: trials[place].unwrap_or_default(),
            sum: sums[place].unwrap_or_default(),
            squares: squares[place],
            value: values[place].unwrap_or(1.0),
        };
        let mut row = Row {
            place: place as i64 + 1,
            status: "ok".to_owned(),
            ..Row::default()
        };
        match arm.check() {
            Ok(()) => arms.push((place, arm)),
            Err(error) => {
                row.status = "refused".to_owned();
                row.reason = Failure::unless_refused(error)?;
            }
        }
        rows.push(row);
    }
    if arms.len() > MOST_ARMS {
        return Err(Failure::new(format!(
            "results have {} arms, at most {MOST_ARMS} are compared: leave out those that are not to be tried again",
            arms.len()
        )));
    }
    let least = least(minimum, arms.len().max(1))?;
    let results: Vec<Results> = arms.iter().map(|arm| arm.1).collect();
    let known = posteriors(&results, prior);
    let equal = vec![1.0 / results.len().max(1) as f64; results.len()];
    let found = known.as_ref().map(|known| best(known, None));
    let probability = found.as_ref().map_or(&equal, |found| &found.probability);
    for (at, share) in shares(probability, least).into_iter().enumerate() {
        let (place, arm) = arms[at];
        let row = &mut rows[place];
        row.share = Some(share);
        row.reason = told(&arm, results.len(), known.is_some());
        let (Some(known), Some(found)) = (&known, &found) else {
            continue;
        };
        let posterior: &Posterior = &known[at];
        row.probability_best = Some(probability[at]);
        row.expected_value = Some(posterior.mean());
        row.lower = Some(posterior.quantile((1.0 - level) / 2.0));
        row.upper = Some(posterior.quantile((1.0 + level) / 2.0));
        // Sums of integrals differ in their last digits.
        let regret = found.value - posterior.mean();
        row.expected_regret = Some(if regret > 1e-12 * found.value.abs() {
            regret
        } else {
            0.0
        });
    }
    Ok(rows)
}

/// What an arm's share rests on.
fn told(arm: &Results, arms: usize, is_known: bool) -> String {
    let own = match (arm.trials > 0.0, arm.squares) {
        (false, _) => "no trial with a known outcome yet: what is known of all arms alone".to_owned(),
        (true, None) => format!(
            "{} of {} trials succeeded, {:.2} %",
            arm.sum,
            arm.trials,
            100.0 * arm.sum / arm.trials
        ),
        (true, Some(_)) => format!("mean of {} trials {:.4}", arm.trials, arm.sum / arm.trials),
    };
    match (is_known, arms) {
        (false, _) => format!("{own}; no arm has two trials, so nothing is known of the variance: equal shares"),
        (true, 1) => format!("{own}; the only arm: there is none to compare it with"),
        (true, _) => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_that_not_all_can_have_is_an_error() {
        assert_eq!(least(1.0 / 3.0, 3).unwrap(), 1.0 / 3.0);
        assert!(least(0.4, 3).unwrap_err().to_string().contains("from 0 to 1 / 3"));
        assert!(least(-0.1, 3).is_err() && least(f64::NAN, 3).is_err());
        assert!(prior(Some(0.0)).is_err() && prior(None).is_err() && prior(Some(2.0)).is_ok());
    }
}
