//! Forecast by analogy: attention over past launches with learned similarity.

mod contributions;
mod groups;
mod learning;
mod similarity;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::features::{AttributeEncoder, Design, EncodedColumn, Levels, Plan, Source, screening::informative};
use crate::forecast::{FittedForecaster, Forecaster, LogForecast};
use crate::panel::{Candidates, LaunchPanel};
use groups::{Group, Levels as GroupLevels, grouped};
use similarity::{Points, attention};

/// Launches kept in the model at most: the latest ones.
const MAX_LAUNCHES: usize = 20_000;
/// Launches that the overall error counts for, beside the effective number of comparables, in the spread.
const SPREAD_PRIOR: f64 = 10.0;
/// With no more attributes than this none is left out: learning handles them.
const MAX_ATTRIBUTES: usize = 12;
/// What has a slope: numbers and the largest levels.
const PLAN: Plan = Plan {
    levels: Levels::Frequent { most: 12, at_least: 5 },
    ..Plan::NUMBERS
};
/// Past launches named in the reason of a forecast.
const NAMED: usize = 3;
/// Where they have less than this share, kinds of launches are named instead, those with at least so much.
const SPREAD_OUT: f64 = 0.2;
const WORTH_TELLING: f64 = 0.05;
/// Largest weight of a distance that a stored model may hold: more than learning can give.
const MAX_WEIGHT: f64 = 2_000.0;
/// Attention below this share of the largest is dropped.
const NEGLIGIBLE: f64 = 1e-7;

/// Similarity-weighted past launches.
///
/// *Model*: candidate i is forecast at step s as
/// mu_is = sum_j w_ij (y_js + beta . (z_i - z_j)), w_ij proportional to exp(-sum_k theta_k d_k(i, j)),
/// with y = ln(1 + units per full period), d_k the distances of attribute k, launch season and recency (see
/// [`similarity::Points::distance`]), z the numeric attributes and the frequent category levels, standardised. The
/// sum runs over the past launches observed at step s. exp(beta . (z_i - z_j)) is the scale of comparable j.
/// theta >= 0 and beta are learned from the past launches alone, by leaving each out ([`learning::learn`]).
/// Spread: the attention-weighted standard deviation of the comparables, shrunk to the leave-out error of the step by
/// the effective number of comparables.
///
/// *Parameters*: none to set; with more than 12 attributes the ones that tell nothing alone are left out
/// ([`informative`]).
///
/// *Shapes*: n past launches x horizon in, candidates x horizon out.
///
/// *Missing data*: a missing number or category is at distance 1 from everything; a step no comparable was observed
/// at has no forecast.
///
/// *Determinism*: no random numbers; sums run in canonical order for any number of threads.
///
/// *References*: Nadaraya 1964; Vaswani et al. 2017 (attention as a softmax over keys); Abadie, Imbens 2011.
#[derive(Debug, Clone, Copy, Default)]
pub struct Analog;

/// Past launches with learned weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedAnalog {
    encoder: AttributeEncoder,
    linear: Vec<LinearFeature>,
    weights: Vec<f64>,
    slopes: Vec<f64>,
    errors: Vec<Option<f64>>,
    ids: Vec<String>,
    points: Points,
    horizon: usize,
    /// ln(1 + units per full period), launches x horizon, `None` where not observed.
    log_units: Vec<Option<f64>>,
    /// Units sold over the observed steps.
    units: Vec<f64>,
}

/// A column of z: a standardised number, or whether a category has a level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct LinearFeature {
    column: usize,
    level: Option<i32>,
    mean: f64,
    deviation: f64,
}

impl LinearFeature {
    fn source(&self) -> Source {
        match self.level {
            None => Source::Number(self.column),
            Some(level) => Source::Level(self.column, level),
        }
    }

    /// A missing number counts as the mean, a missing category as none of its levels.
    fn value(&self, columns: &[EncodedColumn], row: usize) -> f64 {
        let unknown = if self.level.is_none() { self.mean } else { 0.0 };
        (self.source().value(columns, row).unwrap_or(unknown) - self.mean) / self.deviation
    }
}

