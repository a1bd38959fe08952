//! Where the price of a candidate stands among the offers of competitors.

mod hedonic;
mod likeness;

use std::collections::{BTreeMap, BTreeSet};

use arrow_array::{Array, RecordBatch, StringArray, UInt32Array};
use arrow_select::{concat::concat_batches, take::take_record_batch};
use rayon::prelude::*;

use self::{hedonic::Hedonic, likeness::Likeness};
use crate::{
    error::{Error, Result},
    features::{AttributeEncoder, numbers, text},
    statistics::{check_level, conformal_quantile, median, share_below, sorted},
};

/// A category with at least so many offers has intervals of its own.
const MIN_ERRORS: usize = 50;

/// Attributes that a reason names.
const MAX_NAMES: usize = 8;

/// Something that is, or is to be, on sale.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listing {
    /// Its number, which the caller knows it by; rows are put in this order.
    pub number: i64,
    /// Who offers it.
    pub competitor: Option<String>,
    /// The product; offers of one product are alike.
    pub product: Option<String>,
    /// Only offers of the same category are compared.
    pub category: Option<String>,
    /// Above zero; always known of an offer.
    pub price: Option<f64>,
}

/// Listings with their attributes, row by row.
#[derive(Debug, Clone)]
pub struct Listings {
    /// What is listed.
    pub rows: Vec<Listing>,
    /// Columns of type Float64, Boolean, Date32 or Utf8.
    pub attributes: RecordBatch,
}

impl Listings {
    /// Listings in the order of their numbers, from batches of them.
    ///
    /// # Errors
    /// [`Error::Argument`] for batches of different columns, or none.
    pub fn try_new(rows: Vec<Listing>, attributes: &[RecordBatch]) -> Result<Self> {
        let schema = attributes.first().map(RecordBatch::schema);
        let schema = schema.ok_or_else(|| Error::argument("there are no rows"))?;
        let attributes = concat_batches(&schema, attributes)?;
        let mut order: Vec<u32> = (0..rows.len() as u32).collect();
        order.sort_by_key(|&row| rows[row as usize].number);
        Ok(Self {
            rows: order.iter().map(|&row| rows[row as usize].clone()).collect(),
            attributes: take_record_batch(&attributes, &UInt32Array::from(order))?,
        })
    }
}

/// Where one candidate stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// Number of the candidate.
    pub candidate: i64,
    /// Offers it is compared with.
    pub offers: usize,
    /// Share of them that are cheaper; equal prices count half.
    pub percentile: Option<f64>,
    /// Numbers of the offers nearest to it, with their distances.
    pub nearest: Vec<(i64, f64)>,
    /// The price its attributes suggest.
    pub expected: f64,
    /// Lower end of the interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// What this rests on.
    pub reason: String,
}

/// The offers of one category, or all of them.
struct Group {
    members: Vec<usize>,
    /// ln of their prices, sorted.
    log_prices: Vec<f64>,
    /// Sorted errors of the regression out of fold.
    errors: Vec<f64>,
    accuracy: String,
}

