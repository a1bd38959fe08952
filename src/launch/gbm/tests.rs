use super::*;
use crate::forecast::after;
use crate::launch::tests::{planted_panel, uniform};
use crate::panel::Frequency;

fn gbm() -> Gbm {
    Gbm::new(&Recipe::default())
}

/// Root mean square of the errors at the steps after an age.
fn error(model: &FittedGbm, panel: &LaunchPanel, age: usize) -> f64 {
    let forecasts = model.forecast(&panel.candidates_at(age)).unwrap();
    let squares: Vec<f64> = (0..panel.len())
        .flat_map(|i| {
            let errors = after(panel.log_units(i), age)
                .into_iter()
                .zip(forecasts[i].location.clone());
            errors.map(|(y, f)| (y - f).powi(2)).collect::<Vec<f64>>()
        })
        .filter(|e| !e.is_nan())
        .collect();
    (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
}

#[test]
fn planted_category_and_price_are_found() {
    let (past, new) = (planted_panel(400, 6, 1), planted_panel(200, 6, 2));
    let model = gbm().fit(&past).unwrap();
    // The level varies by 1.2 and its noise is 0.2.
    let error = error(&model, &new, 0);
    assert!(error < 0.27, "{error}");
    let spreads: Vec<f64> = model
        .forecast(&new.candidates())
        .unwrap()
        .into_iter()
        .flat_map(|f| f.spread)
        .collect();
    let mean = spreads.iter().sum::<f64>() / spreads.len() as f64;
    assert!((0.15..0.3).contains(&mean), "{mean}");
    let importance = model.importance();
    assert!((importance.values().sum::<f64>() - 1.0).abs() < 1e-9);
    assert!(importance["price"] + importance["category"] > 0.9, "{importance:?}");
    let reason = &model.forecast(&new.candidates()).unwrap()[0].reason;
    assert_eq!(reason, "boosted trees on 400 launches; mainly category, price");
}

#[test]
fn what_lines_cannot_say_trees_do() {
    // Only launches of middle price sell: no straight line in the price tells.
    let panel = |seed: u64| {
        let plain = planted_panel(300, 4, seed);
        let price = plain.attributes().column_by_name("price").unwrap();
        let price = crate::features::numbers(price).unwrap();
        let units: Vec<Vec<Option<f64>>> = price
            .iter()
            .map(|p| vec![Some(if (7.0..14.0).contains(&p.unwrap()) { 100.0 } else { 10.0 }); 4])
            .collect();
        let days = plain.launch_days().to_vec();
        let ids = plain.ids().to_vec();
        LaunchPanel::try_new(Frequency::Day, 4, ids, days, &units, plain.attributes().clone()).unwrap()
    };
    let model = gbm().fit(&panel(3)).unwrap();
    let error = error(&model, &panel(4), 0);
    // Standard deviation of the truth: 1.1.
    assert!(error < 0.4, "{error}");
}

#[test]
fn own_sales_improve_the_forecast() {
    let (past, new) = (planted_panel(300, 8, 5), planted_panel(150, 8, 6));
    let model = gbm().fit(&past).unwrap();
    let errors: Vec<f64> = [0, 1, 4].map(|age| error(&model, &new, age)).to_vec();
    // The noise is that of launches, so one step of sales tells nearly all of it.
    assert!(
        errors[1] < 0.5 * errors[0] && errors[2] <= 1.1 * errors[1],
        "{errors:?}"
    );
    let before = &model.forecast(&new.candidates()).unwrap()[0];
    let running = &model.forecast(&new.candidates_at(4)).unwrap()[0];
    assert!(running.spread[7] < before.spread[7], "{before:?} {running:?}");
}

#[test]
fn threads_do_not_change_the_model() {
    let panel = planted_panel(120, 6, 7);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| serde_json::to_string(&gbm().fit(&panel).unwrap()).unwrap())
    };
    let one = on(1);
    assert!(one == on(2) && one == on(7));
    let other = Gbm { seed: 1 }.fit(&panel).unwrap();
    assert!(
        serde_json::to_string(&other).unwrap() != one,
        "the seed says who is left out"
    );
}

#[test]
fn nothing_observed_is_refused() {
    let nothing = vec![vec![None; 3]; 5];
    let plain = planted_panel(5, 3, 8);
    let panel = LaunchPanel::try_new(
        Frequency::Day,
        3,
        plain.ids().to_vec(),
        plain.launch_days().to_vec(),
        &nothing,
        plain.attributes().clone(),
    )
    .unwrap();
    assert_eq!(
        gbm().fit(&panel).unwrap_err().to_string(),
        "no past launch has an observed step to learn from"
    );
}

#[test]
fn of_many_launches_the_latest_are_learned_from_and_the_longest_horizon_is_no_trouble() {
    let units: Vec<Vec<Option<f64>>> = (0..500).map(|i| vec![Some(10.0 * uniform(i, 9)); 520]).collect();
    let plain = planted_panel(500, 1, 9);
    let (ids, days) = (plain.ids().to_vec(), plain.launch_days().to_vec());
    let panel = LaunchPanel::try_new(Frequency::Day, 520, ids, days, &units, plain.attributes().clone()).unwrap();
    let model = gbm().fit(&panel).unwrap();
    assert_eq!(model.launches, 384);
    assert!(model.is_valid(520) && !model.is_valid(519));
    let forecast = &model.forecast(&panel.candidates_at(300)).unwrap()[499];
    assert!(forecast.location.iter().chain(&forecast.spread).all(|v| v.is_finite()));
}

/// The values of a JSON document that are numbers.
fn numbers(value: &mut serde_json::Value) -> Vec<&mut serde_json::Value> {
    match value {
        serde_json::Value::Array(items) => items.iter_mut().flat_map(numbers).collect(),
        serde_json::Value::Object(fields) => fields.values_mut().flat_map(numbers).collect(),
        serde_json::Value::Number(_) => vec![value],
        _ => Vec::new(),
    }
}

#[test]
fn a_forged_model_is_refused_or_forecasts() {
    let panel = planted_panel(40, 4, 10);
    let mut text = serde_json::to_value(gbm().fit(&panel).unwrap()).unwrap();
    let (count, mut accepted) = (numbers(&mut text).len(), 0);
    assert!(count > 200, "trees to forge: {count}");
    let forgeries = [
        -1.0f64,
        0.0,
        1.0,
        2.0,
        7.0,
        1e4,
        -1e4,
        2_147_483_647.0,
        1e38,
        1e308,
        -1e308,
    ];
    for round in 0..3_000 {
        let place = (uniform(round, 11) * count as f64) as usize;
        let forgery = forgeries[round % forgeries.len()];
        let value = match forgery.abs() < 3e9 {
            true => serde_json::Value::from(forgery as i64),
            false => serde_json::Value::from(forgery),
        };
        let original = std::mem::replace(numbers(&mut text)[place], value);
        if let Ok(model) = FittedGbm::deserialize(&text)
            && model.is_valid(4)
        {
            accepted += 1;
            for age in [0, 2] {
                for forecast in model.forecast(&panel.candidates_at(age)).unwrap() {
                    assert!(forecast.location.iter().chain(&forecast.spread).all(|v| v.is_finite()));
                }
            }
        }
        *numbers(&mut text)[place] = original;
    }
    assert!((100..2_900).contains(&accepted), "{accepted}");
}
