//! The training of a launch model: what is tried on held-out launches, weighed, and fitted to all.

use std::collections::BTreeMap;

use arrow_array::Array;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::ensemble::{combine, needless, stacking_weights};
use super::member::{Member, OutOfSample};
use super::model::{Calibration, MIN_LAUNCHES, MemberRecord, Training, Weights, seasons};
use super::{Architecture, Baseline, LaunchModel};
use crate::calibration::Conformal;
use crate::error::{Error, Result};
use crate::features::{AttributeEncoder, embedding::left_out};
use crate::forecast::{
    ErrorRecord, HeldOut, Level, LogForecast, Paths, Scheme, Scores, Split, ages, calibrated, splits,
};
use crate::neural::Recipe;
use crate::panel::{LaunchPanel, is_summary};
use crate::progress::Progress;
use crate::statistics::mean;

/// Why `auto` does without a member.
const BEATEN: &str = "no better than naive on held-out launches";
const HINDERING: &str = "the others are better without it on held-out launches";
/// How much worse than its best member a combination may be, in share of absolute errors times RMSLE.
const WORSE: f64 = 1.02;
/// Launches with a new level beside which the known ones count as much, and how much wider an interval is at most.
const NEW_LEVELS: f64 = 10.0;
pub(super) const MOST_WIDER: f64 = 3.0;
/// Level at which a model reports its coverage.
const REPORT_LEVEL: f64 = 0.8;

/// Forecasts of held-out launches by a combination, by age, and its weights.
struct Combined {
    by_age: Vec<Vec<HeldOut>>,
    weights: Weights,
    /// Those before the launch with the weights of all splits, which is what the members are compared with: weights of
    /// some splits alone may fail where those of all do not.
    chosen: Vec<HeldOut>,
}

impl LaunchModel {
    /// Train on past launches: weigh the members and calibrate the intervals on launches held out, then fit to all.
    ///
    /// # Errors
    /// [`Error::Refused`] for fewer than [`MIN_LAUNCHES`] launches with an observed step, and what the model refuses;
    /// `auto` goes without a member that refuses. [`Error::Internal`] ends the training of `auto` too.
    pub fn train(
        architecture: Architecture,
        panel: &LaunchPanel,
        recipe: &Recipe,
        progress: &Progress,
    ) -> Result<Self> {
        Self::train_after(None, architecture, panel, recipe, progress)
    }

