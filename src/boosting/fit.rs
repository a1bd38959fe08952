//! Fitting trees, one after the other, each to what those before it leave.

use super::bins::Binned;
use super::grow::{Limits, Slopes};
use super::loss::quantile;
use super::{Branch, Loss, Rows, Trees};
use crate::error::{Error, Result};
use crate::statistics::mix;

/// Targets that differ by less are all alike.
const ALIKE: f64 = 1e-9;
/// What the numbers of columns in [`Trees`] go up to.
const MAX_COLUMNS: usize = i16::MAX as usize;
/// Columns that a tree looks at, at least.
const MIN_COLUMNS: usize = 6;
const MAX_LEAVES: usize = 1_024;
/// Trees that do not lower the loss of the rows watched, before fitting stops.
const PATIENCE: usize = 25;

/// How trees grow.
///
/// | Name | Default | Purpose | Range |
/// | --- | --- | --- | --- |
/// | trees | 400 | trees at most | 1 to 100,000 |
/// | rate | 0.05 | share of a tree that is taken | above 0, at most 1 |
/// | leaves | 15 | leaves of a tree at most | 2 to 1,024 |
/// | rows | 20 | rows of a leaf at least | 1 or more |
/// | columns | 0.5 | share of the columns that a tree looks at | above 0, at most 1 |
/// | groups | 0.8 | share of the groups that a tree is grown on | above 0, at most 1 |
/// | cuts | 63 | cuts tried per column at most | 1 to 254 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// Trees at most.
    pub trees: usize,
    /// Learning rate.
    pub rate: f64,
    /// Leaves of a tree at most.
    pub leaves: usize,
    /// Rows of a leaf at least.
    pub rows: usize,
    /// Share of the columns that a tree looks at.
    pub columns: f64,
    /// Share of the groups that a tree is grown on.
    pub groups: f64,
    /// Cuts tried per column at most.
    pub cuts: usize,
}

impl Default for Growth {
    fn default() -> Self {
        Self {
            trees: 400,
            rate: 0.05,
            leaves: 15,
            rows: 20,
            columns: 0.5,
            groups: 0.8,
            cuts: 63,
        }
    }
}

/// Fits trees by a loss.
///
/// *Model*: each tree is grown on the derivatives of the loss at the sum of those before it, leaf by leaf, on a share of
/// the groups and columns, and is taken with a learning rate. The leaves of a loss without curvature are quantiles of
/// what is left in them. Missing values go to the side that leaves less.
///
/// *Determinism*: what a tree looks at is drawn by the seed; sums are double precision, in the order of the rows.
///
/// *References*: Friedman 2001, Greedy function approximation: a gradient boosting machine; Friedman 2002, Stochastic
/// gradient boosting; Ke et al. 2017, LightGBM: a highly efficient gradient boosting decision tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Boosting {
    loss: Loss,
    growth: Growth,
}

/// Trees, what their splits explain, and how they did on rows that were not learned from.
#[derive(Debug, Clone, Default)]
pub struct Boosted {
    /// The trees: their sum is the prediction, on the scale of [`Loss`]. The first is a constant.
    pub trees: Trees,
    /// Loss taken away by each split: its tree, its column, and how much.
    gains: Vec<(usize, usize, f64)>,
    /// Summed loss of the rows watched, with the first tree, the first two, and so on; empty without such rows.
    pub watched: Vec<f64>,
}

impl Boosted {
    /// Keep the first trees alone.
    pub fn truncate(&mut self, trees: usize) {
        self.trees.truncate(trees);
        self.gains.retain(|(tree, ..)| *tree < trees);
        self.watched.truncate(trees);
    }

    /// Loss taken away by the splits of each column.
    pub fn gain(&self, columns: usize) -> Vec<f64> {
        let mut gain = vec![0.0; columns];
        self.gains.iter().for_each(|(_, column, taken)| gain[*column] += taken);
        gain
    }
}

/// A table made ready for boosting; any number of models may learn from parts of it.
pub struct Prepared<'a> {
    table: &'a Rows,
    binned: Binned,
}

impl Boosting {
    /// Fit by a loss.
    ///
    /// # Errors
    /// [`Error::Refused`] if a number of the growth or the level of a quantile is out of its range.
    pub fn new(loss: Loss, growth: Growth) -> Result<Self> {
        loss.check_level()?;
        let share = |v: f64| v > 0.0 && v <= 1.0;
        let in_range = (1..=100_000).contains(&growth.trees)
            && share(growth.rate)
            && (2..=MAX_LEAVES).contains(&growth.leaves)
            && (1..=u32::MAX as usize / 2).contains(&growth.rows)
            && share(growth.columns)
            && share(growth.groups)
            && (1..=super::bins::MAX_CUTS).contains(&growth.cuts);
        match in_range {
            true => Ok(Self { loss, growth }),
            false => Err(Error::refused(format!("boosting cannot grow trees by {growth:?}"))),
        }
    }

    /// With another number of trees, which may be none.
    pub fn with_trees(mut self, trees: usize) -> Self {
        self.growth.trees = trees;
        self
    }

