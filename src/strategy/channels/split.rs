//! Splitting a budget over channels.

/// Steps that the budget above all minima is tried in.
const STEPS: usize = 400;
/// Exchanges of money between two channels, at most for each channel.
const EXCHANGES: usize = 40;

/// What a channel may be given, and what it then brings.
pub trait Response {
    /// Outcome of a spend; it does not fall.
    fn outcome(&self, spend: f64) -> f64;
    /// Outcome of one more unit of money.
    fn marginal(&self, spend: f64) -> f64;
}

/// The least and the most money of a channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
}

/// The split whose outcome is highest, within bounds whose minima the budget covers. All is spent unless the maxima forbid it.
///
/// Curves may be shaped like an S, so that equal marginal returns may be those of a poor split: the best one on a grid is found
/// by dynamic programming, channel after channel. Money then goes from the channel with the lowest marginal return to the one with
/// the highest, until all that could give or take have the same.
pub fn split<R: Response>(channels: &[R], bounds: &[Bounds], budget: f64) -> Vec<f64> {
    let least: f64 = bounds.iter().map(|b| b.least).sum();
    let most: f64 = bounds.iter().map(|b| b.most - b.least).sum();
    let free = (budget - least).min(most).max(0.0);
    let mut spends: Vec<f64> = bounds.iter().map(|b| b.least).collect();
    if free <= 0.0 {
        return spends;
    }
    let step = free / STEPS as f64;
    for (spend, steps) in spends.iter_mut().zip(on_grid(channels, bounds, step)) {
        *spend += step * steps as f64;
    }
    for (spend, bounds) in spends.iter_mut().zip(bounds) {
        *spend = spend.min(bounds.most);
    }
    // Maxima that are no whole steps leave something over.
    let mut over = least + free - spends.iter().sum::<f64>();
    while over > 1e-12 * budget {
        let taker = best(&spends, bounds, channels, |spend, b| spend < b.most, |m| m);
        let Some((taker, _)) = taker else { break };
        let given = over.min(bounds[taker].most - spends[taker]).min(step);
        spends[taker] += given;
        over -= given;
    }
    exchange(channels, bounds, &mut spends, step);
    spends
}

/// Steps of each channel above its minimum.
fn on_grid<R: Response>(channels: &[R], bounds: &[Bounds], step: f64) -> Vec<usize> {
    let mut best = vec![f64::NEG_INFINITY; STEPS + 1];
    best[0] = 0.0;
    let mut choices = Vec::with_capacity(channels.len());
    for (channel, bounds) in channels.iter().zip(bounds) {
        // A step that begins below the maximum may be cut to it.
        let steps = ((bounds.most - bounds.least) / step * (1.0 + 1e-12))
            .floor()
            .min(STEPS as f64) as usize;
        let gains: Vec<f64> = (0..=steps)
            .map(|s| channel.outcome(bounds.least + step * s as f64))
            .collect();
        let mut next = vec![f64::NEG_INFINITY; STEPS + 1];
        let mut choice = vec![0; STEPS + 1];
        for (total, (next, choice)) in next.iter_mut().zip(&mut choice).enumerate() {
            for (steps, gain) in gains.iter().enumerate().take(total + 1) {
                let value = best[total - steps] + gain;
                if value > *next {
                    (*next, *choice) = (value, steps);
                }
            }
        }
        best = next;
        choices.push(choice);
    }
    let reached = (0..=STEPS).rev().find(|&total| best[total].is_finite()).unwrap_or(0);
    let mut left = reached;
    let mut steps = vec![0; channels.len()];
    for (steps, choice) in steps.iter_mut().zip(&choices).rev() {
        *steps = choice[left];
        left -= *steps;
    }
    steps
}

/// The channel with the highest value of its marginal return among those that may change.
fn best<R: Response>(
    spends: &[f64],
    bounds: &[Bounds],
    channels: &[R],
    may: impl Fn(f64, &Bounds) -> bool,
    value: impl Fn(f64) -> f64,
) -> Option<(usize, f64)> {
    let mut found: Option<(usize, f64)> = None;
    for (at, channel) in channels
        .iter()
        .enumerate()
        .filter(|(at, _)| may(spends[*at], &bounds[*at]))
    {
        let value = value(channel.marginal(spends[at]));
        if found.is_none_or(|(_, best)| value > best) {
            found = Some((at, value));
        }
    }
    found
}

