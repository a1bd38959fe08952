//! Launches with planted truth, shared by the tests of the launch models.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};

use crate::panel::{Frequency, LaunchPanel};

/// A fixed sequence in [0, 1): the fractional parts of multiples of an irrational number, mixed by the seed.
pub(crate) fn uniform(i: usize, seed: u64) -> f64 {
    let mut x = (i as u64)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(seed.wrapping_mul(0xD1B5_4A32_D192_ED03));
    x ^= x >> 31;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 27;
    x = x.wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^= x >> 31;
    (x >> 11) as f64 / (1u64 << 53) as f64
}

/// Weekly launches whose level depends on category and price: ln units = 5 (category a) or 3 (b) - 0.8 ln price, with
/// a curve that falls by 5 % a step and noise of standard deviation 0.2.
pub(crate) fn planted_panel(n: usize, horizon: usize, seed: u64) -> LaunchPanel {
    let price: Vec<f64> = (0..n).map(|i| 1.0 + 19.0 * uniform(4 * i, seed)).collect();
    let category: Vec<&str> = (0..n)
        .map(|i| if uniform(4 * i + 1, seed) < 0.5 { "a" } else { "b" })
        .collect();
    let units: Vec<Vec<Option<f64>>> = (0..n)
        .map(|i| {
            let noise = 0.2 * 3f64.sqrt() * (2.0 * uniform(4 * i + 2, seed) - 1.0);
            let level = if category[i] == "a" { 5.0 } else { 3.0 } - 0.8 * price[i].ln() + noise;
            (0..horizon)
                .map(|s| Some((level + 0.95f64.ln() * s as f64).exp()))
                .collect()
        })
        .collect();
    let days = (0..n)
        .map(|i| 18_000 + (700.0 * uniform(4 * i + 3, seed)) as i32)
        .collect();
    let attributes = RecordBatch::try_from_iter([
        ("price", Arc::new(Float64Array::from(price)) as ArrayRef),
        ("category", Arc::new(StringArray::from(category)) as ArrayRef),
    ])
    .unwrap();
    LaunchPanel::try_new(
        Frequency::Day,
        horizon,
        (0..n).map(|i| format!("p{i:05}")).collect(),
        days,
        &units,
        attributes,
    )
    .unwrap()
}
