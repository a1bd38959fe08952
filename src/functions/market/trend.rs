//! `__launch_trend(periods, values, period_end, ...)`: the scalar beneath the macro `launch_trend`.

use duckdb_neo::{
    AsDuckDB, DuckDBType,
    connection::Context,
    data_chunk::VectorCollection,
    enums::FunctionProperty,
    extension::Extension,
    scalar::{ScalarCallbacks, ScalarFunctionBuilder, ScalarInitCallbacks},
    signature::{FunctionParameter, FunctionParameterKind, SignatureBuilder},
    types::List,
    vector::{Unknown, Vector},
};
use rayon::prelude::*;

use crate::{
    error::Result,
    functions::{
        documentation::{Documentation, ParameterText, ReturnText},
        guard::{Failure, guard},
        settings::Settings,
        vectors,
    },
    market::trend::{Gap, Trend, TrendOptions, fill, forecast},
};

const NAME: &str = "launch_trend";

struct OfSeries;

/// One step of a forecast, or the one row that says why there is none.
#[derive(AsDuckDB)]
pub(super) struct Row {
    pub(super) step: Option<i32>,
    pub(super) yhat: Option<f64>,
    pub(super) yhat_lower: Option<f64>,
    pub(super) yhat_upper: Option<f64>,
    pub(super) status: String,
    pub(super) reason: String,
}

/// A series as SQL hands it over.
pub(super) struct Series {
    periods: Vec<Option<f64>>,
    values: Vec<Option<f64>>,
    end: i64,
    gap: Gap,
}

impl Series {
    /// Its values without gaps.
    pub(super) fn filled(&self) -> Result<Vec<f64>> {
        let known = self.periods.iter().zip(&self.values);
        let known = known.filter_map(|(p, v)| p.map(|p| (p as i64, *v)));
        let (periods, values): (Vec<i64>, Vec<Option<f64>>) = known.unzip();
        fill(&periods, &values, self.end, self.gap)
    }
}

/// Nine decimals, as prices have: forecasts of a series that has ended are no dust.
fn rounded(value: f64) -> f64 {
    if value.abs() < 1e6 {
        (value * 1e9).round() / 1e9
    } else {
        value
    }
}

/// The rows of a forecast or of its refusal.
pub(super) fn rows(trend: Result<Trend>) -> Vec<Row> {
    match trend {
        Ok(trend) => {
            let row = |(k, step): (usize, &[f64; 3])| Row {
                step: Some(k as i32 + 1),
                yhat: Some(rounded(step[0])),
                yhat_lower: Some(rounded(step[1])),
                yhat_upper: Some(rounded(step[2])),
                status: "ok".to_owned(),
                reason: trend.reason.clone(),
            };
            trend.steps.iter().enumerate().map(row).collect()
        }
        Err(error) => vec![Row {
            step: None,
            yhat: None,
            yhat_lower: None,
            yhat_upper: None,
            status: "refused".to_owned(),
            reason: error.to_string(),
        }],
    }
}

/// Series in arguments 0 to 3 (from `first` on): periods, values, end, whether they are means.
pub(super) fn series(
    vectors: &mut VectorCollection,
    first: usize,
    rows: usize,
) -> std::result::Result<Vec<Series>, Failure> {
    let periods = vectors::number_lists(vectors, first, rows)?;
    let values = vectors::number_lists(vectors, first + 1, rows)?;
    let ends = vectors::values::<i64, _>(vectors, first + 2, rows, |v| *v)?;
    let means = vectors::values::<bool, _>(vectors, first + 3, rows, |v| *v)?;
    let lists = periods.into_iter().zip(values).enumerate();
    let one = |(row, (periods, values)): (usize, (Option<Vec<_>>, Option<Vec<_>>))| Series {
        periods: periods.unwrap_or_default(),
        values: values.unwrap_or_default(),
        // Without an end there was no row to count from.
        end: ends[row].unwrap_or(i64::MIN),
        gap: if means[row] == Some(true) { Gap::Last } else { Gap::Zero },
    };
    Ok(lists.map(one).collect())
}

