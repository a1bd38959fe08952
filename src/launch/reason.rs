//! What the reader of a table is told of a forecast.

/// What the model knows and the candidate does not have, if there is any.
pub fn lacking(unknown: &[&str]) -> Option<String> {
    (!unknown.is_empty()).then(|| format!("not known of the candidate: {}", unknown.join(", ")))
}

/// What a forecast rests on, with the weight of own sales and the attributes that are not known.
pub fn reason(rests_on: &str, own_weight: f64, unknown: &[&str]) -> String {
    let own = if own_weight > 0.0 {
        "; corrected by its own sales so far"
    } else {
        ""
    };
    let lacking = lacking(unknown).map_or_else(String::new, |text| format!("; {text}"));
    format!("{rests_on}{own}{lacking}")
}
