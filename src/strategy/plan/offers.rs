//! The plans that a candidate can have.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use super::Wish;
use super::answer::Objective;
use crate::statistics::{self, normal_place};
use crate::strategy::Paths;
use crate::strategy::stock::{Given, Level, Needs, Terms, Timing, levels, needs, outcome};

/// A candidate.
#[derive(Debug, Clone)]
pub struct Launch {
    /// Candidates of one category keep their distance.
    pub category: Option<usize>,
    /// Units at the first date and the reference price, in the worlds that plans are compared in.
    pub compared: Paths,
    /// The same in the worlds that the plan is reported in.
    pub judged: Paths,
    /// Dates that may be taken, the first one first.
    pub dates: Vec<Date>,
    /// Prices that may be taken, in ascending order.
    pub prices: Vec<f64>,
    /// The price of the forecast.
    pub reference: f64,
    /// Change of units in % for a price higher by 1 %.
    pub elasticity: f64,
    /// The elasticity's error in each world, in units of it; products of one category err alike.
    pub errors: Vec<f64>,
    /// Cost and what may be ordered, at any price.
    pub given: Given,
    /// Units to reach; `None` for a profit.
    pub target: Option<f64>,
}

/// A date that may be taken.
#[derive(Debug, Clone)]
pub struct Date {
    /// The launch, in days since 1970-01-01.
    pub day: i32,
    /// Units of each step as a multiple of those at the first date.
    pub factors: Vec<f64>,
}

/// A plan that a candidate can have.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Place of its date.
    pub date: usize,
    /// Place of its price.
    pub price: usize,
    /// Units ordered; `None` where no cost is known.
    pub order: Option<f64>,
    /// Whether more would be ordered if there were more money.
    pub is_cut: bool,
    /// What the order costs.
    pub money: f64,
    /// Mean of the objective over the worlds compared.
    pub value: f64,
    /// The objective by world, where risk counts.
    pub worlds: Vec<f64>,
}

/// What a unit of money is worth, in orders that a budget may choose: 0 is the best order without one.
const PRICES_OF_MONEY: [f64; 9] = [0.0, 0.05, 0.1, 0.2, 0.4, 0.7, 1.2, 2.0, 4.0];
/// Shares of the best order, which where demand is certain is all or nothing at any price of money.
const SHARES: [f64; 4] = [0.75, 0.5, 0.25, 0.0];

/// The error of an elasticity in each world: normal, at equal shares of it, in an order that belongs to the category.
pub fn errors(category: &str, deviation: f64, worlds: usize) -> Vec<f64> {
    let mut errors: Vec<f64> = (0..worlds)
        .map(|world| deviation * normal_place((world as f64 + 0.5) / worlds as f64))
        .collect();
    errors.shuffle(&mut ChaCha8Rng::from_seed(Sha256::digest(category.as_bytes()).into()));
    errors
}

impl Launch {
    /// The response of units to a price, by world: its mean is that of the elasticity estimated.
    fn response(&self, price: f64) -> Vec<f64> {
        let ratio = (price / self.reference).ln();
        let mut response: Vec<f64> = self.errors.iter().map(|error| (ratio * error).exp()).collect();
        let mean = statistics::mean(response.iter().copied()).unwrap_or(1.0);
        let scale = (ratio * self.elasticity).exp() / mean;
        response.iter_mut().for_each(|value| *value *= scale);
        response
    }

    /// Units at a date and a price.
    pub fn paths(&self, of: &Paths, date: usize, price: f64) -> Paths {
        of.scaled(&self.dates[date].factors, &self.response(price))
    }

    /// The terms at a price; `None` where no profit can be made or known.
    pub fn terms(&self, price: f64) -> Option<Terms> {
        let given = Given {
            price: Some(price),
            ..self.given
        };
        Terms::try_new(given).ok()
    }

    /// Whether anything can be planned.
    ///
    /// # Errors
    /// Why not, and the cure.
    pub fn check(&self, objective: Objective) -> Result<(), String> {
        let highest = self.prices.last().copied();
        if self.dates.is_empty() || highest.is_none() {
            return Err("no date and price may be taken".to_owned());
        }
        match objective {
            Objective::Profit if self.prices.iter().any(|&price| self.terms(price).is_some()) => Ok(()),
            Objective::Profit => Terms::try_new(Given {
                price: highest,
                ..self.given
            })
            .map(|_| ()),
            // Any share will do to see whether the rest makes sense.
            _ => Terms::try_new(Given {
                service_level: Some(0.5),
                ..self.given
            })
            .map(|_| ()),
        }
    }

    /// Orders from nothing to the best one, at the date and price of a plan; `None` where no cost is known.
    pub(super) fn levels(&self, offer: &Offer) -> Option<Vec<Level>> {
        let price = self.prices[offer.price];
        let terms = self.terms(price)?;
        Some(levels(
            &self.paths(&self.compared, offer.date, price),
            Timing::Once,
            &terms,
            self.given.cost?,
        ))
    }

