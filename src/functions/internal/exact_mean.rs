//! `__launch_exact_mean(x)`: the same mean for any order of the rows and any number of threads.

use super::exact::Summary;
use crate::statistics::ExactSum;

/// See [`Summary::ABOUT`].
#[derive(Default)]
pub struct Mean;

impl Summary for Mean {
    const NAME: &'static str = "__launch_exact_mean";
    const ABOUT: &'static str = "
        The mean of numbers of any size: the same to the last bit for any order of the rows and any number of threads.

        @param x: DOUBLE  a number; NULL, NaN and infinite ones are skipped
        @returns DOUBLE  the mean; NULL without numbers
        @example SELECT __launch_exact_mean(units) FROM sales
    ";

    fn answer(sum: &ExactSum) -> Option<f64> {
        sum.mean()
    }
}
