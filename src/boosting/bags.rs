//! Several models of most of the groups each: their mean predicts new ones, and each group is predicted by those that
//! had not seen it.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::lines::{Lines, Scaling};
use super::{Boosted, Boosting, Deal, Rows, Trees};
use crate::error::Result;

/// Trees of models that nothing was left out of.
const UNWATCHED: usize = 50;

/// The mean of the models: lines and trees.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Ensemble {
    lines: Lines,
    trees: Trees,
}

impl Ensemble {
    /// Prediction for a row.
    pub fn predict(&self, row: &[f32]) -> f64 {
        self.lines.value(row) + self.trees.predict(row)
    }

    /// Multiply what it says.
    pub fn scale(&mut self, factor: f64) {
        self.lines.scale(factor);
        self.trees.scale(factor as f32);
    }

    /// Add what another says.
    pub fn extend(&mut self, other: Self) {
        self.lines.add(other.lines);
        self.trees.extend(other.trees);
    }

    /// Whether it can be asked with rows of so many columns.
    pub fn is_valid(&self, columns: usize) -> bool {
        self.lines.is_valid(columns) && self.trees.is_valid(columns)
    }
}

/// What a model starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// The mean.
    Mean,
    /// A straight line in each of these columns, see [`Scaling::slopes`].
    Lines(Vec<usize>),
}

/// Models fitted to all groups but those of a hand each, and models fitted to all.
///
/// *Model*: those that leave out a hand tell what the others are worth, and how many trees they have: so many that the
/// loss of the groups left out, over all hands, is smallest. If the deal tells which groups are the latest, one more model
/// leaves these out.
pub struct Bags {
    deal: Deal,
    scaling: Scaling,
    models: Vec<Model>,
    /// Of all groups but the latest.
    earlier: Option<Model>,
    whole: Vec<Model>,
}

struct Model {
    /// None for a model of all groups.
    without: Option<(usize, usize)>,
    /// Of standardised columns; none if the model starts from the mean.
    slopes: Vec<f64>,
    boosted: Boosted,
}

impl Bags {
    /// Fit one model per hand that is left out, then so many to all groups.
    ///
    /// # Errors
    /// As [`Boosting::fit`].
    pub fn fit(table: &Rows, deal: Deal, boosting: Boosting, start: Start, whole: usize) -> Result<Self> {
        let mut scaling = Scaling::of(table);
        if let Start::Lines(columns) = &start {
            scaling.only(columns);
        }
        let prepared = boosting.prepare(table)?;
        let fit = |boosting: Boosting, without: Option<(usize, usize)>, earlier: bool, seed: u64| {
            let keeps = |&group: &usize| {
                without.is_none_or(|hand| deal.keeps(hand, group)) && !(earlier && deal.is_latest(group))
            };
            let learn: Vec<bool> = table.group.iter().map(keeps).collect();
            let slopes = match start {
                Start::Lines(_) => slopes(table, &scaling, &learn),
                Start::Mean => Vec::new(),
            };
            let rest = |row: usize| table.target[row] - scaling.value(&slopes, table.row(row));
            let rest: Vec<f64> = (0..table.target.len()).map(rest).collect();
            Ok(Model {
                without,
                boosted: boosting.fit(&prepared, &rest, &learn, seed)?,
                slopes,
            })
        };
        let hands = deal.all();
        let of_hand = |&hand: &(usize, usize)| fit(boosting, Some(hand), false, deal.number(hand));
        let mut models: Vec<Model> = hands.par_iter().map(of_hand).collect::<Result<_>>()?;
        let length = best_length(models.iter().map(|model| model.boosted.watched.as_slice()));
        models.iter_mut().for_each(|model| model.boosted.truncate(length));
        // The first tree is a constant.
        let boosting = boosting.with_trees(length - 1);
        let of_all = |k: usize| fit(boosting, None, false, (hands.len() + k) as u64);
        let earlier = match deal.tells_latest() {
            true => Some(fit(boosting, None, true, hands.len() as u64)?),
            false => None,
        };
        let whole = (0..whole).into_par_iter().map(of_all).collect::<Result<_>>()?;
        Ok(Self {
            deal,
            scaling,
            models,
            earlier,
            whole,
        })
    }

