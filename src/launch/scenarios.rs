//! Joint paths of a forecast: what a launch may sell at each step, with steps that hang together.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::LaunchModel;
use super::model::most_expected;
use crate::error::{Error, Result};
use crate::panel::{Candidates, product_of};
use crate::statistics::{self, normal_place};

/// What seeds the shocks that all products share: no key of a product is empty.
const WORLD: &str = "";
/// The expected units do not depend on it.
const ANY_LEVEL: f64 = 0.8;
/// Most scenarios of a product.
pub const MAX_SCENARIOS: usize = 10_000;

/// Joint paths of one candidate.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenarios {
    /// What the forecast rests on, in one line.
    pub reason: String,
    /// Origins that the shocks which products share were learned from; 0 where none are known.
    pub origins: usize,
    /// Weight of the product's own sales, 0 for none.
    pub own_weight: f64,
    /// One entry per step.
    pub steps: Vec<ScenarioStep>,
}

/// One step of all paths.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioStep {
    /// Step, 1 for the period of the launch date.
    pub step: usize,
    /// First day of the period, in days since 1970-01-01.
    pub day: i32,
    /// Expected units; none where the model has seen no launch at that step.
    pub mean: Option<f64>,
    /// Units by scenario; none where the model has seen no launch at that step.
    pub units: Vec<f64>,
}

/// Check a number of scenarios given by a user.
///
/// # Errors
/// [`Error::Argument`] outside 1 to [`MAX_SCENARIOS`].
pub fn check_scenarios(n: i64) -> Result<usize> {
    usize::try_from(n)
        .ok()
        .filter(|n| (1..=MAX_SCENARIOS).contains(n))
        .ok_or_else(|| Error::argument(format!("n must be between 1 and {MAX_SCENARIOS}, got {n}")))
}

impl LaunchModel {
    /// `n` joint paths for each candidate.
    ///
    /// *Model*: at each step the n values are the forecast's quantiles at (r - 1/2) / n for r = 1 .. n (see
    /// [`LogForecast::quantile`](crate::forecast::LogForecast::quantile)), so their quantiles are those of the
    /// forecast. Which of them belong to one path is drawn from the errors on held-out launches, as
    /// [`crate::forecast::Paths`] does it; for a `vae` alone, from the curves it generates (ensemble copula coupling).
    /// Path j of all products lies in one world: they share its shock, and variants of a product one more.
    ///
    /// *Determinism*: the draw is seeded by the model's seed and the candidate's key, the shocks by the seed alone: no
    /// other candidate changes it.
    ///
    /// *Errors*: [`Error::Refused`] if the training was refused; [`Error::Argument`] for a number of scenarios out of
    /// range, and for a model stored in format 1, which kept no errors by launch.
    ///
    /// `own_units` as in [`LaunchModel::forecast_running`].
    pub fn scenarios(
        &self,
        candidates: &Candidates,
        keys: &[String],
        own_units: &[Vec<Option<f64>>],
        n: i64,
    ) -> Result<Vec<Scenarios>> {
        let n = check_scenarios(n)?;
        let candidates = self.running(candidates, own_units)?;
        let forecasts = self.combined_forecasts(&candidates)?;
        let network = match &self.members[..] {
            [single] => single.fitted.network().map(|n| (n, n.encoded(&candidates))),
            _ => None,
        };
        forecasts
            .into_par_iter()
            .zip(keys)
            .enumerate()
            .map(|(i, ((forecast, own_weight), key))| {
                let calibration = self.calibration(candidates.own(i));
                let Some((conformal, paths)) = calibration.and_then(|c| Some((&c.conformal, c.paths.as_ref()?))) else {
                    return Err(Error::argument(
                        "the model was stored by an older version, which did not keep the errors of each launch: \
                         train it again",
                    ));
                };
                let conformal = &*conformal.raised_to(most_expected(candidates.own(i)));
                let launch = candidates.launch_days[i];
                let random = &mut self.generator(key);
                let mut shocks = paths.shocks(n, &mut self.generator(WORLD));
                let product = format!("{WORLD} {} {launch}", product_of(key));
                let of_product = paths.shocks_of_variants(n, &mut self.generator(&product));
                shocks.iter_mut().zip(of_product).for_each(|(shock, own)| *shock += own);
                let sampled = match &network {
                    Some((network, sequences)) => network.sample(sequences, (i, candidates.own(i)), n, random)?,
                    None => None,
                };
                let draw = match sampled {
                    Some(sampled) => {
                        let places = ranks(&sampled, n, self.horizon);
                        let scores: Vec<f64> = (0..n).map(|k| normal_place((k as f64 + 0.5) / n as f64)).collect();
                        paths.join(self.horizon, &shocks, |j, step| scores[places[step][j] as usize])
                    }
                    None => paths.draw(&shocks, self.horizon, random),
                };
                let step = |(step, ranks): (usize, &Vec<u32>)| {
                    let exposure = self.exposure(launch, step);
                    let quantile = |rank: usize| {
                        let probability = (rank as f64 + 0.5) / n as f64;
                        forecast.quantile(conformal, step, exposure, probability)
                    };
                    let quantiles: Vec<f64> = (0..n).map_while(quantile).collect();
                    let expected = forecast.interval(conformal, step, exposure, ANY_LEVEL);
                    ScenarioStep {
                        step: step + 1,
                        day: self.frequency.period_start(launch, step as i32).unwrap_or(launch),
                        mean: expected.map(|interval| interval.mean),
                        units: ranks
                            .iter()
                            .filter_map(|&r| quantiles.get(r as usize).copied())
                            .collect(),
                    }
                };
                Ok(Scenarios {
                    steps: draw.iter().enumerate().map(step).collect(),
                    origins: paths.origins(),
                    reason: forecast.reason + &self.few(None),
                    own_weight,
                })
            })
            .collect()
    }

