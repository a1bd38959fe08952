//! One order, in the face of demand that is not known.
//!
//! *Model*: of x units wanted from it an order q sells min(x, q). With v what a sale brings, c the cost of a unit, s what a
//! unit left over brings and h the cost of holding one for a period, of which each ends with x_t of the x units wanted,
//!
//! profit(q) = v E min(x, q) + s E (q - min(x, q)) - c q - h sum_t E (q - min(x_t, q)),
//!
//! which is concave. Without holding the best order is F^-1((v - c) / (v - s)), F the distribution of x.
//!
//! *References*: Arrow, Harris, Marschak 1951, Optimal Inventory Policy; Silver, Pyke, Peterson 1998, Inventory Management
//! and Production Planning and Scheduling, ch. 10.

use super::terms::{Margin, Terms};
use crate::statistics::sorted;
use crate::strategy::quantile;

/// Units wanted from one order, in each of many worlds. What is on hand serves first, so they may be below 0.
#[derive(Debug, Clone)]
pub struct Needs {
    /// Over all periods, sorted.
    total: Vec<f64>,
    /// By the end of each period and world, sorted; empty where holding costs nothing.
    held: Vec<f64>,
}

impl Needs {
    /// Of the needs over all periods, and of those by the end of each where holding costs something.
    pub fn new(total: impl IntoIterator<Item = f64>, held: impl IntoIterator<Item = f64>) -> Self {
        Self {
            total: sorted(total),
            held: sorted(held),
        }
    }

    /// The number of units that suffices with a probability.
    pub fn quantile(&self, probability: f64) -> f64 {
        quantile(&self.total, probability).max(0.0)
    }

    /// Expected units that are sold from an order.
    pub fn served(&self, order: f64) -> f64 {
        served(&self.total, order) / self.total.len().max(1) as f64
    }

    /// Expected profit of an order, beside what happens without it.
    pub fn profit(&self, order: f64, margin: &Margin) -> f64 {
        let worlds = self.total.len().max(1) as f64;
        let sold = self.served(order);
        let held = (self.held.len() as f64 * order - served(&self.held, order)) / worlds;
        margin.profit(order, sold, order - sold, held)
    }

    /// The order of highest expected profit, if any number of units may be ordered.
    pub fn best(&self, margin: &Margin) -> f64 {
        let worlds = self.total.len() as f64;
        let gains = |rank: usize| {
            let order = self.total[rank];
            let sells = worlds - rank as f64 - 1.0;
            let held = self.held.partition_point(|need| *need <= order) as f64;
            (margin.sale - margin.salvage) * sells / worlds + margin.salvage
                - margin.cost
                - margin.holding * held / worlds
        };
        // A unit more than the need of this rank no longer pays.
        let ranks: Vec<usize> = (0..self.total.len()).collect();
        let rank = ranks.partition_point(|&rank| gains(rank) > 1e-12 * margin.sale);
        let wanted = self.total.get(rank.min(ranks.len().saturating_sub(1)));
        wanted.map_or(0.0, |wanted| wanted.max(0.0))
    }

    /// The best order that the terms allow: by service level where one is asked for, else by profit.
    pub fn order(&self, terms: &Terms) -> f64 {
        match (terms.service_level, terms.margin) {
            (Some(level), _) => terms.allowed(self.quantile(level))[1],
            (None, Some(margin)) => {
                let [below, above] = terms.allowed(self.best(&margin));
                // Nothing at all, where the least order loses money.
                [above, 0.0].into_iter().fold(below, |best, order| {
                    match self.profit(order, &margin) > self.profit(best, &margin) {
                        true => order,
                        false => best,
                    }
                })
            }
            (None, None) => 0.0,
        }
    }
}

