//! How good forecasts are, plan against actuals, and what the doctor found in the data.

use std::collections::BTreeMap;

use super::{
    chart::{Bar, Chart, Marks, Place, Point},
    rows::Rows,
    supply::Section,
    table::Table,
    tables::Options,
    words,
};
use crate::error::{Error, Result};

/// Bars of a chart, at most.
const DRAWN: usize = 20;

/// Reads an evaluation, as `launch_evaluate` or `launch_backtest` returns it.
///
/// # Errors
/// It is neither, or a cell is of another kind.
pub fn evaluation(rows: &Rows) -> Result<Section> {
    match (rows.find("architecture"), rows.find("key")) {
        (Some(_), _) => backtest(rows),
        (None, Some(_)) => evaluated(rows),
        (None, None) => Err(Error::argument(
            "evaluation must be a table as launch_evaluate or launch_backtest returns it: it has neither the column key nor architecture",
        )),
    }
}

fn evaluated(rows: &Rows) -> Result<Section> {
    let key = rows.optional("key");
    let head = [
        "Of",
        "#Forecasts",
        "#Error (wape)",
        "#Baseline",
        "#Bias",
        "#Baseline bias",
        "#Log error (rmsle)",
        "#Baseline rmsle",
        "#Pinball",
        "#Baseline pinball",
        "#In the interval",
    ];
    let mut table = Table::new("Forecasts beside what was sold, and a naive baseline", &head);
    let (mut bars, mut notes) = (Vec::new(), Vec::new());
    for row in 0..rows.len() {
        let number = |name: &str| rows.optional(name).number(row);
        let plain = |name: &str| Ok::<_, Error>(words::or_none(number(name)?, words::plain));
        let name = key.text(row).unwrap_or(words::NONE);
        let (wape, naive) = (number("wape")?, number("naive_wape")?);
        table.push(vec![
            name.to_owned(),
            words::or_none(number("n")?, words::units),
            words::or_none(wape, words::percent),
            words::or_none(naive, words::percent),
            words::or_none(number("bias")?, words::percent),
            words::or_none(number("naive_bias")?, words::percent),
            plain("rmsle")?,
            plain("naive_rmsle")?,
            plain("pinball")?,
            plain("naive_pinball")?,
            words::or_none(number("coverage")?, words::percent),
        ]);
        for (whose, error) in [("", wape), (", baseline", naive)] {
            bars.extend(error.map(|error| bar(format!("{name}{whose}"), error)));
        }
        if row == 0 {
            notes.extend(verdict(wape, naive));
        }
    }
    Ok(section(table, bars, notes))
}

fn verdict(wape: Option<f64>, naive: Option<f64>) -> Option<String> {
    let (wape, naive) = (wape?, naive?);
    let better = if wape < naive { "better" } else { "no better" };
    Some(format!(
        "The forecasts are {better} than the baseline: errors of {} of the units sold, beside {}.",
        words::percent(wape),
        words::percent(naive)
    ))
}

fn bar(label: String, share: f64) -> Bar {
    Bar {
        label,
        value: 100.0 * share,
        lower: None,
        upper: None,
    }
}

fn backtest(rows: &Rows) -> Result<Section> {
    let (architecture, cutoff) = (rows.optional("architecture"), rows.optional("cutoff"));
    let head = [
        "Model",
        "@Cutoff",
        "#Launches",
        "#Error (wape)",
        "#Log error (rmsle)",
        "#Bias",
        "#Bias of totals",
        "#In the interval",
        "#Pinball",
        "*Why",
    ];
    let mut table = Table::new("Models on past launches that they had not seen", &head);
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for row in 0..rows.len() {
        let number = |name: &str| rows.optional(name).number(row);
        let name = architecture.text(row).unwrap_or(words::NONE);
        let (wape, launches) = (number("wape")?, number("launches")?);
        if let (Some(wape), Some(launches)) = (wape, launches) {
            let sum = sums.entry(name.to_owned()).or_default();
            *sum = (sum.0 + wape * launches, sum.1 + launches);
        }
        table.push(vec![
            name.to_owned(),
            words::day_or_none(cutoff.day(row)?),
            words::or_none(launches, words::units),
            words::or_none(wape, words::percent),
            words::or_none(number("rmsle")?, words::plain),
            words::or_none(number("bias")?, words::percent),
            words::or_none(number("mean_bias")?, words::percent),
            words::or_none(number("coverage")?, words::percent),
            words::or_none(number("pinball")?, words::plain),
            rows.optional("reason").text(row).unwrap_or_default().to_owned(),
        ]);
    }
    let means: BTreeMap<_, _> = sums
        .into_iter()
        .filter(|(_, sum)| sum.1 > 0.0)
        .map(|(name, sum)| (name, sum.0 / sum.1))
        .collect();
    let naive = means.get("naive").copied();
    let best = means
        .iter()
        .filter(|(name, _)| *name != "naive")
        .min_by(|a, b| a.1.total_cmp(b.1));
    let notes = best
        .and_then(|(name, wape)| Some(format!("{name}: {}", verdict(Some(*wape), naive)?)))
        .into_iter()
        .collect();
    let bars = means.into_iter().map(|(name, mean)| bar(name, mean)).collect();
    Ok(section(table, bars, notes))
}

fn section(table: Table, bars: Vec<Bar>, notes: Vec<String>) -> Section {
    let least = bars.iter().min_by(|a, b| a.value.total_cmp(&b.value));
    let chart = least.filter(|_| bars.len() <= DRAWN).map(|least| Chart {
        kind: "evaluation",
        product: None,
        title: "Errors as a share of the units sold: less is better".to_owned(),
        description: format!(
            "{} compared; the least error is that of {}.",
            bars.len(),
            words::short(&least.label, 60)
        ),
        x: "Error (wape), in %".to_owned(),
        y: "Forecast".to_owned(),
        marks: Marks::Bars(bars.clone()),
    });
    Section {
        charts: chart.into_iter().collect(),
        table: table.without_empty(),
        notes,
    }
}

