//! `__launch_elasticity(key, product, place, ...)`: the aggregate beneath the macro `launch_elasticity`.

use crate::{
    functions::prelude::*,
    market::elasticity::{self, Cell, elasticities},
};

/// Parts of a list in one text.
const SEPARATOR: char = '\u{1f}';

/// See [`Function::ABOUT`].
pub struct Elasticity;

impl Function for Elasticity {
    const NAME: &'static str = "__launch_elasticity";
    const ABOUT: &'static str = "
        Price elasticities of groups of products; launch_elasticity takes them from a sales table. Row order and
        threads do not change the result.

        @param key: BIGINT  number of the group, NULL for rows that only count for all together
        @param product: BIGINT  number of the product
        @param place: BIGINT  number of the place; a product in a place has a level of its own
        @param period: BIGINT  number of the period
        @param effect: BIGINT  what shares a time effect
        @param units: DOUBLE  units sold
        @param price: DOUBLE  the price
        @param controls: DOUBLE[]  a number per control
        @param names: VARCHAR  names of the controls, separated by chr(31)
        @param level: DOUBLE  probability of the interval
        @returns STRUCT[]  all together (key NULL), then one entry per group
        @example SELECT __launch_elasticity(1, ascii(product_id), 1, date - DATE '1970-01-01', 0, units, price,
            []::DOUBLE[], '', 0.9) FROM sales
    ";

    type Answer = Vec<Row>;
}

impl Gather for Elasticity {
    type Batch = Vec<Cell>;
    /// Names of the controls, and the level.
    type Options = (Option<String>, Option<f64>);

    fn nothing() -> Result<Vec<Row>, Failure> {
        Ok(elasticities(Vec::new(), &[], 0.9)?.into_iter().map(to_row).collect())
    }

    fn read(arguments: &mut Arguments) -> Result<(Vec<Cell>, Vec<Self::Options>), Failure> {
        let (keys, products, places) = (arguments.whole()?, arguments.whole()?, arguments.whole()?);
        let (periods, effects) = (arguments.whole()?, arguments.whole()?);
        let (sold, prices) = (arguments.numbers()?, arguments.numbers()?);
        let controls = arguments.lists()?.into_iter().enumerate();
        let cell = |(row, controls): (usize, Option<Vec<Option<f64>>>)| Cell {
            key: keys[row],
            product: products[row].unwrap_or_default(),
            place: places[row].unwrap_or_default(),
            period: periods[row].unwrap_or_default(),
            effect: effects[row].unwrap_or_default(),
            units: sold[row],
            price: prices[row],
            controls: controls.unwrap_or_default(),
        };
        let cells = controls.map(cell).collect();
        let options = arguments.texts()?.into_iter().zip(arguments.numbers()?);
        Ok((cells, options.collect()))
    }

    fn answer(_: &Query, rows: &Rows<Vec<Cell>>, (names, level): &Self::Options) -> Result<Vec<Row>, Failure> {
        let level = required(*level, "level")?;
        let names = names.as_deref().filter(|names| !names.is_empty());
        let names: Vec<String> = names.map_or_else(Vec::new, |n| n.split(SEPARATOR).map(str::to_owned).collect());
        let mut cells: Vec<Cell> = rows.iter().cloned().collect();
        for cell in &mut cells {
            cell.controls.resize(names.len(), None);
        }
        Ok(elasticities(cells, &names, level)?.into_iter().map(to_row).collect())
    }
}

/// The elasticity of a group, or why there is none.
#[derive(AsDuckDB)]
pub struct Row {
    key: Option<i64>,
    elasticity: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    observations: i64,
    products: i64,
    price_variation: Option<f64>,
    status: String,
    reason: String,
}

fn to_row(row: elasticity::Row) -> Row {
    Row {
        elasticity: row.elasticity.map(|e| e.0),
        lower: row.elasticity.map(|e| e.1),
        upper: row.elasticity.map(|e| e.2),
        observations: row.observations as i64,
        products: row.products as i64,
        price_variation: row.price_variation,
        status: if row.elasticity.is_some() { "ok" } else { "refused" }.to_owned(),
        reason: row.reason,
        key: row.key,
    }
}
