//! One tree, grown leaf by leaf.

use super::Branch;
use super::bins::{Binned, Column, MISSING};

/// Pull of the leaves to zero, in rows.
const RIDGE: f64 = 1.0;
/// A split that takes away less is none.
const MIN_GAIN: f64 = 1e-9;

/// How far a tree grows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Leaves at most.
    pub leaves: usize,
    /// Rows of a leaf at least.
    pub rows: u32,
}

/// What a tree is grown from.
pub(super) struct Slopes<'a> {
    pub binned: &'a Binned,
    /// Columns looked at.
    pub columns: &'a [usize],
    /// First and second derivatives of the loss by row.
    pub gradient: &'a [f64],
    pub curvature: &'a [f64],
}

/// A grown tree; leaves have no values yet.
pub(super) struct Grown {
    nodes: Vec<Node>,
    /// For each leaf its rows.
    pub leaves: Vec<Leaf>,
    /// Loss taken away, by split: the table's column and how much.
    pub gains: Vec<(usize, f64)>,
}

/// Rows that ended in the same place.
pub(super) struct Leaf {
    node: usize,
    /// Of the rows given to [`Slopes::grow`], in their new order.
    pub rows: std::ops::Range<usize>,
    total: Sums,
}

impl Leaf {
    /// The step that makes the loss smallest, by its curve at the last prediction.
    pub fn step(&self) -> f64 {
        -self.total.gradient / (self.total.curvature + RIDGE)
    }
}

enum Node {
    /// Its number.
    Leaf(usize),
    Split(Split),
}

#[derive(Clone, Copy)]
struct Split {
    column: usize,
    /// Codes from 1 to it go left.
    last_left: u8,
    missing_left: bool,
    left: usize,
    right: usize,
}

