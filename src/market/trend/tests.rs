use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::progress::Progress;

/// Without surroundings.
fn forecast(values: &[f64], options: &TrendOptions) -> Result<Trend> {
    super::forecast(values, &Surroundings::default(), options)
}

fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    move || (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0
}

fn options(method: &str, season: i64) -> TrendOptions {
    TrendOptions::try_new(method, 6, season, 0.8, false).unwrap()
}

/// Level 100 that grows by 1 a period, December twice the rest.
fn seasonal(n: usize, seed: u64) -> Vec<f64> {
    let mut noise = noise(seed);
    let index = |t: usize| if t % 12 == 11 { 2.0 } else { 1.0 };
    (0..n).map(|t| (100.0 + t as f64 + 3.0 * noise()) * index(t)).collect()
}

#[test]
fn a_planted_trend_and_season_are_continued() {
    let all = seasonal(66, 1);
    // Periods 60 to 65; the December in them is not, so December of the year before tells in the last test here.
    let found = forecast(&all[..60], &options("auto", 12)).unwrap();
    for (step, actual) in found.steps.iter().zip(&all[60..]) {
        assert!((step[0] / actual - 1.0).abs() < 0.08, "{step:?} {actual}");
    }
    assert!(found.reason.contains("season found"), "{}", found.reason);
    let december = forecast(&all[..57], &options("auto", 12)).unwrap().steps[2][0];
    assert!((december / all[59] - 1.0).abs() < 0.12, "{december} {}", all[59]);
}

/// Share of six steps inside their interval, over 200 series of 60 periods.
fn coverage(series: impl Fn(u64) -> Vec<f64>) -> f64 {
    let inside = |seed: u64| {
        let values = series(seed);
        let found = forecast(&values[..60], &options("auto", 1)).unwrap();
        let pairs = found.steps.iter().zip(&values[60..]);
        pairs
            .filter(|(step, actual)| (step[1]..=step[2]).contains(actual))
            .count()
    };
    (0..200).map(inside).sum::<usize>() as f64 / 1_200.0
}

#[test]
fn intervals_cover_about_as_often_as_they_say() {
    let around = |seed| {
        let mut noise = noise(seed);
        (0..66).map(|_| 200.0 + 20.0 * noise()).collect()
    };
    let walk = |seed| {
        let mut noise = noise(seed);
        let mut level = 200.0;
        let mut next = || {
            level += 3.0 * noise();
            level
        };
        (0..66).map(|_| next()).collect()
    };
    let (around, walk) = (coverage(around), coverage(walk));
    assert!((0.77..=0.85).contains(&around), "{around}");
    // The errors of forecasts of a random walk that overlap are much alike, so ten of them tell less.
    assert!((0.70..=0.83).contains(&walk), "{walk}");
}

#[test]
fn every_method_forecasts_what_it_can_and_says_why_it_cannot() {
    let sparse: Vec<f64> = (0..40).map(|t| f64::from(t % 5 == 0) * 3.0).collect();
    let series = [
        seasonal(40, 2),
        sparse,
        vec![5.0; 30],
        vec![0.0; 30],
        vec![1.0, 2.0, 4.0, 3.0],
    ];
    for method in Method::ALL.map(Method::name).iter().chain(&["auto"]) {
        for values in &series {
            match forecast(values, &options(method, 12)) {
                Ok(found) => {
                    assert_eq!(found.steps.len(), 6, "{method}");
                    for [yhat, lower, upper] in found.steps {
                        assert!(
                            0.0 <= lower && lower <= yhat && yhat <= upper && upper.is_finite(),
                            "{method}"
                        );
                    }
                }
                Err(Error::Refused(reason)) => assert!(!reason.is_empty()),
                Err(error) => panic!("{method}: {error}"),
            }
        }
        // auto can always.
        assert!(*method != "auto" || series.iter().all(|s| forecast(s, &options("auto", 12)).is_ok()));
    }
}

#[test]
fn constant_series_go_on_as_they_are() {
    for value in [0.0, 7.5] {
        let found = forecast(&[value; 30], &options("auto", 12)).unwrap();
        assert!(
            found.steps.iter().flatten().all(|v| (v - value).abs() < 1e-9),
            "{found:?}"
        );
    }
}

#[test]
fn values_below_zero_are_forecast_below_zero() {
    let mut noise = noise(3);
    let losses: Vec<f64> = (0..40).map(|_| -50.0 + noise()).collect();
    let found = forecast(&losses, &options("auto", 1)).unwrap();
    for [yhat, lower, upper] in found.steps {
        assert!((-53.0..-47.0).contains(&yhat) && lower < yhat && yhat < upper);
    }
}

