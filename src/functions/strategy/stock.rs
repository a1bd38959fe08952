//! `__launch_stock(...)`: the orders of candidates, for the macro `launch_stock`.

use super::{
    drawn::{Candidates, Drawn},
    options::{budget, level, positive, worlds},
};
use crate::{
    functions::{launch::candidates::Asked, prelude::*},
    strategy::{
        Paths,
        stock::{Given, Level, Reorder, Terms, Timing, levels, share_out},
    },
};

/// See [`Function::ABOUT`].
pub struct Stock;

/// Days that an order may take, at most.
const MAX_LEAD_TIME: i64 = 3_650;

impl Function for Stock {
    const NAME: &'static str = "__launch_stock";
    const ASKED: &'static str = "launch_stock";
    const ABOUT: &'static str = "
        What to order of each candidate; launch_stock shows it as a table.

        @param model: BLOB  the model column of launch_train
        @param candidates: ANY  a list of STRUCTs: launch_date, attributes, key, units sold so far, at_least, covariates, price,
            cost, salvage, holding, returns, service_level, pack, minimum, maximum, on_hand, on_order
        @param level: DOUBLE = 0.8  probability of the intervals
        @param n: BIGINT = 1000  worlds
        @param budget: DOUBLE = NULL  money for all orders together
        @param lead_time: BIGINT = 0  days from an order to its arrival
        @param reorder_after: BIGINT = NULL  steps after which a second order is placed
        @returns place: BIGINT  the candidate's place in the list, from 1
        @returns order_units: DOUBLE  units of the first order
        @returns reorder_units: DOUBLE  units of the second order
        @returns order_date: DATE  day of the first order
        @returns reorder_date: DATE  day of the second order
        @returns expected_sales: DOUBLE  units sold
        @returns expected_lost_sales: DOUBLE  units wanted and not sold
        @returns expected_leftover: DOUBLE  units left over
        @returns service_level: DOUBLE  probability that nothing is lost
        @returns fill_rate: DOUBLE  share of the units wanted that are sold
        @returns expected_profit: DOUBLE  profit
        @returns profit_lower: DOUBLE  lower end of its interval
        @returns profit_upper: DOUBLE  upper end
        @returns bound: VARCHAR  the limit that the order stands at
        @returns status: VARCHAR  ok or refused
        @returns reason: VARCHAR  what it rests on, or why there is no order
        @example SELECT __launch_stock((SELECT model FROM model), [{'launch_date': DATE '2024-09-02', 'attributes':
            {'category': 'A'}, 'key': 'N1', 'units': NULL, 'at_least': NULL, 'covariates': NULL, 'price': 10, 'cost': 4, 'salvage': 0,
            'holding': 0, 'returns': 0, 'service_level': NULL, 'pack': 1, 'minimum': NULL, 'maximum': NULL, 'on_hand': NULL,
            'on_order': NULL}])
    ";

    type Answer = Vec<Row>;
}

/// The orders of one candidate.
#[derive(AsDuckDB, Debug, Default, Clone)]
pub struct Row {
    place: i64,
    order_units: Option<f64>,
    reorder_units: Option<f64>,
    order_date: Option<DateValue>,
    reorder_date: Option<DateValue>,
    expected_sales: Option<f64>,
    expected_lost_sales: Option<f64>,
    expected_leftover: Option<f64>,
    service_level: Option<f64>,
    fill_rate: Option<f64>,
    expected_profit: Option<f64>,
    profit_lower: Option<f64>,
    profit_upper: Option<f64>,
    bound: Option<String>,
    status: String,
    reason: String,
}

impl PerChunk for Stock {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let (models, lists) = (arguments.blobs()?, arguments.tables()?);
        let (levels, ns, budgets) = (arguments.numbers()?, arguments.whole()?, arguments.numbers()?);
        let (lead_times, reorders) = (arguments.whole()?, arguments.whole()?);
        let mut answers = Vec::with_capacity(lists.len());
        for (row, (model, list)) in models.iter().zip(lists).enumerate() {
            let Some(list) = list else {
                answers.push(Vec::new());
                continue;
            };
            let options = Options {
                level: level(levels[row])?,
                n: worlds(ns[row])?,
                lead_time: lead_time(required(lead_times[row], "lead_time")?)?,
                reorder_after: reorders[row]
                    .map(|steps| positive(steps, "reorder_after"))
                    .transpose()?,
            };
            let budget = budget(budgets[row])?;
            answers.push(ordered(query, model, list, &options, budget)?);
        }
        Ok(answers)
    }
}

/// What holds for all candidates.
struct Options {
    level: f64,
    n: i64,
    lead_time: i64,
    reorder_after: Option<usize>,
}

fn lead_time(days: i64) -> Result<i64, Failure> {
    match (0..=MAX_LEAD_TIME).contains(&days) {
        true => Ok(days),
        false => Err(Failure::new(format!(
            "lead_time must be between 0 and {MAX_LEAD_TIME} days, got {days}"
        ))),
    }
}

