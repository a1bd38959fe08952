//! Whether a signal, such as mentions or searches, runs ahead of sales, and by how many periods.

use nalgebra::{DMatrix, DVector};

use crate::{
    error::{Error, Result},
    panel::{Frequency, day_of_year_angle},
    statistics::{self, dot},
};

/// Largest lag that may be asked for.
pub const MAX_LAG: i64 = 52;
/// Periods of sales, at least.
const MIN_PERIODS: usize = 24;
/// Held-out periods, at least.
const MIN_HELD_OUT: usize = 8;
/// Pairs of periods that a correlation is taken of, at least.
const MIN_PAIRS: usize = 16;
/// Own past that is looked at, at most.
const MAX_ORDER: usize = 4;
/// Years of sales before the held-out periods from which a season is told.
const SEASON_YEARS: f64 = 1.5;
/// Skewness from which the logarithm of a signal is taken, as in launch models.
const SKEWED: f64 = 1.0;
/// A standard deviation below this share of the largest value is rounding.
const CONSTANT: f64 = 1e-9;

/// What a signal tells of sales so many periods later.
#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    /// Periods between the signal and the sales.
    pub lag: usize,
    /// Correlation of what is new in the signal with what is new in the sales.
    pub correlation: Option<f64>,
    /// Share of the forecast error that the signal saves.
    pub gain: Option<f64>,
    /// What to make of it, or what there was too little of.
    pub reason: String,
}

/// Sales and a signal by period, both from the same period on.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// Length of a period.
    pub frequency: Frequency,
    /// A day of the first period.
    pub first_day: i32,
    /// Units sold; `None` before the first sale.
    pub units: &'a [Option<f64>],
    /// The signal; `None` where it is not known.
    pub signal: &'a [Option<f64>],
}

/// Correlation and gain at each lag from 0 to `max_lag`.
///
/// *Model*: y is ln(1 + units), x the signal, or its logarithm where it is skewed. Each is explained by a constant, its
/// own last p values, and a season: two waves a year where there are 1.5 years before the held-out periods, and the day
/// of the week in daily data. The correlation is that of what is left of y with what is left of x so many periods before:
/// two series that only trend, or share a season, do not correlate.
///
/// The gain is 1 - (mean absolute error with x) / (that without) of forecasts of y one period ahead. It is measured on
/// the last third of the periods: for each of them the model above is fitted to all periods before it, without and with
/// x so many periods before as one more column. p (1 to 4, by Schwarz's criterion) and the scale of x are chosen before
/// the held-out periods. At lag 0 there is no gain: the signal is not known before the sales are.
///
/// *Missing data*: periods without the signal, or without one of its lags, are left out of both sides.
///
/// *References*: Box, Jenkins 1970, Time series analysis (prewhitening); Haugh 1976, Checking the independence of two
/// covariance-stationary time series; Granger, Newbold 1974, Spurious regressions in econometrics; Ashley, Granger,
/// Schmalensee 1980, Advertising and aggregate consumption: an analysis of causality; Schwarz 1978, Estimating the
/// dimension of a model.
///
/// # Errors
/// [`Error::Refused`] when sales or signal are too short or do not change.
pub fn leads(pair: Pair<'_>, max_lag: usize) -> Result<Vec<Lead>> {
    let last = pair.units.len().min(pair.signal.len());
    let start = pair.units.iter().position(Option::is_some).unwrap_or(last);
    let periods = last - start;
    if periods < MIN_PERIODS {
        return Err(Error::refused(format!(
            "sales cover {periods} full periods, at least {MIN_PERIODS} are needed"
        )));
    }
    let split = last - (periods / 3).max(MIN_HELD_OUT);
    let y: Vec<f64> = (0..last)
        .map(|t| signed_log(pair.units[t].filter(|v| v.is_finite()).unwrap_or_default()))
        .collect();
    if is_constant(&y[start..]) {
        return Err(Error::refused("the sales do not change"));
    }
    let x = scaled(&pair.signal[..last], split)?;
    let season = season(pair, last, split - start);
    let order = order(&y, &season, start, split);
    let news = Table::of_past(&y, &season, order, start).residuals();
    let ahead = signal_news(&x, &season, order);
    Ok((0..=max_lag)
        .map(|lag| {
            let (correlation, pairs) = correlation(&news, &ahead, lag);
            let (gain, tested) = match lag {
                0 => (None, 0),
                _ => gain(&y, &x, &season, order, start, split, lag),
            };
            Lead {
                lag,
                correlation,
                gain,
                reason: reason(lag, correlation, pairs, gain, tested),
            }
        })
        .collect())
}

