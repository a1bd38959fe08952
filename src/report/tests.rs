//! What must hold of every page: whatever tables hold is shown as text, and the order of their rows says nothing.

use proptest::prelude::*;
use regex::Regex;

use super::{Contents, Options, Rows, Tables, chart::vega, write};

fn options() -> Options {
    Options {
        title: None,
        full: 50,
        product_id: "product_id".to_owned(),
        model: None,
        version: "0".to_owned(),
    }
}

/// A table of rows, written as texts; `NULL` is one.
pub(super) fn table(label: &'static str, names: &[&str], rows: &[Vec<String>]) -> Rows {
    let cell = |row: &Vec<String>, place: usize| row.get(place).cloned().filter(|text| text != "NULL");
    let column = |place: usize| rows.iter().map(|row| cell(row, place)).collect();
    let columns = names
        .iter()
        .enumerate()
        .map(|(place, name)| ((*name).to_owned(), column(place)));
    Rows::new(label, columns.collect())
}

/// Every table that a report takes, with `name` wherever there is a text.
fn tables(name: &str, backwards: bool) -> Tables {
    let rows = |texts: &[&[&str]]| {
        let row = |row: &&[&str]| row.iter().map(|cell| cell.replace('@', name)).collect::<Vec<_>>();
        let mut rows: Vec<_> = texts.iter().map(row).collect();
        if backwards {
            rows.reverse();
        }
        rows
    };
    let of = |label, names: &[&str], texts: &[&[&str]]| table(label, names, &rows(texts));
    let curve = [
        "product_id",
        "launch_date",
        "price",
        "expected_units",
        "profit",
        "lower",
        "upper",
        "chosen",
        "status",
    ];
    let offers: [&[&str]; 2] = [
        &["1@", "2024-10-07", "9.5", "10", "20", "5", "30", "true", "ok"],
        &["1@", "2024-10-14", "10.5", "12", "18", "2", "31", "false", "ok"],
    ];
    Tables {
        plan: of(
            "plan",
            &[
                "product_id",
                "plan_rank",
                "launch_date",
                "horizon_end",
                "price",
                "expected_units",
                "units_lower",
                "units_upper",
                "expected_profit",
                "profit_lower",
                "profit_upper",
                "probability_of_loss",
                "binding_constraint",
                "status",
                "reason",
            ],
            &[
                &[
                    "1@",
                    "1",
                    "2024-10-07",
                    "2024-12-01",
                    "9.5",
                    "10",
                    "5",
                    "20",
                    "30",
                    "3",
                    "60",
                    "0.3",
                    "@",
                    "ok",
                    "@",
                ],
                &[
                    "1@",
                    "2",
                    "2024-10-14",
                    "2024-12-08",
                    "9.5",
                    "9",
                    "5",
                    "20",
                    "29",
                    "3",
                    "60",
                    "0.3",
                    "@",
                    "ok",
                    "@",
                ],
                &[
                    "2@",
                    "1",
                    "2024-10-21",
                    "2024-12-15",
                    "8",
                    "10",
                    "5",
                    "20",
                    "25",
                    "3",
                    "60",
                    "0.3",
                    "@",
                    "ok",
                    "@",
                ],
                &[
                    "3@", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL",
                    "NULL", "refused", "@",
                ],
            ],
        ),
        forecast: Some(of(
            "forecast",
            &[
                "product_id",
                "date",
                "yhat",
                "yhat_lower",
                "yhat_upper",
                "mean",
                "model_id",
                "status",
                "reason",
            ],
            &[
                &["1@", "2024-10-07", "1", "0", "3", "1.2", "m@", "ok", "@"],
                &["1@", "2024-10-14", "2", "1", "4", "2.2", "m@", "ok", "@"],
            ],
        )),
        total: Some(of(
            "total",
            &["expected_units", "units_lower", "units_upper"],
            &[&["20", "12", "30"]],
        )),
        comparables: Some(of(
            "comparables",
            &[
                "product_id",
                "comparable_id",
                "comparable_group",
                "weight",
                "scale",
                "comparable_launch_date",
                "comparable_units",
            ],
            &[
                &["1@", "0@", "NULL", "0.6", "1.1", "2023-01-02", "40"],
                &["1@", "NULL", "@", "0.4", "NULL", "NULL", "NULL"],
            ],
        )),
        timing: Some(of("timing", &curve, &offers)),
        pricing: Some(of("pricing", &curve, &offers)),
        stock: Some(of(
            "stock",
            &["product_id", "key", "order_units", "bound", "status", "reason"],
            &[
                &["1@", "a@", "7", "@", "ok", "@"],
                &["1@", "b@", "8", "@", "ok", "@"],
                &["2@", "a@", "NULL", "NULL", "refused", "@"],
            ],
        )),
        channels: Some(of(
            "channels",
            &["channel", "spend", "share", "bound", "identified", "reason"],
            &[
                &["a@", "70", "0.7", "@", "true", "@"],
                &["b@", "30", "0.3", "@", "false", "@"],
            ],
        )),
        calendar: Some(of(
            "calendar",
            &["product_id", "date", "action", "channel", "note", "owner", "reason"],
            &[
                &["1@", "2024-10-01", "@", "@", "@", "@", "@"],
                &["1@", "NULL", "@", "@", "@", "@", "@"],
            ],
        )),
        audience: Some(of(
            "audience",
            &["product_id", "channel", "users", "control", "buyers", "units", "reason"],
            &[
                &["1@", "@", "10", "1", "2.5", "3", "NULL"],
                &["2@", "NULL", "NULL", "NULL", "NULL", "NULL", "@"],
            ],
        )),
        evaluation: Some(of(
            "evaluation",
            &["key", "n", "wape", "naive_wape"],
            &[&["1@", "10", "0.5", "0.6"], &["2@", "10", "0.4", "0.6"]],
        )),
        review: Some(of(
            "review",
            &[
                "product_id",
                "step",
                "date",
                "planned_units",
                "lower",
                "upper",
                "actual_units",
                "recommendation",
                "reason",
            ],
            &[
                &["1@", "1", "2024-10-07", "5", "3", "8", "6", "@", "@"],
                &["1@", "2", "2024-10-14", "4", "2", "8", "NULL", "@", "@"],
            ],
        )),
        doctor: Some(of(
            "doctor",
            &["check", "status", "affected", "example", "fix"],
            &[
                &["a@", "warning", "3", "@", "@"],
                &["b@", "ok", "0", "@", "@"],
                &["c@", "error", "1", "@", "@"],
            ],
        )),
    }
}

