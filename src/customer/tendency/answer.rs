//! Answers for candidates and users.

use arrow_array::{Array, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_select::take::take;
use chrono::NaiveDate;
use rayon::prelude::*;

use super::{
    calibrated::{Calibrated, Place},
    crossed::{Columns, Crossed},
    effect::logistic,
    history::{Known, Reviewed},
    rows::Rows,
};
use crate::{
    error::{Error, Result},
    features::{AttributeEncoder, Design, EncodedColumn, Flag, Levels, Plan, Words, embedding, find_column},
    statistics::ridge::dot,
};

/// Columns of attributes at most, and of one attribute.
const MAX_COLUMNS: usize = 400;
const MAX_OF_ONE: usize = 100;
const LEAST_OF_ONE: usize = 4;
/// Variances of users at which the width of an interval is found; between them it is drawn straight.
const GRID: usize = 32;
/// Days from the first of the first year to 1970-01-01.
const EPOCH: i32 = 719_163;

/// What is to be expected of reviews of a candidate.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tendency {
    /// Number of the candidate among those asked about.
    pub candidate: usize,
    /// The user; `None` for the candidate as a whole.
    pub user: Option<u32>,
    /// Probability that a review is positive.
    pub probability: Option<f64>,
    /// Lower end of the interval: of the share of positive reviews, or of the probability for the user.
    pub lower: Option<f64>,
    /// Upper end.
    pub upper: Option<f64>,
    /// Mean rating.
    pub expected_rating: Option<f64>,
    /// Reviews learned from.
    pub reviews: usize,
    /// Reviews of the candidate itself among them.
    pub own_reviews: usize,
    /// Reviews by the user among them.
    pub user_reviews: Option<usize>,
    /// Why there is no answer.
    pub refusal: Option<String>,
    /// What there is to tell.
    pub reason: Option<String>,
}

/// What is to be expected of reviews of candidates, from those of other products that were known before.
///
/// *Model*: probability of a positive review of a product that was not learned from: the mean of the logistic function over
/// what is not known, see [`Crossed`] for the effects and [`Calibrated`] for their factors and spread. For a candidate as a
/// whole the effects leave users out, so that it is the share of positive reviews by those who will review it as others
/// reviewed what is like it; for a user they are learned beside those of products. The interval holds the share of positive
/// reviews of a new product (of the user: the probability), whose log-odds are spread as those of products before, each as
/// likely. The expected rating is the same sum of effects for ratings, within the scale.
///
/// *Missing data*: a level that was never reviewed, or an attribute that is missing, leaves the level of the attribute open:
/// the variance of its levels widens the interval.
///
/// *Determinism*: reviews are put in an order; folds depend on the number of products alone.
///
/// # Errors
/// [`Error::Argument`] for a scale that is none or is not that of the ratings. What concerns a candidate is its refusal.
pub fn tendencies(reviewed: Reviewed) -> Result<Vec<Tendency>> {
    let reviewed = reviewed.checked()?;
    let mut answers = Vec::new();
    for (number, candidate) in reviewed.candidates.iter().enumerate() {
        if let Some(refusal) = &candidate.refusal {
            answers.extend(refused(&reviewed, number, refusal));
        }
    }
    for (day, numbers) in reviewed.days() {
        let known = match Known::new(&reviewed, day, reviewed.attributes.num_rows()) {
            Ok(known) => known,
            Err(Error::Refused(mut refusal)) => {
                if let Some(left_out) = left_out(&reviewed) {
                    refusal += &format!("; {left_out}");
                }
                answers.extend(numbers.iter().flat_map(|n| refused(&reviewed, *n, &refusal)));
                continue;
            }
            Err(other) => return Err(other),
        };
        let learned = Learned::new(&reviewed, known, day)?;
        let of_each: Vec<Vec<Tendency>> = numbers.par_iter().map(|number| learned.answer(*number)).collect();
        answers.extend(of_each.into_iter().flatten());
    }
    Ok(answers)
}

