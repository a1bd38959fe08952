//! `launch_action(policy, state)`: what a policy does in a state.

use arrow_array::{Array, Float64Array, RecordBatch, StringArray};

use crate::{
    functions::prelude::*,
    strategy::policy::{Action, Advice, Policy, State},
};

/// See [`Function::ABOUT`].
pub struct ActionOf;

impl Function for ActionOf {
    const NAME: &'static str = "launch_action";
    const ABOUT: &'static str = "
        What a policy does next: the price and what else there is to choose, what it is worth and what the next best would be worth.
        A state unlike those that the policy was trained on is refused, and so is a product that it does not know.

        @param policy: BLOB  the policy column of launch_train_policy
        @param state: ANY  a STRUCT, or a row of a table, with product_id (unless the policy has one product), week (the one that
            begins, from 1), stock, sales (units so far), forecast (the sum of expected_units of the weeks so far) and price (the latest
            one); competitor_price where the policy looks at it; on_order and arrival (weeks until it comes, NULL for nothing on order)
            where it can order
        @returns action: VARCHAR  what to do, such as price 9.99 or hold
        @returns price: DOUBLE  the price of the week
        @returns promotion: BOOLEAN  whether there is a promotion; NULL where that is no choice
        @returns extra_spend: DOUBLE  money to spend beside the usual; NULL where that is no choice
        @returns reorder_units: DOUBLE  units to order; NULL where that is no choice
        @returns value: DOUBLE  expected money from now on: sales less costs, and what is left over at the end
        @returns next_best: VARCHAR  the next best action; NULL if there is no other
        @returns next_best_value: DOUBLE  what it is worth
        @returns expected_units: DOUBLE  units forecast for the week, at most those in stock: what to add to forecast
        @returns status: VARCHAR  ok or refused
        @returns reason: VARCHAR  what it rests on, or why it is refused
        @example SELECT launch_action((SELECT policy FROM policy), {'product_id': 'N00', 'week': 1, 'stock': 300, 'sales': 0,
            'forecast': 0, 'price': 10})
    ";

    type Answer = Option<Row>;
}

/// What is told of a state.
#[derive(AsDuckDB, Debug, Default, Clone)]
pub struct Row {
    action: Option<String>,
    price: Option<f64>,
    promotion: Option<bool>,
    extra_spend: Option<f64>,
    reorder_units: Option<f64>,
    value: Option<f64>,
    next_best: Option<String>,
    next_best_value: Option<f64>,
    expected_units: Option<f64>,
    status: String,
    reason: String,
}

impl PerChunk for ActionOf {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let policies = arguments.blobs()?;
        let states = arguments.attributes()?;
        let mut answers = Vec::with_capacity(states.num_rows());
        let mut rows = Vec::new();
        let mut last: Option<&[u8]> = None;
        // Rows mostly share one policy.
        for (row, bytes) in policies.iter().enumerate() {
            if bytes != last && !rows.is_empty() {
                answers.extend(of_policy(query, last, &states, &rows)?);
                rows.clear();
            }
            last = bytes;
            rows.push(row);
        }
        if !rows.is_empty() {
            answers.extend(of_policy(query, last, &states, &rows)?);
        }
        Ok(answers.into_iter().map(Some).collect())
    }
}

fn refused(reason: impl Into<String>) -> Row {
    Row {
        status: "refused".to_owned(),
        reason: reason.into(),
        ..Row::default()
    }
}

fn of_policy(query: &Query, bytes: Option<&[u8]>, states: &RecordBatch, rows: &[usize]) -> Result<Vec<Row>, Failure> {
    let Some(bytes) = bytes else {
        return Ok(vec![
            refused("the policy is NULL: train one with launch_train_policy");
            rows.len()
        ]);
    };
    let decoded = query.model::<Policy>(bytes)?;
    let policy = &decoded.model;
    if let Some(reason) = &policy.refusal {
        return Ok(vec![refused(format!("the policy was refused: {reason}")); rows.len()]);
    }
    let columns = Columns::of(policy, states)?;
    let read: Vec<Result<(usize, State), String>> = rows.iter().map(|&row| columns.state(policy, row)).collect();
    let known: Vec<(usize, State)> = read.iter().filter_map(|state| state.clone().ok()).collect();
    let mut advice = query.run(|| policy.advise(&known))??.into_iter();
    Ok(read
        .into_iter()
        .map(|state| match state {
            Err(reason) => refused(reason),
            Ok((product, state)) => advice.next().map_or_else(
                || refused("there is no answer"),
                |advice| answered(policy, product, &state, &advice, &columns),
            ),
        })
        .collect())
}

