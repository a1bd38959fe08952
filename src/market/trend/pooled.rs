//! What series together say of the effect of something that is known ahead, for those that saw it rarely or never.

use super::{MIN_PERIODS, Seen, Structural, Surroundings, TrendOptions, closed_by_cut, cuts, regressors};
use crate::statistics::shrinkage::{Estimate, Spread};
use crate::statistics::spread_evenly;

/// Fewer series than this have nothing in common.
const MIN_SERIES: usize = 3;
/// So many of them tell it as well as all.
const MOST_SERIES: usize = 500;
/// Standard deviation between series from which their mean is weighted.
const BETWEEN: f64 = 0.2;

/// What a series alone says of effects, with the number of the first period it had not seen: at the end, and at the origins
/// of past forecasts of a series that begins in the period `start`, so that all series say it at the same times.
///
/// *Look-ahead*: nothing hangs on what came later; a forecast at an origin may use what was said up to there.
pub fn seen_effects(
    values: &[f64],
    surroundings: &Surroundings<'_>,
    options: &TrendOptions,
    start: i64,
) -> Vec<(i64, Seen)> {
    let (n, first) = (values.len(), surroundings.first);
    let Ok(before) = usize::try_from(first.saturating_sub(start)) else {
        return Vec::new();
    };
    let mut times: Vec<usize> = cuts(before + n, options.cycle(before + n, options.season), options.horizon)
        .into_iter()
        .filter_map(|cut| cut.checked_sub(before))
        .filter(|cut| *cut >= MIN_PERIODS)
        .collect();
    times.push(n);
    let all = n + options.horizon;
    let columns = regressors(options.calendar, options.season, surroundings.known, first, all);
    let closed = closed_by_cut(values, surroundings, options, &times);
    let structural = Structural::run(values, &columns, &times, &closed, options.horizon);
    let at = |cut: &usize| {
        let said = structural.seen(*cut).iter().cloned();
        let time = first + *cut as i64;
        said.map(move |seen| (time, seen)).collect::<Vec<_>>()
    };
    times.iter().flat_map(at).collect()
}

/// Mean and standard deviation of an effect of a series that nothing is known of, from effects and the variances of their
/// errors in others; `None` of fewer than three.
///
/// *Model*: the mean of the effects, weighted by 1 over their variance plus 0.04; how far series differ is summed over as in
/// [`Spread`].
///
/// *Determinism*: sums in the order given; of more than 500 series every so many-th counts.
pub fn common(effects: &[(f64, f64)]) -> Option<(f64, f64)> {
    let known = |(value, variance): (f64, f64)| Estimate {
        value,
        variance,
        freedom: f64::INFINITY,
    };
    let usable = effects
        .iter()
        .copied()
        .filter(|(b, v)| b.is_finite() && *v > 0.0 && v.is_finite());
    let usable: Vec<Estimate> = usable.map(known).collect();
    if usable.len() < MIN_SERIES {
        return None;
    }
    let groups = spread_evenly(&usable, MOST_SERIES);
    let weight = |group: &Estimate| 1.0 / (group.variance + BETWEEN * BETWEEN);
    let total: f64 = groups.iter().map(weight).sum();
    let mean = groups.iter().map(|group| weight(group) * group.value).sum::<f64>() / total;
    let (other, _) = Spread::of(known((mean, 1.0 / total)), &groups).shrink(None);
    Some((other.value, other.variance.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_without_a_past_is_like_the_others() {
        let alike: Vec<(f64, f64)> = (0..40).map(|i| (0.5 + 0.01 * f64::from(i % 3), 0.01)).collect();
        let (mean, deviation) = common(&alike).unwrap();
        assert!((mean - 0.51).abs() < 0.01 && deviation < 0.1, "{mean} {deviation}");
        let apart: Vec<(f64, f64)> = (0..40).map(|i| (f64::from(i % 5) * 0.2, 0.01)).collect();
        let (mean, deviation) = common(&apart).unwrap();
        assert!(
            (mean - 0.4).abs() < 0.02 && (0.2..0.4).contains(&deviation),
            "{mean} {deviation}"
        );
    }

    #[test]
    fn few_series_have_nothing_in_common() {
        assert_eq!(common(&[(0.5, 0.01), (0.5, 0.01), (f64::NAN, 0.01), (0.5, 0.0)]), None);
    }
}
