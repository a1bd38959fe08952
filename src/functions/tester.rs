//! Calls functions as DuckDB would, on Arrow arrays: the border without a DuckDB process.

use arrow_array::ArrayRef;

use super::{
    aggregate::{Fold, Gather, Group},
    arguments::Arguments,
    guard::{Failure, guard},
    query::Query,
    scalar::PerChunk,
};

/// The columns of a chunk.
pub type Columns = Vec<ArrayRef>;

fn rows(columns: &Columns) -> usize {
    columns.first().map_or(0, |column| column.len())
}

fn text<T>(result: duckdb_neo::Result<T>) -> Result<T, String> {
    result.map_err(|error| error.message)
}

/// The answers of a scalar function to a chunk, or the error a user sees.
pub fn call<F: PerChunk>(query: &Query, columns: &Columns) -> Result<Vec<F::Answer>, String> {
    text(guard(F::ASKED, || {
        F::answer(query, Arguments::new(columns, rows(columns)))
    }))
}

/// The answer of an aggregate to one group, whose chunks reach one state each, which are merged from the last one on;
/// or the error a user sees.
pub fn gather<G: Gather>(query: &Query, chunks: &[Columns]) -> Result<G::Answer, String> {
    text(guard(G::ASKED, || {
        let mut merged = Group::<G>::default();
        for columns in chunks.iter().rev() {
            let mut group = Group::<G>::default();
            group.take_in(&mut Arguments::new(columns, rows(columns)))?;
            merged.merge(&group)?;
        }
        merged.answer(query)
    }))
}

/// The same of a streaming aggregate.
pub fn fold<F: Fold>(chunks: &[Columns]) -> Result<F::Answer, Failure> {
    let mut merged = F::default();
    for columns in chunks.iter().rev() {
        let mut state = F::default();
        let batch = F::read(&mut Arguments::new(columns, rows(columns)))?;
        // As two groups would have it.
        let (half, all) = (rows(columns) / 2, rows(columns));
        state.add(&batch, 0..half);
        state.add(&batch, half..all);
        merged.merge(&state);
    }
    Ok(merged.answer())
}
