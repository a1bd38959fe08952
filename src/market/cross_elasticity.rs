//! How our sales answer to a competitor's price.

use std::collections::BTreeMap;

use super::elasticity::MAX_HALF_WIDTH;
use crate::error::{Error, Result};
use crate::statistics::regression::{Regression, Rows, Unfit};
use crate::statistics::{check_level, codes, count, t_quantile};

/// Rows that an estimate needs.
const MIN_ROWS: usize = 20;
/// With so many products, errors may hang together within each of them.
const MIN_CLUSTERS: usize = 10;
/// Periods that must be left beside months and trend: a price that is the same for all products is told from what else
/// happens in a period by many periods alone.
const MIN_FREEDOM: usize = 30;
/// With fewer months, a season cannot be told from a trend.
const MIN_MONTHS: usize = 24;
/// Share of the variance of their price that effects must leave.
const MIN_VARIATION: f64 = 1e-3;

/// One product of ours in one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sale {
    /// Our product.
    pub product: i64,
    /// The period.
    pub period: i64,
    /// The calendar month of it, counted on from year to year.
    pub month: i64,
    /// Units sold.
    pub units: f64,
    /// Our price.
    pub own_price: f64,
    /// Their price.
    pub their_price: f64,
}

/// The cross-price elasticity with its interval.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossElasticity {
    /// Change of our units in % when their price is higher by 1 %: above 0 for substitutes.
    pub elasticity: f64,
    /// Lower end of the interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Change of our units in % when our own price is higher by 1 %; `None` when it did not vary.
    pub own_elasticity: Option<f64>,
    /// Rows used.
    pub observations: usize,
    /// Products of ours in them.
    pub products: usize,
    /// What was held fixed.
    pub effects: &'static str,
}

impl CrossElasticity {
    /// Estimate from sales beside a competitor's price.
    ///
    /// *Model*: ln units = effect of the product + effect of the period + own elasticity * ln own price + cross
    /// elasticity * ln their price + error. Where the effects of periods leave less than a thousandth of the variance
    /// of their price, as when it is one price for all our products, they give way to effects of the calendar month and
    /// a straight trend (the trend alone below 24 months). Own price drops out when it did not vary.
    ///
    /// Intervals are robust to errors that hang together within a product, where there are ten or more of them and
    /// effects of periods, else within a period (see [`Regression::fit`]). They are widened by the rows and periods
    /// that effects take up.
    ///
    /// *Missing data*: rows without units above 0 and both prices above 0 are left out.
    ///
    /// *Determinism*: rows are sorted first.
    ///
    /// # Errors
    /// [`Error::Argument`] for a level that is not allowed; [`Error::Refused`] with fewer than 20 rows, when
    /// their price did not vary or moved with ours, when it is one price for all products with fewer than 30 periods
    /// beside the effects, and when the interval is wider than 3 to both sides: where they follow our price, all that
    /// is left of theirs is rounding.
    ///
    /// *References*: Tellis 1988, The price elasticity of selective demand; Cameron, Miller 2015, A practitioner's
    /// guide to cluster-robust inference.
    pub fn estimate(mut sales: Vec<Sale>, level: f64) -> Result<Self> {
        check_level(level)?;
        let usable = |v: f64| v > 0.0 && v.is_finite();
        sales.retain(|s| usable(s.units) && usable(s.own_price) && usable(s.their_price));
        let order = |s: &Sale| {
            let bits = [s.units, s.own_price, s.their_price].map(f64::to_bits);
            (s.product, s.period, bits)
        };
        sales.sort_unstable_by_key(order);
        if sales.len() < MIN_ROWS {
            return Err(Error::refused(format!(
                "{MIN_ROWS} periods of our products with units and both prices are needed, got {}",
                sales.len()
            )));
        }
        let their: Vec<f64> = sales.iter().map(|s| s.their_price.ln()).collect();
        if !varies(&their, &codes(sales.iter().map(|s| s.product))) {
            return Err(Error::refused("their price did not vary"));
        }
        let found = match Self::within_periods(&sales, level) {
            Some(found) => found,
            None => Self::over_time(&sales, level)?,
        };
        if found.upper - found.lower > 2.0 * MAX_HALF_WIDTH {
            return Err(Error::refused(format!(
                "their price moved with ours, or too little: it would be from {:.0} to {:.0}",
                found.lower, found.upper
            )));
        }
        Ok(found)
    }

