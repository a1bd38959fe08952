//! The tables of a report, as its macros hand them over.

use crate::{
    functions::{arguments::TextColumns, prelude::*},
    report::{Options, Rows, Tables},
};

/// Products shown in full, at most.
const MOST_IN_FULL: i64 = 1_000;

/// The lines of the headers that page and charts share.
pub const SHARED: &[Shared] = &[(
    "@tables",
    "@param plan: ANY  a list of STRUCTs of texts: the rows of the plan
     @param forecast: ANY  the rows of a forecast; NULL for none, as all that follow
     @param total: ANY  the sum of all
     @param comparables: ANY  past launches
     @param timing: ANY  curves over dates
     @param pricing: ANY  curves over prices
     @param stock: ANY  orders
     @param channels: ANY  money by channel
     @param calendar: ANY  what is to be done
     @param audience: ANY  users by product and channel
     @param evaluation: ANY  how good the forecasts are
     @param review: ANY  plan against actuals
     @param doctor: ANY  findings in the data",
)];

/// All tables of all rows of a chunk.
pub struct Given(Vec<Vec<Option<TextColumns>>>);

const LABELS: [&str; 13] = [
    "plan",
    "forecast",
    "total",
    "comparables",
    "timing",
    "pricing",
    "stock",
    "channels",
    "calendar",
    "audience",
    "evaluation",
    "review",
    "doctor",
];

impl Given {
    /// The tables.
    ///
    /// # Errors
    /// An argument that is no list of structs of texts.
    pub fn read(arguments: &mut Arguments) -> Result<Self, Failure> {
        let tables = LABELS.iter().map(|_| arguments.text_tables());
        Ok(Self(tables.collect::<Result<_, _>>()?))
    }

    /// The tables of a row.
    pub fn row(&mut self, row: usize) -> Tables {
        let mut tables = self.0.iter_mut().zip(LABELS).map(|(rows, label)| {
            let columns = rows.get_mut(row).and_then(Option::take);
            columns.map(|columns| Rows::new(label, columns))
        });
        let mut next = || tables.next().flatten();
        Tables {
            plan: next().unwrap_or_else(|| Rows::new("plan", Vec::new())),
            forecast: next(),
            total: next(),
            comparables: next(),
            timing: next(),
            pricing: next(),
            stock: next(),
            channels: next(),
            calendar: next(),
            audience: next(),
            evaluation: next(),
            review: next(),
            doctor: next(),
        }
    }
}

/// The options of a row.
///
/// # Errors
/// One that is not allowed.
pub fn options(
    most: Option<i64>,
    key: Option<&String>,
    title: Option<String>,
    model: Option<String>,
) -> Result<Options, Failure> {
    let most = required(most, "top")?;
    if !(0..=MOST_IN_FULL).contains(&most) {
        return Err(Failure::new(format!(
            "top must be between 0 and {MOST_IN_FULL}, got {most}"
        )));
    }
    Ok(Options {
        title: title.filter(|title| !title.trim().is_empty()),
        full: usize::try_from(most)?,
        product_id: required(key.cloned(), "product_id")?,
        model,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}
