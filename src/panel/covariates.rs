//! Series beside the sales: signals seen so far, and covariates planned ahead.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema};

use super::launches::mean;
use crate::error::{Error, Result};

/// Periods before that of the launch from which signals are kept.
pub const LEAD: usize = 8;

/// Larger values count as unknown: their squares would not stay finite.
const MAX_VALUE: f64 = 1e30;

/// One series of one launch, as it comes from a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What it is called.
    pub name: String,
    /// Whether it is known ahead (a price, a promotion) and not only afterwards (mentions, searches).
    pub planned: bool,
    /// By period: from that of the launch on if planned, else from [`LEAD`] periods before it.
    pub values: Vec<Option<f64>>,
}

/// Whether an attribute is a summary of some series.
pub fn is_summary(attribute: &str) -> bool {
    [" (planned)", " (before launch)", " (trend)"]
        .iter()
        .any(|end| attribute.ends_with(end))
}

/// The name and kind of a series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeriesName {
    /// Whether it is known ahead.
    pub planned: bool,
    /// What it is called.
    pub name: String,
}

impl SeriesName {
    /// Whether an attribute is a summary of this series.
    pub fn is_summary(&self, attribute: &str) -> bool {
        let of = attribute.strip_prefix(self.name.as_str());
        match self.planned {
            true => of == Some(" (planned)"),
            false => matches!(of, Some(" (before launch)" | " (trend)")),
        }
    }
}

/// Series of launches or candidates, aligned on the period of their launch.
///
/// *Shapes*: rows are launches; a planned series has `horizon` periods, a signal [`LEAD`] more before them. Series are
/// in the order of (signals first, name).
///
/// *Missing data*: NaN where nothing is known, as in a period that has not ended. What is not finite, or 1e30 and more,
/// counts as missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Covariates {
    horizon: usize,
    rows: usize,
    series: Vec<SeriesName>,
    /// Of each series, row by row.
    values: Vec<Vec<f64>>,
}

impl Covariates {
    /// Bring the series of each row into one shape. Rows need not have the same series.
    ///
    /// # Errors
    /// [`Error::Argument`] if a row has a series twice.
    pub fn try_new(horizon: usize, rows: &[Vec<Series>]) -> Result<Self> {
        let mut found: BTreeMap<SeriesName, Vec<f64>> = BTreeMap::new();
        for (row, series) in rows.iter().enumerate() {
            for (position, one) in series.iter().enumerate() {
                let is_same = |other: &Series| other.name == one.name && other.planned == one.planned;
                if series[..position].iter().any(is_same) {
                    return Err(Error::argument(format!(
                        "covariate '{}' is given twice for one product",
                        one.name
                    )));
                }
                let name = SeriesName {
                    planned: one.planned,
                    name: one.name.clone(),
                };
                let width = width(one.planned, horizon);
                let values = found.entry(name).or_insert_with(|| vec![f64::NAN; rows.len() * width]);
                for (to, from) in values[row * width..(row + 1) * width].iter_mut().zip(&one.values) {
                    *to = from.filter(|v| v.abs() < MAX_VALUE).unwrap_or(f64::NAN);
                }
            }
        }
        let (series, values) = found.into_iter().unzip();
        Ok(Self {
            horizon,
            rows: rows.len(),
            series,
            values,
        })
    }

    /// The series there are.
    pub fn names(&self) -> &[SeriesName] {
        &self.series
    }

    /// Whether there is no series.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// Number of launches.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// A planned series at a step; NaN where it is not known.
    pub fn planned(&self, row: usize, series: usize, step: usize) -> f64 {
        self.row(row, series).get(step).copied().unwrap_or(f64::NAN)
    }

    /// The latest value of a signal at the start of a step.
    pub fn signal(&self, row: usize, series: usize, step: usize) -> f64 {
        self.signal_at(row, series, step, step)
    }

    /// The latest value of a signal at the start of a step, for a forecast made when `age` steps had ended; NaN if none
    /// is known.
    pub fn signal_at(&self, row: usize, series: usize, step: usize, age: usize) -> f64 {
        let values = self.row(row, series);
        let ended = (LEAD + step.min(age)).min(values.len());
        let known = values[..ended].iter().rev().find(|v| !v.is_nan());
        known.copied().unwrap_or(f64::NAN)
    }

    /// The given launches, in that order. They must exist.
    pub(crate) fn select(&self, rows: &[usize]) -> Self {
        let selected = |series| {
            rows.iter()
                .flat_map(move |&row| self.row(row, series))
                .copied()
                .collect()
        };
        Self {
            horizon: self.horizon,
            rows: rows.len(),
            series: self.series.clone(),
            values: (0..self.series.len()).map(selected).collect(),
        }
    }

    /// The series for which `stays` says so, by row; nothing is known of the others.
    pub(crate) fn only(mut self, stays: impl Fn(usize, &SeriesName) -> bool) -> Self {
        for (name, values) in self.series.iter().zip(&mut self.values) {
            for (row, values) in values.chunks_mut(width(name.planned, self.horizon)).enumerate() {
                if !stays(row, name) {
                    values.fill(f64::NAN);
                }
            }
        }
        self
    }

