//! Ranks and quantiles of sorted numbers.

use std::cmp::Ordering;

/// Numbers in order, as what follows takes them.
pub fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// The number that a new one does not exceed with a probability, if it is exchangeable with those given: the one of
/// rank (n + 1) `probability`, between two ranks their line, beyond the ends the ends. `sorted` is not empty.
///
/// With 99 numbers the ranks of a central interval of 80 % are 10 and 90, so eighty of the hundred gaps between and
/// beside them lie within. With n numbers, levels above (n - 1) / (n + 1) are held by the ends alone and are too
/// narrow.
///
/// *References*: Vovk, Gammerman, Shafer 2005, Algorithmic Learning in a Random World.
pub fn conformal_quantile(sorted: &[f64], probability: f64) -> f64 {
    conformal_quantile_of_blocks(sorted, probability, sorted.len())
}

/// As [`conformal_quantile`] of numbers that come in so many independent `blocks` (at least 1): a block tells no more
/// than one number, so ranks are those of `blocks` numbers, stretched over all that there are.
pub fn conformal_quantile_of_blocks(sorted: &[f64], probability: f64, blocks: usize) -> f64 {
    let (last, n) = (sorted.len() - 1, sorted.len() as f64);
    // Rank r of m blocks stands for the share (r - 1/2) / m of the numbers: nothing is added where each is a block.
    let dependent = (n / blocks.max(1) as f64 - 1.0) * (probability - 0.5);
    let rank = (probability * (n + 1.0) - 1.0 + dependent).clamp(0.0, last as f64);
    let below = rank.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (rank - below as f64) * (sorted[above] - sorted[below])
}

/// Median of sorted numbers, between the two in the middle; NaN of none.
pub fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        _ if sorted.is_empty() => f64::NAN,
        0 => (sorted[middle - 1] + sorted[middle]) / 2.0,
        _ => sorted[middle],
    }
}

/// The lower median of sorted numbers: one of them, such as a price that was asked. NaN of none.
pub fn lower_median(sorted: &[f64]) -> f64 {
    let middle = sorted.len().saturating_sub(1) / 2;
    sorted.get(middle).copied().unwrap_or(f64::NAN)
}

/// Share of sorted numbers that lie below a value; equal ones count half. NaN of none.
pub fn share_below(sorted: &[f64], value: f64) -> f64 {
    let below = sorted.partition_point(|&v| v < value);
    let not_above = sorted.partition_point(|&v| v <= value);
    (below + not_above) as f64 / (2 * sorted.len()) as f64
}

/// The rank from 0 of each of `n` things; equal ones in their order.
pub fn ranks(n: usize, compare: impl Fn(usize, usize) -> Ordering) -> Vec<u32> {
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| compare(a, b));
    let mut ranks = vec![0; n];
    for (rank, &thing) in order.iter().enumerate() {
        ranks[thing] = rank as u32;
    }
    ranks
}

/// At most `most` entries, evenly spaced, first and last included.
pub fn spread_evenly<T: Copy>(order: &[T], most: usize) -> Vec<T> {
    if order.len() <= most {
        return order.to_vec();
    }
    let last = order.len() - 1;
    (0..most).map(|k| order[k * last / (most - 1).max(1)]).collect()
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn ranks_are_those_of_split_conformal() {
        // 99 numbers 1 .. 99: rank 100 * 0.1 = 10 and 100 * 0.9 = 90.
        let sorted: Vec<f64> = (1..=99).map(f64::from).collect();
        for (probability, rank) in [
            (0.1, 10.0),
            (0.5, 50.0),
            (0.9, 90.0),
            (0.999, 99.0),
            (1.0, 99.0),
            (0.0, 1.0),
        ] {
            assert!(
                (conformal_quantile(&sorted, probability) - rank).abs() < 1e-9,
                "{probability}"
            );
        }
        assert!((conformal_quantile(&sorted, 0.105) - 10.5).abs() < 1e-9);
        assert_eq!(conformal_quantile(&[7.0], 0.3), 7.0);
    }

    #[test]
    fn a_new_number_falls_inside_as_often_as_it_should() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for n in [9, 19, 40] {
            let mut inside = 0;
            for _ in 0..4_000 {
                let sorted = sorted((0..n).map(|_| random.random()));
                let (low, high) = (conformal_quantile(&sorted, 0.1), conformal_quantile(&sorted, 0.9));
                inside += usize::from((low..=high).contains(&random.random()));
            }
            let share = inside as f64 / 4_000.0;
            assert!((share - 0.8).abs() < 0.02, "{n}: {share}");
        }
    }

    #[test]
    fn blocks_count_as_one_number_each() {
        // Each of 19 numbers five times: ranks 2 and 18 of 19, as without the repetitions.
        let repeated: Vec<f64> = (0..95).map(|i| f64::from(i / 5 + 1)).collect();
        let quantile = |probability| conformal_quantile_of_blocks(&repeated, probability, 19);
        assert_eq!((quantile(0.1), quantile(0.5), quantile(0.9)), (2.0, 10.0, 18.0));
        // Taken as 95 numbers of their own, the interval is narrower.
        let sorted: Vec<f64> = (0..95).map(f64::from).collect();
        let width = |blocks| {
            conformal_quantile_of_blocks(&sorted, 0.9, blocks) - conformal_quantile_of_blocks(&sorted, 0.1, blocks)
        };
        assert!(width(10) > width(19) && width(19) > width(95));
        assert_eq!(width(0), width(1));
    }

    #[test]
    fn medians_and_shares_by_hand() {
        assert_eq!((median(&[1.0, 2.0, 6.0]), median(&[1.0, 2.0, 6.0, 8.0])), (2.0, 4.0));
        assert_eq!(
            (lower_median(&[1.0, 2.0, 6.0]), lower_median(&[1.0, 2.0, 6.0, 8.0])),
            (2.0, 2.0)
        );
        assert!(median(&[]).is_nan() && lower_median(&[]).is_nan());
        assert_eq!(share_below(&[1.0, 2.0, 2.0, 3.0], 2.0), 0.5);
        assert_eq!(share_below(&[1.0, 2.0], 0.0), 0.0);
    }

    #[test]
    fn ranks_and_spread_by_hand() {
        let values = [3.0, 1.0, 2.0, 1.0];
        assert_eq!(ranks(4, |a, b| f64::total_cmp(&values[a], &values[b])), [3, 0, 2, 1]);
        assert_eq!(spread_evenly(&[0, 1, 2, 3, 4, 5, 6], 3), [0, 3, 6]);
        assert_eq!(spread_evenly(&[4, 5], 3), [4, 5]);
        assert_eq!(spread_evenly(&[4, 5], 1), [4]);
        assert!(spread_evenly(&[4, 5], 0).is_empty());
    }
}
