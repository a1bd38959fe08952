#![allow(missing_docs)]
use super::*;
use candle_core::Device;
pub struct Net {
    l: Linear,
    m: Linear,
}
impl Net {
    pub fn new(p: &mut Parameters, shape: Shape, r: &Recipe) -> Result<Self> {
        Ok(Self {
            l: Linear::new(p, "l", shape.statics + shape.inputs, r.hidden()[0])?,
            m: Linear::new(p, "m", r.hidden()[0], 1)?,
        })
    }
    fn f(&self, b: &Batch) -> Result<Tensor> {
        let (n, t) = (b.samples, b.steps);
        let s = Tensor::from_slice(&b.statics, (n, 1, b.statics.len() / n), &Device::Cpu)?.repeat((1, t, 1))?;
        let x = Tensor::from_slice(&b.inputs, (n, t, b.inputs.len() / n / t), &Device::Cpu)?;
        let h = Tensor::cat(&[s, x], 2)?.reshape((n * t, ()))?;
        self.m.forward(&self.l.forward(&h)?.relu()?)?.reshape((n, t))
    }
}
impl Network for Net {
    fn loss(&self, b: &Batch, _: Option<&mut ChaCha8Rng>) -> Result<Tensor> {
        let y = Tensor::from_slice(&b.targets, (b.samples, b.steps), &Device::Cpu)?;
        let w = Tensor::from_slice(&b.weights, (b.samples, b.steps), &Device::Cpu)?;
        ((self.f(b)? - y)?.sqr()? * w)?.sum_all()
    }
    fn predict(&self, b: &Batch) -> Result<Prediction> {
        let l: Vec<f32> = self.f(b)?.flatten_all()?.to_vec1()?;
        Ok(Prediction {
            spread: vec![f32::NAN; l.len()],
            location: l,
        })
    }
}
pub use Net as VaeNetwork;
