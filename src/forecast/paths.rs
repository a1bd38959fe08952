//! How the errors of a forecast hang together from step to step: the ranks of held-out launches.

use std::collections::BTreeMap;

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::calibrated::origins;
use super::{HeldOut, Scheme};
use crate::statistics::{self, mean, normal_place, spread_evenly, t_place, variance};

/// Ranks kept in a model, all ages together.
const MAX_RANKS: usize = 20_000;
/// Paths kept at each age in any case, and how many complete ones are enough to leave out the incomplete ones.
const MIN_PATHS: usize = 30;
/// Share of the variance that launches of one origin have in common, as far as it is not known; it counts for so many origins.
const SHARED_PRIOR: f64 = 0.05;
const PRIOR_ORIGINS: f64 = 2.0;
/// Products without anything in common that the covariance of variants is averaged with.
const PRIOR_PRODUCTS: f64 = 5.0;
/// At most so much: paths of one product keep something of their own.
const MAX_SHARED: f64 = 0.9;

/// Ranks of held-out launches among each other, by step, and how much of them launches of one origin share.
///
/// *Model*: the score of launch i at step s is (y - location) / spread, as in [`super::conformal`]; kept is its rank
/// among the launches kept, r_is. A draw of n joint paths (Schaake shuffle) gives path j the template i(j), each
/// launch as often as any other, and a uniform number u_j; with R launches kept, its place at step s is the normal score
/// e_js of (r_is + u_j) / R, and its rank is that of sqrt(1 - c) e_js + sqrt(c) t_j among the n. So every step holds each
/// rank 1 .. n once, and the ranks of different steps hang together as those of past errors do. As u_j is the same at all
/// steps, few launches drawn often give paths that hang together more, not less.
///
/// t_j is the shock that all products share in path j: one number of a path is one world. c is the share of the variance of
/// the normal scores of held-out launches that lies between origins, with a prior of 0.05 that counts for two origins. k
/// origins say little of the next one, and L products little of the level of all: sqrt(c) t_j is sqrt(c (1 + 1/k)) times
/// Student's t with k - 1 degrees of freedom, plus sqrt((1 - c) / L) times another with L - 1. Held out in folds, c is 0.05,
/// with L - 1 degrees and without 1/k.
///
/// Variants of a product share one more shock, normal with the variance v: the mean covariance of the scores of held-out
/// variants about the mean of their origin, pulled to 0 as if by five products without any. Then e_js has the weight
/// sqrt(1 - c - v).
///
/// *Missing data*: launches observed at every step that any of them was observed at, if there are 30; else those with
/// the most steps, whose missing ranks are those of the latest step before (or the earliest after), which again makes
/// paths hang together more.
///
/// *Determinism*: the draw depends on the generator and the shocks alone; equal scores share a rank and are put in order by
/// u_j.
///
/// *References*: Clark et al. 2004, The Schaake shuffle: a method for reconstructing space-time variability in
/// forecasted precipitation and temperature fields; Schefzik, Thorarinsdottir, Gneiting 2013, Uncertainty
/// quantification in complex simulation models using ensemble copula coupling; Searle, Casella, McCulloch 1992, Variance
/// components (the share between origins).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paths {
    /// One row per launch, one rank from 0 per step.
    ranks: Vec<Vec<u16>>,
    /// Share of the variance of normal scores that launches of one origin have in common.
    #[serde(default, skip_serializing_if = "is_zero")]
    shared: f64,
    /// Origins that it was learned from.
    #[serde(default, skip_serializing_if = "is_none_known")]
    origins: usize,
    /// Share that variants of one product have in common beside it.
    #[serde(default, skip_serializing_if = "is_zero")]
    variants: f64,
    /// Products that the level was learned from; 0 in models of earlier versions.
    #[serde(default, skip_serializing_if = "is_none_known")]
    products: usize,
}

fn is_zero(v: &f64) -> bool {
    *v == 0.0
}

fn is_none_known(v: &usize) -> bool {
    *v == 0
}

