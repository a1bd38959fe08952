//! No input panics: neither rows nor bytes. The SQL side would turn a panic into an error, but nothing may rest on that.

use std::sync::{Arc, OnceLock};

use arrow_array::{ArrayRef, BooleanArray, Date32Array, Float64Array, StringArray};
use launchpad::{
    launch::{Architecture, LaunchModel},
    model::{decode, encode, open},
    panel::{Candidates, Frequency, LaunchPanel, last_day},
    progress::Progress,
};
use proptest::{collection::vec, option, prelude::*, sample::Index};
use serde_json::Value;

use crate::{
    launches::{Launches, batch, no_columns, small, sound},
    mixed_attributes,
};

/// A stored model of each architecture with attributes of every kind, and launches to forecast with it.
fn stored() -> &'static (Vec<Vec<u8>>, Launches) {
    static STORED: OnceLock<(Vec<Vec<u8>>, Launches)> = OnceLock::new();
    STORED.get_or_init(|| {
        let launches = mixed_attributes(24);
        let models = Architecture::ALL.map(|a| encode(&launches.train(a).unwrap()).unwrap());
        (models.to_vec(), launches)
    })
}

/// Forecasts and explanations of a model that came from outside: no panic, nothing unsound.
fn use_model(model: &LaunchModel, candidates: &Candidates) -> Result<(), TestCaseError> {
    if let Ok(forecasts) = model.forecast(candidates, 0.8, None) {
        prop_assert_eq!(forecasts.len(), candidates.len());
        sound(&forecasts).map_err(TestCaseError::fail)?;
    }
    // Products on their way: nothing known, steps left out, more steps than the model has.
    let own = [vec![], vec![None, Some(3.0)], vec![Some(0.0)], vec![Some(1e14); 20]];
    let own: Vec<Vec<Option<f64>>> = own.iter().cycle().take(candidates.len()).cloned().collect();
    if let Ok(forecasts) = model.forecast_running(candidates, &own, 0.8, None) {
        sound(&forecasts).map_err(TestCaseError::fail)?;
        for f in forecasts {
            prop_assert!((0.0..=1.0).contains(&f.own_weight), "own weight {}", f.own_weight);
        }
    }
    for comparables in model.comparables(candidates, 3).into_iter().flatten() {
        for c in comparables {
            prop_assert!((0.0..=1.0 + 1e-9).contains(&c.weight), "{:?}", c);
            prop_assert!(c.scale.is_none_or(|s| s.is_finite() && s >= 0.0), "{:?}", c);
            prop_assert!(c.units.is_none_or(|u| u.is_finite() && u >= 0.0), "{:?}", c);
        }
    }
    Ok(())
}

/// Put a checksum that holds under changed bytes.
fn reseal(mut body: Vec<u8>) -> Vec<u8> {
    let crc = crc32fast::hash(&body).to_le_bytes();
    body.extend(crc);
    body
}

/// The JSON in a model's payload, which is a safetensors file: 8 bytes with the length of its header, the header (JSON,
/// in whose metadata the text stands), the tensors.
fn parts(bytes: &[u8]) -> Value {
    let (_, payload) = open(bytes).unwrap();
    let (head, _) = safetensors_head(payload);
    serde_json::from_str(head["__metadata__"]["model"].as_str().unwrap()).unwrap()
}

fn safetensors_head(payload: &[u8]) -> (Value, &[u8]) {
    let length = u64::from_le_bytes(payload[..8].try_into().unwrap()) as usize;
    let (head, tensors) = payload[8..].split_at(length);
    (serde_json::from_slice(head).unwrap(), tensors)
}

/// The model with other JSON in it, sealed again.
fn forged(bytes: &[u8], parts: &Value) -> Vec<u8> {
    let (_, payload) = open(bytes).unwrap();
    let (mut head, tensors) = safetensors_head(payload);
    head["__metadata__"]["model"] = parts.to_string().into();
    let head = head.to_string();
    let mut body = bytes[..bytes.len() - payload.len() - 4].to_vec();
    body.extend((head.len() as u64).to_le_bytes());
    body.extend(head.as_bytes());
    body.extend(tensors);
    reseal(body)
}

