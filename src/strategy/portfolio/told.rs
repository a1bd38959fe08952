//! Refusals in the words of those who gave the products.

use super::Refusal;
use crate::panel::format_date;

/// Products that are named, at most.
const NAMED: usize = 3;

impl Refusal {
    /// The refusal with products by name and dates as dates.
    pub fn told(&self, name: impl Fn(usize) -> String) -> String {
        let named = |products: &[usize]| {
            let names: Vec<String> = products.iter().take(NAMED).map(|&product| name(product)).collect();
            let more = if products.len() > NAMED { ", ..." } else { "" };
            format!("({}{more})", names.join(", "))
        };
        match self {
            Self::NoPlan(product) => format!("{} has no date and price that may be taken", name(*product)),
            Self::PerWeek {
                products,
                weeks,
                per_week,
            } => format!(
                "{} candidates {} must launch within {weeks} weeks, in which at most {} may, {per_week} a week: raise per_week, \
                 or give them more dates",
                products.len(),
                named(products),
                weeks * per_week
            ),
            Self::Apart {
                products,
                first,
                last,
                fit,
                apart,
                ..
            } => format!(
                "{} candidates of one category {} must launch between {} and {}, where at most {fit} of their dates are {apart} \
                 days apart: lower apart, or give them more dates",
                products.len(),
                named(products),
                format_date(*first),
                format_date(*last)
            ),
            other => other.to_string(),
        }
    }
}
