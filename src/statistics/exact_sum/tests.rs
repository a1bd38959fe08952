use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::*;

fn of(values: &[f64]) -> ExactSum {
    let mut sum = ExactSum::default();
    sum.add(values);
    sum
}

fn sum(values: &[f64]) -> Option<f64> {
    of(values).sum()
}

/// Numbers of both signs with exponents in a range.
fn drawn(rng: &mut ChaCha8Rng, n: usize, exponents: std::ops::Range<i32>) -> Vec<f64> {
    let number = |_| {
        let number = rng.random_range(1.0..2.0) * power(rng.random_range(exponents.clone()));
        if rng.random() { number } else { -number }
    };
    (0..n).map(number).collect()
}

/// The true sum as f64s that have no bit in common, by Shewchuk's expansions, and the nearest f64.
fn expanded(values: &[f64]) -> f64 {
    let mut parts: Vec<f64> = Vec::new();
    for value in values {
        let (mut value, mut kept) = (*value, Vec::new());
        for part in parts {
            let (large, small) = if value.abs() > part.abs() {
                (value, part)
            } else {
                (part, value)
            };
            let total = large + small;
            let rest = small - (total - large);
            if rest != 0.0 {
                kept.push(rest);
            }
            value = total;
        }
        kept.push(value);
        parts = kept;
    }
    let mut total = 0.0;
    while let Some(part) = parts.pop() {
        let before = total;
        total += part;
        let rest = part - (total - before);
        if rest != 0.0 {
            // A half is rounded up if anything of its sign is left.
            let further = parts.last().is_some_and(|next| next.signum() == rest.signum());
            let up = total + 2.0 * rest;
            if further && up - total == 2.0 * rest {
                total = up;
            }
            break;
        }
    }
    total
}

#[test]
fn nothing_has_no_sum() {
    assert_eq!((sum(&[]), of(&[]).mean()), (None, None));
    assert_eq!((sum(&[0.0, -0.0]), of(&[-0.0]).mean()), (Some(0.0), Some(0.0)));
}

#[test]
fn what_cancels_leaves_the_rest() {
    let third = 1.0 / 3.0;
    for large in [1.0, 1e9, 1e10, 1e16, 1e21, 1e22, 1e100, f64::MAX] {
        for small in [
            1.0,
            third,
            1e-9,
            third * 1e-13,
            1e-30,
            f64::MIN_POSITIVE,
            5e-324,
            -5e-324,
        ] {
            assert_eq!(sum(&[large, small, -large]), Some(small), "{large} {small}");
            let mut three = of(&[large]);
            three.merge(&of(&[small]));
            three.merge(&of(&[-large]));
            assert_eq!(three.sum(), Some(small), "{large} {small}");
        }
    }
}

#[test]
fn the_range_is_that_of_f64() {
    let (most, least) = (f64::MAX, 5e-324);
    assert_eq!(sum(&[most]), Some(most));
    assert_eq!(sum(&[most, most, most, -most, -most]), Some(most));
    assert_eq!(sum(&[1e308, 1e308]), None);
    assert_eq!(of(&[1e308, 1e308, 1e308]).mean(), Some(1e308));
    assert_eq!(of(&[-most, -most]).mean(), Some(-most));
    assert_eq!(sum(&[least; 3]), Some(3.0 * least));
    assert_eq!(of(&[least; 3]).mean(), Some(least));
    assert_eq!(sum(&[f64::MIN_POSITIVE, -least]), Some(f64::MIN_POSITIVE - least));
    for unknown in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut merged = of(&[1.0]);
        merged.merge(&of(&[unknown, 2.0]));
        for found in [of(&[1.0, unknown, 2.0]), merged] {
            assert_eq!((found.sum(), found.mean()), (Some(3.0), Some(1.5)));
            assert_eq!(found.met_infinity(), unknown.is_infinite());
        }
        assert_eq!((sum(&[unknown]), of(&[unknown; 100]).mean()), (None, None));
    }
}

#[test]
fn a_half_is_rounded_to_even_and_more_is_rounded_up() {
    let half = f64::EPSILON / 2.0;
    assert_eq!(sum(&[1.0, half]), Some(1.0));
    assert_eq!(sum(&[1.0, half, half / 2.0]), Some(1.0 + f64::EPSILON));
    assert_eq!(sum(&[1.0, half, 5e-324]), Some(1.0 + f64::EPSILON));
    assert_eq!(sum(&[1.0, half, -5e-324]), Some(1.0));
    assert_eq!(sum(&[-1.0, -half, -1e-40]), Some(-1.0 - f64::EPSILON));
    assert_eq!(sum(&[1.0 + f64::EPSILON, half]), Some(1.0 + 2.0 * f64::EPSILON));
}

#[test]
fn it_is_the_nearest_number() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for exponents in [-3..8, -60..30, -200..10, 20..90, 60..120, -1022..1000] {
        for n in [1, 2, 3, 5, 100, 2047, 2048, 2049, 5000] {
            let values = drawn(&mut rng, n, exponents.clone());
            let expected = Some(expanded(&values));
            assert_eq!(sum(&values), expected, "{n} of {exponents:?}");
            let mut far_apart = ExactSum::default();
            far_apart.add_far_apart(&values);
            assert_eq!(far_apart.sum(), expected, "{n} of {exponents:?}");
        }
    }
    // At the borders of the blocks and units.
    for largest in [28, 79, 80, 81] {
        for values in [[power(largest) * (1.0 - half_epsilon()); 2048], [power(largest); 2048]] {
            assert_eq!(sum(&values), Some(values[0] * 2048.0));
        }
    }
}

fn half_epsilon() -> f64 {
    f64::EPSILON / 2.0
}

#[test]
fn neither_order_nor_partition_matters() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for exponents in [-3..8, -60..75, -1022..1000] {
        let mut values = drawn(&mut rng, 6000, exponents);
        let (sum, mean) = (of(&values).sum(), of(&values).mean());
        assert!(sum.is_some() && mean.is_some());
        for _ in 0..20 {
            values.shuffle(&mut rng);
            let mut parts: Vec<ExactSum> = Vec::new();
            let mut rest = values.as_slice();
            while !rest.is_empty() {
                let (part, others) = rest.split_at(rng.random_range(1..=rest.len().min(3000)));
                parts.push(of(part));
                rest = others;
            }
            // Any tree.
            while parts.len() > 1 {
                let part = parts.swap_remove(rng.random_range(0..parts.len()));
                let other = rng.random_range(0..parts.len());
                parts[other].merge(&part);
            }
            assert_eq!((parts[0].sum(), parts[0].mean()), (sum, mean));
        }
    }
}

#[test]
fn digits_are_carried_in_time() {
    let mut digits = Digits::default();
    digits.digits[3] = i64::from(u32::MAX) << 29;
    digits.pending = Digits::MAX_PENDING - 1;
    digits.add(1, Digits::UNIT);
    assert_eq!(digits.pending, 0);
    assert!(digits.digits.iter().all(|digit| (0..=Digits::MASK).contains(digit)));
    let (significand, exponent) = digits.rounded();
    let expected = f64::from(u32::MAX) * power(29 + 96 - 1000) * power(-74);
    assert_eq!(scaled(significand, exponent), expected);
}

#[test]
fn the_state_is_small() {
    assert!(size_of::<ExactSum>() <= 48 && align_of::<ExactSum>() <= 8);
}
