//! What forecasts are explained against: the category mean curve, and a few past launches to compare attributes with.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float64Array, ListArray, RecordBatch, RecordBatchOptions, StringArray, UInt32Array, types::Float64Type,
};
use arrow_schema::{Field, Schema};
use arrow_select::{concat::concat, take::take};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::features::{AttributeEncoder, embedding::vectors, find_column, numbers};
use crate::forecast::Forecaster;
use crate::launch::{FittedNaive, Naive};
use crate::panel::{Candidates, FIRST_DAY, LaunchPanel, SeriesName, last_day};
use crate::statistics::spread_evenly;

/// Past launches kept to stand in for what is taken away from a candidate.
pub const MAX_TYPICAL: usize = 16;
const YEAR: f64 = 365.25;

/// The category mean curve, and past launches spread evenly over time with their attributes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    pub(super) curve: FittedNaive,
    launch_days: Vec<i32>,
    /// Name and values of each attribute.
    columns: Vec<(String, Column)>,
}

/// The values of an attribute; booleans are numbers 0 and 1, dates years.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Column {
    Number(Vec<Option<f64>>),
    Text(Vec<Option<String>>),
    Vector(Vec<Option<Vec<f64>>>),
}

impl Column {
    fn of(array: &ArrayRef) -> Option<Self> {
        let texts = || array.as_any().downcast_ref::<StringArray>();
        if let Some(vectors) = vectors(array) {
            return Some(Self::Vector(vectors));
        }
        match numbers(array) {
            Some(values) => Some(Self::Number(values)),
            None => Some(Self::Text(texts()?.iter().map(|t| t.map(str::to_owned)).collect())),
        }
    }

    fn array(&self) -> ArrayRef {
        match self {
            Self::Number(v) => Arc::new(Float64Array::from(v.clone())),
            Self::Text(v) => Arc::new(StringArray::from(v.clone())),
            Self::Vector(v) => {
                let rows = v
                    .iter()
                    .map(|v| Some(v.as_ref()?.iter().map(|v| Some(*v)).collect::<Vec<_>>()));
                Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(rows))
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Number(v) => v.len(),
            Self::Text(v) => v.len(),
            Self::Vector(v) => v.len(),
        }
    }

    /// The same column of candidates, NULL where it is absent or of another kind, as models take it.
    fn of_candidates(&self, candidates: &RecordBatch, name: &str) -> ArrayRef {
        let found = find_column(candidates, name).and_then(Self::of);
        match (self, found) {
            (Self::Number(_), Some(column @ Self::Number(_)))
            | (Self::Text(_), Some(column @ Self::Text(_)))
            | (Self::Vector(_), Some(column @ Self::Vector(_))) => column.array(),
            (Self::Vector(_), _) => Self::Vector(vec![None; candidates.num_rows()]).array(),
            (Self::Number(_), _) => Self::Number(vec![None; candidates.num_rows()]).array(),
            (Self::Text(_), _) => Self::Text(vec![None; candidates.num_rows()]).array(),
        }
    }
}

/// What a candidate keeps of its own; all else is taken from a typical launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// An attribute, by its number among [`Baseline::names`].
    Attribute(usize),
    /// The time of the year it is launched.
    Season,
    /// The year it is launched.
    Year,
}

/// A candidate of which some inputs are those of a typical launch.
#[derive(Debug, Clone)]
pub struct Mixed {
    /// Number of the candidate.
    pub candidate: usize,
    /// Number of the typical launch.
    pub typical: usize,
    /// What is the candidate's own.
    pub own: Vec<Input>,
}

impl Baseline {
    /// Fit the curve, and choose the launches.
    ///
    /// # Errors
    /// As [`LaunchPanel::select`].
    pub fn fit(panel: &LaunchPanel) -> Result<Self> {
        let mut order: Vec<usize> = (0..panel.len()).collect();
        order.sort_by_key(|&i| (panel.launch_days()[i], i));
        let typical = panel.select(&spread_evenly(&order, MAX_TYPICAL))?;
        let known = AttributeEncoder::fit_to(panel.attributes(), &panel.levels());
        let columns = known.columns.iter().filter_map(|(name, _)| {
            let column = Column::of(find_column(typical.attributes(), name)?)?;
            Some((name.clone(), column))
        });
        Ok(Self {
            curve: Naive.fit(panel)?,
            launch_days: typical.launch_days().to_vec(),
            columns: columns.collect(),
        })
    }

    /// Number of typical launches.
    pub fn typical(&self) -> usize {
        self.launch_days.len()
    }

