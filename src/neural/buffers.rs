//! Memory that is used again.

use std::sync::{Mutex, PoisonError};

/// Buffers of the passes of a layer, kept from batch to batch: a fresh one of a megabyte costs the system more time
/// than the layer needs to fill it.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    free: Mutex<Vec<Vec<f32>>>,
}

impl Buffers {
    /// A buffer of zeros.
    pub(super) fn zeros(&self, length: usize) -> Vec<f32> {
        let mut buffer = self.any(length);
        buffer.fill(0.0);
        buffer
    }

    /// A buffer of any numbers, all to be overwritten.
    pub(super) fn any(&self, length: usize) -> Vec<f32> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        // One of the same length is there from the last batch, and needs no filling.
        let same = free.iter().position(|b| b.len() == length);
        let fitting = same.or_else(|| free.iter().position(|b| b.capacity() >= length));
        let mut buffer = fitting.map(|at| free.swap_remove(at)).unwrap_or_default();
        drop(free);
        buffer.resize(length, 0.0);
        buffer
    }

    /// Give a buffer back.
    pub(super) fn give_back(&self, buffer: Vec<f32>) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}
