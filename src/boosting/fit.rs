//! Fitting trees, one after the other, each to what those before it leave.

use perpetual::Matrix;
use perpetual::binning::{BinnedData, bin_matrix};
use perpetual::constraints::ConstraintMap;
use perpetual::histogram::{HistogramArena, NodeHistogram, update_cuts};
use perpetual::node::Node;
use perpetual::objective::ObjectiveFunction;
use perpetual::splitter::{MissingImputerSplitter, SplitInfo, SplitInfoSlice};
use perpetual::tree::{Tree, TreeStopper};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

use super::loss::quantile;
use super::{Branch, Loss, Rows, Trees};
use crate::error::{Error, Result};

/// Folds on which every split is tested: row i is in fold i mod 5.
pub const FOLDS: usize = 5;
/// With fewer rows in a fold there is nothing to test a split on.
const MIN_ROWS: usize = 10;
/// Targets that differ by less are all alike.
const ALIKE: f64 = 1e-9;
/// Cuts tried per column: with few rows finer ones fit single rows.
const CUTS: u16 = 24;
const MAX_TREES: usize = 400;
/// Nodes of a tree at most. Each has counts for all cuts: some 20 MB for 128 nodes of 70 columns.
const MAX_NODES: usize = 128;
/// What the numbers of columns in [`Trees`] go up to.
const MAX_COLUMNS: usize = i16::MAX as usize;
/// Columns that a tree looks at, at least.
const MIN_COLUMNS: usize = 40;
/// Rows per column from which on a tree looks at all columns, times the learning rate.
const ROWS_PER_COLUMN: f32 = 1000.0;
/// A split that explains so much less of other rows than of those it was found on has learned them by heart.
const GENERAL: f32 = 0.99;
/// Trees in a row that tell that nothing is left to learn.
const PATIENCE: usize = 3;

/// How trees are fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Boosting {
    loss: Loss,
    budget: f32,
}

/// Trees, and what their splits explain.
#[derive(Debug, Clone, Default)]
pub struct Boosted {
    /// The trees: their sum is the prediction, on the scale of [`Loss`].
    pub trees: Trees,
    /// Loss taken away by the splits of each column.
    pub gain: Vec<f64>,
}

impl Boosting {
    /// Fit by a loss; the learning rate is 10 to the power of minus the budget.
    ///
    /// # Errors
    /// [`Error::Refused`] if the budget is not above 0 and at most 4, or the level of a quantile not between 0 and 1.
    pub fn new(loss: Loss, budget: f32) -> Result<Self> {
        loss.check_level()?;
        if !(budget > 0.0 && budget <= 4.0) {
            return Err(Error::refused(format!(
                "the budget of boosting must be above 0 and at most 4, got {budget}"
            )));
        }
        Ok(Self { loss, budget })
    }

    /// Fit trees to targets of rows.
    ///
    /// *Model*: trees are added with a learning rate; each takes a part of the loss away, and splits a node only where
    /// the split found on four fifths of the rows also explains the last fifth, for each of the five. Fitting stops
    /// when no such split is left. Here the fifths are `folds`, so that rows of one group, which are near twins, never
    /// vouch for each other. A tree looks at fewer columns, drawn by the seed, where there are few rows for each.
    ///
    /// *Shapes*: `target` has a value for each row of the table; `folds` hold [`FOLDS`] lists of the rows learned from.
    ///
    /// *Determinism*: one thread, and sizes that do not depend on the machine: perpetual's own loop would
    /// let trees grow as far as the memory that is free. So only its trees are taken, and the loop is this one.
    ///
    /// # Errors
    /// [`Error::Refused`] for a target that the loss is not for, [`Error::Internal`] with the words of perpetual.
    ///
    /// # References
    /// Friedman 2001, Greedy function approximation: a gradient boosting machine.
    pub fn fit(&self, table: &Rows, target: &[f64], folds: &[Vec<usize>], seed: u64) -> Result<Boosted> {
        if folds.len() != FOLDS || table.columns > MAX_COLUMNS {
            return Err(Error::refused(format!(
                "boosting takes {FOLDS} folds and at most {MAX_COLUMNS} columns, got {} and {}",
                folds.len(),
                table.columns
            )));
        }
        self.loss.check(folds.iter().flatten().map(|&row| target[row]))?;
        let mut out = Boosted {
            trees: Trees::default(),
            gain: vec![0.0; table.columns],
        };
        let start = self
            .loss
            .start(folds.iter().flatten().map(|&row| (target[row], table.weight[row])));
        out.trees.push(&Branch::Leaf(start as f32));
        let first = folds.iter().flatten().next().map_or(0.0, |&row| target[row]);
        let alike = folds.iter().flatten().all(|&row| (target[row] - first).abs() < ALIKE);
        if alike || table.columns == 0 || folds.iter().any(|fold| fold.len() < MIN_ROWS) {
            return Ok(out);
        }
        let dealt = Dealt::new(table, target, folds);
        let complete = table.complete_columns();
        let columns = Columns::new(&dealt, self.rate(), seed);
        self.grow(&dealt, start, columns, |tree| {
            out.trees.push(&branch(tree, 0, &complete, &mut out.gain)?);
            Ok(())
        })?;
        // A step of the learning rate takes away this share of what a full one would.
        let share = f64::from(self.rate() * (2.0 - self.rate()));
        out.gain.iter_mut().for_each(|gain| *gain *= share);
        Ok(out)
    }

