//! Charts as Vega-Lite specifications, for notebooks and BI tools: the data are in them.

use serde_json::{Map, Value, json};

use super::{Chart, Marks, Place};

const SCHEMA: &str = "https://vega.github.io/schema/vega-lite/v5.json";

/// The specification of a chart.
pub fn specification(chart: &Chart) -> Value {
    let (values, layers) = match &chart.marks {
        Marks::Lines(points) => {
            let dated = points.first().is_some_and(|p| matches!(p.x, Place::Day(_)));
            let values = points.iter().map(|p| {
                let x = match p.x {
                    Place::Day(day) => json!(day.to_string()),
                    Place::Number(number) => json!(number),
                };
                json!({"x": x, "y": p.y, "lower": p.lower, "upper": p.upper, "second": p.second, "chosen": p.chosen})
            });
            let x = axis("x", if dated { "temporal" } else { "quantitative" }, &chart.x);
            let y = |field| axis(field, "quantitative", &chart.y);
            let mut layers = vec![
                layer(
                    json!({"type": "area", "opacity": 0.2}),
                    &[("x", x.clone()), ("y", y("lower")), ("y2", json!({"field": "upper"}))],
                ),
                layer(
                    json!({"type": "line", "point": true}),
                    &[("x", x.clone()), ("y", y("y"))],
                ),
            ];
            if points.iter().any(|p| p.second.is_some()) {
                let mark = json!({"type": "line", "strokeDash": [4, 3]});
                layers.push(layer(mark, &[("x", x.clone()), ("y", y("second"))]));
            }
            if points.iter().any(|p| p.chosen) {
                let mut chosen = layer(
                    json!({"type": "point", "filled": true, "size": 120}),
                    &[("x", x), ("y", y("y"))],
                );
                insert(&mut chosen, "transform", json!([{"filter": "datum.chosen"}]));
                layers.push(chosen);
            }
            (values.collect::<Vec<_>>(), layers)
        }
        Marks::Bars(bars) => {
            let values = bars
                .iter()
                .map(|bar| json!({"label": bar.label, "value": bar.value, "lower": bar.lower, "upper": bar.upper}));
            let label = json!({"field": "label", "type": "nominal", "title": chart.y, "sort": null});
            let mut layers = vec![layer(
                json!({"type": "bar"}),
                &[("y", label.clone()), ("x", axis("value", "quantitative", &chart.x))],
            )];
            if bars.iter().any(|bar| bar.lower.is_some()) {
                let x = axis("lower", "quantitative", &chart.x);
                layers.push(layer(
                    json!({"type": "rule"}),
                    &[("y", label), ("x", x), ("x2", json!({"field": "upper"}))],
                ));
            }
            (values.collect(), layers)
        }
        Marks::Gantt(spans) => {
            let bars = spans
                .iter()
                .map(|span| json!({"label": span.label, "start": span.start.to_string(), "end": span.end.to_string()}));
            let marks = spans.iter().flat_map(|span| {
                span.marks
                    .iter()
                    .map(|(day, what)| json!({"label": span.label, "day": day.to_string(), "action": what}))
            });
            let label = json!({"field": "label", "type": "nominal", "title": chart.y, "sort": null});
            let start = axis("start", "temporal", &chart.x);
            let mut layers = vec![layer(
                json!({"type": "bar"}),
                &[("y", label.clone()), ("x", start), ("x2", json!({"field": "end"}))],
            )];
            if spans.iter().any(|span| !span.marks.is_empty()) {
                let action = json!({"field": "action", "type": "nominal"});
                let mark = json!({"type": "point", "filled": true});
                let day = axis("day", "temporal", &chart.x);
                layers.push(layer(mark, &[("y", label), ("x", day), ("tooltip", action)]));
            }
            (bars.chain(marks).collect(), layers)
        }
    };
    json!({
        "$schema": SCHEMA,
        "title": chart.title,
        "description": chart.description,
        "width": "container",
        "data": {"values": values},
        "layer": layers,
    })
}

fn axis(field: &str, kind: &str, title: &str) -> Value {
    json!({"field": field, "type": kind, "title": title})
}

fn layer(mark: Value, channels: &[(&str, Value)]) -> Value {
    let encoding: Map<String, Value> = channels
        .iter()
        .map(|(name, of)| ((*name).to_owned(), of.clone()))
        .collect();
    json!({"mark": mark, "encoding": encoding})
}

fn insert(layer: &mut Value, name: &str, value: Value) {
    if let Some(layer) = layer.as_object_mut() {
        layer.insert(name.to_owned(), value);
    }
}
