//! Gradients of a loss by all weights.

use std::cell::RefCell;

use candle_core::{Result, Tensor, TensorId, Var};

thread_local! {
    /// What operations handed over during the [`backward`] of this thread.
    static HANDED_OVER: RefCell<Vec<(TensorId, Tensor)>> = const { RefCell::new(Vec::new()) };
}

/// Hand over the gradient by a weight, from the backward pass of an operation that does not return it to candle.
///
/// candle adds every gradient to one of zeros, and from 65,536 numbers on it does so on a thread pool of its own, at
/// which the shards of a batch would wait for each other.
pub(super) fn hand_over(weight: &Tensor, gradient: Tensor) {
    HANDED_OVER.with_borrow_mut(|all| all.push((weight.id(), gradient)));
}

/// The gradients of a loss by the given weights; several to be added for a weight that is used several times.
///
/// # Errors
/// Those of candle.
pub(super) fn backward(loss: &Tensor, vars: &[Var]) -> Result<Vec<Vec<Tensor>>> {
    // A pass that runs within another one, as work may be stolen, must not take what that one has gathered.
    let outer = HANDED_OVER.take();
    let store = loss.backward();
    let mut handed_over = HANDED_OVER.replace(outer);
    let mut store = store?;
    let of = |v: &Var| {
        let id = v.as_tensor().id();
        let others = handed_over.extract_if(.., |(weight, _)| *weight == id).map(|(_, g)| g);
        store.remove(v).into_iter().chain(others).collect()
    };
    Ok(vars.iter().map(of).collect())
}