    /// As [`LaunchModel::train`]; networks that are fitted to all launches begin with the weights of an earlier model, which
    /// must not have seen others. What is held out is forecast by networks that begin anew: the earlier model has seen it.
    ///
    /// # Errors
    /// As [`LaunchModel::train`].
    pub fn train_after(
        champion: Option<&Self>,
        architecture: Architecture,
        panel: &LaunchPanel,
        recipe: &Recipe,
        progress: &Progress,
    ) -> Result<Self> {
        let panel = panel.drop_unobserved()?;
        if panel.len() < MIN_LAUNCHES {
            return Err(Error::refused(format!(
                "at least {MIN_LAUNCHES} past launches with observed sales are needed, got {}",
                panel.len()
            )));
        }
        let (scheme, splits) = splits(&panel)?;
        let told = (recipe, progress);
        let baseline = OutOfSample::of(Architecture::Naive, &panel, &splits, told, |_| None)?;
        let (mut tried, mut left_out) = (Vec::<OutOfSample>::new(), BTreeMap::new());
        for member in architecture.members(panel.len()) {
            progress.stage(&format!("{}: forecasts of held-out launches", member.name()));
            let forecasts = match member {
                Architecture::Naive => Ok(baseline.clone()),
                other => OutOfSample::of(other, &panel, &splits, told, |own| {
                    // A fold is too small a part to tell.
                    let others: Vec<&[HeldOut]> = match (architecture, scheme) {
                        (Architecture::Auto, Scheme::RollingOrigins) => tried
                            .iter()
                            .filter_map(|m| m.by_age.first()?.get(..own.len()))
                            .collect(),
                        _ => Vec::new(),
                    };
                    needless(&others, own)
                }),
            };
            match forecasts {
                Ok(forecasts) => tried.push(forecasts),
                Err(error) => {
                    left_out.insert(member, left_out_for(architecture, error)?);
                }
            }
        }
        let (mut beaten, mut hindering) = (Vec::new(), Vec::new());
        if architecture == Architecture::Auto {
            (tried, beaten) = tried.into_iter().partition(|m| {
                let own = scores(&panel, scheme, &m.by_age[0], &baseline.by_age[0]);
                !is_worse(&own, &scores(&panel, scheme, &baseline.by_age[0], &m.by_age[0]))
            });
        }
        let mut combined = combined(&tried, splits.len());
        let mut validation = scores(&panel, scheme, &combined.by_age[0], &baseline.by_age[0]);
        let naive = scores(&panel, scheme, &baseline.by_age[0], &combined.by_age[0]);
        if architecture == Architecture::Auto {
            // Each of those tried is no worse than naive in units, and naive is among them.
            let alone = |m: &OutOfSample| loss(&scores(&panel, scheme, &m.by_age[0], &baseline.by_age[0]));
            let mut losses: Vec<f64> = tried.iter().map(alone).collect();
            let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
            while tried.len() > 1 {
                let chosen = loss(&scores(&panel, scheme, &combined.chosen, &baseline.by_age[0]));
                if !is_worse(&validation, &naive) && chosen <= WORSE * least {
                    break;
                }
                let worst = (0..losses.len()).max_by(|&a, &b| losses[a].total_cmp(&losses[b]));
                let worst = worst.unwrap_or_default();
                losses.remove(worst);
                hindering.push(tried.remove(worst));
                combined = self::combined(&tried, splits.len());
                validation = scores(&panel, scheme, &combined.by_age[0], &baseline.by_age[0]);
            }
        }
        let mut records = match architecture {
            Architecture::Auto => records(
                &panel,
                scheme,
                (&tried, &combined.weights),
                [&beaten, &hindering],
                left_out,
            ),
            _ => BTreeMap::new(),
        };
        progress.stage(&format!("{}: fit to all launches", architecture.name()));
        let (mut members, weights) = fit_members(&panel, &tried, &combined.weights, told, champion)?;
        for (name, record) in &mut records {
            let fitted = members.iter().position(|m| m.fitted.architecture().name() == name);
            if fitted.is_none() && record.weight + record.running_weight > 0.0 {
                record.reason = Some("its fit to all launches failed".to_owned());
            }
            record.weight = fitted.map_or(0.0, |k| weights.cold[k]);
            record.running_weight = fitted.map_or(0.0, |k| weights.running[k]);
        }
        let mut attributes: Vec<String> = Vec::new();
        for (name, _) in members.iter().flat_map(|m| &m.fitted.encoder().columns) {
            if !attributes.contains(name) {
                attributes.push(name.clone());
            }
        }
        // Where stock ran out, what sold is no most: more was in demand.
        let outcomes: Vec<Vec<f64>> = (0..panel.len()).map(|i| panel.outcome(i)).collect();
        let most = ceiling(outcomes.iter().flatten());
        let clusters = panel.clusters();
        let calibrate = |(age, held_out): (usize, &Vec<HeldOut>)| {
            let rows: Vec<&HeldOut> = held_out.iter().collect();
            let (conformal, level) = calibrated(&rows, panel.horizon(), most, scheme, &clusters);
            let paths = Paths::fit(held_out, panel.horizon(), combined.by_age.len());
            let paths = Some(paths.with_shared(held_out, &clusters, scheme));
            (Calibration { age, conformal, paths }, level)
        };
        let calibrations = ages(panel.horizon()).into_iter().zip(&combined.by_age).map(calibrate);
        let (calibration, levels): (Vec<Calibration>, Vec<Level>) = calibrations.unzip();
        let form = calibration.first().and_then(|c| c.conformal.form());
        let errors = form.and_then(|form| ErrorRecord::fit(&combined.by_age[0], form, scheme, &clusters));
        let training = Training {
            unused: unused(&panel, &members, &attributes),
            launches: panel.len(),
            clusters: products(&clusters),
            observations: panel.observations(),
            first_launch: panel.launch_days().iter().min().copied(),
            last_launch: panel.launch_days().iter().max().copied(),
            seasons: seasons(panel.launch_days()),
            fingerprint: fingerprint(&panel),
            held_out: combined.by_age[0].len(),
            held_out_by: Some(scheme),
            validation,
            naive,
            new_levels: new_levels(&panel, &splits, &combined.by_age[0]),
            level: levels.into_iter().next(),
            errors,
            attributes,
            importance: members.iter().flat_map(|m| m.fitted.importance()).collect(),
            members: records,
            log: members.iter_mut().filter_map(|m| m.fitted.take_log()).collect(),
        };
        Ok(Self {
            architecture,
            frequency: panel.frequency(),
            horizon: panel.horizon(),
            part_periods: panel.has_part_periods(),
            seed: recipe.seed(),
            members,
            weights,
            calibration,
            baseline: Some(Baseline::fit(&panel)?),
            training,
            refusal: None,
        })
    }
}

