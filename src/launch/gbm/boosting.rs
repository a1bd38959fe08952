//! Fitting trees with the perpetual crate.

use std::collections::HashMap;

use perpetual::PerpetualBooster;
use perpetual::booster::config::BoosterConfig;
use perpetual::data::Matrix;
use perpetual::node::Node;
use perpetual::objective::Objective;

use super::table::Table;
use super::trees::{Branch, Trees};
use crate::error::{Error, Result};

/// Folds on which perpetual tests every split: row i is in fold i mod 5.
pub const FOLDS: usize = 5;
/// With fewer rows in a fold there is nothing to test a split on.
const MIN_ROWS: usize = 10;
/// Targets that differ by less from their mean are all alike.
const ALIKE: f64 = 1e-9;
/// Cuts tried per column: with few launches finer ones fit single launches.
const CUTS: u16 = 24;
const MAX_TREES: usize = 400;
/// Nodes of a tree at most, near enough.
const MAX_NODES: f32 = 128.0;
/// Size of perpetual's counts for one cut of one column in one node.
const CUT_BYTES: f32 = 80.0;

/// Trees, and what their splits explain.
#[derive(Debug, Clone, Default)]
pub struct Boosted {
    /// The trees.
    pub trees: Trees,
    /// Weighted squares explained by the splits of each column.
    pub gain: Vec<f64>,
}

/// Fit trees to targets of rows by squared loss.
///
/// *Model*: perpetual adds trees with learning rate 10^-budget. It splits a node only where the split found on four
/// fifths of the rows also explains the last fifth, for each of the five, and stops when no such split is left. Here
/// the fifths are `folds`, so that rows of one launch, which are near twins, never vouch for each other: row k of fold
/// f is handed over as row 5 k + f. Shorter folds are filled up with rows of weight zero.
///
/// *Determinism*: one thread. Perpetual lets trees grow as far as the machine's free memory goes, unless it is given a
/// lower limit; the limit given is enough for trees of more than a hundred nodes. Where less memory is free than that
/// (some 100 MB; in a container the page cache counts as used), trees are cut and the model is another one.
///
/// # Errors
/// [`Error::Refused`] with the words of perpetual.
pub fn boost(table: &Table, target: &[f64], folds: &[Vec<usize>], budget: f32) -> Result<Boosted> {
    let mut out = Boosted {
        trees: Trees::default(),
        gain: vec![0.0; table.columns],
    };
    let mean = weighted_mean(folds, &table.weight, target);
    out.trees.push(&Branch::Leaf(mean as f32));
    let alike = folds.iter().flatten().all(|&row| (target[row] - mean).abs() < ALIKE);
    if alike || folds.iter().any(|fold| fold.len() < MIN_ROWS) {
        return Ok(out);
    }
    let longest = folds.iter().map(Vec::len).max().unwrap_or(0);
    let rows = longest * folds.len();
    let mut values = vec![0.0; rows * table.columns];
    let (mut targets, mut weights) = (vec![0.0; rows], vec![0.0; rows]);
    for (f, fold) in folds.iter().enumerate() {
        for k in 0..longest {
            let (to, from) = (k * folds.len() + f, fold[k % fold.len()]);
            for (column, &v) in table.row(from).iter().enumerate() {
                values[column * rows + to] = f64::from(v);
            }
            targets[to] = target[from];
            weights[to] = if k < fold.len() { table.weight[from] } else { 0.0 };
        }
    }
    let mut booster = PerpetualBooster {
        cfg: BoosterConfig {
            objective: Objective::SquaredLoss,
            budget,
            max_bin: CUTS,
            num_threads: Some(1),
            iteration_limit: Some(MAX_TREES),
            memory_limit: Some(gigabytes(rows, table.columns)),
            ..BoosterConfig::default()
        },
        base_score: mean,
        ..PerpetualBooster::default()
    };
    let matrix = Matrix::new(&values, rows, table.columns);
    booster
        .fit(&matrix, &targets, Some(&weights), None)
        .map_err(|error| Error::refused(format!("boosting failed: {error}")))?;
    let complete = table.complete_columns();
    // A step of the learning rate takes away this share of what a full one would.
    let share = f64::from(booster.eta * (2.0 - booster.eta));
    for tree in &booster.trees {
        out.trees.push(&branch(&tree.nodes, 0, &complete, &mut out.gain)?);
    }
    out.gain.iter_mut().for_each(|g| *g *= share);
    Ok(out)
}

/// The limit at which perpetual has memory for [`MAX_NODES`] nodes: it sets aside what its trees and the rows may need
/// and a tenth more.
fn gigabytes(rows: usize, columns: usize) -> f32 {
    let trees = MAX_TREES as f32 * 256.0 * 1.3 * size_of::<Node>() as f32;
    let nodes = MAX_NODES * columns as f32 * f32::from(CUTS + 2) * CUT_BYTES / 0.7;
    (trees + nodes + (rows * (2 * columns + 20)) as f32) / 0.9e9
}

fn weighted_mean(folds: &[Vec<usize>], weight: &[f64], target: &[f64]) -> f64 {
    let rows = || folds.iter().flatten();
    let total: f64 = rows().map(|&row| weight[row]).sum();
    let sum: f64 = rows().map(|&row| weight[row] * target[row]).sum();
    if total > 0.0 { sum / total } else { 0.0 }
}

/// The part of a tree below a node.
fn branch(nodes: &HashMap<usize, Node>, number: usize, complete: &[bool], gain: &mut [f64]) -> Result<Branch> {
    let found = |number: usize| {
        nodes
            .get(&number)
            .ok_or_else(|| Error::refused("boosting gave a tree with a missing node"))
    };
    let node = found(number)?;
    if node.is_leaf {
        return Ok(Branch::Leaf(node.weight_value));
    }
    gain[node.split_feature] += f64::from(node.split_gain.max(0.0));
    let (left, right) = (found(node.left_child)?, found(node.right_child)?);
    // Where no past launch lacked the value, one that does goes with the larger part of them.
    let missing_left = match complete[node.split_feature] {
        true => left.hessian_sum > right.hessian_sum,
        false => node.missing_node == node.left_child,
    };
    Ok(Branch::Split {
        feature: node.split_feature,
        threshold: node.split_value as f32,
        missing_left,
        left: Box::new(branch(nodes, node.left_child, complete, gain)?),
        right: Box::new(branch(nodes, node.right_child, complete, gain)?),
    })
}
