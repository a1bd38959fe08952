//! Regression trees as flat arrays: what is stored of a boosted model, and its evaluation.

use serde::{Deserialize, Serialize};

/// Rows that are scored at the same time.
const ABREAST: usize = 32;
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

/// A bit for each leaf of a tree, the first one lowest.
type Mask = u32;
const LEAVES: usize = Mask::BITS as usize;

/// Trees in the form that many rows are scored in.
struct Masked {
    trees: Vec<Leaves>,
    /// Of all trees, one after the other.
    splits: Vec<Split>,
}

struct Leaves {
    splits: usize,
    leaves: [f32; LEAVES],
}

struct Split {
    /// Twice the column; one more where missing values go left.
    column: u32,
    threshold: f32,
    /// The leaves that are left to a row that goes right.
    kept: Mask,
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

    /// As [`Trees::predict`] for many rows of so many columns.
    ///
    /// *Rule*: each split strikes out the leaves on its left of the rows that do not go there; of what is left the first leaf is the
    /// one a row falls into. No step waits for another, so many rows go side by side. Trees of more leaves than a mask
    /// has bits are walked.
    ///
    /// *Reference*: Lucchese, Nardini, Orlando, Perego, Tonellotto, Venturini 2015, QuickScorer: a fast algorithm to rank documents
    /// with additive ensembles of regression trees.
    pub fn predict_rows(&self, values: &[f32], columns: usize) -> Vec<f64> {
        let rows = values.len().checked_div(columns).unwrap_or(0);
        let Some(masked) = self.masked() else {
            return (0..rows)
                .map(|row| self.predict(&values[row * columns..(row + 1) * columns]))
                .collect();
        };
        let mut sums = vec![0.0; rows];
        // Of each column a copy with missing values on either side.
        let mut block = vec![[0f32; ABREAST]; 2 * columns];
        for (sums, values) in sums.chunks_mut(ABREAST).zip(values.chunks(ABREAST * columns)) {
            for (k, row) in values.chunks_exact(columns).enumerate() {
                for (pair, &v) in block.chunks_exact_mut(2).zip(row) {
                    let missing = v.is_nan();
                    pair[0][k] = if missing { f32::INFINITY } else { v };
                    pair[1][k] = if missing { f32::NEG_INFINITY } else { v };
                }
            }
            let mut node = 0;
            for tree in &masked.trees {
                let mut left = [Mask::MAX; ABREAST];
                for split in &masked.splits[node..node + tree.splits] {
                    let own = &block[split.column as usize];
                    for (left, v) in left.iter_mut().zip(own) {
                        // All bits or none, without a branch, so that the compiler takes rows side by side.
                        let goes_left = Mask::from(*v < split.threshold).wrapping_neg();
                        *left &= split.kept | goes_left;
                    }
                }
                node += tree.splits;
                for (sum, left) in sums.iter_mut().zip(left) {
                    *sum += f64::from(tree.leaves[left.trailing_zeros() as usize % LEAVES]);
                }
            }
        }
        sums
    }

    /// The trees as masks; `None` where one has too many leaves.
    fn masked(&self) -> Option<Masked> {
        let mut masked = Masked {
            trees: Vec::with_capacity(self.sizes.len()),
            splits: Vec::with_capacity(self.feature.len() / 2),
        };
        let mut root = 0;
        for &size in &self.sizes {
            let nodes = root..root + size as usize;
            // Leaves before each node: those on the left of a split are the ones before its right child, from its own on.
            let mut before = Vec::with_capacity(nodes.len());
            let mut leaves = [0f32; LEAVES];
            let mut count = 0;
            for node in nodes.clone() {
                before.push(count);
                if self.feature[node] < 0 {
                    *leaves.get_mut(count)? = self.value[node];
                    count += 1;
                }
            }
            let splits = masked.splits.len();
            for node in nodes.clone().filter(|node| self.feature[*node] >= 0) {
                let (own, right) = (node - root, self.right[node].unsigned_abs() as usize);
                let bits = |count: usize| ((1u64 << count) - 1) as Mask;
                masked.splits.push(Split {
                    column: 2 * self.feature[node] as u32 + u32::from(self.right[node] < 0),
                    threshold: self.value[node],
                    kept: !(bits(before[own + right]) & !bits(before[own])),
                });
            }
            masked.trees.push(Leaves {
                splits: masked.splits.len() - splits,
                leaves,
            });
            root = nodes.end;
        }
        Some(masked)
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
