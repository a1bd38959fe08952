//! What must hold of any table.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, Date32Array, Float64Array, RecordBatch, StringArray};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::*;

const ROWS: usize = 12;

/// Columns of every type, of values that repeat and of values that are hard.
fn column() -> impl Strategy<Value = ArrayRef> {
    let hard = select(vec![
        0.0,
        -0.0,
        1.0,
        2.0,
        1e3,
        1e-300,
        1e300,
        f64::MAX,
        f64::NAN,
        f64::INFINITY,
    ]);
    let text = select(vec![
        "red",
        "blue",
        "red cotton shirt",
        "blue cotton shirt",
        "",
        "手机壳 红",
        "é-1",
        "x",
    ]);
    let array = |array: &dyn Array| arrow_array::make_array(array.to_data());
    prop_oneof![
        vec(option::of(-5.0..5.0), ROWS).prop_map(move |v| array(&Float64Array::from(v))),
        vec(option::of(hard), ROWS).prop_map(move |v| array(&Float64Array::from(v))),
        vec(option::of(any::<bool>()), ROWS).prop_map(move |v| array(&BooleanArray::from(v))),
        vec(option::of(any::<i32>()), ROWS).prop_map(move |v| array(&Date32Array::from(v))),
        vec(option::of(text), ROWS).prop_map(move |v| array(&StringArray::from(v))),
        vec(option::of("[ab ]{0,5}"), ROWS).prop_map(move |v| array(&StringArray::from(v))),
        // A type that no attribute has.
        Just(Arc::new(arrow_array::Int64Array::from(vec![1; ROWS])) as ArrayRef),
    ]
}

/// A table of columns 0, 1, 2 and so on.
fn table() -> impl Strategy<Value = RecordBatch> {
    vec(column(), 1..6).prop_map(|columns| {
        let named = columns
            .into_iter()
            .enumerate()
            .map(|(k, column)| (k.to_string(), column, true));
        RecordBatch::try_from_iter_with_nullable(named).unwrap()
    })
}

fn plan() -> impl Strategy<Value = Plan> {
    let missing = select(vec![Flag::Never, Flag::WhereSeen, Flag::Always]);
    let frequent = (0usize..4, 0usize..4).prop_map(|(most, at_least)| Levels::Frequent { most, at_least });
    let levels = prop_oneof![Just(Levels::None), Just(Levels::All), frequent];
    let words = (0usize..6, any::<bool>()).prop_map(|(most, present)| match (most, present) {
        (0, _) => Words::None,
        (most, true) => Words::Present(most),
        (most, false) => Words::Weight(most),
    });
    let switches = (any::<bool>(), any::<bool>(), any::<bool>());
    (switches, missing, levels, words).prop_map(|((square, bounded, code), missing, levels, words)| Plan {
        square,
        missing,
        bounded,
        code,
        levels,
        words,
    })
}

