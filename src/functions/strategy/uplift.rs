//! `__launch_uplift(...)`: what treatments dealt at random changed, for the macro `__launch_channel_uplift`.

use std::collections::{BTreeMap, BTreeSet};

use super::options::{budget, level};
use crate::{
    functions::prelude::*,
    strategy::uplift::{Column, Draw, Drawn, Effect, Outcomes, Return, by_segment, draw, effect, split},
};

/// Customers who carry an outcome, below which the interval of its mean may be too narrow.
const FEW_CARRIERS: f64 = 30.0;

/// See [`Function::ABOUT`].
pub struct Uplift;

impl Function for Uplift {
    const NAME: &'static str = "__launch_uplift";
    const ASKED: &'static str = "launch_channels";
    const ABOUT: &'static str = "
        What treatments that were dealt at random changed; __launch_channel_uplift shows it as a table.

        @param groups: ANY  a list of STRUCTs: segment (NULL where none are asked for), treatment, is_control, customers, sum of
            their outcomes, sum of their squares (NULL where each is 0 or 1), cost of their treatment (NULL where not known)
        @param columns: ANY  a list of STRUCTs that count customers: name of the column, is_known (before the campaign), value,
            treatment, customers
        @param budget: DOUBLE = NULL  money for all treatments together
        @param level: DOUBLE = 0.9  probability of the intervals
        @returns treatment: VARCHAR  the treatment
        @returns segment: VARCHAR  the segment
        @returns spend: DOUBLE  money for it; for one customer without a budget
        @returns share: DOUBLE  its share of the budget
        @returns expected_outcome: DOUBLE  what that money changes
        @returns outcome_lower: DOUBLE  lower end of its interval
        @returns outcome_upper: DOUBLE  upper end
        @returns marginal_return: DOUBLE  what one more unit of money changes
        @returns identified: BOOLEAN  whether nothing speaks against a draw at random
        @returns status: VARCHAR  ok or refused
        @returns reason: VARCHAR  what it rests on, or why nothing is known
        @example SELECT __launch_uplift([
            {'segment': NULL, 'treatment': 'mail', 'is_control': false, 'customers': 1000, 'sum': 60, 'squares': NULL, 'cost': 500},
            {'segment': NULL, 'treatment': 'none', 'is_control': true, 'customers': 1000, 'sum': 40, 'squares': NULL, 'cost': 0}], NULL)
    ";

    type Answer = Vec<Row>;
}

/// A treatment in a segment.
#[derive(AsDuckDB, Debug, Default, Clone)]
pub struct Row {
    treatment: String,
    segment: Option<String>,
    spend: Option<f64>,
    share: Option<f64>,
    expected_outcome: Option<f64>,
    outcome_lower: Option<f64>,
    outcome_upper: Option<f64>,
    marginal_return: Option<f64>,
    identified: Option<bool>,
    status: String,
    reason: String,
}

impl PerChunk for Uplift {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let (groups, columns) = (arguments.tables()?, arguments.tables()?);
        let (budgets, levels) = (arguments.numbers()?, arguments.numbers()?);
        let mut answers = Vec::with_capacity(groups.len());
        for (row, (groups, columns)) in groups.into_iter().zip(columns).enumerate() {
            answers.push(match groups {
                None => Vec::new(),
                Some(groups) => {
                    let trial = Trial::read(groups)?;
                    let draw = trial.draw(columns)?;
                    trial.answer(&draw, budget(budgets[row])?, level(levels[row])?)
                }
            });
        }
        Ok(answers)
    }
}

type Segment = Option<String>;

/// The customers of a campaign.
#[derive(Default)]
struct Trial {
    /// By treatment and segment.
    treated: BTreeMap<String, BTreeMap<Segment, Group>>,
    /// By segment.
    control: BTreeMap<Segment, Group>,
    /// What the control is called.
    control_name: String,
    segments: BTreeSet<Segment>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Group {
    outcomes: Outcomes,
    /// Money for all of them.
    cost: Option<f64>,
}

impl Group {
    /// Two groups together; the costs are known where both are.
    fn with(self, other: &Self) -> Self {
        if self.outcomes.customers == 0.0 {
            return *other;
        }
        let (a, b) = (self.outcomes, other.outcomes);
        Self {
            outcomes: Outcomes {
                customers: a.customers + b.customers,
                sum: a.sum + b.sum,
                squares: a.squares.zip(b.squares).map(|(a, b)| a + b),
            },
            cost: self.cost.zip(other.cost).map(|(a, b)| a + b),
        }
    }