/// Number of values in a JSON value, itself included.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(fields) => fields.values().map(size).sum(),
        _ => 0,
    }
}

/// The value with the given number, counted as [`size`] does.
fn nth(value: &mut Value, n: usize) -> Option<&mut Value> {
    if n == 0 {
        return Some(value);
    }
    let mut left = n - 1;
    let children: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        _ => return None,
    };
    for child in children {
        let count = size(child);
        if left < count {
            return nth(child, left);
        }
        left -= count;
    }
    None
}

/// Change one value: a number to another, an array or text to a shorter one.
fn mutate(value: &mut Value, how: usize) {
    let numbers = [
        0.into(),
        (-1).into(),
        1.into(),
        7.into(),
        u64::MAX.into(),
        i64::MIN.into(),
        u32::MAX.into(),
        i32::MAX.into(),
        1e308.into(),
        (-1e308).into(),
        1e-308.into(),
        0.5.into(),
        Value::Null,
    ];
    match value {
        Value::Array(items) if how.is_multiple_of(3) => items.clear(),
        Value::Array(items) if how % 3 == 1 => items.extend(items.last().cloned()),
        Value::Array(items) => {
            items.pop();
        }
        Value::Object(fields) => {
            let key = fields.keys().nth(how % fields.len().max(1)).cloned();
            if let Some(key) = key {
                fields.remove(&key);
            }
        }
        Value::String(text) => text.truncate(0),
        _ => *value = numbers[how % numbers.len()].clone(),
    }
}

/// Failing cases are printed, not written into the source tree.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn arbitrary_bytes_are_no_model(bytes in vec(any::<u8>(), 0..400)) {
        prop_assert!(decode::<LaunchModel>(&bytes).is_err());
    }

    #[test]
    fn arbitrary_content_with_a_valid_checksum_is_refused(content in vec(any::<u8>(), 0..300), length in 0u32..400) {
        let mut body = b"LNCHPAD\x01\x01\x00".to_vec();
        body.extend(length.to_le_bytes());
        body.extend(content);
        prop_assert!(decode::<LaunchModel>(&reseal(body)).is_err());
    }

    #[test]
    fn a_shortened_model_is_refused(which in any::<Index>(), length in any::<Index>()) {
        let model = which.get(&stored().0);
        prop_assert!(decode::<LaunchModel>(&model[..length.index(model.len())]).is_err());
    }

    #[test]
    fn a_model_with_a_flipped_bit_is_refused(which in any::<Index>(), place in any::<Index>(), bit in 0..8) {
        let mut model = which.get(&stored().0).clone();
        let place = place.index(model.len());
        model[place] ^= 1u8 << bit;
        prop_assert!(decode::<LaunchModel>(&model).is_err());
    }
}

proptest! {
    // A model has some thousand values, of which most are the past launches.
    #![proptest_config(cases(3_000))]

    #[test]
    fn a_forged_model_is_refused_or_sound(
        which in any::<Index>(),
        changes in vec((any::<Index>(), any::<usize>()), 1..4),
    ) {
        let (models, launches) = stored();
        let bytes = which.get(models);
        let mut value = parts(bytes);
        for (place, how) in changes {
            let place = place.index(size(&value));
            if let Some(value) = nth(&mut value, place) {
                mutate(value, how);
            }
        }
        if let Ok(model) = decode::<LaunchModel>(&forged(bytes, &value)) {
            use_model(&model, &launches.candidates())?;
            let bare = Candidates::new(vec![0, i32::MAX, i32::MIN], no_columns(3));
            use_model(&model, &bare)?;
        }
    }

    /// The same, aimed at the few values that decide: all but the past launches themselves.
    #[test]
    fn a_model_forged_in_its_parameters_is_refused_or_sound(
        which in any::<Index>(),
        field in any::<Index>(),
        place in any::<Index>(),
        how in any::<usize>(),
    ) {
        let (models, launches) = stored();
        let bytes = which.get(models);
        let mut value = parts(bytes);
        let members = value["members"].as_array().unwrap().len();
        let member = &mut value["members"][which.index(members)];
        let fields: Vec<String> = member["fitted"].as_object().unwrap().keys().cloned().collect();
        let part = match field.index(fields.len() + 3) {
            0 => &mut member["own_sales"],
            1 => &mut value["calibration"],
            2 => &mut value["weights"],
            other => &mut member["fitted"][fields[other - 3].as_str()],
        };
        let place = place.index(size(part));
        if let Some(value) = nth(part, place) {
            mutate(value, how);
        }
        if let Ok(model) = decode::<LaunchModel>(&forged(bytes, &value)) {
            use_model(&model, &launches.candidates())?;
        }
    }
}

