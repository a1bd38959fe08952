//! `__launch_review(...)` and `__launch_review_drivers(...)`: launches against their plans, for the macros without underscores.

use rayon::prelude::*;

use crate::{
    evaluation::review::{Day, Launch, Period, Step, Thresholds, drivers, review},
    functions::prelude::*,
    statistics::check_level,
};

/// See [`Function::ABOUT`].
pub struct Review;

/// See [`Function::ABOUT`].
pub struct ReviewDrivers;

/// Periods of a launch, at most.
const MOST_PERIODS: usize = 4_000;

/// What the headers of both share.
const SHARED: &[Shared] = &[(
    "@launch",
    "@param periods: STRUCT(start DATE, after DATE, planned DOUBLE, lower DOUBLE, upper DOUBLE, over BOOLEAN)[]  periods in order,
            without gaps: first day, the day after the last one, units planned, their interval, whether it is over
        @param days: STRUCT(day DATE, units DOUBLE, price DOUBLE, share DOUBLE)[]  days with sales in order; share is that of the
            time on sale
        @param stock: STRUCT(day DATE, share DOUBLE)[]  share of the time on sale, from another table, in order
        @param planned_day: DATE  launch date planned
        @param known_day: DATE  launch date that is known, or NULL
        @param price: DOUBLE  price planned, or NULL
        @param elasticity: DOUBLE  elasticity, or NULL
        @param deviation: DOUBLE  its standard error
        @param ordered: DOUBLE  units ordered, or NULL where they are not known
        @param stock_known: BOOLEAN  whether anything is known of availability
        @param stamped: BOOLEAN  whether all sales of a period have one date
        @param level: DOUBLE = 0.8  probability of the intervals, and of those of the plan",
)];

impl Function for Review {
    const NAME: &'static str = "__launch_review";
    const ABOUT: &'static str = "
        A launch against its plan, period by period, each as seen at its end; launch_review shows it as a table.

        @launch
        @param reorder_above: DOUBLE = 1.1  as in launch_review
        @param push_below: DOUBLE = 0.9  as in launch_review
        @param mark_down_below: DOUBLE = 0.75  as in launch_review
        @param stop_below: DOUBLE = 0.5  as in launch_review
        @param observe: BIGINT = 2  as in launch_review
        @returns step: BIGINT  1 for the period of the launch planned
        @returns date: DATE  its first day
        @returns planned: DOUBLE  units planned
        @returns lower: DOUBLE  lower end of their interval
        @returns upper: DOUBLE  upper end
        @returns actual: DOUBLE  units sold
        @returns cumulative_index: DOUBLE  units sold over units planned so far
        @returns projected: DOUBLE  units of the whole horizon
        @returns projected_lower: DOUBLE  lower end of their interval
        @returns projected_upper: DOUBLE  upper end
        @returns recommendation: VARCHAR  what to do
        @returns rule: VARCHAR  why
        @returns status: VARCHAR  ok, running or unknown
        @returns notes: VARCHAR  what to know
        @example SELECT unnest(__launch_review(
            [{'start': DATE '2024-01-01', 'after': DATE '2024-01-08', 'planned': 70, 'lower': 50, 'upper': 90, 'over': true}],
            [{'day': DATE '2024-01-01', 'units': 60, 'price': 10, 'share': NULL}],
            NULL, DATE '2024-01-01', NULL, 10, -2, 0.2, 100, false, false), recursive := true)
    ";
    const SHARED: &'static [Shared] = SHARED;

    type Answer = Vec<StepRow>;
}

/// A period.
#[derive(AsDuckDB, Debug, Default, Clone)]
pub struct StepRow {
    step: i64,
    date: Option<DateValue>,
    planned: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    actual: Option<f64>,
    cumulative_index: Option<f64>,
    projected: Option<f64>,
    projected_lower: Option<f64>,
    projected_upper: Option<f64>,
    recommendation: Option<String>,
    rule: Option<String>,
    status: String,
    notes: String,
}

impl From<Step> for StepRow {
    fn from(step: Step) -> Self {
        let (recommendation, rule) = match step.verdict {
            Some(verdict) => (Some(verdict.recommendation.name().to_owned()), Some(verdict.rule)),
            None => (None, None),
        };
        Self {
            step: step.step,
            date: Some(DateValue(step.start)),
            planned: Some(step.planned),
            lower: step.interval.map(|ends| ends.0),
            upper: step.interval.map(|ends| ends.1),
            actual: step.actual,
            cumulative_index: step.index,
            projected: step.projected.map(|units| units.0),
            projected_lower: step.projected.map(|units| units.1),
            projected_upper: step.projected.map(|units| units.2),
            recommendation,
            rule,
            status: match (step.over, step.unknown) {
                (false, _) => "running",
                (true, true) => "unknown",
                (true, false) => "ok",
            }
            .to_owned(),
            notes: step.notes.trim_start_matches("; ").to_owned(),
        }
    }
}

impl PerChunk for Review {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let launches = read(&mut arguments)?;
        let limits: Vec<Vec<Option<f64>>> = (0..4).map(|_| arguments.numbers()).collect::<Result<_, _>>()?;
        let observe = arguments.whole()?;
        let thresholds = |row: usize| {
            let of = |place: usize, name: &str| {
                required(limits.get(place).and_then(|of| of.get(row)).copied().flatten(), name)
            };
            let thresholds = Thresholds {
                reorder_above: of(0, "reorder_above")?,
                push_below: of(1, "push_below")?,
                mark_down_below: of(2, "mark_down_below")?,
                stop_below: of(3, "stop_below")?,
                observe: required(observe.get(row).copied().flatten(), "observe")?,
            };
            Ok(thresholds.check()?)
        };
        let thresholds = (0..launches.len())
            .map(thresholds)
            .collect::<Result<Vec<_>, Failure>>()?;
        let one = |(launch, thresholds): (&Launch, &Thresholds)| {
            review(launch, thresholds).into_iter().map(StepRow::from).collect()
        };
        query.run(|| launches.par_iter().zip(&thresholds).map(one).collect())
    }
}

