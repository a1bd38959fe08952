//! Past launches aligned on their launch date, and the candidates to forecast.

use std::collections::HashMap;

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::take::take_record_batch;

use super::{Covariates, FIRST_DAY, Frequency, calendar::format_date, last_day};
use crate::error::{Error, Result};
pub(crate) use crate::statistics::mean;

/// Longest horizon in steps: ten years of weeks.
pub const MAX_HORIZON: usize = 520;

/// Units of a step must be below this: sums over launches stay finite.
const MAX_UNITS: f64 = 1e30;

/// The product of an id of several columns, which are joined by ` | `: the first one.
pub fn product_of(id: &str) -> &str {
    id.split(" | ").next().unwrap_or_default()
}

/// Check a horizon given by a user.
///
/// # Errors
/// [`Error::Argument`] outside 1 to [`MAX_HORIZON`].
pub fn check_horizon(horizon: i64) -> Result<usize> {
    usize::try_from(horizon)
        .ok()
        .filter(|h| (1..=MAX_HORIZON).contains(h))
        .ok_or_else(|| Error::argument(format!("horizon must be between 1 and {MAX_HORIZON}, got {horizon}")))
}

/// Past launches: one row per product, one column of units per step, and the attributes known at launch.
///
/// *Shapes*: `n` launches, `horizon` steps; units are row-major `n x horizon`.
///
/// *Missing data*: a step that is not observed yet, or not known for want of stock, holds NaN, never zero. Outside this
/// type it is always skipped, so no NaN reaches a result. Where units are a lower bound of the demand, the step holds
/// the demand that [`super::Demand`] expects, from what the panel knows.
///
/// *Determinism*: rows are held in the order of (product id, launch date), whatever order they came in.
#[derive(Debug, Clone)]
pub struct LaunchPanel {
    pub(super) frequency: Frequency,
    pub(super) horizon: usize,
    pub(super) ids: Vec<String>,
    pub(super) launch_days: Vec<i32>,
    /// ln(1 + units per full period), NaN where not observed.
    pub(super) log_units: Vec<f64>,
    /// Lower bounds of them where stock ran out, NaN elsewhere; empty if it never did.
    pub(super) bounds: Vec<f64>,
    /// A demand drawn for each of them; empty as they are.
    pub(super) drawn: Vec<f64>,
    attributes: RecordBatch,
    covariates: Covariates,
}

impl LaunchPanel {
    /// Build a panel from columns in any order.
    ///
    /// `units[i]` holds the units of launch `i` by step; it may be shorter or longer than the horizon. `attributes`
    /// has one row per launch and columns of type Float64, Boolean, Date32 or Utf8.
    ///
    /// Step 1 rarely covers its whole period, so its units are divided by [`Frequency::exposure`]; forecasts are
    /// multiplied back.
    ///
    /// # Errors
    /// [`Error::Argument`] for a duplicate product, a date out of range, or units that are negative, not finite or 1e30
    /// and more.
    pub fn try_new(
        frequency: Frequency,
        horizon: usize,
        ids: Vec<String>,
        launch_days: Vec<i32>,
        units: &[Vec<Option<f64>>],
        attributes: RecordBatch,
    ) -> Result<Self> {
        check_horizon(i64::try_from(horizon).unwrap_or(i64::MAX))?;
        let n = ids.len();
        if launch_days.len() != n || units.len() != n || attributes.num_rows() != n {
            return Err(Error::argument(format!(
                "{n} product ids, {} launch dates, {} rows of units and {} rows of attributes do not match",
                launch_days.len(),
                units.len(),
                attributes.num_rows()
            )));
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| (&ids[a], launch_days[a]).cmp(&(&ids[b], launch_days[b])));
        if let Some(pair) = order.windows(2).find(|w| ids[w[0]] == ids[w[1]]) {
            return Err(Error::argument(format!(
                "product_id '{}' is launched twice: keep one row per product",
                ids[pair[0]]
            )));
        }
        let mut log_units = vec![f64::NAN; n * horizon];
        for (row, &i) in order.iter().enumerate() {
            check_day(launch_days[i], &ids[i])?;
            for (step, value) in units[i].iter().take(horizon).enumerate() {
                let Some(value) = *value else { continue };
                if !(0.0..MAX_UNITS).contains(&value) {
                    return Err(Error::argument(format!(
                        "units must be at least 0 and below 1e30, got {value:?} at step {} of product '{}'",
                        step + 1,
                        ids[i]
                    )));
                }
                let exposure = frequency.exposure(launch_days[i], step);
                log_units[row * horizon + step] = (value / exposure).ln_1p();
            }
        }
        let indices = UInt32Array::from_iter_values(order.iter().map(|&i| i as u32));
        Ok(Self {
            frequency,
            horizon,
            launch_days: order.iter().map(|&i| launch_days[i]).collect(),
            ids: order.iter().map(|&i| ids[i].clone()).collect(),
            log_units,
            bounds: Vec::new(),
            drawn: Vec::new(),
            attributes: take_record_batch(&attributes, &indices)?,
            covariates: Covariates::default(),
        })
    }

