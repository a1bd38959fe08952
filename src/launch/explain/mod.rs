//! What moved a forecast against the category mean.

mod baseline;
mod members;
mod shapley;

use std::collections::BTreeMap;

use arrow_array::{Array, BooleanArray, Date32Array, Float64Array, RecordBatch, StringArray};

pub use baseline::Baseline;

use super::{Fitted, LaunchModel};
use crate::error::{Error, Result};
use crate::features::find_column;
use crate::forecast::{FittedForecaster, LogForecast};
use crate::panel::{Candidates, format_date, is_summary};

/// The attribute whose contribution is of kind price.
const PRICE: &str = "price";
/// What brings the forecast of the members to the median of what may happen.
const MEDIAN: &str = "median of held-out launches";
/// Locations beyond are no units: the same bounds as those of forecasts.
const LOCATIONS: (f64, f64) = (0.0, 35.0);

/// What a contribution comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A past launch, or all that are not listed.
    Comparable,
    /// An attribute of the candidate.
    Attribute,
    /// The attribute `price`.
    Price,
    /// The time of the launch.
    Season,
    /// A series beside the sales: a signal before the launch, or a covariate planned ahead.
    Signal,
}

impl Kind {
    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Comparable => "comparable",
            Self::Attribute => "attribute",
            Self::Price => "price",
            Self::Season => "season",
            Self::Signal => "signal",
        }
    }
}

/// One cause of a forecast.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// What kind of cause it is.
    pub kind: Kind,
    /// Its name: a past product, an attribute.
    pub name: String,
    /// The value of the candidate; of a past launch, its units over the observed steps.
    pub value: Option<String>,
    /// Units over the horizon, by which it raises the forecast over the category mean.
    pub units: f64,
}

/// Why a forecast is what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Median forecast in units, summed over the steps that the category mean curve knows too.
    pub forecast: f64,
    /// Units of the category mean curve over the same steps.
    pub baseline: f64,
    /// What makes up the difference, exactly: largest first, at the end what is not listed.
    pub contributions: Vec<Contribution>,
}

/// Value and units by kind and name.
type Parts = BTreeMap<(Kind, String), (Option<String>, f64)>;

/// A candidate's steps: where forecast and baseline are, and what a unit of their difference is worth.
struct Steps {
    /// Units per unit of the log scale, 0 where one of the two is not known.
    factors: Vec<f64>,
    baseline: Vec<f64>,
    forecast_total: f64,
    baseline_total: f64,
    /// Units by which the median lies above the forecast of the members.
    median: f64,
}

