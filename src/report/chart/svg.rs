//! Charts as SVG: colours come from the page's style sheet, so that they follow its light and dark mode, and texts are escaped by the
//! template.

use chrono::NaiveDate;
use maud::{Markup, html};

use super::{
    Bar, Chart, Marks, Place, Point, Span, days,
    scale::{self, Scale},
};
use crate::report::words;

/// Width and height of a drawing; texts are 12 high.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Width.
    pub width: f64,
    /// Height, of charts without rows of their own.
    pub height: f64,
}

impl Size {
    /// As wide as the page.
    pub const WIDE: Self = Self {
        width: 900.0,
        height: 290.0,
    };
    /// Two beside each other.
    pub const HALF: Self = Self {
        width: 460.0,
        height: 240.0,
    };
}

/// Space for labels of rows.
const LABELS: f64 = 180.0;
/// Letters that fit there.
const LETTERS: usize = 24;
/// Height of a row.
const ROW: f64 = 24.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 42.0;
const RIGHT: f64 = 18.0;

/// The drawing of a chart; `id` is unique on the page.
pub fn draw(chart: &Chart, id: &str, size: Size) -> Markup {
    let (title, description) = (format!("{id}-t"), format!("{id}-d"));
    let (height, inner) = match &chart.marks {
        Marks::Lines(points) => (size.height, lines(chart, points, size)),
        Marks::Bars(bars) => (rows_height(bars.len()), bars_of(chart, bars, size.width)),
        Marks::Gantt(spans) => (rows_height(spans.len()), gantt(chart, spans, size.width)),
    };
    html! {
        svg viewBox=(format!("0 0 {} {}", size.width, n(height))) role="img" aria-labelledby=(format!("{title} {description}")) {
            title id=(title) { (chart.title) }
            desc id=(description) { (chart.description) }
            (inner)
        }
    }
}

fn rows_height(rows: usize) -> f64 {
    TOP + rows as f64 * ROW + BOTTOM
}

