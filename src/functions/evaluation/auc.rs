//! `__launch_auc(label, probability)`: the area under the ROC curve; the macro `launch_auc` turns any label into a
//! boolean and calls it.

use std::ops::Range;

use crate::{functions::prelude::*, statistics::ClassScores};

/// See [`Function::ABOUT`].
#[derive(Default)]
pub struct Auc(ClassScores);

impl Function for Auc {
    const NAME: &'static str = "__launch_auc";
    const ABOUT: &'static str = "
        Area under the ROC curve. See launch_auc.

        @param label: BOOLEAN  what happened
        @param probability: DOUBLE  what was predicted
        @returns DOUBLE  0 to 1; NULL unless both classes occur
        @example SELECT __launch_auc(price > 14, price) FROM sales
    ";

    type Answer = Option<f64>;
}

impl Fold for Auc {
    type Batch = Vec<Option<(bool, f64)>>;

    fn read(arguments: &mut Arguments) -> Result<Self::Batch, Failure> {
        let cases = arguments.flags()?.into_iter().zip(arguments.numbers()?);
        let known =
            |(label, score): (Option<bool>, Option<f64>)| Some((label?, score.filter(|score| !score.is_nan())?));
        Ok(cases.map(known).collect())
    }

    fn add(&mut self, cases: &Self::Batch, rows: Range<usize>) {
        cases[rows]
            .iter()
            .flatten()
            .for_each(|(label, score)| self.0.add(*label, *score));
    }

    fn merge(&mut self, other: &Self) {
        self.0.append(&other.0);
    }

    fn answer(&self) -> Self::Answer {
        self.0.auc()
    }
}