fn reason(lag: usize, correlation: Option<f64>, pairs: usize, gain: Option<f64>, tested: usize) -> String {
    let Some(r) = correlation else {
        return format!("the signal is known for {pairs} periods that fit, at least {MIN_PAIRS} are needed");
    };
    let chance = 1.96 / (pairs as f64).sqrt();
    let beside = if r.abs() > chance { "beyond" } else { "within" };
    let how = format!("correlation {beside} what chance gives ({chance:.2}) in {pairs} periods");
    match gain {
        _ if lag == 0 => format!("{how}; the same period tells what is, not what comes"),
        Some(_) => format!("{how}; gain in {tested} held-out periods"),
        None => format!("{how}; too few held-out periods with the signal for a gain"),
    }
}

/// ln(1 + |v|) with the sign of v.
fn signed_log(v: f64) -> f64 {
    v.signum() * v.abs().ln_1p()
}

/// Mean of values, 0 of none.
fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    statistics::mean(values).unwrap_or_default()
}

/// Standard deviation of values, 0 of none.
fn deviation(values: &[f64]) -> f64 {
    statistics::deviation(values).unwrap_or_default()
}

fn is_constant(values: &[f64]) -> bool {
    let largest = values.iter().fold(0.0f64, |a, v| a.max(v.abs()));
    deviation(values) <= CONSTANT * largest
}

/// The signal around 0; the scale is that of the periods before `split`.
fn scaled(signal: &[Option<f64>], split: usize) -> Result<Vec<Option<f64>>> {
    let known = |v: &Option<f64>| v.filter(|v| v.is_finite());
    let all: Vec<f64> = signal.iter().filter_map(known).collect();
    let early: Vec<f64> = signal[..split].iter().filter_map(known).collect();
    if all.len() < MIN_PAIRS {
        return Err(Error::refused(format!(
            "the signal is known for {} periods of the sales, at least {MIN_PAIRS} are needed",
            all.len()
        )));
    }
    if is_constant(&all) {
        return Err(Error::refused("the signal does not change"));
    }
    let (middle, spread) = (mean(early.iter().copied()), deviation(&early));
    let skewness = mean(early.iter().map(|v| ((v - middle) / spread).powi(3)));
    let log = early.iter().all(|&v| v >= 0.0) && skewness > SKEWED;
    let shape = |v: f64| if log { signed_log(v) } else { v };
    let early: Vec<f64> = early.into_iter().map(shape).collect();
    let (middle, spread) = (mean(early.iter().copied()), deviation(&early));
    let spread = if spread > 0.0 && spread.is_finite() {
        spread
    } else {
        1.0
    };
    Ok(signal
        .iter()
        .map(|v| known(v).map(|v| (shape(v) - middle) / spread).filter(|v| v.is_finite()))
        .collect())
}

/// Columns of the season, one row per period.
fn season(pair: Pair<'_>, last: usize, learned: usize) -> Vec<Vec<f64>> {
    let yearly = learned as f64 * pair.frequency.days() >= SEASON_YEARS * 365.25;
    let weekly = pair.frequency == Frequency::Day;
    (0..last)
        .map(|t| {
            let day = pair
                .frequency
                .period_start(pair.first_day, t as i32)
                .unwrap_or_default();
            let angle = day_of_year_angle(day);
            let mut row = Vec::new();
            if yearly {
                row.extend([angle.sin(), angle.cos(), (2.0 * angle).sin(), (2.0 * angle).cos()]);
            }
            if weekly {
                row.extend((1..7).map(|d| f64::from(day.rem_euclid(7) == d)));
            }
            row
        })
        .collect()
}

