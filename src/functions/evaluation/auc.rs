//! `__launch_auc(label, probability)`: the area under the ROC curve; the macro `launch_auc` turns any label into a
//! boolean and calls it.

use duckdb_neo::{
    DuckDBType,
    aggregate::{AggregateCallbacks, AggregateFunctionBuilder, ReturnTypeHandle, States},
    bind_arguments::BindArguments,
    connection::Context,
    data_chunk::VectorCollection,
    enums::{AggregateFunctionProperty, FunctionProperty},
    extension::Extension,
    signature::{FunctionParameter, SignatureBuilder},
    vector::{Unknown, Vector},
};

use crate::{
    evaluation::auc::Scores,
    functions::{
        documentation::{Documentation, ParameterText, ReturnText},
        guard::guard,
    },
};

const NAME: &str = "__launch_auc";

struct Auc;

impl AggregateCallbacks for Auc {
    type BindData = ();
    type StateItem = Scores;

    fn bind(
        &self,
        _context: &Context,
        _arguments: BindArguments<'_>,
        _result_type: ReturnTypeHandle<'_>,
    ) -> duckdb_neo::Result<()> {
        Ok(())
    }

    fn init(&self, _bind_data: Option<&()>) -> Scores {
        Scores::default()
    }

    fn update(
        &self,
        _bind_data: Option<&()>,
        vectors: &mut VectorCollection,
        mut states: States<'_, Scores>,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            let labels = vectors.get_vector_at::<bool>(0)?.reader()?;
            let scores = vectors.get_vector_at::<f64>(1)?.reader()?;
            for (row, (label, score)) in labels.iter().zip(scores.iter()).enumerate() {
                if let (Some(label), Some(score)) = (label, score.filter(|score| !score.is_nan())) {
                    states[row].add(*label, *score);
                }
            }
            Ok(())
        })
    }

    fn combine(
        &self,
        _bind_data: Option<&()>,
        source: &States<'_, Scores>,
        mut target: States<'_, Scores>,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            for group in 0..target.len() {
                target[group].append(&source[group]);
            }
            Ok(())
        })
    }

    fn finalize(
        &self,
        _bind_data: Option<&()>,
        states: &[&Scores],
        result: Vector<'_, Unknown>,
        result_offset: usize,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            let mut result = result.cast::<f64>()?;
            let mut writer = result.writer()?;
            for (group, state) in states.iter().enumerate() {
                writer.set(result_offset + group, state.auc())?;
            }
            Ok(())
        })
    }
}

/// Registers `__launch_auc`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let documentation = Documentation {
        description: "Area under the ROC curve. See launch_auc.",
        parameters: &[
            ParameterText {
                name: "label",
                sql_type: "BOOLEAN",
                default: None,
                text: "what happened",
            },
            ParameterText {
                name: "probability",
                sql_type: "DOUBLE",
                default: None,
                text: "what was predicted",
            },
        ],
        returns: &[ReturnText {
            name: "",
            sql_type: "DOUBLE",
            text: "0 to 1; NULL unless both classes occur",
        }],
        examples: &["SELECT __launch_auc(price > 14, price) FROM sales"],
        category: "internal",
    };
    let signature = SignatureBuilder::new()
        .param(FunctionParameter::new::<bool>("label"))
        .param(FunctionParameter::new::<f64>("probability"))
        .return_type(f64::logical_type(extension)?)
        .documentation(documentation.build());
    AggregateFunctionBuilder::new(NAME, signature, Auc)
        .set_property(AggregateFunctionProperty::AggregateOrderDependent(false))
        .set_property(FunctionProperty::HasSpecialNullHandling(true))
        .register(extension)
}
