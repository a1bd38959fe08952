//! `launch_model_info(model)`: what is in a model.

use duckdb_neo::{
    DuckDBType,
    connection::Context,
    data_chunk::VectorCollection,
    extension::Extension,
    logical_type::LogicalType,
    scalar::{ScalarCallbacks, ScalarFunctionBuilder},
    signature::{FunctionParameter, SignatureBuilder},
    types::BlobValue,
    vector::{Unknown, Vector},
};

use super::MODEL;
use crate::{
    functions::{
        documentation::{Documentation, ReturnText},
        guard::{Failure, guard},
        vectors,
    },
    model,
};

const NAME: &str = "launch_model_info";

struct Info;

impl ScalarCallbacks for Info {
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
            let mut texts = Vec::with_capacity(count);
            vectors::blobs(vectors, 0, count, |_, bytes| {
                texts.push(bytes.map(describe).transpose()?);
                Ok(())
            })?;
            let mut output = output.cast::<String>()?;
            output.set_size(count)?;
            let mut writer = output.writer()?;
            for (row, text) in texts.iter().enumerate() {
                writer.set(row, text.as_deref())?;
            }
            Ok(())
        })
    }
}

/// The header of a model with its identity and size, as JSON with sorted keys.
fn describe(bytes: &[u8]) -> Result<String, Failure> {
    let (header, _) = model::open(bytes)?;
    let mut info = header.info;
    info.insert("kind".to_owned(), header.kind.into());
    info.insert("format".to_owned(), header.format.into());
    info.insert("model_id".to_owned(), model::model_id(bytes).into());
    info.insert("bytes".to_owned(), bytes.len().into());
    Ok(serde_json::to_string(&info)?)
}

/// Registers `launch_model_info`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let documentation = Documentation {
        description: "What is in a model, as JSON: kind, format, options, attributes with their learned weights, the \
                      launches it was trained on, and its accuracy on launches held out (validation) beside that of \
                      the category mean curve (naive). Reads the header alone, so it is fast on any model.",
        parameters: &[MODEL],
        returns: &[ReturnText {
            name: "",
            sql_type: "JSON",
            text: "an object with sorted keys; NULL of NULL",
        }],
        examples: &["SELECT launch_model_info(model)->>'architecture' FROM model"],
        category: "launch",
    };
    let signature = SignatureBuilder::new()
        .param(FunctionParameter::new::<BlobValue>("model"))
        .return_type(LogicalType::from_text(extension, "JSON").or_else(|_| String::logical_type(extension))?)
        .documentation(documentation.build());
    ScalarFunctionBuilder::new(NAME, signature, Info).register(extension)
}
