//! `__launch_seasonality(products, groups, calendar, events, ...)`: the scalar beneath the macro `launch_seasonality`.

use std::collections::{BTreeMap, BTreeSet};

use duckdb_neo::{
    AsDuckDB, DuckDBType,
    connection::Context,
    data_chunk::VectorCollection,
    enums::FunctionProperty,
    extension::Extension,
    scalar::{ScalarCallbacks, ScalarFunctionBuilder},
    signature::{FunctionParameter, SignatureBuilder},
    types::List,
    vector::{Unknown, Vector},
};

use crate::{
    functions::{
        documentation::{Documentation, ParameterText, ReturnText},
        guard::{Failure, guard},
        vectors,
    },
    market::seasonality::{Calendar, Product, seasonality},
    panel::Frequency,
};

const NAME: &str = "launch_seasonality";
/// Periods of a calendar: more than the days from 1970 to 2200.
const MAX_PERIODS: i64 = 100_000;
const MAX_EVENTS: usize = 100;

struct Seasonality;

/// Sales of a product: the periods with sales, in order.
#[derive(AsDuckDB)]
struct ProductSales {
    key: String,
    numbers: List<i64>,
    units: List<f64>,
}

#[derive(AsDuckDB)]
struct Period {
    number: i64,
    season: i64,
    days: f64,
}

#[derive(AsDuckDB)]
struct Event {
    number: i64,
    name: String,
}

#[derive(AsDuckDB)]
struct Found {
    key: Option<String>,
    period: Option<i64>,
    event: Option<String>,
    season_index: Option<f64>,
    index_lower: Option<f64>,
    index_upper: Option<f64>,
    is_peak: Option<bool>,
    seasons: i64,
    reason: String,
}

impl ScalarCallbacks for Seasonality {
    type BindData = ();
    type InitData = ();

    fn exec(
        &self,
        _: Option<&()>,
        _: Option<&mut ()>,
        _: &Context,
        vectors: &mut VectorCollection,
        output: Vector<'_, Unknown>,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            let rows = vectors.row_count()?;
            let products = vectors::values::<List<ProductSales>, _>(vectors, 0, rows, |list| {
                let sold = list.iter().flatten().filter_map(|p| {
                    let numbers: Vec<i64> = p.numbers?.iter().flatten().copied().collect();
                    let units: Vec<f64> = p.units?.iter().flatten().copied().collect();
                    Some((p.key.map(str::to_owned), numbers, units))
                });
                sold.collect::<Vec<_>>()
            })?;
            let groups = vectors::values::<List<String>, _>(vectors, 1, rows, |list| {
                list.iter().flatten().map(str::to_owned).collect::<BTreeSet<_>>()
            })?;
            let periods = vectors::values::<List<Period>, _>(vectors, 2, rows, |list| {
                let known = list
                    .iter()
                    .flatten()
                    .filter_map(|p| Some((*p.number?, *p.season?, *p.days?)));
                known.collect::<Vec<_>>()
            })?;
            let events = vectors::values::<List<Event>, _>(vectors, 3, rows, |list| {
                let named = list
                    .iter()
                    .flatten()
                    .filter_map(|e| Some((*e.number?, e.name?.to_owned())));
                named.collect::<Vec<_>>()
            })?;
            let frequencies = vectors::texts(vectors, 4, rows)?;
            let levels = vectors::values::<f64, _>(vectors, 5, rows, |v| *v)?;
            let mut lists = Vec::with_capacity(rows);
            let arguments = products
                .into_iter()
                .zip(groups)
                .zip(periods)
                .zip(events)
                .zip(frequencies)
                .zip(levels);
            for (((((products, groups), periods), events), frequency), level) in arguments {
                let (Some(frequency), Some(level)) = (frequency, level) else {
                    return Err(Failure::new("frequency and level must not be NULL"));
                };
                if !(level > 0.0 && level < 1.0) {
                    return Err(Failure::new(format!("level must be above 0 and below 1, got {level}")));
                }
                let frequency = Frequency::parse(&frequency)?;
                let groups = groups.unwrap_or_default();
                let events = events.unwrap_or_default();
                let names: BTreeSet<String> = events.iter().map(|(_, name)| name.clone()).collect();
                if names.len() > MAX_EVENTS {
                    return Err(Failure::new(format!(
                        "events must have at most {MAX_EVENTS} names, got {}",
                        names.len()
                    )));
                }
                let calendar = calendar(&periods.unwrap_or_default(), &events, &names)?;
                let products: Vec<Product> = products.unwrap_or_default().into_iter().filter_map(product).collect();
                let found = seasonality(frequency, &products, &groups, &calendar, names.len(), level);
                let names: Vec<String> = names.into_iter().collect();
                let row = |row: crate::market::seasonality::Row| Found {
                    key: row.key,
                    period: row.class.map(|class| class as i64 + 1),
                    event: row.event.map(|event| names[event].clone()),
                    season_index: row.index,
                    index_lower: row.interval.map(|(lower, _)| lower),
                    index_upper: row.interval.map(|(_, upper)| upper),
                    is_peak: row.peak,
                    seasons: row.seasons as i64,
                    reason: row.reason,
                };
                lists.push(found.into_iter().map(row).collect());
            }
            vectors::write_lists::<Found>(output, lists)
        })
    }
}

