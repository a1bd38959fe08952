//! Fixed effects taken out of a column of a panel.

use super::dot;
use crate::error::Error;

/// Passes over the fixed effects at most.
const MAX_PASSES: usize = 5_000;
/// What effects would still take is at most this share of what they took first.
const TOLERANCE: f64 = 1e-11;
/// Nor is it more than this share of the column: rounding alone leaves as much, and in directions that no effect has.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// Fixed effects that cannot be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the fixed effects cannot be told apart: their groups hardly overlap")]
pub struct Overlap;

impl From<Overlap> for Error {
    fn from(overlap: Overlap) -> Self {
        Self::refused(overlap.to_string())
    }
}

/// Take effects out of a column: what is left has mean 0 in every group of each of them.
///
/// *Model*: one effect needs its means subtracted once. Of several, let T subtract the means of each in turn and back
/// again; what all of T's powers leave is wanted. The rest z solves (I - T) z = (I - T) y, by conjugate gradients,
/// which also come to an end where effects hang together in long chains, such as products that live a few periods each.
///
/// *Shapes*: `effects` has a column of group numbers from 0 for each effect, as long as `column`.
///
/// *Errors*: [`Overlap`] when that does not come to an end, or finds a direction without curvature, along which nothing
/// can be found; the column is then as it was.
///
/// *References*: Gaure 2013, OLS with multiple high dimensional category variables.
pub fn absorb(column: &mut [f64], effects: &[Vec<u32>]) -> Result<(), Overlap> {
    let sizes: Vec<Vec<f64>> = effects.iter().map(|codes| sums(codes, |_| 1.0)).collect();
    let subtract = |column: &mut [f64], effect: usize| {
        let mut means = sums(&effects[effect], |row| column[row]);
        means
            .iter_mut()
            .zip(&sizes[effect])
            .for_each(|(mean, size)| *mean /= size.max(1.0));
        let rows = column.iter_mut().zip(&effects[effect]);
        rows.for_each(|(value, &code)| *value -= means[code as usize]);
    };
    if let [_] = effects {
        subtract(column, 0);
        return Ok(());
    }
    let Some(last) = effects.len().checked_sub(1) else {
        return Ok(());
    };
    // I - T, where T goes through the effects and back.
    let taken = |column: &[f64]| -> Vec<f64> {
        let mut left = column.to_vec();
        (0..=last)
            .chain((0..last).rev())
            .for_each(|effect| subtract(&mut left, effect));
        column.iter().zip(&left).map(|(before, after)| before - after).collect()
    };
    let mut residual = taken(column);
    let mut direction = residual.clone();
    let mut rest = vec![0.0; column.len()];
    let mut square = dot(&residual, &residual);
    let enough = (square * TOLERANCE * TOLERANCE).max(dot(column, column) * ROUNDING * ROUNDING);
    for _ in 0..MAX_PASSES {
        if square <= enough {
            column.iter_mut().zip(&rest).for_each(|(value, rest)| *value -= rest);
            return Ok(());
        }
        let moved = taken(&direction);
        let curvature = dot(&direction, &moved);
        if curvature.is_nan() || curvature <= 0.0 {
            return Err(Overlap);
        }
        let step = square / curvature;
        for row in 0..rest.len() {
            rest[row] += step * direction[row];
            residual[row] -= step * moved[row];
        }
        let next = dot(&residual, &residual);
        let turn = next / square;
        direction
            .iter_mut()
            .zip(&residual)
            .for_each(|(d, r)| *d = r + turn * *d);
        square = next;
    }
    Err(Overlap)
}

fn sums(codes: &[u32], value: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut sums = vec![0.0; super::count(codes)];
    for (row, &code) in codes.iter().enumerate() {
        sums[code as usize] += value(row);
    }
    sums
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Products in periods, a third of the cells empty, and a column that has effects of both.
    fn panel(seed: u64) -> (Vec<f64>, Vec<Vec<u32>>) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let (mut column, mut effects) = (Vec::new(), vec![Vec::new(), Vec::new()]);
        for product in 0..30u32 {
            for period in 0..20u32 {
                if random.random::<f64>() < 0.67 {
                    column.push(f64::from(product) + (f64::from(period) * 0.3).sin() + random.random::<f64>());
                    effects[0].push(product);
                    effects[1].push(period);
                }
            }
        }
        (column, effects)
    }

    fn largest_mean(column: &[f64], codes: &[u32]) -> f64 {
        let (sum, size) = (sums(codes, |row| column[row]), sums(codes, |_| 1.0));
        sum.iter().zip(size).map(|(s, n)| (s / n).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn what_is_left_has_mean_0_in_every_group() {
        let (mut column, effects) = panel(1);
        absorb(&mut column, &effects).unwrap();
        assert!(effects.iter().all(|codes| largest_mean(&column, codes) < 1e-9));
        assert!(dot(&column, &column) > 1.0);
        let (mut single, effects) = panel(2);
        absorb(&mut single, &effects[..1]).unwrap();
        assert!(largest_mean(&single, &effects[0]) < 1e-12);
        let before = single.clone();
        absorb(&mut single, &[]).unwrap();
        assert_eq!(single, before);
    }

    #[test]
    fn a_column_without_effects_stays_as_it_is() {
        // Rounding is all that is left to take: most of it lies in directions that no effect has, which have no
        // curvature.
        for seed in 0..20 {
            let (mut column, effects) = panel(seed);
            absorb(&mut column, &effects).unwrap();
            for scale in [1.0, 1e-6, 1e6] {
                let before: Vec<f64> = column.iter().map(|v| scale * v).collect();
                let mut after = before.clone();
                absorb(&mut after, &effects).unwrap();
                let moved = before.iter().zip(&after).map(|(a, b)| (a - b).abs() / scale);
                let moved = moved.fold(0.0, f64::max);
                assert!(moved < 1e-9, "{seed} {scale}: {moved}");
            }
        }
    }

    #[test]
    fn what_is_no_number_ends_at_once() {
        let (mut column, effects) = panel(3);
        column[5] = f64::NAN;
        assert_eq!(absorb(&mut column, &effects), Err(Overlap));
        assert_eq!(column.iter().filter(|v| v.is_nan()).count(), 1);
    }
}