/// Plan against actuals, as `launch_review` returns it.
#[derive(Debug, Clone, Default)]
pub struct Review {
    curves: BTreeMap<String, Vec<Point>>,
    /// The last step of each product.
    pub table: Table,
}

impl Review {
    /// Reads a review.
    ///
    /// # Errors
    /// A column is missing, or a cell of another kind.
    pub fn read(rows: &Rows, options: &Options) -> Result<Self> {
        let (id, planned) = (rows.column(&options.product_id)?, rows.column("planned_units")?);
        let (date, actual) = (rows.column("date")?, rows.column("actual_units")?);
        let mut latest: BTreeMap<String, (f64, Vec<String>)> = BTreeMap::new();
        let mut curves: BTreeMap<String, Vec<Point>> = BTreeMap::new();
        for row in 0..rows.len() {
            let number = |name: &str| rows.optional(name).number(row);
            let product = id.id(row).unwrap_or(words::NONE).to_owned();
            let (day, sold) = (date.day(row)?, actual.number(row)?);
            let step = number("step")?.unwrap_or(0.0);
            if let Some(day) = day {
                curves.entry(product.clone()).or_default().push(Point {
                    x: Place::Day(day),
                    y: planned.number(row)?,
                    lower: number("lower")?,
                    upper: number("upper")?,
                    second: sold,
                    chosen: false,
                });
            }
            let known = latest.get(&product).is_none_or(|(before, _)| *before <= step);
            if known && (sold.is_some() || !latest.contains_key(&product)) {
                let text = |name: &str| rows.optional(name).text(row).unwrap_or_default().to_owned();
                let cells = vec![
                    product.clone(),
                    words::day_or_none(day),
                    words::or_none(planned.number(row)?, words::units),
                    words::or_none(sold, words::units),
                    words::or_none(number("cumulative_index")?, |index| words::fixed(index, 2)),
                    words::or_none(number("projected_units")?, words::units),
                    text("recommendation"),
                    text("reason"),
                ];
                latest.insert(product, (step, cells));
            }
        }
        let head = [
            "Product",
            "@Period from",
            "#Planned",
            "#Sold",
            "#Sold to plan so far",
            "#Projected",
            "*Advice",
            "*Why",
        ];
        let mut table = Table::new("Where each launch stands: its last period that is known", &head);
        latest.into_values().for_each(|(_, cells)| table.push(cells));
        for points in curves.values_mut() {
            points.sort_by(|a, b| a.x.number().total_cmp(&b.x.number()));
        }
        Ok(Self {
            curves,
            table: table.without_empty(),
        })
    }

    /// Plan and actuals of a product.
    pub fn chart(&self, product: &str) -> Option<Chart> {
        let points = self.curves.get(product)?;
        let known = points.iter().filter(|point| point.second.is_some()).count();
        Some(Chart {
            kind: "review",
            product: Some(product.to_owned()),
            title: "Plan and actuals".to_owned(),
            description: format!(
                "Planned units by period as a line with its interval, units sold as a dashed line; {} of {} periods are known.",
                known,
                points.len()
            ),
            x: "First day of the period".to_owned(),
            y: "Units per period".to_owned(),
            marks: Marks::Lines(points.clone()),
        })
    }

    /// The table beneath.
    pub fn steps(&self, product: &str) -> Option<Table> {
        let mut table = Table::new(
            "Plan and actuals by period, in units",
            &["@First day", "#Lower", "#Planned", "#Upper", "#Sold"],
        );
        for point in self.curves.get(product)? {
            let units = |number| words::or_none(number, words::units);
            let Place::Day(day) = point.x else { continue };
            let numbers = [point.lower, point.y, point.upper, point.second].map(units);
            table.push(std::iter::once(words::day(day)).chain(numbers).collect());
        }
        Some(table.without_empty())
    }
}

/// Reads findings, as `launch_doctor` returns them.
///
/// # Errors
/// A column is missing, or a cell of another kind.
pub fn doctor(rows: &Rows) -> Result<Section> {
    let (check, status) = (rows.column("check")?, rows.column("status")?);
    let head = ["Finding", "Status", "#Affected", "#Share", "Example", "*What to do"];
    let mut found = Vec::new();
    let mut fine = 0;
    for row in 0..rows.len() {
        let text = |name: &str| rows.optional(name).text(row).unwrap_or_default().to_owned();
        let status = status.text(row).unwrap_or(words::NONE).to_lowercase();
        if status == "ok" {
            fine += 1;
            continue;
        }
        let place = ["error", "warning"]
            .iter()
            .position(|known| *known == status)
            .unwrap_or(2);
        found.push((
            place,
            vec![
                check.text(row).unwrap_or(words::NONE).replace('_', " "),
                status,
                words::or_none(rows.optional("affected").number(row)?, words::units),
                words::or_none(rows.optional("share").number(row)?, words::percent),
                text("example"),
                text("fix"),
            ],
        ));
    }
    found.sort();
    let counted = |place: usize| found.iter().filter(|(of, _)| *of == place).count();
    let notes = vec![format!(
        "The data have {} and {}; {} found nothing.",
        words::count(counted(0), "error", "errors"),
        words::count(counted(1), "warning", "warnings"),
        words::count(fine, "other check", "other checks")
    )];
    let mut table = Table::new("Findings in the data", &head);
    found.into_iter().for_each(|(_, row)| table.push(row));
    Ok(Section {
        charts: Vec::new(),
        table: table.without_empty(),
        notes,
    })
}
