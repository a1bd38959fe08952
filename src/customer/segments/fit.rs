//! Learns from all users how paces and stays are distributed.

use rayon::prelude::*;

use super::{
    History, MIN_REPEATERS, MIN_USERS,
    chain::{Chain, LEVELS, Levels},
    leaving::{CLASSES, Class, Leaving, Silences, stayed},
};
use crate::error::{Error, Result};

/// How far the log-odds of a pace may wander in a day, as a standard deviation.
const WANDERS: [f64; 4] = [0.0, 0.0175, 0.035, 0.06];
/// Probabilities that a pace is drawn anew before a day: first none or the one in the middle, then those beside it.
const RENEWED: [f64; 2] = [0.0, 0.001];
const RENEWED_TOO: [f64; 2] = [0.0003, 0.003];
/// Users that are learned from at most, with so many gaps each on average; of more, users are taken evenly from all in an
/// order of their histories.
const MOST_USERS: usize = 20_000;
/// Those that the way of leaving and how far paces wander are learned from.
const FEWER_USERS: usize = 5_000;
const GAPS: usize = 10;
const ROUNDS: usize = 200;
/// A gain in log-likelihood below which learning ends.
const ENOUGH: f64 = 0.01;
/// Users in one piece of a sum: it does not depend on threads.
const PIECE: usize = 512;

/// How users leave and paces move.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// What users leave at.
    pub leaving: Leaving,
    /// How far a pace wanders in a day.
    pub wander: f64,
    /// Probability that a pace is drawn anew before a day.
    pub renewed: f64,
    /// The shares of paces it is then drawn from.
    pub fresh: Levels,
}

impl Way {
    /// Paces are never drawn anew.
    fn kept(leaving: Leaving, wander: f64) -> Self {
        Self {
            leaving,
            wander,
            renewed: 0.0,
            fresh: [0.0; LEVELS],
        }
    }
}

/// What was learned.
pub struct Fitted {
    /// The paces.
    pub chain: Chain,
    /// How users leave and paces move.
    pub way: Way,
    /// The classes of that.
    pub classes: [Class; CLASSES],
    /// The share of users of each class.
    pub shares: [f64; CLASSES],
    /// The share of users of each pace at their first purchase.
    pub paces: Levels,
    /// Log-likelihood of the histories learned from.
    pub log_likelihood: f64,
}

