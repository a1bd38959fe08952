//! Intervals of a series' forecasts: quantiles of the errors that forecasts of its past made.

use crate::statistics::{
    conformal_quantile, conformal_quantile_of_blocks, mean, normal_quantile, sorted, t_quantile_real,
};

/// Fewer origins than this tell too little of the two sides of errors apart.
const ENOUGH_ORIGINS: usize = 5;
/// Ranges of steps that the growth of errors is learned from.
const RANGES: usize = 8;
/// What few independent scores multiply the scores by, at most.
const MOST_WIDER: f64 = 2.0;
/// Share of the scores in each tail, as of central intervals of 80 %.
const TAIL: f64 = 0.1;

/// An error of a past forecast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PastError {
    /// Step of the forecast, 0 for the first period after its origin.
    pub step: usize,
    /// What happened.
    pub actual: f64,
    /// What was forecast.
    pub forecast: f64,
}

/// Errors of past forecasts, divided by how errors grow with the step.
///
/// *Model*: the score of a forecast f of y at step k (from 0) is (g(y) - g(f)) / sqrt(1 + c k), where g is the square
/// root if no value of the series is negative, which makes errors of large and small values alike, and else y itself.
/// c, in [0, 1], comes from a line through the squares of mean errors against k; 1 is the growth of a random walk.
/// The central interval of level L has as its ends the scores of ranks (m + 1) (1 - L) / 2 and (m + 1) (1 + L) / 2 of
/// m, times sqrt(1 + c k), added to g(f) and taken back. The scores of one origin hang together, so m is the number of
/// independent ones ([`conformal_quantile_of_blocks`]): the periods forecast over the design effect of cluster samples, and
/// the number of origins at least; ranks beyond the ends are cut to the ends. With fewer than five origins each score counts
/// with both signs. Scores are multiplied by the quantile of Student's t with m degrees of freedom over that of the normal distribution, at
/// most by 2, where m is not raised to the number of origins: of few the largest is too small.
///
/// *References*: Vovk, Gammerman, Shafer 2005, Algorithmic Learning in a Random World; Bartlett 1936, The square root
/// transformation in analysis of variance.
#[derive(Debug, Clone, PartialEq)]
pub struct Intervals {
    scores: Vec<f64>,
    growth: f64,
    blocks: usize,
    level: f64,
    root: bool,
}

impl Intervals {
    /// Learn intervals of probability `level` from the errors of forecasts from so many origins, of so many periods; `None` without any.
    /// `root` says whether no value of the series is negative.
    pub fn fit(errors: &[PastError], origins: usize, periods: usize, root: bool, level: f64) -> Option<Self> {
        if errors.is_empty() {
            return None;
        }
        let g = |v: f64| transformed(v, root);
        let raw: Vec<(f64, f64)> = errors
            .iter()
            .map(|e| (e.step as f64, g(e.actual) - g(e.forecast)))
            .collect();
        let growth = growth(&raw, periods);
        let mut scores: Vec<f64> = raw.iter().map(|(k, e)| e / (1.0 + growth * k).sqrt()).collect();
        if origins < ENOUGH_ORIGINS {
            scores.extend(scores.clone().iter().map(|s| -s));
        }
        let independent = independent(errors, &scores, origins, periods);
        let wider = (t_quantile_real(level, independent) / normal_quantile(level)).min(MOST_WIDER);
        Some(Self {
            scores: sorted(scores.into_iter().map(|score| wider * score)),
            growth,
            blocks: (independent as usize).max(origins),
            level,
            root,
        })
    }

    /// Ends of the central interval around the forecast of a step (from 0).
    pub fn around(&self, forecast: f64, step: usize) -> (f64, f64) {
        let width = (1.0 + self.growth * step as f64).sqrt();
        let end = |probability: f64| {
            let moved = transformed(forecast, self.root) + width * self.quantile(probability);
            if self.root { moved.max(0.0).powi(2) } else { moved }
        };
        let (lower, upper) = (end((1.0 - self.level) / 2.0), end((1.0 + self.level) / 2.0));
        (lower.min(forecast), upper.max(forecast))
    }