    /// Make a table ready.
    ///
    /// # Errors
    /// [`Error::Refused`] for more columns than a tree can name.
    pub fn prepare<'a>(&self, table: &'a Rows) -> Result<Prepared<'a>> {
        if table.columns > MAX_COLUMNS {
            return Err(Error::refused(format!(
                "boosting takes at most {MAX_COLUMNS} columns, got {}",
                table.columns
            )));
        }
        Ok(Prepared {
            table,
            binned: Binned::new(table, self.growth.cuts),
        })
    }

    /// Fit trees to the targets of the rows whose group is learned from; the loss of the others is watched.
    ///
    /// *Shapes*: `target` has a value for each row of the table, `learn` says of each row whether it is learned from.
    ///
    /// *Errors*: [`Error::Refused`] for a target that the loss is not for.
    ///
    /// # Errors
    /// See above.
    pub fn fit(&self, prepared: &Prepared<'_>, target: &[f64], learn: &[bool], seed: u64) -> Result<Boosted> {
        let Prepared { table, binned } = prepared;
        let (learned, watched): (Vec<u32>, Vec<u32>) = binned.order.iter().partition(|&&row| learn[row as usize]);
        let rows = || learned.iter().map(|&row| row as usize);
        self.loss.check(rows().map(|row| target[row]))?;
        let start = self.loss.start(rows().map(|row| (target[row], table.weight[row])));
        let mut fitted = vec![start; target.len()];
        let watch = |fitted: &[f64]| -> f64 {
            let loss = |&row: &u32| {
                let row = row as usize;
                table.weight[row] * self.loss.value(target[row], fitted[row])
            };
            watched.iter().map(loss).sum()
        };
        let mut out = Boosted::default();
        out.trees.push(&Branch::Leaf(start as f32));
        if !watched.is_empty() {
            out.watched.push(watch(&fitted));
        }
        let first = rows().next().map_or(0.0, |row| target[row]);
        let alike = rows().all(|row| (target[row] - first).abs() < ALIKE);
        if alike || binned.columns.is_empty() || learned.len() < 2 * self.growth.rows {
            return Ok(out);
        }
        let limits = Limits {
            leaves: self.growth.leaves,
            rows: self.growth.rows as u32,
        };
        let (mut gradient, mut curvature) = (vec![0.0; target.len()], vec![0.0; target.len()]);
        let mut best = (0, out.watched.first().copied().unwrap_or(f64::INFINITY));
        for tree in 1..=self.growth.trees {
            let seed = mix(seed ^ mix(tree as u64));
            for row in rows() {
                let (g, c) = self.loss.derivatives(target[row], fitted[row]);
                gradient[row] = table.weight[row] * g;
                curvature[row] = table.weight[row] * c;
            }
            let columns = self.columns(binned.columns.len(), seed);
            let (mut sampled, left_out) = self.sample(&learned, &binned.group, seed);
            let slopes = Slopes {
                binned,
                columns: &columns,
                gradient: &gradient,
                curvature: &curvature,
            };
            let grown = slopes.grow(&mut sampled, limits);
            if grown.leaves.len() == 1 && self.growth.columns >= 1.0 && self.growth.groups >= 1.0 {
                break;
            }
            let value = |leaf: &super::grow::Leaf| {
                let step = match self.loss.level() {
                    None => leaf.step(),
                    Some(level) => {
                        let rest = |&row: &u32| {
                            let row = row as usize;
                            (target[row] - fitted[row], table.weight[row])
                        };
                        quantile(sampled[leaf.rows.clone()].iter().map(rest).collect(), level)
                    }
                };
                // As it is stored.
                f64::from((self.growth.rate * step) as f32)
            };
            let values: Vec<f64> = grown.leaves.iter().map(value).collect();
            for (leaf, value) in grown.leaves.iter().zip(&values) {
                sampled[leaf.rows.clone()]
                    .iter()
                    .for_each(|&row| fitted[row as usize] += value);
            }
            for row in left_out.iter().chain(&watched).map(|&row| row as usize) {
                fitted[row] += values[grown.leaf(binned, row)];
            }
            let taken = self.growth.rate * (2.0 - self.growth.rate);
            let gains = grown.gains.iter().map(|(column, gain)| (tree, *column, taken * gain));
            out.gains.extend(gains);
            out.trees.push(&grown.branch(binned, &values));
            if !watched.is_empty() {
                let loss = watch(&fitted);
                out.watched.push(loss);
                if loss < best.1 {
                    best = (tree, loss);
                }
                if tree - best.0 >= PATIENCE {
                    break;
                }
            }
        }
        Ok(out)
    }

    /// The columns that a tree looks at, in order.
    fn columns(&self, count: usize, seed: u64) -> Vec<usize> {
        let kept = ((count as f64 * self.growth.columns).ceil() as usize).max(MIN_COLUMNS.min(count));
        let mut columns: Vec<usize> = (0..count).collect();
        if kept < count {
            columns.sort_by_cached_key(|&column| (mix(seed ^ mix(column as u64)), column));
            columns.truncate(kept);
            columns.sort_unstable();
        }
        columns
    }

    /// The rows that a tree is grown on, and the others.
    fn sample(&self, rows: &[u32], group: &[u32], seed: u64) -> (Vec<u32>, Vec<u32>) {
        if self.growth.groups >= 1.0 {
            return (rows.to_vec(), Vec::new());
        }
        let most = (self.growth.groups * u64::MAX as f64) as u64;
        let seed = mix(seed ^ 1);
        let is_in = |row: &&u32| mix(seed ^ u64::from(group[**row as usize])) < most;
        rows.iter().partition(is_in)
    }
}
