//! Fitting trees with the perpetual crate.

use std::collections::HashMap;

use perpetual::PerpetualBooster;
use perpetual::booster::config::BoosterConfig;
use perpetual::data::Matrix;
use perpetual::node::Node;
use perpetual::objective::Objective;
use rayon::prelude::*;

use super::trees::{Branch, Trees};
use crate::error::{Error, Result};

/// Folds in which perpetual tests every split; it puts row i into fold i mod 5.
const FOLDS: usize = 5;

pub fn env(name: &str, default: f64) -> f64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// Rows to learn from.
#[derive(Debug, Default)]
pub struct Table {
    /// Length of a row.
    pub columns: usize,
    /// Row-major.
    pub values: Vec<f32>,
    pub target: Vec<f64>,
    pub weight: Vec<f64>,
    /// Launch each row is of.
    pub launch: Vec<usize>,
}

impl Table {
    pub fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.columns..(i + 1) * self.columns]
    }
}

/// Trees fitted to most of the launches, and which were left out.
pub struct Bag {
    pub trees: Trees,
    pub gain: Vec<f64>,
    pub repetition: usize,
    pub group: usize,
}

/// How launches are left out.
pub struct Plan {
    /// By repetition, the place of each launch.
    places: Vec<Vec<usize>>,
    groups: usize,
}

impl Plan {
    pub fn new(launches: usize, repetitions: usize, groups: usize, seed: i64) -> Self {
        let places = (0..repetitions)
            .map(|r| shuffled(launches, seed as u64, r as u64))
            .collect();
        Self {
            places,
            groups: groups.min(launches).max(1),
        }
    }
    pub fn group(&self, repetition: usize, launch: usize) -> usize {
        self.places[repetition][launch] % self.groups
    }
    fn fold(&self, repetition: usize, launch: usize) -> usize {
        self.places[repetition][launch] / self.groups % FOLDS
    }
}

fn shuffled(n: usize, seed: u64, round: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_cached_key(|&i| (mix((i as u64) ^ mix(seed ^ mix(round))), i));
    let mut places = vec![0; n];
    order.into_iter().enumerate().for_each(|(place, i)| places[i] = place);
    places
}

