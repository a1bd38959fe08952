//! `__launch_segments(...)`: what is to be expected of users and their segments, for the macro `launch_segments`.

use super::fit_purchase::between;
use crate::{
    customer::segments::{History, MAX_DAYS, Verdict, verdicts},
    functions::prelude::*,
    statistics::check_level,
};

/// See [`Function::ABOUT`].
pub struct Segments;

/// The options as the caller gave them.
#[derive(Clone, PartialEq)]
pub struct Options {
    as_of: Option<i32>,
    days: Option<i64>,
    /// Its bits: a number that is none would not be the same as itself.
    level: Option<u64>,
    new_days: Option<i64>,
}

/// A user.
pub struct User {
    number: i64,
    purchases: Vec<i32>,
    value: Option<f64>,
}

impl Function for Segments {
    const NAME: &'static str = "__launch_segments";
    const ABOUT: &'static str = "
        What is to be expected of users, and their segments; launch_segments shows them as a table.

        @param number: BIGINT  number of the user, by which the answer is joined
        @param purchases: DATE[]  the days of purchases, in any order
        @param value: DOUBLE  what all purchases brought; NULL where it is not known
        @param as_of: DATE = NULL  the day that is asked as of, after all purchases
        @param days: BIGINT = 90  days to look ahead
        @param level: DOUBLE = 0.8  probability of the interval
        @param new_days: BIGINT = 30  days for which a user of one purchase is new
        @returns number: BIGINT  the user; NULL in the row that says what all rests on
        @returns segment: VARCHAR  the segment
        @returns expected: DOUBLE  purchase days to be expected
        @returns any: DOUBLE  probability of a purchase
        @returns alive: DOUBLE  probability that the user is still a customer
        @returns lower: BIGINT  lower end of the interval
        @returns upper: BIGINT  upper end
        @returns reason: VARCHAR  in the row without a user: what was learned, or why nothing was
        @example SELECT __launch_segments(i, [DATE '2024-01-01' + i::INTEGER, DATE '2024-02-01'], NULL, as_of := DATE '2024-03-31')
            FROM range(40) t(i)
    ";

    type Answer = Vec<Row>;
}

/// A user, or what all rests on.
#[derive(AsDuckDB, Debug, Default)]
pub struct Row {
    number: Option<i64>,
    segment: Option<String>,
    expected: Option<f64>,
    any: Option<f64>,
    alive: Option<f64>,
    lower: Option<i64>,
    upper: Option<i64>,
    reason: Option<String>,
}

impl Gather for Segments {
    type Batch = Vec<User>;
    type Options = Options;

    fn read(arguments: &mut Arguments) -> Result<(Vec<User>, Vec<Options>), Failure> {
        let (numbers, purchases) = (arguments.whole()?, arguments.lists::<i32>()?);
        let (values, as_of) = (arguments.numbers()?, arguments.days()?);
        let (days, levels, new_days) = (arguments.whole()?, arguments.numbers()?, arguments.whole()?);
        let user = |(row, purchases): (usize, Option<Vec<Option<i32>>>)| {
            Ok(User {
                number: required(numbers[row], "number")?,
                purchases: purchases.unwrap_or_default().into_iter().flatten().collect(),
                value: values[row].filter(|value| value.is_finite()),
            })
        };
        let users = purchases
            .into_iter()
            .enumerate()
            .map(user)
            .collect::<Result<_, Failure>>()?;
        let options = |row: usize| Options {
            as_of: as_of[row],
            days: days[row],
            level: levels[row].map(f64::to_bits),
            new_days: new_days[row],
        };
        Ok((users, (0..arguments.rows()).map(options).collect()))
    }

    fn answer(query: &Query, rows: &Rows<Self::Batch>, options: &Options) -> Result<Vec<Row>, Failure> {
        let days = between(options.days, "days", 1, MAX_DAYS)? as u32;
        let level = f64::from_bits(required(options.level, "level")?);
        check_level(level)?;
        let new_days = between(options.new_days, "new_days", 0, i64::from(u32::MAX))? as u32;
        let users: Vec<&User> = rows.iter().collect();
        let as_of = required(options.as_of, "as_of")?;
        let history = |user: &&User| {
            let history = History::of(&user.purchases, as_of);
            let history = history.ok_or_else(|| Failure::new("a user has no purchase before as_of"))?;
            Ok((history, user.value))
        };
        let given = users.iter().map(history).collect::<Result<Vec<_>, Failure>>()?;
        let (found, note) = query.run(|| verdicts(&given, days, level, new_days))??;
        let row = |(user, verdict): (&&User, Verdict)| Row {
            number: Some(user.number),
            segment: Some(verdict.segment.name().to_owned()),
            expected: verdict.outlook.map(|o| o.expected),
            any: verdict.outlook.map(|o| o.any),
            alive: verdict.outlook.map(|o| o.alive),
            lower: verdict.outlook.map(|o| i64::from(o.lower)),
            upper: verdict.outlook.map(|o| i64::from(o.upper)),
            reason: None,
        };
        let mut answer: Vec<Row> = users.iter().zip(found).map(row).collect();
        answer.push(Row {
            reason: Some(note),
            ..Row::default()
        });
        Ok(answer)
    }
}
