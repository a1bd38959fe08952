//! `__launch_auc(label, probability)`: the area under the ROC curve; the macro `launch_auc` turns any label into a
//! boolean and calls it.

use crate::{evaluation::ClassScores, functions::prelude::*};

/// See [`Fold::about`].
#[derive(Default)]
pub struct Auc(ClassScores);

impl Fold for Auc {
    const NAME: &'static str = "__launch_auc";
    type Row = (bool, f64);
    type Answer = Option<f64>;

    fn about() -> About {
        About {
            description: "Area under the ROC curve. See launch_auc.",
            parameters: vec![
                Parameter::new::<bool>("label", "what happened"),
                Parameter::new::<f64>("probability", "what was predicted"),
            ],
            returns: Returns::Value("0 to 1; NULL unless both classes occur"),
            examples: &["SELECT __launch_auc(price > 14, price) FROM sales"],
        }
    }

    fn read(arguments: &mut Arguments) -> Result<Vec<Option<Self::Row>>, Failure> {
        let cases = arguments.flags()?.into_iter().zip(arguments.numbers()?);
        let known =
            |(label, score): (Option<bool>, Option<f64>)| Some((label?, score.filter(|score| !score.is_nan())?));
        Ok(cases.map(known).collect())
    }

    fn add(&mut self, (label, score): Self::Row) {
        self.0.add(label, score);
    }

    fn merge(&mut self, other: &Self) {
        self.0.append(&other.0);
    }

    fn answer(&self) -> Self::Answer {
        self.0.auc()
    }
}