    /// The generator of one candidate.
    fn generator(&self, key: &str) -> ChaCha8Rng {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_le_bytes());
        hash.update(key.as_bytes());
        ChaCha8Rng::from_seed(hash.finalize().into())
    }
}

/// Ranks from 0 of `n` paths at each step; equal values in order of the paths.
fn ranks(paths: &[f32], n: usize, horizon: usize) -> Vec<Vec<u32>> {
    let at = |path: usize, step: usize| paths[path * horizon + step];
    let step = |step| statistics::ranks(n, |a, b| at(a, step).total_cmp(&at(b, step)));
    (0..horizon).map(step).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::launch::Architecture;
    use crate::launch::tests::{planted_panel, uniform};
    use crate::neural::Recipe;
    use crate::panel::LaunchPanel;

    fn totals(scenarios: &Scenarios) -> Vec<f64> {
        let n = scenarios.steps[0].units.len();
        (0..n)
            .map(|j| scenarios.steps.iter().map(|s| s.units[j]).sum())
            .collect()
    }

    fn variance(values: &[f64]) -> f64 {
        statistics::variance(values).unwrap()
    }

    /// Variance of the totals over the sum of the variances of the steps: 1 for independent steps.
    fn inflation(model: &LaunchModel, panel: &LaunchPanel, own: &[Vec<Option<f64>>]) -> f64 {
        let candidates = panel.select(&[0]).unwrap().candidates();
        let s = &model.scenarios(&candidates, &["x".to_owned()], own, 1_000).unwrap()[0];
        variance(&totals(s)) / s.steps.iter().map(|s| variance(&s.units)).sum::<f64>()
    }

    /// Launches of one size, with a persistent effect or with noise by step.
    fn panel(persistent: bool) -> LaunchPanel {
        let panel = planted_panel(300, 6, 4);
        let units: Vec<Vec<Option<f64>>> = (0..300)
            .map(|i| {
                let draw = |s: usize| uniform(if persistent { 50 * i } else { 50 * i + s }, 9);
                (0..6).map(|s| Some((4.0 + draw(s)).exp())).collect()
            })
            .collect();
        let (ids, days) = (panel.ids().to_vec(), panel.launch_days().to_vec());
        LaunchPanel::try_new(panel.frequency(), 6, ids, days, &units, panel.attributes().clone()).unwrap()
    }

    #[test]
    fn totals_scatter_as_the_launches_hang_together() {
        let trained = |persistent| {
            let panel = panel(persistent);
            let model = LaunchModel::train(
                Architecture::Naive,
                &panel,
                &Recipe::default(),
                &crate::progress::Progress::silent(),
            )
            .unwrap();
            inflation(&model, &panel, &[])
        };
        // Six steps that move together have six times the variance of six independent ones.
        let (together, apart) = (trained(true), trained(false));
        assert!(together > 5.5, "{together}");
        assert!((0.6..1.5).contains(&apart), "{apart}");
    }

    #[test]
    fn products_are_drawn_apart_and_a_key_gives_the_same_draw() {
        let panel = panel(true);
        let model = LaunchModel::train(
            Architecture::Naive,
            &panel,
            &Recipe::default(),
            &crate::progress::Progress::silent(),
        )
        .unwrap();
        let run = |rows: &[usize]| {
            let keys: Vec<String> = rows.iter().map(|&i| panel.ids()[i].clone()).collect();
            let candidates = panel.select(rows).unwrap().candidates();
            model.scenarios(&candidates, &keys, &[], 200).unwrap()
        };
        let both = run(&[3, 7]);
        assert_eq!(run(&[7, 3])[0], both[1]);
        let order = |s: &Scenarios| {
            let totals = totals(s);
            let mut order: Vec<usize> = (0..totals.len()).collect();
            order.sort_by(|&a, &b| totals[a].total_cmp(&totals[b]));
            order
        };
        assert_ne!(order(&both[0]), order(&both[1]));
        let distinct: BTreeSet<u64> = both[0].steps[0].units.iter().map(|u| u.to_bits()).collect();
        assert!(distinct.len() > 100, "{}", distinct.len());
    }

    #[test]
    fn the_number_of_scenarios_is_checked() {
        for (n, ok) in [
            (0, false),
            (1, true),
            (10_000, true),
            (10_001, false),
            (i64::MIN, false),
        ] {
            assert_eq!(check_scenarios(n).is_ok(), ok);
        }
        assert_eq!(
            check_scenarios(0).unwrap_err().to_string(),
            "n must be between 1 and 10000, got 0"
        );
    }
}
