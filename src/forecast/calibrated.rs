//! Medians, tails and means of launches that are true: from the errors on held-out launches, origin by origin.

use std::collections::HashSet;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{HeldOut, Scheme, bounded_spread};
use crate::calibration::{Conformal, Form, points, steps};
use crate::statistics::{lower_median, mean, median, shrunk_mean, sorted, spread_evenly};

/// Between the mean (0) and the median (1) of the scores, where forecasts are centred.
const TO_MEDIAN: f64 = 0.15;
/// All scores are moved down with the median at most by this, in units of the spread.
const MOVED: f64 = 0.15;
/// Share of the difference between the median of a step and that of all that is taken for chance.
const OWN_STEP: f64 = 0.5;
/// Weight of a forecast's own spread beside the median one, from so many held-out launches on; with fewer it is less.
const OWN_SPREAD: f64 = 0.5;
const SPREADS: f64 = 30.0;
/// Share of the scores, the highest, that the expected units do not follow: hits come once and not again.
const HITS: f64 = 0.04;
/// Of fewer held-out launches than the first number only what lies far out is one, and with more of them that counts less, until it is
/// nothing at the second.
const FEW: (f64, f64) = (100.0, 200.0);
/// Far out is what lies above the ninth tenth by more than this many times what that lies above the median.
const FAR: f64 = 1.5;
/// Weight of an origin's level beside that of the next one, and of no change at all beside that of the last origin.
const FADING: f64 = 0.5;
const NO_CHANGE: f64 = 0.5;
/// Launches of an origin beside which its level counts for half.
const LAUNCHES: f64 = 30.0;
/// How far scores above nine tenths of all may be drawn together or apart, and where that is not enough those above the median.
const OF_TAIL: (f64, f64) = (0.0, 2.0);
const OF_HALF: (f64, f64) = (0.5, 1.5);
const TAIL: f64 = 0.9;
const HALVINGS: usize = 10;
/// Product-steps that the stretch is found on, at most.
const MAX_STEPS: usize = 4_000;
/// An origin with fewer launches tells nothing of its level.
const MIN_LAUNCHES: usize = 5;

/// How much launches sold beside what was expected of them, by origin: whether the level of launches drifts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Level {
    /// Units sold over units expected, without the hits, by origin; earliest first.
    pub by_origin: Vec<f64>,
    /// What the expected units were multiplied by for it.
    pub applied: f64,
}

