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

fn folds(rows: usize) -> Vec<Vec<usize>> {
    (0..FOLDS).map(|fold| (fold..rows).step_by(FOLDS).collect()).collect()
}

fn fit(loss: Loss, budget: f32, table: &Rows) -> Boosted {
    let boosting = Boosting::new(loss, budget).unwrap();
    boosting
        .fit(table, &table.target, &folds(table.target.len()), 0)
        .unwrap()
}

#[test]
fn each_loss_finds_what_it_is_for() {
    // The first column tells where the target lies, the second one nothing; the noise is skewed.
    let noise = |row: usize| -uniform(row, 3).ln();
    let high = |a: f64| a > 0.5;
    let skewed = table(4_000, |row, a, _| if high(a) { 5.0 } else { 1.0 } + noise(row));
    let counts = table(4_000, |row, a, _| {
        (if high(a) { 6.0 } else { 1.0 } * noise(row)).round()
    });
    let bought = table(4_000, |row, a, _| {
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
    for (loss, table, expected) in cases {
        let boosted = fit(loss, 1.0, table);
        assert!(boosted.trees.is_valid(2), "{loss:?}");
        assert!(boosted.gain[0] > 10.0 * boosted.gain[1], "{loss:?} {:?}", boosted.gain);
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
    let boosted = fit(Loss::Squared, 0.8, &noise);
    let values: Vec<f64> = (0..100).map(|row| boosted.trees.predict(noise.row(row))).collect();
    let spread = values.iter().map(|v| (v - 0.5).powi(2)).sum::<f64>() / 100.0;
    // The variance of the noise is 1/12.
    assert!(spread < 0.1 / 12.0, "{spread}");
}

/// What decides is not the memory that is free, of which this machine has enough for larger trees.
#[test]
fn trees_have_the_size_that_was_chosen() {
    let level = |v: f64| (v * 22.0) as usize;
    let board = table(40_000, |_, a, b| 10.0 * uniform(level(a) * 22 + level(b), 6));
    let sizes = fit(Loss::Squared, 0.5, &board).trees.sizes().to_vec();
    assert_eq!(sizes.iter().max(), Some(&127), "{sizes:?}");
}

#[test]
fn rows_of_weight_zero_and_missing_values_change_nothing() {
    let plain = table(2_000, |_, a, b| a + b);
    let mut more = plain.clone();
    more.weight[7] = 0.0;
    let of = |table: &Rows, target: &[f64]| {
        Boosting::new(Loss::Squared, 0.5)
            .unwrap()
            .fit(table, target, &folds(2_000), 0)
            .unwrap()
            .trees
    };
    let mut other = plain.target.clone();
    other[7] = 1e6;
    assert_eq!(of(&more, &plain.target), of(&more, &other));
    let trees = of(&plain, &plain.target);
    assert!(trees.predict(&[f32::NAN, f32::NAN]).is_finite());
}

#[test]
fn what_cannot_be_fitted_is_refused_or_a_constant() {
    let few = table(30, |row, _, _| row as f64);
    assert_eq!(fit(Loss::Squared, 0.5, &few).trees.predict(&[0.0, 0.0]), 14.5);
    let alike = table(500, |_, _, _| 3.0);
    assert_eq!(fit(Loss::Absolute, 0.5, &alike).trees.predict(&[0.0, 0.0]), 3.0);
    let nothing = Rows {
        columns: 0,
        values: Vec::new(),
        ..table(500, |row, _, _| row as f64)
    };
    assert_eq!(fit(Loss::Squared, 0.5, &nothing).trees.predict(&[]), 249.5);
    let budget = Boosting::new(Loss::Squared, 0.0).unwrap_err().to_string();
    assert_eq!(budget, "the budget of boosting must be above 0 and at most 4, got 0");
    let counts = Boosting::new(Loss::Poisson, 0.5).unwrap();
    let negative = table(500, |row, _, _| row as f64 - 1.0);
    let refused = counts
        .fit(&negative, &negative.target, &folds(500), 0)
        .unwrap_err()
        .to_string();
    assert_eq!(refused, "what is to be predicted must be 0 or more, got -1");
}
