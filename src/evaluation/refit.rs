//! Champion and challenger: whether a model that has learned from newer launches takes the place of the old one.

use std::collections::BTreeMap;

use super::Since;
use crate::error::{Error, Result};
use crate::launch::{Architecture, LaunchModel};
use crate::panel::{LaunchPanel, format_date};
use crate::progress::Progress;
use crate::statistics::{check_level, t_quantile};

/// Fewest launches that champion and challenger are judged on.
pub const MIN_JUDGED: usize = 10;
/// Share of the new launches, the newest, that they are judged on.
const JUDGED: f64 = 0.5;

/// What becomes of the champion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The new model takes its place.
    Promote,
    /// It stays.
    Keep,
}

impl Decision {
    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::Keep => "keep",
        }
    }
}

/// Champion and challenger on launches that neither has seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Launches forecast and observed.
    pub launches: usize,
    /// The challenger knew nothing from that day on, in days since 1970-01-01.
    pub cutoff: i32,
    /// WAPE of the champion, the challenger and the category mean curve at the cutoff; none of a naive that cannot be
    /// trained.
    pub champion: f64,
    /// See above.
    pub challenger: f64,
    /// See above.
    pub naive: Option<f64>,
    /// WAPE of the champion less that of the challenger, and its interval.
    pub margin: f64,
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// The outcome of a refit.
#[derive(Debug, Clone)]
pub struct Refitted {
    /// Whether the champion is replaced.
    pub decision: Decision,
    /// The new model where it is promoted.
    pub model: Option<LaunchModel>,
    /// How champion and challenger did, where that could be told.
    pub judged: Option<Judged>,
    /// What the decision rests on, or why there was none to make.
    pub reason: String,
}

impl Refitted {
    /// The champion stays without a judgement.
    pub fn kept(reason: String) -> Self {
        Self {
            decision: Decision::Keep,
            model: None,
            judged: None,
            reason,
        }
    }
}

/// Train a model of the champion's kind on all launches, and decide which of the two is to be used.
///
/// *Rule*: new are the launches after the last one that the champion learned from. The judged ones are the newest half
/// of them, and [`MIN_JUDGED`] products at least; the cutoff is the first day of these. The challenger is trained on what
/// was known on that day, and both forecast the judged launches from their attributes. With e and f the absolute
/// errors of champion and challenger and y the units, by product-step, the margin is sum(e - f) / sum(y), in WAPE. Its
/// variance is that of a ratio with products (variants of one, launched on one day, together) as draws,
/// G / (G - 1) sum(d_g^2) / sum(y)^2, d_g = sum_g(e - f) - margin sum_g(y); the interval is Student's t with G - 1 degrees
/// of freedom.
///
/// The challenger is promoted unless its margin is below 0 with all of the interval: it learned from half of the new
/// launches alone, and the model that takes the place learns from all of them, so that a tie is won by the newer
/// one. The promoted model is the one trained on all launches.
///
/// *Warm start*: networks that are fitted to all launches begin with the champion's weights, where they look at the same
/// inputs, and are trained for fewer epochs (see [`LaunchModel::train_after`]); all other models are trained anew.
///
/// *Errors*: what [`Since::of`] says; [`Error::Internal`].
///
/// *References*: Cochran 1977, Sampling Techniques, chapter 6 (ratio estimates); Diebold, Mariano 1995, Comparing predictive
/// accuracy.
///
/// # Errors
/// See above.
pub fn refit(
    champion: &LaunchModel,
    panel: &LaunchPanel,
    level: f64,
    warm_start: bool,
    progress: &Progress,
) -> Result<Refitted> {
    check_level(level)?;
    let since = Since::of(champion, panel)?;
    let kept = Refitted::kept;
    let last = format_date(since.last_known);
    if since.new.is_empty() {
        return Ok(kept(told(
            format!("no launch with sales after {last}, the last one that the model learned from"),
            &since,
        )));
    }
    let few = |judged: usize| {
        format!(
            "{judged} products launched after {last}, the last launch that the model learned from, have sales to judge by: \
             {MIN_JUDGED} are needed"
        )
    };
    let Some(cutoff) = cutoff(&since) else {
        return Ok(kept(told(few(since.products(&since.new)), &since)));
    };
    let recipe = champion.recipe()?;
    let known = since.panel.known_at(cutoff)?;
    let rows: Vec<usize> = since
        .new
        .iter()
        .copied()
        .filter(|&row| since.panel.launch_days()[row] >= cutoff)
        .collect();
    let after = since.panel.select(&rows)?;
    let train = |architecture: Architecture, panel: &LaunchPanel| match LaunchModel::train_after(
        warm_start.then_some(champion),
        architecture,
        panel,
        &recipe,
        progress,
    ) {
        Ok(model) => Ok(Ok(model)),
        Err(Error::Refused(reason)) => Ok(Err(reason)),
        Err(error) => Err(error),
    };
    let challenger = match train(champion.architecture(), &known)? {
        Ok(challenger) => challenger,
        Err(reason) => return Ok(kept(told(format!("no challenger could be trained: {reason}"), &since))),
    };
    let naive = train(Architecture::Naive, &known)?.ok();
    let judged = match judge(champion, &challenger, naive.as_ref(), (&after, cutoff), level)? {
        Ok(judged) => judged,
        Err(products) => return Ok(kept(told(few(products), &since))),
    };
    if judged.upper < 0.0 {
        let reason = told(format!("the challenger is worse on {}", shown(&judged)), &since);
        return Ok(Refitted {
            judged: Some(judged),
            ..kept(reason)
        });
    }
    let model = match train(champion.architecture(), &since.panel)? {
        Ok(model) => model,
        Err(reason) => {
            return Ok(Refitted {
                judged: Some(judged),
                ..kept(told(format!("the model of all launches was refused: {reason}"), &since))
            });
        }
    };
    let how = if judged.lower > 0.0 {
        "better"
    } else {
        "not clearly worse"
    };
    Ok(Refitted {
        decision: Decision::Promote,
        model: Some(model),
        reason: told(format!("the challenger is {how} on {}", shown(&judged)), &since),
        judged: Some(judged),
    })
}