/// The fields of the states.
struct Columns<'a> {
    product: Option<&'a dyn Array>,
    numbers: [Option<&'a Float64Array>; FIELDS.len()],
    notes: String,
}

const FIELDS: [&str; 8] = [
    "week",
    "stock",
    "sales",
    "forecast",
    "price",
    "competitor_price",
    "on_order",
    "arrival",
];

impl<'a> Columns<'a> {
    fn of(policy: &Policy, states: &'a RecordBatch) -> Result<Self, Failure> {
        let schema = states.schema();
        let find = |name: &str| {
            schema
                .fields()
                .iter()
                .position(|field| field.name().eq_ignore_ascii_case(name))
        };
        let needed = |name: &str| match name {
            "competitor_price" => policy.setting.competition.is_some(),
            "on_order" | "arrival" => policy.setting.can_order() && policy.setting.lead_time > 0,
            "product_id" => policy.products.len() > 1,
            _ => true,
        };
        let all = ["product_id"].into_iter().chain(FIELDS);
        let missing: Vec<&str> = all.filter(|name| needed(name) && find(name).is_none()).collect();
        if !missing.is_empty() {
            return Err(Failure::new(format!(
                "the state has no {}: give a STRUCT with {}",
                missing.join(", "),
                ["product_id"]
                    .into_iter()
                    .chain(FIELDS)
                    .filter(|name| needed(name))
                    .collect::<Vec<_>>()
                    .join(", ")
            )));
        }
        let mut numbers = [None; FIELDS.len()];
        for (to, name) in numbers.iter_mut().zip(FIELDS) {
            let Some(column) = find(name).filter(|_| needed(name)).map(|k| states.column(k)) else {
                continue;
            };
            *to = column.as_any().downcast_ref::<Float64Array>();
            if to.is_none() && column.null_count() < column.len() {
                return Err(Failure::new(format!("{name} of the state must be a number")));
            }
        }
        let unused: Vec<&str> = FIELDS
            .into_iter()
            .filter(|name| !needed(name) && find(name).is_some())
            .collect();
        let notes = match unused.is_empty() {
            true => String::new(),
            false => format!(
                "; not looked at, as the policy was trained without it: {}",
                unused.join(", ")
            ),
        };
        Ok(Self {
            product: find("product_id").map(|k| &**states.column(k)),
            numbers,
            notes,
        })
    }

    /// The state of a row, with the place of its product; why there is none.
    fn state(&self, policy: &Policy, row: usize) -> Result<(usize, State), String> {
        let place = match self.product.map(|column| text(column, row)) {
            None => 0,
            Some(None) => {
                return Err("product_id of the state is NULL, or of a type that is no text or number".to_owned());
            }
            Some(Some(key)) => match policy.products.iter().position(|product| product.key == key) {
                Some(place) => place,
                None => {
                    return Err(match policy.left_out.get(&key) {
                        Some(why) => format!("the policy has no product {key}: {why}"),
                        None => format!("the policy was not trained for product {key}"),
                    });
                }
            },
        };
        let product = policy.products.get(place).ok_or("the policy has no product")?;
        let number = |field: usize| {
            let found = self.numbers[field]
                .filter(|column| column.is_valid(row))
                .map(|column| column.value(row));
            match found {
                Some(value) if value.is_finite() && value >= 0.0 => Ok(value),
                Some(value) => Err(format!(
                    "{} of the state must be 0 or more and finite, got {value}",
                    FIELDS[field]
                )),
                None => Err(format!("{} of the state is NULL", FIELDS[field])),
            }
        };
        let (week, steps) = (number(0)?, policy.setting.steps);
        if week.fract() != 0.0 || week < 1.0 || week > steps as f64 {
            return Err(format!("week must be a whole number from 1 to {steps}, got {week}"));
        }
        let (stock, sales, forecast, price) = (number(1)?, number(2)?, number(3)?, number(4)?);
        if price <= 0.0 {
            return Err("price of the state must be above 0".to_owned());
        }
        let competitor = match (policy.setting.competition, product.competitor) {
            (Some(_), Some(first)) => match number(5)? {
                price if price > 0.0 => price / first,
                _ => return Err("competitor_price of the state must be above 0".to_owned()),
            },
            _ => 1.0,
        };
        let orders = policy.setting.can_order() && policy.setting.lead_time > 0;
        let on_order = if orders { number(6)? } else { 0.0 };
        let arrival = if on_order > 0.0 { number(7)? } else { 0.0 };
        if on_order > 0.0 && !(arrival.fract() == 0.0 && arrival >= 1.0 && arrival <= policy.setting.lead_time as f64) {
            return Err(format!(
                "arrival must be a whole number of weeks from 1 to the lead time {}, got {arrival}",
                policy.setting.lead_time
            ));
        }
        let state = State {
            step: week as usize - 1,
            stock,
            sales,
            forecast,
            price: price / product.price,
            competitor,
            on_order,
            arrival: arrival as usize,
        };
        if state.is_over(&policy.setting) {
            return Err("stock is 0 and nothing can come: there is nothing to decide".to_owned());
        }
        match policy.unlike(place, &state) {
            Some(unlike) => Err(format!("the state is unlike those the policy was trained on: {unlike}")),
            None => Ok((place, state)),
        }
    }
}

