//! Several models of most of the groups each: their mean predicts new ones, and each group is predicted by those that
//! had not seen it.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::lines::{Lines, Scaling};
use super::{Boosted, Boosting, Deal, FOLDS, Rows, Trees};
use crate::error::Result;

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

    /// Whether it can be asked with rows of so many columns.
    pub fn is_valid(&self, columns: usize) -> bool {
        self.lines.is_valid(columns) && self.trees.is_valid(columns)
    }
}

/// What a model starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The mean.
    Mean,
    /// A straight line in each column, see [`Scaling::slopes`].
    Lines,
}

/// Models fitted to all groups but those of a hand each.
pub struct Bags {
    deal: Deal,
    scaling: Scaling,
    models: Vec<Model>,
}

struct Model {
    without: (usize, usize),
    /// Of standardised columns; none if the model starts from the mean.
    slopes: Vec<f64>,
    boosted: Boosted,
}

impl Bags {
    /// Fit one model per hand that is left out.
    ///
    /// # Errors
    /// As [`Boosting::fit`].
    pub fn fit(table: &Rows, deal: Deal, boosting: Boosting, start: Start) -> Result<Self> {
        let scaling = Scaling::of(table);
        let model = |without: (usize, usize)| {
            let folds = deal.folds(without, table, FOLDS);
            let slopes = match start {
                Start::Lines => slopes(table, &scaling, &folds.concat()),
                Start::Mean => Vec::new(),
            };
            let rest = |row: usize| table.target[row] - scaling.value(&slopes, table.row(row));
            let rest: Vec<f64> = (0..table.target.len()).map(rest).collect();
            let boosted = boosting.fit(table, &rest, &folds, deal.number(without))?;
            Ok(Model {
                without,
                slopes,
                boosted,
            })
        };
        let models = deal.all().into_par_iter().map(model).collect::<Result<_>>()?;
        Ok(Self { deal, scaling, models })
    }

    /// Prediction for a row of a group by the models that had not seen it.
    pub fn held_out(&self, group: usize, row: &[f32]) -> f64 {
        let unseen = self.models.iter().filter(|m| self.deal.is_in(m.without, group));
        let (mut sum, mut count) = (0.0, 0);
        for model in unseen {
            sum += self.scaling.value(&model.slopes, row) + model.boosted.trees.predict(row);
            count += 1;
        }
        if count > 0 { sum / f64::from(count) } else { 0.0 }
    }

    /// Squares explained by each column, by its line and by splits; lines of correlated columns share what they explain
    /// only roughly.
    pub fn gain(&self, table: &Rows) -> Vec<f64> {
        let total: f64 = table.weight.iter().sum();
        let of = |column: usize| {
            let line = |m: &Model| m.slopes.get(column).map_or(0.0, |b| total * b * b);
            self.models.iter().map(|m| line(m) + m.boosted.gain[column]).sum()
        };
        (0..table.columns).map(of).collect()
    }

    /// The mean of all models.
    pub fn combine(self) -> Ensemble {
        let Self { scaling, models, .. } = self;
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

fn slopes(table: &Rows, scaling: &Scaling, rows: &[usize]) -> Vec<f64> {
    let mut groups: Vec<usize> = rows.iter().map(|&row| table.group[row]).collect();
    groups.sort_unstable();
    groups.dedup();
    match groups.len() {
        0 => vec![0.0; table.columns],
        count => scaling.slopes(table, rows, count),
    }
}
