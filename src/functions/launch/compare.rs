//! `launch_compare(model, launch_date, attributes, k)`: the past launches a forecast rests on.

use super::{
    SHARED,
    candidates::{Asked, Batch, Refused, whole_from},
};
use crate::{functions::prelude::*, launch::Comparable};

/// See [`Function::ABOUT`].
pub struct Compare;

impl Function for Compare {
    const NAME: &'static str = "launch_compare";
    const ABOUT: &'static str = r#"
        The past launches a forecast of architecture analog rests on, largest weight first. Entries without
        comparable_id stand for the launches not listed, by what they have in common, so that the weights of a
        product add up to 1. Empty where the model is NULL, an attribute infinite, or the launch date NULL or not
        between 1970 and 2200.
        launch_comparables does this for a table.

        @candidate
        @param k: BIGINT = 10  past launches listed
        @covariates
        @returns comparable_id: VARCHAR  product of the past launch; NULL for several together
        @returns rank: INTEGER  1 for the largest weight
        @returns weight: DOUBLE  share in the forecast
        @returns scale: DOUBLE  what its units are multiplied by for the differences in attributes
        @returns comparable_launch_date: DATE  its launch date
        @returns comparable_units: DOUBLE  its units over the observed steps
        @returns comparable_group: VARCHAR  what several together are, such as 31 launches of category toys; NULL for one
        @example SELECT product_id, unnest(launch_compare((SELECT model FROM model), launch_date, {'category':
            category, 'price': price}, k := 3), recursive := true) FROM candidates
    "#;
    const SHARED: &'static [Shared] = SHARED;

    type Answer = Vec<Row>;
}

impl PerChunk for Compare {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Vec<Row>>, Failure> {
        let asked = Asked::read(&mut arguments)?.with_infinite_attributes();
        let ks = arguments.whole()?;
        let asked = asked.with_covariates(&mut arguments)?;
        let comparables = |batch: &Batch<'_>, k: &usize| {
            let found = batch.model.model.comparables(&batch.candidates, *k)?;
            Ok(found.into_iter().map(rows).collect())
        };
        asked.answer(query, |row| whole_from(1, ks[row], "k"), refused, comparables)
    }
}

/// One past launch, or all that are not listed.
#[derive(AsDuckDB, Debug, Default)]
pub struct Row {
    comparable_id: Option<String>,
    rank: i32,
    weight: f64,
    scale: Option<f64>,
    comparable_launch_date: Option<DateValue>,
    comparable_units: Option<f64>,
    comparable_group: Option<String>,
}

fn refused(refused: Refused<'_>) -> Result<Vec<Row>, Failure> {
    match refused {
        Refused::NoModel | Refused::Row(..) => Ok(Vec::new()),
        Refused::Model(_, reason) => Err(Failure::new(reason)),
    }
}

fn rows(comparables: Vec<Comparable>) -> Vec<Row> {
    let row = |(rank, comparable): (usize, Comparable)| Row {
        comparable_id: comparable.id,
        rank: rank as i32 + 1,
        weight: comparable.weight,
        scale: comparable.scale,
        comparable_launch_date: comparable.launch_day.map(DateValue),
        comparable_units: comparable.units,
        comparable_group: comparable.group,
    };
    comparables.into_iter().enumerate().map(row).collect()
}
