//! What a treatment changes in each segment, drawn together as far as segments do not differ for sure.

use super::effect::{Effect, Outcomes, difference};
use crate::statistics::shrinkage::{Estimate, Spread};

/// Customers that the variance of all segments counts for in each, in those that carry an outcome.
const PRIOR_CARRIERS: f64 = 10.0;

/// The effect in a segment with what is known of the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawn {
    /// The effect.
    pub effect: Effect,
    /// Weight of the effect of all customers in it, 0 to 1.
    pub pull: f64,
}

/// Effects by segment of one treatment: `all` is that of all customers, `None` a segment without those treated or not.
///
/// *Model*: effects of segments are normal around that of all customers, with a deviation that is learned from them
/// ([`Spread`]), whose prior is of the size that effects have: the root of their mean square. The variance in a segment is
/// that of its customers with the variance of all segments for 10 who carry an outcome: variances of few buyers
/// are little known, and low where by chance few bought.
pub fn by_segment(
    all: (&Outcomes, &Outcomes),
    of_all: &Effect,
    segments: &[Option<(Outcomes, Outcomes)>],
    level: f64,
) -> Vec<Drawn> {
    let error = |own: &Outcomes, all: &Outcomes| {
        let carriers = own.carriers();
        (carriers * own.variance() + PRIOR_CARRIERS * all.variance()) / (carriers + PRIOR_CARRIERS) / own.customers
    };
    let parts: Vec<Option<(Estimate, f64)>> = segments
        .iter()
        .map(|segment| {
            let (treated, control) = segment.as_ref()?;
            let (own, common) = (error(treated, all.0), error(control, all.1));
            let estimate = difference(treated, control, own, common);
            Some((
                estimate,
                if own + common > 0.0 {
                    common / (own + common)
                } else {
                    0.0
                },
            ))
        })
        .collect();
    let known: Vec<Estimate> = parts.iter().flatten().map(|part| part.0).collect();
    let square = known.iter().map(|e| e.value * e.value).sum::<f64>() / known.len().max(1) as f64;
    let unit = if square > 0.0 { square.sqrt() } else { 1.0 };
    let scaled = |e: Estimate, by: f64| Estimate {
        value: e.value * by,
        variance: e.variance * by * by,
        freedom: e.freedom,
    };
    let groups: Vec<Estimate> = known.iter().map(|e| scaled(*e, 1.0 / unit)).collect();
    let spread = Spread::of(scaled(of_all.estimate, 1.0 / unit), &groups);
    parts
        .iter()
        .map(|part| {
            let own = part.map(|part| scaled(part.0, 1.0 / unit));
            let (shrunk, pull) = spread.shrink(own);
            let estimate = scaled(shrunk, unit);
            let (lower, upper) = estimate.interval(level);
            let common = part.map_or(of_all.common, |part| part.1);
            Drawn {
                effect: Effect {
                    estimate,
                    common,
                    lower,
                    upper,
                },
                pull,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::uplift::effect;

    fn rate(customers: f64, sum: f64) -> Outcomes {
        Outcomes {
            customers,
            sum,
            squares: None,
        }
    }

    fn drawn(segments: &[(Outcomes, Outcomes)]) -> Vec<Drawn> {
        let sum = |of: fn(&(Outcomes, Outcomes)) -> &Outcomes| {
            segments.iter().map(of).fold(rate(0.0, 0.0), |all, one| {
                rate(all.customers + one.customers, all.sum + one.sum)
            })
        };
        let (treated, control) = (sum(|s| &s.0), sum(|s| &s.1));
        let all = effect(&treated, &control, 0.9);
        let segments: Vec<Option<(Outcomes, Outcomes)>> = segments.iter().copied().map(Some).chain([None]).collect();
        by_segment((&treated, &control), &all, &segments, 0.9)
    }

    #[test]
    fn segments_that_agree_are_drawn_together_and_those_that_differ_are_not() {
        let alike = drawn(&[
            (rate(200.0, 24.0), rate(200.0, 20.0)),
            (rate(200.0, 30.0), rate(200.0, 20.0)),
            (rate(10_000.0, 1_350.0), rate(10_000.0, 1_000.0)),
        ]);
        assert!(
            alike[0].pull > 0.5 && alike[0].effect.estimate.value > 0.025,
            "{alike:?}"
        );
        assert!(alike[2].pull < alike[0].pull);
        let apart = drawn(&[
            (rate(10_000.0, 2_000.0), rate(10_000.0, 1_000.0)),
            (rate(10_000.0, 1_000.0), rate(10_000.0, 1_000.0)),
            (rate(10_000.0, 1_400.0), rate(10_000.0, 1_000.0)),
        ]);
        assert!(
            apart[0].pull < 0.05 && (apart[0].effect.estimate.value - 0.1).abs() < 0.005,
            "{apart:?}"
        );
        // A segment that nobody was treated in is like any other: its interval holds all of these.
        assert!(
            apart[3].pull == 1.0 && apart[3].effect.lower < 0.0 && apart[3].effect.upper > 0.09,
            "{apart:?}"
        );
    }

    #[test]
    fn a_segment_without_events_is_not_certain() {
        let found = drawn(&[
            (rate(40.0, 0.0), rate(40.0, 0.0)),
            (rate(4_000.0, 60.0), rate(4_000.0, 40.0)),
        ]);
        assert!(found[0].pull > 0.5 && found[0].effect.upper > 0.003, "{found:?}");
    }
}
