//! All tables of a report read, and what they say of each other.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    accuracy::{self, Review},
    actions::Calendar,
    chart::Chart,
    forecast::Forecast,
    offers::{Axis, Comparables, Curves},
    plan::{Estimate, Launch, Plan},
    rows::Rows,
    supply::{self, Section, Stock},
    tables::{Options, Tables},
    words,
};
use crate::error::Result;

/// How far a total may be from the plan to be that of the plan.
const ALIKE: f64 = 0.02;

/// What a report says.
#[derive(Debug)]
pub struct Contents {
    /// The plan.
    pub plan: Plan,
    /// Launches shown in full.
    pub full: usize,
    /// The sums of all launches, with intervals that hold, if they were given.
    pub total: Option<Estimate>,
    /// Fans.
    pub forecast: Option<Forecast>,
    /// Past launches behind them.
    pub comparables: Option<Comparables>,
    /// Curves over dates.
    pub timing: Option<Curves>,
    /// Curves over prices.
    pub pricing: Option<Curves>,
    /// Orders.
    pub stock: Option<Stock>,
    /// Money by channel.
    pub channels: Option<Section>,
    /// Lines of time.
    pub calendar: Section,
    /// Users.
    pub audience: Option<Section>,
    /// How good forecasts are.
    pub evaluation: Option<Section>,
    /// Plan against actuals.
    pub review: Option<Review>,
    /// Findings.
    pub doctor: Option<Section>,
    /// What to look at before the plan is followed.
    pub notices: Vec<String>,
    /// What `launch_model_info` says.
    pub model: Option<Value>,
    /// The tables given, with their rows.
    pub given: Vec<(&'static str, usize)>,
}

impl Contents {
    /// Reads all tables.
    ///
    /// # Errors
    /// A table is not what it should be.
    pub fn read(tables: &Tables, options: &Options) -> Result<Self> {
        let plan = Plan::read(tables, options)?;
        let full = plan.launches.len().min(options.full);
        let shown = plan.launches.get(..full).unwrap_or_default();
        let calendar = match &tables.calendar {
            Some(rows) => Calendar::read(rows, shown, options)?,
            None => Calendar::default(),
        };
        let curves =
            |rows: &Option<Rows>, axis| rows.as_ref().map(|rows| Curves::read(rows, axis, options)).transpose();
        let model = options
            .model
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok());
        let mut contents = Self {
            calendar: calendar.section(shown),
            total: tables.total.as_ref().map(total).transpose()?.flatten(),
            forecast: tables
                .forecast
                .as_ref()
                .map(|rows| Forecast::read(rows, options))
                .transpose()?,
            comparables: tables
                .comparables
                .as_ref()
                .map(|rows| Comparables::read(rows, options))
                .transpose()?,
            timing: curves(&tables.timing, Axis::Dates)?,
            pricing: curves(&tables.pricing, Axis::Prices)?,
            stock: tables
                .stock
                .as_ref()
                .map(|rows| supply::stock(rows, options))
                .transpose()?,
            channels: tables.channels.as_ref().map(supply::channels).transpose()?,
            audience: tables.audience.as_ref().map(supply::audience).transpose()?,
            evaluation: tables.evaluation.as_ref().map(accuracy::evaluation).transpose()?,
            review: tables
                .review
                .as_ref()
                .map(|rows| Review::read(rows, options))
                .transpose()?,
            doctor: tables.doctor.as_ref().map(accuracy::doctor).transpose()?,
            notices: Vec::new(),
            given: given(tables),
            model,
            full,
            plan,
        };
        contents.notices = contents.look(tables, options);
        Ok(contents)
    }

    /// The launches shown in full.
    pub fn shown(&self) -> &[Launch] {
        self.plan.launches.get(..self.full).unwrap_or_default()
    }

