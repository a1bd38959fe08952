use std::collections::BTreeSet;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::{
    simulated::{Market, random_seasons},
    *,
};

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
        let mut products = market(2.5).products(&mut ChaCha8Rng::seed_from_u64(seed));
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
fn shops_that_are_rebuilt_do_not_hide_a_december() {
    // A sixth of 30 shops is closed in the second half of the second of three years; December sells 19 % more.
    let mut season = vec![0.0; 12];
    season[11] = 1.19f64.ln();
    let market = Market {
        products: 30,
        level: 1000.0,
        shock: 0.01,
        seasons: vec![season],
        ..Market::monthly(31)
    };
    let mut products = market.products(&mut ChaCha8Rng::seed_from_u64(6));
    products[..5].iter_mut().for_each(|shop| shop.units[18..24].fill(0.0));
    let rows = seasonality(
        Frequency::Month,
        &products,
        &BTreeSet::new(),
        &market.calendar(),
        0,
        0.8,
    );
    let december = found(&rows, None, 11);
    let planted = 1.19 / (1.0 + 0.19 / 12.0);
    assert!((december.index.unwrap() / planted - 1.0).abs() < 0.02, "{december:?}");
}

#[test]
fn few_units_a_year_are_refused_with_their_number() {
    let product = |key: &str, units: f64| Product {
        key: Some(key.to_owned()),
        start: 100,
        units: (0..24).map(|p| if p % 2 == 1 { units } else { 0.0 }).collect(),
    };
    let products = [product("few", 4.0), product("some", 6.0)];
    let groups: BTreeSet<String> = ["few", "some"].map(str::to_owned).into();
    let calendar = Market::monthly(24).calendar();
    let rows = seasonality(Frequency::Month, &products, &groups, &calendar, 0, 0.8);
    let few: Vec<&Row> = rows.iter().filter(|row| row.key.as_deref() == Some("few")).collect();
    assert_eq!((few.len(), few[0].index), (1, None));
    assert_eq!(
        few[0].reason,
        "only 48 units were sold in 2.0 years: at least 30 a year are needed to tell a season, as longer data or larger groups have them"
    );
    assert!(
        rows.iter()
            .any(|row| row.key.as_deref() == Some("some") && row.index.is_some())
    );
    // Too short: the numbers are those of the product that has most.
    let short = seasonality(Frequency::Week, &products, &groups, &calendar, 0, 0.8);
    assert_eq!(
        short[0].reason,
        "none of 2 products sold throughout 52 complete weeks, the half years after its launch and before its \
         withdrawal not counted, at most 24: give sales of a longer time"
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