    fn of(groups: &BTreeMap<Segment, Self>) -> Self {
        groups.values().fold(Self::default(), Self::with)
    }
}

impl Trial {
    fn read(mut list: Arguments) -> Result<Self, Failure> {
        let (segments, treatments, controls) = (list.texts()?, list.texts()?, list.flags()?);
        let (customers, sums, squares, costs) = (list.numbers()?, list.numbers()?, list.numbers()?, list.numbers()?);
        let mut trial = Self::default();
        for row in 0..segments.len() {
            let group = Group {
                outcomes: Outcomes {
                    customers: customers[row].unwrap_or_default(),
                    sum: sums[row].unwrap_or_default(),
                    squares: squares[row],
                },
                cost: costs[row],
            };
            let segment = segments[row].clone();
            let name = treatments[row].clone().unwrap_or_default();
            trial.segments.insert(segment.clone());
            let place = match controls[row].unwrap_or_default() {
                true => {
                    trial.control_name.clone_from(&name);
                    trial.control.entry(segment).or_default()
                }
                false => trial.treated.entry(name).or_default().entry(segment).or_default(),
            };
            *place = place.with(&group);
        }
        Ok(trial)
    }

    /// Whether the customers look dealt at random.
    fn draw(&self, columns: Option<Arguments>) -> Result<Draw, Failure> {
        let names: Vec<&str> = std::iter::once(self.control_name.as_str())
            .chain(self.treated.keys().map(String::as_str))
            .collect();
        let mut sizes = vec![Group::of(&self.control).outcomes.customers];
        sizes.extend(self.treated.values().map(|groups| Group::of(groups).outcomes.customers));
        let mut counted: BTreeMap<(String, bool), BTreeMap<Option<String>, Vec<f64>>> = BTreeMap::new();
        if let Some(mut list) = columns {
            let (columns, known, values) = (list.texts()?, list.flags()?, list.texts()?);
            let (treatments, customers) = (list.texts()?, list.numbers()?);
            for row in 0..columns.len() {
                let (Some(column), Some(treatment)) = (&columns[row], &treatments[row]) else {
                    continue;
                };
                let Some(at) = names.iter().position(|name| name == treatment) else {
                    continue;
                };
                let column = counted
                    .entry((column.clone(), known[row].unwrap_or_default()))
                    .or_default();
                let counts = column
                    .entry(values[row].clone())
                    .or_insert_with(|| vec![0.0; names.len()]);
                counts[at] += customers[row].unwrap_or_default();
            }
        }
        let columns: Vec<Column> = counted
            .into_iter()
            .map(|((name, is_known), values)| Column {
                name,
                is_known,
                counts: values.into_values().collect(),
            })
            .collect();
        Ok(draw(&sizes, &columns))
    }

