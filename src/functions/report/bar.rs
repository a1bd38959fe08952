//! `launch_bar(value, largest, width)`: a bar in a line of text.

use crate::{functions::prelude::*, report::terminal};

/// See [`Function::ABOUT`].
pub struct Bar;

/// Characters of a bar, at most.
const WIDEST: i64 = 1_000;

impl Function for Bar {
    const NAME: &'static str = "launch_bar";
    const ABOUT: &'static str = "
        A bar of block characters, to be seen in a SQL prompt, in eighths of a character. What is larger than the largest value ends in
        an arrow; a value of 0 or less has no bar.

        @param value: DOUBLE  the value
        @param largest: DOUBLE  the value of a bar of full width
        @param width: BIGINT = 20  its characters, 1 to 1,000
        @returns VARCHAR  the bar; NULL where value or largest is NULL
        @example SELECT launch_bar(3, 8)
        @example SELECT product_id, launch_bar(price, max(price) OVER (), width := 10) FROM products ORDER BY product_id
    ";

    type Answer = Option<String>;
}

impl PerChunk for Bar {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let (values, largest, widths) = (arguments.numbers()?, arguments.numbers()?, arguments.whole()?);
        let rows = values.into_iter().zip(largest).zip(widths);
        rows.map(|((value, largest), width)| {
            let width = required(width, "width")?;
            if !(1..=WIDEST).contains(&width) {
                return Err(Failure::new(format!(
                    "width must be between 1 and {WIDEST}, got {width}"
                )));
            }
            let known = value
                .zip(largest)
                .filter(|(value, largest)| !value.is_nan() && largest.is_finite());
            let width = usize::try_from(width)?;
            Ok(known.map(|(value, largest)| terminal::bar(value, largest, width)))
        })
        .collect()
    }
}