impl Paths {
    /// Collect the ranks of forecasts made at one of so many ages for launches that the model had not seen.
    pub fn fit(held_out: &[HeldOut], horizon: usize, ages: usize) -> Self {
        let most = (MAX_RANKS / (horizon * ages.max(1)).max(1)).max(MIN_PATHS);
        let scores: Vec<Vec<f64>> = held_out.iter().map(scores).collect();
        let seen: Vec<bool> = (0..horizon)
            .map(|step| scores.iter().any(|s| !s[step].is_nan()))
            .collect();
        let missing = |i: usize| {
            let steps = scores[i].iter().zip(&seen);
            steps.filter(|(score, seen)| score.is_nan() && **seen).count()
        };
        let mut order: Vec<usize> = (0..scores.len())
            .filter(|&i| scores[i].iter().any(|s| !s.is_nan()))
            .collect();
        order.sort_by_key(|&i| (missing(i), i));
        let complete = order.iter().take_while(|&&i| missing(i) == 0).count();
        order.truncate(complete.max(MIN_PATHS));
        let kept: Vec<Vec<f64>> = spread_evenly(&order, most)
            .into_iter()
            .map(|i| scores[i].clone())
            .collect();
        Self {
            ranks: ranks(kept),
            shared: 0.0,
            origins: 0,
            variants: 0.0,
            products: 0,
        }
    }

    /// With what launches of one origin share, if they were held out by time, and variants of one product: launches with one
    /// number in `clusters` (by row of the panel).
    pub fn with_shared(mut self, held_out: &[HeldOut], clusters: &[usize], scheme: Scheme) -> Self {
        let rows: Vec<&HeldOut> = held_out.iter().collect();
        let scores: Vec<Vec<f64>> = held_out.iter().map(scores).collect();
        let places = normal_scores(scores);
        let of_splits = origins(&rows);
        let launches = |rows: &Vec<usize>| rows.iter().map(|&row| places[row].as_slice()).collect();
        (self.shared, self.origins) = match scheme {
            Scheme::RollingOrigins => shared(&of_splits.iter().map(launches).collect::<Vec<_>>()),
            Scheme::Folds => (SHARED_PRIOR, 0),
        };
        let means = |rows: &Vec<usize>| -> Vec<(usize, f64)> {
            let of_row = |&row: &usize| Some((clusters[held_out[row].launch], of_launch(&places[row])?));
            rows.iter().filter_map(of_row).collect()
        };
        self.variants = variants(&of_splits.iter().map(means).collect::<Vec<_>>()).min(MAX_SHARED - self.shared);
        self.products = clusters.iter().max().map_or(0, |last| last + 1);
        self
    }

    /// Whether the ranks are what [`Paths::fit`] makes.
    pub fn is_valid(&self, horizon: usize) -> bool {
        let below = |rank: &u16| usize::from(*rank) < self.ranks.len();
        self.shared >= 0.0
            && self.variants >= 0.0
            && self.shared + self.variants <= 1.0
            && self.ranks.iter().all(|r| r.len() == horizon && r.iter().all(below))
    }

    /// Origins that the shocks which products share were learned from; 0 where none are known.
    pub fn origins(&self) -> usize {
        self.origins
    }

    /// The shocks of `n` paths that all products share, in units of their spread.
    pub fn shocks(&self, n: usize, random: &mut ChaCha8Rng) -> Vec<f64> {
        let (ahead, freedom) = match (self.origins, self.products) {
            (0, 1..) => (0.0, self.products - 1),
            (origins, _) => (1.0 / origins.max(1) as f64, origins.saturating_sub(1)),
        };
        let width = (self.shared * (1.0 + ahead)).sqrt();
        let mut shocks = self.spread_out(n, random, |place| width * t_place(place, freedom.max(1) as f64));
        if self.products > 0 {
            let width = ((1.0 - self.shared) / self.products as f64).sqrt();
            let freedom = (self.products - 1).max(1) as f64;
            let level = self.spread_out(n, random, |place| width * t_place(place, freedom));
            shocks.iter_mut().zip(level).for_each(|(shock, level)| *shock += level);
        }
        shocks
    }

