//! Stock to order, and money by channel.

use std::collections::BTreeMap;

use super::{
    chart::{Bar, Chart, Marks},
    rows::Rows,
    table::Table,
    tables::Options,
    words,
};
use crate::error::Result;

/// Bars of a chart, at most.
const DRAWN: usize = 20;

/// The part of a table that a section of the page shows.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// Its charts.
    pub charts: Vec<Chart>,
    /// Its table.
    pub table: Table,
    /// What is to be said of it.
    pub notes: Vec<String>,
}

/// Orders of all products.
#[derive(Debug, Clone, Default)]
pub struct Stock {
    /// Units to order by product, of the first order or now.
    pub orders: BTreeMap<String, f64>,
    /// What is shown.
    pub section: Section,
}

/// Reads orders, as `launch_stock` returns them.
///
/// # Errors
/// A column is missing, or a cell of another kind.
pub fn stock(rows: &Rows, options: &Options) -> Result<Stock> {
    let (id, order) = (rows.column(&options.product_id)?, rows.column("order_units")?);
    let (status, reason, key) = (rows.optional("status"), rows.optional("reason"), rows.optional("key"));
    let head = [
        "Product",
        "Part",
        "@Order on",
        "#Order",
        "@Reorder on",
        "#Reorder",
        "#Sales",
        "#Lost",
        "#Left over",
        "#Suffices",
        "#Profit",
        "Limited by",
        "*Why",
    ];
    let mut table = Table::new("Orders, in units; profit in your currency", &head);
    let (mut orders, mut keys): (BTreeMap<String, f64>, BTreeMap<String, f64>) = (BTreeMap::new(), BTreeMap::new());
    let mut refused = 0;
    for row in 0..rows.len() {
        let product = id.id(row).unwrap_or(words::NONE);
        let number = |name: &str| rows.optional(name).number(row);
        let units = |number| words::or_none(number, words::units);
        let is_refused = status
            .text(row)
            .is_some_and(|status| !status.eq_ignore_ascii_case("ok"));
        refused += usize::from(is_refused);
        let (first, second) = (order.number(row)?, number("reorder_units")?);
        // A product that sells already has its order of today among the reorders.
        let running = rows.optional("reorder_date").text(row).is_none() && first == Some(0.0);
        if let Some(units) = if running { second.or(first) } else { first } {
            *orders.entry(product.to_owned()).or_default() += units;
            if let Some(key) = key.text(row) {
                *keys.entry(key.to_owned()).or_default() += units;
            }
        }
        table.push(vec![
            product.to_owned(),
            key.text(row).unwrap_or_default().to_owned(),
            words::day_or_none(rows.optional("order_date").day(row)?),
            units(first),
            words::day_or_none(rows.optional("reorder_date").day(row)?),
            units(second),
            units(number("expected_sales")?),
            units(number("expected_lost_sales")?),
            units(number("expected_leftover")?),
            words::or_none(number("service_level")?, words::percent),
            words::or_none(number("expected_profit")?, words::money),
            rows.optional("bound").text(row).unwrap_or_default().to_owned(),
            if is_refused {
                reason.text(row).unwrap_or("refused").to_owned()
            } else {
                String::new()
            },
        ]);
    }
    let mut section = Section {
        table: table.without_empty(),
        ..Section::default()
    };
    if refused > 0 {
        section.notes.push(format!(
            "{} without an order; the table says why.",
            words::count(refused, "row", "rows")
        ));
    }
    let title = "Units to order, by product";
    section.charts.extend(bars(
        "stock",
        title,
        "Units to order",
        "Product",
        &orders,
        &mut section.notes,
    ));
    if keys.len() > 1 {
        let title = "Units to order, by part";
        section.charts.extend(bars(
            "stock_split",
            title,
            "Units to order",
            "Part",
            &keys,
            &mut section.notes,
        ));
    }
    Ok(Stock { orders, section })
}

/// The largest values as bars; what is not drawn is told.
fn bars(
    kind: &'static str,
    title: &str,
    x: &str,
    y: &str,
    values: &BTreeMap<String, f64>,
    notes: &mut Vec<String>,
) -> Option<Chart> {
    let mut sorted: Vec<_> = values.iter().collect();
    sorted.sort_by(|a, b| b.1.total_cmp(a.1));
    let (first, most) = sorted.first()?;
    if sorted.len() > DRAWN {
        notes.push(format!(
            "The chart shows the {DRAWN} largest of {}.",
            words::fixed(sorted.len() as f64, 0)
        ));
    }
    Some(Chart {
        kind,
        product: None,
        title: title.to_owned(),
        description: format!(
            "{} in all; most, {}, for {}.",
            words::plain(values.values().sum()),
            words::plain(**most),
            words::short(first, 60)
        ),
        x: x.to_owned(),
        y: y.to_owned(),
        marks: Marks::Bars(
            sorted
                .into_iter()
                .take(DRAWN)
                .map(|(label, value)| Bar {
                    label: label.clone(),
                    value: *value,
                    lower: None,
                    upper: None,
                })
                .collect(),
        ),
    })
}