/// Learn from histories, which must be sorted.
///
/// *Model*: a user has a pace ([`Chain`]) and a class of leaving ([`Leaving`]), independent of each other at the first
/// purchase. Both distributions are half a histogram, estimated without a shape, and half a family like a Beta
/// distribution (log density a ln x + b ln(1 - x) on the grid), which lends its tails where the data say little:
/// shares are those of EM with as many pseudo-observations of the family as there are users. Paces that keep and leaving
/// at purchases, which was the steadier one where little speaks for either, give way to another likelihood that is larger by
/// half a logarithm of the number of users; whether and how often paces are drawn anew is the likelihood's alone, by which
/// users who were silent for long come back. With
/// leaving on any day it is a discrete, semiparametric Pareto/NBD, with leaving at purchases an MBG/NBD, whose rates
/// change.
///
/// *Determinism*: users in the order given, pieces of a fixed size.
///
/// *Errors*: [`Error::Refused`] of fewer than [`MIN_USERS`] users or [`MIN_REPEATERS`] who came back.
///
/// *References*: Schmittlein, Morrison, Colombo 1987, Counting your customers: who are they and what will they do next?;
/// Batislam, Denizel, Filiztekin 2007, Empirical validation and comparison of models for customer base analysis; Fader,
/// Hardie, Lee 2005, "Counting your customers" the easy way: an alternative to the Pareto/NBD model; Laird 1978,
/// Nonparametric maximum likelihood estimation of a mixing distribution.
pub fn fit(histories: &[History]) -> Result<Fitted> {
    let repeaters = histories.iter().filter(|history| !history.gaps.is_empty()).count();
    if repeaters == 0 {
        return Err(Error::refused(
            "nobody bought on a second day: nothing says how often users come back",
        ));
    }
    if histories.len() < MIN_USERS || repeaters < MIN_REPEATERS {
        return Err(Error::refused(format!(
            "{} users of whom {repeaters} came back are too few to learn from: there must be {MIN_USERS}, and {MIN_REPEATERS} \
             who came back",
            histories.len()
        )));
    }
    let few = drawn(histories, FEWER_USERS);
    let penalty = (few.len() as f64).ln() / 2.0;
    let few = counted(&few);
    let longest = longest(histories);
    let worth = |way: &Way| {
        let fitted = learned(&few, longest, way);
        let odd = [way.wander > 0.0, way.leaving == Leaving::AnyDay];
        let odd = odd.iter().filter(|odd| **odd).count() as f64;
        (fitted.log_likelihood - penalty * odd, fitted.paces)
    };
    // Paces are drawn anew from those that users start with where paces are not drawn anew.
    let consider = |leaving: Leaving, wander: f64| {
        let mut way = Way::kept(leaving, wander);
        let mut best = (f64::NEG_INFINITY, way);
        for renewed in RENEWED {
            way.renewed = renewed;
            let (found, paces) = worth(&way);
            if renewed == 0.0 {
                way.fresh = paces;
            }
            if found > best.0 {
                best = (found, way);
            }
        }
        (
            best.0,
            Way {
                fresh: way.fresh,
                ..best.1
            },
        )
    };
    let mut best = (f64::NEG_INFINITY, Way::kept(Leaving::AtPurchase, 0.0));
    for wander in WANDERS {
        let found = consider(Leaving::AtPurchase, wander);
        if found.0 <= best.0 {
            break;
        }
        best = found;
    }
    let other = consider(Leaving::AnyDay, best.1.wander);
    if other.0 > best.0 {
        best = other;
    }
    let found = best.1;
    for renewed in RENEWED_TOO {
        let way = Way { renewed, ..found };
        let (worth, _) = worth(&way);
        if worth > best.0 {
            best = (worth, way);
        }
    }
    let (_, way) = best;
    Ok(learned(&counted(&drawn(histories, MOST_USERS)), longest, &way))
}

/// As [`fit`], with the way of leaving and of moving of another model, from fewer users.
pub fn fit_as(histories: &[History], other: &Fitted) -> Fitted {
    let drawn = counted(&drawn(histories, FEWER_USERS));
    learned(&drawn, longest(histories), &other.way)
}

fn longest(histories: &[History]) -> u32 {
    histories.iter().map(History::tenure).max().unwrap_or(0)
}

/// Some of the histories, evenly.
fn drawn(histories: &[History], most: usize) -> Vec<&History> {
    let gaps: usize = histories.iter().map(|history| history.gaps.len()).sum();
    let share = (most * GAPS) as f64 / gaps.max(1) as f64;
    let by_gaps = (histories.len() as f64 * share.min(1.0)) as usize;
    let wanted = by_gaps.min(most).max(MIN_USERS).min(histories.len());
    let place = |i: usize| ((2 * i + 1) as u128 * histories.len() as u128 / (2 * wanted) as u128) as usize;
    (0..wanted).filter_map(|i| histories.get(place(i))).collect()
}

/// Equal histories once, with their number.
fn counted<'a>(histories: &[&'a History]) -> Vec<(&'a History, usize)> {
    histories
        .chunk_by(|a, b| a == b)
        .filter_map(|equal| equal.first().map(|first| (*first, equal.len())))
        .collect()
}

/// Of a history: by class and level at the first purchase its likelihood, divided by the exponential of the last number.
struct Likelihood {
    of: [Levels; CLASSES],
    log: f64,
    count: f64,
}