/// Rows of a regression: explaining numbers, what is explained, and the period it belongs to.
struct Table {
    rows: Vec<(usize, Vec<f64>, f64)>,
    last: usize,
}

impl Table {
    /// A series on its own last `order` values from `start` on.
    fn of_past(y: &[f64], season: &[Vec<f64>], order: usize, start: usize) -> Self {
        let row = |t: usize| {
            let mut row = vec![1.0];
            row.extend((1..=order).map(|lag| y[t - lag]));
            row.extend(&season[t]);
            (t, row, y[t])
        };
        Self {
            rows: (start + order..y.len()).map(row).collect(),
            last: y.len(),
        }
    }

    /// What a regression on all rows leaves, by period.
    fn residuals(&self) -> Vec<Option<f64>> {
        let mut residuals = vec![None; self.last];
        let mut sums = Sums::default();
        self.rows.iter().for_each(|(_, x, y)| sums.add(x, *y));
        if let Some(slopes) = sums.width().and_then(|width| sums.solve(width)) {
            for (t, x, y) in &self.rows {
                residuals[*t] = Some(y - dot(&slopes, x));
            }
        }
        residuals
    }
}

/// What is new in the signal: the regression on its own past, where that is known.
fn signal_news(x: &[Option<f64>], season: &[Vec<f64>], order: usize) -> Vec<Option<f64>> {
    let filled: Vec<f64> = x.iter().map(|v| v.unwrap_or_default()).collect();
    let mut table = Table::of_past(&filled, season, order, 0);
    table
        .rows
        .retain(|(t, _, _)| x[t - order..=*t].iter().all(Option::is_some));
    table.residuals()
}

/// Sums of squares and products, to which rows are added.
#[derive(Default)]
struct Sums {
    gram: Vec<Vec<f64>>,
    moments: Vec<f64>,
    rows: usize,
}

impl Sums {
    fn add(&mut self, x: &[f64], y: f64) {
        if self.rows == 0 {
            self.gram = vec![vec![0.0; x.len()]; x.len()];
            self.moments = vec![0.0; x.len()];
        }
        for (a, line) in self.gram.iter_mut().enumerate() {
            line.iter_mut().zip(x).for_each(|(sum, b)| *sum += x[a] * b);
            self.moments[a] += x[a] * y;
        }
        self.rows += 1;
    }

    fn width(&self) -> Option<usize> {
        (self.rows > 0).then_some(self.moments.len())
    }

    /// Slopes of the first `width` columns alone; a column that follows from others is held by a very small ridge.
    fn solve(&self, width: usize) -> Option<Vec<f64>> {
        if self.rows < width + 2 {
            return None;
        }
        let length: Vec<f64> = (0..width)
            .map(|a| self.gram[a][a].sqrt().max(f64::MIN_POSITIVE))
            .collect();
        let ridge = |a, b| if a == b { 1e-9 } else { 0.0 };
        let gram = DMatrix::from_fn(width, width, |a, b| {
            self.gram[a][b] / (length[a] * length[b]) + ridge(a, b)
        });
        let moments = DVector::from_fn(width, |a, _| self.moments[a] / length[a]);
        let slopes = gram.cholesky()?.solve(&moments);
        Some(slopes.iter().zip(&length).map(|(s, l)| s / l).collect())
    }
}

/// How many own last values explain a series before `split`.
fn order(y: &[f64], season: &[Vec<f64>], start: usize, split: usize) -> usize {
    let most = MAX_ORDER.min((split - start) / 8).max(1);
    let score = |order: usize| {
        let mut table = Table::of_past(&y[..split], season, order, start);
        table.rows.retain(|(t, _, _)| *t >= start + most);
        let left: Vec<f64> = table.residuals().into_iter().flatten().collect();
        let n = left.len().max(1) as f64;
        let square = left.iter().map(|v| v * v).sum::<f64>() / n;
        n * square.max(f64::MIN_POSITIVE).ln() + order as f64 * n.ln()
    };
    (1..=most).min_by(|&a, &b| score(a).total_cmp(&score(b))).unwrap_or(1)
}

