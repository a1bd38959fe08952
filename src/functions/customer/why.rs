//! `launch_why(model, row)`: what features add to the log-odds of a row.

use super::{SHARED, classify::Asked};
use crate::functions::prelude::*;

/// See [`Function::ABOUT`].
pub struct Why;

impl Function for Why {
    const NAME: &'static str = "launch_why";
    const ABOUT: &'static str = "
        What each feature of a row adds to its log-odds, as a list, the largest first; its first entry, (average), is the mean
        of the rows it is compared with. Together they are ln(p / (1 - p)) of launch_probability.

        @asked
        @returns feature: VARCHAR  the feature
        @returns value: VARCHAR  its value, NULL where it is missing
        @returns contribution: DOUBLE  on the log-odds scale
        @example SELECT visitor_id, unnest(launch_why((SELECT model FROM visit_model), v), recursive := true) FROM visits v
            LIMIT 3
    ";
    const SHARED: &'static [Shared] = SHARED;

    type Answer = Vec<Row>;
}

/// One contribution.
#[derive(AsDuckDB, Debug, Clone, Default)]
pub struct Row {
    feature: String,
    value: Option<String>,
    contribution: f64,
}

impl PerChunk for Why {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Vec<Row>>, Failure> {
        Asked::read(&mut arguments)?.answer(query, |model, rows| {
            let row = |c: crate::customer::Contribution| Row {
                feature: c.feature,
                value: c.value,
                contribution: c.contribution,
            };
            Ok(model
                .why(rows)?
                .into_iter()
                .map(|list| list.into_iter().map(row).collect())
                .collect())
        })
    }
}
