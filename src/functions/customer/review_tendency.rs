//! `__launch_review_tendency(...)`: how reviews of candidates will turn out, for the macro `launch_review_tendency`.

use std::collections::BTreeMap;

use arrow_array::{RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_select::{concat::concat_batches, take::take};

use crate::{
    customer::{
        Rating,
        tendency::{Candidate, Review, Reviewed, Tendency, tendencies},
    },
    functions::prelude::*,
};

/// See [`Function::ABOUT`].
pub struct OfReviews;

/// The options as the caller gave them; numbers as their bits, as one that is none would not be the same as itself.
#[derive(Clone, PartialEq)]
pub struct Options {
    by_user: Option<bool>,
    positive: Option<u64>,
    lowest: Option<u64>,
    highest: Option<u64>,
    level: Option<u64>,
}

/// The rows of one vector.
pub struct Batch {
    rows: Vec<Given>,
    /// Of all rows, where one of them is a product.
    attributes: Option<RecordBatch>,
}

/// One row.
enum Given {
    Review(Review),
    Unread(String),
    Product(u32),
    Candidate(Candidate, Option<String>),
    User(u32, Option<String>),
    Told(String),
}

impl Function for OfReviews {
    const NAME: &'static str = "__launch_review_tendency";
    const ASKED: &'static str = "launch_review_tendency";
    const ABOUT: &'static str = "
        How reviews of candidates will turn out; launch_review_tendency shows it as a table.

        @param kind: VARCHAR  what the row is: review, product, candidate, user, reviewer or told
        @param number: BIGINT  number of the product or user, from 0
        @param other: BIGINT  number of the user of a review
        @param day: DATE  the day of a review; the day that a candidate is asked about as of
        @param rating: DOUBLE  the rating of a review
        @param id: VARCHAR  the id of a candidate or user
        @param note: VARCHAR  why a review cannot be read, or a candidate not be asked about; what is to be told
        @param attributes: ANY  a STRUCT of the attributes of a product
        @param by_user: BOOLEAN = false  whether users are asked about
        @param positive: DOUBLE = 4  the lowest rating that is positive
        @param lowest: DOUBLE = 1  the lowest rating
        @param highest: DOUBLE = 5  the highest rating
        @param level: DOUBLE = 0.8  probability of the interval
        @returns product: VARCHAR  the candidate
        @returns user: VARCHAR  the user; NULL for the candidate as a whole
        @returns probability: DOUBLE  that a review is positive
        @returns lower: DOUBLE  lower end of the interval
        @returns upper: DOUBLE  upper end of the interval
        @returns expected_rating: DOUBLE  mean rating
        @returns reviews: BIGINT  reviews learned from
        @returns own_reviews: BIGINT  those of the candidate itself
        @returns user_reviews: BIGINT  those by the user
        @returns status: VARCHAR  ok or refused
        @returns reason: VARCHAR  what it rests on, or why there is no answer
        @example SELECT __launch_review_tendency('candidate', 0, NULL, NULL, NULL, 'N1', 'no reviews', NULL)
    ";

    type Answer = Vec<Row>;
}

/// A candidate, or one for a user.
#[derive(AsDuckDB, Debug)]
pub struct Row {
    product: Option<String>,
    user: Option<String>,
    probability: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    expected_rating: Option<f64>,
    reviews: i64,
    own_reviews: i64,
    user_reviews: Option<i64>,
    status: String,
    reason: Option<String>,
}

impl Gather for OfReviews {
    type Batch = Batch;
    type Options = Options;

    fn read(arguments: &mut Arguments) -> Result<(Batch, Vec<Options>), Failure> {
        let (kinds, numbers, others) = (arguments.texts()?, arguments.whole()?, arguments.whole()?);
        let (days, ratings) = (arguments.days()?, arguments.numbers()?);
        let (ids, notes, attributes) = (arguments.texts()?, arguments.texts()?, arguments.attributes()?);
        let code = |number: Option<i64>| -> Result<u32, Failure> {
            let code = number.and_then(|n| u32::try_from(n).ok()).filter(|n| *n < u32::MAX / 2);
            code.ok_or_else(|| Failure::new("numbers must be from 0 to 2 billion"))
        };
        let mut rows = Vec::with_capacity(kinds.len());
        let mut has_products = false;
        for (row, ((kind, id), note)) in kinds.iter().zip(ids).zip(notes).enumerate() {
            rows.push(match (kind.as_deref(), note) {
                (Some("review"), Some(note)) => Given::Unread(note),
                (Some("review"), None) => Given::Review(Review {
                    product: code(numbers[row])?,
                    user: others[row].map(|n| code(Some(n))).transpose()?,
                    day: days[row],
                    rating: ratings[row]
                        .filter(|rating| rating.is_finite())
                        .ok_or_else(|| Failure::new("a review without a rating needs a note"))?,
                }),
                (Some("product"), _) => {
                    has_products = true;
                    Given::Product(code(numbers[row])?)
                }
                (Some("candidate"), refusal) => {
                    let product = match refusal {
                        Some(_) => 0,
                        None => code(numbers[row])?,
                    };
                    let day = days[row];
                    Given::Candidate(Candidate { product, day, refusal }, id)
                }
                (Some("told"), Some(text)) => Given::Told(text),
                (Some("user" | "reviewer"), _) => Given::User(code(numbers[row])?, id),
                (other, _) => {
                    let other = other.unwrap_or("NULL");
                    return Err(Failure::new(format!(
                        "kind must be one of review, product, candidate, user, reviewer, told, got '{other}'"
                    )));
                }
            });
        }
        let batch = Batch {
            rows,
            attributes: has_products.then_some(attributes),
        };
        let by_user = arguments.flags()?;
        let (positive, lowest, highest) = (arguments.numbers()?, arguments.numbers()?, arguments.numbers()?);
        let level = arguments.numbers()?;
        let options = |row: usize| Options {
            by_user: by_user[row],
            positive: positive[row].map(f64::to_bits),
            lowest: lowest[row].map(f64::to_bits),
            highest: highest[row].map(f64::to_bits),
            level: level[row].map(f64::to_bits),
        };
        Ok((batch, (0..arguments.rows()).map(options).collect()))
    }

    fn answer(query: &Query, rows: &Rows<Batch>, options: &Options) -> Result<Self::Answer, Failure> {
        let number = |given: Option<u64>, name: &str| required(given.map(f64::from_bits), name);
        let scale = Rating::try_new(
            number(options.lowest, "lowest")?,
            number(options.highest, "highest")?,
            number(options.positive, "positive")?,
        )?;
        let by_user = required(options.by_user, "by_user")?;
        let (reviewed, ids, users) = reviewed(rows, scale, number(options.level, "level")?, by_user)?;
        let found = query.run(|| tendencies(reviewed))??;
        let row = |tendency: Tendency| Row {
            product: ids.get(tendency.candidate).cloned().flatten(),
            user: tendency.user.and_then(|user| users.get(&user).cloned()),
            probability: tendency.probability,
            lower: tendency.lower,
            upper: tendency.upper,
            expected_rating: tendency.expected_rating,
            reviews: tendency.reviews as i64,
            own_reviews: tendency.own_reviews as i64,
            user_reviews: tendency.user_reviews.map(|n| n as i64),
            status: if tendency.refusal.is_some() { "refused" } else { "ok" }.to_owned(),
            reason: tendency.refusal.or(tendency.reason),
        };
        Ok(found.into_iter().map(row).collect())
    }
}

/// The rows of a group put together, with the ids of candidates and of users that are asked about.
type Asked = (Reviewed, Vec<Option<String>>, BTreeMap<u32, String>);

fn reviewed(rows: &Rows<Batch>, scale: Rating, level: f64, by_user: bool) -> Result<Asked, Failure> {
    let (mut reviews, mut unread) = (Vec::new(), BTreeMap::new());
    let mut candidates: Vec<(Option<String>, Candidate)> = Vec::new();
    let (mut people, mut users, mut told) = (BTreeMap::new(), 0, Vec::new());
    let (mut codes, mut batches) = (Vec::new(), Vec::new());
    for (batch, of_group) in rows.batches() {
        let mut own: Vec<u32> = Vec::new();
        for &row in of_group {
            match &batch.rows[row as usize] {
                Given::Review(review) => {
                    users = users.max(review.user.map_or(0, |user| user as usize + 1));
                    reviews.push(*review);
                }
                Given::Unread(note) => *unread.entry(note.clone()).or_insert(0usize) += 1,
                Given::Product(code) => {
                    codes.push(*code);
                    own.push(row);
                }
                Given::Told(text) => told.push(text.clone()),
                Given::Candidate(candidate, id) => candidates.push((id.clone(), candidate.clone())),
                Given::User(code, id) => {
                    users = users.max(*code as usize + 1);
                    if let Some(id) = id {
                        people.insert(*code, id.clone());
                    }
                }
            }
        }
        if let Some(attributes) = batch.attributes.as_ref().filter(|_| !own.is_empty()) {
            batches.push(picked(attributes, own)?);
        }
    }
    let mut order: Vec<u32> = (0..codes.len() as u32).collect();
    order.sort_by_key(|place| codes[*place as usize]);
    if (0..).zip(&order).any(|(code, place)| codes[*place as usize] != code) {
        return Err(Failure::new("products must be numbered from 0, each once"));
    }
    let products = codes.len() as u32;
    let known = |product: u32, is_refused: bool| is_refused || product < products;
    if !reviews.iter().all(|r| known(r.product, false))
        || !candidates.iter().all(|(_, c)| known(c.product, c.refusal.is_some()))
    {
        return Err(Failure::new("a row names a product that is none"));
    }
    let attributes = match batches.first() {
        Some(first) => picked(&concat_batches(&first.schema(), &batches)?, order)?,
        None => RecordBatch::new_empty(std::sync::Arc::new(arrow_schema::Schema::empty())),
    };
    candidates.sort_by(|(a, x), (b, y)| (a, x.day, &x.refusal).cmp(&(b, y.day, &y.refusal)));
    let (ids, candidates) = candidates.into_iter().unzip();
    told.sort_unstable();
    let reviewed = Reviewed {
        reviews,
        unread,
        told,
        attributes,
        users,
        asked: by_user.then(|| people.keys().copied().collect()),
        candidates,
        scale,
        level,
    };
    Ok((reviewed, ids, people))
}

/// Some rows, also where there is no column.
fn picked(batch: &RecordBatch, rows: Vec<u32>) -> Result<RecordBatch, Failure> {
    let rows = UInt32Array::from(rows);
    let columns = batch.columns().iter().map(|column| take(column, &rows, None));
    let options = RecordBatchOptions::new().with_row_count(Some(arrow_array::Array::len(&rows)));
    Ok(RecordBatch::try_new_with_options(
        batch.schema(),
        columns.collect::<Result<_, _>>()?,
        &options,
    )?)
}
