//! Sales of the same products over time: what a launch or a withdrawal adds to sales or takes from them is left out.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use crate::{
    error::{Error, Result},
    statistics::mean,
};

/// Periods between the first and the last sale of a product: more than the days from 1970 to 2200.
const MAX_PERIODS: i64 = 100_000;
/// Names of events.
const MAX_EVENTS: usize = 100;
/// Seasons of a year: its weeks.
const MAX_SEASONS: i64 = 53;
/// Passes over products and periods at most.
const MAX_PASSES: usize = 200;
/// Units that a product should have sold in a time before its first sale for that to be its launch: chance leaves such
/// a time without sales once in twenty.
const MISSED: f64 = 3.0;
/// A pass that moves no period by more than this share is the last one.
const TOLERANCE: f64 = 1e-10;

/// The sales of one product, from its first to its last period with sales.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    /// The group it belongs to, if any.
    pub key: Option<String>,
    /// Period of the first number in `units`.
    pub start: i64,
    /// Units by period, 0 or more; NaN where they are not known.
    pub units: Vec<f64>,
}

/// What is the same for all products: periods without a gap, from `start` on.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    /// The first period.
    pub start: i64,
    /// Days of sale by period; 0 where nothing is known of the period.
    pub open: Vec<f64>,
    /// Season of each period, such as the month of the year, from 0.
    pub class: Vec<usize>,
    /// Events within each period, by number from 0.
    pub events: Vec<Vec<usize>>,
}

impl Product {
    /// From its sales, each the number of a period and its units, in order; units of `None` are not known. Periods
    /// between them count as 0. What is not known before the first sale and after the last one says nothing.
    ///
    /// `None` without sales, or where they are more than a hundred thousand periods apart.
    pub fn new(key: Option<String>, sales: &[(i64, Option<f64>)]) -> Option<Self> {
        let known = |sale: &&(i64, Option<f64>)| sale.1.is_some();
        let (start, end) = (sales.iter().find(known)?.0, sales.iter().rfind(known)?.0);
        let periods = end.checked_sub(start).filter(|p| (0..MAX_PERIODS).contains(p))?;
        let mut units = vec![0.0; periods as usize + 1];
        for (number, sold) in sales.iter().filter(|(number, _)| (start..=end).contains(number)) {
            *units.get_mut(usize::try_from(number - start).ok()?)? = sold.unwrap_or(f64::NAN);
        }
        Some(Self { key, start, units })
    }
}

impl Calendar {
    /// From number, season (from 1) and days of sale of each period, and the events, each the number of a period and a
    /// name. Gives the names of the events too, in the order of their numbers. Events beyond the periods are passed
    /// over.
    ///
    /// # Errors
    /// [`Error::Argument`] for periods that do not follow each other, a season that is none, or too many events.
    pub fn try_new(periods: &[(i64, i64, f64)], events: &[(i64, String)]) -> Result<(Self, Vec<String>)> {
        let names: BTreeSet<&str> = events.iter().map(|(_, name)| name.as_str()).collect();
        if names.len() > MAX_EVENTS {
            return Err(Error::argument(format!(
                "events must have at most {MAX_EVENTS} names, got {}",
                names.len()
            )));
        }
        let start = periods.first().map_or(0, |p| p.0);
        let follows = |(place, period): (usize, &(i64, i64, f64))| {
            period.0 == start.saturating_add(place as i64) && (1..=MAX_SEASONS).contains(&period.1)
        };
        if !periods.iter().enumerate().all(follows) {
            return Err(Error::argument(
                "the periods of the calendar must follow each other and have a season",
            ));
        }
        let numbers: BTreeMap<&str, usize> = names.iter().enumerate().map(|(n, name)| (*name, n)).collect();
        let mut of_period = vec![BTreeSet::new(); periods.len()];
        for (number, name) in events {
            let place = number.checked_sub(start).and_then(|place| usize::try_from(place).ok());
            if let Some(found) = place.and_then(|place| of_period.get_mut(place)) {
                found.extend(numbers.get(name.as_str()));
            }
        }
        let calendar = Self {
            start,
            open: periods.iter().map(|(_, _, days)| days.clamp(0.0, 31.0)).collect(),
            class: periods.iter().map(|(_, season, _)| *season as usize - 1).collect(),
            events: of_period.into_iter().map(|found| found.into_iter().collect()).collect(),
        };
        Ok((calendar, names.into_iter().map(str::to_owned).collect()))
    }
}

