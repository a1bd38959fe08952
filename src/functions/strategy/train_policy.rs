//! `__launch_train_policy(...)`: candidates to a policy, for the macro `launch_train_policy`.

use std::collections::BTreeMap;

use super::{
    drawn::{Candidates, Drawn},
    policy_options::Options,
};
use crate::{
    functions::{launch::candidates::Asked, prelude::*},
    model,
    strategy::policy::{Demand, MAX_STEPS, Policy, Problem, Product, Setting},
};

/// See [`Function::ABOUT`].
pub struct TrainPolicy;

impl Function for TrainPolicy {
    const NAME: &'static str = "__launch_train_policy";
    const ASKED: &'static str = "launch_train_policy";
    const ABOUT: &'static str = "
        A policy for candidates; launch_train_policy shows it as a table.

        @param model: BLOB  the model column of launch_train; NULL where each candidate has its expected units
        @param candidates: ANY  a list of STRUCTs: launch_date, attributes, key, units sold so far, at_least, covariates, price,
            cost, salvage, holding, pack, stock, elasticity, elasticity_error, competitor_price, level_error, expected units by step
        @param refused: ANY  a list of STRUCTs: key and reason of candidates without a policy
        @param prices: DOUBLE[] = NULL  prices, as multiples of the launch price
        @param price_step: DOUBLE = NULL  share by which a price may move in a step
        @param response: VARCHAR = 'constant'  constant or exponential
        @param promotion_lift: DOUBLE = NULL  what a promotion multiplies units by
        @param promotion_error: DOUBLE = 0  standard error of its logarithm
        @param promotion_cost: DOUBLE = 0  money it costs a step
        @param spends: DOUBLE[] = NULL  money that may be spent in a step
        @param spend_lifts: DOUBLE[] = NULL  what each multiplies units by
        @param reorders: DOUBLE[] = NULL  orders, as shares of the units expected
        @param lead_time: BIGINT = 1  steps from an order to its arrival
        @param order_cost: DOUBLE = 0  money an order costs
        @param cross_elasticity: DOUBLE = NULL  change of units in % for a competitor's price higher by 1 %
        @param competitor_change: DOUBLE = 0.05  standard deviation of the competitor's change in a step
        @param horizon: BIGINT = NULL  steps; NULL for all that are forecast
        @param n: BIGINT = 1000  worlds
        @param episodes: BIGINT = NULL  episodes to learn from
        @param seed: BIGINT = 42  seed
        @returns BLOB  the policy
        @example SELECT __launch_train_policy(NULL, [{'launch_date': NULL::DATE, 'attributes': {'a': 1}, 'key': 'N1', 'units': NULL,
            'at_least': NULL, 'covariates': NULL, 'price': 10, 'cost': 4, 'salvage': 0, 'holding': 0, 'pack': 1, 'stock': 20,
            'elasticity': -2, 'elasticity_error': 0, 'competitor_price': NULL, 'level_error': 0.3, 'expected': [9.0, 5.0]}], NULL,
            prices := [0.8, 1, 1.2], episodes := 2560)
    ";

    type Answer = Option<BlobValue>;
}

/// What is known of a candidate beside its demand.
struct Row {
    key: String,
    product: Product,
    level_error: f64,
    expected: Vec<f64>,
}

impl PerChunk for TrainPolicy {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let (models, lists, refused) = (arguments.blobs()?, arguments.tables()?, arguments.tables()?);
        let options: Vec<Options> = Options::read(&mut arguments)?;
        let mut answers = Vec::with_capacity(options.len());
        for (((model, list), refused), options) in models.iter().zip(lists).zip(refused).zip(options) {
            answers.push(Some(BlobValue(trained(query, model, list, refused, &options)?)));
        }
        Ok(answers)
    }
}

