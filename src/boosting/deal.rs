//! How groups of rows are left out in turn.

use std::collections::BTreeMap;

use crate::statistics::{mix, places};

/// Groups of rows dealt into hands at random, some times over; groups of one batch go to the same hand.
#[derive(Debug, Clone)]
pub struct Deal {
    /// By round, the hand of each group.
    hand: Vec<Vec<usize>>,
    hands: usize,
    /// Whether each group is one of the latest; empty if that is not told.
    latest: Vec<bool>,
}

impl Deal {
    /// Deal groups into hands, `rounds` times; `batch` says for each group which ones it goes with. A batch goes to the
    /// hand that has fewest groups. With fewer batches than twice the hands each group goes by itself.
    pub fn new(batch: &[usize], hands: usize, rounds: usize, seed: i64) -> Self {
        let hands = hands.min(batch.len()).max(1);
        let mut batches: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (group, &batch) in batch.iter().enumerate() {
            batches.entry(batch).or_default().push(group);
        }
        let batches: Vec<Vec<usize>> = match batches.len() < 2 * hands {
            true => (0..batch.len()).map(|group| vec![group]).collect(),
            false => batches.into_values().collect(),
        };
        let deal = |round: usize| {
            let mut order: Vec<(usize, &Vec<usize>)> = places(batches.len(), mix(seed as u64) ^ round as u64)
                .into_iter()
                .zip(&batches)
                .collect();
            order.sort_unstable_by_key(|(place, _)| *place);
            let (mut hand, mut sizes) = (vec![0; batch.len()], vec![0; hands]);
            for (_, groups) in order {
                let smallest = (0..hands).min_by_key(|&h| sizes[h]).unwrap_or(0);
                sizes[smallest] += groups.len();
                groups.iter().for_each(|&group| hand[group] = smallest);
            }
            hand
        };
        Self {
            hand: (0..rounds).map(deal).collect(),
            hands,
            latest: Vec::new(),
        }
    }

    /// Tell which groups are the latest: a share of them, by their day. None are if most groups have one day.
    pub fn with_latest(mut self, days: &[i32], share: f64) -> Self {
        let mut sorted = days.to_vec();
        sorted.sort_unstable();
        let place = ((1.0 - share) * days.len() as f64) as usize;
        if let Some(&from) = sorted.get(place) {
            let latest: Vec<bool> = days.iter().map(|&day| day >= from).collect();
            if 2 * latest.iter().filter(|latest| **latest).count() <= days.len() {
                self.latest = latest;
            }
        }
        self
    }

    /// Whether it is told which groups are the latest.
    pub fn tells_latest(&self) -> bool {
        !self.latest.is_empty()
    }

    /// Whether a group is one of them.
    pub fn is_latest(&self, group: usize) -> bool {
        self.latest.get(group).copied().unwrap_or(false)
    }

    /// All hands of all rounds.
    pub fn all(&self) -> Vec<(usize, usize)> {
        let rounds = 0..self.hand.len();
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
        self.hand[round][group] == hand
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_batch_is_left_out_once_a_round() {
        let batch: Vec<usize> = (0..100).map(|group| group / 4).collect();
        let deal = Deal::new(&batch, 5, 2, 7);
        for group in 0..100 {
            let left_out = |hand: &(usize, usize)| !deal.keeps(*hand, group);
            let rounds: Vec<usize> = deal
                .all()
                .into_iter()
                .filter(left_out)
                .map(|(round, _)| round)
                .collect();
            assert_eq!(rounds, [0, 1]);
            assert_eq!(deal.hand[0][group], deal.hand[0][group / 4 * 4]);
        }
        let first = |deal: &Deal| (0..100).filter(|&group| deal.is_in((0, 0), group)).collect::<Vec<_>>();
        assert_eq!(first(&deal).len(), 20);
        assert_ne!(first(&deal), first(&Deal::new(&batch, 5, 2, 8)));
        // Of one batch each group goes by itself.
        assert_eq!(first(&Deal::new(&[0; 100], 5, 1, 7)).len(), 20);
        // Of days that differ the last quarter, of one day none.
        let days: Vec<i32> = (0..100).collect();
        let latest = deal.clone().with_latest(&days, 0.25);
        assert_eq!(
            (0..100).filter(|&group| latest.is_latest(group)).collect::<Vec<_>>(),
            Vec::from_iter(75..100)
        );
        assert!(!deal.clone().with_latest(&[7; 100], 0.25).tells_latest());
        // A single hand is not left out: somebody must be learned from.
        assert!(Deal::new(&[0], 5, 1, 7).keeps((0, 0), 0));
    }
}