/// Reads money by channel, as `launch_channels` returns it.
///
/// # Errors
/// A column is missing, or a cell of another kind.
pub fn channels(rows: &Rows) -> Result<Section> {
    let (channel, spend) = (rows.column("channel")?, rows.column("spend")?);
    let head = [
        "Channel",
        "#Money",
        "#Share",
        "#Expected outcome",
        "#Lower",
        "#Upper",
        "#One more brings",
        "Limited by",
        "Known",
        "*Why",
    ];
    let mut table = Table::new("Money by channel, and what it is expected to bring", &head);
    let mut spends = BTreeMap::new();
    let mut notes = Vec::new();
    let mut unknown = Vec::new();
    for row in 0..rows.len() {
        let name = channel.text(row).unwrap_or(words::NONE);
        let number = |column: &str| rows.optional(column).number(row);
        let text = |column: &str| rows.optional(column).text(row).unwrap_or_default().to_owned();
        let money = spend.number(row)?;
        if let Some(money) = money {
            *spends.entry(name.to_owned()).or_insert(0.0) += money;
        }
        let identified = rows.optional("identified");
        if identified.text(row).is_some() && !identified.flag(row) {
            unknown.push(name.to_owned());
        }
        table.push(vec![
            name.to_owned(),
            words::or_none(money, words::money),
            words::or_none(number("share")?, words::percent),
            words::or_none(number("expected_outcome")?, words::plain),
            words::or_none(number("outcome_lower")?, words::plain),
            words::or_none(number("outcome_upper")?, words::plain),
            words::or_none(number("marginal_return")?, words::plain),
            text("bound"),
            match identified.text(row) {
                Some(_) if identified.flag(row) => "yes".to_owned(),
                Some(_) => "no".to_owned(),
                None => String::new(),
            },
            text("reason"),
        ]);
    }
    if !unknown.is_empty() {
        let names = unknown
            .iter()
            .map(|name| words::short(name, 60))
            .collect::<Vec<_>>()
            .join(", ");
        notes.push(format!("What these channels bring is not told by the data: {names}."));
    }
    let title = "Money by channel";
    let charts = bars(
        "channels",
        title,
        "Money, in your currency",
        "Channel",
        &spends,
        &mut notes,
    );
    Ok(Section {
        charts: charts.into_iter().collect(),
        table: table.without_empty(),
        notes,
    })
}

/// Reads audiences, counted by product and channel.
///
/// # Errors
/// A column is missing, or a cell of another kind.
pub fn audience(rows: &Rows) -> Result<Section> {
    let id = rows.column("product_id")?;
    let head = [
        "Product",
        "Channel",
        "#Users",
        "#Told",
        "#Set aside",
        "#Expected buyers",
        "#Expected units",
        "*Why",
    ];
    let mut table = Table::new("Users most likely to buy, by product and channel", &head);
    let mut buyers = BTreeMap::new();
    let mut refused = 0;
    for row in 0..rows.len() {
        let product = id.id(row).unwrap_or(words::NONE);
        let number = |name: &str| rows.optional(name).number(row);
        let why = rows.optional("reason").text(row).unwrap_or_default();
        let (users, control) = (number("users")?, number("control")?);
        refused += usize::from(!why.is_empty());
        let expected = number("buyers")?;
        if let Some(expected) = expected {
            *buyers.entry(product.to_owned()).or_insert(0.0) += expected;
        }
        table.push(vec![
            product.to_owned(),
            rows.optional("channel").text(row).unwrap_or(words::NONE).to_owned(),
            words::or_none(users, words::units),
            words::or_none(users.zip(control).map(|(users, control)| users - control), words::units),
            words::or_none(control, words::units),
            words::or_none(expected, words::plain),
            words::or_none(number("units")?, words::plain),
            why.to_owned(),
        ]);
    }
    let mut notes = Vec::new();
    if refused > 0 {
        notes.push(format!(
            "{} without an audience; the table says why.",
            words::count(refused, "product", "products")
        ));
    }
    let charts = bars(
        "audience",
        "Expected buyers among the users listed",
        "Buyers",
        "Product",
        &buyers,
        &mut notes,
    );
    Ok(Section {
        charts: charts.into_iter().collect(),
        table: table.without_empty(),
        notes,
    })
}
