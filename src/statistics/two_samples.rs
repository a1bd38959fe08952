//! Whether two samples are of one distribution, and how far apart they are.
//!
//! Rows may have weights: those of a sample that hang together share one, and the sample counts as many draws as its weights
//! add up to.

use statrs::distribution::{ChiSquared, ContinuousCDF, StudentsT};

use super::normal_place;

/// Fewest draws of a level that are expected in the smaller sample: rarer levels are taken together.
const EXPECTED: f64 = 5.0;

/// The outcome of a test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The test's statistic.
    pub statistic: f64,
    /// Its probability if the samples are of one distribution.
    pub p: f64,
    /// How far apart they are, on the scale of Cohen: 0.2 small, 0.5 middling, 0.8 large.
    pub effect: f64,
}

/// As many draws of one sample as tell as much as both samples together.
fn harmonic(first: f64, second: f64) -> f64 {
    first * second / (first + second)
}

/// Pearson's chi-square of the weights of levels in two samples.
///
/// *Effect*: Cohen's w between the samples, less what chance alone would give: w^2 = (chi^2 - f) / h with f degrees of freedom
/// and h = n m / (n + m), at least 0. It does not depend on the sizes, as Cramer's V of a large and a small sample does.
///
/// *Rare levels*: those of which fewer than 5 are expected in the smaller sample are one level; none of samples that have
/// one level then, or are empty.
///
/// *References*: Cohen 1988, Statistical Power Analysis (w); Bergsma 2013, A bias-correction for Cramer's V.
pub fn chi_square(first: &[f64], second: &[f64]) -> Option<Difference> {
    let (n, m) = (first.iter().sum::<f64>(), second.iter().sum::<f64>());
    if !(n > 0.0 && m > 0.0) {
        return None;
    }
    let mut levels: Vec<(f64, f64)> = first.iter().copied().zip(second.iter().copied()).collect();
    levels.retain(|(a, b)| a + b > 0.0);
    levels.sort_by(|x, y| (x.0 + x.1).total_cmp(&(y.0 + y.1)).then(x.0.total_cmp(&y.0)));
    let expected = |(a, b): (f64, f64)| n.min(m) * (a + b) / (n + m);
    let mut pooled: Vec<(f64, f64)> = Vec::new();
    for level in levels {
        match pooled.last_mut() {
            // Rarest first: what is too rare takes in the next one.
            Some(last) if expected(*last) < EXPECTED => *last = (last.0 + level.0, last.1 + level.1),
            _ => pooled.push(level),
        }
    }
    if pooled.len() < 2 || expected(*pooled.last()?) < EXPECTED {
        return None;
    }
    let weight = harmonic(n, m);
    let distance = |(a, b): &(f64, f64)| (a / n - b / m).powi(2) * (n + m) / (a + b);
    let statistic = weight * pooled.iter().map(distance).sum::<f64>();
    let freedom = (pooled.len() - 1) as f64;
    Some(Difference {
        statistic,
        p: ChiSquared::new(freedom).ok()?.sf(statistic),
        effect: ((statistic - freedom) / weight).max(0.0).sqrt(),
    })
}

/// The largest difference of the shares up to a value (Kolmogorov, Smirnov) of two samples of (value, weight); a value of
/// negative infinity stands for one that is missing.
///
/// *Effect*: the shift, in standard deviations, of a normal distribution that makes the same difference D,
/// 2 * quantile((1 + D) / 2). The probability is the asymptotic one, which is too high where values repeat.
///
/// None of an empty sample, or of values that are all alike.
///
/// *References*: Stephens 1970, Use of the Kolmogorov-Smirnov statistics without extensive tables.
pub fn kolmogorov_smirnov(first: &[(f64, f64)], second: &[(f64, f64)]) -> Option<Difference> {
    let weight = |sample: &[(f64, f64)]| sample.iter().map(|(_, w)| w).sum::<f64>();
    let (n, m) = (weight(first), weight(second));
    if !(n > 0.0 && m > 0.0) {
        return None;
    }
    let mut values: Vec<(f64, f64)> = first.iter().map(|(v, w)| (*v, w / n)).collect();
    values.extend(second.iter().map(|(v, w)| (*v, -w / m)));
    values.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let (mut between, mut distance, mut steps) = (0.0f64, 0.0f64, 0);
    for alike in values.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        between += alike.iter().map(|(_, w)| w).sum::<f64>();
        distance = distance.max(between.abs());
        steps += 1;
    }
    if steps < 2 {
        return None;
    }
    let root = harmonic(n, m).sqrt();
    Some(Difference {
        statistic: distance,
        p: kolmogorov((root + 0.12 + 0.11 / root) * distance),
        effect: 2.0 * normal_place((1.0 + distance.min(1.0)) / 2.0),
    })
}

