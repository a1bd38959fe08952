//! `__launch_exact_mean_square(x)`: the same mean of squares for any order of the rows and any number of threads.

use std::ops::Range;

use crate::{
    functions::{arguments::FiniteRows, prelude::*},
    statistics,
};

/// See [`Function::ABOUT`].
#[derive(Default)]
pub struct ExactMeanSquare(statistics::ExactSum);

impl Function for ExactMeanSquare {
    const NAME: &'static str = "__launch_exact_mean_square";
    const ABOUT: &'static str = "
        The mean of the squares of numbers: the same to the last bit for any order of the rows and any number of
        threads.

        @param x: DOUBLE  a number; NULL, NaN and infinite ones are skipped
        @returns DOUBLE  the mean; NULL without numbers, and when a square is beyond the range of DOUBLE
        @example SELECT __launch_exact_mean_square(units) FROM sales
    ";

    type Answer = Option<f64>;
}

impl Fold for ExactMeanSquare {
    type Batch = FiniteRows<1>;

    fn read(arguments: &mut Arguments) -> Result<Self::Batch, Failure> {
        Ok(arguments.finite_rows()?.map(|x| x * x))
    }

    fn add(&mut self, numbers: &Self::Batch, rows: Range<usize>) {
        let [numbers] = numbers.of_rows(rows);
        self.0.add_far_apart(numbers);
    }

    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }

    fn answer(&self) -> Self::Answer {
        // The square of a large number is infinite.
        if self.0.met_infinity() { None } else { self.0.mean() }
    }
}