impl LaunchModel {
    /// What moved the forecast of each candidate against the mean curve of its category, up to `k` past launches among
    /// it.
    ///
    /// *Model*: with m_s the median and b_s the mean curve at step s on the scale ln(1 + units) and e_s the
    /// exposure, e_s (exp(m_s) - exp(b_s)) = c_s (m_s - b_s) with c_s = e_s L(exp m_s, exp b_s), L the logarithmic
    /// mean. So whatever adds up to m_s - b_s adds up to the difference in units when weighted by c_s. It is made of what
    /// held-out launches say of the median beside the location of the members (`median of held-out launches`), and of the
    /// location less b_s, which is the weighted sum over the members. Of `analog` it is split into past launches and attributes
    /// ([`super::FittedAnalog::contributions`]); of the others into Shapley values of attributes, season and year of
    /// the launch ([`shapley::contributions`]). There each change is that of the difference to the baseline, so that a
    /// category contributes what it does beyond its mean curve; what is left is the difference that typical launches
    /// have.
    ///
    /// *Missing data*: steps at which forecast or baseline say nothing are left out of both totals.
    ///
    /// *Determinism*: orders are seeded by the model; no other candidate changes a contribution.
    ///
    /// *Errors*: [`Error::Refused`] if the training was refused; [`Error::Argument`] for a model stored in format 1,
    /// which kept no baseline.
    ///
    /// *References*: Ang 2004, Decomposition analysis for policymaking in energy: which is the preferred method?
    /// (logarithmic mean).
    pub fn explain(&self, candidates: &Candidates, k: usize) -> Result<Vec<Explanation>> {
        let candidates = &candidates.clone().running(Vec::new());
        let members = self.member_forecasts(candidates)?;
        let forecasts = self.combined(&members, candidates);
        let Some(baseline) = &self.baseline else {
            return Err(Error::argument(
                "the model was stored by an older version, which did not keep what to explain against: train it again",
            ));
        };
        let means = baseline.curve.forecast(candidates)?;
        let steps: Vec<Steps> = (0..candidates.len())
            .map(|i| self.steps(&forecasts[i].0, &means[i], candidates.launch_days[i]))
            .collect();
        let shares = self.shares(&members, candidates.len());
        let mut parts = vec![Parts::new(); steps.len()];
        let mut add = |i: usize, kind: Kind, name: &str, value: Option<String>, units: f64| {
            parts[i].entry((kind, name.to_owned())).or_insert((value, 0.0)).1 += units;
        };
        let mut rest = "all launches";
        let members = self.members.iter().enumerate();
        for (m, member) in members.filter(|(m, _)| self.weights.cold[*m] > 0.0) {
            let Fitted::Analog(analog) = &member.fitted else {
                continue;
            };
            rest = "all other launches";
            let factors: Vec<Vec<f64>> = steps.iter().zip(&shares).map(|(s, w)| s.of_member(&w[m])).collect();
            let baselines: Vec<Vec<f64>> = steps.iter().map(|s| s.baseline.clone()).collect();
            let found = analog.contributions(candidates, &baselines, &factors, k);
            for (i, found) in found.into_iter().enumerate() {
                for (id, units, contribution) in found.comparables {
                    add(i, Kind::Comparable, &id, Some(units.to_string()), contribution);
                }
                for (name, contribution) in found.groups {
                    add(i, Kind::Comparable, &name, None, contribution);
                }
                for (name, contribution) in found.attributes {
                    let value = value_of(&candidates.attributes, &name, i);
                    add(i, kind_of(&name), &name, value, contribution);
                }
            }
        }
        let (groups, found) = self.shapley(candidates, baseline, &steps, &shares)?;
        for (i, found) in found.into_iter().enumerate() {
            for (group, units) in groups.iter().zip(found) {
                add(i, group.kind, &group.name, group.value(candidates, i), units);
            }
        }
        for (i, s) in steps.iter().enumerate() {
            add(i, Kind::Comparable, MEDIAN, None, s.median);
        }
        let explanations = steps.iter().zip(parts);
        Ok(explanations.map(|(s, parts)| s.explanation(parts, rest)).collect())
    }

    fn steps(&self, forecast: &LogForecast, mean: &LogForecast, launch: i32) -> Steps {
        let mut steps = Steps {
            factors: vec![0.0; self.horizon],
            baseline: mean.location.clone(),
            forecast_total: 0.0,
            baseline_total: 0.0,
            median: 0.0,
        };
        let errors = self.conformal(&[]);
        for (step, (m, b)) in forecast.location.iter().zip(&mean.location).enumerate() {
            let median = forecast.quantile(errors, step, 1.0, 0.5).map(f64::ln_1p);
            let (Some(median), true) = (median, b.is_finite()) else {
                continue;
            };
            let (m, b) = (m.clamp(LOCATIONS.0, LOCATIONS.1), b.clamp(LOCATIONS.0, LOCATIONS.1));
            let exposure = self.exposure(launch, step);
            steps.factors[step] = exposure * logarithmic_mean(median, b);
            steps.median += steps.factors[step] * (median - m);
            steps.forecast_total += exposure * median.exp_m1();
            steps.baseline_total += exposure * b.exp_m1();
        }
        steps
    }