    /// The shocks that variants of one product share beside them.
    pub fn shocks_of_variants(&self, n: usize, random: &mut ChaCha8Rng) -> Vec<f64> {
        match self.variants {
            0.0 => vec![0.0; n],
            variants => self.spread_out(n, random, |place| variants.sqrt() * normal_place(place)),
        }
    }

    fn spread_out(&self, n: usize, random: &mut ChaCha8Rng, value: impl Fn(f64) -> f64) -> Vec<f64> {
        // Equal shares of the distribution, in an order that is drawn: no draw of the shocks is luckier than another.
        let mut places: Vec<usize> = (0..n).collect();
        places.shuffle(random);
        let place = |k: usize| (k as f64 + 0.5) / n as f64;
        places.into_iter().map(|k| value(place(k))).collect()
    }

    /// Ranks from 0 of as many joint paths as there are shocks, by step. Without a launch to go by they are the same at
    /// every step.
    pub fn draw(&self, shocks: &[f64], horizon: usize, random: &mut ChaCha8Rng) -> Vec<Vec<u32>> {
        let n = shocks.len();
        let mut launches: Vec<usize> = (0..self.ranks.len()).collect();
        let mut templates = Vec::with_capacity(n + launches.len());
        while templates.len() < n && !launches.is_empty() {
            launches.shuffle(random);
            templates.extend_from_slice(&launches);
        }
        let shifts: Vec<f64> = (0..n).map(|_| random.random()).collect();
        let count = self.ranks.len();
        let scores: Vec<f64> = match (self.shared, self.products) {
            (0.0, 0) => Vec::new(),
            _ => (0..count)
                .map(|rank| normal_place((rank as f64 + 0.5) / count as f64))
                .collect(),
        };
        let place = |j: usize, step: usize| {
            let rank = templates.get(j).map_or(0, |&i| usize::from(self.ranks[i][step]));
            match scores.get(rank) {
                // Within a rank the order is that of the shifts.
                Some(score) => score + 2.0 * (shifts[j] - 0.5) / count as f64,
                None => rank as f64 + shifts[j],
            }
        };
        self.join(horizon, shocks, place)
    }

    /// Ranks from 0 of paths whose own places at a step are given as normal scores, with the shocks that all products share.
    pub fn join(&self, horizon: usize, shocks: &[f64], place: impl Fn(usize, usize) -> f64) -> Vec<Vec<u32>> {
        let own = (1.0 - self.shared - self.variants).sqrt();
        let step = |step: usize| {
            let values: Vec<f64> = (0..shocks.len()).map(|j| own * place(j, step) + shocks[j]).collect();
            statistics::ranks(shocks.len(), |a, b| values[a].total_cmp(&values[b]))
        };
        (0..horizon).map(step).collect()
    }
}

/// Scores by step to normal scores of their ranks among the launches seen there; NaN where not seen.
fn normal_scores(mut rows: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    each_step(&mut rows, |below, seen| {
        normal_place((below as f64 + 0.5) / seen as f64)
    });
    rows
}

/// Mean of the scores of a launch.
fn of_launch(scores: &[f64]) -> Option<f64> {
    mean(scores.iter().copied().filter(|v| !v.is_nan()))
}

/// Mean covariance of the launches of one cluster about the mean of their origin, pulled to 0. An origin is a list of
/// launches: cluster and mean score.
fn variants(origins: &[Vec<(usize, f64)>]) -> f64 {
    let mut covariances = Vec::new();
    for launches in origins {
        let center = mean(launches.iter().map(|(_, score)| *score)).unwrap_or(0.0);
        let mut clusters: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for (cluster, score) in launches {
            clusters.entry(*cluster).or_default().push(score - center);
        }
        for scores in clusters.values().filter(|scores| scores.len() > 1) {
            let (sum, squares) = scores.iter().fold((0.0, 0.0), |(s, q), v| (s + v, q + v * v));
            let count = scores.len() as f64;
            covariances.push((sum * sum - squares) / (count * (count - 1.0)));
        }
    }
    let count = covariances.len() as f64;
    mean(covariances).map_or(0.0, |covariance| covariance.max(0.0) * count / (count + PRIOR_PRODUCTS))
}