    /// The launches with series beside them, in the order of [`LaunchPanel::ids`]. Signals are kept as far as the units
    /// are observed, and summaries of the series become attributes.
    ///
    /// # Errors
    /// [`Error::Argument`] if the rows do not match, or an attribute has the name of a summary.
    pub fn with_covariates(self, covariates: &Covariates) -> Result<Self> {
        Ok(Self {
            attributes: covariates.append_to(&self.attributes)?,
            covariates: covariates.known(|launch| observed_steps(self.log_units(launch))),
            ..self
        })
    }

    /// Number of launches.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no launch.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Length of a step.
    pub fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// Number of steps.
    pub fn horizon(&self) -> usize {
        self.horizon
    }

    /// Product ids in canonical order.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// Launches that go together, numbered in order of appearance: variants of a product, such as its sizes or the same
    /// article in several stores, launched on one day. Of an id of several columns, joined by ` | `, the first one
    /// is the product.
    pub fn clusters(&self) -> Vec<usize> {
        let mut known = HashMap::new();
        let launches = self.ids.iter().zip(&self.launch_days);
        launches
            .map(|(id, &day)| {
                let next = known.len();
                *known.entry((product_of(id), day)).or_insert(next)
            })
            .collect()
    }

    /// Launch dates in days since 1970-01-01.
    pub fn launch_days(&self) -> &[i32] {
        &self.launch_days
    }

    /// Attributes, one row per launch.
    pub fn attributes(&self) -> &RecordBatch {
        &self.attributes
    }

    /// Series beside the sales; those of periods that had not ended are masked.
    pub fn covariates(&self) -> &Covariates {
        &self.covariates
    }

    /// ln(1 + units per full period) of one launch by step, the demand expected where stock ran out; NaN where not
    /// observed.
    pub fn log_units(&self, launch: usize) -> &[f64] {
        &self.log_units[launch * self.horizon..(launch + 1) * self.horizon]
    }

    /// Units sold in a step as they were recorded, or `None` where not observed, or where they are a lower bound.
    pub fn units(&self, launch: usize, step: usize) -> Option<f64> {
        let value = self.log_units(launch)[step];
        // Rounding takes back what the way through the logarithm added: 23 units stay 23.
        (!value.is_nan() && !self.is_lower_bound(launch, step))
            .then(|| (value.exp_m1() * self.exposure(launch, step) * 1e6).round() / 1e6)
    }

    /// Share of a step's period in which the product could sell.
    pub fn exposure(&self, launch: usize, step: usize) -> f64 {
        self.frequency.exposure(self.launch_days[launch], step)
    }

    /// Whether some launch began within a period. If all are on the first day of one, their dates are known by period
    /// only, or part periods do not happen.
    pub fn has_part_periods(&self) -> bool {
        (0..self.len()).any(|launch| self.exposure(launch, 0) < 1.0)
    }

