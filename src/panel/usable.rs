//! What a candidate must say to be forecast.

use arrow_array::{Array, Date32Array, Float64Array, RecordBatch};

use super::{FIRST_DAY, format_date, last_day};
use crate::features::is_infinite;

/// Why a candidate cannot be forecast, if it cannot: its own units so far by step, its launch date in days since
/// 1970-01-01, and its row of the attributes.
pub fn unusable(units: &[Option<f64>], day: Option<i32>, attributes: &RecordBatch, row: usize) -> Option<String> {
    if let Some(bad) = units.iter().flatten().find(|u| !(u.is_finite() && **u >= 0.0)) {
        return Some(format!("units must be finite and not negative, got {bad}"));
    }
    let Some(day) = day else {
        return Some("launch_date is NULL or not there: give the date to forecast from, or name its column".to_owned());
    };
    if !(FIRST_DAY..=last_day()).contains(&day) {
        let (first, last) = (format_date(FIRST_DAY), format_date(last_day()));
        return Some(format!(
            "launch_date must be between {first} and {last}, got {}",
            format_date(day)
        ));
    }
    let schema = attributes.schema();
    let mut columns = schema.fields().iter().zip(attributes.columns());
    columns.find_map(|(field, column)| {
        let name = field.name();
        if let Some(days) = column.as_any().downcast_ref::<Date32Array>() {
            let infinite = days.is_valid(row) && is_infinite(days.value(row));
            return infinite.then(|| format!("{name} is an infinite date: give a finite one or NULL"));
        }
        let numbers = column.as_any().downcast_ref::<Float64Array>()?;
        let infinite = numbers.is_valid(row) && !numbers.value(row).is_finite();
        infinite.then(|| format!("{name} is {}: give a finite number or NULL", numbers.value(row)))
    })
}