/// A candidate that cannot be asked about, also for each user.
fn refused<'a>(reviewed: &'a Reviewed, candidate: usize, refusal: &'a str) -> impl Iterator<Item = Tendency> + 'a {
    let users = reviewed.asked.iter().flatten().map(|user| Some(*user));
    std::iter::once(None).chain(users).map(move |user| Tendency {
        candidate,
        user,
        refusal: Some(refusal.to_owned()),
        ..Tendency::default()
    })
}

/// Reviews that could not be read, attributes, and what else is to be told of the tables.
fn left_out(reviewed: &Reviewed) -> Option<String> {
    let parts: Vec<String> = reviewed
        .unread
        .iter()
        .map(|(why, n)| format!("{n} with {why}"))
        .collect();
    let reviews = (!parts.is_empty()).then(|| format!("left out: {}", parts.join(", ")));
    let columns = embedding::left_out(&reviewed.attributes, false);
    let columns = (!columns.is_empty()).then(|| format!("not looked at: {}", columns.join(", ")));
    let told: Vec<String> = reviews
        .into_iter()
        .chain(columns)
        .chain(reviewed.told.iter().cloned())
        .collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// All that was learned from the reviews before a day.
struct Learned<'a> {
    reviewed: &'a Reviewed,
    known: Known,
    day: Option<i32>,
    columns: Columns,
    /// Attributes as they are encoded, and the number of columns of each.
    encoder: AttributeEncoder,
    encoded: Vec<EncodedColumn>,
    share: Calibrated,
    rating: Crossed,
    of_users: Option<(Calibrated, Crossed)>,
    /// Attributes that no reviewed product has.
    alone: Vec<String>,
    left_out: Option<String>,
}

impl<'a> Learned<'a> {
    fn new(reviewed: &'a Reviewed, known: Known, day: Option<i32>) -> Result<Self> {
        let of_reviewed = (0..)
            .zip(&known.of_product)
            .filter(|(_, n)| **n > 0)
            .map(|(product, _)| product);
        let learned_from = picked(&reviewed.attributes, &UInt32Array::from_iter_values(of_reviewed))?;
        let (columns, encoder, encoded) = columns(&learned_from, &reviewed.attributes);
        let schema = learned_from.schema();
        let alone = schema.fields().iter().zip(learned_from.columns());
        let alone = alone.filter(|(_, column)| column.logical_null_count() == column.len());
        let alone = alone.map(|(field, _)| field.name().clone()).collect();
        let whole = known.rows(false, false);
        let share = Calibrated::fit(&whole, &columns);
        let rating = Crossed::fit(true, &known.rows(true, false), &columns, None);
        let has_users = reviewed.asked.is_some() && known.anonymous < known.len();
        let of_users = has_users.then(|| {
            let by_user: Rows = known.rows(false, true);
            let share = Calibrated::fit(&by_user, &columns);
            (share, Crossed::fit(true, &known.rows(true, true), &columns, None))
        });
        Ok(Self {
            reviewed,
            day,
            columns,
            encoder,
            encoded,
            alone,
            share,
            rating,
            of_users,
            left_out: left_out(reviewed),
            known,
        })
    }

