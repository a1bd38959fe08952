//! Rows dealt into folds, the same way for the same seed on every machine.

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::count;

/// The fold of each row, from 0 to `folds` - 1: units are shuffled and dealt out in turn, so that folds hold equally
/// many of them, and all rows of a unit go together.
///
/// `units` numbers the unit of each row from 0 (see [`super::codes`]): what is near twins, such as the offers of one
/// product or the visits of one user. A fold of a part of them would be told by the others.
///
/// *Determinism*: depends on the number of units, on `folds` and the seed; not on the rows.
pub fn folds(units: &[u32], folds: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count(units)).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let mut fold = vec![0; order.len()];
    for (position, unit) in order.into_iter().enumerate() {
        fold[unit] = position % folds.max(1);
    }
    units.iter().map(|&unit| fold[unit as usize]).collect()
}

/// The place of each of `count` units, from 0, in an order drawn by the seed.
///
/// For groups within groups: a unit is in group `place % groups` and, among those outside a group, in fold
/// `place / groups % folds`.
pub fn places(count: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_cached_key(|&unit| (mix(unit as u64 ^ mix(seed)), unit));
    let mut places = vec![0; count];
    for (place, unit) in order.into_iter().enumerate() {
        places[unit] = place;
    }
    places
}

/// SplitMix64: a number that looks drawn at random, from any other.
///
/// *References*: Steele, Lea, Flood 2014, Fast splittable pseudorandom number generators.
pub fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_unit_stay_together_and_folds_are_of_one_size() {
        let units: Vec<u32> = (0..300).map(|row| row % 100).collect();
        let found = folds(&units, 5, 7);
        for row in 0..100 {
            assert!(found[row] == found[row + 100] && found[row] == found[row + 200]);
        }
        let size = |fold: usize| found.iter().filter(|f| **f == fold).count();
        assert_eq!((0..5).map(size).collect::<Vec<_>>(), [60; 5]);
        assert_ne!(found, folds(&units, 5, 8));
        assert_eq!(found, folds(&units, 5, 7));
    }

    #[test]
    fn few_units_leave_folds_empty() {
        assert_eq!(folds(&[0, 0], 5, 1), [0, 0]);
        assert!(folds(&[], 5, 1).is_empty());
        assert_eq!(folds(&[0, 1], 0, 1), [0, 0]);
    }

    #[test]
    fn every_place_is_taken_once() {
        let mut found = places(50, 3);
        assert_ne!(found, places(50, 4));
        found.sort_unstable();
        assert_eq!(found, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn mix_is_splitmix64() {
        // The first two numbers of the generator from state 0, and from 1234567.
        assert_eq!(mix(0), 0xE220_A839_7B1D_CDAF);
        assert_eq!(mix(0x9E37_79B9_7F4A_7C15), 0x6E78_9E6A_A1B9_65F4);
        assert_eq!(mix(1_234_567), 6_457_827_717_110_365_317);
    }
}
