//! The options of `launch_train_policy`, and the actions that they make.

use super::options::worlds;
use crate::{
    functions::prelude::*,
    strategy::policy::{Action, Competition, Effort, MAX_ACTIONS, MAX_STEPS, Problem, Promotion, Response, Setting},
};

/// Units of each hidden layer.
const HIDDEN: usize = 32;
/// Episodes of a round.
const ROUND: usize = 256;
/// Rounds, unless there is more to try than [`WORK`].
const ROUNDS: usize = 150;
/// Rounds at least.
const FEWEST: usize = 60;
/// Actions tried, at most: a bound of the time that a training takes.
const WORK: usize = 20_000_000;
/// Draws of the chance of a step, at most.
const DRAWS: usize = 4;

/// The options as they were given.
pub struct Options {
    prices: Option<Vec<f64>>,
    spends: Option<Vec<f64>>,
    spend_lifts: Option<Vec<f64>>,
    reorders: Option<Vec<f64>>,
    response: String,
    price_step: Option<f64>,
    promotion: [Option<f64>; 3],
    lead_time: Option<i64>,
    order_cost: Option<f64>,
    cross_elasticity: Option<f64>,
    competitor_change: Option<f64>,
    horizon: Option<i64>,
    n: Option<i64>,
    episodes: Option<i64>,
    seed: Option<i64>,
}

impl Options {
    /// The options of each row.
    ///
    /// # Errors
    /// As the readings of [`Arguments`].
    pub fn read(arguments: &mut Arguments) -> Result<Vec<Self>, Failure> {
        let prices = arguments.lists::<f64>()?;
        let (price_step, response) = (arguments.numbers()?, arguments.texts()?);
        let promotion = [arguments.numbers()?, arguments.numbers()?, arguments.numbers()?];
        let (spends, spend_lifts, reorders) = (
            arguments.lists::<f64>()?,
            arguments.lists::<f64>()?,
            arguments.lists::<f64>()?,
        );
        let (lead_time, order_cost) = (arguments.whole()?, arguments.numbers()?);
        let (cross_elasticity, competitor_change) = (arguments.numbers()?, arguments.numbers()?);
        let (horizon, n, episodes, seed) = (
            arguments.whole()?,
            arguments.whole()?,
            arguments.whole()?,
            arguments.whole()?,
        );
        // A NULL within a list is no number, which is told where the list is read.
        let list = |list: &Option<Vec<Option<f64>>>| {
            list.as_ref()
                .map(|list| list.iter().map(|number| number.unwrap_or(f64::NAN)).collect())
        };
        let of = |row: usize| {
            Ok(Self {
                prices: list(&prices[row]),
                spends: list(&spends[row]),
                spend_lifts: list(&spend_lifts[row]),
                reorders: list(&reorders[row]),
                response: required(response[row].clone(), "response")?,
                price_step: price_step[row],
                promotion: promotion.each_ref().map(|column| column[row]),
                lead_time: lead_time[row],
                order_cost: order_cost[row],
                cross_elasticity: cross_elasticity[row],
                competitor_change: competitor_change[row],
                horizon: horizon[row],
                n: n[row],
                episodes: episodes[row],
                seed: seed[row],
            })
        };
        (0..arguments.rows()).map(of).collect()
    }

    /// Steps; `None` for all that are forecast.
    ///
    /// # Errors
    /// A number out of range.
    pub fn horizon(&self) -> Result<Option<usize>, Failure> {
        let most = MAX_STEPS as i64;
        match self.horizon {
            Some(steps) if !(1..=most).contains(&steps) => Err(Failure::new(format!(
                "horizon must be between 1 and {most}, got {steps}"
            ))),
            steps => Ok(steps.and_then(|steps| usize::try_from(steps).ok())),
        }
    }

    /// Worlds.
    ///
    /// # Errors
    /// A number out of range.
    pub fn n(&self) -> Result<i64, Failure> {
        worlds(self.n)
    }

    /// How much is learned: less by round and in fewer rounds, the more there is to try.
    ///
    /// # Errors
    /// A number out of range.
    pub fn effort(&self, problem: &Problem) -> Result<Effort, Failure> {
        let seed = required(self.seed, "seed")?;
        let tried = ROUND * problem.setting.steps * problem.setting.actions.len();
        let draws = (WORK / (ROUNDS * tried).max(1)).clamp(1, DRAWS);
        let rounds = match self.episodes {
            Some(episodes) if !(1..=100_000_000).contains(&episodes) => {
                return Err(Failure::new(format!(
                    "episodes must be between 1 and 100000000, got {episodes}"
                )));
            }
            Some(episodes) => (episodes as usize).div_ceil(ROUND),
            None => (WORK / (draws * tried).max(1)).clamp(FEWEST, ROUNDS),
        };
        Ok(Effort {
            rounds,
            episodes: ROUND,
            draws,
            hidden: HIDDEN,
            seed: seed as u64,
        })
    }

