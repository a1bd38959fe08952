//! Aggregates: the only implementation of DuckDB's callbacks, and what a function gives instead.
//!
//! [`Gather`] is for functions that need all rows of a group at once, [`Fold`] for those that a small state is enough
//! for.

use std::{marker::PhantomData, ops::Range, sync::Arc};

use arrow_buffer::Buffer;
use duckdb_neo::{
    aggregate::{AggregateCallbacks, AggregateFunctionBuilder, ReturnTypeHandle, States},
    bind_arguments::BindArguments,
    connection::Context,
    data_chunk::VectorCollection,
    enums::{AggregateFunctionProperty, FunctionProperty},
    extension::Extension,
    vector::{Unknown, Vector},
};

use super::{
    answer::Answer,
    arguments::{Arguments, Known},
    function::Function,
    guard::{Failure, guard},
    query::Query,
    signature,
};

/// An aggregate that keeps the rows of a group. Threads and partitions change their order: an answer must not depend
/// on it.
pub trait Gather: Function {
    /// The rows of one vector, shared by all groups that have rows in it.
    type Batch: Send + Sync;
    /// The options, which must be the same in all rows of a group. They are read at run time, so that a prepared
    /// statement may leave them open and each group may have its own.
    type Options: Clone + PartialEq + Send + Sync;

    /// The answer to no rows.
    ///
    /// # Errors
    /// As [`Gather::answer`].
    fn nothing() -> Result<Self::Answer, Failure> {
        Ok(Self::Answer::default())
    }

    /// Checks options that are known when a query is bound.
    ///
    /// # Errors
    /// What ends the query: an option that is not allowed.
    fn check(_: &Known<'_>) -> Result<(), Failure> {
        Ok(())
    }

    /// The rows of a vector, and the options of each of them.
    ///
    /// # Errors
    /// What ends the query: wrong arguments.
    fn read(arguments: &mut Arguments) -> Result<(Self::Batch, Vec<Self::Options>), Failure>;

    /// The answer to a group.
    ///
    /// # Errors
    /// What ends the query: wrong arguments.
    fn answer(query: &Query, rows: &Rows<Self::Batch>, options: &Self::Options) -> Result<Self::Answer, Failure>;
}

/// The rows of a group: those of each batch, in any order.
pub struct Rows<B>(Vec<(Arc<B>, Vec<u32>)>);

impl<B> Rows<B> {
    /// Each batch with the numbers of its rows that belong to the group.
    pub fn batches(&self) -> impl Iterator<Item = (&B, &[u32])> {
        self.0.iter().map(|(batch, rows)| (&**batch, rows.as_slice()))
    }
}

impl<B> Rows<Vec<B>> {
    /// All rows.
    pub fn iter(&self) -> impl Iterator<Item = &B> {
        self.batches()
            .flat_map(|(batch, rows)| rows.iter().map(move |&row| &batch[row as usize]))
    }
}

/// A group of a [`Gather`].
pub(super) struct Group<G: Gather> {
    options: Option<G::Options>,
    rows: Rows<G::Batch>,
}

impl<G: Gather> Default for Group<G> {
    fn default() -> Self {
        Self {
            options: None,
            rows: Rows(Vec::new()),
        }
    }
}

impl<G: Gather> Group<G> {
    fn options(&mut self, options: &G::Options) -> Result<(), Failure> {
        match &self.options {
            Some(known) if known != options => Err(Failure::new("the options must be the same in all rows of a group")),
            Some(_) => Ok(()),
            None => {
                self.options = Some(options.clone());
                Ok(())
            }
        }
    }

    fn add(&mut self, batch: &Arc<G::Batch>, row: usize, options: &G::Options) -> Result<(), Failure> {
        self.options(options)?;
        match self.rows.0.last_mut() {
            Some((last, rows)) if Arc::ptr_eq(last, batch) => rows.push(row as u32),
            _ => self.rows.0.push((batch.clone(), vec![row as u32])),
        }
        Ok(())
    }

    /// Takes in all rows of a chunk.
    #[cfg(test)]
    pub(super) fn take_in(&mut self, arguments: &mut Arguments) -> Result<(), Failure> {
        let (batch, options) = G::read(arguments)?;
        let batch = Arc::new(batch);
        let mut each = options.iter().enumerate();
        each.try_for_each(|(row, options)| self.add(&batch, row, options))
    }

    pub(super) fn merge(&mut self, other: &Self) -> Result<(), Failure> {
        if let Some(options) = &other.options {
            self.options(options)?;
        }
        self.rows.0.extend(other.rows.0.iter().cloned());
        Ok(())
    }

    pub(super) fn answer(&self, query: &Query) -> Result<G::Answer, Failure> {
        let answer = |options| G::answer(query, &self.rows, options);
        self.options.as_ref().map_or_else(G::nothing, answer)
    }
}

struct Gathering<G>(PhantomData<G>);

impl<G: Gather> AggregateCallbacks for Gathering<G> {
    type BindData = Query;
    type StateItem = Group<G>;