/// Which periods of a product count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steady {
    /// Periods of a season.
    pub season: usize,
    /// Periods left out after a launch and before a withdrawal: sales there follow the age of the product.
    pub guard: usize,
    /// Periods that must remain.
    pub span: usize,
    /// Periods without sales, where it sold in other seasons, from which on a product was not on sale.
    pub pause: usize,
}

/// Sales of the same products relative to their mean, for periods in which any of them was on sale.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Period, counted from the start of the calendar.
    pub time: Vec<usize>,
    /// Sales per day of the products on sale, relative to what they sell on average.
    pub rate: Vec<f64>,
    /// Units that the products on sale would sell at a rate of 1.
    pub size: Vec<f64>,
    /// Stretches of time that no product connects with each other, from 0.
    pub stretch: Vec<usize>,
    /// Products.
    pub products: usize,
    /// Variance of a product's units over their expectation; `None` of a single product.
    pub dispersion: Option<f64>,
}

impl Panel {
    /// Sales of the same products.
    ///
    /// *Model*: units of product i in period p = a_i d_p t_p for d_p days of sale; a_i is the product's level and t_p
    /// the rate of the period, common to all. Both are those of Poisson quasi-likelihood: the sums over each product
    /// and over each period agree with the model, which alternating proportional fitting brings about. A product that
    /// is on sale for a part of the time tells of the change within that part only, so that coming and going of
    /// products does not move t. Products count from `guard` periods after their launch until `guard` periods before
    /// their withdrawal, and if at least `span` periods remain ([`Part::of`]).
    ///
    /// *Missing data*: periods without days of sale are left out, and so are those of a product in which its units are
    /// not known, and pauses that its season does not explain; another period in which it sold nothing counts as 0.
    ///
    /// *Determinism*: sums run over products in canonical order, whatever the order of `products`.
    ///
    /// *References*: Summers 1973, International price comparisons based upon incomplete data (product dummies);
    /// Santos Silva, Tenreyro 2006, The log of gravity (Poisson quasi-likelihood of a multiplicative model).
    ///
    /// `None` when no product counts.
    pub fn of(products: &[&Product], calendar: &Calendar, steady: Steady) -> Option<Self> {
        let periods = calendar.open.len();
        let mut parts: Vec<Part> = products
            .iter()
            .filter_map(|product| Part::of(product, calendar, steady).ok())
            .collect();
        parts.sort_by(|a, b| {
            let units = |part: &Part| part.units.iter().map(|u| u.to_bits()).collect::<Vec<_>>();
            (a.from, a.to, a.start)
                .cmp(&(b.from, b.to, b.start))
                .then_with(|| units(a).cmp(&units(b)))
        });
        if parts.is_empty() {
            return None;
        }
        let mut sold = vec![0.0; periods];
        let mut covered = vec![false; periods];
        for (period, units) in parts.iter().flat_map(Part::cells) {
            sold[period] += units;
            covered[period] = true;
        }
        let mut rate = vec![1.0; periods];
        let mut level = vec![0.0; parts.len()];
        let mut size = vec![0.0; periods];
        for _ in 0..MAX_PASSES {
            size.fill(0.0);
            for (level, part) in level.iter_mut().zip(&parts) {
                let (mut at_one, mut sold) = (0.0, 0.0);
                for (period, units) in part.cells().filter(|(period, _)| calendar.open[*period] > 0.0) {
                    at_one += calendar.open[period] * rate[period];
                    sold += units;
                }
                *level = sold / f64::max(at_one, f64::MIN_POSITIVE);
                for (period, _) in part.cells() {
                    size[period] += *level * calendar.open[period];
                }
            }
            let mut moved = 0.0f64;
            for ((rate, sold), size) in rate.iter_mut().zip(&sold).zip(&size) {
                if *size > 0.0 {
                    let fresh = sold / size;
                    moved = moved.max((fresh - *rate).abs() / (fresh + *rate).max(f64::MIN_POSITIVE));
                    *rate = fresh;
                }
            }
            if moved <= TOLERANCE {
                break;
            }
        }
        let time: Vec<usize> = (0..periods).filter(|&p| covered[p] && size[p] > 0.0).collect();
        let mean = time.iter().map(|&p| rate[p]).sum::<f64>() / time.len().max(1) as f64;
        if !(mean > 0.0 && mean.is_finite()) || time.iter().any(|&p| !size[p].is_finite()) {
            return None;
        }
        let dispersion = dispersion(&parts, &level, &rate, &calendar.open, time.len());
        Some(Self {
            stretch: stretches(&parts, &time, periods),
            rate: time.iter().map(|&p| rate[p] / mean).collect(),
            size: time.iter().map(|&p| size[p] * mean).collect(),
            products: parts.len(),
            dispersion,
            time,
        })
    }