/// The errors of forecasts made for launches that the model had not seen, brought to where sums, medians and tails of the
/// next ones are true.
///
/// *Model*: with location L and spread S of a held-out launch at a step, y = ln(1 + units per full period) and S' = S^w M^(1 - w), M
/// the median spread of the step, the score is z = (y - L) / S'. w is 1/2, with fewer than 30 held-out launches so much less: where few
/// launches were alike, then a hit, its error in units of the small spread known before it would be taken times the large one known since.
///
/// 1. Level. All scores are moved by d - m, where m is the mean score of the launches of each origin, averaged over
///    origins, and d the same shrunk to 0 as far as origins differ ([`shrunk_mean`]): a level that was off once is no reason
///    to expect it again. The scores of a step are moved by half of what their median differs from that of all.
///    Then the median is drawn towards the mean, by 0.85 of their distance: between mean and median of ln(1 + units) little
///    is lost of the squared error of the one and of the absolute error of the other. Downwards the first 0.15
///    of a spread moves all scores: on all sets looked at, launches came out lower than those held out before. The rest
///    moves those between the first and the ninth tenth, which stay.
/// 2. Ceiling. No units above the most that a past launch sold in a full period.
/// 3. Mean. The target is the mean over the scores with the highest 4 % cut to the next lower one, or of few held-out launches what
///    lies far out cut to where that begins ([`top`]), times the level of the launches: exp of the weighted mean of ln(units sold / expected) over the origins, each later one with twice the
///    weight, pulled to 0 by the weight of half an origin. Units sold are cut where scores are. The scores above the
///    ninth tenth are stretched by one factor between 0 and 2, so that the smearing mean of the held-out forecasts adds up to
///    it and the 80 % interval is left alone; where that does not suffice, those above the median by one between 1/2 and
///    3/2.
///
/// The factor is one for all: a slope on the size of the forecast and one level for each step (a Poisson fit of units on
/// location, spread and step, whose sums agree on the held-out launches by construction) added up worse on later
/// launches, see docs/launch_models.md.
///
/// Held out in folds, launches stand for origins: nothing is known of how origins differ.
///
/// *Clusters*: launches with one number in `clusters` (by row of the panel) count as one error of the next launch:
/// variants of a product fail and succeed together.
///
/// *Missing data*: steps not observed or not forecast are left out.
///
/// *References*: Duan 1983, Smearing estimate; James, Stein 1961, Estimation with quadratic loss.
pub fn calibrated(
    held_out: &[&HeldOut],
    horizon: usize,
    ceiling: f64,
    scheme: Scheme,
    clusters: &[usize],
) -> (Conformal, Level) {
    let form = Form {
        log_spread: log_spreads(held_out, horizon),
        ceiling: ceiling.max(0.0),
        own: OWN_SPREAD * (held_out.len() as f64 / SPREADS).min(1.0),
    };
    let scores: Vec<Vec<f64>> = held_out.iter().map(|h| scores(h, &form)).collect();
    let mut by_step = vec![Vec::new(); horizon];
    for row in &scores {
        let seen = by_step.iter_mut().zip(row).filter(|(_, score)| score.is_finite());
        seen.for_each(|(step, score)| step.push(*score));
    }
    let all = sorted(by_step.concat());
    let (average, middle) = (mean(all.iter().copied()).unwrap_or(0.0), median(&all));
    let moved = level_moved(held_out, &scores, scheme);
    // A step with few scores has the median of all, as it borrows them.
    let own = steps(by_step.clone());
    let drawn = (1.0 - TO_MEDIAN) * (average - middle);
    let with_all = drawn.clamp(-MOVED, 0.0);
    for (scores, own) in by_step.iter_mut().zip(&own) {
        let by = moved + with_all - OWN_STEP * (median(own) - middle);
        let places = Places::of(own);
        let target = (places.middle + drawn - with_all).clamp(places.low, places.tail);
        scores.iter_mut().for_each(|z| *z = places.drawn_to(target, *z) + by);
    }
    let sorted_steps = steps(by_step.clone());
    let (level, stretch) = stretch(held_out, &form, &sorted_steps, scheme);
    for (scores, sorted) in by_step.iter_mut().zip(&sorted_steps) {
        let places = Places::of(sorted);
        scores.iter_mut().for_each(|z| *z = stretch.of(*z, &places));
    }
    // A step that borrows has the scores of all, whose medians differ: they are stretched where they are borrowed from.
    let count = held_out
        .iter()
        .map(|h| clusters[h.launch])
        .collect::<HashSet<_>>()
        .len();
    (Conformal::with_form(count, by_step, form), level)
}

/// Factors of the distances of scores from where they begin to be stretched.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    half: f64,
    tail: f64,
}

/// Places among the scores of a step: the first tenth, the median, and the ninth tenth.
struct Places {
    low: f64,
    middle: f64,
    tail: f64,
}

impl Places {
    fn of(sorted: &[f64]) -> Self {
        let at = |share: f64| sorted[(share * (sorted.len() - 1) as f64) as usize];
        Self {
            low: at(1.0 - TAIL),
            middle: median(sorted),
            tail: at(TAIL),
        }
    }

    /// A score, when the median is brought to another place and the scores as far as the tenths with it.
    fn drawn_to(&self, middle: f64, score: f64) -> f64 {
        let line = |from: f64| match score - from {
            distance if distance == 0.0 || self.middle == from => middle.min(self.tail).max(self.low),
            distance => from + distance * (middle - from) / (self.middle - from),
        };
        if score <= self.low || score >= self.tail {
            score
        } else if score <= self.middle {
            line(self.low)
        } else {
            line(self.tail)
        }
    }
}

impl Stretch {
    fn of(self, score: f64, places: &Places) -> f64 {
        let beyond = |score: f64, place: f64, by: f64| {
            if score > place {
                place + by * (score - place)
            } else {
                score
            }
        };
        beyond(beyond(score, places.tail, self.tail), places.middle, self.half)
    }