fn trained(
    query: &Query,
    model: Option<&[u8]>,
    list: Option<Arguments>,
    refused: Option<Arguments>,
    options: &Options,
) -> Result<Vec<u8>, Failure> {
    let mut left_out = BTreeMap::new();
    if let Some(mut refused) = refused {
        let (keys, reasons) = (refused.texts()?, refused.texts()?);
        let reasons = reasons.into_iter().map(Option::unwrap_or_default);
        left_out.extend(keys.into_iter().map(Option::unwrap_or_default).zip(reasons));
    }
    let setting = options.setting()?;
    let found = match list {
        Some(list) => demands(query, model, list, options, &mut left_out)?,
        None => Vec::new(),
    };
    let steps = found
        .iter()
        .map(|(product, _)| product.expected.len())
        .max()
        .unwrap_or(0);
    let (mut products, mut known) = (Vec::new(), Vec::new());
    for (mut product, demand) in found {
        product.expected.resize(steps, 0.0);
        match why_not(&product, &setting) {
            Some(why) => {
                left_out.insert(product.key, why);
            }
            None => {
                // What no action needs.
                for unused in [&mut product.cost, &mut product.elasticity] {
                    *unused = if unused.is_nan() { 0.0 } else { *unused };
                }
                products.push(product);
                known.push(match demand {
                    Demand::Paths(mut paths) => {
                        paths.iter_mut().for_each(|path| path.resize(steps, 0.0));
                        Demand::Paths(paths)
                    }
                    other => other,
                });
            }
        }
    }
    let setting = Setting { steps, ..setting };
    let policy = if products.is_empty() {
        let first = left_out
            .iter()
            .next()
            .map(|(key, why)| format!(": {key}: {why}"))
            .unwrap_or_default();
        let reason = format!("there is no candidate that a policy can be learned for{first}");
        Policy::refused(setting, reason, left_out)
    } else {
        let problem = Problem {
            setting,
            products,
            demands: known,
        };
        let effort = options.effort(&problem)?;
        let progress = query.progress();
        let mut policy = query.run(|| {
            let mut told = |round: usize| progress.stage(&format!("round {round} of {}", effort.rounds));
            Policy::train(&problem, &effort, &mut told)
        })??;
        policy.notes.extend(notes(&problem, &left_out));
        policy.notes.extend(policy.facts.and_then(|facts| facts.beaten()));
        policy.left_out = left_out;
        policy
    };
    Ok(model::encode(&policy)?)
}

/// What is to be known of a training.
fn notes(problem: &Problem, left_out: &BTreeMap<String, String>) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some((key, why)) = left_out.iter().next() {
        notes.push(match left_out.len() {
            1 => format!("{key} is left out: {why}"),
            n => format!("{n} candidates are left out, such as {key}: {why}"),
        });
    }
    let certain = problem
        .products
        .iter()
        .filter(|product| product.elasticity_error == 0.0)
        .count();
    if certain > 0
        && problem
            .setting
            .actions
            .iter()
            .any(|action| action.price != problem.setting.actions[0].price)
    {
        notes.push(format!("the elasticity of {certain} products is taken as certain"));
    }
    notes
}

/// Why there can be no policy for a product.
fn why_not(product: &Product, setting: &Setting) -> Option<String> {
    let total = product.remaining(0);
    let wrong = |name: &str, value: f64| Some(format!("{name} must be 0 or more and finite, got {value}"));
    let moves = |price: f64| (price - setting.actions.first().map_or(price, |first| first.price)).abs() > 0.0;
    let numbers = [
        ("salvage", product.salvage),
        ("holding", product.holding),
        ("stock", product.stock),
    ];
    if let Some((name, value)) = numbers.into_iter().find(|(_, value)| !(*value >= 0.0 && *value < 1e12)) {
        return match value.is_nan() {
            true => Some(format!("{name} is NULL or no number: give what there is")),
            false => wrong(name, value),
        };
    }
    if !(product.price > 0.0 && product.price < 1e12) {
        return Some("price is NULL, or not above 0 and finite: give the price of the launch".to_owned());
    }
    if product.stock == 0.0 && !setting.can_order() {
        return Some("stock is 0 and reorders is not given: there is nothing to sell".to_owned());
    }
    if setting.can_order() && !(product.cost >= 0.0 && product.cost < 1e12) {
        return Some("cost is NULL or no number: orders need it".to_owned());
    }
    if product.salvage >= product.price || (setting.can_order() && product.salvage >= product.cost.max(1e-9)) {
        return Some(format!("salvage must be below price and cost, got {}", product.salvage));
    }
    if !(product.pack > 0.0 && product.pack < 1e9) {
        return Some(format!("pack must be above 0, got {}", product.pack));
    }
    if setting.actions.iter().any(|action| moves(action.price)) {
        if product.elasticity.is_nan() {
            return Some(
                "the elasticity is NULL: give elasticity, or elasticities with a row with status ok for its category or all products"
                    .to_owned(),
            );
        }
        if !(-20.0..=0.0).contains(&product.elasticity) {
            return Some(format!(
                "elasticity must be between -20 and 0, got {}",
                product.elasticity
            ));
        }
    }
    if !(0.0..=10.0).contains(&product.elasticity_error) {
        return Some(format!(
            "elasticity_error must be between 0 and 10, got {}",
            product.elasticity_error
        ));
    }
    if setting.competition.is_some() && !product.competitor.is_some_and(|price| price > 0.0 && price < 1e12) {
        return Some("competitor_price is NULL or not above 0, and cross_elasticity needs it".to_owned());
    }
    (!(total > 0.0 && total < 1e12)).then(|| "no units are expected in any step".to_owned())
}

