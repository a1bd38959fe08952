//! The probability that each of several arms is the best one, integrated over what is known of them.

use super::posterior::Posterior;

/// Points of an interval: polynomials up to degree 2 * 16 - 1 are integrated without error.
const POINTS: usize = 16;
/// Where an arm's intervals end, in standard deviations from its mean.
const ENDS: [f64; 13] = [0.0, 0.7, 1.4, 2.2, 3.0, 4.0, 5.5, 7.5, 10.0, 14.0, 20.0, 28.0, 40.0];
/// Ends of intervals that are nearer are one, in standard deviations of the arm that is known best.
const NEAR: f64 = 0.25;
/// How far the tail of a Student distribution is followed, and by which factor its intervals grow.
const FAR: f64 = 1e6;
const GROWTH: f64 = 1.7;

/// Which arm is the best.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    /// The probability of each arm.
    pub probability: Vec<f64>,
    /// Expected value of the best arm, whichever that is.
    pub value: f64,
}

/// Of arms that are independent, the probability that each has the largest value.
///
/// With `above`, an arm that does not exceed it is never the best, and the probabilities do not add up to 1.
///
/// *Method*: P(k) = integral of f_k(x) product over j <> k of F_j(x) dx. The line is cut where the arms have their standard
/// deviations, 16 points of Gauss and Legendre are laid into each interval, and F_j is the integral of the polynomial
/// through f_j at these points, so that no draws and no special functions are needed. Each f_j is divided by its own
/// integral.
///
/// *References*: Thompson 1933, On the likelihood that one unknown probability exceeds another in view of the evidence
/// of two samples; Scott 2010, A modern Bayesian look at the multi-armed bandit, 2.2.
pub fn best(arms: &[Posterior], above: Option<f64>) -> Best {
    let rule = Rule::new();
    let ends = ends(arms, above);
    let intervals: Vec<(f64, f64)> = ends.windows(2).map(|w| (w[0], w[1])).collect();
    let densities: Vec<Vec<f64>> = arms.iter().map(|arm| rule.density(arm, &intervals)).collect();
    let below: Vec<Vec<f64>> = densities.iter().map(|d| rule.below(d, &intervals)).collect();
    let centre = arms.iter().map(Posterior::mean).fold(f64::NEG_INFINITY, f64::max);
    let mut probability = vec![0.0; arms.len()];
    let mut value = 0.0;
    let (mut before, mut after) = (vec![1.0; arms.len() + 1], vec![1.0; arms.len() + 1]);
    for (i, &(from, to)) in intervals.iter().enumerate() {
        if above.is_some_and(|above| from < above) {
            continue;
        }
        for (p, (node, weight)) in rule.nodes.iter().zip(&rule.weights).enumerate() {
            let at = i * POINTS + p;
            for (k, below) in below.iter().enumerate() {
                before[k + 1] = before[k] * below[at];
            }
            for (k, below) in below.iter().enumerate().rev() {
                after[k] = after[k + 1] * below[at];
            }
            let x = from + (to - from) * (node + 1.0) / 2.0;
            for (k, density) in densities.iter().enumerate() {
                let share = weight * (to - from) / 2.0 * density[at] * before[k] * after[k + 1];
                probability[k] += share;
                value += share * (x - centre);
            }
        }
    }
    let total: f64 = probability.iter().sum();
    if above.is_none() && total > 0.0 {
        probability.iter_mut().for_each(|p| *p /= total);
        value /= total;
    }
    Best {
        probability,
        value: centre + value,
    }
}

/// Where the intervals of all arms begin and end.
fn ends(arms: &[Posterior], above: Option<f64>) -> Vec<f64> {
    let mut ends: Vec<f64> = above.into_iter().collect();
    for arm in arms {
        let (mean, deviation, (least, most)) = (arm.mean(), arm.deviation(), arm.support());
        let mut steps = ENDS.to_vec();
        if matches!(arm, Posterior::Student { .. }) {
            let mut far = ENDS[ENDS.len() - 1];
            while far < FAR {
                far *= GROWTH;
                steps.push(far);
            }
        }
        for step in steps {
            ends.push((mean - step * deviation).max(least));
            ends.push((mean + step * deviation).min(most));
        }
    }
    ends.retain(|end| end.is_finite());
    ends.sort_by(f64::total_cmp);
    // Of many arms most ends are nearer to each other than any density changes.
    let near = NEAR * arms.iter().map(Posterior::deviation).fold(f64::INFINITY, f64::min);
    let last = ends.last().copied();
    let mut kept: Vec<f64> = Vec::new();
    for end in ends {
        let is_fixed = Some(end) == above || Some(end) == last;
        if is_fixed || kept.last().is_none_or(|before| end - before > near) {
            kept.push(end);
        }
    }
    kept.dedup();
    kept
}