    fn answer(&self, number: usize) -> Vec<Tendency> {
        let Some(candidate) = self.reviewed.candidates.get(number) else {
            return Vec::new();
        };
        let product = candidate.product as usize;
        let own = self.known.of_product[product];
        let further = self.further(product);
        let place = self.share.place(&self.columns, product, f64::from(own), further);
        let width = self.share.width(place, self.reviewed.level);
        let rating = self.rating_of(&self.rating, product, own);
        let mut answers = vec![Tendency {
            candidate: number,
            user: None,
            probability: Some(self.share.probability(place)),
            lower: Some(logistic(place.mean - width)),
            upper: Some(logistic(place.mean + width)),
            expected_rating: Some(self.within(rating)),
            reviews: self.known.len(),
            own_reviews: own as usize,
            user_reviews: None,
            refusal: None,
            reason: Some(self.reason(number, product, own)),
        }];
        let Some(asked) = &self.reviewed.asked else {
            return answers;
        };
        let Some((share, ratings)) = &self.of_users else {
            // Nothing is known of any user.
            let whole = answers.first().cloned().unwrap_or_default();
            answers.extend(asked.iter().map(|user| Tendency {
                user: Some(*user),
                user_reviews: Some(0),
                reason: Some("reviews have no users: as for the product as a whole".to_owned()),
                ..whole.clone()
            }));
            return answers;
        };
        let place = share.place(&self.columns, product, f64::from(own), further);
        let widths = Widths::new(share, place, self.reviewed.level);
        let rating = self.rating_of(ratings, product, own);
        answers.extend(asked.iter().map(|&user| {
            let reviews = self.known.of_user[user as usize];
            let known = (reviews > 0).then_some(user as usize);
            let own_place = share.for_user(place, known);
            let width = widths.at(own_place.variance);
            let bias = known.map_or(0.0, |user| ratings.users[user].mean);
            let unknown = reviews == 0;
            Tendency {
                candidate: number,
                user: Some(user),
                probability: Some(share.probability(own_place)),
                lower: Some(logistic(own_place.mean - width)),
                upper: Some(logistic(own_place.mean + width)),
                expected_rating: Some(self.within(rating + bias)),
                reviews: self.known.len(),
                own_reviews: own as usize,
                user_reviews: Some(reviews as usize),
                refusal: None,
                reason: unknown.then(|| "no review by this user: as one of all users".to_owned()),
            }
        }));
        answers
    }

    fn rating_of(&self, effects: &Crossed, product: usize, own: u32) -> f64 {
        let end = effects.levels.last().copied().unwrap_or_default();
        let itself = if own > 0 { effects.products[product].mean } else { 0.0 };
        dot(&self.columns.rows[product], &effects.slopes) + end + itself
    }

    fn within(&self, rating: f64) -> f64 {
        rating.clamp(self.reviewed.scale.lowest(), self.reviewed.scale.highest())
    }

    /// Variance of attributes that are not known of a product.
    fn further(&self, product: usize) -> f64 {
        let mut variance = 0.0;
        for (attribute, column) in self.encoded.iter().enumerate() {
            let open = match column {
                EncodedColumn::Category(codes) => codes[product] < 0,
                EncodedColumn::Number(values) => values[product].is_none(),
                EncodedColumn::Text(_) | EncodedColumn::Embedding { .. } => false,
            };
            if open {
                variance += self.share.effects.of_slopes[attribute + 1];
            }
        }
        variance
    }

    fn reason(&self, number: usize, product: usize, own: u32) -> String {
        let products = self.known.of_product.iter().filter(|n| **n > 0).count();
        let mut parts = vec![format!("{} reviews of {products} products", self.known.len())];
        if let Some(day) = self.day {
            parts[0] += &format!(" before {}", text(day));
        }
        if own > 0 {
            parts.push(format!("{own} of them of the candidate itself"));
        }
        let wanted = self.reviewed.candidates.get(number).and_then(|c| c.day);
        let is_own = |r: &&super::Review| r.product as usize == product;
        let all = self.reviewed.reviews.iter().filter(is_own).count();
        if all > own as usize {
            parts.push(format!(
                "{} reviews of it from that day on are not used: as_of takes a later day",
                all - own as usize
            ));
        }
        if let (Some(day), Some(wanted)) = (self.day, wanted)
            && day < wanted
        {
            parts.push(format!(
                "those up to {} are not used, as too many days are asked about at once",
                text(wanted)
            ));
        }
        let row = UInt32Array::from(vec![product as u32]);
        let unknown = picked(&self.reviewed.attributes, &row)
            .ok()
            .and_then(|row| self.encoder.unknown(&row).pop())
            .unwrap_or_default();
        if !unknown.levels.is_empty() {
            parts.push(format!("never reviewed: {}", unknown.levels.join(", ")));
        }
        if !unknown.missing.is_empty() {
            parts.push(format!("not known: {}", unknown.missing.join(", ")));
        }
        if !self.alone.is_empty() {
            let there = |name: &&String| {
                let column = find_column(&self.reviewed.attributes, name);
                column.is_some_and(|column| column.is_valid(product))
            };
            let alone: Vec<&str> = self.alone.iter().filter(there).map(String::as_str).collect();
            if !alone.is_empty() {
                parts.push(format!("not known of reviewed products: {}", alone.join(", ")));
            }
        }
        if self.encoder.columns.is_empty() {
            parts.push("no attribute of reviewed products tells them apart".to_owned());
        }
        if self.known.anonymous > 0 && self.of_users.is_some() {
            parts.push(format!("{} reviews without a user", self.known.anonymous));
        }
        parts.extend(self.left_out.clone());
        parts.join("; ")
    }
}

