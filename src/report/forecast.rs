//! The forecast of a report: a fan for each product, and what all of them may sell by week or month.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};

use super::{
    chart::{Chart, Marks, Place, Point},
    rows::Rows,
    table::Table,
    tables::Options,
    words,
};
use crate::error::Result;

/// One period of a forecast.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Its first day.
    pub date: NaiveDate,
    /// From 1.
    pub step: f64,
    /// Median.
    pub median: Option<f64>,
    /// Lower end of the interval.
    pub lower: Option<f64>,
    /// Upper end.
    pub upper: Option<f64>,
    /// Expected units.
    pub mean: Option<f64>,
}

/// Forecasts by product.
#[derive(Debug, Clone, Default)]
pub struct Forecast {
    /// The periods of each product, in their order.
    pub products: BTreeMap<String, Vec<Step>>,
    /// Products without one, and why.
    pub refused: Vec<(String, String)>,
    /// The models it is of.
    pub models: Vec<String>,
}

impl Forecast {
    /// Reads a forecast.
    ///
    /// # Errors
    /// A column is missing, or a cell of another kind.
    pub fn read(rows: &Rows, options: &Options) -> Result<Self> {
        let id = rows.column(&options.product_id)?;
        let (date, median) = (rows.column("date")?, rows.column("yhat")?);
        let (step, model) = (rows.optional("step"), rows.optional("model_id"));
        let (status, reason) = (rows.optional("status"), rows.optional("reason"));
        let mut forecast = Self::default();
        for row in 0..rows.len() {
            let product = id.id(row).unwrap_or("(no product)").to_owned();
            forecast.models.extend(model.text(row).map(str::to_owned));
            let refused = status
                .text(row)
                .is_some_and(|status| !status.eq_ignore_ascii_case("ok"));
            let Some(date) = date.day(row)?.filter(|_| !refused) else {
                let why = reason.text(row).unwrap_or("its date is NULL").to_owned();
                forecast.refused.push((product, why));
                continue;
            };
            let number = |name: &str| rows.optional(name).number(row);
            let of_product = forecast.products.entry(product).or_default();
            of_product.push(Step {
                date,
                step: step.number(row)?.unwrap_or(of_product.len() as f64 + 1.0),
                median: median.number(row)?,
                lower: number("yhat_lower")?,
                upper: number("yhat_upper")?,
                mean: number("mean")?,
            });
        }
        for steps in forecast.products.values_mut() {
            steps.sort_by_key(|step| step.date);
        }
        forecast.refused.sort_unstable();
        forecast.refused.dedup();
        forecast.models.sort_unstable();
        forecast.models.dedup();
        Ok(forecast)
    }

    /// The fan of a product.
    pub fn fan(&self, product: &str) -> Option<Chart> {
        let steps = self.products.get(product)?;
        let (first, last) = (steps.first()?, steps.last()?);
        let sum: Option<f64> = steps.iter().map(|step| step.mean).sum();
        let expected = sum.map_or_else(String::new, |sum| {
            format!(" {} units are expected in all.", words::units(sum))
        });
        let peak = steps
            .iter()
            .max_by(|a, b| a.median.unwrap_or(0.0).total_cmp(&b.median.unwrap_or(0.0)))?;
        let at_peak = peak.median.map_or_else(String::new, |median| {
            format!(
                " The median is highest in the period from {}: {} units.",
                words::day(peak.date),
                words::units(median)
            )
        });
        Some(Chart {
            kind: "forecast",
            product: Some(product.to_owned()),
            title: format!("Forecast of {}", words::short(product, 60)),
            description: format!(
                "Units by period from {} to {}: the median as a line, its interval as a band, the expected units as a dashed line.{expected}{at_peak}",
                words::day(first.date),
                words::day(last.date)
            ),
            x: "First day of the period".to_owned(),
            y: "Units per period".to_owned(),
            marks: Marks::Lines(
                steps
                    .iter()
                    .map(|step| Point {
                        x: Place::Day(step.date),
                        y: step.median,
                        lower: step.lower,
                        upper: step.upper,
                        second: step.mean,
                        chosen: false,
                    })
                    .collect(),
            ),
        })
    }

    /// The table beneath a fan.
    pub fn table(&self, product: &str) -> Option<Table> {
        let steps = self.products.get(product)?;
        let mut table = Table::new(
            "Forecast by period, in units",
            &["@First day", "#Lower", "#Median", "#Upper", "#Expected"],
        );
        for step in steps {
            let units = |number| words::or_none(number, words::units);
            table.push(vec![
                words::day(step.date),
                units(step.lower),
                units(step.median),
                units(step.upper),
                units(step.mean),
            ]);
        }
        Some(table.without_empty())
    }

    /// Expected units of all products, by week, or by month where steps are months; medians where no expected units are given.
    pub fn demand(&self) -> Option<Chart> {
        let apart = |steps: &Vec<Step>| {
            steps
                .windows(2)
                .map(|pair| (pair[1].date - pair[0].date).num_days())
                .min()
        };
        let shortest = self.products.values().filter_map(apart).min()?;
        let monthly = shortest > 20;
        let mut sums: BTreeMap<NaiveDate, f64> = BTreeMap::new();
        for step in self.products.values().flatten() {
            let back = if monthly {
                step.date.day0()
            } else {
                step.date.weekday().num_days_from_monday()
            };
            let begin = step
                .date
                .checked_sub_days(Days::new(u64::from(back)))
                .unwrap_or(step.date);
            *sums.entry(begin).or_default() += step.mean.or(step.median).unwrap_or(0.0);
        }
        let (first, last) = (*sums.keys().next()?, *sums.keys().next_back()?);
        let period = if monthly { "month" } else { "week" };
        let (peak, most) = sums.iter().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(a.0)))?;
        Some(Chart {
            kind: "demand",
            product: None,
            title: format!("Expected units by {period}, all launches together"),
            description: format!(
                "From {} to {}; most, {} units, in the {period} of {}.",
                words::day(first),
                words::day(last),
                words::units(*most),
                words::day(*peak)
            ),
            x: format!("First day of the {period}"),
            y: format!("Units per {period}"),
            marks: Marks::Lines(
                sums.iter()
                    .map(|(date, sum)| Point {
                        x: Place::Day(*date),
                        y: Some(*sum),
                        lower: None,
                        upper: None,
                        second: None,
                        chosen: false,
                    })
                    .collect(),
            ),
        })
    }
}