/// Why a model goes without a member that failed: `auto` does so where the launches do not carry one. All else is not
/// for the other members to make up for.
fn left_out_for(architecture: Architecture, error: Error) -> Result<String> {
    match error {
        Error::Refused(reason) if architecture == Architecture::Auto => Ok(reason),
        error => Err(error),
    }
}

/// Combine the members' forecasts, those of each split with weights learned on the other splits.
fn combined(tried: &[OutOfSample], splits: usize) -> Combined {
    if let [single] = tried {
        let weights = Weights {
            cold: vec![1.0],
            running: vec![1.0],
        };
        return Combined {
            by_age: single.by_age.clone(),
            chosen: single.by_age[0].clone(),
            weights,
        };
    }
    let learned = |ages: std::ops::Range<usize>, keep: &dyn Fn(&HeldOut) -> bool| {
        let mut members: Vec<Vec<&HeldOut>> = Vec::new();
        for member in tried {
            let forecasts = member.by_age[ages.clone()].iter().flatten();
            members.push(forecasts.filter(|h| keep(h)).collect());
        }
        stacking_weights(&members)
    };
    let count = tried[0].by_age.len();
    let phase = |age: usize| if age == 0 { 0..1 } else { 1..count };
    // Without a step that all have forecast, weights are equal; of running products those of new ones.
    let both = |keep: &dyn Fn(&HeldOut) -> bool| {
        let cold = learned(phase(0), keep).unwrap_or_else(|| vec![1.0 / tried.len() as f64; tried.len()]);
        let running = learned(phase(1), keep).unwrap_or_else(|| cold.clone());
        Weights { cold, running }
    };
    let by_split: Vec<Weights> = (0..splits)
        .map(|split| both(&|h| splits == 1 || h.split != split))
        .collect();
    let mixed = |age: usize, row: usize, weights: &Weights| {
        let weights = if age == 0 { &weights.cold } else { &weights.running };
        let forecasts: Vec<(&LogForecast, f64)> = tried
            .iter()
            .zip(weights)
            .map(|(m, &w)| (&m.by_age[age][row].forecast, w))
            .collect();
        HeldOut {
            forecast: combine(&forecasts),
            ..tried[0].by_age[age][row].clone()
        }
    };
    let by_age = (0..count).map(|age| {
        let held_out = &tried[0].by_age[age];
        let rows = held_out.iter().enumerate();
        rows.map(|(row, h)| mixed(age, row, &by_split[h.split])).collect()
    });
    let weights = both(&|_| true);
    Combined {
        by_age: by_age.collect(),
        chosen: (0..tried[0].by_age[0].len())
            .map(|row| mixed(0, row, &weights))
            .collect(),
        weights,
    }
}

fn is_worse(scores: &Option<Scores>, than: &Option<Scores>) -> bool {
    let wape = |s: &Option<Scores>| s.as_ref().and_then(|s| s.wape);
    matches!((wape(scores), wape(than)), (Some(a), Some(b)) if a > b)
}

/// What is to be small: share of absolute errors times RMSLE.
fn loss(scores: &Option<Scores>) -> f64 {
    let of = |s: &Scores| Some(s.wape? * s.rmsle);
    scores.as_ref().and_then(of).unwrap_or(f64::INFINITY)
}

