//! `__launch_cross_elasticity(...)`: the aggregate beneath the column of `launch_competitors`.

use super::level_option;
use crate::{
    error::Error,
    functions::prelude::*,
    market::cross_elasticity::{CrossElasticity, Sale},
};

/// See [`Gather::about`].
pub struct Estimate;

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

impl Gather for Estimate {
    const NAME: &'static str = "__launch_cross_elasticity";
    const ASKED: &'static str = "launch_competitors";
    type Batch = Vec<Option<Sale>>;
    type Options = Option<f64>;
    type Answer = Option<Row>;

    fn about() -> About {
        About {
            description: "How our units answer to a competitor's price, with products and periods held fixed. \
                          See launch_competitors.",
            parameters: vec![
                Parameter::new::<i64>("product", "number of our product"),
                Parameter::new::<i64>("period", "number of the period"),
                Parameter::new::<i64>("month", "number of the calendar month, as __launch_period counts"),
                Parameter::new::<f64>("units", "our units"),
                Parameter::new::<f64>("own_price", "our price"),
                Parameter::new::<f64>("their_price", "their price"),
                level_option(),
            ],
            returns: Returns::Columns(&[
                ("elasticity", "change of our units with their price"),
                ("lower", "lower end of its interval"),
                ("upper", "upper end of its interval"),
                ("own_elasticity", "change of our units with our own price"),
                ("observations", "periods of products it rests on"),
                ("products", "products it rests on"),
                ("reason", "what it rests on, or why the numbers are NULL"),
            ]),
            examples: &[
                "SELECT __launch_cross_elasticity(i % 3, i // 3, i // 12, 100 + hash(i) % 9, 10 + i % 4, 9 + hash(i) % 3) \
                 FROM range(120) t(i)",
            ],
        }
    }

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
            Err(Error::Refused(reason)) => Row {
                observations,
                reason,
                ..Row::default()
            },
            Err(error) => return Err(error.into()),
        }))
    }
}
