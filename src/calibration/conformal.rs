//! Conformal intervals: quantiles of scores of forecasts made for what the model had not seen.

use std::{borrow::Cow, cmp::Ordering};

use serde::{Deserialize, Serialize};

use crate::statistics::{conformal_quantile_of_blocks, mean, sorted, spread_evenly};

/// Scores kept per step; more change an interval by less than their own noise.
const MAX_SCORES: usize = 400;
/// Scores that the mean is taken over: more change it by less than their own noise.
const MEAN_POINTS: usize = 100;
/// A step with fewer scores than this borrows those of all steps.
const MIN_SCORES: usize = 30;

/// Scores by step: how far off forecasts were, in units of their own spread.
///
/// *Model*: a score r stands for the value v(r) of the forecast, where v never falls. The quantile p of a step is v at the
/// [`crate::statistics::conformal_quantile`] p of its scores; the central interval of level L runs from the quantile
/// (1 - L) / 2 to (1 + L) / 2, and the median is the quantile 1/2. If a new forecast is exchangeable with those behind the
/// scores, what happens falls inside with probability L (up to 1 / (n + 1) of n scores); levels above (n - 1) / (n + 1) are
/// too narrow. The mean is Duan's smearing estimate: the average of v over the scores, as equal shares of their
/// quantiles. Scores of the first models keep their median at v(0), whatever the ranks say.
///
/// *Shapes*: one list of scores per step.
///
/// *Missing data*: a step with fewer than 30 scores takes those of all steps; as those of one forecast hang together, its
/// ranks are those of as many numbers as there are forecasts.
///
/// *References*: Vovk, Gammerman, Shafer 2005, Algorithmic Learning in a Random World; Lei et al. 2018,
/// Distribution-free predictive inference for regression (locally weighted scores); Duan 1983, Smearing estimate: a
/// nonparametric retransformation method.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Conformal {
    /// Forecasts behind the scores; stored under the name that it had in the first models.
    #[serde(rename = "launches")]
    forecasts: usize,
    /// Sorted scores by step.
    scores: Vec<Vec<f64>>,
    /// What scores are made with; none of the first models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    form: Option<Form>,
}

/// What scores are made with, beside the forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// Median of ln(spread) of the forecasts by step: the spread of a forecast is the weighted geometric mean of its own and this.
    /// How far off a forecast will be is itself an estimate.
    pub log_spread: Vec<f64>,
    /// Nothing is forecast to be above it, on the scale of the forecasts.
    pub ceiling: f64,
    /// Weight of a forecast's own spread in that mean; a half in models of earlier versions.
    #[serde(default = "half")]
    pub own: f64,
}

const fn half() -> f64 {
    0.5
}

impl Form {
    /// The spread that scores of a step (0-based) are made with.
    pub fn spread(&self, step: usize, own: f64) -> f64 {
        let median = self.log_spread.get(step).copied().unwrap_or(f64::NAN);
        (self.own * own.ln() + (1.0 - self.own) * median).exp()
    }
}

/// Median, central interval and mean of what may happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Median forecast.
    pub median: f64,
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Expected value: the right number to add up or to multiply with a margin.
    pub mean: f64,
}

impl Conformal {
    /// From finite scores by step, of so many forecasts.
    pub fn fit(forecasts: usize, scores: Vec<Vec<f64>>) -> Self {
        Self {
            forecasts,
            scores: steps(scores),
            form: None,
        }
    }

    /// As [`Conformal::fit`], of scores made with a form.
    pub fn with_form(forecasts: usize, scores: Vec<Vec<f64>>, form: Form) -> Self {
        Self {
            form: Some(form),
            ..Self::fit(forecasts, scores)
        }
    }