/// A row's options; an option that is not allowed ends the query.
fn options(
    vectors: &mut VectorCollection,
    rows: usize,
    series: &[Series],
) -> std::result::Result<Vec<TrendOptions>, Failure> {
    let horizons = vectors::values::<i64, _>(vectors, 4, rows, |v| *v)?;
    let seasons = vectors::values::<i64, _>(vectors, 5, rows, |v| *v)?;
    let methods = vectors::texts(vectors, 6, rows)?;
    let levels = vectors::values::<f64, _>(vectors, 7, rows, |v| *v)?;
    let required = |name: &str| Failure::new(format!("{name} must not be NULL"));
    let one = |row: usize| {
        Ok(TrendOptions::try_new(
            methods[row].as_deref().ok_or_else(|| required("method"))?,
            horizons[row].ok_or_else(|| required("horizon"))?,
            seasons[row].ok_or_else(|| required("season"))?,
            levels[row].ok_or_else(|| required("level"))?,
            series[row].gap == Gap::Last,
        )?)
    };
    (0..rows).map(one).collect()
}

impl ScalarCallbacks for OfSeries {
    type BindData = ();
    type InitData = Settings;

    fn exec(
        &self,
        _: Option<&()>,
        settings: Option<&mut Settings>,
        context: &Context,
        vectors: &mut VectorCollection,
        output: Vector<'_, Unknown>,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            let count = vectors.row_count()?;
            let series = series(vectors, 0, count)?;
            let options = options(vectors, count, &series)?;
            let one = |row: usize| rows(series[row].filled().and_then(|values| forecast(&values, &options[row])));
            let all = || (0..count).into_par_iter().map(one).collect::<Vec<Vec<Row>>>();
            let lists = match settings {
                Some(settings) => settings.install(all)?,
                None => Settings::of(context)?.install(all)?,
            };
            vectors::write_lists::<Row>(output, lists)
        })
    }
}

impl ScalarInitCallbacks for OfSeries {
    fn init(&self, _: Option<&()>, context: &Context) -> duckdb_neo::Result<Settings> {
        guard(NAME, || Settings::of(context))
    }
}

/// What the primitives of series have in common.
pub(super) const SERIES: [ParameterText<'static>; 4] = [
    ParameterText {
        name: "periods",
        sql_type: "DOUBLE[]",
        default: None,
        text: "numbers of the periods with a value, in order, each once",
    },
    ParameterText {
        name: "values",
        sql_type: "DOUBLE[]",
        default: None,
        text: "their values",
    },
    ParameterText {
        name: "period_end",
        sql_type: "BIGINT",
        default: None,
        text: "the first period to forecast; values from there on are not looked at",
    },
    ParameterText {
        name: "means",
        sql_type: "BOOLEAN",
        default: None,
        text: "whether values are means, such as prices: then a gap keeps the value before, else it is zero",
    },
];

/// Registers `__launch_trend`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let options = [
        ParameterText {
            name: "horizon",
            sql_type: "BIGINT",
            default: Some("13"),
            text: "periods to forecast, 1 to 520",
        },
        ParameterText {
            name: "season",
            sql_type: "BIGINT",
            default: Some("1"),
            text: "periods of a season, 1 for none",
        },
        ParameterText {
            name: "method",
            sql_type: "VARCHAR",
            default: Some("'auto'"),
            text: "as in launch_trend, but for lstm",
        },
        ParameterText {
            name: "level",
            sql_type: "DOUBLE",
            default: Some("0.8"),
            text: "probability of the interval",
        },
    ];
    let documentation = Documentation {
        description: "Forecasts one series from itself; launch_trend does so for a table.",
        parameters: &[&SERIES[..], &options[..]].concat(),
        returns: &[ReturnText {
            name: "",
            sql_type: "STRUCT[]",
            text: "one entry per step, or one that is refused",
        }],
        examples: &[
            "SELECT unnest(__launch_trend([1, 2, 4, 5, 6], [3, 4, 5, 4, 5], 7, false, horizon := 2), recursive := true)",
        ],
        category: "internal",
    };
    let named = |parameter: FunctionParameter| parameter.kind(FunctionParameterKind::Named);
    let signature = SignatureBuilder::new()
        .param(FunctionParameter::new::<List<f64>>("periods"))
        .param(FunctionParameter::new::<List<f64>>("values"))
        .param(FunctionParameter::new::<i64>("period_end"))
        .param(FunctionParameter::new::<bool>("means"))
        .param(named(FunctionParameter::with_default("horizon", 13_i64)))
        .param(named(FunctionParameter::with_default("season", 1_i64)))
        .param(named(FunctionParameter::with_default("method", "auto".to_owned())))
        .param(named(FunctionParameter::with_default("level", 0.8_f64)))
        .return_type(List::<Row>::logical_type(extension)?)
        .documentation(documentation.build());
    ScalarFunctionBuilder::new("__launch_trend", signature, OfSeries)
        .with_init()
        .set_property(FunctionProperty::HasSpecialNullHandling(true))
        .register(extension)
}