fn linear_features(design: &Design, columns: &[EncodedColumn], launches: usize) -> Vec<LinearFeature> {
    let feature = |source: &Source| match *source {
        Source::Level(column, level) => {
            let inside = |row: &usize| source.value(columns, *row) == Some(1.0);
            let share = (0..launches).filter(inside).count() as f64 / launches as f64;
            LinearFeature {
                column,
                level: Some(level),
                mean: share,
                deviation: (share * (1.0 - share)).sqrt(),
            }
        }
        _ => LinearFeature {
            column: source.attribute(),
            level: None,
            mean: 0.0,
            deviation: 1.0,
        },
    };
    // A level that all launches have tells none of them apart.
    design
        .sources()
        .iter()
        .map(feature)
        .filter(|f| f.deviation > 0.0)
        .collect()
}

/// Points, linear features (row-major) with their number, and what made them.
fn inputs(panel: &LaunchPanel) -> (Points, Vec<f64>, usize, (AttributeEncoder, Vec<LinearFeature>)) {
    let mut encoder = AttributeEncoder::fit_to(panel.attributes(), &panel.levels());
    let mut columns = encoder.encode(panel.attributes());
    let levels: Vec<f64> = (0..panel.len()).map(|i| panel.level(i).unwrap_or(0.0)).collect();
    let kept = informative(&columns, &levels, MAX_ATTRIBUTES);
    encoder = AttributeEncoder {
        columns: kept.iter().map(|&k| encoder.columns[k].clone()).collect(),
    };
    columns = kept.iter().map(|&k| columns[k].clone()).collect();
    let design = Design::fit(encoder, &columns, &PLAN);
    let linear = linear_features(&design, &columns, panel.len());
    let features: Vec<f64> = (0..panel.len())
        .flat_map(|i| linear.iter().map(|f| f.value(&columns, i)).collect::<Vec<_>>())
        .collect();
    let count = linear.len();
    (
        Points::new(columns, panel.launch_days().to_vec()),
        features,
        count,
        (design.encoder().clone(), linear),
    )
}

impl Forecaster for Analog {
    type Fitted = FittedAnalog;

    fn fit(&self, panel: &LaunchPanel) -> Result<FittedAnalog> {
        let mut latest: Vec<usize> = (0..panel.len()).collect();
        latest.sort_by_key(|&i| (std::cmp::Reverse(panel.launch_days()[i]), i));
        latest.truncate(MAX_LAUNCHES);
        latest.sort_unstable();
        let panel = &panel.select(&latest)?;
        let (points, features, count, (encoder, linear)) = inputs(panel);
        let learned = learning::learn(panel, &points, &features, count)?;
        let rows = 0..panel.len();
        Ok(FittedAnalog {
            encoder,
            linear,
            weights: learned.weights,
            slopes: learned.slopes,
            errors: learned.errors,
            ids: panel.ids().to_vec(),
            points,
            horizon: panel.horizon(),
            log_units: rows
                .clone()
                .flat_map(|i| panel.log_units(i).iter().map(|v| (!v.is_nan()).then_some(*v)))
                .collect(),
            units: rows
                .map(|i| (0..panel.horizon()).filter_map(|s| panel.units(i, s)).sum())
                .collect(),
        })
    }
}

/// The `k` with the largest weights, in that order; of equal ones the first.
fn largest(weights: &[f64], k: usize) -> Vec<usize> {
    if k > weights.len() / 8 {
        let mut order: Vec<usize> = (0..weights.len()).collect();
        order.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]));
        order.truncate(k);
        return order;
    }
    let mut first: Vec<usize> = Vec::with_capacity(k + 1);
    for (j, w) in weights.iter().enumerate() {
        if first.len() < k || first.last().is_some_and(|&last| weights[last] < *w) {
            let at = first.partition_point(|&f| weights[f] >= *w);
            first.insert(at, j);
            first.truncate(k);
        }
    }
    first
}

/// One past launch behind a forecast, or several together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Comparable {
    /// Product of the past launch; `None` for several together.
    pub id: Option<String>,
    /// Share of the forecast; the shares of a candidate add up to 1.
    pub weight: f64,
    /// What the past launch's units are multiplied by for the differences in attributes.
    pub scale: Option<f64>,
    /// Its launch date in days since 1970-01-01.
    pub launch_day: Option<i32>,
    /// Its units over the observed steps.
    pub units: Option<f64>,
    /// What several stand for, such as `31 launches of category toys`.
    pub group: Option<String>,
}

/// A candidate as a point, with beta . z.
struct Located {
    points: Points,
    linear: Vec<f64>,
}