/// The tags of a page, in their order, with the names of their attributes; none of their values.
fn skeleton(page: &str) -> Vec<String> {
    let tags = Regex::new(r#"<[^>]*>"#).unwrap();
    let values = Regex::new(r#""[^"]*""#).unwrap();
    tags.find_iter(page)
        .map(|tag| values.replace_all(tag.as_str(), "").into_owned())
        .collect()
}

/// The texts of a page, without the tags.
fn texts(page: &str) -> String {
    let tags = Regex::new(r#"<[^>]*>"#).unwrap();
    let text = tags.replace_all(page, "\n");
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&amp;", "&")
}

fn page(name: &str) -> String {
    let options = Options {
        title: Some(format!("Plan {name}")),
        ..options()
    };
    write(&tables(name, false), &options).unwrap()
}

const HOSTILE: [&str; 9] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</style></title><h1>x</h1>",
    "<!-- -->]]>&amp;&#60;",
    "مرحبا שלום \u{202e}abc",
    "🎉👩‍👩‍👧🏽",
    "a\u{0}b\u{1b}[31m\u{ffff}",
    "{{x}}${y}",
];

#[test]
fn hostile_names_are_text() {
    let tags = skeleton(&page("name"));
    assert!(tags.len() > 500, "{}", tags.len());
    for name in HOSTILE {
        let page = page(name);
        assert_eq!(skeleton(&page), tags, "{name}");
        let shown = super::words::readable(&format!("1{name}"));
        assert!(texts(&page).contains(&shown), "{name}");
    }
    let long = "x".repeat(1_000);
    let page = page(&long);
    assert_eq!(skeleton(&page), tags);
    assert!(texts(&page).contains(&long));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_breaks_out(name in "[^@]{1,40}") {
        prop_assume!(!name.trim().is_empty());
        let page = page(&name);
        prop_assert_eq!(skeleton(&page), skeleton(&self::page("name")));
        let shown = super::words::readable(&format!("1{name}"));
        prop_assert!(texts(&page).contains(&shown));
    }

    #[test]
    fn no_number_ends_it(number in any::<f64>(), other in any::<f64>()) {
        let mut tables = tables("name", false);
        let names = ["product_id", "launch_date", "expected_units", "units_lower", "units_upper", "expected_profit", "price"];
        let row = |id: &str, number: f64| {
            let mut row = vec![id.to_owned(), "2024-10-07".to_owned()];
            row.extend((0..5).map(|_| number.to_string()));
            row
        };
        tables.plan = table("plan", &names, &[row("1name", number), row("2name", other)]);
        let names = ["product_id", "launch_date", "price", "profit", "lower", "upper", "chosen"];
        let row = |number: f64, other: f64| {
            vec!["1name".to_owned(), "2024-10-07".to_owned(), number.to_string(), other.to_string(), number.to_string(), other.to_string(), "true".to_owned()]
        };
        tables.pricing = Some(table("pricing", &names, &[row(number, other), row(other, number)]));
        let page = write(&tables, &options()).unwrap();
        prop_assert!(!page.contains("NaN") && !page.contains("inf\"") && !page.contains(">inf"));
    }
}

#[test]
fn the_order_of_rows_says_nothing() {
    let pages = [false, true].map(|backwards| write(&tables("x", backwards), &options()).unwrap());
    assert_eq!(pages[0], pages[1]);
    let charts = [false, true].map(|backwards| Contents::read(&tables("x", backwards), &options()).unwrap().charts());
    let charts = charts.map(|charts| charts.iter().map(vega::specification).collect::<Vec<_>>());
    assert_eq!(charts[0], charts[1]);
    assert_eq!(charts[0].len(), 12);
}

#[test]
fn a_page_asks_for_nothing_and_can_be_read_aloud() {
    let page = page("name");
    let address = Regex::new(r##"(?:src|href|action|url\()="?([^"#)]*)"##).unwrap();
    let asked: Vec<_> = address
        .captures_iter(&page)
        .map(|found| found[1].to_owned())
        .filter(|to| !to.is_empty())
        .collect();
    assert_eq!(asked, ["data:,"]);
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
    // Each drawing has a title and a description, each table a caption, and ids are ids.
    let drawings = page.matches("<svg").count();
    assert_eq!(
        (page.matches("<desc").count(), page.matches("role=\"img\"").count()),
        (drawings, drawings)
    );
    assert_eq!(page.matches("<table").count(), page.matches("<caption").count());
    let ids = Regex::new(r#" id="([^"]*)""#).unwrap();
    let mut ids: Vec<_> = ids.captures_iter(&page).map(|found| found[1].to_owned()).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
    // Headings go down one step at a time.
    let levels = Regex::new("<h([1-6])").unwrap();
    let levels: Vec<i32> = levels
        .captures_iter(&page)
        .map(|found| found[1].parse().unwrap())
        .collect();
    assert_eq!(levels.first(), Some(&1));
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
}

#[test]
fn tables_that_do_not_fit_each_other_are_told() {
    let mut tables = tables("", false);
    let told = |tables: &Tables| Contents::read(tables, &options()).unwrap().notices.join("\n");
    let text = told(&tables);
    assert!(
        text.contains("The table forecast lacks 1 product of the plan, such as 2."),
        "{text}"
    );
    let names = ["product_id", "date", "yhat", "model_id"];
    let row = |id: &str, date: &str, model: &str| [id, date, "1", model].map(str::to_owned).to_vec();
    let rows = [
        row("1", "2024-11-04", "a"),
        row("2", "2024-10-21", "b"),
        row("9", "2024-10-21", "b"),
    ];
    tables.forecast = Some(table("forecast", &names, &rows));
    tables.stock = Some(table("stock", &["product_id", "order_units"], &[]));
    let text = told(&tables);
    for part in [
        "The tables come from 2 models (a, b)",
        "The table forecast has 1 product that the plan has not, such as 9.",
        "another launch date than the plan for 1 product, such as 1:",
        "The table stock has no rows.",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    // Orders of another table are shown beside units and profit of the plan's own; equal ones are not told.
    let names = ["product_id", "launch_date", "order_units"];
    let row = |id: &str, order: &str| [id, "2024-10-07", order].map(str::to_owned).to_vec();
    tables.plan = table("plan", &names, &[row("1", "900"), row("2", "70"), row("3", "NULL")]);
    let names = ["product_id", "key", "order_units"];
    let row = |id: &str, order: &str| [id, "a", order].map(str::to_owned).to_vec();
    let rows = [row("1", "1000"), row("1", "300"), row("2", "70"), row("3", "5")];
    tables.stock = Some(table("stock", &names, &rows));
    let text = told(&tables).replace('\u{a0}', " ");
    let part = "1 of 2 orders in the table stock differ from the plan, such as 1 (1,300, in the plan 900)";
    assert!(text.contains(part), "{part} is not in {text}");
    tables.stock = Some(table("stock", &names, &rows[2..]));
    let text = told(&tables);
    assert!(!text.contains("in the table stock differ"), "{text}");
}
