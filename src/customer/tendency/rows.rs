//! Reviews by product and by user.

use super::effect::Part;

/// Reviews that share product, user and time, and the same by group.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    pub product: Vec<u32>,
    /// Empty where users are not looked at.
    pub user: Vec<u32>,
    pub bin: Vec<u32>,
    pub count: Vec<f64>,
    pub sum: Vec<f64>,
    /// Sum of the squares of all.
    pub square: f64,
    pub bins: usize,
    by_product: Groups,
    by_user: Groups,
}

/// The rows of each group.
#[derive(Debug, Clone, Default)]
struct Groups {
    starts: Vec<usize>,
    order: Vec<u32>,
}

impl Groups {
    fn new(code: &[u32], groups: usize) -> Self {
        let mut starts = vec![0; groups + 1];
        for &c in code {
            starts[c as usize + 1] += 1;
        }
        for group in 0..groups {
            starts[group + 1] += starts[group];
        }
        let mut next = starts.clone();
        let mut order = vec![0; code.len()];
        for (row, &c) in (0..).zip(code) {
            order[next[c as usize]] = row;
            next[c as usize] += 1;
        }
        Self { starts, order }
    }

    fn of(&self, group: usize) -> &[u32] {
        &self.order[self.starts[group]..self.starts[group + 1]]
    }
}

/// One review as it is learned from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Single {
    pub product: u32,
    pub user: u32,
    pub bin: u32,
    pub value: f64,
}

impl Rows {
    /// Of reviews in a canonical order; `users` is 0 where users are not looked at, and reviews of a product in a bin are
    /// then taken together.
    pub fn new(reviews: &[Single], products: usize, users: usize, bins: usize) -> Self {
        let mut rows = Self {
            product: Vec::new(),
            user: Vec::new(),
            bin: Vec::new(),
            count: Vec::new(),
            sum: Vec::new(),
            square: reviews.iter().map(|r| r.value * r.value).sum(),
            bins,
            by_product: Groups::default(),
            by_user: Groups::default(),
        };
        for review in reviews {
            let same =
                users == 0 && rows.product.last() == Some(&review.product) && rows.bin.last() == Some(&review.bin);
            match (rows.count.last_mut(), rows.sum.last_mut()) {
                (Some(count), Some(sum)) if same => {
                    *count += 1.0;
                    *sum += review.value;
                }
                _ => {
                    rows.product.push(review.product);
                    rows.bin.push(review.bin);
                    rows.count.push(1.0);
                    rows.sum.push(review.value);
                    if users > 0 {
                        rows.user.push(review.user);
                    }
                }
            }
        }
        rows.by_product = Groups::new(&rows.product, products);
        rows.by_user = Groups::new(&rows.user, users);
        rows
    }

    pub fn len(&self) -> usize {
        self.product.len()
    }

    pub fn products(&self) -> usize {
        self.by_product.starts.len() - 1
    }

    pub fn users(&self) -> usize {
        self.by_user.starts.len() - 1
    }

    pub fn of_product(&self, product: usize) -> &[u32] {
        self.by_product.of(product)
    }

    pub fn of_user(&self, user: usize) -> &[u32] {
        self.by_user.of(user)
    }

    /// Reviews of each product.
    pub fn counts(&self) -> Vec<f64> {
        let mut counts = vec![0.0; self.products()];
        for (product, count) in self.product.iter().zip(&self.count) {
            counts[*product as usize] += count;
        }
        counts
    }

    /// Without the reviews of some products; the rows stay in their places.
    pub fn without(&self, left_out: impl Fn(usize) -> bool) -> Self {
        let mut rows = self.clone();
        for row in 0..rows.len() {
            if left_out(rows.product[row] as usize) {
                rows.count[row] = 0.0;
                rows.sum[row] = 0.0;
            }
        }
        rows
    }

    /// One row as a part of a group.
    pub fn part(&self, row: usize, other: f64) -> Part {
        Part {
            other,
            count: self.count[row],
            sum: self.sum[row],
        }
    }
}