    /// Share of each member in the forecast of each candidate, by step: its weight among those that know the step.
    fn shares(&self, forecasts: &[Vec<(LogForecast, f64)>], candidates: usize) -> Vec<Vec<Vec<f64>>> {
        let weights = &self.weights.cold;
        if self.members.len() == 1 {
            return vec![vec![vec![1.0; self.horizon]]; candidates];
        }
        let share = |i: usize, m: usize, step: usize| {
            let weight = |m: usize| match forecasts[m][i].0.location[step].is_nan() {
                true => 0.0,
                false => weights[m],
            };
            let all: f64 = (0..weights.len()).map(weight).sum();
            if all > 0.0 { weight(m) / all } else { 0.0 }
        };
        let member = |i: usize, m: usize| (0..self.horizon).map(|step| share(i, m, step)).collect();
        let candidate = |i: usize| (0..weights.len()).map(|m| member(i, m)).collect();
        (0..candidates).map(candidate).collect()
    }
}

impl Steps {
    /// The factors of a member that has these shares of the forecast.
    fn of_member(&self, shares: &[f64]) -> Vec<f64> {
        self.factors.iter().zip(shares).map(|(f, w)| f * w).collect()
    }

    fn explanation(&self, parts: Parts, rest: &str) -> Explanation {
        let mut contributions: Vec<Contribution> = parts
            .into_iter()
            .filter(|(_, (_, units))| *units != 0.0)
            .map(|((kind, name), (value, units))| Contribution {
                kind,
                name,
                value,
                units,
            })
            .collect();
        contributions.sort_by(|a, b| b.units.abs().total_cmp(&a.units.abs()));
        let listed: f64 = contributions.iter().map(|c| c.units).sum();
        contributions.push(Contribution {
            kind: Kind::Comparable,
            name: rest.to_owned(),
            value: None,
            units: self.forecast_total - self.baseline_total - listed,
        });
        Explanation {
            forecast: self.forecast_total,
            baseline: self.baseline_total,
            contributions,
        }
    }
}

/// The kind of an attribute.
fn kind_of(name: &str) -> Kind {
    if name.eq_ignore_ascii_case(PRICE) {
        Kind::Price
    } else if is_summary(name) {
        Kind::Signal
    } else {
        Kind::Attribute
    }
}

/// An attribute of a candidate as text.
fn value_of(attributes: &RecordBatch, name: &str, row: usize) -> Option<String> {
    let any = find_column(attributes, name).filter(|c| c.is_valid(row))?.as_any();
    if let Some(v) = any.downcast_ref::<Float64Array>() {
        Some(v.value(row).to_string())
    } else if let Some(v) = any.downcast_ref::<BooleanArray>() {
        Some(v.value(row).to_string())
    } else if let Some(v) = any.downcast_ref::<Date32Array>() {
        Some(format_date(v.value(row)))
    } else {
        Some(any.downcast_ref::<StringArray>()?.value(row).to_owned())
    }
}

/// The logarithmic mean of exp(a) and exp(b): (exp(a) - exp(b)) / (a - b), and exp(a) where they are equal.
fn logarithmic_mean(a: f64, b: f64) -> f64 {
    let half = (a - b) / 2.0;
    // sinh(x) / x without the loss of digits near zero.
    let ratio = if half.abs() < 1e-4 {
        1.0 + half * half / 6.0
    } else {
        half.sinh() / half
    };
    ((a + b) / 2.0).exp() * ratio
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithmic_mean_turns_a_difference_of_logs_into_one_of_units() {
        for (a, b) in [
            (5.0, 2.0),
            (2.0, 5.0),
            (3.0, 3.0 + 1e-7),
            (3.0, 3.0 - 3e-4),
            (0.0, 35.0),
        ] {
            let (exact, found) = (f64::exp(a) - f64::exp(b), logarithmic_mean(a, b) * (a - b));
            assert!(
                (exact - found).abs() <= 1e-9 * exact.abs() + 1e-12,
                "{a} {b}: {exact} {found}"
            );
        }
        assert!((logarithmic_mean(1.0, 1.0) - f64::exp(1.0)).abs() < 1e-12);
    }
}
