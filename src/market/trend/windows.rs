//! Series as windows that a network learns from: a stretch of the past and the periods after it.

use crate::neural::{Batch, Shape, Source};
use crate::statistics::mean;

/// Inputs by step.
const INPUTS: usize = 7;
/// Inputs that stay the same over a window's steps.
const STATICS: usize = 2;
/// Centre of the targets: where the values of a window equal their mean.
pub(super) const CENTRE: f64 = std::f64::consts::LN_2;
/// Odd, so that visits of a series reach all its windows.
const STRIDE: usize = 7;

/// Lengths of the parts of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lengths {
    /// Periods looked back at, C.
    pub context: usize,
    /// Periods forecast, H.
    pub horizon: usize,
    /// Periods of a season; 1 for none.
    pub season: usize,
}

impl Lengths {
    pub(super) fn shape(self) -> Shape {
        Shape {
            statics: STATICS,
            inputs: INPUTS,
            steps: self.context + self.horizon,
        }
    }
}

/// Windows of many series, T = C + H steps each.
///
/// *Model*: a value v of the window that ends its past at period `cut` is seen as ln(1 + v / m) - ln 2, where m is the
/// mean of the past values in the window. Inputs by step: the value and whether it is known (not after `cut`), the value
/// one season before and whether that is known, sine and cosine of the position in the season, and how far into the
/// future a step is. Static inputs: ln(1 + m) / 10 and the share of zeros. Targets are the H values after `cut`.
///
/// *References*: Salinas, Flunkert, Gasthaus, Januschowski 2020, DeepAR (one network for all series, scaled by their
/// mean, with values of a season ago beside the last ones).
pub(super) struct Windows<'a> {
    pub(super) series: &'a [Vec<f64>],
    pub(super) lengths: Lengths,
    /// Rows of `series` that are used.
    pub(super) rows: Vec<usize>,
    pub(super) cuts: Cuts,
}

/// Where the windows end their past, counted back from the end of each series.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cuts {
    /// At one place: sample i is series i.
    At(usize),
    /// Anywhere with so many periods before it, from this place on: so many samples in an epoch, others in the next one.
    UpTo { back: usize, least: usize, samples: usize },
}

impl Windows<'_> {
    /// Series and period of a sample.
    pub(super) fn place(&self, sample: usize, epoch: usize) -> (usize, usize) {
        match self.cuts {
            Cuts::At(back) => {
                let row = self.rows[sample];
                (row, self.series[row].len() - back)
            }
            Cuts::UpTo { back, least, samples } => {
                let visit = epoch * samples + sample;
                let row = self.rows[visit % self.rows.len()];
                let latest = self.series[row].len() - back;
                let choices = latest - least + 1;
                (row, latest - (visit / self.rows.len() * STRIDE) % choices)
            }
        }
    }

    /// Mean of the values that a window looks back at; 1 if they are all zero.
    pub(super) fn scale(&self, row: usize, cut: usize) -> f64 {
        let past = &self.series[row][cut.saturating_sub(self.lengths.context)..cut];
        let mean = mean(past.iter().copied()).unwrap_or_default();
        if mean > 0.0 { mean } else { 1.0 }
    }

    fn push(&self, batch: &mut Batch, row: usize, cut: usize) {
        let Lengths {
            context,
            horizon,
            season,
        } = self.lengths;
        let values = &self.series[row];
        let scale = self.scale(row, cut);
        let seen = |position: Option<usize>| {
            let value = position.and_then(|p| values.get(p));
            value.map(|v| ((v / scale).ln_1p() - CENTRE) as f32)
        };
        let zeros = values[cut.saturating_sub(context)..cut].iter().filter(|v| **v == 0.0);
        let share = zeros.count() as f32 / context.min(cut) as f32;
        batch.statics.extend([(scale.ln_1p() / 10.0) as f32, share]);
        for t in 0..context + horizon {
            // Before the series begins there is no position.
            let position = (cut + t).checked_sub(context);
            let before = position.filter(|p| *p < cut);
            let ago = position
                .and_then(|p| p.checked_sub(season))
                .filter(|p| season > 1 && *p < cut);
            let angle = position.map_or(0.0, |p| (p % season) as f32 / season as f32 * std::f32::consts::TAU);
            let future = (t + 1).saturating_sub(context) as f32 / horizon as f32;
            let known = |position: Option<usize>| f32::from(u8::from(position.is_some()));
            batch.inputs.extend([
                seen(before).unwrap_or(0.0),
                known(before),
                seen(ago).unwrap_or(0.0),
                known(ago),
                angle.sin(),
                angle.cos(),
                future,
            ]);
            let target = seen(position.filter(|p| *p >= cut));
            batch.targets.push(target.unwrap_or(0.0));
            batch.weights.push(f32::from(u8::from(target.is_some())));
        }
        batch.samples += 1;
    }
}

impl Source for Windows<'_> {
    fn len(&self) -> usize {
        match self.cuts {
            Cuts::At(_) => self.rows.len(),
            Cuts::UpTo { samples, .. } => samples,
        }
    }

    fn batch(&self, samples: &[usize], epoch: usize) -> Batch {
        let mut batch = Batch {
            steps: self.lengths.context + self.lengths.horizon,
            ..Batch::default()
        };
        for &sample in samples {
            let (row, cut) = self.place(sample, epoch);
            self.push(&mut batch, row, cut);
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTHS: Lengths = Lengths {
        context: 4,
        horizon: 2,
        season: 3,
    };

    #[test]
    fn nothing_after_the_cut_is_an_input() {
        let before = vec![(0..20).map(f64::from).collect::<Vec<_>>()];
        let mut after = before.clone();
        after[0][16..].iter_mut().for_each(|v| *v = 1e6);
        let batch = |series: &[Vec<f64>]| {
            let windows = Windows {
                series,
                lengths: LENGTHS,
                rows: vec![0],
                cuts: Cuts::At(4),
            };
            windows.batch(&[0], 0)
        };
        let (a, b) = (batch(&before), batch(&after));
        assert_eq!((&a.inputs, &a.statics), (&b.inputs, &b.statics));
        assert_ne!(a.targets, b.targets);
        assert_eq!(a.weights, [0.0, 0.0, 0.0, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn epochs_reach_all_windows_and_never_the_periods_kept_back() {
        let series = vec![vec![1.0; 12], vec![2.0; 20]];
        let cuts = Cuts::UpTo {
            back: 4,
            least: 4,
            samples: 2,
        };
        let windows = Windows {
            series: &series,
            lengths: LENGTHS,
            rows: vec![0, 1],
            cuts,
        };
        let mut seen: Vec<(usize, usize)> = (0..60)
            .flat_map(|e| (0..2).map(move |s| (s, e)))
            .map(|(s, e)| windows.place(s, e))
            .collect();
        seen.sort_unstable();
        seen.dedup();
        let expected = (4..=8).map(|cut| (0, cut)).chain((4..=16).map(|cut| (1, cut)));
        assert_eq!(seen, expected.collect::<Vec<_>>());
    }
}
