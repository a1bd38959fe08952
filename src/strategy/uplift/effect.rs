//! The difference between customers who were treated and customers who were not.

use crate::statistics::{normal_quantile, shrinkage::Estimate, t_quantile_real};

/// Outcomes of customers who were treated alike.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Outcomes {
    /// Customers.
    pub customers: f64,
    /// Sum of their outcomes; successes, if each is 0 or 1.
    pub sum: f64,
    /// Sum of the squared outcomes; `None` if each is 0 or 1.
    pub squares: Option<f64>,
}

impl Outcomes {
    /// Mean outcome of a customer.
    pub fn mean(&self) -> f64 {
        self.sum / self.customers
    }

    /// Variance of an outcome. Of rates it is that of one more success and one more failure, so that none of few customers does
    /// not look certain (Agresti, Caffo 2000).
    pub fn variance(&self) -> f64 {
        match self.squares {
            None => {
                let rate = (self.sum + 1.0) / (self.customers + 2.0);
                rate * (1.0 - rate)
            }
            Some(squares) => {
                let centred = squares - self.sum * self.mean();
                // What rounding leaves of outcomes that are all alike is no variance.
                let centred = if centred > 1e-12 * squares { centred } else { 0.0 };
                centred / (self.customers - 1.0).max(1.0)
            }
        }
    }

    /// How many customers the outcome rests on: (sum of x)^2 / sum of x^2, for rates the rarer of successes and failures.
    pub fn carriers(&self) -> f64 {
        match self.squares {
            None => self.sum.min(self.customers - self.sum),
            Some(squares) if squares > 0.0 => self.sum * self.sum / squares,
            Some(_) => 0.0,
        }
    }

    pub(super) fn freedom(&self) -> f64 {
        match self.squares {
            None => f64::INFINITY,
            Some(_) => self.customers - 1.0,
        }
    }
}

/// A difference of means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// The difference, its variance and the degrees of freedom of that.
    pub estimate: Estimate,
    /// Share of the variance that is the control's, which all treatments are compared with.
    pub common: f64,
    /// Lower end of its interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// What a treatment changes: mean of those treated less mean of those not.
///
/// *Model*: independent customers. The interval of rates is Newcombe's, made of the score intervals of both rates, which holds with few
/// successes and never leaves -1 to 1; that of other outcomes is Welch's, whose variances may differ.
///
/// *References*: Newcombe 1998, Interval estimation for the difference between independent proportions (method 10);
/// Welch 1947, The generalization of "Student's" problem when several different population variances are involved.
pub fn effect(treated: &Outcomes, control: &Outcomes, level: f64) -> Effect {
    let (own, common) = (
        treated.variance() / treated.customers,
        control.variance() / control.customers,
    );
    let estimate = difference(treated, control, own, common);
    let gap = estimate.value;
    let (lower, upper) = match (treated.squares, control.squares) {
        (None, None) => {
            let (p, q) = (treated.mean(), control.mean());
            let ((l1, u1), (l2, u2)) = (score(treated, level), score(control, level));
            (gap - (p - l1).hypot(u2 - q), gap + (u1 - p).hypot(q - l2))
        }
        _ => {
            let width = t_quantile_real(level, estimate.freedom) * estimate.variance.sqrt();
            (gap - width, gap + width)
        }
    };
    let all = own + common;
    let common = if all > 0.0 { common / all } else { 0.0 };
    Effect {
        estimate,
        common,
        lower,
        upper,
    }
}

/// A difference whose parts have the variances that are given, with the degrees of freedom of Satterthwaite 1946.
pub(super) fn difference(treated: &Outcomes, control: &Outcomes, own: f64, common: f64) -> Estimate {
    let parts = own * own / treated.freedom() + common * common / control.freedom();
    let variance = own + common;
    Estimate {
        value: treated.mean() - control.mean(),
        variance,
        freedom: if parts > 0.0 {
            variance * variance / parts
        } else {
            f64::INFINITY
        },
    }
}

/// Wilson's interval of a rate.
fn score(outcomes: &Outcomes, level: f64) -> (f64, f64) {
    let (n, p, z) = (outcomes.customers, outcomes.mean(), normal_quantile(level));
    let centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(customers: f64, sum: f64) -> Outcomes {
        Outcomes {
            customers,
            sum,
            squares: None,
        }
    }

    #[test]
    fn rates_have_newcombes_interval() {
        // Newcombe 1998, table II, method 10: 56/70 - 48/80, 9/10 - 3/10, 10/10 - 0/20, at 95 %.
        for ((a, m), (b, n), lower, upper) in [
            ((56.0, 70.0), (48.0, 80.0), 0.0524, 0.3339),
            ((9.0, 10.0), (3.0, 10.0), 0.1705, 0.8090),
            ((10.0, 10.0), (0.0, 20.0), 0.6791, 1.0),
            ((0.0, 10.0), (0.0, 20.0), -0.1611, 0.2775),
        ] {
            let found = effect(&rate(m, a), &rate(n, b), 0.95);
            assert!(
                (found.lower - lower).abs() < 1e-4 && (found.upper - upper).abs() < 1e-4,
                "{found:?}"
            );
        }
    }

    #[test]
    fn means_have_welchs_interval() {
        // R: t.test(c(1, 2, 3, 6), c(2, 2, 3), conf.level = 0.9): 0.6667, df 3.5401.
        let of = |values: &[f64]| Outcomes {
            customers: values.len() as f64,
            sum: values.iter().sum(),
            squares: Some(values.iter().map(|v| v * v).sum()),
        };
        let found = effect(&of(&[1.0, 2.0, 3.0, 6.0]), &of(&[2.0, 2.0, 3.0]), 0.9);
        let (own, common) = (14.0 / 3.0 / 4.0, 1.0 / 3.0 / 3.0);
        let freedom = (own + common) * (own + common) / (own * own / 3.0 + common * common / 2.0);
        assert!((found.estimate.value - 2.0 / 3.0).abs() < 1e-12 && (found.estimate.freedom - freedom).abs() < 1e-9);
        assert!((found.common - common / (own + common)).abs() < 1e-12);
        let width = t_quantile_real(0.9, freedom) * (own + common).sqrt();
        assert!((found.upper - 2.0 / 3.0 - width).abs() < 1e-9);
    }

    #[test]
    fn few_carry_an_outcome_of_which_most_is_one() {
        let heavy = Outcomes {
            customers: 100.0,
            sum: 109.0,
            squares: Some(10_009.0),
        };
        assert!((heavy.carriers() - 1.187).abs() < 0.001);
        assert_eq!(rate(100.0, 98.0).carriers(), 2.0);
        assert!(rate(50.0, 0.0).variance() > 0.0);
    }
}