fn served(needs: &[f64], order: f64) -> f64 {
    needs.iter().map(|need| need.clamp(0.0, order)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::normal_place;
    use crate::strategy::stock::terms::Given;

    fn margin(price: f64, cost: f64, salvage: f64) -> Margin {
        Margin {
            sale: price,
            cost,
            salvage,
            holding: 0.0,
        }
    }

    #[test]
    fn the_order_is_the_critical_fractile() {
        let uniform = Needs::new((0..10_000).map(|i| f64::from(i) / 100.0 + 0.005), []);
        // Uniform from 0 to 100: F^-1(f) = 100 f, and the profit is (v - s) q (1 - q / 200) - (c - s) q.
        for (price, cost, salvage) in [(10.0, 4.0, 0.0), (10.0, 9.0, 1.0), (3.0, 1.0, 0.5), (10.0, 1.0, 0.9)] {
            let margin = margin(price, cost, salvage);
            let fractile = (price - cost) / (price - salvage);
            let order = uniform.best(&margin);
            assert!((order - 100.0 * fractile).abs() < 0.02, "{order} {fractile}");
            let closed = (price - salvage) * order * (1.0 - order / 200.0) - (cost - salvage) * order;
            assert!((uniform.profit(order, &margin) / closed - 1.0).abs() < 1e-3);
            assert!((uniform.quantile(fractile) - order).abs() < 0.02);
        }
    }

    #[test]
    fn the_profit_is_the_closed_form_of_a_normal_distribution() {
        // Profit at q = m + s z: (p - c) m - (p - salvage) s density(z).
        let (m, s) = (1_000.0, 200.0);
        let needs = Needs::new(
            (0..20_000).map(|i| m + s * normal_place((f64::from(i) + 0.5) / 20_000.0)),
            [],
        );
        let margin = margin(20.0, 12.0, 5.0);
        let z = normal_place(8.0 / 15.0);
        let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let order = needs.best(&margin);
        assert!((order - (m + s * z)).abs() < 0.1, "{order}");
        let closed = 8.0 * m - 15.0 * s * density;
        assert!((needs.profit(order, &margin) / closed - 1.0).abs() < 1e-4);
    }

    #[test]
    fn no_other_order_has_a_higher_profit() {
        // With holding over three periods, and needs below 0 where there is stock.
        let random = |i: u32| f64::from(i.wrapping_mul(2_654_435_761) >> 12) / f64::from(1 << 20);
        let total: Vec<f64> = (0..500).map(|i| 120.0 * random(i) - 20.0).collect();
        let held = total.iter().flat_map(|x| [x - 60.0, x - 30.0, *x]);
        let needs = Needs::new(total.clone(), held);
        for holding in [0.0, 0.2, 1.0, 3.0] {
            let margin = Margin {
                holding,
                ..margin(10.0, 4.0, 1.0)
            };
            let best = needs.profit(needs.best(&margin), &margin);
            let brute = (0..200)
                .map(|q| needs.profit(f64::from(q) / 2.0, &margin))
                .fold(f64::MIN, f64::max);
            assert!(best >= brute - 0.01 * brute.abs(), "{holding}: {best} {brute}");
        }
    }

    #[test]
    fn packs_and_limits_take_the_better_neighbour() {
        let needs = Needs::new((0..1_000).map(|i| f64::from(i) / 10.0), []);
        let terms = |given: Given| {
            let base = Given {
                price: Some(10.0),
                cost: Some(4.0),
                ..given
            };
            Terms::try_new(base).unwrap()
        };
        assert_eq!(needs.order(&terms(Given::default())), 60.0);
        assert_eq!(
            needs.order(&terms(Given {
                pack: Some(25.0),
                ..Given::default()
            })),
            50.0
        );
        assert_eq!(
            needs.order(&terms(Given {
                pack: Some(35.0),
                ..Given::default()
            })),
            70.0
        );
        assert_eq!(
            needs.order(&terms(Given {
                maximum: Some(35.0),
                ..Given::default()
            })),
            35.0
        );
        // 80 units still earn money, 200 do not.
        assert_eq!(
            needs.order(&terms(Given {
                minimum: Some(80.0),
                ..Given::default()
            })),
            80.0
        );
        assert_eq!(
            needs.order(&terms(Given {
                minimum: Some(200.0),
                ..Given::default()
            })),
            0.0
        );
        // A service level is rounded up.
        let level = Given {
            service_level: Some(0.9),
            pack: Some(25.0),
            ..Given::default()
        };
        assert_eq!(needs.order(&terms(level)), 100.0);
        assert_eq!(Needs::new([], []).order(&terms(Given::default())), 0.0);
    }
}
