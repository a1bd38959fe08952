//! What one group of reviews says of its effect.

/// Points of the integral over an effect.
const POINTS: usize = 9;
/// Steps of a search for the most probable effect at most, and the longest of them.
const STEPS: usize = 8;
const LONGEST: f64 = 2.0;
/// A step below this one is the last.
const NEAR: f64 = 1e-7;

/// Places and weights of Gauss and Hermite's rule for the normal distribution with 9 points; symmetric around 0.
const RULE: [(f64, f64); POINTS] = [
    (-4.512_745_863_399_783, 2.234_584_400_774_664e-5),
    (-3.205_429_002_856_47, 2.789_141_321_231_769e-3),
    (-2.076_847_978_677_83, 4.991_640_676_521_788e-2),
    (-1.023_255_663_789_133, 2.440_975_028_949_394e-1),
    (0.0, 4.063_492_063_492_064e-1),
    (1.023_255_663_789_133, 2.440_975_028_949_394e-1),
    (2.076_847_978_677_83, 4.991_640_676_521_788e-2),
    (3.205_429_002_856_47, 2.789_141_321_231_769e-3),
    (4.512_745_863_399_783, 2.234_584_400_774_664e-5),
];

/// How the sum of some reviews depends on what is added up for them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Family {
    /// Positive reviews: the sum of effects is their log-odds.
    Binary,
    /// Ratings: the sum of effects is their mean, around which they have a variance.
    Linear(f64),
}

/// Reviews of one group that share all else: the other effects, how many they are, and their sum.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub other: f64,
    pub count: f64,
    pub sum: f64,
}

/// What is known of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Effect {
    /// The most probable one.
    pub mode: f64,
    pub mean: f64,
    pub variance: f64,
    /// Information of the reviews at the most probable one.
    pub weight: f64,
    /// Logarithm of the probability of the reviews, the effect integrated out; 0 for ratings, where it is not asked for.
    pub log: f64,
}

/// The logistic function.
pub(super) fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// The effect of a group whose effects are normal around 0 with a variance, from its reviews.
///
/// The integral is that of Gauss and Hermite around the most probable effect (Liu, Pierce 1994, A note on Gauss-Hermite
/// quadrature): with one review of a group an expansion there would take groups for more alike than they are.
pub(super) fn effect(family: Family, parts: &[Part], variance: f64, start: f64) -> Effect {
    match family {
        Family::Binary => binary(parts, variance, start),
        Family::Linear(noise) => {
            let (mut weight, mut rest) = (0.0, 0.0);
            for part in parts {
                weight += part.count / noise;
                rest += (part.sum - part.count * part.other) / noise;
            }
            let own = 1.0 / (weight + 1.0 / variance);
            Effect {
                mode: rest * own,
                mean: rest * own,
                variance: own,
                weight,
                log: 0.0,
            }
        }
    }
}

fn binary(parts: &[Part], variance: f64, start: f64) -> Effect {
    if parts.iter().all(|part| part.count <= 0.0) {
        return Effect {
            variance,
            ..Effect::default()
        };
    }
    let mut mode = start;
    let mut weight = 0.0;
    for _ in 0..STEPS {
        let mut rest = -mode / variance;
        weight = 0.0;
        for part in parts {
            let p = logistic(part.other + mode);
            rest += part.sum - part.count * p;
            weight += part.count * p * (1.0 - p);
        }
        let step = rest / (weight + 1.0 / variance);
        mode += step.clamp(-LONGEST, LONGEST);
        if step.abs() < NEAR {
            break;
        }
    }
    let near = 1.0 / (weight + 1.0 / variance);
    let width = near.sqrt();
    let mut logs = [0.0; POINTS];
    for (log, (place, share)) in logs.iter_mut().zip(RULE) {
        let at = mode + width * place;
        let likelihood = |part: &Part| {
            let x = part.other + at;
            part.sum * x - part.count * softplus(x)
        };
        let of_parts: f64 = parts.iter().map(likelihood).sum();
        *log = of_parts + (place * place - at * at / variance) / 2.0 + share.ln();
    }
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut total, mut first, mut second) = (0.0, 0.0, 0.0);
    for (log, (place, _)) in logs.iter().zip(RULE) {
        let share = (log - most).exp();
        total += share;
        first += share * place;
        second += share * place * place;
    }
    let (first, second) = (first / total, second / total);
    Effect {
        mode,
        mean: mode + width * first,
        variance: (near * (second - first * first)).max(1e-12),
        weight,
        log: most + total.ln() + (near / variance).ln() / 2.0,
    }
}

/// The mean of the logistic function of a normal variable.
pub(super) fn expected(mean: f64, variance: f64) -> f64 {
    let width = variance.max(0.0).sqrt();
    RULE.iter()
        .map(|(place, share)| share * logistic(mean + width * place))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_a_fine_sum() {
        let parts = [
            Part {
                other: 0.5,
                count: 1.0,
                sum: 1.0,
            },
            Part {
                other: -0.2,
                count: 3.0,
                sum: 2.0,
            },
        ];
        let (mut total, mut first, mut second) = (0.0, 0.0, 0.0);
        let step = 1e-3;
        for i in -12_000..=12_000 {
            let b = f64::from(i) * step;
            let log: f64 = parts
                .iter()
                .map(|p| p.sum * (p.other + b) - p.count * softplus(p.other + b))
                .sum();
            let density = (log - b * b / 1.4).exp() / (2.0 * std::f64::consts::PI * 0.7).sqrt() * step;
            total += density;
            first += b * density;
            second += b * b * density;
        }
        let mean = first / total;
        let found = effect(Family::Binary, &parts, 0.7, 0.0);
        assert!((found.mean - mean).abs() < 1e-5, "{found:?} {mean}");
        assert!((found.variance - (second / total - mean * mean)).abs() < 1e-5);
        assert!((found.log - f64::ln(total)).abs() < 1e-6);
        assert!((RULE.iter().map(|r| r.1).sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((RULE.iter().map(|r| r.1 * r.0 * r.0).sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_says_nothing() {
        let none = effect(Family::Binary, &[], 0.3, 0.0);
        assert_eq!((none.mean, none.variance, none.log), (0.0, 0.3, 0.0));
        let mean = effect(
            Family::Linear(2.0),
            &[Part {
                other: 3.0,
                count: 4.0,
                sum: 20.0,
            }],
            0.5,
            0.0,
        );
        assert!((mean.mean - 1.0).abs() < 1e-12 && (mean.variance - 0.25).abs() < 1e-12);
        assert!((expected(0.0, 3.0) - 0.5).abs() < 1e-12 && expected(2.0, 4.0) < logistic(2.0));
    }
}
