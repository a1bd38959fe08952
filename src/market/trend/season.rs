//! The season of a series: found, shrunk, taken out and put back.

use statrs::distribution::{ContinuousCDF, FisherSnedecor};

use crate::statistics::{self, dot};

/// Probability of finding a season where there is none.
const CHANCE: f64 = 0.05;
/// The statistic of the test is looked at up to here.
const MOST: f64 = 1e9;
/// Of fewer seasons than this the level is carried on to both ends: what is lost there would be most of them.
const FEW_SEASONS: usize = 4;
/// Smallest multiplicative index: a period in which almost nothing sells.
const MIN_INDEX: f64 = 0.01;

/// Indices by position in the season, or none.
///
/// *Model*: the series is divided by its centred moving average of m periods where all values are above 0, else the average is
/// subtracted. Of fewer than four seasons the average is carried on to both ends along the line between its own ends. An index is
/// the mean of these ratios (or differences) of its position, normalised to mean 1 (or 0). With V the variance of an index (of the
/// ratios around their index, over the ratios of a position) and S that of the indices, there is a season if S / V is beyond the
/// 95 % quantile of the F distribution with (m / a) - 1 and (n - m - 1) / a degrees of freedom. a is 1 + 2 (r_1 + r_2 + ...), with
/// the autocorrelations of what is left of the ratios up to the first that is not above 0: of values that hang together there are
/// fewer. So growth hides no season, as it does from the autocorrelation of the series itself. Indices are pulled to 1 (or 0) by
/// the share 1 - (m - 3) / (m - 1) V / S of James and Stein: short or noisy series have flat seasons.
///
/// *Shapes*: n values; no season where n < 2 m.
///
/// *References*: Shiskin, Young, Musgrave 1967, The X-11 variant of the Census Method II (the test for stable seasonality);
/// Bartlett 1946, On the theoretical specification and sampling properties of autocorrelated time-series (the degrees of freedom);
/// Miller, Williams 2003, Shrinkage estimators of time series seasonal factors and their effect on forecasting accuracy.
#[derive(Debug, Clone, PartialEq)]
pub struct Season {
    multiplicative: bool,
    indices: Vec<f64>,
}

impl Season {
    /// No season.
    pub fn none() -> Self {
        Self {
            multiplicative: false,
            indices: vec![0.0],
        }
    }

    /// The season of finite values with so many periods; [`Season::none`] where there is none.
    pub fn fit(values: &[f64], periods: usize) -> Self {
        if periods < 2 || values.len() < 2 * periods {
            return Self::none();
        }
        let multiplicative = values.iter().all(|v| *v > 0.0);
        let neutral = f64::from(u8::from(multiplicative));
        let part = |(t, level): (usize, f64)| match multiplicative {
            true => (t, values[t] / level),
            false => (t, values[t] - level),
        };
        let in_time: Vec<(usize, f64)> = levels(values, periods).into_iter().map(part).collect();
        let mut parts = vec![Vec::new(); periods];
        in_time.iter().for_each(|(t, part)| parts[t % periods].push(*part));
        let m = periods as f64;
        let raw: Vec<f64> = parts.iter().map(|p| mean(p)).collect();
        let centre = mean(&raw);
        let normalised = raw.iter().map(|v| if multiplicative { v / centre } else { v - centre });
        let indices: Vec<f64> = normalised.collect();
        if indices.iter().any(|v| !v.is_finite()) {
            return Self::none();
        }
        let count = parts.iter().map(Vec::len).sum::<usize>() as f64;
        let squares = |(part, centre): (&Vec<f64>, &f64)| part.iter().map(|v| (v - centre).powi(2)).sum::<f64>();
        let within = parts.iter().zip(&raw).map(squares).sum::<f64>() / (count - m).max(1.0);
        let error = within / (count / m);
        let between = indices.iter().map(|v| (v - neutral).powi(2)).sum::<f64>() / (m - 1.0);
        let left: Vec<f64> = in_time.iter().map(|(t, part)| part - raw[t % periods]).collect();
        if !is_seasonal(between / error, periods, &left) {
            return Self::none();
        }
        let kept = kept(m, error, between);
        let pulled = indices.iter().map(|v| neutral + kept * (v - neutral));
        let indices = pulled.map(|v| if multiplicative { v.max(MIN_INDEX) } else { v });
        Self {
            multiplicative,
            indices: indices.collect(),
        }
    }

    /// Whether it is one.
    pub fn is_some(&self) -> bool {
        self.indices.len() > 1
    }

    /// The values without the season; the first one stands at position 0.
    pub fn adjusted(&self, values: &[f64]) -> Vec<f64> {
        let without = |(t, v): (usize, &f64)| match self.multiplicative {
            true => v / self.index(t),
            false => v - self.index(t),
        };
        values.iter().enumerate().map(without).collect()
    }

    /// Forecasts with the season again; the first one stands at position `first`.
    pub fn restored(&self, forecast: &[f64], first: usize) -> Vec<f64> {
        let with = |(k, v): (usize, &f64)| match self.multiplicative {
            true => v * self.index(first + k),
            false => v + self.index(first + k),
        };
        forecast.iter().enumerate().map(with).collect()
    }

    fn index(&self, t: usize) -> f64 {
        self.indices[t % self.indices.len()]
    }
}

/// Mean of values; NaN of none.
pub(super) fn mean(values: &[f64]) -> f64 {
    statistics::mean(values.iter().copied()).unwrap_or(f64::NAN)
}

/// Share of m indices' distance from none that is no noise.
fn kept(m: f64, error: f64, between: f64) -> f64 {
    let kept = 1.0 - (m - 3.0).max(0.0) / (m - 1.0) * error / between;
    if kept.is_finite() { kept.max(0.0) } else { 0.0 }
}

