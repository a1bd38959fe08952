//! Prices of the budget and of the rows, and the bound that they prove.
//!
//! For prices p >= 0 (Fisher 1981, 2004) and linear values v, the best choice under the limits is worth at most
//!
//! `L(p) = p_0 · budget + Σ_r p_r · capacity_r + Σ_i max_j (v_ij − p_0 · money_ij − Σ_{r ∋ ij} p_r)`,
//!
//! which is convex in p. It is lowered by the volume algorithm (Barahona & Anbil 2000): subgradient steps along the
//! mean of past answers, which tends to a solution of the linear relaxation.

use super::model::Model;

/// Prices of the limits.
#[derive(Clone, Debug)]
pub(super) struct Prices {
    pub money: f64,
    pub rows: Vec<f64>,
}

impl Prices {
    pub fn zero(model: &Model) -> Self {
        Self {
            money: 0.0,
            rows: vec![0.0; model.capacity.len()],
        }
    }

    /// What the capacities are worth.
    pub fn constant(&self, model: &Model) -> f64 {
        let budget = if self.money > 0.0 {
            self.money * model.budget
        } else {
            0.0
        };
        budget
            + self
                .rows
                .iter()
                .zip(&model.capacity)
                .map(|(price, &room)| price * f64::from(room))
                .sum::<f64>()
    }

    /// Linear values less the prices of what the options take.
    pub fn reduced(&self, model: &Model, linear: &[f64]) -> Vec<f64> {
        let mut before = Vec::with_capacity(self.rows.len() + 1);
        let mut sum = 0.0;
        before.push(sum);
        for price in &self.rows {
            sum += price;
            before.push(sum);
        }
        (0..linear.len())
            .map(|option| {
                let week = model.week_row(option).map_or(0.0, |row| self.rows[row]);
                let windows = model.window_rows(option);
                linear[option] - self.money * model.money[option] - week - (before[windows.end] - before[windows.start])
            })
            .collect()
    }
}

/// The best option of each product, and their sum.
pub(super) fn best_options(model: &Model, reduced: &[f64]) -> (Vec<usize>, f64) {
    let mut total = 0.0;
    let choice = (0..model.products())
        .map(|product| {
            let mut options = model.options(product);
            let mut best = options.start;
            options.next();
            for option in options {
                if reduced[option] > reduced[best] {
                    best = option;
                }
            }
            total += reduced[best];
            best
        })
        .collect();
    (choice, total)
}

/// The prices found, the mean answer and the bound.
#[derive(Clone)]
pub(super) struct Dual {
    pub prices: Prices,
    pub bound: f64,
    /// Mean answer: what part of a product each option has.
    pub parts: Vec<f64>,
    /// The factor of the steps.
    step: f64,
}

impl Dual {
    /// No prices yet.
    pub fn new(model: &Model, linear: &[f64]) -> Self {
        let prices = Prices::zero(model);
        let (choice, bound) = best_options(model, linear);
        let mut parts = vec![0.0; linear.len()];
        choice.iter().for_each(|&option| parts[option] = 1.0);
        Self {
            prices,
            bound,
            parts,
            step: 1.0,
        }
    }

    /// The bound of these prices for other linear values.
    pub fn renew(&mut self, model: &Model, linear: &[f64]) {
        let reduced = self.prices.reduced(model, linear);
        self.bound = self.prices.constant(model) + best_options(model, &reduced).1;
    }

    /// Lowers the bound in so many steps, towards a value that is known to be reached.
    pub fn tighten(&mut self, model: &Model, linear: &[f64], reached: f64, steps: usize) {
        if model.capacity.is_empty() && model.budget.is_infinite() {
            return;
        }
        let unit = money_unit(model);
        let mut slack = Slack::of_parts(model, &self.parts, unit);
        let mut failures = 0;
        for _ in 0..steps {
            let gap = self.bound - reached;
            let norm = slack.norm(&self.prices);
            if gap <= 1e-12 * self.bound.abs() || norm <= 1e-12 {
                break;
            }
            let length = self.step * gap / norm;
            let mut trial = self.prices.clone();
            trial.money = (trial.money - length * slack.money / unit).max(0.0);
            for (price, room) in trial.rows.iter_mut().zip(&slack.rows) {
                *price = (*price - length * room).max(0.0);
            }
            let (choice, total) = best_options(model, &trial.reduced(model, linear));
            let bound = trial.constant(model) + total;
            let answer = Slack::of_choice(model, &choice, unit);
            let agrees = slack.times(&answer) >= 0.0;
            let part = slack.mix(&answer);
            self.parts.iter_mut().for_each(|p| *p *= 1.0 - part);
            choice.iter().for_each(|&option| self.parts[option] += part);
            if bound < self.bound {
                self.bound = bound;
                self.prices = trial;
                failures = 0;
                if agrees {
                    self.step = (self.step * 1.1).min(2.0);
                }
            } else {
                failures += 1;
                if failures >= 10 {
                    failures = 0;
                    self.step = (self.step * 0.66).max(1e-4);
                }
            }
        }
    }