impl Function for ReviewDrivers {
    const NAME: &'static str = "__launch_review_drivers";
    const ABOUT: &'static str = "
        What the deviation of a launch from its plan is made of; launch_review_drivers shows it as a table.

        @launch
        @returns step: BIGINT  1 for the period of the launch planned; NULL for all periods together
        @returns date: DATE  its first day
        @returns driver: VARCHAR  volume, price, timing or stock
        @returns contribution: DOUBLE  units
        @returns lower: DOUBLE  lower end of their interval
        @returns upper: DOUBLE  upper end
        @returns reason: VARCHAR  how it was found
        @example SELECT unnest(__launch_review_drivers(
            [{'start': DATE '2024-01-01', 'after': DATE '2024-01-08', 'planned': 70, 'lower': 50, 'upper': 90, 'over': true}],
            [{'day': DATE '2024-01-01', 'units': 60, 'price': 10, 'share': NULL}],
            NULL, DATE '2024-01-01', NULL, 10, -2, 0.2, 100, false, false), recursive := true)
    ";
    const SHARED: &'static [Shared] = SHARED;

    type Answer = Vec<DriverRow>;
}

/// A driver of a period.
#[derive(AsDuckDB, Debug, Default, Clone)]
pub struct DriverRow {
    step: Option<i64>,
    date: Option<DateValue>,
    driver: String,
    contribution: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    reason: String,
}

impl PerChunk for ReviewDrivers {
    fn answer(query: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let launches = read(&mut arguments)?;
        let one = |launch: &Launch| {
            let row = |of: crate::evaluation::review::Contribution| DriverRow {
                step: of.step,
                date: of.start.map(DateValue),
                driver: of.driver.name().to_owned(),
                contribution: of.units.map(|units| units.0),
                lower: of.units.map(|units| units.1),
                upper: of.units.map(|units| units.2),
                reason: of.reason,
            };
            drivers(launch).into_iter().map(row).collect()
        };
        query.run(|| launches.par_iter().map(one).collect())
    }
}

/// The launches of a chunk.
fn read(arguments: &mut Arguments) -> Result<Vec<Launch>, Failure> {
    let (periods, days, stock) = (arguments.tables()?, arguments.tables()?, arguments.tables()?);
    let (planned_days, known_days) = (arguments.days()?, arguments.days()?);
    let (prices, elasticities, deviations) = (arguments.numbers()?, arguments.numbers()?, arguments.numbers()?);
    let ordered = arguments.numbers()?;
    let (stock_known, stamped) = (arguments.flags()?, arguments.flags()?);
    let levels = arguments.numbers()?;
    let tables = periods.into_iter().zip(days).zip(stock).enumerate();
    let one = |(row, ((periods, days), stock)): (usize, ((Option<_>, Option<_>), Option<_>))| {
        let level = required(levels[row], "level")?;
        check_level(level)?;
        let periods = periods.map(periods_of).transpose()?.unwrap_or_default();
        if periods.len() > MOST_PERIODS {
            return Err(Failure::new(format!(
                "a launch has {} periods from its launch to the end of the plan, more than {MOST_PERIODS}: look at its dates",
                periods.len()
            )));
        }
        let deviation = deviations[row].filter(|error| *error >= 0.0 && error.is_finite());
        Ok(Launch {
            planned_day: planned_days[row]
                .or(periods.first().map(|period| period.start))
                .unwrap_or_default(),
            periods,
            known_day: known_days[row],
            price: prices[row],
            elasticity: elasticities[row].map(|mean| (mean, deviation.unwrap_or_default())),
            ordered: ordered[row].filter(|units| *units >= 0.0),
            days: days.map(days_of).transpose()?.unwrap_or_default(),
            stock: stock.map(stock_of).transpose()?.unwrap_or_default(),
            stock_known: stock_known[row] == Some(true),
            stamped: stamped[row] == Some(true),
            level,
        })
    };
    tables.map(one).collect()
}

fn periods_of(mut table: Arguments) -> Result<Vec<Period>, Failure> {
    let days = table.days()?.into_iter().zip(table.days()?);
    let planned = table.numbers()?;
    let ends = table.numbers()?.into_iter().zip(table.numbers()?);
    let rows = days.zip(planned).zip(ends).zip(table.flags()?);
    let periods = rows.filter_map(|((((start, end), planned), ends), over)| {
        Some(Period {
            start: start?,
            end: end?,
            planned: planned.filter(|units| units.is_finite()).unwrap_or_default().max(0.0),
            interval: match ends {
                (Some(lower), Some(upper)) => Some((lower.max(0.0), upper.max(0.0))),
                _ => None,
            },
            over: over == Some(true),
        })
    });
    Ok(periods.collect())
}

fn days_of(mut table: Arguments) -> Result<Vec<Day>, Failure> {
    let rows = table.days()?.into_iter().zip(table.numbers()?);
    let rows = rows.zip(table.numbers()?.into_iter().zip(table.numbers()?));
    let day = |((day, units), (price, share)): ((Option<i32>, _), (_, _))| {
        Some(Day {
            day: day?,
            units,
            price,
            share,
        })
    };
    Ok(rows.filter_map(day).collect())
}

fn stock_of(mut table: Arguments) -> Result<Vec<(i32, f64)>, Failure> {
    let rows = table.days()?.into_iter().zip(table.numbers()?);
    Ok(rows.filter_map(|(day, share)| Some((day?, share?))).collect())
}
