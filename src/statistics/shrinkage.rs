//! Estimates of many groups, each drawn towards a common value as far as its error asks for it.

use super::t_quantile_real;

/// Standard deviation of the half-normal prior of how far groups differ.
const PRIOR_DEVIATION: f64 = 1.0;
/// Points at which that deviation is tried, spaced evenly on the log scale beside 0.
const GRID: usize = 200;
const GRID_FROM: f64 = 1e-3;
const GRID_TO: f64 = 20.0;
/// A variance below this one is that of an exact estimate.
const MIN_VARIANCE: f64 = 1e-12;

/// A number with the variance of its error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Variance of its error.
    pub variance: f64,
    /// Degrees of freedom of that variance; infinite where it is known.
    pub freedom: f64,
}

impl Estimate {
    /// Central interval of Student's t; `level` is its probability, in (0, 1).
    pub fn interval(&self, level: f64) -> (f64, f64) {
        let width = t_quantile_real(level, self.freedom) * self.variance.max(0.0).sqrt();
        (self.value - width, self.value + width)
    }

    fn error(&self) -> f64 {
        self.variance.max(MIN_VARIANCE)
    }
}

/// How far groups differ from their parent: weights of standard deviations.
#[derive(Debug, Clone)]
pub struct Spread {
    parent: Estimate,
    /// Standard deviation, its posterior probability, and the variance of the parent's value where it is so.
    weights: Vec<(f64, f64, f64)>,
}

impl Spread {
    /// Learn from estimates of groups how far they differ.
    ///
    /// *Model*: b_k = m + u_k + e_k with u ~ N(0, t^2) and e_k ~ N(0, s_k^2), s_k^2 known and m the parent's value.
    /// The deviation t has a half-normal prior of scale 1 and is summed over on a grid, with the factor
    /// (sum of 1 / (s_k^2 + t^2))^(-1/2) for the parent, which is of the same data (restricted likelihood). A point
    /// estimate such as that of Paule and Mandel is often 0 of few groups, and the intervals are then too narrow;
    /// summing over t keeps what is not known about it.
    ///
    /// *Determinism*: sums in the order of the groups.
    ///
    /// *References*: Efron, Morris 1975, Data analysis using Stein's estimator and its generalizations; Gelman, Carlin,
    /// Stern, Dunson, Vehtari, Rubin 2013, Bayesian data analysis, 5.4; Rover, Bender, Dias, Schmid, Schmidli, Sturtz,
    /// Weber, Friede 2021, On weakly informative prior distributions for the heterogeneity parameter in Bayesian
    /// random-effects meta-analysis.
    pub fn of(parent: Estimate, groups: &[Estimate]) -> Self {
        let ratio = (GRID_TO / GRID_FROM).powf(1.0 / (GRID - 1) as f64);
        let mut points = vec![(0.0, GRID_FROM / 2.0)];
        points.extend((0..GRID).map(|i| {
            let deviation = GRID_FROM * ratio.powi(i as i32);
            (deviation, deviation * (ratio - 1.0))
        }));
        let logs: Vec<(f64, f64)> = points
            .iter()
            .map(|&(deviation, step)| {
                let mut log = step.ln() - (deviation / PRIOR_DEVIATION).powi(2) / 2.0;
                let mut precision = 0.0;
                for group in groups {
                    let variance = group.error() + deviation * deviation;
                    log -= (variance.ln() + (group.value - parent.value).powi(2) / variance) / 2.0;
                    precision += 1.0 / variance;
                }
                if groups.is_empty() {
                    return (log, parent.variance);
                }
                (log - precision.ln() / 2.0, parent.variance.max(1.0 / precision))
            })
            .collect();
        let largest = logs.iter().map(|l| l.0).fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = logs.iter().map(|l| (l.0 - largest).exp()).sum();
        let weights = points
            .iter()
            .zip(&logs)
            .map(|(point, log)| (point.0, (log.0 - largest).exp() / total, log.1))
            .collect();
        Self { parent, weights }
    }

