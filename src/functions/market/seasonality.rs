//! `__launch_seasonality(products, groups, calendar, events, ...)`: the scalar beneath the macro `launch_seasonality`.

use std::collections::BTreeSet;

use crate::{
    functions::prelude::*,
    market::seasonality::{self, Calendar, Product, seasonality},
    panel::Frequency,
    statistics::check_level,
};

/// See [`Function::ABOUT`].
pub struct Seasonality;

impl Function for Seasonality {
    const NAME: &'static str = "__launch_seasonality";
    const ABOUT: &'static str = r#"
        Indices of seasons and events; launch_seasonality shows them as a table.

        @param products: STRUCT("key" VARCHAR, numbers BIGINT[], units DOUBLE[])[]  key, numbers (periods with
            sales, ascending) and units (NULL where they are not known) of each product
        @param groups: VARCHAR[]  the keys
        @param calendar: STRUCT(number BIGINT, season BIGINT, "days" DOUBLE)[]  number, season (from 1) and days
            of sale of each period, ascending
        @param events: STRUCT(number BIGINT, "name" VARCHAR)[]  number of the period and name of each event
        @param frequency: VARCHAR  day, week or month
        @param level: DOUBLE  probability of the interval
        @returns STRUCT[]  one entry per key and season or event
        @example SELECT __launch_seasonality([{'key': 'A', 'numbers': range(24), 'units':
            list_transform(range(24), lambda n: 1 + (n % 12)::DOUBLE)}], ['A'], list_transform(range(24), lambda
            n: {'number': n, 'season': 1 + n % 12, 'days': 1.0::DOUBLE}), NULL, 'month', 0.8)
    "#;

    type Answer = Vec<Row>;
}

impl PerChunk for Seasonality {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Vec<Row>>, Failure> {
        let (products, groups) = (arguments.tables()?, arguments.lists::<String>()?);
        let (periods, events) = (arguments.tables()?, arguments.tables()?);
        let (frequencies, levels) = (arguments.texts()?, arguments.numbers()?);
        let tables = products.into_iter().zip(groups).zip(periods.into_iter().zip(events));
        tables
            .enumerate()
            .map(|(row, ((products, groups), (periods, events)))| {
                let frequency = Frequency::parse(required(frequencies[row].as_deref(), "frequency")?)?;
                let level = required(levels[row], "level")?;
                check_level(level)?;
                let products = products.map_or_else(|| Ok(Vec::new()), sold)?;
                let groups: BTreeSet<String> = groups.into_iter().flatten().flatten().collect();
                let events = events.map_or_else(|| Ok(Vec::new()), named)?;
                let periods = periods.map_or_else(|| Ok(Vec::new()), known_periods)?;
                let (calendar, names) = Calendar::try_new(&periods, &events)?;
                let found = query.run(|| seasonality(frequency, &products, &groups, &calendar, names.len(), level))?;
                Ok(found.into_iter().map(|row| to_row(row, &names)).collect())
            })
            .collect()
    }
}

/// The index of a season or event of a key.
#[derive(AsDuckDB, Debug)]
pub struct Row {
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

fn to_row(row: seasonality::Row, events: &[String]) -> Row {
    Row {
        key: row.key,
        period: row.class.map(|class| class as i64 + 1),
        event: row.event.map(|event| events[event].clone()),
        season_index: row.index,
        index_lower: row.interval.map(|(lower, _)| lower),
        index_upper: row.interval.map(|(_, upper)| upper),
        is_peak: row.peak,
        seasons: row.seasons as i64,
        reason: row.reason,
    }
}

/// The products, each with the periods between its sales.
fn sold(mut table: Arguments) -> Result<Vec<Product>, Failure> {
    let keys = table.texts()?.into_iter();
    let sales = keys.zip(table.lists::<i64>()?).zip(table.lists::<f64>()?);
    let mut products = Vec::new();
    for ((key, numbers), units) in sales {
        let (numbers, units) = (numbers.unwrap_or_default(), units.unwrap_or_default());
        if numbers.len() != units.len() {
            return Err(Failure::new(format!(
                "numbers and units of a product must be as many, got {} and {}",
                numbers.len(),
                units.len()
            )));
        }
        // Units without a number of their period say nothing.
        let sales: Vec<(i64, Option<f64>)> = numbers
            .into_iter()
            .zip(units)
            .filter_map(|(n, u)| Some((n?, u)))
            .collect();
        products.extend(Product::new(key, &sales));
    }
    Ok(products)
}

/// Number of the period and name of each event.
fn named(mut table: Arguments) -> Result<Vec<(i64, String)>, Failure> {
    let events = table.whole()?.into_iter().zip(table.texts()?);
    Ok(events.filter_map(|(number, name)| Some((number?, name?))).collect())
}

/// Number, season and days of sale of each period.
fn known_periods(mut table: Arguments) -> Result<Vec<(i64, i64, f64)>, Failure> {
    let periods = table.whole()?.into_iter().zip(table.whole()?).zip(table.numbers()?);
    let known = periods.filter_map(|((number, season), days)| Some((number?, season?, days?)));
    Ok(known.collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        ArrayRef, ListArray, StringArray,
        types::{Float64Type, Int64Type},
    };

    use super::*;

    fn table(numbers: Vec<Option<i64>>, units: Vec<Option<f64>>) -> Arguments {
        let numbers: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>([Some(numbers)]));
        let units: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>([Some(units)]));
        Arguments::new(&[Arc::new(StringArray::from(vec!["a"])) as ArrayRef, numbers, units], 1)
    }

    #[test]
    fn a_null_does_not_shift_the_pairs_behind_it() -> Result<(), Failure> {
        let numbers = vec![Some(1), None, Some(3), Some(4)];
        let units = vec![Some(10.0), Some(20.0), Some(30.0), Some(40.0)];
        let found = sold(table(numbers, units))?;
        assert_eq!((found[0].start, &found[0].units[..]), (1, &[10.0, 0.0, 30.0, 40.0][..]));
        let numbers = vec![Some(1), Some(2), Some(3)];
        let found = sold(table(numbers, vec![Some(10.0), None, Some(30.0)]))?;
        assert_eq!((found[0].units[0], found[0].units[2]), (10.0, 30.0));
        assert!(found[0].units[1].is_nan());
        Ok(())
    }

    #[test]
    fn lists_of_two_lengths_are_refused() {
        let refused = sold(table(vec![Some(1), Some(2)], vec![Some(1.0)])).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "numbers and units of a product must be as many, got 2 and 1"
        );
    }
}