    /// With a ceiling of at least so much, on the scale ln(1 + units): for a product whose own sales tell that past launches
    /// are no bound.
    pub fn raised_to(&self, ceiling: f64) -> Cow<'_, Self> {
        match &self.form {
            Some(form) if form.ceiling < ceiling => {
                let mut raised = self.clone();
                raised.form = Some(Form {
                    ceiling,
                    ..form.clone()
                });
                Cow::Owned(raised)
            }
            _ => Cow::Borrowed(self),
        }
    }

    /// No scores: no step has an interval.
    pub const fn none() -> Self {
        Self {
            forecasts: 0,
            scores: Vec::new(),
            form: None,
        }
    }

    /// Number of steps.
    pub fn horizon(&self) -> usize {
        self.scores.len()
    }

    /// What the scores are made with.
    pub fn form(&self) -> Option<&Form> {
        self.form.as_ref()
    }

    /// Whether the scores are what [`Conformal::fit`] makes: at least one per step, finite, sorted.
    pub fn is_valid(&self) -> bool {
        let scores = |s: &Vec<f64>| !s.is_empty() && s.iter().all(|v| v.is_finite()) && s.is_sorted();
        let form = |f: &Form| {
            let bounded = |v: &f64| v.abs() < 100.0;
            f.log_spread.len() == self.scores.len()
                && f.log_spread.iter().all(bounded)
                && (0.0..100.0).contains(&f.ceiling)
                && (0.0..=1.0).contains(&f.own)
        };
        self.scores.iter().all(scores) && self.form.as_ref().is_none_or(form)
    }

    /// Median, mean and central interval of probability `level` of a step (0-based), lower <= median <= upper; `None`
    /// of a step without scores. `value` is what a score stands for: it never falls.
    pub fn interval(&self, step: usize, level: f64, value: impl Fn(f64) -> f64) -> Option<Interval> {
        let scores = self.scores.get(step)?;
        let average = match self.form {
            Some(_) => mean(points(scores, self.forecasts).into_iter().map(&value))?,
            None => mean(middles(scores).map(&value))?,
        };
        Some(Interval {
            median: self.quantile(step, 0.5, &value)?,
            lower: self.quantile(step, (1.0 - level) / 2.0, &value)?,
            upper: self.quantile(step, (1.0 + level) / 2.0, &value)?,
            // Where all scores are alike the average differs from them by rounding alone.
            mean: average.max(value(scores[0])),
        })
    }

    /// The value (as in [`Conformal::interval`]) that is not exceeded with a probability: at 1/2 the median, else an
    /// end of the interval that leaves as much outside. Never falls with the probability.
    pub fn quantile(&self, step: usize, probability: f64, value: impl Fn(f64) -> f64) -> Option<f64> {
        let scores = self.scores.get(step)?;
        // Only a step that borrows can have more scores than there are forecasts.
        let blocks = match self.form {
            Some(_) => scores.len().min(self.forecasts.max(1)),
            None => scores.len(),
        };
        let end = value(conformal_quantile_of_blocks(scores, probability, blocks));
        if self.form.is_some() {
            return Some(end);
        }
        let median = value(0.0);
        Some(match probability.total_cmp(&0.5) {
            Ordering::Less => end.min(median),
            Ordering::Equal => median,
            Ordering::Greater => end.max(median),
        })
    }
}

/// The scores of each step, sorted and thinned; those of all steps where there are few.
pub(crate) fn steps(scores: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut pooled = thin(scores.concat());
    if pooled.is_empty() {
        pooled.push(0.0);
    }
    let scores = scores.into_iter();
    scores
        .map(|s| if s.len() < MIN_SCORES { pooled.clone() } else { thin(s) })
        .collect()
}

/// The quantiles of sorted scores of so many forecasts in the middle of a hundred equal shares: their average is that of
/// many draws.
pub(crate) fn points(scores: &[f64], forecasts: usize) -> Vec<f64> {
    let blocks = scores.len().min(forecasts.max(1));
    let place = |k: usize| (k as f64 + 0.5) / MEAN_POINTS as f64;
    (0..MEAN_POINTS)
        .map(|k| conformal_quantile_of_blocks(scores, place(k), blocks))
        .collect()
}

/// The score in the middle of each of at most a hundred equal shares of sorted scores.
fn middles(scores: &[f64]) -> impl Iterator<Item = f64> {
    let points = scores.len().min(MEAN_POINTS);
    (0..points).map(move |k| scores[(2 * k + 1) * scores.len() / (2 * points)])
}