/// Points and weights of Gauss and Legendre on -1 to 1, and the integrals up to each point.
struct Rule {
    nodes: Vec<f64>,
    weights: Vec<f64>,
    /// By point, the weights of all points in the integral from -1 to it.
    up_to: Vec<Vec<f64>>,
}

impl Rule {
    fn new() -> Self {
        let n = POINTS as f64;
        let (mut nodes, mut weights) = (Vec::new(), Vec::new());
        for i in 0..POINTS {
            let mut x = -(std::f64::consts::PI * (i as f64 + 0.75) / (n + 0.5)).cos();
            let slope = |x: f64, p: &[f64]| n * (x * p[POINTS] - p[POINTS - 1]) / (x * x - 1.0);
            for _ in 0..50 {
                let p = legendre(x);
                x -= p[POINTS] / slope(x, &p);
            }
            let slope = slope(x, &legendre(x));
            nodes.push(x);
            weights.push(2.0 / ((1.0 - x * x) * slope * slope));
        }
        // The polynomial through the points, as a sum of Legendre polynomials, whose integrals are known.
        let polynomials: Vec<Vec<f64>> = nodes.iter().map(|x| legendre(*x)).collect();
        let integral = |i: usize, j: usize| {
            let (to, of): (&Vec<f64>, &Vec<f64>) = (&polynomials[i], &polynomials[j]);
            let terms = (1..POINTS).map(|k| of[k] * (to[k + 1] - to[k - 1]));
            weights[j] / 2.0 * (1.0 + nodes[i] + terms.sum::<f64>())
        };
        let up_to = (0..POINTS)
            .map(|i| (0..POINTS).map(|j| integral(i, j)).collect())
            .collect();
        Self { nodes, weights, up_to }
    }

    /// The density of an arm at all points of all intervals, which integrates to 1.
    fn density(&self, arm: &Posterior, intervals: &[(f64, f64)]) -> Vec<f64> {
        let log = arm.log_density();
        let mut density = Vec::with_capacity(intervals.len() * POINTS);
        let mut mass = 0.0;
        for &(from, to) in intervals {
            for (node, weight) in self.nodes.iter().zip(&self.weights) {
                let value = log(from + (to - from) * (node + 1.0) / 2.0).exp();
                mass += weight * (to - from) / 2.0 * value;
                density.push(value);
            }
        }
        if mass > 0.0 {
            density.iter_mut().for_each(|d| *d /= mass);
        }
        density
    }

    /// The integral of a density up to each of its points.
    fn below(&self, density: &[f64], intervals: &[(f64, f64)]) -> Vec<f64> {
        let mut below = Vec::with_capacity(density.len());
        let mut sum = 0.0;
        for (values, (from, to)) in density.chunks(POINTS).zip(intervals) {
            let half = (to - from) / 2.0;
            let inner = |weights: &[f64]| half * weights.iter().zip(values).map(|(w, v)| w * v).sum::<f64>();
            below.extend(self.up_to.iter().map(|weights| (sum + inner(weights)).clamp(0.0, 1.0)));
            sum += inner(&self.weights);
        }
        below
    }
}

/// The Legendre polynomials of degree 0 to [`POINTS`] at a point.
fn legendre(x: f64) -> Vec<f64> {
    let mut p = vec![1.0, x];
    for k in 1..POINTS {
        let n = k as f64;
        p.push(((2.0 * n + 1.0) * x * p[k] - n * p[k - 1]) / (n + 1.0));
    }
    p
}

#[cfg(test)]
mod tests {
    use statrs::function::beta::ln_beta;

    use super::*;
    use crate::statistics::normal_place;

    fn rate(yes: f64, no: f64) -> Posterior {
        Posterior::Beta { yes, no, value: 1.0 }
    }