/// The probability that the largest difference of Brownian bridges is above x.
fn kolmogorov(x: f64) -> f64 {
    // The series says 1 to twelve digits there, and converges slowly.
    if x < 0.3 {
        return 1.0;
    }
    let term = |k: i32| (-2.0 * f64::from(k * k) * x * x).exp() * if k % 2 == 0 { -1.0 } else { 1.0 };
    (2.0 * (1..=20).map(term).sum::<f64>()).clamp(0.0, 1.0)
}

/// The probability that Student's t with some degrees of freedom (at least 1) is as far from 0 as t.
pub fn t_two_sided(t: f64, freedom: f64) -> f64 {
    let student = StudentsT::new(0.0, 1.0, freedom.clamp(1.0, 1e6));
    student.map_or(f64::NAN, |student| (2.0 * student.sf(t.abs())).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() < 1e-3 * expected.abs().max(1e-3),
            "{found} {expected}"
        );
    }

    #[test]
    fn chi_square_is_pearsons() {
        // scipy.stats.chi2_contingency([[30, 20, 50], [60, 70, 70]], correction=False): 8.75, p 0.0125881.
        let found = chi_square(&[30.0, 20.0, 50.0], &[60.0, 70.0, 70.0]).unwrap();
        near(found.statistic, 8.75);
        near(found.p, 0.012_588_1);
        near(found.effect, ((8.75f64 - 2.0) / (100.0 * 200.0 / 300.0)).sqrt());
    }

    #[test]
    fn rare_levels_are_taken_together() {
        let whole = chi_square(&[40.0, 56.0, 4.0], &[50.0, 46.0, 4.0]).unwrap();
        // The rare one takes in the next, so two levels are left.
        assert_eq!(Some(whole), chi_square(&[44.0, 56.0], &[54.0, 46.0]));
        assert_eq!(chi_square(&[4.0, 1.0], &[3.0, 1.0]), None);
        assert_eq!(chi_square(&[10.0], &[10.0]), None);
        assert_eq!(chi_square(&[], &[]), None);
    }

    #[test]
    fn kolmogorov_smirnov_by_hand() {
        let sample = |values: &[f64]| values.iter().map(|v| (*v, 1.0)).collect::<Vec<_>>();
        let (a, b) = (sample(&[1.0, 2.0, 3.0, 4.0]), sample(&[3.0, 4.0, 5.0, 6.0]));
        let found = kolmogorov_smirnov(&a, &b).unwrap();
        assert_eq!(found.statistic, 0.5);
        near(found.effect, 2.0 * 0.674_49);
        // Weights count as draws: half the weight on twice the rows changes nothing.
        let halves: Vec<(f64, f64)> = a.iter().chain(&a).map(|(v, _)| (*v, 0.5)).collect();
        assert_eq!(kolmogorov_smirnov(&halves, &b), Some(found));
        assert_eq!(kolmogorov_smirnov(&sample(&[2.0]), &sample(&[2.0, 2.0])), None);
        assert_eq!(kolmogorov_smirnov(&[], &b), None);
        // Tables: 1.3581 is exceeded with probability 0.05.
        near(kolmogorov(1.3581), 0.05);
        assert_eq!((kolmogorov(0.1), kolmogorov(9.0) < 1e-60), (1.0, true));
    }

    #[test]
    fn missing_values_are_values_too() {
        let missing = |count: usize| {
            (0..100)
                .map(|i| (if i < count { f64::NEG_INFINITY } else { i as f64 }, 1.0))
                .collect::<Vec<_>>()
        };
        near(kolmogorov_smirnov(&missing(10), &missing(50)).unwrap().statistic, 0.4);
    }

    #[test]
    fn students_t_by_the_table() {
        near(t_two_sided(-2.015_048, 5.0), 0.1);
        near(t_two_sided(1.959_964, 1e9), 0.05);
    }
}