    /// Periods of the product that has most, where these are too few.
    pub fn longest(products: &[&Product], calendar: &Calendar, steady: Steady) -> usize {
        let lacking = products
            .iter()
            .filter_map(|product| Part::of(product, calendar, steady).err());
        lacking.max().unwrap_or_default()
    }
}

/// The periods of a product that count.
#[derive(Debug)]
struct Part<'a> {
    /// They are those from here up to `to`, without the pauses.
    from: usize,
    to: usize,
    /// Period of the first number in `units`.
    start: usize,
    units: &'a [f64],
    pauses: Vec<Range<usize>>,
}

impl<'a> Part<'a> {
    /// The part of a product, or how many periods it has if these are too few.
    ///
    /// A product is launched with its first sale if it should have sold before, by what it sold in the same season
    /// of other years: a product of few sales has its first one late, and skis are not launched each winter.
    /// Withdrawals are told in the same way. A long pause in a season in which it sold in other years, such as that of
    /// a shop that is being rebuilt, is none of the season.
    fn of(product: &'a Product, calendar: &Calendar, steady: Steady) -> std::result::Result<Self, usize> {
        let periods = calendar.open.len();
        let units = &product.units[..];
        let start = product
            .start
            .checked_sub(calendar.start)
            .and_then(|s| usize::try_from(s).ok())
            .ok_or(0usize)?;
        let end = start
            .checked_add(units.len())
            .filter(|&end| end <= periods)
            .ok_or(0usize)?;
        if units.iter().any(|u| !u.is_nan() && !(0.0..=1e18).contains(u)) || !units.iter().any(|&u| u > 0.0) {
            return Err(0);
        }
        let (ever, usual) = (
            Usual::of(start, units, steady.season, 1.0),
            Usual::of(start, units, steady.season, MISSED),
        );
        let mut pauses = Vec::new();
        let mut from = start;
        for period in start..end {
            if units[period - start] != 0.0 {
                if period - from >= steady.pause && ever.missed(from..period, true) >= steady.pause as f64 {
                    pauses.push(from..period);
                }
                from = period + 1;
            }
        }
        // The first and the last period of a product that comes or goes are never whole.
        let cut = steady.guard.max(1);
        let from = if usual.missed(0..start, false) >= MISSED {
            start + cut
        } else {
            0
        };
        let to = if usual.missed(end..periods, false) >= MISSED {
            end.saturating_sub(cut)
        } else {
            periods
        };
        let part = Self {
            from,
            to,
            start,
            units,
            pauses,
        };
        let (mut count, mut sold) = (0, false);
        for (_, units) in part.cells() {
            count += 1;
            sold |= units > 0.0;
        }
        if sold && count >= steady.span {
            Ok(part)
        } else {
            Err(count)
        }
    }

    /// Its periods of which the units are known, and what it sold in each.
    fn cells(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        (self.from..self.to)
            .filter(|period| !self.pauses.iter().any(|pause| pause.contains(period)))
            .map(|period| {
                let place = period.checked_sub(self.start);
                (
                    period,
                    place.and_then(|place| self.units.get(place)).copied().unwrap_or(0.0),
                )
            })
            .filter(|(_, units)| !units.is_nan())
    }
}

/// What a product sells in a period by its season, each period counted with at most a number of units.
struct Usual {
    /// Units and periods by season.
    seasons: Vec<(f64, f64)>,
    /// Units of any period.
    mean: f64,
}

impl Usual {
    fn of(start: usize, units: &[f64], season: usize, most: f64) -> Self {
        let mut seasons = vec![(0.0, 0.0); season.max(1)];
        let known = || (start..).zip(units).filter(|(_, units)| !units.is_nan());
        for (period, units) in known() {
            let place = period % seasons.len();
            seasons[place].0 += units.min(most);
            seasons[place].1 += 1.0;
        }
        let mean = mean(known().map(|(_, units)| units.min(most))).unwrap_or_default();
        Self { seasons, mean }
    }

    /// Units that are missed in a time in which none were sold; `within` if the time is one of those seen.
    fn missed(&self, time: Range<usize>, within: bool) -> f64 {
        let own = f64::from(u8::from(within));
        let usual = |period: usize| match self.seasons[period % self.seasons.len()] {
            (units, periods) if periods > own => units / (periods - own),
            _ => self.mean,
        };
        time.map(usual).sum()
    }
}