    fn answer(&self, draw: &Draw, budget: Option<f64>, level: f64) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut returns = Vec::new();
        let control = Group::of(&self.control);
        let all_customers: f64 = control.outcomes.customers
            + self
                .treated
                .values()
                .map(|groups| Group::of(groups).outcomes.customers)
                .sum::<f64>();
        for (treatment, groups) in &self.treated {
            let treated = Group::of(groups);
            if let Some(why) = cannot_compare(&treated.outcomes, &control.outcomes) {
                rows.extend(self.segments.iter().map(|segment| Row {
                    treatment: treatment.clone(),
                    segment: segment.clone(),
                    status: "refused".to_owned(),
                    reason: why.clone(),
                    ..Row::default()
                }));
                continue;
            }
            let cost = cost(&treated, &control);
            let of_all = effect(&treated.outcomes, &control.outcomes, level);
            for (segment, drawn) in self.effects(groups, &treated, &control, &of_all, level) {
                let own = pair(groups, &self.control, segment);
                let mut reason = vec![match own {
                    Some((own, control)) => compared(&own.outcomes, &control.outcomes, &self.control_name),
                    None => "no customers to compare here: as in any other segment".to_owned(),
                }];
                if segment.is_some() {
                    reason.push(format!(
                        "drawn {:.0} % of the way to the effect on all customers, {:.6}",
                        100.0 * drawn.pull,
                        of_all.estimate.value
                    ));
                }
                if let Some(few) = few_carriers(&treated.outcomes, &control.outcomes) {
                    reason.push(few);
                }
                reason.push(draw.told.clone());
                if let Some(cost) = cost {
                    reason.push(format!("a customer costs {cost:.4}"));
                    returns.push((
                        rows.len(),
                        Return {
                            effect: drawn.effect,
                            cost,
                        },
                    ));
                } else if budget.is_some() {
                    reason.push(
                        "no share of the budget, as what a customer costs is not known, or not above 0".to_owned(),
                    );
                }
                let Effect {
                    estimate, lower, upper, ..
                } = drawn.effect;
                rows.push(Row {
                    treatment: treatment.clone(),
                    segment: segment.clone(),
                    spend: cost.filter(|_| budget.is_none()),
                    expected_outcome: Some(estimate.value),
                    outcome_lower: Some(lower),
                    outcome_upper: Some(upper),
                    marginal_return: cost.map(|cost| estimate.value / cost),
                    identified: Some(draw.is_fair),
                    status: "ok".to_owned(),
                    reason: reason.join("; "),
                    ..Row::default()
                });
            }
        }
        if let Some(budget) = budget {
            self.spend(&mut rows, &returns, budget, all_customers);
        }
        rows
    }

    /// The effect of a treatment on all customers, or by segment.
    fn effects<'a>(
        &'a self,
        groups: &BTreeMap<Segment, Group>,
        treated: &Group,
        control: &Group,
        of_all: &Effect,
        level: f64,
    ) -> Vec<(&'a Segment, Drawn)> {
        if self.segments.iter().all(Option::is_none) {
            let drawn = Drawn {
                effect: *of_all,
                pull: 0.0,
            };
            return self.segments.iter().map(|segment| (segment, drawn)).collect();
        }
        let pairs: Vec<Option<(Outcomes, Outcomes)>> = self
            .segments
            .iter()
            .map(|segment| {
                let (own, control) = pair(groups, &self.control, segment)?;
                Some((own.outcomes, control.outcomes))
            })
            .collect();
        let drawn = by_segment((&treated.outcomes, &control.outcomes), of_all, &pairs, level);
        self.segments.iter().zip(drawn).collect()
    }

    /// A budget over segments by their customers, and in each over treatments by the chance that they return most.
    fn spend(&self, rows: &mut [Row], returns: &[(usize, Return)], budget: f64, all_customers: f64) {
        for segment in &self.segments {
            let here: Vec<&(usize, Return)> = returns
                .iter()
                .filter(|(row, _)| rows[*row].segment == *segment)
                .collect();
            let groups = self
                .treated
                .values()
                .chain([&self.control])
                .filter_map(|groups| groups.get(segment));
            let customers: f64 = groups.map(|group| group.outcomes.customers).sum();
            let shares = split(&here.iter().map(|given| given.1).collect::<Vec<Return>>());
            let kept = 1.0 - shares.iter().sum::<f64>();
            for ((at, given), share) in here.into_iter().zip(shares) {
                let row = &mut rows[*at];
                let share = share * customers / all_customers;
                let reached = share * budget / given.cost;
                row.share = Some(share);
                row.spend = Some(share * budget);
                row.expected_outcome = row.expected_outcome.map(|outcome| outcome * reached);
                row.outcome_lower = row.outcome_lower.map(|outcome| outcome * reached);
                row.outcome_upper = row.outcome_upper.map(|outcome| outcome * reached);
                row.reason += &format!("; reaches {reached:.0} customers");
                if kept > 0.005 {
                    row.reason += &format!(
                        "; {:.0} % of the money {}is kept: the probability that no treatment brings anything",
                        100.0 * kept,
                        if segment.is_some() { "of this segment " } else { "" }
                    );
                }
            }
        }
    }
}

