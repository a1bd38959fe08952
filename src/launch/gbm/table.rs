//! Rows to learn from, and how launches are dealt into groups.

/// Rows of numbers with targets, each of one launch.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Length of a row.
    pub columns: usize,
    /// Row-major; NaN where missing.
    pub values: Vec<f32>,
    /// What is to be predicted.
    pub target: Vec<f64>,
    /// Weight in the loss, 1 on average.
    pub weight: Vec<f64>,
    /// Launch each row is of.
    pub launch: Vec<usize>,
    /// Its step.
    pub step: Vec<usize>,
}

impl Table {
    /// One row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// Whether each column has a value in all rows.
    pub fn complete_columns(&self) -> Vec<bool> {
        let mut complete = vec![true; self.columns];
        for row in 0..self.target.len() {
            let missing = self.row(row).iter().zip(&mut complete).filter(|(v, _)| v.is_nan());
            missing.for_each(|(_, complete)| *complete = false);
        }
        complete
    }

    /// Divide the weights by their mean.
    pub fn rescale_weights(&mut self) {
        let mean = self.weight.iter().sum::<f64>() / self.weight.len().max(1) as f64;
        self.weight.iter_mut().for_each(|w| *w /= mean);
    }
}

/// Launches dealt into groups of equal size at random, some times over.
#[derive(Debug)]
pub struct Deal {
    /// By round, the place of each launch in a random order.
    places: Vec<Vec<usize>>,
    groups: usize,
}

impl Deal {
    /// Deal launches into groups, `rounds` times.
    pub fn new(launches: usize, groups: usize, rounds: usize, seed: i64) -> Self {
        Self {
            places: (0..rounds)
                .map(|round| places(launches, mix(seed as u64) ^ round as u64))
                .collect(),
            groups: groups.min(launches).max(1),
        }
    }

    /// All groups of all rounds.
    pub fn all(&self) -> Vec<(usize, usize)> {
        let rounds = 0..self.places.len();
        rounds
            .flat_map(|round| (0..self.groups).map(move |group| (round, group)))
            .collect()
    }

    /// Whether a launch is learned from where a group is left out. A single group is not left out.
    pub fn keeps(&self, without: (usize, usize), launch: usize) -> bool {
        self.groups == 1 || !self.is_in(without, launch)
    }

    /// Whether a launch is in a group.
    pub fn is_in(&self, (round, group): (usize, usize), launch: usize) -> bool {
        self.places[round][launch] % self.groups == group
    }

    /// The rows of the launches outside a group, in folds of whole launches.
    pub fn folds(&self, without: (usize, usize), table: &Table, count: usize) -> Vec<Vec<usize>> {
        let mut folds = vec![Vec::new(); count];
        for (row, &launch) in table.launch.iter().enumerate() {
            if self.keeps(without, launch) {
                folds[self.places[without.0][launch] / self.groups % count].push(row);
            }
        }
        folds
    }
}

/// The place of each launch in an order drawn by the seed.
fn places(launches: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..launches).collect();
    order.sort_by_cached_key(|&launch| (mix(launch as u64 ^ mix(seed)), launch));
    let mut places = vec![0; launches];
    order
        .into_iter()
        .enumerate()
        .for_each(|(place, launch)| places[launch] = place);
    places
}

/// SplitMix64 (Steele, Lea, Flood 2014, Fast splittable pseudorandom number generators).
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launches_are_left_out_once_a_round_and_folds_hold_whole_launches() {
        let table = Table {
            launch: (0..300).map(|row| row / 3).collect(),
            ..Table::default()
        };
        let deal = Deal::new(100, 5, 2, 7);
        for launch in 0..100 {
            let left_out: Vec<usize> = deal
                .all()
                .into_iter()
                .filter(|g| !deal.keeps(*g, launch))
                .map(|(round, _)| round)
                .collect();
            assert_eq!(left_out, [0, 1]);
        }
        let folds = deal.folds((1, 3), &table, 5);
        assert_eq!(folds.iter().map(Vec::len).collect::<Vec<_>>(), [48; 5]);
        for fold in &folds {
            for rows in fold.chunks(3) {
                assert!(
                    rows.iter().all(|&r| table.launch[r] == table.launch[rows[0]]),
                    "{rows:?}"
                );
            }
        }
        assert_ne!(folds, Deal::new(100, 5, 2, 8).folds((1, 3), &table, 5));
        // One group is not left out: somebody must be learned from.
        assert!(Deal::new(1, 5, 1, 7).keeps((0, 0), 0));
    }
}