/// Half intervals by variance.
struct Widths {
    low: f64,
    step: f64,
    widths: Vec<f64>,
}

impl Widths {
    fn new(share: &Calibrated, place: Place, level: f64) -> Self {
        let low = share.for_user(place, None).variance;
        let variances = share.effects.users.iter().map(|e| e.variance);
        let most = variances.fold(share.effects.of_users, f64::max);
        let factor = share.for_user(place, None).variance - place.variance;
        let high = place.variance + factor * most / share.effects.of_users;
        let low = low.min(place.variance);
        let step = ((high - low) / (GRID - 1) as f64).max(1e-9);
        let at = |i: usize| {
            let variance = low + step * i as f64;
            share.width(Place { variance, ..place }, level)
        };
        Self {
            low,
            step,
            widths: (0..GRID).map(at).collect(),
        }
    }

    fn at(&self, variance: f64) -> f64 {
        let place = ((variance - self.low) / self.step).clamp(0.0, (GRID - 1) as f64);
        let before = (place as usize).min(GRID - 2);
        let part = place - before as f64;
        self.widths[before] * (1.0 - part) + self.widths[before + 1] * part
    }
}

/// The columns of all products, as the attributes of reviewed ones make them.
fn columns(learned_from: &RecordBatch, all: &RecordBatch) -> (Columns, AttributeEncoder, Vec<EncodedColumn>) {
    let encoder = AttributeEncoder::fit(learned_from);
    let most = (MAX_COLUMNS / encoder.columns.len().max(1)).clamp(LEAST_OF_ONE, MAX_OF_ONE);
    let plan = Plan {
        square: true,
        missing: Flag::WhereSeen,
        bounded: true,
        code: false,
        levels: Levels::Frequent { most, at_least: 1 },
        words: Words::Weight(most),
    };
    let design = Design::fit(encoder.clone(), &encoder.encode(learned_from), &plan);
    let encoded = encoder.encode(all);
    let mut rows = design.sparse(&encoded);
    rows.resize(all.num_rows(), Vec::new());
    for row in &mut rows {
        row.iter_mut().for_each(|(column, _)| *column += 1);
        row.insert(0, (0, 1.0));
    }
    let of_columns = design.sources().iter().map(|source| source.attribute() + 1);
    let columns = Columns {
        rows,
        group: std::iter::once(0).chain(of_columns).collect(),
        groups: encoder.columns.len(),
    };
    (columns, encoder, encoded)
}

/// Some rows, also where there is no column.
fn picked(batch: &RecordBatch, rows: &UInt32Array) -> Result<RecordBatch> {
    let columns = batch.columns().iter().map(|column| take(column, rows, None));
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    Ok(RecordBatch::try_new_with_options(
        batch.schema(),
        columns.collect::<std::result::Result<_, _>>()?,
        &options,
    )?)
}

fn text(day: i32) -> String {
    let date = day.checked_add(EPOCH).and_then(NaiveDate::from_num_days_from_ce_opt);
    date.map_or_else(|| day.to_string(), |date| date.to_string())
}