fn told(what: String, since: &Since) -> String {
    [Some(what), since.lost()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("; ")
}

fn shown(judged: &Judged) -> String {
    format!(
        "{} launches from {} on: WAPE {:.3} beside {:.3} of the champion",
        judged.launches,
        format_date(judged.cutoff),
        judged.challenger,
        judged.champion
    )
}

/// The latest day from which on there are enough products to judge by; `None` if there are not.
fn cutoff(since: &Since) -> Option<i32> {
    let mut by_day: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
    for &row in &since.new {
        by_day.entry(since.panel.launch_days()[row]).or_default().push(row);
    }
    let needed = MIN_JUDGED.max((JUDGED * since.products(&since.new) as f64).ceil() as usize);
    let mut products = 0;
    by_day.into_iter().rev().find_map(|(day, rows)| {
        products += since.products(&rows);
        (products >= needed).then_some(day)
    })
}

/// Absolute errors and units of one product.
#[derive(Debug, Clone, Copy, Default)]
struct Errors {
    champion: f64,
    challenger: f64,
    naive: f64,
    units: f64,
}

/// Both on the same product-steps; the number of products if they are too few, or sold nothing.
fn judge(
    champion: &LaunchModel,
    challenger: &LaunchModel,
    naive: Option<&LaunchModel>,
    (after, cutoff): (&LaunchPanel, i32),
    level: f64,
) -> Result<std::result::Result<Judged, usize>> {
    let candidates = after.candidates();
    let forecast = |model: &LaunchModel| model.forecast(&candidates, level, None);
    let (of_champion, of_challenger) = (forecast(champion)?, forecast(challenger)?);
    let of_naive = naive.map(forecast).transpose()?;
    let (mut by_product, mut launches) = (BTreeMap::<usize, Errors>::new(), 0);
    let mut all_naive = of_naive.is_some();
    for (row, cluster) in after.clusters().into_iter().enumerate() {
        let pairs = of_champion[row].steps.iter().zip(&of_challenger[row].steps);
        let mut seen = false;
        for (place, (champion, challenger)) in pairs.enumerate() {
            let Some(units) = after.units(row, place) else { continue };
            let (Some(old), Some(new)) = (champion.interval, challenger.interval) else {
                continue;
            };
            let base = of_naive.as_ref().and_then(|f| f[row].steps.get(place)?.interval);
            all_naive &= base.is_some();
            let errors = by_product.entry(cluster).or_default();
            errors.champion += (units - old.median).abs();
            errors.challenger += (units - new.median).abs();
            errors.naive += base.map_or(0.0, |base| (units - base.median).abs());
            errors.units += units;
            seen = true;
        }
        launches += usize::from(seen);
    }
    let products = by_product.len();
    let sum = |of: &dyn Fn(&Errors) -> f64| by_product.values().map(of).sum::<f64>();
    let units = sum(&|e| e.units);
    if products < MIN_JUDGED || units <= 0.0 {
        return Ok(Err(if units > 0.0 { products } else { 0 }));
    }
    let margin = sum(&|e| e.champion - e.challenger) / units;
    let squares = sum(&|e| (e.champion - e.challenger - margin * e.units).powi(2));
    let count = products as f64;
    let error = (count / (count - 1.0) * squares).sqrt() / units;
    let reach = t_quantile(level, products - 1) * error;
    Ok(Ok(Judged {
        launches,
        cutoff,
        champion: sum(&|e| e.champion) / units,
        challenger: sum(&|e| e.challenger) / units,
        naive: all_naive.then(|| sum(&|e| e.naive) / units),
        margin,
        lower: margin - reach,
        upper: margin + reach,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::tests::planted_panel;
    use crate::neural::Recipe;

    const LEVEL: f64 = 0.8;

    fn trained(architecture: Architecture, panel: &LaunchPanel, recipe: &Recipe) -> LaunchModel {
        LaunchModel::train(architecture, panel, recipe, &Progress::silent()).unwrap()
    }

    fn decided(champion: &LaunchModel, panel: &LaunchPanel, warm_start: bool) -> Refitted {
        refit(champion, panel, LEVEL, warm_start, &Progress::silent()).unwrap()
    }

    #[test]
    fn the_promoted_model_is_that_of_all_launches() {
        let panel = planted_panel(120, 4, 1);
        let recipe = Recipe::default();
        let known = panel.known_at(18_350).unwrap();
        let champion = trained(Architecture::Naive, &known, &recipe);
        let found = decided(&champion, &panel, true);
        assert_eq!(found.decision, Decision::Promote, "{}", found.reason);
        assert_eq!(found.model, Some(trained(Architecture::Naive, &panel, &recipe)));
        let judged = found.judged.unwrap();
        let new = panel
            .launch_days()
            .iter()
            .filter(|d| **d > champion.training().last_launch.unwrap())
            .count();
        // The newest half, and the rest of its first day.
        assert!(
            judged.launches >= new.div_ceil(2) && judged.launches < new,
            "{judged:?}"
        );
        assert!((judged.margin - (judged.champion - judged.challenger)).abs() < 1e-12);
        assert!(judged.lower <= judged.margin && judged.margin <= judged.upper);
    }

    #[test]
    fn without_enough_new_launches_the_champion_stays() {
        let panel = planted_panel(60, 4, 2);
        let champion = trained(Architecture::Naive, &panel, &Recipe::default());
        let none = decided(&champion, &panel, true);
        assert!(none.model.is_none() && none.judged.is_none() && none.reason.starts_with("no launch with sales after"));
        let mut days = panel.launch_days().to_vec();
        days.sort_unstable();
        let known = panel.known_at(days[52]).unwrap();
        let few = decided(&trained(Architecture::Naive, &known, &Recipe::default()), &panel, true);
        assert!(
            few.reason.contains("10 are needed") && few.decision == Decision::Keep,
            "{}",
            few.reason
        );
    }

    #[test]
    fn networks_begin_where_the_champion_ended() {
        let panel = planted_panel(150, 4, 3);
        let recipe = Recipe::try_new(&crate::neural::RecipeOptions {
            hidden: Some(vec![8]),
            epochs: Some(10),
            networks: Some(1),
            ..Default::default()
        })
        .unwrap();
        let champion = trained(Architecture::Lstm, &panel.known_at(18_400).unwrap(), &recipe);
        let [warm, again, cold] = [true, true, false].map(|warm| decided(&champion, &panel, warm).model.unwrap());
        assert_eq!(warm, again);
        assert_ne!(warm, cold);
        assert_eq!(cold, trained(Architecture::Lstm, &panel, &recipe));
        // What is held out is forecast by networks that begin anew: the champion has seen it.
        assert_eq!(warm.training().validation, cold.training().validation);
    }
}
