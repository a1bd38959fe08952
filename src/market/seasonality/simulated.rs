//! Markets whose season is known, and how often intervals hold it.

use std::collections::BTreeSet;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// A market whose season is known.
pub struct Market {
    pub periods: usize,
    /// Change of the log of sales over all periods.
    pub growth: f64,
    /// Deviation of the log of sales of a period, shared by all products of a group.
    pub shock: f64,
    /// Units of a product in a mean period; 0 for units without chance.
    pub level: f64,
    pub products: usize,
    /// The log of the index by group and class.
    pub seasons: Vec<Vec<f64>>,
    /// Periods with the event, and the log of what it does.
    pub event: (Vec<usize>, f64),
    pub frequency: Frequency,
    /// Whether products come and go.
    pub turnover: bool,
}

fn normal(random: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0
}

fn poisson(mean: f64, random: &mut ChaCha8Rng) -> f64 {
    if mean > 30.0 {
        return (mean + mean.sqrt() * normal(random)).round().max(0.0);
    }
    let (limit, mut product, mut count) = ((-mean).exp(), random.random::<f64>(), 0.0);
    while product > limit {
        product *= random.random::<f64>();
        count += 1.0;
    }
    count
}

fn class_of(frequency: Frequency, period: usize) -> usize {
    match frequency {
        Frequency::Month => period % 12,
        Frequency::Week => period % 52,
        Frequency::Day => period % 7,
    }
}

impl Market {
    pub fn monthly(periods: usize) -> Self {
        Self {
            periods,
            growth: 0.0,
            shock: 0.05,
            level: 0.0,
            products: 5,
            seasons: vec![vec![0.0; 12]],
            event: (vec![], 0.0),
            frequency: Frequency::Month,
            turnover: false,
        }
    }

    pub fn calendar(&self) -> Calendar {
        let event = |p: usize| if self.event.0.contains(&p) { vec![0] } else { vec![] };
        Calendar {
            start: 100,
            open: vec![1.0; self.periods],
            class: (0..self.periods).map(|p| class_of(self.frequency, p)).collect(),
            events: (0..self.periods).map(event).collect(),
        }
    }

    pub fn products(&self, random: &mut ChaCha8Rng) -> Vec<Product> {
        let mut products = Vec::new();
        for (group, season) in self.seasons.iter().enumerate() {
            let rate: Vec<f64> = (0..self.periods)
                .map(|p| {
                    let event = if self.event.0.contains(&p) { self.event.1 } else { 0.0 };
                    let trend = self.growth * p as f64 / self.periods as f64;
                    (season[class_of(self.frequency, p)] + trend + event + self.shock * normal(random)).exp()
                })
                .collect();
            for i in 0..self.products {
                let (mut from, mut to) = (0, self.periods);
                if self.turnover && i % 3 == 1 {
                    from = random.random_range(0..self.periods / 2);
                }
                if self.turnover && i % 3 == 2 {
                    to = self.periods - random.random_range(0..self.periods / 2);
                }
                let level = (0.7 * normal(random)).exp() * if self.level > 0.0 { self.level } else { 100.0 };
                let units: Vec<f64> = (from..to)
                    .map(|p| {
                        // A launch sells three times as much at first.
                        let age = if from > 0 {
                            1.0 + 2.0 * (-((p - from) as f64) / 2.0).exp()
                        } else {
                            1.0
                        };
                        let mean = level * rate[p] * age;
                        if self.level > 0.0 { poisson(mean, random) } else { mean }
                    })
                    .collect();
                products.push(Product {
                    key: Some(format!("g{group}")),
                    start: 100 + from as i64,
                    units,
                });
            }
        }
        products
    }

    pub fn rows(&self, seed: u64) -> Vec<Row> {
        let products = self.products(&mut ChaCha8Rng::seed_from_u64(seed));
        let groups: BTreeSet<String> = (0..self.seasons.len()).map(|g| format!("g{g}")).collect();
        let events = usize::from(!self.event.0.is_empty());
        seasonality(self.frequency, &products, &groups, &self.calendar(), events, 0.8)
    }

    /// Share of intervals of groups that hold the truth, by class and of the event, and the mean squared error of the
    /// log index.
    pub fn coverage(&self, draws: u64, season: impl Fn(&mut ChaCha8Rng) -> Vec<Vec<f64>>) -> (f64, f64, f64) {
        let (mut inside, mut total, mut event, mut events, mut square) = (0, 0, 0, 0, 0.0);
        for seed in 0..draws {
            let mut market = Self {
                seasons: season(&mut ChaCha8Rng::seed_from_u64(1000 + seed)),
                event: self.event.clone(),
                ..*self
            };
            market.seasons.iter_mut().for_each(|s| {
                let mean = (s.iter().map(|v| v.exp()).sum::<f64>() / s.len() as f64).ln();
                s.iter_mut().for_each(|v| *v -= mean);
            });
            for row in market.rows(seed) {
                let Some(group) = row.key.as_deref().and_then(|k| k[1..].parse::<usize>().ok()) else {
                    continue;
                };
                // Of few units there may be none.
                let Some((lower, upper)) = row.interval else {
                    continue;
                };
                if let Some(class) = row.class {
                    let truth = market.seasons[group][class].exp();
                    inside += u32::from((lower..=upper).contains(&truth));
                    square += (row.index.unwrap() / truth).ln().powi(2);
                    total += 1;
                } else {
                    event += u32::from((lower..=upper).contains(&market.event.1.exp()));
                    events += 1;
                }
            }
        }
        (
            f64::from(inside) / f64::from(total),
            f64::from(event) / f64::from(events.max(1)),
            (square / f64::from(total)).sqrt(),
        )
    }
}

