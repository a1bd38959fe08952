//! Regression trees as flat arrays: what is stored of a boosted model, and its evaluation.

use serde::{Deserialize, Serialize};

/// Rows that walk through a tree at the same time.
const ABREAST: usize = 8;
/// No leaf and no sum of them is larger: far beyond ln of any units.
const MAX_VALUE: f32 = 1e4;

/// Trees whose leaves add up to a prediction.
///
/// *Shapes*: the nodes of each tree stand one after the other, each before its children, the left child next to it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Trees {
    /// Number of nodes of each tree.
    sizes: Vec<u32>,
    /// Column a node splits by, -1 for a leaf.
    feature: Vec<i16>,
    /// Values below it go left; of a leaf its value.
    value: Vec<f32>,
    /// Nodes from a node to its right child, negative where missing values go left; 0 for a leaf.
    right: Vec<i32>,
}

/// A tree under construction.
pub enum Branch {
    /// Ends here.
    Leaf(f32),
    /// Goes on.
    Split {
        /// Column.
        feature: usize,
        /// Values below it go left.
        threshold: f32,
        /// Whether missing values do.
        missing_left: bool,
        /// Below.
        left: Box<Branch>,
        /// Not below.
        right: Box<Branch>,
    },
}

/// A node, with how far on its children are; a leaf stays where it is.
#[derive(Clone, Copy)]
struct Step {
    column: usize,
    value: f32,
    left: usize,
    right: usize,
    missing: usize,
}

/// Steps from the root to the farthest leaf. Children stand behind their parents, so one pass will do, however deep a tree is.
fn depth(steps: &[Step]) -> usize {
    let mut level = vec![0; steps.len()];
    for (node, step) in steps.iter().enumerate().filter(|(_, step)| step.right > 0) {
        level[node + 1] = level[node] + 1;
        level[node + step.right] = level[node] + 1;
    }
    level.into_iter().max().unwrap_or(0)
}

impl Trees {
    /// Append a tree.
    pub fn push(&mut self, tree: &Branch) {
        let before = self.feature.len();
        self.push_node(tree);
        self.sizes.push((self.feature.len() - before) as u32);
    }

    /// Number of nodes of each tree.
    pub fn sizes(&self) -> &[u32] {
        &self.sizes
    }

    /// Append all trees of another model, so that the prediction is the sum of both.
    pub fn extend(&mut self, other: Self) {
        self.sizes.extend(other.sizes);
        self.feature.extend(other.feature);
        self.value.extend(other.value);
        self.right.extend(other.right);
    }

    /// Keep the first trees alone.
    pub fn truncate(&mut self, trees: usize) {
        self.sizes.truncate(trees);
        let nodes = self.sizes.iter().map(|&size| size as usize).sum();
        self.feature.truncate(nodes);
        self.value.truncate(nodes);
        self.right.truncate(nodes);
    }

    /// Multiply all leaves.
    pub fn scale(&mut self, factor: f32) {
        let leaves = self.feature.iter().zip(&mut self.value).filter(|(f, _)| **f < 0);
        leaves.for_each(|(_, value)| *value *= factor);
    }

    fn push_node(&mut self, branch: &Branch) {
        let here = self.feature.len();
        match branch {
            Branch::Leaf(value) => {
                self.feature.push(-1);
                self.value.push(*value);
                self.right.push(0);
            }
            Branch::Split {
                feature,
                threshold,
                missing_left,
                left,
                right,
            } => {
                self.feature.push(*feature as i16);
                self.value.push(*threshold);
                self.right.push(0);
                self.push_node(left);
                let distance = (self.feature.len() - here) as i32;
                self.right[here] = if *missing_left { -distance } else { distance };
                self.push_node(right);
            }
        }
    }

    /// As [`Trees::predict`] for many rows of so many columns: one tree after the other, several rows side by side, each as many
    /// steps as the tree is deep, so that no step waits for another and none is guessed.
    pub fn predict_rows(&self, values: &[f32], columns: usize) -> Vec<f64> {
        let rows = values.len().checked_div(columns).unwrap_or(0);
        let mut sums = vec![0.0; rows];
        let mut root = 0;
        for &size in &self.sizes {
            let nodes = root..root + size as usize;
            let steps: Vec<Step> = nodes.clone().map(|node| self.step(node)).collect();
            let deep = depth(&steps);
            for (first, sums) in sums.chunks_mut(ABREAST).enumerate() {
                let first = first * ABREAST * columns;
                let mut at = [0usize; ABREAST];
                for level in 0..deep {
                    let mut through = true;
                    for k in 0..sums.len() {
                        let step = steps[at[k]];
                        let v = values[first + k * columns + step.column];
                        let known = if v < step.value { step.left } else { step.right };
                        at[k] += if v.is_nan() { step.missing } else { known };
                        through &= step.right == 0;
                    }
                    // Most leaves are near; few rows have far ones.
                    if through && level > 0 {
                        break;
                    }
                }
                for k in 0..sums.len() {
                    sums[k] += f64::from(steps[at[k]].value);
                }
            }
            root = nodes.end;
        }
        sums
    }

    fn step(&self, node: usize) -> Step {
        let right = self.right[node].unsigned_abs() as usize;
        Step {
            column: self.feature[node].max(0) as usize,
            value: self.value[node],
            left: usize::from(right > 0),
            right,
            missing: if self.right[node] < 0 { 1 } else { right },
        }
    }