    /// With effects of products and periods; `None` when their price is the same for all products of a period, or
    /// there are too few rows for that many effects.
    fn within_periods(sales: &[Sale], level: f64) -> Option<Self> {
        // An effect of its own fits a single row without an error, which would pass for certainty.
        let mut sales = sales.to_vec();
        loop {
            let before = sales.len();
            for of in [|s: &Sale| s.product, |s: &Sale| s.period] {
                let mut rows: BTreeMap<i64, usize> = BTreeMap::new();
                sales.iter().for_each(|s| *rows.entry(of(s)).or_default() += 1);
                sales.retain(|s| rows[&of(s)] > 1);
            }
            if sales.len() == before {
                break;
            }
        }
        let panel = Panel::new(&sales);
        let (products, periods) = (count(&panel.product), count(&panel.period));
        if products < 2 || sales.len() < MIN_ROWS + products + periods {
            return None;
        }
        let by_product = products >= MIN_CLUSTERS;
        let clusters = if by_product { &panel.product } else { &panel.period };
        let effects = [panel.product.clone(), panel.period.clone()];
        let fitted = panel.fit(&panel.prices, &effects, clusters).ok()?;
        // Effects that lie across the clusters cost freedom; those of the clusters themselves do not.
        let across = if by_product { periods } else { products };
        let found = panel.found(&fitted, across, fitted.clusters - 1, level, "products and periods");
        found.filter(|_| fitted.variation[0] >= MIN_VARIATION)
    }

    /// With effects of products and of what is told by the calendar.
    fn over_time(sales: &[Sale], level: f64) -> Result<Self> {
        let panel = Panel::new(sales);
        let trend = sales.iter().map(|s| s.period as f64).collect();
        let regressors: Vec<Vec<f64>> = panel.prices.iter().cloned().chain([trend]).collect();
        let long = count(&codes(sales.iter().map(|s| s.month))) >= MIN_MONTHS;
        let season = codes(sales.iter().map(|s| if long { s.month.rem_euclid(12) } else { 0 }));
        let (products, seasons, periods) = (count(&panel.product), count(&season), count(&panel.period));
        // Months and trend are shared by all products of a period: with few periods they fit the errors of these.
        let freedom = periods.saturating_sub(1 + seasons);
        if freedom < MIN_FREEDOM {
            return Err(Error::refused(format!(
                "their prices do not differ enough between products within periods, and {periods} periods are too few to \
                 tell them from what else changed"
            )));
        }
        let fitted = panel
            .fit(&regressors, &[panel.product.clone(), season], &panel.period)
            .map_err(|unfit| match unfit {
                Unfit::Constant(_) | Unfit::Collinear => {
                    Error::refused("their price moved with ours, with the season or with a trend")
                }
                other => other.into(),
            })?;
        let effects = if long {
            "products, calendar months and a trend"
        } else {
            "products and a trend"
        };
        panel
            .found(&fitted, products, freedom, level, effects)
            .ok_or_else(|| Error::refused("there are too few rows for so many products"))
    }
}

/// Sales as columns.
struct Panel {
    units: Vec<f64>,
    /// ln of their price, and of ours where it varies.
    prices: Vec<Vec<f64>>,
    product: Vec<u32>,
    period: Vec<u32>,
}

impl Panel {
    fn new(sales: &[Sale]) -> Self {
        let column = |value: fn(&Sale) -> f64| -> Vec<f64> { sales.iter().map(|s| value(s).ln()).collect() };
        let product = codes(sales.iter().map(|s| s.product));
        let own = Some(column(|s| s.own_price)).filter(|own| varies(own, &product));
        Self {
            units: column(|s| s.units),
            prices: [column(|s| s.their_price)].into_iter().chain(own).collect(),
            period: codes(sales.iter().map(|s| s.period)),
            product,
        }
    }

    fn fit(
        &self,
        regressors: &[Vec<f64>],
        effects: &[Vec<u32>],
        clusters: &[u32],
    ) -> std::result::Result<Regression, Unfit> {
        let rows = Rows {
            target: &self.units,
            regressors,
            effects,
            clusters,
        };
        Regression::fit(rows)
    }

    /// The first slope with its interval, widened for `lost` effects and for clusters beyond `freedom`.
    fn found(
        &self,
        fitted: &Regression,
        lost: usize,
        freedom: usize,
        level: f64,
        effects: &'static str,
    ) -> Option<CrossElasticity> {
        let rows = (self.units.len()).checked_sub(fitted.slopes.len() + 1)?;
        let left = rows.checked_sub(lost).filter(|&left| left > 0)?;
        let clusters = (fitted.clusters - 1) as f64 / freedom.max(1) as f64;
        let error = fitted.errors[0] * (rows as f64 / left as f64 * clusters).sqrt();
        let width = t_quantile(level, freedom) * error;
        Some(CrossElasticity {
            elasticity: fitted.slopes[0],
            lower: fitted.slopes[0] - width,
            upper: fitted.slopes[0] + width,
            own_elasticity: (self.prices.len() > 1).then(|| fitted.slopes[1]),
            observations: fitted.observations,
            products: count(&self.product),
            effects,
        })
        .filter(|found| found.lower.is_finite() && found.upper.is_finite())
    }
}