    fn quantile(&self, probability: f64) -> f64 {
        conformal_quantile_of_blocks(&self.scores, probability, self.blocks)
    }
}

/// Independent scores among those of so many origins and periods: the latter over the design effect of cluster samples,
/// 1 + (m - 1) r, with m scores an origin and r their correlation within origins from the analysis of variance. What counts of a score is its tail, as quantiles are wanted: -1 in the lowest tenth, 1 in the highest,
/// else 0. Of sizes that hang together, tails hang together less.
///
/// *Reference*: Kish 1965, Survey sampling; Francisco, Fuller 1991, Quantile estimation with a complex survey design.
fn independent(errors: &[PastError], scores: &[f64], origins: usize, periods: usize) -> f64 {
    let scores = &scores[..errors.len()];
    let ranked = sorted(scores.iter().copied());
    let tail = |probability: f64| conformal_quantile(&ranked, probability);
    let (low, high) = (tail(TAIL), tail(1.0 - TAIL));
    let tails: Vec<f64> = scores
        .iter()
        .map(|s| f64::from(i8::from(*s > high) - i8::from(*s < low)))
        .collect();
    let groups: Vec<&[f64]> = {
        // Steps of an origin follow each other.
        let pairs: Vec<(usize, f64)> = errors.iter().map(|e| e.step).zip(tails.iter().copied()).collect();
        let lengths = pairs.chunk_by(|a, b| a.0 < b.0).map(<[_]>::len);
        let ends = lengths.scan(0, |end, length| {
            *end += length;
            Some(*end - length..*end)
        });
        ends.map(|range| &tails[range]).collect()
    };
    let (count, total) = (groups.len() as f64, errors.len() as f64);
    if groups.len() < 2 || total <= count {
        return origins as f64;
    }
    let of = |group: &[f64]| mean(group.iter().copied()).unwrap_or_default();
    let centre = of(&tails);
    let between: f64 = groups.iter().map(|g| g.len() as f64 * (of(g) - centre).powi(2)).sum();
    let within: f64 = groups.iter().flat_map(|g| g.iter().map(|s| (s - of(g)).powi(2))).sum();
    let (between, within, size) = (between / (count - 1.0), within / (total - count), total / count);
    let correlation = (between - within) / (between + (size - 1.0) * within);
    let correlation = if correlation.is_finite() {
        correlation.clamp(0.0, 1.0)
    } else {
        1.0
    };
    periods as f64 / (1.0 + (size - 1.0) * correlation)
}

fn transformed(value: f64, root: bool) -> f64 {
    if root { value.max(0.0).sqrt() } else { value }
}

