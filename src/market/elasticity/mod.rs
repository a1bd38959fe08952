//! Price elasticities of groups of products, from the sales of a panel.

mod jackknife;
mod levels;

use std::collections::BTreeMap;

use self::{
    jackknife::{Left, MIN_BLOCK, blocks},
    levels::Levels,
};
use crate::error::Result;
use crate::statistics::shrinkage::{Estimate, Spread};
use crate::statistics::{absorb, check_level, codes, count, dot};

/// A price whose logarithm varies by less than this (standard deviation, about 1 %) tells nothing: the mean of a period
/// moves as much by rounding and by the mix of what was sold.
pub const MIN_VARIATION: f64 = 0.01;
/// Degrees of freedom of an error from which it may tell how far groups differ: errors of very few clusters are at times
/// far too small by chance.
const MIN_FREEDOM: f64 = 3.0;
/// Half the width of a 90 % interval from which on an estimate says nothing: it holds a price that moves no units beside
/// one that moves most of them.
pub const MAX_HALF_WIDTH: f64 = 3.0;
/// The level of that interval, whichever is asked for.
const WEAK_LEVEL: f64 = 0.9;
/// A control of which the fixed effects and the other controls leave a smaller share of its sum of squares is left out.
const MIN_CONTROL: f64 = 1e-9;

/// Sales of one panel unit in one period.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Number of the group whose elasticity is asked for; cells without one count for the parent alone.
    pub key: Option<i64>,
    /// Number of the product.
    pub product: i64,
    /// Number of the place. A product in a place has a level of its own.
    pub place: i64,
    /// Number of the period.
    pub period: i64,
    /// What shares a time effect: one number for all, or one for each season or period.
    pub effect: i64,
    /// Units sold.
    pub units: Option<f64>,
    /// Price.
    pub price: Option<f64>,
    /// One number per control.
    pub controls: Vec<Option<f64>>,
}

/// What is known of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Number of the group; `None` for all together.
    pub key: Option<i64>,
    /// Change of units in % for a price higher by 1 %, with its interval.
    pub elasticity: Option<(f64, f64, f64)>,
    /// Cells used.
    pub observations: usize,
    /// Products in them.
    pub products: usize,
    /// Standard deviation of ln price that the fixed effects leave.
    pub price_variation: Option<f64>,
    /// How it came about, or why there is none.
    pub reason: String,
}

/// Own estimate of a group, before it is shrunk.
struct Own {
    observations: usize,
    products: usize,
    variation: Option<f64>,
    /// The estimate; `Ok(None)` when the cells are too few for an error.
    estimate: std::result::Result<Option<Estimate>, String>,
    notes: Vec<String>,
}

impl Own {
    /// How many cells there are, in words.
    fn cells(&self) -> String {
        let word = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        let each = self.observations as f64 / self.products.max(1) as f64;
        let (cells, products) = (word(self.observations, "cell"), word(self.products, "product"));
        match self.products {
            0 | 1 => format!("{cells} of {products}"),
            _ => format!("{cells} of {products} ({each:.1} each)"),
        }
    }
}

