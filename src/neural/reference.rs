//! Numbers of a reference framework, as `tests/reference/` wrote them.

use candle_core::{Device, Shape, Tensor, Var};
use serde_json::Value;

/// Differences from single precision.
const TOLERANCE: f32 = 2e-5;

/// One file of `tests/fixtures/neural`.
pub(super) struct Reference(Value);

impl Reference {
    pub(super) fn read(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap())
    }

    pub(super) fn numbers(&self, key: &str) -> Vec<f32> {
        let values = self.0[key].as_array().unwrap_or_else(|| panic!("no {key}"));
        values.iter().map(|v| v.as_f64().unwrap() as f32).collect()
    }

    /// A number of the entry `shape`.
    pub(super) fn size(&self, axis: usize) -> usize {
        self.numbers("shape")[axis] as usize
    }

    pub(super) fn tensor(&self, key: &str, shape: impl Into<Shape>) -> Tensor {
        Tensor::from_vec(self.numbers(key), shape.into(), &Device::Cpu).unwrap()
    }

    /// A tensor whose derivative is asked for.
    pub(super) fn var(&self, key: &str, shape: impl Into<Shape>) -> Tensor {
        Var::from_tensor(&self.tensor(key, shape)).unwrap().into_inner()
    }
}

pub(super) fn assert_close(found: &Tensor, expected: &[f32]) {
    let found: Vec<f32> = found.flatten_all().unwrap().to_vec1().unwrap();
    assert_eq!(found.len(), expected.len());
    let differ = found.iter().zip(expected).any(|(f, e)| (f - e).abs() > TOLERANCE);
    assert!(!differ, "found {found:?}\nexpected {expected:?}");
}
