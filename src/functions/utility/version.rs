//! `launch_version()`: which build of the extension is loaded.

use duckdb_neo::{
    DuckDBType,
    connection::Context,
    data_chunk::VectorCollection,
    extension::Extension,
    scalar::{ScalarCallbacks, ScalarFunctionBuilder},
    signature::SignatureBuilder,
    vector::{Unknown, Vector},
};

use crate::functions::{
    documentation::{Documentation, ReturnText},
    guard::guard,
};

const NAME: &str = "launch_version";

struct Version;

impl ScalarCallbacks for Version {
    type BindData = ();
    type InitData = ();

    fn exec(
        &self,
        _bind_data: Option<&Self::BindData>,
        _init_data: Option<&mut Self::InitData>,
        _context: &Context,
        vectors: &mut VectorCollection,
        output: Vector<'_, Unknown>,
    ) -> duckdb_neo::Result<()> {
        guard(NAME, || {
            let rows = vectors.row_count()?;
            let mut output = output.cast::<String>()?;
            output.set_size(rows)?;
            let mut writer = output.writer()?;
            for row in 0..rows {
                writer.set(row, Some(env!("CARGO_PKG_VERSION")))?;
            }
            Ok(())
        })
    }
}

/// Registers `launch_version`.
pub fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    let documentation = Documentation {
        description: "The version of the loaded launchpad extension.",
        parameters: &[],
        returns: &[ReturnText {
            name: "",
            sql_type: "VARCHAR",
            text: "the version, such as 0.1.0",
        }],
        examples: &["SELECT launch_version()"],
        category: "utility",
    };
    let signature = SignatureBuilder::new()
        .return_type(String::logical_type(extension)?)
        .documentation(documentation.build());
    ScalarFunctionBuilder::new(NAME, signature, Version).register(extension)
}