/// Share of the variance of scores that lies between origins, and the number of origins with launches. An origin is a list
/// of launches, a launch its normal scores by step.
fn shared(origins: &[Vec<&[f64]>]) -> (f64, usize) {
    let means: Vec<Vec<f64>> = origins
        .iter()
        .map(|launches| {
            launches
                .iter()
                .filter_map(|scores| of_launch(scores))
                .collect::<Vec<f64>>()
        })
        .filter(|means| means.len() > 1)
        .collect();
    let count = means.len();
    if count < 2 {
        return (SHARED_PRIOR, count);
    }
    let centres: Vec<f64> = means.iter().filter_map(|m| mean(m.iter().copied())).collect();
    // What the centres differ by since they rest on few launches.
    let chance = mean(means.iter().filter_map(|m| Some(variance(m)? / (m.len() as f64 - 1.0)))).unwrap_or(0.0);
    let between = variance(&centres).map_or(0.0, |v| v * count as f64 / (count as f64 - 1.0) - chance);
    let freedom = count as f64 - 1.0;
    let pulled = (freedom * between.clamp(0.0, 1.0) + PRIOR_ORIGINS * SHARED_PRIOR) / (freedom + PRIOR_ORIGINS);
    (pulled.min(MAX_SHARED), count)
}

fn scores(h: &HeldOut) -> Vec<f64> {
    h.forecast.scores(&h.actual).collect()
}

/// Scores to ranks from 0 by step; equal ones share the lowest.
fn ranks(mut rows: Vec<Vec<f64>>) -> Vec<Vec<u16>> {
    // Launches are seen at different steps, so a rank that is to stand in for a missing one is a share of those seen.
    each_step(&mut rows, |below, seen| (below as f64 + 0.5) / seen as f64);
    for row in &mut rows {
        let mut last = row.iter().copied().find(|share| !share.is_nan()).unwrap_or(0.5);
        for share in row {
            if share.is_nan() {
                *share = last;
            }
            last = *share;
        }
    }
    each_step(&mut rows, |below, _| below as f64);
    rows.iter().map(|row| row.iter().map(|r| *r as u16).collect()).collect()
}