/// Growth of the squared errors by step, as a share of those of the first step: the least squares line through the squared mean
/// absolute errors of up to eight ranges of steps with as many errors each (means of squares would be those of a few days). Its
/// slope b, of variance v, counts (1 - v / b^2) times: it cannot be negative, so chance would always widen the last steps. v
/// is that of as many errors as there are periods, of which each is forecast from several origins.
///
/// *Reference*: Baranchik 1970, A family of minimax estimators of the mean of a multivariate normal distribution (positive part).
fn growth(errors: &[(f64, f64)], periods: usize) -> f64 {
    let mut by_step = errors.to_vec();
    by_step.sort_by(|a, b| a.0.total_cmp(&b.0));
    let average = |range: &[(f64, f64)], of: fn(&(f64, f64)) -> f64| mean(range.iter().map(of)).unwrap_or_default();
    let ranges = by_step.chunks(errors.len().div_ceil(RANGES).max(1));
    let points: Vec<(f64, f64)> = ranges
        .map(|range| (average(range, |e| e.0), average(range, |e| e.1.abs()).powi(2)))
        .collect();
    let (step, square) = (average(&points, |p| p.0), average(&points, |p| p.1));
    let variance: f64 = points.iter().map(|(k, _)| (k - step).powi(2)).sum();
    let slope = points.iter().map(|(k, s)| (k - step) * (s - square)).sum::<f64>() / variance;
    // Not a number where all errors are of one step.
    if slope.is_nan() || slope <= 0.0 {
        return 0.0;
    }
    let left: f64 = points
        .iter()
        .map(|(k, s)| (s - square - slope * (k - step)).powi(2))
        .sum();
    let freedom = points.len().saturating_sub(2).max(1) as f64;
    let repeated = (errors.len() as f64 / periods.max(1) as f64).max(1.0);
    let slope = slope * (1.0 - repeated * left / freedom / variance / slope.powi(2)).max(0.0);
    let first = square - slope * step;
    if first > 0.0 { (slope / first).min(1.0) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(steps: usize, size: impl Fn(usize, usize) -> f64) -> Vec<PastError> {
        let one = |i: usize, step: usize| PastError {
            step,
            actual: 100.0 + size(i, step),
            forecast: 100.0,
        };
        (0..99)
            .flat_map(|i| (0..steps).map(move |k| (i, k)))
            .map(|(i, k)| one(i, k))
            .collect()
    }

    #[test]
    fn ranks_are_those_of_split_conformal() {
        // Errors -49 to 49, one of each origin: ranks 10 and 90 of 99 are -40 and 40.
        let fitted = Intervals::fit(&errors(1, |i, _| i as f64 - 49.0), 99, 0, false, 0.8).unwrap();
        let (lower, upper) = fitted.around(100.0, 0);
        assert!(
            (lower - 60.0).abs() < 0.5 && (upper - 140.0).abs() < 0.5,
            "{lower} {upper}"
        );
    }

    #[test]
    fn few_origins_make_wider_intervals_of_the_same_scores() {
        let of = |origins| Intervals::fit(&errors(1, |i, _| i as f64 - 49.0), origins, 0, false, 0.8).unwrap();
        let width = |fitted: Intervals| fitted.around(100.0, 0).1;
        assert!(width(of(10)) > width(of(99)) + 2.0);
    }

    #[test]
    fn errors_of_a_random_walk_grow_with_the_step() {
        let walk = |i: usize, k: usize| (i as f64 - 49.0) * ((k + 1) as f64).sqrt();
        let fitted = Intervals::fit(&errors(4, walk), 99, 4 * 99, false, 0.8).unwrap();
        assert!((0.75..=1.0).contains(&fitted.growth), "{}", fitted.growth);
        let first = fitted.around(100.0, 0).1 - 100.0;
        let fourth = fitted.around(100.0, 3).1 - 100.0;
        assert!((1.8..=2.0).contains(&(fourth / first)), "{}", fourth / first);
    }

    #[test]
    fn chance_does_not_widen_the_last_steps() {
        // Errors of no growth, in two hundred draws: hardly any has half of what a random walk would have.
        let random = |i: usize, k: usize, draw: usize| {
            let bits = (i * 7919 + k * 104_729 + draw * 1_299_709) as u64;
            (bits.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f64 / (1u64 << 23) as f64 - 1.0
        };
        let growth = |draw| {
            let raw: Vec<(f64, f64)> = (0..10)
                .flat_map(|i| (0..30).map(move |k| (k as f64, random(i, k, draw))))
                .collect();
            growth(&raw, 100)
        };
        let grown: Vec<f64> = (0..200).map(growth).collect();
        assert!(grown.iter().filter(|g| **g > 0.02).count() < 20, "{grown:?}");
        assert!(grown.iter().filter(|g| **g == 0.0).count() > 120, "{grown:?}");
    }

    #[test]
    fn ends_enclose_the_forecast_and_are_not_negative() {
        // All errors were positive: the lower end is the forecast itself.
        let fitted = Intervals::fit(&errors(2, |i, _| i as f64), 99, 0, true, 0.8).unwrap();
        for forecast in [0.0, 0.3, 50.0] {
            let (lower, upper) = fitted.around(forecast, 1);
            assert!(
                0.0 <= lower && lower <= forecast && forecast <= upper,
                "{lower} {upper}"
            );
        }
        assert_eq!(Intervals::fit(&[], 3, 0, true, 0.8), None);
    }
}