    fn bind(
        &self,
        context: &Context,
        arguments: BindArguments<'_>,
        _: ReturnTypeHandle<'_>,
    ) -> duckdb_neo::Result<Query> {
        guard(G::ASKED, || {
            G::check(&Known(&arguments))?;
            Query::of(G::NAME, context)
        })
    }

    fn init(&self, _: Option<&Query>) -> Group<G> {
        Group::default()
    }

    fn update(
        &self,
        _: Option<&Query>,
        vectors: &mut VectorCollection,
        mut states: States<'_, Group<G>>,
    ) -> duckdb_neo::Result<()> {
        guard(G::ASKED, || {
            if states.is_empty() {
                return Ok(());
            }
            let (batch, options) = G::read(&mut Arguments::of(vectors, &|bytes| Buffer::from(bytes))?)?;
            let batch = Arc::new(batch);
            let mut each = options.iter().enumerate();
            each.try_for_each(|(row, options)| states[row].add(&batch, row, options))
        })
    }

    fn combine(
        &self,
        _: Option<&Query>,
        source: &States<'_, Group<G>>,
        mut target: States<'_, Group<G>>,
    ) -> duckdb_neo::Result<()> {
        guard(G::ASKED, || {
            (0..target.len()).try_for_each(|i| target[i].merge(&source[i]))
        })
    }

    fn finalize(
        &self,
        query: Option<&Query>,
        states: &[&Group<G>],
        result: Vector<'_, Unknown>,
        offset: usize,
    ) -> duckdb_neo::Result<()> {
        guard(G::ASKED, || {
            let query = query.ok_or_else(|| Failure::new("the query is not bound"))?;
            let answers = states.iter().map(|group| group.answer(query));
            G::Answer::write(answers.collect::<Result<_, _>>()?, result, offset)
        })
    }
}

/// An aggregate whose state is small, which the implementing type is. It starts as the default.
pub trait Fold: Function + Default {
    /// The rows of one vector.
    type Batch;

    /// The rows of a vector.
    ///
    /// # Errors
    /// What ends the query: wrong arguments.
    fn read(arguments: &mut Arguments) -> Result<Self::Batch, Failure>;

    /// Takes in rows of a batch that follow each other: all of it without groups, often one by one with them.
    fn add(&mut self, batch: &Self::Batch, rows: Range<usize>);

    /// Takes in the rows of another state.
    fn merge(&mut self, other: &Self);

    /// The answer to a group.
    fn answer(&self) -> Self::Answer;
}

struct Folding<F>(PhantomData<F>);

/// The rows that follow each other and have the same state.
fn runs<S>(states: &[*mut S]) -> impl Iterator<Item = Range<usize>> {
    // Without groups there is one state. To see that first is faster than to look for the end of a run.
    let first = states.first();
    let one = states.iter().fold(true, |one, state| one & (Some(state) == first));
    let mut rest = states;
    std::iter::from_fn(move || {
        let start = states.len() - rest.len();
        let first = rest.first()?;
        let same = |state: &&*mut S| *state == first;
        let length = if one {
            rest.len()
        } else {
            rest.iter().take_while(same).count()
        };
        rest = &rest[length..];
        Some(start..start + length)
    })
}

impl<F: Fold> AggregateCallbacks for Folding<F> {
    /// The name: DuckDB 2.0.0 takes two aggregates of one signature for one if their bind data are equal.
    type BindData = &'static str;
    type StateItem = F;

    fn bind(&self, _: &Context, _: BindArguments<'_>, _: ReturnTypeHandle<'_>) -> duckdb_neo::Result<&'static str> {
        Ok(F::NAME)
    }

    fn init(&self, _: Option<&&'static str>) -> F {
        F::default()
    }

    fn update(
        &self,
        _: Option<&&'static str>,
        vectors: &mut VectorCollection,
        mut states: States<'_, F>,
    ) -> duckdb_neo::Result<()> {
        guard(F::ASKED, || {
            let batch = F::read(&mut Arguments::of(vectors, &|bytes| Buffer::from(bytes))?)?;
            for rows in runs(states.as_ptrs()) {
                states[rows.start].add(&batch, rows);
            }
            Ok(())
        })
    }

    fn combine(
        &self,
        _: Option<&&'static str>,
        source: &States<'_, F>,
        mut target: States<'_, F>,
    ) -> duckdb_neo::Result<()> {
        guard(F::ASKED, || {
            (0..target.len()).for_each(|i| target[i].merge(&source[i]));
            Ok(())
        })
    }

    fn finalize(
        &self,
        _: Option<&&'static str>,
        states: &[&F],
        result: Vector<'_, Unknown>,
        offset: usize,
    ) -> duckdb_neo::Result<()> {
        guard(F::ASKED, || {
            F::Answer::write(states.iter().map(|state| state.answer()).collect(), result, offset)
        })
    }
}

/// Registers an aggregate of a family that keeps rows.
///
/// # Errors
/// One of DuckDB.
pub fn register_gather<G: Gather>(extension: &Extension, family: &str) -> duckdb_neo::Result<()> {
    register::<G, _>(extension, family, Gathering::<G>(PhantomData))
}