#[test]
fn a_price_that_moves_in_steps_is_forecast_at_a_price_that_was_asked() {
    // 9.99, and 7.99 for a week in each eight; the data end in a promotion.
    let promoted: Vec<f64> = (0..57).map(|t| if t % 8 == 0 { 7.99 } else { 9.99 }).collect();
    // A price rise that stays.
    let raised: Vec<f64> = (0..57).map(|t| if t < 50 { 9.99 } else { 11.99 }).collect();
    let prices = TrendOptions::try_new("auto", 4, 52, 0.8, true).unwrap();
    let first = |values: &[f64]| forecast(values, &prices).unwrap();
    assert_eq!(
        first(&promoted).steps.iter().map(|s| s[0]).collect::<Vec<_>>(),
        [9.99; 4]
    );
    assert_eq!(first(&raised).steps[3][0], 11.99, "{:?}", first(&raised));
}

#[test]
fn what_cannot_be_forecast_is_refused() {
    let reason = |values: &[f64]| forecast(values, &options("auto", 12)).unwrap_err().to_string();
    assert_eq!(reason(&[]), "at least 4 periods are needed, got 0");
    assert_eq!(reason(&[1.0]), "at least 4 periods are needed, got 1");
    for bad in [f64::NAN, f64::INFINITY, 1e300] {
        assert_eq!(reason(&[1.0, 2.0, bad, 3.0]), "values must be finite and below 1e15");
    }
    let text = forecast(&[1.0; 8], &options("seasonal_naive", 12))
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("seasonal_naive needs one season of 12 periods, got 8"),
        "{text}"
    );
}

#[test]
fn options_that_are_not_allowed_name_those_that_are() {
    let text = |method, horizon, season, level| {
        TrendOptions::try_new(method, horizon, season, level, false)
            .unwrap_err()
            .to_string()
    };
    assert!(text("arima", 6, 12, 0.8).starts_with("method must be one of auto, naive, naive2"));
    assert_eq!(text("auto", 0, 12, 0.8), "horizon must be between 1 and 520, got 0");
    assert_eq!(text("auto", 6, 0, 0.8), "season must be between 1 and 520, got 0");
    assert_eq!(
        text("auto", 6, 12, f64::NAN),
        "level must be above 0 and below 1, got NaN"
    );
}

#[test]
fn no_origin_is_forecast_from_what_came_after_it() {
    let mut values = seasonal(60, 4);
    let methods = [Method::Theta, Method::Ses, Method::Naive2];
    let before = origins(
        &values,
        12,
        &methods,
        &Structural::default(),
        &cuts(values.len(), 12, 6),
        6,
    );
    let cut = before[3].cut;
    values[cut..].iter_mut().for_each(|v| *v *= 5.0);
    let after = origins(
        &values,
        12,
        &methods,
        &Structural::default(),
        &cuts(values.len(), 12, 6),
        6,
    );
    for (a, b) in before.iter().zip(&after).filter(|(a, _)| a.cut <= cut) {
        assert_eq!(a.forecasts, b.forecasts);
    }
    assert_ne!(before[9].forecasts, after[9].forecasts);
}

#[test]
fn what_is_mixed_is_chosen_before_the_first_origin() {
    // The product stops selling after the first origin: tsb, which looks for zeros, must not be among the methods there.
    let mut values = seasonal(60, 5);
    let first = cuts(60, 1, 6)[0];
    values[first + 2..].iter_mut().for_each(|v| *v = 0.0);
    let reason = |values: &[f64]| forecast(values, &options("auto", 1)).unwrap().reason;
    assert!(!reason(&values).contains("tsb"), "{}", reason(&values));
    values[first - 2] = 0.0;
    let chosen = candidates(&values[..first], 1, false, false, &options("auto", 1));
    assert!(chosen.contains(&Method::Tsb));
}

#[test]
fn one_network_learns_a_season_that_series_share() {
    let series: Vec<Vec<f64>> = (0..30).map(|s| seasonal(54, s)).collect();
    let known: Vec<Vec<f64>> = series.iter().map(|s| s[..48].to_vec()).collect();
    let options = NetworkOptions::try_new(6, 12, 0.8, 42).unwrap();
    let found = forecast_together(&known, &options, &Progress::silent()).unwrap();
    let again = forecast_together(&known, &options, &Progress::silent()).unwrap();
    assert_eq!(found, again);
    let (mut error, mut total) = (0.0, 0.0);
    for (found, actual) in found.iter().zip(&series) {
        for (step, y) in found.as_ref().unwrap().steps.iter().zip(&actual[48..]) {
            assert!(0.0 <= step[1] && step[1] <= step[0] && step[0] <= step[2]);
            error += (step[0] - y).abs();
            total += y;
        }
    }
    assert!(error / total < 0.12, "{}", error / total);
}

