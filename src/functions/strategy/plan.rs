//! `__launch_plan(...)`: dates, prices and orders of all candidates, for the macros `launch_plan`, `launch_timing` and
//! `launch_pricing`.

use std::collections::BTreeMap;

use super::{
    drawn::{Candidates, Drawn},
    options::{budget, level, positive, worlds},
};
use crate::{
    functions::{launch::candidates::Asked, prelude::*},
    strategy::{
        Paths,
        plan::{Answer as Plan, Date, Launch, Objective, Shown, Wish, errors, plan},
        portfolio::{Limits, Risk},
        stock::Given,
    },
};

/// See [`Function::ABOUT`].
pub struct Planned;

impl Function for Planned {
    const NAME: &'static str = "__launch_plan";
    const ASKED: &'static str = "launch_plan";
    const ABOUT: &'static str = "
        Dates, prices and orders of candidates, chosen together; launch_plan shows them as a table.

        @param model: BLOB  the model column of launch_train
        @param candidates: ANY  a list of STRUCTs: launch_date, attributes, key, units, at_least, covariates, category, reference
            (price), cost, salvage, holding, returns, pack, minimum, stock, target, elasticity, deviation, prices, dates, factors (of
            each date and step)
        @param shown: VARCHAR = 'best'  which plans: best, dates or prices
        @param objective: VARCHAR = 'profit'  profit, revenue or units
        @param k: BIGINT = 5  plans of a candidate
        @param level: DOUBLE = 0.8  probability of the intervals
        @param n: BIGINT = 400  worlds
        @param risk: DOUBLE = 0  weight of the worst tenth of the worlds
        @param budget: DOUBLE = NULL  money for all orders together
        @param per_week: BIGINT = NULL  launches in one week, at most
        @param apart: BIGINT = NULL  days between launches of one category, at least
        @returns place: BIGINT  the candidate's place in the list, from 1
        @returns rank: BIGINT  1 for the plan chosen; of dates and prices their place
        @returns chosen: BOOLEAN  whether it is the plan chosen
        @returns plans: BIGINT  plans compared
        @returns day: DATE  launch date
        @returns price: DOUBLE  price
        @returns order_units: DOUBLE  units of the order
        @returns demand: DOUBLE  expected units wanted
        @returns units: DOUBLE  expected units sold
        @returns units_lower: DOUBLE  lower end of the interval
        @returns units_upper: DOUBLE  upper end
        @returns profit: DOUBLE  expected profit
        @returns profit_lower: DOUBLE  lower end of the interval
        @returns profit_upper: DOUBLE  upper end
        @returns probability_of_loss: DOUBLE  that the profit is below 0
        @returns probability_of_target: DOUBLE  that units sold reach the target; without one, that there is no loss
        @returns lift: DOUBLE  objective over that of the first date at the reference price, less 1
        @returns season: DOUBLE  units wanted at the date over those at the first one
        @returns response: DOUBLE  units wanted at the price over those at the reference price
        @returns price_lower: DOUBLE  lowest price within 1 % of the plan
        @returns price_upper: DOUBLE  highest price within 1 % of the plan
        @returns alternatives: BIGINT  plans within 1 % of the plan
        @returns dates_alike: BIGINT  dates at which the price comes out the same
        @returns last_alike: DATE  the last of them
        @returns bound: VARCHAR  limits that the plan stands at
        @returns status: VARCHAR  ok or refused
        @returns reason: VARCHAR  what the forecast rests on, or why there is no plan
        @example SELECT __launch_plan((SELECT model FROM model), NULL)
    ";

    type Answer = Vec<Row>;
}

/// A plan of a candidate.
#[derive(AsDuckDB, Debug, Default)]
pub struct Row {
    place: i64,
    rank: Option<i64>,
    chosen: Option<bool>,
    plans: Option<i64>,
    day: Option<DateValue>,
    price: Option<f64>,
    order_units: Option<f64>,
    demand: Option<f64>,
    units: Option<f64>,
    units_lower: Option<f64>,
    units_upper: Option<f64>,
    profit: Option<f64>,
    profit_lower: Option<f64>,
    profit_upper: Option<f64>,
    probability_of_loss: Option<f64>,
    probability_of_target: Option<f64>,
    lift: Option<f64>,
    season: Option<f64>,
    response: Option<f64>,
    price_lower: Option<f64>,
    price_upper: Option<f64>,
    alternatives: Option<i64>,
    dates_alike: Option<i64>,
    last_alike: Option<DateValue>,
    bound: Option<String>,
    status: String,
    reason: String,
}

