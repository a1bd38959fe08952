//! Branch and bound below the Lagrangian bound of fixed prices.
//!
//! With the prices and the density of worlds of one bound, a choice in which some products are settled is worth at most
//! the constant of the prices, plus the reduced values of what is settled, plus the best reduced value of each other
//! product among the options that still fit. Options that cannot lift this above the best known choice are cut.

use super::dual::Prices;
use super::model::{Model, Usage};
use super::tail::State;

/// The options of each product, best reduced value first; of equal ones the earlier.
pub(super) struct Ranking {
    /// Reduced value and option.
    pub lists: Vec<Vec<(f64, usize)>>,
    /// What the capacities are worth at the prices.
    pub constant: f64,
    /// The size of the numbers that are summed, for the room that rounding needs.
    magnitude: f64,
}

impl Ranking {
    pub fn new(model: &Model, linear: &[f64], prices: &Prices) -> Self {
        let reduced = prices.reduced(model, linear);
        let constant = prices.constant(model);
        let mut magnitude = constant.abs();
        let lists = (0..model.products())
            .map(|product| {
                let mut list: Vec<(f64, usize)> = model.options(product).map(|o| (reduced[o], o)).collect();
                list.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
                magnitude += model
                    .options(product)
                    .fold(0.0, |top: f64, option| top.max(linear[option].abs()));
                list
            })
            .collect();
        Self {
            lists,
            constant,
            magnitude,
        }
    }

    /// The bound of the prices.
    pub fn bound(&self) -> f64 {
        self.constant
            + self
                .lists
                .iter()
                .filter_map(|list| list.first())
                .map(|(reduced, _)| reduced)
                .sum::<f64>()
    }

    /// How far values may differ by rounding.
    pub fn rounding(&self) -> f64 {
        1e-12 * self.magnitude
    }

    /// What the option loses against the best one of its product.
    pub fn loss(&self, product: usize, option: usize) -> f64 {
        let list = &self.lists[product];
        let own = list
            .iter()
            .find(|(_, other)| *other == option)
            .map_or(f64::NEG_INFINITY, |(reduced, _)| *reduced);
        list.first().map_or(0.0, |(best, _)| best - own)
    }
}

/// A search for a better choice of some products while the others stay.
pub(super) struct Search<'s, 'a> {
    model: &'s Model<'a>,
    ranking: &'s Ranking,
    least: &'s [f64],
    state: State,
    usage: Usage,
    current: Vec<usize>,
    free: Vec<usize>,
    best: f64,
    found: Option<State>,
    work: u64,
    limit: u64,
    sorted: Vec<f64>,
}

/// How a search ended.
pub(super) struct Outcome {
    /// A better choice.
    pub found: Option<State>,
    /// Its value, or the one to beat.
    pub value: f64,
    /// Whether nothing better can exist among these products.
    pub complete: bool,
    /// Steps taken.
    pub work: u64,
}

/// Searches the options of the `free` products for a choice worth more than `best`, in at most `limit` steps.
pub(super) fn search(
    model: &Model,
    ranking: &Ranking,
    least: &[f64],
    from: &State,
    best: f64,
    mut free: Vec<usize>,
    limit: u64,
) -> Outcome {
    let mut usage = Usage::of(model, &from.choice);
    let mut settled = 0.0;
    let mut is_free = vec![false; model.products()];
    for &product in &free {
        usage.remove(model, from.choice[product]);
        is_free[product] = true;
    }
    if free.len() == model.products() {
        usage = Usage::none(model);
    }
    for product in (0..model.products()).filter(|&product| !is_free[product]) {
        settled +=
            ranking.lists[product].first().map_or(0.0, |(top, _)| *top) - ranking.loss(product, from.choice[product]);
    }
    let reserved = free.iter().map(|&product| least[product]).sum();
    let mut search = Search {
        model,
        ranking,
        least,
        state: from.clone(),
        usage,
        current: from.choice.clone(),
        free: free.clone(),
        best,
        found: None,
        work: 0,
        limit,
        sorted: Vec::new(),
    };
    search.node(&mut free, settled, reserved);
    Outcome {
        complete: search.work < limit,
        found: search.found,
        value: search.best,
        work: search.work,
    }
}