#[test]
fn a_network_refuses_few_series_and_single_bad_ones() {
    let options = NetworkOptions::try_new(6, 12, 0.8, 42).unwrap();
    let few = forecast_together(&vec![vec![1.0; 40]; 3], &options, &Progress::silent()).unwrap_err();
    assert!(
        few.to_string()
            .starts_with("lstm needs at least 10 series of 22 periods, got 3")
    );
    let mut series: Vec<Vec<f64>> = (0..12).map(|s| seasonal(24, s)).collect();
    series.push(vec![1.0]);
    series.push(vec![-1.0; 24]);
    series.push(vec![]);
    let found = forecast_together(&series, &options, &Progress::silent()).unwrap();
    assert!(found[..12].iter().all(Result::is_ok));
    let reasons: Vec<String> = found[12..]
        .iter()
        .map(|f| f.as_ref().unwrap_err().to_string())
        .collect();
    assert!(
        reasons[0].contains("got 1") && reasons[1].contains("0 or more") && reasons[2].contains("got 0"),
        "{reasons:?}"
    );
}

#[test]
fn a_day_on_which_a_shop_never_opens_stays_closed() {
    // Open six days of seven, every second week twice as busy, some days without a sale.
    let units = |t: usize| match t % 7 {
        6 => 0.0,
        _ if t % 31 == 5 => 0.0,
        day => (100.0 + 10.0 * day as f64) * (1.0 + (t / 7 % 2) as f64),
    };
    let values: Vec<f64> = (0..200).map(units).collect();
    for method in ["auto", "naive", "seasonal_naive"] {
        let found = forecast(&values, &TrendOptions::try_new(method, 14, 7, 0.8, false).unwrap()).unwrap();
        let told = "; 0 in 2 of 14 steps, whose like never had a value";
        assert!(found.reason.contains(told), "{}", found.reason);
        for (k, step) in found.steps.iter().enumerate() {
            assert_eq!(step == &[0.0; 3], (200 + k) % 7 == 6, "{method} {k} {step:?}");
        }
    }
    // Of a product that seldom sells, a day without a sale in each week is chance, and three weeks tell nothing.
    let seldom: Vec<f64> = (0..28).map(|t| f64::from(u8::from(t == 3 || t == 19))).collect();
    assert!(closed(&seldom, 7, &[], 50).iter().all(|closed| !closed));
    assert!(closed(&values[..21], 7, &[], 28).iter().all(|closed| !closed));
    assert_eq!(closed(&[0.0; 50], 7, &[], 50), [false; 50]);
}

/// Daily sales from 2022-01-01 (day 18993) on, of 200 units with a week, every second week 10 % better from Monday to Friday,
/// a yearly wave of 20 %, a promotion of 50 % on a fifth of the days and a level that falls by a fifth on day 500.
fn daily(n: usize, seed: u64) -> (Vec<f64>, Vec<f64>, Known) {
    let mut noise = noise(seed);
    let promoted = |t: usize| (t / 5 * 7 % 25) < 5;
    let median = |t: usize| {
        let day = 18_993 + t as i64;
        let (weekday, week) = ((day + 3).rem_euclid(7), (day + 3).div_euclid(7));
        let mut units = 200.0 * (1.0 + 0.2 * (std::f64::consts::TAU * day as f64 / 365.25).cos());
        units *= if weekday < 5 && week % 2 == 0 { 1.1 } else { 1.0 };
        units *= [1.0, 0.9, 0.9, 1.0, 1.2, 1.5, 0.6][weekday as usize];
        units * if promoted(t) { 1.5 } else { 1.0 } * if t < 500 { 1.0 } else { 0.8 }
    };
    let truth: Vec<f64> = (0..n).map(median).collect();
    let values = truth.iter().map(|m| m * (0.1 * noise()).exp()).collect();
    let promotion = Known {
        name: "promotion".to_owned(),
        event: false,
        periods: (0..n as i64).map(|t| 18_993 + t).collect(),
        values: (0..n).map(|t| f64::from(u8::from(promoted(t)))).collect(),
        expected: Vec::new(),
    };
    (truth, values, promotion)
}

#[test]
fn a_planted_week_fortnight_year_and_promotion_are_found() {
    for seed in 0..5 {
        let (truth, values, promotion) = daily(1_000, seed);
        let options = TrendOptions::try_new("auto", 100, 7, 0.8, false).unwrap();
        let options = options.by_calendar(Frequency::Day);
        let surroundings = Surroundings {
            first: 18_993,
            known: &[promotion],
        };
        let found = super::forecast(&values[..900], &surroundings, &options).unwrap();
        let errors = found
            .steps
            .iter()
            .zip(&truth[900..])
            .map(|(step, m)| (step[0] - m).abs());
        let error = errors.sum::<f64>() / truth[900..].iter().sum::<f64>();
        assert!(error < 0.06, "{seed} {error} {}", found.reason);
        let inside = found.steps.iter().zip(&values[900..]);
        let inside = inside.filter(|(step, y)| (step[1]..=step[2]).contains(*y)).count();
        assert!((60..=98).contains(&inside), "{seed} {inside}");
        let told = found.reason.split("promotion x ").nth(1).unwrap();
        let lift: f64 = told[..4].parse().unwrap();
        assert!((lift - 1.5).abs() < 0.06, "{}", found.reason);
    }
}

