//! `__launch_exact_sum(x)`: the same sum for any order of the rows and any number of threads.

use super::exact::Summary;
use crate::statistics::ExactSum;

/// See [`Summary::ABOUT`].
#[derive(Default)]
pub struct Sum;

impl Summary for Sum {
    const NAME: &'static str = "__launch_exact_sum";
    const ABOUT: &'static str = "
        The sum of numbers of any size, rounded once: the same to the last bit for any order of the rows and any number
        of threads.

        @param x: DOUBLE  a number; NULL, NaN and infinite ones are skipped
        @returns DOUBLE  the sum; NULL without numbers, and beyond the range of DOUBLE
        @example SELECT __launch_exact_sum(units) FROM sales
    ";

    fn answer(sum: &ExactSum) -> Option<f64> {
        sum.sum()
    }
}