/// Replace each value by what its number of lower ones, and of all that are known, at the same step gives.
fn each_step(rows: &mut [Vec<f64>], value: impl Fn(usize, usize) -> f64) {
    for step in 0..rows.first().map_or(0, Vec::len) {
        let sorted = statistics::sorted(rows.iter().map(|r| r[step]).filter(|v| !v.is_nan()));
        for row in rows.iter_mut().filter(|r| !r[step].is_nan()) {
            row[step] = value(sorted.partition_point(|v| *v < row[step]), sorted.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::forecast::LogForecast;
    use crate::launch::tests::uniform;

    fn held_out(actual: Vec<f64>) -> HeldOut {
        HeldOut {
            launch: 0,
            split: 0,
            forecast: LogForecast {
                location: vec![0.0; actual.len()],
                spread: vec![1.0; actual.len()],
                reason: String::new(),
            },
            actual,
        }
    }

    /// Correlation of the ranks of two steps.
    fn correlation(draw: &[Vec<u32>], a: usize, b: usize) -> f64 {
        let n = draw[a].len() as f64;
        let center = (n - 1.0) / 2.0;
        let product = |a: &[u32], b: &[u32]| -> f64 {
            let pairs = a.iter().zip(b);
            pairs
                .map(|(x, y)| (f64::from(*x) - center) * (f64::from(*y) - center))
                .sum()
        };
        product(&draw[a], &draw[b]) / product(&draw[a], &draw[a])
    }

    #[test]
    fn ranks_by_hand() {
        // At the second step two launches are alike and one is not seen: it keeps its place of the step before.
        let nan = f64::NAN;
        let rows = vec![vec![nan, 5.0], vec![3.0, 1.0], vec![1.0, nan], vec![2.0, 1.0]];
        // Shares at step 1: (1: 1/6, 2: 3/6, 3: 5/6), the first row takes 5/6 of step 2; there: 1/6, 1/6, 5/6.
        assert_eq!(ranks(rows), [[2, 3], [2, 0], [0, 0], [1, 0]]);
    }

    #[test]
    fn every_step_holds_every_rank_once() {
        let launches: Vec<HeldOut> = (0..50)
            .map(|i| held_out((0..4).map(|s| uniform(4 * i + s, 3)).collect()))
            .collect();
        let paths = Paths::fit(&launches, 4, 1);
        for n in [1, 7, 50, 333] {
            let draw = paths.draw(&vec![0.0; n], 4, &mut ChaCha8Rng::seed_from_u64(1));
            for step in draw {
                let mut sorted = step;
                sorted.sort_unstable();
                assert_eq!(sorted, (0..n as u32).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn steps_hang_together_as_the_errors_did() {
        // Step 2 repeats step 1, step 3 opposes it, step 4 has nothing to do with it.
        let launches: Vec<HeldOut> = (0..400)
            .map(|i| {
                let (a, b) = (uniform(i, 5), uniform(i, 6));
                held_out(vec![a, a + 1.0, -a, b])
            })
            .collect();
        let paths = Paths::fit(&launches, 4, 1);
        for n in [100, 1_000] {
            let draw = paths.draw(&vec![0.0; n], 4, &mut ChaCha8Rng::seed_from_u64(2));
            assert!(correlation(&draw, 0, 1) > 0.99);
            assert!(correlation(&draw, 0, 2) < -0.99);
            assert!(correlation(&draw, 0, 3).abs() < 0.25);
        }
    }

    #[test]
    fn few_launches_or_none_give_paths_that_stay_together() {
        let three: Vec<HeldOut> = (0..3).map(|i| held_out(vec![f64::from(i); 2])).collect();
        for launches in [&three[..], &[]] {
            let draw = Paths::fit(launches, 2, 1).draw(&[0.0; 90], 2, &mut ChaCha8Rng::seed_from_u64(3));
            assert_eq!(draw[0], draw[1]);
        }
    }

    #[test]
    fn incomplete_launches_are_left_out_where_complete_ones_suffice() {
        let launch = |i: usize, seen: usize| {
            let step = |s| if s < seen { uniform(3 * i + s, 8) } else { f64::NAN };
            held_out((0..3).map(step).collect())
        };
        let mixed = |complete: usize| -> Vec<HeldOut> {
            (0..100)
                .map(|i| launch(i, if i % 2 == 0 && i / 2 < complete { 3 } else { 1 }))
                .collect()
        };
        assert_eq!(Paths::fit(&mixed(40), 3, 1).ranks.len(), 40);
        let filled = Paths::fit(&mixed(10), 3, 1);
        assert_eq!(filled.ranks.len(), MIN_PATHS);
        assert!(filled.is_valid(3));
    }

    #[test]
    fn products_of_one_world_rise_and_fall_together() {
        // Four origins whose launches are all off by the same, and four that differ by chance alone.
        let launches = |effect: f64| -> Vec<HeldOut> {
            let of = |i: usize| HeldOut {
                split: i % 4,
                ..held_out(vec![effect * [1.0, -1.0, 0.5, -0.5][i % 4] + uniform(i, 9); 2])
            };
            (0..400).map(of).collect()
        };
        let correlated = |effect: f64| {
            let held_out = launches(effect);
            let clusters: Vec<usize> = (0..400).collect();
            let paths = Paths::fit(&held_out, 2, 1).with_shared(&held_out, &clusters, Scheme::RollingOrigins);
            assert_eq!(paths.origins(), 4);
            let shocks = paths.shocks(2_000, &mut ChaCha8Rng::seed_from_u64(7));
            let [a, b] = [1, 2].map(|seed| paths.draw(&shocks, 2, &mut ChaCha8Rng::seed_from_u64(seed))[0].clone());
            correlation(&[a, b], 0, 1)
        };
        let (common, chance) = (correlated(2.0), correlated(0.0));
        assert!(common > 0.5 && chance.abs() < 0.2, "{common} {chance}");
    }

    #[test]
    fn the_share_between_origins_is_recovered() {
        // 40 origins of 50 launches whose normal scores share a variance of 0.3.
        let random = &mut ChaCha8Rng::seed_from_u64(4);
        let mut normal = || normal_place(random.random());
        let shocks: Vec<f64> = (0..40).map(|_| 0.3f64.sqrt() * normal()).collect();
        let scores: Vec<Vec<f64>> = (0..2_000)
            .map(|i| vec![shocks[i / 50] + 0.7f64.sqrt() * normal(); 3])
            .collect();
        let origins: Vec<Vec<&[f64]>> = scores
            .chunks(50)
            .map(|o| o.iter().map(Vec::as_slice).collect())
            .collect();
        let (found, count) = shared(&origins);
        assert!(count == 40 && (found - 0.3).abs() < 0.15, "{found}");
        assert_eq!(shared(&origins[..1]), (SHARED_PRIOR, 1));
        assert_eq!(shared(&[]), (SHARED_PRIOR, 0));
    }

    #[test]
    fn the_covariance_of_variants_is_recovered() {
        // 80 products of 4 variants in each of 5 origins, whose scores share a variance of 0.4.
        let random = &mut ChaCha8Rng::seed_from_u64(6);
        let mut normal = || normal_place(random.random());
        let mut next = 0;
        let mut origin = |shared: f64| -> Vec<(usize, f64)> {
            let mut launches = Vec::new();
            for _ in 0..80 {
                let product = shared.sqrt() * normal();
                launches.extend((0..4).map(|_| (next, product + (1.0 - shared).sqrt() * normal())));
                next += 1;
            }
            launches
        };
        let found = variants(&(0..5).map(|_| origin(0.4)).collect::<Vec<_>>());
        assert!((found - 0.4).abs() < 0.08, "{found}");
        let none = variants(&(0..5).map(|_| origin(0.0)).collect::<Vec<_>>());
        assert!(none < 0.03, "{none}");
        assert_eq!(variants(&[vec![(0, 1.0), (1, -1.0)]]), 0.0);
    }

    #[test]
    fn few_launches_say_little_of_the_level_of_all() {
        let width = |launches: usize| {
            let held_out: Vec<HeldOut> = (0..launches).map(|i| held_out(vec![uniform(i, 4); 2])).collect();
            let clusters: Vec<usize> = (0..launches).collect();
            let paths = Paths::fit(&held_out, 2, 1).with_shared(&held_out, &clusters, Scheme::Folds);
            variance(&paths.shocks(1_000, &mut ChaCha8Rng::seed_from_u64(1))).unwrap()
        };
        // 0.05 + 0.95 / n, times that of Student's t with n - 1 degrees: (n - 1) / (n - 3).
        assert!((width(6) / (0.208 * 5.0 / 3.0) - 1.0).abs() < 0.15, "{}", width(6));
        assert!((width(60) / (0.066 * 59.0 / 57.0) - 1.0).abs() < 0.15, "{}", width(60));
    }

    #[test]
    fn ranks_that_do_not_fit_are_noticed() {
        let forged = |ranks: Vec<Vec<u16>>| Paths {
            ranks,
            shared: 0.1,
            origins: 3,
            variants: 0.2,
            products: 30,
        };
        assert!(forged(vec![vec![0, 1], vec![1, 0]]).is_valid(2));
        assert!(forged(Vec::new()).is_valid(2));
        assert!(!forged(vec![vec![0, 2], vec![1, 0]]).is_valid(2));
        assert!(!forged(vec![vec![0, 1], vec![1]]).is_valid(2));
    }
}
