//! On what terms a product is bought and sold.

/// What a unit costs and brings, and what may be ordered.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// What the first sale of a unit brings, by price, and what it costs; `None` where no profit is known.
    pub margin: Option<Margin>,
    /// Probability of not running out that is asked for; `None` for the order of highest expected profit.
    pub service_level: Option<f64>,
    /// Units are ordered in multiples of it.
    pub pack: f64,
    /// Least order, if anything is ordered: a multiple of `pack`.
    pub least: f64,
    /// Largest order: a multiple of `pack`; infinite for none.
    pub most: f64,
    /// Units on hand and on order.
    pub stock: f64,
}

/// Money by unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Margin {
    /// What a sale brings: price (1 - returns) + salvage returns, as what comes back is refunded and left over.
    pub sale: f64,
    /// What a unit costs.
    pub cost: f64,
    /// What a unit left over at the end brings.
    pub salvage: f64,
    /// What holding a unit for a period costs.
    pub holding: f64,
}

/// The terms as they were given; `None` for those that were not.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Given {
    /// Price that customers pay.
    pub price: Option<f64>,
    /// Cost of a unit.
    pub cost: Option<f64>,
    /// What a unit left over brings.
    pub salvage: Option<f64>,
    /// Cost of holding a unit for a period.
    pub holding: Option<f64>,
    /// Share of units sold that come back.
    pub returns: Option<f64>,
    /// Probability of not running out.
    pub service_level: Option<f64>,
    /// Units of a pack.
    pub pack: Option<f64>,
    /// Least order.
    pub minimum: Option<f64>,
    /// Largest order.
    pub maximum: Option<f64>,
    /// Units on hand.
    pub on_hand: Option<f64>,
    /// Units ordered before.
    pub on_order: Option<f64>,
}

/// What money and units stay below, so that sums stay exact.
const LARGEST: f64 = 1e12;

impl Terms {
    /// Checked terms.
    ///
    /// # Errors
    /// Why nothing can be planned on these terms, and the cure.
    pub fn try_new(given: Given) -> Result<Self, String> {
        let amount = |value: Option<f64>, name: &str| match value {
            Some(v) if !(0.0..LARGEST).contains(&v) => Err(format!("{name} must be 0 or more and below 1e12, got {v}")),
            value => Ok(value),
        };
        let share = |value: f64, name: &str, most: &str| match (0.0..1.0).contains(&value) {
            true => Ok(value),
            false => Err(format!("{name} must be {most}, got {value}")),
        };
        let returns = share(given.returns.unwrap_or(0.0), "returns", "a share from 0 to below 1")?;
        let service_level = match given.service_level {
            Some(level) if level > 0.0 => Some(share(level, "service_level", "above 0 and below 1")?),
            Some(level) => return Err(format!("service_level must be above 0 and below 1, got {level}")),
            None => None,
        };
        let pack = given.pack.unwrap_or(1.0);
        if !(pack > 0.0 && pack < LARGEST) {
            return Err(format!(
                "pack must be above 0, got {pack}: give the units of a pack, 1 for single units"
            ));
        }
        let packs = |units: f64, round: fn(f64) -> f64| round(units / pack * (1.0 + f64::EPSILON)) * pack;
        let minimum = amount(given.minimum, "minimum")?.unwrap_or(0.0);
        let least = (minimum / pack * (1.0 - f64::EPSILON)).ceil() * pack;
        let most = amount(given.maximum, "maximum")?.map_or(f64::INFINITY, |most| packs(most, f64::floor));
        if most > 0.0 && least > most {
            let maximum = given.maximum.unwrap_or(most);
            return Err(format!(
                "no order is at least minimum {minimum}, at most maximum {maximum} and a multiple of pack {pack}"
            ));
        }
        let stock =
            amount(given.on_hand, "on_hand")?.unwrap_or(0.0) + amount(given.on_order, "on_order")?.unwrap_or(0.0);
        let salvage = amount(given.salvage, "salvage")?.unwrap_or(0.0);
        let holding = amount(given.holding, "holding")?.unwrap_or(0.0);
        let margin = match (amount(given.price, "price")?, amount(given.cost, "cost")?) {
            (Some(price), Some(cost)) => Some(Margin {
                sale: price * (1.0 - returns) + salvage * returns,
                cost,
                salvage,
                holding,
            }),
            _ if service_level.is_some() => None,
            (None, _) => return Err("price is NULL or no number: give it, or give service_level".to_owned()),
            (_, None) => return Err("cost is NULL or no number: give it, or give service_level".to_owned()),
        };
        if let Some(margin) = margin {
            margin.check(given.price.unwrap_or_default(), returns, service_level.is_none())?;
        }
        Ok(Self {
            margin,
            service_level,
            pack,
            least,
            most,
            stock,
        })
    }

