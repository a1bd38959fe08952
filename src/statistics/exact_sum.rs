//! Sums of numbers without any rounding before the end: the same for every order of the numbers and every way of
//! putting partial sums together.

use std::ops::Range;

/// A sum of numbers of any size.
///
/// *Method*: an integer of 256 bits sums numbers from 2^-76 to 2^80, which it holds whole. Of [`BLOCK`] numbers that
/// come together, f64 itself can sum multiples of a few units, relative to the largest number, without rounding. All other
/// numbers go to a superaccumulator, an integer that is wide enough for each f64.
///
/// *Missing data*: NaN and infinite numbers are passed over; [`ExactSum::met_infinity`] tells of the latter.
///
/// *Determinism*: all additions are of integers, so their order does not matter. The sum is the f64 nearest to the true
/// one.
///
/// *References*: R. M. Neal (2015), Fast exact summation using small and large superaccumulators. S. M. Rump, T. Ogita
/// and S. Oishi (2008), Accurate floating-point summation.
#[derive(Debug, Default, Clone)]
pub struct ExactSum {
    common: Common,
    count: u64,
    /// Few groups have such numbers, and there may be very many groups: it must not make the state large.
    others: Option<Box<Digits>>,
}

/// Numbers that are summed in f64: of multiples up to 2^41, the sum is below 2^53.
const BLOCK: usize = 2048;

/// Bits between the units.
const STEP: i32 = 41;

/// Partial sums that the processor can make at once.
const LANES: usize = 16;