fn number() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        1 => Just(None),
        1 => prop_oneof![
            Just(f64::NAN),
            Just(f64::INFINITY),
            Just(f64::NEG_INFINITY),
            Just(f64::MAX),
            Just(f64::MIN_POSITIVE),
            Just(-0.0),
        ]
        .prop_map(Some),
        4 => (-1e6..1e6).prop_map(Some),
        4 => (0..5).prop_map(|v| Some(f64::from(v))),
    ]
}

fn text() -> impl Strategy<Value = Option<String>> {
    option::of(prop_oneof![
        Just(String::new()),
        "[ab]".prop_map(|s| s),
        "[a-c]{2} [a-c]{2} [a-c]{2}".prop_map(|s| s),
        any::<String>(),
    ])
}

fn units() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        2 => Just(None),
        3 => Just(Some(0.0)),
        1 => Just(Some(1e14)),
        1 => (0.0..1e-9).prop_map(Some),
        6 => (0.0..1e4).prop_map(Some),
    ]
}

#[derive(Debug, Clone)]
struct Row {
    day: i32,
    units: Vec<Option<f64>>,
    price: Option<f64>,
    category: Option<String>,
    organic: Option<bool>,
    designed: Option<i32>,
}

fn row() -> impl Strategy<Value = Row> {
    let day = prop_oneof![0..=last_day(), 18_000..18_100];
    (
        day,
        vec(units(), 0..7),
        number(),
        text(),
        any::<Option<bool>>(),
        any::<Option<i32>>(),
    )
        .prop_map(|(day, units, price, category, organic, designed)| Row {
            day,
            units,
            price,
            category,
            organic,
            designed,
        })
}

fn attributes(rows: &[Row]) -> arrow_array::RecordBatch {
    let categories: StringArray = rows.iter().map(|r| r.category.as_deref()).collect();
    batch(vec![
        (
            "price".to_owned(),
            Arc::new(rows.iter().map(|r| r.price).collect::<Float64Array>()) as ArrayRef,
        ),
        ("category".to_owned(), Arc::new(categories)),
        (
            "organic".to_owned(),
            Arc::new(rows.iter().map(|r| r.organic).collect::<BooleanArray>()),
        ),
        (
            "designed".to_owned(),
            Arc::new(rows.iter().map(|r| r.designed).collect::<Date32Array>()),
        ),
    ])
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn arbitrary_launches_give_sound_forecasts(
        past in vec(row(), 0..40),
        new in vec(row(), 1..6),
        frequency in prop_oneof![Just(Frequency::Day), Just(Frequency::Week), Just(Frequency::Month)],
        level in 0.001..0.999,
    ) {
        let ids = (0..past.len()).map(|i| i.to_string()).collect();
        let days = past.iter().map(|r| r.day).collect();
        let units: Vec<_> = past.iter().map(|r| r.units.clone()).collect();
        let panel = LaunchPanel::try_new(frequency, 6, ids, days, &units, attributes(&past)).unwrap();
        let candidates = Candidates::new(new.iter().map(|r| r.day).collect(), attributes(&new));
        for a in Architecture::ALL {
            let Ok(model) = LaunchModel::train(a, &panel, &small(), &Progress::silent()) else { continue };
            sound(&model.forecast(&candidates, level, None).unwrap()).map_err(TestCaseError::fail)?;
            use_model(&model, &candidates)?;
            let read: LaunchModel = decode(&encode(&model).unwrap()).unwrap();
            prop_assert!(read == model, "{} changes in its bytes", a.name());
        }
    }
}