    /// That with which a rising sum reaches a target, or as near as may be.
    fn to_reach(target: f64, sum: impl Fn(Self) -> f64) -> Self {
        let halve = |(mut low, mut high): (f64, f64), with: &dyn Fn(f64) -> Self| {
            for _ in 0..HALVINGS {
                let by = (low + high) / 2.0;
                (low, high) = if sum(with(by)) > target { (low, by) } else { (by, high) };
            }
            with((low + high) / 2.0)
        };
        let tail = |tail: f64| Self { half: 1.0, tail };
        let (least, most) = OF_TAIL;
        if sum(tail(least)) > target {
            halve(OF_HALF, &|half| Self { half, tail: least })
        } else if sum(tail(most)) < target {
            halve(OF_HALF, &|half| Self { half, tail: most })
        } else {
            halve(OF_TAIL, &tail)
        }
    }
}

/// Median of ln(spread) by step; that of all steps where a step has none.
fn log_spreads(held_out: &[&HeldOut], horizon: usize) -> Vec<f64> {
    let known = |step: usize| {
        let spreads = held_out.iter().filter_map(move |h| h.forecast.spread.get(step));
        spreads.map(|s| bounded_spread(*s).ln()).filter(|s| s.is_finite())
    };
    let all = lower_median(&sorted((0..horizon).flat_map(known)));
    let all = if all.is_finite() { all } else { 0.0 };
    let of_step = |step: usize| Some(lower_median(&sorted(known(step)))).filter(|v| v.is_finite());
    (0..horizon).map(|step| of_step(step).unwrap_or(all)).collect()
}

/// Scores of a launch by step, NaN where it was not observed or not forecast.
pub(super) fn scores(h: &HeldOut, form: &Form) -> Vec<f64> {
    h.forecast.scores_with(form, &h.actual)
}

/// What all scores are moved by, see [`calibrated`].
fn level_moved(held_out: &[&HeldOut], scores: &[Vec<f64>], scheme: Scheme) -> f64 {
    let of_launch = |row: &Vec<f64>| mean(row.iter().copied().filter(|z| z.is_finite()));
    let centres: Vec<f64> = match scheme {
        Scheme::RollingOrigins => origins(held_out)
            .into_iter()
            .map(|rows| {
                rows.iter()
                    .filter_map(|&row| of_launch(&scores[row]))
                    .collect::<Vec<f64>>()
            })
            .filter(|means| means.len() >= MIN_LAUNCHES)
            .filter_map(mean)
            .collect(),
        Scheme::Folds => scores.iter().filter_map(of_launch).collect(),
    };
    shrunk_mean(&centres) - mean(centres).unwrap_or(0.0)
}

/// Rows of each origin, earliest first.
pub(super) fn origins(held_out: &[&HeldOut]) -> Vec<Vec<usize>> {
    let count = held_out.iter().map(|h| h.split + 1).max().unwrap_or(0);
    let mut rows = vec![Vec::new(); count];
    for (row, h) in held_out.iter().enumerate() {
        rows[h.split].push(row);
    }
    rows
}

/// The score of a step, of sorted ones, that those above are cut to.
///
/// The highest of many scores are hits: on the sets looked at they come once and not again. Of few, a share of them is one or
/// two launches, such as any season has, and without them the sums of shops that do not change are a tenth too low.
fn top(sorted: &[f64], launches: usize) -> f64 {
    let at = |share: f64| sorted[(share * (sorted.len() - 1) as f64) as usize];
    let (many, tenth) = (at(1.0 - HITS), at(TAIL));
    let far = (tenth + FAR * (tenth - at(0.5))).clamp(many, at(1.0));
    let few = ((FEW.1 - launches as f64) / (FEW.1 - FEW.0)).clamp(0.0, 1.0);
    few * far + (1.0 - few) * many
}