/// Whether the ratio of the variances between and within positions is beyond chance.
fn is_seasonal(ratio: f64, periods: usize, left: &[f64]) -> bool {
    let total = dot(left, left);
    let correlations = (1..=periods / 2).map(|lag| dot(&left[lag..], left) / total);
    let together = 1.0 + 2.0 * correlations.take_while(|r| *r > 0.0).sum::<f64>();
    let between = (periods as f64 / together - 1.0).max(1.0);
    let within = (left.len() as f64 - periods as f64 - 1.0) / together;
    // Not a number where nothing varies at all.
    ratio > 0.0 && FisherSnedecor::new(between, within).is_ok_and(|chance| 1.0 - chance.cdf(ratio.min(MOST)) < CHANCE)
}

/// The level at each position at which there is one: moving averages, carried on to both ends where there are few of them and they
/// stay above 0.
fn levels(values: &[f64], periods: usize) -> Vec<(usize, f64)> {
    let inner: Vec<(usize, f64)> = moving_average(values, periods).collect();
    let (Some(&(first, start)), Some(&(last, end))) = (inner.first(), inner.last()) else {
        return inner;
    };
    let slope = (end - start) / (last - first).max(1) as f64;
    let before = (0..first).map(|t| (t, start - slope * (first - t) as f64));
    let after = (last + 1..values.len()).map(|t| (t, end + slope * (t - last) as f64));
    let all: Vec<(usize, f64)> = before.chain(inner.iter().copied()).chain(after).collect();
    let positive = |levels: &[(usize, f64)]| levels.iter().all(|(_, level)| *level > 0.0);
    if values.len() < FEW_SEASONS * periods && (positive(&all) || !positive(&inner)) {
        all
    } else {
        inner
    }
}

/// Centred moving averages of one season, with their positions.
fn moving_average(values: &[f64], periods: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
    let half = periods / 2;
    // An even season has no middle: the two ends count half.
    let end = if periods.is_multiple_of(2) { 0.5 } else { 1.0 };
    (half..values.len().saturating_sub(half)).map(move |t| {
        let inner: f64 = values[t - half + 1..t + half].iter().sum();
        (
            t,
            (inner + end * (values[t - half] + values[t + half])) / periods as f64,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Season 0.8, 0.8, 1.6, 0.8 with noise of a width.
    fn planted(n: usize, base: f64, noise: f64, seed: u64) -> Vec<f64> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let season = |t: usize| if t % 4 == 2 { 1.6 } else { 0.8 };
        (0..n)
            .map(|t| base * season(t) + noise * (random.random::<f64>() - 0.5))
            .collect()
    }

    #[test]
    fn planted_indices_are_found_and_taken_out() {
        let values = planted(40, 100.0, 4.0, 1);
        let season = Season::fit(&values, 4);
        assert!(
            (season.index(2) - 1.6).abs() < 0.02 && (season.index(0) - 0.8).abs() < 0.02,
            "{season:?}"
        );
        let adjusted = season.adjusted(&values);
        assert!(adjusted.iter().all(|v| (v - 100.0).abs() < 6.0), "{adjusted:?}");
        let back = season.restored(&adjusted, 0);
        assert!(back.iter().zip(&values).all(|(a, b)| (a - b).abs() < 1e-9));
    }

    #[test]
    fn series_with_zeros_have_differences_as_indices() {
        let mut values = planted(40, 100.0, 4.0, 1);
        values[0] = 0.0;
        let season = Season::fit(&values, 4);
        assert!(!season.multiplicative && season.is_some());
        assert!((season.index(2) - 60.0).abs() < 8.0, "{season:?}");
    }

    #[test]
    fn two_seasons_are_enough_and_growth_hides_none() {
        let short = Season::fit(&planted(8, 100.0, 1.0, 1), 4);
        assert!((short.index(2) - 1.6).abs() < 0.1, "{short:?}");
        for growth in [0.95_f64, 1.02, 1.1] {
            let grown = planted(16, 100.0, 4.0, 1).into_iter().enumerate();
            let values: Vec<f64> = grown.map(|(t, v)| v * growth.powi(t as i32)).collect();
            let season = Season::fit(&values, 4);
            assert!((season.index(2) - 1.6).abs() < 0.1, "{growth} {season:?}");
        }
    }

    #[test]
    fn a_random_walk_has_a_season_about_as_often_as_chance_says() {
        let found = (0..400)
            .filter(|seed| {
                let mut random = ChaCha8Rng::seed_from_u64(*seed);
                let mut level = 5.0;
                let walk: Vec<f64> = (0..48)
                    .map(|_| {
                        level += 0.2 * (random.random::<f64>() - 0.5);
                        f64::exp(level)
                    })
                    .collect();
                Season::fit(&walk, 12).is_some()
            })
            .count();
        assert!((4..48).contains(&found), "{found} of 400");
    }

    #[test]
    fn noise_pulls_indices_to_none() {
        assert!((kept(12.0, 0.01, 0.04) - (1.0 - 9.0 / 11.0 / 4.0)).abs() < 1e-12);
        assert_eq!(
            [kept(12.0, 1.0, 0.1), kept(12.0, 0.0, 0.0), kept(12.0, 0.0, 1.0)],
            [0.0, 0.0, 1.0]
        );
        assert!(!Season::fit(&planted(7, 100.0, 1.0, 1), 4).is_some());
        assert!(!Season::fit(&[3.0; 40], 4).is_some());
        assert!(!Season::fit(&[1e300; 40], 4).is_some());
    }
}
