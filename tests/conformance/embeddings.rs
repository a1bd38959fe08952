//! Embeddings as attributes of launches: every model takes them, and none is disturbed by what is none.

use std::sync::Arc;

use arrow_array::{ArrayRef, ListArray, types::Float64Type};
use launchpad::{
    launch::{Architecture, LaunchModel},
    model::{decode, encode},
    panel::Candidates,
};

use crate::launches::{Launches, Random, batch, planted};

const WIDTH: usize = 24;

/// Planted launches with a vector, the direction of which adds to their level.
fn launches(n: usize, effect: f64, seed: u64) -> Launches {
    let mut launches = planted(n, 6, seed);
    let mut random = Random(seed + 1_000);
    let vectors: Vec<Vec<f64>> = (0..n).map(|_| (0..WIDTH).map(|_| random.normal()).collect()).collect();
    for (units, vector) in launches.units.iter_mut().zip(&vectors) {
        let along = vector.iter().take(4).sum::<f64>() / 2.0;
        units.iter_mut().flatten().for_each(|u| *u *= (effect * along).exp());
    }
    let rows = vectors
        .into_iter()
        .map(|v| Some(v.into_iter().map(Some).collect::<Vec<_>>()));
    with_vector(launches, rows.collect())
}

fn with_vector(launches: Launches, rows: Vec<Option<Vec<Option<f64>>>>) -> Launches {
    let schema = launches.attributes.schema();
    let own = schema.fields().iter().zip(launches.attributes.columns());
    let mut columns: Vec<(String, ArrayRef)> = own
        .filter(|(field, _)| field.name() != "vector")
        .map(|(field, array)| (field.name().clone(), array.clone()))
        .collect();
    let vectors = ListArray::from_iter_primitive::<Float64Type, _, _>(rows);
    columns.push(("vector".to_owned(), Arc::new(vectors)));
    let attributes = batch(columns);
    Launches { attributes, ..launches }
}

fn medians(model: &LaunchModel, candidates: &Candidates) -> Vec<f64> {
    let forecasts = model.forecast(candidates, 0.8, None).unwrap();
    crate::launches::sound(&forecasts).unwrap();
    let steps = forecasts.iter().flat_map(|f| &f.steps);
    steps.filter_map(|step| Some(step.interval.as_ref()?.median)).collect()
}

#[test]
fn every_model_takes_embeddings() {
    let launches = launches(80, 0.5, 3);
    for architecture in Architecture::ALL {
        let model = launches.train(architecture).unwrap();
        let bytes = encode(&model).unwrap();
        let read: LaunchModel = decode(&bytes).unwrap();
        assert_eq!(
            medians(&read, &launches.candidates()),
            medians(&model, &launches.candidates())
        );
        let shuffled = launches.select(&Random(5).shuffled(80));
        assert!(
            encode(&shuffled.train(architecture).unwrap()).unwrap() == bytes,
            "{}",
            architecture.name()
        );
    }
}

/// The error of forecasts of new launches falls where the vector says something, and is the same where it does not.
#[test]
fn a_planted_direction_is_used() {
    for architecture in [Architecture::Analog, Architecture::Gbm] {
        let error = |effect: f64, has_vector: bool| {
            let mut all = launches(400, effect, 7);
            if !has_vector {
                all = with_vector(all, vec![None; 400]);
            }
            let mut order: Vec<usize> = (0..400).collect();
            order.sort_by_key(|&i| all.days[i]);
            let model = all.select(&order[..300]).train(architecture).unwrap();
            let new = all.select(&order[300..]);
            let said = medians(&model, &new.candidates());
            let sold: Vec<f64> = new.units.iter().flatten().map(|u| u.unwrap()).collect();
            let error = said
                .iter()
                .zip(&sold)
                .map(|(f, u)| (f.ln_1p() - u.ln_1p()).abs())
                .sum::<f64>();
            error / sold.len() as f64
        };
        let (with, without) = (error(0.6, true), error(0.6, false));
        assert!(with < 0.75 * without, "{}: {with} {without}", architecture.name());
        let (with, without) = (error(0.0, true), error(0.0, false));
        assert!(with < 1.05 * without, "{}: {with} {without}", architecture.name());
    }
}

#[test]
fn odd_vectors_are_missing_and_do_no_harm() {
    let good = launches(60, 0.5, 9);
    let vector = |value: f64| Some(vec![Some(value); WIDTH]);
    let odd: [Vec<Option<Vec<Option<f64>>>>; 7] = [
        vec![vector(f64::NAN); 60],
        vec![vector(1.0); 60],
        vec![vector(0.0); 60],
        vec![Some(vec![]); 60],
        (0..60)
            .map(|i| vector(if i % 2 == 0 { 1e300 } else { -1e300 }))
            .collect(),
        (0..60)
            .map(|i| (i % 3 > 0).then(|| vec![(i % 3 > 1).then_some(f64::from(i)); WIDTH]))
            .collect(),
        (0..60).map(|i| Some(vec![Some(1.0); 1 + i % 4])).collect(),
    ];
    for rows in odd {
        let launches = with_vector(good.clone(), rows);
        for architecture in [Architecture::Analog, Architecture::Gbm, Architecture::Lstm] {
            let model = launches.train(architecture).unwrap();
            medians(&model, &launches.candidates());
            medians(&model, &good.candidates());
            let learned = good.train(architecture).unwrap();
            medians(&learned, &launches.candidates());
        }
    }
}
