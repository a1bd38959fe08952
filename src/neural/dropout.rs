//! Dropout: hidden units left out at random in training.

use candle_core::{Device, Result, Tensor};
use rand::RngCore;
use rand_chacha::ChaCha8Rng;

/// The noise of one forward pass.
///
/// *Model*: each value is set to 0 with probability p, and the others are divided by 1 - p, so that the mean stays;
/// p is rounded to 1/256. Without a generator all values stay as they are.
///
/// *Determinism*: draws are made in the order of the values.
///
/// *References*: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov 2014, Dropout: a simple way to prevent neural
/// networks from overfitting.
pub struct Dropout<'a> {
    rate: f64,
    random: Option<&'a mut ChaCha8Rng>,
}

impl<'a> Dropout<'a> {
    /// With the probability `rate`, from 0 to below 1; no noise without a generator.
    pub fn new(rate: f64, random: Option<&'a mut ChaCha8Rng>) -> Self {
        Self { rate, random }
    }

    /// Leave out values of a tensor of any shape.
    ///
    /// # Errors
    /// Those of candle.
    pub fn apply(&mut self, x: &Tensor) -> Result<Tensor> {
        let dropped = (256.0 * self.rate).round().clamp(0.0, 255.0) as u8;
        let Some(random) = self.random.as_mut().filter(|_| dropped > 0) else {
            return Ok(x.clone());
        };
        let mut bytes = vec![0u8; x.elem_count()];
        random.fill_bytes(&mut bytes);
        let scale = 256.0 / (256.0 - f32::from(dropped));
        let kept: Vec<f32> = bytes.iter().map(|b| if *b < dropped { 0.0 } else { scale }).collect();
        x * Tensor::from_vec(kept, x.shape(), &Device::Cpu)?
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn leaves_out_the_share_asked_for_and_keeps_the_mean() {
        let ones = Tensor::ones(100_000, candle_core::DType::F32, &Device::Cpu).unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let found: Vec<f32> = Dropout::new(0.25, Some(&mut random))
            .apply(&ones)
            .unwrap()
            .to_vec1()
            .unwrap();
        let zeros = found.iter().filter(|v| **v == 0.0).count() as f64 / 1e5;
        assert!((zeros - 0.25).abs() < 0.005, "{zeros}");
        assert!((found.iter().sum::<f32>() / 1e5 - 1.0).abs() < 0.005);
        let same: Vec<f32> = Dropout::new(0.25, None).apply(&ones).unwrap().to_vec1().unwrap();
        assert!(same.iter().all(|v| *v == 1.0));
    }
}
