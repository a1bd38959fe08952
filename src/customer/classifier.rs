//! Training: members out of fold, their mixture and calibration, what is said of it, and the models of all rows.

use std::collections::BTreeMap;

use arrow_array::{Array, Float64Array, RecordBatch, StringArray};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::architecture::{Architecture, Fitted, Lesson, NO_FEATURE, watched};
use super::examples::{Examples, Split};
use super::finish::{Finish, HeldOut};
use super::importance::{self, Importance};
use super::purchase::Terms;
use super::scores::Scores;
use super::table::Columns;
use super::why::Background;
use crate::calibration::logistic;
use crate::error::{Error, Result};
use crate::features::numeric;

/// An AUC from which one feature alone is taken for the label.
const LEAK: f64 = 0.999;
/// Share of the texts of a feature that are numbers, from which it is said.
const MOSTLY: f64 = 0.9;
/// Rows by which the level of probabilities is set, at most.
const LEVEL_ROWS: usize = 100_000;

/// How a classifier is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// What it is.
    pub architecture: Architecture,
    /// Seed of random numbers.
    pub seed: i64,
}

/// What a classifier was learned from, and how it did out of fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Rows learned from.
    pub rows: usize,
    /// Positive ones.
    pub positives: usize,
    /// Weighted share of positives.
    pub base_rate: f64,
    /// Rows that were held out.
    pub held_out: usize,
    /// Out of fold, with mixture and calibration learned from the other folds.
    pub scores: Scores,
    /// Of each member alone.
    pub members: BTreeMap<String, Scores>,
    /// By feature.
    pub importance: Vec<Importance>,
    /// What is to be known of the data.
    pub notes: Vec<String>,
    /// Seed of random numbers.
    pub seed: i64,
}

/// A trained classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Classifier {
    /// What it is.
    pub architecture: Architecture,
    pub(super) columns: Columns,
    pub(super) members: Vec<Fitted>,
    pub(super) finish: Option<Finish>,
    pub(super) background: Background,
    /// What is said of it; none of one that was refused.
    pub facts: Option<Facts>,
    /// What it is beside a classifier, where it was learned from launches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
    /// Why it cannot answer.
    pub refusal: Option<String>,
}

/// What a member said of a fold it had not learned from, how long it learned, and itself.
struct Tried {
    fold: usize,
    member: usize,
    odds: Vec<f64>,
    /// Of each further batch of the fold.
    further: Vec<Vec<f64>>,
    effort: usize,
    fitted: Fitted,
}

impl Classifier {
    /// Train on examples.
    ///
    /// *Model*: each member is fitted without each fold, and says log-odds of its rows. [`Finish`] mixes and calibrates them; the
    /// figures of a fold come from a mixture and calibration learned from the other folds; of ordered ones from a mixture of those
    /// before it, without calibration. The members that answer are fitted to all rows, as long as those without a
    /// fold learned best on average.
    ///
    /// *Determinism*: neither threads nor the order of the rows matter.
    ///
    /// # Errors
    /// [`Error::Refused`] where no feature tells rows apart, or a network diverges.
    pub fn train(examples: &Examples, options: &Options) -> Result<Self> {
        Ok(Self::train_telling(examples, options, &[])?.0)
    }