    /// Sum of the leaves a row falls into.
    pub fn predict(&self, row: &[f32]) -> f64 {
        let mut root = 0;
        let mut sum = 0.0;
        for &size in &self.sizes {
            let mut node = root;
            while let Ok(feature) = usize::try_from(self.feature[node]) {
                let v = row[feature];
                let left = if v.is_nan() {
                    self.right[node] < 0
                } else {
                    v < self.value[node]
                };
                node += if left {
                    1
                } else {
                    self.right[node].unsigned_abs() as usize
                };
            }
            sum += f64::from(self.value[node]);
            root += size as usize;
        }
        sum
    }

    /// Whether every walk from a root ends in a leaf of its tree, and looks at one of `columns` columns at each node.
    pub fn is_valid(&self, columns: usize) -> bool {
        let n = self.feature.len();
        if self.value.len() != n || self.right.len() != n {
            return false;
        }
        let mut root = 0usize;
        for &size in &self.sizes {
            let end = root.saturating_add(size as usize);
            if size == 0 || end > n || !(root..end).all(|node| self.is_valid_node(node, end, columns)) {
                return false;
            }
            root = end;
        }
        root == n
    }

    fn is_valid_node(&self, node: usize, end: usize, columns: usize) -> bool {
        let (feature, value, right) = (
            self.feature[node],
            self.value[node],
            self.right[node].unsigned_abs() as usize,
        );
        match usize::try_from(feature) {
            // Children stand behind their parent and within the tree, so a walk moves on and ends.
            Ok(feature) => feature < columns && value.is_finite() && right >= 2 && right < end - node,
            Err(_) => feature == -1 && value.abs() <= MAX_VALUE && right == 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(feature: usize, threshold: f32, missing_left: bool, left: Branch, right: Branch) -> Branch {
        Branch::Split {
            feature,
            threshold,
            missing_left,
            left: Box::new(left),
            right: Box::new(right),
        }
    }

    /// Two trees: a < 1 (missing: left) ? 10 : (b < 2 (missing: right) ? 20 : 30), and 5 for all.
    fn trees() -> Trees {
        let inner = split(1, 2.0, false, Branch::Leaf(20.0), Branch::Leaf(30.0));
        let mut trees = Trees::default();
        trees.push(&split(0, 1.0, true, Branch::Leaf(10.0), inner));
        trees.push(&Branch::Leaf(5.0));
        trees
    }

    #[test]
    fn rows_go_where_the_splits_say() {
        let trees = trees();
        assert!(trees.is_valid(2));
        let sums =
            [[0.0, 9.0], [1.0, 1.0], [1.0, 2.0], [f32::NAN, 1.0], [3.0, f32::NAN]].map(|row| trees.predict(&row));
        assert_eq!(sums, [15.0, 25.0, 35.0, 15.0, 35.0]);
        let rows = [0.0, 9.0, 1.0, 1.0, 1.0, 2.0, f32::NAN, 1.0, 3.0, f32::NAN];
        assert_eq!(trees.predict_rows(&rows, 2), sums);
        assert_eq!(trees.predict_rows(&rows.repeat(5), 2), sums.repeat(5));
        // A tree may be as deep as it has nodes: 100,000 splits, all of whose right children are leaves.
        let count = 100_000;
        let of = |split: i16, leaf: i16| [vec![split; count], vec![leaf; count + 1]].concat();
        let deep = Trees {
            sizes: vec![2 * count as u32 + 1],
            feature: of(0, -1),
            value: [vec![1.0; count], vec![7.0; count + 1]].concat(),
            right: (0..=2 * count)
                .map(|n| if n < count { 2 * (count - n) as i32 } else { 0 })
                .collect(),
        };
        assert!(deep.is_valid(1));
        assert_eq!(deep.predict_rows(&[0.0, 2.0], 1), [7.0, 7.0]);
        let (mut half, mut both) = (trees.clone(), trees.clone());
        half.scale(0.5);
        assert_eq!(half.predict(&[1.0, 2.0]), 17.5);
        both.extend(half);
        let mut first = both.clone();
        first.truncate(1);
        assert_eq!((first.predict(&[1.0, 2.0]), first.sizes()), (30.0, &[5][..]));
        assert_eq!(both.predict(&[1.0, 2.0]), 52.5);
        assert!(both.is_valid(2));
    }

    #[test]
    fn forged_trees_are_told() {
        let forged = |change: &dyn Fn(&mut Trees)| {
            let mut trees = trees();
            change(&mut trees);
            trees.is_valid(2)
        };
        assert!(forged(&|_| {}));
        assert!(!trees().is_valid(1), "a column there is not");
        let changes: [&dyn Fn(&mut Trees); 12] = [
            &|t| t.right[0] = 0,
            &|t| t.right[0] = 1,
            &|t| t.right[0] = 5,
            &|t| t.right[2] = i32::MIN,
            &|t| t.right[1] = 2,
            &|t| t.feature[4] = 0,
            &|t| t.feature[1] = -2,
            &|t| t.value[0] = f32::NAN,
            &|t| t.value[1] = f32::INFINITY,
            &|t| t.sizes[0] = 0,
            &|t| t.sizes[1] = u32::MAX,
            &|t| t.sizes.truncate(1),
        ];
        for (number, change) in changes.iter().enumerate() {
            assert!(!forged(change), "change {number}");
        }
    }
}
