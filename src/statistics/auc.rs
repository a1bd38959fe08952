//! The area under the ROC curve.

use std::cmp::Ordering;

use super::sorted;

/// Scores that were given to what happened (positive) and to what did not (negative).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClassScores {
    positive: Vec<f64>,
    negative: Vec<f64>,
}

impl ClassScores {
    /// Add one; a score that is NaN has no place among the others and must be left out.
    pub fn add(&mut self, label: bool, score: f64) {
        // Adding zero turns -0.0 into 0.0: a tie.
        let class = if label { &mut self.positive } else { &mut self.negative };
        class.push(score + 0.0);
    }

    /// Add all of another group.
    pub fn append(&mut self, other: &Self) {
        self.positive.extend_from_slice(&other.positive);
        self.negative.extend_from_slice(&other.negative);
    }

    /// The probability that a random positive scores higher than a random negative, where a tie counts one half.
    /// `None` with fewer than two classes.
    ///
    /// *Determinism*: pairs are counted in whole numbers, so the order of the scores does not matter.
    ///
    /// *References*: Mann, Whitney 1947, On a test of whether one of two random variables is stochastically larger than
    /// the other; Hanley, McNeil 1982, The meaning and use of the area under a receiver operating characteristic curve.
    pub fn auc(&self) -> Option<f64> {
        if self.positive.is_empty() || self.negative.is_empty() {
            return None;
        }
        let positive = sorted(self.positive.iter().copied());
        let negative = sorted(self.negative.iter().copied());
        let (mut below, mut not_above) = (0, 0);
        let mut wins_twice: u128 = 0;
        for score in &positive {
            while negative
                .get(below)
                .is_some_and(|other| other.total_cmp(score) == Ordering::Less)
            {
                below += 1;
            }
            not_above = not_above.max(below);
            while negative
                .get(not_above)
                .is_some_and(|other| other.total_cmp(score) != Ordering::Greater)
            {
                not_above += 1;
            }
            wins_twice += (below + not_above) as u128;
        }
        Some(wins_twice as f64 / (2.0 * positive.len() as f64 * negative.len() as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auc(cases: &[(bool, f64)]) -> Option<f64> {
        let mut scores = ClassScores::default();
        cases.iter().for_each(|&(label, score)| scores.add(label, score));
        scores.auc()
    }

    #[test]
    fn counts_the_pairs_in_order() {
        // scikit-learn's example: 3 of 4 pairs are in order.
        let cases = [(false, 0.1), (false, 0.4), (true, 0.35), (true, 0.8)];
        assert_eq!(auc(&cases), Some(0.75));
    }

    #[test]
    fn a_tie_counts_one_half() {
        assert_eq!(auc(&[(false, 0.5), (true, 0.5)]), Some(0.5));
        assert_eq!(auc(&[(false, 0.0), (true, -0.0), (true, 1.0)]), Some(0.75));
    }

    #[test]
    fn one_class_has_no_auc() {
        assert_eq!(auc(&[]), None);
        assert_eq!(auc(&[(true, 0.2), (true, 0.7)]), None);
    }

    #[test]
    fn agrees_with_all_pairs_when_there_are_many_ties() {
        let cases: Vec<_> = (0..200u32)
            .map(|i| ((i * i + 3 * i) % 5 < 2, f64::from((i * 37) % 11)))
            .collect();
        let (mut wins, mut pairs) = (0.0, 0.0);
        for positive in cases.iter().filter(|case| case.0) {
            for negative in cases.iter().filter(|case| !case.0) {
                pairs += 1.0;
                wins += match positive.1.total_cmp(&negative.1) {
                    Ordering::Greater => 1.0,
                    Ordering::Equal => 0.5,
                    Ordering::Less => 0.0,
                };
            }
        }
        assert_eq!(auc(&cases), Some(wins / pairs));
    }
}
