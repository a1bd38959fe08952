//! What moves the outcome beside the channels: level, trend, season, price and covariates, and errors that hang together.

use std::f64::consts::PI;

/// Standard deviation of the level, in those of the error.
const LEVEL_SCALE: f64 = 100.0;
/// Standard deviation of a standardised covariate's effect, in those of the error.
const COVARIATE_SCALE: f64 = 2.0;
/// Periods for each wave of the trend.
const PERIODS_A_WAVE: usize = 10;
/// Waves of the trend, at most.
const MAX_WAVES: usize = 12;

/// How freely the background moves, in standard deviations of the error, and how errors hang together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Freedom {
    /// Correlation of the errors of two periods that follow each other.
    pub correlation: f64,
    /// Of the slowest wave of the trend; that of the k-th is 1 / k of it, as of a random walk.
    pub trend: f64,
    /// Of the first harmonic of the season; higher ones are less free.
    pub season: f64,
    /// Of the level.
    pub level: f64,
}

impl Freedom {
    /// Where nothing is known of the level.
    pub const LEVEL: f64 = LEVEL_SCALE;
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Level,
    Trend(f64),
    Season(f64),
    Covariate,
}

/// The columns of the background in the periods observed.
#[derive(Debug, Clone)]
pub struct Background {
    /// Places of the periods observed, in order.
    places: Vec<usize>,
    kinds: Vec<Kind>,
    /// By column.
    columns: Vec<Vec<f64>>,
}

/// What a season repeats after.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cycle {
    /// Periods.
    pub length: f64,
    /// Waves within it, at most.
    pub harmonics: usize,
}

impl Background {
    /// Of the periods at `places`, with covariates given by place.
    pub fn of(places: &[usize], cycles: &[Cycle], covariates: &[Vec<f64>]) -> Self {
        let count = places.len();
        let (mut kinds, mut columns) = (vec![Kind::Level], vec![vec![1.0; count]]);
        let first = places.first().copied().unwrap_or(0);
        let span = places.last().map_or(1, |last| last + 1 - first) as f64;
        let since = |place: usize| (place - first) as f64;
        let slope = |&place: &usize| 2.0 * (since(place) + 0.5) / span - 1.0;
        columns.push(places.iter().map(slope).collect());
        kinds.push(Kind::Trend(2.0));
        let waves = (count / PERIODS_A_WAVE).min(MAX_WAVES);
        for wave in 1..=waves {
            let at = |&place: &usize| (PI * wave as f64 * (since(place) + 0.5) / span).cos();
            columns.push(places.iter().map(at).collect());
            kinds.push(Kind::Trend(1.0 / wave as f64));
        }
        for cycle in cycles {
            for harmonic in 1..=cycle.harmonics {
                let angle = |place: usize| 2.0 * PI * harmonic as f64 * place as f64 / cycle.length;
                columns.push(places.iter().map(|&place| angle(place).sin()).collect());
                columns.push(places.iter().map(|&place| angle(place).cos()).collect());
                kinds.extend([Kind::Season(1.0 / (harmonic as f64).sqrt()); 2]);
            }
        }
        for covariate in covariates {
            let values: Vec<f64> = places.iter().map(|&place| covariate[place]).collect();
            let mean = values.iter().sum::<f64>() / count.max(1) as f64;
            let spread = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count.max(1) as f64).sqrt();
            if spread > 1e-9 * (1.0 + mean.abs()) {
                columns.push(values.iter().map(|v| (v - mean) / spread).collect());
                kinds.push(Kind::Covariate);
            }
        }
        Self {
            places: places.to_vec(),
            kinds,
            columns,
        }
    }

    /// Places of the periods observed.
    pub fn places(&self) -> &[usize] {
        &self.places
    }

    /// A view in which errors are independent and the background is taken out; `None` if numbers run out.
    pub fn view(&self, freedom: Freedom) -> Option<View> {
        let whitening = Whitening::of(&self.places, freedom.correlation);
        let (rows, width) = (self.places.len(), self.columns.len());
        // By row, so that a column is taken apart in one pass.
        let mut basis = vec![0.0; rows * width];
        let mut whitened = vec![0.0; rows];
        for (at, column) in self.columns.iter().enumerate() {
            whitening.apply(column, &mut whitened);
            for (row, value) in whitened.iter().enumerate() {
                basis[row * width + at] = *value;
            }
        }
        let mut gram = vec![0.0; width * width];
        for row in basis.chunks_exact(width) {
            for (i, a) in row.iter().enumerate() {
                let target = &mut gram[i * width..i * width + i + 1];
                target.iter_mut().zip(row).for_each(|(sum, b)| *sum += a * b);
            }
        }
        let mut log_determinant = 0.0;
        for (i, kind) in self.kinds.iter().enumerate() {
            let scale = match kind {
                Kind::Level => freedom.level,
                Kind::Trend(share) => freedom.trend * share,
                Kind::Season(share) => freedom.season * share,
                Kind::Covariate => COVARIATE_SCALE,
            };
            gram[i * width + i] += 1.0 / (scale * scale);
            log_determinant += 2.0 * scale.ln();
        }
        let factor = cholesky(gram, width)?;
        log_determinant += (0..width).map(|i| 2.0 * factor[i * width + i].ln()).sum::<f64>();
        // Each row solved by the factor: the products of these columns with another one are its part in the background.
        for row in basis.chunks_exact_mut(width) {
            for i in 0..width {
                let done = dot(&factor[i * width..i * width + i], row);
                row[i] = (row[i] - done) / factor[i * width + i];
            }
        }
        Some(View {
            log_density: whitening.log_density - 0.5 * log_determinant,
            whitening,
            basis,
            width,
        })
    }
}