/// Compare candidates with offers.
///
/// *Model*: comparable offers are those of the candidate's category, or all when either table knows no categories. The
/// expected price is that of [`Hedonic`], learned from all offers and from the attributes that are known in both
/// tables; the candidate's own price takes no part. Its interval runs between the [`conformal_quantile`]s of the
/// out-of-fold errors at (1 - level) / 2 and (1 + level) / 2, of those of the same category where that has 50 or more.
/// Where there is no regression, the expected price is the median of the comparable offers, the interval those
/// quantiles of their prices. Distances are those of [`Likeness`].
///
/// One result per candidate, or why there is none.
///
/// # Errors
/// [`Error::Argument`] for a level that is not allowed; those of the attributes' table.
pub fn positions(
    offers: &Listings,
    candidates: &Listings,
    k: usize,
    level: f64,
) -> Result<Vec<std::result::Result<Position, (i64, String)>>> {
    check_level(level)?;
    let (offer_attributes, candidate_attributes) = shared(&offers.attributes, &candidates.attributes)?;
    let known = |rows: &[Listing]| rows.iter().any(|row| row.category.is_some());
    let grouped = known(&offers.rows) && known(&candidates.rows);
    let prices: Vec<f64> = offers.rows.iter().map(|row| row.price.unwrap_or(1.0).ln()).collect();
    let products = products(&offers.rows, &offer_attributes);
    let encoder = encoder(&offer_attributes, &products)?;
    let hedonic = match Hedonic::fit(encoder.clone(), &offer_attributes, &prices, &products) {
        Err(Error::Refused(why)) => Err(why),
        other => Ok(other?),
    };
    let mut members: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (row, offer) in offers.rows.iter().enumerate() {
        let category = offer.category.as_deref().filter(|_| grouped);
        members.entry(category).or_default().push(row);
    }
    let groups: BTreeMap<Option<&str>, Group> = members
        .into_iter()
        .map(|(category, members)| (category, Group::new(members, &prices, hedonic.as_ref())))
        .collect();
    let all = sorted(hedonic.iter().flat_map(|h| h.errors.iter().copied()));
    let suggested = hedonic
        .as_ref()
        .map(|h| h.log_price(&candidate_attributes))
        .unwrap_or_default();
    let likeness = Likeness::new(&encoder, &offer_attributes, &candidate_attributes, &prices);
    let position = |(row, candidate): (usize, &Listing)| {
        let category = candidate.category.as_deref().filter(|_| grouped);
        let refuse = |why: String| (candidate.number, why);
        let group = match groups.get(&category) {
            _ if offers.rows.is_empty() => {
                let why = "offers has no row with a competitor and a price above 0 and below 1e12";
                return Err(refuse(why.into()));
            }
            _ if grouped && category.is_none() => return Err(refuse("the category is NULL".into())),
            Some(group) => group,
            None => {
                let category = category.unwrap_or_default();
                return Err(refuse(format!(
                    "no offer is in category '{category}': nothing to compare with"
                )));
            }
        };
        let log_price = candidate.price.map(f64::ln);
        let (center, errors) = match &hedonic {
            Ok(_) if group.errors.len() >= MIN_ERRORS => (suggested[row], &group.errors),
            Ok(_) => (suggested[row], &all),
            Err(_) => (0.0, &group.log_prices),
        };
        let expected = if hedonic.is_ok() {
            center
        } else {
            median(&group.log_prices)
        };
        let end = |probability: f64| conformal_quantile(errors, probability);
        let (low, high) = (end((1.0 - level) / 2.0), end((1.0 + level) / 2.0));
        let mut reason = format!("{} offers compared; {}", group.members.len(), group.accuracy);
        if candidate.price.is_none() {
            reason += "; the candidate has no price above 0 and below 1e12, so no percentile";
        }
        Ok(Position {
            candidate: candidate.number,
            offers: group.members.len(),
            percentile: log_price.map(|price| share_below(&group.log_prices, price)),
            nearest: likeness
                .nearest(row, log_price, &group.members, k)
                .into_iter()
                .map(|(offer, distance)| (offers.rows[offer].number, distance))
                .collect(),
            expected: expected.exp(),
            // The centre is not within its errors when all of them have one sign.
            lower: (center + low).min(expected).exp(),
            upper: (center + high).max(expected).exp(),
            reason,
        })
    };
    Ok(candidates.rows.par_iter().enumerate().map(position).collect())
}

impl Group {
    fn new(members: Vec<usize>, prices: &[f64], hedonic: std::result::Result<&Hedonic, &String>) -> Self {
        let log_prices = sorted(members.iter().map(|&row| prices[row]));
        let mut errors = Vec::new();
        let accuracy = match hedonic {
            Ok(hedonic) => {
                errors = sorted(members.iter().map(|&row| hedonic.errors[row]));
                let folds: BTreeSet<usize> = members.iter().map(|&row| hedonic.folds[row]).collect();
                let mut of_median = Vec::new();
                for fold in folds {
                    let others = members.iter().filter(|&&row| hedonic.folds[row] != fold);
                    let others = sorted(others.map(|&row| prices[row]));
                    if !others.is_empty() {
                        let center = median(&others);
                        let inside = members.iter().filter(|&&row| hedonic.folds[row] == fold);
                        of_median.extend(inside.map(|&row| prices[row] - center));
                    }
                }
                let mut names: Vec<&str> = hedonic.attributes().take(MAX_NAMES).collect();
                if hedonic.attributes().count() > names.len() {
                    names.push("and others");
                }
                format!(
                    "expected price from {}: typical error {} on products held out, {} of the median offer",
                    names.join(", "),
                    typical(&errors),
                    typical(&of_median)
                )
            }
            Err(why) => format!("expected price is the median offer: {why}"),
        };
        Self {
            members,
            log_prices,
            errors,
            accuracy,
        }
    }
}

/// The median of absolute errors on the scale of logarithms, in percent of the price.
fn typical(errors: &[f64]) -> String {
    let sizes = sorted(errors.iter().map(|e| e.abs()));
    match sizes.is_empty() {
        true => "unknown".into(),
        false => format!("{:.0} %", 100.0 * median(&sizes).min(20.0).exp_m1()),
    }
}