    /// What `launch_model_info` says of a name.
    pub fn model_text(&self, name: &str) -> Option<String> {
        match self.model.as_ref()?.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Array(values) => {
                let texts: Vec<_> = values.iter().filter_map(Value::as_str).collect();
                Some(texts.join(", ")).filter(|text| !text.is_empty())
            }
            _ => None,
        }
    }

    /// The models behind the tables.
    pub fn models(&self) -> Vec<String> {
        let forecast = self
            .forecast
            .iter()
            .flat_map(|forecast| forecast.models.iter().cloned());
        let named = self
            .plan
            .models
            .iter()
            .cloned()
            .chain(forecast)
            .chain(self.model_text("model_id"));
        let named: BTreeSet<String> = named.collect();
        named.into_iter().collect()
    }

    /// The total, if it is of what the plan expects: of other dates, prices or orders its interval is another one.
    pub fn total_of_plan(&self) -> Option<Estimate> {
        let plan = self.plan.sum(|launch| launch.units.mean);
        self.total.filter(|total| {
            let pair = total.mean.zip(plan);
            pair.is_some_and(|(total, plan)| (total - plan).abs() <= ALIKE * plan.abs())
        })
    }

    /// Where the tables do not fit each other.
    fn look(&self, tables: &Tables, options: &Options) -> Vec<String> {
        let mut notices = Vec::new();
        let models = self.models();
        if models.len() > 1 {
            let names: Vec<_> = models.iter().map(|name| words::short(name, 40)).collect();
            notices.push(format!(
                "The tables come from {} models ({}): make plan, forecast and the others with one.",
                models.len(),
                names.join(", ")
            ));
        }
        for (label, rows) in optional(tables) {
            let Some(rows) = rows else { continue };
            if rows.is_empty() {
                notices.push(format!("The table {label} has no rows."));
            }
            let id = rows.find(if label == "audience" {
                "product_id"
            } else {
                &options.product_id
            });
            let (Some(id), false) = (id, rows.is_empty()) else {
                continue;
            };
            let known: BTreeSet<&str> = self.plan.launches.iter().map(|launch| launch.id.as_str()).collect();
            let refused: BTreeSet<&str> = self.plan.refused.iter().map(|(id, _)| id.as_str()).collect();
            let there: BTreeSet<&str> = (0..rows.len()).filter_map(|row| id.id(row)).collect();
            let others = there
                .iter()
                .filter(|id| !known.contains(**id) && !refused.contains(**id));
            if let Some(one) = others.clone().next() {
                notices.push(format!(
                    "The table {label} has {} that the plan has not, such as {}.",
                    words::count(others.count(), "product", "products"),
                    words::short(one, 60)
                ));
            }
            // The others may well be of some products alone.
            let whole = ["forecast", "timing", "pricing", "stock"].contains(&label);
            let missing = known.iter().filter(|id| whole && !there.contains(**id));
            if let Some(one) = missing.clone().next() {
                notices.push(format!(
                    "The table {label} lacks {} of the plan, such as {}.",
                    words::count(missing.count(), "product", "products"),
                    words::short(one, 60)
                ));
            }
        }
        notices.extend(self.moved());
        notices.extend(self.ordered_otherwise());
        if let (Some(total), None) = (self.total, self.total_of_plan()) {
            notices.push(format!(
                "The table total expects {} units and the plan {}, at its own dates, prices and orders: its interval is not that of the plan.",
                words::or_none(total.mean, words::units),
                words::or_none(self.plan.sum(|launch| launch.units.mean), words::units)
            ));
        }
        for (label, what, curves) in [("timing", "date", &self.timing), ("pricing", "price", &self.pricing)] {
            let differs = |launch: &&Launch| curves.as_ref().is_some_and(|curves| curves.differs(launch));
            let others = self.plan.launches.iter().filter(differs);
            if let Some(one) = others.clone().next() {
                notices.push(format!(
                    "The table {label} chooses another {what} than the plan for {}, such as {}: make both with the same options.",
                    words::count(others.count(), "product", "products"),
                    words::short(&one.id, 60)
                ));
            }
        }
        notices
    }

    /// Forecasts of another date than the plan's.
    fn moved(&self) -> Option<String> {
        let forecast = self.forecast.as_ref()?;
        let moved = |launch: &&Launch| {
            let dates: Option<Vec<_>> = forecast
                .products
                .get(&launch.id)
                .map(|steps| steps.iter().map(|step| step.date).collect());
            // The first period holds the launch: it begins by then, and the second one after.
            dates.is_some_and(|dates| {
                dates.first().is_some_and(|first| *first > launch.date)
                    || dates.get(1).is_some_and(|second| *second <= launch.date)
            })
        };
        let moved: Vec<_> = self.plan.launches.iter().filter(moved).collect();
        let first = moved.first()?;
        Some(format!(
            "The forecast is of another launch date than the plan for {}, such as {}: the fan shows the date of the forecast.",
            words::count(moved.len(), "product", "products"),
            words::short(&first.id, 60)
        ))
    }

    /// Orders of the table stock that are not those of the plan.
    fn ordered_otherwise(&self) -> Option<String> {
        let orders = &self.stock.as_ref()?.orders;
        let both = |launch: &Launch| Some((*orders.get(&launch.id)?, launch.order?));
        let both: Vec<_> = self
            .plan
            .launches
            .iter()
            .filter_map(|launch| both(launch).map(|(stock, plan)| (launch, stock, plan)))
            .collect();
        let others: Vec<_> = both
            .iter()
            .filter(|(_, stock, plan)| (stock - plan).abs() >= 0.5)
            .collect();
        let (first, stock, plan) = others.first()?;
        Some(format!(
            "{} of {} in the table stock differ from the plan, such as {} ({}, in the plan {}): \
             the page shows the orders of stock, but units, revenue and profit that rest on those of the plan.",
            words::fixed(others.len() as f64, 0),
            words::count(both.len(), "order", "orders"),
            words::short(&first.id, 60),
            words::units(*stock),
            words::units(*plan)
        ))
    }

    /// All charts: of everything together, then of each product shown.
    pub fn charts(&self) -> Vec<Chart> {
        let mut charts: Vec<Chart> = self.calendar.charts.clone();
        charts.extend(self.forecast.as_ref().and_then(Forecast::demand));
        let stock = self.stock.as_ref().map(|stock| &stock.section);
        let sections = [
            stock,
            self.channels.as_ref(),
            self.audience.as_ref(),
            self.evaluation.as_ref(),
        ];
        charts.extend(
            sections
                .into_iter()
                .flatten()
                .flat_map(|section| section.charts.iter().cloned()),
        );
        for launch in self.shown() {
            let id = launch.id.as_str();
            charts.extend(self.forecast.as_ref().and_then(|forecast| forecast.fan(id)));
            charts.extend(self.comparables.as_ref().and_then(|found| found.chart(id)));
            charts.extend(self.timing.as_ref().and_then(|curves| curves.chart(id)));
            charts.extend(self.pricing.as_ref().and_then(|curves| curves.chart(id)));
            charts.extend(self.review.as_ref().and_then(|review| review.chart(id)));
        }
        charts
    }
}

