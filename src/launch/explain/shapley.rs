//! Shapley values of a forecast: what each input adds to it, averaged over the orders in which inputs become known.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::baseline::{Baseline, Input, MAX_TYPICAL, Mixed};
use crate::error::Result;
use crate::panel::Candidates;

/// Forecasts made at a time.
const BLOCK: usize = 16_384;
/// Orders that are looked at, each with another typical launch.
const ORDERS: usize = MAX_TYPICAL;

/// The contribution of each group of inputs to a value, by candidate.
///
/// *Model*: in run r all inputs are those of typical launch r at first. In the order pi_r the groups become those of
/// the candidate; what the value changes by when group g does is its contribution in that run. phi_g is the mean over
/// 16 runs, half of which go through the order of the run before backwards. The contributions of all groups add up to
/// the value of the candidate less the mean value of the typical launches.
///
/// *Shapes*: candidates x groups; `value` gets mixtures with the number of the candidate each belongs to.
///
/// *Errors*: those of `value`.
///
/// *Determinism*: the orders depend on the seed and the number of groups alone.
///
/// *References*: Strumbelj, Kononenko 2014, Explaining prediction models and individual predictions with feature
/// contributions; Mitchell et al. 2022, Sampling permutations for Shapley value estimation (backward orders).
pub fn contributions(
    baseline: &Baseline,
    candidates: &Candidates,
    groups: &[Vec<Input>],
    seed: i64,
    value: impl Fn(&Candidates, &[usize]) -> Result<Vec<f64>> + Sync,
) -> Result<Vec<Vec<f64>>> {
    let orders = orders(groups.len(), seed);
    let each = 1 + ORDERS * groups.len();
    let numbers: Vec<usize> = (0..candidates.len()).collect();
    let block = |block: &[usize]| {
        let rows: Vec<Mixed> = block
            .iter()
            .flat_map(|&candidate| mixtures(candidate, baseline, groups, &orders))
            .collect();
        let owners: Vec<usize> = rows.iter().map(|row| row.candidate).collect();
        let values = value(&baseline.mix(candidates, &rows)?, &owners)?;
        Ok(values.chunks(each).map(|v| average(v, &orders, groups.len())).collect())
    };
    let blocks: Vec<Vec<Vec<f64>>> = numbers
        .par_chunks((BLOCK / each).max(1))
        .map(block)
        .collect::<Result<_>>()?;
    Ok(blocks.concat())
}

fn orders(groups: usize, seed: i64) -> Vec<Vec<usize>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed as u64);
    let mut order: Vec<usize> = (0..groups).collect();
    (0..ORDERS)
        .map(|run| {
            if run % 2 == 0 {
                order.shuffle(&mut random);
            } else {
                order.reverse();
            }
            order.clone()
        })
        .collect()
}

/// The candidate itself, then for each run what it goes through before the last group becomes known.
fn mixtures(candidate: usize, baseline: &Baseline, groups: &[Vec<Input>], orders: &[Vec<usize>]) -> Vec<Mixed> {
    let mixed = |typical: usize, known: &[usize]| Mixed {
        candidate,
        typical: typical % baseline.typical(),
        own: known.iter().flat_map(|&g| groups[g].iter().copied()).collect(),
    };
    let all: Vec<usize> = (0..groups.len()).collect();
    let mut rows = vec![mixed(0, &all)];
    for (run, order) in orders.iter().enumerate() {
        rows.extend((0..order.len()).map(|known| mixed(run, &order[..known])));
    }
    rows
}

/// The contributions of one candidate from the values of its mixtures.
fn average(values: &[f64], orders: &[Vec<usize>], groups: usize) -> Vec<f64> {
    let mut out = vec![0.0; groups];
    for (order, before) in orders.iter().zip(values[1..].chunks(groups)) {
        for (known, &group) in order.iter().enumerate() {
            let after = before.get(known + 1).unwrap_or(&values[0]);
            out[group] += (after - before[known]) / ORDERS as f64;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::numbers;
    use crate::launch::tests::planted_panel;

    /// Price and launch day of each row.
    type Inputs = Vec<(f64, f64)>;

    /// Contributions of price, category and date together to a function of price and launch day; the candidates and
    /// the typical launches.
    fn explained(value: impl Fn(f64, f64) -> f64 + Sync) -> (Vec<Vec<f64>>, Inputs, Inputs) {
        let panel = planted_panel(200, 4, 3);
        let baseline = Baseline::fit(&panel).unwrap();
        let candidates = panel.select(&[5, 50, 150]).unwrap().candidates();
        let groups = [
            vec![Input::Attribute(0)],
            vec![Input::Attribute(1)],
            vec![Input::Season, Input::Year],
        ];
        let inputs = |c: &Candidates| -> Inputs {
            let prices = numbers(c.attributes.column(0)).unwrap();
            let pairs = prices.into_iter().zip(&c.launch_days);
            pairs.map(|(p, d)| (p.unwrap(), f64::from(*d) - 18_000.0)).collect()
        };
        let typical: Vec<Mixed> = (0..MAX_TYPICAL)
            .map(|typical| Mixed {
                candidate: 0,
                typical,
                own: Vec::new(),
            })
            .collect();
        let found = contributions(&baseline, &candidates, &groups, 1, |c, _| {
            Ok(inputs(c).into_iter().map(|(p, d)| value(p, d)).collect())
        });
        let typical = inputs(&baseline.mix(&candidates, &typical).unwrap());
        (found.unwrap(), inputs(&candidates), typical)
    }

    fn mean(typical: &[(f64, f64)], value: impl Fn(f64, f64) -> f64) -> f64 {
        typical.iter().map(|&(p, d)| value(p, d)).sum::<f64>() / typical.len() as f64
    }

    #[test]
    fn of_a_sum_each_input_contributes_its_own_term() {
        let (found, inputs, typical) = explained(|price, day| 3.0 * price + day / 100.0);
        for (found, (price, day)) in found.iter().zip(inputs) {
            assert!((found[0] - 3.0 * (price - mean(&typical, |p, _| p))).abs() < 1e-9);
            assert_eq!(found[1], 0.0);
            assert!((found[2] - (day - mean(&typical, |_, d| d)) / 100.0).abs() < 1e-9);
        }
    }

    #[test]
    fn of_a_product_inputs_contribute_half_of_what_they_do_together() {
        let value = |price: f64, day: f64| price * day / 100.0;
        let (found, inputs, typical) = explained(value);
        for (found, (price, day)) in found.iter().zip(inputs) {
            let total = value(price, day) - mean(&typical, value);
            assert!((found.iter().sum::<f64>() - total).abs() < 1e-9);
            // Price is known before the date in some runs and after it in the others: exactly half of the orders that
            // matter, as each is gone through backwards too, with the next typical launch.
            let of_price = |date: f64, p: f64| (price - p) * date / 100.0;
            let exact = mean(&typical, |p, d| (of_price(day, p) + of_price(d, p)) / 2.0);
            let spread = mean(&typical, |p, d| (of_price(day, p) - of_price(d, p)).abs() / 2.0);
            assert!((found[0] - exact).abs() < spread, "{} {exact} {spread}", found[0]);
        }
    }
}
