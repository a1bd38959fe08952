//! Recovery of planted truth, coverage, and no look-ahead.

use launchpad::{
    forecast::Forecast,
    launch::{Architecture, LaunchModel},
    model::encode,
    panel::{Candidates, Covariates, LEAD, LaunchPanel, Series},
    progress::Progress,
};

use crate::launches::{Launches, Random, planted, small};

/// Sum of absolute errors over sum of units.
pub fn wape(forecasts: &[Forecast], truth: &Launches) -> f64 {
    let pairs: Vec<(f64, f64)> = pairs(forecasts, truth).map(|(y, i)| (y, i.median)).collect();
    pairs.iter().map(|(y, f)| (y - f).abs()).sum::<f64>() / pairs.iter().map(|(y, _)| y).sum::<f64>()
}

fn pairs<'a>(
    forecasts: &'a [Forecast],
    truth: &'a Launches,
) -> impl Iterator<Item = (f64, launchpad::forecast::Interval)> + 'a {
    forecasts
        .iter()
        .zip(&truth.units)
        .flat_map(|(f, units)| f.steps.iter().zip(units))
        .filter_map(|(step, units)| Some(((*units)?, step.interval?)))
}

#[test]
fn analog_finds_category_and_price_and_says_how_sure_it_is() {
    let (past, new) = (planted(400, 8, 100), planted(400, 8, 101));
    let forecasts = |a: Architecture| past.train(a).unwrap().forecast(&new.candidates(), 0.8, None).unwrap();
    let (analog, naive) = (forecasts(Architecture::Analog), forecasts(Architecture::Naive));
    let (error, baseline) = (wape(&analog, &new), wape(&naive, &new));
    // The noise alone (0.32 on the log scale) costs about 0.25; without the price it is 0.5.
    assert!(
        error < 0.75 * baseline && error < 0.32,
        "analog {error}, naive {baseline}"
    );
    // 3,200 product-steps of 400 products.
    let inside: Vec<bool> = pairs(&analog, &new)
        .map(|(y, i)| i.lower <= y && y <= i.upper)
        .collect();
    let coverage = inside.iter().filter(|x| **x).count() as f64 / inside.len() as f64;
    assert!((0.72..=0.88).contains(&coverage), "{coverage}");
}

#[test]
fn reported_accuracy_is_that_of_new_launches() {
    // What launch_train shows beside a model must hold for launches that come later.
    let (past, new) = (planted(400, 8, 102), planted(400, 8, 103));
    for a in Architecture::ALL {
        let model = past.train(a).unwrap();
        let reported = model.training().validation.clone().unwrap();
        let true_wape = wape(&model.forecast(&new.candidates(), 0.8, None).unwrap(), &new);
        let claimed = reported.wape.unwrap();
        assert!(
            (claimed / true_wape - 1.0).abs() < 0.25,
            "{}: {claimed} {true_wape}",
            a.name()
        );
        assert!(
            (reported.coverage - 0.8).abs() < 0.08,
            "{}: {}",
            a.name(),
            reported.coverage
        );
    }
}

#[test]
fn nothing_after_the_origin_is_used() {
    let launches = planted(150, 6, 104);
    let mut days = launches.days.clone();
    days.sort_unstable();
    let origin = days[100];
    let mut changed = launches.clone();
    for i in 0..150 {
        for (step, units) in changed.units[i].iter_mut().enumerate() {
            // Weeks that end after the origin, of launches before and after it.
            if launches.days[i] + 7 * (step as i32 + 1) > origin {
                *units = units.map(|u| 1_000.0 * u + 7.0);
            }
        }
    }
    let bytes = |l: &Launches, a: Architecture| {
        let known = l.panel().unwrap().known_at(origin).unwrap();
        encode(&LaunchModel::train(a, &known, &small(), &Progress::silent()).unwrap()).unwrap()
    };
    for a in Architecture::ALL {
        assert!(bytes(&launches, a) == bytes(&changed, a), "{}", a.name());
    }
    // And what was known does matter.
    changed.units[(0..150).find(|&i| launches.days[i] + 7 <= origin).unwrap()][0] = Some(1e6);
    for a in Architecture::ALL {
        assert!(bytes(&launches, a) != bytes(&changed, a), "{}", a.name());
    }
}

/// Launches of which nothing is known but mentions by week, on which their level depends: ln units = ln(1 + m) + noise of
/// 0.2, with m the mean of the weeks before the launch, from 4 to 400. Mentions later on follow nothing, and are
/// different in each `world`.
fn mentioned(n: usize, seed: u64, world: u64) -> (Launches, Vec<Vec<Series>>) {
    let (mut random, mut later) = (Random(seed), Random(world));
    let mut launches = Launches::constant(n, 6, 0.0);
    let series = (0..n).map(|i| {
        let level = 4.0 * 100f64.powf(random.uniform());
        let lead: Vec<f64> = (0..LEAD).map(|_| level * (0.2 * random.normal()).exp()).collect();
        let mean = lead.iter().sum::<f64>() / LEAD as f64;
        let units = (mean.ln_1p() + 0.2 * random.normal()).exp();
        launches.units[i] = vec![Some(units); 6];
        let after = (0..6).map(|_| 1_000.0 * later.uniform());
        vec![Series {
            name: "mentions".to_owned(),
            planned: false,
            values: lead.into_iter().chain(after).map(Some).collect(),
        }]
    });
    let series = series.collect();
    (launches, series)
}

fn panel_of((launches, series): &(Launches, Vec<Vec<Series>>)) -> LaunchPanel {
    let covariates = Covariates::try_new(6, series).unwrap();
    launches.panel().unwrap().with_covariates(&covariates).unwrap()
}

fn candidates_of((launches, series): &(Launches, Vec<Vec<Series>>)) -> Candidates {
    let covariates = Covariates::try_new(6, series).unwrap();
    launches.candidates().with_covariates(covariates).unwrap()
}

#[test]
fn mentions_before_a_launch_tell_its_size() {
    let (past, new) = (mentioned(300, 105, 1), mentioned(300, 106, 2));
    let train =
        |panel: &LaunchPanel| LaunchModel::train(Architecture::Analog, panel, &small(), &Progress::silent()).unwrap();
    let told = train(&panel_of(&past));
    let plain = train(&past.0.panel().unwrap());
    let error = |model: &LaunchModel| wape(&model.forecast(&candidates_of(&new), 0.8, None).unwrap(), &new.0);
    let (told_error, plain_error) = (error(&told), error(&plain));
    // The noise alone costs 0.16.
    assert!(
        told_error < 0.25 && told_error < 0.3 * plain_error,
        "{told_error} {plain_error}"
    );
}

#[test]
fn mentions_after_a_launch_change_no_byte_and_no_forecast() {
    let worlds = [1, 2].map(|world| mentioned(80, 107, world));
    assert!(worlds[0].1 != worlds[1].1);
    let bytes = |w: &(Launches, Vec<Vec<Series>>)| {
        let model = LaunchModel::train(Architecture::Analog, &panel_of(w), &small(), &Progress::silent()).unwrap();
        let forecasts = model.forecast(&candidates_of(w), 0.8, None).unwrap();
        (encode(&model).unwrap(), forecasts)
    };
    assert!(bytes(&worlds[0]) == bytes(&worlds[1]));
    // What no candidate of age 0 can see is not there to be seen.
    let candidates = panel_of(&worlds[0]).candidates();
    let seen = |i: usize, step: usize| candidates.covariates.signal(i, 0, step);
    assert!((0..80).all(|i| seen(i, 5) == seen(i, 0)));
}