    /// Prediction for a row of a group by the models that had not seen it.
    pub fn held_out(&self, group: usize, row: &[f32]) -> f64 {
        let unseen = self
            .models
            .iter()
            .filter(|m| m.without.is_some_and(|hand| self.deal.is_in(hand, group)));
        let (mut sum, mut count) = (0.0, 0);
        for model in unseen {
            sum += self.value(model, row);
            count += 1;
        }
        if count > 0 { sum / f64::from(count) } else { 0.0 }
    }

    /// Whether a group is one of the latest.
    pub fn is_latest(&self, group: usize) -> bool {
        self.deal.is_latest(group)
    }

    /// Prediction for a row by the model of the earlier groups; 0 if it is not told which these are.
    pub fn from_earlier(&self, row: &[f32]) -> f64 {
        self.earlier.as_ref().map_or(0.0, |model| self.value(model, row))
    }

    fn value(&self, model: &Model, row: &[f32]) -> f64 {
        self.scaling.value(&model.slopes, row) + model.boosted.trees.predict(row)
    }

    /// Squares explained by each column, by its line and by splits; lines of correlated columns share what they explain
    /// only roughly.
    pub fn gain(&self, table: &Rows) -> Vec<f64> {
        let total: f64 = table.weight.iter().sum();
        let splits: Vec<Vec<f64>> = self.whole.iter().map(|m| m.boosted.gain(table.columns)).collect();
        let of = |column: usize| {
            let line = |m: &Model| m.slopes.get(column).map_or(0.0, |b| total * b * b);
            self.models
                .iter()
                .zip(&splits)
                .map(|(m, gain)| line(m) + gain[column])
                .sum()
        };
        (0..table.columns).map(of).collect()
    }

    /// The mean of the models of all groups.
    pub fn combine(self) -> Ensemble {
        let Self {
            scaling, whole: models, ..
        } = self;
        let count = models.len() as f64;
        let mut slopes: Vec<f64> = Vec::new();
        let mut trees = Trees::default();
        for mut model in models {
            slopes.resize(model.slopes.len(), 0.0);
            slopes
                .iter_mut()
                .zip(&model.slopes)
                .for_each(|(sum, b)| *sum += b / count);
            model.boosted.trees.scale((1.0 / count) as f32);
            trees.extend(model.boosted.trees);
        }
        Ensemble {
            lines: match slopes.is_empty() {
                true => Lines::default(),
                false => scaling.lines(&slopes),
            },
            trees,
        }
    }
}

/// The number of trees at which the losses add up to the least; a model that stopped earlier stays as it is.
fn best_length<'a>(losses: impl Iterator<Item = &'a [f64]> + Clone) -> usize {
    let longest = losses.clone().map(<[f64]>::len).max().unwrap_or(0);
    if longest == 0 {
        // A single hand is not left out: nothing tells when to stop.
        return UNWATCHED;
    }
    let of = |length: usize| -> f64 {
        let of_model = |losses: &[f64]| losses.get(length.min(losses.len()) - 1).copied().unwrap_or(0.0);
        losses.clone().filter(|losses| !losses.is_empty()).map(of_model).sum()
    };
    (1..=longest).min_by(|&a, &b| of(a).total_cmp(&of(b))).unwrap_or(1)
}

fn slopes(table: &Rows, scaling: &Scaling, learn: &[bool]) -> Vec<f64> {
    let rows: Vec<usize> = (0..learn.len()).filter(|&row| learn[row]).collect();
    let mut groups: Vec<usize> = rows.iter().map(|&row| table.group[row]).collect();
    groups.sort_unstable();
    groups.dedup();
    match groups.len() {
        0 => vec![0.0; table.columns],
        count => scaling.slopes(table, &rows, count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_trees_is_that_of_the_smallest_common_loss() {
        let length = |losses: &[&[f64]]| best_length(losses.iter().copied());
        assert_eq!(length(&[&[5.0, 3.0, 2.0, 4.0], &[5.0, 4.0, 6.0]]), 2);
        // The second model stays where it stopped.
        assert_eq!(length(&[&[5.0, 3.0, 2.0, 1.0], &[5.0, 4.0]]), 4);
        assert_eq!(length(&[&[], &[]]), UNWATCHED);
    }
}
