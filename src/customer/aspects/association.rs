//! Whether a term and the label go together.

/// Terms of so few mentions are tested exactly in several layers of texts; others by their mean and variance.
const EXACT: u32 = 150;

/// Texts of a layer: all of them, those of a term, and how many of both are positive.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Layer {
    pub texts: u32,
    pub positive: u32,
    pub mentions: u32,
    pub positive_mentions: u32,
}

impl Layer {
    fn expected(&self) -> f64 {
        f64::from(self.mentions) * f64::from(self.positive) / f64::from(self.texts.max(1))
    }

    /// The variance of the positive mentions by chance.
    pub fn variance(&self) -> f64 {
        let (n, k, m) = (
            f64::from(self.texts),
            f64::from(self.positive),
            f64::from(self.mentions),
        );
        if self.texts < 2 {
            return 0.0;
        }
        m * (n - m) * k * (n - k) / (n * n * (n - 1.0))
    }
}

/// A test: how improbable it is by chance, and which way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Evidence {
    /// ln of the two-sided probability.
    pub ln_p: f64,
    /// Whether texts that mention the term are positive more often.
    pub praise: bool,
}

/// ln n! for n up to some number.
pub(super) struct Factorials(Vec<f64>);

impl Factorials {
    pub fn up_to(most: usize) -> Self {
        let mut sum = 0.0;
        let ln = |n: usize| {
            sum += (n.max(1) as f64).ln();
            sum
        };
        Self((0..=most).map(ln).collect())
    }

    fn ln(&self, n: u32) -> f64 {
        self.0.get(n as usize).copied().unwrap_or(f64::INFINITY)
    }

    fn ln_choose(&self, n: u32, k: u32) -> f64 {
        self.ln(n) - self.ln(k) - self.ln(n - k)
    }

    /// ln of the probability that `k` of the mentions are positive if they are drawn from all texts.
    fn ln_pmf(&self, layer: &Layer, k: u32) -> f64 {
        let negative = layer.texts - layer.positive;
        self.ln_choose(layer.positive, k) + self.ln_choose(negative, layer.mentions - k)
            - self.ln_choose(layer.texts, layer.mentions)
    }

    /// The two-sided test of one layer.
    ///
    /// *Model*: positive mentions are hypergeometric given the mentions and the positive texts; p = 2 min(tails), both with what was
    /// seen. Half of that (mid-p) would be too little so far out: of thousands of terms of few mentions, too many would pass.
    ///
    /// *References*: Fisher 1935, The logic of inductive inference.
    pub fn test(&self, layer: &Layer) -> Evidence {
        let seen = layer.positive_mentions;
        let praise = f64::from(seen) > layer.expected();
        let least = (layer.mentions + layer.positive).saturating_sub(layer.texts);
        let most = layer.mentions.min(layer.positive);
        let (big_k, m) = (f64::from(layer.positive), f64::from(layer.mentions));
        let rest = f64::from(layer.texts) - big_k - m;
        let mut k = f64::from(seen);
        let (mut ratio, mut sum) = (1.0f64, 1.0);
        let steps = if praise {
            most.saturating_sub(seen)
        } else {
            seen.saturating_sub(least)
        };
        for _ in 0..steps {
            if praise {
                ratio *= (big_k - k) * (m - k) / ((k + 1.0) * (rest + k + 1.0));
                k += 1.0;
            } else {
                ratio *= k * (rest + k) / ((big_k - k + 1.0) * (m - k + 1.0));
                k -= 1.0;
            }
            sum += ratio;
            if ratio < 1e-17 * sum {
                break;
            }
        }
        let ln_p = self.ln_pmf(layer, seen) + (2.0 * sum).ln();
        Evidence {
            ln_p: ln_p.min(0.0),
            praise,
        }
    }

