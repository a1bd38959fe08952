//! `launch_sparkline(list)`: a curve in one line of text.

use crate::{functions::prelude::*, report::terminal};

/// See [`Function::ABOUT`].
pub struct Sparkline;

impl Function for Sparkline {
    const NAME: &'static str = "launch_sparkline";
    const ABOUT: &'static str = "
        A curve as one line of block characters, to be seen in a SQL prompt: one character for each number, from the lowest block for 0
        (or the smallest number, if that is below) to the highest for the largest.

        @param numbers: DOUBLE[]  the numbers, in their order
        @returns VARCHAR  the curve; a space where a number is NULL, and NULL of NULL
        @example SELECT launch_sparkline([1, 4, 9, 7, 5, 3])
        @example SELECT product_id, launch_sparkline(list(units ORDER BY date)) FROM sales GROUP BY product_id ORDER BY product_id
    ";

    type Answer = Option<String>;
}

impl PerChunk for Sparkline {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let lists = arguments.lists::<f64>()?;
        Ok(lists
            .into_iter()
            .map(|list| Some(terminal::sparkline(&list?)))
            .collect())
    }
}
