//! What all sections are made of.

use maud::{Markup, html};

use crate::report::{
    chart::{
        Chart, Marks,
        svg::{self, Size},
    },
    table::{Kind, Table},
    words,
};

/// Ids of charts, each once on the page.
#[derive(Debug, Default)]
pub struct Ids(usize);

impl Ids {
    fn next(&mut self) -> String {
        self.0 += 1;
        format!("c{}", self.0)
    }
}

/// A section with its heading.
pub fn section(id: &str, title: &str, content: Markup) -> Markup {
    html! {
        section id=(id) aria-labelledby=(format!("{id}-h")) {
            h2 id=(format!("{id}-h")) { (title) }
            (content)
        }
    }
}

/// What is seen when asked for.
pub fn fold(title: &str, content: Markup) -> Markup {
    html! { details { summary { (title) } (content) } }
}

/// A name within a sentence, whatever direction it is written in.
pub fn name(text: &str) -> Markup {
    html! { bdi { (text) } }
}

/// A chart with its title, its legend, and in a fold the table given, else that of its own numbers.
pub fn figure(chart: &Chart, table: Option<&Table>, wide: bool, ids: &mut Ids) -> Markup {
    let own;
    let table = match table {
        Some(table) => table,
        None => {
            own = chart.numbers();
            &own
        }
    };
    let size = if wide { Size::WIDE } else { Size::HALF };
    html! {
        figure class=(if wide { "wide" } else { "half" }) {
            figcaption { (chart.title) (legend(chart)) }
            div class="draw" { (svg::draw(chart, &ids.next(), size)) }
            @if !table.rows.is_empty() { (fold("The numbers", self::table(table))) }
        }
    }
}

fn legend(chart: &Chart) -> Markup {
    let keys: &[(&str, &str)] = match (&chart.marks, chart.kind) {
        (Marks::Lines(_), "forecast") => &[("k-line", "median"), ("k-band", "interval"), ("k-second", "expected")],
        (Marks::Lines(_), "review") => &[("k-line", "planned"), ("k-band", "interval"), ("k-second", "sold")],
        (Marks::Lines(points), "timing" | "pricing") if points.iter().any(|point| point.lower.is_some()) => {
            &[("k-line", "expected"), ("k-band", "interval"), ("k-chosen", "the plan")]
        }
        (Marks::Lines(_), "timing" | "pricing") => &[("k-line", "expected"), ("k-chosen", "the plan")],
        (Marks::Gantt(spans), _) if spans.iter().any(|span| !span.marks.is_empty()) => &[
            ("k-launch", "launch"),
            ("k-span", "horizon"),
            ("k-dot", "something to do"),
        ],
        (Marks::Gantt(_), _) => &[("k-launch", "launch"), ("k-span", "horizon")],
        _ => &[],
    };
    html! {
        @if !keys.is_empty() {
            " " span class="legend" { @for (class, text) in keys { span class=(class) { (text) } " " } }
        }
    }
}

fn class(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Name => None,
        Kind::Number => Some("n"),
        Kind::Day => Some("d"),
        Kind::Words => Some("w"),
    }
}

/// A table.
pub fn table(table: &Table) -> Markup {
    linked_table(table, &|_| None)
}

/// A table whose first cells may be links.
pub fn linked_table(table: &Table, link: &dyn Fn(usize) -> Option<String>) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(table.caption) {
            table {
                caption { (table.caption) }
                thead {
                    tr { @for (title, kind) in &table.head { th scope="col" class=[class(*kind)] { (title.trim()) } } }
                }
                tbody {
                    @for (place, row) in table.rows.iter().enumerate() {
                        tr {
                            @for ((_, kind), (column, cell)) in table.head.iter().zip(row.iter().enumerate()) {
                                @if column == 0 {
                                    th scope="row" class=[class(*kind)] {
                                        @if let Some(to) = link(place) { a href=(to) { (cell) } } @else { (cell) }
                                    }
                                } @else { td class=[class(*kind)] { (cell) } }
                            }
                        }
                    }
                }
            }
        }
        @if table.left_out > 0 {
            p class="small" { (words::count(table.left_out, "further row is", "further rows are")) " in the table given." }
        }
    }
}