fn records(
    panel: &LaunchPanel,
    scheme: Scheme,
    (tried, weights): (&[OutOfSample], &Weights),
    [beaten, hindering]: [&[OutOfSample]; 2],
    left_out: BTreeMap<Architecture, String>,
) -> BTreeMap<String, MemberRecord> {
    let of = |member: &OutOfSample, weights: [f64; 2], reason: Option<&str>| {
        let record = MemberRecord {
            weight: weights[0],
            running_weight: weights[1],
            validation: scores(panel, scheme, &member.by_age[0], &tried[0].by_age[0]),
            reason: reason.map(str::to_owned),
        };
        (member.architecture.name().to_owned(), record)
    };
    let kept = tried.iter().zip(weights.cold.iter().zip(&weights.running));
    let kept = kept.map(|(member, (&cold, &running))| of(member, [cold, running], None));
    let without = |members: &[OutOfSample], reason| -> Vec<(String, MemberRecord)> {
        members
            .iter()
            .map(|member| of(member, [0.0; 2], Some(reason)))
            .collect()
    };
    let beaten = [without(beaten, BEATEN), without(hindering, HINDERING)].concat();
    let left_out = left_out.into_iter().map(|(architecture, reason)| {
        let record = MemberRecord {
            reason: Some(reason),
            ..MemberRecord::default()
        };
        (architecture.name().to_owned(), record)
    });
    kept.chain(beaten).chain(left_out).collect()
}

/// Fit the members that have weight to all launches.
fn fit_members(
    panel: &LaunchPanel,
    tried: &[OutOfSample],
    weights: &Weights,
    told: (&Recipe, &Progress),
    champion: Option<&LaunchModel>,
) -> Result<(Vec<Member>, Weights)> {
    let warm = |architecture: Architecture| {
        let mut members = champion?.members.iter();
        members
            .find(|m| m.fitted.architecture() == architecture)?
            .fitted
            .network()
    };
    let has_weight = |m: &usize| weights.cold[*m] + weights.running[*m] > 0.0;
    let chosen: Vec<usize> = (0..tried.len()).filter(has_weight).collect();
    let fit = |&m: &usize| -> Result<Member> {
        Ok(Member {
            fitted: tried[m].architecture.fit(
                panel,
                told,
                told.0.networks(),
                tried[m].schedule.as_ref(),
                warm(tried[m].architecture),
            )?,
            own_sales: tried[m].own_sales.clone(),
        })
    };
    let fits: Vec<Result<Member>> = chosen.par_iter().map(fit).collect();
    let (mut members, mut kept) = (Vec::new(), Weights::default());
    let mut refusal = None;
    for (m, member) in chosen.into_iter().zip(fits) {
        match member {
            Ok(member) => {
                members.push(member);
                kept.cold.push(weights.cold[m]);
                kept.running.push(weights.running[m]);
            }
            // What went well on the held-out launches may still fail on all: the others stand in for it.
            Err(Error::Refused(reason)) => refusal = Some(reason),
            Err(error) => return Err(error),
        }
    }
    for weights in [&mut kept.cold, &mut kept.running] {
        let (total, count) = (weights.iter().sum::<f64>(), weights.len() as f64);
        weights
            .iter_mut()
            .for_each(|w| *w = if total > 0.0 { *w / total } else { 1.0 / count });
    }
    match refusal {
        Some(reason) if members.is_empty() => Err(Error::Refused(reason)),
        _ => Ok((members, kept)),
    }
}

