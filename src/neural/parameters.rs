//! The weights of a network: named, seeded, and in a fixed order.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Result, Shape, Tensor, Var, bail};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The weights of a network by name.
///
/// A network asks for each weight once, by the name PyTorch gives it (`lstm.weight_ih_l0`, `head.bias`), in the order
/// of its construction. A store that was [seeded](Self::seeded) draws it; one that was [stored](Self::stored) gives
/// what it was handed.
///
/// *Determinism*: candle's own generator cannot be seeded on the CPU, so weights are drawn here, one after the other,
/// from ChaCha8. Same seed and same construction, same weights.
#[derive(Debug)]
pub struct Parameters {
    origin: Origin,
    vars: BTreeMap<String, Var>,
}

#[derive(Debug)]
enum Origin {
    Seed(Box<ChaCha8Rng>),
    Stored(BTreeMap<String, Tensor>),
    /// What has the name and shape of a weight of another network begins as that one, all else is drawn.
    Warm(Box<ChaCha8Rng>, BTreeMap<String, Tensor>),
}

impl Parameters {
    /// Weights are to be drawn.
    pub fn seeded(seed: u64) -> Self {
        Self::from_origin(Origin::Seed(Box::new(ChaCha8Rng::seed_from_u64(seed))))
    }

    /// Weights are those of a stored network.
    pub fn stored(tensors: BTreeMap<String, Tensor>) -> Self {
        Self::from_origin(Origin::Stored(tensors))
    }

    /// Weights begin as those of another network where it has one of the same name and shape, else they are drawn.
    pub fn warm(seed: u64, tensors: BTreeMap<String, Tensor>) -> Self {
        Self::from_origin(Origin::Warm(Box::new(ChaCha8Rng::seed_from_u64(seed)), tensors))
    }

    fn from_origin(origin: Origin) -> Self {
        // Threads are for shards of a batch. A product that began its own within a shard would make it several times
        // slower.
        gemm::set_threading_threshold(usize::MAX);
        Self {
            origin,
            vars: BTreeMap::new(),
        }
    }

    /// A weight that begins uniform on [-bound, bound).
    ///
    /// # Errors
    /// If the name is taken, or the stored weight is missing, of another shape, or not finite.
    pub fn uniform(&mut self, name: &str, shape: impl Into<Shape>, bound: f64) -> Result<Tensor> {
        let bound = bound as f32;
        self.take(name, &shape.into(), |random| {
            (2.0 * random.random::<f32>() - 1.0) * bound
        })
    }

    /// A weight that begins with the same value everywhere.
    ///
    /// # Errors
    /// As for [`uniform`](Self::uniform).
    pub fn constant(&mut self, name: &str, shape: impl Into<Shape>, value: f32) -> Result<Tensor> {
        self.take(name, &shape.into(), |_| value)
    }

    /// A weight of one axis that begins with the given values.
    ///
    /// # Errors
    /// As for [`uniform`](Self::uniform).
    pub fn values(&mut self, name: &str, values: &[f32]) -> Result<Tensor> {
        let mut rest = values.iter();
        self.take(name, &Shape::from(values.len()), |_| {
            rest.next().copied().unwrap_or_default()
        })
    }

    fn take(&mut self, name: &str, shape: &Shape, mut draw: impl FnMut(&mut ChaCha8Rng) -> f32) -> Result<Tensor> {
        if self.vars.contains_key(name) {
            bail!("weight {name} is asked for twice");
        }
        let mut drawn = |random: &mut ChaCha8Rng| {
            let values: Vec<f32> = (0..shape.elem_count()).map(|_| draw(random)).collect();
            Tensor::from_vec(values, shape, &Device::Cpu)
        };
        let tensor = match &mut self.origin {
            Origin::Seed(random) => drawn(random)?,
            Origin::Warm(random, tensors) => {
                // Drawn in any case: the others are those of a network that begins anew.
                let drawn = drawn(random)?;
                match tensors.get(name) {
                    Some(t) if t.shape() == shape && t.dtype() == DType::F32 && is_finite(t)? => t.copy()?,
                    _ => drawn,
                }
            }
            Origin::Stored(tensors) => match tensors.get(name) {
                None => bail!("weight {name} is missing"),
                Some(t) if t.shape() != shape => {
                    bail!("weight {name} must have shape {shape:?}, got {:?}", t.shape())
                }
                Some(t) if t.dtype() != DType::F32 => bail!("weight {name} must be f32, got {:?}", t.dtype()),
                Some(t) if !is_finite(t)? => bail!("weight {name} has values that are not finite"),
                Some(t) => t.copy()?,
            },
        };
        let var = Var::from_tensor(&tensor)?;
        let tensor = var.as_tensor().clone();
        self.vars.insert(name.to_owned(), var);
        Ok(tensor)
    }