/// The columns in which both tables know something.
fn shared(offers: &RecordBatch, candidates: &RecordBatch) -> Result<(RecordBatch, RecordBatch)> {
    let known = |batch: &RecordBatch, column: usize| {
        let array = batch.column(column);
        numbers(array).map_or(array.null_count() < array.len(), |v| v.iter().any(Option::is_some))
    };
    let both: Vec<usize> = (0..offers.num_columns())
        .filter(|&column| known(offers, column) && known(candidates, column))
        .collect();
    Ok((offers.project(&both)?, candidates.project(&both)?))
}

/// Numbers the product of each offer: the same product id, or a title with the same words, is the same product. A title
/// is a text of two words or more on average that hardly repeats within a competitor.
fn products(offers: &[Listing], attributes: &RecordBatch) -> Vec<u32> {
    let mut parent: Vec<usize> = (0..offers.len()).collect();
    let mut first: BTreeMap<(usize, String), usize> = BTreeMap::new();
    let mut same = |row: usize, kind: usize, name: String| {
        let other = *first.entry((kind, name)).or_insert(row);
        let (a, b) = (root(&mut parent, row), root(&mut parent, other));
        parent[a.max(b)] = a.min(b);
    };
    for (row, offer) in offers.iter().enumerate() {
        if let Some(product) = &offer.product {
            same(row, usize::MAX, product.clone());
        }
    }
    for (index, column) in attributes.columns().iter().enumerate() {
        let Some(texts) = column.as_any().downcast_ref::<StringArray>() else {
            continue;
        };
        let words = |text: Option<&str>| BTreeSet::from_iter(text::words(text.unwrap_or_default()));
        let titles: Vec<BTreeSet<String>> = texts.iter().map(words).collect();
        let mut copies: BTreeMap<(Option<&str>, &BTreeSet<String>), usize> = BTreeMap::new();
        for (offer, title) in offers.iter().zip(&titles).filter(|(_, title)| !title.is_empty()) {
            *copies.entry((offer.competitor.as_deref(), title)).or_default() += 1;
        }
        let told: usize = copies.values().sum();
        let unique = copies.values().filter(|&&n| n == 1).count();
        let length: usize = titles.iter().map(BTreeSet::len).sum();
        if 2 * unique > told && length >= 2 * told {
            let rows = titles.into_iter().enumerate().filter(|(_, title)| !title.is_empty());
            rows.for_each(|(row, title)| same(row, index, Vec::from_iter(title).join(" ")));
        }
    }
    let mut codes: BTreeMap<usize, u32> = BTreeMap::new();
    (0..offers.len())
        .map(|row| {
            let next = codes.len() as u32;
            *codes.entry(root(&mut parent, row)).or_insert(next)
        })
        .collect()
}

/// Encodings learned from one offer of each product: a title that many shops repeat is no category.
fn encoder(attributes: &RecordBatch, products: &[u32]) -> Result<AttributeEncoder> {
    let mut seen = BTreeSet::new();
    let first = (0..products.len() as u32).filter(|&row| seen.insert(products[row as usize]));
    Ok(AttributeEncoder::fit(&take_record_batch(
        attributes,
        &UInt32Array::from_iter_values(first),
    )?))
}