/// The level of the launches, and the stretch of the high scores.
fn stretch(held_out: &[&HeldOut], form: &Form, scores: &[Vec<f64>], scheme: Scheme) -> (Level, Stretch) {
    let tops: Vec<f64> = scores.iter().map(|s| top(s, held_out.len())).collect();
    let points: Vec<Vec<f64>> = scores.iter().map(|s| points(s, held_out.len())).collect();
    let places: Vec<Places> = scores.iter().map(|s| Places::of(s)).collect();
    // Expected units of a forecast at a step, of scores that were changed.
    let expected = |h: &HeldOut, step: usize, change: &dyn Fn(f64) -> f64| {
        let units = h.forecast.units(Some(form), step, 1.0)?;
        mean(points[step].iter().map(|&z| units(change(z))))
    };
    let cut = |h: &HeldOut, step: usize| expected(h, step, &|z| z.min(tops[step]));
    // Units sold and expected of a launch, without the hits, and product-steps.
    let of_launch = |h: &HeldOut| {
        let seen = (0..scores.len()).filter(|&step| h.actual[step].is_finite());
        let sums = seen.filter_map(|step| {
            let most = h.forecast.units(Some(form), step, 1.0)?(tops[step]);
            Some((h.actual[step].exp_m1().min(most), cut(h, step)?))
        });
        sums.fold((0.0, 0.0, 0usize), |(a, b, n), (y, m)| (a + y, b + m, n + 1))
    };
    let sums: Vec<(f64, f64, usize)> = held_out.par_iter().map(|h| of_launch(h)).collect();
    let groups = match scheme {
        Scheme::RollingOrigins => origins(held_out),
        Scheme::Folds => vec![(0..held_out.len()).collect()],
    };
    let (mut level, mut weighted, mut total) = (Level::default(), 0.0, NO_CHANGE);
    for (age, rows) in groups.iter().rev().enumerate() {
        let sum = rows.iter().fold((0.0, 0.0, 0), |(a, b, n), &row| {
            let (sold, expected, steps) = sums[row];
            (a + sold, b + expected, n + steps)
        });
        let (sold, expected, steps) = sum;
        if steps == 0 || expected <= 0.0 {
            continue;
        }
        // An origin whose launches are seen at few of their steps, or that are few, tells less.
        let seen = steps as f64 / (rows.len() * scores.len()) as f64;
        let many = rows.len() as f64 / (rows.len() as f64 + LAUNCHES);
        let weight = FADING.powi(age as i32) * seen * many;
        let ratio = (sold / expected).max(1e-3);
        weighted += weight * ratio.ln();
        total += weight;
        level.by_origin.insert(0, ratio);
    }
    level.applied = (weighted / total).exp();
    let known: Vec<usize> = (0..held_out.len()).filter(|&row| sums[row].2 > 0).collect();
    let sample = spread_evenly(&known, (MAX_STEPS / scores.len().max(1)).max(MIN_LAUNCHES));
    let sum = |expected: &(dyn Fn(&HeldOut, usize) -> Option<f64> + Sync)| {
        let of = |&row: &usize| {
            (0..scores.len())
                .filter_map(|step| expected(held_out[row], step))
                .sum::<f64>()
        };
        let each: Vec<f64> = sample.par_iter().map(of).collect();
        each.iter().sum::<f64>()
    };
    let target = level.applied * sum(&|h, step| cut(h, step));
    let none = Stretch { half: 1.0, tail: 1.0 };
    if target <= 0.0 {
        return (level, none);
    }
    let reached = |by: Stretch| sum(&|h, step| expected(h, step, &|z| by.of(z, &places[step])));
    (level, Stretch::to_reach(target, reached))
}

#[cfg(test)]
mod tests {
    use super::top;

    #[test]
    fn of_few_scores_only_those_far_out_are_cut() {
        let mut scores: Vec<f64> = (0..=100).map(f64::from).collect();
        // Many lose their highest 4 %, few none: nothing lies above 90 + 1.5 * 40.
        assert_eq!((top(&scores, 200), top(&scores, 5_000)), (96.0, 96.0));
        assert_eq!(
            (top(&scores, 5), top(&scores, 100), top(&scores, 150)),
            (100.0, 100.0, 98.0)
        );
        // A stray one is cut to where far begins.
        scores[100] = 1e6;
        assert_eq!((top(&scores, 100), top(&scores, 200)), (150.0, 96.0));
        assert_eq!((top(&[3.0], 1), top(&[1.0, 1.0], 2)), (3.0, 1.0));
    }
}