/// All tables but the plan.
fn optional(tables: &Tables) -> [(&'static str, Option<&Rows>); 12] {
    [
        ("forecast", tables.forecast.as_ref()),
        ("total", tables.total.as_ref()),
        ("comparables", tables.comparables.as_ref()),
        ("timing", tables.timing.as_ref()),
        ("pricing", tables.pricing.as_ref()),
        ("stock", tables.stock.as_ref()),
        ("channels", tables.channels.as_ref()),
        ("calendar", tables.calendar.as_ref()),
        ("audience", tables.audience.as_ref()),
        ("evaluation", tables.evaluation.as_ref()),
        ("review", tables.review.as_ref()),
        ("doctor", tables.doctor.as_ref()),
    ]
}

fn given(tables: &Tables) -> Vec<(&'static str, usize)> {
    let others = optional(tables)
        .into_iter()
        .filter_map(|(label, rows)| Some((label, rows?.len())));
    std::iter::once(("plan", tables.plan.len())).chain(others).collect()
}

/// The one row of a total.
fn total(rows: &Rows) -> Result<Option<Estimate>> {
    let mean = rows.column("expected_units")?;
    if rows.len() != 1 {
        return Err(crate::error::Error::argument(format!(
            "total must have one row, as launch_total returns it for the whole horizon, without by; it has {}",
            rows.len()
        )));
    }
    Ok(Some(Estimate {
        mean: mean.number(0)?,
        lower: rows.optional("units_lower").number(0)?,
        upper: rows.optional("units_upper").number(0)?,
    }))
}
