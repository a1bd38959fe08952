//! Released formats stay readable: each committed model is read and must give the forecasts stored beside it.
//!
//! The fixtures of a new format version are written once, then committed, and never written again:
//! `cargo test --release --locked --test conformance -- --ignored write_fixtures`

use std::{fs, path::PathBuf};

use launchpad::{
    launch::{Architecture, LaunchModel},
    model::{Stored, decode, encode, model_id},
    panel::Candidates,
};
use serde_json::{Value, json};

use crate::{launches::Launches, mixed_attributes};

/// Versions of the launch models' format that were released, with the architectures they had.
const FORMATS: [(u32, &[Architecture]); 2] = [
    (1, &[Architecture::Naive, Architecture::Analog, Architecture::Bass]),
    (2, &Architecture::ALL),
];

const NETWORKS: [Architecture; 3] = [Architecture::Lstm, Architecture::Cnn, Architecture::Vae];

fn path(format: u32, a: Architecture, extension: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/models")
        .join(format!("launch_v{format}_{}.{extension}", a.name()))
}

/// Of 16 launches, steps 5 and 6 seen only of some.
fn launches() -> Launches {
    let mut launches = mixed_attributes(16);
    launches.units.iter_mut().step_by(2).for_each(|u| u.truncate(4));
    launches
}

fn candidates() -> Candidates {
    launches().select(&[0, 3, 9]).candidates()
}

/// Number by number: step, day, lower, median, upper, mean.
fn numbers(model: &LaunchModel) -> Vec<Vec<Value>> {
    let forecasts = model.forecast(&candidates(), 0.8, None).unwrap();
    forecasts
        .iter()
        .flat_map(|f| &f.steps)
        .map(|s| match s.interval {
            Some(i) => vec![
                json!(s.step),
                json!(s.day),
                json!(i.lower),
                json!(i.median),
                json!(i.upper),
                json!(i.mean),
            ],
            None => vec![json!(s.step), json!(s.day)],
        })
        .collect()
}

#[test]
fn released_models_forecast_as_ever() {
    for (format, architectures) in FORMATS {
        for &a in architectures {
            let bytes = fs::read(path(format, a, "bin")).unwrap();
            let stored: Value = serde_json::from_slice(&fs::read(path(format, a, "json")).unwrap()).unwrap();
            assert_eq!(stored["model_id"], model_id(&bytes), "the fixture itself has changed");
            let model: LaunchModel = decode(&bytes).unwrap();
            let found = numbers(&model);
            let expected = stored["forecast"].as_array().unwrap();
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                let expected = expected.as_array().unwrap();
                assert_eq!(found.len(), expected.len());
                for (f, e) in found.iter().zip(expected) {
                    let (f, e) = (f.as_f64().unwrap(), e.as_f64().unwrap());
                    // exp and ln differ in the last digit between platforms; networks have seven digits.
                    let tolerance = if NETWORKS.contains(&a) { 1e-4 } else { 1e-9 };
                    assert!(
                        (f - e).abs() <= tolerance * (1.0 + e.abs()),
                        "{}: {f} for {e}",
                        a.name()
                    );
                }
            }
        }
    }
}

#[test]
fn every_released_format_has_its_fixtures() {
    assert_eq!(
        FORMATS.map(|f| f.0).last(),
        Some(&LaunchModel::FORMAT),
        "see the head of this file"
    );
}

#[test]
#[ignore = "writes the fixtures of the newest format; see the head of this file"]
fn write_fixtures() {
    for a in Architecture::ALL {
        let model = launches().train(a).unwrap();
        let bytes = encode(&model).unwrap();
        let format = LaunchModel::FORMAT;
        fs::create_dir_all(path(format, a, "bin").parent().unwrap()).unwrap();
        fs::write(path(format, a, "bin"), &bytes).unwrap();
        let rows: Vec<String> = numbers(&model)
            .iter()
            .map(|row| serde_json::to_string(row).unwrap())
            .collect();
        let text = format!(
            "{{\"model_id\": \"{}\", \"forecast\": [\n{}\n]}}\n",
            model_id(&bytes),
            rows.join(",\n")
        );
        fs::write(path(format, a, "json"), text).unwrap();
    }
}