    /// A group's estimate with what is known of the others, and the weight of the parent in it, 0 to 1.
    ///
    /// Given t the parent has the weight B = s^2 / (s^2 + t^2), and the variance is (1 - B) s^2 + B^2 v with v the
    /// variance of the parent's value, at least 1 / sum of 1 / (s_k^2 + t^2); the mean of the variances over t and the variance of the means make the
    /// variance. Its degrees of freedom are those of its parts (Satterthwaite 1946). A group without an estimate is
    /// like any other: N(m, t^2 + v).
    pub fn shrink(&self, group: Option<Estimate>) -> (Estimate, f64) {
        let parent = self.parent;
        let (mut pull, mut square, mut own, mut common, mut between) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for &(deviation, weight, error) in &self.weights {
            let t2 = deviation * deviation;
            let b = group.map_or(1.0, |g| g.error() / (g.error() + t2));
            pull += weight * b;
            square += weight * b * b;
            own += weight * group.map_or(0.0, |g| (1.0 - b).powi(2) * g.variance.max(0.0));
            common += weight * b * b * error;
            between += weight * b * b * t2;
        }
        let gap = group.map_or(0.0, |g| parent.value - g.value);
        between += (square - pull * pull).max(0.0) * gap * gap;
        let variance = own + common + between;
        let parts = group.map_or(0.0, |g| own * own / g.freedom) + common * common / parent.freedom;
        let value = group.map_or(parent.value, |g| g.value + pull * gap);
        let freedom = if parts > 0.0 {
            variance * variance / parts
        } else {
            f64::INFINITY
        };
        let shrunk = Estimate {
            value,
            variance,
            freedom,
        };
        (shrunk, pull)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(value: f64, variance: f64) -> Estimate {
        Estimate {
            value,
            variance,
            freedom: f64::INFINITY,
        }
    }

    #[test]
    fn groups_that_agree_are_drawn_together_and_exact_ones_stay() {
        let groups = [
            known(-1.5, 0.25),
            known(-2.5, 0.25),
            known(-2.0, 0.25),
            known(-2.1, 1e-6),
        ];
        let spread = Spread::of(known(-2.0, 0.01), &groups);
        let (first, pull) = spread.shrink(Some(groups[0]));
        assert!(
            pull > 0.5 && first.value < -1.75 && first.value > -2.0,
            "{first:?} {pull}"
        );
        assert!(first.variance < 0.25);
        let (exact, pull) = spread.shrink(Some(groups[3]));
        assert!(pull < 0.01 && (exact.value + 2.1).abs() < 0.01, "{exact:?} {pull}");
    }

    #[test]
    fn groups_that_differ_keep_their_own() {
        let groups: Vec<Estimate> = (0..12).map(|i| known(-1.0 - f64::from(i) * 0.3, 0.01)).collect();
        let spread = Spread::of(known(-2.65, 0.1), &groups);
        let (shrunk, pull) = spread.shrink(Some(groups[0]));
        assert!(pull < 0.02 && (shrunk.value + 1.0).abs() < 0.04, "{shrunk:?} {pull}");
        // One that is not known lies anywhere among them: their standard deviation is 1.04.
        let (unknown, pull) = spread.shrink(None);
        assert!((pull, unknown.value) == (1.0, -2.65));
        assert!((0.8..1.8).contains(&unknown.variance), "{unknown:?}");
    }

    #[test]
    fn a_single_group_is_its_parent() {
        let one = known(-2.0, 0.04);
        let (shrunk, _) = Spread::of(one, &[one]).shrink(Some(one));
        assert!(
            (shrunk.value + 2.0).abs() < 1e-12 && (shrunk.variance - 0.04).abs() < 1e-9,
            "{shrunk:?}"
        );
    }

    #[test]
    fn exact_estimates_do_not_divide_by_zero() {
        for gap in [0.0, 1.0] {
            let groups = [known(-2.0, 0.0), known(-2.0 - gap, 0.0)];
            let (shrunk, pull) = Spread::of(known(-2.0, 0.0), &groups).shrink(Some(groups[1]));
            assert!((shrunk.value + 2.0 + gap).abs() < 1e-6 && shrunk.variance.is_finite() && pull.is_finite());
        }
    }

    #[test]
    fn intervals_of_draws_cover_as_often_as_they_say() {
        use rand::SeedableRng;
        use rand_distr::{Distribution, StandardNormal};
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
        let mut normal = || -> f64 { StandardNormal.sample(&mut random) };
        // Groups that are all the same are covered more often: the prior does not believe it.
        for (groups, deviation) in [(2, 0.5), (3, 0.0), (4, 0.3), (8, 0.5), (20, 0.2)] {
            let (mut inside, mut all) = (0, 0);
            for _ in 0..300 {
                let truth: Vec<f64> = (0..groups).map(|_| -2.0 + deviation * normal()).collect();
                let variance = |k: usize| [0.01_f64, 0.09, 0.36][k % 3];
                let own: Vec<Estimate> = (0..groups)
                    .map(|k| known(truth[k] + variance(k).sqrt() * normal(), variance(k)))
                    .collect();
                let weight = |k: usize| 1.0 / (variance(k) + deviation * deviation);
                let sum: f64 = (0..groups).map(weight).sum();
                let parent = known(
                    (0..groups).map(|k| own[k].value * weight(k)).sum::<f64>() / sum,
                    1.0 / sum,
                );
                let spread = Spread::of(parent, &own);
                for (group, truth) in own.iter().zip(&truth) {
                    let (lower, upper) = spread.shrink(Some(*group)).0.interval(0.9);
                    inside += usize::from((lower..=upper).contains(truth));
                    all += 1;
                }
            }
            let share = inside as f64 / all as f64;
            assert!((0.87..=0.98).contains(&share), "{groups} groups {deviation}: {share}");
        }
    }
}
