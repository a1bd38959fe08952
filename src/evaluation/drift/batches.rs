//! New launches by quarter, or so many at a time.

use std::collections::BTreeMap;

use super::Since;
use crate::error::{Error, Result};
use crate::panel::Frequency;

/// Days of a year.
const YEAR: f64 = 365.25;
/// A batch of so many days has no season.
const NO_SEASON: f64 = 330.0;

/// How new launches are taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batches {
    /// Calendar months.
    Months(u32),
    /// All together.
    All,
    /// So many launches, and those of the same day.
    Launches(usize),
}

/// Launches that are looked at together.
pub struct Batch {
    /// Rows of the panel.
    pub rows: Vec<usize>,
    /// The first day, and the day after the last one, of the season it stands for.
    season: (i32, i32),
}

impl Batches {
    /// Parse a name, in any case, or a number of launches.
    ///
    /// # Errors
    /// [`Error::Argument`] that lists what is allowed.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Error::argument(format!(
                "batch must be month, quarter, year, all or a number of launches of at least 10, got '{text}'"
            ))
        };
        match text.trim().to_lowercase().as_str() {
            "month" => Ok(Self::Months(1)),
            "quarter" => Ok(Self::Months(3)),
            "year" => Ok(Self::Months(12)),
            "all" => Ok(Self::All),
            number => match number.parse::<usize>() {
                Ok(launches) if launches >= 10 => Ok(Self::Launches(launches)),
                _ => Err(wrong()),
            },
        }
    }

    /// The new launches in batches, earliest first.
    ///
    /// # Errors
    /// [`Error::Internal`] for a date beyond the calendar.
    pub fn of(self, since: &Since) -> Result<Vec<Batch>> {
        let mut by_day: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
        for &row in &since.new {
            by_day.entry(since.panel.launch_days()[row]).or_default().push(row);
        }
        let months = match self {
            Self::Months(months) => months,
            Self::All => return Ok(grouped(by_day, usize::MAX)),
            Self::Launches(launches) => return Ok(grouped(by_day, launches)),
        };
        let mut batches: BTreeMap<i32, Batch> = BTreeMap::new();
        for (day, rows) in by_day {
            let (start, end) =
                calendar(day, months).ok_or_else(|| Error::Internal(format!("day {day} is beyond the calendar")))?;
            let batch = batches.entry(start).or_insert_with(|| Batch {
                rows: Vec::new(),
                season: (start, end),
            });
            batch.rows.extend(rows);
        }
        Ok(batches.into_values().collect())
    }
}

/// The first day of the so many months of a year that a day lies in, and the day after the last one.
fn calendar(day: i32, months: u32) -> Option<(i32, i32)> {
    let start = |offset: i32| Frequency::Month.period_start(day, offset);
    // Months since January, from the middle of the month on.
    let month = ((f64::from(start(0)? + 14) % YEAR) / (YEAR / 12.0)) as i32;
    let into = month.rem_euclid(i32::try_from(months).ok()?);
    let first = start(-into)?;
    Some((first, start(i32::try_from(months).ok()? - into)?))
}

/// So many launches at a time, days whole; a rest of less than half goes with those before.
fn grouped(by_day: BTreeMap<i32, Vec<usize>>, launches: usize) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for (day, rows) in by_day {
        match batches.last_mut() {
            Some(batch) if batch.rows.len() < launches => {
                batch.rows.extend(rows);
                batch.season.1 = day + 1;
            }
            _ => batches.push(Batch {
                rows,
                season: (day, day + 1),
            }),
        }
    }
    if let [.., _, last] = batches.as_slice()
        && last.rows.len() < launches / 2
        && let Some(rest) = batches.pop()
        && let Some(before) = batches.last_mut()
    {
        before.rows.extend(rest.rows);
        before.season.1 = rest.season.1;
    }
    batches
}

impl Batch {
    /// First and last launch date.
    pub fn days(&self, since: &Since) -> (i32, i32) {
        let days = self.rows.iter().map(|&row| since.panel.launch_days()[row]);
        (days.clone().min().unwrap_or(0), days.max().unwrap_or(0))
    }

    /// Launches of training in the same season of an earlier year.
    pub fn same_season(&self, since: &Since) -> Vec<usize> {
        let (start, end) = self.season;
        let length = f64::from(end - start);
        let is_in = |row: &usize| {
            let before = f64::from(since.panel.launch_days()[*row] - start);
            length >= NO_SEASON || before.rem_euclid(YEAR) < length
        };
        since.known.iter().copied().filter(is_in).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::{format_date, parse_date};

    #[test]
    fn calendar_batches_are_those_of_the_calendar() {
        for (day, months, expected) in [
            ("2024-02-29", 3, "2024-01-01 2024-04-01"),
            ("2023-12-31", 3, "2023-10-01 2024-01-01"),
            ("2025-07-01", 3, "2025-07-01 2025-10-01"),
            ("2024-01-01", 12, "2024-01-01 2025-01-01"),
            ("2099-12-31", 12, "2099-01-01 2100-01-01"),
            ("1970-01-01", 1, "1970-01-01 1970-02-01"),
        ] {
            let (start, end) = calendar(parse_date(day).unwrap(), months).unwrap();
            assert_eq!(
                format!("{} {}", format_date(start), format_date(end)),
                expected,
                "{day}"
            );
        }
        for year in 1970..2200 {
            for month in 1..=12 {
                let day = parse_date(&format!("{year}-{month:02}-17")).unwrap();
                let (start, _) = calendar(day, 3).unwrap();
                let expected = format!("{year}-{:02}-01", (month - 1) / 3 * 3 + 1);
                assert_eq!(format_date(start), expected);
            }
        }
    }

    #[test]
    fn days_stay_whole_and_a_small_rest_goes_with_those_before() {
        let days = |sizes: &[usize]| {
            let mut row = 0;
            let of_day = |(day, size): (usize, &usize)| {
                row += size;
                (day as i32, (row - size..row).collect())
            };
            grouped(sizes.iter().enumerate().map(of_day).collect(), 10)
                .iter()
                .map(|b| b.rows.len())
                .collect::<Vec<_>>()
        };
        assert_eq!(days(&[6, 6, 6, 6]), [12, 12]);
        assert_eq!(days(&[10, 10, 4]), [10, 14]);
        assert_eq!(days(&[10, 10, 5]), [10, 10, 5]);
        assert_eq!(days(&[3]), [3]);
        assert!(days(&[]).is_empty());
    }

    #[test]
    fn names_and_numbers_are_parsed() {
        assert_eq!(Batches::parse("Quarter"), Ok(Batches::Months(3)));
        assert_eq!(Batches::parse(" 25 "), Ok(Batches::Launches(25)));
        let says = |text: &str| Batches::parse(text).unwrap_err().to_string();
        assert!(says("9").ends_with("of at least 10, got '9'") && says("week").contains("quarter"));
    }
}
