//! What a series hangs on beside its own past: the calendar, and what is known of the future.

use std::f64::consts::TAU;

use chrono::{Datelike, NaiveDate};

use crate::panel::Frequency;
use crate::statistics::{deviation, mean};

/// Harmonics of a year, or of a long cycle, at most.
const HARMONICS: usize = 12;
/// Cycles of up to so many periods have an effect of each phase, longer ones harmonics.
const LONGEST_CYCLE: usize = 14;
/// A year, or a long cycle, is told from a level where there is this much of it.
const CYCLES: f64 = 1.25;
/// Prior standard deviations of effects on the log scale: of a phase of a cycle, of weekdays of every other week, of the first
/// harmonic (the k-th has this over k), of what is known ahead, and of the periods around an event.
const PHASE: f64 = 0.5;
const FORTNIGHT: f64 = 0.1;
const HARMONIC: f64 = 0.3;
const KNOWN: f64 = 0.5;
const AROUND: f64 = 0.2;
/// Days from 1970-01-01 to the Monday that weeks are counted from.
const FIRST_MONDAY: i64 = -3;
const DAYS_OF_YEAR: f64 = 365.25;

/// Something that is known of periods, past and future.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Its name.
    pub name: String,
    /// Whether it is an event, around which periods may differ too.
    pub event: bool,
    /// Numbers of the periods in which it is known, in order, each once.
    pub periods: Vec<i64>,
    /// Its values there.
    pub values: Vec<f64>,
    /// What other series say of its effect, in the order of time.
    pub expected: Vec<Expected>,
}

/// What series together say of an effect at some time, see [`common`](super::common).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// Periods after the event itself; 0 for what is no event.
    pub lag: i64,
    /// Number of the first period that they had not seen.
    pub period: i64,
    /// Mean on the log scale.
    pub effect: f64,
    /// Standard deviation of that of a series.
    pub deviation: f64,
}

impl Known {
    /// Values of `steps` periods from `first` on. Where it is not known, it is 0 if it is an event or never anything but 0
    /// and 1, else as in the period before, or as in the first one that is known.
    pub fn filled(&self, first: i64, steps: usize) -> Vec<f64> {
        let none = self.is_flag().then_some(0.0);
        let mut last = none.or(self.values.first().copied()).unwrap_or(0.0);
        let mut rows = self.periods.iter().zip(&self.values).peekable();
        let mut at = |period: i64| {
            let mut exact = None;
            while let Some((known, value)) = rows.next_if(|(known, _)| **known <= period) {
                last = *value;
                exact = (*known == period).then_some(*value);
            }
            exact.or(none).unwrap_or(last)
        };
        (first..first + steps as i64).map(&mut at).collect()
    }

    /// Whether it is there or not.
    pub fn is_flag(&self) -> bool {
        self.event || self.values.iter().all(|v| *v == 0.0 || *v == 1.0)
    }
}

/// One column: its value by period, and what is expected of its effect before anything was sold.
#[derive(Debug, Clone, PartialEq)]
pub struct Regressor {
    /// Values by period, those to forecast last.
    pub values: Vec<f64>,
    /// Prior standard deviation of its effect on the log scale.
    pub scale: f64,
    /// Fewest periods that tell it from the level.
    pub least: usize,
    /// Where it is known ahead and no column of the calendar.
    pub ahead: Option<Ahead>,
}

/// A column of what is known ahead.
#[derive(Debug, Clone, PartialEq)]
pub struct Ahead {
    /// Its name.
    pub name: String,
    /// Periods after the event itself.
    pub lag: i64,
    /// Of numbers the least and the largest one.
    pub range: Option<(f64, f64)>,
    /// What other series say, by number of periods before which they said it.
    pub expected: Vec<(i64, f64, f64)>,
}

impl Regressor {
    /// Mean and standard deviation of the effect that is expected after so many periods; a deviation of 0 leaves it out.
    pub fn prior(&self, cut: usize) -> (f64, f64) {
        let expected = self.ahead.iter().flat_map(|ahead| &ahead.expected);
        match expected.take_while(|e| e.0 <= cut as i64).last() {
            Some((_, effect, deviation)) => (*effect, *deviation),
            None if self.least <= cut => (0.0, self.scale),
            None => (0.0, 0.0),
        }
    }

    /// Whether it was there before the cut, or other series say what it does.
    pub fn is_seen(&self, cut: usize) -> bool {
        self.prior(cut).0 != 0.0 || self.values[..cut].iter().any(|v| *v != 0.0)
    }
}

