//! `__launch_charts(...)`: the charts of a plan, for the macro `launch_chart`.

use super::given::{self, Given};
use crate::{
    functions::prelude::*,
    report::{Contents, chart::vega},
};

/// See [`Function::ABOUT`].
pub struct Charts;

impl Function for Charts {
    const NAME: &'static str = "__launch_charts";
    const ASKED: &'static str = "launch_chart";
    const ABOUT: &'static str = "
        The charts of a plan; launch_chart shows them as a table.

        @tables
        @param most: BIGINT = 50  products with charts of their own
        @param key: VARCHAR = 'product_id'  the field of products
        @returns place: BIGINT  the chart's place on the page, from 1
        @returns chart: VARCHAR  which one it is
        @returns product_id: VARCHAR  the product; NULL for all
        @returns title: VARCHAR  its title
        @returns description: VARCHAR  what it shows
        @returns specification: VARCHAR  the specification of Vega-Lite, as JSON
        @example SELECT __launch_charts([{'product_id': 'N1', 'launch_date': '2024-10-07'}], NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL, NULL, NULL)
    ";
    const SHARED: &'static [Shared] = given::SHARED;

    type Answer = Vec<Row>;
}

/// One chart.
#[derive(AsDuckDB, Debug, Default, Clone)]
pub struct Row {
    place: i64,
    chart: String,
    product_id: Option<String>,
    title: String,
    description: String,
    specification: String,
}

impl PerChunk for Charts {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let mut tables = Given::read(&mut arguments)?;
        let (mosts, keys) = (arguments.whole()?, arguments.texts()?);
        let mut answers = Vec::with_capacity(mosts.len());
        for (row, (most, key)) in mosts.into_iter().zip(&keys).enumerate() {
            let options = given::options(most, key.as_ref(), None, None)?;
            let contents = Contents::read(&tables.row(row), &options)?;
            let charts = contents.charts().into_iter().zip(1..).map(|(chart, place)| Row {
                place,
                chart: chart.kind.to_owned(),
                specification: vega::specification(&chart).to_string(),
                product_id: chart.product,
                title: chart.title,
                description: chart.description,
            });
            answers.push(charts.collect());
        }
        Ok(answers)
    }
}