    /// As [`Classifier::train`], with what was said of further rows, each batch by the models that were fitted without a fold. They are
    /// read as the rows learned from, and nothing is learned from them.
    ///
    /// # Errors
    /// As [`Classifier::train`].
    pub fn train_telling(
        examples: &Examples,
        options: &Options,
        further: &[(usize, RecordBatch)],
    ) -> Result<(Self, Vec<Vec<f64>>)> {
        let members = options.architecture.members();
        let folds: Vec<usize> = examples.held_out().collect();
        let tasks: Vec<(usize, usize)> = (0..members.len())
            .flat_map(|m| folds.iter().map(move |f| (m, *f)))
            .collect();
        let tried = |&(member, fold): &(usize, usize)| -> Result<Tried> {
            let rows = examples.learned(fold);
            let (fitted, effort) = fit(examples, &rows, members[member], None, options.seed)?;
            let odds = fitted.log_odds(&examples.select(&examples.of_fold(fold))?)?;
            let own = further.iter().filter(|(of, _)| *of == fold);
            let further = own.map(|(_, batch)| fitted.log_odds(&examples.columns.read(batch)?));
            let further = further.collect::<Result<_>>()?;
            Ok(Tried {
                fold,
                member,
                odds,
                further,
                effort,
                fitted,
            })
        };
        let tried: Vec<Tried> = tasks.par_iter().map(tried).collect::<Result<_>>()?;
        let held: Vec<usize> = folds.iter().flat_map(|fold| examples.of_fold(*fold)).collect();
        let mut odds = vec![Vec::with_capacity(held.len()); members.len()];
        tried.iter().for_each(|t| odds[t.member].extend(&t.odds));
        let of = |values: &[f64]| -> Vec<f64> { held.iter().map(|row| values[*row]).collect() };
        let (label, weight) = (of(&examples.label), of(&examples.weight));
        let counted: Vec<f64> = weight.iter().zip(of(&examples.emphasis)).map(|(w, e)| w * e).collect();
        let fold: Vec<usize> = held.iter().map(|row| examples.fold[*row]).collect();
        if tried.iter().all(|t| t.fitted.encoder().columns.is_empty()) {
            return Err(Error::refused(NO_FEATURE));
        }
        // What mixes the members in a fold, learned from the others.
        let finish_of = |odds: &[Vec<f64>], out: usize| -> Finish {
            let seen = HeldOut {
                odds,
                label: &label,
                weight: &counted,
                fold: &fold,
            };
            let rows = |other: &dyn Fn(usize) -> bool| -> Vec<usize> {
                let known = |row: &usize| other(fold[*row]) && examples.is_known(held[*row], out);
                (0..held.len()).filter(known).collect()
            };
            match examples.split {
                Split::Shuffled => Finish::fit(seen, &rows(&|fold| fold != out)),
                // What is known of the first part that is held out is nothing.
                Split::Ordered => match rows(&|fold| fold < out) {
                    known if known.is_empty() => Finish::equal(odds.len()),
                    known => Finish::mixture(seen, &known),
                },
            }
        };
        let out_of_fold = |odds: &[Vec<f64>]| -> Vec<f64> {
            let mut probability = vec![0.0; held.len()];
            for &out in &folds {
                let finish = finish_of(odds, out);
                for row in (0..held.len()).filter(|row| fold[*row] == out) {
                    probability[row] = logistic(finish.apply(odds, row));
                }
            }
            probability
        };
        let scored = |odds: &[Vec<f64>]| Scores::of(&out_of_fold(odds), &label, &weight);
        let told = folds.iter().map(|&out| {
            let finish = finish_of(&odds, out);
            let own: Vec<&Tried> = tried.iter().filter(|t| t.fold == out).collect();
            let count = own.first().map_or(0, |t| t.further.len());
            let said = move |batch: usize| {
                let odds: Vec<Vec<f64>> = own.iter().map(|t| t.further[batch].clone()).collect();
                let rows = odds.first().map_or(0, Vec::len);
                (0..rows)
                    .map(|row| logistic(finish.apply(&odds, row)))
                    .collect::<Vec<f64>>()
            };
            (out, (0..count).map(said).collect::<Vec<_>>())
        });
        let mut told: BTreeMap<usize, std::vec::IntoIter<Vec<f64>>> =
            told.map(|(fold, said)| (fold, said.into_iter())).collect();
        let told: Vec<Vec<f64>> = further
            .iter()
            .map(|(fold, _)| told.get_mut(fold).and_then(Iterator::next).unwrap_or_default())
            .collect();
        let one_outcome = || Error::refused("the rows that are held out have one outcome alone");
        let scores = scored(&odds).ok_or_else(one_outcome)?;
        let names = members.iter().map(|m| m.name().to_owned());
        let each = odds.iter().map(|own| scored(std::slice::from_ref(own)));
        let by_member = names
            .zip(each)
            .filter_map(|(name, scores)| Some((name, scores?)))
            .collect();
        let rows: Vec<usize> = (0..held.len()).collect();
        let seen = HeldOut {
            odds: &odds,
            label: &label,
            weight: &counted,
            fold: &fold,
        };
        let finish = match examples.split {
            Split::Shuffled => Finish::fit(seen, &rows),
            Split::Ordered => Finish::mixture(seen, &rows),
        };
        let mut models: Vec<(usize, Vec<Fitted>)> = folds.iter().map(|fold| (*fold, Vec::new())).collect();
        let mut efforts = vec![Vec::new(); members.len()];
        for tried in tried {
            efforts[tried.member].push(tried.effort);
            if let Some((_, models)) = models.iter_mut().find(|(fold, _)| *fold == tried.fold) {
                models.push(tried.fitted);
            }
        }
        let importance = importance::permuted(examples, &models, &finish)?;
        drop(models);
        let all: Vec<usize> = (0..examples.label.len()).collect();
        let whole = |(member, efforts): (&Architecture, &Vec<usize>)| {
            let effort = efforts.iter().sum::<usize>() as f64 / efforts.len().max(1) as f64;
            Ok(fit(
                examples,
                &all,
                *member,
                Some((effort.round() as usize).max(1)),
                options.seed,
            )?
            .0)
        };
        let whole: Vec<Fitted> = members.par_iter().zip(&efforts).map(whole).collect::<Result<_>>()?;
        let finish = centred(finish, examples, &whole)?;
        let mut notes = examples.notes.clone();
        notes.extend(infinite(examples));
        notes.extend(written_numbers(examples));
        notes.extend(written_dates(examples));
        notes.extend(unused(examples, &whole));
        notes.extend(importance::leak(examples, LEAK));
        let held_out = held.len();
        let positives = examples.label.iter().filter(|y| **y == 1.0).count();
        let share: f64 = examples.label.iter().zip(&examples.weight).map(|(y, w)| y * w).sum();
        let model = Self {
            architecture: options.architecture,
            columns: examples.columns.clone(),
            background: Background::of(examples, &whole)?,
            members: whole,
            finish: Some(finish),
            facts: Some(Facts {
                rows: examples.label.len(),
                positives,
                base_rate: share / examples.label.len() as f64,
                held_out,
                scores,
                members: by_member,
                importance,
                notes,
                seed: options.seed,
            }),
            terms: None,
            refusal: None,
        };
        Ok((model, told))
    }