/// The candidates whose demand is known.
fn demands(
    query: &Query,
    model: Option<&[u8]>,
    mut list: Arguments,
    options: &Options,
    left_out: &mut BTreeMap<String, String>,
) -> Result<Vec<(Product, Demand)>, Failure> {
    let asked = Asked::of_model(model, &mut list)?;
    let keys: Vec<String> = list.texts()?.into_iter().map(Option::unwrap_or_default).collect();
    let asked = asked
        .with_own_units(&mut list)?
        .with_lower_bounds(&mut list)?
        .with_covariates(&mut list)?;
    let rows = Row::read_all(&mut list, &keys)?;
    let horizon = options.horizon()?;
    let mut found = Vec::new();
    if model.is_none() {
        for row in rows {
            let steps = horizon.unwrap_or(row.expected.len()).min(row.expected.len());
            let mut product = row.product;
            product.expected = row.expected.into_iter().take(steps).collect();
            found.push((product, Demand::Poisson(row.level_error)));
        }
        return Ok(found);
    }
    let candidates = Candidates {
        query,
        asked: &asked,
        keys: &keys,
        n: options.n()?,
        twice: false,
    };
    let answer = |drawn: Drawn| {
        let steps = drawn.scenarios.steps.iter().take(horizon.unwrap_or(MAX_STEPS));
        let units: Vec<&Vec<f64>> = steps.map(|step| &step.units).collect();
        let n = units.iter().map(|units| units.len()).max().unwrap_or(0);
        let at = |units: &Vec<f64>, world: usize| {
            units
                .get(world)
                .copied()
                .filter(|units| units.is_finite())
                .unwrap_or(0.0)
        };
        let paths = (0..n)
            .map(|world| units.iter().map(|units| at(units, world)).collect())
            .collect();
        Some(Ok::<Vec<Vec<f64>>, String>(paths))
    };
    let drawn = candidates.each(answer, |reason| Some(Err(reason)))?;
    for (row, drawn) in rows.into_iter().zip(drawn) {
        match drawn {
            Some(Ok(paths)) if !paths.is_empty() => {
                let steps = paths.first().map_or(0, Vec::len);
                let mean =
                    |step: usize| paths.iter().map(|path: &Vec<f64>| path[step]).sum::<f64>() / paths.len() as f64;
                let mut product = row.product;
                product.expected = (0..steps).map(mean).collect();
                found.push((product, Demand::Paths(paths)));
            }
            Some(Err(reason)) => {
                left_out.insert(row.key, reason);
            }
            _ => {
                left_out.insert(row.key, "there is no forecast".to_owned());
            }
        }
    }
    Ok(found)
}

/// Units expected by step.
type Expected = Vec<Option<f64>>;

impl Row {
    fn read_all(list: &mut Arguments, keys: &[String]) -> Result<Vec<Self>, Failure> {
        const FIELDS: usize = 10;
        let columns: Vec<Vec<Option<f64>>> = (0..FIELDS).map(|_| list.numbers()).collect::<Result<_, _>>()?;
        let expected = list.lists::<f64>()?;
        let row = |(row, (key, expected)): (usize, (&String, Option<Expected>))| {
            let number = |column: usize| columns[column][row].unwrap_or(f64::NAN);
            let or = |column: usize, default: f64| columns[column][row].unwrap_or(default);
            let product = Product {
                key: key.clone(),
                price: number(0),
                cost: or(1, f64::NAN),
                salvage: or(2, 0.0),
                holding: or(3, 0.0),
                pack: or(4, 1.0),
                stock: number(5),
                elasticity: number(6),
                elasticity_error: or(7, 0.0),
                competitor: columns[8][row],
                expected: Vec::new(),
            };
            Self {
                key: key.clone(),
                product,
                level_error: or(9, 0.0),
                expected: expected
                    .unwrap_or_default()
                    .into_iter()
                    .map(|units| units.unwrap_or(0.0))
                    .collect(),
            }
        };
        Ok(keys.iter().zip(expected).enumerate().map(row).collect())
    }
}