/// Pearson's statistic of the products' units over its degrees of freedom.
fn dispersion(parts: &[Part], level: &[f64], rate: &[f64], open: &[f64], periods: usize) -> Option<f64> {
    let (mut statistic, mut cells) = (0.0, 0usize);
    for (level, part) in level.iter().zip(parts) {
        for (period, unit) in part.cells() {
            let expected = level * open[period] * rate[period];
            if expected > 0.0 {
                statistic += (unit - expected).powi(2) / expected;
                cells += 1;
            }
        }
    }
    let freedom = (cells + 1).checked_sub(parts.len() + periods)?;
    (freedom > 0 && f64::is_finite(statistic)).then(|| statistic / freedom as f64)
}

/// Numbers the stretches of time that no product connects.
fn stretches(parts: &[Part], time: &[usize], periods: usize) -> Vec<usize> {
    let mut joined = vec![false; periods];
    for part in parts {
        joined[part.from + 1..part.to].fill(true);
    }
    let mut stretch = 0;
    time.iter()
        .enumerate()
        .map(|(i, &p)| {
            let apart = i > 0 && (time[i - 1] + 1..=p).any(|q| !joined[q]);
            stretch += usize::from(apart);
            stretch
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(periods: usize) -> Calendar {
        Calendar {
            start: 0,
            open: vec![1.0; periods],
            class: (0..periods).map(|p| p % 12).collect(),
            events: vec![vec![]; periods],
        }
    }

    fn product(start: i64, units: Vec<f64>) -> Product {
        Product {
            key: None,
            start,
            units,
        }
    }

    const STEADY: Steady = Steady {
        season: 12,
        guard: 2,
        span: 6,
        pause: 3,
    };

    #[test]
    fn launches_and_withdrawals_do_not_move_the_rate() {
        // The first product doubles half way; the second comes late, the third goes early, both on the same path.
        let path = |p: usize| if p < 12 { 10.0 } else { 20.0 };
        let products = [
            product(0, (0..24).map(path).collect()),
            product(8, (8..24).map(|p| 7.0 * path(p)).collect()),
            product(0, (0..15).map(|p| 3.0 * path(p)).collect()),
        ];
        let all: Vec<&Product> = products.iter().collect();
        let panel = Panel::of(&all, &calendar(24), STEADY).unwrap();
        assert_eq!((panel.products, panel.time.len()), (3, 24));
        for (&p, rate) in panel.time.iter().zip(&panel.rate) {
            assert!((rate - path(p) / 15.0).abs() < 1e-6, "{p}: {rate}");
        }
        assert!(panel.dispersion.unwrap() < 1e-9);
        let other: Vec<&Product> = products.iter().rev().collect();
        assert_eq!(Panel::of(&other, &calendar(24), STEADY).unwrap(), panel);
    }

    #[test]
    fn a_launch_counts_after_the_guard() {
        let mut units = vec![100.0, 50.0];
        units.extend(vec![10.0; 12]);
        let launched = product(4, units);
        let panel = Panel::of(&[&launched], &calendar(18), STEADY).unwrap();
        assert_eq!(panel.time, (6..18).collect::<Vec<_>>());
        assert!(panel.rate.iter().all(|r| (r - 1.0).abs() < 1e-9));
        // Six periods must remain.
        assert!(Panel::of(&[&product(4, vec![1.0; 7])], &calendar(18), STEADY).is_none());
    }

    #[test]
    fn chance_and_season_are_no_launch() {
        let periods = |units: Vec<f64>, start: i64| {
            let panel = Panel::of(&[&product(start, units)], &calendar(48), STEADY).unwrap();
            (panel.time[0], panel.time.len())
        };
        // A unit every fifth month: the first one is sold in the fourth month, the last one in the 44th.
        let few = (3..44).map(|p| f64::from(u8::from(p % 5 == 3))).collect();
        assert_eq!(periods(few, 3), (0, 48));
        // Sold from October to December each year.
        let season = (9..48).map(|p| if p % 12 >= 9 { 100.0 } else { 0.0 }).collect();
        assert_eq!(periods(season, 9), (0, 48));
        // Sold in every month from the fifth one on, and up to the 40th.
        assert_eq!(periods(vec![100.0; 36], 4), (6, 32));
    }

    #[test]
    fn what_is_not_known_counts_neither_as_0_nor_as_a_pause() {
        let unknown = |places: Range<usize>| -> Vec<f64> {
            (0..36)
                .map(|p| {
                    if places.contains(&p) {
                        f64::NAN
                    } else {
                        10.0 + (p % 12) as f64
                    }
                })
                .collect()
        };
        let (lacking, other) = (product(0, unknown(18..20)), product(0, unknown(0..0)));
        let panel = Panel::of(&[&lacking, &other], &calendar(36), STEADY).unwrap();
        let whole = Panel::of(&[&other, &other], &calendar(36), STEADY).unwrap();
        let moved = panel.rate.iter().zip(&whole.rate).map(|(a, b)| (a - b).abs());
        assert!(moved.fold(0.0, f64::max) < 1e-9, "{panel:?}");
        assert!((panel.size[18] - whole.size[18] / 2.0).abs() < 1e-9);
        // By itself it has a hole.
        let panel = Panel::of(&[&lacking], &calendar(36), STEADY).unwrap();
        assert_eq!((panel.time.len(), panel.time[18]), (34, 20));
    }

    #[test]
    fn what_is_not_known_at_the_ends_of_a_product_is_not_its_time() {
        let sales = [(3, None), (4, Some(1.0)), (6, None), (7, Some(2.0)), (8, None)];
        let found = Product::new(None, &sales).unwrap();
        assert_eq!((found.start, found.units.len(), found.units[1]), (4, 4, 0.0));
        assert!(found.units[2].is_nan());
        assert_eq!(Product::new(None, &[(3, None)]), None);
    }

    #[test]
    fn a_pause_that_is_no_season_is_left_out() {
        let open = |pause: Range<usize>| -> Vec<f64> {
            (0..36).map(|p| if pause.contains(&p) { 0.0 } else { 10.0 }).collect()
        };
        let (rebuilt, other) = (product(0, open(18..24)), product(0, open(0..0)));
        let panel = Panel::of(&[&rebuilt, &other], &calendar(36), STEADY).unwrap();
        assert!(panel.rate.iter().all(|rate| (rate - 1.0).abs() < 1e-9), "{panel:?}");
        assert!((panel.size[20] - 10.0).abs() < 1e-9 && (panel.size[25] - 20.0).abs() < 1e-9);
        // By itself it has a hole, and the level is the same after it.
        let panel = Panel::of(&[&rebuilt], &calendar(36), STEADY).unwrap();
        assert_eq!((panel.time.len(), panel.stretch[29]), (30, 0));
        // Two months are chance.
        let panel = Panel::of(&[&product(0, open(18..20))], &calendar(36), STEADY).unwrap();
        assert_eq!((panel.time.len(), panel.rate[18]), (36, 0.0));
    }

    #[test]
    fn stretches_without_a_common_product_are_told_apart() {
        let products = [product(0, vec![5.0; 10]), product(8, vec![500.0; 12])];
        let all: Vec<&Product> = products.iter().collect();
        let panel = Panel::of(&all, &calendar(20), STEADY).unwrap();
        assert_eq!(panel.stretch, [vec![0; 8], vec![1; 10]].concat());
    }

    #[test]
    fn what_is_no_number_does_not_count() {
        for units in [
            vec![f64::NAN; 20],
            vec![f64::INFINITY; 20],
            vec![-1.0; 20],
            vec![0.0; 20],
            vec![1e300; 20],
            vec![],
        ] {
            assert!(Panel::of(&[&product(0, units)], &calendar(20), STEADY).is_none());
        }
        let beyond = [
            product(-3, vec![1.0; 20]),
            product(5, vec![1.0; 20]),
            product(i64::MAX, vec![1.0; 20]),
        ];
        assert!(Panel::of(&beyond.iter().collect::<Vec<_>>(), &calendar(20), STEADY).is_none());
    }

    #[test]
    fn an_event_of_another_period_is_passed_over() {
        let events = [(6, "sale".to_owned()), (9, "sale".to_owned()), (5, "fair".to_owned())];
        let (calendar, names) = Calendar::try_new(&[(5, 1, 7.0), (6, 2, 70.0)], &events).unwrap();
        assert_eq!(names, ["fair", "sale"]);
        assert_eq!(
            (calendar.start, calendar.class, calendar.events),
            (5, vec![0, 1], vec![vec![0], vec![1]])
        );
        assert_eq!(calendar.open, [7.0, 31.0]);
    }

    #[test]
    fn periods_that_do_not_follow_each_other_are_refused() {
        for periods in [
            [(5, 1, 7.0), (7, 2, 7.0)],
            [(5, 0, 7.0), (6, 2, 7.0)],
            [(5, 1, 7.0), (6, 54, 7.0)],
        ] {
            assert!(Calendar::try_new(&periods, &[]).is_err(), "{periods:?}");
        }
    }
}