/// Sort, and keep evenly spaced ranks if there are more than needed.
fn thin(scores: Vec<f64>) -> Vec<f64> {
    spread_evenly(&sorted(scores), MAX_SCORES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(n: usize) -> Conformal {
        Conformal::fit(n, vec![(1..=n).map(|i| i as f64).collect()])
    }

    fn with_form(n: usize, scores: Vec<Vec<f64>>) -> Conformal {
        let form = Form {
            log_spread: vec![0.0; scores.len()],
            ceiling: 35.0,
            own: 0.5,
        };
        Conformal::with_form(n, scores, form)
    }

    #[test]
    fn ends_are_the_ranks_of_split_conformal() {
        // 99 scores 1 .. 99: rank 100 * 0.1 = 10 and 100 * 0.9 = 90.
        let conformal = fitted(99);
        let quantile = |probability| conformal.quantile(0, probability, |score| score).unwrap();
        assert_eq!((quantile(0.9), quantile(1.0)), (90.0, 99.0));
        // Of the first models nothing below one half lies above the median.
        assert_eq!((quantile(0.1), quantile(0.5)), (0.0, 0.0));
        let interval = conformal.interval(0, 0.8, |score| score - 50.0).unwrap();
        assert_eq!((interval.lower, interval.upper, interval.median), (-50.0, 40.0, -50.0));
        assert!(interval.mean.abs() < 1e-9, "{interval:?}");
    }

    #[test]
    fn the_median_and_each_end_have_their_own_rank() {
        let conformal = with_form(99, vec![(1..=99).map(f64::from).collect()]);
        let interval = conformal.interval(0, 0.8, |score| score).unwrap();
        let near = |found: f64, expected: f64| (found - expected).abs() < 1e-9;
        assert!(
            near(interval.lower, 10.0) && near(interval.median, 50.0),
            "{interval:?}"
        );
        assert!(near(interval.upper, 90.0) && near(interval.mean, 50.0), "{interval:?}");
    }

    #[test]
    fn borrowed_scores_count_as_many_as_there_are_forecasts() {
        // Three forecasts of five steps: the ends are those of three numbers, the outermost ones.
        let scores = vec![vec![1.0, 2.0, 3.0]; 5];
        let conformal = with_form(3, scores);
        let interval = conformal.interval(0, 0.8, |score| score).unwrap();
        assert_eq!((interval.lower, interval.median, interval.upper), (1.0, 2.0, 3.0));
    }

    #[test]
    fn intervals_are_ordered_whatever_the_scores() {
        for shift in [-100.0, -20.0, 0.0, 20.0] {
            let scores = vec![(0..40).map(|i| f64::from(i) + shift).collect()];
            for conformal in [Conformal::fit(40, scores.clone()), with_form(40, scores)] {
                let i = conformal.interval(0, 0.8, |score| score.exp()).unwrap();
                assert!(i.lower <= i.median && i.median <= i.upper, "{i:?}");
            }
        }
    }

    #[test]
    fn a_step_with_few_scores_takes_those_of_all_steps() {
        let many: Vec<f64> = (0..60).map(f64::from).collect();
        let conformal = Conformal::fit(60, vec![many.clone(), vec![500.0; 3], Vec::new()]);
        let top = |step| conformal.quantile(step, 1.0, |score| score).unwrap();
        assert_eq!((top(0), top(1), top(2)), (59.0, 500.0, 500.0));
        assert!(conformal.is_valid() && conformal.horizon() == 3);
    }

    #[test]
    fn without_scores_the_interval_is_the_median() {
        let conformal = Conformal::fit(0, vec![Vec::new(), Vec::new()]);
        let i = conformal.interval(1, 0.8, |score| 7.0 + score).unwrap();
        assert_eq!((i.lower, i.upper, i.mean), (7.0, 7.0, 7.0));
        assert_eq!(conformal.interval(2, 0.8, |score| score), None);
        assert_eq!(Conformal::none().interval(0, 0.8, |score| score), None);
    }

    #[test]
    fn the_stored_form_is_that_of_the_first_models() {
        let text = r#"{"launches":2,"scores":[[-1.0,0.5]]}"#;
        let conformal: Conformal = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&conformal).unwrap(), text);
        let forged = |text: &str| serde_json::from_str::<Conformal>(text).unwrap().is_valid();
        assert!(!forged(r#"{"launches":2,"scores":[[1.0,0.5]]}"#));
        assert!(!forged(r#"{"launches":2,"scores":[[]]}"#));
        let form = |log_spread: &str| {
            let text = format!(
                r#"{{"launches":2,"scores":[[-1.0,0.5]],"form":{{"log_spread":[{log_spread}],"ceiling":7.0}}}}"#
            );
            forged(&text)
        };
        assert!(form("0.5") && !form("") && !form("1e300"));
    }
}
