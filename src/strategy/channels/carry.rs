//! Carry-over: how the effect of spend is spread over the periods after it.

/// Periods after which nothing is left of a period's spend, at most.
const MAX_LAG: usize = 26;
/// A weight below this share of the largest one is none.
const NEGLIGIBLE: f64 = 1e-3;

/// Weights of the periods since the spend.
///
/// *Model*: w_l ~ decay^l, or with a peak p periods after the spend, w_l ~ decay^((l - p)^2). The weights add up to 1, so that
/// steady spend keeps its size, and saturation is in units of spend.
///
/// *References*: Broadbent 1979, One way TV advertisements work; Jin, Wang, Sun, Chan, Koehler 2017, Bayesian methods for media
/// mix modeling with carryover and shape effects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Carry {
    /// Share of a period's effect that is left in the next one, in [0, 1).
    pub decay: f64,
    /// Periods from the spend to the peak of its effect; 0 for a geometric decay.
    pub peak: usize,
}

impl Carry {
    /// The weights, which add up to 1.
    pub fn weights(self) -> Vec<f64> {
        let decay = self.decay.clamp(0.0, 0.98);
        let weight = |lag: usize| match self.peak {
            0 => decay.powi(lag as i32),
            peak => decay.powf((lag as f64 - peak as f64).powi(2)),
        };
        let mut weights: Vec<f64> = (0..=self.peak).map(weight).collect();
        while weights.len() <= MAX_LAG {
            let next = weight(weights.len());
            if next < NEGLIGIBLE {
                break;
            }
            weights.push(next);
        }
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= total);
        weights
    }

    /// Share of the effect that comes after the period of the spend.
    pub fn later(self) -> f64 {
        self.weights().first().map_or(0.0, |now| 1.0 - now)
    }

    /// Spend as it works in each period; before the first one it was `before`.
    #[inline]
    pub fn spread(self, spend: &[f64], before: f64) -> Vec<f64> {
        let weights = self.weights();
        let mut left = 1.0;
        let mut spread = vec![0.0; spend.len()];
        for (lag, weight) in weights.iter().enumerate() {
            for (at, from) in spread.iter_mut().skip(lag).zip(spend) {
                *at += weight * from;
            }
            // What of the weights reaches back before the first period.
            left -= weight;
            if let Some(at) = spread.get_mut(lag) {
                *at += left.max(0.0) * before;
            }
        }
        spread
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_geometric_or_peak_later_and_add_up_to_one() {
        let geometric = Carry { decay: 0.5, peak: 0 };
        let weights = geometric.weights();
        assert!((weights[0] - 0.5).abs() < 1e-3 && (weights[1] / weights[0] - 0.5).abs() < 1e-12);
        assert!((geometric.later() - 0.5).abs() < 1e-3);
        let delayed = Carry { decay: 0.5, peak: 2 }.weights();
        assert!(delayed[2] > delayed[1] && delayed[2] > delayed[3] && (delayed[1] - delayed[3]).abs() < 1e-12);
        for carry in [geometric, Carry { decay: 0.5, peak: 2 }, Carry { decay: 0.0, peak: 1 }] {
            assert!((carry.weights().iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn steady_spend_keeps_its_size_and_a_pulse_its_sum() {
        let carry = Carry { decay: 0.6, peak: 1 };
        assert!(carry.spread(&[3.0; 9], 3.0).iter().all(|at| (at - 3.0).abs() < 1e-12));
        let mut pulse = vec![0.0; 60];
        pulse[5] = 10.0;
        assert!((carry.spread(&pulse, 0.0).iter().sum::<f64>() - 10.0).abs() < 1e-9);
        assert_eq!(carry.spread(&[], 1.0), Vec::<f64>::new());
    }
}
