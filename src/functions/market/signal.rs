//! `__launch_signal(units, signal, first_day, frequency, max_lag)`: the scalar beneath the macro `launch_signal`.

use duckdb_neo::{
    AsDuckDB, DuckDBType,
    connection::Context,
    data_chunk::VectorCollection,
    enums::FunctionProperty,
    extension::Extension,
    scalar::{ScalarCallbacks, ScalarFunctionBuilder},
    signature::{FunctionParameter, SignatureBuilder},
    types::{DateValue, List},
    vector::{Unknown, Vector},
};

use crate::{
    error::Error,
    functions::{
        documentation::{Documentation, ParameterText, ReturnText},
        guard::{Failure, guard},
        vectors,
    },
    market::signal::{Lead, MAX_LAG, Pair, leads},
    panel::Frequency,
};

const NAME: &str = "launch_signal";

struct Signal;

#[derive(AsDuckDB)]
struct Answer {
    lag: Option<i64>,
    correlation: Option<f64>,
    gain: Option<f64>,
    status: String,
    reason: String,
}

impl ScalarCallbacks for Signal {
    type BindData = ();
    type InitData = ();

    fn exec(
        &self,
        _: Option<&()>,
        _: Option<&mut ()>,
        _: &Context,
        vectors: &mut VectorCollection,
        output: Vector<'_, Unknown>,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            let rows = vectors.row_count()?;
            let units = vectors::number_lists(vectors, 0, rows)?;
            let signals = vectors::number_lists(vectors, 1, rows)?;
            let days = vectors::days(vectors, 2, rows)?;
            let frequencies = vectors::texts(vectors, 3, rows)?;
            let lags = vectors::values::<i64, _>(vectors, 4, rows, |v| *v)?;
            let lists = (0..rows)
                .map(|row| {
                    let max_lag = lags[row].filter(|lag| (0..=MAX_LAG).contains(lag)).ok_or_else(|| {
                        let found = lags[row].map_or("NULL".to_owned(), |lag| lag.to_string());
                        Failure::new(format!("max_lag must be between 0 and {MAX_LAG}, got {found}"))
                    })?;
                    let pair = Pair {
                        frequency: Frequency::parse(frequencies[row].as_deref().unwrap_or("NULL"))?,
                        first_day: days[row].unwrap_or_default(),
                        units: units[row].as_deref().unwrap_or_default(),
                        signal: signals[row].as_deref().unwrap_or_default(),
                    };
                    answers(pair, max_lag as usize)
                })
                .collect::<Result<_, Failure>>()?;
            vectors::write_lists::<Answer>(output, lists)
        })
    }
}

fn answers(pair: Pair<'_>, max_lag: usize) -> Result<Vec<Answer>, Failure> {
    let leads = match leads(pair, max_lag) {
        Ok(leads) => leads,
        Err(Error::Refused(reason)) => {
            return Ok(vec![Answer {
                lag: None,
                correlation: None,
                gain: None,
                status: "refused".to_owned(),
                reason,
            }]);
        }
        Err(error) => return Err(error.into()),
    };
    let answer = |lead: Lead| Answer {
        lag: Some(lead.lag as i64),
        correlation: lead.correlation,
        gain: lead.gain,
        status: if lead.correlation.is_some() { "ok" } else { "refused" }.to_owned(),
        reason: lead.reason,
    };
    Ok(leads.into_iter().map(answer).collect())
}

/// Registers `__launch_signal`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let parameter = |name, sql_type, text| ParameterText {
        name,
        sql_type,
        default: None,
        text,
    };
    let documentation = Documentation {
        description: "Whether a signal runs ahead of sales; launch_signal takes both from tables.",
        parameters: &[
            parameter("units", "DOUBLE[]", "units by period, NULL before the first sale"),
            parameter(
                "signal",
                "DOUBLE[]",
                "the signal in the same periods, NULL where it is not known",
            ),
            parameter("first_day", "DATE", "a day of the first period"),
            parameter("frequency", "VARCHAR", "day, week or month"),
            parameter("max_lag", "BIGINT", "largest lag, 0 to 52"),
        ],
        returns: &[ReturnText {
            name: "",
            sql_type: "STRUCT[]",
            text: "one entry per lag, or one that holds why there is none",
        }],
        examples: &["SELECT __launch_signal([5.0], [1.0], DATE '2024-01-01', 'week', 8)"],
        category: "internal",
    };
    let signature = SignatureBuilder::new()
        .param(FunctionParameter::new::<List<f64>>("units"))
        .param(FunctionParameter::new::<List<f64>>("signal"))
        .param(FunctionParameter::new::<DateValue>("first_day"))
        .param(FunctionParameter::new::<String>("frequency"))
        .param(FunctionParameter::new::<i64>("max_lag"))
        .return_type(List::<Answer>::logical_type(extension)?)
        .documentation(documentation.build());
    ScalarFunctionBuilder::new("__launch_signal", signature, Signal)
        .set_property(FunctionProperty::HasSpecialNullHandling(true))
        .register(extension)
}
