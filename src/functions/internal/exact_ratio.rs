//! `__launch_exact_ratio(x, y)`: the same ratio of sums for any order of the rows and any number of threads.

use std::ops::Range;

use crate::{
    functions::{arguments::FiniteRows, prelude::*},
    statistics::ExactSum,
};

/// See [`Function::ABOUT`].
#[derive(Default)]
pub struct ExactRatio(ExactSum, ExactSum);

impl Function for ExactRatio {
    const NAME: &'static str = "__launch_exact_ratio";
    const ABOUT: &'static str = "
        The sum of numbers divided by the sum of others: the same to the last bit for any order of the rows and any
        number of threads. Rows in which one is NULL, NaN or infinite are skipped.

        @param x: DOUBLE  a number
        @param y: DOUBLE  what to divide by
        @returns DOUBLE  the ratio; NULL without rows, when the sum of y is 0, and beyond the range of DOUBLE
        @example SELECT __launch_exact_ratio(units * price, units) FROM sales
    ";

    type Answer = Option<f64>;
}

impl Fold for ExactRatio {
    type Batch = FiniteRows<2>;

    fn read(arguments: &mut Arguments) -> Result<Self::Batch, Failure> {
        arguments.finite_rows()
    }

    fn add(&mut self, numbers: &Self::Batch, rows: Range<usize>) {
        let [x, y] = numbers.of_rows(rows);
        self.0.add(x);
        self.1.add(y);
    }

    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
        self.1.merge(&other.1);
    }

    fn answer(&self) -> Self::Answer {
        Some(self.0.sum()? / self.1.sum()?).filter(|ratio| ratio.is_finite())
    }
}