    /// The two-sided test of several layers at once: within each, mentions are as positive as the other texts.
    ///
    /// *Model*: the sum of independent hypergeometric numbers, as above; with many mentions the normal distribution of the same
    /// mean and variance (Mantel, Haenszel).
    ///
    /// *References*: Mantel, Haenszel 1959, Statistical aspects of the analysis of data from retrospective studies of disease.
    pub fn test_layers(&self, layers: &[Layer]) -> Evidence {
        let told = |layer: &&Layer| layer.variance() > 0.0;
        let told: Vec<&Layer> = layers.iter().filter(told).collect();
        match told.as_slice() {
            [] => {
                return Evidence {
                    ln_p: 0.0,
                    praise: false,
                };
            }
            [one] => return self.test(one),
            _ => {}
        }
        let seen: u32 = told.iter().map(|layer| layer.positive_mentions).sum();
        let expected: f64 = told.iter().map(|layer| layer.expected()).sum();
        let praise = f64::from(seen) > expected;
        if told.iter().map(|layer| layer.mentions).sum::<u32>() > EXACT {
            let variance: f64 = told.iter().map(|layer| layer.variance()).sum();
            let z = (f64::from(seen) - expected) / variance.sqrt();
            return Evidence {
                ln_p: ln_two_sided(z),
                praise,
            };
        }
        let mut sums = vec![1.0f64];
        for layer in told {
            let most = layer.mentions.min(layer.positive);
            let least = (layer.mentions + layer.positive).saturating_sub(layer.texts);
            let mut next = vec![0.0; sums.len() + most as usize];
            for k in least..=most {
                let p = self.ln_pmf(layer, k).exp();
                for (sum, before) in next.iter_mut().skip(k as usize).zip(&sums) {
                    *sum += before * p;
                }
            }
            sums = next;
        }
        let seen = seen as usize;
        let tail: f64 = match praise {
            true => sums.iter().skip(seen + 1).sum(),
            false => sums.iter().take(seen).sum(),
        };
        let here = sums.get(seen).copied().unwrap_or(0.0);
        Evidence {
            ln_p: (2.0 * (tail + here)).max(f64::MIN_POSITIVE).ln().min(0.0),
            praise,
        }
    }
}

/// ln of the probability that a standard normal number is as far from 0 as z.
fn ln_two_sided(z: f64) -> f64 {
    let z = z.abs();
    if z < 30.0 {
        statrs::function::erf::erfc(z / std::f64::consts::SQRT_2).ln().min(0.0)
    } else {
        // erfc would be 0 from about 38 on.
        -z * z / 2.0 - z.ln() - 0.5 * std::f64::consts::FRAC_PI_2.ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(texts: u32, positive: u32, mentions: u32, positive_mentions: u32) -> Layer {
        Layer {
            texts,
            positive,
            mentions,
            positive_mentions,
        }
    }

    #[test]
    fn one_layer_is_the_hypergeometric_distribution() {
        let table = Factorials::up_to(100);
        // 2 of 5 positive where 50 of 100 are.
        let chance = |k: u32| table.ln_pmf(&layer(100, 50, 5, 0), k).exp();
        let expected = 2.0 * (chance(0) + chance(1));
        let found = table.test(&layer(100, 50, 5, 1));
        assert!(
            (found.ln_p.exp() - expected).abs() < 1e-12 && !found.praise,
            "{found:?}"
        );
        let mirrored = table.test(&layer(100, 50, 5, 4));
        assert!((mirrored.ln_p - found.ln_p).abs() < 1e-12 && mirrored.praise);
        assert!((0..=5).map(chance).sum::<f64>() - 1.0 < 1e-12);
    }

    #[test]
    fn two_layers_are_their_sum_and_near_the_normal_distribution() {
        let table = Factorials::up_to(4000);
        let halves = [layer(500, 400, 40, 20), layer(700, 350, 60, 20)];
        let exact = table.test_layers(&halves);
        let z = halves
            .iter()
            .map(|l| f64::from(l.positive_mentions) - l.expected())
            .sum::<f64>()
            / halves.iter().map(Layer::variance).sum::<f64>().sqrt();
        assert!(
            !exact.praise && (exact.ln_p / ln_two_sided(z) - 1.0).abs() < 0.15,
            "{} {}",
            exact.ln_p,
            ln_two_sided(z)
        );
        // A layer in which all texts mention the term says nothing.
        let whole = layer(30, 20, 30, 20);
        assert_eq!(table.test_layers(&[halves[0], whole]), table.test(&halves[0]));
        assert_eq!(table.test_layers(&[whole]).ln_p, 0.0);
    }

    #[test]
    fn far_tails_stay_numbers() {
        let table = Factorials::up_to(2_000_000);
        let far = table.test(&layer(2_000_000, 1_000_000, 500_000, 400_000));
        assert!(far.ln_p.is_finite() && far.ln_p < -1e4);
        assert!((ln_two_sided(29.99) - ln_two_sided(30.01)).abs() < 2.0 && ln_two_sided(500.0).is_finite());
    }
}