/// Past launches x horizon: ln(1 + units) without what the attributes say, 0 where not observed, and 1 where observed, else
/// 0.
struct Past {
    rest: Vec<f64>,
    seen: Vec<f64>,
}

impl FittedAnalog {
    fn locate(&self, candidates: &Candidates) -> Located {
        let columns = self.encoder.encode(&candidates.attributes);
        let linear = (0..candidates.len()).map(|i| self.linear_part(&columns, i)).collect();
        let points = Points::new(columns, candidates.launch_days.clone());
        Located { points, linear }
    }

    fn linear_part(&self, columns: &[EncodedColumn], row: usize) -> f64 {
        self.linear
            .iter()
            .zip(&self.slopes)
            .map(|(f, b)| b * f.value(columns, row))
            .sum()
    }

    fn past_linear(&self) -> Vec<f64> {
        (0..self.points.len())
            .map(|j| self.linear_part(self.points.columns(), j))
            .collect()
    }

    fn attention(&self, located: &Located, row: usize, everyone: &[u32], distances: &mut [f32]) -> Vec<f64> {
        for (k, out) in distances.chunks_mut(everyone.len().max(1)).enumerate() {
            self.points.distance(k, &located.points, row, everyone, out);
        }
        attention(&self.weights, distances, everyone.len())
    }

    /// What the past launches sold beside what their attributes say.
    fn past(&self) -> Past {
        let linear = self.past_linear();
        let rest = |(k, y): (usize, &Option<f64>)| y.map_or(0.0, |y| y - linear[k / self.horizon]);
        Past {
            rest: self.log_units.iter().enumerate().map(rest).collect(),
            seen: self
                .log_units
                .iter()
                .map(|y| f64::from(u8::from(y.is_some())))
                .collect(),
        }
    }