    /// Add trees until there is nothing left to learn, and hand each over.
    fn grow(
        &self,
        dealt: &Dealt,
        start: f64,
        mut columns: Columns,
        mut keep: impl FnMut(&Tree) -> Result<()>,
    ) -> Result<()> {
        let failed = |error: &dyn std::fmt::Display| Error::internal(format!("boosting failed: {error}"));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let pool = pool.map_err(|error| failed(&error))?;
        let matrix = Matrix::new(&dealt.values, dealt.rows, dealt.columns);
        let binned = bin_matrix(&matrix, Some(&dealt.weight), CUTS, f64::NAN, None).map_err(|error| failed(&error))?;
        let data = Matrix::new(&binned.binned_data, dealt.rows, dealt.columns);
        let splitter = MissingImputerSplitter::new(self.rate(), 0.0, true, ConstraintMap::new(), None);
        let objective = self.loss.objective();

        let mut arena = columns.arena(&binned);
        let mut histograms = arena.as_node_histograms();
        let mut splits: Vec<SplitInfo> = (0..columns.kept).map(|_| SplitInfo::default()).collect();
        let mut splits = SplitInfoSlice::new(&mut splits);

        let (target, weight) = (&dealt.target, Some(dealt.weight.as_slice()));
        let mut fitted = vec![start; dealt.rows];
        let (mut gradient, mut hessian, mut losses) = objective.gradient_and_loss(target, &fitted, weight, None);
        let without_curvature = hessian.is_none();
        let mut best = average(&losses);
        let rows = target.iter().zip(&dealt.weight);
        let least = rows.map(|(&y, weight)| weight * self.loss.least(y)).sum::<f64>() / dealt.rows as f64;
        let decrement = self.decrement() * (best - least as f32);
        let mut order = data.index.clone();
        let mut last = best;
        let (mut whole, mut small, mut useless) = (0, 0, 0);
        for _ in 0..MAX_TREES {
            let looked_at = columns.draw(&histograms, &binned);
            let mut tree = Tree::new();
            order.copy_from_slice(&data.index);
            tree.fit(
                &objective,
                &data,
                order,
                &looked_at,
                &mut gradient,
                hessian.as_deref_mut(),
                &splitter,
                &pool,
                (whole <= PATIENCE + 1).then_some(decrement),
                &losses,
                target,
                &fitted,
                weight,
                None,
                without_curvature,
                &mut histograms,
                None,
                false,
                &mut splits,
                MAX_NODES,
                false,
            );
            self.add(&mut tree, dealt, &mut fitted);
            order = std::mem::take(&mut tree.train_index);
            objective.gradient_and_loss_into(target, &fitted, weight, None, &mut gradient, &mut hessian, &mut losses);
            let loss = average(&losses);
            // It took away what it was to, or else there was nothing more to split. Perpetual cannot tell with leaves
            // that were changed afterwards.
            let stepped = match self.loss.level() {
                None => tree.stopper == TreeStopper::StepSize,
                Some(_) => last - loss > decrement,
            };
            if tree.nodes.len() == 1 && !stepped {
                break;
            }
            whole = if stepped { 0 } else { whole + 1 };
            // Squares of launches were better off without the last small gains: they made spreads, and with them
            // expected units, too large.
            let general = self.loss != Loss::Squared && tree.generalization_score >= GENERAL;
            small += usize::from(tree.nodes.len() < 5 && !stepped && !general);
            last = loss;
            useless = if loss < best { 0 } else { useless + 1 };
            best = best.min(loss);
            keep(&tree)?;
            if small >= PATIENCE || useless >= PATIENCE {
                break;
            }
        }
        Ok(())
    }

    /// Add a tree to the fitted values.
    ///
    /// A loss without curvature gives a split, but not how far to go: the leaves become quantiles of what is left.
    fn add(&self, tree: &mut Tree, dealt: &Dealt, fitted: &mut [f64]) {
        for &(number, from, to) in &tree.leaf_node_assignments {
            let rows = &tree.train_index[from..to];
            let Some(leaf) = tree.nodes.get_mut(&number) else {
                continue;
            };
            if let Some(level) = self.loss.level() {
                let rest = |&row: &usize| (dealt.target[row] - fitted[row], dealt.weight[row]);
                leaf.weight_value = self.rate() * quantile(rows.iter().map(rest).collect(), level) as f32;
            }
            rows.iter().for_each(|&row| fitted[row] += f64::from(leaf.weight_value));
        }
    }

