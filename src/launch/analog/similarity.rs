//! How far two launches are apart, attribute by attribute.

use serde::{Deserialize, Serialize};

use crate::features::{EncodedColumn, distance};
use crate::panel::{Frequency, day_of_year_angle};

/// Launches as points: encoded attributes, launch season and launch date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Points {
    columns: Vec<EncodedColumn>,
    launch_days: Vec<i32>,
    /// Cosine and sine of the day of the year.
    #[serde(skip_serializing)]
    season: Vec<[f64; 2]>,
}

/// What is stored of [`Points`].
#[derive(Deserialize)]
struct Stored {
    columns: Vec<EncodedColumn>,
    launch_days: Vec<i32>,
}

impl From<Stored> for Points {
    fn from(stored: Stored) -> Self {
        Self::new(stored.columns, stored.launch_days)
    }
}

impl Points {
    /// Of attributes, each with one value per launch, and launch dates in days since 1970-01-01.
    pub fn new(columns: Vec<EncodedColumn>, launch_days: Vec<i32>) -> Self {
        let direction = |&day: &i32| {
            let (sine, cosine) = day_of_year_angle(day).sin_cos();
            [cosine, sine]
        };
        Self {
            season: launch_days.iter().map(direction).collect(),
            columns,
            launch_days,
        }
    }

    /// The attributes.
    pub fn columns(&self) -> &[EncodedColumn] {
        &self.columns
    }

    /// Launch dates in days since 1970-01-01.
    pub fn launch_days(&self) -> &[i32] {
        &self.launch_days
    }

    /// Number of launches.
    pub fn len(&self) -> usize {
        self.launch_days.len()
    }

    /// Number of distances between two launches: one per attribute, then season, then recency.
    pub fn distances(&self) -> usize {
        self.columns.len() + 2
    }

    /// The launches with the given numbers.
    pub fn select(&self, rows: &[usize]) -> Self {
        Self::new(
            self.columns.iter().map(|c| c.select(rows)).collect(),
            rows.iter().map(|&i| self.launch_days[i]).collect(),
        )
    }

    /// Whether every column has one value per launch.
    pub fn is_valid(&self) -> bool {
        self.columns.iter().all(|c| c.len() == self.len())
    }

    /// The distances numbered `k` of one query to each of `others`, written to `out`.
    ///
    /// *Formulas*: attributes [`distance::standardised`]; season 1 - cos of the angle between the days of the year;
    /// recency the years between the launch dates.
    pub fn distance(&self, k: usize, query: &Self, row: usize, others: &[u32], out: &mut [f32]) {
        let pairs = out.iter_mut().zip(others.iter().map(|&j| j as usize));
        match (self.columns.get(k), query.columns.get(k)) {
            (Some(past), Some(new)) => distance::standardised(past, new, row, others, out),
            _ if k == self.columns.len() => {
                let [cosine, sine] = query.season[row];
                pairs.for_each(|(o, j)| *o = (1.0 - (self.season[j][0] * cosine + self.season[j][1] * sine)) as f32);
            }
            _ => {
                let b = query.launch_days[row];
                pairs.for_each(|(o, j)| *o = ((f64::from(self.launch_days[j]) - f64::from(b)).abs() / 365.25) as f32);
            }
        }
    }
}

/// Attention weights over past launches from the distances: exp(-sum_k theta_k d_k), divided by the largest.
pub fn attention(theta: &[f64], distances: &[f32], others: usize) -> Vec<f64> {
    let mut logits = vec![0f64; others];
    pulp::Arch::new().dispatch(|| {
        for (theta, distances) in theta.iter().zip(distances.chunks_exact(others.max(1))) {
            for (l, d) in logits.iter_mut().zip(distances) {
                *l -= theta * f64::from(*d);
            }
        }
    });
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    logits.iter_mut().for_each(|l| *l = (*l - largest).exp());
    logits
}

/// Which past launches a training launch may be forecast from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eligibility {
    /// Those launched at least the gap earlier: how candidates are forecast later.
    Earlier,
    /// Those launched at least the gap earlier or later.
    Apart,
    /// All others.
    Others,
}

impl Eligibility {
    /// The launches (numbers in order of launch) that launch `row` may be forecast from.
    ///
    /// Launches of one batch are near twins: were they eligible for each other, the learned weights would trust
    /// likeness that no candidate has.
    pub fn of(self, launch_days: &[i32], row: usize, gap_days: f64) -> Vec<u32> {
        let apart = |j: usize| f64::from(launch_days[row]) - f64::from(launch_days[j]);
        (0..launch_days.len())
            .filter(|&j| match self {
                Self::Earlier => apart(j) >= gap_days,
                Self::Apart => apart(j).abs() >= gap_days,
                Self::Others => j != row,
            })
            .map(|j| j as u32)
            .collect()
    }
}

/// Days that make up the gap: half the horizon.
pub fn gap_days(frequency: Frequency, horizon: usize) -> f64 {
    frequency.days() * horizon.div_ceil(2) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_come_first_then_season_and_recency() {
        let points = Points::new(
            vec![EncodedColumn::Number(vec![Some(0.0), Some(2.0), None])],
            vec![19_723, 19_906, 20_089],
        );
        let others = [0, 1, 2];
        let mut out = [0f32; 3];
        points.distance(0, &points, 0, &others, &mut out);
        assert_eq!(out, [0.0, 2.0, 1.0]);
        points.distance(1, &points, 0, &others, &mut out);
        assert!(
            (f64::from(out[1]) - (1.0 - std::f64::consts::PI.cos())).abs() < 0.01,
            "{out:?}"
        );
        points.distance(2, &points, 0, &others, &mut out);
        assert!((f64::from(out[2]) - 366.0 / 365.25).abs() < 1e-6);
    }

    #[test]
    fn eligibility_keeps_batches_apart() {
        let days = [0, 1, 100, 101];
        assert_eq!(Eligibility::Earlier.of(&days, 3, 50.0), [0, 1]);
        assert_eq!(Eligibility::Apart.of(&days, 1, 50.0), [2, 3]);
        assert_eq!(Eligibility::Others.of(&days, 1, 50.0), [0, 2, 3]);
    }
}
