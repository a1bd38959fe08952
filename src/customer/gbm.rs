//! Boosted trees.

use arrow_array::RecordBatch;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::architecture::Lesson;
use crate::boosting::{Boosting, Growth, Loss, Rows, Trees};
use crate::error::Result;
use crate::features::{AttributeEncoder, Design, EncodedColumn, Levels, Plan, Words};

/// Numbers, categories in the order of the alphabet and their frequent levels, words.
const PLAN: Plan = Plan {
    code: true,
    levels: Levels::Frequent { most: 16, at_least: 20 },
    words: Words::Present(200),
    ..Plan::NUMBERS
};
const GROWTH: Growth = Growth {
    trees: 1_500,
    rate: 0.03,
    leaves: 15,
    rows: 20,
    columns: 0.5,
    groups: 0.8,
    cuts: 127,
};
/// Rows that are scored together.
const CHUNK: usize = 512;

/// Fitted trees: their sum is the log-odds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gbm {
    design: Design,
    trees: Trees,
}

impl Gbm {
    /// Fit to the rows of a lesson, with so many trees or as many as do best on the rows that are watched; returns their
    /// number. Several seeds are averaged.
    ///
    /// # Errors
    /// As [`Boosting::fit`].
    pub fn fit(lesson: &Lesson<'_>, trees: Option<usize>, seeds: &[u64]) -> Result<(Self, usize)> {
        let encoder = AttributeEncoder::fit_to(lesson.attributes, lesson.label);
        let columns = encoder.encode(lesson.attributes);
        let design = Design::fit(encoder, &columns, &PLAN);
        let table = Rows {
            columns: design.columns(),
            values: values(&design, &columns, 0..lesson.label.len()),
            target: lesson.label.to_vec(),
            weight: lesson.weight.to_vec(),
            group: (0..lesson.label.len()).collect(),
        };
        let growth = Growth {
            trees: trees.unwrap_or(GROWTH.trees),
            ..GROWTH
        };
        let boosting = Boosting::new(Loss::Logistic, growth)?;
        let prepared = boosting.prepare(&table)?;
        let learn: Vec<bool> = lesson
            .watched
            .iter()
            .map(|watched| trees.is_some() || !watched)
            .collect();
        let fit = |seed: &u64| {
            let mut boosted = boosting.fit(&prepared, &table.target, &learn, *seed)?;
            let best = (0..boosted.watched.len()).min_by(|a, b| boosted.watched[*a].total_cmp(&boosted.watched[*b]));
            if let Some(best) = best {
                boosted.truncate(best + 1);
            }
            Ok((boosted.trees.sizes().len(), boosted.trees))
        };
        let fitted = seeds.par_iter().map(fit).collect::<Result<Vec<_>>>()?;
        let (mut all, mut most) = (Trees::default(), 1);
        for (length, mut trees) in fitted {
            trees.scale(1.0 / seeds.len() as f32);
            all.extend(trees);
            most = most.max(length - 1);
        }
        Ok((Self { design, trees: all }, most.max(1)))
    }

    /// Log-odds of rows.
    pub fn log_odds(&self, attributes: &RecordBatch) -> Vec<f64> {
        let columns = self.design.encoder().encode(attributes);
        let rows: Vec<usize> = (0..attributes.num_rows()).collect();
        let chunk = |rows: &[usize]| -> Vec<f64> {
            let values = values(&self.design, &columns, rows[0]..rows[0] + rows.len());
            match self.design.columns() {
                // Trees of no columns are a constant.
                0 => vec![self.trees.predict(&[]); rows.len()],
                width => self.trees.predict_rows(&values, width),
            }
        };
        rows.par_chunks(CHUNK).map(chunk).collect::<Vec<_>>().concat()
    }

    /// Whether it is what [`Gbm::fit`] makes.
    pub fn is_valid(&self) -> bool {
        self.design.is_valid() && self.trees.is_valid(self.design.columns())
    }

    /// Names of the features it looks at.
    pub fn encoder(&self) -> &AttributeEncoder {
        self.design.encoder()
    }
}

fn values(design: &Design, columns: &[EncodedColumn], rows: std::ops::Range<usize>) -> Vec<f32> {
    let mut out = Vec::with_capacity(rows.len() * design.columns());
    for row in rows {
        out.extend(design.dense(columns, row, f64::NAN).map(|v| v as f32));
    }
    out
}
