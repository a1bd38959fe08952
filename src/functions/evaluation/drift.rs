//! `__launch_drift(...)`: new launches beside those of training, for the macro `launch_drift`.

use super::refit::no_model;
use crate::{
    evaluation::{Batches, Drift, Options, drift},
    functions::{
        launch::launches::{Launches, panel_of_list},
        prelude::*,
    },
    launch::LaunchModel,
    panel::format_date,
};

/// See [`Function::ABOUT`].
pub struct Drifts;

impl Function for Drifts {
    const NAME: &'static str = "__launch_drift";
    const ABOUT: &'static str = "
        Attributes and forecast errors of launches that a model did not know beside those of its training; launch_drift does
        this from a sales table.

        @param model: BLOB  the model
        @param launches: ANY  a list of STRUCTs: product_id, launch_date, units, attributes, covariates, at_least
        @param batch: VARCHAR = 'quarter'  month, quarter, year, all or a number of launches
        @param false_discovery: DOUBLE = 0.05  share of false ones among the drifts told of
        @param least_effect: DOUBLE = 0.2  smaller effects are no drift
        @returns kind: VARCHAR  attribute or error
        @returns feature: VARCHAR  the attribute; of errors level or spread
        @returns batch_from: DATE  first launch date of the batch
        @returns batch_to: DATE  last launch date
        @returns launches: BIGINT  launches of the batch
        @returns statistic: DOUBLE  the test's statistic
        @returns effect: DOUBLE  how far apart they are
        @returns threshold: DOUBLE  the least effect that is drift
        @returns p_value: DOUBLE  its probability without drift
        @returns q_value: DOUBLE  the same with regard to all tests
        @returns status: VARCHAR  ok, drift or refused
        @returns reason: VARCHAR  what changed, or why there was no test
        @example SELECT __launch_drift((SELECT model FROM model), [{'product_id': 'A', 'launch_date': DATE '2024-09-02', 'units':
            [10.0, 9.0], 'attributes': {'category': 'A', 'price': 12.0}, 'covariates': NULL, 'at_least': NULL}])
    ";

    type Answer = Vec<Row>;
}

/// One feature of one batch.
#[derive(AsDuckDB, Default)]
pub struct Row {
    kind: Option<String>,
    feature: Option<String>,
    batch_from: Option<DateValue>,
    batch_to: Option<DateValue>,
    launches: i64,
    statistic: Option<f64>,
    effect: Option<f64>,
    threshold: f64,
    p_value: Option<f64>,
    q_value: Option<f64>,
    status: String,
    reason: String,
}

impl PerChunk for Drifts {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Vec<Row>>, Failure> {
        let (models, lists) = (arguments.blobs()?, arguments.tables()?);
        let (batches, shares, effects) = (arguments.texts()?, arguments.numbers()?, arguments.numbers()?);
        let options = batches.iter().zip(shares).zip(effects);
        let rows = models.iter().zip(lists).zip(options);
        rows.map(|((model, list), ((batch, share), effect))| {
            let model = query.model::<LaunchModel>(model.ok_or_else(no_model)?)?;
            let options = Options::try_new(
                Batches::parse(required(batch.as_deref(), "batch")?)?,
                required(share, "false_discovery")?,
                required(effect, "least_effect")?,
            )?;
            let Some(mut list) = list else {
                return Ok(vec![nothing(
                    "no past launch was found in the sales: FROM launch_doctor(...) says why".to_owned(),
                )]);
            };
            let launches = Launches::read(&mut list)?.with_series(&mut list)?;
            let known = &model.model;
            let panel = panel_of_list(&launches, known.frequency(), known.horizon())?;
            let found = query.run(|| drift(known, &panel, &options))??;
            if found.is_empty() {
                let last = known.training().last_launch.map_or_else(String::new, format_date);
                return Ok(vec![nothing(format!(
                    "no launch with sales after {last}, the last one that the model learned from"
                ))]);
            }
            Ok(found.into_iter().map(|drift| row(drift, &options)).collect())
        })
        .collect()
    }
}

/// There is nothing to test.
fn nothing(reason: String) -> Row {
    Row {
        status: "refused".to_owned(),
        reason,
        ..Row::default()
    }
}

fn row(drift: Drift, options: &Options) -> Row {
    let status = match drift.found {
        Some(_) if drift.drifts => "drift",
        Some(_) => "ok",
        None => "refused",
    };
    Row {
        kind: Some(drift.of.name().to_owned()),
        feature: Some(drift.feature),
        batch_from: Some(DateValue(drift.days.0)),
        batch_to: Some(DateValue(drift.days.1)),
        launches: drift.launches as i64,
        statistic: drift.found.map(|found| found.statistic),
        effect: drift.found.map(|found| found.effect),
        threshold: options.least_effect,
        p_value: drift.found.map(|found| found.p),
        q_value: drift.q,
        status: status.to_owned(),
        reason: drift.reason,
    }
}
