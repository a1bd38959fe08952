//! `__launch_refit(...)`: champion and challenger, for the macro `launch_refit`.

use crate::{
    evaluation::{Refitted, refit},
    functions::{
        launch::launches::{Launches, panel_of_list},
        prelude::*,
    },
    launch::LaunchModel,
    model,
};

/// See [`Function::ABOUT`].
pub struct Refit;

impl Function for Refit {
    const NAME: &'static str = "__launch_refit";
    const ABOUT: &'static str = "
        A new model of the kind of a given one, and which of the two is to be used; launch_refit does this from a sales
        table.

        @param model: BLOB  the champion
        @param launches: ANY  a list of STRUCTs: product_id, launch_date, units, attributes, covariates, at_least
        @param level: DOUBLE = 0.8  probability of the interval of the margin
        @param warm_start: BOOLEAN = true  networks begin with the weights of the champion
        @returns model: BLOB  the new model if promoted, else the champion
        @returns model_id: VARCHAR  its identity
        @returns decision: VARCHAR  promote or keep
        @returns margin: DOUBLE  WAPE of the champion less that of the challenger
        @returns margin_lower: DOUBLE  lower end of its interval
        @returns margin_upper: DOUBLE  upper end
        @returns champion_wape: DOUBLE  WAPE of the champion on the launches judged
        @returns challenger_wape: DOUBLE  that of the challenger
        @returns naive_wape: DOUBLE  that of the category mean curve
        @returns launches: BIGINT  launches judged
        @returns cutoff: DATE  the challenger judged knew nothing from that day on
        @returns champion_id: VARCHAR  identity of the champion
        @returns status: VARCHAR  ok or refused
        @returns reason: VARCHAR  what the decision rests on
        @example SELECT __launch_refit((SELECT model FROM model), [{'product_id': 'A', 'launch_date': DATE '2024-09-02', 'units':
            [10.0, 9.0], 'attributes': {'category': 'A', 'price': 12.0}, 'covariates': NULL, 'at_least': NULL}])
    ";

    type Answer = Vec<Row>;
}

/// The outcome of a refit.
#[derive(AsDuckDB, Default)]
pub struct Row {
    model: Option<BlobValue>,
    model_id: String,
    decision: String,
    margin: Option<f64>,
    margin_lower: Option<f64>,
    margin_upper: Option<f64>,
    champion_wape: Option<f64>,
    challenger_wape: Option<f64>,
    naive_wape: Option<f64>,
    launches: i64,
    cutoff: Option<DateValue>,
    champion_id: String,
    status: String,
    reason: String,
}

impl PerChunk for Refit {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Vec<Row>>, Failure> {
        let (models, lists) = (arguments.blobs()?, arguments.tables()?);
        let options = arguments.numbers()?.into_iter().zip(arguments.flags()?);
        let rows = models.iter().zip(lists).zip(options);
        rows.map(|((champion, list), (level, warm_start))| {
            let champion = champion.ok_or_else(no_model)?;
            let options = (required(level, "level")?, required(warm_start, "warm_start")?);
            Ok(vec![refitted(query, champion, list, options)?])
        })
        .collect()
    }
}

/// What is said of a model that is NULL.
pub(super) fn no_model() -> Failure {
    Failure::new("the model is NULL: train one with launch_train, whose reason says why if it gives none")
}

fn refitted(query: &Query, bytes: &[u8], list: Option<Arguments>, options: (f64, bool)) -> Result<Row, Failure> {
    let champion = query.model::<LaunchModel>(bytes)?;
    let known = &champion.model;
    let outcome = match list {
        None => Refitted::kept("no past launch was found in the sales: FROM launch_doctor(...) says why".to_owned()),
        Some(mut list) => {
            let launches = Launches::read(&mut list)?.with_series(&mut list)?;
            let panel = panel_of_list(&launches, known.frequency(), known.horizon())?;
            let progress = query.progress();
            query.run(|| refit(known, &panel, options.0, options.1, &progress))??
        }
    };
    let new = outcome.model.as_ref().map(model::encode).transpose()?;
    let judged = outcome.judged.as_ref();
    Ok(Row {
        model_id: new
            .as_ref()
            .map_or_else(|| champion.id().to_owned(), |new| model::model_id(new)),
        model: Some(BlobValue(new.unwrap_or_else(|| bytes.to_vec()))),
        decision: outcome.decision.name().to_owned(),
        margin: judged.map(|j| j.margin),
        margin_lower: judged.map(|j| j.lower),
        margin_upper: judged.map(|j| j.upper),
        champion_wape: judged.map(|j| j.champion),
        challenger_wape: judged.map(|j| j.challenger),
        naive_wape: judged.and_then(|j| j.naive),
        launches: judged.map_or(0, |j| j.launches as i64),
        cutoff: judged.map(|j| DateValue(j.cutoff)),
        champion_id: champion.id().to_owned(),
        status: if judged.is_some() { "ok" } else { "refused" }.to_owned(),
        reason: outcome.reason,
    })
}
