//! Rolling launch origins: what forecasts made then would have been worth.

use super::{Architecture, LaunchModel};
use crate::error::{Error, Result};
use crate::forecast::Scores;
use crate::neural::Recipe;
use crate::panel::{LaunchPanel, format_date};
use crate::progress::Progress;
use crate::statistics::check_level;

/// Shares of the launches known at the default cutoffs.
const CUTOFF_SHARES: [f64; 5] = [0.5, 0.6, 0.7, 0.8, 0.9];

/// Scores of one architecture on the launches between one cutoff and the next.
#[derive(Debug, Clone, PartialEq)]
pub struct BacktestRow {
    /// The model.
    pub architecture: Architecture,
    /// Origin of the forecasts in days since 1970-01-01: nothing from that day on was used.
    pub cutoff: i32,
    /// Launches forecast and observed.
    pub launches: usize,
    /// Their scores, or why there are none.
    pub scores: std::result::Result<Scores, String>,
}

/// The dates on which 50, 60, 70, 80 and 90 % of the launches had begun.
pub fn default_cutoffs(panel: &LaunchPanel) -> Vec<i32> {
    panel.dates_by_share(&CUTOFF_SHARES)
}

/// Train each architecture on what was known at each cutoff and score it on the launches up to the next cutoff.
///
/// At a cutoff the model sees the launches before it, with each period masked that had not ended; scaling,
/// similarity and calibration are learned anew from these. The naive baseline is always among the rows.
///
/// # Errors
/// [`Error::Argument`] for a bad level, no cutoffs, or cutoffs without a launch after them; [`Error::Internal`] where a
/// model fails by a defect.
pub fn backtest(
    architectures: &[Architecture],
    panel: &LaunchPanel,
    cutoffs: &[i32],
    level: f64,
    recipe: &Recipe,
) -> Result<Vec<BacktestRow>> {
    check_level(level)?;
    if cutoffs.is_empty() {
        return Err(Error::argument(
            "cutoffs must hold at least one date, got an empty list: leave it NULL for the default ones",
        ));
    }
    let mut cutoffs = cutoffs.to_vec();
    cutoffs.sort_unstable();
    cutoffs.dedup();
    let last = panel.launch_days().iter().max().copied();
    if let Some(cutoff) = cutoffs.iter().find(|c| last.is_some_and(|l| **c > l)) {
        return Err(Error::argument(format!(
            "no launch on or after the cutoff {}: the last one is on {}",
            format_date(*cutoff),
            last.map_or_else(|| "no day".to_owned(), format_date)
        )));
    }
    let mut contenders = vec![Architecture::Naive];
    for &architecture in architectures {
        if !contenders.contains(&architecture) {
            contenders.push(architecture);
        }
    }
    let mut out = Vec::new();
    for (k, &cutoff) in cutoffs.iter().enumerate() {
        let end = cutoffs.get(k + 1).copied().unwrap_or(i32::MAX);
        let known = panel.known_at(cutoff)?;
        let rows: Vec<usize> = (0..panel.len())
            .filter(|&i| (cutoff..end).contains(&panel.launch_days()[i]))
            .collect();
        let after = panel.select(&rows)?;
        for &architecture in &contenders {
            let (launches, scores) = match score(architecture, &known, &after, level, recipe) {
                Ok((launches, scores)) => (launches, Ok(scores)),
                Err(error @ Error::Internal(_)) => return Err(error),
                Err(error) => (0, Err(error.to_string())),
            };
            out.push(BacktestRow {
                architecture,
                cutoff,
                launches,
                scores,
            });
        }
    }
    Ok(out)
}

fn score(
    architecture: Architecture,
    known: &LaunchPanel,
    after: &LaunchPanel,
    level: f64,
    recipe: &Recipe,
) -> Result<(usize, Scores)> {
    let model = LaunchModel::train(architecture, known, recipe, &Progress::silent())?;
    let forecasts = model.forecast(&after.candidates(), level, None)?;
    let mut scored = Vec::new();
    let mut launches = 0;
    for (row, forecast) in forecasts.iter().enumerate() {
        let before = scored.len();
        scored.extend(
            forecast
                .steps
                .iter()
                .filter_map(|s| Some((after.units(row, s.step - 1)?, s.interval?))),
        );
        launches += usize::from(scored.len() > before);
    }
    let nothing =
        || Error::refused("none of the launches after the cutoff has been observed at a step the model knows");
    Ok((launches, Scores::of(&scored, level).ok_or_else(nothing)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::tests::planted_panel;

    #[test]
    fn every_architecture_is_scored_once_at_every_cutoff() {
        let panel = planted_panel(60, 4, 1);
        let cutoffs = default_cutoffs(&panel);
        let asked = [
            Architecture::Analog,
            Architecture::Naive,
            Architecture::Bass,
            Architecture::Analog,
        ];
        let twice = [cutoffs.clone(), cutoffs.clone()].concat();
        let rows = backtest(&asked, &panel, &twice, 0.8, &Recipe::default()).unwrap();
        let found: Vec<(Architecture, i32)> = rows.iter().map(|r| (r.architecture, r.cutoff)).collect();
        let expected: Vec<(Architecture, i32)> = cutoffs
            .iter()
            .flat_map(|c| [Architecture::Naive, Architecture::Analog, Architecture::Bass].map(|a| (a, *c)))
            .collect();
        assert_eq!(found, expected);
        // From the first cutoff on every launch is scored once.
        let scored: usize = rows
            .iter()
            .filter(|r| r.architecture == Architecture::Bass)
            .map(|r| r.launches)
            .sum();
        let after = panel.launch_days().iter().filter(|d| **d >= cutoffs[0]).count();
        assert_eq!(scored, after);
    }

    #[test]
    fn cutoffs_must_leave_launches_on_both_sides() {
        let panel = planted_panel(20, 4, 2);
        let last = *panel.launch_days().iter().max().unwrap();
        let says = |cutoffs: &[i32]| {
            backtest(&[], &panel, cutoffs, 0.8, &Recipe::default())
                .unwrap_err()
                .to_string()
        };
        assert!(says(&[last + 1]).starts_with("no launch on or after the cutoff"));
        assert!(says(&[]).starts_with("cutoffs must hold at least one date"));
        // Too few before: a refusal in the row, with the number.
        let rows = backtest(&[], &panel, &[0], 0.8, &Recipe::default()).unwrap();
        assert_eq!(
            rows[0].scores,
            Err("at least 3 past launches with observed sales are needed, got 0".to_owned())
        );
    }
}