pub fn random_seasons(
    groups: usize,
    classes: usize,
    common: f64,
    own: f64,
) -> impl Fn(&mut ChaCha8Rng) -> Vec<Vec<f64>> {
    move |random| {
        let parent: Vec<f64> = (0..classes).map(|_| common * normal(random)).collect();
        (0..groups)
            .map(|_| parent.iter().map(|p| p + own * normal(random)).collect())
            .collect()
    }
}

/// A year with two waves and a spike, and deviations of groups that last some weeks.
fn smooth_seasons(groups: usize, classes: usize, common: f64, own: f64) -> impl Fn(&mut ChaCha8Rng) -> Vec<Vec<f64>> {
    move |random| {
        let angle = |c: usize| std::f64::consts::TAU * c as f64 / classes as f64;
        let waves = |size: f64, random: &mut ChaCha8Rng| -> Vec<f64> {
            let (a, b, c, d) = (normal(random), normal(random), normal(random), normal(random));
            let wave = |n: usize| {
                a * angle(n).sin() + b * angle(n).cos() + c * (3.0 * angle(n)).sin() + d * (3.0 * angle(n)).cos()
            };
            (0..classes).map(|n| size / 2.0 * wave(n)).collect()
        };
        let mut parent = waves(common, random);
        let spike = random.random_range(0..classes);
        parent[spike] += 0.7;
        let deviations: Vec<Vec<f64>> = (0..groups).map(|_| waves(own, random)).collect();
        deviations
            .iter()
            .map(|d| d.iter().zip(&parent).map(|(d, p)| d + p).collect())
            .collect()
    }
}

#[test]
#[ignore = "prints what the docs say"]
fn coverage_table() {
    let month = Market::monthly;
    let easter: Vec<usize> = vec![3, 14, 27, 39, 50];
    for (name, market, season) in [
        ("1 year", month(12), (4, 12, 0.3, 0.1)),
        ("1.25 years", month(15), (4, 12, 0.3, 0.1)),
        ("1.6 years", month(19), (4, 12, 0.3, 0.1)),
        ("2 years", month(24), (4, 12, 0.3, 0.1)),
        ("3 years", month(36), (4, 12, 0.3, 0.1)),
        ("5 years", month(60), (4, 12, 0.3, 0.1)),
        (
            "2 years, growth e",
            Market {
                growth: 1.0,
                ..month(24)
            },
            (4, 12, 0.3, 0.1),
        ),
        (
            "5 years, growth e^2",
            Market {
                growth: 2.0,
                ..month(60)
            },
            (4, 12, 0.3, 0.1),
        ),
        ("3 years flat", month(36), (4, 12, 0.0, 0.0)),
        ("3 years, children alike", month(36), (4, 12, 0.3, 0.0)),
        (
            "3 years, noise 0.3",
            Market {
                shock: 0.3,
                ..month(36)
            },
            (4, 12, 0.3, 0.1),
        ),
        (
            "3 years, thin 1 unit",
            Market {
                level: 1.0,
                ..month(36)
            },
            (4, 12, 0.3, 0.1),
        ),
        (
            "4 years, turnover",
            Market {
                turnover: true,
                products: 9,
                ..month(48)
            },
            (4, 12, 0.3, 0.1),
        ),
        (
            "5 years, event",
            Market {
                event: (easter.clone(), 0.5),
                ..month(60)
            },
            (4, 12, 0.3, 0.1),
        ),
        (
            "3 years, event once",
            Market {
                event: (vec![14], 0.5),
                ..month(36)
            },
            (4, 12, 0.3, 0.1),
        ),
        (
            "weeks: 1 year",
            Market {
                frequency: Frequency::Week,
                ..month(52)
            },
            (2, 52, 0.3, 0.1),
        ),
        (
            "1 year, growth e^0.3",
            Market {
                growth: 0.3,
                ..month(12)
            },
            (4, 12, 0.3, 0.1),
        ),
        (
            "1.6 years, growth e^0.5",
            Market {
                growth: 0.5,
                ..month(19)
            },
            (4, 12, 0.3, 0.1),
        ),
        (
            "weeks: 1.6 years, growth",
            Market {
                frequency: Frequency::Week,
                growth: 0.5,
                ..month(84)
            },
            (4, 52, 0.3, 0.1),
        ),
        (
            "weeks: 2 years",
            Market {
                frequency: Frequency::Week,
                ..month(104)
            },
            (2, 52, 0.3, 0.1),
        ),
        (
            "weeks: 3 years, noise 0.2",
            Market {
                frequency: Frequency::Week,
                shock: 0.2,
                ..month(156)
            },
            (2, 52, 0.3, 0.1),
        ),
        (
            "weeks: 3 years, thin 0.5",
            Market {
                frequency: Frequency::Week,
                level: 0.5,
                ..month(156)
            },
            (2, 52, 0.3, 0.1),
        ),
        (
            "days: 20 weeks",
            Market {
                frequency: Frequency::Day,
                ..month(140)
            },
            (2, 7, 0.3, 0.1),
        ),
    ] {
        let draws = if market.frequency == Frequency::Week { 10 } else { 200 };
        let clock = std::time::Instant::now();
        let (groups, classes, common, own) = season;
        let (c, e, r) = market.coverage(draws, random_seasons(groups, classes, common, own));
        let (smooth_c, smooth_e, smooth_r) = market.coverage(draws, smooth_seasons(groups, classes, common, own));
        println!(
            "{name:30} chance: {c:.3} event {e:.3} rms {r:.4}; waves: {smooth_c:.3} event {smooth_e:.3} rms {smooth_r:.4}; \
             {:.1} ms",
            clock.elapsed().as_secs_f64() * 500.0 / draws as f64
        );
    }
}