fn likelihood(chain: &Chain, classes: &[Class], silences: &Silences, history: &History, count: usize) -> Likelihood {
    let mut values = silences.of(history.silent).copied().unwrap_or([[0.0; CLASSES]; LEVELS]);
    let mut log = 0.0;
    for gap in history.gaps.iter().rev() {
        values = chain.before_purchase(&values, *gap);
        let largest = values.iter().flatten().copied().fold(0.0, f64::max);
        if largest > 0.0 {
            log += largest.ln();
            values.iter_mut().flatten().for_each(|value| *value /= largest);
        }
    }
    let logs = stayed(classes, history.gaps.len(), history.span());
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let of = std::array::from_fn(|class| {
        let stay = (logs[class] - most).exp();
        std::array::from_fn(|level| values[level][class] * stay)
    });
    Likelihood {
        of,
        log: log + most,
        count: count as f64,
    }
}

/// Expected numbers of users by class and level, and the log-likelihood.
#[derive(Clone, Copy)]
struct Sums {
    classes: [f64; CLASSES],
    levels: Levels,
    log: f64,
}

impl Sums {
    const NONE: Self = Self {
        classes: [0.0; CLASSES],
        levels: [0.0; LEVELS],
        log: 0.0,
    };

    fn take_in(&mut self, of: &Likelihood, shares: &[f64; CLASSES], paces: &Levels) {
        let mut by_class = [0.0; CLASSES];
        let mut by_level = [0.0; LEVELS];
        for ((sum, share), row) in by_class.iter_mut().zip(shares).zip(&of.of) {
            if *share > 0.0 {
                for ((level, pace), value) in by_level.iter_mut().zip(paces).zip(row) {
                    *sum += pace * value;
                    *level += share * value;
                }
            }
        }
        let total: f64 = by_class.iter().zip(shares).map(|(sum, share)| sum * share).sum();
        if total > 0.0 {
            let weight = of.count / total;
            let classes = self.classes.iter_mut().zip(by_class).zip(shares);
            classes.for_each(|((sum, value), share)| *sum += weight * value * share);
            let levels = self.levels.iter_mut().zip(by_level).zip(paces);
            levels.for_each(|((sum, value), pace)| *sum += weight * value * pace);
            self.log += of.count * (total.ln() + of.log);
        }
    }

    fn add(&mut self, other: &Self) {
        self.classes.iter_mut().zip(other.classes).for_each(|(a, b)| *a += b);
        self.levels.iter_mut().zip(other.levels).for_each(|(a, b)| *a += b);
        self.log += other.log;
    }
}

fn learned(counted: &[(&History, usize)], longest: u32, way: &Way) -> Fitted {
    let chain = Chain::new(longest, way.wander, way.renewed, &way.fresh);
    let classes = way.leaving.classes(longest);
    let silences = Silences::new(&chain, &classes, counted.iter().map(|(history, _)| history.silent));
    let of = |(history, count): &(&History, usize)| likelihood(&chain, &classes, &silences, history, *count);
    let likelihoods: Vec<Likelihood> = counted.par_iter().map(of).collect();
    let users: f64 = likelihoods.iter().map(|l| l.count).sum();

    let rates = classes.map(|class| class.rate());
    let mut pace_family = Family::new(&chain.buys, [0.7, 20.0]);
    let mut stay_family = Family::new(&rates, [0.5, 1.0]);
    let mut paces = [0.0; LEVELS];
    paces.copy_from_slice(&pace_family.shares());
    let mut shares = [0.0; CLASSES];
    shares.copy_from_slice(&stay_family.shares());

    let mut log_likelihood = f64::NEG_INFINITY;
    for _ in 0..ROUNDS {
        let piece = |piece: &[Likelihood]| {
            let mut sums = Sums::NONE;
            piece.iter().for_each(|of| sums.take_in(of, &shares, &paces));
            sums
        };
        let pieces: Vec<Sums> = likelihoods.par_chunks(PIECE).map(piece).collect();
        let mut sums = Sums::NONE;
        pieces.iter().for_each(|piece| sums.add(piece));
        let gain = sums.log - log_likelihood;
        log_likelihood = sums.log;
        if gain.abs() < ENOUGH {
            break;
        }
        pace_family.follow(&sums.levels);
        for ((pace, sum), family) in paces.iter_mut().zip(sums.levels).zip(pace_family.shares()) {
            *pace = (sum / users + family) / 2.0;
        }
        stay_family.follow(&sums.classes);
        for ((share, sum), family) in shares.iter_mut().zip(sums.classes).zip(stay_family.shares()) {
            *share = (sum / users + family) / 2.0;
        }
    }
    Fitted {
        chain,
        way: *way,
        classes,
        shares,
        paces,
        log_likelihood,
    }
}