    /// Mean of the observed log units of one launch; `None` if nothing is observed.
    pub fn level(&self, launch: usize) -> Option<f64> {
        mean(self.log_units(launch).iter().copied().filter(|v| !v.is_nan()))
    }

    /// [`LaunchPanel::level`] of each launch, NaN for none.
    pub fn levels(&self) -> Vec<f64> {
        (0..self.len())
            .map(|launch| self.level(launch).unwrap_or(f64::NAN))
            .collect()
    }

    /// Whether the launches span two years: with less, the time of the year cannot be told from the passing of time.
    pub fn spans_seasons(&self) -> bool {
        let (first, last) = (self.launch_days.iter().min(), self.launch_days.iter().max());
        first.zip(last).is_some_and(|(first, last)| last - first >= 2 * 365)
    }

    /// The dates, without repetition, at which the given shares of the launches had begun.
    pub fn dates_by_share(&self, shares: &[f64]) -> Vec<i32> {
        let mut days = self.launch_days.clone();
        days.sort_unstable();
        let at = |share: &f64| days.get((share * days.len() as f64) as usize).copied();
        let mut dates: Vec<i32> = shares.iter().filter_map(at).collect();
        dates.dedup();
        dates
    }

    /// Number of observed product-steps.
    pub fn observations(&self) -> usize {
        self.log_units.iter().filter(|v| !v.is_nan()).count()
    }

    /// The launches with the given row numbers, in that order.
    ///
    /// # Errors
    /// [`Error::Argument`] if a row does not exist.
    pub fn select(&self, rows: &[usize]) -> Result<Self> {
        if let Some(row) = rows.iter().find(|&&r| r >= self.len()) {
            return Err(Error::argument(format!(
                "launch {row} of {} does not exist",
                self.len()
            )));
        }
        let indices = UInt32Array::from_iter_values(rows.iter().map(|&i| i as u32));
        Ok(Self {
            frequency: self.frequency,
            horizon: self.horizon,
            ids: rows.iter().map(|&i| self.ids[i].clone()).collect(),
            launch_days: rows.iter().map(|&i| self.launch_days[i]).collect(),
            log_units: rows.iter().flat_map(|&i| self.log_units(i).iter().copied()).collect(),
            bounds: self.cells(&self.bounds, rows),
            drawn: self.cells(&self.drawn, rows),
            attributes: take_record_batch(&self.attributes, &indices)?,
            covariates: self.covariates.select(rows),
        })
    }

    /// The steps of some launches, of what may be left out.
    fn cells(&self, all: &[f64], rows: &[usize]) -> Vec<f64> {
        let of_launch = |&row: &usize| {
            all.get(row * self.horizon..(row + 1) * self.horizon)
                .unwrap_or_default()
        };
        rows.iter().flat_map(of_launch).copied().collect()
    }

    /// What was known at the start of `origin`: launches before it, with every step whose period had not ended masked.
    /// The demand where stock ran out is expected from that alone.
    ///
    /// # Errors
    /// As [`LaunchPanel::select`].
    pub fn known_at(&self, origin: i32) -> Result<Self> {
        let rows: Vec<usize> = (0..self.len()).filter(|&i| self.launch_days[i] < origin).collect();
        let mut known = self.select(&rows)?;
        let has_ended = |day: i32, step: usize| {
            let end = self.frequency.period_start(day, step as i32 + 1);
            end.is_some_and(|end| end <= origin)
        };
        for launch in 0..known.len() {
            for step in 0..self.horizon {
                if !has_ended(known.launch_days[launch], step) {
                    known.log_units[launch * self.horizon + step] = f64::NAN;
                    if let Some(bound) = known.bounds.get_mut(launch * self.horizon + step) {
                        *bound = f64::NAN;
                    }
                }
            }
        }
        let ended = |launch: usize| {
            (0..self.horizon)
                .take_while(|&s| has_ended(known.launch_days[launch], s))
                .count()
        };
        known.covariates = known.covariates.known(ended);
        known.seen_from_itself().drop_unobserved()
    }