/// Whether a column is not the same in all rows of each group.
fn varies(column: &[f64], groups: &[u32]) -> bool {
    let mut first = vec![None; count(groups)];
    let same = |(value, &group): (&f64, &u32)| (value - *first[group as usize].get_or_insert(*value)).abs() < 1e-9;
    !column.iter().zip(groups).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Weekly sales with own elasticity -2 and cross elasticity 0.8. Both prices answer to shocks of the week that move
    /// demand as well, so that a regression without effects of weeks would be wrong.
    fn planted(seed: u64, products: i64, weeks: i64, shared_price: bool) -> Vec<Sale> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut normal = move || (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
        let mut sales = Vec::new();
        let levels: Vec<(f64, f64)> = (0..products).map(|_| (normal(), normal())).collect();
        for period in 0..weeks {
            let (shock, common) = (0.2 * normal(), 0.1 * normal());
            for (product, (level, dear)) in levels.iter().enumerate() {
                let own = 2.0 + dear + 0.1 * normal() + 0.1 * shock;
                let their = match shared_price {
                    true => 2.0 + common,
                    false => 2.0 + dear + 0.1 * normal() + 0.5 * shock,
                };
                let known = if shared_price { 0.0 } else { shock };
                let units = 4.0 + level - 2.0 * own + 0.8 * their + known + 0.2 * normal();
                sales.push(Sale {
                    product: product as i64,
                    period,
                    month: period / 4,
                    units: units.exp(),
                    own_price: own.exp(),
                    their_price: their.exp(),
                });
            }
        }
        sales
    }

    #[test]
    fn planted_elasticities_are_found_and_intervals_cover_as_often_as_they_say() {
        for (shared, products, effects) in [
            (false, 12, "products and periods"),
            (false, 4, "products and periods"),
            (true, 5, "products, calendar months and a trend"),
        ] {
            let (mut inside, mut sum) = (0, 0.0);
            for seed in 0..200 {
                let fitted = CrossElasticity::estimate(planted(seed, products, 100, shared), 0.9).unwrap();
                assert_eq!(fitted.effects, effects);
                inside += usize::from((fitted.lower..=fitted.upper).contains(&0.8));
                sum += fitted.elasticity / 200.0;
                assert!((fitted.own_elasticity.unwrap() + 2.0).abs() < 0.5);
            }
            let share = f64::from(inside as u32) / 200.0;
            assert!((0.84..=0.96).contains(&share), "{effects}: {share}");
            assert!((sum - 0.8).abs() < 0.05, "{effects}: {sum}");
        }
    }

    #[test]
    fn a_price_that_cannot_be_told_apart_is_known_by_its_kind() {
        let mut sales = planted(2, 3, 40, false);
        let unfit = |sales: &[Sale]| {
            let panel = Panel::new(sales);
            let effects = [panel.product.clone(), panel.period.clone()];
            panel.fit(&panel.prices, &effects, &panel.period).unwrap_err()
        };
        sales.iter_mut().for_each(|s| s.their_price = s.own_price.powi(2));
        assert_eq!(unfit(&sales), Unfit::Collinear);
        sales.iter_mut().for_each(|s| s.their_price = 2.0 + s.period as f64);
        assert_eq!(unfit(&sales), Unfit::Constant(0));
        // What is wrong with the rows is not told as a price that moved with ours.
        sales.iter_mut().for_each(|s| s.units = 1e-310);
        sales.iter_mut().for_each(|s| s.period = s.product);
        assert!(matches!(unfit(&sales[..5]), Unfit::FewRows { .. }));
        let level = CrossElasticity::estimate(planted(1, 4, 40, false), 1.5).unwrap_err();
        assert_eq!(level, Error::argument("level must be above 0 and below 1, got 1.5"));
    }

    #[test]
    fn order_does_not_matter() {
        let sales = planted(1, 4, 40, false);
        let mut turned = sales.clone();
        turned.reverse();
        assert_eq!(
            CrossElasticity::estimate(sales, 0.8),
            CrossElasticity::estimate(turned, 0.8)
        );
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        let refuse = |change: fn(&mut Sale)| {
            let mut sales = planted(2, 3, 40, false);
            sales.iter_mut().for_each(change);
            CrossElasticity::estimate(sales, 0.8).unwrap_err().to_string()
        };
        assert_eq!(refuse(|s| s.their_price = 5.0), "their price did not vary");
        assert!(refuse(|s| s.their_price = 2.0 * s.own_price).contains("moved with ours"));
        assert!(refuse(|s| s.units = 0.0).contains("needed, got 0"));
        assert!(refuse(|s| s.units = f64::NAN).contains("needed, got 0"));
        let few = CrossElasticity::estimate(planted(2, 3, 25, true), 0.8);
        assert!(few.unwrap_err().to_string().contains("25 periods are too few"));
        // A price of ours that did not vary drops out.
        let mut sales = planted(2, 3, 40, false);
        sales.iter_mut().for_each(|s| s.own_price = 5.0);
        assert_eq!(CrossElasticity::estimate(sales, 0.8).unwrap().own_elasticity, None);
    }
}