    /// What was known of each launch when the given number of its steps had ended: signals of later periods are masked.
    pub(crate) fn known(&self, ended: impl Fn(usize) -> usize) -> Self {
        let mut known = self.clone();
        for (name, values) in known.series.iter().zip(&mut known.values) {
            if !name.planned {
                for (row, values) in values.chunks_mut(width(false, self.horizon)).enumerate() {
                    values.iter_mut().skip(LEAD + ended(row)).for_each(|v| *v = f64::NAN);
                }
            }
        }
        known
    }

    /// Attributes with the summaries of the series behind them: of each signal its mean over the periods before the
    /// launch and its trend there (the last four periods less the first four), of each planned series its mean.
    ///
    /// # Errors
    /// [`Error::Argument`] if the rows do not match, or an attribute has the name of a summary.
    pub(super) fn append_to(&self, attributes: &RecordBatch) -> Result<RecordBatch> {
        if self.is_empty() {
            return Ok(attributes.clone());
        }
        if self.rows != attributes.num_rows() {
            return Err(Error::argument(format!(
                "{} rows of attributes and {} of covariates do not match",
                attributes.num_rows(),
                self.rows
            )));
        }
        let mut fields: Vec<_> = attributes.schema().fields().iter().cloned().collect();
        let mut columns = attributes.columns().to_vec();
        for (series, SeriesName { planned, name }) in self.series.iter().enumerate() {
            let summaries: &[(&str, Summary)] = match planned {
                true => &[("planned", known_mean)],
                false => &[("before launch", level), ("trend", trend)],
            };
            for (what, summary) in summaries {
                let name = format!("{name} ({what})");
                if fields.iter().any(|f| f.name().eq_ignore_ascii_case(&name)) {
                    return Err(Error::argument(format!(
                        "attribute \"{name}\" has the name of a summary of the covariates: rename it"
                    )));
                }
                let values: Float64Array = (0..self.rows).map(|row| summary(self.row(row, series))).collect();
                fields.push(Arc::new(Field::new(name, DataType::Float64, true)));
                columns.push(Arc::new(values) as ArrayRef);
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        Ok(RecordBatch::try_new_with_options(
            Arc::new(Schema::new(fields)),
            columns,
            &options,
        )?)
    }

    pub(super) fn row(&self, row: usize, series: usize) -> &[f64] {
        let width = width(self.series[series].planned, self.horizon);
        &self.values[series][row * width..(row + 1) * width]
    }
}

/// One number for the values of a series.
type Summary = fn(&[f64]) -> Option<f64>;

fn width(planned: bool, horizon: usize) -> usize {
    if planned { horizon } else { LEAD + horizon }
}

fn known_mean(values: &[f64]) -> Option<f64> {
    mean(values.iter().copied().filter(|v| !v.is_nan()))
}

fn level(signal: &[f64]) -> Option<f64> {
    known_mean(&signal[..LEAD])
}

fn trend(signal: &[f64]) -> Option<f64> {
    let (first, last) = signal[..LEAD].split_at(LEAD / 2);
    Some(known_mean(last)? - known_mean(first)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::{Candidates, Frequency, LaunchPanel};

    fn series(name: &str, planned: bool, values: &[f64]) -> Series {
        Series {
            name: name.to_owned(),
            planned,
            values: values.iter().map(|v| (!v.is_nan()).then_some(*v)).collect(),
        }
    }

    fn no_attributes(rows: usize) -> RecordBatch {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap()
    }

    /// Two launches of three steps: mentions of 1 to 8 before and 9, 10, 11 after the launch of the first, of which two
    /// are missing, and none for the second; a promotion at the second step of both.
    fn covariates() -> Covariates {
        let nan = f64::NAN;
        let mentions = [1.0, nan, 3.0, 4.0, 5.0, 6.0, 7.0, nan, 9.0, 10.0, 11.0];
        let rows = [
            vec![
                series("promotion", true, &[0.0, 1.0, 0.0, 9.0]),
                series("mentions", false, &mentions),
            ],
            vec![series("promotion", true, &[0.0, 1.0])],
        ];
        Covariates::try_new(3, &rows).unwrap()
    }

    fn panel(days: [i32; 2]) -> LaunchPanel {
        let units = [vec![Some(1.0); 2], vec![Some(1.0); 3]];
        let ids = vec!["a".to_owned(), "b".to_owned()];
        let panel = LaunchPanel::try_new(Frequency::Week, 3, ids, days.to_vec(), &units, no_attributes(2)).unwrap();
        panel.with_covariates(&covariates()).unwrap()
    }

    fn numbers(batch: &RecordBatch, name: &str) -> Vec<Option<f64>> {
        let column = crate::features::find_column(batch, name).unwrap();
        crate::features::numbers(column).unwrap()
    }

    /// Signal 0 of launch 0 in all periods, in order.
    fn mentions(covariates: &Covariates) -> Vec<f64> {
        covariates.row(0, 0).iter().copied().filter(|v| !v.is_nan()).collect()
    }

    #[test]
    fn a_step_sees_the_latest_signal_known_then_and_never_beyond_the_age() {
        let c = covariates();
        let names: Vec<(&str, bool)> = c.names().iter().map(|s| (s.name.as_str(), s.planned)).collect();
        assert_eq!(names, [("mentions", false), ("promotion", true)]);
        // The last week before the launch is missing, so that before it counts.
        assert_eq!([0, 1, 2, 9].map(|step| c.signal(0, 0, step)), [7.0, 9.0, 10.0, 11.0]);
        assert_eq!([0, 1, 2, 3].map(|step| c.signal_at(0, 0, step, 0)), [7.0; 4]);
        assert_eq!(
            [0, 1, 2, 3].map(|step| c.signal_at(0, 0, step, 1)),
            [7.0, 9.0, 9.0, 9.0]
        );
        assert!(c.signal_at(1, 0, 2, 2).is_nan());
        // What is planned is known at any age, as far as the horizon.
        assert_eq!([0, 1, 2].map(|step| c.planned(0, 1, step)), [0.0, 1.0, 0.0]);
        assert!(c.planned(0, 1, 3).is_nan() && c.planned(1, 1, 2).is_nan());
    }

    #[test]
    fn summaries_are_attributes() {
        let panel = panel([19_723, 19_723]);
        let batch = panel.attributes();
        let names: Vec<&str> = batch.schema_ref().fields().iter().map(|f| f.name().as_str()).collect();
        assert_eq!(
            names,
            ["mentions (before launch)", "mentions (trend)", "promotion (planned)"]
        );
        let (early, late) = (8.0 / 3.0, 6.0);
        assert_eq!(numbers(batch, names[0]), [Some(26.0 / 6.0), None]);
        assert_eq!(numbers(batch, names[1]), [Some(late - early), None]);
        assert_eq!(numbers(batch, names[2]), [Some(1.0 / 3.0), Some(0.5)]);
    }

    #[test]
    fn signals_of_periods_that_had_not_ended_are_masked_everywhere() {
        // Both on Monday 2024-01-01; the first is observed for two weeks, which ends its signal too.
        let panel = panel([19_723, 19_723]);
        let before = [1.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        assert_eq!(mentions(panel.covariates()), [&before[..], &[9.0, 10.0]].concat());
        assert_eq!(mentions(&panel.candidates().covariates), before);
        assert_eq!(
            mentions(&panel.candidates_at(1).covariates),
            [&before[..], &[9.0]].concat()
        );
        // On Sunday of the second week only the first has ended.
        let known = panel.known_at(19_736).unwrap();
        assert_eq!(mentions(known.covariates()), [&before[..], &[9.0]].concat());
        assert_eq!(known.covariates().planned(0, 1, 1), 1.0);
        let second = panel.select(&[1, 0]).unwrap();
        assert!(second.covariates().signal(0, 0, 0).is_nan());
        assert_eq!(second.covariates().signal(1, 0, 1), 9.0);
    }

    #[test]
    fn a_candidate_knows_signals_as_far_as_its_own_sales() {
        let candidates = |own: Vec<Vec<f64>>| {
            let plain = Candidates::new(vec![19_723; 2], no_attributes(2));
            plain.with_covariates(covariates()).unwrap().running(own)
        };
        assert_eq!(mentions(&candidates(vec![]).covariates).last(), Some(&7.0));
        assert_eq!(
            mentions(&candidates(vec![vec![f64::NAN; 3]]).covariates).last(),
            Some(&7.0)
        );
        let later = candidates(vec![vec![f64::NAN, 2.0, f64::NAN]]);
        assert_eq!(mentions(&later.covariates).last(), Some(&10.0));
        assert_eq!(
            numbers(&later.attributes, "mentions (before launch)")[0],
            Some(26.0 / 6.0)
        );
    }

    #[test]
    fn what_is_no_number_is_missing_and_what_is_ambiguous_an_error() {
        let odd = [vec![series("x", true, &[f64::INFINITY, -1e30, 2.0])]];
        let c = Covariates::try_new(3, &odd).unwrap();
        assert!(c.planned(0, 0, 0).is_nan() && c.planned(0, 0, 1).is_nan());
        assert_eq!(c.planned(0, 0, 2), 2.0);
        let twice = [vec![series("x", true, &[1.0]), series("x", true, &[1.0])]];
        let error = Covariates::try_new(3, &twice).unwrap_err().to_string();
        assert_eq!(error, "covariate 'x' is given twice for one product");
        let named = c
            .append_to(&c.append_to(&no_attributes(1)).unwrap())
            .unwrap_err()
            .to_string();
        assert_eq!(
            named,
            "attribute \"x (planned)\" has the name of a summary of the covariates: rename it"
        );
        assert!(c.append_to(&no_attributes(2)).is_err());
    }
}
