//! `__launch_cross_elasticity(...)`: the aggregate beneath the column of `launch_competitors`.

use crate::{
    functions::prelude::*,
    market::cross_elasticity::{CrossElasticity, Sale},
    statistics::check_level,
};

/// See [`Function::ABOUT`].
pub struct Estimate;

impl Function for Estimate {
    const NAME: &'static str = "__launch_cross_elasticity";
    const ASKED: &'static str = "launch_competitors";
    const ABOUT: &'static str = "
        How our units answer to a competitor's price, with products and periods held fixed. See
        launch_competitors.

        @param product: BIGINT  number of our product
        @param period: BIGINT  number of the period
        @param month: BIGINT  number of the calendar month, as __launch_period counts
        @param units: DOUBLE  our units
        @param own_price: DOUBLE  our price
        @param their_price: DOUBLE  their price
        @param level: DOUBLE = 0.8  probability of the interval
        @returns elasticity: DOUBLE  change of our units with their price
        @returns lower: DOUBLE  lower end of its interval
        @returns upper: DOUBLE  upper end of its interval
        @returns own_elasticity: DOUBLE  change of our units with our own price
        @returns observations: BIGINT  periods of products it rests on
        @returns products: BIGINT  products it rests on
        @returns reason: VARCHAR  what it rests on, or why the numbers are NULL
        @example SELECT __launch_cross_elasticity(i % 3, i // 3, i // 12, 100 + hash(i) % 9, 10 + i % 4, 9 +
            hash(i) % 3) FROM range(120) t(i)
    ";

    type Answer = Option<Row>;
}

impl Gather for Estimate {
    type Batch = Vec<Option<Sale>>;
    type Options = Option<f64>;

    fn read(arguments: &mut Arguments) -> Result<(Self::Batch, Vec<Self::Options>), Failure> {
        let (product, period, month) = (arguments.whole()?, arguments.whole()?, arguments.whole()?);
        let (units, own, theirs) = (arguments.numbers()?, arguments.numbers()?, arguments.numbers()?);
        let sale = |row: usize| {
            Some(Sale {
                product: product[row]?,
                period: period[row]?,
                month: month[row]?,
                units: units[row]?,
                own_price: own[row]?,
                their_price: theirs[row]?,
            })
        };
        Ok(((0..arguments.rows()).map(sale).collect(), arguments.numbers()?))
    }

    fn answer(_: &Query, rows: &Rows<Self::Batch>, level: &Option<f64>) -> Result<Self::Answer, Failure> {
        let level = required(*level, "level")?;
        check_level(level)?;
        let sales: Vec<Sale> = rows.iter().flatten().cloned().collect();
        let observations = sales.len() as i64;
        Ok(Some(match CrossElasticity::estimate(sales, level) {
            Ok(found) => Row {
                elasticity: Some(found.elasticity),
                lower: Some(found.lower),
                upper: Some(found.upper),
                own_elasticity: found.own_elasticity,
                observations: found.observations as i64,
                products: found.products as i64,
                reason: format!(
                    "{} periods of {} products, effects of {}",
                    found.observations, found.products, found.effects
                ),
            },
            Err(error) => Row {
                observations,
                reason: Failure::unless_refused(error)?,
                ..Row::default()
            },
        }))
    }
}

/// The estimate, or why there is none.
#[derive(AsDuckDB, Debug, Default, Clone)]
pub struct Row {
    elasticity: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    own_elasticity: Option<f64>,
    observations: i64,
    products: i64,
    reason: String,
}
