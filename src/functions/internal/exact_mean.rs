//! `__launch_exact_mean(x)`: the same mean for any order of the rows and any number of threads.

use std::ops::Range;

use crate::{
    functions::{arguments::FiniteRows, prelude::*},
    statistics,
};

/// See [`Function::ABOUT`].
#[derive(Default)]
pub struct ExactMean(statistics::ExactSum);

impl Function for ExactMean {
    const NAME: &'static str = "__launch_exact_mean";
    const ABOUT: &'static str = "
        The mean of numbers of any size: the same to the last bit for any order of the rows and any number of threads.

        @param x: DOUBLE  a number; NULL, NaN and infinite ones are skipped
        @returns DOUBLE  the mean; NULL without numbers
        @example SELECT __launch_exact_mean(units) FROM sales
    ";

    type Answer = Option<f64>;
}

impl Fold for ExactMean {
    type Batch = FiniteRows<1>;

    fn read(arguments: &mut Arguments) -> Result<Self::Batch, Failure> {
        arguments.finite_rows()
    }

    fn add(&mut self, numbers: &Self::Batch, rows: Range<usize>) {
        let [numbers] = numbers.of_rows(rows);
        self.0.add(numbers);
    }

    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }

    fn answer(&self) -> Self::Answer {
        self.0.mean()
    }
}