/// A place in a drawing, with one decimal.
fn n(place: f64) -> String {
    let text = format!("{place:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// A path through points.
fn path(points: &[(f64, f64)]) -> String {
    let mut text = String::new();
    for (place, (x, y)) in points.iter().enumerate() {
        text.push(if place == 0 { 'M' } else { 'L' });
        text.push_str(&format!("{},{}", n(*x), n(*y)));
    }
    text
}

fn text(x: f64, y: f64, class: &str, content: &str) -> Markup {
    html! { text x=(n(x)) y=(n(y)) class=(class) { (content) } }
}

fn line(x1: f64, y1: f64, x2: f64, y2: f64, class: &str) -> Markup {
    html! { line x1=(n(x1)) y1=(n(y1)) x2=(n(x2)) y2=(n(y2)) class=(class) {} }
}

/// The horizontal axis: ticks with texts, and its title.
fn x_axis(ticks: &[(f64, String)], scale: Scale, chart: &Chart, from: f64, to: f64, bottom: f64) -> Markup {
    html! {
        @for (tick, label) in ticks {
            (line(scale.at(*tick), bottom, scale.at(*tick), bottom + 4.0, "axis"))
            (text(scale.at(*tick), bottom + 17.0, "c", label))
        }
        (line(from, bottom, to, bottom, "axis"))
        (text((from + to) / 2.0, bottom + 35.0, "c t", &chart.x))
    }
}

fn number_ticks(low: f64, high: f64, wanted: usize) -> Vec<(f64, String)> {
    let ticks = scale::ticks(low, high, wanted);
    let step = ticks.windows(2).map(|pair| pair[1] - pair[0]).next().unwrap_or(1.0);
    ticks
        .into_iter()
        .map(|tick| (tick, scale::tick_text(tick, step)))
        .collect()
}

fn day_ticks(first: NaiveDate, last: NaiveDate, most: usize) -> Vec<(f64, String)> {
    let ticks = scale::day_ticks(first, last, most);
    ticks
        .into_iter()
        .map(|(day, text)| (f64::from(days(day)), text))
        .collect()
}

fn ends(ticks: &[(f64, String)]) -> (f64, f64) {
    let first = ticks.first().map_or(0.0, |tick| tick.0);
    (first, ticks.last().map_or(1.0, |tick| tick.0))
}

fn lines(chart: &Chart, points: &[Point], size: Size) -> Markup {
    let numbers = |of: fn(&Point) -> Option<f64>| points.iter().filter_map(of);
    let values = numbers(|p| p.y)
        .chain(numbers(|p| p.lower))
        .chain(numbers(|p| p.upper))
        .chain(numbers(|p| p.second));
    let Some((low, high)) = scale::extent(values) else {
        return text(
            size.width / 2.0,
            size.height / 2.0,
            "c t",
            "nothing to draw: no number is known",
        );
    };
    // Units and money are seen from zero, so that heights can be compared.
    let y_ticks = number_ticks(low.min(0.0), high.max(0.0), 4);
    let longest = y_ticks.iter().map(|tick| tick.1.chars().count()).max().unwrap_or(1);
    let (left, right) = (16.0 + 7.0 * longest as f64, size.width - RIGHT);
    let bottom = size.height - BOTTOM;
    let y = Scale::new(ends(&y_ticks), (bottom, TOP));
    let (first, last) = scale::extent(points.iter().map(|p| p.x.number())).unwrap_or((0.0, 1.0));
    let room = ((right - left) / 70.0) as usize;
    let x_ticks = match (points.first().map(|p| p.x), points.last().map(|p| p.x)) {
        (Some(Place::Day(first)), Some(Place::Day(last))) => day_ticks(first, last, room),
        _ => number_ticks(first, last, room.min(6)),
    };
    let x = match points.first().map(|p| p.x) {
        Some(Place::Number(_)) => Scale::new(ends(&x_ticks), (left + 6.0, right - 6.0)),
        _ => Scale::new((first, last), (left + 6.0, right - 6.0)),
    };
    let at = |p: &Point, value: Option<f64>| value.map(|value| (x.at(p.x.number()), y.at(value)));
    let of = |value: fn(&Point) -> Option<f64>| -> Vec<(f64, f64)> {
        points.iter().filter_map(|p| at(p, value(p))).collect()
    };
    let banded = |p: &&Point| p.lower.is_some() && p.upper.is_some();
    let mut band: Vec<_> = points.iter().filter(banded).filter_map(|p| at(p, p.upper)).collect();
    let wide = band.len() > 1;
    band.extend(points.iter().rev().filter(banded).filter_map(|p| at(p, p.lower)));
    let (main, second) = (of(|p| p.y), of(|p| p.second));
    html! {
        @for (tick, label) in &y_ticks {
            (line(left, y.at(*tick), right, y.at(*tick), if *tick == 0.0 { "axis" } else { "grid" }))
            (text(left - 6.0, y.at(*tick) + 4.0, "e", label))
        }
        (text(2.0, 12.0, "t", &chart.y))
        @if wide { path class="band" d=(format!("{}Z", path(&band))) {} }
        @else if let [upper, lower] = band[..] { (line(upper.0, upper.1, lower.0, lower.1, "whisker")) }
        @if second.len() > 1 { path class="second" d=(path(&second)) {} }
        @if main.len() > 1 { path class="line" d=(path(&main)) {} }
        @for point in points {
            @if let Some((cx, cy)) = at(point, point.y) {
                @if point.chosen {
                    (line(cx, TOP, cx, bottom, "mark"))
                    circle class="chosen" cx=(n(cx)) cy=(n(cy)) r="5" {}
                } @else if points.len() <= 60 {
                    circle class="dot" cx=(n(cx)) cy=(n(cy)) r="2.5" {}
                }
            }
        }
        (x_axis(&x_ticks, x, chart, left, right, bottom))
    }
}

fn label(row: usize, content: &str) -> Markup {
    let y = TOP + (row as f64 + 0.5) * ROW + 4.0;
    html! { text x=(n(LABELS - 8.0)) y=(n(y)) class="e name" { (words::short(content, LETTERS)) } }
}

fn bars_of(chart: &Chart, bars: &[Bar], width: f64) -> Markup {
    let values = bars
        .iter()
        .flat_map(|bar| [Some(bar.value), bar.lower, bar.upper].into_iter().flatten());
    let (low, high) = scale::extent(values).unwrap_or((0.0, 1.0));
    let ticks = number_ticks(low.min(0.0), high.max(0.0), 5);
    let bottom = TOP + bars.len() as f64 * ROW;
    let x = Scale::new(ends(&ticks), (LABELS, width - 64.0));
    html! {
        (text(2.0, 12.0, "t", &chart.y))
        @for (tick, _) in &ticks { (line(x.at(*tick), TOP - 4.0, x.at(*tick), bottom, "grid")) }
        @for (row, bar) in bars.iter().enumerate() {
            @let top = TOP + row as f64 * ROW + 4.0;
            @let (from, to) = (x.at(0.0).min(x.at(bar.value)), x.at(0.0).max(x.at(bar.value)));
            @let end = bar.upper.map_or(to, |upper| to.max(x.at(upper)));
            (label(row, &bar.label))
            rect class="bar" x=(n(from)) y=(n(top)) width=(n(to - from)) height=(n(ROW - 8.0)) rx="2" {}
            @if let (Some(lower), Some(upper)) = (bar.lower, bar.upper) {
                (line(x.at(lower), top + (ROW - 8.0) / 2.0, x.at(upper), top + (ROW - 8.0) / 2.0, "whisker"))
            }
            (text(end + 6.0, top + 12.0, "v", &words::plain(bar.value)))
        }
        (x_axis(&ticks, x, chart, LABELS, width - 64.0, bottom))
    }
}

fn gantt(chart: &Chart, spans: &[Span], width: f64) -> Markup {
    let all = spans.iter().flat_map(|span| {
        [span.start, span.end]
            .into_iter()
            .chain(span.marks.iter().map(|mark| mark.0))
    });
    let (Some(first), Some(last)) = (all.clone().min(), all.max()) else {
        return text(width / 2.0, TOP, "c t", "nothing to draw: no day is known");
    };
    let at = |day: NaiveDate| f64::from(days(day));
    let (left, right) = (LABELS, width - RIGHT);
    let bottom = TOP + spans.len() as f64 * ROW;
    let x = Scale::new((at(first), at(last)), (left + 6.0, right - 6.0));
    let ticks = day_ticks(first, last, ((right - left) / 76.0) as usize);
    html! {
        (text(2.0, 12.0, "t", &chart.y))
        @for (tick, label) in &ticks {
            (line(x.at(*tick), TOP - 4.0, x.at(*tick), bottom, "grid"))
            @if spans.len() > 15 { (text(x.at(*tick), TOP - 8.0, "c", label)) }
        }
        @for (row, span) in spans.iter().enumerate() {
            @let middle = TOP + (row as f64 + 0.5) * ROW;
            @let (from, to) = (x.at(at(span.start)), x.at(at(span.end)));
            (label(row, &span.label))
            rect class="span" x=(n(from)) y=(n(middle - 6.0)) width=(n((to - from).max(2.0))) height="12" rx="3" {}
            @for (day, what) in &span.marks {
                circle class="mark-dot" cx=(n(x.at(at(*day)))) cy=(n(middle)) r="3" { title { (words::day(*day)) ": " (what) } }
            }
            path class="launch" d=(format!("M{},{}l6,6l-6,6l-6,-6Z", n(from), n(middle - 6.0))) {}
        }
        (x_axis(&ticks, x, chart, left, right, bottom))
    }
}