/// What is known of a candidate beside its forecast.
struct Product {
    given: Given,
    /// Steps with sales.
    sold: usize,
}

impl Product {
    fn read_all(arguments: &mut Arguments) -> Result<Vec<Given>, Failure> {
        const FIELDS: usize = 11;
        let columns: Vec<Vec<Option<f64>>> = (0..FIELDS).map(|_| arguments.numbers()).collect::<Result<_, _>>()?;
        let given = |row: usize| Given {
            price: columns[0][row],
            cost: columns[1][row],
            salvage: columns[2][row],
            holding: columns[3][row],
            returns: columns[4][row],
            service_level: columns[5][row],
            pack: columns[6][row],
            minimum: columns[7][row],
            maximum: columns[8][row],
            on_hand: columns[9][row],
            on_order: columns[10][row],
        };
        Ok((0..arguments.rows()).map(given).collect())
    }
}

/// What becomes of a candidate in one pass over the forecasts.
#[derive(Default)]
enum Pass {
    #[default]
    Nothing,
    Refused(String),
    /// The orders that a budget chooses from.
    Levels(Vec<Level>),
    Row(Box<Row>),
}

fn ordered(
    query: &Query,
    model: Option<&[u8]>,
    mut list: Arguments,
    options: &Options,
    budget: Option<f64>,
) -> Result<Vec<Row>, Failure> {
    let rows = list.rows();
    let asked = Asked::of_model(model, &mut list)?;
    let keys: Vec<String> = list.texts()?.into_iter().map(Option::unwrap_or_default).collect();
    let asked = asked
        .with_own_units(&mut list)?
        .with_lower_bounds(&mut list)?
        .with_covariates(&mut list)?;
    let products: Vec<Product> = Product::read_all(&mut list)?
        .into_iter()
        .enumerate()
        .map(|(row, given)| Product {
            given,
            sold: asked.steps_sold(row),
        })
        .collect();
    let forecast = Forecast {
        candidates: Candidates {
            query,
            asked: &asked,
            keys: &keys,
            n: options.n,
            twice: options.reorder_after.is_some(),
        },
        products: &products,
        options,
    };
    let refused = |place: usize, reason: String| Row {
        place: place as i64 + 1,
        status: "refused".to_owned(),
        reason,
        ..Row::default()
    };
    let passed = match budget {
        None => forecast.pass(|_, candidate| candidate.row(candidate.best(), None))?,
        Some(budget) => {
            let levels = forecast.pass(|_, candidate| candidate.levels())?;
            let places: Vec<usize> = (0..rows)
                .filter(|&row| matches!(levels[row], Pass::Levels(_)))
                .collect();
            let of = |&row: &usize| match &levels[row] {
                Pass::Levels(levels) => levels.clone(),
                _ => Vec::new(),
            };
            let asked: Vec<Vec<Level>> = places.iter().map(of).collect();
            let shared = query
                .run(|| share_out(&asked, budget))?
                .map_err(|cannot| Failure::new(cannot.to_string()))?;
            let mut chosen: Vec<Option<(f64, bool)>> = vec![None; rows];
            for ((&row, levels), &level) in places.iter().zip(&asked).zip(&shared.levels) {
                chosen[row] = levels.get(level).map(|l| (l.units, level + 1 < levels.len()));
            }
            let price = shared.price_of_money;
            let mut passed = forecast.pass(|row, candidate| match chosen[row] {
                Some((units, cut)) => candidate.row(units, cut.then_some(price)),
                None => Pass::Nothing,
            })?;
            for (row, levels) in levels.into_iter().enumerate() {
                if let Pass::Refused(_) = levels {
                    passed[row] = levels;
                }
            }
            passed
        }
    };
    let row = |(place, pass)| match pass {
        Pass::Row(row) => Row {
            place: place as i64 + 1,
            ..*row
        },
        Pass::Refused(reason) => refused(place, reason),
        Pass::Nothing | Pass::Levels(_) => refused(place, "there is no forecast".to_owned()),
    };
    Ok(passed.into_iter().enumerate().map(row).collect())
}

/// The forecasts of all candidates.
struct Forecast<'a> {
    candidates: Candidates<'a>,
    products: &'a [Product],
    options: &'a Options,
}

/// A candidate whose paths have been drawn.
struct Candidate<'a> {
    paths: &'a Paths,
    /// Other worlds, where orders are learned in `paths`.
    judged: &'a Paths,
    terms: Terms,
    timing: Timing,
    given: &'a Given,
    options: &'a Options,
    launch: i32,
    sold: usize,
    reason: String,
}