/// Elasticities of all groups and, first, of all cells together.
///
/// *Model*: ln units = a_unit + d_time + e ln price + c' controls + error, within each group. A unit is a product in a
/// place where the cells carry that, else coarser ([`Levels`]). Fixed effects are taken out by conjugate gradients ([`absorb`]), controls by regression (Frisch, Waugh 1933), so that e is the slope
/// of what is left on what is left of ln price. A price that answers to the level of a unit or to the time effect does
/// no harm.
///
/// *Errors* may hang together within a product and, across products, within blocks of periods that follow each other
/// (at most 12, of at least 4 periods). The variance is the jackknife's, which leaves out a cluster at a time: by products
/// plus by blocks less by their cells, with the degrees of freedom of the larger of the first two. With one product the
/// blocks decide. It is at least the variance of least squares with independent errors, as few clusters at times agree
/// by chance.
///
/// *Shrinkage*: each group is drawn to the parent as [`Spread`] tells, which learns from groups of four clusters or more.
/// A group with too few cells for an error of its own gets what is known of any group. An elasticity above 0 is refused,
/// as is one from a price that hardly varied, and one whose interval says nothing.
///
/// *Parameters*: `controls` are the names of the cells' controls; `level` is the probability of the interval, in (0, 1).
///
/// *Missing data*: cells without units and price above 0, or without a control, are left out and counted.
///
/// *Determinism*: cells are sorted first.
///
/// *References*: Wooldridge 2010, Econometric analysis of cross section and panel data, 10.5; Cameron, Gelbach,
/// Miller 2011, Robust inference with multiway clustering; Bester, Conley, Hansen 2011, Inference with dependent data
/// using cluster covariance estimators; MacKinnon, Nielsen, Webb 2023, Fast and reliable jackknife and bootstrap methods
/// for cluster-robust inference; Hoch, Kim, Montgomery, Rossi 1995, Determinants of store-level price elasticity.
///
/// # Errors
/// [`crate::error::Error::Argument`] when the level is not in (0, 1).
pub fn elasticities(mut cells: Vec<Cell>, controls: &[String], level: f64) -> Result<Vec<Row>> {
    check_level(level)?;
    cells.sort_by(|a, b| {
        let number = |v: Option<f64>| v.map_or(0, |v| v.to_bits());
        let place = |c: &Cell| {
            (
                c.product,
                c.place,
                c.period,
                c.key,
                c.effect,
                number(c.units),
                number(c.price),
            )
        };
        let controls = |c: &Cell| c.controls.iter().map(|v| number(*v)).collect::<Vec<_>>();
        place(a).cmp(&place(b)).then_with(|| controls(a).cmp(&controls(b)))
    });
    let mut groups: BTreeMap<i64, Vec<&Cell>> = BTreeMap::new();
    for cell in &cells {
        if let Some(key) = cell.key {
            groups.entry(key).or_default().push(cell);
        }
    }
    let all: Vec<&Cell> = cells.iter().collect();
    let parent = own(&all, controls);
    let groups: Vec<(i64, Own)> = groups.into_iter().map(|(key, of)| (key, own(&of, controls))).collect();
    let known = |own: &Own| own.estimate.as_ref().ok().copied().flatten();
    let spread = known(&parent).map(|estimate| {
        let estimates: Vec<Estimate> = groups.iter().filter_map(|(_, own)| known(own)).collect();
        let sure = |e: &Estimate| e.freedom >= MIN_FREEDOM;
        let teach = if estimates.iter().filter(|e| sure(e)).count() < 2 {
            estimates
        } else {
            estimates.into_iter().filter(sure).collect()
        };
        Spread::of(estimate, &teach)
    });
    let mut rows = vec![report(None, &parent, None, level)];
    rows.extend(
        groups
            .iter()
            .map(|(key, own)| report(Some(*key), own, spread.as_ref(), level)),
    );
    Ok(rows)
}