    /// What holds for all products, without the number of steps.
    ///
    /// # Errors
    /// What is out of range, or leaves nothing to choose.
    pub fn setting(&self) -> Result<Setting, Failure> {
        self.horizon()?;
        let not = |name: &str, what: &str, got: f64| Failure::new(format!("{name} must be {what}, got {got}"));
        let each = |name: &str, list: &[f64], low: f64, high: f64, what: &str| match list
            .iter()
            .find(|number| !(**number >= low && **number <= high))
        {
            Some(wrong) => Err(not(name, what, *wrong)),
            None => Ok(()),
        };
        let prices = self.prices.clone().unwrap_or_else(|| vec![1.0]);
        for (name, list) in [("prices", &self.prices), ("reorders", &self.reorders)] {
            if list.as_ref().is_some_and(Vec::is_empty) {
                return Err(Failure::new(format!("{name} must be given or NULL, got an empty list")));
            }
        }
        each(
            "prices",
            &prices,
            1e-3,
            100.0,
            "multiples of the launch price above 0 and at most 100",
        )?;
        let response = match self.response.trim().to_lowercase().as_str() {
            "constant" => Response::Constant,
            "exponential" => Response::Exponential,
            other => {
                return Err(Failure::new(format!(
                    "response must be constant or exponential, got '{other}'"
                )));
            }
        };
        if let Some(step) = self.price_step.filter(|step| !(*step > 0.0 && *step < 1e6)) {
            return Err(not("price_step", "above 0: 0.1 for 10 % a step", step));
        }
        let [lift, error, cost] = self.promotion;
        let (error, cost) = (required(error, "promotion_error")?, required(cost, "promotion_cost")?);
        each(
            "promotion_lift",
            &lift.map_or(Vec::new(), |lift| vec![lift]),
            0.1,
            100.0,
            "between 0.1 and 100",
        )?;
        each("promotion_error", &[error], 0.0, 2.0, "between 0 and 2")?;
        each("promotion_cost", &[cost], 0.0, 1e12, "0 or more")?;
        if lift.is_none() && (error > 0.0 || cost > 0.0) {
            return Err(Failure::new(
                "promotion_cost and promotion_error say nothing without promotion_lift: give it",
            ));
        }
        let spends = self.spends.clone().unwrap_or_default();
        let lifts = self.spend_lifts.clone().unwrap_or_default();
        if spends.len() != lifts.len() {
            return Err(Failure::new(format!(
                "spends and spend_lifts must be as many as each other, got {} and {}",
                spends.len(),
                lifts.len()
            )));
        }
        each("spends", &spends, 0.0, 1e12, "0 or more")?;
        each("spend_lifts", &lifts, 0.1, 100.0, "between 0.1 and 100")?;
        let reorders = self.reorders.clone().unwrap_or_default();
        each(
            "reorders",
            &reorders,
            1e-6,
            100.0,
            "shares of the expected units above 0 and at most 100",
        )?;
        let lead_time = match required(self.lead_time, "lead_time")? {
            steps @ 0..=520 => steps as usize,
            steps => {
                return Err(Failure::new(format!(
                    "lead_time must be between 0 and 520 steps, got {steps}"
                )));
            }
        };
        let order_cost = required(self.order_cost, "order_cost")?;
        each("order_cost", &[order_cost], 0.0, 1e12, "0 or more")?;
        let change = required(self.competitor_change, "competitor_change")?;
        each("competitor_change", &[change], 0.0, 1.0, "between 0 and 1")?;
        if let Some(cross) = self.cross_elasticity {
            each("cross_elasticity", &[cross], -20.0, 20.0, "between -20 and 20")?;
        }
        let mut prices = prices;
        prices.sort_by(f64::total_cmp);
        prices.dedup();
        let mut actions = Vec::new();
        let nothing = (0.0, 1.0);
        let paid = spends.into_iter().zip(lifts).filter(|(spend, _)| *spend > 0.0);
        let spends: Vec<(f64, f64)> = std::iter::once(nothing).chain(paid).collect();
        let reorders: Vec<f64> = std::iter::once(0.0).chain(reorders).collect();
        let promotions = if lift.is_some() { &[false, true][..] } else { &[false] };
        for &reorder in &reorders {
            for &(spend, spend_lift) in &spends {
                for &promotion in promotions {
                    let action = |&price: &f64| Action {
                        price,
                        promotion,
                        spend,
                        spend_lift,
                        reorder,
                    };
                    actions.extend(prices.iter().map(action));
                }
            }
        }
        match actions.len() {
            1 => Err(Failure::new(
                "there is nothing to choose: give elasticity or elasticities for prices, or promotion_lift, spends or reorders",
            )),
            n if n > MAX_ACTIONS => Err(Failure::new(format!(
                "prices, promotion, spends and reorders make {n} actions, at most {MAX_ACTIONS} are allowed: give fewer"
            ))),
            _ => Ok(Setting {
                steps: 0,
                response,
                actions,
                price_step: self.price_step,
                lead_time,
                order_cost,
                promotion: lift.map(|lift| Promotion { lift, error, cost }),
                competition: self
                    .cross_elasticity
                    .map(|elasticity| Competition { elasticity, change }),
            }),
        }
    }
}
