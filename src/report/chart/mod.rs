//! The charts of a report: what is drawn, as data. `svg` draws it on the page, `vega` writes it as Vega-Lite, and its rows are the
//! table beneath.

pub mod scale;
pub mod svg;
pub mod vega;

use chrono::NaiveDate;

use super::{table::Table, words};

/// A chart.
#[derive(Debug, Clone)]
pub struct Chart {
    /// Which of the charts it is, such as `forecast`.
    pub kind: &'static str,
    /// The product that it is of; `None` for all.
    pub product: Option<String>,
    /// The title.
    pub title: String,
    /// What it shows, for those who do not see it.
    pub description: String,
    /// Title of the horizontal axis, with its unit.
    pub x: String,
    /// Title of the vertical axis, with its unit.
    pub y: String,
    /// What is drawn.
    pub marks: Marks,
}

/// What is drawn.
#[derive(Debug, Clone)]
pub enum Marks {
    /// A line with its interval over dates or numbers.
    Lines(Vec<Point>),
    /// One horizontal bar a row.
    Bars(Vec<Bar>),
    /// One line of time a row.
    Gantt(Vec<Span>),
}

/// A place on the horizontal axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    /// A day.
    Day(NaiveDate),
    /// A number.
    Number(f64),
}

/// A point of a line.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// Where.
    pub x: Place,
    /// The value of the line.
    pub y: Option<f64>,
    /// Lower end of the interval.
    pub lower: Option<f64>,
    /// Upper end.
    pub upper: Option<f64>,
    /// The value of a second line, such as the expected units beside their median.
    pub second: Option<f64>,
    /// Whether it is the one chosen.
    pub chosen: bool,
}

/// A bar.
#[derive(Debug, Clone)]
pub struct Bar {
    /// What it stands for.
    pub label: String,
    /// Its length.
    pub value: f64,
    /// Lower end of an interval.
    pub lower: Option<f64>,
    /// Upper end.
    pub upper: Option<f64>,
}

/// A line of time.
#[derive(Debug, Clone)]
pub struct Span {
    /// What it stands for.
    pub label: String,
    /// The first day of the bar: the launch.
    pub start: NaiveDate,
    /// The last day.
    pub end: NaiveDate,
    /// Days with something to do.
    pub marks: Vec<(NaiveDate, String)>,
}

impl Chart {
    /// What is drawn, as a table.
    pub fn numbers(&self) -> Table {
        let number = |number: Option<f64>| words::or_none(number, words::plain);
        let mut table = match &self.marks {
            Marks::Lines(_) => Table::new(
                &self.title,
                &[
                    &format!("@{}", self.x),
                    &format!("#{}", self.y),
                    "#Lower",
                    "#Upper",
                    "#Second",
                ],
            ),
            Marks::Bars(_) => Table::new(&self.title, &[&self.y, &format!("#{}", self.x), "#Lower", "#Upper"]),
            Marks::Gantt(_) => Table::new(&self.title, &[&self.y, "@First day", "@Last day"]),
        };
        match &self.marks {
            Marks::Lines(points) => points.iter().for_each(|p| {
                let x = match p.x {
                    Place::Day(day) => words::day(day),
                    Place::Number(x) => words::plain(x),
                };
                table.push(vec![x, number(p.y), number(p.lower), number(p.upper), number(p.second)]);
            }),
            Marks::Bars(bars) => bars.iter().for_each(|bar| {
                table.push(vec![
                    bar.label.clone(),
                    number(Some(bar.value)),
                    number(bar.lower),
                    number(bar.upper),
                ]);
            }),
            Marks::Gantt(spans) => spans.iter().for_each(|span| {
                table.push(vec![span.label.clone(), words::day(span.start), words::day(span.end)]);
            }),
        }
        table.without_empty()
    }
}

impl Place {
    /// As a number: days count from 1970.
    pub fn number(self) -> f64 {
        match self {
            Self::Day(day) => f64::from(days(day)),
            Self::Number(number) => number,
        }
    }
}

/// Days since the first of January 1970.
pub fn days(day: NaiveDate) -> i32 {
    use chrono::Datelike;
    // 1970-01-01 is day 719,163 of the common era.
    day.num_days_from_ce() - 719_163
}

/// The day of a number of days since 1970.
pub fn day(days: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(days.checked_add(719_163)?)
}