/// The row of a group; `spread` is `None` for the parent, and where the parent is not known.
fn report(key: Option<i64>, own: &Own, spread: Option<&Spread>, level: f64) -> Row {
    let found = match (&own.estimate, spread) {
        (Err(reason), _) => Err(reason.clone()),
        (Ok(Some(estimate)), None) => Ok((*estimate, "own estimate".to_owned())),
        (Ok(None), None) => Err(format!(
            "an estimate needs more than {}: at least 2 products or {} periods, and 1.5 cells per level; give more sales",
            own.cells(),
            2 * MIN_BLOCK
        )),
        (Ok(Some(estimate)), Some(spread)) => {
            let (shrunk, pull) = spread.shrink(Some(*estimate));
            let how = format!(
                "own estimate {:.2}, drawn by {:.0} % to that of all products",
                estimate.value,
                100.0 * pull
            );
            Ok((shrunk, how))
        }
        (Ok(None), Some(spread)) => Ok((
            spread.shrink(None).0,
            format!(
                "that of all products, as an own estimate needs more than {}",
                own.cells()
            ),
        )),
    };
    let found = found.and_then(|(estimate, how)| {
        let (lower, upper) = estimate.interval(level);
        if ![estimate.value, lower, upper].iter().all(|v| v.is_finite()) {
            return Err("the elasticity is not finite: look for wrong prices and units".to_owned());
        }
        let (low, high) = estimate.interval(WEAK_LEVEL);
        if high - low > 2.0 * MAX_HALF_WIDTH {
            return Err(format!(
                "too weak to go by: {:.2}, with a 90 % interval from {low:.2} to {high:.2}, from {}: give more sales, or \
                 longer periods",
                estimate.value,
                own.cells()
            ));
        }
        if estimate.value > 0.0 {
            return Err(format!(
                "units rose with the price: the estimate is {:.2} ({lower:.2} to {upper:.2}), which is no demand curve; \
                 give controls for what moved both, such as promotions",
                estimate.value
            ));
        }
        Ok(((estimate.value, lower, upper), how))
    });
    let (elasticity, how) = match found {
        Ok((numbers, how)) => (Some(numbers), how),
        Err(reason) => (None, reason),
    };
    Row {
        key,
        elasticity,
        observations: own.observations,
        products: own.products,
        price_variation: own.variation,
        reason: [vec![how], own.notes.clone()].concat().join("; "),
    }
}

/// The regression of one group.
fn own(cells: &[&Cell], controls: &[String]) -> Own {
    let positive = |v: Option<f64>| v.filter(|v| *v > 0.0 && v.is_finite());
    let sold: Vec<&&Cell> = cells
        .iter()
        .filter(|c| positive(c.units).is_some() && positive(c.price).is_some())
        .collect();
    let complete = |c: &&&Cell| c.controls.iter().all(|v| v.is_some_and(f64::is_finite));
    let used: Vec<&Cell> = sold.iter().copied().filter(complete).copied().collect();
    let mut notes = Vec::new();
    let mut note = |count: usize, what: &str| {
        if count > 0 {
            notes.push(format!("{count} of {} cells left out: {what}", cells.len()));
        }
    };
    note(cells.len() - sold.len(), "no units or no price above 0");
    note(sold.len() - used.len(), "no number for a control");
    let products = codes(used.iter().map(|c| c.product));
    let levels = Levels::of(&used);
    notes.extend(levels.note.clone());
    let mut own = Own {
        observations: used.len(),
        products: count(&products),
        variation: None,
        estimate: Ok(None),
        notes,
    };
    if used.is_empty() {
        own.estimate = Err("no units and price above 0 in the same period: give sales with prices".to_owned());
        return own;
    }
    let column = |of: &dyn Fn(&Cell) -> Option<f64>| {
        let mut column: Vec<f64> = used.iter().map(|c| of(c).unwrap_or_default()).collect();
        absorb(&mut column, &levels.effects).map_err(|error| error.to_string())?;
        Ok::<_, String>(column)
    };
    let prices_and_units = column(&|c| c.price.map(f64::ln)).and_then(|x| Ok((x, column(&|c| c.units.map(f64::ln))?)));
    let (mut x, mut y) = match prices_and_units {
        Ok(columns) => columns,
        Err(reason) => {
            own.estimate = Err(reason);
            return own;
        }
    };
    // What rounding leaves of a constant price is 0.
    let deviation = |x: &[f64]| match (dot(x, x) / x.len() as f64).sqrt() {
        deviation if deviation > 1e-12 => deviation,
        _ => 0.0,
    };
    let variation = deviation(&x);
    own.variation = Some(variation);
    if !levels.carried {
        if levels.each_period {
            own.estimate = Err(format!(
                "{} do not carry an effect of each period: use time_effects := 'season' or 'none'",
                own.cells()
            ));
        }
        return own;
    }
    if variation < MIN_VARIATION {
        own.estimate = Err(format!(
            "the price hardly varied: the standard deviation of its logarithm within the fixed effects is {variation:.4}, \
             at least {MIN_VARIATION} is needed, from {}; give more periods, or fewer time effects",
            own.cells()
        ));
        return own;
    }
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for (number, name) in controls.iter().enumerate() {
        let raw: Vec<f64> = used.iter().map(|c| c.controls[number].unwrap_or_default()).collect();
        let mut control = match column(&|c| c.controls[number]) {
            Ok(control) => control,
            Err(reason) => {
                own.estimate = Err(reason);
                return own;
            }
        };
        basis.iter().for_each(|other| project(&mut control, other));
        let length = dot(&control, &control);
        if length <= MIN_CONTROL * dot(&raw, &raw) {
            own.notes
                .push(format!("control {name} left out: it does not vary on its own"));
            continue;
        }
        control.iter_mut().for_each(|v| *v /= length.sqrt());
        basis.push(control);
    }
    for control in &basis {
        project(&mut x, control);
        project(&mut y, control);
    }
    let left = deviation(&x);
    if left < MIN_VARIATION {
        own.estimate = Err(format!(
            "the price moves with the controls: they leave a standard deviation of its logarithm of {left:.4}, \
             at least {MIN_VARIATION} is needed; give fewer controls"
        ));
        return own;
    }
    let blocks = blocks(&codes(used.iter().map(|c| c.period)));
    let freedom = used.len() as f64 - (levels.lost + basis.len()) as f64;
    let units = levels.effects.into_iter().next().unwrap_or_default();
    if freedom >= MIN_FREEDOM {
        own.estimate = Ok(Left { x, y, units, freedom }.slope(&products, &blocks));
    }
    own
}

