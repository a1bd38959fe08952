//! How far offers are from a candidate.

use arrow_array::RecordBatch;

use crate::features::{AttributeEncoder, EncodedColumn, distance};

/// Distances by attributes and price.
///
/// *Model*: the distance is the mean of the dissimilarities in everything that is known of both, 0 for twins and 1 at
/// most: those of [`distance::gower`], where the range of a number is that of all rows (of its logarithm where it
/// spreads over more than a factor of ten), and of ln price the difference over the range of the offers and the
/// candidate.
#[derive(Debug)]
pub struct Likeness<'a> {
    offers: Vec<EncodedColumn>,
    candidates: Vec<EncodedColumn>,
    /// Range of each number, over offers and candidates.
    ranges: Vec<f64>,
    log_prices: &'a [f64],
    /// Lowest and highest price of the offers.
    price_ends: (f64, f64),
}

impl<'a> Likeness<'a> {
    /// Between the offers and the candidates, whose attributes have the same columns.
    pub fn new(
        encoder: &AttributeEncoder,
        offers: &RecordBatch,
        candidates: &RecordBatch,
        log_prices: &'a [f64],
    ) -> Self {
        let (offers, candidates) = (encoder.encode(offers), encoder.encode(candidates));
        let both = offers.iter().zip(&candidates);
        let ranges = both.map(|columns| match columns {
            (EncodedColumn::Number(a), EncodedColumn::Number(b)) => range(a.iter().chain(b).flatten().copied()),
            _ => 0.0,
        });
        Self {
            ranges: ranges.collect(),
            offers,
            candidates,
            price_ends: ends(log_prices.iter().copied()),
            log_prices,
        }
    }

    /// The `k` nearest of some offers, nearest first; of equally near ones those that come first.
    pub fn nearest(&self, candidate: usize, log_price: Option<f64>, offers: &[usize], k: usize) -> Vec<(usize, f64)> {
        let mut found: Vec<(usize, f64)> = offers
            .iter()
            .map(|&offer| (offer, self.distance(candidate, log_price, offer)))
            .collect();
        let nearer = |a: &(usize, f64), b: &(usize, f64)| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0));
        if k < found.len() {
            found.select_nth_unstable_by(k, nearer);
            found.truncate(k);
        }
        found.sort_unstable_by(nearer);
        found
    }

    fn distance(&self, candidate: usize, log_price: Option<f64>, offer: usize) -> f64 {
        let attributes = self.candidates.iter().zip(&self.offers).zip(&self.ranges);
        let attributes = attributes.filter_map(|((a, b), range)| distance::gower(a, candidate, b, offer, *range));
        let price = log_price.map(|price| {
            let (low, high) = (self.price_ends.0.min(price), self.price_ends.1.max(price));
            distance::over_range(price, self.log_prices[offer], high - low)
        });
        let add = |(sum, known): (f64, u32), dissimilarity: f64| (sum + dissimilarity, known + 1);
        let (sum, known) = attributes.chain(price).fold((0.0, 0), add);
        // Rounded, so that twins are at 0 whatever the sums of their words.
        if known == 0 {
            1.0
        } else {
            (sum / f64::from(known) * 1e12).round() / 1e12
        }
    }
}

fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    })
}

fn range(values: impl Iterator<Item = f64>) -> f64 {
    let (low, high) = ends(values);
    (high - low).max(0.0)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, StringArray};

    use super::*;

    fn batch(sizes: Vec<Option<f64>>, colours: Vec<&str>) -> RecordBatch {
        let columns: [(&str, ArrayRef); 2] = [
            ("size", Arc::new(Float64Array::from(sizes))),
            ("colour", Arc::new(StringArray::from(colours))),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(n, a)| (n, a, true))).unwrap()
    }

    #[test]
    fn distances_by_hand() {
        let offers = batch(
            vec![Some(1.0), Some(5.0), Some(3.0), None],
            vec!["red", "red", "blue", "blue"],
        );
        let candidates = batch(vec![Some(3.0), None], vec!["red", "green"]);
        let prices = [10.0f64, 100.0, 10.0, 1000.0].map(f64::ln);
        let likeness = Likeness::new(&AttributeEncoder::fit(&offers), &offers, &candidates, &prices);
        // Sizes range over 4, prices over two powers of ten.
        let found = likeness.nearest(0, Some(10.0f64.ln()), &[0, 1, 2, 3], 4);
        let expected = [(0, 0.5 / 3.0), (2, 1.0 / 3.0), (1, 1.0 / 3.0), (3, 1.0)];
        for ((offer, distance), (also, hand)) in found.iter().zip(expected) {
            assert!((distance - hand).abs() < 1e-9, "{offer} {also} {distance} {hand}");
        }
        assert_eq!(found.iter().map(|f| f.0).collect::<Vec<_>>(), [0, 1, 2, 3]);
        // Nothing but the colour is known of both, and no offer has it.
        assert_eq!(likeness.nearest(1, None, &[0, 1, 2, 3], 2), [(0, 1.0), (1, 1.0)]);
    }
}
