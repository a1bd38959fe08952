//! What the reader of a table is told of a forecast.

use crate::features::Unknown;

/// What a model does not know of a candidate.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lacking {
    /// Attributes and levels.
    pub unknown: Unknown,
    /// How much larger the errors of held-out launches with a new level were; none where there were none.
    pub larger: Option<f64>,
    /// How many years it is launched after all launches learned from, where these are many.
    pub late: Option<f64>,
    /// How many years it is launched before all of them.
    pub early: Option<f64>,
    /// Whether none of the launches learned from began near its time of the year.
    pub is_new_season: bool,
}

/// What the model knows and the candidate does not have, and what of the candidate the model does not know, if there is
/// any.
pub fn lacking(lacking: &Lacking) -> Option<String> {
    let unknown = &lacking.unknown;
    let told = |what: &str, names: &[String]| (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")));
    let parts = [
        told("not known of the candidate", &unknown.missing),
        told("no past launch had", &unknown.levels),
        told("far from all past launches", &unknown.far),
    ];
    let late =
        (lacking.late).map(|years| format!("launched {years:.0} years after all past launches: is its date right?"));
    let early =
        (lacking.early).map(|years| format!("launched {years:.0} years before all past launches: is its date right?"));
    let new_season = lacking.is_new_season.then(|| {
        "no past launch began within a month of this time of the year, so what sells then is a guess".to_owned()
    });
    let mut parts: Vec<String> = parts
        .into_iter()
        .flatten()
        .chain(late)
        .chain(early)
        .chain(new_season)
        .collect();
    if !unknown.levels.is_empty() {
        parts.push(match lacking.larger {
            Some(by) => format!(
                "errors of held-out launches with such a new level were {by:.2} times as large, and so is the interval"
            ),
            None => "no held-out launch had such a new level, so the interval is not wider for it".to_owned(),
        });
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What a forecast rests on, with the weight of own sales and the attributes that are not known.
pub fn reason(rests_on: &str, own_weight: f64, unknown: &Lacking) -> String {
    let own = if own_weight > 0.0 {
        "; corrected by its own sales so far"
    } else {
        ""
    };
    let lacking = lacking(unknown).map_or_else(String::new, |text| format!("; {text}"));
    format!("{rests_on}{own}{lacking}")
}
