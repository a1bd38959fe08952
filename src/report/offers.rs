//! What other dates and prices would bring, and the past launches that a forecast rests on.

use std::collections::BTreeMap;

use super::{
    chart::{Bar, Chart, Marks, Place, Point},
    plan::Launch,
    rows::Rows,
    table::Table,
    tables::Options,
    words,
};
use crate::error::Result;

/// Which of the two curves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Axis {
    /// Over launch dates, as `launch_timing` returns them.
    Dates,
    /// Over prices, as `launch_pricing` returns them.
    Prices,
}

/// What one date or price would bring.
#[derive(Debug, Clone, Copy)]
pub struct Offer {
    place: Place,
    units: Option<f64>,
    revenue: Option<f64>,
    profit: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    order: Option<f64>,
    chosen: bool,
}

/// The curves of all products.
#[derive(Debug, Clone)]
pub struct Curves {
    axis: Axis,
    /// By product.
    pub products: BTreeMap<String, Vec<Offer>>,
}

impl Curves {
    /// Reads the curves.
    ///
    /// # Errors
    /// A column is missing, or a cell of another kind.
    pub fn read(rows: &Rows, axis: Axis, options: &Options) -> Result<Self> {
        let id = rows.column(&options.product_id)?;
        let place = rows.column(match axis {
            Axis::Dates => "launch_date",
            Axis::Prices => "price",
        })?;
        let status = rows.optional("status");
        let mut products: BTreeMap<String, Vec<Offer>> = BTreeMap::new();
        for row in 0..rows.len() {
            let number = |name: &str| rows.optional(name).number(row);
            let fine = status.text(row).is_none_or(|status| status.eq_ignore_ascii_case("ok"));
            let place = match axis {
                Axis::Dates => place.day(row)?.map(Place::Day),
                Axis::Prices => place.number(row)?.map(Place::Number),
            };
            let (Some(product), Some(place), true) = (id.id(row), place, fine) else {
                continue;
            };
            products.entry(product.to_owned()).or_default().push(Offer {
                place,
                units: number("expected_units")?,
                revenue: number("revenue")?,
                profit: number("profit")?,
                lower: number("lower")?,
                upper: number("upper")?,
                order: number("order_units")?,
                chosen: rows.optional("chosen").flag(row),
            });
        }
        for offers in products.values_mut() {
            offers.sort_by(|a, b| a.place.number().total_cmp(&b.place.number()));
        }
        Ok(Self { axis, products })
    }

    /// The curve of a product.
    pub fn chart(&self, product: &str) -> Option<Chart> {
        let offers = self.products.get(product)?;
        let has = |of: fn(&Offer) -> Option<f64>| offers.iter().any(|offer| of(offer).is_some());
        let (what, of): (&str, fn(&Offer) -> Option<f64>) = if has(|offer| offer.profit) {
            ("profit", |offer| offer.profit)
        } else if has(|offer| offer.revenue) {
            ("revenue", |offer| offer.revenue)
        } else {
            ("units", |offer| offer.units)
        };
        let (kind, name, x) = match self.axis {
            Axis::Dates => ("timing", "launch date", "Launch date"),
            Axis::Prices => ("pricing", "price", "Price, in your currency"),
        };
        let best = offers.iter().filter(|offer| of(offer).is_some()).max_by(|a, b| {
            let order = of(a).unwrap_or(0.0).total_cmp(&of(b).unwrap_or(0.0));
            order.then(b.place.number().total_cmp(&a.place.number()))
        });
        let told = |offer: &Offer| {
            let place = match offer.place {
                Place::Day(day) => words::day(day),
                Place::Number(price) => words::price(price),
            };
            format!("{place} ({what} {})", words::or_none(of(offer), words::money))
        };
        let best = best.map_or_else(String::new, |best| format!(" The highest is at {}.", told(best)));
        let chosen = offers.iter().find(|offer| offer.chosen);
        let chosen = chosen.map_or_else(String::new, |chosen| format!(" The plan takes {}.", told(chosen)));
        let with_interval = what == "profit";
        Some(Chart {
            kind,
            product: Some(product.to_owned()),
            title: format!("Expected {what} by {name}"),
            description: format!(
                "{} of {} compared{}.{chosen}{best}",
                words::count(offers.len(), name, &format!("{name}s")),
                words::short(product, 60),
                if with_interval {
                    ", with the interval as a band"
                } else {
                    ""
                }
            ),
            x: x.to_owned(),
            y: match what {
                "units" => "Expected units".to_owned(),
                what => format!("Expected {what}, in your currency"),
            },
            marks: Marks::Lines(
                offers
                    .iter()
                    .map(|offer| Point {
                        x: offer.place,
                        y: of(offer),
                        lower: offer.lower.filter(|_| with_interval),
                        upper: offer.upper.filter(|_| with_interval),
                        second: None,
                        chosen: offer.chosen,
                    })
                    .collect(),
            ),
        })
    }

