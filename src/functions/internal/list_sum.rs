//! `__launch_list_sum(list)`: lists added up place by place.

use crate::{functions::prelude::*, statistics::ExactSum};

/// See [`Function::ABOUT`].
pub struct ListSum;

impl Function for ListSum {
    const NAME: &'static str = "__launch_list_sum";
    const ABOUT: &'static str = "
        Lists of numbers added up place by place: the same to the last bit for any order of the rows and any number of
        threads. NULL and infinite numbers are skipped; a place that a list does not have counts as 0.

        @param list: DOUBLE[]  numbers
        @returns DOUBLE[]  their sums; empty without rows
        @example SELECT __launch_list_sum(list) FROM (VALUES ([1.0, 2.0]), ([10.0, 20.0])) t(list)
    ";

    type Answer = Vec<f64>;
}

impl Gather for ListSum {
    type Batch = Vec<Option<Vec<Option<f64>>>>;
    type Options = ();

    fn read(arguments: &mut Arguments) -> Result<(Self::Batch, Vec<()>), Failure> {
        let lists = arguments.lists()?;
        let rows = lists.len();
        Ok((lists, vec![(); rows]))
    }

    fn answer(_: &Query, rows: &Rows<Self::Batch>, (): &()) -> Result<Vec<f64>, Failure> {
        let lists: Vec<&Vec<Option<f64>>> = rows.iter().flatten().collect();
        let places = lists.iter().map(|list| list.len()).max().unwrap_or(0);
        let sum = |place: usize| {
            let values: Vec<f64> = lists.iter().filter_map(|list| *list.get(place)?).collect();
            let mut sum = ExactSum::default();
            sum.add(&values);
            sum.sum().unwrap_or(0.0)
        };
        Ok((0..places).map(sum).collect())
    }
}