    /// All weights, in the order of their names.
    pub fn vars(&self) -> Vec<Var> {
        self.vars.values().cloned().collect()
    }

    /// Copies of all weights by name.
    ///
    /// # Errors
    /// Those of candle.
    pub fn tensors(&self) -> Result<BTreeMap<String, Tensor>> {
        let copies = self
            .vars
            .iter()
            .map(|(name, v)| Ok((name.clone(), v.as_detached_tensor().copy()?)));
        copies.collect()
    }

    /// Copies of all weights, to be restored.
    ///
    /// # Errors
    /// Those of candle.
    pub fn snapshot(&self) -> Result<Vec<Tensor>> {
        self.vars.values().map(|v| v.as_detached_tensor().copy()).collect()
    }

    /// Go back to a snapshot.
    ///
    /// # Errors
    /// Those of candle, such as for the snapshot of another network.
    pub fn restore(&self, snapshot: &[Tensor]) -> Result<()> {
        if snapshot.len() != self.vars.len() {
            bail!(
                "a snapshot of {} weights, the network has {}",
                snapshot.len(),
                self.vars.len()
            );
        }
        self.vars.values().zip(snapshot).try_for_each(|(v, t)| v.set(t))
    }
}

fn is_finite(tensor: &Tensor) -> Result<bool> {
    let values: Vec<f32> = tensor.flatten_all()?.to_vec1()?;
    Ok(values.iter().all(|v| v.is_finite()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(tensor: &Tensor) -> Vec<f32> {
        tensor.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn weights_come_from_the_seed_in_order() {
        let draw = |seed| {
            let mut p = Parameters::seeded(seed);
            let weight = p.uniform("head.weight", (3, 50), 0.25).unwrap();
            let bias = p.uniform("head.bias", 3, 0.25).unwrap();
            (flat(&weight), flat(&bias))
        };
        let (weight, bias) = draw(7);
        assert_eq!((weight.clone(), bias.clone()), draw(7));
        assert_ne!(weight, draw(8).0);
        assert_ne!(weight[..3], bias[..]);
        assert!(weight.iter().all(|v| v.abs() <= 0.25));
        let (low, high) = weight.iter().fold((0f32, 0f32), |(l, h), &v| (l.min(v), h.max(v)));
        assert!(low < -0.23 && high > 0.23, "{low} {high}");
    }

    #[test]
    fn a_stored_weight_must_be_there_fit_and_be_finite() {
        let mut first = Parameters::seeded(1);
        let weight = first.uniform("a.weight", (2, 3), 1.0).unwrap();
        let mut second = Parameters::stored(first.tensors().unwrap());
        assert_eq!(flat(&second.uniform("a.weight", (2, 3), 1.0).unwrap()), flat(&weight));
        let says = |r: Result<Tensor>| r.unwrap_err().to_string();
        assert!(says(second.constant("a.weight", (2, 3), 0.0)).contains("asked for twice"));
        assert!(says(second.constant("a.bias", 3, 0.0)).contains("weight a.bias is missing"));
        let stored = |values: [f32; 2]| {
            Parameters::stored(BTreeMap::from([(
                "b".to_owned(),
                Tensor::new(&values, &Device::Cpu).unwrap(),
            )]))
        };
        assert!(says(stored([1.0, 2.0]).constant("b", 3, 0.0)).contains("must have shape [3], got [2]"));
        assert!(says(stored([1.0, f32::NAN]).constant("b", 2, 0.0)).contains("not finite"));
        assert_eq!(flat(&stored([1.0, 2.0]).constant("b", 2, 0.0).unwrap()), [1.0, 2.0]);
    }

    #[test]
    fn a_snapshot_is_restored() {
        let mut p = Parameters::seeded(1);
        let weight = p.uniform("a", 4, 1.0).unwrap();
        let (before, snapshot) = (flat(&weight), p.snapshot().unwrap());
        p.vars()[0]
            .set(&Tensor::zeros(4, DType::F32, &Device::Cpu).unwrap())
            .unwrap();
        assert_eq!(flat(&weight), [0.0; 4]);
        p.restore(&snapshot).unwrap();
        assert_eq!(flat(&weight), before);
        assert!(p.restore(&[]).is_err());
    }
}