fn exchange<R: Response>(channels: &[R], bounds: &[Bounds], spends: &mut [f64], step: f64) {
    for _ in 0..EXCHANGES * channels.len() {
        let taker = best(spends, bounds, channels, |spend, b| spend < b.most - 1e-9 * step, |m| m);
        let giver = best(
            spends,
            bounds,
            channels,
            |spend, b| spend > b.least + 1e-9 * step,
            |m| -m,
        );
        let (Some((to, high)), Some((from, low))) = (taker, giver) else {
            return;
        };
        let low = -low;
        if to == from || high - low <= 1e-7 * high.abs() {
            return;
        }
        // No further than a step: on a grid that fine the curves are smooth, beyond it lies another split.
        let (mut none, mut all) = (
            0.0,
            step.min(bounds[to].most - spends[to])
                .min(spends[from] - bounds[from].least),
        );
        for _ in 0..40 {
            let moved = 0.5 * (none + all);
            match channels[to].marginal(spends[to] + moved) > channels[from].marginal(spends[from] - moved) {
                true => none = moved,
                false => all = moved,
            }
        }
        let moved = 0.5 * (none + all);
        let gain = channels[to].outcome(spends[to] + moved) + channels[from].outcome(spends[from] - moved)
            - channels[to].outcome(spends[to])
            - channels[from].outcome(spends[from]);
        if gain <= 0.0 {
            return;
        }
        spends[to] += moved;
        spends[from] -= moved;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::channels::saturation::{Family, Saturation};

    struct Planted(f64, Saturation);

    impl Response for Planted {
        fn outcome(&self, spend: f64) -> f64 {
            self.0 * self.1.at(spend)
        }
        fn marginal(&self, spend: f64) -> f64 {
            self.0 * self.1.prepared().marginal(spend)
        }
    }

    fn planted() -> Vec<Planted> {
        let curve = |family, half, slope| Saturation { family, half, slope };
        vec![
            Planted(3.0, curve(Family::Hill, 1.5, 2.6)),
            Planted(2.0, curve(Family::Hyperbolic, 0.8, 1.0)),
            Planted(2.2, curve(Family::Exponential, 1.2, 1.0)),
        ]
    }

    fn total(channels: &[Planted], spends: &[f64]) -> f64 {
        channels.iter().zip(spends).map(|(c, s)| c.outcome(*s)).sum()
    }

    #[test]
    fn no_split_on_a_grid_is_better_also_where_curves_are_shaped_like_an_s() {
        let channels = planted();
        for (budget, bounds) in [
            (1.0, [(0.0, 1.0); 3]),
            (2.0, [(0.0, 2.0); 3]),
            (4.0, [(0.0, 1.1), (0.3, 4.0), (0.0, 4.0)]),
            (6.0, [(1.0, 6.0), (2.0, 2.5), (0.0, 6.0)]),
        ] {
            let bounds = bounds.map(|(least, most)| Bounds { least, most });
            let found = split(&channels, &bounds, budget);
            assert!((found.iter().sum::<f64>() - budget).abs() < 1e-9);
            assert!(
                found
                    .iter()
                    .zip(&bounds)
                    .all(|(s, b)| *s >= b.least - 1e-12 && *s <= b.most + 1e-12)
            );
            let mut best = 0.0f64;
            for i in 0..=600 {
                for j in 0..=600 - i {
                    let spends = [i as f64 * budget / 600.0, j as f64 * budget / 600.0];
                    let spends = [spends[0], spends[1], budget - spends[0] - spends[1]];
                    if spends
                        .iter()
                        .zip(&bounds)
                        .all(|(s, b)| *s >= b.least - 1e-9 && *s <= b.most + 1e-9)
                    {
                        best = best.max(total(&channels, &spends));
                    }
                }
            }
            assert!(total(&channels, &found) >= best - 1e-9, "{budget}: {found:?}");
        }
    }

    #[test]
    fn marginal_returns_are_equal_within_bounds() {
        let channels = planted();
        let bounds = [Bounds { least: 0.0, most: 10.0 }; 3];
        let found = split(&channels, &bounds, 10.0);
        let marginals: Vec<f64> = channels.iter().zip(&found).map(|(c, s)| c.marginal(*s)).collect();
        assert!(
            marginals.iter().all(|m| (m / marginals[0] - 1.0).abs() < 1e-4),
            "{marginals:?}"
        );
    }

    #[test]
    fn maxima_below_the_budget_leave_money() {
        let bounds = [Bounds { least: 0.0, most: 0.7 }; 3];
        let found = split(&planted(), &bounds, 10.0);
        assert!(found.iter().all(|s| (s - 0.7).abs() < 1e-9), "{found:?}");
        assert_eq!(split(&planted()[..0], &[], 1.0), Vec::<f64>::new());
    }
}
