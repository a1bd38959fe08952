//! Periods in which there never was a value, as days on which a shop is closed.

use super::regressors::Known;

/// Groups of periods that have to be zero to stay so: seasons of a phase, times that something was known.
const PHASE: usize = 4;
const TIMES: usize = 2;
/// How likely they may be all zero by chance.
const BY_CHANCE: f64 = 1e-3;

/// Whether each of `steps` periods is closed, by the values of the first of them: those of a phase of the season, or those in
/// which something known is there (or is not), which are zero in at least four seasons (twice), rarer than once in a thousand
/// by chance, as often as the other periods are zero.
pub fn closed(values: &[f64], season: usize, known: &[(&Known, Vec<f64>)], steps: usize) -> Vec<bool> {
    let mut closed = vec![false; steps];
    let phases = (season > 1).then_some(0..season).into_iter().flatten();
    for phase in phases {
        close(values, &mut closed, PHASE, |t| t % season == phase);
    }
    for (flag, row) in known.iter().filter(|(flag, _)| flag.is_flag()) {
        close(values, &mut closed, TIMES, |t| row[t] != 0.0);
        if !flag.event {
            close(values, &mut closed, TIMES, |t| row[t] == 0.0);
        }
    }
    closed
}

fn close(values: &[f64], closed: &mut [bool], least: usize, within: impl Fn(usize) -> bool) {
    let seen = (0..values.len()).filter(|t| within(*t)).count();
    if seen < least || (0..values.len()).any(|t| within(t) && values[t] != 0.0) {
        return;
    }
    // Periods that are closed anyway say nothing of chance.
    let others = || (0..values.len()).filter(|t| !within(*t) && !closed[*t]);
    let zeros = others().filter(|t| values[*t] == 0.0).count();
    let chance = zeros as f64 / others().count().max(1) as f64;
    if chance.powi(seen as i32) < BY_CHANCE {
        (0..closed.len()).filter(|t| within(*t)).for_each(|t| closed[t] = true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_and_events_without_a_value_are_closed() {
        let mut values: Vec<f64> = (0..28).map(|t| if t % 7 == 6 { 0.0 } else { 9.0 }).collect();
        (values[3], values[17]) = (0.0, 0.0);
        let event = Known {
            name: "holiday".to_owned(),
            event: true,
            periods: vec![3, 17, 31],
            values: vec![1.0; 3],
            expected: Vec::new(),
        };
        let row = event.filled(0, 35);
        let found = closed(&values, 7, &[(&event, row)], 35);
        let expected: Vec<usize> = vec![3, 6, 13, 17, 20, 27, 31, 34];
        assert_eq!((0..35).filter(|t| found[*t]).collect::<Vec<_>>(), expected);
        // A series that is mostly zero has no closed days.
        values.iter_mut().step_by(2).for_each(|v| *v = 0.0);
        assert!(closed(&[0.0; 28], 7, &[], 35).iter().all(|c| !c));
    }
}