    /// The learning rate.
    fn rate(&self) -> f32 {
        10.0_f32.powf(-self.budget)
    }

    /// The share of the first loss, as far as it can be taken away, that a tree is to take away.
    ///
    /// With q = budget / 10 it is q less the rest q^2 + q^3 + ... of a geometric series, times the learning rate.
    fn decrement(&self) -> f32 {
        let q = self.budget / 10.0;
        (q - q * q / (1.0 - q)) * self.rate()
    }
}

/// Rows in the order that perpetual wants: row k of fold f is row 5 k + f. Shorter folds are filled up with rows of
/// weight zero.
struct Dealt {
    rows: usize,
    columns: usize,
    /// Column by column.
    values: Vec<f64>,
    target: Vec<f64>,
    weight: Vec<f64>,
}

impl Dealt {
    fn new(table: &Rows, target: &[f64], folds: &[Vec<usize>]) -> Self {
        let longest = folds.iter().map(Vec::len).max().unwrap_or(0);
        let rows = longest * folds.len();
        let mut dealt = Self {
            rows,
            columns: table.columns,
            values: vec![0.0; rows * table.columns],
            target: vec![0.0; rows],
            weight: vec![0.0; rows],
        };
        for (f, fold) in folds.iter().enumerate() {
            for k in 0..longest {
                let (to, from) = (k * folds.len() + f, fold[k % fold.len()]);
                for (column, &v) in table.row(from).iter().enumerate() {
                    dealt.values[column * rows + to] = f64::from(v);
                }
                dealt.target[to] = target[from];
                dealt.weight[to] = if k < fold.len() { table.weight[from] } else { 0.0 };
            }
        }
        dealt
    }
}

/// Which columns trees look at.
struct Columns {
    all: Vec<usize>,
    kept: usize,
    random: ChaCha12Rng,
}

impl Columns {
    fn new(dealt: &Dealt, rate: f32, seed: u64) -> Self {
        let share = (dealt.rows as f32 / dealt.columns as f32) / (rate * ROWS_PER_COLUMN);
        let kept = (dealt.columns as f32 * share).floor() as usize;
        Self {
            all: (0..dealt.columns).collect(),
            kept: kept.clamp(MIN_COLUMNS.min(dealt.columns), dealt.columns),
            random: ChaCha12Rng::seed_from_u64(seed),
        }
    }

    /// Room for the counts of the nodes of a tree.
    fn arena(&self, binned: &BinnedData<f64>) -> HistogramArena {
        match self.kept == self.all.len() {
            true => HistogramArena::from_cuts(&binned.cuts, &self.all, false, MAX_NODES),
            false => HistogramArena::from_fixed(CUTS, self.kept, false, MAX_NODES),
        }
    }

    /// The columns of the next tree.
    fn draw(&mut self, histograms: &[NodeHistogram], binned: &BinnedData<f64>) -> Vec<usize> {
        if self.kept == self.all.len() {
            return self.all.clone();
        }
        let mut drawn = rand::seq::index::sample(&mut self.random, self.all.len(), self.kept).into_vec();
        drawn.sort_unstable();
        for histogram in histograms {
            update_cuts(histogram, &drawn, &binned.cuts, false);
        }
        drawn
    }
}

fn average(losses: &[f32]) -> f32 {
    losses.iter().sum::<f32>() / losses.len() as f32
}

/// The part of a tree below a node.
fn branch(tree: &Tree, number: usize, complete: &[bool], gain: &mut [f64]) -> Result<Branch> {
    let found = |number: usize| {
        let node: Option<&Node> = tree.nodes.get(&number);
        node.ok_or_else(|| Error::internal("boosting gave a tree with a missing node"))
    };
    let node = found(number)?;
    if node.is_leaf {
        return Ok(Branch::Leaf(node.weight_value));
    }
    gain[node.split_feature] += f64::from(node.split_gain.max(0.0));
    let (left, right) = (found(node.left_child)?, found(node.right_child)?);
    // Where no row learned from lacked the value, one that does goes with the larger part of them.
    let missing_left = match complete[node.split_feature] {
        true => left.hessian_sum > right.hessian_sum,
        false => node.missing_node == node.left_child,
    };
    Ok(Branch::Split {
        feature: node.split_feature,
        threshold: node.split_value as f32,
        missing_left,
        left: Box::new(branch(tree, node.left_child, complete, gain)?),
        right: Box::new(branch(tree, node.right_child, complete, gain)?),
    })
}