fn root(parent: &mut [usize], mut row: usize) -> usize {
    while parent[row] != row {
        parent[row] = parent[parent[row]];
        row = parent[row];
    }
    row
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array};
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const BRANDS: [(&str, f64); 4] = [("acme", 0.0), ("zen", 0.4), ("nord", -0.3), ("bolt", 0.1)];

    /// Laptops whose ln price follows from brand, memory, screen and two words of the title, with noise; each product
    /// in `shops` shops at prices that differ by a hundredth.
    fn laptops(seed: u64, products: usize, shops: usize, noise: f64) -> Listings {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut normal = move || (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
        let (mut rows, mut brands, mut memory, mut screen, mut titles) = (vec![], vec![], vec![], vec![], vec![]);
        for product in 0..products {
            let pick = |n: usize, by: usize| (product * by + seed as usize) / 3 % n;
            let (brand, worth) = BRANDS[pick(4, 7)];
            let gigabytes = [8.0, 16.0, 32.0, 64.0, 128.0][pick(5, 11)];
            let inches = 13.0 + normal().abs();
            let (kind, kind_worth) = [("gaming", 0.25), ("office", 0.0), ("student", -0.2)][pick(3, 5)];
            let own = noise * normal();
            let price = 6.0 + worth + 0.35 * f64::ln(gigabytes) + 0.1 * (inches - 14.0) + kind_worth + own;
            for shop in 0..shops {
                rows.push(Listing {
                    number: rows.len() as i64,
                    competitor: Some(format!("shop {shop}")),
                    price: Some((price + 0.01 * shop as f64).exp()),
                    ..Listing::default()
                });
                brands.push(brand);
                memory.push((product % 10 != 0).then_some(gigabytes));
                screen.push(inches);
                titles.push(format!("{kind} laptop model{product}"));
            }
        }
        let columns: [(&str, ArrayRef); 4] = [
            ("brand", Arc::new(StringArray::from(brands))),
            ("memory", Arc::new(Float64Array::from(memory))),
            ("screen", Arc::new(Float64Array::from(screen))),
            ("title", Arc::new(StringArray::from(titles))),
        ];
        let attributes = RecordBatch::try_from_iter_with_nullable(columns.map(|(n, a)| (n, a, true))).unwrap();
        Listings { rows, attributes }
    }

    fn found(offers: &Listings, candidates: &Listings) -> Vec<Position> {
        let found = positions(offers, candidates, 1, 0.8).unwrap();
        found.into_iter().map(std::result::Result::unwrap).collect()
    }

    #[test]
    fn planted_prices_are_found_and_intervals_cover_as_often_as_they_say() {
        // Every shop has each product, at nearly the same price: with twins in other folds the errors, and with them
        // the intervals, would be far too small.
        let (mut inside, mut all, mut error) = (0, 0, 0.0);
        for seed in 0..8 {
            let candidates = laptops(100 + seed, 150, 1, 0.1);
            for (position, row) in found(&laptops(seed, 120, 4, 0.1), &candidates)
                .iter()
                .zip(&candidates.rows)
            {
                let price = row.price.unwrap();
                inside += usize::from((position.lower..=position.upper).contains(&price));
                error += (price / position.expected).ln().powi(2);
                all += 1;
            }
        }
        let (share, error) = (inside as f64 / all as f64, (error / all as f64).sqrt());
        assert!((0.75..=0.85).contains(&share), "{share}");
        // The noise of a product is 0.1, and a tenth of them do not tell their memory.
        assert!(error < 0.2, "{error}");
    }

    #[test]
    fn without_noise_the_planted_worth_is_found() {
        let offers = laptops(3, 400, 1, 0.0);
        let candidates = laptops(4, 100, 1, 0.0);
        let told = (0..100).filter(|row| row % 10 != 0);
        let found = found(&offers, &candidates);
        for row in told {
            let ratio = candidates.rows[row].price.unwrap() / found[row].expected;
            assert!((ratio - 1.0).abs() < 0.05, "{row}: {ratio}");
        }
    }

    #[test]
    fn order_and_the_candidates_own_price_do_not_matter() {
        let offers = laptops(5, 60, 2, 0.1);
        let mut candidates = laptops(6, 5, 1, 0.1);
        let before = found(&offers, &candidates);
        candidates.rows[0].price = Some(1.0);
        let after = found(&offers, &candidates);
        assert_eq!(
            (before[0].expected, before[0].upper),
            (after[0].expected, after[0].upper)
        );
        assert_eq!(after[0].percentile, Some(0.0));
        assert_eq!(before[1..], after[1..]);
        candidates.rows[0].price = None;
        assert_eq!(found(&offers, &candidates)[0].percentile, None);
    }

    #[test]
    fn without_attributes_the_median_is_expected() {
        let plain = |prices: &[f64], category: Option<&str>| {
            let listing = |(number, &price): (usize, &f64)| Listing {
                number: number as i64,
                category: category.map(str::to_owned),
                price: Some(price),
                ..Listing::default()
            };
            let none: ArrayRef = Arc::new(StringArray::from(vec![None::<&str>; prices.len()]));
            Listings {
                rows: prices.iter().enumerate().map(listing).collect(),
                attributes: RecordBatch::try_from_iter_with_nullable([("none", none, true)]).unwrap(),
            }
        };
        let nine: Vec<f64> = (1..=9).map(|i| 10.0 * f64::from(i)).collect();
        let position = found(&plain(&nine, None), &plain(&[50.0], None)).remove(0);
        assert_eq!((position.offers, position.percentile), (9, Some(0.5)));
        // Nine offers: an 80 % interval runs from the lowest to the highest.
        for (is, hand) in [
            (position.expected, 50.0),
            (position.lower, 10.0),
            (position.upper, 90.0),
        ] {
            assert!((is - hand).abs() < 1e-9, "{is}");
        }
        assert!(position.reason.contains("median offer"), "{}", position.reason);
        let refused = |offers: &Listings, candidates: &Listings| {
            positions(offers, candidates, 1, 0.8).unwrap().remove(0).unwrap_err().1
        };
        let none = refused(&plain(&[], None), &plain(&[50.0], None));
        assert!(none.contains("offers has no row"), "{none}");
        let other = refused(&plain(&nine, Some("a")), &plain(&[50.0], Some("b")));
        assert!(other.contains("no offer is in category 'b'"), "{other}");
    }
}
