//! How groups of rows are left out in turn.

use super::Rows;
use crate::statistics::{mix, places};

/// Groups of rows dealt into hands of equal size at random, some times over.
#[derive(Debug)]
pub struct Deal {
    /// By round, the place of each group in a random order.
    places: Vec<Vec<usize>>,
    hands: usize,
}

impl Deal {
    /// Deal groups into hands, `rounds` times.
    pub fn new(groups: usize, hands: usize, rounds: usize, seed: i64) -> Self {
        Self {
            places: (0..rounds)
                .map(|round| places(groups, mix(seed as u64) ^ round as u64))
                .collect(),
            hands: hands.min(groups).max(1),
        }
    }

    /// All hands of all rounds.
    pub fn all(&self) -> Vec<(usize, usize)> {
        let rounds = 0..self.places.len();
        rounds
            .flat_map(|round| (0..self.hands).map(move |hand| (round, hand)))
            .collect()
    }

    /// The number of a hand among all of all rounds.
    pub fn number(&self, (round, hand): (usize, usize)) -> u64 {
        (round * self.hands + hand) as u64
    }

    /// Whether a group is learned from where a hand is left out. A single hand is not left out.
    pub fn keeps(&self, without: (usize, usize), group: usize) -> bool {
        self.hands == 1 || !self.is_in(without, group)
    }

    /// Whether a group is in a hand.
    pub fn is_in(&self, (round, hand): (usize, usize), group: usize) -> bool {
        self.places[round][group] % self.hands == hand
    }

    /// The rows of the groups outside a hand, in folds of whole groups.
    pub fn folds(&self, without: (usize, usize), table: &Rows, count: usize) -> Vec<Vec<usize>> {
        let mut folds = vec![Vec::new(); count];
        for (row, &group) in table.group.iter().enumerate() {
            if self.keeps(without, group) {
                folds[self.places[without.0][group] / self.hands % count].push(row);
            }
        }
        folds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_left_out_once_a_round_and_folds_hold_whole_groups() {
        let table = Rows {
            group: (0..300).map(|row| row / 3).collect(),
            ..Rows::default()
        };
        let deal = Deal::new(100, 5, 2, 7);
        for group in 0..100 {
            let left_out: Vec<usize> = deal
                .all()
                .into_iter()
                .filter(|hand| !deal.keeps(*hand, group))
                .map(|(round, _)| round)
                .collect();
            assert_eq!(left_out, [0, 1]);
        }
        let folds = deal.folds((1, 3), &table, 5);
        assert_eq!(folds.iter().map(Vec::len).collect::<Vec<_>>(), [48; 5]);
        for fold in &folds {
            for rows in fold.chunks(3) {
                assert!(rows.iter().all(|&r| table.group[r] == table.group[rows[0]]), "{rows:?}");
            }
        }
        assert_ne!(folds, Deal::new(100, 5, 2, 8).folds((1, 3), &table, 5));
        // A single hand is not left out: somebody must be learned from.
        assert!(Deal::new(1, 5, 1, 7).keeps((0, 0), 0));
    }
}
