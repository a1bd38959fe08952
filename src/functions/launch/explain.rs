//! `__launch_explain(...)`: the scalar beneath the macro `launch_explain`.

use super::{
    SHARED,
    candidates::{Asked, Batch, Refused, whole_from},
};
use crate::{
    functions::prelude::*,
    launch::{Contribution, Explanation, Lacking, lacking},
};

/// See [`Function::ABOUT`].
pub struct Explain;

impl Function for Explain {
    const NAME: &'static str = "__launch_explain";
    const ABOUT: &'static str = r#"
        What moved the forecast of a product against the mean curve of its category, as a list that adds up to the
        difference; one entry with status 'refused' where there is no forecast. launch_explain does this for a
        table.

        @candidate
        @param k: BIGINT = 10  past launches listed
        @covariates
        @returns kind: VARCHAR  comparable, attribute, price or season
        @returns name: VARCHAR  the past launch, the attribute, or what of the launch date
        @returns value: VARCHAR  the value of the product; of a past launch its units
        @returns contribution: DOUBLE  units over the horizon
        @returns forecast_total: DOUBLE  forecast over the horizon
        @returns baseline_total: DOUBLE  mean curve of the category over the same steps
        @returns status: VARCHAR  ok or refused
        @returns reason: VARCHAR  what the product lacks, or why there is no forecast
        @example SELECT product_id, unnest(__launch_explain((SELECT model FROM model), launch_date, {'category':
            category, 'price': price}, k := 3), recursive := true) FROM candidates
    "#;
    const SHARED: &'static [Shared] = SHARED;

    type Answer = Vec<Row>;
}

impl PerChunk for Explain {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Vec<Row>>, Failure> {
        let asked = Asked::read(&mut arguments)?;
        let ks = arguments.whole()?;
        let explained = |batch: &Batch<'_>, k: &usize| {
            let explanations = batch.model.model.explain(&batch.candidates, *k)?;
            let unknown = batch.model.model.lacking(&batch.candidates);
            let each = explanations.into_iter().zip(&unknown);
            Ok(each.map(|(e, unknown)| rows(e, unknown)).collect())
        };
        let asked = asked.with_covariates(&mut arguments)?;
        asked.answer(query, |row| whole_from(0, ks[row], "k"), refused, explained)
    }
}

/// One contribution, or the one row that says why there is none.
#[derive(AsDuckDB, Debug, Default)]
pub struct Row {
    kind: Option<String>,
    name: Option<String>,
    value: Option<String>,
    contribution: Option<f64>,
    forecast_total: Option<f64>,
    baseline_total: Option<f64>,
    status: String,
    reason: Option<String>,
}

fn refused(refused: Refused<'_>) -> Result<Vec<Row>, Failure> {
    let row = Row {
        status: "refused".to_owned(),
        reason: Some(refused.into_parts().1),
        ..Row::default()
    };
    Ok(vec![row])
}

fn rows(explanation: Explanation, unknown: &Lacking) -> Vec<Row> {
    let finite = |v: f64| Some(v).filter(|v| v.is_finite());
    let row = |c: Contribution| Row {
        kind: Some(c.kind.name().to_owned()),
        name: Some(c.name),
        value: c.value,
        contribution: finite(c.units),
        forecast_total: finite(explanation.forecast),
        baseline_total: finite(explanation.baseline),
        status: "ok".to_owned(),
        reason: lacking(unknown),
    };
    explanation.contributions.into_iter().map(row).collect()
}
