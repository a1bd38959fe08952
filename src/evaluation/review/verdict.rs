//! What to do about a launch: the first rule that holds.

use crate::error::{Error, Result};

/// Where rules begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Units projected above this multiple of those ordered, or of those planned where no order is known, ask for a second order.
    pub reorder_above: f64,
    /// Demand below this multiple of the plan asks for a push.
    pub push_below: f64,
    /// Demand below this one for a lower price.
    pub mark_down_below: f64,
    /// Where even the upper end of demand is below this multiple of the plan, it is to stop.
    pub stop_below: f64,
    /// Steps before which nothing but waiting is advised.
    pub observe: i64,
}

impl Thresholds {
    /// Checks that the rules do not overlap.
    ///
    /// # Errors
    /// [`Error::Argument`] unless `0 <= stop_below <= mark_down_below <= push_below <= reorder_above`, and `observe` is 1 to 520.
    pub fn check(self) -> Result<Self> {
        let limits = [
            0.0,
            self.stop_below,
            self.mark_down_below,
            self.push_below,
            self.reorder_above,
            100.0,
        ];
        if !limits.windows(2).all(|pair| matches!(pair, [low, high] if low <= high)) {
            return Err(Error::argument(format!(
                "thresholds must be 0 <= stop_below <= mark_down_below <= push_below <= reorder_above <= 100, got {}, {}, {} and {}",
                self.stop_below, self.mark_down_below, self.push_below, self.reorder_above
            )));
        }
        match (1..=520).contains(&self.observe) {
            true => Ok(self),
            false => Err(Error::argument(format!(
                "observe must be between 1 and 520, got {}",
                self.observe
            ))),
        }
    }
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recommendation {
    /// Leave it as it is.
    Hold,
    /// Order more.
    Reorder,
    /// Tell more customers of it.
    Push,
    /// Lower the price.
    MarkDown,
    /// Give it up.
    Stop,
}

impl Recommendation {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Reorder => "reorder",
            Self::Push => "push",
            Self::MarkDown => "mark down",
            Self::Stop => "stop",
        }
    }
}

/// What to do, and the rule with its threshold.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// What to do.
    pub recommendation: Recommendation,
    /// Why.
    pub rule: String,
}

/// What rules look at, at the end of a period.
pub struct State {
    /// Steps since the launch planned.
    pub steps: i64,
    /// Whether it has been launched.
    pub launched: bool,
    /// Units planned over the horizon.
    pub planned: f64,
    /// Units ordered, where they are known: 0 is an order of nothing.
    pub ordered: Option<f64>,
    /// Units sold so far.
    pub sold: f64,
    /// Units projected over the horizon.
    pub projected: f64,
    /// Demand over plan: the middle, and the upper end of the interval.
    pub pace: (f64, f64),
    /// Whether it was out of stock for most of the period.
    pub out_of_stock: bool,
    /// Whether the horizon is over.
    pub last: bool,
}

impl State {
    /// The first rule that holds.
    pub fn verdict(&self, limits: &Thresholds) -> Verdict {
        let told = |recommendation, rule: String| Verdict { recommendation, rule };
        let (pace, upper) = self.pace;
        let (base, named) = match self.ordered {
            Some(units) => (units, "ordered"),
            None => (self.planned, "planned"),
        };
        let below = |recommendation, limit: f64, name: &str| {
            told(
                recommendation,
                format!("demand is {pace:.2} times the plan, below {limit} ({name})"),
            )
        };
        if !self.launched {
            return told(Recommendation::Hold, "it is not launched yet".to_owned());
        }
        if self.last {
            let rule = format!("the horizon is over: {:.0} units sold of {base:.0} {named}", self.sold);
            return told(Recommendation::Hold, rule);
        }
        if self.steps < limits.observe {
            let rule = format!(
                "step {} of the {} that are to be seen first (observe)",
                self.steps, limits.observe
            );
            return told(Recommendation::Hold, rule);
        }
        if upper < limits.stop_below {
            let rule = format!(
                "demand is at most {upper:.2} times the plan, below {} (stop_below)",
                limits.stop_below
            );
            return told(Recommendation::Stop, rule);
        }
        if self.projected > limits.reorder_above * base {
            let rule = if self.ordered.is_some_and(|units| units <= 0.0) {
                format!(
                    "{:.0} units projected, and nothing is ordered: order_units is 0",
                    self.projected
                )
            } else {
                format!(
                    "{:.0} units projected, above {} times the {base:.0} {named} (reorder_above)",
                    self.projected, limits.reorder_above
                )
            };
            return told(Recommendation::Reorder, rule);
        }
        if self.out_of_stock && pace >= limits.push_below {
            let rule = format!(
                "out of stock for most of the period, with {:.0} units to come",
                self.projected - self.sold
            );
            return told(Recommendation::Reorder, rule);
        }
        if pace < limits.mark_down_below {
            return below(Recommendation::MarkDown, limits.mark_down_below, "mark_down_below");
        }
        if pace < limits.push_below {
            return below(Recommendation::Push, limits.push_below, "push_below");
        }
        let rule = format!(
            "demand is {pace:.2} times the plan, not below {} (push_below); {:.0} units projected, not above {} times the {base:.0} {named} \
             (reorder_above)",
            limits.push_below, self.projected, limits.reorder_above
        );
        told(Recommendation::Hold, rule)
    }
}