impl Split {
    fn is_left(&self, code: u8) -> bool {
        if code == MISSING {
            self.missing_left
        } else {
            code <= self.last_left
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Sums {
    gradient: f64,
    curvature: f64,
    rows: u32,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.gradient += other.gradient;
        self.curvature += other.curvature;
        self.rows += other.rows;
    }

    fn less(self, other: Self) -> Self {
        Self {
            gradient: self.gradient - other.gradient,
            curvature: self.curvature - other.curvature,
            rows: self.rows - other.rows,
        }
    }

    fn score(self) -> f64 {
        self.gradient * self.gradient / (self.curvature + RIDGE)
    }
}

/// The best split of a leaf.
struct Found {
    gain: f64,
    column: usize,
    last_left: u8,
    missing_left: bool,
}

/// A leaf that may still be split.
struct Open {
    leaf: Leaf,
    counts: Vec<Sums>,
    best: Option<Found>,
}

impl Slopes<'_> {
    /// Grow a tree on some rows, which must be sorted by group; they are put into the order of the leaves.
    ///
    /// *Model*: the leaf whose best split takes away most is split next. The counts of the smaller part are made from
    /// its rows, those of the larger one are the rest.
    pub fn grow(&self, rows: &mut [u32], limits: Limits) -> Grown {
        let mut total = Sums::default();
        for &row in rows.iter() {
            total.add(self.sums(row));
        }
        let mut nodes = vec![Node::Leaf(0)];
        let root = Leaf {
            node: 0,
            rows: 0..rows.len(),
            total,
        };
        let mut open = vec![self.open(root, self.count(rows), limits)];
        let (mut gains, mut spare) = (Vec::new(), Vec::with_capacity(rows.len()));
        while open.len() < limits.leaves {
            let gain = |open: &Open| open.best.as_ref().map_or(0.0, |found| found.gain);
            // Of equal ones the first.
            let best = (0..open.len())
                .rev()
                .max_by(|&a, &b| gain(&open[a]).total_cmp(&gain(&open[b])));
            let Some((number, found)) = best.and_then(|k| Some((k, open[k].best.take()?))) else {
                break;
            };
            gains.push((self.binned.columns[found.column].number, found.gain));
            let (left, right) = (nodes.len(), nodes.len() + 1);
            let split = Split {
                column: found.column,
                last_left: found.last_left,
                missing_left: found.missing_left,
                left,
                right,
            };
            let leaf = &open[number].leaf;
            let part = &mut rows[leaf.rows.clone()];
            let middle = leaf.rows.start + self.part(part, split, &mut spare);
            nodes[leaf.node] = Node::Split(split);
            nodes.extend([Node::Leaf(number), Node::Leaf(open.len())]);

            let Open { leaf, counts, .. } = &mut open[number];
            let sides = [leaf.rows.start..middle, middle..leaf.rows.end];
            let smaller = usize::from(sides[1].len() < sides[0].len());
            let mut larger_counts = std::mem::take(counts);
            let of_smaller = self.count(&rows[sides[smaller].clone()]);
            larger_counts
                .iter_mut()
                .zip(&of_smaller)
                .for_each(|(all, part)| *all = all.less(*part));
            let mut small_total = Sums::default();
            for &row in &rows[sides[smaller].clone()] {
                small_total.add(self.sums(row));
            }
            let large_total = leaf.total.less(small_total);
            let [l, r] = sides;
            let (left_part, right_part) = match smaller {
                0 => ((small_total, of_smaller), (large_total, larger_counts)),
                _ => ((large_total, larger_counts), (small_total, of_smaller)),
            };
            let leaf = |node, rows, total| Leaf { node, rows, total };
            open[number] = self.open(leaf(left, l, left_part.0), left_part.1, limits);
            open.push(self.open(leaf(right, r, right_part.0), right_part.1, limits));
        }
        Grown {
            nodes,
            leaves: open.into_iter().map(|open| open.leaf).collect(),
            gains,
        }
    }

    fn sums(&self, row: u32) -> Sums {
        Sums {
            gradient: self.gradient[row as usize],
            curvature: self.curvature[row as usize],
            rows: 1,
        }
    }

    /// Sums by column and code.
    fn count(&self, rows: &[u32]) -> Vec<Sums> {
        let mut groups: Vec<(u32, Sums)> = Vec::new();
        for &row in rows {
            let group = self.binned.group[row as usize];
            match groups.last_mut() {
                Some((last, sums)) if *last == group => sums.add(self.sums(row)),
                _ => groups.push((group, self.sums(row))),
            }
        }
        let width: usize = self.columns.iter().map(|&c| self.binned.columns[c].width()).sum();
        let mut counts = vec![Sums::default(); width];
        let mut rest = counts.as_mut_slice();
        for &number in self.columns {
            let column = &self.binned.columns[number];
            let (of_column, others) = rest.split_at_mut(column.width());
            rest = others;
            match column.by_group {
                true => groups
                    .iter()
                    .for_each(|(g, sums)| of_column[usize::from(column.codes[*g as usize])].add(*sums)),
                false => rows
                    .iter()
                    .for_each(|&row| of_column[usize::from(column.codes[row as usize])].add(self.sums(row))),
            }
        }
        counts
    }

    fn open(&self, leaf: Leaf, counts: Vec<Sums>, limits: Limits) -> Open {
        let mut best: Option<Found> = None;
        if leaf.total.rows >= 2 * limits.rows {
            let mut rest = counts.as_slice();
            for &number in self.columns {
                let column = &self.binned.columns[number];
                let (of_column, others) = rest.split_at(column.width());
                rest = others;
                let least = best.as_ref().map_or(MIN_GAIN, |found| found.gain);
                if let Some(found) = best_split(number, of_column, leaf.total, limits.rows, least) {
                    best = Some(found);
                }
            }
        }
        Open { leaf, counts, best }
    }

    /// Put the rows that go left first, in their order; returns their number.
    fn part(&self, rows: &mut [u32], split: Split, spare: &mut Vec<u32>) -> usize {
        spare.clear();
        let mut left = 0;
        for k in 0..rows.len() {
            let row = rows[k];
            if split.is_left(self.binned.code(split.column, row as usize)) {
                rows[left] = row;
                left += 1;
            } else {
                spare.push(row);
            }
        }
        rows[left..].copy_from_slice(spare);
        left
    }
}

/// The split of a column that takes away most, if it is more than `least`.
fn best_split(number: usize, counts: &[Sums], total: Sums, rows: u32, least: f64) -> Option<Found> {
    let missing = counts[usize::from(MISSING)];
    let (before, mut best, mut found) = (total.score(), least, None);
    let mut below = Sums::default();
    for (code, sums) in counts.iter().enumerate().skip(1) {
        below.add(*sums);
        let mut attempt = |left: Sums, missing_left: bool| {
            let right = total.less(left);
            if left.rows < rows || right.rows < rows {
                return;
            }
            let gain = left.score() + right.score() - before;
            if gain > best {
                best = gain;
                found = Some(Found {
                    gain,
                    column: number,
                    last_left: code as u8,
                    missing_left,
                });
            }
        };
        if missing.rows == 0 {
            // Where none is missing, one that is goes with the larger part.
            attempt(below, 2 * below.rows > total.rows);
        } else {
            attempt(below, false);
            let mut with_missing = below;
            with_missing.add(missing);
            attempt(with_missing, true);
        }
    }
    found
}

impl Grown {
    /// The leaf a row falls into.
    pub fn leaf(&self, binned: &Binned, row: usize) -> usize {
        let mut node = 0;
        loop {
            match &self.nodes[node] {
                Node::Leaf(number) => return *number,
                Node::Split(split) => {
                    node = if split.is_left(binned.code(split.column, row)) {
                        split.left
                    } else {
                        split.right
                    };
                }
            }
        }
    }

    /// As it is stored, with a value for each leaf.
    pub fn branch(&self, binned: &Binned, values: &[f64]) -> Branch {
        self.branch_at(0, binned, values)
    }

    fn branch_at(&self, node: usize, binned: &Binned, values: &[f64]) -> Branch {
        match &self.nodes[node] {
            Node::Leaf(number) => Branch::Leaf(values[*number] as f32),
            Node::Split(split) => Branch::Split {
                feature: binned.columns[split.column].number,
                threshold: threshold(&binned.columns[split.column], split.last_left),
                missing_left: split.missing_left,
                left: Box::new(self.branch_at(split.left, binned, values)),
                right: Box::new(self.branch_at(split.right, binned, values)),
            },
        }
    }
}

/// Values below it have codes up to the given one.
fn threshold(column: &Column, last_left: u8) -> f32 {
    column.cuts.get(usize::from(last_left) - 1).copied().unwrap_or(f32::MAX)
}
