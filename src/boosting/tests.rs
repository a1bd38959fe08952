use super::*;

/// Between 0 and 1, as if at random.
fn uniform(row: usize, stream: u64) -> f64 {
    let x = (row as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ stream.wrapping_mul(0xD1B5_4A32_D192_ED03);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Rows of two columns between 0 and 1, each a group of its own.
fn table(rows: usize, target: impl Fn(usize, f64, f64) -> f64) -> Rows {
    let values: Vec<[f64; 2]> = (0..rows).map(|row| [uniform(row, 1), uniform(row, 2)]).collect();
    Rows {
        columns: 2,
        values: values.concat().iter().map(|v| *v as f32).collect(),
        target: values
            .iter()
            .enumerate()
            .map(|(row, v)| target(row, v[0], v[1]))
            .collect(),
        weight: vec![1.0; rows],
        group: (0..rows).collect(),
    }
}

/// A fifth of the rows tells when to stop.
fn fit(loss: Loss, growth: Growth, table: &Rows) -> Boosted {
    let learn: Vec<bool> = (0..table.target.len()).map(|row| row % 5 != 0).collect();
    let boosting = Boosting::new(loss, growth).unwrap();
    let prepared = boosting.prepare(table).unwrap();
    let mut boosted = boosting.fit(&prepared, &table.target, &learn, 0).unwrap();
    let least = boosted
        .watched
        .iter()
        .enumerate()
        .min_by(|a, b| a.1.total_cmp(b.1))
        .unwrap()
        .0;
    boosted.truncate(least + 1);
    boosted
}

#[test]
fn each_loss_finds_what_it_is_for() {
    // The first column tells where the target lies, the second one nothing; the noise is skewed.
    let noise = |row: usize| -uniform(row, 3).ln();
    let high = |a: f64| a > 0.5;
    let skewed = table(4_000, |row, a, _| if high(a) { 5.0 } else { 1.0 } + noise(row));
    let counts = table(40_000, |row, a, _| {
        (if high(a) { 6.0 } else { 1.0 } * noise(row)).round()
    });
    let bought = table(40_000, |row, a, _| {
        f64::from(uniform(row, 4) < if high(a) { 0.6 } else { 0.1 })
    });
    let ln_2 = std::f64::consts::LN_2;
    let cases = [
        (Loss::Squared, &skewed, [2.0, 6.0]),
        (Loss::Absolute, &skewed, [1.0 + ln_2, 5.0 + ln_2]),
        (Loss::Quantile(0.9), &skewed, [1.0 + 10.0f64.ln(), 5.0 + 10.0f64.ln()]),
        (Loss::Poisson, &counts, [0.95, 6.0]),
        (Loss::Logistic, &bought, [0.1, 0.6]),
    ];
    // Small trees of large leaves: noise is no reason to stop early.
    let growth = Growth {
        leaves: 4,
        rows: 200,
        ..Growth::default()
    };
    for (loss, table, expected) in cases {
        let boosted = fit(loss, growth, table);
        assert!(boosted.trees.is_valid(2), "{loss:?}");
        let gain = boosted.gain(2);
        assert!(gain[0] > 2.0 * gain[1], "{loss:?} {gain:?}");
        for (a, expected) in [0.25, 0.75].into_iter().zip(expected) {
            let mean = (0..9)
                .map(|k| loss.predicted(boosted.trees.predict(&[a, k as f32 / 8.0])))
                .sum::<f64>()
                / 9.0;
            assert!(
                (mean / expected - 1.0).abs() < 0.12,
                "{loss:?} at {a}: {mean}, not {expected}"
            );
        }
    }
}

#[test]
fn noise_is_not_learned() {
    let noise = table(1_000, |row, _, _| uniform(row, 5));
    let boosted = fit(Loss::Squared, Growth::default(), &noise);
    let values: Vec<f64> = (0..100).map(|row| boosted.trees.predict(noise.row(row))).collect();
    let spread = values.iter().map(|v| (v - 0.5).powi(2)).sum::<f64>() / 100.0;
    // The variance of the noise is 1/12.
    assert!(spread < 0.1 / 12.0, "{spread}");
}

#[test]
fn trees_have_the_size_that_was_chosen() {
    let level = |v: f64| (v * 22.0) as usize;
    let board = table(8_000, |_, a, b| 10.0 * uniform(level(a) * 22 + level(b), 6));
    let growth = Growth {
        leaves: 9,
        trees: 30,
        ..Growth::default()
    };
    let sizes = fit(Loss::Squared, growth, &board).trees.sizes().to_vec();
    assert!(
        sizes.len() == 31 && sizes[1..].iter().all(|&nodes| nodes == 17),
        "{sizes:?}"
    );
}

#[test]
fn which_side_missing_values_go_to_is_learned() {
    // Missing is like high in the first column; in the second it is what tells.
    let mut rows = table(3_000, |row, a, _| {
        f64::from(u8::from(a > 0.5)) + 3.0 * f64::from(u8::from(row % 3 == 0))
    });
    for row in 0..3_000 {
        if rows.values[2 * row] > 0.8 {
            rows.values[2 * row] = f32::NAN;
        }
        if row % 3 == 0 {
            rows.values[2 * row + 1] = f32::NAN;
        }
    }
    let trees = fit(Loss::Squared, Growth::default(), &rows).trees;
    let at = |a: f32, b: f32| trees.predict(&[a, b]);
    for (found, expected) in [(at(f32::NAN, 0.3), 1.0), (at(0.1, 0.9), 0.0), (at(0.7, f32::NAN), 4.0)] {
        assert!((found - expected).abs() < 0.1, "{found}, not {expected}");
    }
}

/// Steps of launches: what holds for a launch is counted by launch, and the trees are those of counting rows.
#[test]
fn columns_of_groups_and_of_rows_give_the_same_trees() {
    let plain = table(600, |row, _, _| uniform(row / 6, 7));
    let mut grouped = Rows {
        group: (0..600).map(|row| row / 6).collect(),
        ..plain.clone()
    };
    for row in 0..600 {
        grouped.values[2 * row] = (10.0 * uniform(row / 6, 7)).round() as f32;
    }
    let alone = Rows {
        group: (0..600).collect(),
        ..grouped.clone()
    };
    let growth = Growth {
        groups: 1.0,
        trees: 20,
        ..Growth::default()
    };
    let trees = |table: &Rows| fit(Loss::Squared, growth, table).trees;
    let (by_group, by_row) = (trees(&grouped), trees(&alone));
    assert_eq!(by_group.sizes(), by_row.sizes());
    for row in 0..600 {
        assert!((by_group.predict(grouped.row(row)) - by_row.predict(grouped.row(row))).abs() < 1e-6);
    }
}

#[test]
fn rows_of_weight_zero_and_missing_values_change_nothing() {
    let plain = table(2_000, |_, a, b| a + b);
    let mut more = plain.clone();
    more.weight[7] = 0.0;
    let growth = Growth {
        rows: 1,
        ..Growth::default()
    };
    let of = |table: &Rows, target: &[f64]| {
        let boosting = Boosting::new(Loss::Squared, growth).unwrap();
        let prepared = boosting.prepare(table).unwrap();
        boosting.fit(&prepared, target, &[true; 2_000], 0).unwrap().trees
    };
    let mut other = plain.target.clone();
    other[7] = 1e6;
    assert_eq!(of(&more, &plain.target), of(&more, &other));
    let trees = of(&plain, &plain.target);
    assert!(trees.predict(&[f32::NAN, f32::NAN]).is_finite());
}

#[test]
fn what_cannot_be_fitted_is_refused_or_a_constant() {
    let constant = |loss: Loss, table: &Rows, row: &[f32]| fit(loss, Growth::default(), table).trees.predict(row);
    let few = table(40, |row, _, _| row as f64);
    assert_eq!(constant(Loss::Squared, &few, &[0.0, 0.0]), 20.0);
    let alike = table(500, |_, _, _| 3.0);
    assert_eq!(constant(Loss::Absolute, &alike, &[0.0, 0.0]), 3.0);
    let nothing = Rows {
        columns: 0,
        values: Vec::new(),
        ..table(500, |row, _, _| row as f64)
    };
    assert_eq!(constant(Loss::Squared, &nothing, &[]), 250.0);
    let none = Growth {
        rate: 0.0,
        ..Growth::default()
    };
    let refused = Boosting::new(Loss::Squared, none).unwrap_err().to_string();
    assert!(refused.starts_with("boosting cannot grow trees by Growth"), "{refused}");
    let counts = Boosting::new(Loss::Poisson, Growth::default()).unwrap();
    let negative = table(500, |row, _, _| row as f64 - 1.0);
    let prepared = counts.prepare(&negative).unwrap();
    let refused = counts
        .fit(&prepared, &negative.target, &[true; 500], 0)
        .unwrap_err()
        .to_string();
    assert_eq!(refused, "what is to be predicted must be 0 or more, got -1");
}
