//! Means, variances and products of numbers; every sum runs in the order given.

/// Arithmetic mean; `None` of nothing.
pub fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.into_iter().fold((0.0, 0usize), |(s, n), v| (s + v, n + 1));
    (n > 0).then(|| sum / n as f64)
}

/// Mean of the squared distances to the mean; `None` of nothing.
pub fn variance(values: &[f64]) -> Option<f64> {
    let centre = mean(values.iter().copied())?;
    mean(values.iter().map(|v| (v - centre).powi(2)))
}

/// Root of [`variance`]; `None` of nothing.
pub fn deviation(values: &[f64]) -> Option<f64> {
    variance(values).map(f64::sqrt)
}

/// Mean of values with weights, given as (value, weight); `None` where the weights sum to 0.
pub fn weighted_mean(values: impl IntoIterator<Item = (f64, f64)>) -> Option<f64> {
    let sums = |(sum, total): (f64, f64), (value, weight): (f64, f64)| (sum + value * weight, total + weight);
    let (sum, total) = values.into_iter().fold((0.0, 0.0), sums);
    (total != 0.0).then(|| sum / total)
}

/// Mean of values that each are the truth of one origin plus its own shock, pulled to 0 as far as the values differ: with
/// the variance s^2 of n values it is m (1 - s^2 / (n m^2)), and 0 where that is negative. Of one value, which says nothing
/// of how they differ, it is half. 0 of nothing.
///
/// *References*: James, Stein 1961, Estimation with quadratic loss (the positive part).
pub fn shrunk_mean(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    match (mean(values.iter().copied()), variance(values)) {
        (Some(mean), Some(variance)) if values.len() > 1 && mean != 0.0 => {
            let square_error = variance / (n - 1.0);
            mean * (1.0 - square_error / (mean * mean)).max(0.0)
        }
        (Some(mean), _) => mean / 2.0,
        _ => 0.0,
    }
}

/// Sum of the products of two columns; the longer one is cut.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let values = [1.0, 2.0, 6.0];
        assert_eq!(mean(values), Some(3.0));
        assert_eq!(variance(&values), Some(14.0 / 3.0));
        assert_eq!(deviation(&[2.0, 2.0]), Some(0.0));
        assert_eq!(weighted_mean([(1.0, 3.0), (5.0, 1.0)]), Some(2.0));
        assert_eq!(dot(&values, &[1.0, 0.5, 2.0]), 14.0);
    }

    #[test]
    fn means_of_few_origins_are_pulled_to_zero() {
        // Mean 2, variance of the mean 1 / 3.
        assert!((shrunk_mean(&[1.0, 2.0, 3.0]) - 2.0 * (1.0 - 1.0 / 12.0)).abs() < 1e-12);
        // The same values around 0 say nothing.
        assert_eq!(shrunk_mean(&[-1.0, 0.1, 1.0]), 0.0);
        assert_eq!(
            (shrunk_mean(&[0.8]), shrunk_mean(&[]), shrunk_mean(&[0.0, 0.0])),
            (0.4, 0.0, 0.0)
        );
        assert_eq!(shrunk_mean(&[-2.0, -2.0]), -2.0);
    }

    #[test]
    fn nothing_has_no_mean() {
        assert_eq!((mean([]), variance(&[]), deviation(&[])), (None, None, None));
        assert_eq!(weighted_mean([(5.0, 0.0)]), None);
    }
}