/// The lower factor of a symmetric matrix given by its lower half.
fn cholesky(mut matrix: Vec<f64>, width: usize) -> Option<Vec<f64>> {
    for i in 0..width {
        for j in 0..=i {
            let before: f64 = (0..j).map(|k| matrix[i * width + k] * matrix[j * width + k]).sum();
            let rest = matrix[i * width + j] - before;
            matrix[i * width + j] = match i == j {
                true if rest > 0.0 => rest.sqrt(),
                true => return None,
                false => rest / matrix[j * width + j],
            };
        }
    }
    Some(matrix)
}

/// Takes the correlation of errors out, across gaps too.
#[derive(Debug, Clone)]
struct Whitening {
    /// Of each period observed: the share of the one before, and what the rest is divided by.
    steps: Vec<(f64, f64)>,
    log_density: f64,
}

impl Whitening {
    fn of(places: &[usize], correlation: f64) -> Self {
        let stationary = 1.0 - correlation * correlation;
        let mut before = None;
        let step = |&place: &usize| match before.replace(place) {
            None => (0.0, 1.0 / stationary.sqrt()),
            Some(last) => {
                let share = correlation.powi((place - last).min(1_000) as i32);
                (share, ((1.0 - share * share) / stationary).sqrt())
            }
        };
        let steps: Vec<(f64, f64)> = places.iter().map(step).collect();
        let log_density = -steps.iter().map(|(_, scale)| scale.ln()).sum::<f64>();
        Self { steps, log_density }
    }

    #[inline]
    fn apply(&self, column: &[f64], into: &mut [f64]) {
        let mut before = 0.0;
        for ((value, (share, scale)), into) in column.iter().zip(&self.steps).zip(into) {
            *into = (value - share * before) / scale;
            before = *value;
        }
    }
}

/// A view of columns in which the background is integrated out: their products are those of what it does not explain.
#[derive(Debug, Clone)]
pub struct View {
    whitening: Whitening,
    basis: Vec<f64>,
    width: usize,
    /// Logarithm of the density of no deviation, without the error's scale.
    pub log_density: f64,
}

/// A column as a [`View`] sees it.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    whitened: Vec<f64>,
    explained: Vec<f64>,
}

impl View {
    /// A column by period observed.
    #[inline]
    pub fn see(&self, column: &[f64]) -> Seen {
        let mut whitened = vec![0.0; column.len()];
        self.whitening.apply(column, &mut whitened);
        let mut explained = vec![0.0; self.width];
        for (row, value) in self.basis.chunks_exact(self.width).zip(&whitened) {
            explained.iter_mut().zip(row).for_each(|(sum, b)| *sum += b * value);
        }
        Seen { whitened, explained }
    }
}

