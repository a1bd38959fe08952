//! The plan as a report reads it: the row that each product is launched by, what else it could do, and what is refused.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    rows::Rows,
    tables::{Options, Tables},
};
use crate::error::{Error, Result};

/// One row of a plan.
#[derive(Debug, Clone, Default)]
pub struct Launch {
    /// The product.
    pub id: String,
    /// Its launch date.
    pub date: NaiveDate,
    /// Last day of its horizon.
    pub end: Option<NaiveDate>,
    /// Its price.
    pub price: Option<f64>,
    /// Lowest and highest price within 1 % of the best.
    pub prices: (Option<f64>, Option<f64>),
    /// Expected units and their interval.
    pub units: Estimate,
    /// Expected revenue.
    pub revenue: Option<f64>,
    /// Expected profit and its interval.
    pub profit: Estimate,
    /// Units to order.
    pub order: Option<f64>,
    /// Probability of a loss.
    pub loss: Option<f64>,
    /// What it stands at.
    pub bound: Option<String>,
    /// How it came about.
    pub reason: Option<String>,
    /// The other plans of the product, the best first.
    pub others: Vec<Launch>,
}

impl Launch {
    /// Whether anything is known of what it brings.
    pub fn is_known(&self) -> bool {
        self.profit.mean.or(self.revenue).or(self.units.mean).is_some()
    }
}

/// An expected value and its interval.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Estimate {
    /// The expected value.
    pub mean: Option<f64>,
    /// Lower end of the interval.
    pub lower: Option<f64>,
    /// Upper end.
    pub upper: Option<f64>,
}

/// A plan.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The launches, those that bring most first.
    pub launches: Vec<Launch>,
    /// Products without a launch, with the reason.
    pub refused: Vec<(String, String)>,
    /// The models that the plan names, if it does.
    pub models: Vec<String>,
}

impl Plan {
    /// Reads the plan.
    ///
    /// # Errors
    /// A column is missing, a cell is of another kind, or there is no row.
    pub fn read(tables: &Tables, options: &Options) -> Result<Self> {
        let rows = &tables.plan;
        let id = rows.column(&options.product_id)?;
        rows.column("launch_date")?;
        if rows.is_empty() {
            return Err(Error::argument(
                "the plan has no rows: give a table as launch_plan returns it, with at least one product",
            ));
        }
        let (rank, status, reason) = (
            rows.optional("plan_rank"),
            rows.optional("status"),
            rows.optional("reason"),
        );
        let mut plan = Self::default();
        let mut by_product: BTreeMap<&str, Vec<(f64, Launch)>> = BTreeMap::new();
        for row in 0..rows.len() {
            let Some(product) = id.id(row) else {
                plan.refuse(
                    format!("(no {})", options.product_id),
                    format!("its {} is NULL or blank", options.product_id),
                );
                continue;
            };
            let fine = status.text(row).is_none_or(|status| status.eq_ignore_ascii_case("ok"));
            let named = status.text(row).map(|status| format!("its status is {status}"));
            if !fine || (status.exists() && status.text(row).is_none()) {
                let why = reason.text(row).map(str::to_owned).or(named);
                plan.refuse(product, why.unwrap_or_else(|| "its status is NULL".to_owned()));
                continue;
            }
            let Some(launch) = launch(rows, row, product)? else {
                plan.refuse(product, "its launch_date is NULL");
                continue;
            };
            let place = if rank.exists() { rank.number(row)? } else { Some(1.0) };
            match place {
                Some(place) => by_product.entry(product).or_default().push((place, launch)),
                None => plan.refuse(product, "its plan_rank is NULL"),
            }
        }
        for (product, mut found) in by_product {
            // A sort that keeps the order of equal ones: rows come in an order of their own.
            found.sort_by(|a, b| a.0.total_cmp(&b.0));
            let best = found.iter().filter(|(place, _)| *place == 1.0).count();
            let mut found = found.into_iter().map(|(_, launch)| launch);
            match (best, found.next()) {
                (1, Some(chosen)) => plan.launches.push(Launch {
                    others: found.collect(),
                    ..chosen
                }),
                (0, _) => plan.refuse(product, "no row of it has plan_rank 1"),
                _ => plan.refuse(product, format!("{best} rows of it have plan_rank 1: keep one")),
            }
        }
        let models = rows.optional("model_id");
        plan.models = (0..rows.len())
            .filter_map(|row| models.text(row))
            .map(str::to_owned)
            .collect();
        plan.models.sort_unstable();
        plan.models.dedup();
        plan.refused.sort_unstable();
        plan.refused.dedup();
        plan.launches
            .sort_by(|a, b| b.weight().total_cmp(&a.weight()).then(a.date.cmp(&b.date)));
        Ok(plan)
    }

    fn refuse(&mut self, product: impl Into<String>, why: impl Into<String>) {
        self.refused.push((product.into(), why.into()));
    }