/// The columns for `steps` periods from number `first` on.
///
/// With a frequency these are weekdays, weekdays of every other week, and harmonics of the year by date; else the cycle of
/// `season` periods (none for 1). What is known has one column each, an event also those of the periods around it.
pub fn regressors(
    frequency: Option<Frequency>,
    season: usize,
    known: &[Known],
    first: i64,
    steps: usize,
) -> Vec<Regressor> {
    let numbers = || first..first + steps as i64;
    let column = |scale: f64, least: usize, value: &dyn Fn(i64) -> f64| Regressor {
        values: numbers().map(value).collect(),
        scale,
        least,
        ahead: None,
    };
    let mut columns = Vec::new();
    let harmonics = |columns: &mut Vec<Regressor>, cycle: f64, turn: &dyn Fn(i64) -> f64| {
        for k in 1..=HARMONICS.min((cycle / 2.0) as usize) {
            let least = (CYCLES * cycle).ceil() as usize;
            let scale = HARMONIC / k as f64;
            columns.push(column(scale, least, &|t| (TAU * k as f64 * turn(t)).cos()));
            columns.push(column(scale, least, &|t| (TAU * k as f64 * turn(t)).sin()));
        }
    };
    let phases = |columns: &mut Vec<Regressor>, cycle: i64, origin: i64| {
        for phase in 0..cycle {
            let here = move |t: i64| f64::from(u8::from((t - origin).rem_euclid(cycle) == phase));
            columns.push(column(PHASE, 2 * cycle as usize, &here));
        }
    };
    match frequency {
        _ if season < 2 => {}
        Some(Frequency::Day) => {
            phases(&mut columns, 7, FIRST_MONDAY);
            for weekday in 0..7 {
                let sign = move |t: i64| match ((t - FIRST_MONDAY).rem_euclid(7), (t - FIRST_MONDAY).div_euclid(7)) {
                    (day, week) if day == weekday => 1.0 - 2.0 * week.rem_euclid(2) as f64,
                    _ => 0.0,
                };
                columns.push(column(FORTNIGHT, 28, &sign));
            }
            harmonics(&mut columns, DAYS_OF_YEAR, &|t| year_part(t));
        }
        Some(Frequency::Week) => harmonics(&mut columns, DAYS_OF_YEAR / 7.0, &|t| {
            year_part(7 * t + FIRST_MONDAY + 3)
        }),
        Some(Frequency::Month) => harmonics(&mut columns, 12.0, &|t| t.rem_euclid(12) as f64 / 12.0),
        None if season <= LONGEST_CYCLE => phases(&mut columns, season as i64, 0),
        None => harmonics(&mut columns, season as f64, &|t| {
            t.rem_euclid(season as i64) as f64 / season as f64
        }),
    }
    for known in known {
        columns.extend(columns_of(known, frequency, first, steps));
    }
    columns
}

fn columns_of(known: &Known, frequency: Option<Frequency>, first: i64, steps: usize) -> Vec<Regressor> {
    let (before, after) = match frequency {
        _ if !known.event => (0, 0),
        Some(Frequency::Day) => (2, 1),
        Some(Frequency::Month) => (0, 0),
        _ => (1, 1),
    };
    let around = |offset: i64| {
        let mut values = known.filled(first - offset, steps);
        let mut range = None;
        if !known.is_flag() {
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let centre = mean(values.iter().copied()).unwrap_or_default();
            let spread = deviation(&values).filter(|s| *s > 0.0).unwrap_or(1.0);
            values.iter_mut().for_each(|v| *v = (*v - centre) / spread);
            range = Some((least, most));
        }
        let expected = known.expected.iter().filter(|e| e.lag == offset);
        Regressor {
            values,
            scale: if offset == 0 { KNOWN } else { AROUND },
            least: 0,
            ahead: Some(Ahead {
                name: known.name.clone(),
                lag: offset,
                range,
                expected: expected.map(|e| (e.period - first, e.effect, e.deviation)).collect(),
            }),
        }
    };
    (-before..=after).map(around).collect()
}

/// The part of the year that is over on a day since 1970-01-01.
fn year_part(day: i64) -> f64 {
    const EPOCH: i64 = 719_163;
    let date = i32::try_from(day + EPOCH)
        .ok()
        .and_then(NaiveDate::from_num_days_from_ce_opt);
    date.map_or(0.0, |date| f64::from(date.ordinal0()) / DAYS_OF_YEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(event: bool, rows: &[(i64, f64)]) -> Known {
        let (periods, values) = rows.iter().copied().unzip();
        Known {
            name: "x".to_owned(),
            event,
            periods,
            values,
            expected: Vec::new(),
        }
    }

    #[test]
    fn what_is_not_known_is_none_of_a_flag_and_as_before_of_a_number() {
        let flag = known(false, &[(3, 1.0), (5, 0.0), (6, 1.0)]);
        assert_eq!(flag.filled(2, 6), [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
        let price = known(false, &[(3, 2.5), (5, 2.0)]);
        assert_eq!(price.filled(2, 5), [2.5, 2.5, 2.5, 2.0, 2.0]);
        assert_eq!(price.filled(4, 1), [2.5]);
        assert_eq!(known(true, &[(9, 3.0)]).filled(9, 2), [3.0, 0.0]);
    }

    #[test]
    fn days_have_weekdays_fortnights_and_years() {
        // 2024-01-01, a Monday, is day 19723.
        let columns = regressors(Some(Frequency::Day), 7, &[known(true, &[(19_725, 1.0)])], 19_723, 14);
        assert_eq!(columns.len(), 7 + 7 + 24 + 4);
        assert_eq!(
            columns[0].values,
            [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
        );
        assert_eq!(columns[7].values[0], -columns[7].values[7]);
        assert_eq!(columns[14].values[0], 1.0);
        // Two days before the event, the day before, the event, the day after.
        let ones: Vec<usize> = (38..42)
            .filter_map(|c| columns[c].values.iter().position(|v| *v == 1.0))
            .collect();
        assert_eq!(ones, [0, 1, 2, 3]);
    }

    #[test]
    fn other_cycles_are_counted_from_period_to_period() {
        assert!(regressors(None, 1, &[], 0, 5).is_empty());
        assert_eq!(regressors(None, 24, &[], 0, 48).len(), 24);
        let columns = regressors(None, 4, &[], -1, 5);
        assert_eq!(
            columns.iter().map(|c| c.values[0]).collect::<Vec<_>>(),
            [0.0, 0.0, 0.0, 1.0]
        );
    }
}