/// The customers of a segment who were treated and who were not, if there are both.
fn pair<'a>(
    treated: &'a BTreeMap<Segment, Group>,
    control: &'a BTreeMap<Segment, Group>,
    segment: &Segment,
) -> Option<(&'a Group, &'a Group)> {
    let pair = treated.get(segment).zip(control.get(segment));
    pair.filter(|(treated, control)| treated.outcomes.customers > 0.0 && control.outcomes.customers > 0.0)
}

/// Why nothing can be said of a treatment.
fn cannot_compare(treated: &Outcomes, control: &Outcomes) -> Option<String> {
    for (outcomes, name) in [(treated, "the treatment"), (control, "the control")] {
        if outcomes.customers < 2.0 {
            return Some(format!(
                "{name} has {} customers with a known outcome: two are needed",
                outcomes.customers
            ));
        }
    }
    (treated.variance() + control.variance() <= 0.0).then(|| {
        format!(
            "all outcomes are alike, {} with the treatment and {} in the control: nothing is known of how they vary",
            treated.mean(),
            control.mean()
        )
    })
}

/// What a customer costs more than one of the control.
fn cost(treated: &Group, control: &Group) -> Option<f64> {
    let cost = treated.cost? / treated.outcomes.customers - control.cost.unwrap_or(0.0) / control.outcomes.customers;
    (cost.is_finite() && cost > 0.0).then_some(cost)
}

fn compared(treated: &Outcomes, control: &Outcomes, name: &str) -> String {
    match treated.squares {
        None => format!(
            "{:.3} % of {} customers against {:.3} % of {} of the control ({name})",
            100.0 * treated.mean(),
            treated.customers,
            100.0 * control.mean(),
            control.customers
        ),
        Some(_) => format!(
            "{:.4} per customer of {} against {:.4} of {} of the control ({name})",
            treated.mean(),
            treated.customers,
            control.mean(),
            control.customers
        ),
    }
}

/// Means that rest on few customers. Rates have an interval that holds then too.
fn few_carriers(treated: &Outcomes, control: &Outcomes) -> Option<String> {
    treated.squares?;
    let few = treated.carriers().min(control.carriers());
    let is_sure = |o: &Outcomes| o.variance() < o.mean() * o.mean();
    (few < FEW_CARRIERS && !(is_sure(treated) && is_sure(control)))
        .then(|| format!("outcomes rest on about {few:.0} customers who have much: the interval may be too narrow"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(customers: f64, sum: f64, squares: Option<f64>, cost: Option<f64>) -> Group {
        Group {
            outcomes: Outcomes {
                customers,
                sum,
                squares,
            },
            cost,
        }
    }

    #[test]
    fn costs_are_those_above_the_control() {
        let control = group(100.0, 1.0, None, Some(10.0));
        assert_eq!(cost(&group(50.0, 1.0, None, Some(30.0)), &control), Some(0.5));
        assert_eq!(cost(&group(50.0, 1.0, None, Some(5.0)), &control), None);
        assert_eq!(cost(&group(50.0, 1.0, None, None), &control), None);
    }

    #[test]
    fn what_cannot_be_compared_says_why() {
        let rate = |customers: f64| Outcomes {
            customers,
            sum: 0.0,
            squares: None,
        };
        assert!(
            cannot_compare(&rate(1.0), &rate(5.0))
                .unwrap()
                .starts_with("the treatment has 1 customers")
        );
        assert_eq!(cannot_compare(&rate(9.0), &rate(5.0)), None);
        let alike = Outcomes {
            customers: 4.0,
            sum: 8.0,
            squares: Some(16.0),
        };
        assert!(
            cannot_compare(&alike, &alike)
                .unwrap()
                .starts_with("all outcomes are alike, 2")
        );
    }
}
