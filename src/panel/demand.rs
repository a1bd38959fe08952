//! Demand where stock ran out: what was sold is a lower bound of it.

use super::mean;
use crate::statistics::{mix, normal_quantile, spread_evenly};

/// Launches the model is fitted to at most, spread evenly.
const MAX_LAUNCHES: usize = 2_000;
/// Fewest launches with a step observed in full: with fewer, a bound is kept as it was recorded.
const MIN_LAUNCHES: usize = 3;
/// Fewest observed values of a step for a mean of its own; else it lies between those of its neighbours.
const MIN_OBSERVED: usize = 2;
/// Smallest standard deviation, as for the spread of a forecast.
const MIN_DEVIATION: f64 = 0.05;
const ROUNDS: usize = 40;
/// Points of the integral over the level of a launch.
const MAX_POINTS: usize = 241;

/// How launches sell, as far as it takes to say what was in demand where stock ran out.
///
/// *Model*: y_is = m_s + b_i + e_is on the scale ln(1 + units per full period), with b_i ~ N(0, t^2) the level of
/// launch
/// i and e_is ~ N(0, d^2). A step is observed, not known, or known to be at least a bound c. Means and variances are
/// those of highest likelihood (EM, [`ROUNDS`] rounds; the integral over b_i is a sum over points). The demand at a
/// bound is E(y_is | y_is > c, the steps of the launch up to s): later steps are not looked at, so that a launch as it
/// was
/// at some age says nothing of what it sold afterwards.
///
/// *Missing data*: NaN; it takes no part.
///
/// *Determinism*: sums run in a fixed order.
///
/// *References*: Tobin 1958, Estimation of relationships for limited dependent variables. Buckley, James 1979, Linear
/// regression with censored data. Dempster, Laird, Rubin 1977, Maximum likelihood from incomplete data via the EM
/// algorithm.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    means: Vec<f64>,
    between: f64,
    within: f64,
}

/// What is known of a launch by step: values observed, and lower bounds; NaN where there is none.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Values observed in full; what stands where there is a bound does not matter.
    pub values: &'a [f64],
    /// Lower bounds.
    pub bounds: &'a [f64],
}

impl Seen<'_> {
    fn observed(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        let steps = self.values.iter().zip(self.bounds).enumerate();
        steps.filter_map(|(step, (value, bound))| (bound.is_nan() && !value.is_nan()).then_some((step, *value)))
    }

    fn bounded(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.bounds
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, bound)| !bound.is_nan())
    }
}

/// Points and weights of a distribution over the level of a launch.
type Levels = Vec<(f64, f64)>;

