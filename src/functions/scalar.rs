//! Scalar functions: the only implementation of DuckDB's callbacks, and what a function gives instead.

use std::marker::PhantomData;

use duckdb_neo::{
    bind_arguments::BindArguments,
    connection::Context,
    data_chunk::VectorCollection,
    enums::FunctionProperty,
    extension::Extension,
    scalar::{ScalarBindCallbacks, ScalarCallbacks, ScalarFunctionBuilder},
    vector::{Unknown, Vector},
};

use super::{
    answer::Answer,
    arguments::Arguments,
    function::Function,
    guard::{Failure, guard},
    query::Query,
    signature,
};

/// A scalar function: arguments of a chunk to one answer per row. NULLs reach it like any other value.
pub trait PerChunk: Function {
    /// The answers to all rows.
    ///
    /// # Errors
    /// What ends the query: wrong arguments.
    fn answer(query: &Query, arguments: Arguments) -> Result<Vec<Self::Answer>, Failure>;
}

struct Scalar<F>(PhantomData<F>);

impl<F: PerChunk> ScalarCallbacks for Scalar<F> {
    type BindData = Query;
    type InitData = ();

    fn exec(
        &self,
        query: Option<&Query>,
        _: Option<&mut ()>,
        _: &Context,
        vectors: &mut VectorCollection,
        mut output: Vector<'_, Unknown>,
    ) -> duckdb_neo::Result<()> {
        guard(F::ASKED, || {
            let query = query.ok_or_else(|| Failure::new("the query is not bound"))?;
            let arguments = Arguments::of(vectors, &|bytes| query.bytes(bytes))?;
            let answers = F::answer(query, arguments)?;
            output.set_size(answers.len())?;
            F::Answer::write(answers, output, 0)
        })
    }
}

impl<F: PerChunk> ScalarBindCallbacks for Scalar<F> {
    fn bind(&self, context: &Context, _: BindArguments<'_>) -> duckdb_neo::Result<Query> {
        guard(F::ASKED, || Query::of(F::NAME, context))
    }
}

/// Registers the function of a family.
///
/// # Errors
/// One of DuckDB.
pub fn register<F: PerChunk>(extension: &Extension, family: &str) -> duckdb_neo::Result<()> {
    let signature = signature::of_function::<F>(extension, family)?;
    ScalarFunctionBuilder::new(F::NAME, signature, Scalar::<F>(PhantomData))
        .with_bind()
        .set_property(FunctionProperty::HasSpecialNullHandling(true))
        .register(extension)
}