/// A product with the periods between its sales.
fn product((key, numbers, units): (Option<String>, Vec<i64>, Vec<f64>)) -> Option<Product> {
    let (start, end) = (*numbers.first()?, *numbers.last()?);
    let periods = end.checked_sub(start).filter(|p| (0..MAX_PERIODS).contains(p))?;
    let mut filled = vec![0.0; periods as usize + 1];
    for (number, units) in numbers.into_iter().zip(units) {
        *filled.get_mut(usize::try_from(number - start).ok()?)? = units;
    }
    Some(Product {
        key,
        start,
        units: filled,
    })
}

fn calendar(
    periods: &[(i64, i64, f64)],
    events: &[(i64, String)],
    names: &BTreeSet<String>,
) -> Result<Calendar, Failure> {
    let start = periods.first().map_or(0, |p| p.0);
    let mut calendar = Calendar {
        start,
        open: vec![],
        class: vec![],
        events: vec![vec![]; periods.len()],
    };
    for (place, (number, season, days)) in periods.iter().enumerate() {
        if *number != start.saturating_add(place as i64) || !(1..=53).contains(season) {
            return Err(Failure::new(
                "the periods of the calendar must follow each other and have a season",
            ));
        }
        calendar.open.push(days.clamp(0.0, 31.0));
        calendar.class.push(*season as usize - 1);
    }
    let numbers: BTreeMap<&str, usize> = names.iter().enumerate().map(|(n, name)| (name.as_str(), n)).collect();
    for (number, name) in events {
        let place = number.checked_sub(start).and_then(|place| usize::try_from(place).ok());
        let (Some(place), Some(&event)) = (place, numbers.get(name.as_str())) else {
            continue;
        };
        if let Some(of_period) = calendar.events.get_mut(place).filter(|of| !of.contains(&event)) {
            of_period.push(event);
        }
    }
    calendar
        .events
        .iter_mut()
        .for_each(|of_period| of_period.sort_unstable());
    Ok(calendar)
}

/// Registers `__launch_seasonality`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let parameter = |name, sql_type, text| ParameterText {
        name,
        sql_type,
        default: None,
        text,
    };
    let documentation = Documentation {
        description: "Indices of seasons and events; launch_seasonality shows them as a table.",
        parameters: &[
            parameter(
                "products",
                "STRUCT[]",
                "key, numbers (periods with sales, ascending) and units of each product",
            ),
            parameter("groups", "VARCHAR[]", "the keys"),
            parameter(
                "calendar",
                "STRUCT[]",
                "number, season (from 1) and days of sale of each period, ascending",
            ),
            parameter("events", "STRUCT[]", "number of the period and name of each event"),
            parameter("frequency", "VARCHAR", "day, week or month"),
            parameter("level", "DOUBLE", "probability of the intervals"),
        ],
        returns: &[ReturnText {
            name: "",
            sql_type: "STRUCT[]",
            text: "one entry per key and season or event",
        }],
        examples: &[
            "SELECT __launch_seasonality([{'key': 'A', 'numbers': range(24), 'units': \
                     list_transform(range(24), lambda n: 1 + (n % 12)::DOUBLE)}], ['A'], list_transform(range(24), \
                     lambda n: {'number': n, 'season': 1 + n % 12, 'days': 1.0::DOUBLE}), NULL, 'month', 0.8)",
        ],
        category: "internal",
    };
    let signature = SignatureBuilder::new()
        .param(FunctionParameter::new::<List<ProductSales>>("products"))
        .param(FunctionParameter::new::<List<String>>("groups"))
        .param(FunctionParameter::new::<List<Period>>("calendar"))
        .param(FunctionParameter::new::<List<Event>>("events"))
        .param(FunctionParameter::new::<String>("frequency"))
        .param(FunctionParameter::new::<f64>("level"))
        .return_type(List::<Found>::logical_type(extension)?)
        .documentation(documentation.build());
    ScalarFunctionBuilder::new("__launch_seasonality", signature, Seasonality)
        .set_property(FunctionProperty::HasSpecialNullHandling(true))
        .register(extension)
}
