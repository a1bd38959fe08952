//! How good a purchase model is, launch by launch.

use arrow_array::{Array, Float64Array, RecordBatch};

use crate::customer::{Scores, average_precision};

/// Share of the most probable users that lift is measured in.
const TOP: f64 = 0.1;

/// How good probabilities are of all users of launches held out.
pub(super) struct Measured {
    pub scores: Scores,
    pub lift: f64,
    pub category_lift: f64,
    pub precision: f64,
    pub category_precision: f64,
    pub expected_over_observed: f64,
}

impl Measured {
    /// Of launches: features, outcomes and probabilities of the users.
    pub fn of<'a>(launches: impl Iterator<Item = (&'a RecordBatch, &'a [bool], &'a [f64])>) -> Option<Self> {
        let (mut sums, mut count) = ([0.0; 4], 0.0);
        let (mut all, mut outcomes) = (Vec::new(), Vec::new());
        for (features, bought, probability) in launches {
            let label: Vec<f64> = bought.iter().map(|b| f64::from(u8::from(*b))).collect();
            all.extend(probability);
            outcomes.extend(&label);
            if !bought.contains(&true) {
                continue;
            }
            let column = |name: &str| -> Vec<f64> {
                let array = features
                    .column_by_name(name)
                    .and_then(|a| a.as_any().downcast_ref::<Float64Array>());
                array.map_or_else(
                    || vec![0.0; label.len()],
                    |a| a.iter().map(|v| v.unwrap_or(0.0)).collect(),
                )
            };
            let (bought, since) = (column("category_purchases"), column("days_since_category"));
            let category: Vec<f64> = bought.iter().zip(&since).map(|(n, age)| n / (1.0 + age)).collect();
            count += 1.0;
            for (k, score) in [probability, category.as_slice()].into_iter().enumerate() {
                sums[k] += lift(score, &label);
                sums[2 + k] += average_precision(score, &label, &vec![1.0; label.len()]);
            }
        }
        let [lift, category_lift, precision, category_precision] = sums.map(|s| s / count);
        Some(Self {
            scores: Scores::of(&all, &outcomes, &vec![1.0; all.len()])?,
            lift,
            category_lift,
            precision,
            category_precision,
            expected_over_observed: all.iter().sum::<f64>() / outcomes.iter().sum::<f64>(),
        })
    }
}

/// Share of the positives among the highest tenth, times ten; rows of one score share it.
fn lift(score: &[f64], label: &[f64]) -> f64 {
    let mut order: Vec<usize> = (0..score.len()).collect();
    order.sort_by(|a, b| score[*b].total_cmp(&score[*a]));
    let top = TOP * score.len() as f64;
    let (mut seen, mut found, mut all) = (0.0, 0.0, 0.0);
    for tied in order.chunk_by(|a, b| score[*a] == score[*b]) {
        let size = tied.len() as f64;
        let hits: f64 = tied.iter().map(|k| label[*k]).sum();
        found += hits * ((top - seen) / size).clamp(0.0, 1.0);
        seen += size;
        all += hits;
    }
    found / all / TOP
}