impl Seen {
    /// The product with another column.
    #[inline]
    pub fn dot(&self, other: &Self) -> f64 {
        dot(&self.whitened, &other.whitened) - dot(&self.explained, &other.explained)
    }

    /// Adds a multiple of another column.
    #[inline]
    pub fn add(&mut self, factor: f64, other: &Self) {
        let pairs = self.whitened.iter_mut().zip(&other.whitened);
        pairs
            .chain(self.explained.iter_mut().zip(&other.explained))
            .for_each(|(a, b)| *a += factor * b);
    }
}

/// In eight sums, as machines add them; of columns of two lengths the shorter one counts.
#[inline]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let length = a.len().min(b.len());
    let (a, b) = (&a[..length], &b[..length]);
    let mut sums = [0.0; 8];
    let (left, right) = (a.chunks_exact(8), b.chunks_exact(8));
    let mut rest = 0.0;
    for (a, b) in left.remainder().iter().zip(right.remainder()) {
        rest += a * b;
    }
    for (a, b) in left.zip(right) {
        for k in 0..8 {
            sums[k] += a[k] * b[k];
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use nalgebra::{DMatrix, DVector};

    use super::*;

    /// The covariance that the view stands for, written out: errors of an autoregression, plus each column of the background.
    fn covariance(background: &Background, freedom: Freedom) -> DMatrix<f64> {
        let places = &background.places;
        let error = |i: usize, j: usize| {
            freedom.correlation.powi(places[i].abs_diff(places[j]) as i32) / (1.0 - freedom.correlation.powi(2))
        };
        let mut matrix = DMatrix::from_fn(places.len(), places.len(), error);
        for (kind, column) in background.kinds.iter().zip(&background.columns) {
            let scale = match kind {
                Kind::Level => freedom.level,
                Kind::Trend(share) => freedom.trend * share,
                Kind::Season(share) => freedom.season * share,
                Kind::Covariate => COVARIATE_SCALE,
            };
            let column = DVector::from_column_slice(column);
            matrix += scale * scale * &column * column.transpose();
        }
        matrix
    }

    #[test]
    fn a_view_is_the_normal_distribution_written_out_also_across_gaps() {
        let places: Vec<usize> = (0..40).filter(|place| place % 7 != 3 && *place != 20).collect();
        let price: Vec<f64> = (0..40).map(|place| ((place * place) % 11) as f64).collect();
        let cycles = [Cycle {
            length: 12.0,
            harmonics: 2,
        }];
        let background = Background::of(&places, &cycles, &[price, vec![1.0; 40]]);
        let freedom = Freedom {
            correlation: 0.4,
            trend: 1.3,
            season: 0.7,
            level: 3.0,
        };
        let view = background.view(freedom).unwrap();
        let matrix = covariance(&background, freedom);
        let column = |k: usize| -> Vec<f64> { places.iter().map(|place| ((place * k) % 13) as f64 - 4.0).collect() };
        let (a, b) = (column(5), column(9));
        let solved = matrix.clone().lu().solve(&DVector::from_column_slice(&b)).unwrap();
        let product = DVector::from_column_slice(&a).dot(&solved);
        assert!((view.see(&a).dot(&view.see(&b)) - product).abs() < 1e-8 * product.abs());
        let log_density = -0.5 * matrix.determinant().ln();
        assert!(
            (view.log_density - log_density).abs() < 1e-8,
            "{} {log_density}",
            view.log_density
        );
    }

    #[test]
    fn columns_add_up_in_a_view() {
        let places: Vec<usize> = (0..19).collect();
        let background = Background::of(&places, &[], &[]);
        let view = background
            .view(Freedom {
                correlation: 0.2,
                trend: 1.0,
                season: 1.0,
                level: 9.0,
            })
            .unwrap();
        let (a, b): (Vec<f64>, Vec<f64>) = places.iter().map(|p| (*p as f64, (p % 3) as f64)).unzip();
        let sum: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - 2.0 * b).collect();
        let mut added = view.see(&a);
        added.add(-2.0, &view.see(&b));
        let other = view.see(&sum);
        assert!((added.dot(&other) - other.dot(&other)).abs() < 1e-9 * other.dot(&other));
    }
}