impl PerChunk for Planned {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let (models, lists) = (arguments.blobs()?, arguments.tables()?);
        let wishes = wishes(&mut arguments)?;
        let mut answers = Vec::with_capacity(lists.len());
        for ((model, list), wish) in models.iter().zip(lists).zip(wishes) {
            answers.push(match list {
                Some(list) => planned(query, model, list, &wish)?,
                None => Vec::new(),
            });
        }
        Ok(answers)
    }
}

/// The options of each row.
fn wishes(arguments: &mut Arguments) -> Result<Vec<(Wish, i64)>, Failure> {
    let (shown, objectives, ks) = (arguments.texts()?, arguments.texts()?, arguments.whole()?);
    let (levels, ns, risks) = (arguments.numbers()?, arguments.whole()?, arguments.numbers()?);
    let (budgets, per_week, apart) = (arguments.numbers()?, arguments.whole()?, arguments.whole()?);
    let wish = |row: usize| {
        let objective = match required(objectives[row].as_deref(), "objective")?
            .to_ascii_lowercase()
            .as_str()
        {
            "profit" => Objective::Profit,
            "revenue" => Objective::Revenue,
            "units" => Objective::Units,
            other => {
                return Err(Failure::new(format!(
                    "objective must be one of profit, revenue, units, got '{other}'"
                )));
            }
        };
        let k = required(ks[row], "k")?;
        let shown = match shown[row].as_deref() {
            Some("dates") => Shown::Dates,
            Some("prices") => Shown::Prices,
            _ => Shown::Best(positive(k, "k")?),
        };
        let (level, n) = (level(levels[row])?, worlds(ns[row])?);
        let weight = required(risks[row], "risk")?;
        if !(0.0..=100.0).contains(&weight) {
            return Err(Failure::new(format!("risk must be between 0 and 100, got {weight}")));
        }
        let apart = match apart[row] {
            Some(days) if !(0..=3_650).contains(&days) => {
                return Err(Failure::new(format!(
                    "apart must be between 0 and 3650 days, got {days}"
                )));
            }
            days => days.map(|days| days as i32),
        };
        let limits = Limits {
            budget: budget(budgets[row])?,
            per_week: per_week[row].map(|n| positive(n, "per_week")).transpose()?,
            apart,
        };
        let risk = Risk { weight, tail: 0.1 };
        Ok((
            Wish {
                objective,
                risk,
                limits,
                level,
                shown,
            },
            n,
        ))
    };
    (0..arguments.rows()).map(wish).collect()
}

/// What is known of a candidate beside its forecast.
struct Product {
    category: Option<String>,
    reference: f64,
    given: Given,
    target: Option<f64>,
    elasticity: f64,
    deviation: f64,
    prices: Vec<f64>,
    dates: Vec<i32>,
    factors: Vec<f64>,
}

impl Product {
    fn read_all(list: &mut Arguments) -> Result<Vec<Self>, Failure> {
        const NUMBERS: usize = 11;
        let categories = list.texts()?;
        let numbers: Vec<Vec<Option<f64>>> = (0..NUMBERS).map(|_| list.numbers()).collect::<Result<_, _>>()?;
        let (prices, dates, factors) = (list.lists::<f64>()?, list.lists::<i32>()?, list.lists::<f64>()?);
        let known =
            |values: &Option<Vec<Option<f64>>>| values.iter().flatten().flatten().copied().collect::<Vec<f64>>();
        let product = |(row, category): (usize, Option<String>)| Self {
            category,
            reference: numbers[0][row].unwrap_or(f64::NAN),
            given: Given {
                cost: numbers[1][row],
                salvage: numbers[2][row],
                holding: numbers[3][row],
                returns: numbers[4][row],
                pack: numbers[5][row],
                minimum: numbers[6][row],
                maximum: numbers[7][row],
                ..Given::default()
            },
            target: numbers[8][row],
            elasticity: numbers[9][row].unwrap_or(0.0),
            deviation: numbers[10][row].unwrap_or(0.0),
            prices: known(&prices[row]),
            dates: dates[row].iter().flatten().flatten().copied().collect(),
            factors: known(&factors[row]),
        };
        Ok(categories.into_iter().enumerate().map(product).collect())
    }

    /// Dates with the factors of each step; of a date and step without one it is 1.
    fn dates(&self, steps: usize) -> Vec<Date> {
        let size = self.factors.len() / self.dates.len().max(1);
        let date = |(place, &day): (usize, &i32)| Date {
            day,
            factors: self
                .factors
                .iter()
                .skip(place * size)
                .take(size.min(steps))
                .copied()
                .collect(),
        };
        self.dates.iter().enumerate().map(date).collect()
    }
}