    fn normal(centre: f64, scale: f64) -> Posterior {
        Posterior::Student {
            freedom: 1e7,
            centre,
            scale,
        }
    }

    /// P(X > Y) of X ~ Beta(a, b) and Y ~ Beta(c, d) with whole a: sum of B(c + i, b + d) / ((b + i) B(1 + i, b) B(c, d))
    /// over i from 0 to a - 1 (Miller 2015, Formulas for Bayesian A/B testing).
    fn exceeds((a, b): (f64, f64), (c, d): (f64, f64)) -> f64 {
        (0..a as usize)
            .map(|i| i as f64)
            .map(|i| (ln_beta(c + i, b + d) - (b + i).ln() - ln_beta(1.0 + i, b) - ln_beta(c, d)).exp())
            .sum()
    }

    #[test]
    fn two_rates_follow_the_closed_form() {
        for (x, y) in [
            ((1.0, 1.0), (1.0, 1.0)),
            ((3.0, 7.0), (5.0, 5.0)),
            ((31.0, 970.0), (45.0, 956.0)),
            ((1.0, 99.0), (500.0, 49_500.0)),
            ((2.0, 1.0), (40.0, 3.0)),
            ((1_200.0, 98_800.0), (1_300.0, 98_700.0)),
        ] {
            let found = best(&[rate(x.0, x.1), rate(y.0, y.1)], None).probability;
            let truth = exceeds(x, y);
            assert!((found[0] - truth).abs() < 1e-9, "{x:?} {y:?}: {} {truth}", found[0]);
            assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn two_means_follow_the_closed_form() {
        for (gap, s, t) in [(0.0, 1.0, 1.0), (1.0, 1.0, 2.0), (3.0, 0.01, 1.0), (0.5, 1e-4, 0.3)] {
            let found = best(&[normal(5.0 + gap, s), normal(5.0, t)], None);
            let wide = (s * s + t * t).sqrt();
            // P(X > Y) is the p at which the normal quantile is gap / wide.
            let place = normal_place(found.probability[0]);
            assert!(
                (place - gap / wide).abs() < 1e-4 * (1.0 + gap / wide),
                "{place} {}",
                gap / wide
            );
            // E max = m + wide phi(gap / wide) + gap (P - 1) above the larger mean (Clark 1961).
            let phi = (-(gap / wide).powi(2) / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let truth = 5.0 + gap + wide * phi - gap * found.probability[1];
            assert!((found.value - truth).abs() < 1e-4, "{} {truth}", found.value);
        }
    }

    #[test]
    fn arms_that_are_alike_are_alike() {
        for arms in [
            vec![rate(1.0, 1.0); 7],
            vec![normal(2.0, 0.5); 7],
            vec![rate(40.0, 4_000.0); 40],
        ] {
            let n = arms.len() as f64;
            let found = best(&arms, None);
            assert!(
                found.probability.iter().all(|p| (p - 1.0 / n).abs() < 1e-9),
                "{found:?}"
            );
        }
        // The largest of 7 uniform numbers is 7 / 8 on average.
        assert!((best(&[rate(1.0, 1.0); 7], None).value - 0.875).abs() < 1e-9);
    }

    #[test]
    fn heavy_tails_are_followed() {
        // Two arms of which one is certain: the other one exceeds it as its own distribution says.
        let wide = Posterior::Student {
            freedom: 4.0,
            centre: 0.0,
            scale: 1.0,
        };
        let found = best(&[wide, normal(2.131_846_786, 1e-7)], None).probability;
        assert!((found[0] - 0.05).abs() < 1e-6, "{found:?}");
        let found = best(&[wide, normal(1_000.0, 1e-7)], None).probability;
        // Its tail is 3 x^-4.
        assert!((found[0] * 1e12 - 3.0).abs() < 0.001, "{found:?}");
    }

    #[test]
    fn none_is_the_best_below_what_is_asked() {
        let found = best(&[normal(-1.0, 1.0), normal(-2.0, 1.0)], Some(0.0)).probability;
        let total: f64 = found.iter().sum();
        // 1 - P(Z < 1) P(Z < 2).
        assert!(
            (total - (1.0 - 0.841_344_746 * 0.977_249_868)).abs() < 1e-6,
            "{found:?}"
        );
    }
}
