//! What the sales say of the launch and its periods.

use super::{Day, Launch, Period, curve::Curve};

/// Units that a launch should have sold before its first sale, from which on the first sale is taken for the launch: none would be
/// sold by chance once in twenty.
const SHOULD: f64 = 3.0;
/// Share of a period on sale below which its units say too little of its demand.
pub const LITTLE: f64 = 0.25;

/// What was seen in a period.
#[derive(Debug, Clone, Default)]
pub struct Actual {
    /// Units sold; none where they are not known.
    pub units: Option<f64>,
    /// The mean price paid.
    pub price: Option<f64>,
    /// Share of it, from the launch on, in which it was on sale; none where availability is not known.
    pub share: Option<f64>,
    /// Whether it sold though it was not on sale at any time: the units are a lower bound.
    pub bound: bool,
}

/// The launch date, whether it has been launched by then, and what to tell of it. What has not been launched is taken to be so after
/// the last period that is over.
pub fn launched(launch: &Launch, curve: &Curve) -> (i32, bool, String) {
    let mut over = launch.periods.iter().filter(|period| period.over);
    let last = over.next_back().map_or(i32::MIN, |period| period.end);
    let first_sale = launch
        .days
        .iter()
        .find(|day| day.units.is_some_and(|units| units > 0.0) && day.day < last)
        .map(|day| match launch.stamped {
            true => launch
                .period_of(day.day)
                .map_or(day.day, |period| period.start.max(day.day.min(launch.planned_day))),
            false => day.day,
        });
    let assumed = launch.known_day.unwrap_or(launch.planned_day);
    let Some(sold) = first_sale else {
        let should = curve.until(f64::from(last.saturating_sub(assumed)).max(0.0));
        return match last == i32::MIN || should < SHOULD {
            true => (assumed, assumed < last, String::new()),
            false => (
                last,
                false,
                "; nothing was sold, so it counts as not launched yet".to_owned(),
            ),
        };
    };
    let same_period = launch.stamped && launch.same_period(sold, assumed);
    let waited = curve.until(f64::from(sold.saturating_sub(assumed)).max(0.0));
    if waited >= SHOULD && !same_period {
        let told = format!("; launched with its first sale, {}", days(sold - launch.planned_day));
        return (sold, true, told);
    }
    if launch.known_day.is_none() && sold < assumed && !same_period {
        return (
            sold,
            true,
            format!("; launched with its first sale, {}", days(sold - assumed)),
        );
    }
    match assumed == launch.planned_day {
        true => (assumed, true, String::new()),
        false => (
            assumed,
            true,
            format!("; launched {}", days(assumed - launch.planned_day)),
        ),
    }
}

fn days(later: i32) -> String {
    let count = later.abs();
    let day = if count == 1 { "day" } else { "days" };
    match later {
        0 => "on time".to_owned(),
        1.. => format!("{count} {day} late"),
        _ => format!("{count} {day} early"),
    }
}

impl Launch {
    fn period_of(&self, day: i32) -> Option<&Period> {
        self.periods
            .iter()
            .find(|period| (period.start..period.end).contains(&day))
    }

    fn same_period(&self, one: i32, other: i32) -> bool {
        self.periods
            .iter()
            .any(|period| (period.start..period.end).contains(&one) && (period.start..period.end).contains(&other))
    }
}

/// What was seen in each period of a launch that began on a day.
pub fn actuals(launch: &Launch, began: i32) -> Vec<Actual> {
    launch
        .periods
        .iter()
        .map(|period| actual(launch, period, began))
        .collect()
}

fn actual(launch: &Launch, period: &Period, began: i32) -> Actual {
    let within = |day: i32| (period.start..period.end).contains(&day);
    let rows: Vec<&Day> = launch.days.iter().filter(|day| within(day.day)).collect();
    let known: Vec<&&Day> = rows.iter().filter(|day| day.units.is_some()).collect();
    // Where there are no rows, nothing was sold.
    let unknown = known.is_empty() && !rows.is_empty();
    let units: f64 = known.iter().filter_map(|day| day.units).sum();
    let from = began.max(period.start);
    let length = if launch.stamped {
        1.0
    } else {
        f64::from(period.end - from).max(1.0)
    };
    let told: Vec<f64> = launch
        .stock
        .iter()
        .filter(|(day, _)| within(*day) && (launch.stamped || *day >= from))
        .map(|(_, share)| *share)
        .collect();
    let share = if !told.is_empty() {
        Some(told.iter().sum::<f64>() / told.len() as f64)
    } else if launch.stock_known && from < period.end {
        // Days without a row are taken to be on sale.
        let counted = rows.iter().filter(|day| launch.stamped || day.day >= from);
        let off: f64 = counted
            .map(|day| match day.units {
                None => 1.0,
                Some(_) => 1.0 - day.share.unwrap_or(1.0),
            })
            .sum();
        Some((1.0 - off / length).clamp(0.0, 1.0))
    } else {
        None
    };
    let units = units.max(0.0);
    Actual {
        // Without stock nothing can be sold: that is known. Of a part of a period nothing is to be concluded.
        units: (period.over && (!unknown || share.is_some_and(|share| share <= 0.0 && !told.is_empty())))
            .then_some(units),
        price: price(&known),
        bound: share.is_some_and(|share| share <= 0.0) && units > 0.0,
        share,
    }
}

/// The mean price by units sold, or the plain one where nothing was sold.
fn price(days: &[&&Day]) -> Option<f64> {
    let priced = || days.iter().filter_map(|day| Some((day.price?, day.units?.max(0.0))));
    let units: f64 = priced().map(|(_, units)| units).sum();
    match units > 0.0 {
        true => Some(priced().map(|(price, units)| price * units).sum::<f64>() / units),
        false => {
            let count = priced().count();
            (count > 0).then(|| priced().map(|(price, _)| price).sum::<f64>() / count as f64)
        }
    }
}