proptest! {
    #[test]
    fn rows_learned_from_are_encoded_within_bounds(past in table()) {
        let encoder = AttributeEncoder::fit(&past);
        let columns = encoder.encode(&past);
        prop_assert!(encoder.is_valid() && encoder.fits(&columns));
    }

    // Levels not seen, NULL, other types and columns that are not there come by themselves: the tables are drawn apart.
    #[test]
    fn dense_and_sparse_rows_agree(past in table(), new in table(), plan in plan()) {
        let encoder = AttributeEncoder::fit(&past);
        let encoded = encoder.encode(&past);
        let design = Design::fit(encoder.clone(), &encoded, &plan);
        prop_assert!(design.is_valid());
        for table in [&past, &new] {
            let columns = encoder.encode(table);
            prop_assert_eq!(encoder.unknown(table).len(), ROWS);
            let sparse = design.sparse(&columns);
            prop_assert_eq!(sparse.len(), if columns.is_empty() { 0 } else { ROWS });
            for (row, sparse) in sparse.iter().enumerate() {
                prop_assert!(sparse.windows(2).all(|w| w[0].0 < w[1].0));
                let mut filled = vec![0.0; design.columns()];
                sparse.iter().for_each(|&(column, value)| filled[column as usize] = value);
                let dense: Vec<f64> = design.dense(&columns, row, 0.0).collect();
                prop_assert!(dense.iter().all(|v| v.is_finite()), "{:?}", dense);
                prop_assert_eq!(&filled, &dense);
                // What is not known is NaN if wanted so, and else 0.
                let unknown = design.dense(&columns, row, f64::NAN).map(|v| if v.is_nan() { 0.0 } else { v });
                prop_assert_eq!(unknown.collect::<Vec<_>>(), dense);
            }
        }
    }

    #[test]
    fn numbers_end_at_the_range_learned_from(past in table(), new in table()) {
        let encoder = AttributeEncoder::fit(&past);
        let encoded = encoder.encode(&past);
        let design = Design::fit(encoder.clone(), &encoded, &Plan { bounded: true, ..Plan::NUMBERS });
        for column in 0..design.columns() {
            let of = |columns: &[EncodedColumn]| -> Vec<f64> {
                (0..ROWS).filter_map(|row| design.value(column, columns, row)).collect()
            };
            let (past, new) = (of(&encoded), of(&encoder.encode(&new)));
            let within = |v: &f64| past.iter().any(|p| p <= v) && past.iter().any(|p| p >= v);
            prop_assert!(new.iter().all(within), "{:?} {:?}", past, new);
        }
    }

    #[test]
    fn a_stored_design_is_the_same(past in table(), plan in plan()) {
        let encoder = AttributeEncoder::fit(&past);
        let encoded = encoder.encode(&past);
        let design = Design::fit(encoder, &encoded, &plan);
        let text = serde_json::to_string(&design).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Design>(&text).unwrap(), &design);
    }
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[test]
fn columns_stand_in_the_order_of_the_plan() {
    let numbers: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), Some(3.0), None, Some(5.0)]));
    let past = RecordBatch::try_from_iter_with_nullable([
        ("size", numbers, true),
        ("colour", texts(&["red", "blue", "red", "blue"]), true),
        (
            "note",
            texts(&["warm shirt one", "warm shirt two", "steel pan", "steel pot"]),
            true,
        ),
    ])
    .unwrap();
    let encoder = AttributeEncoder::fit(&past);
    let columns = encoder.encode(&past);
    let plan = Plan {
        square: true,
        missing: Flag::WhereSeen,
        bounded: true,
        code: true,
        levels: Levels::Frequent { most: 1, at_least: 2 },
        words: Words::Present(2),
    };
    let design = Design::fit(encoder, &columns, &plan);
    use Source::*;
    let expected = [
        Number(0),
        Square(0),
        Missing(0),
        Code(1),
        Level(1, 0),
        Word(2, 0),
        Word(2, 1),
    ];
    assert_eq!(design.sources(), expected);
    let names: Vec<&str> = (0..8).filter_map(|column| design.name(column)).collect();
    assert_eq!(names, ["size", "size", "size", "colour", "colour", "note", "note"]);
    // Mean 3, standard deviation sqrt(8 / 3); words are "shirt" and "steel".
    let z = -2.0 / (8.0f64 / 3.0).sqrt();
    assert_eq!(
        design.dense(&columns, 0, 0.0).collect::<Vec<_>>(),
        [z, z * z, 0.0, 1.0, 0.0, 1.0, 0.0]
    );
    assert_eq!(design.sparse(&columns)[2], [(2, 1.0), (3, 1.0), (6, 1.0)]);
    let known: Vec<bool> = design.dense(&columns, 2, f64::NAN).map(|v| !v.is_nan()).collect();
    assert_eq!(known, [false, false, true, true, true, true, true]);

    let few = design.clone().keep(&[1, 4, 9]);
    assert_eq!(few.sources(), [Square(0), Level(1, 0)]);
    // What does not fit the encoder is noticed.
    for source in [
        Number(1),
        Code(0),
        Level(1, 2),
        Level(1, UNSEEN),
        Word(2, 9),
        Weight(1, 0),
        Number(3),
    ] {
        assert!(
            !Design::from_sources(design.encoder().clone(), vec![source]).is_valid(),
            "{source:?}"
        );
    }
}

#[test]
fn a_number_far_from_those_learned_from_is_told() {
    let table = |name: &str, column: ArrayRef| RecordBatch::try_from_iter([(name, column)]).unwrap();
    let prices = |values: &[f64]| table("price", Arc::new(Float64Array::from(values.to_vec())));
    let far = |encoder: &AttributeEncoder, rows: &RecordBatch| -> Vec<Vec<String>> {
        encoder.unknown(rows).into_iter().map(|unknown| unknown.far).collect()
    };
    // A quarter of the width of the range beyond its ends.
    let encoder = AttributeEncoder::fit(&prices(&[10.0, 20.0, 30.0]));
    let told = far(&encoder, &prices(&[35.0, 36.0, 5.0, 4.0, f64::NAN]));
    assert_eq!(told[0], [] as [String; 0]);
    assert_eq!(told[1], ["price 36, where they had 10 to 30"]);
    assert_eq!(told[3], ["price 4, where they had 10 to 30"]);
    assert!(told[2].is_empty() && told[4].is_empty());
    let told = far(&encoder, &prices(&[1e300]));
    assert_eq!(told[0], ["price 1e300, where they had 10 to 30"]);
    // Over more than a factor of ten, of its logarithm: 100 times 100 ^ (1/4).
    let encoder = AttributeEncoder::fit(&prices(&[1.0, 10.0, 100.0]));
    let told = far(&encoder, &prices(&[316.0, 317.0, 0.32, 0.31]));
    assert_eq!(told.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1, 0, 1]);
    // The dates of the next launches are always later.
    let days = |values: &[i32]| table("listed", Arc::new(Date32Array::from(values.to_vec())));
    let encoder = AttributeEncoder::fit(&days(&[18_000, 18_100, 18_200]));
    assert!(far(&encoder, &days(&[19_000]))[0].is_empty());
}
