//! Periods: which day, week or month a date falls in, and how far apart two dates are.

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Length of one step of a forecast.
///
/// Weeks start on Monday (ISO 8601), months on their first day: the same periods as DuckDB's `date_trunc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Frequency {
    /// One calendar day.
    Day,
    /// Monday to Sunday.
    Week,
    /// One calendar month.
    Month,
}

/// 1970-01-01 in days from the common era, the origin of DuckDB's and Arrow's DATE.
const EPOCH_FROM_CE: i32 = 719_163;

fn date(day: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(day.checked_add(EPOCH_FROM_CE)?)
}

fn epoch_day(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - EPOCH_FROM_CE
}

impl Frequency {
    /// The names accepted by [`Frequency::parse`].
    pub const NAMES: [&'static str; 3] = ["day", "week", "month"];

    /// Parse a name, in any case.
    ///
    /// # Errors
    /// [`Error::Argument`] that lists the valid names.
    pub fn parse(name: &str) -> Result<Self> {
        match name.to_ascii_lowercase().as_str() {
            "day" => Ok(Self::Day),
            "week" => Ok(Self::Week),
            "month" => Ok(Self::Month),
            _ => Err(Error::argument(format!(
                "frequency must be one of {}, got '{name}'",
                Self::NAMES.join(", ")
            ))),
        }
    }

    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// First day of the period that contains `day` (days since 1970-01-01), moved by `offset` periods.
    ///
    /// `None` outside the calendar (about 262,000 years either way).
    pub fn period_start(self, day: i32, offset: i32) -> Option<i32> {
        match self {
            Self::Day => day.checked_add(offset),
            Self::Week => {
                let start = date(day)?.week(chrono::Weekday::Mon).checked_first_day()?;
                epoch_day(start).checked_add(offset.checked_mul(7)?)
            }
            Self::Month => {
                let first = date(day)?.with_day(1)?;
                let months = Months::new(offset.unsigned_abs());
                let moved = if offset < 0 {
                    first.checked_sub_months(months)
                } else {
                    first.checked_add_months(months)
                };
                moved.map(epoch_day)
            }
        }
    }

    /// Share of a step's period (0-based) in which a product launched on `day` can sell, in (0, 1]: less than 1 only at
    /// step 0.
    ///
    /// A product launched on a Thursday can sell on 4 of the 7 days of its first week.
    pub fn exposure(self, day: i32, step: usize) -> f64 {
        match (self.period_start(day, 0), self.period_start(day, 1)) {
            (Some(start), Some(next)) if step == 0 && next > start => f64::from(next - day) / f64::from(next - start),
            _ => 1.0,
        }
    }

    /// Mean length of a period in days.
    pub fn days(self) -> f64 {
        match self {
            Self::Day => 1.0,
            Self::Week => 7.0,
            Self::Month => 365.25 / 12.0,
        }
    }
}

/// Position of a day in the year as an angle in radians, for distances that know that December is near January.
pub fn day_of_year_angle(day: i32) -> f64 {
    date(day).map_or(0.0, |d| f64::from(d.ordinal0()) / 365.25 * std::f64::consts::TAU)
}

/// Sine and cosine of the day of the year; 0 for models that do not look at it.
pub(crate) fn season(day: i32, looked_at: bool) -> [f32; 2] {
    match looked_at {
        true => {
            let angle = day_of_year_angle(day);
            [angle.sin() as f32, angle.cos() as f32]
        }
        false => [0.0; 2],
    }
}

/// A day as text, `YYYY-MM-DD`.
pub fn format_date(day: i32) -> String {
    date(day).map_or_else(|| format!("day {day}"), |d| d.to_string())
}

/// Days since 1970-01-01 of a text `YYYY-MM-DD`.
pub fn parse_date(text: &str) -> Option<i32> {
    text.parse::<NaiveDate>().ok().map(epoch_day)
}

/// First date a launch may have: 1970-01-01.
pub const FIRST_DAY: i32 = 0;

/// Last date a launch may have: 2200-12-31.
pub fn last_day() -> i32 {
    NaiveDate::from_ymd_opt(2200, 12, 31).map_or(i32::MAX, epoch_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        parse_date(text).unwrap()
    }

    #[test]
    fn periods_start_where_date_trunc_starts_them() {
        assert_eq!(
            Frequency::Week.period_start(day("2024-02-29"), 0),
            Some(day("2024-02-26"))
        );
        assert_eq!(
            Frequency::Week.period_start(day("2024-02-29"), 2),
            Some(day("2024-03-11"))
        );
        assert_eq!(
            Frequency::Month.period_start(day("2024-02-29"), 12),
            Some(day("2025-02-01"))
        );
        assert_eq!(
            Frequency::Month.period_start(day("2024-02-29"), -2),
            Some(day("2023-12-01"))
        );
        assert_eq!(
            Frequency::Day.period_start(day("2024-02-29"), 1),
            Some(day("2024-03-01"))
        );
        assert_eq!(Frequency::Day.period_start(i32::MAX, 1), None);
    }

    #[test]
    fn exposure_is_the_rest_of_the_period() {
        assert_eq!(Frequency::Week.exposure(day("2024-02-26"), 0), 1.0);
        assert!((Frequency::Week.exposure(day("2024-02-29"), 0) - 4.0 / 7.0).abs() < 1e-12);
        assert!((Frequency::Month.exposure(day("2024-02-29"), 0) - 1.0 / 29.0).abs() < 1e-12);
        assert_eq!(Frequency::Day.exposure(day("2024-02-29"), 0), 1.0);
        assert_eq!(Frequency::Week.exposure(day("2024-02-29"), 1), 1.0);
    }

    #[test]
    fn unknown_frequency_lists_the_valid_ones() {
        let text = Frequency::parse("fortnight").unwrap_err().to_string();
        assert_eq!(text, "frequency must be one of day, week, month, got 'fortnight'");
    }
}
