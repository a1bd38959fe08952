use std::collections::BTreeSet;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// A market whose season is known.
struct Market {
    periods: usize,
    /// Change of the log of sales over all periods.
    growth: f64,
    /// Deviation of the log of sales of a period, shared by all products of a group.
    shock: f64,
    /// Units of a product in a mean period; 0 for units without chance.
    level: f64,
    products: usize,
    /// The log of the index by group and class.
    seasons: Vec<Vec<f64>>,
    /// Periods with the event, and the log of what it does.
    event: (Vec<usize>, f64),
    frequency: Frequency,
    /// Whether products come and go.
    turnover: bool,
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
    fn monthly(periods: usize) -> Self {
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

    fn calendar(&self) -> Calendar {
        let event = |p: usize| if self.event.0.contains(&p) { vec![0] } else { vec![] };
        Calendar {
            start: 100,
            open: vec![1.0; self.periods],
            class: (0..self.periods).map(|p| class_of(self.frequency, p)).collect(),
            events: (0..self.periods).map(event).collect(),
        }
    }

    fn products(&self, random: &mut ChaCha8Rng) -> Vec<Product> {
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

    fn rows(&self, seed: u64) -> Vec<Row> {
        let products = self.products(&mut ChaCha8Rng::seed_from_u64(seed));
        let groups: BTreeSet<String> = (0..self.seasons.len()).map(|g| format!("g{g}")).collect();
        let events = usize::from(!self.event.0.is_empty());
        seasonality(self.frequency, &products, &groups, &self.calendar(), events, 0.8)
    }

    /// Share of intervals of groups that hold the truth, by class and of the event, and the mean squared error of the
    /// log index.
    fn coverage(&self, draws: u64, season: impl Fn(&mut ChaCha8Rng) -> Vec<Vec<f64>>) -> (f64, f64, f64) {
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
                let (lower, upper) = row.interval.unwrap();
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

fn random_seasons(groups: usize, classes: usize, common: f64, own: f64) -> impl Fn(&mut ChaCha8Rng) -> Vec<Vec<f64>> {
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

fn found(rows: &[Row], key: Option<&str>, class: usize) -> Row {
    rows.iter()
        .find(|r| r.key.as_deref() == key && r.class == Some(class))
        .unwrap()
        .clone()
}

#[test]
fn a_season_beside_growth_launches_and_withdrawals_is_found() {
    let season: Vec<f64> = (0..12).map(|m| if m == 11 { 1.0 } else { 0.02 * m as f64 }).collect();
    let mean = season.iter().map(|s| s.exp()).sum::<f64>() / 12.0;
    let market = Market {
        growth: 2.0,
        shock: 0.02,
        products: 9,
        seasons: vec![season.clone()],
        turnover: true,
        ..Market::monthly(60)
    };
    let rows = market.rows(1);
    for (class, truth) in season.iter().enumerate() {
        for key in [None, Some("g0")] {
            let index = found(&rows, key, class).index.unwrap();
            assert!(
                (index / (truth.exp() / mean) - 1.0).abs() < 0.03,
                "{key:?} {class}: {index}"
            );
        }
    }
    let peaks: Vec<_> = rows.iter().filter(|r| r.peak == Some(true)).map(|r| r.class).collect();
    assert_eq!(peaks, [Some(11), Some(11)]);
    assert!(
        rows[0].reason.starts_with("5.0 years of 9 products"),
        "{}",
        rows[0].reason
    );
}

#[test]
fn weeks_too() {
    let season: Vec<f64> = (0..52)
        .map(|w| 0.3 * (w as f64 / 8.0).sin() + if w == 47 { 0.8 } else { 0.0 })
        .collect();
    let mean = season.iter().map(|s| s.exp()).sum::<f64>() / 52.0;
    let market = Market {
        growth: 1.0,
        shock: 0.03,
        seasons: vec![season.clone()],
        frequency: Frequency::Week,
        ..Market::monthly(156)
    };
    let rows = market.rows(2);
    let ratio = |class: usize| found(&rows, None, class).index.unwrap() / (season[class].exp() / mean);
    let worst = (0..52).map(|class| (ratio(class) - 1.0).abs()).fold(0.0, f64::max);
    assert!(worst < 0.1, "{worst}");
    // The spike is not smoothed away.
    assert_eq!(found(&rows, None, 47).peak, Some(true));
    // Week 53 was never seen.
    assert!(!rows.iter().any(|r| r.class == Some(52)));
}

#[test]
fn an_event_does_not_touch_the_index_of_its_month() {
    // In April of three years and in March of two.
    let market = Market {
        event: (vec![3, 14, 27, 39, 50], 0.7),
        shock: 0.02,
        ..Market::monthly(60)
    };
    let rows = market.rows(3);
    for class in [2, 3] {
        assert!((found(&rows, Some("g0"), class).index.unwrap() - 1.0).abs() < 0.04);
    }
    let event = rows.iter().find(|r| r.event == Some(0)).unwrap();
    assert!((event.index.unwrap() / 0.7f64.exp() - 1.0).abs() < 0.06, "{event:?}");
    assert!(event.reason.starts_with("seen in 5 periods"), "{event:?}");
    assert_eq!(event.peak, Some(true));
    // Seen once, the interval is wider.
    let once = Market {
        event: (vec![27], 0.7),
        ..market
    }
    .rows(3);
    let width = |row: &Row| (row.interval.unwrap().1 / row.interval.unwrap().0).ln();
    let row = once.iter().find(|r| r.event == Some(0)).unwrap();
    assert!(width(row) > 1.3 * width(event), "{row:?} {event:?}");
}

#[test]
fn an_event_in_every_december_is_part_of_the_index() {
    let market = Market {
        event: (vec![11, 23, 35], 0.7),
        shock: 0.0,
        ..Market::monthly(36)
    };
    let rows = market.rows(4);
    let event = rows.iter().find(|r| r.event == Some(0)).unwrap();
    assert_eq!(event.index, None);
    assert!(event.reason.contains("whose index then holds it"));
    let december = found(&rows, None, 11).index.unwrap();
    assert!(
        (december / (12.0 * 0.7f64.exp() / (11.0 + 0.7f64.exp())) - 1.0).abs() < 1e-3,
        "{december}"
    );
}

#[test]
fn one_year_counts_half() {
    // Twelve numbers that cannot tell season from noise: the uniform prior of the shrinkage has the mean one half.
    let season: Vec<f64> = (0..12).map(|m| if m % 2 == 0 { 0.01 } else { -0.01 }).collect();
    let market = Market {
        seasons: vec![season],
        shock: 0.0,
        ..Market::monthly(12)
    };
    let rows = market.rows(5);
    let row = found(&rows, None, 0);
    assert!((row.index.unwrap().ln() / 0.01 - 0.5).abs() < 0.02, "{row:?}");
    assert!(
        row.reason.contains("too short to take growth out; pulled to 1 by"),
        "{row:?}"
    );
}

#[test]
fn thin_groups_are_pulled_to_the_others() {
    let season: Vec<f64> = (0..12).map(|m| (m as f64 / 1.9).sin() * 0.5).collect();
    let market = |level: f64| Market {
        level,
        products: 3,
        seasons: vec![season.clone()],
        ..Market::monthly(36)
    };
    let mean = season.iter().map(|s| s.exp()).sum::<f64>() / 12.0;
    let groups: BTreeSet<String> = ["g0", "none", "thin"].map(str::to_owned).into();
    let find = |products: &[Product]| seasonality(Frequency::Month, products, &groups, &market(1.0).calendar(), 0, 0.8);
    let error = |rows: &[Row]| {
        let square = |c: usize| {
            (found(rows, Some("thin"), c).index.unwrap() / (season[c].exp() / mean))
                .ln()
                .powi(2)
        };
        (0..12).map(square).sum::<f64>() / 12.0
    };
    let (mut alone, mut beside) = (0.0, 0.0);
    let mut rows = vec![];
    for seed in 0..20 {
        let mut products = market(0.5).products(&mut ChaCha8Rng::seed_from_u64(seed));
        products.iter_mut().for_each(|p| p.key = Some("thin".to_owned()));
        alone += error(&find(&products));
        products.extend(market(500.0).products(&mut ChaCha8Rng::seed_from_u64(100 + seed)));
        rows = find(&products);
        beside += error(&rows);
    }
    // Some units a month tell little: beside others with the same season the squared error is less than half.
    assert!(beside < 0.5 * alone, "{beside} {alone}");
    let last = rows.last().unwrap();
    assert!(last.reason.contains("pulled to the other products by"), "{last:?}");
    let none = rows.iter().find(|r| r.key.as_deref() == Some("none")).unwrap();
    assert_eq!(
        (none.class, none.reason.as_str()),
        (None, "no product of it has sales in a whole period")
    );
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    for periods in [24, 36] {
        let (covered, _, _) = Market::monthly(periods).coverage(60, random_seasons(4, 12, 0.3, 0.1));
        assert!((0.75..=0.85).contains(&covered), "{periods}: {covered}");
    }
    let event = Market {
        event: (vec![3, 14, 27, 39, 50], 0.5),
        ..Market::monthly(60)
    };
    let (_, covered, _) = event.coverage(60, random_seasons(4, 12, 0.3, 0.1));
    assert!((0.72..=0.88).contains(&covered), "{covered}");
}

#[test]
fn weekdays_within_a_year_that_has_waves() {
    let season: Vec<f64> = vec![0.0, 0.0, 0.0, 0.0, 0.2, 0.6, -0.4];
    let mean = season.iter().map(|s| s.exp()).sum::<f64>() / 7.0;
    let market = Market {
        seasons: vec![season.clone()],
        frequency: Frequency::Day,
        growth: 1.0,
        ..Market::monthly(200)
    };
    let rows = market.rows(8);
    for (class, truth) in season.iter().enumerate() {
        let index = found(&rows, Some("g0"), class).index.unwrap();
        assert!((index / (truth.exp() / mean) - 1.0).abs() < 0.03, "{class}: {index}");
    }
}

#[test]
fn the_order_of_products_does_not_matter() {
    let market = Market {
        turnover: true,
        products: 7,
        level: 3.0,
        seasons: vec![vec![0.1; 12], vec![0.2; 12]],
        ..Market::monthly(48)
    };
    let mut products = market.products(&mut ChaCha8Rng::seed_from_u64(9));
    let groups: BTreeSet<String> = ["g0", "g1"].map(str::to_owned).into();
    let rows = |products: &[Product]| seasonality(Frequency::Month, products, &groups, &market.calendar(), 0, 0.8);
    let expected = rows(&products);
    products.reverse();
    assert_eq!(rows(&products), expected);
    products.rotate_left(3);
    assert_eq!(rows(&products), expected);
}

#[test]
fn every_number_is_finite() {
    let months = 40;
    let cases: Vec<Vec<f64>> = vec![
        vec![1.0; months],
        (0..months).map(|p| f64::from(u8::from(p % 12 == 11))).collect(),
        (0..months).map(|p| if p == 20 { 1e15 } else { 1e-9 }).collect(),
        (0..months).map(|p| if p % 39 == 0 { 1.0 } else { 0.0 }).collect(),
        (0..months).map(|p| 1e14 * (1.0 + (p % 7) as f64)).collect(),
        (0..months).map(|p| 10f64.powi(p as i32 - 20)).collect(),
        vec![f64::MIN_POSITIVE; months],
    ];
    let market = Market::monthly(months);
    let mut calendar = market.calendar();
    calendar.events[5] = vec![0, 1];
    calendar.events[17] = vec![1];
    for open in [vec![], vec![7, 8, 9], (0..months).step_by(2).collect()] {
        for &p in &open {
            calendar.open[p] = 0.0;
        }
        for units in &cases {
            let product = |key: &str, units: &[f64]| Product {
                key: Some(key.to_owned()),
                start: 100,
                units: units.to_vec(),
            };
            let products = [product("a", units), product("b", &cases[0]), product("a", &cases[1])];
            let groups: BTreeSet<String> = ["a", "b"].map(str::to_owned).into();
            for frequency in [Frequency::Month, Frequency::Week, Frequency::Day] {
                let rows = seasonality(frequency, &products, &groups, &calendar, 2, 0.8);
                assert!(!rows.is_empty());
                for row in rows {
                    let Some(index) = row.index else { continue };
                    let (lower, upper) = row.interval.unwrap();
                    assert!(
                        0.0 <= lower && lower <= index && index <= upper && upper < f64::INFINITY,
                        "{row:?}"
                    );
                }
            }
        }
    }
    assert_eq!(
        seasonality(Frequency::Week, &[], &BTreeSet::new(), &calendar, 0, 0.8).len(),
        1
    );
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
            "3 years, thin 0.2 unit",
            Market {
                level: 0.2,
                ..month(36)
            },
            (8, 12, 0.3, 0.1),
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
