//! Which of many tests to believe: the step-up rule that bounds the share of false ones among those believed.
//!
//! *References*: Benjamini, Hochberg 1995, Controlling the false discovery rate.

/// ln of the q-values of tests, in their order, from ln of their p-values: the smallest share of false ones at which each is
/// among those believed. `tested` counts tests that are not listed too.
pub fn ln_q_values(ln_p: &[f64], tested: usize) -> Vec<f64> {
    let mut order: Vec<usize> = (0..ln_p.len()).collect();
    order.sort_by(|&a, &b| ln_p[a].total_cmp(&ln_p[b]));
    let tests = (tested.max(1) as f64).ln();
    let (mut q, mut least) = (vec![0.0; ln_p.len()], 0.0f64);
    for (place, &test) in order.iter().enumerate().rev() {
        least = least.min(ln_p[test] + tests - ((place + 1) as f64).ln());
        q[test] = least;
    }
    q
}

/// The largest ln p that is accepted if at most a share of the accepted is to be false, of `tested` tests; None if none is.
pub fn accepted_up_to(ln_p: impl Iterator<Item = f64>, tested: usize, share: f64) -> Option<f64> {
    let ln_p: Vec<f64> = ln_p.collect();
    let q = ln_q_values(&ln_p, tested);
    let accepted = ln_p.into_iter().zip(q).filter(|(_, q)| *q <= share.ln());
    accepted.map(|(ln_p, _)| ln_p).max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_up_rule() {
        let p = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.3, 0.9];
        let ln = || p.iter().map(|p: &f64| p.ln());
        assert_eq!(accepted_up_to(ln(), 8, 0.05), Some(0.008f64.ln()));
        assert_eq!(accepted_up_to(ln(), 8, 0.07), Some(0.042f64.ln()));
        assert_eq!(accepted_up_to(ln(), 800, 0.05), None);
    }

    #[test]
    fn q_values_never_fall_with_p() {
        // 0.01 * 4 / 1, and the smaller of 0.02 * 4 / 2 and 0.03 * 4 / 3 for two, in the order given.
        let q: Vec<f64> = ln_q_values(&[0.03f64.ln(), 0.01f64.ln(), 0.9f64.ln(), 0.02f64.ln()], 4)
            .into_iter()
            .map(f64::exp)
            .collect();
        let expected = [0.04, 0.04, 0.9, 0.04];
        assert!(q.iter().zip(expected).all(|(q, e)| (q - e).abs() < 1e-12), "{q:?}");
        assert!(ln_q_values(&[], 0).is_empty());
    }
}