/// A candidate that can be planned, or why it cannot.
#[derive(Default)]
enum Pass {
    #[default]
    Nothing,
    Refused(String),
    Launch(Box<Launch>, String),
}

fn planned(
    query: &Query,
    model: Option<&[u8]>,
    mut list: Arguments,
    (wish, n): &(Wish, i64),
) -> Result<Vec<Row>, Failure> {
    let asked = Asked::of_model(model, &mut list)?;
    let keys: Vec<String> = list.texts()?.into_iter().map(Option::unwrap_or_default).collect();
    let asked = asked
        .with_own_units(&mut list)?
        .with_lower_bounds(&mut list)?
        .with_covariates(&mut list)?;
    let products = Product::read_all(&mut list)?;
    let mut categories: BTreeMap<&str, usize> = BTreeMap::new();
    for product in &products {
        let next = categories.len();
        if let Some(category) = &product.category {
            categories.entry(category).or_insert(next);
        }
    }
    let candidates = Candidates {
        query,
        asked: &asked,
        keys: &keys,
        n: *n,
        twice: true,
    };
    let each = |drawn: Drawn| {
        let product = &products[drawn.place];
        let (Some(compared), Some(judged)) = (
            Paths::of(drawn.scenarios, 0),
            drawn.judged.and_then(|judged| Paths::of(judged, 0)),
        ) else {
            return Pass::Refused("no past launch has been observed at any step".to_owned());
        };
        let worlds = compared.worlds();
        let category = product.category.as_deref();
        let launch = Launch {
            category: category.and_then(|category| categories.get(category)).copied(),
            dates: product.dates(compared.steps()),
            prices: product.prices.clone(),
            reference: product.reference,
            elasticity: product.elasticity,
            errors: errors(category.unwrap_or_default(), product.deviation, worlds),
            given: product.given,
            target: product.target,
            compared,
            judged,
        };
        match launch.check(wish.objective) {
            Ok(()) => Pass::Launch(Box::new(launch), drawn.reason),
            Err(why) => Pass::Refused(why),
        }
    };
    let passed = candidates.each(each, Pass::Refused)?;
    let mut rows = Vec::new();
    let (mut launches, mut told) = (Vec::new(), Vec::new());
    for (place, pass) in passed.into_iter().enumerate() {
        let refused = |reason: String| Row {
            place: place as i64 + 1,
            status: "refused".to_owned(),
            reason,
            ..Row::default()
        };
        match pass {
            Pass::Launch(launch, reason) => {
                launches.push(*launch);
                told.push((place, reason));
            }
            Pass::Refused(why) => rows.push(refused(why)),
            Pass::Nothing => rows.push(refused("there is no forecast".to_owned())),
        }
    }
    let named = |place: usize| {
        told.get(place)
            .and_then(|(row, _)| keys.get(*row))
            .cloned()
            .unwrap_or_default()
    };
    let plans = query
        .run(|| plan(&launches, wish))?
        .map_err(|cannot| Failure::new(cannot.told(named)))?;
    for (plans, (place, reason)) in plans.into_iter().zip(&told) {
        rows.extend(plans.into_iter().map(|plan| row(plan, *place, reason)));
    }
    Ok(rows)
}

fn row(plan: Plan, place: usize, reason: &str) -> Row {
    Row {
        place: place as i64 + 1,
        rank: Some(plan.rank as i64),
        chosen: Some(plan.is_chosen),
        plans: Some(plan.plans as i64),
        day: Some(DateValue(plan.day)),
        price: Some(plan.price),
        order_units: plan.order,
        demand: Some(plan.wanted),
        units: Some(plan.sold.mean),
        units_lower: Some(plan.sold.lower),
        units_upper: Some(plan.sold.upper),
        profit: plan.profit.map(|profit| profit.mean),
        profit_lower: plan.profit.map(|profit| profit.lower),
        profit_upper: plan.profit.map(|profit| profit.upper),
        probability_of_loss: plan.loss,
        probability_of_target: plan.on_target,
        lift: plan.lift,
        season: Some(plan.season),
        response: Some(plan.response),
        price_lower: Some(plan.price_range.0),
        price_upper: Some(plan.price_range.1),
        alternatives: Some(plan.alternatives as i64),
        dates_alike: Some(plan.dates_alike.0 as i64),
        last_alike: Some(DateValue(plan.dates_alike.1)),
        bound: (!plan.limits.is_empty()).then(|| plan.limits.join(", ")),
        status: "ok".to_owned(),
        reason: reason.to_owned(),
    }
}