impl Search<'_, '_> {
    /// All choices of the products in `free`, below what is settled.
    fn node(&mut self, free: &mut Vec<usize>, settled: f64, reserved: f64) {
        let room = self.ranking.rounding();
        let mut bound = self.ranking.constant + settled;
        let mut firsts = Vec::with_capacity(free.len());
        for &product in free.iter() {
            let Some(first) = self.first_fitting(product, reserved) else {
                return;
            };
            bound += self.ranking.lists[product][first].0;
            firsts.push(first);
        }
        if bound <= self.best + room {
            return;
        }
        self.complete(free, &firsts);
        if bound <= self.best + room || free.is_empty() {
            return;
        }
        let Some((place, survivors)) = self.narrowest(free, &firsts, bound, reserved) else {
            return;
        };
        let product = free.swap_remove(place);
        let reserved = reserved - self.least[product];
        let top = survivors.first().map_or(0.0, |(reduced, _)| *reduced);
        for (reduced, option) in survivors {
            if bound - top + reduced <= self.best + room {
                break;
            }
            if self.work >= self.limit {
                break;
            }
            self.usage.add(self.model, option);
            self.current[product] = option;
            self.node(free, settled + reduced, reserved);
            self.usage.remove(self.model, option);
        }
        free.push(product);
        let last = free.len() - 1;
        free.swap(place, last);
    }

    fn fits(&self, product: usize, option: usize, reserved: f64) -> bool {
        self.usage.fits(self.model, option, reserved - self.least[product])
    }

    fn first_fitting(&mut self, product: usize, reserved: f64) -> Option<usize> {
        let list = &self.ranking.lists[product];
        let first = list
            .iter()
            .position(|&(_, option)| self.fits(product, option, reserved));
        self.work += first.unwrap_or(list.len()) as u64 + 1;
        first
    }

    /// The product with the fewest options that could still lead to something better, and these options.
    fn narrowest(
        &mut self,
        free: &[usize],
        firsts: &[usize],
        bound: f64,
        reserved: f64,
    ) -> Option<(usize, Vec<(f64, usize)>)> {
        let floor = self.best + self.ranking.rounding();
        let mut narrowest: Option<(usize, usize)> = None;
        for (place, (&product, &first)) in free.iter().zip(firsts).enumerate() {
            let list = &self.ranking.lists[product];
            let rest = bound - list[first].0;
            let most = narrowest.map_or(usize::MAX, |(_, count)| count);
            let mut count = 0;
            for &(reduced, option) in &list[first..] {
                if rest + reduced <= floor || count >= most {
                    break;
                }
                self.work += 1;
                count += usize::from(self.fits(product, option, reserved));
            }
            if count < most {
                narrowest = Some((place, count));
            }
        }
        let (place, _) = narrowest?;
        let list = &self.ranking.lists[free[place]];
        let rest = bound - list[firsts[place]].0;
        let survivors = list[firsts[place]..]
            .iter()
            .take_while(|(reduced, _)| rest + reduced > floor)
            .filter(|(_, option)| self.fits(free[place], *option, reserved))
            .copied()
            .collect();
        Some((place, survivors))
    }

    /// Tries the best fitting option of each free product, if together they keep the limits.
    fn complete(&mut self, free: &[usize], firsts: &[usize]) {
        self.work += 4 * free.len() as u64;
        let mut taken = 0;
        let mut fits = true;
        for (&product, &first) in free.iter().zip(firsts) {
            let option = self.ranking.lists[product][first].1;
            if !self.usage.fits(self.model, option, 0.0) {
                fits = false;
                break;
            }
            self.usage.add(self.model, option);
            self.current[product] = option;
            taken += 1;
        }
        for &product in &free[..taken] {
            self.usage.remove(self.model, self.current[product]);
        }
        if !fits {
            return;
        }
        for &product in &self.free {
            self.work += 1;
            if self.state.choice[product] != self.current[product] {
                self.work += (self.model.world_count / 4) as u64;
                self.state.set(self.model, product, self.current[product]);
            }
        }
        self.work += self.model.world_count as u64 + 1;
        if self.state.value(self.model, &mut self.sorted) > self.best + self.ranking.rounding() {
            // Anew, so that the roundings of many changes do not add up.
            self.state = State::new(self.model, self.current.clone());
            let value = self.state.value(self.model, &mut self.sorted);
            if value > self.best {
                self.best = value;
                self.found = Some(self.state.clone());
            }
        }
    }
}
