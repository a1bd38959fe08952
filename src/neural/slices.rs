//! The numbers of candle's tensors, for operations of our own.

use std::ops::Deref;

use candle_core::{CpuStorage, Layout, Result, Storage, bail};

/// The numbers of a contiguous tensor.
pub(super) fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((first, last)) => Ok(&storage.as_slice::<f32>()?[first..last]),
        None => bail!("an operation takes contiguous tensors"),
    }
}

/// The numbers of a contiguous tensor, from [`candle_core::Tensor::storage_and_layout`].
pub(super) fn floats<'a>((storage, layout): &'a (impl Deref<Target = Storage>, &Layout)) -> Result<&'a [f32]> {
    match &**storage {
        Storage::Cpu(storage) => slice(storage, layout),
        _ => bail!("an operation runs on the CPU"),
    }
}