    /// One that only says why it cannot answer.
    pub fn refused(architecture: Architecture, reason: String) -> Self {
        Self {
            architecture,
            columns: Columns::default(),
            members: Vec::new(),
            finish: None,
            background: Background::default(),
            facts: None,
            terms: None,
            refusal: Some(reason),
        }
    }

    /// True log-odds of rows. Features are found by name in any case; those that are not there are missing, others are not
    /// looked at.
    ///
    /// # Errors
    /// [`Error::Argument`] of a model that was refused, and for features of another type; those of candle.
    pub fn log_odds(&self, attributes: &RecordBatch) -> Result<Vec<f64>> {
        self.log_odds_of(&self.columns.read(attributes)?)
    }

    /// As [`Classifier::log_odds`], of columns that are read already.
    pub(super) fn log_odds_of(&self, attributes: &RecordBatch) -> Result<Vec<f64>> {
        let (Some(finish), None) = (&self.finish, &self.refusal) else {
            let reason = self.refusal.as_deref().unwrap_or("it is empty");
            return Err(Error::argument(format!("the model cannot answer: {reason}")));
        };
        let odds = self
            .members
            .iter()
            .map(|m| m.log_odds(attributes))
            .collect::<Result<Vec<_>>>()?;
        Ok((0..attributes.num_rows()).map(|row| finish.apply(&odds, row)).collect())
    }

    /// Names of all features, in the order of the table.
    pub fn features(&self) -> Vec<String> {
        self.background.features()
    }
}

/// With the level of the members that were fitted to all rows; of rows of some time that of the late ones: levels move sooner than
/// tastes.
fn centred(finish: Finish, examples: &Examples, members: &[Fitted]) -> Result<Finish> {
    let count = examples.label.len();
    // Rows are in an order that says nothing.
    let rows: Vec<usize> = (0..count).step_by(count.div_ceil(LEVEL_ROWS).max(1)).collect();
    let batch = examples.select(&rows)?;
    let odds = members.iter().map(|m| m.log_odds(&batch)).collect::<Result<Vec<_>>>()?;
    let of = |values: &[f64]| -> Vec<f64> { rows.iter().map(|row| values[*row]).collect() };
    let weight: Vec<f64> = rows
        .iter()
        .map(|row| examples.weight[*row] * examples.emphasis[*row].powi(2))
        .collect();
    Ok(finish.centred(&odds, &of(&examples.label), &weight))
}

/// Features with infinite numbers, in words.
fn infinite(examples: &Examples) -> Option<String> {
    let schema = examples.attributes.schema();
    let columns = schema.fields().iter().zip(examples.attributes.columns());
    let odd = columns.filter(|(_, array)| {
        let numbers = array.as_any().downcast_ref::<Float64Array>();
        numbers.is_some_and(|numbers| numbers.iter().flatten().any(f64::is_infinite))
    });
    let names: Vec<&str> = odd.map(|(field, _)| field.name().as_str()).collect();
    (!names.is_empty()).then(|| format!("infinite numbers count as missing: {}", names.join(", ")))
}