/// A key as text: a whole number without decimals.
fn text(column: &dyn Array, row: usize) -> Option<String> {
    if column.is_null(row) {
        return None;
    }
    if let Some(texts) = column.as_any().downcast_ref::<StringArray>() {
        return Some(texts.value(row).to_owned());
    }
    column
        .as_any()
        .downcast_ref::<Float64Array>()
        .map(|numbers| numbers.value(row).to_string())
}

fn answered(policy: &Policy, product: usize, state: &State, advice: &Advice, columns: &Columns<'_>) -> Row {
    let setting = &policy.setting;
    let product = &policy.products[product];
    let money = |multiple: f64| (product.price * multiple * 1e4).round() / 1e4;
    let named = |action: &Action| {
        let mut parts = Vec::new();
        if (action.price - state.price).abs() > 1e-9 * state.price {
            parts.push(format!("price {}", money(action.price)));
        }
        if action.promotion {
            parts.push("promotion".to_owned());
        }
        if action.spend > 0.0 {
            parts.push(format!("spend {}", action.spend));
        }
        if product.order(action) > 0.0 {
            parts.push(format!("reorder {}", product.order(action)));
        }
        if parts.is_empty() {
            "hold".to_owned()
        } else {
            parts.join(", ")
        }
    };
    let chosen = &advice.action;
    let next = advice.next.as_ref();
    let ahead = product.remaining(state.step) * (setting.factor(product, chosen, state.competitor));
    let mut reason = format!(
        "week {} of {}: {:.0} in stock for {:.0} units forecast until the end if this is kept",
        state.step + 1,
        setting.steps,
        state.stock,
        ahead
    );
    if state.forecast > 0.0 {
        reason += &match (100.0 * (state.sales / state.forecast - 1.0)).round() {
            0.0 => "; sales are as forecast".to_owned(),
            more if more > 0.0 => format!("; sales are {more:.0} % above the forecast"),
            less => format!("; sales are {:.0} % below the forecast", -less),
        };
    }
    if let Some((other, value)) = next {
        let gain = 100.0 * (advice.value - value) / value.abs().max(1e-9);
        reason += &match gain {
            more if more > 0.1 => format!("; worth {more:.1} % more than {}", named(other)),
            // Networks that are no closer to each other than that.
            less if less < -1.0 => format!(
                "; the critic would take {}, which it values {:.1} % higher",
                named(other),
                -less
            ),
            _ => format!("; about as good as {}", named(other)),
        };
    }
    Row {
        action: Some(named(chosen)),
        price: Some(money(chosen.price)),
        promotion: setting.promotion.map(|_| chosen.promotion),
        extra_spend: setting
            .actions
            .iter()
            .any(|action| action.spend > 0.0)
            .then_some(chosen.spend),
        reorder_units: setting.can_order().then(|| product.order(chosen)),
        value: Some(advice.value).filter(|value| value.is_finite()),
        next_best: next.map(|(action, _)| named(action)),
        next_best_value: next.map(|(_, value)| *value).filter(|value| value.is_finite()),
        expected_units: Some(advice.expected).filter(|units| units.is_finite()),
        status: "ok".to_owned(),
        reason: reason + &columns.notes,
    }
}