    /// Leave out launches of which no step is observed: they say nothing about demand.
    ///
    /// # Errors
    /// As [`LaunchPanel::select`].
    pub fn drop_unobserved(&self) -> Result<Self> {
        let rows: Vec<usize> = (0..self.len()).filter(|&i| self.level(i).is_some()).collect();
        if rows.len() == self.len() {
            Ok(self.clone())
        } else {
            self.select(&rows)
        }
    }

    /// The launches as if they were candidates of which `age` steps have been sold.
    pub fn candidates_at(&self, age: usize) -> Candidates {
        let own = (0..self.len()).map(|i| self.log_units(i)[..age.min(self.horizon)].to_vec());
        Candidates {
            own: if age == 0 { Vec::new() } else { own.collect() },
            covariates: self.covariates.known(|_| age),
            ..Candidates::new(self.launch_days.clone(), self.attributes.clone())
        }
    }

    /// The launches as if they were candidates: what was known of them on their launch date.
    pub fn candidates(&self) -> Candidates {
        self.candidates_at(0)
    }
}

/// Products to forecast: launch dates, attributes, and what they sold so far if they are on sale already.
#[derive(Debug, Clone)]
pub struct Candidates {
    /// Days since 1970-01-01.
    pub launch_days: Vec<i32>,
    /// One row per candidate; columns the model does not know are ignored, missing ones count as NULL.
    pub attributes: RecordBatch,
    /// ln(1 + units per full period) of each candidate by step, NaN where not observed. A row that ends early knows
    /// nothing of later steps; no rows at all: nobody has sold anything yet.
    pub own: Vec<Vec<f64>>,
    /// Whether the units of a step are a lower bound of the demand, as stock ran out; rows may end early or be left
    /// out.
    pub own_at_least: Vec<Vec<bool>>,
    /// Series beside the sales, one row per candidate; their summaries are among the attributes.
    pub covariates: Covariates,
}

impl Candidates {
    /// Products that have no sales.
    pub fn new(launch_days: Vec<i32>, attributes: RecordBatch) -> Self {
        Self {
            launch_days,
            attributes,
            own: Vec::new(),
            own_at_least: Vec::new(),
            covariates: Covariates::default(),
        }
    }

    /// The candidates with series beside them, whose summaries become attributes.
    ///
    /// # Errors
    /// As [`LaunchPanel::with_covariates`].
    pub fn with_covariates(self, covariates: Covariates) -> Result<Self> {
        Ok(Self {
            attributes: covariates.append_to(&self.attributes)?,
            covariates,
            ..self
        })
    }

    /// The candidates with what they sold so far. Signals of periods beyond that are masked: they are not known at a
    /// candidate's launch, nor at its age.
    pub fn running(self, own: Vec<Vec<f64>>) -> Self {
        let ended = |row: usize| own.get(row).map_or(0, |own| observed_steps(own));
        Self {
            covariates: self.covariates.known(ended),
            own,
            ..self
        }
    }

    /// What a candidate sold so far: ln(1 + units per full period) by step, NaN where not observed.
    pub fn own(&self, row: usize) -> &[f64] {
        // A list may be filled up beyond what is observed: its length is not the age.
        self.own.get(row).map_or(&[], |own| &own[..observed_steps(own)])
    }

    /// Steps at which what a candidate sold is a lower bound of the demand.
    pub fn bounded_steps(&self, row: usize) -> impl Iterator<Item = usize> + '_ {
        let flags = self.own_at_least.get(row).into_iter().flatten();
        flags
            .enumerate()
            .filter_map(|(step, at_least)| at_least.then_some(step))
    }

    /// Number of candidates.
    pub fn len(&self) -> usize {
        self.launch_days.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.launch_days.is_empty()
    }
}

/// Steps up to the last one that is observed.
fn observed_steps(log_units: &[f64]) -> usize {
    log_units.iter().rposition(|v| !v.is_nan()).map_or(0, |last| last + 1)
}