/// Registers an aggregate of a family with a small state.
///
/// # Errors
/// One of DuckDB.
pub fn register_fold<F: Fold>(extension: &Extension, family: &str) -> duckdb_neo::Result<()> {
    register::<F, _>(extension, family, Folding::<F>(PhantomData))
}

fn register<F: Function, C: AggregateCallbacks>(
    extension: &Extension,
    family: &str,
    callbacks: C,
) -> duckdb_neo::Result<()> {
    AggregateFunctionBuilder::new(F::NAME, signature::of_function::<F>(extension, family)?, callbacks)
        .set_property(AggregateFunctionProperty::Shared(
            FunctionProperty::HasSpecialNullHandling(true),
        ))
        .set_property(AggregateFunctionProperty::AggregateOrderDependent(false))
        .register(extension)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, NullArray, StringArray, types::Float64Type,
    };

    use super::*;
    use crate::functions::{
        evaluation::auc::Auc,
        market::{elasticity::Elasticity, price_position::PricePosition},
        tester::{self, Columns},
    };

    fn sales(level: f64, rows: usize) -> Columns {
        let whole = |value: i64| Arc::new(Int64Array::from(vec![value; rows])) as ArrayRef;
        let number = |value: f64| Arc::new(Float64Array::from(vec![value; rows])) as ArrayRef;
        let controls = ListArray::from_iter_primitive::<Float64Type, _, _>(vec![Some(Vec::<Option<f64>>::new()); rows]);
        let names: ArrayRef = Arc::new(StringArray::from(vec![""; rows]));
        let keys = [whole(1), whole(1), whole(1), whole(1), whole(1)];
        let rest = [
            number(2.0),
            number(1.0),
            Arc::new(controls) as ArrayRef,
            names,
            number(level),
        ];
        keys.into_iter().chain(rest).collect()
    }

    #[test]
    fn options_must_be_the_same_in_all_rows_of_a_group() {
        let query = Query::new(1, None);
        let same = tester::gather::<Elasticity>(&query, &[sales(0.9, 3), sales(0.9, 2)]);
        assert!(same.is_ok());
        // Whichever chunk comes first, none of the two levels is taken in silence.
        let error = tester::gather::<Elasticity>(&query, &[sales(0.9, 3), sales(0.5, 2)]);
        let error = error.map(|_| ()).unwrap_err();
        assert_eq!(
            error,
            "launch_elasticity: the options must be the same in all rows of a group"
        );
    }

    #[test]
    fn no_rows_have_an_answer_too() {
        let query = Query::new(1, None);
        assert!(tester::gather::<PricePosition>(&query, &[]).is_ok_and(|rows| rows.is_empty()));
        assert!(tester::gather::<Elasticity>(&query, &[]).is_ok_and(|rows| rows.len() == 1));
        assert!(tester::fold::<Auc>(&[]).is_ok_and(|auc| auc.is_none()));
    }

    #[test]
    fn an_option_that_is_not_allowed_is_no_other_one() {
        let offer = |k: i64| -> Columns {
            let null = || Arc::new(NullArray::new(1)) as ArrayRef;
            let number = |value: f64| Arc::new(Float64Array::from(vec![value])) as ArrayRef;
            let whole = |value: i64| Arc::new(Int64Array::from(vec![value])) as ArrayRef;
            let candidate: ArrayRef = Arc::new(BooleanArray::from(vec![false]));
            let named = [whole(1), candidate, null(), null(), number(9.0), null(), null()];
            named.into_iter().chain([whole(k), number(0.8)]).collect()
        };
        let query = Query::new(1, None);
        assert!(tester::gather::<PricePosition>(&query, &[offer(1)]).is_ok());
        for k in [0, -3] {
            let error = tester::gather::<PricePosition>(&query, &[offer(k)])
                .map(|_| ())
                .unwrap_err();
            assert_eq!(error, "launch_price_position: k must be a whole number from 1");
        }
    }

    #[test]
    fn rows_of_a_state_that_follow_each_other_are_a_run() {
        let (mut a, mut b) = (0, 0);
        let (a, b): (*mut i32, *mut i32) = (&mut a, &mut b);
        let found = |states: &[*mut i32]| runs(states).collect::<Vec<_>>();
        assert!(found(&[]).is_empty());
        assert_eq!(found(&[a, a, a, b]), [0..3, 3..4]);
        assert_eq!(found(&[a, a, b, a]), [0..2, 2..3, 3..4]);
    }

    #[test]
    fn rows_that_say_nothing_are_passed_over_and_states_merge() -> Result<(), Failure> {
        let chunk = |labels: Vec<Option<bool>>, scores: Vec<f64>| -> Columns {
            vec![
                Arc::new(BooleanArray::from(labels)),
                Arc::new(Float64Array::from(scores)),
            ]
        };
        let cases = [
            chunk(vec![Some(false), Some(true), None], vec![0.1, 0.35, 0.9]),
            chunk(vec![Some(false), Some(true), Some(true)], vec![0.4, 0.8, f64::NAN]),
        ];
        assert_eq!(tester::fold::<Auc>(&cases)?, Some(0.75));
        Ok(())
    }
}
