//! What the functions of exact sums share: one column of numbers, and what is made of their sum.

use std::{marker::PhantomData, ops::Range};

use crate::{
    functions::{arguments::FiniteRows, prelude::*},
    statistics::ExactSum,
};

/// What is made of the sum of a column.
pub trait Summary: Default + Send + Sync + 'static {
    /// As [`Function::NAME`].
    const NAME: &'static str;
    /// As [`Function::ABOUT`].
    const ABOUT: &'static str;

    /// What is added.
    fn terms(numbers: FiniteRows<1>) -> FiniteRows<1> {
        numbers
    }

    /// Takes terms in.
    fn add(sum: &mut ExactSum, terms: &[f64]) {
        sum.add(terms);
    }

    /// The answer to a group.
    fn answer(sum: &ExactSum) -> Option<f64>;
}

/// The aggregate of a [`Summary`].
#[derive(Default)]
pub struct Exact<S>(ExactSum, PhantomData<S>);

impl<S: Summary> Function for Exact<S> {
    const NAME: &'static str = S::NAME;
    const ABOUT: &'static str = S::ABOUT;

    type Answer = Option<f64>;
}

impl<S: Summary> Fold for Exact<S> {
    type Batch = FiniteRows<1>;

    fn read(arguments: &mut Arguments) -> Result<Self::Batch, Failure> {
        Ok(S::terms(arguments.finite_rows()?))
    }

    fn add(&mut self, numbers: &Self::Batch, rows: Range<usize>) {
        let [terms] = numbers.of_rows(rows);
        S::add(&mut self.0, terms);
    }

    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }

    fn answer(&self) -> Self::Answer {
        S::answer(&self.0)
    }
}
