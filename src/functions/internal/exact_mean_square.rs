//! `__launch_exact_mean_square(x)`: the same mean of squares for any order of the rows and any number of threads.

use super::exact::Summary;
use crate::{functions::arguments::FiniteRows, statistics::ExactSum};

/// See [`Summary::ABOUT`].
#[derive(Default)]
pub struct MeanSquare;

impl Summary for MeanSquare {
    const NAME: &'static str = "__launch_exact_mean_square";
    const ABOUT: &'static str = "
        The mean of the squares of numbers: the same to the last bit for any order of the rows and any number of
        threads.

        @param x: DOUBLE  a number; NULL, NaN and infinite ones are skipped
        @returns DOUBLE  the mean; NULL without numbers, and when a square is beyond the range of DOUBLE
        @example SELECT __launch_exact_mean_square(units) FROM sales
    ";

    fn terms(numbers: FiniteRows<1>) -> FiniteRows<1> {
        numbers.map(|x| x * x)
    }

    fn add(sum: &mut ExactSum, terms: &[f64]) {
        sum.add_far_apart(terms);
    }

    fn answer(sum: &ExactSum) -> Option<f64> {
        // The square of a large number is infinite.
        if sum.met_infinity() { None } else { sum.mean() }
    }
}