impl Demand {
    /// Fit to launches; `None` where too few of them were observed.
    pub fn fit(launches: &[Seen<'_>], horizon: usize) -> Option<Self> {
        let rows: Vec<usize> = (0..launches.len()).collect();
        let launches: Vec<Seen<'_>> = spread_evenly(&rows, MAX_LAUNCHES)
            .into_iter()
            .map(|row| launches[row])
            .collect();
        if launches.iter().filter(|l| l.observed().next().is_some()).count() < MIN_LAUNCHES {
            return None;
        }
        let mut own = vec![Vec::new(); horizon];
        launches
            .iter()
            .flat_map(Seen::observed)
            .for_each(|(step, y)| own[step].push(y));
        let estimated: Vec<bool> = own.iter().map(|values| values.len() >= MIN_OBSERVED).collect();
        let mut means: Vec<f64> = own
            .iter()
            .map(|v| mean(v.iter().copied()).unwrap_or(f64::NAN))
            .collect();
        between_neighbours(&mut means, &estimated);
        if means.iter().any(|m| m.is_nan()) {
            return None;
        }
        let mut model = Self {
            means,
            between: 1.0,
            within: 0.5,
        };
        for _ in 0..ROUNDS {
            model = model.improved(&launches, &estimated);
        }
        Some(model)
    }

    /// One round of EM.
    fn improved(&self, launches: &[Seen<'_>], estimated: &[bool]) -> Self {
        let mut sums = vec![(0.0, 0usize); self.means.len()];
        let (mut levels_squared, mut errors_squared, mut count) = (0.0, 0.0, 0usize);
        for launch in launches {
            let levels = self.levels(launch, self.means.len());
            let level = levels.iter().map(|(b, w)| b * w).sum::<f64>();
            let square = levels.iter().map(|(b, w)| b * b * w).sum::<f64>();
            let variance = (square - level * level).max(0.0);
            levels_squared += square;
            for (step, y) in launch.observed() {
                sums[step].0 += y - level;
                sums[step].1 += 1;
                errors_squared += (y - self.means[step] - level).powi(2) + variance;
                count += 1;
            }
            for (step, bound) in launch.bounded() {
                for (b, w) in &levels {
                    let z = (bound - self.means[step] - b) / self.within;
                    sums[step].0 += w * (self.means[step] + self.within * hazard(z));
                    errors_squared += w * self.within * self.within * (1.0 + z * hazard(z)).max(0.0);
                }
                sums[step].1 += 1;
                count += 1;
            }
        }
        let mean = |(sum, count): &(f64, usize)| if *count > 0 { sum / *count as f64 } else { f64::NAN };
        let mut means: Vec<f64> = sums.iter().map(mean).collect();
        between_neighbours(&mut means, estimated);
        Self {
            means,
            between: (levels_squared / launches.len() as f64).sqrt().max(MIN_DEVIATION),
            within: (errors_squared / count as f64).sqrt().max(MIN_DEVIATION),
        }
    }

    /// The demand expected at each bound of a launch, never below it; NaN at other steps.
    pub fn expected(&self, launch: &Seen<'_>) -> Vec<f64> {
        let mut out = vec![f64::NAN; launch.bounds.len()];
        for (step, bound) in launch.bounded() {
            let Some(mean) = self.means.get(step) else { continue };
            let expected = |(b, w): &(f64, f64)| {
                let z = (bound - mean - b) / self.within;
                w * (mean + b + self.within * hazard(z))
            };
            let demand = self.levels(launch, step + 1).iter().map(expected).sum::<f64>();
            out[step] = demand.max(bound);
        }
        out
    }

    /// A demand drawn for each bound of a launch from what is known of all of its steps, never below the bound; NaN at
    /// other steps. Unlike what is expected, it varies as demand does. The same seed gives the same demand.
    pub fn drawn(&self, launch: &Seen<'_>, seed: u64) -> Vec<f64> {
        let mut out = vec![f64::NAN; launch.bounds.len()];
        let uniform = |k: usize| (mix(seed ^ mix(k as u64)) >> 11) as f64 / (1u64 << 53) as f64;
        let levels = self.levels(launch, self.means.len());
        let mut rest = uniform(0);
        let mut drawn = levels.iter().skip_while(|(_, w)| {
            rest -= w;
            rest > 0.0
        });
        let level = drawn.next().or(levels.last()).map_or(0.0, |(b, _)| *b);
        for (step, bound) in launch.bounded() {
            let Some(mean) = self.means.get(step) else { continue };
            let z = drawn_above((bound - mean - level) / self.within, uniform(step + 1));
            out[step] = (mean + level + self.within * z).max(bound);
        }
        out
    }

    /// What the first steps of a launch say of its level.
    fn levels(&self, launch: &Seen<'_>, steps: usize) -> Levels {
        let (mut precision, mut sum) = (self.between.powi(-2), 0.0);
        for (step, y) in launch.observed().take_while(|(step, _)| *step < steps) {
            precision += self.within.powi(-2);
            sum += (y - self.means[step]) * self.within.powi(-2);
        }
        let (center, deviation) = (sum / precision, precision.sqrt().recip());
        let bounds: Vec<f64> = launch
            .bounded()
            .take_while(|(step, _)| *step < steps)
            .map(|(step, bound)| bound - self.means[step])
            .collect();
        // Bounds push upwards, as far as the highest of them.
        let top = bounds.iter().copied().fold(center, f64::max);
        let (from, to) = (center - 6.0 * deviation, top + 6.0 * deviation);
        let points = (((to - from) / deviation * 4.0) as usize + 1).min(MAX_POINTS);
        let mut levels: Levels = (0..points)
            .map(|k| {
                let b = from + (to - from) * k as f64 / (points - 1) as f64;
                let likelihood = bounds
                    .iter()
                    .map(|bound| ln_survival((bound - b) / self.within))
                    .sum::<f64>();
                (b, likelihood - ((b - center) / deviation).powi(2) / 2.0)
            })
            .collect();
        let highest = levels.iter().map(|(_, w)| *w).fold(f64::NEG_INFINITY, f64::max);
        levels.iter_mut().for_each(|(_, w)| *w = (*w - highest).exp());
        let total: f64 = levels.iter().map(|(_, w)| w).sum();
        levels.iter_mut().for_each(|(_, w)| *w /= total);
        levels
    }
}

/// Steps without a mean of their own get one on the line between their neighbours, or that of the nearest step.
fn between_neighbours(means: &mut [f64], own: &[bool]) {
    let known: Vec<usize> = (0..means.len()).filter(|&step| own[step]).collect();
    for step in (0..means.len()).filter(|&step| !own[step]) {
        let before = known.iter().rfind(|k| **k < step).copied();
        let after = known.iter().find(|k| **k > step).copied();
        means[step] = match (before, after) {
            (Some(a), Some(b)) => means[a] + (means[b] - means[a]) * (step - a) as f64 / (b - a) as f64,
            (Some(k), None) | (None, Some(k)) => means[k],
            (None, None) => f64::NAN,
        };
    }
}

/// A value expected of a normal distribution of this location and spread, given that it is above a bound.
pub(crate) fn expected_above(bound: f64, location: f64, spread: f64) -> f64 {
    (location + spread * hazard((bound - location) / spread)).max(bound)
}

/// A standard normal number above z, for a number drawn from 0 to 1.
fn drawn_above(z: f64, uniform: f64) -> f64 {
    let rest = (1.0 - uniform).max(1e-9);
    if z > 5.0 {
        // Far out the tail falls as an exponential one in z^2.
        return (z * z - 2.0 * rest.ln()).sqrt();
    }
    let tail = rest * ln_survival(z).exp();
    match tail < 0.5 {
        true => normal_quantile(1.0 - 2.0 * tail),
        false => -normal_quantile((2.0 * tail - 1.0).clamp(1e-12, 1.0 - 1e-12)),
    }
}

/// The factors of the probability that a standard normal number is above |z|: it is exp(-z^2 / 2) exp(f) / 2, with the
/// f returned (Press et al. 1992, Numerical recipes in C, 6.2; relative error below 1.2e-7).
fn tail_factor(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.5 * z.abs() / std::f64::consts::SQRT_2);
    const TERMS: [f64; 10] = [
        0.17087277,
        -0.82215223,
        1.48851587,
        -1.13520398,
        0.27886807,
        -0.18628806,
        0.09678418,
        0.37409196,
        1.00002368,
        -1.26551223,
    ];
    t.ln() + TERMS.iter().fold(0.0, |sum, term| sum * t + term)
}

/// ln of the probability that a standard normal number is above z.
fn ln_survival(z: f64) -> f64 {
    let tail = tail_factor(z) - z * z / 2.0 - std::f64::consts::LN_2;
    if z >= 0.0 { tail } else { (-tail.exp()).ln_1p() }
}

/// The mean of a standard normal number that is above z (the inverse Mills ratio); no overflow for any z.
fn hazard(z: f64) -> f64 {
    // ln of the density is -z^2 / 2 - ln sqrt(2 pi); above 0 the squares cancel.
    let half_ln_tau = 0.5 * std::f64::consts::TAU.ln();
    if z >= 0.0 {
        (std::f64::consts::LN_2 - half_ln_tau - tail_factor(z)).exp()
    } else {
        (-z * z / 2.0 - half_ln_tau - ln_survival(z)).exp()
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// A number with mean 0 and variance 1: normal, or of Student's t with 3 degrees of freedom.
    fn draw(random: &mut ChaCha8Rng, heavy: bool) -> f64 {
        let mut normal = || (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
        let x = normal();
        if !heavy {
            return x;
        }
        let squares: f64 = (0..3).map(|_| normal().powi(2)).sum();
        // The variance of t with 3 degrees of freedom is 3.
        x / (squares / 3.0).sqrt() / 3f64.sqrt()
    }

    const STEPS: usize = 8;

    /// Launches of which the best sellers run out of stock: the truth, what was seen, and the bounds.
    struct Planted {
        truth: Vec<Vec<f64>>,
        seen: Vec<Vec<f64>>,
        bounds: Vec<Vec<f64>>,
    }

    impl Planted {
        fn new(n: usize, seed: u64, heavy: bool) -> Self {
            let random = &mut ChaCha8Rng::seed_from_u64(seed);
            let truth: Vec<Vec<f64>> = (0..n)
                .map(|_| {
                    let level = 4.0 + 0.8 * draw(random, heavy);
                    (0..STEPS)
                        .map(|s| level - 0.1 * s as f64 + 0.4 * draw(random, heavy))
                        .collect()
                })
                .collect();
            // The same stock for all: best sellers run out.
            let out = |y: &f64| *y > 4.2;
            let map = |f: &dyn Fn(&f64) -> f64| truth.iter().map(|row| row.iter().map(f).collect()).collect();
            let (seen, bounds) = (
                map(&|y| if out(y) { f64::NAN } else { *y }),
                map(&|y| if out(y) { 4.2 } else { f64::NAN }),
            );
            Self { truth, seen, bounds }
        }

        fn rows(&self) -> Vec<Seen<'_>> {
            let rows = self.seen.iter().zip(&self.bounds);
            rows.map(|(values, bounds)| Seen { values, bounds }).collect()
        }

        /// Mean over all launches and steps: the truth, what is left when periods without stock are masked, and with
        /// the demand expected in them.
        fn means(&self) -> [f64; 3] {
            let rows = self.rows();
            let model = Demand::fit(&rows, STEPS);
            let filled = rows.iter().flat_map(|row| {
                let expected = model.as_ref().map_or_else(|| row.bounds.to_vec(), |m| m.expected(row));
                let values = row.values.to_vec();
                values
                    .into_iter()
                    .zip(expected)
                    .map(|(y, e)| if e.is_nan() { y } else { e })
            });
            let seen = self.seen.iter().flatten().copied().filter(|y| !y.is_nan());
            [
                mean(self.truth.iter().flatten().copied()).unwrap(),
                mean(seen).unwrap(),
                mean(filled).unwrap(),
            ]
        }
    }

    #[test]
    fn masking_underestimates_and_expected_demand_does_not() {
        for seed in 0..4 {
            let [truth, masked, filled] = Planted::new(400, seed, false).means();
            assert!(masked < truth - 0.25, "{seed}: {truth} {masked}");
            assert!((filled - truth).abs() < 0.05, "{seed}: {truth} {filled}");
        }
    }

    #[test]
    fn heavy_tails_do_not_carry_it_away() {
        for seed in 0..4 {
            let [truth, masked, filled] = Planted::new(400, seed, true).means();
            assert!(masked < truth - 0.2, "{seed}: {truth} {masked}");
            assert!((filled - truth).abs() < 0.1, "{seed}: {truth} {filled}");
        }
    }

    #[test]
    fn few_launches_are_nearer_to_the_truth_than_masked_ones() {
        let (mut masked, mut filled) = (0.0, 0.0);
        for seed in 0..40 {
            let [truth, m, f] = Planted::new(8, seed, seed % 2 == 0).means();
            // Of one seed, a chance draw of eight launches may hide how much the best sellers sell.
            assert!((f - truth).abs() < (m - truth).abs() + 0.3, "{seed}: {truth} {m} {f}");
            masked += (m - truth) / 40.0;
            filled += (f - truth) / 40.0;
        }
        assert!(masked < -0.25 && filled.abs() < 0.1, "{masked} {filled}");
    }

    #[test]
    fn a_step_without_stock_in_any_launch_lies_between_its_neighbours() {
        let mut planted = Planted::new(60, 1, false);
        for (seen, bounds) in planted.seen.iter_mut().zip(&mut planted.bounds) {
            (seen[3], bounds[3]) = (f64::NAN, 1.0);
        }
        let model = Demand::fit(&planted.rows(), STEPS).unwrap();
        assert!((model.means[3] - (model.means[2] + model.means[4]) / 2.0).abs() < 1e-9);
        // A bound far below the demand says nothing.
        let row = &planted.rows()[0];
        assert!(model.expected(row)[3] > 2.5);
    }

    #[test]
    fn later_steps_change_nothing_and_bounds_are_kept_without_a_model() {
        let planted = Planted::new(60, 2, false);
        let model = Demand::fit(&planted.rows(), STEPS).unwrap();
        let bounds = [f64::NAN, 5.0, f64::NAN];
        let expected = |last: f64| {
            let values = [4.0, f64::NAN, last];
            model.expected(&Seen {
                values: &values,
                bounds: &bounds,
            })[1]
        };
        assert!(expected(9.0) > 5.0);
        assert_eq!(expected(9.0), expected(f64::NAN));
        assert_eq!(Demand::fit(&planted.rows()[..2], STEPS), None);
    }

    #[test]
    fn drawn_demand_varies_as_demand_does() {
        for heavy in [false, true] {
            let planted = Planted::new(400, 5, heavy);
            let rows = planted.rows();
            let model = Demand::fit(&rows, STEPS).unwrap();
            let spread = |values: &[f64]| {
                let center = mean(values.iter().copied()).unwrap();
                mean(values.iter().map(|y| (y - center).powi(2))).unwrap().sqrt()
            };
            let with = |of: &dyn Fn(usize, &Seen<'_>) -> Vec<f64>| {
                let filled = rows.iter().enumerate().flat_map(|(i, row)| {
                    let cells = row.values.iter().zip(of(i, row));
                    cells.map(|(y, e)| if e.is_nan() { *y } else { e }).collect::<Vec<_>>()
                });
                filled.collect::<Vec<f64>>()
            };
            let truth: Vec<f64> = planted.truth.iter().flatten().copied().collect();
            let drawn = with(&|i, row| model.drawn(row, i as u64));
            let expected = with(&|_, row| model.expected(row));
            assert!((mean(drawn.iter().copied()).unwrap() - mean(truth.iter().copied()).unwrap()).abs() < 0.1);
            let (drawn, expected, truth) = (spread(&drawn), spread(&expected), spread(&truth));
            // Of heavy tails the farthest cannot be known.
            let least = if heavy { 0.8 } else { 0.93 };
            assert!(
                expected < drawn && drawn > least * truth && drawn < 1.1 * truth,
                "{expected} {drawn} {truth}"
            );
        }
        let row = [f64::NAN];
        let model = Demand {
            means: vec![3.0],
            between: 0.05,
            within: 0.05,
        };
        for bound in [-900.0, 2.9, 3.3, 900.0] {
            let drawn = model.drawn(
                &Seen {
                    values: &row,
                    bounds: &[bound],
                },
                1,
            )[0];
            assert!(
                drawn.is_finite() && drawn >= bound && drawn < f64::max(bound, 3.0) + 1.0,
                "{bound} {drawn}"
            );
        }
    }

    #[test]
    fn tails_of_the_normal_distribution() {
        for (z, mills, ln) in [
            // scipy 1.14: norm.pdf(z) / norm.sf(z), norm.logsf(z)
            (-40.0, 0.0, 0.0),
            (-1.0, 0.287_599_97, -0.172_753_78),
            (0.0, 0.797_884_56, -std::f64::consts::LN_2),
            (2.0, 2.373_215_53, -3.783_184_33),
            (10.0, 10.098_093_23, -53.231_285_15),
            (200.0, 200.004_999_75, -20_006.217_280_90),
        ] {
            assert!((hazard(z) - mills).abs() < 2e-6 * mills.max(1.0), "{z}: {}", hazard(z));
            assert!(
                (ln_survival(z) - ln).abs() < 2e-6 * ln.abs().max(1.0),
                "{z}: {}",
                ln_survival(z)
            );
        }
        assert!((expected_above(0.0, 3.0, 0.1) - 3.0).abs() < 1e-9);
        assert!(expected_above(1e6, 3.0, 0.1) >= 1e6);
    }
}
