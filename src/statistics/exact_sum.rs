//! Sums of numbers without any rounding before the end: the same for every order of the numbers and every way of
//! putting partial sums together.

/// A sum of numbers of any size.
///
/// *Method*: numbers below 2^72 are cut into whole multiples of four units, 2^41 apart, of which f64 can sum
/// [`BLOCK`] ones exactly; integers hold the sums of the blocks. All other numbers go to a superaccumulator: an integer
/// that is wide enough for each f64.
///
/// *Missing data*: a NaN or an infinite number leaves no sum and no mean.
///
/// *Determinism*: all additions are of integers, so their order does not matter. The sum is the f64 nearest to the true
/// one.
///
/// *References*: R. M. Neal (2015), Fast exact summation using small and large superaccumulators. S. M. Rump, T. Ogita
/// and S. Oishi (2008), Accurate floating-point summation.
#[derive(Debug, Default, Clone)]
pub struct ExactSum {
    /// Multiples of 2^-10, 2^-51 and 2^-92.
    parts: [Wide; 3],
    count: u64,
    /// Few groups have such numbers, and there may be very many groups: it must not make the state large.
    others: Option<Box<Digits>>,
}

/// Numbers that are summed in f64: of multiples up to 2^41, the sum is below 2^53.
const BLOCK: usize = 2048;

/// Partial sums that the processor can make at once.
const LANES: usize = 4;

/// Bits between the units.
const STEP: i32 = 41;

/// The exponents of the units, the largest first.
const UNITS: [i32; 4] = [31, 31 - STEP, 31 - 2 * STEP, 31 - 3 * STEP];

/// 2^exponent, of a normal number.
const fn power(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

impl ExactSum {
    /// Takes in numbers.
    pub fn add(&mut self, values: &[f64]) {
        values.chunks(BLOCK).for_each(|block| self.add_block(block));
    }

    fn add_block(&mut self, block: &[f64]) {
        self.count += block.len() as u64;
        let larger = |largest: f64, value: f64| if value > largest { value } else { largest };
        let largest = block.iter().map(|value| value.abs()).fold(0.0, larger);
        let sums = if largest < power(UNITS[0]) {
            multiples(block, [UNITS[1], UNITS[2], UNITS[3]]).map(|sums| sums.map(i128::from))
        } else if largest < power(UNITS[0] + STEP) {
            let sums = multiples(block, UNITS).map(|sums| sums.map(i128::from));
            sums.map(|[largest, first, second, third]| [(largest << STEP) + first, second, third])
        } else {
            None
        };
        if let Some(sums) = sums {
            self.parts.iter_mut().zip(sums).for_each(|(part, sum)| part.add(sum));
        } else {
            let others = self.others.get_or_insert_default();
            block.iter().for_each(|value| others.add_number(*value));
        }
    }

    /// Takes in the numbers of another sum.
    pub fn merge(&mut self, other: &Self) {
        self.parts
            .iter_mut()
            .zip(&other.parts)
            .for_each(|(part, other)| part.add(other.get()));
        self.count += other.count;
        if let Some(digits) = &other.others {
            self.others.get_or_insert_default().merge(digits);
        }
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
        for (part, unit) in self.parts.iter().zip(&UNITS[1..]) {
            digits.add(part.get(), (unit - Digits::UNIT) as usize);
        }
        (self.count > 0 && digits.finite).then(|| digits.rounded())
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

/// How often each unit is in the sum of the numbers, the largest unit first; `None` where something is left over.
///
/// A number plus 1.5 * 2^52 units has no bit below a unit: taking that away again leaves the nearest multiple.
fn multiples<const N: usize>(block: &[f64], units: [i32; N]) -> Option<[i64; N]> {
    let magic = units.map(|unit| 1.5 * power(unit + 52));
    let (mut sums, mut left_over) = ([[0.0; LANES]; N], [0.0; LANES]);
    let mut take = |values: &[f64; LANES]| {
        let mut rest = *values;
        for (sums, magic) in sums.iter_mut().zip(magic) {
            for lane in 0..LANES {
                let multiple = (rest[lane] + magic) - magic;
                rest[lane] -= multiple;
                sums[lane] += multiple;
            }
        }
        for lane in 0..LANES {
            left_over[lane] += rest[lane].abs();
        }
    };
    let (chunks, last) = block.as_chunks();
    chunks.iter().for_each(&mut take);
    if !last.is_empty() {
        let mut padded = [0.0; LANES];
        padded[..last.len()].copy_from_slice(last);
        take(&padded);
    }
    let mut counts = [0; N];
    for ((count, sums), unit) in counts.iter_mut().zip(sums).zip(units) {
        *count = (sums.iter().sum::<f64>() * power(-unit)) as i64;
    }
    // NaN is not 0.
    (left_over.iter().sum::<f64>() == 0.0).then_some(counts)
}

/// An integer of 128 bits that does not need the alignment of one: states of aggregates have 8 bytes.
#[derive(Debug, Default, Clone, Copy)]
struct Wide([u64; 2]);

impl Wide {
    fn get(self) -> i128 {
        (u128::from(self.0[1]) << 64 | u128::from(self.0[0])) as i128
    }

    fn add(&mut self, value: i128) {
        let sum = self.get().wrapping_add(value) as u128;
        self.0 = [sum as u64, (sum >> 64) as u64];
    }
}

/// A superaccumulator: an integer in digits of 32 bits, the lowest first, which counts the smallest f64. Digits may
/// leave their range for a while, as carrying is slow.
#[derive(Debug, Clone)]
struct Digits {
    digits: [i64; Digits::LEN],
    /// Additions since digits were last carried.
    pending: u32,
    finite: bool,
}

impl Default for Digits {
    fn default() -> Self {
        Self {
            digits: [0; Self::LEN],
            pending: 0,
            finite: true,
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

    fn add_number(&mut self, value: f64) {
        let bits = value.to_bits();
        let (exponent, fraction) = (bits >> 52 & 0x7ff, bits & ((1 << 52) - 1));
        self.finite &= value.is_finite();
        let (significand, position) = match exponent {
            0 => (fraction, 0),
            _ => (fraction | 1 << 52, exponent as usize - 1),
        };
        let significand = i128::from(significand);
        self.add(if value < 0.0 { -significand } else { significand }, position);
    }

    /// Adds `value` times 2^position.
    fn add(&mut self, value: i128, position: usize) {
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
        self.finite &= other.finite;
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
