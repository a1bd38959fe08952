//! `__launch_cannibalization` and `__launch_cannibalization_pooled`: the scalars beneath `launch_cannibalization`.

use crate::{
    error::Result,
    functions::prelude::*,
    market::cannibalization::{Effect, Measured, pooled},
};

/// The change of one product; see [`Function::ABOUT`].
pub struct Measure;

/// The change after several launches; see [`Function::ABOUT`].
pub struct Pool;

type Answers = std::result::Result<Vec<Vec<Row>>, Failure>;

impl Function for Measure {
    const NAME: &'static str = "__launch_cannibalization";
    const ABOUT: &'static str = "
        The change of an affected product against a control; launch_cannibalization shows it as a table.

        @param affected: DOUBLE[]  units of the affected product by stretch of time, the last one after the launch
        @param control: DOUBLE[]  units of the control in the same stretches
        @param share: DOUBLE  part of the change put down to this launch, 0 to 1
        @param level: DOUBLE  probability of the interval
        @returns STRUCT[]  one entry, with the reason where there is no effect
        @example SELECT __launch_cannibalization([110, 90, 100, 80], [200, 200, 200, 200], 1, 0.9)
    ";

    type Answer = Vec<Row>;
}

impl PerChunk for Measure {
    fn answer(_: &Query, mut arguments: Arguments) -> Answers {
        let (affected, control) = (known_lists(&mut arguments)?, known_lists(&mut arguments)?);
        let (share, level) = (known(&mut arguments)?, known(&mut arguments)?);
        let measured = |row: usize| Effect::measure(&affected[row], &control[row], share[row], level[row]);
        (0..arguments.rows()).map(|row| rows(measured(row))).collect()
    }
}

/// An effect, or why there is none.
#[derive(AsDuckDB, Debug, Default)]
pub struct Row {
    change: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    units_change: Option<f64>,
    expected: Option<f64>,
    error: Option<f64>,
    reason: Option<String>,
}

impl Function for Pool {
    const NAME: &'static str = "__launch_cannibalization_pooled";
    const ASKED: &'static str = Measure::ASKED;
    const ABOUT: &'static str = "
        The effects of several launches together; launch_cannibalization shows it as a table.

        @param starts: DOUBLE[]  number of the period of each launch
        @param after: DOUBLE[]  periods from each launch on
        @param blocks: DOUBLE[]  stretches of that length before each launch
        @param gross: DOUBLE[]  units of each launch
        @param expected: DOUBLE[]  units expected of the others without each launch
        @param units_change: DOUBLE[]  units sold less expected
        @param error: DOUBLE[]  standard error of the relative change
        @param level: DOUBLE  probability of the interval
        @returns STRUCT[]  one entry, with the reason where there is no effect
        @example SELECT __launch_cannibalization_pooled([100, 120], [8, 8], [6, 6], [20, 30], [90, 110], [-9,
            -11], [0.1, 0.1], 0.9)
    ";

    type Answer = Vec<Row>;
}

impl PerChunk for Pool {
    fn answer(_: &Query, mut arguments: Arguments) -> Answers {
        let columns = (0..7)
            .map(|_| known_lists(&mut arguments))
            .collect::<std::result::Result<Vec<_>, _>>()?;
        let level = known(&mut arguments)?;
        let launches = |row: usize| -> Vec<Measured> {
            let length = columns.iter().map(|column| column[row].len()).min().unwrap_or(0);
            let launch = |i: usize| Measured {
                start: columns[0][row][i] as i64,
                after: columns[1][row][i] as i64,
                blocks: columns[2][row][i] as i64,
                gross: columns[3][row][i],
                expected: columns[4][row][i],
                units_change: columns[5][row][i],
                error: columns[6][row][i],
            };
            (0..length).map(launch).collect()
        };
        let together = |row: usize| pooled(&launches(row), level[row]);
        (0..arguments.rows()).map(|row| rows(together(row))).collect()
    }
}

fn rows(effect: Result<Effect>) -> std::result::Result<Vec<Row>, Failure> {
    Ok(vec![match effect {
        Ok(effect) => Row {
            change: Some(effect.change),
            lower: Some(effect.lower),
            upper: Some(effect.upper),
            units_change: Some(effect.units_change),
            expected: Some(effect.expected),
            error: Some(effect.error),
            reason: None,
        },
        Err(error) => Row {
            reason: Some(Failure::unless_refused(error)?),
            ..Row::default()
        },
    }])
}

/// Lists of numbers; what is not known refuses the row, as NaN does.
fn known_lists(arguments: &mut Arguments) -> std::result::Result<Vec<Vec<f64>>, Failure> {
    let plain = |list: Option<Vec<Option<f64>>>| {
        let numbers = list.into_iter().flatten();
        numbers.map(|number| number.unwrap_or(f64::NAN)).collect()
    };
    Ok(arguments.lists()?.into_iter().map(plain).collect())
}

fn known(arguments: &mut Arguments) -> std::result::Result<Vec<f64>, Failure> {
    let numbers = arguments.numbers()?.into_iter();
    Ok(numbers.map(|number| number.unwrap_or(f64::NAN)).collect())
}