    /// A plan with the order that money buys.
    pub(super) fn within(&self, offer: &Offer, money: f64) -> Option<Offer> {
        let levels = self.levels(offer)?;
        let paid = levels.iter().filter(|level| level.money <= money * (1.0 + 1e-9));
        let best = paid.max_by(|a, b| a.value.total_cmp(&b.value))?;
        Some(self.with_order(offer, best.units, true))
    }

    /// A plan with another order.
    pub(super) fn with_order(&self, offer: &Offer, units: f64, is_cut: bool) -> Offer {
        let price = self.prices[offer.price];
        let paths = self.paths(&self.compared, offer.date, price);
        let terms = self.terms(price);
        let profit = |world| self.sold(&paths, world, Some(units), terms.as_ref()).1.unwrap_or(0.0);
        Offer {
            order: Some(units),
            is_cut,
            money: units * self.given.cost.unwrap_or(0.0),
            value: statistics::mean((0..paths.worlds()).map(profit)).unwrap_or(0.0),
            ..offer.clone()
        }
    }

    /// All plans, those to be preferred among equals first.
    pub(super) fn offers(&self, wish: &Wish) -> Vec<Offer> {
        let mut prices: Vec<usize> = (0..self.prices.len()).collect();
        let far = |&price: &usize| (self.prices[price] / self.reference).ln().abs();
        if wish.objective == Objective::Profit {
            prices.retain(|&price| self.terms(self.prices[price]).is_some());
        }
        prices.sort_by(|a, b| far(a).total_cmp(&far(b)).then(a.cmp(b)));
        let mut offers = Vec::new();
        for date in 0..self.dates.len() {
            for &price in &prices {
                self.add_offers(date, price, wish, &mut offers);
            }
        }
        offers
    }

    /// The orders that are compared at a date and price, the best one first.
    fn orders(&self, paths: &Paths, terms: &Terms, wish: &Wish) -> Vec<f64> {
        let worlds: Vec<usize> = (0..paths.worlds()).collect();
        let needs = needs(paths, &worlds, terms.stock, 0, terms.margin.as_ref());
        let best = order(&needs, terms, 0.0);
        if wish.limits.budget.is_none() && wish.risk.weight == 0.0 {
            return vec![best];
        }
        let mut orders: Vec<f64> = PRICES_OF_MONEY
            .iter()
            .map(|worth| order(&needs, terms, *worth))
            .collect();
        orders.extend(SHARES.iter().map(|share| terms.allowed(best * share)[0]));
        orders.retain(|order| *order < best);
        orders.sort_by(|a, b| b.total_cmp(a));
        orders.dedup();
        orders.insert(0, best);
        orders
    }

    fn add_offers(&self, date: usize, price: usize, wish: &Wish, offers: &mut Vec<Offer>) {
        let asked = self.prices[price];
        let paths = self.paths(&self.compared, date, asked);
        let terms = self.terms(asked);
        let orders = match &terms {
            Some(terms) => self.orders(&paths, terms, wish).into_iter().map(Some).collect(),
            None => vec![None],
        };
        for (place, order) in orders.into_iter().enumerate() {
            let of_world = |world| wish.objective.of(self, &paths, world, order, terms.as_ref(), asked);
            let worlds: Vec<f64> = (0..paths.worlds()).map(of_world).collect();
            offers.push(Offer {
                date,
                price,
                order,
                is_cut: place > 0,
                money: order.unwrap_or(0.0) * self.given.cost.unwrap_or(0.0),
                value: statistics::mean(worlds.iter().copied()).unwrap_or(0.0),
                worlds: if wish.risk.weight > 0.0 { worlds } else { Vec::new() },
            });
        }
    }
}

/// The best order where a unit of money must bring `worth` beside itself.
fn order(needs: &Needs, terms: &Terms, worth: f64) -> f64 {
    let mut dear = terms.clone();
    if let Some(margin) = &mut dear.margin {
        margin.cost *= 1.0 + worth;
    }
    needs.order(&dear)
}

impl Objective {
    fn of(
        self,
        launch: &Launch,
        paths: &Paths,
        world: usize,
        order: Option<f64>,
        terms: Option<&Terms>,
        price: f64,
    ) -> f64 {
        let (sold, profit) = launch.sold(paths, world, order, terms);
        match self {
            Self::Profit => profit.unwrap_or(0.0),
            Self::Revenue => sold * price,
            Self::Units => sold,
        }
    }
}

impl Launch {
    /// Units sold, and the profit where it is known, in one world.
    pub(super) fn sold(
        &self,
        paths: &Paths,
        world: usize,
        order: Option<f64>,
        terms: Option<&Terms>,
    ) -> (f64, Option<f64>) {
        match (order, terms) {
            (Some(order), Some(terms)) => {
                let outcome = outcome(paths, world, (order, 0), None, terms);
                (outcome.sold, Some(outcome.profit))
            }
            _ => (
                paths.total(world).min(self.given.maximum.unwrap_or(f64::INFINITY)),
                None,
            ),
        }
    }
}