    /// The orders nearest to a number of units, one below and one above it, that may be placed.
    pub fn allowed(&self, units: f64) -> [f64; 2] {
        let packs = units.max(0.0) / self.pack;
        let near = |packs: f64| (packs * self.pack).clamp(0.0, self.most);
        let below = near((packs * (1.0 + 1e-12)).floor());
        let above = near((packs * (1.0 - 1e-12)).ceil());
        let least = self.least.min(self.most);
        match units > 0.0 && above > 0.0 {
            true => [if below < least { 0.0 } else { below }, above.max(least)],
            false => [0.0, 0.0],
        }
    }
}

impl Margin {
    fn check(&self, price: f64, returns: f64, for_profit: bool) -> Result<(), String> {
        if price == 0.0 {
            return Err("price is 0: give the price that customers pay".to_owned());
        }
        if for_profit && self.cost == 0.0 {
            return Err(
                "cost is 0: give what a unit costs, as no order of what costs nothing would be too large".to_owned(),
            );
        }
        if for_profit && self.sale <= self.cost {
            let back = match returns > 0.0 {
                true => format!(", of which a sale brings {:.2} after returns", self.sale),
                false => String::new(),
            };
            return Err(format!(
                "cost {} is not below price {price}{back}: each unit sold would lose money",
                self.cost
            ));
        }
        if self.salvage >= self.cost && for_profit {
            return Err(format!(
                "salvage {} is not below cost {}: what is left over would earn money, so no order would be too large",
                self.salvage, self.cost
            ));
        }
        Ok(())
    }

    /// Profit of an order whose units are sold, left over, and held over a sum of periods.
    pub fn profit(&self, ordered: f64, sold: f64, left: f64, held: f64) -> f64 {
        self.sale * sold + self.salvage * left - self.cost * ordered - self.holding * held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given() -> Given {
        Given {
            price: Some(10.0),
            cost: Some(4.0),
            ..Given::default()
        }
    }

    #[test]
    fn terms_that_make_no_sense_are_refused_with_the_cure() {
        let refused = |given: Given, told: &str| {
            let reason = Terms::try_new(given).unwrap_err();
            assert!(reason.contains(told), "{reason}");
        };
        refused(
            Given {
                cost: Some(10.0),
                ..given()
            },
            "cost 10 is not below price 10",
        );
        refused(Given { cost: None, ..given() }, "cost is NULL");
        refused(Given { price: None, ..given() }, "price is NULL");
        refused(
            Given {
                price: Some(0.0),
                ..given()
            },
            "price is 0",
        );
        refused(
            Given {
                price: Some(f64::NAN),
                ..given()
            },
            "price must be 0 or more",
        );
        refused(
            Given {
                salvage: Some(4.0),
                ..given()
            },
            "salvage 4 is not below cost 4",
        );
        refused(
            Given {
                salvage: Some(-1.0),
                ..given()
            },
            "salvage must be 0 or more",
        );
        refused(
            Given {
                pack: Some(0.0),
                ..given()
            },
            "pack must be above 0",
        );
        refused(
            Given {
                returns: Some(1.0),
                ..given()
            },
            "returns must be a share",
        );
        refused(
            Given {
                returns: Some(0.7),
                ..given()
            },
            "a sale brings 3.00",
        );
        refused(
            Given {
                service_level: Some(1.0),
                ..given()
            },
            "service_level must be above 0",
        );
        refused(
            Given {
                service_level: Some(0.0),
                ..given()
            },
            "service_level must be above 0",
        );
        let narrow = Given {
            pack: Some(10.0),
            minimum: Some(12.0),
            maximum: Some(18.0),
            ..given()
        };
        refused(
            narrow,
            "no order is at least minimum 12, at most maximum 18 and a multiple of pack 10",
        );
    }

    #[test]
    fn a_service_level_needs_neither_price_nor_cost() {
        let level = Given {
            service_level: Some(0.9),
            ..Given::default()
        };
        assert_eq!(Terms::try_new(level).unwrap().margin, None);
        // What earns nothing may still be wanted on the shelf.
        assert!(
            Terms::try_new(Given {
                cost: Some(12.0),
                service_level: Some(0.9),
                ..given()
            })
            .is_ok()
        );
    }

    #[test]
    fn orders_are_packs_between_the_limits() {
        let terms = Terms::try_new(Given {
            pack: Some(12.0),
            minimum: Some(30.0),
            maximum: Some(100.0),
            ..given()
        })
        .unwrap();
        assert_eq!((terms.least, terms.most), (36.0, 96.0));
        assert_eq!(terms.allowed(50.0), [48.0, 60.0]);
        assert_eq!(terms.allowed(20.0), [0.0, 36.0]);
        assert_eq!(terms.allowed(500.0), [96.0, 96.0]);
        assert_eq!(terms.allowed(48.0), [48.0, 48.0]);
        assert_eq!(terms.allowed(0.0), [0.0, 0.0]);
        let none = Terms::try_new(Given {
            maximum: Some(0.0),
            ..given()
        })
        .unwrap();
        assert_eq!(none.allowed(5.0), [0.0, 0.0]);
    }
}