fn mix(x: u64) -> u64 {
    let mut x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

pub fn bags(table: &Table, plan: &Plan, repetitions: usize, budget: f32) -> Result<Vec<Bag>> {
    let all: Vec<(usize, usize)> = (0..repetitions)
        .flat_map(|r| (0..plan.groups).map(move |g| (r, g)))
        .collect();
    all.into_par_iter()
        .map(|(repetition, group)| {
            let mut folds = vec![Vec::new(); FOLDS];
            for (row, &launch) in table.launch.iter().enumerate() {
                if plan.groups == 1 || plan.group(repetition, launch) != group {
                    folds[plan.fold(repetition, launch)].push(row);
                }
            }
            let (trees, gain) = fit(table, &folds, budget)?;
            Ok(Bag {
                trees,
                gain,
                repetition,
                group,
            })
        })
        .collect()
}

/// Mean of the predictions of models that had not seen a launch.
pub fn held_out(bags: &[Bag], plan: &Plan, launch: usize, row: &[f32]) -> f64 {
    let unseen = bags
        .iter()
        .filter(|b| plan.groups == 1 || plan.group(b.repetition, launch) == b.group);
    crate::panel::mean(unseen.map(|b| b.trees.predict(row))).unwrap_or(0.0)
}

/// Mean of all.
pub fn combined(bags: Vec<Bag>) -> (Trees, Vec<f64>) {
    let mut all = Trees::default();
    let factor = 1.0 / bags.len().max(1) as f32;
    let mut gain = vec![0.0; bags.first().map_or(0, |b| b.gain.len())];
    for mut bag in bags {
        bag.trees.scale(factor);
        gain.iter_mut().zip(&bag.gain).for_each(|(a, b)| *a += b);
        all.extend(bag.trees);
    }
    (all, gain)
}

const MIN_ROWS: usize = 10;
const MAX_NODES: f32 = 128.0;
const MAX_BIN: u16 = 64;
const MAX_TREES: usize = 400;

fn fit(table: &Table, folds: &[Vec<usize>], budget: f32) -> Result<(Trees, Vec<f64>)> {
    let longest = folds.iter().map(Vec::len).max().unwrap_or(0);
    let mut gain = vec![0.0; table.columns];
    let rows = longest * FOLDS;
    let mean = weighted_mean(table, folds);
    let spread = folds
        .iter()
        .flatten()
        .map(|&r| (table.target[r] - mean).abs())
        .fold(0.0, f64::max);
    if folds.iter().any(|f| f.len() < MIN_ROWS) || spread < 1e-9 {
        let mut trees = Trees::default();
        trees.push(&Branch::Leaf(mean as f32));
        return Ok((trees, gain));
    }
    let mut values = vec![0.0; rows * table.columns];
    let (mut target, mut weight) = (vec![0.0; rows], vec![0.0; rows]);
    for (f, fold) in folds.iter().enumerate() {
        for k in 0..longest {
            let (i, source) = (k * FOLDS + f, fold[k % fold.len()]);
            for (column, &v) in table.row(source).iter().enumerate() {
                values[column * rows + i] = f64::from(v);
            }
            target[i] = table.target[source];
            weight[i] = if k < fold.len() { table.weight[source] } else { 0.0 };
        }
    }
    let node = std::mem::size_of::<Node>() as f32 * 1.3;
    let arena = MAX_NODES * table.columns as f32 * f32::from(MAX_BIN + 2) * 80.0;
    let limit = (arena + MAX_TREES as f32 * 256.0 * node + (rows * (table.columns * 2 + 20)) as f32) / 0.9e9;
    let objective = match env("GBM_LOSS", 0.0) as i32 {
        1 => Objective::AbsoluteLoss,
        2 => Objective::HuberLoss {
            delta: Some(env("GBM_DELTA", 1.0)),
        },
        3 => Objective::QuantileLoss { quantile: Some(0.5) },
        _ => Objective::SquaredLoss,
    };
    let mut booster = PerpetualBooster {
        cfg: BoosterConfig {
            objective,
            budget,
            max_bin: env("GBM_BIN", f64::from(MAX_BIN)) as u16,
            num_threads: Some(1),
            iteration_limit: Some(env("GBM_TREES", MAX_TREES as f64) as usize),
            memory_limit: Some(limit),
            stopping_rounds: Some(env("GBM_STOP", 3.0) as usize),
            ..BoosterConfig::default()
        },
        base_score: mean,
        ..PerpetualBooster::default()
    };
    booster
        .fit(&Matrix::new(&values, rows, table.columns), &target, Some(&weight), None)
        .map_err(|e| Error::refused(format!("boosting failed: {e}")))?;
    let mut trees = Trees::default();
    trees.push(&Branch::Leaf(mean as f32));
    for tree in &booster.trees {
        trees.push(&branch(&tree.nodes, 0, &mut gain)?);
    }
    if env("GBM_VERBOSE", 0.0) > 0.0 {
        eprintln!(
            "rows {rows} columns {} trees {} nodes {}",
            table.columns,
            booster.trees.len(),
            booster.trees.iter().map(|t| t.nodes.len()).sum::<usize>()
        );
    }
    Ok((trees, gain))
}

fn weighted_mean(table: &Table, folds: &[Vec<usize>]) -> f64 {
    let sum = |of: &dyn Fn(usize) -> f64| folds.iter().flatten().map(|&r| of(r)).sum::<f64>();
    let total = sum(&|r| table.weight[r]);
    if total > 0.0 {
        sum(&|r| table.weight[r] * table.target[r]) / total
    } else {
        0.0
    }
}

fn branch(nodes: &HashMap<usize, Node>, number: usize, gain: &mut [f64]) -> Result<Branch> {
    let broken = || Error::refused("boosting returned a tree with a missing node");
    let node = nodes.get(&number).ok_or_else(broken)?;
    if node.is_leaf {
        return Ok(Branch::Leaf(node.weight_value));
    }
    gain[node.split_feature] += f64::from(node.split_gain.max(0.0));
    let cover = |n: usize| nodes.get(&n).map_or(0.0, |n| n.hessian_sum);
    let _ = cover;
    Ok(Branch::Split {
        feature: node.split_feature,
        threshold: node.split_value as f32,
        missing_left: node.missing_node == node.left_child,
        left: Box::new(branch(nodes, node.left_child, gain)?),
        right: Box::new(branch(nodes, node.right_child, gain)?),
    })
}