    /// The best price of money beside the other prices, by bisection on the slope of the bound: zero if the budget then
    /// does not bind.
    pub fn polish_money(&mut self, model: &Model, linear: &[f64]) {
        if model.budget.is_infinite() {
            return;
        }
        let free = Prices {
            money: 0.0,
            rows: self.prices.rows.clone(),
        }
        .reduced(model, linear);
        let at = |price: f64| {
            let reduced: Vec<f64> = free
                .iter()
                .zip(&model.money)
                .map(|(value, money)| value - price * money)
                .collect();
            let (choice, total) = best_options(model, &reduced);
            (total, choice.iter().map(|&option| model.money[option]).sum::<f64>())
        };
        let mut low = 0.0;
        let mut high = (2.0 * self.prices.money).max(f64::MIN_POSITIVE);
        if at(0.0).1 > model.budget {
            let start = free.iter().fold(0.0_f64, |top, value| top.max(value.abs())) / money_unit(model);
            high = high.max(1e-6 * start);
            for _ in 0..80 {
                if at(high).1 <= model.budget {
                    break;
                }
                low = high;
                high *= 4.0;
            }
            for _ in 0..50 {
                let price = 0.5 * (low + high);
                if at(price).1 > model.budget {
                    low = price
                } else {
                    high = price
                }
            }
        } else {
            high = 0.0;
        }
        let mut trial = self.prices.clone();
        trial.money = high;
        let bound = trial.constant(model) + at(high).0;
        if bound <= self.bound {
            self.bound = bound;
            self.prices = trial;
        }
    }
}

/// Typical money of a product, in which the budget is measured against rows that count launches.
fn money_unit(model: &Model) -> f64 {
    let spent: Vec<f64> = model.money.iter().copied().filter(|money| *money > 0.0).collect();
    let mean = spent.iter().sum::<f64>() / spent.len().max(1) as f64;
    if mean > 0.0 { mean } else { 1.0 }
}

/// Room left in the budget (in units) and in the rows; negative if exceeded. A subgradient of the bound.
struct Slack {
    money: f64,
    rows: Vec<f64>,
}

impl Slack {
    fn full(model: &Model, unit: f64) -> Self {
        let money = if model.budget.is_finite() {
            model.budget / unit
        } else {
            0.0
        };
        Self {
            money,
            rows: model.capacity.iter().map(|&room| f64::from(room)).collect(),
        }
    }

    fn of_choice(model: &Model, choice: &[usize], unit: f64) -> Self {
        let mut slack = Self::full(model, unit);
        choice.iter().for_each(|&option| slack.take(model, option, 1.0, unit));
        slack
    }

    fn of_parts(model: &Model, parts: &[f64], unit: f64) -> Self {
        let mut slack = Self::full(model, unit);
        for (option, &part) in parts.iter().enumerate().filter(|(_, part)| **part > 0.0) {
            slack.take(model, option, part, unit);
        }
        slack
    }

    fn take(&mut self, model: &Model, option: usize, part: f64, unit: f64) {
        if model.budget.is_finite() {
            self.money -= part * model.money[option] / unit;
        }
        for row in model.rows(option) {
            self.rows[row] -= part;
        }
    }

    /// Squared length of the step that prices at zero allow.
    fn norm(&self, prices: &Prices) -> f64 {
        let part = |price: f64, room: f64| if price <= 0.0 && room > 0.0 { 0.0 } else { room * room };
        part(prices.money, self.money)
            + prices
                .rows
                .iter()
                .zip(&self.rows)
                .map(|(&price, &room)| part(price, room))
                .sum::<f64>()
    }

    fn times(&self, other: &Self) -> f64 {
        self.money * other.money + self.rows.iter().zip(&other.rows).map(|(a, b)| a * b).sum::<f64>()
    }

    /// Mixes an answer in: the part that makes the mean shortest, within 1 % and 10 %.
    fn mix(&mut self, answer: &Self) -> f64 {
        let across = self.times(answer);
        let own = self.times(self);
        let other = answer.times(answer);
        let spread = own - 2.0 * across + other;
        let part = if spread > 0.0 {
            ((own - across) / spread).clamp(0.01, 0.1)
        } else {
            0.1
        };
        self.money += part * (answer.money - self.money);
        for (room, new) in self.rows.iter_mut().zip(&answer.rows) {
            *room += part * (new - *room);
        }
        part
    }
}
