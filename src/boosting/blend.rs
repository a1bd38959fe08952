//! Several kinds of models of the same rows, weighed by what they say of groups they had not seen.

use super::{Bags, Ensemble, Rows};

/// Weights are tried in steps of one over this.
const STEPS: usize = 4;
/// All weights whose loss is within this share of the smallest count alike: differences below it are chance.
const ALIKE: f64 = 0.005;

/// A weighted mean of bags that were fitted to the same table with the same deal.
///
/// *Model*: the weights are the mean of all, on a grid over the simplex, whose loss on groups not seen is within half a
/// percent of the smallest.
///
/// *References*: Wolpert 1992, Stacked generalization; Breiman 1996, Stacked regressions.
pub struct Blend {
    parts: Vec<(Bags, f64)>,
}

impl Blend {
    /// Weigh parts by a loss of predictions of some rows of the table: of each group from others, times, if the deal tells
    /// which groups are the latest, that of these from the earlier ones. The first tells what groups have in common, the
    /// second what lasts.
    pub fn fit(table: &Rows, parts: Vec<Bags>, loss: impl Fn(&[usize], &[f64]) -> f64) -> Self {
        let all: Vec<usize> = (0..table.target.len()).collect();
        let is_latest = |row: &&usize| parts.first().is_some_and(|bags| bags.is_latest(table.group[**row]));
        let latest: Vec<usize> = all.iter().filter(is_latest).copied().collect();
        let held_out = |bags: &Bags| -> Vec<f64> {
            let predict = |&row: &usize| bags.held_out(table.group[row], table.row(row));
            all.iter().map(predict).collect()
        };
        let from_earlier = |bags: &Bags| -> Vec<f64> {
            let predict = |&row: &usize| bags.from_earlier(table.row(row));
            latest.iter().map(predict).collect()
        };
        let held_out: Vec<Vec<f64>> = parts.iter().map(held_out).collect();
        let from_earlier: Vec<Vec<f64>> = parts.iter().map(from_earlier).collect();
        let mix = |weights: &[f64]| -> f64 {
            let of = |rows: &[usize], predicted: &[Vec<f64>]| {
                let of_row = |k: usize| weights.iter().zip(predicted).map(|(w, p)| w * p[k]).sum();
                loss(rows, &(0..rows.len()).map(of_row).collect::<Vec<f64>>())
            };
            let later = if latest.is_empty() {
                1.0
            } else {
                of(&latest, &from_earlier)
            };
            of(&all, &held_out) * later
        };
        let tried: Vec<(Vec<f64>, f64)> = simplex(parts.len(), STEPS)
            .into_iter()
            .map(|weights| {
                let weights: Vec<f64> = weights.into_iter().map(|w| w as f64 / STEPS as f64).collect();
                let loss = mix(&weights);
                (weights, loss)
            })
            .collect();
        let least = tried.iter().map(|(_, loss)| *loss).fold(f64::INFINITY, f64::min);
        let mut alike: Vec<&Vec<f64>> = tried
            .iter()
            .filter(|(_, loss)| *loss <= least * (1.0 + ALIKE))
            .map(|(weights, _)| weights)
            .collect();
        if alike.is_empty() {
            // No loss is a number.
            alike = tried.iter().map(|(weights, _)| weights).collect();
        }
        let weight = |k: usize| alike.iter().map(|weights| weights[k]).sum::<f64>() / alike.len() as f64;
        let weights: Vec<f64> = (0..parts.len()).map(weight).collect();
        let parts = parts.into_iter().zip(weights).filter(|(_, weight)| *weight > 0.0);
        Self { parts: parts.collect() }
    }

    /// Prediction for a row of a group by the models that had not seen it.
    pub fn held_out(&self, group: usize, row: &[f32]) -> f64 {
        self.parts
            .iter()
            .map(|(bags, weight)| weight * bags.held_out(group, row))
            .sum()
    }

    /// As [`Bags::gain`].
    pub fn gain(&self, table: &Rows) -> Vec<f64> {
        let mut gain = vec![0.0; table.columns];
        for (bags, weight) in &self.parts {
            gain.iter_mut()
                .zip(bags.gain(table))
                .for_each(|(sum, g)| *sum += weight * g);
        }
        gain
    }

    /// The weighted mean of all models.
    pub fn combine(self) -> Ensemble {
        let mut all = Ensemble::default();
        for (bags, weight) in self.parts {
            let mut part = bags.combine();
            part.scale(weight);
            all.extend(part);
        }
        all
    }
}

/// All ways to share `steps` among `count`.
fn simplex(count: usize, steps: usize) -> Vec<Vec<usize>> {
    match count {
        0 => Vec::new(),
        1 => vec![vec![steps]],
        _ => (0..=steps)
            .flat_map(|first| {
                let rest = simplex(count - 1, steps - first).into_iter();
                rest.map(move |rest| [vec![first], rest].concat())
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boosting::{Boosting, Deal, Growth, Loss, Start};

    #[test]
    fn weight_goes_to_what_holds_for_groups_not_seen() {
        // A straight line beyond which trees cannot go, and a mean that knows nothing.
        let rows = 400;
        let table = Rows {
            columns: 1,
            values: (0..rows).map(|row| row as f32 / 100.0).collect(),
            target: (0..rows).map(|row| row as f64 / 100.0).collect(),
            weight: vec![1.0; rows],
            group: (0..rows).collect(),
        };
        let bags = |start: Start, trees: usize| {
            let growth = Growth {
                trees,
                ..Growth::default()
            };
            let boosting = Boosting::new(Loss::Squared, growth).unwrap();
            Bags::fit(
                &table,
                Deal::new(&(0..rows).collect::<Vec<_>>(), 5, 1, 3),
                boosting,
                start,
                1,
            )
            .unwrap()
        };
        let all = Vec::from_iter(0..1);
        let parts = vec![bags(Start::Mean, 1), bags(Start::Lines(all), 1)];
        let squares = |_: &[usize], f: &[f64]| f.iter().zip(&table.target).map(|(f, y)| (y - f).powi(2)).sum();
        let blend = Blend::fit(&table, parts, squares);
        assert_eq!(blend.parts.len(), 1);
        assert!((blend.held_out(7, &[2.0]) - 2.0).abs() < 0.2);
        let combined = blend.combine();
        assert!(combined.is_valid(1) && (combined.predict(&[1.0]) - 1.0).abs() < 0.2);
    }

    #[test]
    fn the_grid_covers_the_simplex() {
        let grid = simplex(3, 4);
        assert_eq!(grid.len(), 15);
        assert!(grid.iter().all(|weights| weights.iter().sum::<usize>() == 4));
    }
}
