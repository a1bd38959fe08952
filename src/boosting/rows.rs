//! Rows to learn from.

/// Rows of numbers with targets, each of one group: rows of a group are near twins, such as the steps of a launch.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Length of a row.
    pub columns: usize,
    /// Row-major; NaN where missing.
    pub values: Vec<f32>,
    /// What is to be predicted.
    pub target: Vec<f64>,
    /// Weight in the loss, 1 on average.
    pub weight: Vec<f64>,
    /// Group each row is of.
    pub group: Vec<usize>,
}

impl Rows {
    /// One row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// With a column that is missing in all rows, so that nothing is learned from it.
    pub fn without(mut self, column: usize) -> Self {
        let values = self.values.iter_mut().skip(column).step_by(self.columns.max(1));
        values.for_each(|v| *v = f32::NAN);
        self
    }

    /// Divide the weights by their mean.
    pub fn rescale_weights(&mut self) {
        let mean = self.weight.iter().sum::<f64>() / self.weight.len().max(1) as f64;
        self.weight.iter_mut().for_each(|w| *w /= mean);
    }
}