impl Forecast<'_> {
    fn pass(&self, answer: impl Fn(usize, &Candidate) -> Pass + Sync) -> Result<Vec<Pass>, Failure> {
        let each = |drawn: Drawn| {
            let product = &self.products[drawn.place];
            let terms = match Terms::try_new(product.given) {
                Ok(terms) => terms,
                Err(why) => return Pass::Refused(why),
            };
            let Some(paths) = Paths::of(drawn.scenarios, product.sold) else {
                return Pass::Refused(match product.sold {
                    0 => "no past launch has been observed at any step".to_owned(),
                    sold => format!("its horizon is over: it has sales of {sold} steps, and none is left to order for"),
                });
            };
            let judged = drawn.judged.and_then(|judged| Paths::of(judged, product.sold));
            let (timing, note) = self.timing(&paths, product.sold);
            let candidate = Candidate {
                judged: judged.as_ref().unwrap_or(&paths),
                paths: &paths,
                terms,
                timing,
                given: &product.given,
                options: self.options,
                launch: drawn.launch,
                sold: product.sold,
                reason: drawn.reason + note,
            };
            answer(drawn.place, &candidate)
        };
        self.candidates.each(each, Pass::Refused)
    }

    fn timing(&self, paths: &Paths, sold: usize) -> (Timing, &'static str) {
        let days = paths.days();
        let arrival = |day: i32| paths.begun_before(i64::from(day) + self.options.lead_time);
        match (sold, self.options.reorder_after) {
            (0, None) => (Timing::Once, ""),
            (0, Some(seen)) => match days
                .get(seen)
                .map(|&day| arrival(day))
                .filter(|arrived| *arrived < paths.steps())
            {
                Some(arrived) => (Timing::Twice(Reorder { seen, arrived }), ""),
                None => (
                    Timing::Once,
                    "; no second order, as it would arrive after the last step",
                ),
            },
            _ => match days.first().map(|&day| arrival(day)) {
                Some(arrived) => (Timing::Late(arrived), ""),
                None => (Timing::Once, ""),
            },
        }
    }
}

impl Candidate<'_> {
    fn best(&self) -> f64 {
        self.timing.best_order(self.paths, &self.terms)
    }

    fn levels(&self) -> Pass {
        match self.given.cost {
            Some(cost) => Pass::Levels(levels(self.paths, self.timing, &self.terms, cost)),
            None => Pass::Refused("cost is NULL or no number: a budget needs it".to_owned()),
        }
    }

    /// The row of an order; `cut` is what one more unit of money would bring, where the budget allows less than the best order.
    fn row(&self, units: f64, cut: Option<f64>) -> Pass {
        if let Timing::Late(arrived) = self.timing
            && arrived >= self.paths.steps()
        {
            return Pass::Refused("an order placed now would arrive after its horizon".to_owned());
        }
        let order = self
            .timing
            .order(units, self.paths, self.judged, &self.terms, self.options.level);
        let running = self.sold > 0;
        let first_day = self.paths.days().first().copied();
        let reorder_day = match self.timing {
            Timing::Twice(reorder) => self.paths.days().get(reorder.seen).copied(),
            Timing::Late(_) => first_day,
            Timing::Once => None,
        };
        let (mean, low, high) = order.reordered;
        let mut reason = self.reason.clone();
        if let Timing::Twice(_) = self.timing {
            reason += &format!("; the second order is {low:.0} to {high:.0} units, by what has sold until then");
        }
        if running {
            reason += "; it sells already, so what is missing is ordered now";
        }
        if let Some(price) = cut.filter(|price| *price > 0.0) {
            reason += &format!("; one more unit of budget would bring a profit of {price:.2}");
        }
        // Sums of units differ in their last digits.
        let lost = Some(order.wanted - order.sold)
            .filter(|lost| *lost > 1e-9 * order.wanted)
            .unwrap_or(0.0);
        let lead_time = self.options.lead_time as i32;
        Pass::Row(Box::new(Row {
            place: 0,
            order_units: Some(if running { 0.0 } else { units }),
            reorder_units: Some(if running { units } else { mean }),
            order_date: (!running).then(|| DateValue(self.launch.saturating_sub(lead_time))),
            reorder_date: reorder_day.map(DateValue),
            expected_sales: Some(order.sold),
            expected_lost_sales: Some(lost),
            expected_leftover: Some(order.left),
            service_level: Some(order.service_level),
            fill_rate: (order.wanted > 0.0).then(|| 1.0 - lost / order.wanted),
            expected_profit: order.profit.map(|p| p.0),
            profit_lower: order.profit.map(|p| p.1),
            profit_upper: order.profit.map(|p| p.2),
            bound: self.bound(units, cut.is_some()),
            status: "ok".to_owned(),
            reason,
        }))
    }

    /// The limit that an order stands at.
    fn bound(&self, units: f64, cut: bool) -> Option<String> {
        if cut {
            return Some("budget".to_owned());
        }
        let free = Terms {
            least: 0.0,
            most: f64::INFINITY,
            ..self.terms.clone()
        };
        let wanted = match (
            units >= self.terms.most,
            self.terms.least > 0.0 && units <= self.terms.least,
        ) {
            (false, false) => return None,
            _ => self.timing.best_order(self.paths, &free),
        };
        if wanted > units && units >= self.terms.most {
            Some("maximum".to_owned())
        } else if wanted != units && self.terms.least > 0.0 && wanted < self.terms.least {
            Some("minimum".to_owned())
        } else {
            None
        }
    }
}