/// Shares of points x in (0, 1) in the proportion x^a (1 - x)^b.
struct Family {
    logs: Vec<[f64; 2]>,
    powers: [f64; 2],
}

/// Keeps the powers where nothing speaks of them: as the inverse of a variance, in users.
const RIDGE: [f64; 2] = [0.01, 0.0001];
const NEWTON_STEPS: usize = 4;

impl Family {
    fn new(points: &[f64], powers: [f64; 2]) -> Self {
        let logs = points.iter().map(|x| [x.ln(), (-x).ln_1p()]).collect();
        Self { logs, powers }
    }

    fn shares(&self) -> Vec<f64> {
        let [a, b] = self.powers;
        let logs: Vec<f64> = self.logs.iter().map(|[x, y]| a * x + b * y).collect();
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = logs.iter().map(|log| (log - most).exp()).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    }

    /// The concave penalised log-likelihood of counts.
    fn worth(&self, counts: &[f64]) -> f64 {
        let shares = self.shares();
        let fit: f64 = counts
            .iter()
            .zip(&shares)
            .map(|(n, s)| n * s.max(f64::MIN_POSITIVE).ln())
            .sum();
        let [a, b] = self.powers;
        fit - (RIDGE[0] * a * a + RIDGE[1] * b * b) / 2.0
    }

    /// Takes some steps of Newton towards the powers of the largest likelihood of counts.
    fn follow(&mut self, counts: &[f64]) {
        let total: f64 = counts.iter().sum();
        for _ in 0..NEWTON_STEPS {
            let shares = self.shares();
            let mean = |k: usize| -> f64 { self.logs.iter().zip(&shares).map(|(l, s)| l[k] * s).sum() };
            let means = [mean(0), mean(1)];
            let covariance = |i: usize, j: usize| -> f64 {
                let term = |(l, s): (&[f64; 2], &f64)| (l[i] - means[i]) * (l[j] - means[j]) * s;
                self.logs.iter().zip(&shares).map(term).sum::<f64>() * total
            };
            let slope = |k: usize| -> f64 {
                let seen: f64 = self.logs.iter().zip(counts).map(|(l, n)| l[k] * n).sum();
                seen - total * means[k] - RIDGE[k] * self.powers[k]
            };
            let (g0, g1) = (slope(0), slope(1));
            let (h00, h01, h11) = (
                covariance(0, 0) + RIDGE[0],
                covariance(0, 1),
                covariance(1, 1) + RIDGE[1],
            );
            let determinant = h00 * h11 - h01 * h01;
            if determinant.is_nan() || determinant <= 0.0 {
                return;
            }
            let step = [(h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant];
            let (before, powers) = (self.worth(counts), self.powers);
            let mut size = 1.0;
            loop {
                self.powers = [powers[0] + size * step[0], powers[1] + size * step[1]];
                if self.worth(counts) >= before {
                    break;
                }
                size /= 2.0;
                if size < 1e-4 {
                    self.powers = powers;
                    return;
                }
            }
        }
    }
}