fn check_day(day: i32, id: &str) -> Result<()> {
    if (FIRST_DAY..=last_day()).contains(&day) {
        return Ok(());
    }
    Err(Error::argument(format!(
        "launch_date of product '{id}' must be between {} and {}, got {}",
        format_date(FIRST_DAY),
        format_date(last_day()),
        format_date(day)
    )))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array};

    use super::*;

    /// Two launches in the week from Monday 2024-01-01: on its Monday and on its Thursday.
    fn panel() -> LaunchPanel {
        let attributes =
            RecordBatch::try_from_iter([("x", Arc::new(Float64Array::from(vec![2.0, 1.0])) as ArrayRef)]).unwrap();
        let units = [vec![Some(4.0), Some(7.0), None], vec![Some(14.0), Some(7.0), Some(0.0)]];
        LaunchPanel::try_new(
            Frequency::Week,
            3,
            vec!["thursday".to_owned(), "monday".to_owned()],
            vec![19_726, 19_723],
            &units,
            attributes,
        )
        .unwrap()
    }

    #[test]
    fn rows_are_put_in_order_with_their_attributes() {
        let panel = panel();
        assert_eq!(panel.ids(), ["monday", "thursday"]);
        assert_eq!(panel.launch_days(), [19_723, 19_726]);
        let x = panel.attributes().column(0).clone();
        assert_eq!(crate::features::numbers(&x), Some(vec![Some(1.0), Some(2.0)]));
    }

    #[test]
    fn variants_launched_on_one_day_are_one_cluster() {
        let panel = |ids: [&str; 5]| {
            LaunchPanel::try_new(
                Frequency::Week,
                1,
                ids.map(str::to_owned).to_vec(),
                vec![19_723, 19_723, 19_730, 19_723, 19_723],
                &vec![vec![Some(1.0)]; 5],
                RecordBatch::try_from_iter([("x", Arc::new(Float64Array::from(vec![1.0; 5])) as ArrayRef)]).unwrap(),
            )
            .unwrap()
        };
        // In order of the ids; the third began later, a doubled bar is part of a value.
        assert_eq!(
            panel(["a | red", "a | blue", "a | wool", "b | red", "a || red"]).clusters(),
            [0, 0, 1, 2, 3]
        );
        assert_eq!(panel(["a", "b", "c", "d", "e"]).clusters(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn the_first_week_counts_as_a_full_one() {
        let panel = panel();
        // Four units on four of seven days are seven in a week; what was recorded comes back.
        assert!((panel.log_units(1)[0] - 8f64.ln()).abs() < 1e-12);
        assert!((panel.units(1, 0).unwrap() - 4.0).abs() < 1e-12);
        assert_eq!((panel.units(1, 2), panel.units(0, 2)), (None, Some(0.0)));
        assert_eq!(
            (panel.observations(), panel.exposure(1, 0), panel.exposure(0, 0)),
            (5, 4.0 / 7.0, 1.0)
        );
    }

    #[test]
    fn at_an_origin_only_weeks_that_have_ended_are_known() {
        let observed = |origin: i32| {
            let known = panel().known_at(origin).unwrap();
            (known.ids().to_vec(), known.observations())
        };
        let both = vec!["monday".to_owned(), "thursday".to_owned()];
        // On Sunday nobody knows a full week, so there is no launch to learn from.
        assert_eq!(observed(19_729), (vec![], 0));
        assert_eq!(observed(19_730), (both.clone(), 2));
        assert_eq!(observed(19_736), (both.clone(), 2));
        assert_eq!(observed(19_737), (both.clone(), 4));
        assert_eq!(observed(i32::MAX), (both, 5));
    }

    #[test]
    fn a_launch_that_does_not_exist_cannot_be_selected() {
        assert_eq!(
            panel().select(&[2]).unwrap_err().to_string(),
            "launch 2 of 2 does not exist"
        );
    }
}