/// Take out of a column its part along a direction of length 1.
fn project(column: &mut [f64], direction: &[f64]) {
    let part = dot(column, direction);
    column.iter_mut().zip(direction).for_each(|(v, d)| *v -= part * d);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    const FEW_AND_MANY: &[usize] = &[5, 6, 8, 12, 30];

    /// What a draw of sales looks like.
    #[derive(Clone, Copy, Debug)]
    struct Market {
        /// Products of each key.
        sizes: &'static [usize],
        weeks: usize,
        /// Standard deviation of the elasticities of keys around -2.
        spread: f64,
        /// Whether all products of a key are promoted in the same weeks.
        together: bool,
        /// Whether errors and price changes last for one week only, and no week is better than another.
        calm: bool,
    }

    /// Keys whose products have levels and seasons that their prices answer to, promotions, price changes that
    /// last, weeks that all products share and errors that hang together (first order, 0.6) within a product.
    fn draw(market: Market, seed: u64) -> (Vec<Cell>, Vec<f64>) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut cells = Vec::new();
        let mut truth = Vec::new();
        let normal = |random: &mut ChaCha8Rng| -> f64 { StandardNormal.sample(random) };
        for (key, size) in market.sizes.iter().enumerate() {
            let elasticity = -2.0 + market.spread * normal(&mut random);
            truth.push(elasticity);
            let shocks: Vec<f64> = (0..market.weeks)
                .map(|_| if market.calm { 0.0 } else { 0.2 } * normal(&mut random))
                .collect();
            let promotions = |random: &mut ChaCha8Rng| -> Vec<f64> {
                let depth = |random: &mut ChaCha8Rng| match random.random::<f64>() < 0.15 {
                    true => 0.1 + 0.3 * random.random::<f64>(),
                    false => 0.0,
                };
                (0..market.weeks).map(|_| depth(random)).collect()
            };
            let shared = promotions(&mut random);
            for product in 0..*size {
                let level = normal(&mut random);
                let own = promotions(&mut random);
                let (mut lasting, mut error) = (0.0, 0.37 * normal(&mut random));
                for week in 0..market.weeks {
                    let month = (week as f64 * 7.0 / 30.44) as i64;
                    let season = 0.4 * (std::f64::consts::TAU * (month % 12) as f64 / 12.0).sin();
                    if random.random::<f64>() < 0.08 && !market.calm {
                        lasting += 0.08 * normal(&mut random);
                    }
                    error = if market.calm { 0.0 } else { 0.6 * error } + 0.3 * normal(&mut random);
                    let off = if market.together { shared[week] } else { own[week] };
                    let price = 2.0 + 0.5 * level + 0.15 * season + lasting - off + 0.01 * normal(&mut random);
                    let units = 3.0 + level + season + shocks[week] + elasticity * price + error;
                    cells.push(Cell {
                        key: Some(key as i64),
                        product: (100 * key + product) as i64,
                        place: 0,
                        period: week as i64,
                        effect: month % 12,
                        units: Some(units.exp()),
                        price: Some(price.exp()),
                        controls: vec![],
                    });
                }
            }
        }
        (cells, truth)
    }

    /// Share of intervals that hold the truth and the mean difference to it, over 200 draws, by key.
    fn measure(market: Market, level: f64) -> (Vec<f64>, Vec<f64>) {
        let keys = market.sizes.len();
        let (mut inside, mut off) = (vec![0.0; keys], vec![0.0; keys]);
        for seed in 0..200 {
            let (cells, truth) = draw(market, seed);
            let rows = elasticities(cells, &[], level).unwrap();
            for (key, row) in rows[1..].iter().enumerate() {
                let (e, lower, upper) = row.elasticity.unwrap();
                inside[key] += f64::from(u8::from((lower..=upper).contains(&truth[key]))) / 200.0;
                off[key] += (e - truth[key]) / 200.0;
            }
        }
        (inside, off)
    }

    #[test]
    fn intervals_of_shrunk_keys_cover_as_often_as_they_say() {
        let market = |sizes, weeks, spread, together, calm| Market {
            sizes,
            weeks,
            spread,
            together,
            calm,
        };
        for market in [
            market(FEW_AND_MANY, 60, 0.3, false, false),
            market(FEW_AND_MANY, 30, 0.5, false, false),
            market(FEW_AND_MANY, 100, 0.3, false, false),
            market(FEW_AND_MANY, 60, 0.3, true, false),
            market(FEW_AND_MANY, 60, 0.5, false, true),
            market(&[10], 60, 0.0, true, false),
            market(&[10], 52, 0.0, false, true),
        ] {
            let (inside, off) = measure(market, 0.9);
            let all = inside.iter().sum::<f64>() / inside.len() as f64;
            println!("{market:?}: {all:.3} of intervals hold the truth; by key {inside:.3?}");
            assert!((0.85..=0.95).contains(&all), "{market:?}: {all}");
            assert!(inside.iter().all(|i| *i >= 0.8), "{market:?}: {inside:?}");
            assert!(off.iter().all(|o| o.abs() < 0.1), "{market:?}: {off:?}");
        }
    }

    #[test]
    fn keys_of_one_product_are_covered_nearly_as_often() {
        // Prices and errors that both last longer than a block of weeks make one series look like more than it is.
        let market = Market {
            sizes: &[1; 30],
            weeks: 100,
            spread: 0.3,
            together: false,
            calm: false,
        };
        let (inside, off) = measure(market, 0.9);
        let all = inside.iter().sum::<f64>() / 30.0;
        println!("{market:?}: {all:.3} of intervals hold the truth");
        assert!((0.85..=0.95).contains(&all), "{all}");
        assert!(off.iter().all(|o| o.abs() < 0.15), "{off:?}");
    }

    /// Rows of one key: product, period, units and price.
    fn cells(rows: &[(i64, i64, f64, f64)]) -> Vec<Cell> {
        let cell = |&(product, period, units, price): &(i64, i64, f64, f64)| Cell {
            key: Some(1),
            product,
            place: 0,
            period,
            effect: 0,
            units: Some(units),
            price: Some(price),
            controls: vec![],
        };
        rows.iter().map(cell).collect()
    }

    #[test]
    fn an_exact_law_is_found_exactly_in_any_order_of_rows() {
        let law = |product: i64, period: i64| {
            let price = [10.0, 8.0, 9.0][(period % 3) as usize] + product as f64;
            (product, period, 1e4 * product as f64 * price.powf(-1.5), price)
        };
        let rows: Vec<_> = (0..40).map(|i| law(1 + i % 4, i / 4)).collect();
        let found = elasticities(cells(&rows), &[], 0.9).unwrap();
        for row in &found {
            let (e, lower, upper) = row.elasticity.unwrap();
            assert!(
                (e + 1.5).abs() < 1e-6 && lower < e && e < upper && upper - lower < 1e-4,
                "{row:?}"
            );
            assert_eq!((row.observations, row.products), (40, 4));
        }
        let mut turned = rows;
        turned.reverse();
        assert_eq!(elasticities(cells(&turned), &[], 0.9).unwrap(), found);
    }

    #[test]
    fn thinned_sales_are_aggregated_until_they_carry() {
        let market = Market {
            sizes: &[6, 6, 6, 6],
            weeks: 100,
            spread: 0.3,
            together: false,
            calm: true,
        };
        let (mut answered, mut inside, mut asked) = (0, 0, 0);
        for seed in 0..100 {
            // Each product is sold in sixty places; four cells of a thousand are kept.
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let (cells, truth) = draw(market, seed);
            let places = |cell: &Cell| (0..60).map(|place| Cell { place, ..cell.clone() }).collect::<Vec<_>>();
            let mut thin: Vec<Cell> = cells.iter().flat_map(places).collect();
            thin.retain(|_| random.random::<f64>() < 0.004);
            let rows = elasticities(thin, &[], 0.9).unwrap();
            assert!(
                rows[0].reason.contains("as a product in a place has 1."),
                "{:?}",
                rows[0]
            );
            for (row, truth) in rows[1..].iter().zip(truth) {
                asked += 1;
                if let Some((_, lower, upper)) = row.elasticity {
                    answered += 1;
                    inside += usize::from((lower..=upper).contains(&truth));
                }
            }
        }
        let (answered, inside) = (
            f64::from(answered) / f64::from(asked),
            inside as f64 / f64::from(answered),
        );
        println!("thinned: {answered:.3} answered, {inside:.3} of intervals hold the truth");
        assert!(answered > 0.9 && (0.8..=0.98).contains(&inside), "{answered} {inside}");
    }

    #[test]
    fn strange_cells_are_refused_rows() {
        let reason = |rows: &[(i64, i64, f64, f64)]| {
            let found = elasticities(cells(rows), &[], 0.9).unwrap();
            assert!(found.iter().all(|r| r.elasticity.is_none()), "{found:?}");
            found[0].reason.clone()
        };
        assert!(reason(&[]).contains("no units and price above 0"));
        assert!(reason(&[(1, 1, -3.0, 2.0), (1, 2, 0.0, 2.0), (1, 3, 5.0, 0.0)]).contains("3 of 3 cells left out"));
        assert!(reason(&[(1, 1, 3.0, f64::NAN), (1, 2, f64::INFINITY, 2.0)]).contains("2 of 2 cells left out"));
        assert!(reason(&[(1, 1, 3.0, 2.0)]).contains("more than 1 cell of 1 product"));
        assert!(reason(&[(1, 1, 3.0, 2.0), (1, 2, 4.0, 1.0)]).contains("at least 2 products or 8 periods"));
        let flat: Vec<_> = (0..40).map(|t| (1, t, 3.0 + t as f64, 2.0)).collect();
        assert!(reason(&flat).contains("the price hardly varied"));
        let huge: Vec<_> = (0..40)
            .map(|t| (1, t, if t % 2 == 0 { 1e300 } else { 1e-300 }, 1e300 * (1.0 + t as f64)))
            .collect();
        assert!(elasticities(cells(&huge), &[], 0.9).is_ok());
        assert!(
            elasticities(vec![], &[], f64::NAN)
                .unwrap_err()
                .to_string()
                .contains("level")
        );
    }
}