#[test]
fn structural_sees_nothing_behind_a_cut() {
    let (_, mut values, promotion) = daily(600, 7);
    let columns = regressors(Some(Frequency::Day), 7, &[promotion], 18_993, 600);
    let of = |values: &[f64]| {
        let found = Structural::run(values, &columns, &[300, 450, 590], &vec![vec![false; 600]; 3], 10);
        (
            found.forecast(300, 10),
            found.forecast(450, 10),
            found.forecast(590, 10),
        )
    };
    let before = of(&values);
    values[450..].iter_mut().for_each(|v| *v *= 3.0);
    let after = of(&values);
    assert!(before.0.is_ok() && before.0 == after.0 && before.1 == after.1 && before.2 != after.2);
    // The pass over all cuts is the same as one to a single cut.
    let alone = Structural::run(&values[..450], &columns, &[300, 450], &vec![vec![false; 600]; 2], 10);
    assert_eq!(alone.forecast(450, 10), after.1);
}

#[test]
fn a_holiday_on_which_all_is_closed_is_closed_again() {
    let (_, mut values, _) = daily(900, 8);
    let christmas = Known {
        name: "Christmas".to_owned(),
        event: true,
        periods: vec![18_993 + 358, 18_993 + 723, 18_993 + 905],
        values: vec![1.0; 3],
        expected: Vec::new(),
    };
    (values[358], values[723]) = (0.0, 0.0);
    let options = TrendOptions::try_new("auto", 14, 7, 0.8, false)
        .unwrap()
        .by_calendar(Frequency::Day);
    let surroundings = Surroundings {
        first: 18_993,
        known: &[christmas],
    };
    let found = super::forecast(&values, &surroundings, &options).unwrap();
    let zeros: Vec<usize> = (0..14).filter(|k| found.steps[*k] == [0.0; 3]).collect();
    assert_eq!(zeros, [5], "{}", found.reason);
}

#[test]
fn sums_of_rare_sales_are_those_that_were_sold() {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let options = TrendOptions::try_new("auto", 28, 7, 0.8, false)
        .unwrap()
        .by_calendar(Frequency::Day);
    // One day in five one to five units; and a hundred, but nothing on three days in ten.
    for (rate, units, often) in [(0.2, 3.0, 0.6), (0.7, 100.0, 70.0)] {
        let mut total = 0.0;
        for _ in 0..20 {
            let mut day = || match random.random::<f64>() < rate {
                true => (units * (0.4 + 1.2 * random.random::<f64>())).round(),
                false => 0.0,
            };
            let values: Vec<f64> = (0..500).map(|_| day()).collect();
            let found = super::forecast(&values, &Surroundings::default(), &options).unwrap();
            total += found.steps.iter().map(|step| step[0]).sum::<f64>() / 28.0 / 20.0;
        }
        assert!((total / often - 1.0).abs() < 0.15, "{rate} {total} {often}");
    }
}

#[test]
fn a_shop_that_has_closed_sells_nothing_more() {
    let (_, mut values, promotion) = daily(500, 9);
    values[380..].fill(0.0);
    let surroundings = Surroundings {
        first: 18_993,
        known: &[promotion],
    };
    let of = |method: &str| {
        let options = TrendOptions::try_new(method, 14, 7, 0.8, false).unwrap();
        super::forecast(&values, &surroundings, &options.by_calendar(Frequency::Day))
    };
    let found = of("auto").unwrap();
    assert!(found.steps.iter().all(|step| step[0] < 1.0), "{found:?}");
    assert!(
        found.reason.contains("what is known ahead does not help"),
        "{}",
        found.reason
    );
    assert!(of("structural").unwrap_err().to_string().contains("the latest too"));
}

#[test]
fn growth_over_a_week_does_not_go_on_for_a_year() {
    let values: Vec<f64> = (0..60).map(|t| 100.0 * (0.02 * f64::from(t)).exp()).collect();
    let found = forecast(
        &values,
        &TrendOptions::try_new("seasonal_drift", 400, 7, 0.8, false).unwrap(),
    );
    let steps = found.unwrap().steps;
    assert!(
        steps.iter().all(|[yhat, ..]| *yhat < 2.0 * values[59]),
        "{:?}",
        steps.last()
    );
}
