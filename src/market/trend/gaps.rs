//! From rows by period to a series without gaps.

use super::regressors::Known;
use crate::error::{Error, Result};

/// What a period without rows was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// Nothing: of sales and other sums.
    Zero,
    /// As the period before: of prices and other means.
    Last,
}

/// The number of the first period with a value, and the values from there to the one before `end`.
///
/// `periods` are numbers of periods, each once, in order; a value that is missing, and periods from `end` on, count as
/// without row.
///
/// # Errors
/// [`Error::Refused`] when no period before `end` has a value.
pub fn fill(periods: &[i64], values: &[Option<f64>], end: i64, gap: Gap) -> Result<(i64, Vec<f64>)> {
    let rows = periods.iter().zip(values).filter_map(|(p, v)| Some((*p, (*v)?)));
    let mut rows = rows.filter(|(p, _)| *p < end).peekable();
    let Some(&(first, start)) = rows.peek() else {
        return Err(Error::refused("no complete period has a value"));
    };
    let mut series = Vec::new();
    let mut last = start;
    for period in first..end {
        let value = rows.next_if(|(p, _)| *p == period).map(|(_, v)| v);
        series.push(value.unwrap_or(match gap {
            Gap::Zero => 0.0,
            Gap::Last => last,
        }));
        last = value.unwrap_or(last);
    }
    Ok((first, series))
}

/// A series as a table has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Numbers of the periods with a value, in order, each once; one that is missing is passed over.
    pub periods: Vec<Option<f64>>,
    /// Their values.
    pub values: Vec<Option<f64>>,
    /// The first period to forecast.
    pub end: i64,
    /// What a period without a row was.
    pub gap: Gap,
    /// What is known beside it.
    pub known: Vec<Known>,
}

impl Series {
    /// Its first period, and its values without gaps.
    ///
    /// # Errors
    /// As [`fill`].
    pub fn filled(&self) -> Result<(i64, Vec<f64>)> {
        let known = self.periods.iter().zip(&self.values);
        let known = known.filter_map(|(p, v)| p.map(|p| (p as i64, *v)));
        let (periods, values): (Vec<i64>, Vec<Option<f64>>) = known.unzip();
        fill(&periods, &values, self.end, self.gap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_zero_or_the_last_value() {
        let of = |gap| fill(&[3, 4, 7, 9], &[Some(5.0), None, Some(2.0), Some(8.0)], 9, gap);
        assert_eq!(of(Gap::Zero), Ok((3, vec![5.0, 0.0, 0.0, 0.0, 2.0, 0.0])));
        assert_eq!(of(Gap::Last), Ok((3, vec![5.0, 5.0, 5.0, 5.0, 2.0, 2.0])));
        assert!(fill(&[9], &[Some(1.0)], 9, Gap::Zero).is_err());
    }
}