/// Features that are texts and mostly numbers, in words.
fn written_numbers(examples: &Examples) -> Option<String> {
    let schema = examples.attributes.schema();
    let columns = schema.fields().iter().zip(examples.attributes.columns());
    let told = columns.filter_map(|(field, array)| {
        let texts = array.as_any().downcast_ref::<StringArray>()?;
        // Those with decimals or a unit are read as numbers.
        if numeric(texts).is_some() {
            return None;
        }
        let is_number = |text: &&str| text.trim().parse::<f64>().is_ok();
        let known = || texts.iter().flatten();
        let numbers = known().filter(is_number).count();
        let other = known().find(|text| !is_number(text));
        let mostly = numbers > 0 && numbers as f64 >= MOSTLY * known().count() as f64;
        mostly.then(|| match other {
            Some(other) => format!("{} (with others, such as '{other}')", field.name()),
            None => field.name().clone(),
        })
    });
    let names: Vec<String> = told.collect();
    let told = format!(
        "numbers written as texts count as texts, cast them: {}",
        names.join(", ")
    );
    (!names.is_empty()).then_some(told)
}

/// Features whose texts look like dates, in words.
fn written_dates(examples: &Examples) -> Option<String> {
    let schema = examples.attributes.schema();
    let columns = schema.fields().iter().zip(examples.attributes.columns());
    let told = columns.filter_map(|(field, array)| {
        let texts = array.as_any().downcast_ref::<StringArray>()?;
        let known = || texts.iter().flatten();
        let dates = known().filter(|text| is_like_a_date(text)).count();
        let mostly = dates > 0 && dates as f64 >= MOSTLY * known().count() as f64;
        let example = known().filter(|text| is_like_a_date(text)).min()?;
        mostly.then(|| format!("{} (such as '{example}')", field.name()))
    });
    let names: Vec<String> = told.collect();
    let told = format!(
        "dates written as texts count as texts, cast them or read them with strptime: {}",
        names.join(", ")
    );
    (!names.is_empty()).then_some(told)
}

/// Whether a text begins with a day, a month and a year, such as 31.12.2024, 12/31/24 or 2024-12-31 08:00. 1.2.3 is a version.
fn is_like_a_date(text: &str) -> bool {
    let text = text.trim();
    let day = text.split([' ', 'T']).next().unwrap_or_default();
    let Some(separator) = ['-', '/', '.'].into_iter().find(|s| day.contains(*s)) else {
        return false;
    };
    let parts: Vec<&str> = day.split(separator).collect();
    let is_number = |part: &&str| matches!(part.len(), 1 | 2 | 4) && part.bytes().all(|b| b.is_ascii_digit());
    let years = parts.iter().filter(|part| part.len() == 4).count();
    let is_short = || parts.iter().all(|part| part.len() == 2);
    parts.len() == 3 && parts.iter().all(is_number) && (years == 1 || is_short())
}

/// Features that no member looks at, in words.
fn unused(examples: &Examples, members: &[Fitted]) -> Option<String> {
    let schema = examples.attributes.schema();
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let is_used = |name: &str| {
        members
            .iter()
            .any(|m| m.encoder().columns.iter().any(|(own, _)| own == name))
    };
    let names: Vec<&str> = names.filter(|name| !is_used(name)).collect();
    let told = format!(
        "not looked at, as they are constant, NULL, ids, or of no type that is a feature: {}",
        names.join(", ")
    );
    (!names.is_empty()).then_some(told)
}

/// Fit one member to some rows; some of them are watched where nobody says how long to learn.
fn fit(
    examples: &Examples,
    rows: &[usize],
    kind: Architecture,
    effort: Option<usize>,
    seed: i64,
) -> Result<(Fitted, usize)> {
    let attributes = examples.select(rows)?;
    let label: Vec<f64> = rows.iter().map(|row| examples.label[*row]).collect();
    let weight: Vec<f64> = rows
        .iter()
        .map(|row| examples.weight[*row] * examples.emphasis[*row])
        .collect();
    let watched = watched(rows.iter().map(|row| examples.unit[*row]), seed);
    let unit: Vec<u32> = rows.iter().map(|row| examples.unit[*row]).collect();
    let lesson = Lesson {
        unit: &unit,
        attributes: &attributes,
        label: &label,
        weight: &weight,
        watched: &watched,
    };
    Fitted::fit(kind, &lesson, effort, seed)
}

#[cfg(test)]
mod tests {
    use super::is_like_a_date;

    #[test]
    fn dates_are_told_from_versions_and_numbers() {
        for text in [
            "31.12.2024",
            "12/31/24",
            "2024-12-31 08:00",
            " 1-2-2024 ",
            "2024-12-31T08:00",
        ] {
            assert!(is_like_a_date(text), "{text}");
        }
        for text in [
            "1.2.3",
            "1.234.567",
            "555-12-3456",
            "10.0.0.1",
            "A-12-2024",
            "12.5",
            "--",
            "",
        ] {
            assert!(!is_like_a_date(text), "{text}");
        }
    }
}