    /// The sum of a figure over all launches; `None` if one of them has none.
    pub fn sum(&self, of: impl Fn(&Launch) -> Option<f64>) -> Option<f64> {
        // In the order of the launches, which is always the same.
        if self.launches.is_empty() {
            return None;
        }
        self.launches.iter().map(of).sum()
    }

    /// First and last day of the plan.
    pub fn days(&self) -> Option<(NaiveDate, NaiveDate)> {
        let first = self.launches.iter().map(|launch| launch.date).min()?;
        let last = self
            .launches
            .iter()
            .map(|launch| launch.end.unwrap_or(launch.date))
            .max()?;
        Some((first, last.max(first)))
    }
}

impl Launch {
    /// What launches are ordered by: profit, else revenue, else units.
    fn weight(&self) -> f64 {
        let weight = self.profit.mean.or(self.revenue).or(self.units.mean);
        weight.unwrap_or(f64::NEG_INFINITY)
    }
}

fn launch(rows: &Rows, row: usize, product: &str) -> Result<Option<Launch>> {
    let number = |name: &str| rows.optional(name).number(row);
    let estimate = |mean: &str, lower: &str, upper: &str| -> Result<Estimate> {
        Ok(Estimate {
            mean: number(mean)?,
            lower: number(lower)?,
            upper: number(upper)?,
        })
    };
    let text = |name: &str| rows.optional(name).text(row).map(str::to_owned);
    let Some(date) = rows.optional("launch_date").day(row)? else {
        return Ok(None);
    };
    Ok(Some(Launch {
        id: product.to_owned(),
        date,
        end: rows.optional("horizon_end").day(row)?.filter(|end| *end >= date),
        price: number("price")?,
        prices: (number("price_lower")?, number("price_upper")?),
        units: estimate("expected_units", "units_lower", "units_upper")?,
        revenue: number("expected_revenue")?,
        profit: estimate("expected_profit", "profit_lower", "profit_upper")?,
        order: number("order_units")?,
        loss: number("probability_of_loss")?,
        bound: text("binding_constraint"),
        reason: text("reason"),
        others: Vec::new(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::table;

    fn options() -> Options {
        Options {
            title: None,
            full: 50,
            product_id: "product_id".to_owned(),
            model: None,
            version: "0".to_owned(),
        }
    }

    fn read(names: &[&str], rows: &[&[&str]]) -> Result<Plan> {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| (*cell).to_owned()).collect())
            .collect();
        let plan = table("plan", names, &rows);
        Plan::read(
            &Tables {
                plan,
                ..Tables::default()
            },
            &options(),
        )
    }

    #[test]
    fn the_best_row_of_each_product_is_its_launch() {
        let plan = read(
            &[
                "product_id",
                "plan_rank",
                "launch_date",
                "expected_profit",
                "status",
                "reason",
            ],
            &[
                &["a", "2", "2024-10-14", "5", "ok", "x"],
                &["a", "1", "2024-10-07", "6", "ok", "x"],
                &["b", "1", "2024-10-07", "60", "ok", "x"],
                &["c", "NULL", "NULL", "NULL", "refused", "no price"],
                &["d", "1", "2024-10-07", "60", "ok", "x"],
                &["d", "1", "2024-10-14", "60", "ok", "x"],
                &["e", "2", "2024-10-14", "60", "ok", "x"],
                &["NULL", "1", "2024-10-14", "60", "ok", "x"],
            ],
        );
        let plan = plan.unwrap();
        let ids: Vec<_> = plan
            .launches
            .iter()
            .map(|launch| (launch.id.as_str(), launch.others.len()))
            .collect();
        assert_eq!(ids, [("b", 0), ("a", 1)]);
        let told: Vec<_> = plan.refused.iter().map(|(id, why)| format!("{id}: {why}")).collect();
        assert_eq!(
            told,
            [
                "(no product_id): its product_id is NULL or blank",
                "c: no price",
                "d: 2 rows of it have plan_rank 1: keep one",
                "e: no row of it has plan_rank 1"
            ]
        );
        assert_eq!(plan.sum(|launch| launch.profit.mean), Some(66.0));
        assert_eq!(plan.sum(|launch| launch.price), None);
    }

    #[test]
    fn a_plan_needs_products_and_dates() {
        let told = read(&["product_id", "launch_date"], &[]).unwrap_err().to_string();
        assert!(told.starts_with("the plan has no rows"), "{told}");
        let told = read(&["sku"], &[&["a"]]).unwrap_err().to_string();
        assert!(told.starts_with("column \"product_id\" not found in plan"), "{told}");
        assert_eq!(
            read(&["product_id", "launch_date"], &[&["a", "2024-10-07"]])
                .unwrap()
                .launches
                .len(),
            1
        );
    }
}