    /// Names of the attributes.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// Mixtures of candidates and typical launches, as candidates without sales.
    ///
    /// # Errors
    /// Those of arrow.
    pub fn mix(&self, candidates: &Candidates, rows: &[Mixed]) -> Result<Candidates> {
        let own = candidates.len() as u32;
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        for (k, (name, column)) in self.columns.iter().enumerate() {
            let both = concat(&[
                column.of_candidates(&candidates.attributes, name).as_ref(),
                column.array().as_ref(),
            ])?;
            let index = |row: &Mixed| match row.own.contains(&Input::Attribute(k)) {
                true => row.candidate as u32,
                false => own + row.typical as u32,
            };
            let array = take(&both, &UInt32Array::from_iter_values(rows.iter().map(index)), None)?;
            fields.push(Field::new(name, array.data_type().clone(), true));
            arrays.push(array);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let attributes = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)?;
        let day = |row: &Mixed| {
            let (own, typical) = (candidates.launch_days[row.candidate], self.launch_days[row.typical]);
            match (row.own.contains(&Input::Season), row.own.contains(&Input::Year)) {
                (true, true) => own,
                (false, true) => in_season_of(own, typical),
                (true, false) => in_season_of(typical, own),
                (false, false) => typical,
            }
        };
        // A series stays where its summary among the attributes does; a typical launch has none.
        let own: Vec<usize> = rows.iter().map(|row| row.candidate).collect();
        let summary = |series: &SeriesName| self.columns.iter().position(|(name, _)| series.is_summary(name));
        let stays = |row: usize, series: &SeriesName| match summary(series) {
            Some(k) => rows[row].own.contains(&Input::Attribute(k)),
            // Its summary is the same for all launches: it goes with the launch date.
            None => rows[row].own.contains(&Input::Season),
        };
        Ok(Candidates {
            launch_days: rows.iter().map(day).collect(),
            attributes,
            own: Vec::new(),
            own_at_least: Vec::new(),
            covariates: candidates.covariates.select(&own).only(stays),
        })
    }

    /// Whether it is what [`Baseline::fit`] makes; asked of models that were read from bytes.
    pub fn is_valid(&self, horizon: usize) -> bool {
        let n = self.typical();
        let finite = |column: &Column| match column {
            Column::Number(v) => v.iter().flatten().all(|v| v.is_finite()),
            Column::Text(_) => true,
            Column::Vector(v) => v.iter().flatten().flatten().all(|v| v.is_finite()),
        };
        self.curve.is_valid(horizon)
            && (1..=MAX_TYPICAL).contains(&n)
            && self.launch_days.iter().all(|d| (FIRST_DAY..=last_day()).contains(d))
            && self.columns.iter().all(|(_, c)| c.len() == n && finite(c))
    }
}

/// The day nearest to `day` that lies in the same season as `like`.
fn in_season_of(day: i32, like: i32) -> i32 {
    let ahead = f64::from(like - day).rem_euclid(YEAR);
    let shift = if ahead > YEAR / 2.0 { ahead - YEAR } else { ahead };
    (day + shift.round() as i32).clamp(FIRST_DAY, last_day())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::tests::planted_panel;

    #[test]
    fn the_nearest_day_of_a_season() {
        // 2024-03-01, 2020-05-01, 2030-12-01
        for (day, like, expected) in [
            (19_783, 18_383, 19_844),
            (18_383, 19_783, 18_322),
            (19_783, 22_249, 19_692),
        ] {
            assert!((in_season_of(day, like) - expected).abs() <= 1, "{day} {like}");
        }
    }

    #[test]
    fn a_mixture_takes_each_input_from_one_of_the_two() {
        let panel = planted_panel(100, 4, 1);
        let baseline = Baseline::fit(&panel).unwrap();
        assert_eq!(baseline.typical(), MAX_TYPICAL);
        assert_eq!(baseline.names().collect::<Vec<_>>(), ["price", "category"]);
        // A price that is no number is none.
        let odd = RecordBatch::try_from_iter([
            ("PRICE", Arc::new(StringArray::from(vec!["dear"])) as ArrayRef),
            ("category", Arc::new(StringArray::from(vec!["new"])) as ArrayRef),
        ])
        .unwrap();
        let candidates = Candidates::new(vec![19_783], odd);
        let row = |own: &[Input]| Mixed {
            candidate: 0,
            typical: 2,
            own: own.to_vec(),
        };
        let all = [Input::Attribute(0), Input::Attribute(1), Input::Season, Input::Year];
        let mixed = baseline
            .mix(
                &candidates,
                &[row(&all), row(&[]), row(&all[..1]), row(&all[1..2]), row(&all[3..])],
            )
            .unwrap();
        let prices = numbers(mixed.attributes.column(0)).unwrap();
        let typical = match &baseline.columns[0].1 {
            Column::Number(v) => v[2],
            Column::Text(_) | Column::Vector(_) => None,
        };
        assert_eq!(prices, [None, typical, None, typical, typical]);
        let categories = mixed
            .attributes
            .column(1)
            .as_any()
            .downcast_ref::<StringArray>()
            .unwrap();
        let categories: Vec<bool> = categories.iter().map(|c| c == Some("new")).collect();
        assert_eq!(categories, [true, false, false, true, false]);
        let typical = baseline.launch_days[2];
        assert_eq!(mixed.launch_days[..4], [19_783, typical, typical, typical]);
        assert!((mixed.launch_days[4] - 19_783).abs() <= 183 && mixed.launch_days[4] != 19_783);
    }

    #[test]
    fn launches_that_do_not_fit_are_noticed() {
        let baseline = Baseline::fit(&planted_panel(40, 4, 1)).unwrap();
        assert!(baseline.is_valid(4) && !baseline.is_valid(5));
        let broken = |change: &dyn Fn(&mut Baseline)| {
            let mut forged = baseline.clone();
            change(&mut forged);
            !forged.is_valid(4)
        };
        assert!(broken(&|b| b.launch_days[3] = i32::MAX));
        assert!(broken(&|b| b.launch_days.clear()));
        assert!(broken(&|b| b.launch_days.push(19_000)));
        assert!(broken(&|b| b.columns[1].1 = Column::Text(vec![None; 3])));
        assert!(broken(
            &|b| b.columns[0].1 = Column::Number(vec![Some(f64::NAN); MAX_TYPICAL])
        ));
    }
}
