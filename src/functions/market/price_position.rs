//! `__launch_price_position(...)`: the aggregate beneath the macro `launch_price_position`.

use crate::{
    functions::prelude::*,
    market::price_position::{Listing, Listings, Position, positions},
    statistics::check_level,
};
use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::take::take_record_batch;

/// See [`Function::ABOUT`].
pub struct PricePosition;

/// The rows of one vector.
pub struct Batch {
    listings: Vec<Listing>,
    candidates: Vec<bool>,
    attributes: RecordBatch,
}

impl Function for PricePosition {
    const NAME: &'static str = "__launch_price_position";
    const ABOUT: &'static str = "
        Offers and candidates to the place of each candidate's price. See launch_price_position.

        @param number: BIGINT  number of the offer or candidate; rows are put in this order
        @param candidate: BOOLEAN  whether it is a candidate
        @param product: VARCHAR  the product
        @param category: VARCHAR  only offers of the same category are compared
        @param price: DOUBLE  the price
        @param attributes: ANY  a STRUCT of what is known of it
        @param competitor: VARCHAR  who offers it
        @param k: BIGINT = 1  nearest offers to find
        @param level: DOUBLE = 0.8  probability of the interval
        @returns STRUCT[]  one entry per candidate and nearest offer, by their numbers
        @example SELECT __launch_price_position(i, i > 20, NULL, NULL, 10 + i, {'size': i % 7}, NULL) FROM
            range(22) t(i)
    ";

    type Answer = Vec<Row>;
}

impl Gather for PricePosition {
    type Batch = Batch;
    /// Nearest offers to find, and the level.
    type Options = (Option<i64>, Option<f64>);

    fn read(arguments: &mut Arguments) -> Result<(Batch, Vec<Self::Options>), Failure> {
        let (numbers, candidates) = (arguments.whole()?, arguments.flags()?);
        let (products, categories) = (arguments.texts()?, arguments.texts()?);
        let prices = arguments.numbers()?;
        let attributes = arguments.plain_attributes()?;
        let named = products.into_iter().zip(categories).zip(arguments.texts()?).enumerate();
        let listings = named.map(|(row, ((product, category), competitor))| {
            Ok(Listing {
                number: required(numbers[row], "the number of a row")?,
                competitor,
                product,
                category,
                price: prices[row].filter(|p| *p > 0.0 && p.is_finite()),
            })
        });
        let batch = Batch {
            listings: listings.collect::<Result<_, Failure>>()?,
            candidates: candidates.into_iter().map(|c| c == Some(true)).collect(),
            attributes,
        };
        let options = arguments.whole()?.into_iter().zip(arguments.numbers()?);
        Ok((batch, options.collect()))
    }

    fn answer(query: &Query, rows: &Rows<Batch>, &(k, level): &Self::Options) -> Result<Vec<Row>, Failure> {
        let k = required(k, "k")?;
        let k = usize::try_from(k).ok().filter(|k| *k >= 1);
        let k = k.ok_or_else(|| Failure::new("k must be a whole number from 1"))?;
        let level = required(level, "level")?;
        check_level(level)?;
        let (offers, candidates) = (listings(rows, false)?, listings(rows, true)?);
        let found = query.run(|| positions(&offers, &candidates, k, level))??;
        Ok(found.into_iter().flat_map(to_rows).collect())
    }
}

/// A candidate and an offer near it, or why there is none.
#[derive(AsDuckDB, Debug, Default)]
pub struct Row {
    candidate: i64,
    offers: Option<i64>,
    percentile: Option<f64>,
    rank: Option<i64>,
    nearest: Option<i64>,
    distance: Option<f64>,
    expected: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    status: String,
    reason: String,
}

/// Offers or candidates, by their numbers.
fn listings(rows: &Rows<Batch>, candidates: bool) -> Result<Listings, Failure> {
    let (mut found, mut batches) = (Vec::new(), Vec::new());
    for (batch, members) in rows.batches() {
        let members = members.iter().copied();
        // An offer without a price is none.
        let wanted = |r: usize| batch.candidates[r] == candidates && (candidates || batch.listings[r].price.is_some());
        let members: Vec<u32> = members.filter(|&r| wanted(r as usize)).collect();
        found.extend(members.iter().map(|&r| batch.listings[r as usize].clone()));
        batches.push(take_record_batch(&batch.attributes, &UInt32Array::from(members))?);
    }
    Ok(Listings::try_new(found, &batches)?)
}

fn to_rows(found: Result<Position, (i64, String)>) -> Vec<Row> {
    let finite = |v: f64| Some(v).filter(|v| v.is_finite());
    match found {
        Ok(position) => {
            let row = |(rank, (nearest, distance)): (usize, (i64, f64))| Row {
                candidate: position.candidate,
                offers: Some(position.offers as i64),
                percentile: position.percentile,
                rank: Some(rank as i64 + 1),
                nearest: Some(nearest),
                distance: Some(distance),
                expected: finite(position.expected),
                lower: finite(position.lower),
                upper: finite(position.upper),
                status: "ok".into(),
                reason: position.reason.clone(),
            };
            position.nearest.iter().copied().enumerate().map(row).collect()
        }
        Err((candidate, reason)) => vec![Row {
            candidate,
            status: "refused".into(),
            reason,
            ..Row::default()
        }],
    }
}