    /// Whether the curve says that another date or price was chosen than that of the plan.
    pub fn differs(&self, launch: &Launch) -> bool {
        let offers = self.products.get(&launch.id).map_or(&[][..], Vec::as_slice);
        let plan = match self.axis {
            Axis::Dates => Some(Place::Day(launch.date)),
            Axis::Prices => launch.price.map(Place::Number),
        };
        let chosen = offers.iter().find(|offer| offer.chosen);
        chosen.zip(plan).is_some_and(|(offer, plan)| {
            let (theirs, ours) = (offer.place.number(), plan.number());
            (theirs - ours).abs() > 1e-6 * ours.abs().max(1.0)
        })
    }

    /// The table beneath.
    pub fn table(&self, product: &str) -> Option<Table> {
        let offers = self.products.get(product)?;
        let (caption, first) = match self.axis {
            Axis::Dates => ("What each launch date would bring", "@Launch date"),
            Axis::Prices => ("What each price would bring", "#Price"),
        };
        let mut table = Table::new(
            caption,
            &[
                first, "#Units", "#Revenue", "#Profit", "#Lower", "#Upper", "#Order", "Chosen",
            ],
        );
        for offer in offers {
            let money = |number| words::or_none(number, words::money);
            table.push(vec![
                match offer.place {
                    Place::Day(day) => words::day(day),
                    Place::Number(price) => words::price(price),
                },
                words::or_none(offer.units, words::units),
                money(offer.revenue),
                money(offer.profit),
                money(offer.lower),
                money(offer.upper),
                words::or_none(offer.order, words::units),
                if offer.chosen { "yes".to_owned() } else { String::new() },
            ]);
        }
        Some(table.without_empty())
    }
}

/// A past launch that a forecast rests on, or several together.
#[derive(Debug, Clone)]
struct Comparable {
    name: String,
    weight: f64,
    scale: Option<f64>,
    date: String,
    units: Option<f64>,
}

/// The comparables of all products.
#[derive(Debug, Clone, Default)]
pub struct Comparables {
    products: BTreeMap<String, Vec<Comparable>>,
}

/// Comparables drawn, at most.
const DRAWN: usize = 8;

impl Comparables {
    /// Reads the comparables.
    ///
    /// # Errors
    /// A column is missing, or a cell of another kind.
    pub fn read(rows: &Rows, options: &Options) -> Result<Self> {
        let id = rows.column(&options.product_id)?;
        let (name, weight) = (rows.column("comparable_id")?, rows.column("weight")?);
        let (group, date) = (
            rows.optional("comparable_group"),
            rows.optional("comparable_launch_date"),
        );
        let mut products: BTreeMap<String, Vec<Comparable>> = BTreeMap::new();
        for row in 0..rows.len() {
            let name = name.id(row).or(group.text(row));
            let (Some(product), Some(name), Some(weight)) = (id.id(row), name, weight.number(row)?) else {
                continue;
            };
            products.entry(product.to_owned()).or_default().push(Comparable {
                name: name.to_owned(),
                weight,
                scale: rows.optional("scale").number(row)?,
                date: words::day_or_none(date.day(row)?),
                units: rows.optional("comparable_units").number(row)?,
            });
        }
        for found in products.values_mut() {
            found.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        }
        Ok(Self { products })
    }

    /// The weights of a product's comparables.
    pub fn chart(&self, product: &str) -> Option<Chart> {
        let found = self.products.get(product)?;
        let first = found.first()?;
        Some(Chart {
            kind: "comparables",
            product: Some(product.to_owned()),
            title: "Past launches behind the forecast".to_owned(),
            description: format!(
                "Weights of the past launches that the forecast of {} rests on; the largest is {} with {}.",
                words::short(product, 60),
                words::short(&first.name, 60),
                words::percent(first.weight)
            ),
            x: "Weight, in %".to_owned(),
            y: "Past launch".to_owned(),
            marks: Marks::Bars(
                found
                    .iter()
                    .take(DRAWN)
                    .map(|one| Bar {
                        label: one.name.clone(),
                        value: 100.0 * one.weight,
                        lower: None,
                        upper: None,
                    })
                    .collect(),
            ),
        })
    }

    /// The table beneath.
    pub fn table(&self, product: &str) -> Option<Table> {
        let head = ["Past launch", "@Launched", "#Weight", "#Scaled by", "#Its units"];
        let mut table = Table::new("Past launches behind the forecast", &head);
        for one in self.products.get(product)? {
            table.push(vec![
                one.name.clone(),
                one.date.clone(),
                words::percent(one.weight),
                words::or_none(one.scale, |scale| words::fixed(scale, 2)),
                words::or_none(one.units, words::units),
            ]);
        }
        Some(table.without_empty())
    }
}
