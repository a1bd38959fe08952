//! `__launch_cannibalization` and `__launch_cannibalization_pooled`: the scalars beneath `launch_cannibalization`.

use duckdb_neo::{
    AsDuckDB, DuckDBType,
    connection::Context,
    data_chunk::VectorCollection,
    enums::FunctionProperty,
    extension::Extension,
    scalar::{ScalarCallbacks, ScalarFunctionBuilder},
    signature::{FunctionParameter, SignatureBuilder},
    types::List,
    vector::{Unknown, Vector},
};

use crate::{
    error::{Error, Result},
    functions::{
        documentation::{Documentation, ParameterText, ReturnText},
        guard::{Failure, guard},
        vectors,
    },
    market::cannibalization::{Effect, Measured, pooled},
};

const NAME: &str = "launch_cannibalization";

#[derive(AsDuckDB)]
struct Row {
    change: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    units_change: Option<f64>,
    expected: Option<f64>,
    error: Option<f64>,
    reason: Option<String>,
}

fn rows(effect: Result<Effect>) -> std::result::Result<Vec<Row>, Failure> {
    let row = match effect {
        Ok(effect) => Row {
            change: Some(effect.change),
            lower: Some(effect.lower),
            upper: Some(effect.upper),
            units_change: Some(effect.units_change),
            expected: Some(effect.expected),
            error: Some(effect.error),
            reason: None,
        },
        Err(Error::Refused(reason)) => Row {
            change: None,
            lower: None,
            upper: None,
            units_change: None,
            expected: None,
            error: None,
            reason: Some(reason),
        },
        Err(error) => return Err(error.into()),
    };
    Ok(vec![row])
}

fn lists(vectors: &mut VectorCollection, index: usize, rows: usize) -> std::result::Result<Vec<Vec<f64>>, Failure> {
    let lists = vectors::number_lists(vectors, index, rows)?;
    // What is not known refuses the row, as NaN does.
    let plain = |list: Option<Vec<Option<f64>>>| -> Vec<f64> {
        list.into_iter()
            .flatten()
            .map(|number| number.unwrap_or(f64::NAN))
            .collect()
    };
    Ok(lists.into_iter().map(plain).collect())
}

fn numbers(vectors: &mut VectorCollection, index: usize, rows: usize) -> std::result::Result<Vec<f64>, Failure> {
    let values = vectors::values::<f64, _>(vectors, index, rows, |number| *number)?;
    Ok(values.into_iter().map(|number| number.unwrap_or(f64::NAN)).collect())
}

struct Measure;

impl ScalarCallbacks for Measure {
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
            let count = vectors.row_count()?;
            let affected = lists(vectors, 0, count)?;
            let control = lists(vectors, 1, count)?;
            let share = numbers(vectors, 2, count)?;
            let level = numbers(vectors, 3, count)?;
            let measured =
                (0..count).map(|row| rows(Effect::measure(&affected[row], &control[row], share[row], level[row])));
            vectors::write_lists::<Row>(output, measured.collect::<std::result::Result<_, _>>()?)
        })
    }
}

struct Pooled;

impl ScalarCallbacks for Pooled {
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
            let count = vectors.row_count()?;
            let columns = (0..7)
                .map(|index| lists(vectors, index, count))
                .collect::<std::result::Result<Vec<_>, _>>()?;
            let level = numbers(vectors, 7, count)?;
            let launches = |row: usize| -> Vec<Measured> {
                let length = columns.iter().map(|column| column[row].len()).min().unwrap_or(0);
                let launch = |i: usize| Measured {
                    start: columns[0][row][i] as i64,
                    after: columns[1][row][i] as i64,
                    blocks: columns[2][row][i] as i64,
                    gross: columns[3][row][i],
                    expected: columns[4][row][i],
                    units_change: columns[5][row][i],
                    error: columns[6][row][i],
                };
                (0..length).map(launch).collect()
            };
            let pools = (0..count).map(|row| rows(pooled(&launches(row), level[row])));
            vectors::write_lists::<Row>(output, pools.collect::<std::result::Result<_, _>>()?)
        })
    }
}

const LEVEL: ParameterText = number("level", "probability of the interval");

const fn number(name: &'static str, text: &'static str) -> ParameterText<'static> {
    ParameterText {
        name,
        sql_type: "DOUBLE",
        default: None,
        text,
    }
}

const fn list(name: &'static str, text: &'static str) -> ParameterText<'static> {
    ParameterText {
        name,
        sql_type: "DOUBLE[]",
        default: None,
        text,
    }
}

const RETURNS: ReturnText = ReturnText {
    name: "",
    sql_type: "STRUCT[]",
    text: "one entry: change, lower, upper, units_change, expected, error, or NULL and the reason",
};

/// Registers both.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let measure = Documentation {
        description: "The change of an affected product against a control; launch_cannibalization shows it as a table.",
        parameters: &[
            list(
                "affected",
                "units of the affected product by stretch of time, the last one after the launch",
            ),
            list("control", "units of the control in the same stretches"),
            number("share", "part of the change put down to this launch, 0 to 1"),
            LEVEL,
        ],
        returns: &[RETURNS],
        examples: &["SELECT __launch_cannibalization([110, 90, 100, 80], [200, 200, 200, 200], 1, 0.9)"],
        category: "internal",
    };
    let result = || List::<Row>::logical_type(extension);
    let signature = SignatureBuilder::new()
        .param(FunctionParameter::new::<List<f64>>("affected"))
        .param(FunctionParameter::new::<List<f64>>("control"))
        .param(FunctionParameter::new::<f64>("share"))
        .param(FunctionParameter::new::<f64>("level"))
        .return_type(result()?)
        .documentation(measure.build());
    ScalarFunctionBuilder::new("__launch_cannibalization", signature, Measure)
        .set_property(FunctionProperty::HasSpecialNullHandling(true))
        .register(extension)?;

    let pool = Documentation {
        description: "The effects of several launches together; launch_cannibalization shows it as a table.",
        parameters: &[
            list("starts", "number of the period of each launch"),
            list("after", "periods from each launch on"),
            list("blocks", "stretches of that length before each launch"),
            list("gross", "units of each launch"),
            list("expected", "units expected of the others without each launch"),
            list("units_change", "units sold less expected"),
            list("error", "standard error of the relative change"),
            LEVEL,
        ],
        returns: &[RETURNS],
        examples: &[
            "SELECT __launch_cannibalization_pooled([100, 120], [8, 8], [6, 6], [20, 30], [90, 110], [-9, -11], [0.1, 0.1], 0.9)",
        ],
        category: "internal",
    };
    let columns = [
        "starts",
        "after",
        "blocks",
        "gross",
        "expected",
        "units_change",
        "error",
    ];
    let signature = columns
        .into_iter()
        .fold(SignatureBuilder::new(), |signature, name| {
            signature.param(FunctionParameter::new::<List<f64>>(name))
        })
        .param(FunctionParameter::new::<f64>("level"))
        .return_type(result()?)
        .documentation(pool.build());
    ScalarFunctionBuilder::new("__launch_cannibalization_pooled", signature, Pooled)
        .set_property(FunctionProperty::HasSpecialNullHandling(true))
        .register(extension)
}