    fn forecast_one(&self, weights: &[f64], own: f64, past: &Past, levels: &[GroupLevels<'_>]) -> LogForecast {
        let h = self.horizon;
        let (mut total, mut squares, mut sum, mut sum2) = (vec![0.0; h], vec![0.0; h], vec![0.0; h], vec![0.0; h]);
        pulp::Arch::new().dispatch(|| {
            let launches = past.rest.chunks_exact(h.max(1)).zip(past.seen.chunks_exact(h.max(1)));
            for ((rest, seen), &w) in launches.zip(weights).filter(|(_, w)| **w > NEGLIGIBLE) {
                let (total, squares) = (&mut total[..h], &mut squares[..h]);
                let (sum, sum2, rest, seen) = (&mut sum[..h], &mut sum2[..h], &rest[..h], &seen[..h]);
                for s in 0..h {
                    let share = w * seen[s];
                    total[s] += share;
                    squares[s] += w * share;
                    sum[s] += share * rest[s];
                    sum2[s] += share * rest[s] * rest[s];
                }
            }
        });
        let overall = self.errors.iter().flatten().copied().fold(0.0, f64::max);
        let (mut location, mut spread) = (vec![f64::NAN; h], vec![f64::NAN; h]);
        for s in 0..h {
            if total[s] <= 0.0 {
                continue;
            }
            let mean = sum[s] / total[s];
            let local = (sum2[s] / total[s] - mean * mean).max(0.0);
            let effective = total[s] * total[s] / squares[s];
            let error = self.errors[s].unwrap_or(overall);
            location[s] = mean + own;
            spread[s] = ((effective * local + SPREAD_PRIOR * error * error) / (effective + SPREAD_PRIOR)).sqrt();
        }
        LogForecast {
            location,
            spread,
            reason: self.reason(weights, levels),
        }
    }

    fn reason(&self, weights: &[f64], levels: &[GroupLevels<'_>]) -> String {
        let (sum, squares) = weights.iter().fold((0.0, 0.0), |(s, q), w| (s + w, q + w * w));
        let share = |weight: f64| format!("({:.0} %)", 100.0 * weight / sum);
        let first = largest(weights, NAMED);
        let most: f64 = first.iter().map(|&j| weights[j]).sum();
        let named: Vec<String> = match most < SPREAD_OUT * sum && !levels.is_empty() {
            true => grouped(
                levels,
                weights.iter().copied().enumerate().filter(|(_, w)| *w > NEGLIGIBLE),
            )
            .iter()
            .filter(|group| group.name.is_some() && group.amount >= WORTH_TELLING * sum)
            .map(|group| format!("{} {}", group.text(), share(group.amount)))
            .collect(),
            false => first
                .iter()
                .map(|&j| format!("{} {}", self.ids[j], share(weights[j])))
                .collect(),
        };
        let about = format!("rests on about {:.0} past launches", (sum * sum / squares).round());
        match named.is_empty() {
            true => format!("{about}, none of them or of their kinds with more than a little"),
            false => format!("{about}, most on {}", named.join(", ")),
        }
    }

    /// The past launches a forecast rests on, largest weight first.
    ///
    /// Up to `k` of them, then the others by what they are, so that the weights add up to 1.
    pub fn comparables(&self, candidates: &Candidates, k: usize) -> Vec<Vec<Comparable>> {
        let located = self.locate(candidates);
        let past = self.past_linear();
        let levels = self.levels();
        let everyone: Vec<u32> = (0..self.points.len() as u32).collect();
        let of_candidate = |distances: &mut Vec<f32>, i: usize| {
            let weights = self.attention(&located, i, &everyone, distances);
            let total: f64 = weights.iter().sum();
            let listed = largest(&weights, k);
            let one = |&j: &usize| Comparable {
                id: Some(self.ids[j].clone()),
                weight: weights[j] / total,
                scale: Some((located.linear[i] - past[j]).exp()).filter(|s| s.is_finite()),
                launch_day: Some(self.points.launch_days()[j]),
                units: Some(self.units[j]),
                group: None,
            };
            let mut is_listed = vec![false; weights.len()];
            listed.iter().for_each(|&j| is_listed[j] = true);
            let others = weights.iter().copied().enumerate().filter(|(j, _)| !is_listed[*j]);
            let group = |group: Group| Comparable {
                weight: group.amount / total,
                group: Some(group.text()),
                ..Comparable::default()
            };
            let groups = grouped(&levels, others);
            listed.iter().map(one).chain(groups.into_iter().map(group)).collect()
        };
        (0..candidates.len())
            .into_par_iter()
            .map_init(|| vec![0f32; everyone.len() * self.weights.len()], of_candidate)
            .collect()
    }

    /// The encoder, to tell which columns candidates lack.
    pub fn encoder(&self) -> &AttributeEncoder {
        &self.encoder
    }

    /// Learned weight of each distance: attributes by name, then `launch season` and `recency`.
    pub fn importance(&self) -> impl Iterator<Item = (&str, f64)> {
        let names = self
            .encoder
            .columns
            .iter()
            .map(|(n, _)| n.as_str())
            .chain(["launch season", "recency"]);
        names.zip(self.weights.iter().copied())
    }

    /// Whether the parts fit each other and the horizon, and no number is beyond what learning can give.
    pub fn is_valid(&self, horizon: usize) -> bool {
        let n = self.ids.len();
        let linear = |f: &LinearFeature| {
            let attribute = self.encoder.columns.get(f.column);
            attribute.is_some_and(|(_, encoding)| f.source().fits(encoding))
                && f.mean.abs() <= 1.0
                && (1e-3..=1.0).contains(&f.deviation)
        };
        n > 0
            && self.horizon == horizon
            && self.points.len() == n
            && self.points.is_valid()
            && self.encoder.is_valid()
            && self.encoder.fits(self.points.columns())
            && self.weights.len() == self.points.distances()
            && self.weights.iter().all(|w| (0.0..=MAX_WEIGHT).contains(w))
            && self.slopes.len() == self.linear.len()
            && self.slopes.iter().all(|b| b.is_finite())
            && self.linear.iter().all(linear)
            && self.errors.len() == horizon
            && self.log_units.len().checked_div(n) == Some(horizon)
            && self.log_units.len().is_multiple_of(n)
            && self.units.len() == n
            && self.units.iter().all(|u| u.is_finite() && *u >= 0.0)
    }
}

impl FittedForecaster for FittedAnalog {
    fn forecast(&self, candidates: &Candidates) -> Result<Vec<LogForecast>> {
        let located = self.locate(candidates);
        let (past, levels) = (self.past(), self.levels());
        let everyone: Vec<u32> = (0..self.points.len() as u32).collect();
        Ok((0..candidates.len())
            .into_par_iter()
            .map_init(
                || vec![0f32; everyone.len() * self.weights.len()],
                |distances, i| {
                    let weights = self.attention(&located, i, &everyone, distances);
                    self.forecast_one(&weights, located.linear[i], &past, &levels)
                },
            )
            .collect())
    }
}