/// The correlation at a lag, and the number of pairs.
fn correlation(news: &[Option<f64>], ahead: &[Option<f64>], lag: usize) -> (Option<f64>, usize) {
    let pairs: Vec<(f64, f64)> = (lag..news.len())
        .filter_map(|t| Some((news[t]?, ahead[t - lag]?)))
        .collect();
    if pairs.len() < MIN_PAIRS {
        return (None, pairs.len());
    }
    let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (middle_a, middle_b) = (mean(a.iter().copied()), mean(b.iter().copied()));
    let together = mean(pairs.iter().map(|(a, b)| (a - middle_a) * (b - middle_b)));
    let r = together / (deviation(&a) * deviation(&b));
    (r.is_finite().then(|| r.clamp(-1.0, 1.0)), pairs.len())
}

/// The gain at a lag, and the number of held-out periods it was measured on.
fn gain(
    y: &[f64],
    x: &[Option<f64>],
    season: &[Vec<f64>],
    order: usize,
    start: usize,
    split: usize,
    lag: usize,
) -> (Option<f64>, usize) {
    let (mut without, mut with, mut tested) = (0.0, 0.0, 0);
    let mut sums = Sums::default();
    for (t, mut row, value) in Table::of_past(y, season, order, start).rows {
        let Some(signal) = t.checked_sub(lag).and_then(|at| x[at]) else {
            continue;
        };
        let own = row.len();
        row.push(signal);
        if t >= split
            && let (Some(plain), Some(full)) = (sums.solve(own), sums.solve(own + 1))
        {
            without += (value - dot(&plain, &row)).abs();
            with += (value - dot(&full, &row)).abs();
            tested += 1;
        }
        sums.add(&row, value);
    }
    let gain = 1.0 - with / without;
    ((tested >= MIN_HELD_OUT && gain.is_finite()).then_some(gain), tested)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    fn noise(seed: u64, n: usize) -> Vec<f64> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        (0..n).map(|_| StandardNormal.sample(&mut random)).collect()
    }

    fn walk(seed: u64, n: usize, step: f64) -> Vec<f64> {
        let sum = |sum: &mut f64, v: f64| {
            *sum += step * v;
            Some(*sum)
        };
        noise(seed, n).into_iter().scan(0.0, sum).collect()
    }

    fn found(units: &[f64], signal: &[f64], max_lag: usize) -> Result<Vec<Lead>> {
        let units: Vec<Option<f64>> = units.iter().map(|&v| Some(v)).collect();
        let signal: Vec<Option<f64>> = signal.iter().map(|&v| Some(v)).collect();
        let pair = Pair {
            frequency: Frequency::Week,
            first_day: 19_000,
            units: &units,
            signal: &signal,
        };
        leads(pair, max_lag)
    }

    /// Sales that follow a signal three weeks later, by 0.3 of its standard deviation on the log scale.
    fn planted(seed: u64, signal: &[f64]) -> Vec<f64> {
        let errors = noise(seed, signal.len());
        let units = |t: usize| (4.0 + 0.3 * signal[t.saturating_sub(3)] + 0.15 * errors[t]).exp();
        (0..signal.len()).map(units).collect()
    }

    #[test]
    fn a_planted_lag_is_found() {
        for seed in 0..20 {
            let signals = [noise(seed, 120), walk(seed, 120, 0.7)];
            for signal in signals {
                let leads = found(&planted(100 + seed, &signal), &signal, 8).unwrap();
                let by = |of: fn(&Lead) -> Option<f64>| {
                    leads[1..]
                        .iter()
                        .max_by(|a, b| of(a).unwrap().total_cmp(&of(b).unwrap()))
                        .unwrap()
                        .lag
                };
                assert_eq!((by(|l| l.correlation), by(|l| l.gain)), (3, 3), "{seed} {leads:#?}");
                assert!(
                    leads[3].gain.unwrap() > 0.1 && leads[3].correlation.unwrap() > 0.5,
                    "{:?}",
                    leads[3]
                );
                assert!(leads[3].reason.contains("beyond"), "{}", leads[3].reason);
            }
        }
    }

    #[test]
    fn two_walks_that_know_nothing_of_each_other_show_nothing() {
        let (mut beyond, mut gains, mut all) = (0, 0.0, 0);
        for seed in 0..50 {
            let units: Vec<f64> = walk(seed, 150, 0.1).into_iter().map(|v| (5.0 + v).exp()).collect();
            for lead in &found(&units, &walk(1_000 + seed, 150, 1.0), 8).unwrap()[1..] {
                beyond += usize::from(lead.reason.contains("beyond"));
                gains += lead.gain.unwrap();
                all += 1;
            }
        }
        let (beyond, gain) = (beyond as f64 / f64::from(all), gains / f64::from(all));
        assert!(beyond < 0.09 && gain < 0.0, "beyond chance: {beyond}, mean gain {gain}");
    }

    #[test]
    fn a_shared_season_is_no_lead() {
        let wave = |t: usize, shift: f64| (std::f64::consts::TAU * (t as f64 - shift) / 52.18).sin();
        let (a, b) = (noise(1, 200), noise(2, 200));
        let units: Vec<f64> = (0..200).map(|t| (4.0 + wave(t, 0.0) + 0.1 * a[t]).exp()).collect();
        let signal: Vec<f64> = (0..200).map(|t| 50.0 + 20.0 * wave(t, -3.0) + 2.0 * b[t]).collect();
        let leads = found(&units, &signal, 6).unwrap();
        assert!(leads.iter().all(|l| l.correlation.unwrap().abs() < 0.25), "{leads:#?}");
        assert!(leads[1..].iter().all(|l| l.gain.unwrap() < 0.03), "{leads:#?}");
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        let refuse = |units: &[f64], signal: &[f64]| found(units, signal, 2).unwrap_err().to_string();
        let (a, b) = (noise(1, 40), noise(2, 40));
        assert!(refuse(&a[..20], &b[..20]).contains("sales cover 20 full periods"));
        assert_eq!(refuse(&a, &[3.0; 40]), "the signal does not change");
        assert_eq!(refuse(&[7.0; 40], &b), "the sales do not change");
        assert!(refuse(&a, &[f64::NAN; 40]).contains("known for 0 periods"));
    }

    #[test]
    fn strange_numbers_do_no_harm() {
        for units in [
            vec![0.0, 1e300],
            vec![-5.0, 3.0],
            vec![f64::INFINITY, 2.0],
            vec![0.0, 0.0, 0.0, 1.0],
        ] {
            let units: Vec<f64> = (0..60).map(|t| units[t % units.len()]).collect();
            for signal in [noise(1, 60), walk(2, 60, 1e300), [f64::MAX, -f64::MAX].repeat(30)] {
                for lead in found(&units, &signal, 52).into_iter().flatten() {
                    assert!(lead.correlation.is_none_or(f64::is_finite) && lead.gain.is_none_or(f64::is_finite));
                }
            }
        }
    }

    #[test]
    fn gaps_of_the_signal_are_left_out() {
        let signal = noise(5, 120);
        let units: Vec<Option<f64>> = planted(6, &signal).into_iter().map(Some).collect();
        let gappy: Vec<Option<f64>> = (0..120).map(|t| (t % 9 > 0).then(|| signal[t])).collect();
        let pair = Pair {
            frequency: Frequency::Week,
            first_day: 19_000,
            units: &units,
            signal: &gappy,
        };
        let leads = leads(pair, 5).unwrap();
        assert!(
            leads[3].gain.unwrap() > 0.2 && leads[2].gain.unwrap() < 0.1,
            "{leads:#?}"
        );
    }
}
