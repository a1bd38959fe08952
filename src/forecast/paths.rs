//! How the errors of a forecast hang together from step to step: the ranks of held-out launches.

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::HeldOut;
use crate::statistics::{self, spread_evenly};

/// Ranks kept in a model, all ages together.
const MAX_RANKS: usize = 20_000;
/// Paths kept at each age in any case, and how many complete ones are enough to leave out the incomplete ones.
const MIN_PATHS: usize = 30;

/// Ranks of held-out launches among each other, by step.
///
/// *Model*: the score of launch i at step s is (y - location) / spread, as in [`super::conformal`]; kept is its rank
/// among the launches kept, r_is. A draw of n joint paths (Schaake shuffle) gives path j the template i(j), each
/// launch as often as any other, and a uniform number u_j; its rank at step s is that of r_is + u_j among the n. So
/// every step holds each rank 1 .. n once, and the ranks of different steps hang together as those of past errors do.
/// As u_j is the same at all steps, few launches drawn often give paths that hang together more, not less.
///
/// *Missing data*: launches observed at every step that any of them was observed at, if there are 30; else those with
/// the most steps, whose missing ranks are those of the latest step before (or the earliest after), which again makes
/// paths hang together more.
///
/// *Determinism*: the draw depends on the generator alone; equal scores share a rank and are put in order by u_j.
///
/// *References*: Clark et al. 2004, The Schaake shuffle: a method for reconstructing space-time variability in
/// forecasted precipitation and temperature fields; Schefzik, Thorarinsdottir, Gneiting 2013, Uncertainty
/// quantification in complex simulation models using ensemble copula coupling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paths {
    /// One row per launch, one rank from 0 per step.
    ranks: Vec<Vec<u16>>,
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
        Self { ranks: ranks(kept) }
    }

    /// Whether the ranks are what [`Paths::fit`] makes.
    pub fn is_valid(&self, horizon: usize) -> bool {
        let below = |rank: &u16| usize::from(*rank) < self.ranks.len();
        self.ranks.iter().all(|r| r.len() == horizon && r.iter().all(below))
    }

    /// Ranks from 0 of `n` joint paths, by step. Without a launch to go by they are the same at every step.
    pub fn draw(&self, n: usize, horizon: usize, random: &mut ChaCha8Rng) -> Vec<Vec<u32>> {
        let mut launches: Vec<usize> = (0..self.ranks.len()).collect();
        let mut templates = Vec::with_capacity(n + launches.len());
        while templates.len() < n && !launches.is_empty() {
            launches.shuffle(random);
            templates.extend_from_slice(&launches);
        }
        let shifts: Vec<f64> = (0..n).map(|_| random.random()).collect();
        (0..horizon)
            .map(|step| {
                let base = |j: usize| templates.get(j).map_or(0.0, |&i| f64::from(self.ranks[i][step]));
                let values: Vec<f64> = (0..n).map(|j| base(j) + shifts[j]).collect();
                statistics::ranks(n, |a, b| values[a].total_cmp(&values[b]))
            })
            .collect()
    }
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
            let draw = paths.draw(n, 4, &mut ChaCha8Rng::seed_from_u64(1));
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
            let draw = paths.draw(n, 4, &mut ChaCha8Rng::seed_from_u64(2));
            assert!(correlation(&draw, 0, 1) > 0.99);
            assert!(correlation(&draw, 0, 2) < -0.99);
            assert!(correlation(&draw, 0, 3).abs() < 0.25);
        }
    }

    #[test]
    fn few_launches_or_none_give_paths_that_stay_together() {
        let three: Vec<HeldOut> = (0..3).map(|i| held_out(vec![f64::from(i); 2])).collect();
        for launches in [&three[..], &[]] {
            let draw = Paths::fit(launches, 2, 1).draw(90, 2, &mut ChaCha8Rng::seed_from_u64(3));
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
    fn ranks_that_do_not_fit_are_noticed() {
        let forged = |ranks: Vec<Vec<u16>>| Paths { ranks };
        assert!(forged(vec![vec![0, 1], vec![1, 0]]).is_valid(2));
        assert!(forged(Vec::new()).is_valid(2));
        assert!(!forged(vec![vec![0, 2], vec![1, 0]]).is_valid(2));
        assert!(!forged(vec![vec![0, 1], vec![1]]).is_valid(2));
    }
}
