//! The calendar: launches as lines of time, with what is to be done.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{
    chart::{Chart, Marks, Span},
    plan::Launch,
    rows::Rows,
    supply::Section,
    table::Table,
    tables::Options,
    words,
};
use crate::error::Result;

/// What is to be done for each product.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    /// Days and actions by product.
    marks: BTreeMap<String, Vec<(NaiveDate, String)>>,
    /// What is shown.
    section: Section,
}

impl Calendar {
    /// Reads a calendar, as `launch_calendar` returns it, of the products shown.
    ///
    /// # Errors
    /// A column is missing, or a cell of another kind.
    pub fn read(rows: &Rows, shown: &[Launch], options: &Options) -> Result<Self> {
        let (id, date, action) = (
            rows.column(&options.product_id)?,
            rows.column("date")?,
            rows.column("action")?,
        );
        let shown: BTreeSet<&str> = shown.iter().map(|launch| launch.id.as_str()).collect();
        let head = [
            "@Day",
            "Product",
            "Action",
            "Channel",
            "#Money",
            "#Units",
            "Owner",
            "*What to do",
            "*To look at",
        ];
        let mut table = Table::new("What is to be done, day by day", &head);
        let mut calendar = Self::default();
        let (mut found, mut others) = (Vec::new(), 0);
        for row in 0..rows.len() {
            let text = |name: &str| rows.optional(name).text(row).unwrap_or_default().to_owned();
            let product = id.id(row).unwrap_or(words::NONE);
            if id.id(row).is_some() && !shown.contains(product) {
                others += 1;
                continue;
            }
            let day = date.day(row)?;
            let done = action.text(row).unwrap_or_default();
            if let Some(day) = day {
                calendar
                    .marks
                    .entry(product.to_owned())
                    .or_default()
                    .push((day, done.to_owned()));
            }
            found.push((
                day.is_none(),
                day,
                vec![
                    words::day_or_none(day),
                    product.to_owned(),
                    done.to_owned(),
                    text("channel"),
                    words::or_none(rows.optional("budget").number(row)?, words::money),
                    words::or_none(rows.optional("units").number(row)?, words::units),
                    text("owner"),
                    text("note"),
                    text("reason"),
                ],
            ));
        }
        found.sort();
        found.into_iter().for_each(|(_, _, row)| table.push(row));
        if others > 0 {
            let rows = words::count(others, "row of the calendar concerns", "rows of the calendar concern");
            calendar
                .section
                .notes
                .push(format!("{rows} products that are not shown in full."));
        }
        calendar.section.table = table.without_empty();
        Ok(calendar)
    }

    /// The section: a line of time for each launch, with the actions where there are any.
    pub fn section(mut self, shown: &[Launch]) -> Section {
        let mut launches: Vec<&Launch> = shown.iter().collect();
        launches.sort_by(|a, b| a.date.cmp(&b.date).then_with(|| a.id.cmp(&b.id)));
        let spans: Vec<Span> = launches
            .iter()
            .map(|launch| {
                let mut marks = self.marks.remove(&launch.id).unwrap_or_default();
                marks.sort();
                Span {
                    label: launch.id.clone(),
                    start: launch.date,
                    end: launch.end.unwrap_or(launch.date),
                    marks,
                }
            })
            .collect();
        if self.section.table.head.is_empty() {
            let mut table = Table::new("Launches by date", &["@Launch date", "Product", "@Horizon ends"]);
            for launch in &launches {
                table.push(vec![
                    words::day(launch.date),
                    launch.id.clone(),
                    words::day_or_none(launch.end),
                ]);
            }
            self.section.table = table.without_empty();
        }
        if let (Some(first), Some(last)) = (launches.first(), launches.last()) {
            let actions = spans.iter().map(|span| span.marks.len()).sum::<usize>();
            self.section.charts.push(Chart {
                kind: "calendar",
                product: None,
                title: "Calendar of the launches".to_owned(),
                description: format!(
                    "{} from {} to {}: each bar goes from the launch (diamond) to the last day of the horizon{}.",
                    words::count(launches.len(), "launch", "launches"),
                    words::day(first.date),
                    words::day(last.date),
                    if actions > 0 {
                        ", dots are days with something to do"
                    } else {
                        ""
                    }
                ),
                x: "Date".to_owned(),
                y: "Product".to_owned(),
                marks: Marks::Gantt(spans),
            });
        }
        self.section
    }
}