/// 2^exponent, of a normal number.
const fn power(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

impl ExactSum {
    /// Takes in numbers.
    pub fn add(&mut self, values: &[f64]) {
        for block in values.chunks(BLOCK) {
            let done = self.add_multiples::<2>(block) || self.add_multiples::<3>(block);
            if !done {
                block.iter().for_each(|value| self.add_one(*value));
            }
        }
    }

    /// Takes in numbers of which small ones are far below the large ones, such as squares: the same as
    /// [`ExactSum::add`], but faster for them.
    pub fn add_far_apart(&mut self, values: &[f64]) {
        for block in values.chunks(BLOCK) {
            if !self.add_multiples::<3>(block) {
                block.iter().for_each(|value| self.add_one(*value));
            }
        }
    }

    /// Takes in numbers, if they are the sum of multiples of `N` units.
    fn add_multiples<const N: usize>(&mut self, block: &[f64]) -> bool {
        let Some(sums) = multiples::<N>(block) else {
            return false;
        };
        sums.iter().for_each(|(sum, unit)| self.common.add(*sum, *unit));
        self.count += block.len() as u64;
        true
    }

    fn add_one(&mut self, value: f64) {
        if value.is_infinite() {
            self.others.get_or_insert_default().met_infinity = true;
        }
        if !value.is_finite() {
            return;
        }
        self.count += 1;
        let (significand, exponent) = parts(value);
        if Common::UNITS.contains(&exponent) {
            self.common.add(significand, exponent);
        } else if value != 0.0 {
            let others = self.others.get_or_insert_default();
            others.add(significand.into(), exponent);
        }
    }

    /// Takes in the numbers of another sum.
    pub fn merge(&mut self, other: &Self) {
        self.common.merge(&other.common);
        self.count += other.count;
        if let Some(digits) = &other.others {
            self.others.get_or_insert_default().merge(digits);
        }
    }

    /// Whether one of the numbers was infinite.
    pub fn met_infinity(&self) -> bool {
        self.others.as_ref().is_some_and(|others| others.met_infinity)
    }

    /// The sum; `None` of nothing, and where it is no finite f64.
    pub fn sum(&self) -> Option<f64> {
        let (significand, exponent) = self.rounded()?;
        finite(scaled(significand, exponent))
    }

    /// The mean, also where the sum is too large for an f64; `None` of nothing.
    pub fn mean(&self) -> Option<f64> {
        let (significand, exponent) = self.rounded()?;
        finite(scaled(significand / self.count as f64, exponent))
    }

    /// The sum as significand times 2^exponent.
    fn rounded(&self) -> Option<(f64, i32)> {
        let mut digits = self.others.as_deref().cloned().unwrap_or_default();
        self.common.words().for_each(|(word, unit)| digits.add(word, unit));
        (self.count > 0).then(|| digits.rounded())
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// `value` times 2^exponent, rounded once: the powers are normal numbers, and so is the first product.
fn scaled(value: f64, exponent: i32) -> f64 {
    let half = exponent / 2;
    value * power(half) * power(exponent - half)
}

/// A number as significand times 2^exponent.
fn parts(value: f64) -> (i64, i32) {
    let bits = value.to_bits();
    let (exponent, fraction) = ((bits >> 52 & 0x7ff) as i32, (bits & ((1 << 52) - 1)) as i64);
    let significand = if exponent == 0 { fraction } else { fraction | 1 << 52 };
    let significand = if value < 0.0 { -significand } else { significand };
    (significand, Digits::UNIT + exponent.max(1) - 1)
}

/// How often `N` units, 2^exponent, are in the sum of the numbers; `None` where something is left over, or it is not
/// worth while.
///
/// A number plus 1.5 * 2^52 units has no bit below a unit: taking that away again leaves the nearest multiple.
fn multiples<const N: usize>(block: &[f64]) -> Option<[(i64, i32); N]> {
    let (chunks, last) = block.as_chunks::<LANES>();
    if chunks.is_empty() {
        return None;
    }
    let mut padded = [0.0; LANES];
    padded[..last.len()].copy_from_slice(last);
    let chunks = || chunks.iter().chain(std::iter::once(&padded));

    let mut largest = [0.0; LANES];
    chunks().for_each(|values| {
        for (largest, value) in largest.iter_mut().zip(values) {
            *largest = if value.abs() > *largest { value.abs() } else { *largest };
        }
    });
    // All numbers are below 2^exponent.
    let exponent = parts(largest.into_iter().fold(0.0, f64::max)).1 + 53;
    if exponent > Common::UNITS.end + 52 {
        return None;
    }
    let first = exponent.max(Common::UNITS.start + N as i32 * STEP) - STEP;
    let units: [i32; N] = std::array::from_fn(|level| first - level as i32 * STEP);

    let magic = units.map(|unit| 1.5 * power(unit + 52));
    let (mut sums, mut left_over) = ([[0.0; LANES]; N], [0; LANES]);
    chunks().for_each(|values| {
        for lane in 0..LANES {
            let mut rest = values[lane];
            for level in 0..N {
                let multiple = (rest + magic[level]) - magic[level];
                sums[level][lane] += multiple;
                rest -= multiple;
            }
            left_over[lane] |= rest.to_bits();
        }
    });
    // The bits of 0 are 0, those of NaN are not.
    let nothing = left_over.iter().all(|bits| *bits == 0);
    let count = |level: usize| (sums[level].iter().sum::<f64>() * power(-units[level])) as i64;
    nothing.then(|| std::array::from_fn(|level| (count(level), units[level])))
}

/// An integer of 256 bits that counts 2^-128, the lowest word first.
#[derive(Debug, Default, Clone, Copy)]
struct Common([u64; 4]);

impl Common {
    /// The exponents of what it can add 2^45 times, up to 2^53 of each.
    const UNITS: Range<i32> = -128..28;

    /// Adds `value` times 2^unit.
    fn add(&mut self, value: i64, unit: i32) {
        let position = (unit - Self::UNITS.start) as usize;
        let shifted = i128::from(value) << (position % 64);
        let sign = (shifted >> 127) as u64;
        self.add_words(position / 64, [shifted as u64, (shifted >> 64) as u64, sign, sign]);
    }

    fn add_words(&mut self, first: usize, words: [u64; 4]) {
        let mut carry = false;
        for (sum, word) in self.0[first..].iter_mut().zip(words) {
            (*sum, carry) = sum.carrying_add(word, carry);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.add_words(0, other.0);
    }

    /// What to add up, each times 2^unit.
    fn words(&self) -> impl Iterator<Item = (i128, i32)> {
        let [words @ .., last] = self.0.map(i128::from);
        // It has the sign.
        let words = words.into_iter().chain([i128::from(last as i64)]);
        words.zip((Self::UNITS.start..).step_by(64))
    }
}

/// A superaccumulator: an integer in digits of 32 bits, the lowest first, which counts the smallest f64. Digits may
/// leave their range for a while, as carrying is slow.
#[derive(Debug, Clone)]
struct Digits {
    digits: [i64; Digits::LEN],
    /// Additions since digits were last carried.
    pending: u32,
    met_infinity: bool,
}

impl Default for Digits {
    fn default() -> Self {
        Self {
            digits: [0; Self::LEN],
            pending: 0,
            met_infinity: false,
        }
    }
}

impl Digits {
    /// The 2098 bits of f64, and 2^64 times as much.
    const LEN: usize = 68;
    /// The exponent of the smallest f64.
    const UNIT: i32 = -1074;
    const MASK: i64 = 0xffff_ffff;
    /// An addition changes a digit by less than 2^33.
    const MAX_PENDING: u32 = 1 << 28;

    /// Adds `value` times 2^unit.
    fn add(&mut self, value: i128, unit: i32) {
        let position = (unit - Self::UNIT) as usize;
        let sign = if value < 0 { -1 } else { 1 };
        let (mut rest, mut digit) = (value.unsigned_abs(), position / 32);
        while rest != 0 {
            let shifted = ((rest & Self::MASK as u128) as u64) << (position % 32);
            self.digits[digit] += sign * (shifted as i64 & Self::MASK);
            self.digits[digit + 1] += sign * (shifted >> 32) as i64;
            (rest, digit) = (rest >> 32, digit + 1);
        }
        self.pending += 1;
        if self.pending == Self::MAX_PENDING {
            self.carry();
        }
    }

    fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        other.carry();
        self.carry();
        self.digits
            .iter_mut()
            .zip(other.digits)
            .for_each(|(digit, other)| *digit += other);
        self.met_infinity |= other.met_infinity;
        self.pending = 1;
    }

    /// Brings all digits but the last one into their range; that one has the sign.
    fn carry(&mut self) {
        let mut carried = 0;
        let (last, digits) = match self.digits.split_last_mut() {
            Some(split) => split,
            None => return,
        };
        for digit in digits {
            *digit += carried;
            carried = *digit >> 32;
            *digit &= Self::MASK;
        }
        *last += carried;
        self.pending = 0;
    }

    /// The nearest significand and its exponent.
    fn rounded(mut self) -> (f64, i32) {
        self.carry();
        let negative = self.digits[Self::LEN - 1] < 0;
        if negative {
            self.digits.iter_mut().for_each(|digit| *digit = -*digit);
            self.carry();
        }
        let top = self.digits.iter().rposition(|digit| *digit != 0).unwrap_or(0);
        // Three digits have more bits than a significand. Of those below it only counts whether there are any: they
        // tell a half from a little more.
        let lowest = top.saturating_sub(2);
        let below = self.digits[..lowest].iter().any(|digit| *digit != 0);
        let leading = self.digits[lowest..=top].iter().rev();
        let leading = leading.fold(0u128, |number, digit| number << 32 | *digit as u128);
        let significand = (leading << 1 | u128::from(below)) as f64;
        let exponent = 32 * lowest as i32 - 1 + Self::UNIT;
        (if negative { -significand } else { significand }, exponent)
    }
}

#[cfg(test)]
mod tests;