/// Scores of held-out forecasts in units, at the steps that the forecasts of `others` (the same launches in the same
/// order) know too. The launches of each origin are calibrated on those of the other origins (held out in folds, each half
/// on the other half), so that what is reported is not that of the launches the calibration was made from.
fn scores(panel: &LaunchPanel, scheme: Scheme, held_out: &[HeldOut], others: &[HeldOut]) -> Option<Scores> {
    let clusters = panel.clusters();
    // Every other launch would not do: ids often alternate between categories.
    // Variants of one product alone are told apart by themselves.
    let alone = clusters.iter().all(|&cluster| cluster == 0);
    let unit = |h: &HeldOut| if alone { h.launch } else { clusters[h.launch] };
    let half = |h: &HeldOut| ((unit(h) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 63) as usize;
    let several = held_out.iter().any(|h| h.split != held_out[0].split);
    let part = |h: &HeldOut| match scheme {
        Scheme::RollingOrigins if several => h.split,
        _ => half(h),
    };
    let parts = held_out.iter().map(|h| part(h) + 1).max()?;
    let calibrations: Vec<Conformal> = (0..parts)
        .map(|p| {
            let rest: Vec<&HeldOut> = held_out.iter().filter(|h| part(h) != p).collect();
            let most = ceiling(rest.iter().flat_map(|h| &h.actual));
            calibrated(&rest, panel.horizon(), most, scheme, &clusters).0
        })
        .collect();
    let mut rows = Vec::new();
    for (h, other) in held_out.iter().zip(others) {
        let errors = &calibrations[part(h)];
        for step in (0..panel.horizon()).filter(|&step| !other.forecast.location[step].is_nan()) {
            let exposure = panel.exposure(h.launch, step);
            let interval = h.forecast.interval(errors, step, exposure, REPORT_LEVEL);
            if let (Some(actual), Some(interval)) = (panel.units(h.launch, step), interval) {
                rows.push((actual, interval));
            }
        }
    }
    Scores::of(&rows, REPORT_LEVEL)
}

/// Columns that hold something and that no member looks at: what its architecture does not use, is the same for all
/// launches, or tells none of them apart. Networks look at each series, of which `analog` and `gbm` see a summary.
fn unused(panel: &LaunchPanel, members: &[Member], attributes: &[String]) -> Vec<String> {
    let has_network = members.iter().any(|m| m.fitted.network().is_some());
    let left = left_out(panel.attributes(), true);
    let schema = panel.attributes().schema();
    let columns = schema.fields().iter().zip(panel.attributes().columns());
    columns
        .filter(|(_, column)| column.null_count() < column.len())
        .map(|(field, _)| field.name().clone())
        .filter(|name| !attributes.contains(name))
        .filter(|name| !has_network || !is_summary(name))
        .filter(|name| !left.iter().any(|told| told.starts_with(&format!("{name} ("))))
        .chain(left.iter().cloned())
        .collect()
}

/// How much larger the errors of held-out launches are that have a level which no launch known then had, in units of their
/// spread: the root of the ratio of mean squares, with those of the others counted as [`NEW_LEVELS`] more such launches;
/// at least 1, as a forecast that knows less is no better. None without such launches.
fn new_levels(panel: &LaunchPanel, splits: &[Split], held_out: &[HeldOut]) -> Option<f64> {
    let is_new: Vec<Vec<bool>> = splits
        .iter()
        .map(|split| {
            let unknown = AttributeEncoder::fit(split.known.attributes()).unknown(panel.attributes());
            unknown.iter().map(|unknown| !unknown.levels.is_empty()).collect()
        })
        .collect();
    let (mut new, mut known) = (Vec::new(), Vec::new());
    for h in held_out {
        let squares = h.forecast.scores(&h.actual).filter(|z| z.is_finite()).map(|z| z * z);
        if let Some(square) = mean(squares) {
            let to = if is_new[h.split][h.launch] {
                &mut new
            } else {
                &mut known
            };
            to.push(square);
        }
    }
    let of_new = mean(new.iter().copied())?;
    // Where all have one, the interval is made of such errors.
    let of_known = mean(known.iter().copied())
        .filter(|square| *square > 0.0)
        .unwrap_or(of_new.max(f64::MIN_POSITIVE));
    let count = new.len() as f64;
    let ratio = (count * of_new / of_known + NEW_LEVELS) / (count + NEW_LEVELS);
    Some(ratio.sqrt().clamp(1.0, MOST_WIDER))
}

/// How many products the launches are of, where some are variants of one.
fn products(clusters: &[usize]) -> Option<usize> {
    let last = clusters.iter().max()?;
    Some(last + 1).filter(|&count| count < clusters.len())
}

/// The most of what is known; 0 of nothing.
fn ceiling<'a>(log_units: impl IntoIterator<Item = &'a f64>) -> f64 {
    log_units.into_iter().copied().fold(0.0, f64::max)
}

fn fingerprint(panel: &LaunchPanel) -> String {
    let mut hash = Sha256::new();
    for i in 0..panel.len() {
        hash.update(panel.ids()[i].as_bytes());
        hash.update(panel.launch_days()[i].to_le_bytes());
        panel
            .log_units(i)
            .iter()
            .for_each(|v| hash.update(v.to_bits().to_le_bytes()));
    }
    hash.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_goes_without_members_that_refuse_but_not_without_those_that_break() {
        let broken = || Error::from(candle_core::Error::Msg("shape mismatch in matmul".to_owned()));
        let refused = || Error::refused("too few launches");
        let auto = Architecture::Auto;
        assert_eq!(left_out_for(auto, refused()), Ok("too few launches".to_owned()));
        let text = "internal error: shape mismatch in matmul; please report this";
        assert_eq!(left_out_for(auto, broken()).unwrap_err().to_string(), text);
        assert_eq!(left_out_for(Architecture::Lstm, refused()), Err(refused()));
    }
}
