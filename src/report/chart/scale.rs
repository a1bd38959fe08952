//! Axes: from values to places in a drawing, and the ticks that a reader expects.

use chrono::{Datelike, NaiveDate};

use super::{day, days};
use crate::report::words;

/// A linear scale.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    from: (f64, f64),
    to: (f64, f64),
}

impl Scale {
    /// `from.0` is drawn at `to.0`, `from.1` at `to.1`; a span of nothing is drawn in the middle.
    pub fn new(from: (f64, f64), to: (f64, f64)) -> Self {
        Self { from, to }
    }

    /// The place of a value.
    pub fn at(&self, value: f64) -> f64 {
        let span = self.from.1 - self.from.0;
        let share = if span > 0.0 { (value - self.from.0) / span } else { 0.5 };
        self.to.0 + share * (self.to.1 - self.to.0)
    }
}

/// Lowest and highest of some numbers; `None` without any.
pub fn extent(numbers: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let numbers = numbers.filter(|number| number.is_finite());
    numbers.fold(None, |found, number| match found {
        None => Some((number, number)),
        Some((low, high)) => Some((number.min(low), number.max(high))),
    })
}

/// About `wanted` round numbers that span from `low` to `high`, which the first and the last one enclose.
pub fn ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let span = if high > low { high - low } else { high.abs().max(1.0) };
    let raw = span / wanted.max(1) as f64;
    let power = 10_f64.powi(raw.log10().floor() as i32);
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| raw <= factor * power);
    let step = factor.unwrap_or(10.0) * power;
    let (first, last) = ((low / step).floor(), (high / step).ceil());
    // Where numbers have more digits than a DOUBLE, steps vanish.
    if !step.is_finite() || step <= 0.0 || !(last - first).is_finite() || last - first > 100.0 {
        return vec![low, high];
    }
    let last = if last > first { last } else { first + 1.0 };
    (0..=(last - first) as usize)
        .map(|k| (first + k as f64) * step)
        .collect()
}

/// The text of a tick among ticks that are `step` apart.
pub fn tick_text(tick: f64, step: f64) -> String {
    let size = tick.abs();
    for (power, letter) in [(1e9, " bn"), (1e6, " m")] {
        if size >= power && step >= power / 100.0 {
            let decimals = decimals(step / power);
            return format!("{}{letter}", words::fixed(tick / power, decimals));
        }
    }
    words::fixed(tick, decimals(step))
}

fn decimals(step: f64) -> usize {
    (0..6)
        .find(|decimals| {
            let scaled = step * 10_f64.powi(*decimals as i32);
            (scaled - scaled.round()).abs() < 1e-6 * scaled.abs().max(1e-9)
        })
        .unwrap_or(6)
}

/// Days to write at an axis, at most `most`, with their texts: each so many days, Mondays, or firsts of months.
pub fn day_ticks(first: NaiveDate, last: NaiveDate, most: usize) -> Vec<(NaiveDate, String)> {
    let (from, to) = (days(first), days(last));
    let span = i64::from(to) - i64::from(from);
    let most = most.max(1) as i64;
    for step in [1, 2, 7, 14] {
        if span / step < most {
            // Day 4 of 1970 was a Monday.
            let begin = i64::from(from) + (4 - i64::from(from)).rem_euclid(step);
            let ticks = (begin..=i64::from(to)).step_by(step as usize);
            let ticks = ticks.filter_map(|tick| day(i32::try_from(tick).ok()?));
            return ticks.map(|tick| (tick, words::short_day(tick))).collect();
        }
    }
    let months = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
    let (from, to) = (months(first), months(last));
    let step = [1, 2, 3, 6, 12, 24, 60, 120]
        .into_iter()
        .find(|step| (to - from) / step < most)
        .unwrap_or(1_200);
    let begin = from + (-from).rem_euclid(step);
    let ticks = (begin..=to).step_by(step as usize).filter_map(|month| {
        let year = i32::try_from(month.div_euclid(12)).ok()?;
        NaiveDate::from_ymd_opt(year, month.rem_euclid(12) as u32 + 1, 1)
    });
    let text = |tick: NaiveDate| match step {
        12.. => tick.year().to_string(),
        _ => format!("{} {}", words::month(tick), tick.year()),
    };
    ticks
        .filter(|tick| *tick >= first)
        .map(|tick| (tick, text(tick)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_enclose() {
        assert_eq!(ticks(0.0, 97.0, 5), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(-3.0, 4.0, 4), [-4.0, -2.0, 0.0, 2.0, 4.0]);
        assert_eq!(ticks(5.0, 5.0, 4).first(), Some(&4.0));
        assert_eq!(ticks(0.0, 0.0, 4).len(), 2);
        // 1e300 may lie a rounding below a multiple of the step.
        assert!([3, 4].contains(&ticks(1e300, 1.1e300, 4).len()));
        assert_eq!(
            (tick_text(0.25, 0.05), tick_text(2_500_000.0, 500_000.0)),
            ("0.25".into(), "2.5 m".into())
        );
        assert_eq!(tick_text(12_000.0, 2_000.0), "12,000");
    }

    #[test]
    fn days_are_written_at_mondays_or_firsts() {
        let of = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
        let texts = |a, b, most| {
            day_ticks(of(a), of(b), most)
                .into_iter()
                .map(|(_, text)| text)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            texts("2024-10-08", "2024-11-05", 6),
            ["14 Oct", "21 Oct", "28 Oct", "4 Nov"]
        );
        assert_eq!(
            texts("2024-10-08", "2025-03-05", 6),
            ["Nov 2024", "Dec 2024", "Jan 2025", "Feb 2025", "Mar 2025"]
        );
        assert_eq!(texts("2024-10-08", "2024-10-08", 6), ["8 Oct"]);
        assert_eq!(
            texts("1990-01-01", "2024-10-08", 8).first().map(String::as_str),
            Some("1990")
        );
    }
}
